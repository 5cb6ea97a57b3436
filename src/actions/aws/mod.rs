//! Everything that talks to AWS. Only here are the crates of the SDK imported.

mod account;
mod bedrock;
mod call;
mod cli;
mod clients;
mod cloudformation;
mod credentials;
mod iam;
mod identity;
mod inputs;
mod inventory;
mod kms;
mod lambda;
mod logs;
mod opensearch;
mod policy;
mod residency;
mod s3;
mod secrets;
mod sessions;
mod signed;
mod ssm;
mod trouble;
mod wait;

use super::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use aws_smithy_types::DateTime;
use std::path::PathBuf;
use std::sync::Arc;

pub use cli::{CliCall, CliOutput, CliRunner};
pub use inventory::{Inventory, inventory};
pub use kms::{KmsSignature, sign};
pub use sessions::{AwsSessions, Emulator, Refused};

/// Every action on AWS.
///
/// `cli` starts the `aws` program. `templates` is the folder that template paths are relative to.
#[must_use]
pub fn actions(
    sessions: &Arc<AwsSessions>,
    cli: CliRunner,
    templates: PathBuf,
) -> Vec<Arc<dyn Action>> {
    let cli = cli::Cli::new(Arc::clone(sessions), cli);
    let mut all: Vec<Arc<dyn Action>> = vec![
        Arc::new(identity::Identity(Arc::clone(sessions))),
        Arc::new(call::GenericCall(cli.clone())),
    ];
    all.extend(iam::actions(&cli));
    all.extend(residency::actions(&cli));
    all.extend(bedrock::actions(&cli));
    all.extend(opensearch::actions(&cli));
    all.extend(ssm::actions(&cli));
    all.extend(cloudformation::actions(sessions, templates));
    all.extend(kms::actions(sessions));
    all.extend(s3::actions(sessions));
    all.extend(logs::actions(sessions));
    all.extend(secrets::actions(sessions));
    all.extend(lambda::actions(sessions));
    all
}

/// The account and Region that a step acts in.
fn target_of(cx: &super::context::Context) -> Result<&super::context::Target, Trouble> {
    cx.target.as_ref().ok_or_else(|| {
        Trouble::nothing_happened("this step needs an account, and has none")
            .hint("Write `account: NAME` in the step or in the front matter.")
    })
}

/// Whether a failed call of the AWS CLI was refused with an error of that name.
fn says_error(trouble: &Trouble, code: &str) -> bool {
    trouble.message.contains(&format!("An error occurred ({code})"))
}

/// The outputs of an action.
fn answer<const N: usize>(outputs: [(&str, Value); N]) -> Values {
    outputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a thing that a step makes is tagged with. Tags take no brackets, so `copy[2]` is `copy:2`.
fn marks(cx: &super::context::Context) -> [(&'static str, String); 2] {
    let step = cx.step.as_str().replace('[', ":").replace(']', "");
    [("runbook:run", cx.run.as_str().to_owned()), ("runbook:step", step)]
}

/// A time as RFC 3339 in UTC, or null.
fn rfc3339(time: Option<&DateTime>) -> Value {
    let time = time.and_then(|t| jiff::Timestamp::from_second(t.secs()).ok());
    time.map_or(Value::Null, |time| time.to_string().into())
}

/// What an earlier attempt of this step read before it changed anything. A later attempt must not
/// read it again: it would take its own half-done work for the state to go back to.
fn kept(cx: &super::context::Context) -> Option<Memo> {
    Some(cx.memo.clone()).filter(|memo| !memo.is_null())
}

/// A text that `prepare` left.
fn memo_text<'a>(memo: &'a Memo, name: &str) -> Option<&'a str> {
    memo.get(name).and_then(Value::as_str)
}

/// What a look found: the outputs when the effect is in place, nothing when it is not.
fn observed(look: Result<Option<Values>, Trouble>) -> Observation {
    match look {
        Ok(Some(outputs)) => Observation::InPlace(outputs),
        Ok(None) => Observation::Absent,
        Err(trouble) => Observation::CannotTell(trouble.message),
    }
}
