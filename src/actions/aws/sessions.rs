//! The way into the accounts of one environment, for one run.

use super::clients::{Clients, settings};
use super::credentials::{AssumedRole, Operators, Renewed, session_name};
use super::trouble::{Asked, Call};
use crate::actions::Trouble;
use crate::actions::context::{Accounts, Caller, PATH_PREPEND, Target};
use crate::model::id::AccountName;
use crate::model::mode::EnvironmentKind;
use crate::model::project::{Access, Account, Environment};
use crate::model::secret::Secret;
use async_trait::async_trait;
use aws_config::Region;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The operator's account in a sandbox that has none of its own. Twelve digits are the root of that
/// account in the emulator and nothing at all on AWS.
const SANDBOX_OPERATOR: &str = "100000000000";

/// An emulated AWS on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    /// Where it listens: a loopback address.
    pub endpoint: String,
    /// Its own `aws` program, which is known to honour the endpoint. Absent for an emulator that
    /// someone else started.
    pub cli: Option<PathBuf>,
}

/// Why the accounts of an environment cannot be entered as they are described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A sandbox has no accounts of its own without an emulator.
    #[error(
        "environment `{0}` is a sandbox, but no emulator was given: start it with `runbook sandbox up`"
    )]
    NoEmulator(String),
    /// Real accounts are never reached through an emulator.
    #[error("environment `{0}` is real, so an emulator at {1} is refused")]
    EmulatorForReal(String, String),
    /// An emulator on another machine could be anything.
    #[error("the emulator's endpoint {0} is not a loopback address (`http://127.0.0.1:PORT`)")]
    NotLoopback(String),
    /// Calls meant for real accounts would go elsewhere.
    #[error(
        "`{0}` is set, so calls meant for the real environment `{1}` would go elsewhere: unset it"
    )]
    EndpointOverride(String, String),
    /// A profile leads to real credentials.
    #[error(
        "account `{0}` of the sandbox names a profile, which leads to real credentials: give it a role, or nothing"
    )]
    ProfileInSandbox(AccountName),
}

/// Credentials and clients for every account of an environment.
///
/// Each account has its own credentials, and each account and Region its own clients, so identities
/// cannot mix.
pub struct AwsSessions {
    accounts: BTreeMap<AccountName, Account>,
    emulator: Option<Emulator>,
    operator: SharedCredentialsProvider,
    home: String,
    session: String,
    credentials: BTreeMap<AccountName, SharedCredentialsProvider>,
    clients: Mutex<BTreeMap<(AccountName, String), Arc<Clients>>>,
}

impl AwsSessions {
    /// The way into that environment's accounts. Asks nobody anything yet.
    ///
    /// # Errors
    /// When calls could reach the wrong AWS: see [`Refused`].
    pub fn new(
        environment: &Environment,
        emulator: Option<Emulator>,
        run: &str,
    ) -> Result<Self, Refused> {
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        check(environment, emulator.as_ref(), variables)?;
        let home = environment.accounts.values().next();
        let home = home.map_or_else(|| "us-east-1".to_owned(), |account| account.region.clone());
        let operator = operator(environment, emulator.is_some(), &home);
        let mut sessions = Self {
            accounts: environment.accounts.clone(),
            emulator,
            operator,
            home,
            session: session_name(run),
            credentials: BTreeMap::new(),
            clients: Mutex::default(),
        };
        sessions.credentials = environment
            .accounts
            .iter()
            .map(|(name, account)| (name.clone(), sessions.credentials_of(account, run)))
            .collect();
        Ok(sessions)
    }

    fn credentials_of(&self, account: &Account, run: &str) -> SharedCredentialsProvider {
        match &account.access {
            Access::Ambient if self.emulator.is_some() => dummy(&account.id),
            Access::Ambient => self.operator.clone(),
            Access::Profile(profile) => {
                let region = Some(Region::new(account.region.clone()));
                let config = ProviderConfig::without_region().with_region(region);
                let provider = ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_name(profile)
                    .build();
                SharedCredentialsProvider::new(Renewed::new(provider))
            }
            Access::Role(role) => {
                let settings = settings(&account.region, self.endpoint(), self.operator.clone());
                let sts = aws_sdk_sts::Client::new(&settings);
                let assumed = AssumedRole { sts, role: role.clone(), session: session_name(run) };
                SharedCredentialsProvider::new(Renewed::new(assumed))
            }
        }
    }

    /// The emulator's endpoint, if the accounts are an emulator's.
    pub(super) fn endpoint(&self) -> Option<&str> {
        self.emulator.as_ref().map(|emulator| emulator.endpoint.as_str())
    }

    /// Whether the accounts are an emulator's.
    pub(super) const fn in_sandbox(&self) -> bool {
        self.emulator.is_some()
    }

    /// The `aws` program to use: the emulator's own where there is one.
    pub(super) fn cli(&self) -> PathBuf {
        self.emulator.as_ref().and_then(|e| e.cli.clone()).unwrap_or_else(|| PathBuf::from("aws"))
    }

    /// The project's names for its accounts, by their twelve digits. One account can have several.
    pub(super) fn account_names(&self) -> BTreeMap<String, String> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (name, account) in &self.accounts {
            names
                .entry(account.id.clone())
                .and_modify(|all| *all = format!("{all}, {name}"))
                .or_insert_with(|| name.to_string());
        }
        names
    }

    /// The roles in that account that the environment names.
    pub(super) fn roles_in(&self, account: &str) -> Vec<String> {
        let of = |one: &Account| match &one.access {
            Access::Role(role) if one.id == account => Some(role.clone()),
            _ => None,
        };
        self.accounts.values().filter_map(of).collect()
    }

    fn provider(&self, target: &Target) -> Result<&SharedCredentialsProvider, Trouble> {
        let known = self.accounts.get(&target.account).filter(|account| account.id == target.id);
        known
            .and_then(|_| self.credentials.get(&target.account))
            .ok_or_else(|| Trouble::nothing_happened(format!("the environment has no {target}")))
    }

    /// The clients of that account and Region.
    pub(super) fn clients(&self, target: &Target) -> Result<Arc<Clients>, Trouble> {
        let provider = self.provider(target)?;
        let key = (target.account.clone(), target.region.clone());
        // A panic while the lock was held can only have lost a client, which is made again.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = clients.entry(key).or_insert_with(|| {
            let settings = settings(&target.region, self.endpoint(), provider.clone());
            Arc::new(Clients::new(settings, self.in_sandbox()))
        });
        Ok(Arc::clone(made))
    }

    /// Asks STS who the operator is, before any role is assumed.
    ///
    /// # Errors
    /// When there are no credentials, or STS does not answer.
    pub async fn operator_caller(&self) -> Result<Caller, Trouble> {
        let settings = settings(&self.home, self.endpoint(), self.operator.clone());
        let answer = aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await;
        let answer = answer.map_err(|error| {
            let message = super::trouble::described(&error).1;
            let trouble = Trouble::nothing_happened(format!(
                "sts:GetCallerIdentity with the operator's own credentials: {message}"
            ));
            if self.in_sandbox() {
                trouble.hint("The sandbox does not answer: start it with `runbook sandbox up`.")
            } else {
                trouble.hint("Log in (for example with `aws sso login`) and run this again.")
            }
        })?;
        Ok(Caller {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
        })
    }

    pub(super) async fn keys(&self, target: &Target) -> Result<Credentials, Trouble> {
        self.provider(target)?.provide_credentials().await.map_err(|error| {
            let cause = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            Trouble::nothing_happened(format!("no credentials for {target}: {cause}")).hint(
                "Log in (for example with `aws sso login`), and check the role's trust policy.",
            )
        })
    }

    /// The keys of a role of that account, which whoever acts there becomes for one request. Without a role
    /// they are those of the account.
    pub(super) async fn keys_as(
        &self,
        target: &Target,
        role: Option<&str>,
    ) -> Result<Credentials, Trouble> {
        let Some(role) = role else { return self.keys(target).await };
        let refused = |why: String| {
            Trouble::nothing_happened(why)
                .hint("Check that the role exists, and that its trust policy names who acts there.")
        };
        if !role.contains(&format!(":iam::{}:role/", target.id)) {
            return Err(refused(format!("{role} is no role of {target}")));
        }
        let sts = self.clients(target)?.sts().clone();
        let (role, session) = (role.to_owned(), self.session.clone());
        let assumed = AssumedRole { sts, role, session }.provide_credentials().await;
        assumed.map_err(|error| {
            let cause = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            refused(format!("{cause} in {target}"))
        })
    }
}

#[async_trait]
impl Accounts for AwsSessions {
    async fn caller(&self, target: &Target) -> Result<Caller, Trouble> {
        let clients = self.clients(target)?;
        let answer = clients.sts().get_caller_identity().send().await.map_err(|error| {
            let sandbox = self.in_sandbox();
            let action = "sts:GetCallerIdentity";
            Call { action, on: String::new(), target, sandbox }.trouble(&error, Asked::Read)
        })?;
        match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Ok(Caller { account, arn }),
            _ => Err(Trouble::nothing_happened(format!("STS did not say who we are in {target}"))),
        }
    }

    async fn child_environment(&self, target: &Target) -> Result<Vec<(String, Secret)>, Trouble> {
        let keys = self.keys(target).await?;
        let mut variables = vec![
            ("AWS_ACCESS_KEY_ID", keys.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key().to_owned()),
            ("AWS_REGION", target.region.clone()),
            ("AWS_DEFAULT_REGION", target.region.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            // Nothing of the operator's own configuration may reach a child: neither a profile nor
            // an endpoint in one.
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ];
        variables.extend(keys.session_token().map(|t| ("AWS_SESSION_TOKEN", t.to_owned())));
        if let Some(emulator) = &self.emulator {
            variables.push(("AWS_ENDPOINT_URL", emulator.endpoint.clone()));
            variables.push(("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false".to_owned()));
            let folder = emulator.cli.as_deref().and_then(std::path::Path::parent);
            variables.extend(folder.map(|path| (PATH_PREPEND, path.display().to_string())));
        }
        Ok(variables.into_iter().map(|(name, text)| (name.to_owned(), Secret::new(text))).collect())
    }
}

/// The key of the root of an emulated account.
fn dummy(account: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(account, "sandbox", None, None, "sandbox"))
}

fn operator(environment: &Environment, sandbox: bool, region: &str) -> SharedCredentialsProvider {
    if sandbox {
        let mut own = environment.accounts.values().filter(|a| a.access == Access::Ambient);
        return dummy(own.next().map_or(SANDBOX_OPERATOR, |account| &account.id));
    }
    let region = Region::new(region.to_owned());
    SharedCredentialsProvider::new(Renewed::new(Operators::new(region)))
}

/// Refuses what could send a call to the wrong AWS.
fn check(
    environment: &Environment,
    emulator: Option<&Emulator>,
    variables: impl Iterator<Item = String>,
) -> Result<(), Refused> {
    let name = || environment.name.clone();
    match (environment.kind, emulator) {
        (EnvironmentKind::Sandbox, None) => Err(Refused::NoEmulator(name())),
        (EnvironmentKind::Sandbox, Some(emulator)) => {
            if !is_loopback(&emulator.endpoint) {
                return Err(Refused::NotLoopback(emulator.endpoint.clone()));
            }
            let mut accounts = environment.accounts.iter();
            let profile = accounts.find(|(_, a)| matches!(a.access, Access::Profile(_)));
            profile.map_or(Ok(()), |(name, _)| Err(Refused::ProfileInSandbox(name.clone())))
        }
        (_, Some(emulator)) => Err(Refused::EmulatorForReal(name(), emulator.endpoint.clone())),
        (_, None) => {
            let is_override = |variable: &String| {
                variable == "AWS_ENDPOINT_URL" || variable.starts_with("AWS_ENDPOINT_URL_")
            };
            let mut variables = variables;
            let set = variables.find(is_override);
            set.map_or(Ok(()), |variable| Err(Refused::EndpointOverride(variable, name())))
        }
    }
}

pub(super) fn is_loopback(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"))
    else {
        return false;
    };
    // A name before an `@` would be a user, and the host would be what follows.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(kind: EnvironmentKind, access: Access) -> Environment {
        let account =
            Account { id: "222222222222".to_owned(), region: "eu-west-1".to_owned(), access };
        Environment {
            name: "here".to_owned(),
            kind,
            accounts: BTreeMap::from([(AccountName::new("data").expect("a name"), account)]),
            seed: Vec::new(),
            endpoint: None,
        }
    }

    fn emulator(endpoint: &str) -> Emulator {
        Emulator { endpoint: endpoint.to_owned(), cli: Some(PathBuf::from("/opt/sandbox/bin/aws")) }
    }

    #[test]
    fn a_real_environment_refuses_every_way_to_be_sent_elsewhere() {
        let real = environment(EnvironmentKind::Production, Access::Ambient);
        let with = |name: &str| check(&real, None, [name.to_owned()].into_iter());
        assert!(matches!(with("AWS_ENDPOINT_URL"), Err(Refused::EndpointOverride(..))));
        assert!(matches!(with("AWS_ENDPOINT_URL_KMS"), Err(Refused::EndpointOverride(..))));
        assert_eq!(with("AWS_REGION"), Ok(()));
        let local = emulator("http://127.0.0.1:1");
        let given = check(&real, Some(&local), std::iter::empty());
        assert!(matches!(given, Err(Refused::EmulatorForReal(..))));
    }

    #[test]
    fn a_sandbox_refuses_every_way_out() {
        let sandbox = environment(EnvironmentKind::Sandbox, Access::Ambient);
        let with = |endpoint: &str| check(&sandbox, Some(&emulator(endpoint)), std::iter::empty());
        for out in [
            "https://kms.eu-west-1.amazonaws.com",
            "http://127.0.0.1@evil.example:80",
            "http://127.0.0.1.evil.example",
            "127.0.0.1:80",
            "http://0.0.0.0:80",
        ] {
            assert_eq!(with(out), Err(Refused::NotLoopback(out.to_owned())));
        }
        for inside in ["http://127.0.0.1:4566", "http://localhost:80/", "http://[::1]:80"] {
            assert_eq!(with(inside), Ok(()), "{inside}");
        }
        assert!(matches!(check(&sandbox, None, std::iter::empty()), Err(Refused::NoEmulator(_))));
        let profile = environment(EnvironmentKind::Sandbox, Access::Profile("prod".to_owned()));
        let local = emulator("http://127.0.0.1:1");
        let given = check(&profile, Some(&local), std::iter::empty());
        assert!(matches!(given, Err(Refused::ProfileInSandbox(_))));
    }

    #[tokio::test]
    async fn a_child_in_the_sandbox_gets_dummy_keys_and_the_emulators_own_tools() {
        let sandbox = environment(EnvironmentKind::Sandbox, Access::Ambient);
        let sessions = AwsSessions::new(&sandbox, Some(emulator("http://127.0.0.1:1")), "r")
            .expect("a sandbox");
        let target = Target {
            account: AccountName::new("data").expect("a name"),
            id: "222222222222".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let child = sessions.child_environment(&target).await.expect("variables");
        let get = |name: &str| {
            child.iter().find(|(n, _)| n == name).map(|(_, value)| value.expose().to_owned())
        };
        assert_eq!(get("AWS_ACCESS_KEY_ID").as_deref(), Some("222222222222"));
        assert_eq!(get("AWS_ENDPOINT_URL").as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(get("AWS_REGION").as_deref(), Some("eu-central-1"));
        assert_eq!(get("AWS_CONFIG_FILE").as_deref(), Some("/dev/null"));
        assert_eq!(get(PATH_PREPEND).as_deref(), Some("/opt/sandbox/bin"));
        let other = Target { id: "333333333333".to_owned(), ..target };
        assert!(sessions.child_environment(&other).await.is_err(), "an id that is not its own");
    }
}
