//! Every place that names a step or a parameter, told by the parser.

use super::level::RUN;
use crate::expr::{Form, references};
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Step};
use crate::model::value::{Node, NodeKind, Text};
use crate::source::{Span, Spanned};

/// What can be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Step(String),
    Param(String),
}

impl Symbol {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Step(name) | Self::Param(name) => name,
        }
    }
}

/// A place that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub(super) symbol: Symbol,
    pub(super) span: Span,
    /// Whether the thing is made here.
    pub(super) defines: bool,
}

/// The places of a runbook that name its steps and parameters.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    pub(super) all: Vec<Occurrence>,
    /// Whether an expression could not be read, so that there may be more.
    pub(super) unreadable: bool,
}

/// Every text of a block that is an expression or may hold some.
pub(super) fn texts(block: &Block) -> Vec<(&Text, Form)> {
    let mut all = Vec::new();
    let options = &block.options;
    if let Body::Action { with, .. } = &block.body {
        with.iter().for_each(|(_, node)| tree(node, &mut all));
    }
    options.env.iter().for_each(|(_, node)| tree(node, &mut all));
    let templates = [&options.region, &options.confirm].into_iter().flatten();
    all.extend(templates.map(|text| (text, Form::Template)));
    let bare = [&options.condition, &options.for_each, &options.until, &options.holds];
    let bare = bare.into_iter().flatten().chain(&options.expect);
    all.extend(bare.map(|text| (text, Form::Bare)));
    if let Some(obligation) = &options.obligation {
        all.extend([(&obligation.text, Form::Template), (&obligation.due, Form::Template)]);
        obligation.params.iter().for_each(|(_, node)| tree(node, &mut all));
    }
    all
}

fn tree<'a>(node: &'a Node, all: &mut Vec<(&'a Text, Form)>) {
    match &node.kind {
        NodeKind::Text(text) => all.push((text, Form::Template)),
        NodeKind::List(items) => items.iter().for_each(|item| tree(item, all)),
        NodeKind::Mapping(entries) => entries.iter().for_each(|(_, value)| tree(value, all)),
        _ => {}
    }
}

/// Every block of a runbook.
pub(super) fn blocks(runbook: &Runbook) -> impl Iterator<Item = &Block> {
    let steps = runbook.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    steps.chain(runbook.health.iter().map(|health| &health.block))
}

impl Occurrences {
    /// The places in a runbook that name its own steps and parameters.
    pub(super) fn of(runbook: &Runbook) -> Self {
        let mut found = Self::default();
        for param in &runbook.front.params {
            found.add(Symbol::Param(param.name.value.clone()), param.name.span, true);
        }
        for step in &runbook.steps {
            let id = || Symbol::Step(step.id().to_string());
            found.add(id(), step.block.id.span, true);
            for block in step.observe.iter().chain(&step.undo) {
                found.add(id(), block.id.span, false);
            }
            for need in step.block.options.needs.iter().flatten() {
                found.add(Symbol::Step(need.value.to_string()), need.span, false);
            }
        }
        found.read(runbook, |path| match path {
            ["steps", id, ..] => Some((1, Symbol::Step((*id).to_owned()))),
            ["params", name, ..] => Some((1, Symbol::Param((*name).to_owned()))),
            _ => None,
        });
        found.all.sort_by_key(|one| one.span);
        found
    }

    /// The places in a runbook that name steps and parameters of another one, which it runs.
    pub(super) fn of_other(runbook: &Runbook, other: &str) -> Self {
        let mut found = Self::default();
        let mut outer = Vec::new();
        for step in &runbook.steps {
            if let Some(params) = given(step, other) {
                outer.push(step.id().as_str());
                found.keys(params);
            }
            let owed = step.block.options.obligation.as_ref();
            if let Some(owed) = owed
                && owed.runbook.as_ref().is_some_and(|name| name.value == other)
            {
                found.keys(&owed.params);
            }
        }
        found.read(runbook, |path| match path {
            ["steps", id, inner, ..] if outer.contains(id) => {
                Some((2, Symbol::Step((*inner).to_owned())))
            }
            _ => None,
        });
        found.all.sort_by_key(|one| one.span);
        found
    }

    fn add(&mut self, symbol: Symbol, span: Span, defines: bool) {
        self.all.push(Occurrence { symbol, span, defines });
    }

    fn keys(&mut self, params: &[(Spanned<String>, Node)]) {
        for (name, _) in params {
            self.add(Symbol::Param(name.value.clone()), name.span, false);
        }
    }

    /// Reads every expression. `names` tells which part of a name names what.
    fn read(&mut self, runbook: &Runbook, names: impl Fn(&[&str]) -> Option<(usize, Symbol)>) {
        for (text, form) in blocks(runbook).flat_map(texts) {
            if form == Form::Template && !text.value.contains("{{") {
                continue;
            }
            let Ok(references) = references(&text.value, form) else {
                self.unreadable = true;
                continue;
            };
            for reference in references {
                let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
                if let Some((part, symbol)) = names(&path) {
                    let written = reference.parts[part].clone();
                    // In brackets the name is in quotes.
                    let quoted = text.value[written.clone()].starts_with(['"', '\'', '`']);
                    let inside =
                        written.start + usize::from(quoted)..written.end - usize::from(quoted);
                    self.add(symbol, text.locate(inside), false);
                }
            }
        }
    }
}

/// What a step gives to the runbook `other` as its parameters, when it runs that.
fn given<'a>(step: &'a Step, other: &str) -> Option<&'a [(Spanned<String>, Node)]> {
    let Body::Action { uses, with } = &step.block.body else { return None };
    let input =
        |key: &str| with.iter().find(|(name, _)| name.value == key).map(|(_, node)| &node.kind);
    let runs = matches!(input("runbook"), Some(NodeKind::Text(text)) if text.value == other);
    if uses.value != RUN || !runs {
        return None;
    }
    Some(match input("params") {
        Some(NodeKind::Mapping(entries)) => entries,
        _ => &[],
    })
}
