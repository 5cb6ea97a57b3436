//! Drills, judged from journals that tests write.

use super::due::{Standing, standing};
use super::evidence::Evidence;
use super::report::{Report, report};
use super::verdict::{Cause, Verdict};
use crate::actions::catalog::catalog;
use crate::engine::event::{
    Event, Operator, PauseCause, Resolver, Revised, RunStarted, SkipReason, StepStarted,
    Verdict as Decided,
};
use crate::engine::outcome::{Failure, Memo, Question, Stage};
use crate::model::cadence::{Cadence, Every};
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::value::Values;
use crate::plan::{Plan, build};
use crate::store::{History, Recorded};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

const DRILL: &str = "title: The copy is lost\nsummary: S\nowner: o\nenvironment: range\nobjective: { rto: 10m }\nscenario:\n  - fault: lost\n  - incident: The copy is gone.\n  - expect: { unhealthy: restore }\n  - run: restore\n  - recovered: [restore]\n";

const FAULT: &str = "---\ntitle: T\nsummary: S\nowner: o\ntags: [fault]\nparams:\n  max_duration: { type: duration, default: 1h }\n---\n\n```bash step=lose\ntrue\n```\n\n```bash undo=lose\ntrue\n```\n";

const RESTORE: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n\n```bash step=back\n#| estimate: 5m\ntrue\n```\n\n```bash undo=back\ntrue\n```\n\n```bash health=well\ntrue\n```\n";

fn plan() -> Plan {
    let (drill, found) = crate::parse::drill("drills/lost", "drills/lost.yaml", DRILL);
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

fn key(text: &str) -> StepKey {
    StepKey::from_text(text)
}

/// A journal, an event after the other.
struct Journal {
    at: Timestamp,
    events: Vec<Recorded>,
}

impl Journal {
    fn begin(mode: Mode) -> Self {
        let at = "2026-11-26T09:00:00Z".parse().expect("a time");
        let mut journal = Self { at, events: Vec::new() };
        journal.add(Event::RunStarted(Box::new(RunStarted {
            run: RunId::from_text("20261126-090000-aaaa"),
            runbook: "drills/lost".to_owned(),
            texts: [].into(),
            steps: [].into(),
            params: Values::new(),
            secret_params: Vec::new(),
            environment: "range".to_owned(),
            mode,
            operator: Operator { user: "ann".to_owned(), ..Operator::default() },
            tool: "0".to_owned(),
            accounts: [].into(),
            reason: None,
        })));
        journal
    }

    fn add(&mut self, event: Event) -> &mut Self {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Recorded { seq, at: self.at, event });
        self
    }

    /// Lets time pass.
    fn after(&mut self, seconds: i64) -> &mut Self {
        self.at = self.at.checked_add(SignedDuration::from_secs(seconds)).expect("a time");
        self
    }

    fn start(&mut self, step: &str) -> &mut Self {
        let attempt = self
            .events
            .iter()
            .filter(|one| matches!(&one.event, Event::StepStarted(s) if s.step.as_str() == step))
            .count();
        self.add(Event::StepStarted(Box::new(StepStarted {
            step: key(step),
            attempt: u32::try_from(attempt + 1).expect("few"),
            account: None,
            inputs: String::new(),
            memo: Memo::Null,
        })))
    }

    fn done(&mut self, step: &str) -> &mut Self {
        self.add(Event::StepSucceeded { step: key(step), outputs: Values::new(), took_ms: 0 })
    }

    fn step(&mut self, step: &str, seconds: i64) -> &mut Self {
        self.start(step).after(seconds).done(step)
    }

    fn fail(&mut self, step: &str) -> &mut Self {
        let failure = Failure::new(Stage::Verification, "it is not so");
        self.add(Event::StepFailed { step: key(step), failure, outputs: None })
    }

    fn open(&mut self, step: &str) -> &mut Self {
        self.add(Event::StepOpened { step: key(step), items: None, params: Some(Values::new()) })
    }

    fn mend(&mut self) -> &mut Self {
        self.add(Event::UndoStarted { step: key("break_lost/lose") })
            .add(Event::UndoSucceeded { step: key("break_lost/lose"), note: None })
    }

    /// Up to the fault, and that it shows.
    fn broken(&mut self) -> &mut Self {
        self.step("steady_state", 5)
            .open("break_lost")
            .step("break_lost/lose", 2)
            .done("break_lost")
            .step("incident", 0)
            .step("shows", 3)
    }

    fn recovered(&mut self) -> &mut Self {
        self.open("restore").step("restore/back", 120).done("restore").step("recovered", 30)
    }

    fn over(&mut self) -> &mut Self {
        self.mend().step("mend", 0).probed(true).add(Event::RunSucceeded { healthy: true })
    }

    fn probed(&mut self, healthy: bool) -> &mut Self {
        self.add(Event::HealthProbed {
            probe: key("restore/well"),
            healthy,
            detail: String::new(),
            took_ms: 0,
        })
    }

    fn pause(&mut self, cause: PauseCause) -> &mut Self {
        self.add(Event::RunPaused { cause })
    }

    fn resume(&mut self) -> &mut Self {
        let operator = Operator { user: "bob".to_owned(), ..Operator::default() };
        self.add(Event::RunResumed { operator, reason: None, revised: None })
    }

    fn report(&self) -> Report {
        let history = History { events: self.events.clone(), torn: None, head: "00".to_owned() };
        report(&plan(), &history).expect("a history")
    }
}

#[track_caller]
fn assert_judged(journal: &Journal, verdict: Verdict, cause: Cause, why: &str) {
    let judged = journal.report().judgement;
    assert_eq!((judged.verdict, judged.cause), (Some(verdict), cause), "{}", judged.why);
    assert!(judged.why.contains(why), "{}", judged.why);
    let counts = Evidence::of(&journal.report()).counts();
    assert_eq!(counts, verdict == Verdict::Passed, "evidence");
}

#[test]
fn a_drill_that_recovers_in_time_has_passed() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken();
    journal.add(Event::StepWaiting { step: key("restore"), question: agree() }).after(40);
    journal.add(Event::StepAnswered {
        step: key("restore"),
        by: "ann".into(),
        values: Values::new(),
    });
    journal.recovered().over();
    assert_judged(&journal, Verdict::Passed, Cause::Nothing, "recovered after 3m13s of 10m");
    let report = journal.report();
    let clock = &report.clocks[0];
    assert_eq!(clock.incident, "The copy is gone.");
    assert_eq!(clock.took().expect("it stopped").as_secs(), 3 + 40 + 120 + 30);
    let times = (clock.machine.as_secs(), clock.people.as_secs(), clock.health.as_secs());
    assert_eq!(times, (3 + 120, 40, 30));
    let back = report.steps.iter().find(|step| step.step.as_str() == "restore/back").expect("it");
    assert_eq!(
        (back.took.expect("it").as_secs(), back.estimate.expect("it").as_secs()),
        (120, 300)
    );
    assert!(report.standing().next().is_none() && report.faults.len() == 1);
}

fn agree() -> Question {
    Question::Agree { text: "Go?".to_owned() }
}

#[test]
fn a_rehearsal_passes_and_is_no_evidence() {
    let mut journal = Journal::begin(Mode::Rehearsal);
    journal.broken().recovered().over();
    let report = journal.report();
    assert_eq!(report.judgement.verdict, Some(Verdict::Passed));
    assert!(!Evidence::of(&report).counts());
}

#[test]
fn too_late_is_failed() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().after(600).recovered().over();
    assert_judged(&journal, Verdict::Failed, Cause::Objective, "the objective is 10m");
}

#[test]
fn what_a_person_did_in_place_of_the_runbook_is_no_pass() {
    let by = |reason: &str| ("ann".to_owned(), reason.to_owned());
    let mut skipped = Journal::begin(Mode::Drill);
    let (name, reason) = by("no time");
    skipped.broken().open("restore").add(Event::StepSkipped {
        step: key("restore/back"),
        reason: SkipReason::Operator { by: name, reason },
    });
    skipped.done("restore").step("recovered", 1).over();
    assert_judged(&skipped, Verdict::Failed, Cause::Hand, "was skipped by ann: no time");
    let mut by_hand = Journal::begin(Mode::Drill);
    let (name, reason) = by("did it myself");
    by_hand.broken().open("restore").start("restore/back").fail("restore/back");
    by_hand.add(Event::StepResolved {
        step: key("restore/back"),
        verdict: Decided::Done { outputs: Values::new() },
        by: Resolver::Operator { by: name, reason },
    });
    by_hand.done("restore").step("recovered", 1).over();
    assert_judged(&by_hand, Verdict::Failed, Cause::Hand, "called done by ann");
}

#[test]
fn files_that_were_changed_on_the_way_are_no_pass() {
    let mut journal = Journal::begin(Mode::Drill);
    let operator = Operator { user: "bob".to_owned(), ..Operator::default() };
    let revised = Some(Box::new(Revised { texts: [].into(), steps: [].into() }));
    journal.broken().pause(PauseCause::Operator);
    journal.add(Event::RunResumed { operator, reason: None, revised }).recovered().over();
    assert_judged(&journal, Verdict::Failed, Cause::Hand, "bob went on with them");
}

/// The last line, which nothing holds fast, does not say on which day it was.
#[test]
fn the_day_that_counts_is_one_that_the_journal_holds_fast() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().recovered().mend().step("mend", 0).probed(true);
    let fast = journal.at;
    journal.after(90 * 86_400).add(Event::RunSucceeded { healthy: true });
    assert_eq!(Evidence::of(&journal.report()).when, fast);
}

#[test]
fn a_step_that_failed_and_then_did_it_is_a_pass_that_took_longer() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().open("restore").start("restore/back").fail("restore/back");
    journal.pause(PauseCause::Failure).after(60).resume();
    journal.add(Event::StepResolved {
        step: key("restore/back"),
        verdict: Decided::Retry,
        by: Resolver::Repeatable,
    });
    journal.step("restore/back", 10).done("restore").step("recovered", 1).over();
    assert_judged(&journal, Verdict::Passed, Cause::Nothing, "recovered after 1m14s");
    let report = journal.report();
    assert_eq!(report.clocks[0].people.as_secs(), 60);
    assert_eq!(report.operators.len(), 2);
}

#[test]
fn nothing_is_judged_without_its_premises() {
    let mut steady = Journal::begin(Mode::Drill);
    steady.start("steady_state").fail("steady_state");
    steady.add(Event::RunAborted { reason: "could not judge: it is not so".into() });
    assert_judged(&steady, Verdict::CouldNotJudge, Cause::Premise, "it is not so");
    let mut hidden = Journal::begin(Mode::Drill);
    hidden.step("steady_state", 1).open("break_lost").step("break_lost/lose", 1).done("break_lost");
    hidden.step("incident", 0).start("shows").fail("shows").mend();
    hidden.add(Event::RunAborted { reason: "could not judge: it is not so".into() });
    assert_judged(&hidden, Verdict::CouldNotJudge, Cause::Premise, "it is not so");
    let mut fault = Journal::begin(Mode::Drill);
    fault
        .step("steady_state", 1)
        .open("break_lost")
        .start("break_lost/lose")
        .fail("break_lost/lose");
    fault.mend().pause(PauseCause::Failure);
    let judged = fault.report().judgement;
    assert_eq!(judged.verdict, Some(Verdict::CouldNotJudge), "{}", judged.why);
}

#[test]
fn what_does_not_recover_has_failed() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().open("restore").step("restore/back", 1).done("restore");
    journal.start("recovered").after(60).fail("recovered").mend().pause(PauseCause::Failure);
    assert_judged(&journal, Verdict::Failed, Cause::Health, "it is not so");
    assert_eq!(journal.report().rto, None);
    let mut step = Journal::begin(Mode::Drill);
    step.broken().open("restore").start("restore/back").fail("restore/back");
    step.mend().pause(PauseCause::Failure);
    assert_judged(&step, Verdict::Failed, Cause::Step, "restore/back");
    // Going on afterwards does not make it a pass: the fault was gone by then.
    step.resume().add(Event::StepResolved {
        step: key("restore/back"),
        verdict: Decided::Retry,
        by: Resolver::Repeatable,
    });
    step.step("restore/back", 1).done("restore").step("recovered", 1).step("mend", 0).probed(true);
    step.add(Event::RunSucceeded { healthy: true });
    assert_judged(&step, Verdict::Failed, Cause::Step, "while the fault stood");
}

#[test]
fn what_was_stopped_shows_nothing() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().mend().pause(PauseCause::Operator);
    assert_judged(&journal, Verdict::CouldNotJudge, Cause::Fault, "was mended before");
    let mut open = Journal::begin(Mode::Drill);
    open.broken();
    assert_eq!(open.report().judgement.verdict, None, "it goes on");
    open.pause(PauseCause::Answer);
    assert_eq!(open.report().judgement.verdict, None, "it waits for an answer");
}

#[test]
fn all_must_be_well_afterwards() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().recovered().mend().step("mend", 0).probed(false);
    // The last line alone, which the chain does not protect, decides nothing.
    journal.add(Event::RunSucceeded { healthy: true });
    assert_judged(&journal, Verdict::Failed, Cause::Health, "restore/well");
}

#[test]
fn a_success_that_was_put_at_the_end_by_hand_is_no_pass() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().add(Event::RunSucceeded { healthy: true });
    let judged = journal.report().judgement;
    assert_eq!(judged.verdict, Some(Verdict::CouldNotJudge), "{}", judged.why);
}

#[test]
fn no_time_can_be_told_by_a_clock_that_was_set_back() {
    let mut journal = Journal::begin(Mode::Drill);
    journal.broken().recovered().after(-500).over();
    assert_judged(&journal, Verdict::CouldNotJudge, Cause::Clock, "set back");
}

#[test]
fn a_drill_is_due_once_in_each_period() {
    let cadence = Cadence {
        every: Every::parse("3 months").expect("a cadence"),
        from: "2026-01-15".parse().expect("a day"),
    };
    let done = |day: &str, mode: Mode, verdict: Verdict| Evidence {
        drill: "lost".into(),
        run: RunId::from_text("r"),
        when: format!("{day}T12:00:00Z").parse().expect("a time"),
        verdict: Some(verdict),
        mode,
        environment: "range".into(),
        operators: Vec::new(),
        rto: None,
        objective: None,
        reason: String::new(),
    };
    let on = |day: &str, evidence: &[Evidence]| {
        let standing = standing(Some(cadence), evidence, day.parse().expect("a day"));
        serde_json::to_value(standing).expect("JSON").to_string()
    };
    assert_eq!(on("2026-01-14", &[]), r#"{"standing":"not_yet","from":"2026-01-15"}"#);
    let due = r#"{"standing":"due","since":"2026-01-15","until":"2026-04-14","never":true}"#;
    assert_eq!(on("2026-01-15", &[]), due);
    assert_eq!(
        on("2026-04-15", &[]),
        r#"{"standing":"overdue","since":"2026-04-14","never":true}"#
    );
    let passed = [done("2026-01-20", Mode::Drill, Verdict::Passed)];
    assert_eq!(on("2026-04-14", &passed), r#"{"standing":"done","next":"2026-04-15"}"#);
    assert!(on("2026-04-15", &passed).contains(r#""standing":"due""#));
    assert_eq!(
        on("2026-07-15", &passed),
        r#"{"standing":"overdue","since":"2026-07-14","never":false}"#
    );
    // Nor does what a wrong clock dated ahead, or what was done after the day that is asked about.
    let ahead = [passed[0].clone(), done("2036-01-20", Mode::Drill, Verdict::Passed)];
    assert!(on("2026-07-15", &ahead).contains("overdue"));
    // Neither a rehearsal nor a failure counts.
    for not in [
        done("2026-04-20", Mode::Rehearsal, Verdict::Passed),
        done("2026-04-20", Mode::Drill, Verdict::Failed),
    ] {
        assert!(on("2026-07-15", &[passed[0].clone(), not]).contains("overdue"));
    }
    assert_eq!(standing(None, &[], "2026-01-15".parse().expect("a day")), Standing::Unscheduled);
}
