//! `kms/set-alias`: points an alias at a key.

use super::key;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{SETTLE, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_kms::types::KeyMetadata;
use serde_json::json;
use std::sync::Arc;

pub(super) struct SetAlias(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for SetAlias {
    fn name(&self) -> &'static str {
        "kms/set-alias"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let alias = alias_name(cx)?;
            let wanted = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
            let now = key::find(&aws, alias).await?;
            let there = now.is_some_and(|now| now.key_id == wanted.key_id);
            Ok::<_, Trouble>(there.then(|| outputs(alias, &wanted, &cx.memo)))
        };
        crate::actions::aws::observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        let previous = key::find(&aws, alias_name(cx)?).await?;
        Ok(json!({
            "previous_key_id": previous.as_ref().map(|key| key.key_id.clone()),
            "previous_key_arn": previous.as_ref().map(key::arn),
        }))
    }

    fn previews_without(&self) -> &'static [&'static str] {
        &["key"]
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let after = match inputs::text_if(&cx.inputs, "key")? {
            Some(key) => key::describe(&Aws::of(&self.0, cx)?, key).await?.key_id,
            None => inputs::NEW_KEY.to_owned(),
        };
        let before = memo_text(&cx.memo, "previous_key_id");
        Ok(Change::from_to(alias_name(cx)?, before, &after).of("alias").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let alias = alias_name(cx)?;
        let wanted = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
        point(&aws, cx, alias, &wanted.key_id).await?;
        Ok(outputs(alias, &wanted, &cx.memo))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let alias = alias_name(cx)?;
        if let Some(previous) = memo_text(&cx.memo, "previous_key_id") {
            return point(&aws, cx, alias, previous).await;
        }
        // It did not exist before. Whoever has pointed it elsewhere since wants to keep it.
        let Some(now) = key::find(&aws, alias).await? else { return Ok(()) };
        let ours = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
        if now.key_id != ours.key_id {
            return Err(aws.wrong(format!(
                "{alias} did not exist before this step, but points at {} now, which is not the key of this step: it is left alone",
                now.key_id
            )));
        }
        let call = aws.kms_careful().delete_alias().alias_name(alias).send();
        aws.change_unless("kms:DeleteAlias", alias, &["NotFoundException"], call).await?;
        let mut wait = Wait::new(cx, &SETTLE, format!("{alias} to be gone"));
        while key::find(&aws, alias).await?.is_some() {
            wait.again().await?;
        }
        Ok(())
    }
}

/// Creates or moves the alias, and reads until it is seen there.
async fn point(aws: &Aws, cx: &Context, alias: &str, id: &str) -> Result<(), Trouble> {
    match key::find(aws, alias).await? {
        Some(now) if now.key_id == id => return Ok(()),
        Some(_) => {
            let call = aws.kms_careful().update_alias().alias_name(alias).target_key_id(id).send();
            aws.change("kms:UpdateAlias", alias, call).await?;
        }
        None => {
            let call = aws.kms_careful().create_alias().alias_name(alias).target_key_id(id).send();
            aws.change("kms:CreateAlias", alias, call).await?;
        }
    }
    let mut wait = Wait::new(cx, &SETTLE, format!("{alias} to point at {id}"));
    while key::find(aws, alias).await?.is_none_or(|now| now.key_id != id) {
        wait.again().await?;
    }
    Ok(())
}

fn alias_name(cx: &Context) -> Result<&str, Trouble> {
    let alias = inputs::text(&cx.inputs, "alias")?;
    if alias.starts_with("alias/aws/") {
        return Err(Trouble::nothing_happened(format!(
            "{alias} belongs to AWS and cannot be moved"
        )));
    }
    if alias.starts_with("alias/") {
        Ok(alias)
    } else {
        Err(Trouble::nothing_happened(format!(
            "`{alias}` is not an alias: it must begin with `alias/`"
        )))
    }
}

fn outputs(alias: &str, key: &KeyMetadata, memo: &Memo) -> Values {
    // Before the first attempt there is no memo: the alias is in place, and nothing was there before.
    let before = |name: &str| memo.get(name).cloned().unwrap_or(Value::Null);
    answer([
        ("alias", alias.into()),
        ("key_id", key.key_id.clone().into()),
        ("key_arn", key::arn(key).into()),
        ("previous_key_id", before("previous_key_id")),
        ("previous_key_arn", before("previous_key_arn")),
    ])
}
