//! The handoff site, as a person gets it: built by the program from a project with runs.

use crate::env::{Project, Ran, root};
use crate::html::faults;
use crate::site_browser;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const BOOK: &str = r#"---
title: Rotate the widget token
summary: Replace the token that widgets use.
owner: platform-oncall
objective: { rto: 30m }
params:
  name: { type: string, default: corpus, description: The widget. }
---

# Rotate the widget token

See [the other one](other.md#look), [a picture](pictures/plan.png) and [the host's secrets](../../../../etc/hostname).

![the plan](pictures/plan.png)

## Prepare

### Look at what is there

A quokka would notice.

```bash step=look
#| effect: read
#| estimate: 2s
#| env: { NAME: "{{ params.name }}" }
#| outputs: [old]
echo "looking at $NAME"
echo "old=token-of-$NAME" >> "$RUNBOOK_OUTPUT"
```

## Change

### Issue the new token

```bash step=issue
#| env: { OLD: "{{ steps.look.old }}" }
echo "replacing $OLD"
touch "$RUNBOOK_PROJECT/token"
```

```bash undo=issue
rm -f "$RUNBOOK_PROJECT/token"
```

## How we know

### The widget answers

```bash health=answers
test -f "$RUNBOOK_PROJECT/token"
```
"#;

const OTHER: &str = "---\ntitle: Another\nsummary: S.\nowner: o\n---\n\n# Another\n\n## Steps\n\n### Look\n\n```bash step=look\n#| effect: read\ntrue\n```\n";

fn project() -> Project {
    let project = Project::local(&[("rotate", BOOK), ("other", OTHER)]);
    project.write("runbooks/pictures/plan.png", "not really a picture");
    project
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap_or_else(|error| panic!("{}: {error}", at.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

fn build(project: &Project) -> Ran {
    project.run(&["docs", "build"]).ended(0)
}

#[test]
fn a_site_is_whole_says_what_happened_and_is_written_only_where_it_changed() {
    let project = project();
    build(&project).says("0 unchanged");
    project.run(&["run", "rotate", "--env", "sandbox"]).ended(0);
    build(&project);
    let site = project.path().join("site");
    let first = files(&site);
    for (name, bytes) in first.iter().filter(|(name, _)| name.ends_with(".html")) {
        let found = faults(std::str::from_utf8(bytes).expect("text"));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    let page = project.read(&format!("site/runs/{run}.html"));
    let head = project.run(&["log", "--verify", "--json"]).ended(0).stdout;
    let head: serde_json::Value = serde_json::from_str(&head).expect("JSON");
    for words in [
        head["head"].as_str().expect("a hash"),
        "rehearsal in the sandbox",
        "looking at corpus",
        "token-of-corpus",
        "class=\"timeline\"",
        "The widget answers",
    ] {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
    let book = project.read("site/runbooks/rotate.html");
    assert!(
        book.contains("href=\"other.html#look\"")
            && book.contains("src=\"../files/runbooks/pictures/plan.png\""),
        "{book}"
    );
    assert!(book.contains(&format!("../runs/{run}.html")), "the last run is on the page");
    assert!(first.contains_key("files/runbooks/pictures/plan.png"));
    // What lies outside the project is not handed out, whatever a runbook links to.
    assert!(!first.keys().any(|name| name.contains("hostname")), "{:?}", first.keys());

    build(&project).says("0 files written");
    project.run(&["docs", "build", "--out", "elsewhere"]).ended(0);
    assert!(files(&project.path().join("elsewhere")) == first, "the same input gave other bytes");
    project.write("runbooks/other.md", &OTHER.replace("# Another\n", "# Another\n\nA new word.\n"));
    // Its page and what the search finds.
    build(&project).says("2 files written");
    fs::remove_file(project.path().join("runbooks/other.md")).expect("removed");
    project.write("site/runbooks/theirs.txt", "x");
    build(&project).says("1 removed");
    assert!(
        !project.exists("site/runbooks/other.html") && project.exists("site/runbooks/theirs.txt")
    );
    project.write("full/thesis.txt", "x");
    project.run(&["docs", "build", "--out", "full"]).ended(2).says("holds files that are no site");
}

#[test]
fn no_secret_can_reach_a_page() {
    const SECRET: &str = "correct-horse/battery+staple 42";
    let book = "---\ntitle: Secrets\nsummary: For the tests.\nowner: tests\nparams:\n  token: { type: string, secret: true }\n---\n\n# Secrets\n\n## Steps\n\n### Print\n\n\
        ```bash step=print\n#| irreversible: test\n#| env: { TOKEN: \"{{ params.token }}\" }\n#| outputs: [derived, plain]\n#| secrets: [derived]\n\
        echo \"plain $TOKEN\"; echo \"$TOKEN\" >&2; printf %s \"$TOKEN\" | base64\n\
        echo \"derived=made-from-$TOKEN\" >> \"$RUNBOOK_OUTPUT\"; echo \"plain=$TOKEN\" >> \"$RUNBOOK_OUTPUT\"\n```\n\n\
        ### Fail\n\n```bash step=fail\n#| effect: read\n#| env: { DERIVED: \"{{ steps.print.derived }}\" }\necho \"no entry for $DERIVED\" >&2\nexit 1\n```\n";
    let project = Project::local(&[("secret", book)]);
    project
        .run_with(&["run", "secret", "--env", "sandbox"], &[("RUNBOOK_PARAM_TOKEN", SECRET)])
        .ended(1);
    project.run(&["abort", "--reason", "test"]).ended(0);
    // Nor one that only the environment of whoever builds it holds.
    let planted = "wJalrXUtnFEMI-planted-in-the-environment";
    let environment = [
        ("AWS_SECRET_ACCESS_KEY", planted),
        ("RUNBOOK_PARAM_TOKEN", SECRET),
        ("AWS_SESSION_TOKEN", planted),
    ];
    for (format, out) in [("--format=html", "a"), ("--format=markdown", "b"), ("--single", "c")] {
        project.run_with(&["docs", "build", format, "--out", out], &environment).ended(0);
    }
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(SECRET)
    };
    let mut pages = 0;
    for folder in ["a", "b", "c"] {
        for (name, bytes) in files(&project.path().join(folder)) {
            let text = String::from_utf8_lossy(&bytes);
            pages += 1;
            for hidden in
                [SECRET, encoded.as_str(), "battery+staple", planted, "battery&#43;staple"]
            {
                assert!(!text.contains(hidden), "{folder}/{name} shows {hidden}");
            }
        }
    }
    assert!(pages > 15, "{pages}");
    // The test would prove nothing if the outputs were not on the page at all.
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    assert!(project.read(&format!("a/runs/{run}.html")).contains("plain ***"));
}

#[test]
fn what_would_make_the_site_lie_is_an_error_for_a_pipeline() {
    let project = Project::local(&[("other", OTHER)]);
    project.run(&["docs", "build", "--check"]).ended(0).says("without evidence");
    assert!(!project.exists("site"), "a check writes nothing");
    project.write(
        "runbooks/dead.md",
        &OTHER.replace("# Another\n", "# Another\n\n[gone](gone.md) [lost](other.md#lost)\n"),
    );
    project
        .run(&["docs", "build", "--check"])
        .ended(3)
        .says("RB0601")
        .says("RB0602")
        .says("2 dead links");
    project.write("runbooks/dead.md", &OTHER.replace("owner: o", "owner: ''"));
    project.run(&["docs", "build", "--check"]).ended(3).says("names no owner");
}

/// Makes a journal of the sandbox into one that a drill in a real account would have left: its mode, its caller, its
/// age. It is whole again afterwards, as the chain can tell.
fn as_drill(project: &Project, caller: &str, days: i64) {
    let path = project.newest_run().join("journal.jsonl");
    let text = fs::read_to_string(&path).expect("a journal");
    let (mut out, mut prev) = (String::new(), "0".repeat(64));
    for line in text.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).expect("a line");
        line["prev"] = prev.clone().into();
        line["mode"] = "drill".into();
        let at: jiff::Timestamp = line["at"].as_str().expect("a time").parse().expect("a time");
        line["at"] = format!("{:.3}", at - jiff::SignedDuration::from_hours(24 * days)).into();
        if line["event"]["event"] == "run_started" {
            line["event"]["mode"] = "drill".into();
            line["event"]["environment"] = "rehearsed".into();
            let account = serde_json::json!({ "id": "444444444444", "region": "eu-west-1", "caller": caller });
            line["event"]["accounts"] = serde_json::json!({ "data": account });
        }
        let line = line.to_string();
        prev = Sha256::digest(line.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        out.push_str(&line);
        out.push('\n');
    }
    fs::write(&path, out).expect("written");
}

/// The board's line for a promise.
fn promise(project: &Project, id: &str) -> serde_json::Value {
    let board = project.run(&["handoff", "--json"]).ended(0).stdout;
    let board: serde_json::Value = serde_json::from_str(&board).expect("JSON");
    let all = board["promises"].as_array().expect("promises");
    all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id} in {board:#}")).clone()
}

#[test]
fn the_board_believes_whole_journals_of_the_right_people_and_nothing_else() {
    let project = Project::local(&[("trust-chain", OTHER)]);
    let yaml = project.read("runbook.yaml")
        + "handoff:\n  operators: [\"arn:aws:sts::*:assumed-role/RunbookOperator/*\"]\n  cadence: 3 months\n";
    project.write("runbook.yaml", &yaml);
    assert_eq!(promise(&project, "trust-chain")["light"], "red");
    project.run(&["run", "trust-chain", "--env", "sandbox"]).ended(0);
    let rehearsed = promise(&project, "trust-chain");
    assert_eq!(rehearsed["light"], "red", "{rehearsed:#}");
    assert!(rehearsed["reason"].as_str().expect("a reason").contains("rehears"), "{rehearsed:#}");

    as_drill(&project, "arn:aws:sts::444444444444:assumed-role/Vendor/jo", 1);
    let theirs = promise(&project, "trust-chain");
    assert_eq!(theirs["light"], "amber", "{theirs:#}");
    as_drill(&project, "arn:aws:sts::444444444444:assumed-role/RunbookOperator/jo", 1);
    let shown = promise(&project, "trust-chain");
    assert_eq!((&shown["light"], &shown["age_days"]), (&"green".into(), &2.into()), "{shown:#}");
    project.run(&["docs", "build", "--check"]).ended(0).says("1 of 8 promises shown");
    build(&project);
    assert!(project.read("site/index.html").contains("1 of 8"));

    as_drill(&project, "arn:aws:sts::444444444444:assumed-role/RunbookOperator/jo", 100);
    assert_eq!(promise(&project, "trust-chain")["light"], "amber");
    project.run(&["docs", "build", "--check"]).ended(8).says("older than the cadence");

    // One letter in the middle of the journal, and it is no evidence any more.
    let path = project.newest_run().join("journal.jsonl");
    let text = fs::read_to_string(&path).expect("a journal");
    fs::write(&path, text.replacen("RunbookOperator", "RunbookOperatop", 1)).expect("written");
    let edited = promise(&project, "trust-chain");
    assert_eq!(edited["light"], "red", "{edited:#}");
    assert!(
        edited["reason"].as_str().expect("a reason").contains("cannot be believed"),
        "{edited:#}"
    );
    build(&project);
    assert!(project.read("site/index.html").contains("cannot be believed"));
}

#[test]
fn a_template_of_the_project_takes_the_place_of_one_and_a_broken_one_is_named() {
    let project = project();
    project.write("templates/calendar.html", "{% extends \"base.html\" %}{% block main %}<h1>Ours {{ page.drills | length }}</h1>{% endblock main %}");
    build(&project);
    assert!(project.read("site/calendar.html").contains("<h1>Ours 0</h1>"));
    assert!(project.read("site/index.html").contains("<h1>Readiness</h1>"));
    project.write("templates/calendar.html", "{{ page.nothing.at.all }}");
    project.run(&["docs", "build"]).ended(2).says("calendar.html").says("Nothing was written");
}

#[test]
fn the_wiki_and_the_pocket_edition_hold_the_steps() {
    let project = project();
    project.run(&["docs", "build", "--format", "markdown", "--out", "wiki"]).ended(0);
    let page = project.read("wiki/runbooks/rotate.md");
    for words in [
        "**Step 2** `issue`: changes",
        "(other.md#look)",
        "../files/runbooks/pictures/plan.png",
        "./look".trim_start_matches("./"),
    ] {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
    assert!(
        project.exists("wiki/files/runbooks/pictures/plan.png")
            && project.read("wiki/README.md").contains("runbooks/rotate.md")
    );
    project.run(&["docs", "build", "--single", "--out", "pocket"]).ended(0);
    let page = project.read("pocket/rotate.html");
    assert!(faults(&page).is_empty(), "{:#?}", faults(&page));
    assert!(
        page.contains("src=\"data:image/png;base64,")
            && page.contains("Step 2 is done")
            && !page.contains("<script"),
        "{page}"
    );
    assert!(!page.contains("assets/"), "it needs another file");
}

#[test]
fn the_shipped_project_can_be_published() {
    let project = Project::local(&[]);
    let out = project.path().join("site");
    let (from, to) = (root(), out.to_string_lossy().into_owned());
    let from = from.to_string_lossy().into_owned();
    let state = project.path().join("state").to_string_lossy().into_owned();
    project.run(&["docs", "build", "--check", "--project", &from, "--state", &state]).ended(0);
    project.run(&["docs", "build", "--project", &from, "--state", &state, "--out", &to]).ended(0);
    assert!(files(&out).len() > 10);
}

#[test]
fn a_real_browser_shows_every_page() {
    let project = project();
    for name in ["first", "second"] {
        project.run(&["run", "rotate", "--env", "sandbox", "-p", &format!("name={name}")]).ended(0);
    }
    build(&project);
    site_browser::look(&project, "quokka=runbooks/rotate.html#look-at-what-is-there");
}
