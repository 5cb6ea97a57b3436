//! Whether `reveal` names parts of an answer that are secret.

use super::super::calls::{calls, literal};
use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::value::NodeKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0808",
    name: "needless-reveal",
    summary: "`reveal` names a part of the answer that is not kept secret",
    why: "A name that does not fit reveals nothing, and what was meant stays masked. Elements of a list are written `Parameters[].Value`, those of a map `Variables.*`.",
    fix: "Write the part as `runbook actions aws/call --service NAME --operation NAME` lists it, or remove it.",
    wrong: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: organizations\n  operation: describe-account\n  input: { AccountId: \"111111111111\" }\n  reveal: [Account.Nmae]\n```\n",
    right: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: organizations\n  operation: describe-account\n  input: { AccountId: \"111111111111\" }\n  reveal: [Account.Name]\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, call) in calls(facts) {
        let Some(operation) = call.known() else { continue };
        let parts = call.with.iter().find(|(name, _)| name.value == "reveal");
        let Some(NodeKind::List(parts)) = parts.map(|(_, node)| &node.kind) else { continue };
        let secret = operation.secret_outputs();
        for part in parts.iter().filter_map(literal).filter(|part| !secret.contains(&part.value)) {
            let near = nearest(&part.value, secret.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if secret.is_empty() => {
                    "nothing in this answer is secret: remove it".to_owned()
                }
                None => format!("secret are: {}", secret.join(", ")),
            };
            let message = format!("`{}` is no secret part of this answer", part.value);
            found.push(RULE.error(part.span, message).help(help).instead(near));
        }
    }
}
