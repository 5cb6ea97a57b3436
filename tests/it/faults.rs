//! The shipped faults, against the emulator: what each of them breaks shows, it is mended, and it ends by itself when the
//! drill is gone.

use crate::drills_shipped::{arguments, assert_judged, deployed, files};
use crate::env::{Project, root};
use crate::inventory::{difference, inventory};
use crate::sample::{is_turn, say, some_of};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A fault, the account that it is in, and a probe that fails while it stands.
#[derive(Clone, Copy)]
struct Seen {
    fault: &'static str,
    account: &'static str,
    probe: &'static str,
}

/// The faults that no shipped drill makes.
const ALONE: [Seen; 3] = [
    Seen {
        fault: "key-revoked",
        account: "data",
        probe: "```bash health=holds
test \"$(aws kms describe-key --key-id alias/corpus --query KeyMetadata.KeyState --output text)\" = Enabled
```",
    },
    Seen {
        fault: "log-group-without-key",
        account: "data",
        probe: "```bash health=holds
test \"$(aws logs describe-log-groups --log-group-name-prefix /corpus/ingest --query 'logGroups[0].kmsKeyId' --output text)\" != None
```",
    },
    Seen {
        fault: "trust-broken",
        account: "data",
        probe: "```bash health=holds
aws iam get-role --role-name corpus-reader --query Role.AssumeRolePolicyDocument --output json | grep -q role/corpus-answers
```",
    },
];

/// Those that shipped drills make, and that end by themselves.
const ENDING: [Seen; 3] = [
    Seen {
        fault: "bedrock-outage",
        account: "workload",
        probe: "```bash health=holds
test \"$(aws ssm get-parameters --names /runbook-sandbox/fault/bedrock-runtime --query 'length(Parameters)' --output text)\" = 0
aws ec2 describe-vpc-endpoints --filters Name=tag:Name,Values=corpus-bedrock-runtime --query 'VpcEndpoints[0].PolicyDocument' \\
  --output text | grep -qv BrokenForADrill
```",
    },
    Seen {
        fault: "index-full",
        account: "workload",
        probe: "```bash health=holds
domain=$(aws ssm get-parameter --name /corpus/index/endpoint --query Parameter.Value --output text)
code=$(curl --silent --output /dev/null --write-out '%{http_code}' --header \"Host: $domain\" \\
  --user none --aws-sigv4 aws:amz:eu-west-1:es \"$AWS_ENDPOINT_URL/fault-filler/_count\")
test \"$code\" = 404
```",
    },
    Seen {
        fault: "way-out",
        account: "workload",
        probe: "```bash health=holds
vpc=$(aws ec2 describe-vpc-endpoints --filters Name=tag:Name,Values=corpus-bedrock-runtime --query 'VpcEndpoints[0].VpcId' --output text)
test \"$(aws ec2 describe-internet-gateways --output text --query \"length(InternetGateways[?Attachments[0].VpcId=='$vpc'])\")\" = 0
```",
    },
];

/// A project in which the drill `one` makes one fault, and recovers with a script.
fn with_one(seen: Seen, lasts: &str, script: &str) -> Project {
    let project = deployed();
    let book = |title: &str, script: &str, health: &str| {
        format!(
            "---\ntitle: {title}\nsummary: For the tests.\nowner: tests\naccount: {}\n---\n\n# {title}\n\n\
             ### Look\n\n```bash step=look\n#| effect: read\n{script}\n```\n\n## Health\n\n{}\n",
            seen.account,
            health.replacen('\n', "\n#| within: 3m\n#| every: 1s\n", 1)
        )
    };
    project.write("runbooks/seen.md", &book("Seen", "true", seen.probe));
    let healthy = "```bash health=holds\ntrue\n```";
    project.write("runbooks/other.md", &book("Other", script, healthy));
    let fault = seen.fault;
    let drill = format!(
        "title: One fault\nsummary: For the tests.\nowner: tests\nenvironment: drill\nobjective: {{ rto: 1h }}\nscenario:\n  - fault: {fault}\n    max_duration: {lasts}\n  - incident: It is broken.\n  - expect: {{ unhealthy: seen }}\n  - run: other\n  - recovered: [other]\n"
    );
    project.write("drills/one.yaml", &drill);
    project
}

/// A drill of the test's own makes it. It passes only if the fault shows, and all is as before at its end.
#[test]
fn each_fault_that_no_shipped_drill_makes_shows_and_is_taken_back() {
    let made: String = files("drills", "yaml")
        .iter()
        .map(|name| {
            std::fs::read_to_string(root().join(format!("drills/{name}.yaml"))).expect("a drill")
        })
        .collect();
    let mut alone = files("drills/faults", "md");
    alone.retain(|fault| !made.contains(&format!("fault: {fault}\n")));
    assert_eq!(alone, ALONE.map(|seen| seen.fault));
    if !is_turn("faults that no shipped drill makes", 1, 3) {
        return;
    }
    for seen in some_of("faults that no shipped drill makes", ALONE.to_vec(), 1) {
        let project = with_one(seen, "1h", "true");
        let before = inventory(&project);
        project.run(&arguments("one")).ended(0).says("✓ passed");
        assert_judged(&project, "one", 0, "passed");
        let left = difference(&before, &inventory(&project));
        assert!(left.is_empty(), "{}: not as before:\n{}", seen.fault, left.join("\n"));
    }
}

/// The drill is killed while the fault stands, and nobody resumes it. What it broke is whole again all the same, and is
/// owed until somebody has looked.
#[test]
fn each_fault_that_can_ends_by_itself_when_nobody_is_there() {
    let faults: Vec<Seen> = ALONE.into_iter().chain(ENDING).collect();
    let ending = |fault: &String| {
        let text = std::fs::read_to_string(root().join(format!("drills/faults/{fault}.md")));
        text.expect("a fault").contains("step=ends")
    };
    let mut all = files("drills/faults", "md");
    all.retain(ending);
    let mut named: Vec<&str> = faults.iter().map(|seen| seen.fault).collect();
    named.sort_unstable();
    assert_eq!(all, named);
    if !is_turn("faults that end by themselves", 2, 3) {
        return;
    }
    let only = std::env::var("RUNBOOK_TEST_ROW").ok();
    let wanted = |seen: &Seen| only.as_ref().is_none_or(|only| only == seen.fault);
    let faults = faults.into_iter().filter(wanted).collect();
    for seen in some_of("faults that end by themselves", faults, 1) {
        let project = with_one(seen, "1m", "echo nothing works; sleep 600");
        let before = inventory(&project);
        let mut drill = project.command(&arguments("one"));
        let mut drill =
            drill.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        // It stays open: a drill whose reader has gone is not the one to be killed.
        let mut said = BufReader::new(drill.stderr.take().expect("what it says"));
        until_it_says(&mut said, "nothing works");
        drill.kill().expect("it is killed");
        drill.wait().expect("its end");
        project.run(&["obligations"]).ended(0).says("Mend what the drill");
        // Somebody who knows nothing of the drill. The probe is asked until it holds.
        let settings = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
        project.write("elsewhere/runbook.yaml", &settings);
        project.write("elsewhere/runbooks/seen.md", &project.read("runbooks/seen.md"));
        project.run(&["run", "seen", "--env", "sandbox", "--project", "elsewhere"]).ended(0);
        project.run(&["obligations"]).ended(0).says("Mend what the drill");
        project.run(&["undo"]).ended(0);
        assert_judged(&project, "one", 11, "could_not_judge");
        say(&format!("{} ended by itself", seen.fault));
        let left = difference(&before, &inventory(&project));
        assert!(left.is_empty(), "{}: not as before:\n{}", seen.fault, left.join("\n"));
    }
}

/// Waits until a line ends with some words.
fn until_it_says(said: &mut impl BufRead, words: &str) {
    let mut before = String::new();
    for line in said.lines() {
        let line = line.expect("a line");
        if line.ends_with(words) {
            return;
        }
        before.push_str(&line);
        before.push('\n');
    }
    panic!("it never said `{words}`:\n{before}");
}
