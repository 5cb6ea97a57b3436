//! What a drill has broken is never left to nobody, and a run that is taken up is held to what it began as.

use crate::drills::{add_environment, edit, project};
use crate::env::Project;
use serde_json::Value;

const RUN: [&str; 3] = ["drill", "run", "lost"];

/// Killed while the file is away.
fn killed() -> Project {
    let project = project();
    project.run_with(&RUN, &[("RUNBOOK_KILL_AT_RECORD", "9")]);
    assert!(project.exists("away"), "it was killed too early or too late");
    project
}

#[test]
fn a_drill_is_not_given_up_while_what_it_broke_stands() {
    let project = killed();
    let abort = ["abort", "--reason", "enough"];
    project.run(&abort).ended(4).says("`break_lost` still stands").says("runbook undo");
    project.run(&["obligations"]).ended(0).says("Mend what the drill");
    project.run(&["undo"]).ended(0);
    assert!(!project.exists("away") && project.exists("data"), "it is mended");
    project.run(&["obligations"]).ended(0).says("nothing is owed");
}

/// What cannot be mended by the program is mended by hand, and said to be.
#[test]
fn what_a_hand_has_mended_lets_the_drill_end() {
    let project = project();
    edit(&project, "drills/faults/lost.md", "rm -f \"$RUNBOOK_PROJECT/away\"", "exit 7");
    let ran = project.run(&RUN);
    assert_eq!(ran.code, Some(6), "{}{}", ran.stdout, ran.stderr);
    project.run(&["abort", "--reason", "enough"]).ended(4).says("still stands");
    std::fs::remove_file(project.path().join("away")).expect("mended by hand");
    let step = "break_lost/take_away=done";
    project.run(&["undo"]).ended(6);
    let run = project.newest_run();
    let run = run.file_name().and_then(|name| name.to_str()).expect("a run");
    let ran = project.run(&["resume", run, "--step", step, "--reason", "by hand"]);
    assert!(matches!(ran.code, Some(0 | 9)), "{:?}: {}{}", ran.code, ran.stdout, ran.stderr);
    project.run(&["obligations"]).ended(0).says("nothing is owed");
}

/// What nobody can see mended is owed.
#[test]
fn a_mending_that_cannot_be_seen_is_none() {
    let project = project();
    edit(
        &project,
        "drills/faults/lost.md",
        "test -e \"$RUNBOOK_PROJECT/away\"\n```",
        "test ! -e \"$RUNBOOK_PROJECT/blind\" || exit 3\ntest -e \"$RUNBOOK_PROJECT/away\"\n```",
    );
    edit(
        &project,
        "drills/faults/lost.md",
        "rm -f \"$RUNBOOK_PROJECT/away\"",
        "rm -f \"$RUNBOOK_PROJECT/away\"\ntouch \"$RUNBOOK_PROJECT/blind\"",
    );
    project.run(&RUN).ended(6).says("whether it is mended cannot be told");
    project.run(&["obligations"]).ended(0).says("Mend what the drill");
    std::fs::remove_file(project.path().join("blind")).expect("it can see again");
    edit(&project, "drills/faults/lost.md", "\ntouch \"$RUNBOOK_PROJECT/blind\"", "");
    project.run(&["obligations"]).ended(0).says("Mend what the drill");
}

/// A rehearsal never becomes a drill that counts, and what is broken in one place is not looked for in another.
#[test]
fn a_run_goes_on_only_in_an_environment_of_the_kind_that_it_began_in() {
    let project = killed();
    let text = project.read("runbook.yaml");
    let lines = text.lines().filter(|line| !line.contains("endpoint:"));
    let changed: String = lines.map(|line| format!("{line}\n")).collect();
    project.write("runbook.yaml", &changed.replace("kind: sandbox", "kind: drill"));
    for command in ["resume", "undo"] {
        project.run(&[command]).ended(4).says("is of kind drill now").says("rehearsal");
    }
    assert!(project.exists("away"), "nothing was changed");
    project.write("runbook.yaml", &text);
    project.run(&["resume"]).ended(0).says("✓ passed");
}

#[test]
fn files_that_are_changed_on_the_way_are_no_pass() {
    let project = killed();
    edit(&project, "drills/lost.yaml", "rto: 10m", "rto: 10h");
    project.run(&["resume", "--adopt"]).ended(1).says("its files were changed on the way");
    let report = project.run(&["drill", "report", "--json"]).ended(1).stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["verdict"], &report["cause"]), (&"failed".into(), &"hand".into()));
}

#[test]
fn nothing_breaks_production_by_a_change_on_the_way() {
    let project = project();
    add_environment(&project, "live", "production");
    let book = |step: &str| {
        format!(
            "---\ntitle: T\nsummary: S\nowner: tests\n---\n\n# T\n\n{step}\n### Gate\n\n```bash step=gate\n#| effect: read\nexit 3\n```\n"
        )
    };
    project.write("runbooks/gated.md", &book(""));
    project.run(&["run", "gated", "--env", "live", "--yes"]).ended(1);
    let lose = "### Lose\n\n```yaml step=lose\nuses: runbook/run\nwith:\n  runbook: drills/faults/lost.md\n```\n";
    project.write("runbooks/gated.md", &book(lose));
    let ran = project.run(&["resume", "--adopt", "--step", "gate=retry"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    assert!(project.exists("data"), "something was broken");
}
