//! What is known of an input before any run: its value, a part of it, or only why it is not known.

use super::pattern::Pattern;
use crate::expr::{self, Form};
use crate::model::value::{Node, NodeKind, Text, Value, Values};
use crate::source::Spanned;

/// One input, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    /// It is left out.
    Absent,
    /// This value.
    Known(Value),
    /// A text with parts that only the run knows, and why.
    Partly(Pattern, String),
    /// Only the run knows, because of this.
    Unknown(String),
}

impl Given {
    /// The texts that it names, with why they are not whole where they are not.
    pub(super) fn patterns(&self) -> Result<Vec<(Pattern, Option<String>)>, String> {
        match self {
            Self::Absent => Ok(Vec::new()),
            Self::Known(Value::Array(items)) => {
                Ok(items.iter().filter_map(text_of).map(|text| (text, None)).collect())
            }
            Self::Known(value) => Ok(text_of(value).map(|text| (text, None)).into_iter().collect()),
            Self::Partly(pattern, why) => Ok(vec![(pattern.clone(), Some(why.clone()))]),
            Self::Unknown(why) => Err(why.clone()),
        }
    }
}

fn text_of(value: &Value) -> Option<Pattern> {
    match value {
        Value::String(text) => Some(Pattern::literal(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(Pattern::literal(&other.to_string())),
    }
}

/// The input of that name in a mapping, as far as it is known.
pub(super) fn input(with: &[(Spanned<String>, Node)], name: &str, scope: &Values) -> Given {
    let node = with.iter().find(|(key, _)| key.value == name).map(|(_, node)| node);
    node.map_or(Given::Absent, |node| of_node(node, scope))
}

/// A node, as far as it is known.
pub(super) fn of_node(node: &Node, scope: &Values) -> Given {
    match &node.kind {
        NodeKind::Null => Given::Absent,
        NodeKind::Text(text) => of_text(text, scope),
        _ => match expr::render_node(node, scope) {
            Ok(value) => Given::Known(value),
            Err(error) => Given::Unknown(first_reason(node, scope).unwrap_or(error.message)),
        },
    }
}

/// A text that may hold expressions, as far as it is known.
pub(super) fn of_text(text: &Text, scope: &Values) -> Given {
    match expr::render(&text.value, scope) {
        Ok(Value::Null) => return Given::Absent,
        Ok(value) => return Given::Known(value),
        Err(_) if expr::whole(&text.value).is_some() => {}
        Err(_) => {
            if let Some(pattern) = partly(&text.value, scope) {
                return Given::Partly(pattern, reason(&text.value, scope));
            }
        }
    }
    Given::Unknown(reason(&text.value, scope))
}

/// The text with `*` in place of each expression that cannot be evaluated yet.
fn partly(template: &str, scope: &Values) -> Option<Pattern> {
    let (mut pattern, mut rest) = (Pattern::default(), template);
    while let Some(open) = rest.find("{{") {
        pattern.push_literal(&rest[..open]);
        // An expression can hold braces in its strings, so the shortest piece that parses is meant.
        let close = rest[open..]
            .match_indices("}}")
            .map(|(at, _)| open + at + 2)
            .find(|end| expr::syntax(&rest[open..*end], Form::Template).is_ok())?;
        match expr::render(&rest[open..close], scope) {
            Ok(Value::String(text)) => pattern.push_literal(&text),
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => {
                pattern.push_literal(&value.to_string());
            }
            _ => pattern.push_anything(),
        }
        rest = &rest[close..];
    }
    pattern.push_literal(rest);
    Some(pattern)
}

/// Why a template cannot be evaluated before the run: what it reads that is not there.
pub(super) fn reason(template: &str, scope: &Values) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for reference in expr::references(template, Form::Template).unwrap_or_default() {
        if is_there(&reference.path, scope) {
            continue;
        }
        let part = |at: usize| reference.path.get(at).map_or("", String::as_str);
        let why = match part(0) {
            "steps" => format!("step `{}` gives it in the run", part(1)),
            "params" => format!("parameter `{}` is not given", part(1)),
            "accounts" => format!("the environment says what account `{}` is", part(1)),
            "run" => "it is different in every run".to_owned(),
            "item" => "it is different for each element of the loop".to_owned(),
            "outputs" => "the step itself gives it in the run".to_owned(),
            other => format!("`{other}` is not known before the run"),
        };
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    if reasons.is_empty() {
        "it is not known before the run".to_owned()
    } else {
        reasons.join(", and ")
    }
}

fn is_there(path: &[String], scope: &Values) -> bool {
    let Some((root, rest)) = path.split_first() else { return true };
    let mut now = scope.get(root);
    for part in rest {
        now = match now {
            Some(Value::Object(values)) => values.get(part),
            other => return other.is_some(),
        };
    }
    now.is_some()
}

fn first_reason(node: &Node, scope: &Values) -> Option<String> {
    match &node.kind {
        NodeKind::Text(text) => {
            expr::render(&text.value, scope).is_err().then(|| reason(&text.value, scope))
        }
        NodeKind::List(items) => items.iter().find_map(|item| first_reason(item, scope)),
        NodeKind::Mapping(entries) => {
            entries.iter().find_map(|(_, value)| first_reason(value, scope))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(text: &str) -> Given {
        let scope = json!({ "params": { "name": "corpus" }, "accounts": {} });
        let text = Text::new(text.to_owned(), crate::source::Span::default(), Vec::new());
        of_text(&text, scope.as_object().expect("a scope"))
    }

    #[test]
    fn what_can_be_rendered_is_and_the_rest_is_a_star() {
        assert_eq!(given("plain"), Given::Known(json!("plain")));
        assert_eq!(given("{{ params.name }}-x"), Given::Known(json!("corpus-x")));
        let Given::Partly(pattern, why) =
            given("{{ params.name }}-{{ accounts.data.id }}-{{ steps.a.b }}")
        else {
            panic!("partly")
        };
        assert_eq!(pattern.to_string(), "corpus-*-*");
        assert_eq!(
            why,
            "the environment says what account `data` is, and step `a` gives it in the run"
        );
        let brace = given("{{ \"}}\" }}-{{ steps.a.b }}");
        assert!(matches!(brace, Given::Partly(pattern, _) if pattern.to_string() == "}}-*"));
    }

    #[test]
    fn what_only_a_run_knows_says_why() {
        assert_eq!(
            given("{{ steps.a.b }}"),
            Given::Unknown("step `a` gives it in the run".to_owned())
        );
        let missing = given("{{ params.gone }}");
        assert_eq!(missing, Given::Unknown("parameter `gone` is not given".to_owned()));
    }
}
