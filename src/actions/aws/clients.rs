//! One set of clients per account and Region, all with the same limits.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::sync::OnceLock;
use std::time::Duration;

/// How long a call may take.
struct Limits {
    /// To reach the service.
    connect: Duration,
    /// One attempt, and the wait for the next byte of its answer.
    attempt: Duration,
    /// All attempts together.
    operation: Duration,
}

/// The limits of every client.
const LIMITS: Limits = Limits {
    // A Region answers within a second or is not there.
    connect: Duration::from_secs(5),
    // The slowest single answers (CloudFormation, a cold Lambda) take tens of seconds.
    attempt: Duration::from_secs(60),
    operation: Duration::from_secs(120),
};
/// One try and three more, with the pauses of the standard mode in between.
const ATTEMPTS: u32 = 4;

/// How the clients of one account and Region are set up. Nothing is read from the environment or
/// from a profile here, so nothing there can change where a call goes.
pub(super) fn settings(
    region: &str,
    endpoint: Option<&str>,
    credentials: SharedCredentialsProvider,
) -> SdkConfig {
    within(&LIMITS, region, endpoint, credentials)
}

fn within(
    limits: &Limits,
    region: &str,
    endpoint: Option<&str>,
    credentials: SharedCredentialsProvider,
) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.attempt)
        .operation_attempt_timeout(limits.attempt)
        .operation_timeout(limits.operation)
        .build();
    let mut settings = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials)
        // Credentials are kept and renewed by their provider, which the clients of an account share.
        .identity_cache(aws_config::identity::IdentityCache::no_cache())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .stalled_stream_protection(
            aws_config::stalled_stream_protection::StalledStreamProtectionConfig::enabled().build(),
        );
    settings.set_endpoint_url(endpoint.map(str::to_owned));
    settings.build()
}

/// The clients of one account and Region, made when first used.
///
/// Each service has two. The plain one repeats a call whose answer was lost: for reading, and for
/// changes that are harmless to repeat. The `careful` one repeats a call only when it certainly had
/// no effect: its own repetition would turn one lost answer into two keys.
pub(super) struct Clients {
    settings: SdkConfig,
    path_style: bool,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    cloudformation_careful: OnceLock<aws_sdk_cloudformation::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    kms_careful: OnceLock<aws_sdk_kms::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    lambda_careful: OnceLock<aws_sdk_lambda::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    logs_careful: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    s3_careful: OnceLock<aws_sdk_s3::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    secrets_careful: OnceLock<aws_sdk_secretsmanager::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Clients {
    /// An emulator has one host name only, so there S3 wants the bucket in the path.
    pub(super) const fn new(settings: SdkConfig, path_style: bool) -> Self {
        Self {
            settings,
            path_style,
            cloudformation: OnceLock::new(),
            cloudformation_careful: OnceLock::new(),
            kms: OnceLock::new(),
            kms_careful: OnceLock::new(),
            lambda: OnceLock::new(),
            lambda_careful: OnceLock::new(),
            logs: OnceLock::new(),
            logs_careful: OnceLock::new(),
            s3: OnceLock::new(),
            s3_careful: OnceLock::new(),
            secrets: OnceLock::new(),
            secrets_careful: OnceLock::new(),
            sts: OnceLock::new(),
        }
    }

    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let settings = aws_sdk_s3::config::Builder::from(&self.settings);
            aws_sdk_s3::Client::from_conf(settings.force_path_style(self.path_style).build())
        })
    }

    pub(super) fn s3_careful(&self) -> &aws_sdk_s3::Client {
        self.s3_careful.get_or_init(|| {
            let settings = self.s3().config().to_builder().retry_classifier(OnlyWithoutEffect);
            aws_sdk_s3::Client::from_conf(settings.build())
        })
    }
}

macro_rules! plain {
    ($($name:ident: $service:ident),+ $(,)?) => {
        impl Clients {
            $(pub(super) fn $name(&self) -> &$service::Client {
                self.$name.get_or_init(|| $service::Client::new(&self.settings))
            })+
        }
    };
}

macro_rules! careful {
    ($($name:ident: $service:ident),+ $(,)?) => {
        impl Clients {
            $(pub(super) fn $name(&self) -> &$service::Client {
                self.$name.get_or_init(|| {
                    let settings = $service::config::Builder::from(&self.settings);
                    $service::Client::from_conf(settings.retry_classifier(OnlyWithoutEffect).build())
                })
            })+
        }
    };
}

plain!(
    cloudformation: aws_sdk_cloudformation,
    kms: aws_sdk_kms,
    lambda: aws_sdk_lambda,
    logs: aws_sdk_cloudwatchlogs,
    secrets: aws_sdk_secretsmanager,
    sts: aws_sdk_sts,
);
careful!(
    cloudformation_careful: aws_sdk_cloudformation,
    kms_careful: aws_sdk_kms,
    lambda_careful: aws_sdk_lambda,
    logs_careful: aws_sdk_cloudwatchlogs,
    secrets_careful: aws_sdk_secretsmanager,
);

/// Forbids to repeat a call unless it certainly had no effect: it was never sent, or it was refused
/// as a whole (throttled, for example).
#[derive(Debug)]
struct OnlyWithoutEffect;

impl ClassifyRetry for OnlyWithoutEffect {
    fn classify_retry(&self, attempt: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = attempt.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let refused = error.is_operation_error()
            && attempt.response().is_some_and(|answer| answer.status().as_u16() < 500);
        let unsent = error.as_connector_error().is_some_and(super::trouble::never_sent);
        if refused || unsent { RetryAction::NoActionIndicated } else { RetryAction::RetryForbidden }
    }

    fn name(&self) -> &'static str {
        "only without effect"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trouble::{Asked, certainty_of};
    use super::*;
    use crate::actions::Certainty;
    use aws_credential_types::Credentials;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers every request with that text, or hangs up, and counts the requests.
    async fn server(answer: &'static str) -> (String, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 65_536];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                if read > 0 {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        (endpoint, count)
    }

    fn clients(endpoint: &str) -> Clients {
        let keys = Credentials::new("222222222222", "sandbox", None, None, "test");
        let keys = SharedCredentialsProvider::new(keys);
        Clients::new(settings("eu-west-1", Some(endpoint), keys), true)
    }

    #[test]
    fn every_client_has_timeouts() {
        let keys = SharedCredentialsProvider::new(Credentials::new(
            "222222222222",
            "sandbox",
            None,
            None,
            "test",
        ));
        let settings = settings("eu-west-1", None, keys);
        let timeouts = settings.timeout_config().expect("timeouts");
        assert!(timeouts.connect_timeout().is_some() && timeouts.read_timeout().is_some());
        assert!(
            timeouts.operation_attempt_timeout().is_some()
                && timeouts.operation_timeout().is_some()
        );
    }

    /// A server that takes requests, keeps the connections open and never answers; and their count.
    async fn silent() -> (String, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 65_536];
                if stream.read(&mut buffer).await.unwrap_or(0) > 0 {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                open.push(stream);
            }
        });
        (endpoint, count)
    }

    /// The client's own limits end every call, however long the service takes. They are the real ones made small.
    #[tokio::test]
    async fn a_service_that_never_answers_is_given_up_at_the_clients_own_limit() {
        const SMALL: u32 = 200;
        let limits = Limits {
            connect: LIMITS.connect,
            attempt: LIMITS.attempt / SMALL,
            operation: LIMITS.operation / SMALL,
        };
        let (endpoint, count) = silent().await;
        let keys = Credentials::new("222222222222", "sandbox", None, None, "test");
        let keys = SharedCredentialsProvider::new(keys);
        let clients = Clients::new(within(&limits, "eu-west-1", Some(&endpoint), keys), true);
        // Whether it was made cannot be told, so it is not sent again.
        let error = clients.kms_careful().create_key().send().await.expect_err("no answer");
        assert_eq!(certainty_of(&error, Asked::FirstChange), Certainty::Unknown, "{error:?}");
        assert_eq!(count.swap(0, Ordering::SeqCst), 1);
        // A read is asked again, and then given up: nothing was changed.
        let read = clients.kms().describe_key().key_id("alias/x").send();
        let error = read.await.expect_err("no answer");
        assert_eq!(certainty_of(&error, Asked::Read), Certainty::NothingHappened, "{error:?}");
        let asked = count.load(Ordering::SeqCst);
        assert!((1..=ATTEMPTS as usize).contains(&asked), "{asked} requests");
    }

    const THROTTLED: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\ncontent-length: 51\r\n\r\n{\"__type\":\"ThrottlingException\",\"message\":\"slower\"}";
    const BROKEN: &str =
        "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";

    #[tokio::test]
    async fn a_lost_answer_is_never_asked_for_again_and_is_unknown() {
        for answer in ["", BROKEN] {
            let (endpoint, count) = server(answer).await;
            let clients = clients(&endpoint);
            let error = clients.kms_careful().create_key().send().await.expect_err("no answer");
            assert_eq!(certainty_of(&error, Asked::FirstChange), Certainty::Unknown, "{error:?}");
            assert_eq!(count.load(Ordering::SeqCst), 1, "after {answer:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_for_being_too_fast_is_repeated_because_it_had_no_effect() {
        let (endpoint, count) = server(THROTTLED).await;
        let clients = clients(&endpoint);
        let error = clients.kms_careful().create_key().send().await.expect_err("throttled");
        assert_eq!(certainty_of(&error, Asked::FirstChange), Certainty::NothingHappened);
        assert_eq!(count.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn what_never_reached_a_server_certainly_had_no_effect() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let clients = clients(&endpoint);
        let error = clients.kms_careful().create_key().send().await.expect_err("refused");
        assert_eq!(certainty_of(&error, Asked::FirstChange), Certainty::NothingHappened);
    }
}
