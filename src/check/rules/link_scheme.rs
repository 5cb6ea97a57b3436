//! Whether links lead where a reader can go.

use super::super::facts::Facts;
use super::super::links::scheme;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0603",
    name: "link-scheme",
    summary: "A link has a scheme that runs something, or that nobody knows",
    why: "`javascript:`, `vbscript:` and `data:` run what they carry in the browser of whoever clicks on them, on a page that a person trusts in an emergency. A scheme that is not known is usually a slip.",
    fix: "Link to a page (`https:`), to a file of the repository, or write the text as code: `` `arn:aws:…` ``.",
    wrong: r#"[Open the console](javascript:open('https://example.com'))

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"[Open the console](https://example.com)

```bash step=look
#| effect: read
./look
```
"#,
};

/// Schemes that lead to something a person can read, write to or call.
const KNOWN: [&str; 17] = [
    "http", "https", "mailto", "tel", "sms", "ftp", "sftp", "ssh", "git", "file", "slack",
    "msteams", "zoommtg", "irc", "xmpp", "vscode", "matrix",
];
/// Schemes that run what they carry.
const RUN: [&str; 3] = ["javascript", "vbscript", "data"];

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for link in facts.book.runbook.links.iter().filter(|link| link.defined) {
        let Some(scheme) = scheme(&link.target) else { continue };
        let lower = scheme.to_ascii_lowercase();
        let written = facts.book.runbook.source.slice(link.span).unwrap_or_default();
        // Written with an escape, such as `javascript\:`, it is the whole target.
        let whole = !written.starts_with(&link.target[..=scheme.len()]);
        let end = if whole { link.span.end } else { link.span.start + scheme.len() + 1 };
        let span = crate::source::Span::new(link.span.start, end);
        // A picture may be written into the text. It runs nothing.
        let picture = lower == "data" && link.target[scheme.len() + 1..].starts_with("image/");
        if RUN.contains(&lower.as_str()) && !picture {
            found.push(
                RULE.error(span, format!("`{scheme}:` runs something in the reader's browser")),
            );
        } else if !picture && !KNOWN.contains(&lower.as_str()) {
            let diagnostic =
                RULE.warning(span, format!("`{scheme}:` is no scheme that is known here"));
            found.push(diagnostic.help("if this is no link, write it as code, between backticks"));
        }
    }
}
