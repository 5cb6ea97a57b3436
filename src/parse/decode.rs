//! Nodes to typed values. What does not fit is reported, and the rest is still read.

use crate::diagnostic::syntax::{
    BAD_VALUE, DUPLICATE_NAME, MISSING_FIELD, UNKNOWN_KEY, WRONG_TYPE,
};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::duration;
use crate::model::value::{Node, NodeKind, Text};
use crate::source::{Span, Spanned};
use std::time::Duration;

/// The entries of a mapping.
pub(super) type Entries = [(Spanned<String>, Node)];

/// Collects what is wrong while values are taken out of nodes.
pub(super) struct Decode<'a> {
    pub(super) found: &'a mut Vec<Diagnostic>,
}

impl Decode<'_> {
    pub(super) fn wrong_type(&mut self, name: &str, expected: &str, node: &Node) {
        let message = format!("`{name}` must be {expected}, but this is {}", node.kind.name());
        self.found.push(WRONG_TYPE.error(node.span, message));
    }

    pub(super) fn bad(&mut self, span: Span, message: impl Into<String>) {
        self.found.push(BAD_VALUE.error(span, message));
    }

    /// A text with its pieces, not empty.
    pub(super) fn text(&mut self, name: &str, node: &Node) -> Option<Text> {
        match &node.kind {
            NodeKind::Text(text) if text.value.trim().is_empty() => {
                self.bad(node.span, format!("`{name}` must not be empty"));
                None
            }
            NodeKind::Text(text) => Some(text.clone()),
            _ => {
                self.wrong_type(name, "a string", node);
                None
            }
        }
    }

    /// A text that is taken as it is.
    pub(super) fn plain(&mut self, name: &str, node: &Node) -> Option<Spanned<String>> {
        self.text(name, node).map(|text| Spanned::new(text.value, node.span))
    }

    /// A bare expression. `true` and `false` are expressions too, though YAML reads them as booleans.
    pub(super) fn expression(&mut self, name: &str, node: &Node) -> Option<Text> {
        match &node.kind {
            NodeKind::Boolean(value) => Some(Text::new(value.to_string(), node.span, Vec::new())),
            NodeKind::Text(_) => self.text(name, node),
            _ => {
                self.wrong_type(name, "an expression in a string", node);
                None
            }
        }
    }

    pub(super) fn expressions(&mut self, name: &str, node: &Node) -> Vec<Text> {
        match &node.kind {
            NodeKind::List(items) => {
                items.iter().filter_map(|item| self.expression(name, item)).collect()
            }
            _ => {
                self.wrong_type(name, "a list of expressions", node);
                Vec::new()
            }
        }
    }

    pub(super) fn boolean(&mut self, name: &str, node: &Node) -> Option<bool> {
        if let NodeKind::Boolean(value) = node.kind {
            return Some(value);
        }
        self.wrong_type(name, "`true` or `false`", node);
        None
    }

    pub(super) fn count(
        &mut self,
        name: &str,
        node: &Node,
        least: u32,
        most: u32,
    ) -> Option<Spanned<u32>> {
        let NodeKind::Integer(value) = node.kind else {
            self.wrong_type(name, "an integer", node);
            return None;
        };
        match u32::try_from(value).ok().filter(|value| (least..=most).contains(value)) {
            Some(value) => Some(Spanned::new(value, node.span)),
            None => {
                self.bad(node.span, format!("`{name}` must be from {least} to {most}"));
                None
            }
        }
    }

    pub(super) fn number(&mut self, name: &str, node: &Node) -> Option<Spanned<f64>> {
        match node.kind {
            #[expect(clippy::cast_precision_loss, reason = "limits are numbers of ordinary size")]
            NodeKind::Integer(value) => Some(Spanned::new(value as f64, node.span)),
            NodeKind::Number(value) => Some(Spanned::new(value, node.span)),
            _ => {
                self.wrong_type(name, "a number", node);
                None
            }
        }
    }

    /// A duration, written out.
    pub(super) fn duration(&mut self, name: &str, node: &Node) -> Option<Spanned<Duration>> {
        match &node.kind {
            NodeKind::Text(text) => match duration::parse(&text.value) {
                Ok(value) => Some(Spanned::new(value, node.span)),
                Err(error) => {
                    self.bad(node.span, error.to_string());
                    None
                }
            },
            NodeKind::Integer(number) => {
                let message =
                    format!("`{name}` needs a unit: `{number}s`, `{number}m` or `{number}h`");
                self.bad(node.span, message);
                None
            }
            _ => {
                self.wrong_type(name, "a duration such as `10m`", node);
                None
            }
        }
    }

    /// A name that some type of the model accepts.
    pub(super) fn name<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        node: &Node,
        new: impl Fn(String) -> Result<T, E>,
    ) -> Option<Spanned<T>> {
        let text = self.plain(name, node)?;
        match new(text.value) {
            Ok(value) => Some(Spanned::new(value, node.span)),
            Err(error) => {
                self.bad(node.span, error.to_string());
                None
            }
        }
    }

    /// A list of names, none of them twice.
    pub(super) fn names<T: PartialEq, E: std::fmt::Display>(
        &mut self,
        name: &str,
        node: &Node,
        new: impl Fn(String) -> Result<T, E>,
    ) -> Option<Vec<Spanned<T>>> {
        let NodeKind::List(items) = &node.kind else {
            self.wrong_type(name, "a list of names", node);
            return None;
        };
        let mut names: Vec<Spanned<T>> = Vec::with_capacity(items.len());
        for item in items {
            let Some(one) = self.name(name, item, &new) else { continue };
            match names.iter().find(|earlier| earlier.value == one.value) {
                Some(earlier) => self.found.push(
                    DUPLICATE_NAME
                        .error(one.span, format!("`{name}` has this name twice"))
                        .related(earlier.span, "it is here already"),
                ),
                None => names.push(one),
            }
        }
        Some(names)
    }

    pub(super) fn mapping<'n>(&mut self, name: &str, node: &'n Node) -> Option<&'n Entries> {
        if let NodeKind::Mapping(entries) = &node.kind {
            return Some(entries);
        }
        self.wrong_type(name, "a mapping", node);
        None
    }

    /// Reports the keys of a mapping that nobody knows.
    pub(super) fn unknown_keys(&mut self, whose: &str, entries: &Entries, known: &[&str]) {
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.value.as_str())) {
            let near = nearest(&key.value, known.iter().copied());
            let help = near.map_or_else(
                || format!("{whose} takes: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.found.push(
                UNKNOWN_KEY
                    .error(key.span, format!("{whose} has no key `{}`", key.value))
                    .help(help)
                    .instead(near),
            );
        }
    }

    /// Reports a key that is missing, unless a misspelt one was meant to be it.
    pub(super) fn lacks(
        &mut self,
        whose: &str,
        entries: &Entries,
        known: &[&str],
        key: &str,
        span: Span,
    ) {
        let unknown = entries.iter().filter(|(name, _)| !known.contains(&name.value.as_str()));
        let misspelt = unknown
            .into_iter()
            .any(|(name, _)| nearest(&name.value, known.iter().copied()) == Some(key));
        if !misspelt {
            self.missing(whose, key, span);
        }
    }

    pub(super) fn missing(&mut self, whose: &str, key: &str, span: Span) {
        self.found.push(
            MISSING_FIELD
                .error(span, format!("{whose} lacks `{key}`"))
                .help(format!("add `{key}: …`")),
        );
    }
}

/// The value of a key.
pub(super) fn get<'n>(entries: &'n Entries, key: &str) -> Option<&'n Node> {
    entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
}
