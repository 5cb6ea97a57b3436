//! `lambda/set-variables`: adds variables to a function, and drops some.
//!
//! A variable may be secret. So no value is written down for undo: what is dropped must still stand in a
//! published version, which cannot change, and undo reads it there.

use super::set_key::{configuration, settled};
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{WORK, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput as Configuration;
use aws_sdk_lambda::types::{Environment, LastUpdateStatus};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

type Variables = HashMap<String, String>;

pub(super) struct SetVariables(pub(super) Arc<AwsSessions>);

/// What the step asks for.
struct Wanted<'a> {
    function: &'a str,
    set: Vec<(String, String)>,
    drop: Vec<String>,
    kept_in: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(with: &'a Values) -> Result<Self, Trouble> {
        let mut set = inputs::pairs(with, "set")?;
        match (inputs::text_if(with, "name")?, inputs::text_if(with, "value")?) {
            (Some(name), Some(value)) => set.push((name.to_owned(), value.to_owned())),
            // A plan may not know the value yet. A run always does.
            (_, None) => {}
            (None, Some(_)) => {
                return Err(Trouble::nothing_happened("input `value` needs a `name`"));
            }
        }
        let drop = inputs::texts_if(with, "drop")?.unwrap_or_default();
        if let Some((both, _)) = set.iter().find(|(name, _)| drop.contains(name)) {
            return Err(Trouble::nothing_happened(format!(
                "{both} is to be set and to be dropped"
            )));
        }
        let kept_in = inputs::text_if(with, "kept_in")?;
        if !drop.is_empty() && kept_in.is_none() {
            return Err(Trouble::nothing_happened("what is dropped must be kept in a published version")
                .hint("Publish a version first, and give its number as `kept_in`: undo reads the variables there."));
        }
        Ok(Self { function: inputs::text(with, "function")?, set, drop, kept_in })
    }

    fn is_there(&self, now: &Variables) -> bool {
        self.set.iter().all(|(name, value)| now.get(name) == Some(value))
            && !self.drop.iter().any(|name| now.contains_key(name))
    }
}

#[async_trait]
impl Action for SetVariables {
    fn name(&self) -> &'static str {
        "lambda/set-variables"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let wanted = Wanted::of(&cx.inputs)?;
            let now = configuration(&aws, wanted.function).await?;
            let there = wanted.is_there(&variables(&aws, &now)?) && settled(&aws, &now)?;
            there.then(|| outputs(&aws, &now)).transpose()
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        let wanted = Wanted::of(&cx.inputs)?;
        let now = variables(&aws, &configuration(&aws, wanted.function).await?)?;
        let other =
            wanted.set.iter().find(|(name, value)| now.get(name).is_some_and(|is| is != value));
        if let Some((name, _)) = other {
            return Err(aws
                .wrong(format!("{} has the variable {name} already, with another value", wanted.function))
                .hint("This step adds variables. An undo could not bring back a value that nobody may write down: take another name, or drop the old one first."));
        }
        let mut dropped: Vec<&String> =
            wanted.drop.iter().filter(|name| now.contains_key(*name)).collect();
        dropped.sort();
        if let Some(version) = wanted.kept_in.filter(|_| !dropped.is_empty()) {
            let kept = version_of(&aws, wanted.function, version).await?;
            if let Some(lost) = dropped.iter().find(|name| kept.get(**name) != now.get(**name)) {
                return Err(aws.wrong(format!(
                    "version {version} of {} does not hold the {lost} that the function has now, so undo could not bring it back",
                    wanted.function
                )));
            }
        }
        let mut added: Vec<&String> = wanted
            .set
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !now.contains_key(*name))
            .collect();
        added.sort();
        Ok(json!({ "added": added, "dropped": dropped, "kept_in": wanted.kept_in }))
    }

    fn previews_without(&self) -> &'static [&'static str] {
        &["set", "value", "kept_in"]
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let function = inputs::text(&cx.inputs, "function")?;
        let one =
            |kind, name: &String| Change::new(kind, format!("{function}: {name}")).of("variable");
        let added = names(&cx.memo, "added").into_iter().map(|name| one(Kind::Add, &name));
        let dropped = names(&cx.memo, "dropped").into_iter().map(|name| one(Kind::Remove, &name));
        Ok(Preview { changes: added.chain(dropped).collect(), ..Preview::default() })
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let wanted = Wanted::of(&cx.inputs)?;
        let done = update(&aws, cx, wanted.function, |now| {
            now.extend(wanted.set.iter().cloned());
            now.retain(|name, _| !wanted.drop.contains(name));
        });
        outputs(&aws, &done.await?)
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let function = inputs::text(&cx.inputs, "function")?;
        let (added, dropped) = (names(&cx.memo, "added"), names(&cx.memo, "dropped"));
        let kept = match memo_text(&cx.memo, "kept_in").filter(|_| !dropped.is_empty()) {
            Some(version) => version_of(&aws, function, version).await?,
            None => Variables::new(),
        };
        let undone = update(&aws, cx, function, |now| {
            now.retain(|name, _| !added.contains(name));
            let back =
                dropped.iter().filter_map(|name| kept.get(name).map(|v| (name.clone(), v.clone())));
            now.extend(back.collect::<Vec<_>>());
        });
        undone.await.map(|_| ())
    }
}

fn names(memo: &Memo, list: &str) -> Vec<String> {
    let all = memo.get(list).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn variables(aws: &Aws, function: &Configuration) -> Result<Variables, Trouble> {
    let Some(environment) = &function.environment else { return Ok(Variables::new()) };
    if let Some(error) = &environment.error {
        let name = function.function_name.as_deref().unwrap_or_default();
        let code = error.error_code.as_deref().unwrap_or("no reason given");
        return Err(aws
            .wrong(format!("the variables of {name} cannot be read: {code}"))
            .hint("Whoever changes the variables must be able to decrypt them: allow `kms:Decrypt` on the function's key."));
    }
    Ok(environment.variables.clone().unwrap_or_default())
}

async fn version_of(aws: &Aws, function: &str, version: &str) -> Result<Variables, Trouble> {
    let call = aws.lambda().get_function_configuration().function_name(function);
    let on = format!("{function}:{version}");
    let call = call.qualifier(version).send();
    let found = aws.read("lambda:GetFunctionConfiguration", on, call).await?;
    variables(aws, &found)
}

/// Changes the variables, guarded by the revision that was read, and waits until the function has them.
async fn update(
    aws: &Aws,
    cx: &Context,
    function: &str,
    change: impl Fn(&mut Variables) + Send,
) -> Result<Configuration, Trouble> {
    let mut wait = Wait::new(cx, &WORK, format!("an earlier update of {function}"));
    let now = loop {
        let now = configuration(aws, function).await?;
        if now.last_update_status != Some(LastUpdateStatus::InProgress) {
            break now;
        }
        wait.again().await?;
    };
    let before = variables(aws, &now)?;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        let whole = Environment::builder().set_variables(Some(after.clone())).build();
        let call = aws.lambda_careful().update_function_configuration().function_name(function);
        let call = call.environment(whole).set_revision_id(now.revision_id).send();
        aws.change("lambda:UpdateFunctionConfiguration", function, call).await.map_err(|trouble| {
            if trouble.message.contains("PreconditionFailed") {
                trouble.hint("Someone else changed the function in the same moment: look at what they did, then run the step again.")
            } else {
                trouble
            }
        })?;
    }
    let mut wait = Wait::new(cx, &WORK, format!("the update of {function}"));
    loop {
        let now = configuration(aws, function).await?;
        if settled(aws, &now)? && variables(aws, &now)? == after {
            return Ok(now);
        }
        wait.again().await?;
    }
}

fn outputs(aws: &Aws, function: &Configuration) -> Result<Values, Trouble> {
    let mut names: Vec<String> = variables(aws, function)?.into_keys().collect();
    names.sort();
    Ok(answer([
        ("function_arn", function.function_arn.clone().into()),
        ("revision_id", function.revision_id.clone().into()),
        ("variables", names.into()),
    ]))
}
