//! Lambda functions.

mod invoke;
mod secrets_scan;
mod set_key;
mod set_variables;
mod suspect;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(set_key::SetKey(Arc::clone(sessions))),
        Arc::new(invoke::Invoke(Arc::clone(sessions))),
        Arc::new(secrets_scan::SecretsScan(Arc::clone(sessions))),
        Arc::new(set_variables::SetVariables(Arc::clone(sessions))),
    ]
}
