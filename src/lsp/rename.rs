//! References, highlights and renaming of steps and parameters, in this runbook and in those that run it.

use super::occurrences::{Occurrence, Occurrences, Symbol};
use super::position::Lines;
use super::requests::Failure;
use super::uri;
use super::view::View;
use crate::diagnostic::syntax::{DUPLICATE_KEY, UNQUOTED_TEMPLATE, YAML_FEATURE, YAML_SYNTAX};
use crate::model::id::StepId;
use crate::source::Span;
use lsp_server::ErrorCode;
use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, Location, PrepareRenameResponse, TextEdit, Uri,
    WorkspaceEdit,
};
use std::collections::HashMap;
use std::path::PathBuf;

/// What the cursor is on, when it has a name that can be looked for.
fn symbol(view: &View<'_>) -> Option<(Symbol, Span, Occurrences)> {
    let all = Occurrences::of(view.runbook());
    let at = |one: &&Occurrence| one.span.start <= view.offset && view.offset <= one.span.end;
    let one = all.all.iter().find(at)?;
    Some((one.symbol.clone(), one.span, all))
}

/// A place in some file.
struct Place {
    path: PathBuf,
    uri: Uri,
    range: lsp_types::Range,
    defines: bool,
}

/// Every place in the project that names something of this runbook. Also whether there may be more.
fn places(view: &View<'_>, symbol: &Symbol, own: &Occurrences) -> (Vec<Place>, bool) {
    let workspace = view.context.workspace;
    let mut unreadable = own.unreadable || is_broken(&view.book.found);
    let mut places: Vec<Place> = of(symbol, own)
        .map(|one| Place {
            path: view.document.path.clone(),
            uri: view.document.uri.clone(),
            range: view.range(one.span),
            defines: one.defines,
        })
        .collect();
    let Some(home) = view.home.as_deref() else { return (places, unreadable) };
    let name = &view.runbook().name;
    // Only as what a project calls it can a runbook be run by another one.
    if home.path_of(name) != view.document.path {
        return (places, unreadable);
    }
    for other in workspace.names(home).iter().filter(|other| *other != name) {
        let path = home.path_of(other);
        let Some(book) = workspace.book(&path) else { continue };
        let text = &book.runbook.source.text;
        if !text.contains(name.as_str()) {
            continue;
        }
        let found = Occurrences::of_other(&book.runbook, name);
        unreadable |= is_broken(&book.found) || found.unreadable && !found.all.is_empty();
        let lines = Lines::new(text);
        let open = workspace.document(&path).map(|document| document.uri.clone());
        let Some(uri) = open.or_else(|| uri::of(&path)) else { continue };
        places.extend(of(symbol, &found).map(|one| Place {
            path: path.clone(),
            uri: uri.clone(),
            range: lines.range(text, one.span, view.context.client.encoding),
            defines: false,
        }));
    }
    (places, unreadable)
}

fn of<'a>(symbol: &'a Symbol, all: &'a Occurrences) -> impl Iterator<Item = &'a Occurrence> {
    all.all.iter().filter(move |one| one.symbol == *symbol)
}

/// Whether some YAML could not be read, so that the names in it are not known.
fn is_broken(found: &[crate::diagnostic::Diagnostic]) -> bool {
    let codes = [YAML_SYNTAX, YAML_FEATURE, DUPLICATE_KEY, UNQUOTED_TEMPLATE].map(|rule| rule.code);
    found.iter().any(|one| codes.contains(&one.code))
}

/// Every place that names what the cursor is on.
pub(super) fn references(view: &View<'_>, declaration: bool) -> Option<Vec<Location>> {
    let (symbol, _, own) = symbol(view)?;
    let (places, _) = places(view, &symbol, &own);
    let wanted = places.into_iter().filter(|place| declaration || !place.defines);
    Some(wanted.map(|place| Location::new(place.uri, place.range)).collect())
}

/// The places in this document.
pub(super) fn highlights(view: &View<'_>) -> Option<Vec<DocumentHighlight>> {
    let (symbol, _, own) = symbol(view)?;
    let highlight = |one: &Occurrence| DocumentHighlight {
        range: view.range(one.span),
        kind: Some(if one.defines {
            DocumentHighlightKind::WRITE
        } else {
            DocumentHighlightKind::READ
        }),
    };
    Some(of(&symbol, &own).map(highlight).collect())
}

/// What would be renamed.
pub(super) fn prepare(view: &View<'_>) -> Option<PrepareRenameResponse> {
    let (symbol, span, _) = symbol(view)?;
    let placeholder = symbol.name().to_owned();
    Some(PrepareRenameResponse::RangeWithPlaceholder { range: view.range(span), placeholder })
}

/// The edits that give another name to what the cursor is on.
pub(super) fn rename(view: &View<'_>, name: &str) -> Result<Option<WorkspaceEdit>, Failure> {
    let refused = |message: String| Failure::new(ErrorCode::RequestFailed, message);
    let Some((symbol, _, own)) = symbol(view) else { return Ok(None) };
    StepId::new(name).map_err(|error| refused(error.to_string()))?;
    let runbook = view.runbook();
    let taken = match &symbol {
        Symbol::Step(_) => {
            let health = runbook.health.iter().map(|health| health.block.id.value.as_str());
            view.step(name).is_some() || health.into_iter().any(|id| id == name)
        }
        Symbol::Param(_) => runbook.param(name).is_some(),
    };
    if taken && name != symbol.name() {
        return Err(refused(format!("`{name}` is taken")));
    }
    let (places, unreadable) = places(view, &symbol, &own);
    if unreadable {
        let message = "a block or an expression cannot be read, and what it names would be missed: mend it first";
        return Err(refused(message.to_owned()));
    }
    let mut by_path: HashMap<PathBuf, (Uri, Vec<TextEdit>)> = HashMap::new();
    for place in places {
        let (_, edits) = by_path.entry(place.path).or_insert((place.uri, Vec::new()));
        edits.push(TextEdit::new(place.range, name.to_owned()));
    }
    // The protocol's own type is a map by address.
    #[expect(clippy::mutable_key_type, reason = "an address does not change while it is a key")]
    let changes: HashMap<Uri, Vec<TextEdit>> = by_path.into_values().collect();
    Ok(Some(WorkspaceEdit::new(changes)))
}
