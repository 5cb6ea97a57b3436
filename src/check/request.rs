//! Compares the request of a call with what the operation takes, at every depth.

use super::calls::{Call, calls, literal};
use super::facts::{Facts, Site};
use super::typed::{described, fits_kind};
use crate::diagnostic::nearest;
use crate::model::runbook::Type;
use crate::model::value::{Node, NodeKind, Text};
use crate::services::{Kind, Member, Operation, Shape};
use crate::source::{Span, Spanned};

/// What does not fit.
pub(super) enum Problem<'a> {
    /// A field that is not there, and the one that was meant.
    Unknown {
        name: &'a Spanned<String>,
        of: String,
        near: Option<&'static str>,
        known: Vec<&'static str>,
    },
    /// Fields that must be there.
    Missing { at: Span, of: String, names: Vec<&'static str> },
    /// A value of another type.
    Type { at: Span, path: String, wanted: &'static str, is: String },
    /// None, or more than one, of fields of which there is one.
    OneOf { at: Span, of: String, known: Vec<&'static str>, given: usize },
    /// A text that is none of those known.
    Value { text: &'a Text, path: String, known: Vec<&'static str> },
    /// A token that is the same in every run.
    Token { at: Span, path: String },
}

/// Everything that does not fit in the calls of a runbook.
pub(super) fn problems<'a>(facts: &Facts<'a>) -> Vec<Problem<'a>> {
    let mut found = Vec::new();
    for (site, call) in calls(facts) {
        if let Some(operation) = call.known() {
            Walk { facts, site, found: &mut found }.request(&call, operation);
        }
    }
    found
}

struct Walk<'f, 'a> {
    facts: &'f Facts<'a>,
    /// Where the call stands.
    site: Site<'a>,
    found: &'f mut Vec<Problem<'a>>,
}

impl<'a> Walk<'_, 'a> {
    fn request(&mut self, call: &Call<'a>, operation: Operation) {
        let of = format!("`{} {}`", operation.service(), operation.name());
        let members: Vec<_> = operation.input().collect();
        match &call.input {
            Some((at, Node { kind: NodeKind::Mapping(fields), .. })) => {
                self.fields(*at, fields, &members, &of, "");
            }
            // Nothing at all: as good as left out.
            Some((_, Node { kind: NodeKind::Null, .. })) | None => {
                let at = call.input.as_ref().map_or(call.operation.span, |(at, _)| *at);
                self.fields(at, &[], &members, &of, "");
            }
            // An expression, or no mapping, which is a finding of another rule.
            Some(_) => {}
        }
    }

    fn fields(
        &mut self,
        at: Span,
        fields: &'a [(Spanned<String>, Node)],
        members: &[Member],
        of: &str,
        path: &str,
    ) {
        let mut meant = Vec::new();
        for (name, node) in fields {
            let Some(member) = members.iter().find(|member| member.name() == name.value) else {
                let known: Vec<_> = members.iter().map(Member::name).collect();
                let near = near(&name.value, &known);
                meant.extend(near);
                self.found.push(Problem::Unknown { name, of: of.to_owned(), near, known });
                continue;
            };
            let path = join(path, member.name());
            if member.is_token() && literal(node).is_some() {
                self.found.push(Problem::Token { at: node.span, path: path.clone() });
            }
            self.value(name.span, node, member.shape(), path);
        }
        let missing = members.iter().filter(|member| {
            // The CLI makes up a token that is left out. A mistyped field is one finding, not two.
            member.is_required()
                && !member.is_token()
                && !meant.contains(&member.name())
                && !fields.iter().any(|(name, _)| name.value == member.name())
        });
        let names: Vec<_> = missing.map(Member::name).collect();
        if !names.is_empty() {
            self.found.push(Problem::Missing { at, of: of.to_owned(), names });
        }
    }

    /// One value. `at` is where its name stands.
    fn value(&mut self, at: Span, node: &'a Node, shape: Shape, path: String) {
        let kind = shape.kind();
        if !self.fits(node, &kind) {
            let (wanted, is) = (kind.name(), described(self.facts, &self.site, node));
            self.found.push(Problem::Type { at: node.span, path, wanted, is });
            return;
        }
        match (kind, &node.kind) {
            (Kind::List(Some(of)), NodeKind::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item.span, item, of, format!("{path}[{index}]"));
                }
            }
            (Kind::Map(Some(of)), NodeKind::Mapping(entries)) => {
                for (name, value) in entries {
                    self.value(name.span, value, of, join(&path, &name.value));
                }
            }
            (Kind::Structure(structure), NodeKind::Mapping(fields)) => {
                let members: Vec<_> = structure.members().collect();
                let of = format!("`{path}`");
                self.fields(at, fields, &members, &of, &path);
                let known: Vec<_> = members.iter().map(Member::name).collect();
                let given = fields.iter().filter(|(name, _)| known.contains(&&*name.value)).count();
                if structure.one_of && given != 1 {
                    self.found.push(Problem::OneOf { at, of, known, given });
                }
            }
            (Kind::Values(known), _) => {
                if let Some(text) = literal(node)
                    && !known.contains(&text.value.as_str())
                {
                    self.found.push(Problem::Value { text, path, known });
                }
            }
            _ => {}
        }
    }

    fn fits(&self, node: &Node, kind: &Kind) -> bool {
        let any = |kinds: &[Type]| {
            kinds.iter().any(|kind| fits_kind(self.facts, &self.site, *kind, node))
        };
        match kind {
            Kind::Any => true,
            Kind::String | Kind::Values(_) | Kind::Blob => any(&[Type::String]),
            Kind::Timestamp => any(&[Type::String, Type::Number]),
            Kind::Integer => any(&[Type::Integer]),
            Kind::Number => any(&[Type::Number]),
            Kind::Boolean => any(&[Type::Boolean]),
            Kind::List(_) => any(&[Type::List]),
            Kind::Map(_) | Kind::Structure(_) | Kind::Mapping => any(&[Type::Mapping]),
        }
    }
}

/// The known name that was meant. Most mistakes are in upper and lower case.
pub(super) fn near(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let same = known.iter().copied().find(|one| one.eq_ignore_ascii_case(name));
    same.or_else(|| nearest(name, known.iter().copied()))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
