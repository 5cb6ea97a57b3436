//! Where a value may stand: actions, accounts, runbooks, ids, words, and expressions of the right type.

use super::item::{Item, all, escaped};
use super::keys::{Style, required};
use crate::lsp::level::{CALL, Level, Meaning, RUN};
use crate::lsp::outline::Cursor;
use crate::lsp::outputs;
use crate::lsp::view::{Root, View, Yaml};
use crate::lsp::words;
use crate::model::runbook::Type;
use crate::model::step::Role;
use crate::parse::table::Shape;
use crate::services::{Kind, operations, services};
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};

/// The value that the cursor is in.
pub(super) struct At<'a> {
    /// Its key. None for an element of a list.
    pub(super) key: Option<&'a str>,
    /// What is there of it, quotes and all.
    pub(super) span: Span,
    pub(super) flow: bool,
}

pub(super) fn items(
    view: &View<'_>,
    yaml: &Yaml<'_>,
    cursor: &Cursor,
    at: &At<'_>,
) -> Vec<CompletionItem> {
    let level = Level::at(view, yaml, &cursor.path);
    let written = &view.text()[at.span.start..view.offset];
    let quoted = written.starts_with(['"', '\'']);
    let typed = Span::new(at.span.start + usize::from(quoted), view.offset);
    let space = needs_space(view, at.span);
    let Some(key) = at.key else {
        return match level {
            Level::List(shape) => elements(view, yaml, shape, typed, false),
            Level::Values(shape) => match shape.kind() {
                Kind::Values(values) => all(view, typed, values.into_iter().map(value).collect()),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
    };
    let offers = match level.meaning(key) {
        Some(Meaning::Input(spec, input)) if spec.name == RUN && input.name == "runbook" => {
            runbooks(view)
        }
        Some(Meaning::Input(spec, input)) if spec.name == CALL && input.name == "service" => {
            services().map(value).collect()
        }
        Some(Meaning::Input(spec, input)) if spec.name == CALL && input.name == "operation" => {
            let service = yaml.outline.value(&["with", "service"]);
            let all = service.into_iter().flat_map(|service| operations(&service.text));
            all.map(|one| value(one.name()).meaning(words::operation(&one))).collect()
        }
        Some(Meaning::Field(member)) => match member.shape().kind() {
            Kind::Values(values) => values.into_iter().map(value).collect(),
            Kind::Boolean => of_type(view, yaml, Type::Boolean, quoted),
            Kind::Integer => of_type(view, yaml, Type::Integer, quoted),
            Kind::String => of_type(view, yaml, Type::String, quoted),
            _ => Vec::new(),
        },
        Some(Meaning::Input(_, input)) => of_type(view, yaml, input.kind, quoted),
        Some(Meaning::Param(book, at)) => {
            let param = &book.runbook.front.params[at];
            let mut all: Vec<Item> = param
                .choices
                .iter()
                .map(|choice| value(choice.verbatim().to_string().trim_matches('"')))
                .collect();
            all.extend(of_type(view, yaml, param.kind, quoted));
            all
        }
        Some(Meaning::Option(spec)) if spec.shape == Shape::Action => {
            actions(view, yaml, at, quoted)
        }
        Some(meaning) => meaning.shape().map_or_else(Vec::new, |shape| of_shape(view, yaml, shape)),
        None => Vec::new(),
    };
    let offers = if space { offers.into_iter().map(Item::after_space).collect() } else { offers };
    all(view, typed, offers)
}

/// Whether the cursor is right behind the colon, where a space has to come first.
fn needs_space(view: &View<'_>, span: Span) -> bool {
    span.start == view.offset && view.text()[..view.offset].ends_with(':')
}

fn value(text: &str) -> Item {
    Item::new(CompletionItemKind::VALUE, text)
}

/// The elements of a list. `dash`: the line does not begin with a `-` yet.
pub(super) fn elements(
    view: &View<'_>,
    yaml: &Yaml<'_>,
    shape: Shape,
    typed: Span,
    dash: bool,
) -> Vec<CompletionItem> {
    let there: Vec<&str> = match shape {
        Shape::StepIds => yaml.outline.elements(&["needs"]).collect::<Vec<_>>(),
        Shape::Names => yaml.outline.elements(&["secrets"]).collect(),
        _ => Vec::new(),
    }
    .into_iter()
    .filter(|one| !(one.span.start <= view.offset && view.offset <= one.span.end))
    .map(|one| one.text.as_str())
    .collect();
    let offers = match shape {
        Shape::StepIds => steps(view, yaml),
        Shape::Runbooks => runbooks(view),
        Shape::Names => match yaml.block() {
            Some((_, head)) => outputs::own(view, head, &yaml.outline)
                .iter()
                .map(|output| value(&output.name).detail(words::output_line(output)))
                .collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    let offers = offers.into_iter().filter(|item| !there.contains(&item.label()));
    let offers = if dash { offers.map(Item::behind_dash).collect() } else { offers.collect() };
    all(view, typed, offers)
}

/// The steps that a step may need: all others, those above it first.
fn steps(view: &View<'_>, yaml: &Yaml<'_>) -> Vec<Item> {
    let own = yaml.block().and_then(|(fence, head)| view.step_of(fence, head)).map(|(at, _)| at);
    let steps = view.runbook().steps.iter().enumerate();
    steps
        .filter(|(at, _)| Some(*at) != own)
        .map(|(at, step)| {
            Item::new(CompletionItemKind::REFERENCE, step.id().as_str())
                .detail(step.title.clone())
                .meaning(words::step(view, step))
                .rank(if own.is_none_or(|own| at < own) { 1 } else { 2 })
        })
        .collect()
}

fn runbooks(view: &View<'_>) -> Vec<Item> {
    let Some(home) = &view.home else { return Vec::new() };
    let names = view.context.workspace.names(home);
    let own = &view.runbook().name;
    names
        .iter()
        .filter(|name| *name != own)
        .map(|name| {
            let item = Item::new(CompletionItemKind::FILE, name.as_str());
            // What has not been read is offered without its meaning: reading it all would take long.
            match view.context.workspace.is_read(&home.path_of(name)).then(|| view.other(name)) {
                Some(Some(book)) => item.meaning(words::runbook(&book.runbook)),
                _ => item,
            }
        })
        .collect()
}

fn accounts(view: &View<'_>) -> Vec<Item> {
    let Some(home) = &view.home else { return Vec::new() };
    let names = home.project.account_names();
    names
        .into_iter()
        .map(|name| {
            let meaning = words::account(view, name.as_str()).unwrap_or_default();
            value(name.as_str()).meaning(meaning)
        })
        .collect()
}

/// Every action, with the inputs that it must be given when there is no `with` yet.
fn actions(view: &View<'_>, yaml: &Yaml<'_>, at: &At<'_>, quoted: bool) -> Vec<Item> {
    let style = Style::new(view, yaml, at.flow, at.span.start);
    let alone = at.flow || quoted || yaml.outline.has("with");
    let role = yaml.block().map(|(_, head)| head.role);
    let specs = view.context.workspace.catalog.iter();
    specs
        .filter(|spec| !spec.is_step_only() || role == Some(Role::Step))
        .map(|spec| {
            let item = Item::new(CompletionItemKind::FUNCTION, spec.name)
                .detail(spec.summary)
                .meaning(words::action(spec));
            let inputs = required(Some(spec));
            if alone || inputs.is_empty() {
                return item;
            }
            item.snippet(format!("{}\nwith:{}", escaped(spec.name), style.stops(&inputs)))
        })
        .collect()
}

fn of_shape(view: &View<'_>, yaml: &Yaml<'_>, shape: Shape) -> Vec<Item> {
    let regions = || {
        let homes = view.home.iter();
        let environments = homes.flat_map(|home| home.project.environments.values());
        let all = environments.flat_map(|one| one.accounts.values()).map(|one| one.region.clone());
        let all: std::collections::BTreeSet<String> = all.collect();
        all.iter().map(|region| value(region)).collect()
    };
    match shape {
        Shape::Word(words) => words.iter().map(|word| value(word)).collect(),
        Shape::Boolean => ["true", "false"].into_iter().map(value).collect(),
        Shape::Account => accounts(view),
        Shape::Runbook => runbooks(view),
        Shape::Outputs => {
            vec![value("json").meaning("The script's standard output is one JSON object.")]
        }
        Shape::Version(version) => vec![value(&version.to_string())],
        Shape::Region => regions(),
        Shape::Template if matches!(&yaml.root, Root::Block(..)) => {
            // `region` is the only template with values of its own.
            match &yaml.outline.cursor {
                Some(cursor) if cursor.path.is_empty() && is_region(cursor) => regions(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn is_region(cursor: &Cursor) -> bool {
    matches!(&cursor.slot, crate::lsp::outline::Slot::Value { key: Some(key), .. } if key == "region")
}

/// Values of a type: the words it has, and what the runbook knows that gives one.
fn of_type(view: &View<'_>, yaml: &Yaml<'_>, kind: Type, quoted: bool) -> Vec<Item> {
    let mut offers: Vec<Item> = match kind {
        Type::Boolean => ["true", "false"].into_iter().map(value).collect(),
        _ => Vec::new(),
    };
    let Some((fence, head)) = yaml.block() else { return offers };
    let fits = |given: Type| {
        kind == Type::Any
            || given == kind
            || matches!((given, kind), (Type::Integer, Type::Number))
            || matches!(
                (given, kind),
                (Type::String | Type::Duration, Type::String | Type::Duration)
            )
    };
    let whole = |expression: &str, detail: &str, meaning: String, rank: u8| {
        let text = format!("{{{{ {expression} }}}}");
        // A value that begins with `{{` must be in quotes.
        let insert = if quoted { text.clone() } else { format!("\"{text}\"") };
        Item::new(CompletionItemKind::VARIABLE, text)
            .insert(insert)
            .detail(detail.to_owned())
            .meaning(meaning)
            .rank(rank)
    };
    for param in view.runbook().front.params.iter().filter(|param| fits(param.kind)) {
        let expression = format!("params.{}", param.name.value);
        offers.push(whole(&expression, param.kind.word(), words::param(param), 2));
    }
    for (_, step) in super::expression::ended(view, fence, head, &yaml.outline) {
        if step.block.options.for_each.is_some() {
            continue;
        }
        for output in outputs::of_step(view, step) {
            if let Some(own) = output.kind.filter(|own| fits(*own)) {
                let expression = format!("steps.{}.{}", step.id(), output.name);
                offers.push(whole(&expression, own.word(), words::output_line(&output), 3));
            }
        }
    }
    offers
}
