//! The corpus of a lost account comes back, also when the run is killed in the middle of the copy. And the variant
//! of the index that the emulator does not know.

use crate::aws_actions::{contents, old_corpus};
use crate::cloud::{config, wait};
use crate::env::Project;
use std::process::Stdio;

/// A client of its own for each look, since each has a runtime of its own.
fn s3(account: &str) -> aws_sdk_s3::Client {
    let config = config(account);
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}

#[test]
fn the_corpus_of_a_lost_account_is_copied_and_a_kill_in_the_middle_loses_nothing() {
    const MORE: usize = 150;
    let project = Project::shipped();
    let (given, old, source) = wait(old_corpus(&project.accounts.data, MORE));
    let mut arguments = vec!["run", "account-redeploy", "--env", "sandbox", "-p", "samples=false"];
    arguments.extend(given.iter().map(String::as_str));
    let mut child = project
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let new = &project.accounts.data;
    let bucket = format!("corpus-{new}-eu-west-1");
    let is_there = || {
        let page =
            wait(async { s3(new).list_objects_v2().bucket(&bucket).max_keys(1).send().await });
        page.is_ok_and(|page| !page.contents().is_empty())
    };
    while !is_there() {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended before it copied anything");
        std::thread::yield_now();
    }
    child.kill().expect("it is killed");
    child.wait().expect("it has ended");
    let there = |account: &str, bucket: &str| wait(async { contents(&s3(account), bucket).await });
    let before = there(new, &bucket).len();
    assert!(before < MORE, "it was too quick to be killed in the middle: {before} objects");

    project.run(&["resume"]).ended(0).says("health is reached");
    let mut expected = there(&old, &source);
    expected.retain(|(name, _)| name != "~probe/ingest");
    assert_eq!(there(new, &bucket), expected);
    // What it says of the copy is what is there.
    let sum = |name: &str| -> u64 {
        let events = project.journal().into_iter().map(|mut record| record["event"].take());
        let copies = events.filter(|event| {
            event["event"] == "step_succeeded"
                && event["step"].as_str().is_some_and(|step| step.starts_with("copy_corpus["))
        });
        copies.map(|event| event["outputs"][name].as_u64().expect("a number")).sum()
    };
    let bytes: usize = expected.iter().map(|(_, body)| body.len()).sum();
    assert_eq!(
        (sum("objects"), sum("copied"), sum("bytes")),
        (expected.len() as u64, expected.len() as u64, bytes as u64)
    );
    // Nothing is copied a second time.
    arguments.extend(["-p", "log_retention_days=30"]);
    project.run(&arguments).ended(0);
    let versions = wait(async { s3(new).list_object_versions().bucket(&bucket).send().await });
    let versions = versions.expect("versions");
    assert_eq!(versions.versions().len(), expected.len());
}

/// The emulator knows no collections. The manifest with one can be checked and planned, and what stands in its way stays.
#[test]
fn a_collection_is_planned_and_takes_no_domain_away_by_a_parameter() {
    if !crate::sample::is_turn("the index as a collection", 0, 3) {
        return;
    }
    let project = crate::main_job::seeded();
    let before = crate::inventory::inventory(&project);
    // Nobody loses a domain by a parameter.
    let other = ["run", "account-redeploy", "--env", "sandbox", "-p", "index=serverless"];
    project.run(&other).ended(1).says("it would be deleted, and everything in it");
    project.run(&["undo"]).ended(0);
    assert_eq!(crate::inventory::inventory(&project), before);
    project
        .run(&["plan", "stacks", "--env", "sandbox", "-p", "index=serverless"])
        .says("AWS::OpenSearchServerless::Collection")
        .says("unless `may_lose` names it");
    project
        .run(&["run", "stacks", "--env", "sandbox", "-p", "index=serverless"])
        .ended(1)
        .says("IndexDomain (AWS::OpenSearchService::Domain) would be deleted")
        .says("may_lose: [IndexDomain]");
    project.run(&["undo"]).ended(0);
    let after = crate::inventory::inventory(&project);
    crate::matrix::assert_as_before(&crate::matrix::REDEPLOY, &before, &after, "a collection");
}
