//! Amazon OpenSearch: how a domain or a collection stands, its size, and requests to its index.

mod domain;
mod health;
mod judge;
mod metrics;
mod own;
mod request;
mod scale;
mod serverless;

use super::cli::Cli;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(cli: &Cli) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(health::Health(cli.clone())),
        Arc::new(scale::Scale(cli.clone())),
        Arc::new(request::IndexRequest(Arc::clone(cli.sessions()))),
    ]
}
