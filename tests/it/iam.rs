//! `runbook iam`, and its proof: under exactly the policy that it prints, on an emulator that enforces
//! policies, the main job runs; with any one action less it fails.

use crate::env::Project;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

/// How many actions are taken away in a plain test run. `RUNBOOK_TEST_FULL` takes away each of them.
const SAMPLE: usize = 3;

/// What the whole main job and its undo do without, each with the reason why it is in the policy all the
/// same. One that turns out to be needed must leave this list.
const NOT_SHOWN: [(&str, &str); 8] = [
    ("cloudformation:DeleteChangeSet", "the change set is never empty: the stack gets a new key"),
    (
        "cloudformation:DeleteStack",
        "the stack exists, so undo brings it back and does not delete it",
    ),
    ("cloudformation:GetTemplateSummary", "a look that cannot tell stops no run"),
    ("cloudformation:ListStackResources", "the stack was never left in review"),
    ("cloudformation:UpdateTerminationProtection", "the stack's protection is as it was"),
    ("kms:CreateAlias", "the alias exists"),
    ("kms:DeleteAlias", "the alias existed, so undo points it back"),
    ("logs:DisassociateKmsKey", "the log group had a key, so undo gives it back"),
];

/// What only the undo of the whole job needs.
const UNDO_ONLY: [&str; 2] = ["kms:DisableKey", "kms:ScheduleKeyDeletion"];

/// An emulator that enforces policies, started for this test and stopped with it.
struct Enforcing {
    home: Project,
    endpoint: String,
    cli: String,
}

impl Enforcing {
    fn start() -> Self {
        let home = Project::local(&[]);
        home.run_with(&["sandbox", "up"], &[("RUNBOOK_SANDBOX_AUTH", "true")]).ended(0);
        let server: Value =
            serde_json::from_str(&home.read(".runbook/sandbox/server.json")).expect("JSON");
        let text = |name: &str| server[name].as_str().expect("a text").to_owned();
        Self { endpoint: text("endpoint"), cli: text("cli"), home }
    }

    /// Accounts of their own, filled by the operator while they may do everything.
    fn accounts(&self) -> Case<'_> {
        let case = Case { emulator: self, project: Project::shipped_at(&self.endpoint) };
        let text = case.project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
        case.project.write("runbook.yaml", &text);
        let everything = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "*", "Resource": "*",
        }]});
        // Whoever runs a runbook in a sandbox is the root of this account.
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": "100000000000" }, "Action": "sts:AssumeRole",
        }]});
        let accounts = &case.project.accounts;
        std::thread::scope(|scope| {
            for account in [&accounts.workload, &accounts.data, &accounts.platform] {
                let (case, everything, trust) = (&case, &everything, &trust);
                scope.spawn(move || {
                    let trust = trust.to_string();
                    case.iam(account, &["create-role", "--assume-role-policy-document", &trust]);
                    case.allow(account, everything);
                });
            }
        });
        case.project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
        case
    }
}

impl Drop for Enforcing {
    fn drop(&mut self) {
        drop(self.home.run(&["sandbox", "down"]));
    }
}

/// Accounts in which one policy is tried.
struct Case<'a> {
    emulator: &'a Enforcing,
    project: Project,
}

impl Case<'_> {
    /// A call of IAM about the operator's role, as the root of an account.
    fn iam(&self, account: &str, arguments: &[&str]) {
        let about = [&["iam"], arguments, &["--role-name", "RunbookOperator"]].concat();
        self.call(&[account, runbook::sandbox::ROOT_SECRET], &about).expect("it is allowed");
    }

    /// A call with a key, its secret, and perhaps a session. What it prints, or why it was refused.
    fn call(&self, with: &[&str], arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.emulator.cli);
        command.args(arguments).args(["--endpoint-url", &self.emulator.endpoint]).env_clear();
        for (name, value) in
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].iter().zip(with)
        {
            command.env(name, value);
        }
        let called = command
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .expect("the AWS CLI starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        if called.status.success() { Ok(text(called.stdout)) } else { Err(text(called.stderr)) }
    }

    /// The policy that `runbook iam` prints for the data account.
    fn printed(&self) -> Value {
        let arguments = ["iam", "kms-replace", "--env", "sandbox", "--account", "data", "--policy"];
        let printed = self.project.run(&arguments).ended(0);
        serde_json::from_str(&printed.stdout).expect("a policy on standard output")
    }

    /// From now on the operator may do this in that account, and nothing else.
    fn allow(&self, account: &str, policy: &Value) {
        let policy = policy.to_string();
        let named = ["put-role-policy", "--policy-name", "all", "--policy-document", &policy];
        self.iam(account, &named);
    }

    /// From now on the operator may do what the printed policy allows, without these actions.
    fn allow_without(&self, left_out: &[&str]) {
        self.allow(&self.project.accounts.data, &without(self.printed(), left_out));
    }

    fn replace(&self) -> crate::env::Ran {
        self.project.run(&["run", "kms-replace", "--env", "sandbox"])
    }

    /// Lets the job fail at its very last step, so that everything of it can be taken back.
    fn replace_and_fail_at_the_end(&self) {
        let text = self.project.read("runbooks/kms-replace.md");
        let last = "uses: kms/key-usage\n";
        assert_eq!(text.matches(last).count(), 1, "only the last step reads the key's usage");
        let failing =
            text.replace(last, &format!("{last}expect: [\"outputs.key_id == 'none'\"]\n"));
        self.project.write("runbooks/kms-replace.md", &failing);
        self.replace().ended(1).says("last_use");
    }

    /// Everything that the newest run wrote down.
    fn recorded(&self) -> String {
        self.project.journal().iter().map(|record| format!("{record}\n")).collect()
    }
}

/// A policy without some actions. A statement that loses all of them goes.
fn without(mut policy: Value, left_out: &[&str]) -> Value {
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut() {
        let kept: Vec<String> =
            actions(statement).into_iter().filter(|a| !left_out.contains(&a.as_str())).collect();
        statement["Action"] = json!(kept);
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::String(one) => vec![one.clone()],
        many => many
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|a| a.as_str().map(str::to_owned))
            .collect(),
    }
}

fn all_actions(policy: &Value) -> BTreeSet<String> {
    policy["Statement"].as_array().expect("statements").iter().flat_map(actions).collect()
}

/// Whether a run was refused, in the words of the service that refused it.
fn is_refusal(text: &str) -> bool {
    [
        "AccessDenied",
        "is not authorized to perform",
        // EC2 has a word of its own.
        "UnauthorizedOperation",
        "Access to KMS is not allowed",
        // KMS, about a key whose policy its maker could not change.
        "will not allow you to update the key policy",
        // S3 answers a HEAD without a body.
        "HTTP 403",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// Whether none of the steps that failed in a run had begun.
#[track_caller]
fn refused_before_it_began(journal: &[Value]) -> bool {
    let of = |name: &str| -> Vec<&Value> {
        journal.iter().map(|record| &record["event"]).filter(|e| e["event"] == name).collect()
    };
    let started: Vec<&Value> = of("step_started").iter().map(|event| &event["step"]).collect();
    let failed = of("step_failed");
    assert!(!failed.is_empty(), "no step failed");
    for event in &failed {
        let before = event["failure"]["stage"] == "guard";
        assert_ne!(started.contains(&&event["step"]), before, "begun, and refused before: {event}");
    }
    failed.iter().all(|event| event["failure"]["stage"] == "guard")
}

#[test]
fn the_main_job_runs_under_exactly_its_policy_and_fails_with_any_one_action_less() {
    let emulator = Enforcing::start();
    let not_shown = NOT_SHOWN.map(|(action, _)| action);

    // All that is said to be needless at once: the run and its undo do without.
    let case = emulator.accounts();
    let printed = all_actions(&case.printed());
    for action in not_shown.iter().chain(&UNDO_ONLY) {
        assert!(printed.contains(*action), "{action} is not in the policy: take it off the list");
    }
    case.allow_without(&not_shown);
    case.replace().ended(0);
    let recorded = case.recorded();
    assert!(recorded.contains("assumed-role/RunbookOperator"), "it did not act as the role");
    case.replace_and_fail_at_the_end();
    case.project.run(&["undo"]).ended(0);

    // What an undo needs beyond a run, one by one.
    for action in UNDO_ONLY {
        let case = emulator.accounts();
        case.allow_without(&[action]);
        case.replace_and_fail_at_the_end();
        let undone = case.project.run(&["undo"]).ended(6);
        assert!(is_refusal(&case.recorded()), "without {action}: {undone:?}");
        case.allow_without(&[]);
        case.project.run(&["undo"]).ended(0);
    }

    // And everything else, one by one: the run fails, because it is refused.
    let mut needed: Vec<&str> = printed.iter().map(String::as_str).collect();
    needed.retain(|action| !not_shown.contains(action) && !UNDO_ONLY.contains(action));
    let needed = crate::sample::some_of("actions", needed, SAMPLE);
    // A run that failed goes on once it may, and the next one begins where it ended. So one set of
    // accounts does for all, and it is shown that nothing else was in the way.
    let case = emulator.accounts();
    let mut needless = Vec::new();
    for action in needed {
        let began = std::time::Instant::now();
        case.allow_without(&[action]);
        let ran = case.replace();
        crate::sample::say(&format!(
            "without {action}: exit {:?} after {:?}",
            ran.code,
            began.elapsed()
        ));
        if ran.code == Some(0) {
            needless.push(action);
            continue;
        }
        // A look before a change that is refused stops the step before it begins, and then a guard has
        // refused it. Every other refusal is a step that failed.
        let code = if refused_before_it_began(&case.project.journal()) { 4 } else { 1 };
        let ran = ran.ended(code);
        let told = format!("{}{}{}", ran.stdout, ran.stderr, case.recorded());
        assert!(is_refusal(&told), "without {action} it failed, but not because of that: {told}");
        case.allow_without(&[]);
        case.project.run(&["resume"]).ended(0);
    }
    assert!(
        needless.is_empty(),
        "a whole run needs none of {needless:?}: why are they in the policy?"
    );
}

/// What whoever holds the security team's role could do harm or learn with.
fn forbidden<'a>(key: &'a str, bucket: &'a str) -> [Vec<&'a str>; 9] {
    [
        vec!["kms", "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7"],
        vec![
            "kms",
            "put-key-policy",
            "--key-id",
            key,
            "--policy-name",
            "default",
            "--policy",
            "{}",
        ],
        vec!["kms", "get-key-policy", "--key-id", key, "--policy-name", "default"],
        vec!["kms", "generate-data-key", "--key-id", key, "--key-spec", "AES_256"],
        vec!["kms", "update-alias", "--alias-name", "alias/corpus", "--target-key-id", key],
        vec!["s3api", "list-objects-v2", "--bucket", bucket],
        vec!["secretsmanager", "get-secret-value", "--secret-id", "corpus/source-token"],
        vec!["lambda", "get-function", "--function-name", "corpus-ingest"],
        vec!["iam", "list-roles"],
    ]
}

/// `kms-revoke` with the role that it is written for, where policies are enforced: what stands in the key's policy
/// is enough for the whole run, and the role can do nothing else.
#[test]
fn the_security_team_can_revoke_and_restore_the_key_and_nothing_else() {
    if !crate::sample::is_turn("the security team's role", 0, 3) {
        return;
    }
    let emulator = Enforcing::start();
    let case = emulator.accounts();
    let data = &case.project.accounts.data;
    let words = |line: &'static str| line.split_whitespace().collect::<Vec<_>>();
    let arguments = words("iam kms-revoke --env sandbox --account security --policy");
    let printed = case.project.run(&arguments);
    let printed: Value = serde_json::from_str(&printed.ended(0).stdout).expect("a policy");
    let known = [
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:EnableKey",
        "kms:GetKeyRotationStatus",
        // Nobody needs a permission for it.
        "sts:GetCallerIdentity",
    ];
    for action in all_actions(&printed) {
        assert!(known.contains(&action.as_str()), "the key's policy does not allow {action}");
    }

    // The template trusts two roles of its own account. Here whoever runs the runbook is the root of another one.
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "100000000000" }, "Action": "sts:AssumeRole",
    }]});
    let root = [data.as_str(), runbook::sandbox::ROOT_SECRET];
    let trusted =
        words("iam update-assume-role-policy --role-name corpus-key-security --policy-document");
    case.call(&root, &[&trusted[..], &[&trust.to_string()]].concat()).expect("it is trusted");
    case.project.run(&["run", "kms-revoke", "--env", "sandbox"]).ended(0).says("health is reached");
    assert!(
        case.recorded().contains("assumed-role/corpus-key-security"),
        "it did not act as the role"
    );

    let role = format!("arn:aws:iam::{data}:role/corpus-key-security");
    let mut assume = words("sts assume-role --role-session-name tests --output text --role-arn");
    let parts = "Credentials.[AccessKeyId, SecretAccessKey, SessionToken]";
    assume.extend([role.as_str(), "--query", parts]);
    let session =
        case.call(&["100000000000", runbook::sandbox::ROOT_SECRET], &assume).expect("a session");
    let session: Vec<&str> = session.split_whitespace().collect();
    let describe =
        words("kms describe-key --key-id alias/corpus --query KeyMetadata.Arn --output text");
    let key = case.call(&session, &describe).expect("it may describe the key");
    let (key, bucket) = (key.trim(), format!("corpus-{data}-eu-west-1"));
    for call in forbidden(key, &bucket) {
        let why = case.call(&session, &call).expect_err("it may not do that");
        assert!(is_refusal(&why), "{call:?} failed, but was not refused: {why}");
    }
}

/// A project with the environments of the shipped one, whose accounts are never called.
fn shipped() -> Project {
    let project = Project::shipped_at("http://127.0.0.1:9");
    let text = std::fs::read_to_string(crate::env::root().join("runbook.yaml")).expect("a file");
    project.write("runbook.yaml", &text);
    project
}

#[test]
fn the_policy_says_what_each_runbook_needs_and_what_cannot_be_told() {
    let project = shipped();
    for runbook in ["account-redeploy", "kms-named", "kms-replace", "kms-retire", "kms-soak"] {
        let arguments = ["iam", runbook, "--env", "production", "--json"];
        let once = project.run(&arguments).ended(0);
        let again = project.run(&arguments).ended(0);
        assert_eq!(once.stdout, again.stdout, "the order is always the same");
        let value: Value = serde_json::from_str(&once.stdout).expect("JSON");
        for (name, account) in value["accounts"].as_object().expect("accounts") {
            assert!(account["size"].as_u64() <= Some(6_144), "{runbook} {name}");
            let statements = account["policy"]["Statement"].as_array().expect("statements");
            let sids: BTreeSet<&str> =
                statements.iter().filter_map(|statement| statement["Sid"].as_str()).collect();
            assert_eq!(sids.len(), statements.len(), "{runbook} {name}: a Sid is used once");
            for sid in sids {
                assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
            }
            let reasons = account["reasons"].as_array().expect("reasons");
            let why: BTreeSet<&str> =
                reasons.iter().filter_map(|reason| reason["action"].as_str()).collect();
            let allowed = all_actions(&account["policy"]);
            assert_eq!(why, allowed.iter().map(String::as_str).collect(), "{runbook} {name}");
        }
    }
    let told = project.run(&["iam", "account-redeploy", "--env", "production"]).ended(0);
    told.says("AWS::SecretsManager::Secret")
        .says("`aws s3 cp`")
        .says("runbooks/account-redeploy.md:")
        .says("secretsmanager:PutSecretValue");
    project
        .run(&[
            "iam",
            "kms-soak",
            "-p",
            "key=arn:aws:kms:eu-west-1:222222222222:key/1234",
            "--env",
            "production",
            "--policy",
        ])
        .ended(0)
        .says("\"arn:aws:kms:eu-west-1:222222222222:key/1234\"");
}

#[test]
fn what_cannot_be_printed_is_refused_with_what_to_type() {
    let project = shipped();
    project
        .run(&["iam", "account-redeploy", "--env", "production", "--policy"])
        .ended(2)
        .says("data, platform, workload")
        .says("--account data");
    project.run(&["iam", "kms-replace", "--account", "dat"]).ended(2).says("Did you mean `data`?");
    project.run(&["iam", "kms-replace", "-p", "nmae=x"]).ended(2).says("Did you mean `name`?");
    project.run(&["iam", "kms-replace", "--env", "drll"]).ended(2).says("Did you mean `drill`?");
    project.write("runbooks/broken.md", "# No front matter\n");
    project.run(&["iam", "broken"]).ended(3);
}
