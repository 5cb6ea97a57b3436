//! `ssm/set-parameter`: sets a parameter of Systems Manager that others read, such as a pointer.

use super::cli::{Calls, Cli};
use super::{answer, inputs, kept, memo_text, observed, says_error, target_of};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;

pub(super) fn actions(cli: &Cli) -> Vec<Arc<dyn Action>> {
    vec![Arc::new(SetParameter(cli.clone()))]
}

struct SetParameter(Cli);

/// A parameter as it stands.
struct Parameter {
    value: String,
    kind: String,
    version: Value,
}

#[async_trait]
impl Action for SetParameter {
    fn name(&self) -> &'static str {
        "ssm/set-parameter"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let wanted = wanted(cx)?;
            let parameter = find(&self.0.calls(cx, target_of(cx)?), name(cx)?).await?;
            let there = parameter.filter(|parameter| parameter.value == wanted);
            Ok::<_, Trouble>(there.map(|parameter| outputs(cx, &parameter.version)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let parameter = find(&self.0.calls(cx, target_of(cx)?), name(cx)?).await?;
        if parameter.as_ref().is_none_or(|parameter| parameter.kind != "SecureString") {
            return Ok(json!({
                "previous_value": parameter.as_ref().map(|parameter| parameter.value.clone()),
                "type": parameter.map_or_else(|| "String".to_owned(), |parameter| parameter.kind),
            }));
        }
        // The memo is in the journal, and the previous value would be in the memo.
        Err(Trouble::nothing_happened(format!(
            "{} in {} is a SecureString: its previous value would be kept in the journal for undo",
            name(cx)?,
            target_of(cx)?
        ))
        .hint("Keep secrets in Secrets Manager, and let a parameter only name them."))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let before = memo_text(&cx.memo, "previous_value");
        Ok(Change::from_to(name(cx)?, before, wanted(cx)?).of("parameter").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let calls = self.0.calls(cx, target_of(cx)?);
        let (name, value) = (name(cx)?, wanted(cx)?);
        if let Some(now) = find(&calls, name).await?.filter(|now| now.value == value) {
            return Ok(outputs(cx, &now.version));
        }
        let version = put(&calls, name, value, memo_text(&cx.memo, "type")).await?;
        Ok(outputs(cx, &version))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let target = target_of(cx)?;
        let calls = self.0.calls(cx, target);
        let name = name(cx)?;
        let now = find(&calls, name).await?.map(|parameter| parameter.value);
        let previous = memo_text(&cx.memo, "previous_value");
        if now.as_deref() == previous {
            return Ok(());
        }
        if now.as_deref() != Some(wanted(cx)?) {
            // Whoever has set it since wants to keep it.
            let now = now.unwrap_or_else(|| "gone".to_owned());
            return Err(Trouble::nothing_happened(format!(
                "{name} in {target} is `{now}` now, which this step did not set: it is left alone"
            ))
            .hint(
                "Find out who set it. Set it by hand when the earlier value is right after all.",
            ));
        }
        match previous {
            Some(previous) => {
                put(&calls, name, previous, memo_text(&cx.memo, "type")).await.map(|_| ())
            }
            None => {
                let input = json!({ "Name": name });
                match calls.change("ssm", "delete-parameter", Some(&input)).await {
                    Err(trouble) if !says_error(&trouble, "ParameterNotFound") => Err(trouble),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// The parameter of that name, read as it stands. The value of a SecureString stays encrypted.
async fn find(calls: &Calls<'_>, name: &str) -> Result<Option<Parameter>, Trouble> {
    let input = json!({ "Name": name });
    let answer = match calls.read("ssm", "get-parameter", Some(&input)).await {
        Err(trouble) if says_error(&trouble, "ParameterNotFound") => return Ok(None),
        answer => answer?,
    };
    let parameter = &answer["Parameter"];
    let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
    Ok(Some(Parameter {
        value: text("Value"),
        kind: text("Type"),
        version: parameter["Version"].clone(),
    }))
}

async fn put(
    calls: &Calls<'_>,
    name: &str,
    value: &str,
    kind: Option<&str>,
) -> Result<Value, Trouble> {
    let kind = kind.unwrap_or("String");
    let input = json!({ "Name": name, "Value": value, "Type": kind, "Overwrite": true });
    let answer = calls.change("ssm", "put-parameter", Some(&input)).await?;
    Ok(answer["Version"].clone())
}

fn name(cx: &Context) -> Result<&str, Trouble> {
    inputs::text(&cx.inputs, "name")
}

fn wanted(cx: &Context) -> Result<&str, Trouble> {
    inputs::text(&cx.inputs, "value")
}

fn outputs(cx: &Context, version: &Value) -> Values {
    // Before the first attempt there is no memo: the value is in place, and nobody knows what was before.
    let previous = cx.memo.get("previous_value").cloned().unwrap_or(Value::Null);
    answer([
        ("name", cx.inputs.get("name").cloned().unwrap_or(Value::Null)),
        ("value", cx.inputs.get("value").cloned().unwrap_or(Value::Null)),
        ("previous_value", previous),
        ("version", version.clone()),
    ])
}
