//! The names that expressions read, one after the other.

use super::facts::{Facts, Use};
use crate::diagnostic::Diagnostic;
use crate::expr::Reference;
use crate::source::Span;

/// Looks at every name in every expression that can be read.
pub(super) fn each(facts: &Facts<'_>, mut look: impl FnMut(&Use<'_>, &Reference)) {
    for one in facts.uses.iter().filter(|one| one.error.is_none()) {
        one.references.iter().flatten().for_each(|reference| look(one, reference));
    }
}

/// Where a part of a name stands.
pub(super) fn place(one: &Use<'_>, reference: &Reference, depth: usize) -> Span {
    one.text.locate(reference.parts[depth].clone())
}

/// Where a whole name stands.
pub(super) fn name_span(one: &Use<'_>, reference: &Reference) -> Span {
    one.text.locate(reference.range.clone())
}

/// Adds what was meant, and what there is.
pub(super) fn suggest(
    diagnostic: Diagnostic,
    part: &str,
    available: &[String],
    or: Option<&'static str>,
) -> Diagnostic {
    match or {
        Some(help) => diagnostic.help(help),
        None => diagnostic.hinted(part, available, "there are", "there are none"),
    }
}
