//! What the parser and the checker have to say about a runbook.
//!
//! A diagnostic is data. How it looks in a terminal or as JSON is decided by the command line.

pub mod rule;
pub mod scripts;
pub mod syntax;

use crate::source::Span;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The runbook may be run, but something is likely to be wrong.
    Warning,
    /// The runbook must not be run.
    Error,
}

/// One finding: a stable code, a place, what is wrong there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable name of the rule, for example `RB0101`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The place in the Markdown file.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// A few words shown under the place itself.
    pub label: String,
    /// What the author should do next.
    pub help: Option<String>,
    /// Other places that explain this one, for example the first use of a repeated id.
    pub related: Vec<Related>,
    /// What an editor may write instead, when that is certain enough to be offered.
    pub replacement: Option<Replacement>,
}

/// Another text for a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// The place. When it is in quotes, the text goes into them.
    pub span: Span,
    /// What to write there.
    pub text: String,
}

impl Replacement {
    /// What stands in the text afterwards, in the quotes that stand there now. None when the place is not in
    /// the text.
    #[must_use]
    pub fn written(&self, text: &str) -> Option<String> {
        let before = text.get(self.span.range())?;
        let quote = before.chars().next().filter(|c| matches!(c, '"' | '\''));
        Some(match quote.filter(|quote| !self.text.starts_with(*quote)) {
            Some(quote) => format!("{quote}{}{quote}", self.text),
            None => self.text.clone(),
        })
    }
}

/// A second place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// Why it matters here.
    pub label: String,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            message: message.into(),
            label: String::new(),
            help: None,
            related: Vec::new(),
            replacement: None,
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds the words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what may be written in the place instead, when something is known.
    #[must_use]
    pub fn instead<S: Into<String>>(mut self, text: Option<S>) -> Self {
        self.replacement = text.map(|text| Replacement { span: self.span, text: text.into() });
        self
    }

    /// Adds what was meant by an unknown name, and what there is. As [`hint`] says it.
    #[must_use]
    pub fn hinted<S: AsRef<str>>(
        self,
        unknown: &str,
        known: &[S],
        there_are: &str,
        none: &str,
    ) -> Self {
        let near = nearest(unknown, known.iter().map(AsRef::as_ref));
        self.help(hint(unknown, known, there_are, none)).instead(near)
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Related { span, label: label.into() });
        self
    }
}

/// The known name nearest to an unknown one, when it is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (likeness(unknown, name), name))
        .filter(|(score, _)| *score > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// How like two names are, from 0 to 1. A single slip in a short name counts for much.
fn likeness(unknown: &str, name: &str) -> f64 {
    let whole = strsim::jaro_winkler(unknown, name);
    let one_slip = unknown.len().min(name.len()) >= 3 && strsim::osa_distance(unknown, name) == 1;
    if one_slip { whole.max(0.9) } else { whole }
}

/// More names than this are not listed.
const MOST_NAMES: usize = 12;

/// What was meant by an unknown name, and what there is: "did you mean `a`? there are: a, b".
/// `there_are` introduces the list, `none` is said when it is empty.
#[must_use]
pub fn hint<S: AsRef<str>>(unknown: &str, known: &[S], there_are: &str, none: &str) -> String {
    let names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let mut list: Vec<&str> = names.iter().copied().take(MOST_NAMES).collect();
    if names.len() > MOST_NAMES {
        list.push("…");
    }
    let list = list.join(", ");
    match nearest(unknown, names.iter().copied()) {
        _ if names.is_empty() => none.to_owned(),
        Some(near) if names.len() == 1 => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? {there_are}: {list}"),
        None => format!("{there_are}: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{hint, nearest};

    #[test]
    fn a_hint_says_what_was_meant_and_what_there_is() {
        let say = |unknown, known: &[&str]| hint(unknown, known, "there are", "there are none");
        assert_eq!(
            say("timout", &["timeout", "retry"]),
            "did you mean `timeout`? there are: timeout, retry"
        );
        assert_eq!(say("timout", &["timeout"]), "did you mean `timeout`?");
        assert_eq!(say("qqqq", &["timeout"]), "there are: timeout");
        assert_eq!(say("x", &[]), "there are none");
        let many: Vec<String> = (0..20).map(|number| format!("name{number}")).collect();
        assert!(hint("zzz", &many, "there are", "").ends_with("name11, …"));
    }

    #[test]
    fn nearest_suggests_a_typo_and_nothing_far() {
        assert_eq!(nearest("timout", ["timeout", "retry", "until"]), Some("timeout"));
        assert_eq!(nearest("kye", ["n", "key"]), Some("key"));
        assert_eq!(nearest("qqqq", ["timeout", "retry"]), None);
    }
}
