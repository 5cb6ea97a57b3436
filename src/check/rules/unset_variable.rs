//! Whether a script has every variable that it reads.

use super::super::facts::{Facts, Script};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::step::Block;
use crate::script::shell_sets;
use std::collections::BTreeSet;
use std::ops::Range;

pub(super) const RULE: Rule = Rule {
    code: "RB0703",
    name: "unset-variable",
    summary: "A script reads a variable that nothing sets",
    why: "Scripts run with `set -u`: the first read of a variable that is not set ends the script, in the middle of the change. A script gets nothing of your own environment. It has what `env` gives it, what the run says about itself (`RUNBOOK_RUN`, `RUNBOOK_STEP`, `RUNBOOK_MODE`, `RUNBOOK_PROJECT`, `RUNBOOK_OUTPUT`), the credentials of its account (`AWS_…`), and `PATH`, `HOME`, `LANG`, `SHELL` and `TERM`.",
    fix: "Give the value in `env`. When it may be missing, say what then: `${NAME:-}` is empty, `${NAME:-default}` is something else.",
    wrong: "```bash step=look\n#| effect: read\n#| env: { KEY_ARN: \"some key\" }\necho \"$KEY_ANR\"\n```\n",
    right: "```bash step=look\n#| effect: read\n#| env: { KEY_ARN: \"some key\" }\necho \"$KEY_ARN\"\n```\n",
};

/// What every script gets, beside what a shell sets itself.
const ALWAYS: [&str; 11] = [
    "HOME",
    "LANG",
    "PATH",
    "RUNBOOK_MODE",
    "RUNBOOK_OUTPUT",
    "RUNBOOK_PROCESS",
    "RUNBOOK_PROJECT",
    "RUNBOOK_RUN",
    "RUNBOOK_STEP",
    "SHELL",
    "TERM",
];

/// What a script gets when it acts in an account.
const IN_ACCOUNT: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// What it gets in some accounts and environments only.
const SOMETIMES: [&str; 3] =
    ["AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_SESSION_TOKEN"];

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for script in &facts.scripts {
        let block = script.block;
        let in_account = has_account(facts, script.step, block);
        for (name, range) in of(facts, script) {
            let span = script.text.locate(range.clone());
            found.push(if in_account && SOMETIMES.contains(&name.as_str()) {
                let message = format!("`{name}` is set in some environments only");
                let help = format!("write `${{{name}:-}}`, which is empty in the others");
                RULE.warning(span, message).label("not set in all").help(help)
            } else {
                RULE.error(span, format!("nothing sets `{name}`, so the script ends here"))
                    .label("not set")
                    .help(help(facts, block, name))
                    .instead(near(block, name))
            });
        }
    }
}

/// The variables that a script reads and nothing sets, each at its first place.
pub(super) fn of<'s>(
    facts: &Facts<'_>,
    script: &'s Script<'_>,
) -> impl Iterator<Item = (&'s String, &'s Range<usize>)> {
    let in_account = has_account(facts, script.step, script.block);
    let env = &script.block.options.env;
    // Nothing follows from values that were given and could not be read. And an open fence makes a
    // script of prose.
    let unclear = script.block.options.misread.has("env") || facts.book.runbook.gaps.torn;
    let reading = script.reading.as_ref().filter(|_| !unclear);
    let mut told = BTreeSet::new();
    reading.into_iter().flat_map(|reading| &reading.reads).filter_map(move |(name, range)| {
        let given = env.iter().any(|(key, _)| key.value == *name);
        (!given && !is_set(name, in_account) && told.insert(name)).then_some((name, range))
    })
}

fn is_set(name: &str, in_account: bool) -> bool {
    shell_sets(name) || ALWAYS.contains(&name) || (in_account && IN_ACCOUNT.contains(&name))
}

/// Whether a script acts in an account, or was meant to.
fn has_account(facts: &Facts<'_>, step: Option<usize>, block: &Block) -> bool {
    let of_step = step.map(|at| &facts.steps()[at].block);
    let front = &facts.book.runbook.front;
    let said =
        |block: &Block| block.options.account.is_some() || block.options.misread.has("account");
    said(block)
        || of_step.is_some_and(said)
        || front.account.is_some()
        || front.misread.has("account")
}

/// What was meant, when a name that is given is near enough.
fn near<'b>(block: &'b Block, name: &str) -> Option<&'b str> {
    nearest(name, block.options.env.iter().map(|(key, _)| key.value.as_str()).chain(ALWAYS))
}

fn help(facts: &Facts<'_>, block: &Block, name: &str) -> String {
    if let Some(near) = near(block, name) {
        return format!("did you mean `{near}`?");
    }
    if IN_ACCOUNT.contains(&name) || SOMETIMES.contains(&name) {
        return "it is set when the step has an `account`".to_owned();
    }
    let param = facts
        .book
        .runbook
        .front
        .params
        .iter()
        .find(|param| param.name.value.eq_ignore_ascii_case(name));
    match param {
        Some(param) => {
            format!("add `{name}: \"{{{{ params.{} }}}}\"` to `env`", param.name.value)
        }
        None => format!("give it in `env`, or write `${{{name}:-}}` when it may be missing"),
    }
}
