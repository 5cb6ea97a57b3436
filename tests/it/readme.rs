//! The first command of the README, as a new user types it: it brings its own emulated AWS.

use crate::env::{Project, root};

#[test]
fn the_first_command_of_the_readme_needs_nothing_but_itself() {
    let project = Project::shipped();
    // The project as it is shipped: its sandbox is started by the command, not by these tests.
    let configuration =
        std::fs::read_to_string(root().join("runbook.yaml")).expect("the project's file");
    project.write("runbook.yaml", &configuration);
    let ran = project.run(&["run", "kms-replace", "--env", "sandbox"]);
    let down = project.run(&["sandbox", "down"]);
    ran.ended(0).says("account-redeploy").says("The run succeeded, and health is reached");
    down.ended(0);
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(
        text.contains("cargo run -- run kms-replace --env sandbox"),
        "the README says something else"
    );
    assert!(text.contains("./scripts/test.sh"));
}
