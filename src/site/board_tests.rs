//! What makes a promise green, and everything that must not.

use super::*;
use crate::engine::event::{Operator, RunStarted};
use crate::engine::state::RunState;
use crate::model::action::Catalog;
use crate::model::id::{RunId, StepKey};
use crate::model::project::Project;
use crate::model::value::Values;
use crate::site::view::{Drill, Evidence, Unread};
use jiff::Timestamp;
use jiff::civil::date;
use std::collections::BTreeMap;

/// A run of that many days ago: what happened after its start, and in which mode.
fn run_of(book: &str, days: i64, mode: Mode, events: Vec<Event>) -> Run {
    let id = RunId::from_text(format!("run-{days}"));
    let began = RunStarted {
        run: id.clone(),
        runbook: book.to_owned(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: Values::new(),
        secret_params: Vec::new(),
        environment: "drill".to_owned(),
        mode,
        operator: Operator { user: "jo".to_owned(), ..Operator::default() },
        tool: "1".to_owned(),
        accounts: BTreeMap::new(),
        reason: None,
    };
    let noon: Timestamp = "2026-11-26T12:00:00Z".parse().expect("a moment");
    let at = noon - jiff::SignedDuration::from_hours(24 * days);
    let mut all = vec![Event::RunStarted(Box::new(began))];
    all.extend(events);
    let state = RunState::replay(&all).expect("a history");
    Run {
        id,
        state,
        events: all.into_iter().map(|event| (at, event)).collect(),
        plan: None,
        head: "0".repeat(64),
        logs: BTreeMap::new(),
        own_people: Some(true),
    }
}

const HEALTHY: Event = Event::RunSucceeded { healthy: true };

fn trust(days: i64) -> Run {
    run_of("trust-chain", days, Mode::Real, vec![HEALTHY])
}

/// How the promise of the trust chain is judged by this evidence.
fn judged(evidence: Evidence) -> Shown {
    let operators = vec!["arn:*".to_owned()];
    let project = Project { operators, cadence: Some("3 months".to_owned()), ..Project::default() };
    judged_in(&project, evidence)
}

fn judged_in(project: &Project, evidence: Evidence) -> Shown {
    let catalog = Catalog::default();
    let name = "x".to_owned();
    let input = Input {
        name,
        today: date(2026, 11, 26),
        project,
        catalog: &catalog,
        books: Vec::new(),
        documents: Vec::new(),
        evidence,
    };
    let board = Board::new(&input);
    let others = board.promises.iter().filter(|shown| shown.promise.id != "trust-chain");
    others.for_each(|shown| assert_eq!(shown.light, Light::Red, "{}", shown.promise.id));
    board.promises.into_iter().find(|shown| shown.promise.id == "trust-chain").expect("the promise")
}

fn runs(runs: Vec<Run>) -> Evidence {
    Evidence { runs, ..Evidence::default() }
}

#[track_caller]
fn is(shown: &Shown, light: Light, words: &str) {
    assert!(
        shown.light == light && shown.reason.contains(words),
        "{:?}: {}",
        shown.light,
        shown.reason
    );
}

#[test]
fn a_whole_run_by_the_right_people_in_time_is_green() {
    let shown = judged(runs(vec![trust(2)]));
    is(&shown, Light::Green, "2 days ago");
    assert_eq!((shown.age_days, shown.by.as_deref(), shown.stale), (Some(2), Some("jo"), false));
}

#[test]
fn no_evidence_is_red_and_a_rehearsal_never_makes_it_green() {
    is(&judged(Evidence::default()), Light::Red, "never shown");
    let rehearsal = run_of("trust-chain", 1, Mode::Rehearsal, vec![HEALTHY]);
    let shown = judged(runs(vec![rehearsal]));
    is(&shown, Light::Red, "rehearsed");
    assert_eq!(shown.run, None);
    // Nor does it hide what a real run has shown before.
    let rehearsal = run_of(
        "trust-chain",
        1,
        Mode::Rehearsal,
        vec![Event::RunAborted { reason: String::new() }],
    );
    is(&judged(runs(vec![rehearsal, trust(5)])), Light::Green, "5 days ago");
}

#[test]
fn evidence_ages() {
    is(&judged(runs(vec![trust(92)])), Light::Green, "3 months ago");
    let shown = judged(runs(vec![trust(93)]));
    is(&shown, Light::Amber, "older than the cadence");
    assert!(shown.stale);
    is(&judged(runs(vec![trust(200)])), Light::Red, "twice as old");
}

#[test]
fn the_last_time_counts_not_the_best() {
    let broken =
        run_of("trust-chain", 1, Mode::Drill, vec![Event::RunSucceeded { healthy: false }]);
    is(&judged(runs(vec![broken, trust(3)])), Light::Red, "health was not reached");
    let given_up =
        run_of("trust-chain", 1, Mode::Real, vec![Event::RunAborted { reason: String::new() }]);
    is(&judged(runs(vec![given_up, trust(3)])), Light::Red, "given up");
    // What has not ended shows nothing yet, and takes nothing away.
    let going = run_of("trust-chain", 1, Mode::Real, Vec::new());
    is(&judged(runs(vec![going, trust(3)])), Light::Green, "3 days ago");
}

#[test]
fn a_step_left_out_is_no_proof_and_one_done_by_hand_is_in_doubt() {
    let step = StepKey::from_text("look");
    let operator = SkipReason::Operator { by: "jo".to_owned(), reason: "late".to_owned() };
    let skip = |reason| Event::StepSkipped { step: step.clone(), reason };
    let left_out = run_of("trust-chain", 1, Mode::Real, vec![skip(operator), HEALTHY]);
    is(&judged(runs(vec![left_out])), Light::Red, "`look` was skipped");
    // A condition that the runbook itself names leaves nothing out.
    let condition = SkipReason::Condition { expression: "false".to_owned() };
    let whole = run_of("trust-chain", 1, Mode::Real, vec![skip(condition), HEALTHY]);
    is(&judged(runs(vec![whole])), Light::Green, "yesterday");
    let failed = Event::StepFailed {
        step: step.clone(),
        failure: crate::engine::outcome::Failure::new(crate::engine::outcome::Stage::Input, "no"),
        outputs: None,
    };
    let by_hand = Event::StepResolved {
        step,
        verdict: crate::engine::event::Verdict::Done { outputs: Values::new() },
        by: Resolver::Operator { by: "jo".to_owned(), reason: "did it".to_owned() },
    };
    let by_hand = run_of("trust-chain", 1, Mode::Real, vec![failed, by_hand, HEALTHY]);
    is(&judged(runs(vec![by_hand])), Light::Amber, "by hand");
}

#[test]
fn whose_people_showed_it_must_be_known() {
    is(
        &judged(runs(vec![Run { own_people: Some(false), ..trust(1) }])),
        Light::Amber,
        "not among the operators",
    );
    is(&judged(runs(vec![Run { own_people: None, ..trust(1) }])), Light::Amber, "no caller");
    let nobody = Project { cadence: Some("3 months".to_owned()), ..Project::default() };
    let unknown = runs(vec![Run { own_people: None, ..trust(1) }]);
    is(&judged_in(&nobody, unknown), Light::Amber, "names no operators");
    let timeless = Project { operators: vec!["arn:*".to_owned()], ..Project::default() };
    is(&judged_in(&timeless, runs(vec![trust(1)])), Light::Amber, "no cadence");
}

#[test]
fn a_journal_that_was_edited_is_no_evidence() {
    let unread = Unread {
        id: RunId::from_text("run-1"),
        runbook: Some("trust-chain".to_owned()),
        why: "line 3 was altered".to_owned(),
    };
    is(
        &judged(Evidence { unread: vec![unread], ..Evidence::default() }),
        Light::Red,
        "line 3 was altered",
    );
}

#[test]
fn a_drill_is_held_to_its_objective() {
    let held = |verdict, rto, rehearsal| Held {
        run: RunId::from_text("drill-1"),
        at: "2026-11-20T12:00:00Z".parse().expect("a moment"),
        verdict,
        rto: Some(rto),
        rehearsal,
        by: "jo".to_owned(),
        own_people: Some(true),
        reason: "the fault did not show".to_owned(),
    };
    let with = |held| {
        let drill = Drill {
            name: "handoff-acceptance".to_owned(),
            title: String::new(),
            summary: String::new(),
            owner: String::new(),
            cadence: String::new(),
            due: None,
            rto: Some(3_600),
            held: vec![held],
        };
        let project = Project {
            operators: vec!["arn:*".to_owned()],
            cadence: Some("3 months".to_owned()),
            ..Project::default()
        };
        let evidence = Evidence { drills: vec![drill], ..Evidence::default() };
        let catalog = Catalog::default();
        let name = "x".to_owned();
        let input = Input {
            name,
            today: date(2026, 11, 26),
            project: &project,
            catalog: &catalog,
            books: Vec::new(),
            documents: Vec::new(),
            evidence,
        };
        Board::new(&input).promises.swap_remove(0)
    };
    let shown = with(held(Verdict::Passed, 3_000, false));
    is(&shown, Light::Green, "6 days ago");
    assert_eq!(shown.next.as_deref(), Some("runbook drill run handoff-acceptance"));
    is(&with(held(Verdict::Passed, 4_000, false)), Light::Red, "Too slow");
    is(&with(held(Verdict::CouldNotJudge, 1, false)), Light::Red, "could not judge");
    is(&with(held(Verdict::Failed, 1, false)), Light::Red, "the drill failed");
    is(&with(held(Verdict::UnderWay, 1, false)), Light::Red, "never shown");
    is(&with(held(Verdict::Passed, 3_000, true)), Light::Red, "rehearsed");
}
