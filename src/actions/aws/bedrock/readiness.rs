//! `bedrock/readiness`: whether a Region could take over a model's calls, and what cannot be told.

use super::checks::{Checks, Finding, State};
use crate::actions::aws::cli::Cli;
use crate::actions::aws::{answer, inputs, target_of};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use serde_json::json;

/// What is looked at, in the order of the findings.
pub(super) const CHECKS: [&str; 5] = ["access", "quotas", "endpoint", "policy", "logging"];

pub(super) struct Readiness(pub(super) Cli);

#[async_trait]
impl Action for Readiness {
    fn name(&self) -> &'static str {
        "bedrock/readiness"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = target_of(cx)?;
        let required = required(&cx.inputs)?;
        let checks = Checks {
            calls: self.0.calls(cx, target),
            region: &target.region,
            account: &target.id,
            model: inputs::text(&cx.inputs, "model")?,
        };
        let vpc = inputs::text_if(&cx.inputs, "vpc")?;
        let log_group = inputs::text_if(&cx.inputs, "log_group")?;
        let needed = needed(&cx.inputs)?;
        let (access, quotas, (endpoint, policy), logging) = tokio::join!(
            checks.access(),
            checks.quotas(&needed),
            checks.endpoint(vpc),
            checks.logging(log_group),
        );
        let findings = [access, quotas, endpoint, policy, logging];
        for finding in &findings {
            let line = format!("{}: {}: {}", finding.check, finding.state.word(), finding.detail);
            cx.tell.say(Report::Line(line)).await;
        }
        let counts = |finding: &&Finding| required.iter().any(|one| one == finding.check);
        let wanting: Vec<&Finding> =
            findings.iter().filter(counts).filter(|one| one.state != State::Ok).collect();
        let words = if wanting.is_empty() {
            format!("{target} can take over {}", checks.model)
        } else {
            let details = wanting
                .iter()
                .map(|one| format!("{} {}: {}", one.check, one.state.word(), one.detail));
            format!("{target} is not ready: {}", details.collect::<Vec<_>>().join("; "))
        };
        let unread = wanting.iter().any(|one| one.state == State::Unknown);
        Ok(answer([
            ("ready", wanting.is_empty().into()),
            ("complete", (!unread).into()),
            ("findings", findings.iter().map(as_value).collect()),
            ("words", words.into()),
        ]))
    }
}

fn as_value(finding: &Finding) -> Value {
    json!({ "check": finding.check, "state": finding.state.word(), "detail": finding.detail })
}

/// The quotas that the load needs: the code of each, and the least value.
fn needed(given: &Values) -> Result<Vec<(String, f64)>, Trouble> {
    let read = |text: &String| {
        let (code, least) = text.split_once('=')?;
        Some((code.trim().to_owned(), least.trim().parse().ok()?))
    };
    let texts = inputs::texts_if(given, "quotas")?.unwrap_or_default();
    texts.iter().map(read).collect::<Option<_>>().ok_or_else(|| {
        Trouble::nothing_happened("`quotas` must be a list such as `[L-254CACF4=200]`")
    })
}

/// The checks that decide.
fn required(given: &Values) -> Result<Vec<String>, Trouble> {
    let Some(words) = inputs::texts_if(given, "require")? else {
        return Ok(CHECKS.map(str::to_owned).to_vec());
    };
    match words.iter().find(|word| !CHECKS.contains(&word.as_str())) {
        Some(other) => {
            Err(Trouble::nothing_happened(format!("`{other}` in `require` is no check"))
                .hint(format!("The checks are {}.", CHECKS.join(", "))))
        }
        None => Ok(words),
    }
}
