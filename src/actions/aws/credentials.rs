//! Credentials that are had once, shared, and renewed before they end.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Future;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::ProvideErrorMetadata;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, OnceCell};

/// How long before their end credentials are renewed. A single call may take two minutes, and the
/// clocks of two machines may differ by some more.
const RENEW_BEFORE_END: Duration = Duration::from_secs(5 * 60);

/// Keeps what another provider gave until shortly before it ends.
///
/// The SDK's own cache belongs to one client, and its time of renewal is random. This one is shared
/// by every client of an account, so that all of them act as the same session.
#[derive(Debug)]
pub(super) struct Renewed {
    from: SharedCredentialsProvider,
    kept: Mutex<Option<Credentials>>,
}

impl Renewed {
    pub(super) fn new(from: impl ProvideCredentials + 'static) -> Self {
        Self { from: SharedCredentialsProvider::new(from), kept: Mutex::new(None) }
    }

    async fn current(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        if let Some(credentials) = kept.as_ref().filter(|c| lasts(c, RENEW_BEFORE_END)) {
            return Ok(credentials.clone());
        }
        match self.from.provide_credentials().await {
            Ok(credentials) => {
                *kept = Some(credentials.clone());
                Ok(credentials)
            }
            // A failed renewal is no reason to throw away what is still good for some minutes.
            Err(error) => kept.clone().filter(|c| lasts(c, Duration::ZERO)).ok_or(error),
        }
    }
}

fn lasts(credentials: &Credentials, time: Duration) -> bool {
    credentials.expiry().is_none_or(|end| end > SystemTime::now() + time)
}

impl ProvideCredentials for Renewed {
    fn provide_credentials<'a>(&'a self) -> Future<'a>
    where
        Self: 'a,
    {
        Future::new(self.current())
    }
}

/// The operator's own credentials, found the way every AWS tool finds them.
#[derive(Debug)]
pub(super) struct Operators {
    region: aws_config::Region,
    chain: OnceCell<aws_config::default_provider::credentials::DefaultCredentialsChain>,
}

impl Operators {
    pub(super) const fn new(region: aws_config::Region) -> Self {
        Self { region, chain: OnceCell::const_new() }
    }
}

impl ProvideCredentials for Operators {
    fn provide_credentials<'a>(&'a self) -> Future<'a>
    where
        Self: 'a,
    {
        Future::new(async {
            let build = || {
                aws_config::default_provider::credentials::DefaultCredentialsChain::builder()
                    .region(self.region.clone())
                    .build()
            };
            self.chain.get_or_init(build).await.provide_credentials().await
        })
    }
}

/// A role, assumed from other credentials.
#[derive(Debug)]
pub(super) struct AssumedRole {
    /// STS as the one who assumes it.
    pub(super) sts: aws_sdk_sts::Client,
    /// The role's ARN.
    pub(super) role: String,
    /// The session's name, which CloudTrail shows.
    pub(super) session: String,
}

/// Why a role could not be assumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sts:AssumeRole of {role}: {reason}")]
pub(super) struct RoleRefused {
    role: String,
    reason: String,
    /// What the service calls the reason. Absent when there was no answer.
    pub(super) code: Option<String>,
}

impl AssumedRole {
    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let call = self.sts.assume_role().role_arn(&self.role).role_session_name(&self.session);
        let answer = call.send().await.map_err(|error| {
            // Missing credentials of the operator's own are their own reason, not the role's.
            let reason = match super::trouble::described(&error) {
                (Some(code), message) => format!("{code}: {message}"),
                (None, message) => message,
            };
            let code = error.code().map(str::to_owned);
            CredentialsError::provider_error(RoleRefused { role: self.role.clone(), reason, code })
        })?;
        let given = answer.credentials.ok_or_else(|| {
            CredentialsError::unhandled("the answer of sts:AssumeRole holds no credentials")
        })?;
        let end = SystemTime::try_from(given.expiration).map_err(CredentialsError::unhandled)?;
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(end),
            "runbook",
        ))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> Future<'a>
    where
        Self: 'a,
    {
        Future::new(self.assume())
    }
}

/// A session name that STS accepts: `runbook-` and the run, of the allowed characters, 64 at most.
pub(super) fn session_name(run: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let safe = run.chars().map(|c| if allowed(c) { c } else { '-' });
    "runbook-".chars().chain(safe).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    struct Source {
        asked: Arc<AtomicUsize>,
        lasts: Duration,
        fails_from: usize,
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> Future<'a>
        where
            Self: 'a,
        {
            let asked = self.asked.fetch_add(1, Ordering::SeqCst);
            Future::ready(if asked >= self.fails_from {
                Err(CredentialsError::unhandled("no more"))
            } else {
                let end = SystemTime::now() + self.lasts;
                Ok(Credentials::new("k", "s", None, Some(end), "test"))
            })
        }
    }

    async fn ask_three_times(lasts: Duration, fails_from: usize) -> (usize, bool) {
        let asked = Arc::new(AtomicUsize::new(0));
        let renewed = Renewed::new(Source { asked: Arc::clone(&asked), lasts, fails_from });
        let mut all = true;
        for _ in 0..3 {
            all &= renewed.provide_credentials().await.is_ok();
        }
        (asked.load(Ordering::SeqCst), all)
    }

    #[tokio::test]
    async fn credentials_are_asked_for_once_and_again_before_they_end() {
        assert_eq!(ask_three_times(Duration::from_secs(3_600), 9).await, (1, true));
        assert_eq!(ask_three_times(Duration::from_secs(4 * 60), 9).await, (3, true));
    }

    #[tokio::test]
    async fn a_failed_renewal_keeps_what_still_lasts() {
        assert_eq!(ask_three_times(Duration::from_secs(4 * 60), 1).await, (3, true));
        assert_eq!(ask_three_times(Duration::ZERO, 1).await, (3, false));
    }

    #[test]
    fn a_session_name_is_one_that_sts_accepts() {
        assert_eq!(session_name("20261122-a/b"), "runbook-20261122-a-b");
        assert_eq!(session_name(&"x".repeat(99)).len(), 64);
    }
}
