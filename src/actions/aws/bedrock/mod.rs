//! Amazon Bedrock: whether a model answers, whose trouble it is when it does not, and where else it could.

mod checks;
mod path;
mod policy;
mod probe;
mod readiness;
mod runtime;
mod trail;
mod verdict;

use super::cli::Cli;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(cli: &Cli) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(probe::Probe(Arc::clone(cli.sessions()))),
        Arc::new(readiness::Readiness(cli.clone())),
        Arc::new(path::PrivatePath(cli.clone())),
    ]
}
