//! The example of a scheduled job: its templates can be deployed, and its script does what is due and publishes the site.

use crate::cloud::{config, s3, wait};
use crate::env::{Project, emulator, root};
use crate::rehearse::sound;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};
use std::process::Command;

const DRILL: &str = "title: Restore\nsummary: Proves that it can be restored.\nowner: tests\ncadence: { every: 3 months, from: 2026-01-15 }\nenvironment: sandbox\nobjective: { rto: 10m }\nscenario:\n  - incident: The data is gone.\n  - run: restore\n  - recovered: [restore]\n";

const HEALTH: &str = "## Health\n\n```bash health=there\n#| within: 1s\n#| every: 1s\ntest -d \"$RUNBOOK_PROJECT\"\n```\n";

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join("drills/schedule").join(name)).expect("a file")
}

fn fault_scheduler() -> String {
    std::fs::read_to_string(root().join("runbooks/stacks/fault-scheduler.yaml")).expect("a file")
}

/// Deploys a template, and gives what it has made, by logical name.
async fn deploy(account: &str, name: &str, template: &str, given: &[(&str, &str)]) -> Vec<String> {
    let client = aws_sdk_cloudformation::Client::new(&config(account));
    let parameter = |(key, value): &(&str, &str)| {
        Parameter::builder().parameter_key(*key).parameter_value(*value).build()
    };
    let create = client.create_stack().stack_name(name).template_body(template);
    let create = create.set_parameters(Some(given.iter().map(parameter).collect()));
    create.capabilities(Capability::CapabilityNamedIam).send().await.expect("it begins");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found = client.describe_stacks().stack_name(name).send().await.expect("the stack");
        let stack = &found.stacks()[0];
        match stack.stack_status() {
            Some(StackStatus::CreateComplete) => break,
            Some(StackStatus::CreateInProgress) if std::time::Instant::now() < end => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            other => panic!("{name}: {other:?}, {:?}", stack.stack_status_reason()),
        }
    }
    let made = client.describe_stack_resources().stack_name(name).send().await.expect("them");
    let names = made.stack_resources().iter().filter_map(|one| one.logical_resource_id());
    names.map(str::to_owned).collect()
}

#[test]
fn the_templates_can_be_deployed() {
    let project = Project::cloud(&[]);
    let account = &project.accounts.data;
    let given = [
        ("SourceLocation", "https://git.example/runbooks"),
        ("BuildImage", "runbook:1"),
        ("SiteBucket", "site"),
        ("StateBucket", "state"),
        ("OperatorRoles", "arn:aws:iam::100000000001:role/RunbookOperator"),
    ];
    let mut made = wait(deploy(account, "drills", &read("drills.yaml"), &given));
    made.sort();
    assert_eq!(made, ["Build", "BuildRole", "Schedule", "ScheduleRole"]);
    let made = wait(deploy(account, "faults", &fault_scheduler(), &[]));
    assert_eq!(made, ["FaultScheduler"]);
}

/// Every call that a fault's schedule makes is one that the role may make.
#[test]
fn the_role_that_ends_faults_may_make_their_calls_and_no_others() {
    let template = fault_scheduler();
    let mut called = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(root().join("drills/faults")).expect("faults").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a fault");
        for rest in text.split("aws-sdk:").skip(1) {
            let call: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ':').collect();
            let (service, operation) = call.split_once(':').expect("a service and an operation");
            let service = if service == "cloudwatchlogs" { "logs" } else { service };
            let (first, rest) = operation.split_at(1);
            called.insert(format!("\"{service}:{}{rest}\"", first.to_uppercase()));
        }
    }
    assert!(called.len() >= 3, "{called:?}");
    for call in &called {
        assert!(template.contains(&format!("Action: {call}")), "nothing allows {call}");
    }
}

/// What is due is run, the evidence is packed, and the site is in the folder and in the bucket.
#[test]
fn the_daily_job_does_what_is_due_and_publishes_the_site() {
    let project = Project::cloud(&[("restore", &format!("{}{HEALTH}", sound()))]);
    project.write("drills/restore.yaml", DRILL);
    project.write("daily.sh", &read("daily.sh"));
    let (account, bucket) =
        (&project.accounts.platform, format!("site-{}", project.accounts.platform));
    let european = aws_sdk_s3::types::CreateBucketConfiguration::builder();
    let european = european.location_constraint("eu-west-1".into()).build();
    let create = s3(account).create_bucket().bucket(&bucket).create_bucket_configuration(european);
    wait(create.send()).expect("a bucket");
    let job = |environment: &[(&str, &str)]| {
        let ours = project.command(&[]);
        let program = std::path::Path::new(ours.get_program()).parent().expect("a folder");
        let cli = runbook::sandbox::Sandbox::installed_cli().expect("the emulator's own AWS CLI");
        let folders = [program.to_owned(), cli.parent().expect("a folder").to_owned()];
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = folders.into_iter().chain(std::env::split_paths(&path));
        let output = Command::new("bash")
            .arg("daily.sh")
            .current_dir(project.path())
            .env_clear()
            .env("PATH", std::env::join_paths(folders).expect("a path"))
            .env("HOME", std::env::var_os("HOME").unwrap_or_default())
            .env("NO_COLOR", "1")
            .envs(environment.iter().copied())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), said)
    };
    let endpoint = &emulator().endpoint;
    let (code, said) = job(&[
        ("SITE_DIR", "pages"),
        ("SITE_BUCKET", &bucket),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", account),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "eu-west-1"),
    ]);
    // A rehearsal passes and is no evidence, so the drill stays overdue. That is told, and nothing else is.
    assert_eq!(code, Some(8), "{said}");
    assert!(
        said.contains("a rehearsal, and no evidence") && said.contains("due: exit 8"),
        "{said}"
    );
    assert!(said.contains("evidence.tar is whole") && !said.contains("site: exit"), "{said}");
    let page = project.read("pages/runs.html");
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    assert!(page.contains(&run), "the run is not on the site");
    let published = s3(account).get_object().bucket(&bucket).key("runs.html");
    let published = wait(async {
        published.send().await.expect("it is there").body.collect().await.expect("a body").to_vec()
    });
    assert_eq!(String::from_utf8_lossy(&published), page);

    // A drill that cannot be run is told by its own exit code, and the rest is done all the same.
    project.write("drills/restore.yaml", &DRILL.replace("run: restore", "run: gone"));
    std::fs::remove_dir_all(project.path().join("pages")).expect("removed");
    let (code, said) = job(&[("SITE_DIR", "pages")]);
    assert_eq!(code, Some(3), "{said}");
    assert!(project.exists("pages/index.html"), "{said}");
}
