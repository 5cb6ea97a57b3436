//! Goes through a plan and looks at every step that can be looked at.
//!
//! It keeps a run's state in memory, fed with what the looks find, so that expressions see exactly
//! what they will see in the run. Nothing of it is journaled: it is no run.

use super::How;
use super::known::{Gap, Known, steps_read};
use super::look::{Found, Look, Standing, Task};
use crate::actions::context::{Report, Stop};
use crate::engine::event::{Event, SkipReason};
use crate::engine::state::RunState;
use crate::expr::Form;
use crate::model::id::{AccountName, StepKey};
use crate::model::runbook::Runbook;
use crate::model::value::Values;
use crate::plan::{Frame, Plan, Planned};
use crate::run::job::Maker;
use crate::run::scope::{self, outer};
use crate::run::world::World;
use crate::run::{inputs, params, redact, steps};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};

/// How many looks are under way at once. AWS answers that many readers without throttling them.
const AT_ONCE: usize = 8;
/// How many elements of a loop are looked at. More would tell nobody more.
const MOST_ELEMENTS: usize = 100;

/// One pass over a plan.
pub(super) struct Survey<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Arc<Plan>,
    pub(super) how: How,
    pub(super) state: RunState,
    pub(super) params: &'a Values,
    /// The parameters that are secret, as `params.NAME`.
    pub(super) secrets: BTreeSet<String>,
    /// Accounts that no step is looked at in, with the reason, and whether a run would be refused.
    pub(super) closed: BTreeMap<AccountName, (Standing, String)>,
    pub(super) reports: mpsc::Sender<(StepKey, Report)>,
    pub(super) stop: watch::Receiver<Stop>,
    pub(super) looks: BTreeMap<StepKey, Look>,
    pub(super) books: BTreeMap<StepKey, Inner>,
    pub(super) gaps: BTreeMap<StepKey, Gap>,
    pub(super) done: BTreeSet<StepKey>,
    pub(super) waiting: Vec<StepKey>,
    pub(super) open: Vec<StepKey>,
}

/// What is known of the parameters of a runbook that a step runs.
#[derive(Default)]
pub(super) struct Inner {
    gaps: BTreeMap<String, Gap>,
    secrets: BTreeSet<String>,
}

type Running = FuturesUnordered<BoxFuture<'static, (StepKey, Found)>>;

impl Survey<'_> {
    /// Looks at everything. Says whether the operator let it end.
    pub(super) async fn go(&mut self) -> bool {
        let plan = Arc::clone(self.plan);
        self.enter(None, &plan.root);
        let (mut running, permits) = (Running::new(), Arc::new(Semaphore::new(AT_ONCE)));
        let mut stop = self.stop.clone();
        loop {
            self.advance(&permits, &mut running);
            let stopped = async {
                if stop.wait_for(|stop| *stop >= Stop::Park).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                found = running.next() => match found {
                    Some((key, found)) => self.found(&key, found),
                    None => break,
                },
                () = stopped => return self.stopped(running).await,
            }
        }
        // What `check` lets through does not wait for itself.
        for key in std::mem::take(&mut self.waiting) {
            self.settle(&key, Look::new(Standing::NotLookedAt, "it waits for itself".to_owned()));
        }
        true
    }

    /// A look that made a change set still has to delete it. A second wish to stop leaves it.
    async fn stopped(&self, mut running: Running) -> bool {
        if self.how.looking.change_sets {
            let mut stop = self.stop.clone();
            tokio::select! {
                () = async { while running.next().await.is_some() {} } => {}
                _ = stop.wait_for(|stop| *stop >= Stop::Now) => {}
            }
        }
        false
    }

    fn enter(&mut self, outer: Option<&StepKey>, frame: &Frame) {
        for planned in &frame.steps {
            let key =
                outer.map_or_else(|| StepKey::top(&planned.id), |outer| outer.child(&planned.id));
            self.waiting.push(key);
        }
    }

    /// Decides about every step that can be decided about now.
    fn advance(&mut self, permits: &Arc<Semaphore>, running: &mut Running) {
        loop {
            self.close_groups();
            let waiting = std::mem::take(&mut self.waiting);
            let (ready, waiting): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|key| self.is_ready(key));
            self.waiting = waiting;
            if ready.is_empty() {
                return;
            }
            for key in ready {
                if let Some(task) = self.decide(&key) {
                    let (permits, how) = (Arc::clone(permits), self.how.looking);
                    running.push(Box::pin(async move {
                        // The semaphore is never closed.
                        let _permit = permits.acquire_owned().await;
                        (key, task.look(how).await)
                    }));
                }
            }
        }
    }

    /// Whether everything is decided that decides about this step.
    fn is_ready(&self, key: &StepKey) -> bool {
        let Some((planned, frame)) = self.plan.find(key) else { return true };
        let step = planned.step(frame);
        let (mut ids, mut any) = steps_read(&step.block);
        if let Some(observe) = &step.observe {
            let (more, too) = steps_read(observe);
            ids.extend(more);
            any |= too;
        }
        // What reads comes after what was changed before it.
        any |= !planned.effect.changes();
        let sibling = |id: &str| sibling(key, id);
        ids.iter().all(|id| {
            !frame.steps.iter().any(|other| other.id.as_str() == id)
                || self.done.contains(&sibling(id))
        }) && (!any || self.before(key).iter().all(|before| self.done.contains(before)))
    }

    /// The steps that certainly come before this one: what it needs, earlier elements of its loop, and
    /// the same for every step that it stands in.
    fn before(&self, key: &StepKey) -> BTreeSet<StepKey> {
        let mut found = BTreeSet::new();
        let mut inside = Some(key.clone());
        while let Some(key) = inside {
            if let (Some((looped, index)), Some((planned, _))) =
                (scope::element(&key), self.plan.find(&key))
                && planned.elements_at_once == Some(1)
            {
                found.extend((0..index).map(|index| looped.element(index)));
            }
            if let Some((planned, frame)) = self.plan.find(&key) {
                let mut open = planned.needs.clone();
                while let Some(index) = open.pop() {
                    let need = &frame.steps[index];
                    if found.insert(sibling(&key, need.id.as_str())) {
                        open.extend(&need.needs);
                    }
                }
            }
            inside = outer(&key);
        }
        found
    }

    /// A step that comes before and may still change what this one reads.
    pub(super) fn changed_before(&self, key: &StepKey) -> Option<StepKey> {
        self.before(key).into_iter().find(|before| self.may_change(before))
    }

    fn may_change(&self, key: &StepKey) -> bool {
        let Some((planned, _)) = self.plan.find(key) else { return false };
        match self.looks.get(key).map(|look| look.state) {
            Some(Standing::InPlace | Standing::Skipped | Standing::Read) => false,
            Some(Standing::Group) => self
                .looks
                .keys()
                .filter(|other| is_child(other, key))
                .any(|other| self.may_change(other)),
            _ => planned.effect.changes(),
        }
    }

    /// What the blocks that stand beside this step can see.
    pub(super) fn known(&self, key: &StepKey, frame: &Frame) -> Known {
        let mut known = Known::default();
        for planned in &frame.steps {
            let id = planned.id.as_str();
            if let Some(gap) = self.gaps.get(&sibling(key, id)) {
                known.steps.insert(id.to_owned(), gap.clone());
            }
            let step = planned.step(frame);
            let blocks = [Some(&step.block), step.observe.as_ref()];
            let secrets = blocks.into_iter().flatten().flat_map(|block| &block.options.secrets);
            known.secrets.extend(secrets.map(|name| format!("steps.{id}.{}", name.value)));
        }
        match outer(key).and_then(|outer| self.books.get(&outer)) {
            Some(inner) => {
                known.params.clone_from(&inner.gaps);
                known.secrets.extend(inner.secrets.iter().cloned());
            }
            None => known.secrets.extend(self.secrets.iter().cloned()),
        }
        let step = self.plan.find(key).map(|(planned, frame)| planned.step(frame));
        if let Some(list) = step.and_then(|step| step.block.options.for_each.as_ref())
            && !known.secrets_in(&list.value, Form::Bare).is_empty()
        {
            known.secrets.insert("item".to_owned());
        }
        known
    }

    pub(super) fn maker(&self) -> Maker<'_> {
        Maker {
            world: self.world,
            plan: self.plan,
            state: &self.state,
            params: self.params,
            reports: &self.reports,
            stop: &self.stop,
            patient: false,
        }
    }

    /// What a step will do: be skipped, open, be looked at by a task, or none of it.
    fn decide(&mut self, key: &StepKey) -> Option<Task> {
        let plan = Arc::clone(self.plan);
        let (planned, frame) = plan.find(key)?;
        let options = &planned.step(frame).block.options;
        let source = &frame.book.source;
        let known = self.known(key, frame);
        let scope = self.maker().scopes().of(key);
        let is_element = scope::element(key).is_some();
        if let Some(condition) = options.condition.as_ref().filter(|_| !is_element) {
            if let Some(gap) = known.gap(&condition.value, Form::Bare) {
                let why = format!("whether it runs depends on {}", gap.words());
                self.settle(key, Look::new(Standing::NotLookedAt, why));
                return None;
            }
            match inputs::holds(condition, source, &scope) {
                Ok(true) => {}
                Ok(false) => {
                    let expression = condition.value.trim().to_owned();
                    self.skip(key, SkipReason::Condition { expression });
                    return None;
                }
                Err(failure) => {
                    self.settle(key, Look::new(Standing::WouldStop, failure.message));
                    return None;
                }
            }
        }
        if let Some(list) = options.for_each.as_ref().filter(|_| !is_element) {
            if let Some(gap) = known.gap(&list.value, Form::Bare) {
                let why = format!("its list needs {}", gap.words());
                self.settle(key, Look::new(Standing::NotLookedAt, why));
                return None;
            }
            let opened = inputs::value(list, source, &scope)
                .and_then(|list| steps::loop_of(key, list, options.allows_empty()));
            self.open_loop(key, opened);
            return None;
        }
        if let Some(inner) = &planned.calls {
            self.open_book(key, planned, frame, inner, &known);
            return None;
        }
        self.leaf(key, planned, frame, &known)
    }

    fn skip(&mut self, key: &StepKey, reason: SkipReason) {
        let why = match &reason {
            SkipReason::Condition { expression } => format!("`{expression}` does not hold"),
            _ => "its list is empty".to_owned(),
        };
        self.apply(&Event::StepSkipped { step: key.clone(), reason });
        self.settle(key, Look::new(Standing::Skipped, why));
    }

    fn open_loop(&mut self, key: &StepKey, opened: Result<Event, crate::engine::outcome::Failure>) {
        match opened {
            Ok(Event::StepSkipped { reason, .. }) => self.skip(key, reason),
            Ok(event) => {
                let Event::StepOpened { items, .. } = &event else { return };
                let count = items.as_ref().map_or(0, Vec::len);
                self.apply(&event);
                let why = (count > MOST_ELEMENTS).then(|| {
                    format!("only the first {MOST_ELEMENTS} of {count} elements were looked at")
                });
                let look = Look { elements: Some(count), ..Look::new(Standing::Group, why) };
                self.looks.insert(key.clone(), look);
                self.waiting.extend((0..count.min(MOST_ELEMENTS)).map(|index| key.element(index)));
                self.open.push(key.clone());
            }
            Err(failure) => self.settle(key, Look::new(Standing::WouldStop, failure.message)),
        }
    }

    fn open_book(
        &mut self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
        inner: &Frame,
        known: &Known,
    ) {
        let block = &planned.step(frame).block;
        let scope = self.maker().scopes().of(key);
        let given = super::known::inputs(block).iter().find(|(name, _)| name.value == "params");
        let entries = match given.map(|(_, node)| &node.kind) {
            Some(crate::model::value::NodeKind::Mapping(entries)) => entries.as_slice(),
            _ => &[],
        };
        let (mut values, mut about) = (Values::new(), Inner::default());
        for (name, node) in entries {
            let mut texts = Vec::new();
            super::known::texts(node, &mut texts);
            if texts.iter().any(|text| !known.secrets_in(&text.value, Form::Template).is_empty()) {
                about.secrets.insert(format!("params.{}", name.value));
            }
            match (known.gap_in(texts), crate::expr::render_node(node, &scope)) {
                (Some(gap), _) => drop(about.gaps.insert(name.value.clone(), gap)),
                (None, Ok(value)) => drop(values.insert(name.value.clone(), value)),
                (None, Err(error)) => {
                    self.settle(key, Look::new(Standing::WouldStop, error.message));
                    return;
                }
            }
        }
        let shown = known.shown(block, &scope, &self.world.masker);
        about.secrets.extend(secret_params(&inner.book));
        match params::partly(&inner.book, values, &about.gaps.keys().cloned().collect(), &scope) {
            Ok(params) => {
                let step = key.clone();
                self.apply(&Event::StepOpened { step, items: None, params: Some(params) });
                let look = Look { inputs: shown, ..Look::new(Standing::Group, None) };
                self.looks.insert(key.clone(), look);
                self.books.insert(key.clone(), about);
                self.enter(Some(key), inner);
                self.open.push(key.clone());
            }
            Err(failure) => self.settle(key, Look::new(Standing::WouldStop, failure.message)),
        }
    }

    /// Takes what a task found.
    fn found(&mut self, key: &StepKey, found: Found) {
        let plan = Arc::clone(self.plan);
        let Some((planned, frame)) = plan.find(key) else { return };
        let Found { state, why, outputs, preview } = found;
        if let Some(outputs) = outputs {
            let step = planned.step(frame);
            let blocks = [Some(&step.block), step.observe.as_ref()];
            let names = blocks.into_iter().flatten().flat_map(|block| &block.options.secrets);
            redact::register(&outputs, names.map(|name| name.value.as_str()), &self.world.masker);
            self.apply(&Event::StepInPlace { step: key.clone(), outputs });
        }
        let masker = &self.world.masker;
        let why = why.map(|why| masker.mask(&why).into_owned());
        let preview = serde_json::to_value(&preview)
            .map(|value| masker.mask_value(value))
            .and_then(serde_json::from_value)
            .unwrap_or_default();
        let before = self.looks.remove(key).unwrap_or_else(|| Look::new(state, None));
        self.settle(key, Look { state, why, preview, ..before });
    }

    /// Notes what became of a step, and what others can know of it.
    pub(super) fn settle(&mut self, key: &StepKey, look: Look) {
        // Elements of a loop say the same of the same step.
        let name = key.written();
        let needs = |why: &str| Some(Gap::Needs(format!("the output of `{name}`, {why}")));
        let gap = match look.state {
            Standing::InPlace | Standing::Read | Standing::Skipped | Standing::Group => None,
            Standing::NotInPlace if self.makes_new(key) => Some(Gap::New(name)),
            Standing::NotInPlace => needs("which does not exist yet"),
            Standing::WouldStop => needs("where a run would stop"),
            Standing::CannotTell => needs("which could not be told"),
            Standing::NotLookedAt => needs("which only the run will know"),
        };
        self.gaps.extend(gap.map(|gap| (key.clone(), gap)));
        self.looks.insert(key.clone(), look);
        self.done.insert(key.clone());
    }

    fn makes_new(&self, key: &StepKey) -> bool {
        let Some((planned, frame)) = self.plan.find(key) else { return false };
        match &planned.step(frame).block.body {
            crate::model::step::Body::Action { uses, .. } => {
                self.world.actions.get(&uses.value).is_some_and(|action| action.makes_new())
            }
            crate::model::step::Body::Script { .. } => false,
        }
    }

    /// Closes the loops and sub-runbooks whose children are all decided, the innermost first.
    fn close_groups(&mut self) {
        while let Some(at) = self.open.iter().rposition(|key| self.is_complete(key)) {
            let key = self.open.remove(at);
            let known = self.children(&key).iter().all(|child| !self.gaps.contains_key(child))
                && self.looks.get(&key).is_some_and(|look| look.why.is_none());
            if known {
                let outputs = scope::outputs_of_group(self.plan, &self.state, &key);
                self.apply(&Event::StepSucceeded { step: key.clone(), outputs, took_ms: 0 });
            } else {
                let gap = Gap::Needs(format!(
                    "the outputs of `{}`, which are not all known",
                    key.written()
                ));
                self.gaps.insert(key.clone(), gap);
            }
            self.done.insert(key);
        }
    }

    fn is_complete(&self, key: &StepKey) -> bool {
        self.children(key).iter().all(|child| self.done.contains(child))
    }

    fn children(&self, key: &StepKey) -> Vec<StepKey> {
        if let Some(items) = self.state.step(key).and_then(|step| step.items.as_ref()) {
            return (0..items.len().min(MOST_ELEMENTS)).map(|index| key.element(index)).collect();
        }
        let inner = self.plan.find(key).and_then(|(planned, _)| planned.calls.as_deref());
        inner.map_or_else(Vec::new, |frame| {
            frame.steps.iter().map(|step| key.child(&step.id)).collect()
        })
    }

    /// The transition table knows every event that is made here; one that it refused would only leave
    /// a name without a value.
    fn apply(&mut self, event: &Event) {
        if let Err(illegal) = self.state.apply(event) {
            tracing::warn!(%illegal, "a look ahead");
        }
    }
}

/// The key of the step of that id in the same runbook.
pub(super) fn sibling(key: &StepKey, id: &str) -> StepKey {
    match outer(key) {
        Some(outer) => StepKey::from_text(format!("{outer}/{id}")),
        None => StepKey::from_text(id),
    }
}

/// Whether a key stands directly in a loop or a sub-runbook.
fn is_child(key: &StepKey, of: &StepKey) -> bool {
    scope::element(key).is_some_and(|(looped, _)| looped == *of) || outer(key).as_ref() == Some(of)
}

/// The parameters of a runbook that are secret, as expressions name them.
pub(super) fn secret_params(book: &Runbook) -> BTreeSet<String> {
    let secret = book.front.params.iter().filter(|param| param.secret);
    secret.map(|param| format!("params.{}", param.name.value)).collect()
}
