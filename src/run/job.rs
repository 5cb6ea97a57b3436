//! Makes jobs: a block with its inputs, its account and its context.

use super::inputs;
use super::observe::Look;
use super::perform::Job;
use super::scope::Scopes;
use super::world::World;
use super::{guard, scope};
use crate::actions::context::{Context, Report, Stop, StopSignal, Teller};
use crate::engine::outcome::{Failure, Memo, Stage};
use crate::engine::state::RunState;
use crate::model::id::StepKey;
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body};
use crate::model::value::Values;
use crate::plan::{Frame, Plan, Planned};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a look or a health probe may take when the author does not say.
const LOOK_TIMEOUT: Duration = Duration::from_secs(120);

/// How long an undo script may take when the author does not say.
const UNDO_TIMEOUT: Duration = Duration::from_secs(600);

/// Everything needed to make jobs.
pub(super) struct Maker<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Arc<Plan>,
    pub(super) state: &'a RunState,
    pub(super) params: &'a Values,
    pub(super) reports: &'a mpsc::Sender<(StepKey, Report)>,
    pub(super) stop: &'a watch::Receiver<Stop>,
    /// Whether its jobs come to their end although the operator wants to stop.
    pub(super) patient: bool,
}

/// A maker that owns what it needs, for jobs that can only be made while a task runs.
pub(super) struct OwnedMaker {
    world: World,
    plan: Arc<Plan>,
    state: RunState,
    params: Values,
    reports: mpsc::Sender<(StepKey, Report)>,
    stop: watch::Receiver<Stop>,
    patient: bool,
}

impl OwnedMaker {
    pub(super) fn new(maker: &Maker<'_>) -> Self {
        Self {
            world: maker.world.clone(),
            plan: Arc::clone(maker.plan),
            state: maker.state.clone(),
            params: maker.params.clone(),
            reports: maker.reports.clone(),
            stop: maker.stop.clone(),
            patient: maker.patient,
        }
    }

    pub(super) fn maker(&self) -> Maker<'_> {
        Maker {
            world: &self.world,
            plan: &self.plan,
            state: &self.state,
            params: &self.params,
            reports: &self.reports,
            stop: &self.stop,
            patient: self.patient,
        }
    }
}

/// What a block is carried out with, beside itself.
struct Terms<'a> {
    /// The block that this one observes or takes back: it acts where that one acts.
    of: Option<&'a Block>,
    effect: Effect,
    timeout: Duration,
    attempts: u32,
    memo: Memo,
    /// What to use instead of the block's own inputs, when only a part of those is known.
    inputs: Option<Values>,
}

impl Maker<'_> {
    pub(super) fn scopes(&self) -> Scopes<'_> {
        Scopes { world: self.world, plan: self.plan, state: self.state, params: self.params }
    }

    /// The job of a step's own block.
    pub(super) fn step(
        &self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
    ) -> Result<Job, Failure> {
        let memo = self.state.step(key).map_or(Memo::Null, |step| step.memo.clone());
        let terms = Terms {
            of: None,
            effect: planned.effect,
            timeout: planned.timeout,
            attempts: planned.attempts,
            memo,
            inputs: None,
        };
        let step = planned.step(frame);
        let job = self.make(key, &frame.book, &step.block, self.scopes().of(key), terms)?;
        Ok(Job { expects_later: step.observe.is_some(), ..job })
    }

    /// The same with only some of its inputs, to look with and never to run.
    pub(super) fn partly(
        &self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
        known: Values,
    ) -> Result<Job, Failure> {
        let terms = Terms {
            of: None,
            effect: planned.effect,
            timeout: planned.timeout,
            attempts: 1,
            memo: Memo::Null,
            inputs: Some(known),
        };
        let block = &planned.step(frame).block;
        self.make(key, &frame.book, block, self.scopes().of(key), terms)
    }

    /// How to look for the effect of a step. A look that cannot be made is no look.
    pub(super) fn look(&self, key: &StepKey, planned: &Planned, frame: &Frame) -> Look {
        let step = planned.step(frame);
        if let Some(block) = &step.observe {
            let terms = Terms {
                of: Some(&step.block),
                effect: Effect::Read,
                timeout: LOOK_TIMEOUT,
                attempts: 1,
                memo: Memo::Null,
                inputs: None,
            };
            return self
                .make(key, &frame.book, block, self.scopes().of(key), terms)
                .map_or(Look::Impossible, |job| Look::Block(Box::new(job)));
        }
        if !self.looks_for_itself(&step.block) {
            return Look::Impossible;
        }
        self.step(key, planned, frame).map_or(Look::Impossible, |job| Look::BuiltIn(Box::new(job)))
    }

    /// The job of a step's `undo=` block.
    pub(super) fn undo(&self, key: &StepKey, outputs: Option<&Values>) -> Result<Job, Failure> {
        let missing = || Failure::new(Stage::Input, "it has no `undo=` block");
        let (planned, frame) = self.plan.find(key).ok_or_else(missing)?;
        let block = planned.step(frame).undo.as_ref().ok_or_else(missing)?;
        let own = self.scopes().of(key);
        let seen = match outputs {
            Some(outputs) => scope::with_outputs(&own, &scope::without_withheld(outputs.clone())),
            None => own,
        };
        let terms = Terms {
            of: Some(&planned.step(frame).block),
            effect: Effect::Change,
            timeout: UNDO_TIMEOUT,
            attempts: 1,
            memo: Memo::Null,
            inputs: None,
        };
        self.make(key, &frame.book, block, seen, terms)
    }

    /// The job of a health probe.
    pub(super) fn probe(
        &self,
        key: &StepKey,
        outer: Option<&StepKey>,
        frame: &Frame,
        block: &Block,
    ) -> Result<Job, Failure> {
        self.probe_in(key, self.scopes().frame(outer), frame, block)
    }

    /// The job of a health probe that sees that scope.
    pub(super) fn probe_in(
        &self,
        key: &StepKey,
        scope: Values,
        frame: &Frame,
        block: &Block,
    ) -> Result<Job, Failure> {
        let terms = Terms {
            of: None,
            effect: Effect::Read,
            timeout: LOOK_TIMEOUT,
            attempts: 1,
            memo: Memo::Null,
            inputs: None,
        };
        self.make(key, &frame.book, block, scope, terms)
    }

    /// Whether the action of a block can tell by itself whether its effect is in place.
    pub(super) fn looks_for_itself(&self, block: &Block) -> bool {
        match &block.body {
            Body::Action { uses, .. } => {
                self.world.catalog.get(&uses.value).is_some_and(|spec| spec.observe.is_some())
            }
            Body::Script { .. } => false,
        }
    }

    fn make(
        &self,
        key: &StepKey,
        book: &Arc<Runbook>,
        block: &Block,
        scope: Values,
        terms: Terms<'_>,
    ) -> Result<Job, Failure> {
        let source = &book.source;
        let evaluated = match terms.inputs {
            Some(known) => known,
            None => inputs::inputs(block, source, &scope, &self.world.catalog)?,
        };
        let needs_account = match &block.body {
            Body::Script { .. } => true,
            Body::Action { uses, .. } => {
                self.world.catalog.get(&uses.value).is_some_and(|spec| spec.needs_account)
            }
        };
        let at = |options: fn(&Block) -> bool| {
            Some(block).filter(|block| options(block)).or(terms.of).unwrap_or(block)
        };
        let named = at(|block| block.options.account.is_some()).options.account.as_ref();
        let named = named.or(book.front.account.as_ref().filter(|_| needs_account));
        let region = at(|block| block.options.region.is_some()).options.region.as_ref();
        let region = region.map(|region| inputs::text(region, source, &scope)).transpose()?;
        let target =
            named.map(|name| guard::target(self.world, &name.value, region)).transpose()?;
        let began = &self.state.began;
        let work = self.world.store.work(&began.run, key).map_err(|error| {
            Failure::new(Stage::Input, format!("no folder to work in: {error}"))
        })?;
        let cx = Context {
            run: began.run.clone(),
            step: key.clone(),
            mode: began.mode,
            environment: began.environment.clone(),
            inputs: evaluated,
            memo: terms.memo,
            target,
            accounts: Arc::clone(&self.world.accounts),
            work,
            tell: Teller::new(key.clone(), self.reports.clone()),
            stop: if self.patient {
                StopSignal::patient(self.stop.clone())
            } else {
                StopSignal::new(self.stop.clone())
            },
        };
        Ok(Job {
            world: self.world.clone(),
            book: Arc::clone(book),
            block: block.clone(),
            effect: terms.effect,
            timeout: block.options.timeout.as_ref().map_or(terms.timeout, |timeout| timeout.value),
            attempts: terms.attempts,
            scope,
            cx,
            expects_later: false,
        })
    }
}
