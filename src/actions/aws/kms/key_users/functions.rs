//! Lambda functions, and every published version of them, whose variables are under a key.

use super::Findings;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::KeyName;
use aws_sdk_lambda::types::FunctionVersion;

pub(super) async fn sweep(
    aws: &Aws,
    key: &KeyName,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    // `ALL` lists the published versions too.
    let call = aws.lambda().list_functions().function_version(FunctionVersion::All);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("lambda:ListFunctions", "", std::future::ready(page)).await?;
        for function in page.functions.unwrap_or_default() {
            if !function.kms_key_arn.as_deref().is_some_and(|arn| key.is(arn)) {
                continue;
            }
            let name = function.function_name.unwrap_or_default();
            match function.version.as_deref() {
                None | Some("$LATEST") => findings.user("lambda", &name, "function", None),
                Some(version) => {
                    let detail = format!("published version {version}");
                    findings.user("lambda", &name, &detail, None);
                }
            }
        }
    }
    Ok(())
}
