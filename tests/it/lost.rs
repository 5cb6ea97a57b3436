//! Calls that go wrong: above all those that take effect and whose answer never comes.
//!
//! Each changing call of a runbook loses its answer in turn. Nothing may be made twice, and the run must
//! end as if nothing had been lost. A new runbook is one more row of the undo matrix, and one test here.

use crate::env::{Project, Ran};
use crate::inventory::{Inventory, inventory, new_keys};
use crate::matrix::{REDEPLOY, REPLACE, Row, assert_as_before, fail_at_the_end};
use crate::proxy::{Call, Fault, Proxy};
use crate::sample::{is_turn, say, some_of};
use regex::Regex;
use std::collections::BTreeSet;
use std::time::Instant;

/// How many calls of a runbook a plain test run lets go wrong.
const SAMPLE: usize = 1;

/// A project behind a proxy, at the beginning of a runbook.
struct Stage<'a> {
    row: &'a Row,
    project: Project,
    given: Vec<String>,
}

impl<'a> Stage<'a> {
    fn set(row: &'a Row, proxy: &Proxy) -> Self {
        let project = Project::shipped();
        let given = (row.given)(&project);
        proxy.stand_before(&project);
        proxy.let_through();
        Self { row, project, given }
    }

    fn run(&self) -> Ran {
        let mut arguments = vec!["run", self.row.runbook, "--env", "sandbox"];
        arguments.extend(self.given.iter().map(String::as_str));
        self.project.run(&arguments)
    }
}

#[test]
fn kms_replace_outlives_the_loss_of_any_answer() {
    if !is_turn("lost answers of kms-replace", 0, 2) {
        return;
    }
    // It can be run again and again in the same accounts. The first time it replaces the stack's own key,
    // and after that a key that it has made itself.
    let proxy = Proxy::start();
    let stage = Stage::set(&REPLACE, &proxy);
    stage.run().ended(0);
    let (changes, usual) = undisturbed(&stage, &proxy);
    for nth in some_of("lost answers of kms-replace", losses(&changes), SAMPLE) {
        lose(&stage, &proxy, &nth, &usual);
    }
}

#[test]
fn account_redeploy_outlives_the_loss_of_any_answer() {
    if !is_turn("lost answers of account-redeploy", 1, 2) {
        return;
    }
    // It begins in accounts with nothing in them, so each time it needs others.
    let proxy = Proxy::start();
    let (changes, usual) = undisturbed(&Stage::set(&REDEPLOY, &proxy), &proxy);
    for nth in some_of("lost answers of account-redeploy", losses(&changes), SAMPLE) {
        lose(&Stage::set(&REDEPLOY, &proxy), &proxy, &nth, &usual);
    }
}

/// Loses the answers of a runbook that begins anew each time.
pub(crate) fn outlives(row: &Row) {
    let proxy = Proxy::start();
    let (changes, usual) = undisturbed(&Stage::set(row, &proxy), &proxy);
    for nth in some_of(&format!("lost answers of {}", row.runbook), losses(&changes), SAMPLE) {
        lose(&Stage::set(row, &proxy), &proxy, &nth, &usual);
    }
}

/// A runbook that only looks makes no changing call at all.
pub(crate) fn changes_nothing(row: &Row) {
    let proxy = Proxy::start();
    let stage = Stage::set(row, &proxy);
    let before = inventory(&stage.project);
    stage.run().ended(0);
    let calls = proxy.calls().len();
    assert!(calls > 3, "{}: only {calls} calls", row.runbook);
    assert_eq!(proxy.changes(), Vec::<String>::new(), "{}", row.runbook);
    assert_as_before(row, &before, &inventory(&stage.project), row.runbook);
}

/// The changing calls of a run in which nothing goes wrong, and what it leaves.
fn undisturbed(stage: &Stage<'_>, proxy: &Proxy) -> (Vec<String>, Vec<String>) {
    let before = inventory(&stage.project);
    proxy.let_through();
    stage.run().ended(0);
    let changes = proxy.changes();
    assert!(!changes.is_empty(), "this is not the whole runbook: {changes:?}");
    (changes, outcome(&stage.project, &before))
}

/// What comes after the lost answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Everything gets through, so that a look finds out what became of the call.
    Fine,
    /// Nothing gets through any more, so that nobody can tell.
    Dead,
}

/// A call that is made more often than this is made for many things at once, such as objects. Its first
/// and its last one stand for the others.
const FEW: usize = 3;

/// One changing call of a run. Steps that run side by side change places, so it is known by its name and by
/// how many of that name came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Nth {
    name: String,
    place: usize,
}

impl std::fmt::Display for Nth {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} number {}", self.name, self.place + 1)
    }
}

impl Nth {
    /// The calls to try.
    fn of(changes: &[String]) -> Vec<Self> {
        let names: BTreeSet<&String> = changes.iter().collect();
        let places = |name: &&String| {
            let count = changes.iter().filter(|change| change == name).count();
            (0..count).filter(move |place| count <= FEW || *place == 0 || *place + 1 == count)
        };
        let of = |name| places(&name).map(move |place| Self { name: String::clone(name), place });
        names.into_iter().flat_map(of).collect()
    }

    /// Says of each call, in their order, whether it is this one.
    fn watch(&self) -> impl FnMut(&Call) -> bool + Send + use<> {
        let Self { name, mut place } = self.clone();
        let mut over = false;
        move |call| {
            if over || call.name != name {
                return false;
            }
            over = place == 0;
            place = place.saturating_sub(1);
            over
        }
    }
}

/// Every way to lose one of these answers.
fn losses(changes: &[String]) -> Vec<(Nth, Then)> {
    let both = |nth: Nth| [(nth.clone(), Then::Fine), (nth, Then::Dead)];
    Nth::of(changes).into_iter().flat_map(both).collect()
}

/// Loses the answer to one changing call, and goes on.
fn lose(stage: &Stage<'_>, proxy: &Proxy, (nth, then): &(Nth, Then), usual: &[String]) {
    let began = Instant::now();
    let before = inventory(&stage.project);
    let (mut is_it, dead, mut lost) = (nth.watch(), *then == Then::Dead, false);
    proxy.decide(move |call| {
        if is_it(call) {
            lost = true;
            return Some(Fault::Lost);
        }
        (lost && dead).then_some(Fault::Reset)
    });
    let ran = stage.run();
    assert!(proxy.failed().is_some(), "this run made no {nth}: {}", ran.stderr);
    proxy.let_through();
    let what = format!("{}: {nth} loses its answer, then {then:?}", stage.row.runbook);
    let events = stage.project.journal();
    let has = |name: &str| events.iter().any(|record| record["event"]["event"] == name);
    say(&format!(
        "{what}: exit {:?} after {:?}, unknown: {}",
        ran.code,
        began.elapsed(),
        has("step_unknown")
    ));
    match then {
        // A look has told, or the call is harmless to repeat and was repeated.
        Then::Fine => {
            assert_eq!(has("step_unknown"), has("step_resolved"), "{what}");
            ran.ended(0);
        }
        Then::Dead => {
            let scripted = ran.code == Some(1);
            if scripted {
                ran.says("It had begun: its effect may be there in part");
            } else {
                ran.ended(5).says("unknown").says("runbook resume");
            }
            let resumed = stage.project.run(&["resume"]);
            assert_eq!(resumed.code, Some(0), "{what}: {}", resumed.stderr);
        }
    }
    let after = outcome(&stage.project, &before);
    let lacks = usual.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let has = after.iter().filter(|line| !usual.contains(line)).map(|line| format!("+ {line}"));
    let difference: Vec<String> = lacks.chain(has).collect();
    assert!(
        difference.is_empty() && after.len() == usual.len(),
        "{what}: not as after an undisturbed run:\n{}",
        difference.join("\n")
    );
    assert_each_step_ended_once(&stage.project, &what);
}

/// No step succeeded twice, and every question that was asked was answered.
fn assert_each_step_ended_once(project: &Project, what: &str) {
    let mut ended = BTreeSet::new();
    let (mut asked, mut answered) = (0, 0);
    for record in project.journal() {
        let event = &record["event"];
        match event["event"].as_str().expect("a name") {
            "step_succeeded" | "step_in_place" => {
                assert!(ended.insert(event["step"].to_string()), "{what}: {event} is the second");
            }
            "step_waiting" => asked += 1,
            "step_answered" => answered += 1,
            _ => {}
        }
    }
    assert_eq!(asked, answered, "{what}");
}

/// What is there after a run, in words that are the same for every run: new keys are new, a key that had
/// an alias is old, and whatever is made up at random has no name.
pub(crate) fn outcome(project: &Project, before: &Inventory) -> Vec<String> {
    let after = inventory(project);
    let id = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let aliased: Vec<String> = before
        .iter()
        .filter(|(name, _)| name.starts_with("alias "))
        .map(|(_, key)| id(key))
        .collect();
    let left: Vec<String> =
        before.keys().filter(|name| name.starts_with("key ")).map(|name| id(name)).collect();
    let new = new_keys(before, &after);
    let mut names: Vec<(String, &str)> = new.keys().map(|name| (id(name), "NEW-KEY")).collect();
    names.extend(aliased.iter().map(|id| (id.clone(), "OLD-KEY")));
    names.extend(left.iter().map(|id| (id.clone(), "OLDER-KEY")));
    let accounts = &project.accounts;
    names.extend([
        (accounts.workload.clone(), "WORKLOAD"),
        (accounts.data.clone(), "DATA"),
        (accounts.platform.clone(), "PLATFORM"),
    ]);
    let chance = [
        ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "SOME-ID"),
        ("(:secret:[0-9A-Za-z/_-]*)-[0-9A-Za-z]{6}", "$1"),
        ("\\b(vpc|subnet|sg|rtb|rtbassoc|vpce|fl|igw)-[0-9a-f]{17}\\b", "$1-SOME-ID"),
        ("\\b(vpc|search)-([a-z-]+)-[0-9a-f]{26}\\b", "$1-$2-SOME-ID"),
        ("[0-9]{8}-[0-9]{6}-[0-9a-z]{4}", "SOME-RUN"),
        ("^(stack [^ ]* workload (resource|output) Api[^:]*): .*", "$1:"),
        ("^(object .*|delete marker .*)@[^:]*:", "$1:"),
        ("^(secret version [^:]*): [^ ]*", "$1:"),
        // A variable is known by a digest, and what is in it names the account.
        ("\\b([A-Z_]+)=[0-9a-f]{8}\\b", "$1=SOME-VALUE"),
        // A copy of flagged inferences is named for the time it covers, and each record in it has its own.
        ("(/inferences/)[0-9]{13}_[0-9]{13}([.]json: )\"[0-9a-f]*\"", "$1SOME-TIME$2"),
        // The emulator packs a function's code with the time.
        ("^(function [^:]*): [^ ]*", "$1:"),
    ];
    let chance = chance.map(|(what, word)| (Regex::new(what).expect("a pattern"), word));
    let mut lines: Vec<String> = after
        .iter()
        .map(|(name, state)| {
            let mut line = format!("{name}: {state}");
            for (id, word) in &names {
                line = line.replace(id.as_str(), word);
            }
            chance
                .iter()
                .fold(line, |line, (what, word)| what.replace_all(&line, *word).into_owned())
        })
        // Keys from before that nothing points at are left over from earlier runs.
        .filter(|line| !(line.starts_with("key ") && line.contains("OLDER-KEY")))
        .collect();
    lines.sort();
    // The AWS CLI sends an object again by itself. That makes one more version with the same bytes in it,
    // and the runbook says that writing the samples again is harmless.
    lines.dedup_by(|a, b| a == b && a.contains("/original/samples/"));
    lines
}

#[test]
fn kms_replace_is_taken_back_whichever_call_is_refused() {
    if !is_turn("refused calls of kms-replace", 0, 2) {
        return;
    }
    let proxy = Proxy::start();
    let stage = Stage::set(&REPLACE, &proxy);
    let (changes, _) = undisturbed(&stage, &proxy);
    let before = inventory(&stage.project);
    for nth in some_of("refused calls of kms-replace", Nth::of(&changes), SAMPLE) {
        proxy.decide(from_on(&nth, Fault::Refused));
        let ran = stage.run().ended(1).says("AccessDenied").says("Allow `").says("runbook undo");
        let what = format!("refused from {nth} on: {}", ran.stderr);
        proxy.let_through();
        stage.project.run(&["undo"]).ended(0);
        assert_as_before(stage.row, &before, &inventory(&stage.project), &what);
    }
}

/// From that call on every changing call goes wrong.
fn from_on(nth: &Nth, fault: Fault) -> impl FnMut(&Call) -> Option<Fault> + Send + use<> {
    let (mut is_it, mut begun) = (nth.watch(), false);
    move |call| {
        begun = begun || is_it(call);
        (begun && call.changes).then_some(fault)
    }
}

/// An undo whose call is refused, or whose answer is lost, is stuck. It says so, and it can be finished
/// as soon as the cause is gone.
#[test]
fn an_undo_that_got_stuck_at_any_call_is_finished_later() {
    if !is_turn("stuck undos of kms-replace", 1, 2) {
        return;
    }
    let proxy = Proxy::start();
    let stage = Stage::set(&REPLACE, &proxy);
    let before = inventory(&stage.project);
    fail_at_the_end(&stage.project, stage.row, &stage.given, || {
        proxy.let_through();
        stage.project.run(&["undo"]).ended(0);
    });
    let changes = proxy.changes();
    let cases: Vec<(Nth, Fault)> = Nth::of(&changes)
        .into_iter()
        .flat_map(|nth| [(nth.clone(), Fault::Refused), (nth, Fault::Lost)])
        .collect();
    for (nth, fault) in some_of("stuck undos of kms-replace", cases, SAMPLE) {
        fail_at_the_end(&stage.project, stage.row, &stage.given, || {
            match fault {
                Fault::Refused => proxy.decide(from_on(&nth, fault)),
                _ => {
                    let mut is_it = nth.watch();
                    proxy.decide(move |call| is_it(call).then_some(fault));
                }
            }
            let undone = stage.project.run(&["undo"]);
            let failed = proxy.failed();
            say(&format!("undo: {nth}, {fault:?}: exit {:?}", undone.code));
            assert!(failed.is_some(), "this undo made no {nth}");
            proxy.let_through();
            // A call that is harmless to repeat was repeated.
            if undone.code != Some(0) {
                let run = stage.project.newest_run();
                let run = run.file_name().expect("a name").to_string_lossy().into_owned();
                let again = format!("runbook undo {run}");
                let undone = undone.ended(6).says("could not be taken back").says(&again);
                // Steps that failed on the way there are not what is to be decided now.
                assert!(!undone.stderr.contains("=retry"), "{}", undone.stderr);
                let status = stage.project.run(&["status"]);
                status.says("It could not be taken back and needs hands.").says(&again);
                stage.project.run(&["undo"]).ended(0);
            }
        });
        let what = format!("{nth} of the undo, {fault:?}");
        assert_as_before(stage.row, &before, &inventory(&stage.project), &what);
    }
}

/// A call of which nothing can tell what became of it.
const CALL: &str = "---\ntitle: Call\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Call\n\n## Steps\n\n### Make\n\n```yaml step=make\nuses: aws/call\nirreversible: a test\nwith: { service: kms, operation: create-key, input: { Description: once } }\n```\n";

/// A step that nothing can look for waits for a person, and is never repeated without being told.
#[test]
fn a_call_that_nothing_can_look_for_waits_for_a_person() {
    let proxy = Proxy::start();
    let project = Project::cloud(&[("call", CALL)]);
    proxy.stand_before(&project);
    proxy.fail_change(0, Fault::Lost);
    project
        .run(&["run", "call", "--env", "sandbox"])
        .ended(5)
        .says("Connection was closed")
        .says("Whether its effect is there is unknown")
        .says("make=done");
    project.run(&["resume"]).ended(5).says("make=retry");
    assert_eq!(proxy.changes(), ["kms:CreateKey"], "it was repeated");
    project.run(&["resume", "--step", "make=done", "--reason", "seen in the console"]).ended(0);
    assert_eq!(proxy.changes(), ["kms:CreateKey"], "it was repeated");
}

/// What was refused as a whole certainly changed nothing. The run says so, now and later; it is no point of no
/// return; and `resume` need not be told that it may be sent again.
#[test]
fn a_call_that_was_refused_certainly_changed_nothing() {
    let proxy = Proxy::start();
    let project = Project::cloud(&[("call", CALL)]);
    proxy.stand_before(&project);
    for way in ["undo", "resume"] {
        proxy.let_through();
        proxy.fail_change(0, Fault::Refused);
        let run = ["run", "call", "--env", "sandbox"];
        project.run(&run).ended(1).says("AccessDenied").says(NO_EFFECT);
        project.run(&["status"]).ended(0).says(NO_EFFECT);
        assert_eq!(proxy.changes(), ["kms:CreateKey"]);
        proxy.let_through();
        project.run(&[way]).ended(0);
        let sent = if way == "resume" { &["kms:CreateKey"][..] } else { &[] };
        assert_eq!(proxy.changes(), sent, "{way}");
    }
    // A later attempt that was refused says nothing of an earlier one.
    proxy.fail_change(0, Fault::Lost);
    project.run(&["run", "call", "--env", "sandbox"]).ended(5);
    proxy.fail_change(0, Fault::Refused);
    let again = ["resume", "--step", "make=retry", "--reason", "not in the console"];
    let earlier = "This attempt changed nothing. What an earlier one did may be there.";
    project.run(&again).ended(1).says(earlier);
    project.run(&["status"]).ended(0).says(earlier);
    project.run(&["undo"]).ended(4).says("point of no return");
}

/// A key and an alias: one call that must not be repeated, and one that takes nothing twice.
const MAKE: &str = "---\ntitle: Make a key\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Make a key\n\n## Steps\n\n### Make\n\n```yaml step=make\nuses: kms/create-key\nwith: { description: for a test }\nTIMEOUT```\n\n### Point\n\n```yaml step=point\nuses: kms/set-alias\nwith: { alias: alias/made, key: \"{{ steps.make.key_arn }}\" }\n```\n";

/// A call that goes wrong, and what the program must make of it.
struct Wrong {
    call: &'static str,
    fault: Fault,
    /// How many such calls in a row go wrong.
    times: usize,
    then: Then,
    code: i32,
    says: &'static [&'static str],
}

const FOUND_OUT: &[&str] = &["UNKNOWN", "resolved", "as a look at the world shows"];
const NO_EFFECT: &str = "It had begun, and had no effect: nothing was changed.";
const UNKNOWN: &[&str] = &["unknown", "never run again by itself", "runbook resume"];

const WRONG: [Wrong; 13] = [
    wrong("kms:CreateKey", Fault::Throttled, 3, 0, &[]),
    wrong(
        "kms:CreateKey",
        Fault::Throttled,
        99,
        1,
        &["ThrottlingException", "wait a minute", "runbook resume", NO_EFFECT],
    ),
    wrong(
        "kms:CreateKey",
        Fault::Refused,
        99,
        1,
        &["AccessDeniedException", "Allow `kms:CreateKey`", "runbook resume", NO_EFFECT],
    ),
    // What became of it is looked for, and found.
    wrong("kms:CreateKey", Fault::Reset, 1, 0, FOUND_OUT),
    wrong("kms:CreateKey", Fault::Lost, 1, 0, FOUND_OUT),
    wrong("kms:CreateKey", Fault::Truncated, 1, 0, FOUND_OUT),
    wrong("kms:CreateKey", Fault::Late, 1, 0, &["did not end within 5s", "UNKNOWN", "resolved"]),
    wrong("kms:CreateAlias", Fault::Lost, 1, 0, FOUND_OUT),
    // Nobody can look either.
    Wrong { then: Then::Dead, ..wrong("kms:CreateKey", Fault::Lost, 1, 5, UNKNOWN) },
    Wrong { then: Then::Dead, ..wrong("kms:CreateAlias", Fault::Reset, 1, 5, UNKNOWN) },
    // Whatever only reads is asked again, and never unknown.
    wrong("kms:DescribeKey", Fault::Reset, 2, 0, &[]),
    wrong("kms:DescribeKey", Fault::Truncated, 2, 0, &[]),
    wrong(
        "kms:DescribeKey",
        Fault::Refused,
        99,
        4,
        &["AccessDeniedException", "Allow `kms:DescribeKey`", "nothing was changed"],
    ),
];

const fn wrong(
    call: &'static str,
    fault: Fault,
    times: usize,
    code: i32,
    says: &'static [&'static str],
) -> Wrong {
    Wrong { call, fault, times, then: Then::Fine, code, says }
}

#[test]
fn every_fault_has_its_state_its_words_and_its_exit_code() {
    let proxy = Proxy::start();
    for wrong in WRONG {
        let limit = if wrong.fault == Fault::Late { "timeout: 5s\n" } else { "" };
        let text = MAKE.replace("TIMEOUT", limit);
        let project = Project::cloud(&[("make", &text)]);
        proxy.stand_before(&project);
        let Wrong { call, fault, times, then, .. } = wrong;
        let what = format!("{call} {fault:?} × {times}, then {then:?}");
        let (name, fault, mut left) = (wrong.call, wrong.fault, wrong.times);
        let dead = wrong.then == Then::Dead;
        proxy.decide(move |call| {
            let goes_wrong = call.name == name && left > 0;
            left -= usize::from(goes_wrong);
            let dead = dead && left == 0;
            goes_wrong.then_some(fault).or(dead.then_some(Fault::Reset))
        });
        let mut ran = project.run(&["run", "make", "--env", "sandbox"]);
        say(&format!("{what}: exit {:?}", ran.code));
        assert_eq!(ran.code, Some(wrong.code), "{what}: {}", ran.stderr);
        for words in wrong.says {
            ran = ran.says(words);
        }
        // Only what was refused as a whole, or certainly never came, is sent again.
        let made = proxy.calls().iter().filter(|call| call.name == "kms:CreateKey").count();
        let most = match fault {
            Fault::Throttled => 4,
            Fault::Reset if name == "kms:CreateKey" => 2,
            _ => 1,
        };
        assert!(made <= most, "{what}: {made} calls");
        proxy.let_through();
        if wrong.code != 0 {
            project.run(&["resume"]).ended(0);
        }
        let all = crate::cloud::wait(crate::inventory::of_account(&project.accounts.data));
        let keys: Vec<_> = all.iter().filter(|(name, _)| name.starts_with("key ")).collect();
        assert_eq!(keys.len(), 1, "{what}: {all:?}");
        let alias = &all[&format!("alias {} alias/made", project.accounts.data)];
        assert!(keys[0].0.ends_with(alias.as_str()), "{what}: {all:?}");
    }
}
