//! Lambda functions.

mod invoke;
mod set_key;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(set_key::SetKey(Arc::clone(sessions))),
        Arc::new(invoke::Invoke(Arc::clone(sessions))),
    ]
}
