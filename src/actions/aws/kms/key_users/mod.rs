//! `kms/key-users`: what is still encrypted under a key.
//!
//! No single call of AWS tells. Each service is asked in its own way, and what was not looked at is
//! said, because an empty answer to half a question proves nothing.

mod functions;
mod logs;
mod objects;
mod secrets;

use super::key;
use super::key::KeyName;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;

/// What this action can look at.
const SERVICES: [&str; 4] = ["s3", "logs", "secretsmanager", "lambda"];
/// What else keeps data under customers' keys.
const NOT_SWEPT: [&str; 12] = [
    "ebs",
    "rds",
    "efs",
    "dynamodb",
    "sqs",
    "sns",
    "ecr",
    "kinesis",
    "backup",
    "cloudtrail",
    "opensearch",
    "bedrock",
];
/// How many users an output lists.
const LISTED: usize = 500;

pub(super) struct KeyUsers(pub(super) Arc<AwsSessions>);

/// What was found so far.
#[derive(Default)]
struct Findings {
    users: Vec<Value>,
    total: u64,
    unseen: Vec<Value>,
    /// Whether everything that was asked for was read.
    complete: bool,
}

impl Findings {
    fn user(&mut self, service: &str, resource: &str, detail: &str, count: Option<u64>) {
        self.total += count.unwrap_or(1);
        let mut user = json!({ "service": service, "resource": resource, "detail": detail });
        if let (Some(count), Some(fields)) = (count, user.as_object_mut()) {
            fields.insert("count".to_owned(), count.into());
        }
        if self.users.len() < LISTED {
            self.users.push(user);
        }
    }

    /// Something that was asked for and could not be read.
    fn missed(&mut self, service: &str, reason: impl std::fmt::Display) {
        self.complete = false;
        self.unseen.push(json!({ "service": service, "reason": reason.to_string() }));
    }
}

#[async_trait]
impl Action for KeyUsers {
    fn name(&self) -> &'static str {
        "kms/key-users"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let services = inputs::texts_if(&cx.inputs, "services")?;
        let services = services.unwrap_or_else(|| SERVICES.map(str::to_owned).to_vec());
        if let Some(unknown) = services.iter().find(|name| !SERVICES.contains(&name.as_str())) {
            let known = SERVICES.join(", ");
            return Err(Trouble::nothing_happened(format!(
                "`{unknown}` is not among the services that can be looked at: {known}"
            )));
        }
        let buckets = inputs::texts_if(&cx.inputs, "buckets")?;
        let found = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
        let name = KeyName::read(&aws, &key::arn(&found)).await?;
        let mut findings = Findings { complete: true, ..Findings::default() };
        for service in &services {
            cx.tell.say(Report::Waiting(format!("what {service} keeps under the key"))).await;
            let swept = match service.as_str() {
                "s3" => objects::sweep(&aws, cx, &name, buckets.as_deref(), &mut findings).await,
                "logs" => logs::sweep(&aws, &name, &mut findings).await,
                "secretsmanager" => secrets::sweep(&aws, &name, &mut findings).await,
                _ => functions::sweep(&aws, &name, &mut findings).await,
            };
            match swept {
                Err(trouble) if trouble.certainty == crate::actions::Certainty::Parked => {
                    return Err(trouble);
                }
                Err(trouble) => findings.missed(service, trouble),
                Ok(()) => {}
            }
        }
        for service in SERVICES.iter().filter(|name| !services.iter().any(|s| s == *name)) {
            findings.unseen.push(json!({ "service": service, "reason": "not asked for" }));
        }
        for service in NOT_SWEPT {
            findings
                .unseen
                .push(json!({ "service": service, "reason": "not swept by this action" }));
        }
        Ok(answer([
            ("key_arn", name.arn.into()),
            ("users", findings.users.into()),
            ("total", findings.total.into()),
            ("not_looked_at", findings.unseen.into()),
            ("complete", findings.complete.into()),
        ]))
    }
}
