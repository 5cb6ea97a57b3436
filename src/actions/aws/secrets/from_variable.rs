//! `secrets/from-variable`: makes a secret of a function's variable. The value never leaves this process.

use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, kept, marks, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::secret::Secret;
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::Tag;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What the service says when a secret is not there, and when it waits for its deletion.
const NOT_THERE: [&str; 1] = ["ResourceNotFoundException"];

pub(super) struct FromVariable(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for FromVariable {
    fn name(&self) -> &'static str {
        "secrets/from-variable"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let name = inputs::text(&cx.inputs, "secret")?;
            let Some(secret) = find(&aws, name).await? else { return Ok(None) };
            let wanted = variable(&aws, cx).await?;
            let held = holds(&aws, name).await?;
            let there = held.is_some_and(|held| held.expose() == wanted.expose());
            Ok(there.then(|| outputs(&secret)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        if inputs::text_if(&cx.inputs, "key")?.is_some() {
            inputs::key_arn(&cx.inputs, "key")?;
        }
        variable(&aws, cx).await?;
        let name = inputs::text(&cx.inputs, "secret")?;
        let existed = find(&aws, name).await?.is_some();
        if existed {
            return Err(aws
                .wrong(format!("there is a secret {name} already, with another value"))
                .hint("Take another name. Or, when it holds a newer value, let the function read it and drop the variable."));
        }
        Ok(json!({ "token": token(cx) }))
    }

    fn makes_new(&self) -> bool {
        true
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let name = inputs::text(&cx.inputs, "secret")?;
        Ok(Change::new(Kind::Add, name).of("secret").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "secret")?;
        let value = variable(&aws, cx).await?;
        let tags = marks(cx).map(|(key, value)| Tag::builder().key(key).value(value).build());
        let description = inputs::text_if(&cx.inputs, "description")?.map(str::to_owned);
        // The same token and the same value again change nothing and answer the same.
        let call = aws
            .secrets()
            .create_secret()
            .name(name)
            .client_request_token(token(cx))
            .set_description(description)
            .set_kms_key_id(inputs::text_if(&cx.inputs, "key")?.map(str::to_owned))
            .set_tags(Some(tags.to_vec()))
            .secret_string(value.expose());
        let taken = ["ResourceExistsException"];
        let made = aws.change_unless("secretsmanager:CreateSecret", name, &taken, call.send());
        let made = made.await?;
        let secret = find(&aws, name).await?;
        match secret {
            Some(secret) if made.is_some() || is_ours(cx, &secret) => Ok(outputs(&secret)),
            Some(_) => {
                Err(aws.wrong(format!("there is a secret {name} that this step did not make")))
            }
            None => Err(aws.wrong(format!("the secret {name} was made and cannot be found"))),
        }
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "secret")?;
        let ours = find(&aws, name).await?.filter(|secret| is_ours(cx, secret));
        let Some(secret) = ours else { return Ok(()) };
        // Nothing is lost: the variable holds the value, and a name in its recovery window cannot be taken again.
        let call = aws.secrets().delete_secret().force_delete_without_recovery(true);
        let call = call.secret_id(secret.arn.unwrap_or_default()).send();
        aws.change_unless("secretsmanager:DeleteSecret", name, &NOT_THERE, call).await.map(|_| ())
    }
}

/// A token of this run and this step: 36 letters, as the service asks for.
fn token(cx: &Context) -> String {
    let digest = Sha256::new().chain_update(cx.run.as_str()).chain_update(cx.step.as_str());
    hex::encode(&digest.finalize()[..18])
}

async fn find(aws: &Aws, name: &str) -> Result<Option<DescribeSecretOutput>, Trouble> {
    let call = aws.secrets().describe_secret().secret_id(name).send();
    let found = aws.find("secretsmanager:DescribeSecret", name, &NOT_THERE, call).await?;
    if let Some(gone) = found.as_ref().filter(|secret| secret.deleted_date.is_some()) {
        let name = gone.name.as_deref().unwrap_or(name);
        return Err(aws
            .wrong(format!("the secret {name} waits for its deletion"))
            .hint("Its name cannot be taken until then. Restore it, or take another name."));
    }
    Ok(found)
}

fn is_ours(cx: &Context, secret: &DescribeSecretOutput) -> bool {
    marks(cx).iter().all(|(key, value)| {
        let is_it = |tag: &Tag| tag.key() == Some(key) && tag.value() == Some(value);
        secret.tags().iter().any(is_it)
    })
}

async fn holds(aws: &Aws, name: &str) -> Result<Option<Secret>, Trouble> {
    let call = aws.secrets().get_secret_value().secret_id(name).send();
    let found = aws.find("secretsmanager:GetSecretValue", name, &NOT_THERE, call).await?;
    Ok(found.and_then(|found| found.secret_string).map(Secret::new))
}

async fn variable(aws: &Aws, cx: &Context) -> Result<Secret, Trouble> {
    let function = inputs::text(&cx.inputs, "function")?;
    let name = inputs::text(&cx.inputs, "variable")?;
    let call = aws.lambda().get_function_configuration().function_name(function).send();
    let found = aws.read("lambda:GetFunctionConfiguration", function, call).await?;
    let environment = found.environment;
    if let Some(error) = environment.as_ref().and_then(|all| all.error.as_ref()) {
        let code = error.error_code.as_deref().unwrap_or("no reason given");
        return Err(aws
            .wrong(format!("the variables of {function} cannot be read: {code}"))
            .hint("Allow `kms:Decrypt` on the function's key."));
    }
    let mut variables = environment.and_then(|all| all.variables).unwrap_or_default();
    let value = variables.remove(name).filter(|value| !value.is_empty());
    value.map(Secret::new).ok_or_else(|| aws.wrong(format!("{function} has no variable {name}")))
}

fn outputs(secret: &DescribeSecretOutput) -> Values {
    answer([
        ("secret_arn", secret.arn.clone().into()),
        ("name", secret.name.clone().into()),
        ("key", secret.kms_key_id.clone().into()),
    ])
}
