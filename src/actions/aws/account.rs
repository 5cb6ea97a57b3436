//! One account and Region during one call of an action: its clients, and its words for errors.

use super::clients::Clients;
use super::sessions::AwsSessions;
use super::trouble::{Asked, Call, CallError, code};
use crate::actions::context::{Context, Target};
use crate::actions::{Certainty, Trouble};
use aws_sdk_sts::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::fmt::Display;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The account and Region that a step acts in. It remembers whether anything was changed, because
/// that decides what a later failure means.
pub(super) struct Aws {
    clients: Arc<Clients>,
    pub(super) target: Target,
    sandbox: bool,
    changed: AtomicBool,
}

impl Deref for Aws {
    type Target = Clients;
    fn deref(&self) -> &Clients {
        &self.clients
    }
}

/// The answer of an SDK call.
type Answer<T, E> = Result<T, SdkError<E, HttpResponse>>;

impl Aws {
    /// The account of that step.
    pub(super) fn of(sessions: &AwsSessions, cx: &Context) -> Result<Self, Trouble> {
        let target = cx.target.clone().ok_or_else(|| {
            Trouble::nothing_happened("this step needs an account, and has none")
                .hint("Write `account: NAME` in the step or in the front matter.")
        })?;
        let clients = sessions.clients(&target)?;
        let changed = AtomicBool::new(false);
        Ok(Self { clients, target, sandbox: sessions.in_sandbox(), changed })
    }

    /// From here on a failure is one in the middle.
    pub(super) fn has_changed(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    fn call<'a>(&'a self, action: &'a str, on: &impl Display) -> Call<'a> {
        Call { action, on: on.to_string(), target: &self.target, sandbox: self.sandbox }
    }

    fn asked(&self, changes: bool) -> Asked {
        match (changes, self.changed.load(Ordering::Relaxed)) {
            (false, false) => Asked::Read,
            (true, false) => Asked::FirstChange,
            (false, true) => Asked::ReadAfterChange,
            (true, true) => Asked::LaterChange,
        }
    }

    /// A call that only reads. `action` is the IAM action, `on` the resource.
    pub(super) async fn read<T, E: CallError>(
        &self,
        action: &str,
        on: impl Display,
        call: impl Future<Output = Answer<T, E>>,
    ) -> Result<T, Trouble> {
        call.await.map_err(|error| self.call(action, &on).trouble(&error, self.asked(false)))
    }

    /// A call that only reads, and for which one of these errors just means that there is nothing.
    pub(super) async fn find<T, E: CallError>(
        &self,
        action: &str,
        on: impl Display,
        nothing: &[&str],
        call: impl Future<Output = Answer<T, E>>,
    ) -> Result<Option<T>, Trouble> {
        match call.await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if code(&error).is_some_and(|c| nothing.contains(&c.as_str())) => Ok(None),
            Err(error) => Err(self.call(action, &on).trouble(&error, self.asked(false))),
        }
    }

    /// A call that changes something.
    pub(super) async fn change<T, E: CallError>(
        &self,
        action: &str,
        on: impl Display,
        call: impl Future<Output = Answer<T, E>>,
    ) -> Result<T, Trouble> {
        let answer = call.await;
        let asked = self.asked(true);
        match answer {
            Ok(answer) => {
                self.has_changed();
                Ok(answer)
            }
            Err(error) => {
                let trouble = self.call(action, &on).trouble(&error, asked);
                // What comes after a lost answer must not say that nothing has happened.
                if trouble.certainty == Certainty::Unknown {
                    self.has_changed();
                }
                Err(trouble)
            }
        }
    }

    /// A call that changes something, and for which one of these errors means that there is nothing
    /// to change.
    pub(super) async fn change_unless<T, E: CallError>(
        &self,
        action: &str,
        on: impl Display,
        needless: &[&str],
        call: impl Future<Output = Answer<T, E>>,
    ) -> Result<Option<T>, Trouble> {
        match call.await {
            Err(error) if code(&error).is_some_and(|c| needless.contains(&c.as_str())) => Ok(None),
            answer => self.change(action, on, std::future::ready(answer)).await.map(Some),
        }
    }

    /// How often to look for something that may be too new to be in every list. An emulator has one
    /// list only.
    pub(super) const fn looks_to_settle(&self) -> u32 {
        if self.sandbox { 1 } else { 4 }
    }

    /// A failure that this program finds itself, after it has looked.
    pub(super) fn wrong(&self, message: impl Display) -> Trouble {
        let message = format!("{message} in {}", self.target);
        if self.changed.load(Ordering::Relaxed) {
            Trouble::failed(message)
        } else {
            Trouble::nothing_happened(message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::AccountName;
    use aws_config::{BehaviorVersion, SdkConfig};
    use aws_sdk_kms::error::ErrorMetadata;
    use aws_sdk_kms::operation::create_alias::CreateAliasError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn aws() -> Aws {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let target = Target {
            account: AccountName::new("data").expect("a name"),
            id: "222222222222".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        let clients = Arc::new(Clients::new(config, true));
        Aws { clients, target, sandbox: true, changed: AtomicBool::new(false) }
    }

    fn error(status: u16) -> SdkError<CreateAliasError, HttpResponse> {
        let error = CreateAliasError::generic(ErrorMetadata::builder().code("Code").build());
        let status = StatusCode::try_from(status).expect("a status");
        SdkError::service_error(error, HttpResponse::new(status, SdkBody::empty()))
    }

    /// The certainty of a failed read that follows a change that was answered like this.
    async fn after(status: u16) -> Certainty {
        let aws = aws();
        let refused = async { Err::<(), _>(error(status)) };
        aws.change("kms:CreateAlias", "a", refused).await.expect_err("no success");
        let unread = async { Err::<(), _>(error(500)) };
        aws.read("kms:ListAliases", "a", unread).await.expect_err("no success").certainty
    }

    #[tokio::test]
    async fn nothing_after_a_lost_answer_says_that_nothing_happened() {
        assert_eq!(after(500).await, Certainty::Failed);
        assert_eq!(after(400).await, Certainty::NothingHappened);
    }
}
