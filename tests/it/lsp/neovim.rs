//! Neovim as the client: a real editor opens a runbook, edits it, completes, asks and goes.

use super::has;
use crate::env::Project;
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long all of it may take. Each wait of the script ends before.
const PATIENCE: Duration = Duration::from_secs(300);
/// Where the editor would keep things of its own.
const FOLDERS: [&str; 4] = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];

const BAD: &str = "---
title: T
summary: S
owner: o
account: data
params:
  alias: { type: string, default: alias/x, description: The alias. }
---

## Do it 🔑

```yaml step=make
uses: kms/create-key
with: { description: \"🔑é {{ params.alais }}\" }
```

```yaml step=move
uses: kms/set-alias
with:
  alias: alias/x
  key: \"{{ steps.make.key_id }}\"
```
";

#[test]
fn neovim_shows_completes_explains_goes_and_renames() {
    assert!(
        has("nvim"),
        "this test needs Neovim: `apt-get install neovim`, or ./scripts/test.sh, which installs it"
    );
    let project = Project::local(&[("a", BAD)]);
    project.write("drive.lua", include_str!("neovim.lua"));
    let output = drive(&project);
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(project.exists("result.json"), "Neovim gave no result: {said}");
    let result: Value = serde_json::from_str(&project.read("result.json")).expect("JSON");
    assert_eq!(result["error"], Value::Null, "{said}");

    let found = &result["findings"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    // The line has characters of two and of four bytes before the place. Neovim counts bytes.
    let line = BAD.lines().nth(13).expect("the line");
    assert_eq!((&found[0]["code"], &found[0]["line"]), (&"RB0402".into(), &13.into()));
    assert_eq!(found[0]["column"].as_u64(), line.find("alais").map(|at| at as u64));
    assert!(found[0]["message"].as_str().expect("a message").contains("did you mean `alias`?"));

    assert_eq!(
        result["completed"], "with: { description: \"🔑é {{ params.alias }}\" }",
        "an offer is taken"
    );
    assert_eq!(result["left"], 0, "the finding goes when the text is right");
    let offers: Vec<&str> =
        result["outputs"].as_array().expect("offers").iter().filter_map(Value::as_str).collect();
    assert!(offers.contains(&"key_id") && offers.contains(&"key_arn"), "{offers:?}");
    assert!(
        result["hover"].as_str().expect("a page").contains("kms/set-alias"),
        "{}",
        result["hover"]
    );
    assert_eq!(
        (&result["definition"]["line"], &result["definition"]["column"]),
        (&11.into(), &13.into())
    );
    let renamed = result["renamed"].as_str().expect("a text");
    assert!(
        renamed.contains("yaml step=create\n") && renamed.contains("steps.create.key_id"),
        "{renamed}"
    );
    assert_eq!(result["exit"], 0, "the server ends with the editor");
}

/// Runs the editor to its end. It starts the server itself.
fn drive(project: &Project) -> Output {
    let state = project.path().join("editor");
    let child = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", "luafile drive.lua"])
        .current_dir(project.path())
        .env("RUNBOOK", env!("CARGO_BIN_EXE_runbook"))
        .envs(FOLDERS.map(|name| (name, &state)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Neovim starts");
    let id = child.id().to_string();
    let (ended, end) = channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    let output = end.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let killed = Command::new("kill").args(["-9", &id]).status();
        panic!("Neovim hangs; killed: {killed:?}");
    });
    output.expect("its output")
}
