//! Bedrock in trouble, and an index at its limit: each fault, and what the runbooks make of it.

use crate::cloud::{answer, plain, wait};
use crate::env::{Project, Ran};
use crate::proxy::{Call, Fault, Proxy};

const HOME: &str = "eu-west-1";
const AWAY: &str = "eu-central-1";

/// The Region that the pipeline's pointer names.
fn pointer(project: &Project) -> String {
    let call = plain(&project.accounts.workload, "ssm", "POST", "/");
    let call = call.header("x-amz-target", "AmazonSSM.GetParameter");
    let found = wait(answer(call.body(r#"{"Name":"/corpus/bedrock/region"}"#)));
    found["Parameter"]["Value"].as_str().expect("a value").to_owned()
}

/// The reference stacks behind a proxy.
fn deployed() -> (Project, Proxy) {
    let project = Project::shipped();
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    let proxy = Proxy::start();
    proxy.stand_before(&project);
    proxy.let_through();
    (project, proxy)
}

/// From now on every call of a model in those Regions goes wrong.
fn models_fail(proxy: &Proxy, regions: &'static [&'static str], fault: Fault) {
    proxy.decide(move |call: &Call| {
        let hit = call.name == "bedrock:Converse" && regions.contains(&call.region.as_str());
        hit.then_some(fault)
    });
}

fn run(project: &Project, runbook: &str, more: &[&str]) -> Ran {
    project.run(&[&["run", runbook, "--env", "sandbox"], more].concat())
}

/// A failover is for an outage of one Region. Whatever else is wrong, it changes nothing and says what it is.
#[test]
fn only_an_outage_in_one_region_moves_the_pipeline() {
    let (project, proxy) = deployed();
    for (fault, verdict, meaning) in [
        (Fault::Says(429, "ThrottlingException"), "capacity", "has no room for this account"),
        (Fault::Says(429, "ModelNotReadyException"), "capacity", "has no room for this account"),
        (Fault::Says(403, "AccessDeniedException"), "configuration", "ours to mend"),
        (Fault::Says(404, "ResourceNotFoundException"), "configuration", "ours to mend"),
    ] {
        models_fail(&proxy, &[HOME], fault);
        let ran = run(&project, "bedrock-failover", &[]);
        assert_ne!(ran.code, Some(0), "{fault:?}: {}", ran.stderr);
        ran.says(&format!(": {verdict}: 10 of 10 calls failed")).says(meaning);
        assert_eq!(proxy.changes(), Vec::<String>::new(), "{fault:?}");
        assert_eq!(pointer(&project), HOME, "{fault:?}");
        project.run(&["abort"]);
    }
    // Down in both: there is nowhere to go.
    models_fail(&proxy, &[HOME, AWAY], Fault::Says(503, "ServiceUnavailableException"));
    let ran = run(&project, "bedrock-failover", &[]);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    ran.says("first_calls").says(AWAY);
    assert_eq!(pointer(&project), HOME);
    project.run(&["abort"]);
    // Down at home only.
    models_fail(&proxy, &[HOME], Fault::Says(503, "ServiceUnavailableException"));
    run(&project, "bedrock-failover", &[]).ended(0).says(": outage: 10 of 10 calls failed");
    assert_eq!(pointer(&project), AWAY);
    // As long as it lasts there is no way back, and then there is.
    let ran = run(&project, "bedrock-failback", &[]);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(pointer(&project), AWAY);
    project.run(&["abort"]);
    proxy.let_through();
    run(&project, "bedrock-failback", &[]).ended(0);
    assert_eq!(pointer(&project), HOME);
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    let owed: serde_json::Value = serde_json::from_str(&owed).expect("JSON");
    let open = owed.as_array().expect("a list").iter().filter(|one| one["settled_by"].is_null());
    assert_eq!(open.count(), 0, "{owed:#}");
    // A reason moves it although nothing is down, and stays in the journal.
    models_fail(&proxy, &[HOME], Fault::Says(429, "ThrottlingException"));
    run(&project, "bedrock-failover", &["-p", "reason=the quota there is ten times ours"]).ended(0);
    assert_eq!(pointer(&project), AWAY);
    assert!(project.journal()[0].to_string().contains("ten times ours"));
}

/// The other Region must be ready where that is asked for.
#[test]
fn a_region_that_is_not_ready_is_not_moved_to() {
    let (project, proxy) = deployed();
    models_fail(&proxy, &[HOME], Fault::Says(503, "ServiceUnavailableException"));
    let ran = run(&project, "bedrock-failover", &["-p", "require=endpoint,logging"]);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    ran.says("endpoint: missing").says("inferences are not logged there");
    assert_eq!(proxy.changes(), Vec::<String>::new());
    assert_eq!(pointer(&project), HOME);
}

const RED: &str = r#"{"DomainState":"Active","ClusterHealth":"Red","TotalShards":"10","TotalUnAssignedShards":"2","DataNodeCount":"2"}"#;

/// A red domain is never reconfigured, whatever the run was told to do.
#[test]
fn a_red_domain_is_left_alone() {
    let (project, proxy) = deployed();
    proxy.decide(|call| (call.name == "es:GET health").then_some(Fault::Answers(RED)));
    let ran = run(&project, "opensearch-limit", &["-p", "instance_count=4", "-p", "replicas=0"]);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    ran.says("is red").says("Do not reconfigure it").says("restore their index from a snapshot");
    assert_eq!(proxy.changes(), Vec::<String>::new());
    assert!(proxy.failed().is_some(), "nobody asked for its health");
}
