//! Secrets Manager.

mod from_variable;
mod reencrypt;

use super::account::Aws;
use super::sessions::AwsSessions;
use crate::actions::{Action, Trouble};
use aws_sdk_secretsmanager::types::SecretVersionsListEntry;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(reencrypt::Reencrypt(Arc::clone(sessions))),
        Arc::new(from_variable::FromVariable(Arc::clone(sessions))),
    ]
}

/// Every version of a secret, those without a stage too.
pub(super) async fn versions(
    aws: &Aws,
    secret: &str,
) -> Result<Vec<SecretVersionsListEntry>, Trouble> {
    let call = aws.secrets().list_secret_version_ids().secret_id(secret).include_deprecated(true);
    let mut pages = call.into_paginator().send();
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await {
        let page = std::future::ready(page);
        let page = aws.read("secretsmanager:ListSecretVersionIds", secret, page).await?;
        versions.extend(page.versions.unwrap_or_default());
    }
    Ok(versions)
}
