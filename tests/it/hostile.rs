//! Values, runbooks, outputs and answers that mean harm: nothing of them is run, nothing of them reaches a
//! terminal raw, and none of them takes the machine.

use crate::env::{Accounts, Project, Ran};
use crate::pty::Terminal;
use crate::remains::assert_nothing_remains;
use crate::signals::Started;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How many of the values go through a plain test run.
const VALUES_SAMPLE: usize = 5;

/// How many of the hostile runbooks are tried in a plain test run.
const BOOKS_SAMPLE: usize = 12;

/// What a shell, a template, a program or a terminal could take for more than a text.
const VALUES: [&str; 18] = [
    "$(touch pwned)",
    "`touch pwned`",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "-rf",
    "--help",
    "* ? [a-z]* ~ ~root {a,b}",
    "{{ params.other }} {{ 7 * 7 }} {% raw %} {# gone #}",
    "{{ steps.one.copied",
    "one\ntouch pwned\n\nEND\ncopied=else",
    "copied<<END\nelse\nEND\nend",
    "${IFS}touch${IFS}pwned && touch pwned | touch pwned > pwned",
    "\\$(touch pwned)\\n\\x24\\044",
    "  leading, trailing and\ttabs  ",
    "\u{1b}]52;c;UFdO\u{7}\u{1b}[2J\u{9b}31m",
    "invoice\u{202e}fdp.exe \u{200b}é🔑",
    "@/etc/passwd",
    "null",
];

const FLOW: &str = r#"---
title: Hostile values
summary: For the tests.
owner: tests
params:
  value: { type: string }
  other: { type: string, default: "the other" }
---

# Hostile values

## Steps

```bash step=one
#| irreversible: test
#| confirm: "Really {{ params.value }}?"
#| env: { VALUE: "{{ params.value }}" }
#| outputs: [copied]
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
echo "$VALUE"
echo "$VALUE" >&2
{ echo "copied<<$RUNBOOK_PROCESS"; printf '%s\n' "$VALUE"; echo "$RUNBOOK_PROCESS"; } >> "$RUNBOOK_OUTPUT"
```

```sh step=two
#| effect: read
#| env: { VALUE: "{{ steps.one.copied }}" }
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
```

```python step=three
#| effect: read
#| env: { VALUE: "{{ steps.one.copied }}" }
#| outputs: json
import json, os
value = os.environ["VALUE"]
assert value == open(os.environ["RUNBOOK_PROJECT"] + "/value", newline="").read(), value
print(json.dumps({"list": [value, value], "deep": {value: value}}))
```

```bash step=four
#| effect: read
#| for_each: steps.three.list
#| env: { VALUE: "{{ item }}" }
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
```

```yaml step=five
uses: runbook/run
with:
  runbook: inner
  params: { value: "{{ params.value }}" }
```

```bash step=six
#| effect: read
#| env: { VALUE: "{{ params.value }}" }
printf '%s' "$VALUE" >&2
exit 1
```
"#;

const INNER: &str = r#"---
title: Inside
summary: For the tests.
owner: tests
params:
  value: { type: string }
---

# Inside

## Steps

```bash step=inside
#| env: { VALUE: "{{ params.value }}" }
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
touch "$RUNBOOK_PROJECT/done"
```

```bash observe=inside
#| env: { VALUE: "{{ params.value }}" }
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
test -e "$RUNBOOK_PROJECT/done"
```

```bash undo=inside
#| env: { VALUE: "{{ params.value }}" }
printf '%s' "$VALUE" | cmp - "$RUNBOOK_PROJECT/value"
touch "$RUNBOOK_PROJECT/undone"
```
"#;

#[test]
fn a_value_goes_through_everything_unchanged_and_nothing_of_it_is_run() {
    for value in crate::sample::some_of("hostile values", VALUES.to_vec(), VALUES_SAMPLE) {
        let project = Project::local(&[("flow", FLOW), ("inner", INNER)]);
        project.write("value", value);
        // One line end at the end of a file is the file's and not the value's.
        project.write("given", &format!("{value}\n"));
        let given = "value=@given";
        let arguments = ["run", "flow", "--env", "sandbox", "--yes", "-p", given];
        let failed = project.run(&arguments).ended(1);
        assert!(failed.stderr.contains("six"), "{value:?}: another step failed\n{}", failed.stderr);
        assert_harmless(&failed, value);
        for arguments in [
            &["plan", "flow", "--env", "sandbox", "-p", given][..],
            &["plan", "flow", "--env", "sandbox", "-p", given, "--json"],
            &["status"],
            &["status", "--json"],
            &["resume", "--step", "six=skip", "--reason", value],
            &["status"],
            &["runs"],
        ] {
            assert_harmless(&project.run(arguments), value);
        }
        assert!(project.exists("done"), "{value:?}: the inner step did not run");
        let found = Command::new("find").arg(project.path()).args(["-name", "pwned*"]).output();
        let found = found.expect("find").stdout;
        assert!(found.is_empty(), "{value:?} was run: {}", String::from_utf8_lossy(&found));
        assert_nothing_remains(&project);
    }
}

/// Panics when something was printed that could steer a terminal.
#[track_caller]
fn assert_harmless(ran: &Ran, what: &str) {
    for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let bad = text.char_indices().find(|(_, c)| steers(*c));
        if let Some((at, c)) = bad {
            let from = text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
            panic!(
                "{what:?}: `runbook {}` wrote {c:?} to {stream}: …{:?}",
                ran.arguments,
                text[from..].chars().take(120).collect::<String>()
            );
        }
    }
    assert!(ran.code.is_some_and(|code| code != 101), "{what:?}: {ran:?}");
}

/// Whether a terminal could do more with a character than show it.
fn steers(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Everything that a terminal obeys, in a text: as bytes, and as YAML and JSON write it.
const ESCAPES: &str = "A\u{1b}]0;PWNED\u{7}B\u{1b}]52;c;UFdO\u{7}C\u{1b}[2J\u{1b}[9;9HD\u{9b}2JE\u{202e}F\u{2066}G\u{1b}cH\u{8}I";
const IN_YAML: &str = r"A\e]0;PWNED\aB\e]52;c;UFdO\aC\e[2J\e[9;9HD\u009b2JE\u202eF\u2066G\ecH\bI";

/// A runbook that has them wherever a runbook can have a text.
fn painted() -> String {
    format!(
        r#"---
title: "Title {IN_YAML}"
summary: "Summary {IN_YAML}"
owner: "Owner {IN_YAML}"
params:
  where: {{ type: string, default: "{IN_YAML}", description: "Where {IN_YAML}" }}
---

# Heading {ESCAPES}

## Phase {ESCAPES}

### Step {ESCAPES}

Prose {ESCAPES}

```bash step=one
#| irreversible: "Why {IN_YAML}"
#| confirm: "Sure {IN_YAML}"
#| env: {{ VALUE: "{{{{ params.where }}}}" }}
#| outputs: [said]
printf '%s\n' "$VALUE"; printf '%s\n' "$VALUE" >&2
printf 'said=%s\n' "$VALUE" >> "$RUNBOOK_OUTPUT"
```

### Items {ESCAPES}

```yaml step=two
uses: manual/checklist
with: {{ ask: "Ask {IN_YAML}", items: ["Item {IN_YAML}"] }}
```

### Fields {ESCAPES}

```yaml step=three
uses: manual/input
with:
  ask: "Ask {IN_YAML}"
  fields:
    value: {{ type: string, description: "Field {IN_YAML}" }}
    side: {{ type: string, choices: ["x {IN_YAML}", "y"] }}
```

### Failure {ESCAPES}

```bash step=four
#| effect: read
#| env: {{ VALUE: "{{{{ steps.one.said }}}}" }}
printf 'last words %s\n' "$VALUE" >&2
exit 3
```
"#
    )
}

#[test]
fn no_text_of_a_runbook_a_script_or_a_person_steers_the_terminal() {
    let wrong = format!("{}\n```bash step=two {ESCAPES}\n#| {ESCAPES}: x\ntrue\n```\n", painted());
    let project = Project::local(&[("painted", &painted()), ("wrong", &wrong)]);
    let yaml = project.read("runbook.yaml");
    let mut said = String::new();
    let mut look = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_harmless(&ran, "painted");
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
        ran
    };
    let run =
        ["run", "painted", "--env", "sandbox", "--yes", "--output", "json", "--reason", ESCAPES];
    look(&run).ended(10);
    let id = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    look(&["answer", &id, "two"]).ended(0);
    look(&["resume", "--output", "json"]).ended(10);
    look(&["status"]).ended(0);
    look(&["answer", &id, "three", &format!("value={ESCAPES}"), &format!("side=x {ESCAPES}")])
        .ended(0);
    look(&["resume", "--output", "json"]).ended(1);
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["check"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["plan", "painted", "--env", "sandbox"],
        &["plan", "painted", "--env", "sandbox", "--json"],
        &["run", "wrong", "--env", "sandbox"],
        &["iam", "painted", "--env", "sandbox"],
        &["runs"],
        &["runs", "--json"],
        &["status"],
        &["status", "--json"],
        &["log", &id],
        &["log", &id, "--json"],
        &["log", &id, "--verify"],
        &["obligations"],
        &["run", ESCAPES, "--env", "sandbox"],
        &["run", "painted", "--env", ESCAPES],
        &["run", "painted", "--env", "sandbox", "-p", &format!("{ESCAPES}=x")],
        &["resume", "--step", &format!("{ESCAPES}=retry")],
        &["explain", ESCAPES],
        &[ESCAPES],
        &["freeze", "sandbox", "--reason", ESCAPES],
        &["run", "painted", "--env", "sandbox"],
        &["thaw", "sandbox"],
        &["abort", "--reason", ESCAPES],
    ] {
        look(arguments);
    }
    project.write("runbook.yaml", &format!("{yaml}wrong: \"{IN_YAML}\"\n\"k{IN_YAML}\": 1\n"));
    look(&["check"]);
    look(&["list"]);
    // What they stood in was shown, so this was no test of silence.
    for shown in
        ["Title A", "Summary A", "Owner A", "Step A", "Ask A", "Item A", "Field A", "last words A"]
    {
        assert!(said.contains(shown), "{shown} was never shown");
    }
}

#[test]
fn no_text_steers_a_terminal_that_moves_either() {
    let project = Project::local(&[("painted", &painted())]);
    let mut terminal = Terminal::start(&project, &["run", "painted", "--env", "sandbox"], &[]);
    terminal.asked("Go on?").press("y");
    terminal.asked("1/1").press("y");
    terminal.asked("value (string)").press("plain\r");
    terminal.asked("y").press("\x1b[B").asked("y").press("\x1b[B").asked("y").press("\r");
    terminal.asked("leave it: decide later").press("\r");
    terminal.ended(1).assert_sane();
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    // What our own drawing uses: colours, erasing a line, moving by lines, the cursor on and off.
    let ours = regex::Regex::new(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*[ABK])").expect("a pattern");
    let rest = ours.replace_all(&raw, "");
    let bad = rest.char_indices().find(|(_, c)| steers(*c) && !matches!(c, '\r'));
    if let Some((at, c)) = bad {
        let from = rest[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
        panic!("{c:?}: …{:?}", rest[from..].chars().take(120).collect::<String>());
    }
    for shown in ["Title A", "Sure A", "Item A", "Field A", "last words A"] {
        assert!(rest.contains(shown), "{shown} was never shown");
    }
}

#[test]
fn no_answer_of_aws_steers_the_terminal() {
    let (data, steps) = (
        Accounts::new().data,
        [
            ("kms", "```yaml step=one\nuses: kms/describe-key\nwith: { key: alias/x }\n```\n"),
            (
                "cli",
                "```yaml step=one\nuses: aws/call\nwith: { service: kms, operation: describe-key, input: { KeyId: alias/x } }\n```\n",
            ),
        ],
    );
    let message = serde_json::json!({ "__type": "NotFoundException", "message": format!("Alias {ESCAPES} is not found.") });
    let endpoint = crate::fake_aws::start(&data, move |_| (400, message.to_string()));
    for (name, step) in steps {
        let text = format!(
            "---\ntitle: Answers\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Answers\n\n## Steps\n\n{step}"
        );
        let project = Project::local(&[("answers", &text)]);
        let yaml = project.read("runbook.yaml").replace(&project.accounts.data, &data);
        let yaml = yaml
            .replace("http://127.0.0.1:9", &endpoint)
            .replace("    seed: [account-redeploy]\n", "");
        project.write("runbook.yaml", &yaml);
        for arguments in [
            &["run", "answers", "--env", "sandbox", "--output", "json"][..],
            &["status"],
            &["status", "--json"],
            &["plan", "answers", "--env", "sandbox"],
        ] {
            let ran = project.run(arguments);
            assert_harmless(&ran, name);
            if arguments[0] == "run" {
                ran.ended(1).says("Alias A").says("is not found");
            }
        }
    }
}

/// A runbook that means harm: its name, and its text.
#[expect(clippy::too_many_lines, reason = "one table")]
fn books() -> Vec<(&'static str, String)> {
    let with = |front: &str, body: &str| {
        format!(
            "---\ntitle: Harm\nsummary: For the tests.\nowner: tests\n{front}---\n\n# Harm\n\n## Steps\n\n{body}"
        )
    };
    let step = "```bash step=one\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/ran\"\n```\n";
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..12 {
        let before = format!("*a{}", n - 1);
        laughs += &format!("a{n}: &a{n} [{}]\n", [before.as_str(); 9].join(", "));
    }
    let deep = |open: &str, close: &str, many: usize| open.repeat(many) + &close.repeat(many);
    let options = |text: &str| text.lines().map(|line| format!("#| {line}\n")).collect::<String>();
    vec![
        ("aliases in the front matter", with(&laughs, step)),
        (
            "aliases in a step",
            with(
                "",
                &format!(
                    "```yaml step=one\nuses: manual/confirm\nwith:\n  ask: x\n{}\n```\n",
                    laughs.replace('a', "  a")
                ),
            ),
        ),
        (
            "aliases in options",
            with(
                "",
                &format!("```bash step=one\n#| effect: read\n{}true\n```\n", options(&laughs)),
            ),
        ),
        ("nesting in the front matter", with(&format!("x: {}\n", deep("[", "]", 100_000)), step)),
        (
            "mappings in the front matter",
            with(&format!("x: {}\n", deep("{a: ", "}", 50_000)), step),
        ),
        (
            "nesting in a step",
            with(
                "",
                &format!(
                    "```yaml step=one\nuses: manual/confirm\nwith: {}\n```\n",
                    deep("[", "]", 100_000)
                ),
            ),
        ),
        (
            "brackets in a condition",
            with(
                "",
                &format!(
                    "```bash step=one\n#| effect: read\n#| if: \"{}\"\ntrue\n```\n",
                    deep("(", ")", 50_000)
                ),
            ),
        ),
        (
            "a long sum in a condition",
            with(
                "",
                &format!(
                    "```bash step=one\n#| effect: read\n#| if: \"1{} == 1\"\ntrue\n```\n",
                    " + 1".repeat(50_000)
                ),
            ),
        ),
        (
            "nots in a condition",
            with(
                "",
                &format!(
                    "```bash step=one\n#| effect: read\n#| if: \"{}true\"\ntrue\n```\n",
                    "not ".repeat(50_000)
                ),
            ),
        ),
        (
            "templates in a value",
            with(
                "",
                &format!(
                    "```bash step=one\n#| effect: read\n#| env: {{ A: \"{}\" }}\ntrue\n```\n",
                    "{{ ".repeat(50_000)
                ),
            ),
        ),
        (
            "substitutions in a script",
            with(
                "",
                &format!(
                    "```bash step=one\n#| effect: read\nif false; then echo {}; fi\n```\n",
                    deep("$(", ")", 20_000)
                ),
            ),
        ),
        (
            "brackets in a script",
            with(
                "",
                &format!("```bash step=one\n#| effect: read\n{}\n```\n", deep("(", ")", 50_000)),
            ),
        ),
        ("quotes of quotes", with("", &format!("{} deep\n\n{step}", ">".repeat(100_000)))),
        (
            "lists in lists",
            with(
                "",
                &format!(
                    "{}\n\n{step}",
                    (0..2_000).map(|n| format!("{}- x\n", "  ".repeat(n))).collect::<String>()
                ),
            ),
        ),
        ("emphasis in emphasis", with("", &format!("{}\n\n{step}", "*a _b ".repeat(50_000)))),
        ("links in links", with("", &format!("{}\n\n{step}", "[a](".repeat(50_000)))),
        ("one long line", with("", &format!("{}\n\n{step}", "word ".repeat(2_000_000)))),
        ("many headings", with("", &format!("{}\n\n{step}", "### x\n\n".repeat(50_000)))),
        ("zeros", with("", &format!("{}\n\n{step}", "\0".repeat(100_000)))),
        (
            "links out of the project",
            with(
                "",
                &format!(
                    "[a](../../../../../../etc/passwd) [b](/dev/zero) [c](/proc/self/mem) [d](file:///etc/shadow)\n[e](../../../../../../../../dev/zero.md)\n\n{step}"
                ),
            ),
        ),
        (
            "a template out of the project",
            with(
                "account: data\n",
                "```yaml step=one\nuses: cloudformation/deploy\nirreversible: test\nwith: { stack: x, template: ../../../../../../etc/passwd }\n```\n",
            ),
        ),
        (
            "a runbook out of the project",
            with(
                "",
                "```yaml step=one\nuses: runbook/run\nwith: { runbook: ../../../../../../etc/passwd }\n```\n",
            ),
        ),
        (
            "a runbook that is itself",
            with("", "```yaml step=one\nuses: runbook/run\nwith: { runbook: harm }\n```\n"),
        ),
        (
            "an endless pattern",
            with(
                "params:\n  x: { type: string, pattern: \"(a|a)*(a|a)*(a|a)*(a|a)*$\", default: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\" }\n",
                step,
            ),
        ),
        (
            "a huge pattern",
            with(
                "params:\n  x: { type: string, pattern: \"((((a{1000}){1000}){1000}){1000})\", default: a }\n",
                step,
            ),
        ),
        (
            "an endless duration",
            with(
                "",
                "```bash step=one\n#| effect: read\n#| timeout: 99999999999999999999h\ntrue\n```\n",
            ),
        ),
    ]
}

/// How much address space a command may have. What needs more than this takes the machine.
const MOST_MEMORY: &str = "4000000";

#[test]
fn no_runbook_takes_the_machine() {
    let case = |what: &str, project: &Project| {
        for arguments in [
            &["check"][..],
            &["list"],
            &["plan", "harm", "--env", "sandbox"],
            &["run", "harm", "--env", "sandbox"],
        ] {
            let (code, said) = bounded(project, arguments);
            let said: String = said.chars().take(2000).collect();
            assert!(matches!(code, Some(0..=10)), "{what}: {arguments:?}: {code:?}\n{said}");
            assert!(!said.contains("panicked"), "{what}: {arguments:?}\n{said}");
            assert!(!said.contains("root:"), "{what}: {arguments:?}: it shows a file\n{said}");
        }
    };
    for (what, text) in crate::sample::some_of("hostile runbooks", books(), BOOKS_SAMPLE) {
        let project = Project::local(&[("harm", &text)]);
        project.write(
            "runbook.yaml",
            &project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", ""),
        );
        case(what, &project);
    }
    // A folder of runbooks that leads elsewhere.
    for (what, target) in [
        ("a device", "/dev/zero"),
        ("a folder", "/"),
        ("nothing", "/nowhere"),
        ("itself", "harm.md"),
    ] {
        let project = Project::local(&[]);
        std::os::unix::fs::symlink(target, project.path().join("runbooks/harm.md"))
            .expect("a link");
        case(what, &project);
    }
    // And what a person is told to give it.
    let project = Project::local(&[(
        "harm",
        "---\ntitle: Harm\nsummary: For the tests.\nowner: tests\nparams:\n  x: { type: string }\n---\n\n# Harm\n\n## Steps\n\n```bash step=one\n#| effect: read\n#| env: { X: \"{{ params.x }}\" }\ntest -n \"$X\"\n```\n",
    )]);
    let laughs = books().remove(0).1;
    let laughs = laughs.split("owner: tests\n").nth(1).and_then(|rest| rest.split("---").next());
    project.write("laughs.yaml", &format!("{}x: *a11\n", laughs.expect("the aliases")));
    project.write("deep.yaml", &format!("x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    project.write(
        "deep.json",
        &format!("{{\"x\": {}{}}}\n", "{\"x\":".repeat(100_000), "}".repeat(100_000)),
    );
    for (file, arguments) in [
        ("laughs.yaml", ["--params", "laughs.yaml"]),
        ("deep.yaml", ["--params", "deep.yaml"]),
        ("deep.json", ["--params", "deep.json"]),
        ("/dev/zero", ["--params", "/dev/zero"]),
        ("/dev/zero", ["-p", "x=@/dev/zero"]),
    ] {
        let arguments = [&["run", "harm", "--env", "sandbox"], &arguments[..]].concat();
        let (code, said) = bounded(&project, &arguments);
        let said: String = said.chars().take(2000).collect();
        assert_eq!(code, Some(2), "{file}: {arguments:?}\n{said}");
        // What never ends is given up early, and not when the memory is.
        let early = file != "/dev/zero" || said.contains("is larger than");
        assert!(early, "{arguments:?}\n{said}");
        assert!(!project.exists(".runbook/runs"), "{file}: a run began");
    }
}

/// Runs the program in a bounded address space and a bounded time.
fn bounded(project: &Project, arguments: &[&str]) -> (Option<i32>, String) {
    let inner = project.command(arguments);
    let said = project.path().join("said");
    let file = std::fs::File::create(&said).expect("a file");
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("ulimit -v {MOST_MEMORY}; exec \"$0\" \"$@\"")])
        .arg(inner.get_program())
        .args(arguments)
        .current_dir(project.path())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file"))
        .stderr(file);
    let mut child = command.spawn().expect("the program starts");
    let id = child.id().to_string();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let code = end.recv_timeout(Duration::from_secs(120)).map_or_else(
        |_| {
            let killed = Command::new("kill").args(["-9", &id]).status();
            assert!(killed.expect("kill").success(), "it hangs, and cannot be killed");
            None
        },
        |status| status.expect("its end").code(),
    );
    (code, String::from_utf8_lossy(&std::fs::read(&said).unwrap_or_default()).into_owned())
}

/// A script that prints so many megabytes.
type Script = fn(u64) -> String;

/// How often a measurement is made again that came out too large. What grows with the output is too large
/// every time.
const MEASUREMENTS: u32 = 5;

#[test]
fn any_amount_of_output_stays_bounded_in_memory_and_on_disk() {
    // A debug build takes its time, so every day a part has to do.
    let much = if crate::sample::full() { 128 } else { 20 };
    let scripts: [(u64, Script); 4] = [
        (much, |megabytes| format!("head -c {megabytes}M /dev/zero | tr '\\0' x")),
        (much, |megabytes| format!("head -c {megabytes}M /dev/zero | tr '\\0' '\\33'")),
        (much, |megabytes| {
            format!(
                "line=$(head -c 4000 /dev/zero | tr '\\0' y); (yes \"$line\" || :) | head -c {megabytes}M"
            )
        }),
        // Nothing is slower to read than bytes that are no text.
        (much, |megabytes| format!("head -c {megabytes}M /dev/urandom >&2")),
    ];
    for (megabytes, script) in scripts {
        // Half of it is printed between the middles of the two halves. It must cost next to nothing: less than
        // half of what it would if it were kept. Nor may most of it wait at once, though that would be given back.
        let (kept, waiting) = (megabytes * 256, megabytes * 768);
        let is_bounded = |_| {
            let used = used(&script(megabytes));
            used.growth < kept && used.swell < waiting
        };
        assert!((0..MEASUREMENTS).any(is_bounded), "{}: too much each time", script(megabytes));
    }
}

/// The memory of the program while a script ran, in kilobytes.
struct Used {
    /// How much more there was in the second half of its time than in the first. It is taken from the middle
    /// value of each half: what an allocator needs for a moment is not counted, and what is kept is.
    growth: u64,
    /// How much more there was at its most than at the least of the second half.
    swell: u64,
}

/// Runs a script, and gives the memory that it took. What is kept on disk is bounded.
fn used(script: &str) -> Used {
    let text = format!(
        "---\ntitle: Much\nsummary: For the tests.\nowner: tests\n---\n\n# Much\n\n## Steps\n\n```bash step=one\n#| effect: read\n#| timeout: 1h\n{script}\nsleep 0.2\n```\n"
    );
    let project = Project::local(&[("much", &text)]);
    // What the allocator keeps for later is given back at once, so that only what is in use is measured.
    let prompt = [("MIMALLOC_PURGE_DELAY", "0")];
    let mut run = Started::with(&project, &["run", "much", "--env", "sandbox"], &prompt);
    let mut used: Vec<u64> = Vec::new();
    run.watched(0, |pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        // Without the pages of the program itself, which come and go with the machine's other work.
        let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        used.extend(own.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()));
    });
    assert!(used.len() > 20, "{script}: it was looked at {} times", used.len());
    let half = used.len() / 2;
    let (first, second) = used.split_at_mut(half);
    let growth = middle(second).saturating_sub(middle(first));
    let most = first.iter().chain(&*second).max().expect("a value");
    let swell = most - second.iter().min().expect("a value");
    let kept = std::fs::metadata(project.newest_run().join("output/one.log")).expect("a log");
    assert!(kept.len() <= 1_100_000, "{script}: {} bytes are kept", kept.len());
    let journal = std::fs::metadata(project.newest_run().join("journal.jsonl")).expect("it");
    assert!(journal.len() < 20_000, "{script}: a journal of {} bytes", journal.len());
    assert_nothing_remains(&project);
    Used { growth, swell }
}

/// The middle one of some values.
fn middle(values: &mut [u64]) -> u64 {
    let at = values.len() / 2;
    *values.select_nth_unstable(at).1
}
