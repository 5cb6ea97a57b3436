//! Whether the fields that a person is asked for can be asked for.

use super::super::facts::Facts;
use super::super::outputs::{INPUT, fields, get};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::runbook::Type;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind};
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    code: "RB0313",
    name: "bad-field",
    summary: "A field of `manual/input` is defined in a way that cannot be asked for",
    why: "Each field may say `type`, `description`, `choices`, `pattern` and `secret`. What is wrong there would come out when a person is asked, in the middle of the run.",
    fix: "Write the field as the manual of `manual/input` says: `runbook actions manual/input`.",
    wrong: r#"```yaml step=ticket
uses: manual/input
with:
  ask: Which ticket approves this?
  fields:
    ticket: { type: text, pattern: "^OPS-[0-9+$" }
```
"#,
    right: r#"```yaml step=ticket
uses: manual/input
with:
  ask: Which ticket approves this?
  fields:
    ticket: { type: string, pattern: "^OPS-[0-9]+$" }
```
"#,
};

const KEYS: [&str; 5] = ["type", "description", "choices", "pattern", "secret"];

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Body::Action { uses, with } = &block.body else { continue };
        if uses.value != INPUT {
            continue;
        }
        let given = with.iter().find(|(name, _)| name.value == "fields");
        match (fields(with), given) {
            (Some([]), Some((_, node))) => {
                found.push(RULE.error(node.span, "there is no field to ask for"));
            }
            (Some(fields), _) => fields.iter().for_each(|(name, said)| field(name, said, found)),
            _ => {}
        }
    }
}

fn field(name: &Spanned<String>, said: &Node, found: &mut Vec<Diagnostic>) {
    let entries = match &said.kind {
        NodeKind::Null => return,
        NodeKind::Mapping(entries) => entries,
        // An expression may give a mapping.
        NodeKind::Text(text) if text.value.contains("{{") => return,
        other => {
            let message =
                format!("`{}` must be a mapping, but this is {}", name.value, other.name());
            found.push(RULE.error(said.span, message));
            return;
        }
    };
    for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.value.as_str())) {
        let message = format!("a field has no key `{}`", key.value);
        found.push(RULE.error(key.span, message).hinted(&key.value, &KEYS, "it takes", ""));
    }
    if let Some(node) = get(said, "type")
        && let Some(word) = plain(node)
        && Type::from_word(word).is_none()
    {
        let known: Vec<_> = Type::OF_PARAMETERS.into_iter().map(Type::word).collect();
        let diagnostic = RULE.error(node.span, format!("`{word}` is not a type"));
        found.push(diagnostic.hinted(word, &known, "there are", ""));
    }
    if let Some(node) = get(said, "pattern")
        && let Some(pattern) = plain(node)
        && regex::Regex::new(pattern).is_err()
    {
        found.push(RULE.error(node.span, "this is not a regular expression"));
    }
    let wrong = [
        ("type", get(said, "type").filter(|node| !is_text(node)), "a string"),
        ("pattern", get(said, "pattern").filter(|node| !is_text(node)), "a string"),
        ("description", get(said, "description").filter(|node| !is_text(node)), "a string"),
        ("choices", get(said, "choices").filter(|node| !is_list(node)), "a list"),
        ("secret", get(said, "secret").filter(|node| !is_boolean(node)), "`true` or `false`"),
    ];
    for (key, node, expected) in wrong {
        if let Some(node) = node {
            let message = format!("`{key}` must be {expected}, but this is {}", node.kind.name());
            found.push(RULE.error(node.span, message));
        }
    }
}

/// A text that is taken as it is.
fn plain(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Text(text) if !text.value.contains("{{") => Some(&text.value),
        _ => None,
    }
}

const fn is_text(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Text(_) | NodeKind::Null)
}

fn is_template(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Text(text) if text.value.contains("{{"))
}

fn is_list(node: &Node) -> bool {
    matches!(node.kind, NodeKind::List(_) | NodeKind::Null) || is_template(node)
}

fn is_boolean(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Boolean(_) | NodeKind::Null) || is_template(node)
}
