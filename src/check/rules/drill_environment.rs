//! Whether a drill runs where things may be broken.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::EnvironmentKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0901",
    name: "drill-environment",
    summary: "A drill names an environment that does not exist, or one of production",
    why: "A drill breaks things on purpose. It runs in real accounts that exist for it, or in the sandbox as a rehearsal, and never where customers are served.",
    fix: "Name an environment of kind `drill` in `runbook.yaml`.",
    wrong: r#"title: T
summary: S
owner: o
environment: live
scenario:
  - run: restore-copy
    params: { bucket: corpus }
"#,
    right: r#"title: T
summary: S
owner: o
environment: sandbox
scenario:
  - run: restore-copy
    params: { bucket: corpus }
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let Some(project) = facts.book.project else { return };
    let drill = facts.book.runbook.drill.as_ref();
    let Some(named) = drill.and_then(|drill| drill.environment.as_ref()) else { return };
    match project.environments.get(&named.value) {
        None => {
            let known: Vec<&str> = project.environments.keys().map(String::as_str).collect();
            let message = format!("there is no environment `{}`", named.value);
            let diagnostic = RULE.error(named.span, message);
            found.push(diagnostic.hinted(&named.value, &known, "there are", "there is none yet"));
        }
        Some(environment) if environment.kind == EnvironmentKind::Production => {
            let message = format!("`{}` is an environment of production", named.value);
            let diagnostic = RULE.error(named.span, message);
            found.push(diagnostic.help("a drill runs in an environment of kind `drill`"));
        }
        Some(_) => {}
    }
}
