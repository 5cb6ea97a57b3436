//! The life of a sandbox: pure parts with made-up servers, and one whole life with a real one.

use std::collections::BTreeSet;

use super::*;

/// Above the largest process number that Linux gives out.
const NO_PROCESS: u32 = 4_194_305;

fn quiet(_: Progress) {}

fn made_up(pid: u32) -> Server {
    Server {
        endpoint: "http://127.0.0.1:1".into(),
        pid,
        token: "generation.start".into(),
        cli: "/opt/sandbox/cli/aws".into(),
        started_at: "2026-01-01T00:00:00Z".into(),
    }
}

fn record(state: &Path, server: &Server) {
    std::fs::create_dir_all(state.join("sandbox")).expect("a folder");
    let text = serde_json::to_string(server).expect("JSON");
    std::fs::write(state.join("sandbox/server.json"), text).expect("written");
}

#[tokio::test]
async fn a_recorded_server_that_is_gone_has_died() {
    let state = tempfile::tempdir().expect("a folder");
    record(state.path(), &made_up(NO_PROCESS));
    let status = Sandbox::new(state.path()).status().await.expect("a status");
    assert_eq!(status, Status::Died(made_up(NO_PROCESS)));
}

#[tokio::test]
async fn a_process_that_only_has_the_number_is_not_our_server_and_is_not_signalled() {
    let state = tempfile::tempdir().expect("a folder");
    let server = made_up(std::process::id());
    record(state.path(), &server);
    let sandbox = Sandbox::new(state.path());
    assert_eq!(sandbox.status().await.expect("a status"), Status::Died(server));
    // A SIGTERM would end this test.
    assert!(!sandbox.down().await.expect("down"));
}

/// It answers nobody any more, and still writes into the folder that the sandbox takes away.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_is_about_to_end_is_waited_for() {
    const ENDS: &str = "trap 'mkdir -p data; for n in 1 2 3 4; do sleep 0.1; touch data/$n; done; exit' TERM; \
         echo ready; for n in $(seq 200); do sleep 0.05; done; exit 3";
    let state = tempfile::tempdir().expect("a folder");
    let folder = state.path().join("sandbox");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut server = std::process::Command::new("sh");
    server.args(["-c", ENDS]).current_dir(&folder).stdout(std::process::Stdio::piped());
    let mut server = server.spawn().expect("it starts");
    record(state.path(), &made_up(server.id()));
    let mut said = std::io::BufReader::new(server.stdout.take().expect("its output"));
    let mut ready = String::new();
    std::io::BufRead::read_line(&mut said, &mut ready).expect("a line");
    assert_eq!(ready, "ready\n");
    let end = std::thread::spawn(move || server.wait().expect("its end"));
    assert!(!Sandbox::new(state.path()).down().await.expect("down"));
    assert!(end.join().expect("a thread").success());
    assert!(!folder.join("data").exists());
}

#[test]
fn children_find_the_sandbox_and_its_cli_first() {
    let variables = Sandbox::environment(&made_up(1));
    let value =
        |name: &str| variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("AWS_ENDPOINT_URL"), Some("http://127.0.0.1:1"));
    assert_eq!(value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), Some("false"));
    assert!(value("PATH").is_some_and(|path| path.starts_with("/opt/sandbox/cli")));
}

/// Needs Python 3 and, once, the network: it installs the real emulator.
#[tokio::test]
async fn a_whole_life() {
    let state = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::new(state.path());
    let first = sandbox.up(&quiet).await.expect("up");
    let found = Sandbox::new(state.path()).up(&quiet).await.expect("found");
    assert_eq!(found, first, "a second command finds the server");
    assert_eq!(sandbox.status().await.expect("a status"), Status::Running(first.clone()));
    assert_listens_on_loopback_only(first.pid);
    assert_own_session(first.pid);

    sandbox.mark_seeded(&first, "demo").expect("marked");
    assert!(sandbox.is_seeded(&first, "demo"));
    assert!(sandbox.down().await.expect("down"));
    assert_eq!(sandbox.status().await.expect("a status"), Status::Stopped { state_kept: true });
    let second = sandbox.up(&quiet).await.expect("up again");
    assert_ne!(second.token, first.token);
    assert!(
        sandbox.is_seeded(&second, "demo"),
        "a stop keeps the state, so the seed is still there"
    );

    kill_hard(second.pid).await;
    assert_eq!(sandbox.status().await.expect("a status"), Status::Died(second.clone()));
    let third = sandbox.up(&quiet).await.expect("up after a crash");
    assert!(
        !sandbox.is_seeded(&third, "demo"),
        "a killed server loses its state, so the seed is void"
    );

    sandbox.mark_seeded(&third, "demo").expect("marked");
    sandbox.reset().await.expect("reset");
    assert!(!sandbox.is_seeded(&third, "demo"));
    assert!(sandbox.down().await.expect("down"));
    assert!(matches!(sandbox.status().await.expect("a status"), Status::Stopped { .. }));
    assert!(!sandbox.down().await.expect("down twice"));
}

/// Two commands at once: one starts the server, the other finds it.
#[tokio::test]
async fn two_starts_at_once_make_one_server() {
    let state = tempfile::tempdir().expect("a folder");
    let (one, other) = (Sandbox::new(state.path()), Sandbox::new(state.path()));
    let (first, second) = tokio::join!(one.up(&quiet), other.up(&quiet));
    let first = first.expect("up");
    assert_eq!(first, second.expect("up"));
    assert!(one.down().await.expect("down"));
}

async fn kill_hard(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a process number"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("killed");
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// `/proc/net/tcp` names sockets by inode, and the process's descriptors name the inodes that it holds.
fn assert_listens_on_loopback_only(pid: u32) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let held: BTreeSet<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("the descriptors")
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .filter_map(|link| {
            Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut listening = 0;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN; UDP has no such state, so each of its sockets counts.
            if held.contains(fields[9]) && (fields[3] == "0A" || table.starts_with("udp")) {
                assert!(fields[1].starts_with("0100007F:"), "{table} listens on {}", fields[1]);
                listening += 1;
            }
        }
    }
    assert_eq!(listening, 1, "one port, and nothing else");
}

fn assert_own_session(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a process number"));
    assert_eq!(nix::unistd::getsid(Some(pid)), Ok(pid), "the server outlives the terminal");
}
