//! What can be evaluated before a run: which names have a value, why the others have none, and which
//! values hold a secret.

use crate::expr::{self, Form, Reference};
use crate::mask::Masker;
use crate::model::step::{Block, Body};
use crate::model::value::{Node, NodeKind, Text, Value, Values};
use crate::run::inputs::plain;
use crate::source::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// Why a name has no value yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// It is what that step makes, and it was never there before.
    New(String),
    /// Anything else, in words that follow "it needs".
    Needs(String),
}

impl Gap {
    /// In words that follow "it needs".
    pub(super) fn words(&self) -> String {
        match self {
            Self::New(step) => format!("what `{step}` makes"),
            Self::Needs(words) => words.clone(),
        }
    }
}

/// What the blocks of one runbook in a plan can see.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The steps whose outputs have no value, by id.
    pub(super) steps: BTreeMap<String, Gap>,
    /// The parameters that have none.
    pub(super) params: BTreeMap<String, Gap>,
    /// Names that hold a secret: `params.token`, `steps.read.value`, `item`.
    pub(super) secrets: BTreeSet<String>,
}

impl Known {
    /// Why a text cannot be evaluated yet. A text that is wrong has no gap: evaluating it tells.
    pub(super) fn gap(&self, text: &str, form: Form) -> Option<Gap> {
        let references = expr::references(text, form).unwrap_or_default();
        let gaps: Vec<Gap> = references.iter().filter_map(|one| self.gap_of(one)).collect();
        // What is only new says more than what cannot be known at all, so it must be the only reason.
        gaps.iter().find(|gap| matches!(gap, Gap::Needs(_))).or(gaps.first()).cloned()
    }

    fn gap_of(&self, reference: &Reference) -> Option<Gap> {
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["steps", id, ..] => self.steps.get(*id).cloned(),
            // An index that only the run knows may mean any of them.
            ["steps"] => self.steps.values().next().cloned(),
            ["params", name, ..] => self.params.get(*name).cloned(),
            ["params"] => self.params.values().next().cloned(),
            ["run"] | ["run", "id", ..] => Some(Gap::Needs("the name of the run".to_owned())),
            _ => None,
        }
    }

    /// The secrets that a text reads.
    pub(super) fn secrets_in(&self, text: &str, form: Form) -> BTreeSet<String> {
        let references = expr::references(text, form).unwrap_or_default();
        references
            .iter()
            .flat_map(|one| {
                let path = one.path.join(".");
                self.secrets
                    .iter()
                    .filter(move |secret| within(&path, secret) || within(secret, &path))
            })
            .cloned()
            .collect()
    }

    /// The first gap in a tree of texts.
    pub(super) fn gap_in<'a>(&self, texts: impl IntoIterator<Item = &'a Text>) -> Option<Gap> {
        let gaps: Vec<Gap> =
            texts.into_iter().filter_map(|text| self.gap(&text.value, Form::Template)).collect();
        gaps.iter().find(|gap| matches!(gap, Gap::Needs(_))).or(gaps.first()).cloned()
    }

    /// The inputs of a block that can be evaluated whole, and the names of the others.
    pub(super) fn evaluated(&self, block: &Block, scope: &Values) -> (Values, Vec<String>) {
        let (mut values, mut missing) = (Values::new(), Vec::new());
        for (name, node) in inputs(block) {
            let mut found = Vec::new();
            texts(node, &mut found);
            match (self.gap_in(found), expr::render_node(node, scope)) {
                (None, Ok(value)) if value.is_null() => {}
                (None, Ok(value)) => drop(values.insert(name.value.clone(), value)),
                _ => missing.push(name.value.clone()),
            }
        }
        (values, missing)
    }

    /// A sentence with everything put in that is known. The rest stays as it is written.
    pub(super) fn sentence(&self, text: &str, scope: &Values, masker: &Masker) -> String {
        let (mut out, mut at) = (String::new(), 0);
        for range in expr::expressions(text).unwrap_or_default() {
            let expression = &text[range.clone()];
            let secret = !self.secrets_in(expression, Form::Bare).is_empty();
            let known = !secret && self.gap(expression, Form::Bare).is_none();
            let value = known.then(|| expr::evaluate(expression, scope).ok()).flatten();
            out.push_str(&text[at..range.start - 2]);
            match value {
                Some(value) => out.push_str(&plain(&value)),
                None => out.push_str(&format!("{{{{{expression}}}}}")),
            }
            at = range.end + 2;
        }
        out.push_str(&text[at..]);
        masker.mask(out.trim()).into_owned()
    }

    /// The inputs of a block as a person may see them: what has no value yet stays as it is written,
    /// and what holds a secret says only which.
    pub(super) fn shown(&self, block: &Block, scope: &Values, masker: &Masker) -> Values {
        let shown = inputs(block)
            .iter()
            .map(|(name, node)| (name.value.clone(), self.show(node, scope)))
            .filter(|(_, value)| !value.is_null());
        masker.mask_values(shown.collect())
    }

    fn show(&self, node: &Node, scope: &Values) -> Value {
        match &node.kind {
            NodeKind::List(items) => items.iter().map(|item| self.show(item, scope)).collect(),
            NodeKind::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(name, node)| (name.value.clone(), self.show(node, scope)))
                    .collect(),
            ),
            NodeKind::Text(text) => {
                let secrets = self.secrets_in(&text.value, Form::Template);
                if !secrets.is_empty() {
                    let secrets = secrets.into_iter().collect::<Vec<_>>().join(", ");
                    return Value::String(format!("(secret: {secrets})"));
                }
                if self.gap(&text.value, Form::Template).is_some() {
                    return Value::String(text.value.clone());
                }
                expr::render_node(node, scope).unwrap_or_else(|_| Value::String(text.value.clone()))
            }
            _ => expr::render_node(node, scope).unwrap_or_default(),
        }
    }
}

/// Whether a dotted name is another, or a part of it.
fn within(name: &str, of: &str) -> bool {
    name == of || name.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'))
}

/// What a block is given.
pub(super) fn inputs(block: &Block) -> &[(Spanned<String>, Node)] {
    match &block.body {
        Body::Action { with, .. } => with,
        Body::Script { .. } => &block.options.env,
    }
}

/// Every text in a tree.
pub(super) fn texts<'a>(node: &'a Node, found: &mut Vec<&'a Text>) {
    match &node.kind {
        NodeKind::Text(text) => found.push(text),
        NodeKind::List(items) => items.iter().for_each(|item| texts(item, found)),
        NodeKind::Mapping(entries) => entries.iter().for_each(|(_, node)| texts(node, found)),
        _ => {}
    }
}

/// Every template that must have a value before a block can be carried out or looked with.
pub(super) fn templates(block: &Block) -> Vec<&Text> {
    let mut found = Vec::new();
    inputs(block).iter().for_each(|(_, node)| texts(node, &mut found));
    found.extend(&block.options.region);
    found
}

/// The ids of the steps that a block reads, and whether one of them is only known in the run.
pub(super) fn steps_read(block: &Block) -> (BTreeSet<String>, bool) {
    let options = &block.options;
    let bare = [&options.condition, &options.for_each, &options.until, &options.holds];
    let bare = bare.into_iter().flatten().chain(&options.expect).map(|text| (text, Form::Bare));
    let templates = templates(block).into_iter().chain(&options.confirm);
    let all = bare.chain(templates.map(|text| (text, Form::Template)));
    let (mut ids, mut any) = (BTreeSet::new(), false);
    for reference in
        all.flat_map(|(text, form)| expr::references(&text.value, form).unwrap_or_default())
    {
        match reference.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["steps", id, ..] => drop(ids.insert((*id).to_owned())),
            ["steps"] => any = true,
            _ => {}
        }
    }
    (ids, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            steps: BTreeMap::from([
                ("key".to_owned(), Gap::New("key".to_owned())),
                ("script".to_owned(), Gap::Needs("the output of `script`".to_owned())),
            ]),
            params: BTreeMap::new(),
            secrets: BTreeSet::from(["params.token".to_owned(), "steps.read.value".to_owned()]),
        }
    }

    #[test]
    fn what_cannot_be_known_outweighs_what_is_new() {
        let gap = |text| known().gap(text, Form::Template).map(|gap| gap.words());
        assert_eq!(gap("{{ params.a }} {{ steps.done.x }}"), None);
        assert_eq!(gap("{{ steps.key.key_arn }}").as_deref(), Some("what `key` makes"));
        let both = gap("{{ steps.key.key_arn }} {{ steps.script.x }}");
        assert_eq!(both.as_deref(), Some("the output of `script`"));
        assert!(gap("{{ run.id }}").is_some() && gap("{{ run.mode }}").is_none());
    }

    #[test]
    fn what_is_provided_for_being_undefined_is_a_gap_all_the_same() {
        let text = "{{ steps.script.x | default(value='none') }}";
        assert!(known().gap(text, Form::Template).is_some(), "in the run it may have a value");
    }

    #[test]
    fn a_sentence_says_what_is_known() {
        let scope = serde_json::json!({"params": {"a": "x", "token": "hunter2"}, "steps": {}});
        let scope = scope.as_object().cloned().unwrap_or_default();
        let text = "{{ params.a }} to {{ steps.key.id }} with {{ params.token }}.";
        assert_eq!(
            known().sentence(text, &scope, &Masker::new()),
            "x to {{ steps.key.id }} with {{ params.token }}."
        );
    }

    #[test]
    fn a_secret_is_found_in_the_whole_and_in_its_parts() {
        let secrets = |text| known().secrets_in(text, Form::Template).len();
        assert_eq!(secrets("x {{ params.token }}"), 1);
        assert_eq!(secrets("{{ params.token | upper }}"), 1);
        assert_eq!(secrets("{{ steps.read }}"), 1);
        assert_eq!(secrets("{{ params.tokens }} {{ steps.read.other }}"), 0);
    }
}
