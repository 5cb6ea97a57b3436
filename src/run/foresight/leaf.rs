//! Decides how one step can be looked at, if at all.

use super::known::{Gap, Known, templates};
use super::look::{Kind, Look, Standing, Task};
use super::survey::Survey;
use crate::model::id::StepKey;
use crate::model::mode::Effect;
use crate::model::step::{Block, Body, Step};
use crate::model::value::Values;
use crate::plan::{Frame, Planned};

impl Survey<'_> {
    /// The task that looks at a step, or nothing when that is settled.
    pub(super) fn leaf(
        &mut self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
        known: &Known,
    ) -> Option<Task> {
        let step = planned.step(frame);
        let scope = self.maker().scopes().of(key);
        let (evaluated, missing) = known.evaluated(&step.block, &scope);
        let mut look = self.about(step, known, (&evaluated, &scope));
        let mut settle = |survey: &mut Self, state: Standing, why: String| {
            look.state = state;
            look.why = Some(why);
            survey.settle(key, look.clone());
            None
        };
        if let Some(why) = self.never(step, planned, &evaluated) {
            return settle(self, Standing::NotLookedAt, why.to_owned());
        }
        let account = planned.account.as_ref();
        if let Some((state, why)) = account.and_then(|account| self.closed.get(account)).cloned() {
            return settle(self, state, why);
        }
        let observe = step.observe.as_ref().map(templates).unwrap_or_default();
        let gap = known.gap_in(templates(&step.block)).or_else(|| known.gap_in(observe));
        if let Some(gap) = gap {
            return match gap {
                Gap::New(_) if planned.effect.changes() => {
                    let why = format!("it needs {}", gap.words());
                    match self.without(key, planned, frame, evaluated, &missing) {
                        Some(job) => {
                            self.looks.insert(key.clone(), look.at(job.cx.target.as_ref()));
                            Some(Task { job, kind: Kind::New(why) })
                        }
                        None => settle(self, Standing::NotInPlace, why),
                    }
                }
                gap => settle(self, Standing::NotLookedAt, format!("it needs {}", gap.words())),
            };
        }
        if !planned.effect.changes()
            && let Some(before) = self.changed_before(key)
        {
            let why = format!("it reads what `{}` may change first", before.written());
            return settle(self, Standing::NotLookedAt, why);
        }
        let job = match self.maker().step(key, planned, frame) {
            Ok(job) => job,
            Err(failure) => return settle(self, Standing::WouldStop, failure.message),
        };
        // An expectation that cannot be evaluated yet is the run's to judge.
        let mut job = job;
        job.block
            .options
            .expect
            .retain(|text| known.gap(&text.value, crate::expr::Form::Bare).is_none());
        self.looks.insert(key.clone(), look.at(job.cx.target.as_ref()));
        let kind = if planned.effect.changes() {
            Kind::Effect(self.maker().look(key, planned, frame))
        } else {
            Kind::Read
        };
        Some(Task { job, kind })
    }

    /// What is known of a step without looking.
    fn about(&self, step: &Step, known: &Known, (evaluated, scope): (&Values, &Values)) -> Look {
        let block = &step.block;
        let mut look = Look::new(Standing::NotLookedAt, None);
        look.inputs = known.shown(block, scope, &self.world.masker);
        if let Body::Action { uses, .. } = &block.body
            && let Some(action) = self.world.actions.get(&uses.value)
        {
            look.pins = action.pins(evaluated);
        }
        let say = |text: &str| known.sentence(text, scope, &self.world.masker);
        look.confirm = block.options.confirm.as_ref().map(|text| say(&text.value));
        look.owes = block
            .options
            .obligation
            .as_ref()
            .map(|owed| format!("{} (due {})", say(&owed.text.value), say(&owed.due.value)));
        look
    }

    /// Why a step is never looked at before a run.
    fn never(&self, step: &Step, planned: &Planned, inputs: &Values) -> Option<&'static str> {
        let trusted = self.how.trust_reads;
        match &step.block.body {
            Body::Action { uses, .. } if uses.value.starts_with("manual/") => {
                return Some("a person does it");
            }
            Body::Action { uses, .. } if uses.value == "wait/for" => return Some("it only waits"),
            _ => {}
        }
        if !planned.effect.changes() {
            let certain = self.reads_for_certain(&step.block, inputs);
            return match &step.block.body {
                _ if certain || trusted => None,
                Body::Script { .. } => Some("it is a script"),
                Body::Action { .. } => Some("only its author says that it reads"),
            };
        }
        match &step.observe {
            Some(_) if trusted => None,
            Some(Block { body: Body::Script { .. }, .. }) => {
                Some("its `observe=` block is a script")
            }
            Some(block) => (!self.reads_for_certain(block, &Values::new()))
                .then_some("only its author says that its `observe=` block reads"),
            None if self.maker().looks_for_itself(&step.block) => None,
            None => Some(match &step.block.body {
                Body::Script { .. } => "it is a script without an `observe=` block",
                Body::Action { .. } => "it cannot look for its own effect",
            }),
        }
    }

    /// Whether the program itself knows that a block only reads, whatever its author says.
    fn reads_for_certain(&self, block: &Block, inputs: &Values) -> bool {
        let Body::Action { uses, with } = &block.body else { return false };
        let Some(spec) = self.world.catalog.get(&uses.value) else { return false };
        let mut literal = inputs.clone();
        for (name, node) in with {
            if let crate::model::value::NodeKind::Text(text) = &node.kind
                && !text.value.contains("{{")
            {
                literal.insert(name.value.clone(), text.value.clone().into());
            }
        }
        spec.effect.with(&literal) == Effect::Read
    }

    /// A job that looks without the inputs that are still to be made, when its action can.
    fn without(
        &self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
        evaluated: Values,
        missing: &[String],
    ) -> Option<crate::run::perform::Job> {
        let Body::Action { uses, .. } = &planned.step(frame).block.body else { return None };
        let action = self.world.actions.get(&uses.value)?;
        let can = missing.iter().all(|name| action.previews_without().contains(&name.as_str()));
        if !can || planned.step(frame).observe.is_some() {
            return None;
        }
        self.maker().partly(key, planned, frame, evaluated).ok()
    }
}
