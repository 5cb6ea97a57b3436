//! Findings on a terminal and as JSON. The only user of the diagnostics crate.

use super::console;
use crate::diagnostic::{Diagnostic, Severity};
use crate::run::report::text::{Paint, counted, harmless, steers_unseen};
use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

/// How many errors there are.
#[must_use]
pub(super) fn errors(found: &[Diagnostic]) -> usize {
    found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
}

/// Shows one finding with its lines of the source.
#[must_use]
pub(super) fn render(
    source: &Source,
    diagnostic: &Diagnostic,
    paint: Paint,
    columns: usize,
) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let (message, label) = (harmless(&diagnostic.message), harmless(&diagnostic.label));
    let labels: Vec<String> =
        diagnostic.related.iter().map(|related| harmless(&related.label)).collect();
    let path = harmless(&source.path);
    let mut snippet = Snippet::source(source.text.as_str()).path(path.as_str()).annotation(
        AnnotationKind::Primary.span(within(source, diagnostic.span).range()).label(label.as_str()),
    );
    for (related, label) in diagnostic.related.iter().zip(&labels) {
        snippet = snippet.annotation(
            AnnotationKind::Context
                .span(within(source, related.span).range())
                .label(label.as_str()),
        );
    }
    let mut group: Group<'_> =
        level.primary_title(message.as_str()).id(diagnostic.code).element(snippet);
    let help = diagnostic.help.as_deref().map(harmless);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match paint {
        Paint::Colour => Renderer::styled(),
        Paint::Plain => Renderer::plain(),
    };
    // The renderer shows the oldest controls as signs. Of the others none is its own.
    renderer.term_width(columns).render(&[group]).replace(steers_unseen, "\u{fffd}")
}

/// A span that the renderer can slice: on characters, and inside the text.
fn within(source: &Source, span: Span) -> Span {
    let boundary = |mut at: usize| {
        at = at.min(source.text.len());
        while !source.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(span.start);
    Span::new(start, boundary(span.end).max(start))
}

/// Shows findings on standard error.
pub(super) fn tell(found: &[(&Source, &Diagnostic)]) {
    let (paint, columns) = (console::error_paint(), console::error_columns());
    for (source, diagnostic) in found {
        console::tell(render(source, diagnostic, paint, columns));
        console::tell("");
    }
}

/// One finding as JSON, its places as lines and columns.
#[must_use]
pub(super) fn value(source: &Source, diagnostic: &Diagnostic) -> Value {
    let place = |span: Span| {
        let (start, end) = (source.position(span.start), source.position(span.end));
        json!({
            "line": start.line, "column": start.column, "end_line": end.line,
            "end_column": end.column, "start": span.start, "end": span.end,
        })
    };
    let related: Vec<Value> = diagnostic
        .related
        .iter()
        .map(|related| json!({ "label": related.label, "place": place(related.span) }))
        .collect();
    let replacement = diagnostic.replacement.as_ref().and_then(|one| {
        Some(json!({ "place": place(one.span), "text": one.written(&source.text)? }))
    });
    json!({
        "code": diagnostic.code, "severity": diagnostic.severity, "file": source.path,
        "place": place(diagnostic.span), "message": diagnostic.message, "label": diagnostic.label,
        "help": diagnostic.help, "related": related, "replacement": replacement,
    })
}

/// `3 runbooks, 2 errors, 1 warning`.
#[must_use]
pub(super) fn total(files: usize, errors: usize, warnings: usize) -> String {
    let mut parts = vec![counted(files, "file")];
    parts.push(if errors == 0 { "no errors".to_owned() } else { counted(errors, "error") });
    if warnings > 0 {
        parts.push(counted(warnings, "warning"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_its_place_its_line_and_what_to_do() {
        let source = Source::new("runbooks/a.md", "one\ntimout: 5m\nthree\n");
        let found = Diagnostic::error("RB0201", Span::new(4, 10), "`timout` is not an option")
            .label("not known")
            .help("did you mean `timeout`?")
            .related(Span::new(0, 3), "in this block");
        let shown = render(&source, &found, Paint::Plain, 80);
        insta::assert_snapshot!(shown, @r#"
        error[RB0201]: `timout` is not an option
         --> runbooks/a.md:2:1
          |
        1 | one
          | --- in this block
        2 | timout: 5m
          | ^^^^^^ not known
          |
          = help: did you mean `timeout`?
        "#);
        let value = value(&source, &found);
        assert_eq!((&value["place"]["line"], &value["place"]["column"]), (&json!(2), &json!(1)));
    }

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_is_still_shown() {
        let source = Source::new("a.md", "é\u{1b}[31mx");
        for span in [Span::new(1, 1), Span::new(50, 90), Span::new(3, 2)] {
            let found = Diagnostic::warning("RB0001", span, "odd");
            let shown = render(&source, &found, Paint::Plain, 80);
            assert!(shown.contains("a.md:1"), "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
    }
}
