//! Objects and buckets.

mod copy;
pub(super) mod empty;
mod files;
pub(super) mod listing;
mod read_probe;
mod reencrypt;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(copy::Copy(Arc::clone(sessions))),
        Arc::new(reencrypt::Reencrypt(Arc::clone(sessions))),
        Arc::new(read_probe::ReadProbe(Arc::clone(sessions))),
    ]
}
