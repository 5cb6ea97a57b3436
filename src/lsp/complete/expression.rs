//! In an expression: what it may name there, filters and tests.

use super::item::{Item, all};
use super::values::At;
use crate::check::ended_before;
use crate::expr;
use crate::lsp::chain::{self, Chain};
use crate::lsp::outline::{Cursor, Outline};
use crate::lsp::outputs::{self, Output};
use crate::lsp::place::{Fence, Head};
use crate::lsp::thing::run_by;
use crate::lsp::view::{View, Yaml};
use crate::lsp::words;
use crate::model::step::{Role, Step};
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};

/// The offers when the cursor is in an expression. None when it is not.
pub(super) fn items(
    view: &View<'_>,
    yaml: &Yaml<'_>,
    cursor: &Cursor,
    at: &At<'_>,
) -> Option<Vec<CompletionItem>> {
    let expression = chain::expression(view, yaml, cursor)?;
    let (fence, head) = yaml.block()?;
    let Some(chain) = chain::before(view.text(), expression, view.offset) else {
        return Some(Vec::new());
    };
    let typed = chain.parts.last().map_or(0, |part| part.value.len());
    let span = Span::new(view.offset - typed, view.offset);
    let before = view.text()[expression.start..chain.start].trim_end();
    let words = |names: &[&str], kind| names.iter().map(|name| Item::new(kind, *name)).collect();
    let offers: Vec<Item> = if before.ends_with('|') {
        words(expr::filters(), CompletionItemKind::FUNCTION)
    } else if before.ends_with(" is") || before.ends_with(" is not") {
        words(expr::tests(), CompletionItemKind::KEYWORD)
    } else {
        let site = Site { view, fence, head, outline: &yaml.outline, cursor, key: at.key };
        site.names(&chain)
    };
    Some(all(view, span, offers))
}

/// The steps that have certainly ended when a block runs.
pub(super) fn ended<'v>(
    view: &'v View<'_>,
    fence: &Fence<'_>,
    head: &Head<'_>,
    outline: &Outline,
) -> Vec<(usize, &'v Step)> {
    let steps = &view.runbook().steps;
    if head.role == Role::Health {
        return steps.iter().enumerate().collect();
    }
    let before = ended_before(steps);
    let own = view.step_of(fence, head).map(|(at, _)| at);
    let index = |id: &str| steps.iter().position(|step| step.id().as_str() == id);
    // The block's own text counts, because it may be too broken for the parser.
    let direct: Vec<usize> = match (head.role, own) {
        (Role::Step, _) if outline.has("needs") => {
            outline.elements(&["needs"]).filter_map(|need| index(&need.text)).collect()
        }
        (Role::Step, _) | (_, None) => {
            let above = steps.iter().filter(|step| step.block.span.start < fence.span.start);
            above.count().checked_sub(1).into_iter().collect()
        }
        (_, Some(at)) => (0..steps.len()).filter(|one| before[at][*one]).collect(),
    };
    let has_ended = |one: usize| direct.iter().any(|at| *at == one || before[*at][one]);
    steps.iter().enumerate().filter(|(at, _)| has_ended(*at) && Some(*at) != own).collect()
}

/// Where an expression stands.
struct Site<'a, 'v> {
    view: &'a View<'v>,
    fence: &'a Fence<'v>,
    head: &'a Head<'v>,
    outline: &'a Outline,
    cursor: &'a Cursor,
    key: Option<&'a str>,
}

impl Site<'_, '_> {
    fn names(&self, chain: &Chain) -> Vec<Item> {
        let words = chain.words();
        match words.split_last().map(|(_, above)| above).unwrap_or_default() {
            [] => self.roots(),
            ["params"] => self.params(),
            ["accounts"] => self.accounts(),
            ["accounts", _] => vec![
                field("id").detail("the twelve digits"),
                field("region").detail("the Region worked in by default"),
            ],
            ["run"] => vec![
                field("id").detail("the run's name"),
                field("mode").detail("`real`, `drill` or `rehearsal`"),
                field("environment").detail("the environment's name"),
            ],
            ["outputs"] if self.knows_outputs() => {
                of_outputs(&outputs::own(self.view, self.head, self.outline))
            }
            ["steps"] => self.steps(),
            ["steps", id] => self.step(id, chain.indexed),
            ["steps", outer, inner] => self.inner(outer, inner),
            _ => Vec::new(),
        }
    }

    fn roots(&self) -> Vec<Item> {
        let root = |name: &str, detail: &str| {
            Item::new(CompletionItemKind::MODULE, name).detail(detail.to_owned())
        };
        let mut all = Vec::new();
        if !self.view.runbook().front.params.is_empty() {
            all.push(root("params", "what the run was told"));
        }
        all.push(root("steps", "the outputs of steps that have ended"));
        if self.knows_outputs() {
            all.push(root("outputs", "the block's own outputs").rank(0));
        }
        if self.knows_item() {
            all.push(root("item", "the element that this is run for").rank(0));
        }
        all.push(root("accounts", "the accounts of the environment"));
        all.push(root("run", "the run itself"));
        let range = Item::new(CompletionItemKind::FUNCTION, "range");
        all.push(range.insert("range(").snippet("range(end=$1)").rank(3));
        all
    }

    fn params(&self) -> Vec<Item> {
        let params = self.view.runbook().front.params.iter();
        params
            .map(|param| {
                Item::new(CompletionItemKind::VARIABLE, param.name.value.as_str())
                    .detail(param.kind.word())
                    .meaning(words::param(param))
            })
            .collect()
    }

    fn accounts(&self) -> Vec<Item> {
        let names = self.view.home.iter().flat_map(|home| home.project.account_names());
        names.map(|name| field(name.as_str())).collect()
    }

    /// The steps that have ended, and then those that need not have.
    fn steps(&self) -> Vec<Item> {
        let ended = ended(self.view, self.fence, self.head, self.outline);
        let own = self.view.step_of(self.fence, self.head).map(|(at, _)| at);
        let before = ended_before(&self.view.runbook().steps);
        let offer = |step: &Step| {
            Item::new(CompletionItemKind::REFERENCE, step.id().as_str())
                .meaning(words::step(self.view, step))
        };
        // The nearest above is the likeliest.
        let mut all: Vec<Item> =
            ended.iter().rev().map(|(_, step)| offer(step).detail(step.title.clone())).collect();
        for (at, step) in self.view.runbook().steps.iter().enumerate() {
            let later = own.is_some_and(|own| own == at || before[at][own]);
            if !later && !ended.iter().any(|(ended, _)| *ended == at) {
                all.push(offer(step).detail("need not have ended: add it to `needs`").rank(4));
            }
        }
        all
    }

    fn step(&self, id: &str, indexed: bool) -> Vec<Item> {
        let Some(step) = self.view.step(id) else { return Vec::new() };
        // A step that runs for each element gives a list.
        if step.block.options.for_each.is_some() && !indexed {
            return Vec::new();
        }
        match run_by(self.view, step) {
            Some(book) => book
                .runbook
                .steps
                .iter()
                .map(|inner| {
                    Item::new(CompletionItemKind::REFERENCE, inner.id().as_str())
                        .detail(inner.title.clone())
                        .meaning(words::step(self.view, inner))
                })
                .collect(),
            None => of_outputs(&outputs::of_step(self.view, step)),
        }
    }

    fn inner(&self, outer: &str, inner: &str) -> Vec<Item> {
        let book = self.view.step(outer).and_then(|step| run_by(self.view, step));
        let Some(book) = book else { return Vec::new() };
        let step = book.runbook.steps.iter().find(|step| step.id().as_str() == inner);
        step.map_or_else(Vec::new, |step| of_outputs(&outputs::of_step(self.view, step)))
    }

    fn is_in(&self, keys: &[&str]) -> bool {
        let top = self.cursor.path.first().map(String::as_str).or(self.key);
        top.is_some_and(|top| keys.contains(&top))
    }

    fn knows_outputs(&self) -> bool {
        self.is_in(&["until", "holds", "expect"])
            || self.head.role == Role::Undo
            || self.is_in(&["obligation"]) && !self.outline.has("for_each")
    }

    fn knows_item(&self) -> bool {
        let looped = self.outline.has("for_each")
            || self
                .view
                .step_of(self.fence, self.head)
                .is_some_and(|(_, step)| step.block.options.for_each.is_some());
        looped && !self.is_in(&["if", "for_each", "obligation"])
    }
}

fn field(name: &str) -> Item {
    Item::new(CompletionItemKind::FIELD, name)
}

fn of_outputs(outputs: &[Output]) -> Vec<Item> {
    outputs
        .iter()
        .map(|output| {
            let kind = output.kind.map_or("", crate::model::runbook::Type::word);
            field(&output.name).detail(kind).meaning(words::output_line(output))
        })
        .collect()
}
