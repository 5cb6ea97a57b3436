//! Whether a script shows a secret to everybody on the machine.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{Form, references};
use crate::model::step::{Block, Step};
use crate::model::value::NodeKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0706",
    name: "secret-argument",
    summary: "A script passes a secret to a program as an argument",
    why: "The arguments of a running program can be seen by every user of the machine, and end up in audit logs. Masking takes secrets out of what the run shows and writes, but not out of there. Commands of the shell itself, such as `printf`, are no programs: nobody sees their arguments.",
    fix: "Hand the secret over on standard input (`printf %s \"$TOKEN\" | program --token-stdin`), in a file that only this user can read, or in an environment variable that the program knows.",
    wrong: "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  token: { type: string, secret: true }\n---\n\n```bash step=login\n#| effect: read\n#| env: { TOKEN: \"{{ params.token }}\" }\nlogin --token \"$TOKEN\"\n```\n",
    right: "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  token: { type: string, secret: true }\n---\n\n```bash step=login\n#| effect: read\n#| env: { TOKEN: \"{{ params.token }}\" }\nprintf %s \"$TOKEN\" | login --token-stdin\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for script in &facts.scripts {
        let (block, Some(reading)) = (script.block, &script.reading) else { continue };
        let secrets = secrets(facts, script.step.map(|at| &facts.steps()[at]), block);
        if secrets.is_empty() {
            continue;
        }
        for argument in &reading.arguments {
            if secrets.contains(&argument.variable.as_str()) {
                let message = format!(
                    "the secret `{}` is an argument of `{}`, which every user of the machine can see",
                    argument.variable, argument.program
                );
                let warning = RULE.warning(script.text.locate(argument.range.clone()), message);
                let help = "hand it over on standard input or in a file";
                found.push(warning.label("seen by all").help(help));
            }
        }
    }
}

/// The variables of a block whose value holds a secret.
fn secrets<'b>(facts: &Facts<'_>, own: Option<&Step>, block: &'b Block) -> Vec<&'b str> {
    let declared = |step: &Step, output: &str| {
        let blocks = [Some(&step.block), step.observe.as_ref()];
        let mut all = blocks.into_iter().flatten().flat_map(|block| &block.options.secrets);
        all.any(|secret| secret.value == output)
    };
    let is_secret = |path: &[String]| match path {
        [root, name, ..] if root == "params" => {
            facts.book.runbook.param(name).is_some_and(|param| param.secret)
        }
        [root, id, output, ..] if root == "steps" => {
            facts.step(id).is_some_and(|(_, step)| declared(step, output))
        }
        [root, output, ..] if root == "outputs" => own.is_some_and(|step| declared(step, output)),
        _ => false,
    };
    let held = |node: &NodeKind| match node {
        NodeKind::Text(text) => references(&text.value, Form::Template)
            .is_ok_and(|all| all.iter().any(|reference| is_secret(&reference.path))),
        _ => false,
    };
    let env = block.options.env.iter();
    env.filter(|(_, node)| held(&node.kind)).map(|(name, _)| name.value.as_str()).collect()
}
