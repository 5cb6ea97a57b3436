//! Whether an author thinks that the text of a script is interpolated.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{Form, Reference, references};
use crate::model::step::Block;

pub(super) const RULE: Rule = Rule {
    code: "RB0705",
    name: "expression-in-script",
    summary: "A script has an expression in its text, where it stays as it is written",
    why: "The text of a script is never changed, so that a value can never become code. `{{ params.alias }}` reaches the program with its braces. Braces of others, such as `docker ps --format '{{.Names}}'`, are fine: this is told only of a name that this runbook has.",
    fix: "Give the value in `env`, and read the variable: `ALIAS: \"{{ params.alias }}\"` and `\"$ALIAS\"`.",
    wrong: "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  name: { type: string }\n---\n\n```bash step=look\n#| effect: read\necho {{ params.name }}\n```\n",
    right: "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  name: { type: string }\n---\n\n```bash step=look\n#| effect: read\n#| env: { NAME: \"{{ params.name }}\" }\necho \"$NAME\"\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for script in &facts.scripts {
        let (block, text) = (script.block, script.text);
        let in_loop =
            script.step.is_some_and(|at| facts.steps()[at].block.options.for_each.is_some());
        let mut from = 0;
        while let Some(start) = text.value[from..].find("{{").map(|at| from + at) {
            let Some(length) = text.value[start..].find("}}") else { break };
            let end = start + length + 2;
            from = start + 2;
            let inner = &text.value[start..end];
            let Ok(names) = references(inner, Form::Template) else { continue };
            let Some(name) = names.iter().find(|name| is_ours(facts, block, in_loop, name)) else {
                continue;
            };
            from = end;
            let variable = name.path.last().map_or_else(String::new, |part| part.to_uppercase());
            let message = format!("`{inner}` stays as it is: a script's text is never changed");
            found.push(RULE.warning(text.locate(start..end), message).label("not evaluated").help(
                format!("add `{variable}: \"{inner}\"` to `env`, and read `\"${variable}\"`"),
            ));
        }
    }
}

/// Whether a name is one of this runbook, so that it can hardly be meant for another program.
fn is_ours(facts: &Facts<'_>, block: &Block, in_loop: bool, name: &Reference) -> bool {
    let parts: Vec<&str> = name.path.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["params", param, ..] => facts.book.runbook.param(param).is_some(),
        ["steps", step, ..] => facts.step(step).is_some(),
        ["accounts", account, ..] => {
            let front = facts.book.runbook.front.account.as_ref();
            let own = block.options.account.as_ref();
            let known = facts.book.project.map(crate::model::project::Project::account_names);
            front.into_iter().chain(own).any(|named| named.value.as_str() == *account)
                || known.is_some_and(|all| all.iter().any(|named| named.as_str() == *account))
        }
        ["run", "id" | "mode" | "environment"] => true,
        ["item", ..] => in_loop,
        _ => false,
    }
}
