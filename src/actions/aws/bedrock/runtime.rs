//! One real call of a model, signed here, so that its status and its id are known.

use super::verdict::Outcome;
use crate::actions::Trouble;
use crate::actions::aws::inputs;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::signed::{NoAnswer, Request};
use crate::actions::context::Target;
use crate::model::value::Values;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// What the model is asked when nobody says otherwise. A long answer keeps it busy for as long as a real one.
const PROMPT: &str = "Write about the importance of rehearsing disaster recovery.";

/// What a call asks for.
pub(super) struct Asked {
    model: String,
    prompt: String,
    max_tokens: i64,
    host: Option<String>,
    patience: Duration,
}

/// What a call came to.
pub(super) struct Called {
    pub(super) outcome: Outcome,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
    pub(super) took: Duration,
}

impl Asked {
    pub(super) fn read(inputs: &Values) -> Result<Self, Trouble> {
        Ok(Self {
            model: inputs::text(inputs, "model")?.to_owned(),
            prompt: inputs::text_if(inputs, "prompt")?.unwrap_or(PROMPT).to_owned(),
            max_tokens: inputs::number(inputs, "max_tokens", 1..=200_000, 512)?,
            host: inputs::text_if(inputs, "endpoint")?.map(str::to_owned),
            patience: Duration::from_secs(
                inputs::number(inputs, "patience", 1..=600, 60)?.unsigned_abs(),
            ),
        })
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    fn host(&self, region: &str) -> String {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        self.host.clone().unwrap_or_else(|| format!("bedrock-runtime.{region}.{suffix}"))
    }

    /// Makes the call once.
    ///
    /// # Errors
    /// When there are no keys to make it with. Everything else is an outcome.
    pub(super) async fn call(
        &self,
        sessions: &AwsSessions,
        target: &Target,
    ) -> Result<Called, Trouble> {
        let body = json!({
            "messages": [{ "role": "user", "content": [{ "text": self.prompt }] }],
            "inferenceConfig": { "maxTokens": self.max_tokens },
        });
        let request = Request {
            service: "bedrock",
            method: Method::POST,
            host: self.host(&target.region),
            path: format!("/model/{}/converse", encoded(&self.model)),
            body: Some(("application/json", body.to_string().into_bytes())),
            role: None,
            patience: self.patience,
        };
        let began = Instant::now();
        let answer = sessions.send(target, request).await;
        let took = began.elapsed();
        let called = |outcome, message, request_id| Called { outcome, message, request_id, took };
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => {
                Ok(called(Outcome::Fine, String::new(), answer.request_id))
            }
            Ok(answer) => {
                let message = answer.message();
                let code = answer.code.unwrap_or_default();
                Ok(called(Outcome::Refused(answer.status, code), message, answer.request_id))
            }
            Err(NoAnswer::Unsent(why)) => Ok(called(Outcome::Unreached, why, None)),
            Err(NoAnswer::Unanswered(why)) => Ok(called(Outcome::Silent, why, None)),
            Err(NoAnswer::Refused(trouble)) => Err(trouble),
        }
    }
}

/// A model's id or ARN as one part of a path.
fn encoded(model: &str) -> String {
    let mut text = String::new();
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_model_is_one_part_of_a_path() {
        assert_eq!(encoded("anthropic.claude-v1:0"), "anthropic.claude-v1%3A0");
        assert_eq!(encoded("a/b?c"), "a%2Fb%3Fc");
    }
}
