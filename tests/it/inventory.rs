//! Everything that there is in an account, as a rehearsal reads it, too.
//!
//! It is one flat table, so that two of them can be compared whole: whatever a runbook touches, what it
//! must not touch is in there too.

use crate::cloud::wait;
use crate::env::{Project, emulator};
pub(crate) use runbook::actions::aws::Inventory;
use std::collections::BTreeSet;

/// Everything in the three accounts of a project.
pub(crate) fn inventory(project: &Project) -> Inventory {
    let accounts = &project.accounts;
    let mut all = Inventory::new();
    for account in [&accounts.workload, &accounts.data, &accounts.platform] {
        all.extend(wait(of_account(account)));
    }
    all
}

/// Everything in one account.
pub(crate) async fn of_account(account: &str) -> Inventory {
    let accounts = [account.to_owned()];
    let read = runbook::actions::aws::inventory(&emulator().endpoint, "eu-west-1", &accounts);
    let mut all = read.await.expect("the account");
    gateways(account, &mut all).await;
    all
}

/// What differs, a line each: what was there before with `-`, what is there after with `+`.
pub(crate) fn difference(before: &Inventory, after: &Inventory) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            lines.extend(was.map(|was| format!("- {name}: {}", short(was))));
            lines.extend(is.map(|is| format!("+ {name}: {}", short(is))));
        }
    }
    lines
}

/// The keys that are in one inventory and not in the other.
pub(crate) fn new_keys(before: &Inventory, after: &Inventory) -> Inventory {
    let new = |(name, _): &(&String, &String)| {
        name.starts_with("key ") && !before.contains_key(name.as_str())
    };
    after.iter().filter(new).map(|(name, state)| (name.clone(), state.clone())).collect()
}

/// The internet gateways, and the networks that they are attached to.
async fn gateways(account: &str, all: &mut Inventory) {
    let scope = format!("{account}/20260101/eu-west-1/ec2/aws4_request");
    let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let call = reqwest::Client::new()
        .post(&emulator().endpoint)
        .header("authorization", signed)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("Action=DescribeInternetGateways&Version=2016-11-15");
    let text = call.send().await.expect("an answer").text().await.expect("a text");
    // Their ids are made up at random, and they are listed in the order in which they were made.
    for (place, one) in text.split("<internetGatewayId>").skip(1).enumerate() {
        let network = one.split("<vpcId>").nth(1).and_then(|rest| rest.split('<').next());
        all.insert(
            format!("gateway {account} number {}", place + 1),
            network.unwrap_or("none").to_owned(),
        );
    }
}

/// Enough of a text to see what it is.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
