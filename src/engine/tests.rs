//! The engine alone, driven by a world that always does as it is told, and by one that dies.

use super::decide::{Effect, InHand, MOST_SCRIPTS, decide, owed_undos, points_passed};
use super::event::{
    Event, Obligation, Operator, PauseCause, Resolver, RunStarted, SkipReason, StepStarted, Verdict,
};
use super::outcome::{Failure, Memo, Stage};
use super::state::{RunState, RunStatus, StepStatus};
use crate::model::action::Catalog;
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::runbook::Runbook;
use crate::model::value::{Value, Values};
use crate::plan::{Plan, build};
use std::sync::Arc;

fn book(name: &str, steps: &str) -> Arc<Runbook> {
    let text = format!("---\ntitle: T\nsummary: S\nowner: O\n---\n\n# T\n\n## P\n\n{steps}");
    let (book, found) = crate::parse::runbook(name, name, &text);
    assert!(found.is_empty(), "{found:#?}");
    Arc::new(book)
}

fn step(id: &str, options: &str) -> String {
    let options: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!("### {id}\n\n```bash step={id}\n{options}true\n```\n\n```bash undo={id}\ntrue\n```\n\n")
}

fn read(id: &str, options: &str) -> String {
    let options: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!("### {id}\n\n```bash step={id}\n#| effect: read\n{options}true\n```\n\n")
}

fn plan(steps: &str) -> Plan {
    build(&book("t", steps), &Catalog::default(), &|_| None).expect("a plan")
}

fn started() -> Event {
    Event::RunStarted(Box::new(RunStarted {
        run: RunId::from_text("r"),
        runbook: "t".to_owned(),
        texts: [].into(),
        steps: [].into(),
        params: Values::new(),
        secret_params: Vec::new(),
        environment: "sandbox".to_owned(),
        mode: Mode::Rehearsal,
        operator: Operator::default(),
        tool: "0".to_owned(),
        accounts: [].into(),
        reason: None,
    }))
}

fn key(text: &str) -> StepKey {
    StepKey::from_text(text)
}

fn start_of(step: StepKey, attempt: u32) -> Event {
    Event::StepStarted(Box::new(StepStarted {
        step,
        attempt,
        account: None,
        inputs: String::new(),
        memo: Memo::Null,
    }))
}

/// The events with which an obedient world answers an effect.
fn obey(plan: &Plan, state: &RunState, hand: &mut InHand, effect: Effect) -> Vec<Event> {
    match effect {
        Effect::Prepare(step) => {
            let (planned, _) = plan.find(&step).expect("a step");
            if planned.elements_at_once.is_some() && !step.as_str().ends_with(']') {
                return vec![Event::StepOpened {
                    step,
                    items: Some(vec![Value::from(1), Value::from(2), Value::from(3)]),
                    params: None,
                }];
            }
            let attempt = state.step(&step).map_or(0, |step| step.attempts) + 1;
            vec![
                start_of(step.clone(), attempt),
                Event::StepSucceeded { step, outputs: Values::new(), took_ms: 1 },
            ]
        }
        Effect::Close(step) => {
            vec![Event::StepSucceeded { step, outputs: Values::new(), took_ms: 0 }]
        }
        Effect::Resolve(step) => {
            vec![Event::StepResolved { step, verdict: Verdict::Retry, by: Resolver::Observation }]
        }
        Effect::Undo(step) => {
            vec![
                Event::UndoStarted { step: step.clone() },
                Event::UndoSucceeded { step, note: None },
            ]
        }
        Effect::ProbeHealth => {
            hand.health_probed = true;
            vec![]
        }
        Effect::Pause(cause) => vec![Event::RunPaused { cause }],
        Effect::Succeed => vec![Event::RunSucceeded { healthy: true }],
        Effect::FinishUndo => vec![Event::RunUndone { healthy: true }],
        Effect::GetStuck => vec![Event::RunStuck {}],
        Effect::GiveUp(reason) => vec![Event::RunAborted { reason }],
    }
}

/// Lets a run go on until it stands still.
fn go_on(plan: &Plan, state: &mut RunState, journal: &mut Vec<Event>) {
    let mut hand = InHand::default();
    for _ in 0..1_000 {
        let Some(effect) = decide(plan, state, &hand).into_iter().next() else { return };
        for event in obey(plan, state, &mut hand, effect) {
            state.apply(&event).expect("a legal event");
            journal.push(event);
        }
    }
    panic!("the run never stands still: {state:#?}");
}

fn fresh(plan: &Plan) -> (RunState, Vec<Event>) {
    let mut journal = vec![started()];
    let mut state = RunState::begin(&journal[0]).expect("a start");
    go_on(plan, &mut state, &mut journal);
    (state, journal)
}

fn all_kinds() -> String {
    step("a", "")
        + &step("b", "needs: []")
        + &step("each", "needs: [a]\nfor_each: \"[1, 2, 3]\"\nconcurrency: 2")
        + &step("last", "needs: [b, each]")
}

#[test]
fn a_run_starts_each_step_after_what_it_needs_and_ends() {
    let (state, journal) = fresh(&plan(&all_kinds()));
    assert_eq!(state.status, RunStatus::Succeeded { healthy: true });
    let order: Vec<&str> = state.starts.iter().map(StepKey::as_str).collect();
    assert_eq!(order.len(), 6, "{order:?}");
    let place = |name: &str| order.iter().position(|key| *key == name).expect(name);
    assert!(
        place("a") < place("each[0]")
            && place("each[2]") < place("last")
            && place("b") < place("last")
    );
    assert_eq!(journal.iter().filter(|event| matches!(event, Event::StepStarted(_))).count(), 6);
}

#[test]
fn a_run_cut_at_any_event_and_taken_up_again_ends_the_same() {
    let plan = plan(&all_kinds());
    let (whole, journal) = fresh(&plan);
    for cut in 1..journal.len() {
        let mut events = journal[..cut].to_vec();
        let mut state = RunState::replay(&events).expect("a legal prefix");
        let mut resume =
            vec![Event::RunResumed { operator: Operator::default(), reason: None, revised: None }];
        for (step, known) in &state.steps {
            if known.status == StepStatus::Running {
                resume.push(Event::StepUnknown { step: step.clone(), cause: "killed".to_owned() });
            }
        }
        for event in resume {
            state.apply(&event).expect("a legal event");
            events.push(event);
        }
        go_on(&plan, &mut state, &mut events);
        assert_eq!(state.status, whole.status, "cut at {cut}");
        for (step, known) in &whole.steps {
            assert_eq!(state.status_of(step), &known.status, "cut at {cut}: {step}");
        }
        let done = |wanted: &StepKey| {
            events
                .iter()
                .filter(
                    |event| matches!(event, Event::StepSucceeded { step, .. } if step == wanted),
                )
                .count()
        };
        assert!(
            whole.steps.keys().all(|step| done(step) == 1),
            "cut at {cut}: something was done twice"
        );
    }
}

#[test]
fn undo_goes_backwards_through_the_real_starts_and_only_those() {
    let plan = plan(&(step("a", "") + &read("look", "") + &step("b", "") + &step("never", "")));
    let mut state = RunState::begin(&started()).expect("a start");
    for event in [
        start_of(key("a"), 1),
        Event::StepSucceeded { step: key("a"), outputs: Values::new(), took_ms: 0 },
        start_of(key("look"), 1),
        Event::StepSucceeded { step: key("look"), outputs: Values::new(), took_ms: 0 },
        start_of(key("b"), 1),
        Event::StepUnknown { step: key("b"), cause: "killed".to_owned() },
    ] {
        state.apply(&event).expect("legal");
    }
    assert_eq!(owed_undos(&plan, &state), [key("b"), key("a")]);
    assert!(points_passed(&plan, &state).is_empty());
    state.apply(&Event::UndoBegun { operator: Operator::default() }).expect("legal");
    let mut journal = Vec::new();
    go_on(&plan, &mut state, &mut journal);
    assert_eq!(state.status, RunStatus::Undone { healthy: true });
    assert_eq!(state.status_of(&key("never")), &StepStatus::Pending);
}

#[test]
fn a_failed_undo_is_stuck_and_can_be_finished_later() {
    let plan = plan(&(step("a", "") + &step("b", "")));
    let (_, mut journal) = fresh(&plan);
    journal.pop();
    let mut state = RunState::replay(&journal).expect("legal");
    let failure = Failure::new(Stage::Invocation, "no");
    for event in [
        Event::UndoBegun { operator: Operator::default() },
        Event::UndoStarted { step: key("b") },
        Event::UndoFailed { step: key("b"), failure },
    ] {
        state.apply(&event).expect("legal");
    }
    let hand = InHand { unresolvable: [key("b")].into(), ..InHand::default() };
    assert_eq!(decide(&plan, &state, &hand), [Effect::GetStuck]);
    state.apply(&Event::RunStuck {}).expect("legal");
    state.apply(&Event::UndoBegun { operator: Operator::default() }).expect("legal");
    go_on(&plan, &mut state, &mut journal);
    assert_eq!(state.status, RunStatus::Undone { healthy: true });
}

#[test]
fn an_undo_that_a_guard_stopped_pauses_and_goes_on() {
    let plan = plan(&(step("a", "") + &step("b", "")));
    let (_, mut journal) = fresh(&plan);
    journal.pop();
    let mut state = RunState::replay(&journal).expect("legal");
    let failure = Failure::new(Stage::Guard, "frozen");
    for event in [
        Event::UndoBegun { operator: Operator::default() },
        Event::UndoStarted { step: key("b") },
        Event::UndoFailed { step: key("b"), failure },
    ] {
        state.apply(&event).expect("legal");
    }
    let hand = InHand { unresolvable: [key("b")].into(), ..InHand::default() };
    assert_eq!(decide(&plan, &state, &hand), [Effect::Pause(PauseCause::Failure)]);
    state.apply(&Event::RunPaused { cause: PauseCause::Failure }).expect("legal");
    state.apply(&Event::UndoBegun { operator: Operator::default() }).expect("legal");
    go_on(&plan, &mut state, &mut journal);
    assert_eq!(state.status, RunStatus::Undone { healthy: true });
}

/// What may be there after attempts that ended like this.
fn may_have_effect(ends: &[Event]) -> bool {
    let mut state = RunState::begin(&started()).expect("a start");
    for (attempt, end) in (1..).zip(ends) {
        let before =
            matches!(end, Event::StepFailed { failure, .. } if failure.stage == Stage::Guard);
        if !before && !matches!(end, Event::StepResolved { .. } | Event::UndoSucceeded { .. }) {
            state.apply(&start_of(key("a"), attempt)).expect("legal");
            assert!(state.may_have_effect(&key("a")), "while it runs, it may");
        }
        if matches!(end, Event::UndoSucceeded { .. }) {
            state.apply(&Event::UndoStarted { step: key("a") }).expect("legal");
        }
        state.apply(end).expect("legal");
        if matches!(
            end,
            Event::StepFailed { .. } | Event::StepUnknown { .. } | Event::UndoSucceeded { .. }
        ) {
            let by = Resolver::Repeatable;
            let again = Event::StepResolved { step: key("a"), verdict: Verdict::Retry, by };
            state.apply(&again).expect("legal");
        }
    }
    state.may_have_effect(&key("a"))
}

#[test]
fn a_step_has_no_effect_only_when_none_of_its_attempts_had_one() {
    let failed = |stage, without_effect| {
        let failure = Failure { without_effect, ..Failure::new(stage, "no") };
        Event::StepFailed { step: key("a"), failure, outputs: None }
    };
    let refused = || failed(Stage::Invocation, true);
    let halfway = || failed(Stage::Invocation, false);
    let guarded = || failed(Stage::Guard, false);
    let lost = || Event::StepUnknown { step: key("a"), cause: "lost".to_owned() };
    let undone = || Event::UndoSucceeded { step: key("a"), note: None };
    for without in [
        vec![],
        vec![guarded()],
        vec![refused(), refused()],
        vec![refused(), guarded()],
        vec![halfway(), undone(), refused()],
        vec![lost(), undone()],
    ] {
        assert!(!may_have_effect(&without), "{without:?}");
    }
    for with in [
        vec![halfway()],
        vec![failed(Stage::Verification, false)],
        vec![halfway(), refused(), guarded(), refused()],
        vec![refused(), halfway(), guarded()],
        vec![lost(), refused()],
        vec![as_it_was_kept_before(), refused()],
    ] {
        assert!(may_have_effect(&with), "{with:?}");
    }
}

/// A failure as journals had it before they said what is certain.
fn as_it_was_kept_before() -> Event {
    let text =
        r#"{"event":"step_failed","step":"a","failure":{"stage":"invocation","message":"no"}}"#;
    serde_json::from_str(text).expect("an event")
}

#[test]
fn a_step_without_a_way_back_that_never_took_effect_is_no_point_of_no_return() {
    let irreversible = "### b\n\n```bash step=b\n#| irreversible: test\ntrue\n```\n\n";
    let plan = plan(&(step("a", "") + irreversible));
    let mut state = RunState::begin(&started()).expect("a start");
    let failure =
        |without_effect| Failure { without_effect, ..Failure::new(Stage::Invocation, "no") };
    for event in [
        start_of(key("a"), 1),
        Event::StepSucceeded { step: key("a"), outputs: Values::new(), took_ms: 0 },
        start_of(key("b"), 1),
        Event::StepFailed { step: key("b"), failure: failure(true), outputs: None },
    ] {
        state.apply(&event).expect("legal");
    }
    assert!(points_passed(&plan, &state).is_empty());
    assert_eq!(owed_undos(&plan, &state), [key("a")]);
    let by = Resolver::Repeatable;
    for event in [
        Event::StepResolved { step: key("b"), verdict: Verdict::Retry, by },
        start_of(key("b"), 2),
        Event::StepFailed { step: key("b"), failure: failure(false), outputs: None },
    ] {
        state.apply(&event).expect("legal");
    }
    assert_eq!(points_passed(&plan, &state).len(), 1);
}

#[test]
fn a_run_that_was_taken_back_owes_nothing() {
    let plan = plan(&(step("a", "") + &read("b", "")));
    let (_, mut journal) = fresh(&plan);
    journal.pop();
    let mut state = RunState::replay(&journal).expect("legal");
    let owed = Obligation {
        step: key("b"),
        text: "Retire the old key.".to_owned(),
        due: "2027-01-01".to_owned(),
        runbook: None,
        params: Values::new(),
    };
    state.apply(&Event::ObligationIncurred(Box::new(owed))).expect("legal");
    state.apply(&Event::UndoBegun { operator: Operator::default() }).expect("legal");
    go_on(&plan, &mut state, &mut journal);
    assert_eq!(state.status, RunStatus::Undone { healthy: true });
    assert_eq!(state.obligations, []);
}

#[test]
fn only_so_many_scripts_are_in_hand_at_once() {
    let name = |number: usize| format!("s{number}");
    let steps = (0..MOST_SCRIPTS + 6).map(|number| step(&name(number), "needs: []"));
    let plan = plan(&steps.collect::<String>());
    let mut state = RunState::begin(&started()).expect("a start");
    let mut hand = InHand::default();
    let ready = decide(&plan, &state, &hand);
    assert_eq!(ready.len(), MOST_SCRIPTS);
    for effect in ready {
        let Effect::Prepare(key) = effect else { panic!("{effect:?}") };
        state.apply(&start_of(key.clone(), 1)).expect("legal");
        hand.busy.insert(key);
    }
    assert_eq!(decide(&plan, &state, &hand), []);
    state
        .apply(&Event::StepSucceeded { step: key("s3"), outputs: Values::new(), took_ms: 0 })
        .expect("legal");
    hand.busy.remove(&key("s3"));
    // One that is still being prepared counts as well.
    let next = key(&name(MOST_SCRIPTS));
    assert_eq!(decide(&plan, &state, &hand), [Effect::Prepare(next.clone())]);
    hand.busy.insert(next.clone());
    assert_eq!(decide(&plan, &state, &hand), []);
    // One that a person is asked about does not.
    hand.asking.insert(next);
    assert_eq!(decide(&plan, &state, &hand), [Effect::Prepare(key(&name(MOST_SCRIPTS + 1)))]);
}

#[test]
fn a_failure_lets_what_is_under_way_end_and_starts_nothing_new() {
    let plan = plan(&(step("a", "needs: []") + &step("b", "needs: []") + &step("c", "needs: []")));
    let mut state = RunState::begin(&started()).expect("a start");
    for event in [start_of(key("a"), 1), start_of(key("b"), 1)] {
        state.apply(&event).expect("legal");
    }
    let failure = Failure::new(Stage::Invocation, "no");
    state.apply(&Event::StepFailed { step: key("a"), failure, outputs: None }).expect("legal");
    let mut hand = InHand { busy: [key("b")].into(), ..InHand::default() };
    assert_eq!(decide(&plan, &state, &hand), []);
    state
        .apply(&Event::StepSucceeded { step: key("b"), outputs: Values::new(), took_ms: 0 })
        .expect("legal");
    hand.busy.clear();
    assert_eq!(decide(&plan, &state, &hand), [Effect::Pause(PauseCause::Failure)]);
}

#[test]
fn an_unknown_outcome_that_nobody_can_resolve_waits_for_a_person() {
    let plan = plan(&(step("a", "") + &step("b", "")));
    let mut state = RunState::begin(&started()).expect("a start");
    for event in
        [start_of(key("a"), 1), Event::StepUnknown { step: key("a"), cause: "lost".to_owned() }]
    {
        state.apply(&event).expect("legal");
    }
    let mut hand = InHand::default();
    assert_eq!(decide(&plan, &state, &hand), [Effect::Resolve(key("a"))]);
    hand.unresolvable.insert(key("a"));
    assert_eq!(decide(&plan, &state, &hand), [Effect::Pause(PauseCause::Unknown)]);
}

#[test]
fn what_cannot_happen_is_refused_and_changes_nothing() {
    let mut state = RunState::begin(&started()).expect("a start");
    let before = state.clone();
    let reason = SkipReason::Empty;
    let success = Event::StepSucceeded { step: key("a"), outputs: Values::new(), took_ms: 0 };
    let late = Event::StepFailed {
        step: key("a"),
        failure: Failure::new(Stage::Invocation, "no"),
        outputs: None,
    };
    for event in [
        started(),
        success,
        late,
        Event::UndoStarted { step: key("a") },
        Event::RunUndone { healthy: true },
    ] {
        assert!(state.apply(&event).is_err(), "{event:?}");
        assert_eq!(state, before);
    }
    state.apply(&Event::StepSkipped { step: key("a"), reason }).expect("legal");
    state.apply(&Event::RunSucceeded { healthy: true }).expect("legal");
    assert!(state.apply(&start_of(key("a"), 1)).is_err(), "a run that is over is over");
}

#[test]
fn the_operator_can_stop_before_a_step_and_between_steps() {
    let plan = plan(&(read("a", "") + &read("b", "")));
    let state = RunState::begin(&started()).expect("a start");
    let before = InHand { stop_before: [key("a")].into(), ..InHand::default() };
    assert_eq!(decide(&plan, &state, &before), [Effect::Pause(PauseCause::Operator)]);
    let stopping = InHand { stopping: true, ..InHand::default() };
    assert_eq!(decide(&plan, &state, &stopping), [Effect::Pause(PauseCause::Operator)]);
}

#[test]
fn what_comes_after_a_step_that_runs_again_waits_for_it() {
    let plan = plan(&(step("a", "") + &step("b", "") + &step("c", "") + &step("d", "needs: []")));
    let mut state = RunState::begin(&started()).expect("a start");
    for name in ["a", "b"] {
        state.apply(&start_of(key(name), 1)).expect("legal");
        let done = Event::StepSucceeded { step: key(name), outputs: Values::new(), took_ms: 0 };
        state.apply(&done).expect("legal");
    }
    let prepared = |names: &[&str]| -> Vec<Effect> {
        names.iter().map(|name| Effect::Prepare(key(name))).collect()
    };
    assert_eq!(decide(&plan, &state, &InHand::default()), prepared(&["c", "d"]));
    // A person decided so, because its text was changed.
    let by = Resolver::Operator { by: "ann".to_owned(), reason: "changed".to_owned() };
    let again = Event::StepResolved { step: key("a"), verdict: Verdict::Retry, by: by.clone() };
    state.apply(&again).expect("legal");
    assert_eq!(decide(&plan, &state, &InHand::default()), prepared(&["a", "d"]));
    let verdict = Verdict::Done { outputs: Values::new() };
    state.apply(&Event::StepResolved { step: key("b"), verdict, by }).expect("legal");
    assert_eq!(state.status_of(&key("b")), &StepStatus::Succeeded);
}
