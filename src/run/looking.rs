//! The steps of a drill that look at health: the steady state, the fault that must show, and the recovery.

use super::driver::{Driver, Launch};
use super::health::{self, Probe};
use super::job::Maker;
use super::{RunError, inputs, params};
use crate::engine::event::{Event, StepStarted};
use crate::engine::outcome::{Failure, Memo, Stage};
use crate::engine::state::HealthSeen;
use crate::model::drill::Part;
use crate::model::id::StepKey;
use crate::model::value::{Value, Values};
use crate::plan::{Frame, Planned, Probed, digest_of};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A look at health that is a step: what it looks with, and what it wants to see.
pub(super) struct Looking {
    probes: Vec<Probe>,
    wants: Wants,
}

/// What is wanted of health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// Every probe holds for its time.
    Health,
    /// At least one does not hold.
    Sickness,
}

impl Looking {
    /// Looks until it has seen what is wanted, or the time for it is over.
    pub(super) async fn look(self) -> Vec<(StepKey, HealthSeen)> {
        match self.wants {
            Wants::Health => health::probe_all(self.probes).await,
            Wants::Sickness => health::until_one_fails(self.probes).await,
        }
    }
}

impl Driver {
    /// Puts a look at health up. Gives the start of its step.
    pub(super) fn begin_look(&mut self, key: &StepKey, planned: &Planned) -> Event {
        let probes = self.maker().probes_of(key, planned);
        let wants =
            if planned.part == Some(Part::Expect) { Wants::Sickness } else { Wants::Health };
        let names: Vec<&str> = planned.probes.iter().map(|p| p.frame.book.name.as_str()).collect();
        let inputs = digest_of(&names.join(" "));
        self.launch(key, Launch::Look(key.clone(), Looking { probes, wants }));
        Event::StepStarted(Box::new(StepStarted {
            step: key.clone(),
            attempt: self.state.step(key).map_or(0, |step| step.attempts) + 1,
            account: None,
            inputs,
            memo: Memo::Null,
        }))
    }

    /// What a look has seen, as the end of its step.
    pub(super) fn looked(
        &mut self,
        step: StepKey,
        seen: Vec<(StepKey, HealthSeen)>,
        took: Duration,
    ) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let part = plan.find(&step).and_then(|(planned, _)| planned.part);
        let healthy = seen.iter().all(|(_, seen)| seen.healthy);
        let fits = healthy != (part == Some(Part::Expect));
        if !fits && self.hand.stopping {
            // An answer that was cut short by the operator is no answer.
            return self.stage(Event::StepParked { step });
        }
        let outputs = outputs(&step, &seen, healthy);
        if fits {
            let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            return self.stage(Event::StepSucceeded { step, outputs, took_ms });
        }
        let failure = Failure::new(Stage::Verification, message(part, &step, &seen));
        self.stage(Event::StepFailed { step, failure, outputs: Some(outputs) })
    }

    /// The probes of a drill at its end: those of its steady state.
    pub(super) fn last_probes(&self) -> Option<Vec<Probe>> {
        let mut steps = self.plan.root.steps.iter();
        let steady = steps.find(|planned| planned.part == Some(Part::Steady))?;
        // In the journal they have the names that the probes of the runbooks have in every run.
        let frames = steady.probes.iter().map(|probed| (probed, self.maker().outer_of(probed)));
        let mut probes = Vec::new();
        for (probed, outer) in frames {
            for health in &probed.frame.book.health {
                let id = &health.block.id.value;
                let key = outer.as_ref().map_or_else(
                    || {
                        let book = &probed.frame.book.name;
                        StepKey::from_text(format!("{}/{book}/{id}", steady.id))
                    },
                    |outer| outer.child(id),
                );
                let job = self.maker().probe_of(&key, probed, &health.block).map(Box::new);
                probes.push(Probe { key, job });
            }
        }
        Some(probes)
    }
}

impl Maker<'_> {
    /// The probes that a step looks with.
    fn probes_of(&self, key: &StepKey, planned: &Planned) -> Vec<Probe> {
        let mut probes = Vec::new();
        for probed in &planned.probes {
            let book = &probed.frame.book;
            for health in &book.health {
                let key =
                    StepKey::from_text(format!("{key}/{}/{}", book.name, health.block.id.value));
                let job = self.probe_of(&key, probed, &health.block).map(Box::new);
                probes.push(Probe { key, job });
            }
        }
        probes
    }

    fn probe_of(
        &self,
        key: &StepKey,
        probed: &Probed,
        block: &crate::model::step::Block,
    ) -> Result<super::perform::Job, Failure> {
        if let Some(outer) = self.outer_of(probed) {
            return self.probe(key, Some(&outer), &probed.frame, block);
        }
        let params = self.given(probed)?;
        self.probe_in(key, self.scopes().before(params), &probed.frame, block)
    }

    /// The step that has run the runbook, when one has begun to.
    fn outer_of(&self, probed: &Probed) -> Option<StepKey> {
        let key = StepKey::top(&self.plan.root.steps.get(probed.run?)?.id);
        self.state.step(&key)?.params.as_ref()?;
        Some(key)
    }

    /// The parameters that the runbook will be run with.
    fn given(&self, probed: &Probed) -> Result<Values, Failure> {
        let root: &Frame = &self.plan.root;
        let scope = self.scopes().frame(None);
        let given = match probed.run.and_then(|at| root.steps.get(at)) {
            Some(planned) => {
                let block = &planned.step(root).block;
                inputs::inputs(block, &root.book.source, &scope, &self.world.catalog)?
            }
            None => Values::new(),
        };
        let given = given.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
        params::complete(&probed.frame.book, given, &scope)
    }
}

/// The name of a probe within its step.
fn short<'a>(step: &StepKey, probe: &'a StepKey) -> &'a str {
    let rest = probe.as_str().strip_prefix(step.as_str());
    rest.and_then(|rest| rest.strip_prefix('/')).unwrap_or(probe.as_str())
}

fn outputs(step: &StepKey, seen: &[(StepKey, HealthSeen)], healthy: bool) -> Values {
    let probes: Values = seen
        .iter()
        .map(|(probe, seen)| {
            let HealthSeen { healthy, detail, took_ms } = seen;
            let seen = json!({ "healthy": healthy, "detail": detail, "took_ms": took_ms });
            (short(step, probe).to_owned(), seen)
        })
        .collect();
    Values::from_iter([
        ("healthy".to_owned(), Value::Bool(healthy)),
        ("probes".to_owned(), Value::Object(probes)),
    ])
}

fn message(part: Option<Part>, step: &StepKey, seen: &[(StepKey, HealthSeen)]) -> String {
    let told = |wanted: bool| {
        let told = seen.iter().filter(|(_, seen)| seen.healthy == wanted).map(|(probe, seen)| {
            let detail = if seen.detail.is_empty() { "it holds" } else { &seen.detail };
            format!("{}: {detail}", short(step, probe))
        });
        told.collect::<Vec<_>>().join("; ")
    };
    match part {
        Some(Part::Expect) => format!("the fault does not show ({})", told(true)),
        Some(Part::Steady) => format!("all is not well before the drill ({})", told(false)),
        _ => format!("health was not reached ({})", told(false)),
    }
}
