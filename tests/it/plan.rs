//! A plan: what it finds, that it changes nothing, and that a run can be held to it.

use crate::cloud::{kms, wait};
use crate::env::{Project, Ran};
use crate::main_job::{look, seeded};
use serde_json::Value;
use std::collections::BTreeSet;

/// The plan as JSON.
fn plan(project: &Project, name: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["plan", name, "--env", "sandbox", "--json"];
    arguments.extend(more);
    json(&project.run(&arguments).ended(0))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

/// One step of a plan.
fn step<'a>(plan: &'a Value, key: &str) -> &'a Value {
    let steps = plan["steps"].as_array().expect("steps");
    steps
        .iter()
        .find(|step| step["step"] == key)
        .unwrap_or_else(|| panic!("no step {key}: {plan:#}"))
}

#[track_caller]
fn assert_states(plan: &Value, wanted: &[(&str, &str)]) {
    for (key, state) in wanted {
        assert_eq!(step(plan, key)["state"], *state, "{key}: {:#}", step(plan, key));
    }
}

/// What would become of one thing.
fn change<'a>(plan: &'a Value, key: &str, what: &str, of: &str) -> &'a Value {
    let changes = step(plan, key)["looks"][0][of].as_array().expect("changes");
    changes
        .iter()
        .find(|change| change["what"] == what)
        .unwrap_or_else(|| panic!("{key} says nothing of {what}: {changes:#?}"))
}

fn digest(plan: &Value) -> String {
    plan["digest"].as_str().expect("a digest").to_owned()
}

/// A runbook of these steps, in the data account.
fn book(front: &str, steps: &str) -> String {
    format!(
        "---\ntitle: A test\nsummary: For the tests.\nowner: tests\n{front}---\n\n# A test\n\n## Steps\n\n{steps}"
    )
}

/// The services and operations in a call log from that line on.
fn calls(project: &Project, from: usize) -> Vec<String> {
    let text = project.read("calls.jsonl");
    text.lines()
        .skip(from)
        .map(|line| {
            let call: Value = serde_json::from_str(line).expect("a call");
            let word = |name: &str| call[name].as_str().expect("a word").to_owned();
            format!("{}:{}", word("service"), word("operation"))
        })
        .collect()
}

/// The calls that are not known to read. `AssumeRole` gives credentials, and changes nothing.
fn writes(calls: &[String]) -> BTreeSet<&str> {
    let reads = |call: &str| {
        let operation = call.split_once(':').map_or(call, |(_, operation)| operation);
        ["Describe", "Get", "List", "Head", "GET ", "HEAD "]
            .iter()
            .any(|verb| operation.starts_with(verb))
            || operation == "AssumeRole"
    };
    calls.iter().map(String::as_str).filter(|call| !reads(call)).collect()
}

/// Stops the sandbox of a project, however the test ends.
struct Stopped<'a>(&'a Project);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        drop(self.0.command(&["sandbox", "down"]).status());
    }
}

#[test]
fn a_plan_changes_nothing() {
    let project = Project::with_its_own_sandbox();
    let _stopped = Stopped(&project);
    let log = project.path().join("calls.jsonl");
    let log = [("RUNBOOK_SANDBOX_CALL_LOG", log.to_str().expect("a path"))];
    project.run_with(&["sandbox", "up"], &log).ended(0);
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    let runs = std::fs::read_dir(project.path().join(".runbook/runs")).expect("runs").count();
    let lock = std::fs::metadata(project.path().join(".runbook/environments/sandbox/lock"))
        .and_then(|about| about.modified())
        .expect("the lock of the run before");

    let before = calls(&project, 0).len();
    let first = plan(&project, "account-redeploy", &[]);
    assert_states(
        &first,
        &[
            ("stacks/platform", "in_place"),
            ("stacks/data", "in_place"),
            ("stacks/workload", "in_place"),
        ],
    );
    let replace = plan(&project, "kms-replace", &[]);
    assert_states(&replace, &[("old_key", "read"), ("move_alias", "not_in_place")]);
    plan(&project, "kms-replace", &["--trust-reads"]);
    let template = project.read("runbooks/stacks/data.yaml");
    let renamed = template.replace(
        "\"${Name}-${AWS::AccountId}-${AWS::Region}\"",
        "\"${Name}-two-${AWS::AccountId}\"",
    );
    assert_ne!(template, renamed);
    project.write("runbooks/stacks/data.yaml", &renamed);
    let local = plan(&project, "account-redeploy", &[]);
    let made = calls(&project, before);
    assert!(made.len() > 50, "the log is not written: {made:?}");
    assert_eq!(writes(&made), BTreeSet::new());

    // The one exception, when it is asked for: a change set that is deleted again.
    let before = calls(&project, 0).len();
    let asked = plan(&project, "account-redeploy", &["--change-sets"]);
    let made = calls(&project, before);
    let wanted = ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"];
    assert_eq!(writes(&made), BTreeSet::from(wanted));
    for write in wanted {
        assert_eq!(made.iter().filter(|call| *call == write).count(), 1, "{write}");
    }
    // The emulator calls every change of a property conditional.
    let told = change(&asked, "stacks/data", "CorpusBucket", "change_set");
    assert!(told["details"][0].as_str().expect("a detail").starts_with("BucketName"), "{told:#}");
    assert_eq!(digest(&asked), digest(&local), "a change set is no other fact");
    project.write("runbooks/stacks/data.yaml", &template);
    assert_eq!(
        digest(&plan(&project, "account-redeploy", &[])),
        digest(&first),
        "the stack is another"
    );

    // It leaves no run, takes no lock, and cleans up behind itself.
    let state = project.path().join(".runbook");
    assert_eq!(std::fs::read_dir(state.join("runs")).expect("runs").count(), runs);
    let after = std::fs::metadata(state.join("environments/sandbox/lock")).expect("the lock");
    assert_eq!(after.modified().expect("a time"), lock);
    for entry in std::fs::read_dir(state.join("plans")).expect("plans") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(name.ends_with(".json"), "{name} is left");
    }
}

#[test]
fn what_a_template_would_replace_is_shown_resource_by_resource() {
    let project = seeded();
    let before = plan(&project, "account-redeploy", &[]);
    assert_states(&before, &[("stacks/data", "in_place"), ("stacks/workload", "in_place")]);

    let template = project.read("runbooks/stacks/data.yaml");
    let changed = template
        .replace(
            "\"${Name}-${AWS::AccountId}-${AWS::Region}\"",
            "\"${Name}-two-${AWS::AccountId}\"",
        )
        .replace("MemorySize: 256", "MemorySize: 512")
        .replace("Outputs:\n", "  Queue:\n    Type: AWS::SQS::Queue\n\nOutputs:\n");
    project.write("runbooks/stacks/data.yaml", &changed);
    let after = plan(&project, "account-redeploy", &[]);
    assert_ne!(digest(&before), digest(&after));
    assert_states(
        &after,
        &[
            ("stacks/platform", "in_place"),
            ("stacks/data", "not_in_place"),
            ("stacks/workload", "not_looked_at"),
        ],
    );
    let about = |what: &str| {
        let change = change(&after, "stacks/data", what, "changes");
        (change["kind"].as_str().unwrap().to_owned(), change["certain"].as_bool().unwrap())
    };
    assert_eq!(about("CorpusBucket"), ("replace".to_owned(), true));
    // A policy cannot be moved to another bucket.
    assert_eq!(about("CorpusBucketPolicy"), ("modify".to_owned(), false));
    assert_eq!(about("IngestFunction"), ("modify".to_owned(), true));
    assert_eq!(about("Queue"), ("add".to_owned(), true));
    project
        .run(&["plan", "account-redeploy", "--env", "sandbox"])
        .ended(0)
        .says("± CorpusBucket (AWS::S3::Bucket) is REPLACED: BucketName")
        .says("the output of `stacks/data`, which does not exist yet");

    // A parameter reaches exactly what it goes into.
    project.write("runbooks/stacks/data.yaml", &template);
    let days = plan(&project, "account-redeploy", &["-p", "log_retention_days=60"]);
    let changes =
        step(&days, "stacks/data")["looks"][0]["changes"].as_array().expect("changes").iter();
    let named: BTreeSet<&str> = changes.map(|change| change["what"].as_str().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(["IngestLog", "LogRetentionDays"]));
}

#[test]
fn a_key_that_is_not_made_yet_is_in_place_nowhere() {
    let project = seeded();
    let keys = look(&project);
    let id = keys.alias.rsplit('/').next().expect("an id");
    let plan = plan(&project, "kms-replace", &[]);
    assert_states(
        &plan,
        &[
            ("stores", "read"),
            ("before", "read"),
            ("new_key", "not_in_place"),
            ("prove_key", "not_looked_at"),
            ("move_alias", "not_in_place"),
            ("objects", "not_in_place"),
            ("log_group", "not_in_place"),
            ("record_key", "not_in_place"),
            ("after", "not_looked_at"),
        ],
    );
    let alias = change(&plan, "move_alias", "alias/corpus", "changes");
    assert_eq!((&alias["before"], &alias["after"]), (&id.into(), &"the new key".into()));
    let group = change(&plan, "log_group", "/corpus/ingest", "changes");
    assert_eq!(group["before"], keys.alias.as_str());
    assert!(
        step(&plan, "move_alias")["asks"]
            .as_str()
            .expect("a question")
            .contains("alias/corpus will point")
    );
    assert_eq!(plan["asks"].as_array().expect("questions").len(), 1);
    assert_eq!(plan["point_of_no_return"], Value::Null);
    assert!(plan["estimate_seconds"].as_u64().expect("a time") > 1_800);
}

/// Moves the alias, the log group, the secret and the function to a key.
const POINT: &str = r#"
### Alias

```yaml step=alias
uses: kms/set-alias
with: { alias: alias/corpus, key: "{{ params.key }}" }
```

### Log group

```yaml step=log_group
uses: logs/associate-key
with: { log_group: /corpus/ingest, key: "{{ params.key }}" }
```

### Secret

```yaml step=secret
uses: secrets/reencrypt
with: { secret: corpus/source-token, key: "{{ params.key }}" }
```

### Function

```yaml step=function
uses: lambda/set-key
with: { function: corpus-ingest, key: "{{ params.key }}" }
```
"#;

const POINT_FRONT: &str = "account: data\nparams:\n  key: { type: string }\n";

/// A second key with the policy of the first.
fn successor(project: &Project, like: &str) -> String {
    wait(async {
        let kms = kms(&project.accounts.data);
        let policy = kms
            .get_key_policy()
            .key_id(like)
            .policy_name("default")
            .send()
            .await
            .expect("a policy");
        let made = kms.create_key().set_policy(policy.policy).send().await.expect("a key");
        made.key_metadata().and_then(|key| key.arn()).expect("an ARN").to_owned()
    })
}

#[test]
fn what_was_not_in_place_is_in_place_after_the_run_and_a_run_is_held_to_its_plan() {
    let project = seeded();
    project.write("runbooks/point.md", &book(POINT_FRONT, POINT));
    let keys = look(&project);
    let new = successor(&project, &keys.alias);
    let key = format!("key={new}");
    let all = ["alias", "log_group", "secret", "function"];
    let before = plan(&project, "point", &["-p", &key]);
    assert_states(&before, &all.map(|step| (step, "not_in_place")));
    for (step, what) in [
        ("log_group", "/corpus/ingest"),
        ("secret", "corpus/source-token"),
        ("function", "corpus-ingest"),
    ] {
        let change = change(&before, step, what, "changes");
        assert_eq!(
            (&change["before"], &change["after"]),
            (&keys.alias.as_str().into(), &new.as_str().into())
        );
    }
    // Twice in a row is the same: nothing that moves by itself is in it.
    let first = digest(&before);
    assert_eq!(digest(&plan(&project, "point", &["-p", &key])), first);

    // Somebody moves the alias meanwhile.
    let elsewhere = successor(&project, &keys.alias);
    let point = |at: &str| {
        wait(async {
            let kms = kms(&project.accounts.data);
            let call = kms.update_alias().alias_name("alias/corpus").target_key_id(at);
            call.send().await.expect("moved");
        });
    };
    point(&elsewhere);
    let held = ["run", "point", "--env", "sandbox", "-p", &key, "--plan", &first[..12]];
    let refused = project.run(&held).ended(4).says("does not hold any more").says("alias/corpus");
    assert!(
        refused.stderr.contains("step `alias`") && !refused.stderr.contains("step `secret`"),
        "{}",
        refused.stderr
    );
    assert_eq!(look(&project).secret.as_deref(), Some(keys.alias.as_str()), "it ran all the same");

    // Put back, the plan holds again. Another parameter, and another text, do not.
    point(&keys.alias);
    let other = format!("key={elsewhere}");
    let held_other = ["run", "point", "--env", "sandbox", "-p", &other, "--plan", &first];
    project.run(&held_other).ended(4).says("parameter `key`");
    project.write(
        "runbooks/point.md",
        &book(POINT_FRONT, &POINT.replace("### Secret\n", "### The secret\n")),
    );
    project.run(&held).ended(4).says("outside of its steps");
    let text = POINT
        .replace("with: { secret: corpus/source-token,", "with: { secret: 'corpus/source-token',");
    project.write("runbooks/point.md", &book(POINT_FRONT, &text));
    project.run(&held).ended(4).says("step `secret` has another text");
    project.write("runbooks/point.md", &book(POINT_FRONT, POINT));
    project.run(&held).ended(0);
    assert_eq!(look(&project).alias, new);

    // Now there is nothing left to do.
    let after = plan(&project, "point", &["-p", &key]);
    assert_states(&after, &all.map(|step| (step, "in_place")));
    assert_eq!(after["estimate_seconds"], 0);
    project.run(&held).ended(4).says("step `alias`: not in place then, in place now");
}

#[test]
fn an_account_that_cannot_be_entered_is_said_and_the_rest_is_told() {
    let project = Project::local(&[("point", &book(POINT_FRONT, POINT))]);
    let key = "key=arn:aws:kms:eu-west-1:222222222222:key/1";
    // Nothing listens there.
    let found = plan(&project, "point", &["-p", key]);
    assert_states(&found, &[("alias", "cannot_tell")]);
    assert_eq!(found["refusals"][0]["guard"], "unreadable_account");
    assert_eq!(found["refusals"][0]["certain"], false);
    assert_eq!(found["accounts"][0]["caller"], Value::Null);

    let text = project.read("runbook.yaml");
    project
        .write("runbook.yaml", &format!("{text}deny_accounts: [\"{}\"]\n", project.accounts.data));
    let refused = project.run(&["plan", "point", "--env", "sandbox", "-p", key]).ended(4);
    refused.says("A run would be refused").says("deny_accounts").says("not looked at");
}

#[test]
fn the_wrong_account_is_not_looked_at() {
    let project = seeded();
    project.write("runbooks/point.md", &book(POINT_FRONT, POINT));
    let endpoint = crate::guards::answering_as(&project.accounts.data, &project.accounts.platform);
    let text = project.read("runbook.yaml");
    project.write("runbook.yaml", &text.replace(&crate::env::emulator().endpoint, &endpoint));
    let key = format!("key={}", look(&project).alias);
    let ran = project.run(&["plan", "point", "--env", "sandbox", "-p", &key, "--json"]).ended(4);
    let found = json(&ran);
    assert_eq!(found["refusals"][0]["guard"], "wrong_account");
    assert_states(&found, &[("alias", "not_looked_at"), ("function", "not_looked_at")]);
}

#[test]
fn a_sandbox_that_does_not_run_is_not_started() {
    let project = Project::with_its_own_sandbox();
    let found = plan(&project, "kms-replace", &[]);
    assert_eq!(found["observed"], false);
    assert!(found["not_observed"].as_str().expect("why").contains("runbook sandbox up"));
    assert_states(&found, &[("stores", "not_looked_at"), ("move_alias", "not_looked_at")]);
    assert!(!project.exists(".runbook/sandbox/server.json"), "it was started");
}

// Without a cloud.

/// A script step.
fn bash(id: &str, options: &str, text: &str) -> String {
    let options: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!("### {id}\n\n```bash step={id}\n{options}{text}\n```\n\n")
}

#[test]
fn scripts_are_run_only_when_their_authors_are_trusted() {
    let touch = |name: &str| format!("touch \"$RUNBOOK_PROJECT/{name}\"\n");
    let steps = bash(
        "read",
        "effect: read\noutputs: [name]",
        &(touch("read") + "echo name=there >> \"$RUNBOOK_OUTPUT\""),
    ) + &bash(
        "make",
        "irreversible: test\nenv:\n  NAME: \"{{ steps.read.name }}\"",
        &touch("made"),
    ) + "```bash observe=make\n#| env:\n#|   NAME: \"{{ steps.read.name }}\"\ntest \"$NAME\" = there && test -e \"$RUNBOOK_PROJECT/made\"\n```\n\n"
        + &bash("blind", "irreversible: test", &touch("blind"));
    let project = Project::local(&[("scripts", &book("", &steps))]);
    let found = plan(&project, "scripts", &[]);
    assert_states(
        &found,
        &[("read", "not_looked_at"), ("make", "not_looked_at"), ("blind", "not_looked_at")],
    );
    assert!(!project.exists("read"), "a script was run");
    assert_eq!(found["point_of_no_return"], "make");

    let trusted = plan(&project, "scripts", &["--trust-reads"]);
    assert_states(
        &trusted,
        &[("read", "read"), ("make", "not_in_place"), ("blind", "not_looked_at")],
    );
    assert_eq!(step(&trusted, "make")["looks"][0]["inputs"]["NAME"], "there");
    assert!(project.exists("read") && !project.exists("made") && !project.exists("blind"));
    assert_ne!(digest(&found), digest(&trusted));

    // A run looks as the plan did.
    let held = ["run", "scripts", "--env", "sandbox", "--plan", &digest(&trusted)];
    project.write("made", "");
    project.run(&held).ended(4).says("step `make`: not in place then, in place now");
    std::fs::remove_file(project.path().join("made")).expect("removed");
    project.run(&held).ended(0);
    assert!(project.exists("blind"));
    let done = plan(&project, "scripts", &["--trust-reads"]);
    assert_states(&done, &[("make", "in_place")]);
    assert_eq!(done["point_of_no_return"], "blind");
}

#[test]
fn loops_and_runbooks_in_runbooks_are_told_element_by_element() {
    let inner = book(
        "params:\n  name: { type: string }\n",
        &(bash(
            "check",
            "if: params.name != 'b'\neffect: read\nestimate: 10s\nenv:\n  NAME: \"{{ params.name }}\"",
            "true",
        ) + &bash(
            "make",
            "irreversible: test\nenv:\n  NAME: \"{{ params.name }}\"",
            "touch \"$RUNBOOK_PROJECT/$NAME\"",
        ) + "```bash observe=make\n#| env:\n#|   NAME: \"{{ params.name }}\"\ntest -e \"$RUNBOOK_PROJECT/$NAME\"\n```\n\n"),
    );
    let outer = book(
        "params:\n  names: { type: list, default: [a, b, c] }\n",
        &("### each\n\n```yaml step=each\nuses: runbook/run\nfor_each: params.names\nwith:\n  runbook: inner\n  params: { name: \"{{ item }}\" }\n```\n\n"
            .to_owned()
            + &bash("list", "effect: read\noutputs: json", "echo '{\"names\": [\"x\"]}'")
            + &bash("later", "irreversible: test\nfor_each: steps.list.names\nenv:\n  X: \"{{ item }}\"", "true")),
    );
    let project = Project::local(&[("inner", &inner), ("outer", &outer)]);
    project.write("a", "");
    let found = plan(&project, "outer", &["--trust-reads"]);
    assert_states(
        &found,
        &[
            ("each", "group"),
            ("each/check", "mixed"),
            ("each/make", "mixed"),
            ("later", "not_looked_at"),
        ],
    );
    let looks = |key: &str| -> Vec<(String, String)> {
        let looks = step(&found, key)["looks"].as_array().expect("looks").iter();
        looks
            .map(|look| {
                (
                    look["step"].as_str().unwrap().to_owned(),
                    look["state"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    let wanted = [
        ("each[0]/make", "in_place"),
        ("each[1]/make", "not_in_place"),
        ("each[2]/make", "not_in_place"),
    ];
    assert_eq!(looks("each/make"), wanted.map(|(a, b)| (a.to_owned(), b.to_owned())));
    // The second element is skipped there, and the third reads what the second may change first.
    let wanted = [
        ("each[0]/check", "read"),
        ("each[1]/check", "skipped"),
        ("each[2]/check", "not_looked_at"),
    ];
    assert_eq!(looks("each/check"), wanted.map(|(a, b)| (a.to_owned(), b.to_owned())));
    // Two elements read for ten seconds each.
    assert_eq!(found["estimate_seconds"], 20);
    project
        .run(&["plan", "outer", "--env", "sandbox", "--trust-reads"])
        .ended(0)
        .says("1 of 3 in place")
        .says("each[1]/make … each[2]/make");
}

#[test]
fn what_would_stop_a_run_is_seen_before_it() {
    let steps = bash(
        "look",
        "effect: read\noutputs: [count]\nexpect: [\"outputs.count == '0'\"]",
        "echo count=3 >> \"$RUNBOOK_OUTPUT\"",
    ) + &bash("each", "irreversible: test\nneeds: []\nfor_each: params.names", "true")
        + &bash("never", "irreversible: test\nneeds: []\nif: params.go", "true");
    let front =
        "params:\n  go: { type: boolean, default: false }\n  names: { type: list, default: [] }\n";
    let project = Project::local(&[("stops", &book(front, &steps))]);
    let found = plan(&project, "stops", &["--trust-reads"]);
    assert_states(&found, &[("look", "would_stop"), ("each", "would_stop"), ("never", "skipped")]);
    project
        .run(&["plan", "stops", "--env", "sandbox", "--trust-reads"])
        .ended(0)
        .says("expected `outputs.count == '0'`")
        .says("empty list")
        .says("`params.go` does not hold");
}

#[test]
fn a_secret_is_in_no_plan() {
    let steps = bash(
        "use",
        "effect: read\nenv:\n  TOKEN: \"{{ params.token }}\"\n  SHOUTED: \"{{ params.token | upper }}\"\n  PLAIN: \"{{ params.plain }}\"",
        "echo \"$TOKEN\"; exit 3",
    );
    let front = "params:\n  token: { type: string, secret: true }\n  plain: { type: string, default: open }\n";
    let project = Project::local(&[("secret", &book(front, &steps))]);
    let secret = |token: &str| {
        let given = [("RUNBOOK_PARAM_TOKEN", token)];
        project
            .run_with(&["plan", "secret", "--env", "sandbox", "--json", "--trust-reads"], &given)
            .ended(0)
    };
    let ran = secret("hunter2-hunter2");
    let found = json(&ran);
    assert_eq!(step(&found, "use")["looks"][0]["inputs"]["PLAIN"], "open");
    assert_eq!(step(&found, "use")["looks"][0]["inputs"]["SHOUTED"], "(secret: params.token)");
    let kept = project.read(&format!(".runbook/plans/{}.json", digest(&found)));
    for text in [&ran.stdout, &ran.stderr, &kept] {
        assert!(!text.to_lowercase().contains("hunter2"), "{text}");
    }
    // A digest that knew it could be used to guess it.
    assert_eq!(digest(&json(&secret("other-secret"))), digest(&found));
}

#[test]
fn a_frozen_and_a_held_environment_are_said() {
    let steps = bash(
        "wait",
        "irreversible: test",
        "touch \"$RUNBOOK_PROJECT/begun\"\nfor _ in $(seq 600); do test -e \"$RUNBOOK_PROJECT/go\" && exit 0; sleep 0.05; done\nexit 1",
    );
    let project = Project::local(&[("wait", &book("", &steps))]);
    let mut first = project.command(&["run", "wait", "--env", "sandbox"]).spawn().expect("a run");
    crate::guards::until(|| project.exists("begun"));
    let found = plan(&project, "wait", &[]);
    assert_eq!(found["refusals"][0]["guard"], "locked");
    assert!(found["refusals"][0]["message"].as_str().expect("a message").contains("is alive"));
    project.write("go", "");
    assert!(first.wait().expect("the run ends").success());
    let free = plan(&project, "wait", &[]);
    assert_eq!(free["refusals"].as_array().map(Vec::len), Some(0));
    assert_eq!(digest(&free), digest(&found), "a lock is no fact: it may be free by then");

    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    project
        .run(&["plan", "wait", "--env", "sandbox"])
        .ended(4)
        .says("incident 7")
        .says("A run would be refused");
}

#[test]
fn a_digest_that_means_nothing_is_refused_at_once() {
    let project = Project::local(&[("one", &book("", &bash("one", "irreversible: test", "true")))]);
    let held = |digest: &str| project.run(&["run", "one", "--env", "sandbox", "--plan", digest]);
    held("0123").ended(2).says("at least 8 digits");
    held("not-a-digest").ended(2);
    held("0123456789").ended(4).says("not kept in this state folder").says("runbook plan one");
    assert!(
        !project.exists(".runbook/runs")
            || std::fs::read_dir(project.path().join(".runbook/runs"))
                .expect("runs")
                .next()
                .is_none()
    );
}
