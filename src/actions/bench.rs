//! What tests of actions stand on: a context whose reports and stop can be had.

use super::Trouble;
use super::context::{Accounts, Caller, Context, Report, Stop, StopSignal, Target, Teller};
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// A context and its other ends.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) cx: Context,
    pub(crate) stop: watch::Sender<Stop>,
    told: Arc<Mutex<Vec<Report>>>,
    listening: tokio::task::JoinHandle<()>,
}

/// Accounts whose scripts get one Region and one key.
struct Fake;

#[async_trait]
impl Accounts for Fake {
    async fn caller(&self, target: &Target) -> Result<Caller, Trouble> {
        Ok(Caller { account: target.id.clone(), arn: "arn:aws:iam::1:user/ann".to_owned() })
    }

    async fn child_environment(&self, target: &Target) -> Result<Vec<(String, Secret)>, Trouble> {
        Ok(vec![
            ("AWS_REGION".to_owned(), Secret::new(target.region.clone())),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), Secret::new("wJalrXUtnFEMI/K7MDENG")),
        ])
    }
}

impl Bench {
    pub(crate) fn new(inputs: Value) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (to, mut from) = mpsc::channel(8);
        let (stop, wanted) = watch::channel(Stop::No);
        let step = StepKey::from_text("move/one[0]");
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let listening = tokio::spawn(async move {
            while let Some((_, report)) = from.recv().await {
                heard.lock().expect("a lock").push(report);
            }
        });
        let Value::Object(inputs) = inputs else { panic!("inputs are a mapping") };
        let cx = Context {
            run: RunId::from_text("r1"),
            step: step.clone(),
            mode: Mode::Drill,
            environment: "drill".to_owned(),
            inputs,
            memo: Value::Null,
            target: None,
            accounts: Arc::new(Fake),
            work: dir.path().to_owned(),
            tell: Teller::new(step, to),
            stop: StopSignal::new(wanted),
        };
        Self { dir, cx, stop, told, listening }
    }

    pub(crate) fn plain() -> Self {
        Self::new(Value::Object(Values::new()))
    }

    /// Everything that was told. Ends the context.
    pub(crate) async fn told(self) -> Vec<Report> {
        drop(self.cx);
        self.listening.await.expect("a listener");
        let told = self.told.lock().expect("a lock").clone();
        drop(self.dir);
        told
    }

    /// How many reports were heard so far.
    pub(crate) fn heard(&self) -> usize {
        self.told.lock().expect("a lock").len()
    }
}
