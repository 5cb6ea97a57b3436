//! Real processes.

use super::*;
use crate::actions::bench::Bench;
use crate::actions::context::{Report, Target};
use crate::model::id::AccountName;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A log that tests can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn bash(text: &str) -> ShellRun {
    ShellRun {
        interpreter: Interpreter::Bash,
        text: text.to_owned(),
        env: Vec::new(),
        outputs: OutputsWanted::None,
        secrets: Vec::new(),
        project: PathBuf::from("/project"),
        limit: Some(Duration::from_secs(60)),
        log: Box::new(io::sink()),
    }
}

fn named(text: &str, names: &[&str]) -> ShellRun {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    ShellRun { outputs: OutputsWanted::Names(names), ..bash(text) }
}

async fn run(script: ShellRun) -> ShellEnd {
    script.run(&Bench::plain().cx, &Masker::new()).await
}

fn lines(told: Vec<Report>) -> Vec<String> {
    told.into_iter()
        .map(|report| match report {
            Report::Line(line) => line,
            other => panic!("{other:?}"),
        })
        .collect()
}

async fn said(script: ShellRun, masker: &Masker) -> (ShellEnd, Vec<String>) {
    let bench = Bench::plain();
    let end = script.run(&bench.cx, masker).await;
    (end, lines(bench.told().await))
}

/// Waits until a script has written its process numbers.
async fn numbers(bench: &Bench, file: &str) -> Vec<i32> {
    let path = bench.cx.work.join(file);
    for _ in 0..2_000 {
        if let Ok(text) = std::fs::read_to_string(&path)
            && text.ends_with(".\n")
        {
            return text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{file} was never written");
}

fn lives(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") Z"))
}

#[tokio::test]
async fn any_failure_inside_a_script_is_its_failure() {
    for (text, code) in [("exit 3", 3), ("false | cat", 1), ("false; true", 1), ("echo $nope", 1)] {
        match run(bash(text)).await {
            ShellEnd::Exit { died, .. } => assert_eq!(died, Died::Code(code), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let end = run(bash("echo what went wrong >&2; kill -9 $$")).await;
    assert_eq!(end.to_string(), "the script ended with signal SIGKILL: what went wrong");
    assert_eq!(run(bash("true | cat")).await, ShellEnd::Succeeded(Values::new()));
}

#[tokio::test]
async fn values_are_data_and_never_code() {
    let bench = Bench::plain();
    let value = "$(touch x) `touch x` '; touch x; \" \n {{ params.x }}";
    let mut script = named("printf 'v<<E\\n%s\\nE\\n' \"$VALUE\" > \"$RUNBOOK_OUTPUT\"", &["v"]);
    script.env = vec![("VALUE".to_owned(), value.to_owned())];
    let end = script.run(&bench.cx, &Masker::new()).await;
    assert_eq!(
        end,
        ShellEnd::Succeeded(serde_json::from_value(serde_json::json!({"v": value})).unwrap())
    );
    assert!(!bench.cx.work.join("x").exists());
}

#[tokio::test]
async fn a_script_finds_what_it_was_promised_and_nothing_of_ours() {
    let mut bench = Bench::plain();
    bench.cx.target = Some(Target {
        account: AccountName::new("data").unwrap(),
        id: "2".to_owned(),
        region: "eu-west-1".to_owned(),
    });
    let mut script = bash(
        "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo $RUNBOOK_RUN $RUNBOOK_STEP $RUNBOOK_MODE $RUNBOOK_PROJECT; pwd; echo $HOME; echo $AWS_REGION $AWS_SECRET_ACCESS_KEY; stat -c %a $HOME $RUNBOOK_OUTPUT $0",
    );
    script.env = vec![("RUNBOOK_MODE".to_owned(), "real".to_owned())];
    let work = bench.cx.work.canonicalize().unwrap();
    assert_eq!(script.run(&bench.cx, &Masker::new()).await, ShellEnd::Succeeded(Values::new()));
    let lines = lines(bench.told().await);
    assert_eq!(
        lines[0].trim(),
        "AWS_REGION AWS_SECRET_ACCESS_KEY HOME LANG PATH PWD RUNBOOK_MODE RUNBOOK_OUTPUT RUNBOOK_PROCESS RUNBOOK_PROJECT RUNBOOK_RUN RUNBOOK_STEP SHELL SHLVL TERM _"
    );
    assert_eq!(lines[1], "r1 move/one[0] drill /project");
    assert_eq!(lines[2], work.display().to_string());
    assert_eq!(lines[3], format!("{}/.home", work.display()));
    assert_eq!(lines[4], "eu-west-1 ***");
    assert_eq!(lines[5..], ["700", "600", "600"]);
}

#[tokio::test]
async fn every_interpreter_runs() {
    for (interpreter, text) in [
        (Interpreter::Sh, "echo \"a=$((1 + 1))\" >> \"$RUNBOOK_OUTPUT\""),
        (Interpreter::Python, "import os\nopen(os.environ['RUNBOOK_OUTPUT'], 'a').write('a=2')"),
    ] {
        match run(ShellRun { interpreter, ..named(text, &["a"]) }).await {
            ShellEnd::Succeeded(outputs) => assert_eq!(outputs["a"], "2"),
            other => panic!("{other:?}"),
        }
    }
    let end =
        run(ShellRun { env: vec![("PATH".to_owned(), "/nowhere".to_owned())], ..bash("true") });
    match end.await {
        ShellEnd::NotStarted(trouble) => {
            assert!(trouble.message.contains("`bash` is not installed"))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn standard_input_is_empty_and_there_is_no_terminal() {
    let end = run(bash("! read -r line; ! true < /dev/tty")).await;
    assert_eq!(end, ShellEnd::Succeeded(Values::new()));
}

#[tokio::test]
async fn outputs_that_were_not_promised_or_not_given_fail_the_step() {
    match run(named("echo \"b=1\" >> \"$RUNBOOK_OUTPUT\"", &["a"])).await {
        ShellEnd::BadOutputs { problems, .. } => assert_eq!(problems.len(), 2, "{problems:?}"),
        other => panic!("{other:?}"),
    }
    // Whatever the script put in the file's place must not hang or mislead us.
    for trick in [
        "rm \"$RUNBOOK_OUTPUT\"; mkfifo \"$RUNBOOK_OUTPUT\"",
        "ln -sf /etc/passwd \"$RUNBOOK_OUTPUT\"",
        "rm \"$RUNBOOK_OUTPUT\"",
    ] {
        assert!(matches!(run(bash(trick)).await, ShellEnd::BadOutputs { .. }), "{trick}");
    }
}

#[tokio::test]
async fn json_on_standard_output_is_a_result_and_is_not_shown() {
    let script =
        ShellRun { outputs: OutputsWanted::Json, ..bash("echo talk >&2; echo '{\"n\": [1]}'") };
    let (end, lines) = said(script, &Masker::new()).await;
    assert_eq!(end, ShellEnd::Succeeded(serde_json::from_str("{\"n\":[1]}").unwrap()));
    assert_eq!(lines, ["talk"]);
    let script = ShellRun { outputs: OutputsWanted::Json, ..bash("echo talk; echo '{}'") };
    assert!(matches!(run(script).await, ShellEnd::BadOutputs { .. }));
}

#[tokio::test]
async fn a_secret_split_over_two_writes_is_seen_nowhere() {
    let masker = Masker::new();
    masker.add(&Secret::new("correct-horse")).unwrap();
    let log = Log::default();
    let text =
        "printf 'a correct-'; sleep 0.1; printf 'horse b\\n'; printf correct-horse | base64 >&2";
    let script = ShellRun { log: Box::new(log.clone()), ..bash(text) };
    let (_, mut lines) = said(script, &masker).await;
    lines.sort();
    assert_eq!(lines, ["***", "a *** b"]);
    let mut kept: Vec<String> = log.text().lines().map(str::to_owned).collect();
    kept.sort();
    assert_eq!(kept, lines);
}

#[tokio::test]
async fn a_secret_output_is_masked_in_what_was_said_before_it_was_given() {
    let text =
        "echo pass is s3cr3t-made; echo \"p=s3cr3t-made\" >> \"$RUNBOOK_OUTPUT\"; exit $STATUS";
    for status in ["0", "3"] {
        let log = Log::default();
        let mut script = ShellRun { log: Box::new(log.clone()), ..named(text, &["p"]) };
        script.secrets = vec!["p".to_owned()];
        script.env = vec![("STATUS".to_owned(), status.to_owned())];
        let masker = Masker::new();
        let (end, lines) = said(script, &masker).await;
        assert_eq!(lines, ["pass is ***"]);
        assert_eq!(log.text(), "pass is ***\n");
        assert_eq!(masker.mask("s3cr3t-made"), "***");
        assert_eq!(matches!(end, ShellEnd::Succeeded(_)), status == "0", "{end:?}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_known_or_masked_is_not_shown() {
    for text in [
        "echo hush; echo \"p=abc\" >> \"$RUNBOOK_OUTPUT\"",
        "echo hush; printf 'p<<E\\nhush\\n' >> \"$RUNBOOK_OUTPUT\"",
    ] {
        let mut script = named(text, &["p"]);
        script.secrets = vec!["p".to_owned()];
        let (end, lines) = said(script, &Masker::new()).await;
        match end {
            ShellEnd::BadOutputs { outputs, .. } => assert!(outputs.is_empty()),
            other => panic!("{other:?}"),
        }
        assert!(lines.len() == 1 && lines[0].contains("not shown"), "{lines:?}");
    }
}

const DAEMON: &str = "
cat > daemon.sh <<'E'
trap '' TERM HUP INT
echo \"$$ .\" > \"$1\"
while :; do sleep 1 || :; done
E
setsid bash daemon.sh one </dev/null &
bash daemon.sh two &
(set -m; bash daemon.sh three & disown)
until grep -qs . one && grep -qs . two && grep -qs . three; do sleep 0.01; done
";

#[tokio::test]
async fn nothing_that_a_script_started_outlives_it() {
    let bench = Bench::plain();
    let begun = Instant::now();
    let end = bash(DAEMON).run(&bench.cx, &Masker::new()).await;
    assert_eq!(end, ShellEnd::Succeeded(Values::new()));
    // They ignored the request, and held the pipes open all the while.
    assert!(begun.elapsed() >= GRACE && begun.elapsed() < GRACE * 3, "{:?}", begun.elapsed());
    for file in ["one", "two", "three"] {
        assert!(!numbers(&bench, file).await.into_iter().any(lives), "{file}");
    }
}

#[tokio::test]
async fn stopping_at_once_kills_at_once_and_parking_waits() {
    let bench = Bench::plain();
    let script = bash(&format!("{DAEMON} echo \"$$ .\" > self; sleep 600"));
    let masker = Masker::new();
    let stopping = async {
        bench.stop.send(Stop::Park).unwrap();
        let pids = numbers(&bench, "self").await;
        let begun = Instant::now();
        bench.stop.send(Stop::Now).unwrap();
        (begun, pids)
    };
    let (end, (begun, pids)) = tokio::join!(script.run(&bench.cx, &masker), stopping);
    assert_eq!(end, ShellEnd::Stopped);
    assert!(begun.elapsed() < GRACE, "{:?}", begun.elapsed());
    assert!(!pids.into_iter().any(lives));
    for file in ["one", "two", "three"] {
        assert!(!numbers(&bench, file).await.into_iter().any(lives), "{file}");
    }
}

#[tokio::test]
async fn dropping_the_attempt_kills_it() {
    let bench = Bench::plain();
    let script = bash(&format!("{DAEMON} echo \"$$ .\" > self; sleep 600"));
    let masker = Masker::new();
    let pids = {
        let attempt = script.run(&bench.cx, &masker);
        tokio::pin!(attempt);
        tokio::select! {
            end = &mut attempt => panic!("{end:?}"),
            pids = numbers(&bench, "self") => pids,
        }
    };
    assert!(!pids.is_empty() && !pids.into_iter().any(lives));
    for file in ["one", "two", "three"] {
        assert!(!numbers(&bench, file).await.into_iter().any(lives), "{file}");
    }
}

#[tokio::test]
async fn a_script_that_takes_too_long_may_clean_up_and_is_then_killed() {
    let bench = Bench::plain();
    let mut script = bash("trap 'echo cleaned; exit 0' TERM; echo begun; sleep 600 & wait");
    // Long enough for bash to set its trap on a machine that is busy.
    script.limit = Some(Duration::from_secs(4));
    match script.run(&bench.cx, &Masker::new()).await {
        ShellEnd::TimedOut { last_lines, .. } => assert_eq!(last_lines, ["begun", "cleaned"]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn much_output_stays_bounded() {
    let log = Log::default();
    let text = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo the end";
    let script = ShellRun { log: Box::new(log.clone()), ..bash(text) };
    let bench = Bench::plain();
    assert_eq!(script.run(&bench.cx, &Masker::new()).await, ShellEnd::Succeeded(Values::new()));
    // The log bounds itself; here each line must be bounded, and everything must have come.
    let kept = log.text();
    assert!(kept.lines().all(|line| line.len() <= 16 * 1024));
    assert_eq!(kept.len() - kept.lines().count(), 100_000_000 + "the end".len());
    assert!(kept.ends_with("the end\n"));
    assert!(bench.heard() + 100 >= 100_000_000 / (16 * 1024), "{}", bench.heard());
}

#[tokio::test]
async fn a_look_answers_by_its_status() {
    for (text, wanted) in
        [("exit 0", Observation::InPlace(Values::new())), ("exit 1", Observation::Absent)]
    {
        let seen = bash(text).observe(&Bench::plain().cx, &Masker::new()).await;
        assert_eq!(seen, wanted);
    }
    for text in ["exit 2", "kill -9 $$", "echo \"x=1\" >> \"$RUNBOOK_OUTPUT\""] {
        let seen = bash(text).observe(&Bench::plain().cx, &Masker::new()).await;
        assert!(matches!(seen, Observation::CannotTell(_)), "{text}: {seen:?}");
    }
}
