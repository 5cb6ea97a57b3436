//! The names that expressions read, one after the other.

use super::facts::{Facts, Use};
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::Reference;
use crate::source::Span;

/// Looks at every name in every expression that can be read.
pub(super) fn each(facts: &Facts<'_>, mut look: impl FnMut(&Use<'_>, &Reference)) {
    for one in &facts.uses {
        one.references.iter().flatten().for_each(|reference| look(one, reference));
    }
}

/// Where a part of a name stands.
pub(super) fn place(one: &Use<'_>, reference: &Reference, depth: usize) -> Span {
    one.text.locate(reference.parts[depth].clone())
}

/// Adds what was meant, or what there is.
pub(super) fn suggest(
    diagnostic: Diagnostic,
    part: &str,
    available: &[String],
    hint: Option<&'static str>,
) -> Diagnostic {
    let near = nearest(part, available.iter().map(String::as_str));
    match (near, hint) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, Some(hint)) => diagnostic.help(hint),
        (None, None) if available.is_empty() => diagnostic.help("there are none"),
        (None, None) => diagnostic.help(format!("there are: {}", available.join(", "))),
    }
}
