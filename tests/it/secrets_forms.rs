//! Every secret, in every form that programs make of it, from every place it is given at: in no byte that
//! the program writes, and in nobody's list of arguments.

use crate::env::{Project, Ran};
use crate::pty::Terminal;
use crate::signals::Started;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The secrets, by parameter. One is the beginning of another, one has several lines, one is long.
fn secrets() -> BTreeMap<&'static str, String> {
    let line =
        |n: u32| format!("MIIEowIBAAKCAQEA{n:02}kX9vQbC7mYwR4sT1uZp0oLhJgFdSaQwErTyUiOpAsD\n");
    let key: String = (10..16).map(line).collect();
    BTreeMap::from([
        ("short", "hunter2-abc".to_owned()),
        ("longer", "hunter2-abcdef/ghi+jkl=m".to_owned()),
        ("odd", "p@ss 'w\"ö$rd\\ %26 & <x>".to_owned()),
        ("lines", format!("-----BEGIN KEY-----\n{key}-----END KEY-----")),
        ("long", (0..60).map(|n| format!("part{n:02}~")).collect()),
    ])
}

/// What must be seen nowhere. A piece of a secret that is long enough to be of use counts as well.
fn hidden() -> Vec<String> {
    let mut all = Vec::new();
    for secret in secrets().into_values() {
        for line in secret.lines().filter(|line| !line.starts_with("-----")) {
            all.push(line.to_owned());
            all.push(serde_json::Value::from(line).to_string().trim_matches('"').to_owned());
        }
        for text in [secret.clone(), format!("{secret}\n")] {
            let encoded = STANDARD.encode(&text);
            // Cut into pieces, so that folding it into lines hides nothing from this test.
            let pieces = encoded.as_bytes().chunks(16).filter(|piece| piece.len() == 16);
            all.extend(pieces.map(|piece| String::from_utf8_lossy(piece).into_owned()));
            all.push(URL_SAFE_NO_PAD.encode(&text));
        }
        let escaped: String = secret
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect();
        all.push(escaped.clone());
        all.push(escaped.replace("%20", "+"));
    }
    all.retain(|text| text.len() >= 8);
    all.sort();
    all.dedup();
    all
}

fn book(front: &str, steps: &str) -> String {
    format!(
        "---\ntitle: Forms\nsummary: For the tests.\nowner: tests\nparams:\n{front}---\n\n# Forms\n\n## Steps\n\n{steps}"
    )
}

/// The parameters of all secrets.
fn front() -> String {
    secrets().keys().map(|name| format!("  {name}: {{ type: string, secret: true }}\n")).collect()
}

/// The secrets as inputs of a script.
fn env() -> String {
    secrets()
        .keys()
        .map(|name| format!("#|   {}: \"{{{{ params.{name} }}}}\"\n", name.to_uppercase()))
        .collect()
}

/// Every way in which a script says a secret.
const SAY: &str = r#"
for name in SHORT LONGER ODD LINES LONG; do
  value=${!name}
  printf '%s\n' "$value"
  printf '%s\r\n' "$value"
  printf 'a colour: %s\033[1m%s\033[0m\n' "${value:0:5}" "${value:5}"
  printf '%s' "${value:0:4}"; sleep 0.02; printf '%s' "${value:4:3}"; sleep 0.02; printf '%s\n' "${value:7}"
  printf '%s' "${value:0:6}" >&2; printf 'in between\n'; printf '%s\n' "${value:6}" >&2
  printf '%q\n' "$value"
  printf '%s' "$value" | base64
  printf '%s\n' "$value" | base64 -w 64
  printf '%s' "$value" | base64 -w 0; echo
  printf 'user:%s' "$value" | base64 -w 0; echo
  for _ in 1 2 3; do printf '%s' "$value"; done; echo
done
python3 - <<'E'
import json, os, urllib.parse, base64
for name in ["SHORT", "LONGER", "ODD", "LINES", "LONG"]:
    value = os.environ[name]
    print(json.dumps(value)); print(json.dumps(value, ensure_ascii=False)); print(json.dumps(json.dumps({"a": value})))
    print(urllib.parse.quote(value, safe="")); print(urllib.parse.quote_plus(value)); print("http://x/?q=" + urllib.parse.quote(value))
    print(base64.urlsafe_b64encode(value.encode()).decode())
E
"#;

fn forms() -> Project {
    let steps = format!(
        "```bash step=say\n#| irreversible: test\n#| env:\n{env}#| outputs: [path, all, folded]\n{SAY}\n\
         echo \"path=/srv/backups/$SHORT/$LONG.tar\" >> \"$RUNBOOK_OUTPUT\"\n\
         {{ echo 'all<<E_N_D'; printf '%s\\n' \"$SHORT $LONGER $ODD $LINES $LONG\"; echo E_N_D; }} >> \"$RUNBOOK_OUTPUT\"\n\
         {{ echo 'folded<<E_N_D'; printf '%s' \"$LINES\" | base64; echo E_N_D; }} >> \"$RUNBOOK_OUTPUT\"\n\
         touch \"$RUNBOOK_PROJECT/begun\"\nuntil test -e \"$RUNBOOK_PROJECT/go\"; do sleep 0.02; done\n```\n\n\
         ```python step=json\n#| effect: read\n#| env:\n{env}#| outputs: json\n\
         import json, os\nprint(json.dumps({{\"deep\": {{os.environ[\"ODD\"]: [os.environ[\"LINES\"]]}}, \"list\": [os.environ[\"SHORT\"], \"and \" + os.environ[\"LONG\"]]}}))\n```\n\n\
         ```bash step=each\n#| effect: read\n#| for_each: steps.json.list\n#| env: {{ ITEM: \"{{{{ item }}}}\" }}\necho \"$ITEM\"\n```\n\n\
         ```yaml step=ask\nuses: manual/confirm\nwith: {{ ask: \"Is {{{{ steps.say.path }}}} still right?\" }}\n```\n\n\
         ```bash step=fail\n#| effect: read\n#| env: {{ LONGER: \"{{{{ params.longer }}}}\" }}\necho \"no entry for $LONGER in $LONGER.txt\" >&2\nexit 1\n```\n\n",
        env = env()
    );
    Project::local(&[("forms", &book(&front(), &steps))])
}

/// Panics when a secret is in one of these bytes.
#[track_caller]
fn assert_hidden(hidden: &[String], place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in hidden {
        if let Some(at) = text.find(secret.as_str()) {
            let from = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
            let around: String = text[from..].chars().take(240).collect();
            panic!("{place} holds {secret:?}: …{around:?}");
        }
    }
}

/// Everything that the program keeps.
#[track_caller]
fn assert_hidden_below(hidden: &[String], folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        assert_hidden(hidden, "the name of a file", name.as_bytes());
        if path.is_dir() {
            assert_hidden_below(hidden, &path);
        } else {
            assert_hidden(hidden, &name, &fs::read(&path).expect("a file"));
        }
    }
}

/// The arguments of every process of this machine.
fn arguments() -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        all.extend(fs::read(entry.path().join("cmdline")).unwrap_or_default());
        all.push(b'\n');
    }
    all
}

#[track_caller]
fn assert_silent(hidden: &[String], ran: &Ran) {
    assert_hidden(hidden, &format!("{} (stdout)", ran.arguments), ran.stdout.as_bytes());
    assert_hidden(hidden, &format!("{} (stderr)", ran.arguments), ran.stderr.as_bytes());
}

#[test]
fn no_secret_in_any_form_is_in_any_byte_that_is_kept_or_shown() {
    let hidden = hidden();
    for json in [false, true] {
        let project = forms();
        let files = tempfile::tempdir().expect("a folder");
        // Each way to give a secret: a file each, and a file of all.
        let mut given: Vec<String> = Vec::new();
        let mut mapping = serde_json::Map::new();
        for (at, (name, value)) in secrets().into_iter().enumerate() {
            let path = files.path().join(name);
            fs::write(&path, format!("{value}\n")).expect("a file");
            if at % 2 == 0 {
                given.extend(["-p".to_owned(), format!("{name}=@{}", path.display())]);
            } else {
                mapping.insert(name.to_owned(), value.into());
            }
        }
        let rest = files.path().join("rest.json");
        fs::write(&rest, serde_json::Value::from(mapping).to_string()).expect("a file");
        given.extend(["--params".to_owned(), rest.display().to_string()]);
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let with = |arguments: &[&'static str]| {
            let mut all: Vec<&str> = arguments.to_vec();
            all.extend(&given);
            all.extend(if json { &["--output", "json"][..] } else { &["-vvv"] });
            all
        };

        let arguments_of_run = with(&["run", "forms", "--env", "sandbox"]);
        let mut run = Started::new(&project, &arguments_of_run);
        run.until("the script", || project.exists("begun"));
        assert_hidden(&hidden, "somebody's arguments", &arguments());
        project.write("go", "");
        run.ended(10);
        for stream in ["stdout", "stderr"] {
            assert_hidden(&hidden, stream, project.read(stream).as_bytes());
        }
        assert!(project.read("stderr").contains("***"), "nothing was said");
        let id = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
        project.run(&["answer", &id, "ask"]).ended(0);
        assert_silent(&hidden, &project.run(&with(&["resume"])).ended(1));
        for arguments in [
            &["status"][..],
            &["status", "--json"],
            &["log", &id],
            &["log", &id, "--json"],
            &["runs", "--json"],
            &["obligations", "--json"],
        ] {
            assert_silent(&hidden, &project.run(arguments));
        }
        let mut plan = vec!["plan", "forms", "--env", "sandbox"];
        plan.extend(&given);
        assert_silent(&hidden, &project.run(&plan).ended(0));
        plan.push("--json");
        assert_silent(&hidden, &project.run(&plan).ended(0));
        assert_hidden_below(&hidden, &project.path().join(".runbook"));
        // What stands around the secrets is there: this was no test of silence.
        assert!(project.read("stderr").contains("/srv/backups/") || json);
        let log = fs::read_to_string(project.newest_run().join("output/say.log")).expect("a log");
        assert!(log.lines().count() > 100 && log.contains("a colour: ***"), "{log}");
    }
}

#[test]
fn a_question_with_a_secret_in_it_does_not_show_it_at_the_terminal() {
    // The check refuses a secret in a question. What a script has made of one it cannot know.
    let steps = "```bash step=zero\n#| effect: read\n#| env: { TOKEN: \"{{ params.token }}\" }\n#| outputs: [made]\n\
        echo \"made=$TOKEN-1\" >> \"$RUNBOOK_OUTPUT\"\n```\n\n\
        ```bash step=one\n#| irreversible: test\n#| confirm: \"Is {{ steps.zero.made }} still right?\"\ntrue\n```\n\n\
        ```yaml step=two\nuses: manual/checklist\nwith: { ask: \"With {{ steps.zero.made }}\", items: [\"call {{ steps.zero.made }}\"] }\n```\n\n\
        ```bash step=three\n#| effect: read\n#| env: { TOKEN: \"{{ params.token }}\" }\necho \"not $TOKEN\"; exit 1\n```\n";
    let project =
        Project::local(&[("ask", &book("  token: { type: string, secret: true }\n", steps))]);
    let mut terminal = Terminal::start(&project, &["run", "ask", "--env", "sandbox"], &[]);
    terminal.asked("token (string)").press("hunter2-").press("abcdef\r");
    terminal.asked("Go on?").press("y").asked("1/1").press("y");
    terminal.asked("leave it: decide later").press("\r");
    terminal.ended(1).assert_sane();
    let text = terminal.text();
    assert!(text.contains("Is ***-1 still right?") && text.contains("not ***"), "{text}");
    let hidden = ["hunter2-abcdef".to_owned(), "hunter2".to_owned()];
    assert_hidden(&hidden, "the terminal", &terminal.raw());
    assert_hidden_below(&hidden, &project.path().join(".runbook"));
}

/// A secret that does not fit its parameter is a mistake that is told without it.
#[test]
fn a_secret_that_is_refused_is_not_repeated() {
    for (front, value) in [
        ("  token: { type: integer, secret: true }\n", "hunter2-abcdef"),
        ("  token: { type: string, secret: true, pattern: \"^x+$\" }\n", "hunter2-abcdef"),
        ("  token: { type: string, secret: true, choices: [one, two] }\n", "hunter2-abcdef"),
        ("  token: { type: integer, secret: true, max: 9 }\n", "48151623"),
        ("  token: { type: list, secret: true }\n", "[hunter2-abcdef"),
        ("  token: { type: duration, secret: true }\n", "hunter2-abcdef"),
        // Too short to be hidden.
        ("  token: { type: string, secret: true }\n", "hu7"),
    ] {
        let steps = "```bash step=one\n#| effect: read\n#| env: { T: \"{{ params.token }}\" }\ntest -n \"$T\"\n```\n";
        let project = Project::local(&[("ask", &book(front, steps))]);
        project.write("token", value);
        project.write("all.yaml", &format!("token: '{value}'\n"));
        project.write("bad.yaml", &format!("token: \"{value}\n  - [\n"));
        let hidden = [value.trim_start_matches('[').to_owned()];
        let run = ["run", "ask", "--env", "sandbox"];
        for (more, environment) in [
            (&["-p", "token=@token"][..], None),
            (&["--params", "all.yaml"], None),
            (&["--params", "bad.yaml"], None),
            (&["-vv"], Some(("RUNBOOK_PARAM_TOKEN", value))),
        ] {
            let arguments = [&run[..], more].concat();
            let ran = project.run_with(&arguments, environment.as_slice());
            assert_silent(&hidden, &ran);
            assert_ne!(ran.code, Some(0), "{ran:?}");
        }
    }
}

/// The parts of a secret that is a list or a mapping are as secret as the whole.
#[test]
fn the_parts_of_a_secret_are_secret() {
    let steps = "```bash step=one\n#| effect: read\n#| env: { FIRST: \"{{ params.tokens[0] }}\", ALL: \"{{ params.tokens }}\" }\n\
        echo \"the first is $FIRST of $ALL\"\n```\n";
    let front = "  tokens: { type: list, secret: true }\n";
    let project = Project::local(&[("parts", &book(front, steps))]);
    let run = ["run", "parts", "--env", "sandbox"];
    let given = [("RUNBOOK_PARAM_TOKENS", "[hunter2-abcdef, correct-horse]")];
    let ran = project.run_with(&run, &given).ended(0).says("the first is ***");
    let hidden = ["hunter2-abcdef".to_owned(), "correct-horse".to_owned()];
    assert_silent(&hidden, &ran);
    assert_hidden_below(&hidden, &project.path().join(".runbook"));
}

/// AWS may repeat a secret in an error, and the AWS CLI must be given it unseen.
#[test]
fn a_secret_in_a_request_or_an_error_of_aws_is_not_repeated_and_in_no_arguments() {
    let secret = "hunter2-abcdef/ghi";
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watched = Arc::clone(&seen);
    let data = crate::env::Accounts::new().data;
    let error = serde_json::json!({ "__type": "InvalidRequestException", "message": format!("The value {secret} is not valid.") });
    let endpoint = crate::fake_aws::start(&data, move |request| {
        let mut seen = watched.lock().expect("what was seen");
        seen.push((request.operation.clone(), arguments()));
        (400, error.to_string())
    });
    let calls = [
        "uses: aws/call\nirreversible: test\nwith: { service: secretsmanager, operation: put-secret-value, input: { SecretId: db, SecretString: \"{{ params.token }}\" } }",
        "uses: kms/describe-key\nretry: { attempts: 2, delay: 1s }\nwith: { key: \"alias/{{ params.token }}\" }",
    ];
    for call in calls {
        let text = book(
            "  token: { type: string, secret: true }\n",
            &format!("```yaml step=one\n{call}\n```\n"),
        )
        .replace("owner: tests\n", "owner: tests\naccount: data\n");
        let project = Project::local(&[("call", &text)]);
        let yaml = project.read("runbook.yaml").replace(&project.accounts.data, &data);
        let yaml = yaml
            .replace("http://127.0.0.1:9", &endpoint)
            .replace("    seed: [account-redeploy]\n", "");
        project.write("runbook.yaml", &yaml);
        let given = [("RUNBOOK_PARAM_TOKEN", secret), ("RUNBOOK_LOG", "trace")];
        let run = ["run", "call", "--env", "sandbox", "--output", "json"];
        let ran = project.run_with(&run, &given).ended(1).says("The value *** is not valid");
        let hidden = [
            secret.to_owned(),
            STANDARD.encode(secret),
            secret.replace('/', "%2F"),
            crate::fake_aws::SESSION_TOKEN.to_owned(),
        ];
        assert_silent(&hidden, &ran);
        assert_hidden_below(&hidden, &project.path().join(".runbook"));
        let mut seen = seen.lock().expect("what was seen");
        assert!(!seen.is_empty(), "nothing was called");
        for (operation, arguments) in seen.drain(..) {
            assert_hidden(&hidden, &format!("somebody's arguments at {operation}"), &arguments);
        }
    }
}

/// A process that takes a run up knows less than the one before it: it must say so, and never use a mask as if it
/// were the value.
#[test]
fn a_run_that_goes_on_never_takes_a_mask_for_a_value() {
    let inner = book(
        "  token: { type: string, secret: true }\n",
        "```bash step=check\n#| effect: read\n#| env: { TOKEN: \"{{ params.token }}\" }\n\
         test -e \"$RUNBOOK_PROJECT/go\"\ntest \"$TOKEN\" = \"$(cat \"$RUNBOOK_PROJECT/token\")\"\n```\n",
    );
    let outer = book(
        "  token: { type: string, secret: true }\n",
        "```bash step=make\n#| irreversible: test\n#| env: { TOKEN: \"{{ params.token }}\" }\n#| outputs: [path, plain]\n\
         { echo \"path=/srv/$TOKEN/x\"; echo plain=here; } >> \"$RUNBOOK_OUTPUT\"\n```\n\n\
         ```yaml step=call\nuses: runbook/run\nwith:\n  runbook: inner\n  params: { token: \"{{ params.token }}\" }\n```\n\n\
         ```bash step=use\n#| irreversible: test\n#| env: { IN: \"{{ steps.make.path }}\", PLAIN: \"{{ steps.make.plain }}\" }\n\
         printf '%s %s' \"$IN\" \"$PLAIN\" > \"$RUNBOOK_PROJECT/used\"\n```\n",
    );
    let project = Project::local(&[("outer", &outer), ("inner", &inner)]);
    project.write("token", "hunter2-abcdef");
    let given = [("RUNBOOK_PARAM_TOKEN", "hunter2-abcdef")];
    project.run_with(&["run", "outer", "--env", "sandbox"], &given).ended(1).says("call/check");
    project.write("go", "");
    let resumed = project.run_with(&["resume", "--step", "call/check=retry"], &given).ended(1);
    // The inner step was given the secret again. What was made of it is gone with the first process.
    assert_eq!(project.events_of("call/check").last().expect("an event"), "step_succeeded");
    assert!(resumed.stderr.contains("steps.make.path"), "{}", resumed.stderr);
    assert!(!project.exists("used"), "it went on with {}", project.read("used"));
    let hidden = ["hunter2-abcdef".to_owned()];
    assert_silent(&hidden, &resumed);
    assert_hidden_below(&hidden, &project.path().join(".runbook"));
}
