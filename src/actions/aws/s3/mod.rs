//! Objects and buckets.

pub(super) mod empty;
pub(super) mod listing;
mod read_probe;
mod reencrypt;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(reencrypt::Reencrypt(Arc::clone(sessions))),
        Arc::new(read_probe::ReadProbe(Arc::clone(sessions))),
    ]
}
