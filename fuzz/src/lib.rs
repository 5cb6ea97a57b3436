//! What the fuzz targets ask of the library, in one place: it never panics, and every place lies in the text.

use runbook::actions::catalog::catalog;
use runbook::check::{Book, Linked, check};
use runbook::diagnostic::Diagnostic;
use runbook::model::action::Catalog;
use runbook::model::project::Project;
use runbook::model::runbook::Runbook;
use runbook::model::step::Interpreter;
use runbook::parse;
use runbook::script::read;
use runbook::source::{Source, Span};
use std::sync::{Arc, LazyLock};

/// What every runbook here is checked against.
struct World {
    catalog: Catalog,
    project: Project,
    other: Arc<Runbook>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (project, _, found) =
        parse::project("runbook.yaml", "version: 1\nenvironments:\n  box: {kind: sandbox}\n");
    assert!(found.is_empty(), "{found:?}");
    let other = "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  n: {type: integer, default: 1}\n---\n\n```bash step=inner\n#| effect: read\n#| outputs: [x]\ntrue\n```\n";
    let (other, found) = parse::runbook("other", "other.md", other);
    assert!(found.is_empty(), "{found:?}");
    World { catalog: catalog(), project, other: Arc::new(other) }
});

/// Parses and checks a text as a runbook, and looks at everything that comes out.
pub fn whole(text: &str) {
    let (runbook, parsed) = parse::runbook("fuzzed", "fuzzed.md", text);
    sane(&runbook.source, &parsed);
    let world = &*WORLD;
    let others = |name: &str| (name == "other").then(|| Arc::clone(&world.other));
    for project in [Some(&world.project), None] {
        // With nothing at the end of a link, and with a page that has one place.
        for there in [Linked::Missing, Linked::Markdown([String::from("here")].into())] {
            let files = |_: &str| there.clone();
            let book = Book {
                runbook: &runbook,
                others: &others,
                catalog: &world.catalog,
                project,
                files: &files,
            };
            sane(&runbook.source, &check(&book));
        }
    }
    let blocks = runbook
        .steps
        .iter()
        .flat_map(|step| [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()])
        .flatten()
        .chain(runbook.health.iter().map(|health| &health.block));
    for block in blocks {
        inside(text, block.span, "a block");
        inside(text, block.id.span, "an id");
        let id = text.get(block.span.range()).unwrap_or_default();
        assert!(id.starts_with(['`', '~']), "a block is not at its fence: {id:?}");
        for (at, c) in block.text.value.char_indices() {
            inside(text, block.text.locate(at..at + c.len_utf8()), "a character of a block");
        }
    }
}

/// Looks whether everything that was found lies in the text, on whole characters.
pub fn sane(source: &Source, found: &[Diagnostic]) {
    for one in found {
        inside(&source.text, one.span, one.code);
        assert!(!one.message.is_empty(), "{one:?}");
        let (start, end) = (source.position(one.span.start), source.position(one.span.end));
        assert!((start.line, start.column) <= (end.line, end.column), "{one:?}");
        for related in &one.related {
            inside(&source.text, related.span, one.code);
        }
    }
}

#[track_caller]
fn inside(text: &str, span: Span, what: &str) {
    assert!(span.start <= span.end, "{what}: {span:?}");
    assert!(text.get(span.range()).is_some(), "{what}: {span:?} does not fall on characters");
}

/// Reads a text as a script of each language, and looks whether every place lies in it.
pub fn script(text: &str) {
    for interpreter in [Interpreter::Bash, Interpreter::Sh, Interpreter::Python] {
        match read(interpreter, text) {
            Ok(reading) => {
                let reads = reading.reads.iter().map(|(_, range)| range);
                for range in reading.unreadable_aws.iter().chain(&reading.unknown).chain(reads) {
                    inside(text, Span::new(range.start, range.end), "a place of a script");
                }
            }
            Err(error) => {
                inside(text, Span::new(error.range.start, error.range.end), "a script error");
            }
        }
    }
}
