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
    /// Why it matters and what to write instead, as Markdown.
    pub explanation: &'static str,
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
