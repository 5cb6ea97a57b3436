//! Hover: what the thing under the cursor means, and what is wrong with it.

use super::thing::{self, Found, Thing};
use super::view::View;
use super::words;
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

/// The words about a place.
pub(super) fn hover(view: &View<'_>) -> Option<Hover> {
    let found = thing::at(view);
    let mut pages: Vec<String> = found.iter().filter_map(|found| page(view, found)).collect();
    let findings: Vec<&Diagnostic> = view.findings().collect();
    for rule in check::rules() {
        if findings.iter().any(|one| one.code == rule.code) {
            pages.push(words::rule(rule));
        }
    }
    if pages.is_empty() {
        return None;
    }
    let smallest = findings.iter().map(|one| one.span).min_by_key(|span| span.end - span.start);
    let span: Option<Span> = found.map(|found| found.span).or(smallest);
    let kind =
        if view.context.client.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent { kind, value: pages.join("\n\n---\n\n") }),
        range: span.map(|span| view.range(span)),
    })
}

fn page(view: &View<'_>, found: &Found<'_>) -> Option<String> {
    let runbook = view.runbook();
    Some(match &found.thing {
        Thing::Step(at) => words::step(view, &runbook.steps[*at]),
        Thing::Health(at) => words::health(&runbook.health[*at]),
        Thing::Param(at) => words::param(&runbook.front.params[*at]),
        Thing::Output(at, output) => {
            let line = words::output_line(output);
            match at {
                Some(at) => format!("{line}\n\nOutput of the step `{}`.", runbook.steps[*at].id()),
                None => line,
            }
        }
        Thing::Inner(book, at) => {
            let step = words::step(view, &book.runbook.steps[*at]);
            format!("{step}\n\nOf the runbook `{}`.", book.runbook.name)
        }
        Thing::InnerOutput(book, at, output) => format!(
            "{}\n\nOutput of the step `{}` of the runbook `{}`.",
            words::output_line(output),
            book.runbook.steps[*at].id(),
            book.runbook.name
        ),
        Thing::Action(spec) => words::action(spec),
        Thing::Key(meaning) => words::meaning(meaning),
        Thing::Account(name) => words::account(view, name)?,
        Thing::Runbook(book) => words::runbook(&book.runbook),
        Thing::Role(role) => words::role(*role).to_owned(),
        Thing::Link(_) => return None,
    })
}
