//! `runbook check` as others use it: a pipeline, a code scanner, an editor, a person who leaves it running.

use super::env::Project;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long something may take that happens at once.
const PATIENCE: Duration = Duration::from_secs(60);

const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n\n# T\n\n## Do\n\n";

fn book(script: &str) -> String {
    format!("{FRONT}```bash step=look\n#| effect: read\n#| env: {{ NAME: \"x\" }}\n{script}\n```\n")
}

/// A folder that is all of `PATH`, with these programs of this machine in it.
fn path_with(programs: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::var_os("PATH").expect("PATH");
    for program in programs {
        let real = std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
            .unwrap_or_else(|| panic!("{program} is not installed"));
        symlink(real, folder.path().join(program)).expect("a link");
    }
    folder
}

fn with_path(project: &Project, arguments: &[&str], path: &Path) -> (Option<i32>, Value, String) {
    let ran = project.run_with(arguments, &[("PATH", path.to_str().expect("UTF-8"))]);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_default(), ran.stderr)
}

fn codes(found: &Value) -> Vec<String> {
    let all = found["diagnostics"].as_array().expect("diagnostics");
    all.iter()
        .map(|one| format!("{} {}:{}", one["code"], one["place"]["line"], one["place"]["column"]))
        .map(|text| text.replace('"', ""))
        .collect()
}

#[test]
fn errors_end_with_3_and_warnings_only_when_they_are_denied() {
    let project = Project::local(&[("warns", &book("echo hello"))]);
    let lint = ["--lint", "none"];
    let run = |more: &[&str]| project.run(&[&["check"], &lint[..], more].concat());
    run(&[]).ended(0).says("RB0704").says("2 files, no errors, 1 warning");
    run(&["--deny-warnings"]).ended(3);
    project.write("runbooks/fails.md", &book("echo \"$NMAE\""));
    run(&[]).ended(3).says("RB0703").says("did you mean `NAME`?").says("1 error");
    for format in ["json", "sarif", "github"] {
        run(&["--format", format]).ended(3);
        run(&["warns", "--format", format]).ended(0);
        run(&["warns", "--deny-warnings", "--format", format]).ended(3);
    }
    run(&["missing", "--format", "sarif"]).ended(2).says("there is no runbook `missing`");
}

#[test]
fn github_gets_workflow_commands() {
    let project = Project::local(&[("a", &book("echo \"é $NMAE\""))]);
    let ran = project.run(&["check", "a", "--format", "github", "--lint", "none"]).ended(3);
    let line = "::error file=runbooks/a.md,line=14,col=10,endLine=14,endColumn=14,title=RB0703 unset-variable::nothing sets `NMAE`, so the script ends here%0Ahelp: did you mean `NAME`?";
    assert!(ran.stdout.lines().any(|found| found == line), "{}", ran.stdout);
}

/// The part of the schema that is about fixes.
fn fix_schema(location: &Value, message: &Value) -> Value {
    let region = location["properties"]["physicalLocation"]["properties"]["region"].clone();
    let change = json!({
        "type": "object", "required": ["artifactLocation", "replacements"],
        "properties": { "replacements": { "type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["deletedRegion", "insertedContent"],
            "properties": { "deletedRegion": region, "insertedContent": message },
        } } },
    });
    json!({
        "type": "object", "required": ["artifactChanges"],
        "properties": { "description": message, "artifactChanges": { "type": "array", "minItems": 1, "items": change } },
    })
}

/// The part of the schema of SARIF 2.1.0 that code scanners insist on.
fn sarif_schema() -> Value {
    let message = json!({
        "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 1 } }
    });
    let location = json!({
        "type": "object",
        "required": ["physicalLocation"],
        "properties": { "message": message, "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": { "type": "object", "required": ["uri"], "properties": {
                    "uri": { "type": "string", "pattern": "^[A-Za-z0-9%._~/-]+$" }
                } },
                "region": {
                    "type": "object",
                    "required": ["startLine", "startColumn", "endLine", "endColumn"],
                    "additionalProperties": { "type": "integer", "minimum": 1 },
                },
            },
        } },
    });
    let rule = json!({
        "type": "object",
        "required": ["id", "name", "shortDescription", "fullDescription", "help"],
        "properties": {
            "id": { "type": "string", "pattern": "^RB[0-9]{4}$" },
            "shortDescription": message, "fullDescription": message, "help": message,
        },
    });
    let fix = fix_schema(&location, &message);
    let result = json!({
        "type": "object",
        "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
        "properties": {
            "ruleIndex": { "type": "integer", "minimum": 0 },
            "level": { "enum": ["error", "warning", "note", "none"] },
            "message": message,
            "locations": { "type": "array", "minItems": 1, "items": location },
            "relatedLocations": { "type": "array", "items": location },
            "fixes": { "type": "array", "items": fix },
        },
    });
    json!({
        "type": "object",
        "required": ["$schema", "version", "runs"],
        "properties": { "version": { "const": "2.1.0" }, "runs": { "type": "array", "minItems": 1, "items": {
            "type": "object",
            "required": ["tool", "results", "columnKind", "invocations"],
            "properties": {
                "columnKind": { "const": "unicodeCodePoints" },
                "tool": { "type": "object", "required": ["driver"], "properties": { "driver": {
                    "type": "object",
                    "required": ["name", "version", "rules"],
                    "properties": { "rules": { "type": "array", "minItems": 40, "items": rule } },
                } } },
                "results": { "type": "array", "minItems": 2, "items": result },
                "invocations": { "type": "array", "items": {
                    "type": "object", "required": ["executionSuccessful"]
                } },
            },
        } } },
    })
}

#[test]
fn a_code_scanner_gets_sarif() {
    let project = Project::local(&[("a", &book("echo \"$NMAE\" {{ run.id }}"))]);
    let ran = project.run(&["check", "--format", "sarif", "--lint", "none"]).ended(3);
    let sarif: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let schema = jsonschema::validator_for(&sarif_schema()).expect("a schema");
    let wrong: Vec<String> = schema.iter_errors(&sarif).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{sarif:#}");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let unset = results.iter().find(|result| result["ruleId"] == "RB0703").expect("a finding");
    let change = &unset["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "NAME", "{unset:#?}");
}

#[test]
fn a_runbook_may_come_from_standard_input() {
    let project = Project::local(&[]);
    let mut child = project
        .command(&["check", "-", "--stdin-name", "runbooks/draft.md", "--lint", "none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let text = book("echo \"$NMAE\"");
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("runbooks/draft.md:14:8"), "{said}");
}

#[test]
fn shellcheck_warns_when_it_is_on_the_path_and_is_not_missed_otherwise() {
    let project = Project::local(&[("a", &book("echo $NAME"))]);
    let check = ["check", "a", "--format", "json"];
    let path = path_with(&["bash"]);
    let (code, found, _) = with_path(&project, &check, path.path());
    assert_eq!((code, codes(&found)), (Some(0), vec![]), "{found}");
    assert_eq!(found["notes"], json!([]));

    // What it is given, and what it says, are ours.
    let program = path.path().join("shellcheck");
    let seen = path.path().join("seen");
    let answer = r#"{"comments":[{"file":"-","line":1,"endLine":1,"column":6,"endColumn":11,"level":"info","code":2086,"message":"Double quote to prevent globbing and word splitting.","fix":null}]}"#;
    let text = format!(
        "#!{}\nIFS= read -r line\nprintf '%s|%s|%s' \"$*\" \"$line\" \"${{HOME-none}}\" > {}\nprintf '%s' '{answer}'\nexit 1\n",
        path.path().join("bash").display(),
        seen.display()
    );
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let (code, found, _) = with_path(&project, &check, path.path());
    assert_eq!((code, codes(&found)), (Some(0), vec!["RB0702 14:6".to_owned()]), "{found}");
    let message = found["diagnostics"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("(SC2086)"), "{message}");
    let seen = fs::read_to_string(seen).expect("it was asked");
    assert!(seen.starts_with("--norc -f json1"), "{seen}");
    assert!(seen.contains("SC2154") && seen.ends_with("-|echo $NAME|none"), "{seen}");
    let (_, found, _) =
        with_path(&project, &[&check[..], &["--lint", "none"]].concat(), path.path());
    assert_eq!(codes(&found), Vec::<String>::new());
}

#[test]
fn bash_has_the_last_word_about_syntax() {
    let project = Project::local(&[("a", &book("if true; then\n  echo \"$NAME\""))]);
    let check = ["check", "a", "--format", "json"];
    let path = path_with(&["bash"]);
    let (code, found, _) = with_path(&project, &check, path.path());
    assert_eq!((code, codes(&found)), (Some(3), vec!["RB0701 14:1".to_owned()]), "{found}");
    // Nobody who could say for certain: a warning, and a note.
    let nothing = path_with(&[]);
    let (code, found, _) = with_path(&project, &check, nothing.path());
    assert_eq!((code, codes(&found)), (Some(0), vec!["RB0701 14:1".to_owned()]), "{found}");
    assert!(found["notes"][0].as_str().is_some_and(|note| note.contains("bash")), "{found}");
    // A run is refused by the same judge.
    project.run(&["run", "a", "--env", "sandbox"]).ended(3).says("RB0701");
}

#[test]
fn a_new_runbook_passes_and_is_never_written_over() {
    let project = Project::local(&[]);
    project.run(&["new", "restore-search", "--title", "Restore: the search", "--owner", "a-team"]);
    project.run(&["check", "--deny-warnings"]).ended(0).says("no errors");
    let text = project.read("runbooks/restore-search.md");
    assert!(text.contains("title: \"Restore: the search\"\n"), "{text}");
    project.run(&["new", "restore-search"]).ended(2).says("exists");
    assert_eq!(project.read("runbooks/restore-search.md"), text);
}

#[test]
fn a_rule_is_explained_with_an_example() {
    let project = Project::local(&[]);
    let ran = project.run(&["check", "--explain", "rb0703"]).ended(0);
    for text in
        ["RB0703  unset-variable", "set -u", "\nWrong\n", "\nRight\n", "  echo \"$KEY_ARN\""]
    {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
}

/// Ends the program, however the test ends.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(project: &Project) -> Self {
        let mut child = project
            .command(&["check", "--watch", "--lint", "none"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (to, lines) = channel();
        let out = child.stdout.take().expect("its output");
        let error = child.stderr.take().expect("its error output");
        let other = to.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = to.send(line);
            }
        });
        std::thread::spawn(move || {
            for line in BufReader::new(error).lines().map_while(Result::ok) {
                let _ = other.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits until a line has that text.
    fn hears(&self, text: &str) {
        let mut heard = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => heard.push(line),
                Err(_) => panic!("{text:?} was not said, only {heard:#?}"),
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_watched_is_checked_again_when_it_changes() {
    let project = Project::local(&[("a", &book("echo \"$NAME\""))]);
    let mut watching = Watching::start(&project);
    watching.hears("2 files, no errors");
    project.write("runbooks/a.md", &book("echo \"$NMAE\""));
    watching.hears("runbooks/a.md changed");
    watching.hears("RB0703");
    watching.hears("1 error");
    // As editors do it: a new file takes the place of the old one.
    project.write("runbooks/.a.md.swp", &book("echo \"$NAME\" again"));
    fs::rename(project.path().join("runbooks/.a.md.swp"), project.path().join("runbooks/a.md"))
        .expect("renamed");
    watching.hears("2 files, no errors");
    project.write("runbooks/b.md", &book("echo \"$NAME\""));
    watching.hears("3 files, no errors");
    let configuration = project.read("runbook.yaml");
    fs::remove_file(project.path().join("runbook.yaml")).expect("removed");
    watching.hears("runbook.yaml");
    project.write("runbook.yaml", &configuration);
    watching.hears("3 files, no errors");
    let id = watching.child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(watching.child.wait().expect("it ends").code(), Some(0));
}
