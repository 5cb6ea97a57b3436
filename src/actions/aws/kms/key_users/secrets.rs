//! Secrets whose name or whose versions are under a key.

use super::Findings;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::KeyName;
use crate::actions::aws::secrets::versions;

pub(super) async fn sweep(
    aws: &Aws,
    key: &KeyName,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    // Secrets in their recovery window can come back, and then need their key.
    let call = aws.secrets().list_secrets().include_planned_deletion(true);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("secretsmanager:ListSecrets", "", std::future::ready(page)).await?;
        for secret in page.secret_list.unwrap_or_default() {
            let arn = secret.arn.unwrap_or_default();
            if secret.kms_key_id.as_deref().is_some_and(|id| key.is(id)) {
                findings.user("secretsmanager", &arn, "secret", None);
            }
            // A secret that names another key may still have versions under this one.
            match versions(aws, &arn).await {
                Err(trouble) => findings.missed("secretsmanager", trouble),
                Ok(versions) => {
                    let under = versions.iter().filter(|version| {
                        version
                            .kms_key_ids
                            .as_deref()
                            .unwrap_or_default()
                            .iter()
                            .any(|id| key.is(id))
                    });
                    let count = u64::try_from(under.count()).unwrap_or(u64::MAX);
                    if count > 0 {
                        findings.user("secretsmanager", &arn, "secret versions", Some(count));
                    }
                }
            }
        }
    }
    Ok(())
}
