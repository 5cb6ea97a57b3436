//! Stacks.

mod change_set;
mod delete;
mod deploy;
mod diff;
mod events;
mod inventory;
mod loose;
mod loss;
mod outputs;
mod preview;
mod previous;
mod replaced_by;
mod resolve;
mod stack;
mod template;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>, templates: PathBuf) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(deploy::Deploy { sessions: Arc::clone(sessions), templates }),
        Arc::new(delete::Delete(Arc::clone(sessions))),
        Arc::new(outputs::Outputs(Arc::clone(sessions))),
        Arc::new(inventory::Inventory(Arc::clone(sessions))),
    ]
}
