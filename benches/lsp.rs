//! A keystroke in the language server, in a project of 1,000 runbooks of 20 steps.
//!
//! `cargo bench --no-default-features --bench lsp`. A keystroke is the change of one character, then
//! completion, then the findings: everything an editor waits for. The promise is 50 ms.

use divan::Bencher;
use lsp_server::{Message, Notification, Request, RequestId};
use runbook::actions::catalog::catalog;
use runbook::lsp::{Files, Server, Stamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

const RUNBOOKS: usize = 1_000;
const STEPS: usize = 20;
const PROMISE: Duration = Duration::from_millis(50);

/// A project in memory. Each runbook runs the next one, so that a check reaches all of them.
struct Project {
    texts: HashMap<PathBuf, String>,
}

impl Project {
    fn new() -> Self {
        let mut texts = HashMap::new();
        let project = "version: 1\nenvironments:\n  sandbox:\n    kind: sandbox\n";
        texts.insert(PathBuf::from("/p/runbook.yaml"), project.to_owned());
        for number in 0..RUNBOOKS {
            texts.insert(PathBuf::from(format!("/p/runbooks/r{number}.md")), runbook(number));
        }
        Self { texts }
    }
}

impl Files for Project {
    fn read(&self, path: &Path) -> Option<String> {
        self.texts.get(path).cloned()
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        let text = self.texts.get(path)?;
        Some(Stamp { modified: Some(UNIX_EPOCH), length: text.len() as u64 })
    }

    fn exists(&self, path: &Path) -> bool {
        self.texts.contains_key(path)
    }

    fn list(&self, _folder: &Path) -> Vec<String> {
        (0..RUNBOOKS).map(|number| format!("r{number}.md")).collect()
    }
}

fn runbook(number: usize) -> String {
    let mut text = format!(
        "---\ntitle: Runbook {number}\nsummary: One of many.\nowner: nobody\naccount: data\nparams:\n  alias: {{ type: string, default: alias/x }}\n---\n\n# Runbook {number}\n"
    );
    for step in 0..STEPS {
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            "\n## Phase {step}\n\n### Step {step}\n\nSome words about what it does, and why.\n\n"
        );
        let _ = match (step, step % 2) {
            (0, _) => write!(
                text,
                "```yaml step=s0\nuses: kms/describe-key\nwith: {{ key: \"{{{{ params.alias }}}}\" }}\n```\n"
            ),
            (1, _) if number + 1 < RUNBOOKS => write!(
                text,
                "```yaml step=s1\nuses: runbook/run\nwith:\n  runbook: r{}\n  params: {{ alias: \"{{{{ params.alias }}}}\" }}\n```\n",
                number + 1
            ),
            (_, 0) => write!(
                text,
                "```yaml step=s{step}\nuses: kms/set-alias\nwith:\n  alias: \"{{{{ params.alias }}}}\"\n  key: \"{{{{ steps.s0.key_id }}}}\"\nexpect: [outputs.key_id == steps.s0.key_id]\n```\n"
            ),
            _ => write!(
                text,
                "```bash step=s{step}\n#| effect: read\n#| env: {{ KEY: \"{{{{ steps.s0.key_arn }}}}\" }}\n#| outputs: [size]\naws kms describe-key --key-id \"$KEY\" > out\necho \"size=$(wc -c < out)\" >> \"$RUNBOOK_OUTPUT\"\n```\n"
            ),
        };
    }
    text
}

/// An editor with one runbook open, and the place in its last block where it types.
struct Editor {
    server: Server,
    line: usize,
    version: i32,
}

const URI: &str = "file:///p/runbooks/r0.md";

impl Editor {
    fn open() -> Self {
        let mut server = Server::new(Box::new(Project::new()), Arc::new(catalog()));
        let text = runbook(0);
        let line = text.lines().position(|line| line.starts_with("  key: ")).expect("a line");
        let mut editor = Self {
            server: {
                server.receive(request("initialize", json!({ "capabilities": {} })));
                server
            },
            line,
            version: 1,
        };
        let item = json!({ "uri": URI, "languageId": "markdown", "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": item }));
        editor.settle();
        editor
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.server.receive(Notification::new(method.to_owned(), params).into());
    }

    fn settle(&mut self) -> usize {
        let mut said = 0;
        while let Some(out) = self.server.idle() {
            said += out.len();
        }
        said
    }

    /// Types a character, or takes it away again.
    fn key(&mut self) {
        self.version += 1;
        let column = "  key: \"{{ steps.s".len();
        let end = column + usize::from(self.version % 2 == 1);
        let text = if self.version % 2 == 0 { "1" } else { "" };
        let range = json!({ "start": { "line": self.line, "character": column }, "end": { "line": self.line, "character": end } });
        let change = json!({ "textDocument": { "uri": URI, "version": self.version }, "contentChanges": [{ "range": range, "text": text }] });
        self.tell("textDocument/didChange", change);
    }

    fn complete(&mut self) -> usize {
        let position = json!({ "line": self.line, "character": "  key: \"{{ steps.s".len() });
        let params = json!({ "textDocument": { "uri": URI }, "position": position });
        match self.server.receive(request("textDocument/completion", params)).pop() {
            Some(Message::Response(response)) => {
                let result = response.response_result.expect("offers");
                result["items"].as_array().map_or(0, Vec::len)
            }
            other => panic!("no answer: {other:?}"),
        }
    }
}

fn request(method: &str, params: Value) -> Message {
    Request::new(RequestId::from(1), method.to_owned(), params).into()
}

/// The change, what is offered, and the findings.
#[divan::bench]
fn keystroke(bencher: Bencher) {
    let mut editor = Editor::open();
    bencher.bench_local(|| {
        editor.key();
        assert!(editor.complete() > 0);
        assert_eq!(editor.settle(), 1);
    });
}

/// The change and what is offered: how long until an editor shows a list.
#[divan::bench]
fn completion(bencher: Bencher) {
    let mut editor = Editor::open();
    bencher.bench_local(|| {
        editor.key();
        editor.complete()
    });
}

/// The first look at a project, all 1,000 runbooks included.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn open(bencher: Bencher) {
    bencher.bench_local(Editor::open);
}

fn main() {
    divan::main();
    let mut editor = Editor::open();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let began = Instant::now();
            editor.key();
            editor.complete();
            editor.settle();
            began.elapsed()
        })
        .collect();
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    #[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
    {
        println!("a keystroke: median {median:?}, worst {worst:?}, promised {PROMISE:?}");
    }
    assert!(worst < PROMISE, "a keystroke took {worst:?}");
}
