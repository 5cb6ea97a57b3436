//! Who am I: a wrong, changed, ended or unreadable identity is refused, with the reason and the way out, and
//! nothing is changed.
//!
//! STS is a small server of the tests' own here, so that it can say what no emulator says on purpose.

use crate::env::Project;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What STS answers. The numbers count the calls of that operation from zero.
#[derive(Clone, Copy)]
enum Answer {
    /// As the account that was promised. Credentials last an hour.
    Right,
    /// The same, but the credentials end so many seconds from now.
    Short(i64),
    /// As another account.
    Other,
    /// An error, with its status.
    Refused(u16, &'static str, &'static str),
    /// Something that is no XML.
    Garbage,
    /// The connection ends without an answer.
    Reset,
}

/// One call that came in: its operation, and the key that signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Called {
    operation: String,
    key: String,
}

struct Sts {
    endpoint: String,
    called: Arc<Mutex<Vec<Called>>>,
}

impl Sts {
    fn start(account: &str, answers: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let called = Arc::new(Mutex::new(Vec::new()));
        let (seen, account) = (Arc::clone(&called), account.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that goes away is its own business.
                let _ = answer(client, &account, &seen, &answers);
            }
        });
        Self { endpoint, called }
    }

    fn called(&self, operation: &str) -> Vec<Called> {
        let all = self.called.lock().expect("the calls");
        all.iter().filter(|one| one.operation == operation).cloned().collect()
    }
}

fn answer(
    client: TcpStream,
    account: &str,
    seen: &Mutex<Vec<Called>>,
    answers: &impl Fn(&str, usize) -> Answer,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            "authorization" => {
                let signed = value.split("Credential=").nth(1).unwrap_or_default();
                key = signed.split('/').next().unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let operation =
        body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default();
    let count = {
        let mut seen = seen.lock().expect("the calls");
        seen.push(Called { operation: operation.to_owned(), key });
        seen.iter().filter(|one| one.operation == operation).count() - 1
    };
    let (status, text) = match answers(operation, count) {
        Answer::Reset => return Ok(()),
        Answer::Garbage => (200, "<html>welcome to the hotel".to_owned()),
        Answer::Refused(status, code, message) => {
            let error = format!(
                "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            );
            (
                status,
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}<RequestId>r</RequestId></ErrorResponse>"
                ),
            )
        }
        Answer::Right => (200, page(operation, account, 3_600)),
        Answer::Short(seconds) => (200, page(operation, account, seconds)),
        Answer::Other => (200, page(operation, "999999999999", 3_600)),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let mut client = client;
    client.write_all(head.as_bytes())?;
    client.write_all(text.as_bytes())
}

fn page(operation: &str, account: &str, seconds: i64) -> String {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let arn = format!("arn:aws:sts::{account}:assumed-role/RunbookOperator/runbook-test");
    let result = if operation == "AssumeRole" {
        format!(
            "<Credentials><AccessKeyId>ASIATEST</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials><AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>"
        )
    } else {
        format!("<Arn>{arn}</Arn><UserId>A:x</UserId><Account>{account}</Account>")
    };
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}</{operation}Result></{operation}Response>"
    )
}

const FRONT: &str =
    "---\ntitle: T\nsummary: S.\nowner: o\naccount: data\n---\n\n# T\n\n## Steps\n\n";

/// Two steps that change something in the account `data`.
fn two_changes() -> String {
    let step = |id: &str| {
        format!(
            "```bash step={id}\n#| irreversible: It writes a line.\necho {id} >> \"$RUNBOOK_PROJECT/log\"\n```\n\n"
        )
    };
    format!("{FRONT}{}{}", step("one"), step("two"))
}

fn project(answers: impl Fn(&str, usize) -> Answer + Send + 'static) -> (Project, Sts) {
    let project = Project::local(&[("it", &two_changes())]);
    let sts = Sts::start(&project.accounts.data, answers);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text.replace("http://127.0.0.1:9", &sts.endpoint));
    (project, sts)
}

const RUN: [&str; 4] = ["run", "it", "--env", "sandbox"];

#[test]
fn each_step_that_changes_something_asks_anew_who_it_is() {
    let (project, sts) = project(|_, _| Answer::Right);
    project.run(&RUN).ended(0);
    assert_eq!(project.read("log"), "one\ntwo\n");
    // Once before the run and once before each step, with the key of the role and nobody else's.
    let asked: Vec<_> = sts.called("GetCallerIdentity");
    let as_role = asked.iter().filter(|call| call.key == "ASIATEST").count();
    assert!(as_role >= 3, "{asked:?}");
    let assumed = sts.called("AssumeRole");
    assert!(assumed.iter().all(|call| call.key == "100000000000"), "{assumed:?}");
    let seen = |record: &&serde_json::Value| {
        record["event"]["event"] == "step_started" && record["event"]["step"] == "two"
    };
    let journal = project.journal();
    let started = journal.iter().find(seen).expect("the step starts").to_string();
    assert!(started.contains("assumed-role/RunbookOperator/runbook-test"), "{started}");
}

#[test]
fn what_cannot_be_read_or_is_not_ours_is_refused_before_anything_happens() {
    const DENIED: Answer =
        Answer::Refused(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole");
    const ENDED: Answer = Answer::Refused(400, "ExpiredToken", "The security token is expired");
    type Row = (&'static str, fn(&str, usize) -> Answer, &'static [&'static str]);
    let rows: [Row; 7] = [
        (
            "a missing role",
            |op, _| if op == "AssumeRole" { DENIED } else { Answer::Right },
            &["RunbookOperator", "AccessDenied", "trust policy"],
        ),
        (
            "an ended login",
            |op, _| if op == "AssumeRole" { ENDED } else { Answer::Right },
            &["ExpiredToken"],
        ),
        (
            "another account",
            |op, _| if op == "GetCallerIdentity" { Answer::Other } else { Answer::Right },
            &["wrong account", "999999999999"],
        ),
        (
            "garbage",
            |op, _| if op == "GetCallerIdentity" { Answer::Garbage } else { Answer::Right },
            &["cannot tell who we are"],
        ),
        (
            "no answer",
            |op, _| if op == "GetCallerIdentity" { Answer::Reset } else { Answer::Right },
            &["cannot tell who we are"],
        ),
        (
            "trouble at AWS",
            |op, _| {
                if op == "GetCallerIdentity" {
                    Answer::Refused(503, "ServiceUnavailable", "later")
                } else {
                    Answer::Right
                }
            },
            &["cannot tell who we are", "ServiceUnavailable"],
        ),
        (
            "throttling",
            |op, _| {
                if op == "AssumeRole" {
                    Answer::Refused(400, "Throttling", "Rate exceeded")
                } else {
                    Answer::Right
                }
            },
            &["Throttling"],
        ),
    ];
    for (name, answers, said) in rows {
        let (project, _sts) = project(answers);
        let ran = project.run(&RUN);
        assert_eq!(ran.code, Some(4), "{name}: {}{}", ran.stdout, ran.stderr);
        for words in said {
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(all.contains(words), "{name}: no {words:?} in:\n{all}");
        }
        ran.says("othing was");
        assert!(!project.exists("log"), "{name}");
    }
}

#[test]
fn credentials_that_become_another_accounts_stop_the_run_before_its_next_change() {
    // Right before the run and before the first step; then somebody changes the profile.
    let (project, sts) = project(|op, count| match op {
        "GetCallerIdentity" if (3..6).contains(&count) => Answer::Other,
        _ => Answer::Right,
    });
    let ran = project.run(&RUN);
    let asked = sts.called("GetCallerIdentity").len();
    assert_eq!(ran.code, Some(4), "{asked} {}", ran.stderr);
    let ran = ran.says("wrong account").says("runbook resume");
    drop(ran);
    assert_eq!(project.read("log"), "one\n");
    // The credentials are right again: it goes on, and the first step is not done twice.
    while sts.called("GetCallerIdentity").len() < 6 {
        project.run(&["resume"]).ended(4);
    }
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("log"), "one\ntwo\n");
}

#[test]
fn credentials_that_end_in_the_middle_are_renewed_or_the_run_pauses() {
    // They last for less than the time of a call, so each use asks for new ones.
    let (renewed, sts) = project(|_, _| Answer::Short(60));
    renewed.run(&RUN).ended(0);
    assert!(sts.called("AssumeRole").len() > 1);
    assert_eq!(renewed.read("log"), "one\ntwo\n");

    // From the start of the second step on, the login has ended.
    let (ended, sts) = project(|op, count| match op {
        "AssumeRole" if (1..=40).contains(&count) => {
            Answer::Refused(400, "ExpiredToken", "The security token is expired")
        }
        "AssumeRole" => Answer::Short(if count == 0 { 2 } else { 3_600 }),
        _ => Answer::Right,
    });
    let slow = two_changes().replace(
        "echo one >> \"$RUNBOOK_PROJECT/log\"",
        "echo one >> \"$RUNBOOK_PROJECT/log\"; sleep 3",
    );
    ended.write("runbooks/it.md", &slow);
    ended.run(&RUN).ended(4).says("ExpiredToken").says("runbook resume");
    assert_eq!(ended.read("log"), "one\n");
    while sts.called("AssumeRole").len() <= 40 {
        ended.run(&["resume"]).ended(4);
    }
    ended.run(&["resume"]).ended(0);
    assert_eq!(ended.read("log"), "one\ntwo\n");
}

#[test]
fn a_freeze_that_cannot_be_read_stops_every_run() {
    let (project, _sts) = project(|_, _| Answer::Right);
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    let found = std::process::Command::new("grep")
        .args(["-rl", "incident 7", ".runbook"])
        .current_dir(project.path())
        .output()
        .expect("grep");
    let path = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    project.write(&path, "{ torn");
    let ran = project.run(&RUN);
    assert!(matches!(ran.code, Some(2 | 4)), "{:?} {}", ran.code, ran.stderr);
    drop(ran.says("frozen"));
    assert!(!project.exists("log"));
}

/// An environment of kind production, with a runbook that destroys and needs no account.
fn production() -> Project {
    let text = format!(
        "{}```bash step=wipe\n#| effect: destroy\n#| irreversible: It is gone.\n#| confirm: Everything goes.\necho wiped >> \"$RUNBOOK_PROJECT/log\"\n```\n",
        FRONT.replace("account: data\n", "")
    );
    let project = Project::local(&[("it", &text)]);
    project.write("runbook.yaml", "version: 1\nenvironments:\n  live:\n    kind: production\n    accounts:\n      data: { id: \"111111111111\", region: eu-west-1 }\n");
    project
}

const LIVE: [&str; 4] = ["run", "it", "--env", "live"];

#[test]
fn what_destroys_in_production_wants_a_typed_phrase_whatever_is_agreed_to_beforehand() {
    let project = production();
    project.run(&[&LIVE[..], &["--yes"]].concat()).ended(10).says("destroy in");
    assert!(!project.exists("log"));
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project.run(&["answer", &run, "wipe", "phrase=yes"]).ended(2).says("destroy in");
    project.run(&["resume", "--yes"]).ended(10);
    assert!(!project.exists("log"));
    project.run(&["answer", &run, "wipe", "phrase=destroy in this machine"]).ended(0);
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("log"), "wiped\n");
}

#[test]
fn a_real_environment_is_never_reached_by_another_way() {
    let project = production();
    project.write("runbooks/it.md", &two_changes());
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_KMS"] {
        let ran = project.run_with(&LIVE, &[(variable, "http://127.0.0.1:9")]);
        assert!(matches!(ran.code, Some(2 | 4)), "{:?} {}", ran.code, ran.stderr);
        drop(ran.says(variable).says("unset"));
        assert!(!project.exists("log"));
    }
}
