//! `lambda/secrets-scan`: plain secrets in the variables of functions. No value leaves this process.

use super::suspect::suspicion;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_lambda::types::{FunctionConfiguration, FunctionVersion};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) struct SecretsScan(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for SecretsScan {
    fn name(&self) -> &'static str {
        "lambda/secrets-scan"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let only = inputs::texts_if(&cx.inputs, "functions")?;
        let ignore = inputs::texts_if(&cx.inputs, "ignore")?.unwrap_or_default();
        let mut found = Found::default();
        // `ALL` lists the published versions too: they keep a secret for as long as they live.
        let call = aws.lambda().list_functions().function_version(FunctionVersion::All);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = aws.read("lambda:ListFunctions", "", std::future::ready(page)).await?;
            for function in page.functions.unwrap_or_default() {
                let name = function.function_name.as_deref().unwrap_or_default();
                if only.as_ref().is_none_or(|only| only.iter().any(|one| one == name)) {
                    found.look_at(&function, &ignore);
                }
            }
        }
        if let Some(lost) = only.iter().flatten().find(|name| !found.seen.contains(*name)) {
            return Err(aws.wrong(format!("there is no function {lost}")));
        }
        for line in &found.lines {
            cx.tell.say(Report::Line(line.clone())).await;
        }
        Ok(answer([
            ("findings", found.findings.clone().into()),
            ("total", found.findings.len().into()),
            ("functions", found.seen.len().into()),
            ("complete", found.unreadable.is_empty().into()),
            ("unreadable", found.unreadable.into()),
        ]))
    }
}

#[derive(Default)]
struct Found {
    seen: BTreeSet<String>,
    findings: Vec<Value>,
    unreadable: Vec<Value>,
    lines: Vec<String>,
}

impl Found {
    fn look_at(&mut self, function: &FunctionConfiguration, ignore: &[String]) {
        let name = function.function_name.clone().unwrap_or_default();
        let version = function.version.clone().unwrap_or_else(|| "$LATEST".to_owned());
        self.seen.insert(name.clone());
        let Some(environment) = &function.environment else { return };
        if let Some(error) = &environment.error {
            let reason = error.error_code.clone().unwrap_or_else(|| "no reason given".to_owned());
            self.lines.push(format!("{name}:{version}: its variables cannot be read: {reason}"));
            self.unreadable.push(json!({ "function": name, "version": version, "reason": reason }));
            return;
        }
        let mut variables: Vec<_> = environment.variables.iter().flatten().collect();
        variables.sort();
        for (variable, value) in variables {
            let is_told = |one: &String| *one == format!("{name}:{variable}") || one == variable;
            if ignore.iter().any(is_told) {
                continue;
            }
            let Some(why) = suspicion(variable, value) else { continue };
            self.lines
                .push(format!("{name}:{version}: {variable}: {} ({})", why.reason, why.certainty));
            self.findings.push(json!({
                "function": name, "version": version, "variable": variable,
                "certainty": why.certainty, "reason": why.reason,
            }));
        }
    }
}
