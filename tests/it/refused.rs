//! A call of AWS that fails is no answer: in no shipped runbook or fault does a look take it for "not there", and no
//! way back for "done". Each of these scripts is run with an `aws` that is refused.

use runbook::model::step::{Block, Body, Interpreter};
use runbook::parse;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// As the AWS CLI ends when a service refuses a call.
const AWS: &str = "#!/bin/sh\necho 'An error occurred (AccessDeniedException): no' >&2\nexit 254\n";

/// The script of a block, when it calls AWS.
fn script(block: &Block) -> Option<&str> {
    match &block.body {
        Body::Script { interpreter: Interpreter::Bash, text } => {
            Some(text.value.as_str()).filter(|text| text.contains("aws "))
        }
        _ => None,
    }
}

/// How the script of a block ends when everything that it asks of AWS is refused.
fn refused(block: &Block, script: &str, programs: &Path) -> Option<i32> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::var("PATH").expect("a path");
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script]).current_dir(folder.path()).env_clear();
    bash.env("PATH", format!("{}:{path}", programs.display()));
    for name in ["RUNBOOK_OUTPUT", "RUNBOOK_PROJECT", "RUNBOOK_RUN", "HOME"] {
        bash.env(name, folder.path().join(name));
    }
    bash.envs(block.options.env.iter().map(|(name, _)| (name.value.as_str(), "given")));
    let ended = bash.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.expect("bash").code()
}

#[test]
fn a_call_that_is_refused_is_no_answer() {
    let programs = tempfile::tempdir().expect("a folder");
    let aws = programs.path().join("aws");
    fs::write(&aws, AWS).expect("a program");
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).expect("its rights");
    let (mut looks, mut ways_back, mut wrong) = (0, 0, Vec::new());
    for folder in ["runbooks", "drills/faults"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let (book, _) = parse::runbook(&name, &name, &text);
            for step in &book.steps {
                if let Some((block, script)) =
                    step.observe.as_ref().and_then(|it| Some((it, script(it)?)))
                {
                    looks += 1;
                    let code = refused(block, script, programs.path());
                    if matches!(code, Some(0 | 1)) {
                        wrong.push(format!("{name}: observe={} ends with {code:?}", step.id()));
                    }
                }
                if let Some((block, script)) =
                    step.undo.as_ref().and_then(|it| Some((it, script(it)?)))
                {
                    ways_back += 1;
                    if refused(block, script, programs.path()) == Some(0) {
                        wrong.push(format!("{name}: undo={} ends with 0", step.id()));
                    }
                }
            }
        }
    }
    assert!(
        looks > 20 && ways_back > 20,
        "{looks} looks, {ways_back} ways back: too few to be all"
    );
    assert_eq!(wrong, [""; 0]);
}
