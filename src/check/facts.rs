//! What several rules need to know about a runbook, found out once.

use super::Book;
use super::stacks::{Deployed, deployed};
use crate::expr::{ExprError, Form, Reference, references, syntax};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::drill::Part;
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Interpreter, Role, Step};
use crate::model::value::{Node, NodeKind, Text, Values};
use crate::script::{Reading, read};
use crate::services::Lookup;
use crate::source::{Span, Spanned};
use std::collections::{HashMap, HashSet};

pub(super) use crate::model::drill::RUN;

pub(super) struct Facts<'a> {
    pub(super) book: &'a Book<'a>,
    /// The steps by id. Of two with the same id, the first.
    pub(super) index: HashMap<&'a str, usize>,
    /// For each step whether another one has certainly ended before it starts.
    before: Vec<Vec<bool>>,
    /// For each step whether it cannot be told what it waits for, since a need cannot be understood.
    unclear: Vec<bool>,
    /// Every text that is an expression or may hold some.
    pub(super) uses: Vec<Use<'a>>,
    /// Every text in which expressions may stand, whether there is one or not.
    pub(super) texts: Vec<&'a Text>,
    /// The places of the expressions that cannot be read.
    unreadable: HashSet<Span>,
    /// Every script.
    pub(super) scripts: Vec<Script<'a>>,
    /// Every stack that is deployed from a template that can be read.
    pub(super) deployed: Vec<Deployed<'a>>,
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
    /// What is wrong with its spelling.
    pub(super) error: Option<ExprError>,
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

impl<'a> Facts<'a> {
    pub(super) fn of(book: &'a Book<'a>) -> Self {
        let steps = &book.runbook.steps;
        let mut index = HashMap::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            index.entry(step.id().as_str()).or_insert(at);
        }
        let before = before(steps, &index);
        let unclear = unclear(book, &index, &before);
        let mut facts = Self {
            book,
            index,
            before,
            unclear,
            uses: Vec::new(),
            texts: Vec::new(),
            unreadable: HashSet::new(),
            scripts: Vec::new(),
            deployed: Vec::new(),
        };
        facts.collect();
        facts.deployed = deployed(&facts);
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

    /// Whether a step waits for something that cannot be understood, itself or through others.
    pub(super) fn waits_for_unknown(&self, at: usize) -> bool {
        self.unclear[at]
    }

    /// Every block, with the index of its step.
    ///
    /// A block of which nothing could be read is left out: that has been reported.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Option<usize>, &'a Block)> + use<'a> {
        let steps = self.book.runbook.steps.iter().enumerate().flat_map(|(at, step)| {
            [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()]
                .into_iter()
                .flatten()
                .map(move |block| (Some(at), block))
        });
        steps
            .chain(self.book.runbook.health.iter().map(|health| (None, &health.block)))
            .filter(|(_, block)| !block.options.misread.is_all())
    }

    /// Whether several steps have this id, so that nobody can tell which is meant.
    pub(super) fn is_ambiguous(&self, id: &str) -> bool {
        self.steps().iter().filter(|step| step.id().as_str() == id).count() > 1
    }

    /// Whether a step of that id is there, or was meant to be.
    pub(super) fn may_have_step(&self, id: &str) -> bool {
        self.index.contains_key(id) || self.book.runbook.gaps.may_have(Role::Step, id)
    }

    /// The ids of the steps, in the order of the document.
    pub(super) fn step_ids(&self) -> Vec<String> {
        self.steps().iter().map(|step| step.id().to_string()).collect()
    }

    /// Whether an expression that stands for itself could be read.
    pub(super) fn is_readable(&self, text: &Text) -> bool {
        !self.unreadable.contains(&text.span)
    }

    /// Whether a block is a script.
    pub(super) fn is_script(&self, block: &Block) -> bool {
        matches!(block.body, Body::Script { .. })
    }

    /// Whether a block only looks.
    pub(super) fn is_probe(&self, block: &Block) -> bool {
        matches!(block.role, Role::Observe | Role::Health)
    }

    /// Whether a step runs another runbook that may have health probes.
    pub(super) fn may_bring_health(&self, step: &Step) -> bool {
        let Some((_, name)) = runs(&step.block) else { return false };
        match name.and_then(|name| (self.book.others)(name)) {
            Some(other) => {
                !other.health.is_empty()
                    || other.steps.iter().any(|step| runs(&step.block).is_some())
            }
            None => true,
        }
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
        // What was meant to be said cannot be told any more.
        if declared.is_none() && block.options.misread.has("effect") {
            return None;
        }
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
                // What a misspelt call was meant to do cannot be told.
                if declared.is_none() && is_no_call(block) {
                    return None;
                }
                Some(if takes_effect(spec) {
                    declared.unwrap_or_else(|| spec.effect.with(&inputs))
                } else {
                    spec.effect.with(&inputs)
                })
            }
        }
    }

    /// Where the inputs of a block stand.
    pub(super) fn site<'b>(&self, step: Option<usize>, block: &'b Block) -> Site<'b> {
        let item = step.is_some_and(|at| {
            let options = &self.steps()[at].block.options;
            options.for_each.is_some() || options.misread.has("for_each")
        });
        Site { step, block, item, outputs: block.role == Role::Undo }
    }

    fn collect(&mut self) {
        let blocks: Vec<_> = self.blocks().collect();
        for (step, block) in blocks {
            let plain = self.site(step, block);
            if let Body::Script { interpreter, text } = &block.body {
                let interpreter = *interpreter;
                let reading = read(interpreter, &text.value).ok();
                self.scripts.push(Script { step, block, interpreter, text, reading });
            }
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
        if form == Form::Template {
            self.texts.push(text);
        }
        if form == Form::Bare || text.value.contains("{{") {
            let references = references(&text.value, form);
            let error = match &references {
                Ok(_) => syntax(&text.value, form).err(),
                Err(error) => Some(error.clone()),
            };
            if error.is_some() {
                self.unreadable.insert(text.span);
            }
            self.uses.push(Use { text, form, site, references, error });
        }
    }
}

/// For each step whether another one has certainly ended before it starts.
#[must_use]
pub fn ended_before(steps: &[Step]) -> Vec<Vec<bool>> {
    let mut index = HashMap::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        index.entry(step.id().as_str()).or_insert(at);
    }
    before(steps, &index)
}

fn before(steps: &[Step], index: &HashMap<&str, usize>) -> Vec<Vec<bool>> {
    let needs: Vec<Vec<usize>> =
        steps.iter().enumerate().map(|(at, step)| needs_of(at, step, index)).collect();
    (0..steps.len()).map(|at| ancestors(at, &needs)).collect()
}

fn needs_of(at: usize, step: &Step, index: &HashMap<&str, usize>) -> Vec<usize> {
    match &step.block.options.needs {
        Some(needs) => {
            needs.iter().filter_map(|need| index.get(need.value.as_str()).copied()).collect()
        }
        None => at.checked_sub(1).into_iter().collect(),
    }
}

/// For each step whether a need of it, or of a step before it, cannot be understood.
fn unclear(book: &Book<'_>, index: &HashMap<&str, usize>, before: &[Vec<bool>]) -> Vec<bool> {
    let gaps = &book.runbook.gaps;
    let gap = gaps.torn || gaps.may_have_any(Role::Step);
    let lost: Vec<_> = book
        .runbook
        .steps
        .iter()
        .map(|step| {
            let options = &step.block.options;
            let mut needs = options.needs.iter().flatten();
            options.misread.has("needs")
                || needs.any(|need| !index.contains_key(need.value.as_str()))
        })
        .collect();
    let through = |before: &[bool]| before.iter().zip(&lost).any(|(before, lost)| *before && *lost);
    before.iter().zip(&lost).map(|(before, own)| gap || *own || through(before)).collect()
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

/// Whether an action is something that a person does.
pub(super) fn asks_a_person(action: &str) -> bool {
    action.starts_with("manual/")
}

/// Whether a step may say the effect of this action itself.
pub(super) fn takes_effect(spec: &ActionSpec) -> bool {
    matches!(spec.effect, EffectSpec::ByInput(_))
}

/// Whether a block makes an AWS call that does not exist.
fn is_no_call(block: &Block) -> bool {
    super::calls::call(block)
        .is_some_and(|call| matches!(call.found, Lookup::UnknownOperation | Lookup::UnknownService))
}

/// The inputs that are written out, without expressions.
pub(super) fn literal_inputs(with: &[(Spanned<String>, Node)]) -> Values {
    with.iter().filter_map(|(name, node)| Some((name.value.clone(), node.literal()?))).collect()
}

/// The runbook that a step runs: the place where it says so, and its name when it is written out.
pub(super) fn runs(block: &Block) -> Option<(&Node, Option<&str>)> {
    let Body::Action { uses, with } = &block.body else { return None };
    let runs = uses.value == RUN || uses.value == Part::Fault.action();
    let (_, node) = with.iter().find(|(name, _)| runs && name.value == "runbook")?;
    let name = match &node.kind {
        NodeKind::Text(text) if !text.value.contains("{{") => Some(text.value.as_str()),
        _ => None,
    };
    Some((node, name))
}

/// The names of the runbooks whose health a step of a drill looks at, each where it was written.
pub(super) fn watched(block: &Block) -> Vec<Spanned<String>> {
    let Body::Action { with, .. } = &block.body else { return Vec::new() };
    if !Part::of(block).is_some_and(Part::looks) {
        return Vec::new();
    }
    let nodes = with.iter().flat_map(|(_, node)| match &node.kind {
        NodeKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    });
    let name = |node: &Node| match &node.kind {
        NodeKind::Text(text) => Some(Spanned::new(text.value.clone(), node.span)),
        _ => None,
    };
    nodes.filter_map(name).collect()
}

/// The names of the runbooks that a runbook runs.
pub(super) fn runbooks_run_by(book: &Runbook) -> impl Iterator<Item = &str> {
    book.steps.iter().filter_map(|step| runs(&step.block)?.1)
}
