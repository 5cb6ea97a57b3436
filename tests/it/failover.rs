//! Bedrock in trouble, and an index at its limit: each fault, and what the runbooks make of it.

use crate::cloud::{answer, plain, wait};
use crate::env::{Project, Ran};
use crate::lost::{changes_nothing, outlives};
use crate::matrix::{Row, matrix, try_rows};
use crate::proxy::{Call, Fault, Proxy};
use crate::sample::is_turn;

pub(crate) const FAILOVER: Row = Row {
    runbook: "bedrock-failover",
    given: crate::matrix::deployed,
    new_keys: "none",
    healthy: true,
    leaves: true,
    skipped: &[],
};

pub(crate) const FAILBACK: Row = Row { runbook: "bedrock-failback", given: moved, ..FAILOVER };

pub(crate) const PRIVATE: Row = Row { runbook: "private-path", leaves: false, ..FAILOVER };

pub(crate) const LIMIT: Row = Row {
    runbook: "opensearch-limit",
    given: crowded,
    // Nothing fills the heap of the sandbox, and the index is a domain.
    skipped: &["clear_caches", "cap_before", "raise_cap"],
    ..FAILOVER
};

pub(crate) const RESTORE: Row = Row {
    runbook: "index-snapshot-restore",
    given: to_be_switched,
    // The index is filled already, and what is switched to is not deleted.
    skipped: &["sample_documents", "clean_up"],
    ..FAILOVER
};

pub(crate) const CLOSE: Row = Row {
    runbook: "network-close",
    given: opened,
    // A network with a way out is not a healthy one.
    healthy: false,
    ..FAILOVER
};

/// Every row of this file.
pub(crate) const ROWS: [Row; 6] = [FAILOVER, FAILBACK, PRIVATE, LIMIT, RESTORE, CLOSE];

/// A network with an internet gateway.
fn opened(project: &Project) -> Vec<String> {
    crate::matrix::deployed(project);
    project.write("runbooks/open.md", OPEN);
    project.run(&["run", "open", "--env", "sandbox"]).ended(0);
    Vec::new()
}

const OPEN: &str = r#"---
title: Open the network
summary: For the tests.
owner: tests
account: workload
---

# Open

## Do

### Attach a gateway

```bash step=attach
#| irreversible: a test
vpc=$(aws ec2 describe-vpc-endpoints --filters Name=tag:Name,Values=corpus-bedrock-runtime \
  --query 'VpcEndpoints[0].VpcId' --output text)
gateway=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text)
aws ec2 attach-internet-gateway --internet-gateway-id "$gateway" --vpc-id "$vpc"
```
"#;

fn moved(project: &Project) -> Vec<String> {
    crate::matrix::deployed(project);
    run(project, "bedrock-failover", &[]).ended(0);
    Vec::new()
}

fn given(parameters: &[&str]) -> Vec<String> {
    parameters.iter().flat_map(|one| ["-p".to_owned(), (*one).to_owned()]).collect()
}

fn to_be_switched(project: &Project) -> Vec<String> {
    crate::matrix::deployed(project);
    given(&["switch=true"])
}

/// An index with a replica too many, and another that nobody searches.
fn crowded(project: &Project) -> Vec<String> {
    crate::matrix::deployed(project);
    let account = &project.accounts.workload;
    let path = "/2021-01-01/opensearch/domain/corpus-index";
    let domain = wait(answer(plain(account, "es", "GET", path)));
    let host = domain["DomainStatus"]["Endpoints"]["vpc"].as_str().expect("a host").to_owned();
    for (path, body) in [
        ("/passages/_settings", r#"{"index":{"number_of_replicas":3}}"#),
        ("/old", r#"{"settings":{"number_of_replicas":3}}"#),
    ] {
        let call = plain(account, "es", "PUT", path).header("host", &host);
        wait(answer(call.body(body)));
    }
    given(&["replicas=1", "close=old", "instance_count=4"])
}

/// In a plain test run one row is taken back or loses an answer, by chance.
#[test]
fn each_is_taken_back_from_every_step() {
    if is_turn("rows of Bedrock and the index to take back", 1, 3) {
        try_rows("rows to take back", &ROWS, matrix);
    }
}

#[test]
fn each_outlives_the_loss_of_any_answer() {
    if is_turn("lost answers of Bedrock and the index", 2, 3) {
        try_rows("rows whose answers are lost", &ROWS, |row| {
            if row.leaves { outlives(row) } else { changes_nothing(row) }
        });
    }
}

/// From a sandbox that was just filled to health. The failover and the way back are shown with faults.
#[test]
fn each_runs_from_a_fresh_sandbox_to_health() {
    let project = crate::main_job::seeded();
    let healthy =
        |name: &str, more: &[&str]| run(&project, name, more).ended(0).says("health is reached");
    healthy("private-path", &[]).says("could not tell").says("no events are no proof");
    healthy("index-snapshot-restore", &[]);
    healthy("opensearch-limit", &["-p", "replicas=0"]).says("JVMMemoryPressure");
    // A copy with another count is not switched to.
    project.write(
        "runbooks/index-snapshot-restore.md",
        &project
            .read("runbooks/index-snapshot-restore.md")
            .replace("timeout: 2h", "timeout: 3s")
            .replace("every: 10s", "every: 1s"),
    );
    let ran = run(&project, "index-snapshot-restore", &["-p", "switch=true", "-p", "expected=4"]);
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    ran.says("compare");
    let call = plain(&project.accounts.workload, "ssm", "POST", "/");
    let call = call.header("x-amz-target", "AmazonSSM.GetParameter");
    let name = wait(answer(call.body(r#"{"Name":"/corpus/index/name"}"#)));
    assert_eq!(name["Parameter"]["Value"], "passages");
    project.run(&["undo"]).ended(0);
}

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
