//! The kinds of finding. Each has a code that never changes its meaning.

use super::Diagnostic;
use crate::source::Span;

/// One kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, for example `RB0101`.
    pub code: &'static str,
    /// A short name in words with hyphens.
    pub name: &'static str,
    /// What it finds, in one line without a full stop.
    pub summary: &'static str,
    /// Why it matters, as Markdown.
    pub why: &'static str,
    /// What to write instead, as Markdown.
    pub fix: &'static str,
    /// A part of a runbook that has this mistake, to compare with `right`.
    pub wrong: &'static str,
    /// The same part without it.
    pub right: &'static str,
}

impl Rule {
    /// An error of this kind.
    #[must_use]
    pub fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.code, span, message)
    }

    /// A warning of this kind.
    #[must_use]
    pub fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(self.code, span, message)
    }
}
