//! Where a key may stand: the keys that are allowed there and are not there yet.

use super::item::{Item, all, escaped};
use crate::lsp::level::{Level, Meaning};
use crate::lsp::outline::{Cursor, Outline};
use crate::lsp::place::Head;
use crate::lsp::view::{View, Yaml};
use crate::lsp::words;
use crate::model::action::{ActionSpec, InputSpec};
use crate::model::runbook::Type;
use crate::parse::table::{Key, OPTIONS, OptionSpec, Shape};
use crate::services::{Kind, Member};
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};

/// How what follows a key is written where the cursor is.
pub(super) struct Style {
    /// What begins a line that belongs to the key.
    line: String,
    /// Whether the key stands in braces, where everything stays in one line.
    flow: bool,
    /// Whether a colon follows already.
    has_colon: bool,
}

impl Style {
    pub(super) fn new(view: &View<'_>, yaml: &Yaml<'_>, flow: bool, column_of: usize) -> Self {
        let script = yaml.block().is_some_and(|(_, head)| head.script);
        let text = view.text();
        let line_start = text[..column_of].rfind('\n').map_or(0, |at| at + 1);
        // An editor repeats the white space before a line, but not the mark of an option.
        let line = if script {
            let line = &text[line_start..column_of];
            let mark = line.find("#|").unwrap_or(0);
            let inside = line[mark..].trim_start_matches("#|");
            format!("\n#|{}", if inside.is_empty() { " " } else { inside })
        } else {
            "\n".to_owned()
        };
        let rest =
            text[view.offset..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        Self { line, flow, has_colon: rest.starts_with(':') }
    }

    /// A key, and the beginning of what it takes.
    fn key(&self, item: Item, key: &str, takes: &Takes) -> Item {
        if self.has_colon {
            return item;
        }
        let line = escaped(&self.line);
        let snippet = match takes {
            Takes::Value => format!("{key}: $0"),
            Takes::Text => format!("{key}: \"$0\""),
            Takes::List => format!("{key}: [$0]"),
            Takes::Lines if !self.flow => format!("{key}:{line}  - $0"),
            Takes::Lines => format!("{key}: [$0]"),
            Takes::Mapping(inner) if self.flow => {
                let inner: Vec<String> = inner.iter().map(|name| format!("{name}: ")).collect();
                format!("{key}: {{ {}$0 \\}}", inner.join(", "))
            }
            Takes::Mapping(inner) if inner.is_empty() => format!("{key}:{line}  $0"),
            Takes::Mapping(inner) => format!("{key}:{}", self.stops(inner)),
        };
        item.insert(format!("{key}: ")).snippet(snippet)
    }

    /// Lines with keys to fill in.
    pub(super) fn stops(&self, keys: &[&str]) -> String {
        let line = escaped(&self.line);
        let lines = keys.iter().enumerate().map(|(at, key)| format!("{line}  {key}: ${}", at + 1));
        lines.collect()
    }
}

/// What a key takes, as far as it decides how one begins to type it.
enum Takes {
    Value,
    Text,
    List,
    Lines,
    /// A mapping in which these keys must be.
    Mapping(Vec<&'static str>),
}

pub(super) fn items(
    view: &View<'_>,
    yaml: &Yaml<'_>,
    cursor: &Cursor,
    span: Span,
    flow: bool,
) -> Vec<CompletionItem> {
    let style = Style::new(view, yaml, flow, span.start);
    let typed = Span::new(span.start, view.offset);
    let there: Vec<&str> = yaml
        .outline
        .keys(cursor.mapping)
        .filter(|key| key.span != span)
        .map(|key| key.value.as_str())
        .collect();
    let free = |name: &str| !there.contains(&name);
    let level = Level::at(view, yaml, &cursor.path);
    let offers: Vec<Item> = match &level {
        Level::Options(head) => OPTIONS
            .iter()
            .filter(|spec| fits(spec, head) && free(spec.key))
            .map(|spec| option(spec, head, &yaml.outline, view, &style))
            .collect(),
        Level::Keys(keys) => {
            keys.iter().filter(|key| free(key.name)).map(|one| key(one, &style)).collect()
        }
        Level::Inputs(spec) => spec
            .inputs
            .iter()
            .filter(|input| free(input.name))
            .map(|one| input(spec, one, &style))
            .collect(),
        Level::Params(book) => book
            .runbook
            .front
            .params
            .iter()
            .filter(|param| free(&param.name.value))
            .map(|param| {
                let name = &param.name.value;
                let item = Item::new(CompletionItemKind::FIELD, name.as_str())
                    .detail(needed(param.kind, param.is_required()))
                    .meaning(words::param(param))
                    .rank(if param.is_required() { 0 } else { 1 });
                style.key(item, name, &Takes::Value)
            })
            .collect(),
        Level::Fields(members) => members
            .iter()
            .filter(|member| free(member.name()))
            .map(|member| field(*member, &style))
            .collect(),
        Level::Named(_) | Level::Values(_) | Level::Free => Vec::new(),
        // `needs:` and then a line that is no element yet: what is typed is an element all the same.
        Level::List(shape) => {
            return super::values::elements(view, yaml, *shape, typed, true);
        }
    };
    all(view, typed, offers)
}

/// Whether an option may stand in a block.
fn fits(spec: &OptionSpec, head: &Head<'_>) -> bool {
    spec.roles.contains(&head.role) && spec.bodies.admits(head.script)
}

fn option(
    spec: &'static OptionSpec,
    head: &Head<'_>,
    outline: &Outline,
    view: &View<'_>,
    style: &Style,
) -> Item {
    // What a block must have comes first.
    let first = spec.key == "uses" || spec.key == "with";
    let item = Item::new(CompletionItemKind::PROPERTY, spec.key)
        .detail(spec.takes)
        .meaning(words::meaning(&Meaning::Option(spec)))
        .rank(if first && !head.script { 0 } else { 1 });
    let takes = match spec.shape {
        Shape::Inputs => {
            let uses = outline.value(&["uses"]).map(|uses| uses.text.as_str()).unwrap_or_default();
            Takes::Mapping(required(view.context.workspace.catalog.get(uses)))
        }
        other => takes(other),
    };
    style.key(item, spec.key, &takes)
}

/// The inputs that an action must be given.
pub(super) fn required(spec: Option<&ActionSpec>) -> Vec<&'static str> {
    let inputs = spec.into_iter().flat_map(|spec| spec.inputs);
    inputs.filter(|input| input.required).map(|input| input.name).collect()
}

fn takes(shape: Shape) -> Takes {
    match shape {
        Shape::StepIds
        | Shape::Names
        | Shape::Runbooks
        | Shape::Outputs
        | Shape::Choices
        | Shape::AccountIds => Takes::List,
        Shape::Expressions | Shape::Texts => Takes::Lines,
        Shape::Environment | Shape::Values | Shape::Named(..) | Shape::Inputs => {
            Takes::Mapping(Vec::new())
        }
        Shape::Mapping(keys) => {
            Takes::Mapping(keys.iter().filter(|key| key.required).map(|key| key.name).collect())
        }
        // Without quotes YAML would make numbers of these.
        Shape::AccountId => Takes::Text,
        _ => Takes::Value,
    }
}

fn key(key: &'static Key, style: &Style) -> Item {
    let item = Item::new(CompletionItemKind::PROPERTY, key.name)
        .meaning(words::meaning(&Meaning::Key(key)))
        .rank(if key.required { 0 } else { 1 });
    let item = if key.required { item.detail("required") } else { item };
    style.key(item, key.name, &takes(key.shape))
}

fn needed(kind: Type, required: bool) -> String {
    format!("{}{}", kind.word(), if required { ", required" } else { "" })
}

fn field(member: Member, style: &Style) -> Item {
    let kind = member.shape().kind();
    let item = Item::new(CompletionItemKind::FIELD, member.name())
        .detail(kind.name())
        .meaning(words::field(member))
        .rank(if member.is_required() { 0 } else { 1 });
    let takes = match &kind {
        Kind::List(_) => Takes::Lines,
        Kind::Structure(_) | Kind::Map(_) | Kind::Mapping => Takes::Mapping(Vec::new()),
        _ => Takes::Value,
    };
    style.key(item, member.name(), &takes)
}

fn input(spec: &ActionSpec, input: &InputSpec, style: &Style) -> Item {
    let item = Item::new(CompletionItemKind::FIELD, input.name)
        .detail(needed(input.kind, input.required))
        .meaning(words::input(spec, input))
        .rank(if input.required { 0 } else { 1 });
    let takes = match input.kind {
        Type::Mapping => Takes::Mapping(Vec::new()),
        Type::List => Takes::Lines,
        _ => Takes::Value,
    };
    style.key(item, input.name, &takes)
}
