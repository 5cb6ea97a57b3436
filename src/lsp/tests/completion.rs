//! What is offered at a cursor, which is `¦`, and what the text is when an offer is taken.

use super::{Talk, marked};
use crate::actions::catalog::catalog;
use crate::model::step::Role;
use crate::parse::OPTIONS;
use serde_json::{Value, json};

const HEAD: &str = "---\ntitle: T\nsummary: S\nowner: o\naccount: data\nparams:\n  alias: { type: string, default: alias/x, description: The alias. }\n  count: { type: integer }\n---\n\n## P\n\n### Make the key\n\n```yaml step=make\nuses: kms/create-key\nwith: { description: x }\n```\n\n```bash step=ask\n#| effect: read\n#| outputs: [size, \"name\"]\nls\n```\n\n";

fn items_in(talk: &mut Talk, path: &str, text: &str) -> Vec<Value> {
    let answer = talk.ask_at("textDocument/completion", path, text, json!({}));
    let mut items = answer["items"].as_array().cloned().unwrap_or_default();
    items.sort_by_key(|item| item["sortText"].as_str().expect("an order").to_owned());
    items
}

fn items(text: &str) -> Vec<Value> {
    items_in(&mut Talk::new(), "/p/runbooks/a.md", &format!("{HEAD}{text}"))
}

fn labels(text: &str) -> Vec<String> {
    let label = |item: &Value| item["label"].as_str().expect("a label").to_owned();
    items(text).iter().map(label).collect()
}

fn take_in(text: &str, label: &str, items: &[Value]) -> String {
    let item = items.iter().find(|item| item["label"] == label);
    let item = item.unwrap_or_else(|| panic!("{label} is not among {items:#?}"));
    let (plain, _) = marked(text);
    let at = |position: &Value| {
        let line = usize::try_from(position["line"].as_u64().expect("a line")).expect("a line");
        let start: usize = plain.split_inclusive('\n').take(line).map(str::len).sum();
        start
            + usize::try_from(position["character"].as_u64().expect("a column")).expect("a column")
    };
    let edit = &item["textEdit"];
    let (start, end) = (at(&edit["range"]["start"]), at(&edit["range"]["end"]));
    format!("{}{}{}", &plain[..start], edit["newText"].as_str().expect("a text"), &plain[end..])
}

/// The block when an offer is taken, with the places to fill in.
fn take(text: &str, label: &str) -> String {
    let whole = format!("{HEAD}{text}");
    let taken = take_in(&whole, label, &items(text));
    taken.strip_prefix(HEAD).expect("the head is as it was").to_owned()
}

#[test]
fn info_strings() {
    assert_eq!(labels("```¦"), ["yaml", "bash", "sh", "python"]);
    assert_eq!(labels("```bash ¦"), ["step=", "observe=", "undo=", "health="]);
    assert_eq!(take("```bash st¦\n", "step="), "```bash step=\n");
    assert_eq!(labels("```bash undo=¦\n```\n"), ["ask", "make"], "the step above comes first");
    assert_eq!(labels("```bash undo=ma¦\nls\n```\n\n```bash undo=ask\nls\n```\n"), ["make"]);
    assert_eq!(labels("### Move it, now!\n\n```yaml step=¦\n"), ["move_it_now"]);
    assert!(labels("```text ¦\n").is_empty() && labels("plain ¦ prose\n").is_empty());
}

#[test]
fn options_are_those_of_the_role_and_the_body() {
    for (language, script) in [("yaml", false), ("bash", true)] {
        for role in Role::ALL {
            let mark = if script { "#| " } else { "" };
            let offered = labels(&format!("```{language} {}=x\n{mark}¦\n```\n", role.word()));
            let mut wanted: Vec<&str> = OPTIONS
                .iter()
                .filter(|spec| spec.roles.contains(&role) && spec.bodies.admits(script))
                .map(|spec| spec.key)
                .collect();
            let mut offered: Vec<&str> = offered.iter().map(String::as_str).collect();
            wanted.sort_unstable();
            offered.sort_unstable();
            assert_eq!(offered, wanted, "{language} {role:?}");
        }
    }
}

#[test]
fn keys_that_are_there_are_not_offered() {
    let offered = labels("```yaml step=x\nuses: kms/create-key\nti¦\nneeds: []\n```\n");
    for there in ["uses", "needs"] {
        assert!(!offered.contains(&there.to_owned()), "{there}");
    }
    assert!(offered.contains(&"timeout".to_owned()));
    assert_eq!(
        labels("```yaml step=x\nuses: kms/set-alias\nwith:\n  alias: a\n  ¦\n```\n"),
        ["key"]
    );
    assert_eq!(
        labels("```yaml step=x\nuses: kms/set-alias\nwith: { key: k, ¦ }\n```\n"),
        ["alias"]
    );
    assert_eq!(labels("```yaml step=x\nretry:\n  ¦\n```\n"), ["attempts", "delay"]);
    assert_eq!(labels("```bash step=x\n#| retry: { attempts: 3, ¦\nls\n```\n"), ["delay"]);
}

#[test]
fn keys_are_written_as_they_must_be() {
    assert_eq!(take("```yaml step=x\nti¦\n```\n", "timeout"), "```yaml step=x\ntimeout: $0\n```\n");
    assert_eq!(
        take("```yaml step=x\ntime¦out: 3m\n```\n", "timeout"),
        "```yaml step=x\ntimeoutout: 3m\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nneeds¦\n```\n", "needs"),
        "```yaml step=x\nneeds: [$0]\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nexp¦\n```\n", "expect"),
        "```yaml step=x\nexpect:\n  - $0\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nuses: kms/set-alias\nwi¦\n```\n", "with"),
        "```yaml step=x\nuses: kms/set-alias\nwith:\n  alias: $1\n  key: $2\n```\n"
    );
    // In a script the lines that belong to it need the mark of an option.
    assert_eq!(
        take("```bash step=x\n#| obl¦\nls\n```\n", "obligation"),
        "```bash step=x\n#| obligation:\n#|   text: $1\n#|   due: $2\nls\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nuses: a\nobligation: { te¦ }\n```\n", "text"),
        "```yaml step=x\nuses: a\nobligation: { text: $0 }\n```\n"
    );
    let mut plain = Talk::with(json!({ "general": { "positionEncodings": ["utf-8"] } }));
    let text = format!("{HEAD}```yaml step=x\nwi¦\n```\n");
    let items = items_in(&mut plain, "/p/runbooks/a.md", &text);
    assert!(take_in(&text, "with", &items).ends_with("\nwith: \n```\n"));
}

#[test]
fn front_matter_and_the_project_file() {
    let mut talk = Talk::new();
    let mut offered = |path: &str, text: &str| -> Vec<String> {
        let items = items_in(&mut talk, path, text);
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    };
    let path = "/p/runbooks/b.md";
    assert_eq!(
        offered(path, "---\n¦"),
        ["title", "summary", "owner", "tags", "objective", "account", "params"]
    );
    assert_eq!(offered(path, "---\ntitle: x\nowner: y\nobjective: { ¦ }\n---\n"), ["rto", "rpo"]);
    assert_eq!(offered(path, "---\naccount: ¦\n---\n"), ["data", "platform", "workload"]);
    assert_eq!(offered(path, "---\nparams:\n  a:\n    type: ¦\n---\n").len(), 6);
    assert_eq!(offered(path, "---\nparams:\n  a: { type: list, ¦ }\n---\n").len(), 7);
    assert_eq!(offered(path, "---\nparams:\n  a: { secret: ¦ }\n---\n"), ["true", "false"]);
    assert_eq!(
        offered("/p/runbook.yaml", "version: 1\n¦"),
        ["environments", "deny_accounts", "handoff"]
    );
    let accounts = "version: 1\nenvironments:\n  live:\n    kind: ¦\n";
    assert_eq!(offered("/p/runbook.yaml", accounts), ["production", "drill", "sandbox"]);
    let keys = "version: 1\nenvironments:\n  live:\n    accounts:\n      data: { id: \"1\", ¦ }\n";
    assert_eq!(offered("/p/runbook.yaml", keys), ["region", "role", "profile"]);
}

#[test]
fn actions_come_with_what_they_need() {
    let all: Vec<&str> = catalog().iter().map(|spec| spec.name).collect();
    assert_eq!(labels("```yaml step=x\nuses: ¦\n```\n"), all);
    assert!(!labels("```yaml health=x\nuses: ¦\n```\n").contains(&"runbook/run".to_owned()));
    assert_eq!(
        take("```yaml step=x\nuses: kms/se¦\n```\n", "kms/set-alias"),
        "```yaml step=x\nuses: kms/set-alias\nwith:\n  alias: $1\n  key: $2\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nuses:¦\n```\n", "aws/identity"),
        "```yaml step=x\nuses: aws/identity\n```\n"
    );
    assert_eq!(
        take("```yaml step=x\nuses: ¦\nwith:\n  a: b\n```\n", "kms/set-alias"),
        "```yaml step=x\nuses: kms/set-alias\nwith:\n  a: b\n```\n"
    );
    let item = &items("```yaml step=x\nuses: kms/create-ke¦\n```\n");
    let item = item.iter().find(|item| item["label"] == "kms/create-key").expect("an action");
    let page = item["documentation"]["value"].as_str().expect("its documentation");
    assert!(page.contains("`like` (string)") && page.contains("`key_arn`"), "{page}");
}

#[test]
fn values_are_those_that_fit() {
    let step = |yaml: &str| format!("```yaml step=x\n{yaml}\n```\n");
    assert_eq!(labels(&step("account: ¦")), ["data", "platform", "workload"]);
    assert_eq!(labels(&step("region: ¦")), ["eu-west-1"]);
    assert_eq!(labels(&step("effect: ¦")), ["read", "change", "destroy"]);
    assert_eq!(labels(&step("allow_empty: ¦")), ["true", "false"]);
    assert_eq!(labels(&step("needs: [¦]")), ["make", "ask"]);
    assert_eq!(labels(&step("needs:\n  - make\n  - ¦")), ["ask"]);
    assert_eq!(take(&step("needs:\n  ¦"), "ask"), step("needs:\n  - ask"));
    assert_eq!(labels("```bash step=x\n#| outputs: [a, b]\n#| secrets: [a, ¦]\nls\n```\n"), ["b"]);
    // An input of a type: its words, then what gives a value of that type.
    let integer = labels(&step("uses: kms/schedule-deletion\nwith: { key: k, days: ¦ }"));
    assert_eq!(integer, ["{{ params.count }}"]);
    let text = labels(&step("uses: kms/set-alias\nwith:\n  alias: ¦"));
    assert_eq!(text[0], "{{ params.alias }}");
    assert!(text.contains(&"{{ steps.make.key_arn }}".to_owned()), "{text:?}");
    assert!(!text.contains(&"{{ params.count }}".to_owned()));
    assert_eq!(
        take(&step("uses: kms/set-alias\nwith:\n  alias: ¦"), "{{ params.alias }}"),
        step("uses: kms/set-alias\nwith:\n  alias: \"{{ params.alias \\}\\}\"")
    );
    assert_eq!(
        take(&step("uses: kms/set-alias\nwith:\n  alias: \"¦\""), "{{ params.alias }}"),
        step("uses: kms/set-alias\nwith:\n  alias: \"{{ params.alias \\}\\}\"")
    );
}

#[test]
fn other_runbooks_and_their_parameters() {
    let mut talk = Talk::new();
    let other = "---\ntitle: Other\nsummary: S\nowner: o\nparams:\n  need: { type: string }\n  may: { type: boolean, default: true }\n---\n```bash step=inner\n#| effect: read\n#| outputs: [x]\nls\n```\n";
    talk.texts.write("/p/runbooks/other.md", other);
    talk.texts.write("/p/runbooks/README.md", "# no runbook\n");
    let mut offered = |yaml: &str| -> Vec<String> {
        let text = format!("{HEAD}```yaml step=x\nuses: runbook/run\nwith:\n{yaml}\n```\n");
        let items = items_in(&mut talk, "/p/runbooks/a.md", &text);
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    };
    assert_eq!(offered("  runbook: ¦"), ["other"]);
    assert_eq!(offered("  runbook: other\n  params:\n    ¦"), ["need", "may"]);
    assert_eq!(offered("  runbook: other\n  params: { need: x, may: ¦ }"), ["true", "false"]);
    let after = "  runbook: other\n```\n\n```yaml step=y\nuses: aws/identity\nif: steps.x.¦";
    assert_eq!(offered(after), ["inner"]);
    assert_eq!(offered(&after.replace('¦', "inner.¦")), ["x"]);
    let owed = "  runbook: other\nobligation:\n  runbook: other\n  params: { ¦ }";
    assert_eq!(offered(owed), ["need", "may"]);
}

#[test]
fn expressions() {
    let with = |value: &str| {
        format!("```yaml step=x\nuses: kms/set-alias\nwith:\n  alias: {value}\n```\n")
    };
    assert_eq!(labels(&with("\"{{ ¦ }}\"")), ["params", "steps", "accounts", "run", "range"]);
    assert_eq!(
        labels(&with("{{ ¦")),
        ["params", "steps", "accounts", "run", "range"],
        "unquoted, not closed"
    );
    assert_eq!(labels(&with("\"{{ params.¦ }}\"")), ["alias", "count"]);
    assert_eq!(labels(&with("\"{{ steps.¦ }}\"")), ["ask", "make"], "the nearest comes first");
    assert_eq!(labels(&with("\"{{ steps.ask.¦ }}\"")), ["size", "name"]);
    assert!(labels(&with("\"{{ steps.make.¦\"")).contains(&"key_arn".to_owned()));
    assert_eq!(labels(&with("\"{{ accounts.¦ }}\"")), ["data", "platform", "workload"]);
    assert_eq!(labels(&with("\"{{ accounts.data.¦ }}\"")), ["id", "region"]);
    assert_eq!(labels(&with("\"{{ run.¦ }}\"")), ["id", "mode", "environment"]);
    assert!(labels(&with("\"{{ params.alias | up¦ }}\"")).contains(&"upper".to_owned()));
    assert!(labels(&with("\"{{ params.alias is st¦ }}\"")).contains(&"starting_with".to_owned()));
    assert!(labels(&with("\"{{ 'params.¦' }}\"")).is_empty(), "a string is no name");
    assert!(!labels(&with("\"x }} ¦\"")).contains(&"params".to_owned()));
    assert_eq!(take(&with("\"{{ params.al¦ }}\""), "alias"), with("\"{{ params.alias }}\""));
    assert_eq!(
        labels("```bash step=x\n#| env:\n#|   A: \"{{ params.¦\"\nls\n```\n"),
        ["alias", "count"]
    );
    // A script's text is never interpolated.
    assert!(labels("```bash step=x\necho {{ params.¦\n```\n").is_empty());
}

#[test]
fn bare_expressions_and_own_outputs() {
    let step = |yaml: &str| format!("```yaml step=x\nuses: kms/describe-key\n{yaml}\n```\n");
    assert_eq!(labels(&step("if: ¦"))[0], "params");
    assert!(labels(&step("expect:\n  - outputs.¦")).contains(&"enabled".to_owned()));
    assert!(labels(&step("expect: [\"outputs.¦\"]")).contains(&"enabled".to_owned()));
    assert!(labels(&step("until: ¦")).contains(&"outputs".to_owned()));
    assert!(!labels(&step("if: ¦")).contains(&"outputs".to_owned()));
    assert!(
        labels("```bash undo=make\n#| env: { A: \"{{ outputs.¦ }}\" }\nls\n```\n")
            .contains(&"key_arn".to_owned())
    );
    let looped = |yaml: &str| step(&format!("for_each: \"[1]\"\n{yaml}"));
    assert!(labels(&looped("confirm: \"{{ ¦ }}\"")).contains(&"item".to_owned()));
    assert!(!labels(&looped("if: ¦")).contains(&"item".to_owned()));
    assert!(!labels(&step("confirm: \"{{ ¦ }}\"")).contains(&"item".to_owned()));
}

#[test]
fn steps_that_need_not_have_ended_come_last() {
    let side = "```yaml step=side\nuses: aws/identity\nneeds: []\n```\n\n";
    let ask = |needs: &str| {
        labels(&format!(
            "{side}```yaml step=x\nuses: kms/describe-key\nneeds: {needs}\nwith: {{ key: \"{{{{ steps.¦ }}}}\" }}\n```\n\n```yaml step=last\nuses: aws/identity\n```\n"
        ))
    };
    assert_eq!(ask("[ask]"), ["ask", "make", "side"], "`last` comes later and is not offered");
    assert_eq!(ask("[side]"), ["side", "make", "ask"]);
    assert_eq!(
        labels("```yaml health=h\nuses: kms/describe-key\nwith: { key: \"{{ steps.¦ }}\" }\n```\n"),
        ["ask", "make"]
    );
}

#[test]
fn calls_to_aws() {
    let call = |with: &str| format!("```yaml step=x\nuses: aws/call\nwith:\n{with}\n```\n");
    let services = labels(&call("  service: km¦"));
    assert!(services.contains(&"kms".to_owned()) && services.len() > 100);
    let operations = labels(&call("  service: kms\n  operation: ¦"));
    assert!(operations.contains(&"create-key".to_owned()), "{operations:?}");
    let on =
        |input: &str| call(&format!("  service: kms\n  operation: create-alias\n  input: {input}"));
    assert_eq!(labels(&on("{ ¦ }")), ["AliasName", "TargetKeyId"]);
    assert_eq!(labels(&on("{ AliasName: x, ¦ }")), ["TargetKeyId"]);
    let deep = call(
        "  service: kms\n  operation: create-key\n  input:\n    Tags:\n      - TagKey: x\n        ¦",
    );
    assert_eq!(labels(&deep), ["TagValue"]);
    let values = labels(&call("  service: kms\n  operation: create-key\n  input: { KeyUsage: ¦ }"));
    assert!(values.contains(&"ENCRYPT_DECRYPT".to_owned()), "{values:?}");
    let outputs = "```yaml step=x\nuses: aws/call\nwith: { service: kms, operation: create-key }\nexpect: [\"outputs.¦\"]\n```\n";
    assert_eq!(labels(outputs), ["KeyMetadata"]);
}

#[test]
fn links() {
    let mut talk = Talk::new();
    talk.texts.write("/p/docs/my page.md", "# One thing\n\n## Two\n");
    let mut offered = |text: &str| {
        let text = format!("{HEAD}{text}");
        let items = items_in(&mut talk, "/p/runbooks/a.md", &text);
        let labels: Vec<String> =
            items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect();
        (labels, items, text)
    };
    assert_eq!(offered("see [x](¦)").0, ["#p", "#make-the-key", "#make", "#ask"]);
    assert_eq!(offered("see [x](#¦)").0, ["p", "make-the-key", "make", "ask"]);
    assert_eq!(offered("see [x](../¦").0, ["docs/", "runbook.yaml"]);
    let (labels, items, text) = offered("see [x](../docs/my¦)");
    assert_eq!(labels, ["my page.md"]);
    assert!(take_in(&text, "my page.md", &items).ends_with("(../docs/my%20page.md)"));
    assert_eq!(offered("see [x](../docs/my%20page.md#t¦)").0, ["one-thing", "two"]);
}

#[test]
fn nothing_is_offered_where_nothing_runs() {
    let mut talk = Talk::new();
    for text in ["# Notes\n```¦", "# Notes\n[a](¦)", "```yaml\nuses: ¦\n```\n"] {
        assert!(items_in(&mut talk, "/p/docs/notes.md", text).is_empty(), "{text}");
    }
}
