//! The loop itself: decide, make it durable, do it, wait, and again.
//!
//! Events are staged while decisions follow from one another, and go down in one write. Effects
//! begin only after that write.

use super::broken::Began;
use super::job::Maker;
use super::looking::Looking;
use super::observe::Look;
use super::perform::{Attempt, Job};
use super::redact::journal_copy;
use super::report::{Reporter, View};
use super::world::{Choice, Ended, Prompter, Wishes, World};
use super::{RunError, health, prepare, undo};
use crate::actions::context::{Report, Stop};
use crate::engine::decide::{Effect, InHand, decide};
use crate::engine::event::Event;
use crate::engine::outcome::{Failure, Observation};
use crate::engine::state::{HealthSeen, RunState, RunStatus, StepStatus};
use crate::model::id::StepKey;
use crate::model::value::Values;
use crate::plan::Plan;
use crate::store::{EnvironmentLock, Journal};
use jiff::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

/// How many reports may wait for the terminal before a script has to.
const REPORTS_IN_FLIGHT: usize = 128;

/// How the outside is told and asked, and how it says stop.
pub struct Io {
    /// Who is told.
    pub reporters: Vec<Box<dyn Reporter>>,
    /// Who can be asked. Nobody: the run is unattended.
    pub prompter: Option<Arc<dyn Prompter>>,
    /// How far the operator wants the run to go.
    pub stop: watch::Receiver<Stop>,
}

/// What a task has to say when it ends.
pub(super) enum Told {
    Prepared(StepKey, Box<Job>, Look, prepare::Preparation),
    Performed(StepKey, Box<Job>, Attempt, Duration),
    Resolved(StepKey, Box<Job>, Result<Observation, Failure>),
    Undone(StepKey, Result<Option<String>, Failure>),
    Probed(Vec<(StepKey, HealthSeen)>),
    Looked(StepKey, Vec<(StepKey, HealthSeen)>, Duration),
    Answered(StepKey, Option<(Values, String)>),
    Chosen(StepKey, Choice),
}

/// Something to begin once the journal has it.
pub(super) enum Launch {
    Prepare(StepKey, Box<Job>, Look, prepare::Wanted),
    Perform(StepKey, Box<Job>, Look),
    Resolve(StepKey, Box<Job>, Look),
    Undo(StepKey, Box<undo::Undoing>),
    Probe(Vec<health::Probe>),
    Look(StepKey, Looking),
    Ask(StepKey),
    Choose(StepKey, String),
}

/// One process's part of one run.
pub(super) struct Driver {
    pub(super) world: World,
    pub(super) plan: Arc<Plan>,
    pub(super) state: RunState,
    /// The same as the journal tells it, without secrets. Whoever shows something sees this one.
    shown: RunState,
    /// The parameters of the run, secret ones included.
    pub(super) params: Values,
    pub(super) wishes: Wishes,
    pub(super) hand: InHand,
    /// Steps that a person has chosen to run, under `--step`.
    pub(super) chosen: BTreeSet<StepKey>,
    /// Single steps to take back before anything else.
    pub(super) undo_first: VecDeque<StepKey>,
    /// Whether the operator asked to take everything back.
    pub(super) undo_wanted: bool,
    pub(super) launches: Vec<Launch>,
    pub(super) io: Io,
    journal: Box<dyn Journal>,
    /// The right to change the environment, for a run that changes anything.
    pub(super) lock: Option<EnvironmentLock>,
    staged: Vec<Event>,
    tasks: JoinSet<Told>,
    saying: mpsc::Sender<(StepKey, Report)>,
    said: mpsc::Receiver<(StepKey, Report)>,
    /// Open questions. They do not keep the run from ending: nobody can take a prompt back.
    prompts: JoinSet<Told>,
    asking: Arc<Mutex<()>>,
    /// The steps with a question that is open on the terminal, or waits for its turn.
    asked: BTreeSet<StepKey>,
    /// Whether anybody can still say stop.
    listening: bool,
    /// When the runbooks that it uses began.
    pub(super) began: Began,
}

impl Driver {
    pub(super) fn new(
        world: World,
        plan: Arc<Plan>,
        state: RunState,
        params: Values,
        wishes: Wishes,
        (journal, lock, io): (Box<dyn Journal>, Option<EnvironmentLock>, Io),
    ) -> Self {
        let (saying, said) = mpsc::channel(REPORTS_IN_FLIGHT);
        let hand = InHand {
            stop_before: wishes.until.iter().cloned().collect(),
            attended: io.prompter.is_some(),
            ..InHand::default()
        };
        Self {
            world,
            plan,
            shown: state.clone(),
            state,
            params,
            wishes,
            hand,
            chosen: BTreeSet::new(),
            undo_first: VecDeque::new(),
            undo_wanted: false,
            launches: Vec::new(),
            io,
            journal,
            lock,
            staged: Vec::new(),
            tasks: JoinSet::new(),
            saying,
            said,
            prompts: JoinSet::new(),
            asking: Arc::new(Mutex::new(())),
            asked: BTreeSet::new(),
            listening: true,
            began: Began::default(),
        }
    }

    /// Goes on until the run stands still or is over, and leaves it and its environment to others.
    ///
    /// After an error neither is left: what the run did then is for its resume to find out.
    pub(super) async fn drive(mut self) -> Result<Ended, RunError> {
        loop {
            if let Some(ended) = self.advance()? {
                self.leave()?;
                return Ok(ended);
            }
            self.wait().await?;
        }
    }

    fn leave(self) -> Result<(), RunError> {
        let Self { journal, lock, .. } = self;
        // The journal goes first: while the lock is held, nobody else can believe that the run is dead.
        journal.close()?;
        Ok(lock.map_or(Ok(()), EnvironmentLock::release)?)
    }

    /// Everything that can be decided now, one durable write, and then the effects.
    fn advance(&mut self) -> Result<Option<Ended>, RunError> {
        loop {
            if *self.io.stop.borrow() >= Stop::Park {
                self.hand.stopping = true;
            }
            self.watch_faults();
            let before = self.staged.len();
            let hand = self.hand.clone();
            for effect in self.next_effects() {
                self.carry_out(effect)?;
                // What was decided before an event need not hold after it.
                if self.staged.len() > before {
                    break;
                }
            }
            // What is in hand is no event, but it decides what comes next: a question that nobody can
            // answer, a step that nobody can resolve, a runbook without health probes.
            if self.staged.len() == before && self.hand == hand {
                break;
            }
        }
        let durable = self.append()?;
        // Effects first: what they wait for passes while somebody is told. A question comes after what led to it.
        let launches = std::mem::take(&mut self.launches);
        let (questions, effects): (Vec<_>, Vec<_>) = launches
            .into_iter()
            .partition(|launch| matches!(launch, Launch::Ask(_) | Launch::Choose(..)));
        effects.into_iter().for_each(|effect| self.begin(effect));
        self.tell(durable)?;
        questions.into_iter().for_each(|question| self.begin(question));
        Ok(self.ended())
    }

    fn next_effects(&mut self) -> Vec<Effect> {
        if self.hand.busy.is_empty()
            && self.state.status == RunStatus::Running
            && let Some(key) = self.undo_first.pop_front()
        {
            return vec![Effect::Undo(key)];
        }
        decide(&self.plan, &self.state, &self.hand)
    }

    fn ended(&self) -> Option<Ended> {
        if !self.tasks.is_empty() {
            return None;
        }
        match self.state.status {
            RunStatus::Paused(cause) => Some(Ended::Paused(cause)),
            RunStatus::Succeeded { healthy } => Some(Ended::Succeeded { healthy }),
            RunStatus::Undone { healthy } => Some(Ended::Undone { healthy }),
            RunStatus::Stuck => Some(Ended::Stuck),
            RunStatus::Aborted => Some(Ended::GivenUp),
            RunStatus::Running | RunStatus::Undoing => None,
        }
    }

    /// Writes the first event of a new run. The state begins with it.
    pub(super) fn record_first(&mut self, first: Event) -> Result<(), RunError> {
        self.staged.push(first);
        let durable = self.append()?;
        self.tell(durable)
    }

    /// Adds an event to the state now, and to the journal with the next write.
    pub(super) fn stage(&mut self, event: Event) -> Result<(), RunError> {
        self.state.apply(&event)?;
        self.staged.push(event);
        Ok(())
    }

    /// Makes what is staged durable. Gives what may be told from now on: when it was written, and what.
    fn append(&mut self) -> Result<Option<(Timestamp, Vec<Event>)>, RunError> {
        if self.staged.is_empty() {
            return Ok(None);
        }
        let at = (self.world.clock)();
        let copies = std::mem::take(&mut self.staged)
            .into_iter()
            .map(|event| journal_copy(event, &self.plan, &self.world.masker, &self.world.withheld))
            .collect::<Vec<_>>();
        self.journal.append(at, &copies)?;
        if let Some(lock) = &mut self.lock {
            lock.keep();
        }
        Ok(Some((at, copies)))
    }

    /// Tells everybody what is durable.
    fn tell(&mut self, durable: Option<(Timestamp, Vec<Event>)>) -> Result<(), RunError> {
        let Some((at, events)) = durable else { return Ok(()) };
        for event in &events {
            match event {
                Event::RunStarted(_) => self.shown = RunState::begin(event)?,
                _ => self.shown.apply(event)?,
            }
        }
        events.iter().for_each(|event| self.began.event(at, event));
        let view = View { plan: &self.plan, state: &self.shown };
        for event in &events {
            for reporter in &mut self.io.reporters {
                reporter.event(at, event, &view);
            }
        }
        Ok(())
    }

    pub(super) fn maker(&self) -> Maker<'_> {
        Maker {
            world: &self.world,
            plan: &self.plan,
            state: &self.state,
            params: &self.params,
            reports: &self.saying,
            stop: &self.io.stop,
            patient: false,
        }
    }

    pub(super) fn note(&mut self, text: &str) {
        let text = self.world.masker.mask(text).into_owned();
        for reporter in &mut self.io.reporters {
            reporter.note(&text);
        }
    }

    fn begin(&mut self, launch: Launch) {
        match launch {
            Launch::Prepare(key, job, look, wanted) => {
                self.tasks.spawn(async move {
                    let preparation = prepare::prepare(&job, &look, wanted).await;
                    Told::Prepared(key, job, look, preparation)
                });
            }
            Launch::Perform(key, job, look) => {
                self.tasks.spawn(async move {
                    let begun = std::time::Instant::now();
                    let attempt = prepare::perform_and_verify(&job, &look).await;
                    Told::Performed(key, job, attempt, begun.elapsed())
                });
            }
            Launch::Resolve(key, job, look) => {
                self.tasks.spawn(async move {
                    let seen = prepare::resolve(&job, &look).await;
                    Told::Resolved(key, job, seen)
                });
            }
            Launch::Undo(key, undoing) => {
                self.tasks.spawn(async move { Told::Undone(key, undoing.undo().await) });
            }
            Launch::Probe(probes) => {
                self.tasks.spawn(async move { Told::Probed(health::probe_all(probes).await) });
            }
            Launch::Look(key, looking) => {
                self.tasks.spawn(async move {
                    let begun = std::time::Instant::now();
                    let seen = looking.look().await;
                    Told::Looked(key, seen, begun.elapsed())
                });
            }
            Launch::Ask(key) => self.begin_asking(key),
            Launch::Choose(key, title) => self.begin_choosing(key, title),
        }
    }

    fn begin_asking(&mut self, key: StepKey) {
        let StepStatus::Waiting(question) = self.state.status_of(&key).clone() else { return };
        // The journal has a copy without secrets. A person at a terminal is shown no more than that.
        let question = question.with_words(|text| self.world.masker.mask(text).into_owned());
        let by = self.world.operator.user.clone();
        self.prompt(&key.clone(), move |prompter| {
            let answer = prompter.ask(&key, &question).map(|values| (values, by));
            Told::Answered(key, answer)
        });
    }

    fn begin_choosing(&mut self, key: StepKey, title: String) {
        self.prompt(&key.clone(), move |prompter| {
            let choice = prompter.before(&key, &title);
            Told::Chosen(key, choice)
        });
    }

    /// Asks on the terminal, one question at a time.
    fn prompt(&mut self, key: &StepKey, ask: impl FnOnce(&dyn Prompter) -> Told + Send + 'static) {
        let Some(prompter) = self.io.prompter.clone() else { return };
        self.asked.insert(key.clone());
        for reporter in &mut self.io.reporters {
            reporter.suspend();
        }
        let asking = Arc::clone(&self.asking);
        self.prompts.spawn(async move {
            let _one_at_a_time = asking.lock().await;
            match tokio::task::spawn_blocking(move || ask(&*prompter)).await {
                Ok(told) => told,
                // A prompter that panics cannot be asked again; the loop ends with the panic's text.
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        });
    }

    /// A question is off the terminal. The display goes on once none is left.
    pub(super) fn resume_display(&mut self, key: &StepKey) {
        self.asked.remove(key);
        if self.asked.is_empty() {
            for reporter in &mut self.io.reporters {
                reporter.resume();
            }
        }
    }

    /// Waits for whatever comes first: a task, an answer, or the operator. What is said meanwhile is passed on. It
    /// decides nothing.
    async fn wait(&mut self) -> Result<(), RunError> {
        let overdue = self.hand.overdue.len();
        let fault_ends = self.watch_faults().map(|left| tokio::time::Instant::now() + left);
        if self.hand.overdue.len() > overdue {
            // One that has ended since the last decision calls for another.
            return Ok(());
        }
        let fault_ended = async move {
            match fault_ends {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(fault_ended);
        loop {
            tokio::select! {
                () = &mut fault_ended => {}
                Some(told) = self.tasks.join_next() => {
                    self.say_what_was_said();
                    self.told(told.map_err(|panic| RunError::Internal(panic.to_string()))?)?;
                }
                Some(told) = self.prompts.join_next() => {
                    self.told(told.map_err(|panic| RunError::Internal(panic.to_string()))?)?;
                }
                Some((step, report)) = self.said.recv() => {
                    self.say(&step, &report);
                    continue;
                }
                changed = self.io.stop.changed(), if self.listening => {
                    self.listening = changed.is_ok();
                    if *self.io.stop.borrow() >= Stop::Park {
                        self.leave_prompts();
                    }
                }
            }
            return Ok(());
        }
    }

    /// A question cannot be taken back from the terminal, but the run need not wait for its answer: it
    /// pauses, and says so.
    fn leave_prompts(&mut self) {
        self.prompts.detach_all();
        for key in std::mem::take(&mut self.asked) {
            self.hand.busy.remove(&key);
            // Only a question of the runbook waits for somebody else then. Whether to run a step does not.
            if self.hand.asking.remove(&key) {
                self.hand.unanswerable.insert(key.clone());
            }
            self.resume_display(&key);
        }
    }

    fn say_what_was_said(&mut self) {
        while let Ok((step, report)) = self.said.try_recv() {
            self.say(&step, &report);
        }
    }

    fn say(&mut self, step: &StepKey, report: &Report) {
        let mask = |text: &str| self.world.masker.mask(text).into_owned();
        let masked = match report {
            // A script's lines are masked where they are put together, and counts have no text.
            Report::Line(_) | Report::Count { .. } => None,
            Report::Waiting(what) => Some(Report::Waiting(mask(what))),
            Report::Resource { name, kind, status, reason } => Some(Report::Resource {
                name: mask(name),
                kind: kind.clone(),
                status: status.clone(),
                reason: reason.as_deref().map(mask),
            }),
        };
        let report = masked.as_ref().unwrap_or(report);
        for reporter in &mut self.io.reporters {
            reporter.report(step, report);
        }
    }
}
