//! What is certain about a step that did not end well: said in truth, and used by what comes next.

use crate::env::{Project, Ran};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

/// Two steps that can be taken back. The second one needs Python.
const TWO: &str = "---\ntitle: Two\nsummary: For the tests.\nowner: tests\n---\n\n# Two\n\n## Steps\n\n### One\n\n```bash step=one\necho one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash undo=one\necho -one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n### Two\n\n```python step=two\nimport os\nopen(os.environ['RUNBOOK_PROJECT'] + '/done', 'a').write('two\\n')\n```\n\n```bash undo=two\necho -two >> \"$RUNBOOK_PROJECT/done\"\n```\n";

/// A `PATH` on which there is all that the scripts need but for Python. What stands in its place is given.
fn path_without_python(project: &Project, python: Option<&str>) -> String {
    let folder = project.path().join("bin");
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["bash", "sh"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").expect("a path"))
            .map(|folder| folder.join(name))
            .find(|file| file.exists());
        let link = folder.join(name);
        if !link.exists() {
            symlink(found.expect("a shell"), link).expect("a link");
        }
    }
    if let Some(text) = python {
        let file = folder.join("python3");
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
    }
    folder.display().to_string()
}

#[test]
fn a_script_that_could_not_be_started_changed_nothing() {
    for (python, why) in [
        (None, "`python3` is not installed"),
        (Some("#!/nowhere/python3\n"), "the system cannot start it"),
    ] {
        let project = Project::local(&[("two", TWO)]);
        let path = path_without_python(&project, python);
        let lame = |arguments: &[&str]| -> Ran { project.run_with(arguments, &[("PATH", &path)]) };
        let ran = lame(&["run", "two", "--env", "sandbox"]).ended(1).says(why);
        ran.says("It was stopped before it began: nothing was changed.").says("runbook undo");
        let failed =
            project.journal().into_iter().find(|record| record["event"]["event"] == "step_failed");
        let failed = failed.expect("a failure");
        assert_eq!(failed["event"]["failure"]["stage"], "input", "{failed}");
        let undone = if python.is_none() {
            // Nothing had to be decided: it is simply tried again.
            lame(&["resume"]).ended(1).says(why);
            project.run(&["resume"]).ended(0);
            assert_eq!(project.read("done"), "one\ntwo\n");
            continue;
        } else {
            project.run(&["undo"]).ended(0)
        };
        undone.says("it never took effect");
        assert_eq!(project.read("done"), "one\n-one\n", "what never ran was taken back");
        assert!(Path::new(&path).exists());
    }
}

/// A script can say whatever a program says that cannot be started. It ran all the same.
#[test]
fn a_script_that_says_that_it_could_not_be_started_is_not_believed() {
    let liar = TWO.replace("```python step=two\nimport os\nopen(os.environ['RUNBOOK_PROJECT'] + '/done', 'a').write('two\\n')\n", "```bash step=two\necho two >> \"$RUNBOOK_PROJECT/done\"\necho 'setsid: failed to execute bash: No such file or directory' >&2\nexit 127\n");
    let project = Project::local(&[("two", &liar)]);
    let ran = project.run(&["run", "two", "--env", "sandbox"]).ended(1);
    ran.says("It had begun: its effect may be there in part.");
    project.run(&["undo"]).ended(0);
    assert_eq!(project.read("done"), "one\ntwo\n-two\n-one\n");
}
