//! Keys and aliases of the Key Management Service.

mod create_key;
mod describe_key;
mod key;
mod key_usage;
mod key_users;
mod plan;
mod schedule_deletion;
mod set_alias;
mod sign;
mod state;

use super::sessions::AwsSessions;
use crate::actions::Action;
use std::sync::Arc;

pub(super) use key::{KeyName, same_key};

pub use sign::{KmsSignature, sign};

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(create_key::CreateKey(Arc::clone(sessions))),
        Arc::new(set_alias::SetAlias(Arc::clone(sessions))),
        Arc::new(describe_key::DescribeKey(Arc::clone(sessions))),
        Arc::new(state::SetState::disable(Arc::clone(sessions))),
        Arc::new(state::SetState::enable(Arc::clone(sessions))),
        Arc::new(schedule_deletion::ScheduleDeletion(Arc::clone(sessions))),
        Arc::new(key_usage::KeyUsage(Arc::clone(sessions))),
        Arc::new(key_users::KeyUsers(Arc::clone(sessions))),
    ]
}
