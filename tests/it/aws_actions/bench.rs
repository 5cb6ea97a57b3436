//! A place to call actions from, the way a run does.

use aws_config::SdkConfig;
use runbook::actions::aws::{AwsSessions, CliCall, CliOutput, CliRunner, Emulator};
use runbook::actions::context::{
    Accounts, Context, PATH_PREPEND, Report, Stop, StopSignal, Target, Teller,
};
use runbook::actions::preview::{Looking, Preview};
use runbook::actions::{Action, Actions, Trouble};
use runbook::engine::outcome::{Memo, Observation};
use runbook::model::id::{AccountName, RunId, StepKey};
use runbook::model::mode::{EnvironmentKind, Mode};
use runbook::model::project::{Access, Account, Environment};
use runbook::model::value::{Value, Values};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

pub(super) const REGION: &str = "eu-west-1";

fn emulator() -> Emulator {
    let server = crate::env::emulator();
    Emulator { endpoint: server.endpoint.clone(), cli: Some(server.cli.clone()) }
}

/// One account of its own, and everything that a run would give an action.
pub(super) struct Bench {
    pub(super) account: String,
    pub(super) target: Target,
    pub(super) sessions: Arc<AwsSessions>,
    pub(super) templates: TempDir,
    pub(super) stop: watch::Sender<Stop>,
    pub(super) said: Arc<Mutex<Vec<Report>>>,
    actions: Actions,
    work: TempDir,
    run: String,
    teller: mpsc::Sender<(StepKey, Report)>,
}

/// A random account id: the emulator keeps accounts apart, so tests can share it.
fn some_account() -> String {
    format!("{}", rand::random_range(200_000_000_000_u64..999_999_999_999))
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Access::Ambient)
    }

    pub(super) fn with(access: Access) -> Self {
        Self::behind(access, emulator().endpoint)
    }

    /// Its actions reach AWS at that address. The tests' own clients do not.
    pub(super) fn behind(access: Access, endpoint: String) -> Self {
        let account = some_account();
        let access = match access {
            Access::Role(name) => Access::Role(format!("arn:aws:iam::{account}:role/{name}")),
            other => other,
        };
        let name = AccountName::new("data").expect("a name");
        let entry = Account { id: account.clone(), region: REGION.to_owned(), access };
        let environment = Environment {
            name: "here".to_owned(),
            kind: EnvironmentKind::Sandbox,
            accounts: BTreeMap::from([(name.clone(), entry)]),
            seed: Vec::new(),
            endpoint: None,
        };
        let run = format!("run-{}", rand::random::<u32>());
        let sessions =
            AwsSessions::new(&environment, Some(Emulator { endpoint, ..emulator() }), &run)
                .expect("a sandbox");
        let sessions = Arc::new(sessions);
        let templates = tempfile::tempdir().expect("a folder");
        let all = runbook::actions::aws::actions(&sessions, cli(), templates.path().to_owned());
        let (teller, mut listener) = mpsc::channel(64);
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Some((_, report)) = listener.recv().await {
                heard.lock().expect("reports").push(report);
            }
        });
        Self {
            target: Target { account: name, id: account.clone(), region: REGION.to_owned() },
            account,
            sessions,
            templates,
            stop: watch::channel(Stop::No).0,
            said,
            actions: Actions::default().with(all),
            work: tempfile::tempdir().expect("a folder"),
            run,
            teller,
        }
    }

    /// The settings of a client of the tests' own.
    pub(super) fn sdk(&self) -> SdkConfig {
        let keys =
            aws_credential_types::Credentials::new(&self.account, "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(emulator().endpoint)
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                keys,
            ))
            .build()
    }

    pub(super) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk()).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(super) fn kms(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&self.sdk())
    }

    /// A step with these inputs.
    pub(super) fn step(&self, action: &str, key: &str, with: Value) -> Step<'_> {
        let action = self.actions.get(action).unwrap_or_else(|| panic!("no action {action}"));
        let work = self.work.path().join(key);
        std::fs::create_dir_all(&work).expect("a folder");
        let key = StepKey::from_text(key);
        let inputs = with.as_object().cloned().unwrap_or_default();
        let cx = Context {
            run: RunId::from_text(&self.run),
            step: key.clone(),
            mode: Mode::Rehearsal,
            environment: "here".to_owned(),
            inputs,
            memo: Memo::Null,
            target: Some(self.target.clone()),
            accounts: Arc::clone(&self.sessions) as Arc<dyn Accounts>,
            work,
            tell: Teller::new(key, self.teller.clone()),
            stop: StopSignal::new(self.stop.subscribe()),
        };
        Step { action: Arc::clone(action), cx, bench: self }
    }

    /// A new key that the account and the logs service may use: its ARN.
    pub(super) async fn key(&self) -> String {
        let allow = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            allow(json!({ "AWS": format!("arn:aws:iam::{}:root", self.account) })),
            allow(json!({ "Service": format!("logs.{REGION}.amazonaws.com") })),
        ]});
        let made = self.kms().create_key().policy(policy.to_string()).send().await;
        let made = made.expect("a key").key_metadata.expect("a key");
        made.arn.expect("an ARN")
    }

    /// Whether somebody was told something that contains this.
    pub(super) async fn heard(&self, words: &str) -> bool {
        // The listener is a task of its own: let it catch up.
        for _ in 0..50 {
            let has = |report: &Report| format!("{report:?}").contains(words);
            if self.said.lock().expect("reports").iter().any(has) {
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    }
}

/// One step, as far as it has come.
pub(super) struct Step<'a> {
    action: Arc<dyn Action>,
    pub(super) cx: Context,
    bench: &'a Bench,
}

impl Step<'_> {
    pub(super) async fn prepare(&mut self) -> Result<(), Trouble> {
        self.cx.memo = self.action.prepare(&self.cx).await?;
        Ok(())
    }

    pub(super) async fn run_only(&self) -> Result<Values, Trouble> {
        self.action.run(&self.cx).await
    }

    /// Prepares and runs, as a first attempt does.
    pub(super) async fn run(&mut self) -> Result<Values, Trouble> {
        self.prepare().await?;
        self.run_only().await
    }

    pub(super) async fn look(&self) -> Observation {
        self.action.observe(&self.cx).await
    }

    /// What it would change, from reading alone.
    pub(super) async fn preview(&self) -> Result<Preview, Trouble> {
        self.action.preview(&self.cx, Looking { change_sets: false }).await
    }

    /// The outputs of what is in place.
    pub(super) async fn in_place(&self) -> Values {
        match self.look().await {
            Observation::InPlace(outputs) => outputs,
            other => panic!("not in place: {other:?}"),
        }
    }

    pub(super) async fn undo(&self, outputs: Option<&Values>) -> Result<(), Trouble> {
        self.action.undo(&self.cx, outputs).await
    }

    /// Every output of a description is there, and none beside them.
    pub(super) fn keeps_its_word(&self, outputs: &Values) {
        let catalog = runbook::actions::catalog::catalog();
        let spec = catalog.get(self.action.name()).expect("a description");
        for name in outputs.keys() {
            assert!(spec.output(name).is_some(), "{} gives {name} unannounced", spec.name);
        }
        for output in spec.outputs.iter().filter(|output| output.name != "deletion_date") {
            assert!(outputs.contains_key(output.name), "{} lacks {}", spec.name, output.name);
        }
        let _ = &self.bench.account;
    }
}

/// Starts the AWS CLI as a run would.
fn cli() -> CliRunner {
    Arc::new(|call: CliCall| {
        Box::pin(async move {
            let mut command = tokio::process::Command::new(&call.program);
            command.args(&call.args).env_clear().current_dir(&call.work).env("HOME", &call.work);
            let mut path = std::env::var("PATH").unwrap_or_default();
            for (name, value) in &call.env {
                if name == PATH_PREPEND {
                    path = format!("{}:{path}", value.expose());
                } else {
                    command.env(name, value.expose());
                }
            }
            let output = command.env("PATH", path).output().await;
            let output = output.map_err(|error| Trouble::nothing_happened(error.to_string()))?;
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            Ok(CliOutput { code: output.status.code(), stdout: output.stdout, stderr })
        })
    })
}
