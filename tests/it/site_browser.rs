//! A served site, and Chromium that looks at it.

use crate::env::{Project, root};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to answer or to notice a change. Nothing that works comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

/// `runbook docs serve`, ended when it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
}

impl Served {
    pub(crate) fn new(project: &Project) -> Self {
        let mut command = project.command(&["docs", "serve", "--port", "0"]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        Self { child, address: line.trim().to_owned() }
    }

    /// The answer to a request, headers and all.
    pub(crate) fn ask(&self, path: &str, host: &str) -> String {
        let authority = self.address.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(authority).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("asked");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn page(&self, path: &str) -> String {
        self.ask(path, "127.0.0.1")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens every page from the disk and from a server, and panics with everything that is wrong.
pub(crate) fn look(project: &Project, planted: &str) {
    let folder = root().join("tests/site");
    let screenshots = root().join("target/site-screenshots");
    let has = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
    };
    assert!(
        has("node") && has("chromium") && folder.join("node_modules/playwright-core").is_dir(),
        "node, chromium or tests/site/node_modules is missing: ./scripts/test.sh installs them"
    );
    let served = Served::new(project);
    let ran = Command::new("node")
        .arg(folder.join("browser.mjs"))
        .arg(project.path().join("site"))
        .args([served.address.as_str()])
        .arg(&screenshots)
        .arg(planted)
        .output()
        .expect("node");
    assert!(
        ran.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn a_served_site_follows_its_runbooks_and_answers_to_this_machine_only() {
    let book = |word: &str| {
        format!(
            "---\ntitle: {word}\nsummary: S.\nowner: o\n---\n\n# {word}\n\n```bash step=look\n#| effect: read\ntrue\n```\n"
        )
    };
    let project = Project::local(&[("a", &book("Before"))]);
    let served = Served::new(&project);
    let first = served.page("/runbooks/a.html");
    assert!(
        first.starts_with("HTTP/1.1 200")
            && first.contains("<h1>Before</h1>")
            && first.contains("/_live.js"),
        "{first}"
    );
    assert!(served.page("/").contains("<h1>Readiness</h1>"));
    for (path, host, status) in [
        ("/x", "127.0.0.1", "404"),
        ("/../runbook.yaml", "127.0.0.1", "404"),
        ("/%2e%2e/runbook.yaml", "127.0.0.1", "404"),
        ("/", "evil.example", "403"),
    ] {
        let answer = served.ask(path, host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {host}: {answer}");
    }
    let version = served.page("/_live");
    project.write("runbooks/a.md", &book("After"));
    let began = Instant::now();
    while !served.page("/runbooks/a.html").contains("<h1>After</h1>") {
        assert!(began.elapsed() < PATIENCE, "the change was never shown");
        std::thread::yield_now();
    }
    assert_ne!(served.page("/_live"), version, "the open page is not told");
    assert!(!project.exists("site"), "serving writes nothing");
    // A runbook with errors is shown with them; what cannot be read at all leaves the last good site.
    project.write("runbook.yaml", "version: [");
    assert!(served.page("/runbooks/a.html").contains("After"));
}
