//! What AWS's services offer: operations, members, effects and permissions, from embedded data.
//!
//! The data is made by `scripts/service-data.sh` from the AWS CLI's service models and from AWS's
//! list of IAM actions; `NOTICE.md` beside this file says which versions. A service is read when it
//! is first asked for, which takes about a millisecond, and is kept.

mod chunk;
mod effect;
mod format;
mod iam;
mod index;
mod operation;
mod secrets;
mod shape;
#[cfg(test)]
mod tests;

pub use iam::{Access, IamAction, Resource, iam_action, iam_actions_of};
pub use index::Versions;
pub use operation::Operation;
pub use secrets::SecretPlace;
pub use shape::{Kind, Member, Shape, Structure};

use chunk::Chunk;
use index::index;

/// What two words of the AWS CLI stand for.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// An operation of an API.
    Operation(Operation),
    /// A command of the CLI's own, such as `s3 cp` or `cloudformation deploy`: no call by itself.
    Command,
    /// There is such a service, and it has no such operation.
    UnknownOperation,
    /// There is no such service.
    UnknownService,
}

/// What the words after `aws` stand for: `kms`, `create-key`.
#[must_use]
pub fn look_up(service: &str, operation: &str) -> Lookup {
    let Some((name, chunk)) = index().service(service) else { return Lookup::UnknownService };
    if let Some(found) = find(name, chunk, operation) {
        return Lookup::Operation(found);
    }
    let own = chunk.commands.iter().any(|command| chunk.texts.get(*command) == operation);
    // Commands without subcommands, such as `login`, take their options at once.
    if own || operation == "help" || (chunk.operations.is_empty() && chunk.commands.is_empty()) {
        Lookup::Command
    } else {
        Lookup::UnknownOperation
    }
}

/// The operation that two words of the AWS CLI stand for. None also for commands of the CLI's own.
#[must_use]
pub fn operation(service: &str, operation: &str) -> Option<Operation> {
    let (name, chunk) = index().service(service)?;
    find(name, chunk, operation)
}

fn find(service: &'static str, chunk: &'static Chunk, operation: &str) -> Option<Operation> {
    let at = chunk.operations.binary_search_by(|data| data.name.as_str().cmp(operation)).ok()?;
    Some(Operation::new(service, chunk, &chunk.operations[at]))
}

/// The names of all services that have operations or commands, sorted.
pub fn services() -> impl Iterator<Item = &'static str> {
    index().services()
}

/// The operations of a service, sorted. Nothing for a service that is not known.
pub fn operations(service: &str) -> impl Iterator<Item = Operation> + use<> {
    let found = index().service(service);
    found.into_iter().flat_map(|(name, chunk)| {
        chunk.operations.iter().map(move |data| Operation::new(name, chunk, data))
    })
}

/// What the data was made from.
#[must_use]
pub fn versions() -> &'static Versions {
    &index().versions
}
