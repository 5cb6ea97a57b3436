//! The main job: a key replaced across everything that is encrypted under it.

use crate::cloud::{Keys, Places, keys, wait};
use crate::env::Project;

/// Where the shipped data stack keeps things.
pub(crate) fn places(project: &Project) -> Places {
    Places {
        alias: "alias/corpus".to_owned(),
        bucket: format!("corpus-{}-eu-west-1", project.accounts.data),
        log_group: "/corpus/ingest".to_owned(),
        secret: "corpus/source-token".to_owned(),
        function: "corpus-ingest".to_owned(),
    }
}

/// How the data account stands.
pub(crate) fn look(project: &Project) -> Keys {
    wait(keys(&project.accounts.data, &places(project)))
}

/// A project whose accounts hold the reference stacks.
pub(crate) fn seeded() -> Project {
    let project = Project::shipped();
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    project
}

/// Panics unless the key was replaced once, everything is under the new one, and the old one lives.
#[track_caller]
pub(crate) fn assert_replaced(before: &Keys, after: &Keys) {
    assert_ne!(before.alias, after.alias, "the alias has not moved");
    let new: Vec<_> = after.all.keys().filter(|key| !before.all.contains_key(*key)).collect();
    assert_eq!(new, [&after.alias], "not exactly one successor key");
    assert_eq!(after.all[&before.alias], "Enabled", "the old key must stay enabled");
    assert_eq!(after.all[&after.alias], "Enabled");
    assert_under(after, &after.alias);
    let names = |keys: &Keys| keys.objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after), "object versions came or went");
}

/// Panics unless everything is encrypted under that key.
#[track_caller]
pub(crate) fn assert_under(keys: &Keys, key: &str) {
    for (object, under) in &keys.objects {
        assert_eq!(under, key, "{object}");
    }
    assert_eq!(keys.bucket_default, key, "the bucket's default key");
    assert_eq!(keys.log_group.as_deref(), Some(key), "the log group's key");
    assert_eq!(keys.secret.as_deref(), Some(key), "the secret's key");
    assert_eq!(keys.function.as_deref(), Some(key), "the function's key");
}

#[test]
fn a_key_is_replaced_and_retired_and_what_was_owed_is_settled() {
    let project = seeded();
    let before = look(&project);
    assert!(before.objects.len() >= 13, "the sample corpus is too small: {before:?}");
    assert_under(&before, &before.alias);

    project.run(&["run", "kms-replace", "--env", "sandbox"]).ended(0);
    let after = look(&project);
    assert_replaced(&before, &after);

    // What is owed names the old key, and the command that settles it.
    project.run(&["obligations"]).ended(0).says(&before.alias).says("runbook run kms-retire");

    // It is retired with a soak of a moment, and then nothing is owed any more.
    let key = format!("key={}", before.alias);
    project.write("soak.yaml", "soak: [1s, 1s]\ndays: 7\n");
    project
        .run(&["run", "kms-retire", "--env", "sandbox", "-p", &key, "--params", "soak.yaml"])
        .ended(0);
    let retired = look(&project);
    assert_eq!(retired.all[&before.alias], "PendingDeletion");
    assert_under(&retired, &after.alias);
    let owed = project.run(&["obligations", "--json"]).ended(0);
    let owed: serde_json::Value = serde_json::from_str(&owed.stdout).expect("JSON");
    let open =
        owed.as_array().expect("a list").iter().filter(|one| one["settled_by"].is_null()).count();
    assert_eq!(open, 0, "{owed:#}");
    project.keep_runs();
}

#[test]
fn a_second_replacement_starts_where_the_first_ended() {
    let project = seeded();
    let first = look(&project);
    project.run(&["run", "kms-replace", "--env", "sandbox"]).ended(0);
    let second = look(&project);
    project.run(&["run", "kms-replace", "--env", "sandbox"]).ended(0);
    let third = look(&project);
    assert_replaced(&first, &second);
    assert_replaced(&second, &third);
}

/// A stack of somebody else in that account, with that key as its parameter.
fn name_in_another_stack(project: &Project, account: &str, key: &str) {
    let template = r#"{ "Parameters": { "Key": { "Type": "String" } }, "Resources": { "Note": { "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Value": { "Ref": "Key" } } } } }"#;
    project.write("runbooks/consumer.json", template);
    project.write(
        "runbooks/consumer.md",
        &format!("---\ntitle: T\nsummary: S\nowner: o\naccount: {account}\n---\n\n# T\n\n```yaml step=deploy\nuses: cloudformation/deploy\nwith: {{ stack: consumer, template: consumer.json, parameters: {{ Key: \"{key}\" }} }}\n```\n"),
    );
    project.run(&["run", "consumer", "--env", "sandbox"]).ended(0);
}

#[test]
fn a_redeploy_after_a_replacement_leaves_the_new_key_in_place() {
    let project = seeded();
    // Other stacks name the old key. They are listed, and at the end they are in the way until they are told.
    let old = look(&project).alias;
    name_in_another_stack(&project, "workload", &old);
    name_in_another_stack(&project, "platform", &old);
    project
        .run(&["run", "kms-replace", "--env", "sandbox"])
        .ended(1)
        .says("unnamed/in_workload")
        .says("unnamed/in_platform")
        .says("consumer");
    let new = look(&project).alias;
    name_in_another_stack(&project, "workload", &new);
    project.run(&["resume"]).ended(1).says("unnamed/in_platform");
    name_in_another_stack(&project, "platform", &new);
    project.run(&["resume"]).ended(0);
    let replaced = look(&project);
    project.run(&["run", "account-redeploy", "--env", "sandbox", "-p", "samples=false"]).ended(0);
    assert_eq!(look(&project), replaced);
}
