//! What several rules need to know about a runbook, found out once.

use super::Book;
use crate::expr::{ExprError, Form, Reference, references};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Interpreter, Outputs, Role, Step};
use crate::model::value::{Node, NodeKind, Text, Values};
use crate::script::{Reading, read};
use crate::source::Spanned;
use std::collections::HashMap;

/// The action that runs another runbook. The engine knows it by this name, and so do some rules.
pub(super) const RUN: &str = "runbook/run";
/// The action whose outputs are the fields it asks for.
const INPUT: &str = "manual/input";

pub(super) struct Facts<'a> {
    pub(super) book: &'a Book<'a>,
    /// The steps by id. Of two with the same id, the first.
    pub(super) index: HashMap<&'a str, usize>,
    /// For each step whether another one has certainly ended before it starts.
    before: Vec<Vec<bool>>,
    /// Every text that is an expression or may hold some.
    pub(super) uses: Vec<Use<'a>>,
    /// Every script.
    pub(super) scripts: Vec<Script<'a>>,
}

/// A script, and what it says.
pub(super) struct Script<'a> {
    /// The step it is or belongs to. None for health.
    pub(super) step: Option<usize>,
    pub(super) block: &'a Block,
    pub(super) interpreter: Interpreter,
    pub(super) text: &'a Text,
    /// None when it cannot be read. Whether it is wrong then is for the shell to say.
    pub(super) reading: Option<Reading>,
}

/// One text with expressions, and what they may name.
pub(super) struct Use<'a> {
    pub(super) text: &'a Text,
    pub(super) form: Form,
    pub(super) site: Site<'a>,
    pub(super) references: Result<Vec<Reference>, ExprError>,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    /// The step the block is or belongs to. None for health.
    pub(super) step: Option<usize>,
    pub(super) block: &'a Block,
    /// Whether `item` is known here.
    pub(super) item: bool,
    /// Whether `outputs` is known here.
    pub(super) outputs: bool,
}

/// The outputs that a block is known to have.
#[derive(Debug, PartialEq)]
pub(super) enum Gives {
    /// These and no others.
    Names(Vec<String>),
    /// Only the run knows.
    Anything,
}

impl<'a> Facts<'a> {
    pub(super) fn of(book: &'a Book<'a>) -> Self {
        let steps = &book.runbook.steps;
        let mut index = HashMap::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            index.entry(step.id().as_str()).or_insert(at);
        }
        let needs: Vec<Vec<usize>> =
            steps.iter().enumerate().map(|(at, step)| needs_of(at, step, &index)).collect();
        let before = (0..steps.len()).map(|at| ancestors(at, &needs)).collect();
        let mut facts = Self { book, index, before, uses: Vec::new(), scripts: Vec::new() };
        facts.collect();
        facts
    }

    pub(super) fn steps(&self) -> &'a [Step] {
        &self.book.runbook.steps
    }

    pub(super) fn step(&self, id: &str) -> Option<(usize, &'a Step)> {
        self.index.get(id).map(|at| (*at, &self.steps()[*at]))
    }

    /// Whether `earlier` has certainly ended when `later` starts.
    pub(super) fn has_ended(&self, earlier: usize, later: usize) -> bool {
        self.before[later][earlier]
    }

    /// Every block, with the index of its step.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Option<usize>, &'a Block)> + use<'a> {
        let steps = self.book.runbook.steps.iter().enumerate().flat_map(|(at, step)| {
            [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()]
                .into_iter()
                .flatten()
                .map(move |block| (Some(at), block))
        });
        steps.chain(self.book.runbook.health.iter().map(|health| (None, &health.block)))
    }

    /// The description of a block's action, when it has one that exists.
    pub(super) fn spec(&self, block: &Block) -> Option<&'a ActionSpec> {
        match &block.body {
            Body::Action { uses, .. } => self.book.catalog.get(&uses.value),
            Body::Script { .. } => None,
        }
    }

    /// What a block does to the world. None when its action is not known, or runs another runbook.
    pub(super) fn effect(&self, block: &Block) -> Option<Effect> {
        let declared = block.options.effect.as_ref().map(|effect| effect.value);
        match &block.body {
            Body::Script { .. } => {
                let default = if matches!(block.role, Role::Observe | Role::Health) {
                    Effect::Read
                } else {
                    Effect::Change
                };
                Some(declared.unwrap_or(default))
            }
            Body::Action { uses, .. } if uses.value == RUN => None,
            Body::Action { with, .. } => {
                let spec = self.spec(block)?;
                let inputs = literal_inputs(with);
                Some(if takes_effect(spec) {
                    declared.unwrap_or_else(|| spec.effect.with(&inputs))
                } else {
                    spec.effect.with(&inputs)
                })
            }
        }
    }

    /// The outputs that a step of this book has in `steps.ID`.
    pub(super) fn gives(&self, step: &Step) -> Gives {
        let own = outputs_of(&step.block, |name| self.book.catalog.get(name));
        match (
            own,
            step.observe
                .as_ref()
                .map(|block| outputs_of(block, |name| self.book.catalog.get(name))),
        ) {
            // An observation that finds the effect in place gives the outputs instead of the step.
            (Gives::Names(mut names), Some(Gives::Names(more))) => {
                names.extend(more);
                Gives::Names(names)
            }
            (own, _) => own,
        }
    }

    /// The outputs of one block.
    pub(super) fn outputs(&self, block: &Block) -> Gives {
        outputs_of(block, |name| self.book.catalog.get(name))
    }

    fn collect(&mut self) {
        let blocks: Vec<_> = self.blocks().collect();
        for (step, block) in blocks {
            if let Body::Script { interpreter, text } = &block.body {
                let interpreter = *interpreter;
                let reading = read(interpreter, &text.value).ok();
                self.scripts.push(Script { step, block, interpreter, text, reading });
            }
            let in_loop = step.is_some_and(|at| self.steps()[at].block.options.for_each.is_some());
            let plain = Site { step, block, item: in_loop, outputs: block.role == Role::Undo };
            let own = Site { outputs: true, ..plain };
            let outside = Site { item: false, ..plain };
            let options = &block.options;
            if let Body::Action { with, .. } = &block.body {
                with.iter().for_each(|(_, node)| self.tree(node, plain));
            }
            options.env.iter().for_each(|(_, node)| self.tree(node, plain));
            for text in [&options.region, &options.confirm].into_iter().flatten() {
                self.add(text, Form::Template, plain);
            }
            for text in [&options.condition, &options.for_each].into_iter().flatten() {
                self.add(text, Form::Bare, outside);
            }
            for text in
                [&options.until, &options.holds].into_iter().flatten().chain(&options.expect)
            {
                self.add(text, Form::Bare, own);
            }
            if let Some(obligation) = &options.obligation {
                // It is written down when the step has ended, once for the whole loop.
                let after = Site { item: false, outputs: options.for_each.is_none(), ..plain };
                self.add(&obligation.text, Form::Template, after);
                self.add(&obligation.due, Form::Template, after);
                obligation.params.iter().for_each(|(_, node)| self.tree(node, after));
            }
        }
    }

    fn tree(&mut self, node: &'a Node, site: Site<'a>) {
        match &node.kind {
            NodeKind::Text(text) => self.add(text, Form::Template, site),
            NodeKind::List(items) => items.iter().for_each(|item| self.tree(item, site)),
            NodeKind::Mapping(entries) => {
                entries.iter().for_each(|(_, value)| self.tree(value, site))
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &'a Text, form: Form, site: Site<'a>) {
        if form == Form::Bare || text.value.contains("{{") {
            let references = references(&text.value, form);
            self.uses.push(Use { text, form, site, references });
        }
    }
}

fn needs_of(at: usize, step: &Step, index: &HashMap<&str, usize>) -> Vec<usize> {
    match &step.block.options.needs {
        Some(needs) => {
            needs.iter().filter_map(|need| index.get(need.value.as_str()).copied()).collect()
        }
        None => at.checked_sub(1).into_iter().collect(),
    }
}

fn ancestors(of: usize, needs: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; needs.len()];
    let mut todo = needs[of].clone();
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            todo.extend(&needs[at]);
        }
    }
    seen
}

/// Whether a step may say the effect of this action itself.
pub(super) fn takes_effect(spec: &ActionSpec) -> bool {
    // What a function does cannot be told from its name either.
    matches!(spec.effect, EffectSpec::ByInput(_)) || spec.name == "lambda/invoke"
}

/// The inputs that are written out, without expressions.
pub(super) fn literal_inputs(with: &[(Spanned<String>, Node)]) -> Values {
    with.iter().filter_map(|(name, node)| Some((name.value.clone(), node.literal()?))).collect()
}

/// The outputs of a block of any book.
pub(super) fn outputs_of<'c>(
    block: &Block,
    spec: impl Fn(&str) -> Option<&'c ActionSpec>,
) -> Gives {
    match &block.body {
        Body::Script { .. } => match &block.options.outputs {
            Outputs::None => Gives::Names(Vec::new()),
            Outputs::Names(names) => {
                Gives::Names(names.iter().map(|name| name.value.clone()).collect())
            }
            Outputs::Json(_) => Gives::Anything,
        },
        Body::Action { uses, with } if uses.value == INPUT => {
            match with.iter().find(|(name, _)| name.value == "fields").map(|(_, node)| &node.kind) {
                Some(NodeKind::Mapping(fields)) => {
                    Gives::Names(fields.iter().map(|(name, _)| name.value.clone()).collect())
                }
                _ => Gives::Anything,
            }
        }
        Body::Action { uses, .. } => match spec(&uses.value) {
            Some(spec) if !spec.open_outputs && spec.name != RUN => {
                Gives::Names(spec.outputs.iter().map(|output| output.name.to_owned()).collect())
            }
            _ => Gives::Anything,
        },
    }
}

/// The runbook that a step runs: the place where it says so, and its name when it is written out.
pub(super) fn runs(block: &Block) -> Option<(&Node, Option<&str>)> {
    let Body::Action { uses, with } = &block.body else { return None };
    let (_, node) = with.iter().find(|(name, _)| uses.value == RUN && name.value == "runbook")?;
    let name = match &node.kind {
        NodeKind::Text(text) if !text.value.contains("{{") => Some(text.value.as_str()),
        _ => None,
    };
    Some((node, name))
}

/// The names of the runbooks that a runbook runs.
pub(super) fn runbooks_run_by(book: &Runbook) -> impl Iterator<Item = &str> {
    book.steps.iter().filter_map(|step| runs(&step.block)?.1)
}
