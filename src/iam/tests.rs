//! What whole runbooks need.

use super::{Account, Part, Policies, Question, collect};
use crate::actions::catalog::catalog;
use crate::model::project::Project;
use crate::model::value::Values;
use crate::{parse, plan};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The only template there is.
fn template(path: &str) -> Option<String> {
    (path == "stacks/a.yaml").then(|| "Resources:\n  B:\n    Type: AWS::S3::Bucket\n".to_owned())
}

const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\naccount: data\nparams:\n  name: { type: string, default: corpus, description: D }\n  token: { type: string, secret: true, description: D }\n  wanted: { type: string, description: D }\n---\n\n# T\n\n## P\n";

fn step(id: &str, body: &str) -> String {
    format!("\n### S\n\n```yaml step={id}\n{body}\n```\n")
}

fn project() -> Project {
    let text = "version: 1\nenvironments:\n  prod:\n    kind: production\n    accounts:\n      data: { id: \"222222222222\", region: eu-west-1 }\n      other: { id: \"333333333333\", region: us-gov-west-1 }\n";
    parse::project("runbook.yaml", text).0
}

/// What the first of these runbooks needs.
fn needs(books: &[(&str, &str)], environment: Option<&str>, params: serde_json::Value) -> Policies {
    let books: BTreeMap<String, Arc<_>> = books
        .iter()
        .map(|(name, text)| {
            let (book, found) = parse::runbook(name, &format!("runbooks/{name}.md"), text);
            assert!(found.is_empty(), "{found:?}");
            ((*name).to_owned(), Arc::new(book))
        })
        .collect();
    let (catalog, project) = (catalog(), project());
    let load = |name: &str| books.get(name).cloned();
    let first = load("main").expect("the runbook `main`");
    let plan = plan::build(&first, &catalog, &load).expect("a plan");
    let params: Values = params.as_object().cloned().unwrap_or_default();
    let environment = environment.map(|name| &project.environments[name]);
    collect(&Question {
        plan: &plan,
        catalog: &catalog,
        params: &params,
        environment,
        templates: &template,
    })
}

fn data(steps: &str, params: serde_json::Value) -> Account {
    let text = format!("{FRONT}{steps}");
    needs(&[("main", &text)], Some("prod"), params).accounts.remove("data").expect("an account")
}

/// `Sid: actions on resources`, a line a statement.
fn shown(account: &Account) -> Vec<String> {
    let lines = account.statements.iter().map(|statement| {
        let condition = statement.value().get("Condition").map(ToString::to_string);
        format!(
            "{}: {} on {}{}",
            statement.sid,
            statement.actions.join(" "),
            statement.resources.join(" "),
            condition.unwrap_or_default()
        )
        .replace("eu-west-1:222222222222", "HERE")
    });
    lines.collect()
}

#[test]
fn inputs_narrow_as_far_as_they_are_known() {
    let steps = step(
        "a",
        "uses: s3/read-probe\nwith: { bucket: \"{{ params.name }}-{{ accounts.data.id }}\", prefix: x/ }\nneeds: []",
    ) + &step(
        "b",
        "uses: lambda/invoke\nwith: { function: \"{{ steps.a.read }}-f\" }\nirreversible: test",
    ) + &step(
        "c",
        "uses: cloudformation/outputs\nwith: { stack: \"{{ params.wanted }}\" }",
    );
    let account = data(&steps, json!({ "name": "corpus" }));
    assert_eq!(
        shown(&account),
        [
            "RunCloudformation: cloudformation:DescribeStacks on arn:aws:cloudformation:HERE:stack/*",
            "RunKms: kms:Decrypt on arn:aws:kms:HERE:key/*",
            "RunLambda: lambda:InvokeFunction on arn:aws:lambda:HERE:function:*-f",
            "RunS3: s3:ListBucket on arn:aws:s3:::corpus-222222222222",
            "RunS3No2: s3:GetObject on arn:aws:s3:::corpus-222222222222/x/*",
        ]
    );
    let why: Vec<_> = account.wide.iter().map(|wide| wide.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "`stack`: parameter `wanted` is not given",
            "which keys the objects are under is not said",
            "`function`: step `a` gives it in the run",
        ]
    );
    let given = data(&steps, json!({ "name": "corpus", "wanted": "data" }));
    assert_eq!(
        shown(&given)[0],
        "RunCloudformation: cloudformation:DescribeStacks on arn:aws:cloudformation:HERE:stack/data/*"
    );
}

#[test]
fn without_an_environment_accounts_and_regions_are_stars() {
    let text = format!(
        "{FRONT}{}",
        step(
            "a",
            "uses: s3/read-probe\nwith: { bucket: \"b-{{ accounts.data.id }}\", key: 1234 }\nneeds: []"
        )
    );
    let policies = needs(&[("main", &text)], None, json!({}));
    let lines = shown(&policies.accounts["data"]);
    assert_eq!(lines[0], "RunKms: kms:Decrypt on arn:aws:kms:*:*:key/1234");
    assert_eq!(lines[1], "RunS3: s3:ListBucket on arn:aws:s3:::b-*");
}

#[test]
fn a_key_by_its_alias_is_narrowed_where_iam_can_and_said_to_be_wide_where_not() {
    let account =
        data(&step("a", "uses: kms/describe-key\nwith: { key: alias/corpus }"), json!({}));
    assert_eq!(
        shown(&account),
        [
            "RunKms: kms:GetKeyRotationStatus on arn:aws:kms:HERE:key/*",
            "RunKmsNo2: kms:DescribeKey on arn:aws:kms:HERE:key/*{\"StringEquals\":{\"kms:RequestAlias\":\"alias/corpus\"}}",
        ]
    );
    assert_eq!(account.wide.len(), 1);
    assert_eq!(account.wide[0].why, "`key`: a policy cannot name a key by its alias");
}

#[test]
fn what_a_run_a_look_and_an_undo_need_stays_apart() {
    let alias = "uses: kms/set-alias\nwith: { alias: alias/a, key: 1234 }";
    let account = data(&step("a", alias), json!({}));
    let parts: Vec<_> = account.reasons.iter().map(|r| (r.part, r.action.as_str())).collect();
    assert_eq!(
        parts,
        [
            (Part::Run, "kms:DescribeKey"),
            (Part::Run, "kms:UpdateAlias"),
            (Part::Sometimes, "kms:CreateAlias"),
            (Part::Undo, "kms:DeleteAlias"),
        ]
    );
    assert_eq!(account.reasons[2].only, ["when the alias does not exist"]);
    assert!(
        shown(&account).contains(
            &"RunKmsNo2: kms:UpdateAlias on arn:aws:kms:HERE:alias/a arn:aws:kms:HERE:key/*"
                .to_owned()
        ) || shown(&account).iter().any(|line| line
            .contains("kms:UpdateAlias on arn:aws:kms:HERE:alias/a arn:aws:kms:HERE:key/*"))
    );

    // An undo of the author's own replaces the action's, and so does a look.
    let own = "\n```yaml undo=a\nuses: lambda/invoke\nwith: { function: f }\n```\n\n```yaml observe=a\nuses: kms/key-usage\nwith: { key: 1234 }\n```\n";
    let account = data(&(step("a", alias) + own), json!({}));
    let parts: Vec<_> = account.reasons.iter().map(|r| (r.part, r.action.as_str())).collect();
    assert!(!parts.iter().any(|(_, action)| *action == "kms:DeleteAlias"), "{parts:?}");
    assert!(parts.contains(&(Part::Undo, "lambda:InvokeFunction")), "{parts:?}");
    assert!(parts.contains(&(Part::Run, "kms:GetKeyLastUsage")), "{parts:?}");
}

#[test]
fn inputs_decide_what_is_needed_at_all() {
    let users = |with: &str| {
        let text = step("a", &format!("uses: kms/key-users\nwith: {{ key: 1234{with} }}"));
        shown(&data(&text, json!({}))).join("\n")
    };
    assert!(users("").contains("s3:ListAllMyBuckets"));
    let named = users(", services: [s3], buckets: [one, two]");
    assert!(!named.contains("ListAllMyBuckets") && !named.contains("lambda:"), "{named}");
    assert!(named.contains("arn:aws:s3:::one arn:aws:s3:::two"), "{named}");
    assert!(
        users(", services: [logs]")
            .contains("logs:DescribeLogGroups on arn:aws:logs:HERE:log-group:*")
    );
}

#[test]
fn each_element_of_a_known_list_is_named() {
    let steps = step(
        "a",
        "uses: cloudformation/outputs\nfor_each: '[\"one\", \"two\"]'\nwith: { stack: \"{{ item }}\" }",
    );
    assert_eq!(
        shown(&data(&steps, json!({}))),
        [
            "RunCloudformation: cloudformation:DescribeStacks on arn:aws:cloudformation:HERE:stack/one/* arn:aws:cloudformation:HERE:stack/two/*"
        ]
    );
}

#[test]
fn runbooks_that_a_runbook_runs_are_in_it_with_their_parameters_and_probes() {
    let main = format!(
        "{FRONT}{}",
        step(
            "go",
            "uses: runbook/run\nwith: { runbook: inner, params: { name: \"{{ params.name }}-x\", wanted: w, token: s } }"
        )
    );
    let probe = "\n## H\n\n### Q\n\n```yaml health=ok\nuses: lambda/invoke\neffect: read\naccount: other\nwith: { function: \"{{ params.name }}\" }\n```\n";
    let inner = format!(
        "{FRONT}{}{probe}",
        step(
            "s",
            "uses: cloudformation/outputs\nwith: { stack: \"{{ params.name }}-{{ params.token }}\" }"
        )
    );
    let policies =
        needs(&[("main", &main), ("inner", &inner)], Some("prod"), json!({ "name": "n" }));
    let lines = shown(&policies.accounts["data"]);
    // A secret is never in a policy, not even as a part of a name.
    assert_eq!(
        lines,
        [
            "RunCloudformation: cloudformation:DescribeStacks on arn:aws:cloudformation:HERE:stack/n-x-*/*"
        ]
    );
    assert_eq!(policies.accounts["data"].reasons[0].asked_by, ["go/s"]);
    let other = shown(&policies.accounts["other"]);
    assert_eq!(
        other,
        [
            "RunLambda: lambda:InvokeFunction on arn:aws-us-gov:lambda:us-gov-west-1:333333333333:function:n-x"
        ]
    );
    assert_eq!(policies.accounts["other"].reasons[0].asked_by, ["go/ok (health)"]);
}

#[test]
fn scripts_are_read_and_what_cannot_be_is_said_with_its_place() {
    let script = |id: &str, language: &str, text: &str| {
        format!("\n### S\n\n```{language} step={id}\n{text}\n```\n")
    };
    let steps = script(
        "a",
        "bash",
        "#| effect: read\n#| env:\n#|   KEY: \"arn:aws:kms:eu-west-1:222222222222:key/{{ params.name }}\"\n#|   BUCKET: \"{{ steps.z.bucket }}\"\naws kms encrypt --key-id \"$KEY\" --plaintext x\naws kms list-aliases --key-id \"$KEY\"\naws s3api get-object --bucket \"$BUCKET\" --key k\naws dynamodb put-item --table-name t\naws sts get-caller-identity\naws s3 sync a b\naws \"$BUCKET\" get-it",
    ) + &script("p", "python", "#| effect: read\nimport boto3")
        + &script("plain", "sh", "#| effect: read\necho hello");
    let account = data(&steps, json!({ "name": "k1" }));
    assert_eq!(
        shown(&account),
        [
            "RunDynamodb: dynamodb:PutItem on arn:aws:dynamodb:HERE:table/t",
            "RunEverywhere: kms:ListAliases on *",
            "RunKms: kms:Encrypt on arn:aws:kms:HERE:key/k1",
            "RunS3: s3:GetObject on arn:aws:s3:::*/*{\"StringEquals\":{\"aws:ResourceAccount\":\"222222222222\"}}",
        ]
    );
    let told: Vec<_> =
        account.cannot_tell.iter().map(|t| (t.what.as_str(), t.place.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                "whether `s3:GetObject` needs kms:Decrypt too: it does where a customer's key encrypts",
                "runbooks/main.md:25"
            ),
            (
                "the permissions of `aws s3 sync`: it is a command of the AWS CLI that makes calls of its own",
                "runbooks/main.md:28"
            ),
            ("which operation this `aws` calls: it is not written out", "runbooks/main.md:29"),
            ("what the script calls through boto3", "runbooks/main.md:36"),
        ]
    );
}

/// The permission is asked on no stack at all then.
#[test]
fn a_list_of_every_stack_is_allowed_everywhere() {
    let stacks = |input: &str| {
        let call = format!(
            "uses: aws/call\nwith: {{ service: cloudformation, operation: describe-stacks{input} }}"
        );
        shown(&data(&step("a", &call), json!({})))
    };
    assert_eq!(stacks(""), ["RunEverywhere: cloudformation:DescribeStacks on *"]);
    assert_eq!(
        stacks(", input: { StackName: data }"),
        [
            "RunCloudformation: cloudformation:DescribeStacks on arn:aws:cloudformation:HERE:stack/data/*"
        ]
    );
}

#[test]
fn a_generic_call_asks_for_what_its_operation_does() {
    let known = step(
        "a",
        "uses: aws/call\nwith: { service: kms, operation: encrypt, input: { KeyId: k1 } }\nirreversible: test",
    );
    assert_eq!(shown(&data(&known, json!({}))), ["RunKms: kms:Encrypt on arn:aws:kms:HERE:key/k1"]);
    let unknown = step(
        "a",
        "uses: aws/call\nwith: { service: \"{{ params.wanted }}\", operation: encrypt }\nirreversible: test",
    );
    let account = data(&unknown, json!({}));
    assert!(account.statements.is_empty());
    assert_eq!(account.cannot_tell[0].what, "which operation `aws/call` calls: only the run knows");
}

#[test]
fn what_a_template_needs_is_never_guessed() {
    let deploy =
        step("a", "uses: cloudformation/deploy\nwith: { stack: data, template: stacks/a.yaml }");
    let account = data(&deploy, json!({}));
    assert_eq!(
        account.cannot_tell[0].what,
        "the permissions to make, change and delete the resources of stacks/a.yaml (AWS::S3::Bucket): CloudFormation uses the caller's"
    );
    assert_eq!(account.cannot_tell[0].place, "runbooks/main.md:19");
    assert!(shown(&account).iter().all(|line| line.contains("cloudformation:")), "{account:?}");
}

#[test]
fn what_acts_in_no_account_needs_nothing() {
    let text =
        format!("{FRONT}{}", step("a", "uses: http/check\nwith: { url: \"https://a.example\" }"));
    assert!(needs(&[("main", &text)], Some("prod"), json!({})).accounts.is_empty());
}
