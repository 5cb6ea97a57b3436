//! What an error of the SDK means: what is certain about the effect, in which words, and what to do.

use super::credentials::RoleRefused;
use crate::actions::context::Target;
use crate::actions::{Certainty, Trouble};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use std::error::Error;

/// Any error of any AWS call.
pub(super) trait CallError: ProvideErrorMetadata + Error + Send + Sync + 'static {}
impl<E: ProvideErrorMetadata + Error + Send + Sync + 'static> CallError for E {}

/// What a call was for, which decides what its failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It only reads, and nothing was changed before it.
    Read,
    /// It changes something, and nothing was changed before it.
    FirstChange,
    /// It reads, after something was changed.
    ReadAfterChange,
    /// It changes something, after something else was changed.
    LaterChange,
}

impl Asked {
    const fn without_effect(self) -> Certainty {
        match self {
            Self::Read | Self::FirstChange => Certainty::NothingHappened,
            Self::ReadAfterChange | Self::LaterChange => Certainty::Failed,
        }
    }

    const fn without_answer(self) -> Certainty {
        match self {
            Self::FirstChange | Self::LaterChange => Certainty::Unknown,
            Self::Read | Self::ReadAfterChange => self.without_effect(),
        }
    }
}

/// What became of a call, as far as an error can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It never left this machine, or never reached the other.
    Unsent,
    /// There were no credentials to sign it with.
    Unsigned { code: Option<String> },
    /// The service refused it as a whole.
    Refused { code: String },
    /// It was sent, and there was no answer that says what became of it.
    Unanswered { code: Option<String> },
}

/// Reads the fate of a call off its error.
pub(super) fn fate<E: CallError>(error: &SdkError<E, HttpResponse>) -> Fate {
    match error {
        SdkError::ConstructionFailure(_) => Fate::Unsent,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().map_or(Fate::Unanswered { code: None }, |connector| {
                if let Some(code) = unsigned(connector) {
                    Fate::Unsigned { code }
                } else if never_sent(connector) {
                    Fate::Unsent
                } else {
                    Fate::Unanswered { code: None }
                }
            })
        }
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().map(str::to_owned);
            let status = answer.raw().status().as_u16();
            match code {
                _ if status >= 500 => Fate::Unanswered { code },
                Some(code) => Fate::Refused { code },
                // S3 answers a HEAD without a body, so the status is all there is.
                None => Fate::Refused { code: format!("HTTP {status}") },
            }
        }
        // Includes a time limit that ran out and an answer that could not be read.
        _ => Fate::Unanswered { code: None },
    }
}

/// What is certain after that error.
pub(super) fn certainty_of<E: CallError>(
    error: &SdkError<E, HttpResponse>,
    asked: Asked,
) -> Certainty {
    match fate(error) {
        Fate::Unsent | Fate::Unsigned { .. } | Fate::Refused { .. } => asked.without_effect(),
        Fate::Unanswered { .. } => asked.without_answer(),
    }
}

/// What the service calls the error: `AccessDeniedException`, or `HTTP 404` when it gives no name.
pub(super) fn code<E: CallError>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    match fate(error) {
        Fate::Refused { code } => Some(code),
        Fate::Unanswered { code } | Fate::Unsigned { code } => code,
        Fate::Unsent => None,
    }
}

/// The name and the text of an error.
pub(super) fn described<E: CallError>(
    error: &SdkError<E, HttpResponse>,
) -> (Option<String>, String) {
    let message = match error {
        SdkError::ServiceError(answer) => {
            answer.err().message().map_or_else(|| "no reason given".to_owned(), str::to_owned)
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            format!("no answer in time ({})", innermost(error))
        }
        other => innermost(other),
    };
    let name = match fate(error) {
        Fate::Unsigned { .. } => None,
        _ => code(error),
    };
    (name, message)
}

/// A call, for the message.
pub(super) struct Call<'a> {
    /// The IAM action: `kms:CreateAlias`.
    pub(super) action: &'a str,
    /// The resource.
    pub(super) on: String,
    /// The account and Region.
    pub(super) target: &'a Target,
    /// Whether it went to an emulator.
    pub(super) sandbox: bool,
}

impl Call<'_> {
    /// The error in the words of this program.
    pub(super) fn trouble<E: CallError>(
        &self,
        error: &SdkError<E, HttpResponse>,
        asked: Asked,
    ) -> Trouble {
        let fate = fate(error);
        let message = match described(error) {
            (Some(code), message) => format!("{}: {code}: {message}", self.place()),
            (None, message) => format!("{}: {message}", self.place()),
        };
        let hint = self.hint(&fate, asked);
        Trouble { certainty: certainty_of(error, asked), message, hint }
    }

    /// What, on what, where.
    pub(super) fn place(&self) -> String {
        let on = if self.on.is_empty() { String::new() } else { format!(" on {}", self.on) };
        format!("{}{on} in {}", self.action, self.target)
    }

    fn hint(&self, fate: &Fate, asked: Asked) -> Option<String> {
        match fate {
            Fate::Unsent if self.sandbox => {
                Some("The sandbox does not answer: start it with `runbook sandbox up`.".to_owned())
            }
            Fate::Unsent => {
                let region = &self.target.region;
                Some(format!("Nothing was sent: check the network, name resolution and whether `{region}` is a Region that this account has enabled."))
            }
            // It was the role that was refused, not this call.
            Fate::Unsigned { code: Some(code) } if !is_denial(code) && hint_for(code, self.action).is_some() => {
                hint_for(code, self.action)
            }
            Fate::Unsigned { code: Some(_) } => {
                Some("Check that the role exists, that its trust policy names you, and that you may call sts:AssumeRole on it.".to_owned())
            }
            Fate::Unsigned { code: None } => {
                Some("No AWS credentials could be had: log in (for example with `aws sso login`) and run this again.".to_owned())
            }
            Fate::Refused { code } => hint_for(code, self.action),
            Fate::Unanswered { .. } => matches!(asked, Asked::FirstChange | Asked::LaterChange)
                .then(|| "The request was sent and its answer never came, so it may have taken effect. Look before it is sent again.".to_owned()),
        }
    }
}

/// Whether an error of that name says that somebody may not do this.
fn is_denial(code: &str) -> bool {
    matches!(code, "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "HTTP 403")
}

/// What to do about an error of that name.
pub(super) fn hint_for(code: &str, action: &str) -> Option<String> {
    let hint = match code {
        denial if is_denial(denial) => {
            format!("Allow `{action}` on this resource: in the policy of the role that this step acts as, in the resource's own policy where it has one, and in the organization's policies.")
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "UnrecognizedClientException"
        | "InvalidClientTokenId" => {
            "The credentials have ended or are not valid: log in again (for example with `aws sso login`) and resume the run.".to_owned()
        }
        "Throttling" | "ThrottlingException" | "ThrottledException" | "TooManyRequestsException"
        | "RequestLimitExceeded" | "SlowDown" => {
            "AWS refuses this account more calls for the moment: wait a minute and run the step again, with less concurrency where it has any.".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// Whether the connection was never made, so that nothing can have been sent over it.
pub(super) fn never_sent(error: &ConnectorError) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    error.is_user()
        || unsigned(error).is_some()
        || chain(error).any(|cause| {
            let text = cause.to_string();
            // The client's error type is private to it; its words are pinned by a test of ours.
            text.starts_with("client error (Connect)")
                || text.starts_with("HTTP connect timeout")
                || cause.downcast_ref::<std::io::Error>().is_some_and(|io| {
                    matches!(io.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
                })
        })
}

/// Whether the call failed for lack of credentials, and what the service that refused them said.
fn unsigned(error: &ConnectorError) -> Option<Option<String>> {
    chain(error).find_map(|cause| {
        cause.downcast_ref::<CredentialsError>().map(|credentials| {
            chain(credentials).find_map(|c| c.downcast_ref::<RoleRefused>()?.code.clone())
        })
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn Error + 'static)| (*cause).source())
}

/// The root of an error, which says more to a person than the layers around it. A refused role is
/// an exception: what lies below it has been said.
fn innermost<E: CallError>(error: &SdkError<E, HttpResponse>) -> String {
    let error: &(dyn Error + 'static) = error;
    let refused = chain(error).find_map(|cause| cause.downcast_ref::<RoleRefused>());
    refused.map_or_else(
        || chain(error).last().map_or_else(String::new, ToString::to_string),
        ToString::to_string,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::AccountName;
    use aws_sdk_kms::error::ErrorMetadata;
    use aws_sdk_kms::operation::create_alias::CreateAliasError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn answer(status: u16, code: Option<&str>) -> SdkError<CreateAliasError, HttpResponse> {
        let mut meta = ErrorMetadata::builder().message("because");
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let status = StatusCode::try_from(status).expect("a status");
        let raw = HttpResponse::new(status, SdkBody::empty());
        SdkError::service_error(CreateAliasError::generic(meta.build()), raw)
    }

    fn target() -> Target {
        Target {
            account: AccountName::new("data").expect("a name"),
            id: "222222222222".to_owned(),
            region: "eu-west-1".to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_certain_and_what_it_leaves_depends_on_what_was_done_before() {
        let refused = answer(400, Some("AccessDeniedException"));
        assert_eq!(certainty_of(&refused, Asked::FirstChange), Certainty::NothingHappened);
        assert_eq!(certainty_of(&refused, Asked::LaterChange), Certainty::Failed);
        assert_eq!(certainty_of(&refused, Asked::Read), Certainty::NothingHappened);
    }

    #[test]
    fn no_answer_to_a_change_is_unknown_and_to_a_read_is_not() {
        let timeout: SdkError<CreateAliasError, HttpResponse> = SdkError::timeout_error("late");
        for lost in [answer(503, Some("ServiceUnavailable")), answer(500, None), timeout] {
            assert_eq!(certainty_of(&lost, Asked::FirstChange), Certainty::Unknown);
            assert_eq!(certainty_of(&lost, Asked::LaterChange), Certainty::Unknown);
            assert_eq!(certainty_of(&lost, Asked::Read), Certainty::NothingHappened);
            assert_eq!(certainty_of(&lost, Asked::ReadAfterChange), Certainty::Failed);
        }
    }

    #[test]
    fn the_message_names_the_call_the_resource_the_account_and_the_region() {
        let target = target();
        let on = "alias/x".to_owned();
        let call = Call { action: "kms:CreateAlias", on, target: &target, sandbox: false };
        let trouble = call.trouble(&answer(400, Some("AccessDeniedException")), Asked::FirstChange);
        assert_eq!(
            trouble.message,
            "kms:CreateAlias on alias/x in account 222222222222 (data), eu-west-1: AccessDeniedException: because"
        );
        assert!(trouble.hint.is_some_and(|hint| hint.contains("`kms:CreateAlias`")));
    }

    #[test]
    fn what_was_never_built_was_never_sent() {
        let error: SdkError<CreateAliasError, HttpResponse> =
            SdkError::construction_failure("no bucket");
        assert_eq!(certainty_of(&error, Asked::FirstChange), Certainty::NothingHappened);
    }
}
