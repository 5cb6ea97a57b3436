//! Which health probes a run has, and what their answers mean.

use super::RunError;
use super::driver::{Driver, Launch};
use super::health::Probe;
use crate::engine::event::Event;
use crate::engine::state::{HealthSeen, StepStatus};
use crate::model::id::StepKey;
use crate::plan::Frame;
use std::sync::Arc;

impl Driver {
    /// Puts the probes up: those of the runbook itself, and those of every runbook that it ran.
    pub(super) fn probe_health(&mut self) {
        if let Some(probes) = self.last_probes() {
            return self.put_up(probes);
        }
        let plan = Arc::clone(&self.plan);
        let mut frames: Vec<(Option<StepKey>, &Frame)> = vec![(None, &plan.root)];
        for (key, step) in &self.state.steps {
            let ran = !matches!(step.status, StepStatus::Skipped(_)) && step.params.is_some();
            if let Some(inner) =
                plan.find(key).and_then(|(planned, _)| planned.calls.as_deref()).filter(|_| ran)
            {
                frames.push((Some(key.clone()), inner));
            }
        }
        let maker = self.maker();
        let mut probes = Vec::new();
        for (outer, frame) in frames {
            for health in &frame.book.health {
                let id = &health.block.id.value;
                let key = outer.as_ref().map_or_else(|| StepKey::top(id), |outer| outer.child(id));
                let job = maker.probe(&key, outer.as_ref(), frame, &health.block).map(Box::new);
                probes.push(Probe { key, job });
            }
        }
        self.put_up(probes);
    }

    fn put_up(&mut self, probes: Vec<Probe>) {
        if probes.is_empty() {
            self.hand.health_probed = true;
            return;
        }
        self.hand.busy.extend(probes.iter().map(|probe| probe.key.clone()));
        self.launches.push(Launch::Probe(probes));
    }

    pub(super) fn probed(&mut self, probes: Vec<(StepKey, HealthSeen)>) -> Result<(), RunError> {
        for (probe, seen) in probes {
            self.hand.busy.remove(&probe);
            let HealthSeen { healthy, detail, took_ms } = seen;
            self.stage(Event::HealthProbed { probe, healthy, detail, took_ms })?;
        }
        // An answer that was cut short by the operator is no answer.
        self.hand.health_probed = !self.hand.stopping;
        Ok(())
    }
}
