//! The decisions of a drill: what is broken is mended, whatever happens on the way.

use super::decide::{Effect, InHand, decide};
use super::event::{Event, PauseCause, RunStarted, StepStarted};
use super::faults::Faults;
use super::outcome::{Failure, Memo, Stage};
use super::state::{RunState, RunStatus, StepStatus};
use crate::actions::catalog::catalog;
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::value::Values;
use crate::plan::{Plan, build};
use std::sync::Arc;

const DRILL: &str = "title: T\nsummary: S\nowner: o\nenvironment: x\nscenario:\n  - fault: lost\n  - incident: Gone\n  - expect: { unhealthy: restore }\n  - run: restore\n  - recovered: [restore]\n";

const FAULT: &str = "---\ntitle: T\nsummary: S\nowner: o\ntags: [fault]\nparams:\n  max_duration: { type: duration, default: 1h }\n---\n\n```bash step=one\ntrue\n```\n\n```bash undo=one\ntrue\n```\n\n```bash step=two\ntrue\n```\n\n```bash undo=two\ntrue\n```\n";

const RESTORE: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n\n```bash step=back\ntrue\n```\n\n```bash undo=back\ntrue\n```\n\n```bash health=well\ntrue\n```\n";

fn plan() -> Plan {
    let (drill, found) = crate::parse::drill("drills/t", "drills/t.yaml", DRILL);
    assert_eq!(found, []);
    let book = |name: &str| {
        let text = match name {
            "faults/lost" => FAULT,
            "restore" => RESTORE,
            _ => return None,
        };
        Some(Arc::new(crate::parse::runbook(name, name, text).0))
    };
    build(&Arc::new(drill), &catalog(), &book).expect("a plan")
}

fn began() -> RunState {
    let first = Event::RunStarted(Box::new(RunStarted {
        run: RunId::from_text("r"),
        runbook: "drills/t".to_owned(),
        texts: [].into(),
        steps: [].into(),
        params: Values::new(),
        secret_params: Vec::new(),
        environment: "x".to_owned(),
        mode: Mode::Drill,
        operator: super::event::Operator::default(),
        tool: "0".to_owned(),
        accounts: [].into(),
        reason: None,
    }));
    RunState::begin(&first).expect("a run")
}

fn key(text: &str) -> StepKey {
    StepKey::from_text(text)
}

fn failed(step: StepKey) -> Event {
    let failure = Failure::new(Stage::Verification, "no");
    Event::StepFailed { step, failure, outputs: None }
}

/// A world in which steps end as it is told.
struct World<'a> {
    plan: &'a Plan,
    state: RunState,
    hand: InHand,
    /// What was done, in words.
    log: Vec<String>,
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self { plan, state: began(), hand: InHand::default(), log: Vec::new() }
    }

    fn apply(&mut self, event: &Event) {
        self.state.apply(event).expect("a legal event");
    }

    /// Goes on until it stands still. The steps in `bad` fail, and undos of those in `stuck` fail.
    fn go_on(&mut self, bad: &[&str], stuck: &[&str]) {
        for _ in 0..200 {
            let Some(effect) = decide(self.plan, &self.state, &self.hand).into_iter().next() else {
                return;
            };
            self.carry_out(effect, bad, stuck);
        }
        panic!("it never stands still: {:?}", self.log);
    }

    fn carry_out(&mut self, effect: Effect, bad: &[&str], stuck: &[&str]) {
        match effect {
            Effect::Prepare(step) => {
                let calls = self.plan.find(&step).is_some_and(|(one, _)| one.calls.is_some());
                if calls {
                    let params = Some(Values::new());
                    return self.apply(&Event::StepOpened { step, items: None, params });
                }
                self.log.push(format!("+{step}"));
                let attempt = self.state.step(&step).map_or(0, |step| step.attempts) + 1;
                self.apply(&Event::StepStarted(Box::new(StepStarted {
                    step: step.clone(),
                    attempt,
                    account: None,
                    inputs: String::new(),
                    memo: Memo::Null,
                })));
                let ended = if bad.contains(&step.as_str()) {
                    failed(step)
                } else {
                    Event::StepSucceeded { step, outputs: Values::new(), took_ms: 1 }
                };
                self.apply(&ended);
            }
            Effect::Close(step) => {
                self.apply(&Event::StepSucceeded { step, outputs: Values::new(), took_ms: 0 });
            }
            Effect::Undo(step) => {
                self.log.push(format!("-{step}"));
                self.apply(&Event::UndoStarted { step: step.clone() });
                if stuck.contains(&step.as_str()) {
                    self.hand.unresolvable.insert(step.clone());
                    let failure = Failure::new(Stage::Invocation, "no");
                    self.apply(&Event::UndoFailed { step, failure });
                } else {
                    self.apply(&Event::UndoSucceeded { step, note: None });
                }
            }
            Effect::ProbeHealth => self.hand.health_probed = true,
            Effect::Succeed => self.apply(&Event::RunSucceeded { healthy: true }),
            Effect::Pause(cause) => self.apply(&Event::RunPaused { cause }),
            Effect::GiveUp(reason) => self.apply(&Event::RunAborted { reason }),
            other => panic!("{other:?}"),
        }
    }

    fn standing(&self) -> usize {
        Faults::of(self.plan, &self.state).standing().count()
    }

    fn resume(&mut self) {
        self.hand = InHand::default();
        let operator = super::event::Operator::default();
        self.apply(&Event::RunResumed { operator, reason: None, revised: None });
    }
}

const WHOLE: [&str; 10] = [
    "+steady_state",
    "+break_lost/one",
    "+break_lost/two",
    "+incident",
    "+shows",
    "+restore/back",
    "+recovered",
    "-break_lost/two",
    "-break_lost/one",
    "+mend",
];

#[test]
fn what_was_broken_is_mended_once_it_has_recovered() {
    let plan = plan();
    let mut world = World::new(&plan);
    world.go_on(&[], &[]);
    assert_eq!(world.log, WHOLE);
    assert_eq!(world.state.status, RunStatus::Succeeded { healthy: true });
}

#[test]
fn what_was_broken_is_mended_when_any_step_fails() {
    let plan = plan();
    for bad in ["incident", "restore/back", "recovered", "mend"] {
        let mut world = World::new(&plan);
        world.go_on(&[bad], &[]);
        assert_eq!(world.standing(), 0, "{bad}: {:?}", world.log);
        assert_eq!(world.state.status, RunStatus::Paused(PauseCause::Failure), "{bad}");
        assert!(world.log.contains(&"-break_lost/one".to_owned()), "{bad}: {:?}", world.log);
        assert!(!world.log.contains(&"-restore/back".to_owned()), "{bad}: {:?}", world.log);
    }
}

#[test]
fn nothing_is_judged_when_all_was_not_well_before_or_nothing_shows() {
    let plan = plan();
    let mut world = World::new(&plan);
    world.go_on(&["steady_state"], &[]);
    assert_eq!(world.log, ["+steady_state"]);
    assert_eq!(world.state.status, RunStatus::Aborted);
    let mut world = World::new(&plan);
    world.go_on(&["shows"], &[]);
    assert_eq!(world.log.last().expect("one"), "-break_lost/one");
    assert_eq!((world.state.status, world.standing()), (RunStatus::Aborted, 0));
    // A fault that was made in part shows nothing either.
    let mut world = World::new(&plan);
    world.go_on(&["break_lost/two"], &[]);
    let log = [
        "+steady_state",
        "+break_lost/one",
        "+break_lost/two",
        "-break_lost/two",
        "-break_lost/one",
    ];
    assert_eq!(world.log, log);
    assert_eq!((world.state.status, world.standing()), (RunStatus::Aborted, 0));
    // What cannot be mended needs hands, and such a run is not over.
    let mut world = World::new(&plan);
    world.go_on(&["shows"], &["break_lost/two"]);
    assert_eq!(world.state.status, RunStatus::Paused(PauseCause::Failure));
    assert_eq!(world.standing(), 1);
}

#[test]
fn a_fault_stands_only_while_somebody_is_about_to_decide() {
    let plan = plan();
    let mut world = World::new(&plan);
    world.hand.attended = true;
    world.go_on(&["restore/back"], &[]);
    assert_eq!(world.state.status, RunStatus::Paused(PauseCause::Failure));
    assert_eq!(world.standing(), 1, "a person is asked first: {:?}", world.log);
    // They leave.
    world.resume();
    world.hand.stopping = true;
    world.go_on(&[], &[]);
    assert_eq!(world.standing(), 0, "{:?}", world.log);
}

#[test]
fn a_stopped_drill_is_mended_and_never_broken_again() {
    let plan = plan();
    let mut world = World::new(&plan);
    let mut begun = false;
    for _ in 0..200 {
        let effects = decide(&plan, &world.state, &world.hand);
        let Some(effect) = effects.into_iter().next() else { break };
        world.carry_out(effect, &[], &[]);
        if !begun && world.log.last().is_some_and(|last| last == "+break_lost/one") {
            (begun, world.hand.stopping) = (true, true);
        }
    }
    assert_eq!(world.log, ["+steady_state", "+break_lost/one", "-break_lost/one"]);
    assert_eq!(world.state.status, RunStatus::Paused(PauseCause::Operator));
    world.resume();
    world.go_on(&[], &[]);
    let breaks = world.log.iter().filter(|one| one.starts_with("+break_lost")).count();
    assert_eq!(breaks, 1, "it was broken again: {:?}", world.log);
    // Half a fault proves nothing.
    assert_eq!(world.state.status, RunStatus::Aborted);
}

#[test]
fn an_overdue_fault_is_mended_beside_what_goes_on() {
    let plan = plan();
    let mut world = World::new(&plan);
    while world.log.last().is_none_or(|last| last != "+shows") {
        let effect = decide(&plan, &world.state, &world.hand).remove(0);
        world.carry_out(effect, &[], &[]);
    }
    world.hand.overdue.insert(key("break_lost"));
    world.hand.busy.insert(key("restore"));
    assert_eq!(decide(&plan, &world.state, &world.hand), [Effect::Undo(key("break_lost/two"))]);
    world.hand.busy.insert(key("break_lost/two"));
    assert_eq!(decide(&plan, &world.state, &world.hand), [], "one at a time");
}

/// The mending was cut off by a kill: it goes on first, wherever the run stands.
#[test]
fn a_mending_that_was_cut_off_goes_on() {
    let plan = plan();
    let mut world = World::new(&plan);
    while world.log.last().is_none_or(|last| last != "+restore/back") {
        let effect = decide(&plan, &world.state, &world.hand).remove(0);
        world.carry_out(effect, &[], &[]);
    }
    world.apply(&Event::UndoStarted { step: key("break_lost/two") });
    assert_eq!(*world.state.status_of(&key("break_lost/two")), StepStatus::Undoing);
    world.resume();
    world.go_on(&[], &[]);
    assert_eq!(world.standing(), 0);
    let at = |what: &str| world.log.iter().position(|one| one == what).expect(what);
    assert!(at("-break_lost/one") < at("+recovered"), "{:?}", world.log);
}

/// The step that ends a fault by itself is made first and taken back last: not while what it ends still stands.
#[test]
fn what_began_before_a_step_that_cannot_be_mended_stays() {
    let plan = plan();
    let mut world = World::new(&plan);
    world.go_on(&[], &["break_lost/two"]);
    assert!(world.log.iter().any(|one| one == "-break_lost/two"), "{:?}", world.log);
    assert!(!world.log.iter().any(|one| one == "-break_lost/one"), "{:?}", world.log);
    assert_eq!(world.standing(), 1);
    world.resume();
    world.hand.unresolvable.clear();
    world.go_on(&[], &[]);
    assert!(world.log.iter().any(|one| one == "-break_lost/one"), "{:?}", world.log);
    assert_eq!(world.standing(), 0);
}
