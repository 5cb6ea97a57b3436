//! Starts the programs and reads what they say.

use super::super::setting::search_path;
use super::Answer;
use super::answers;
use crate::model::step::Interpreter;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// How long one program may take. Bash needs a millisecond, ShellCheck a few for each line.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than this of what a program says is not read, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Compiles each text of a JSON list, and gives a list of what is wrong with each. It runs none of them.
const COMPILE: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
answers = []
for text in json.load(sys.stdin):
    try:
        compile(text, "script", "exec", dont_inherit=True)
        answers.append(None)
    except SyntaxError as error:
        answers.append([error.msg, error.lineno, error.offset, getattr(error, "end_lineno", None), getattr(error, "end_offset", None)])
    except (ValueError, RecursionError, MemoryError) as error:
        answers.append([str(error), 1, 1, None, None])
json.dump(answers, sys.stdout)
"#;

/// What ShellCheck finds that does not hold for scripts of runbooks, or that others of our rules find.
const LEFT_OUT: &str = "SC1090,SC1091,SC2016,SC2148,SC2153,SC2154,SC2164,SC2317";

/// Standard input as a file. Of a script that it simply reads from there, bash does not always say the line.
const STDIN: &str = "/dev/stdin";

/// A program to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Program {
    Bash,
    Sh,
    Python,
    ShellCheckBash,
    ShellCheckSh,
}

impl Program {
    /// The program that would run such scripts.
    pub(super) const fn of(interpreter: Interpreter) -> Self {
        match interpreter {
            Interpreter::Bash => Self::Bash,
            Interpreter::Sh => Self::Sh,
            Interpreter::Python => Self::Python,
        }
    }

    pub(super) const fn shellcheck(interpreter: Interpreter) -> Self {
        match interpreter {
            Interpreter::Sh => Self::ShellCheckSh,
            Interpreter::Bash | Interpreter::Python => Self::ShellCheckBash,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Sh => "sh",
            Self::Python => "python3",
            Self::ShellCheckBash | Self::ShellCheckSh => "shellcheck",
        }
    }
}

/// Asks a program about one script. None when it is not there, or did not answer.
pub(super) fn one(program: Program, script: &str) -> Option<Answer> {
    let (arguments, errors): (&[&str], bool) = match program {
        // A pattern that `shopt -s extglob` allows is read before the `shopt` has run.
        Program::Bash if script.contains("extglob") => {
            (&["--norc", "--noprofile", "-O", "extglob", "-n", STDIN], true)
        }
        Program::Bash => (&["--norc", "--noprofile", "-n", STDIN], true),
        Program::Sh => (&["-n", STDIN], true),
        Program::ShellCheckBash => {
            (&["--norc", "-f", "json1", "-S", "info", "-e", LEFT_OUT, "-s", "bash", "-"], false)
        }
        Program::ShellCheckSh => {
            (&["--norc", "-f", "json1", "-S", "info", "-e", LEFT_OUT, "-s", "sh", "-"], false)
        }
        Program::Python => return python(&[script])?.pop(),
    };
    let said = ask(program.name(), arguments, script.as_bytes(), errors)?;
    match program {
        Program::ShellCheckBash | Program::ShellCheckSh => answers::shellcheck(script, &said.text),
        _ => Some(answers::shell(script, &said.text, said.success)),
    }
}

/// Asks Python about many scripts at once, because it takes long to start.
pub(super) fn python(scripts: &[&str]) -> Option<Vec<Answer>> {
    let input = serde_json::to_vec(scripts).ok()?;
    let said = ask("python3", &["-I", "-S", "-c", COMPILE], &input, false)?;
    answers::python(scripts, &said.text)
}

struct Said {
    success: bool,
    text: String,
}

/// Runs a program with a text on its standard input, and takes what it says on one of its outputs.
fn ask(program: &str, arguments: &[&str], input: &[u8], errors: bool) -> Option<Said> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", search_path(None))
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(if errors { Stdio::null() } else { Stdio::piped() })
        .stderr(if errors { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().ok()?;
    let mut to = child.stdin.take()?;
    let from: Box<dyn Read + Send> =
        if errors { Box::new(child.stderr.take()?) } else { Box::new(child.stdout.take()?) };
    let (heard, hearing) = mpsc::channel();
    let bytes = thread::scope(|threads| {
        threads.spawn(move || {
            // A program that has seen enough closes its end.
            let _ = to.write_all(input);
        });
        threads.spawn(move || {
            let mut bytes = Vec::new();
            let whole = from.take(LARGEST).read_to_end(&mut bytes).is_ok();
            let _ = heard.send(whole.then_some(bytes));
        });
        let bytes = hearing.recv_timeout(PATIENCE).ok().flatten();
        if bytes.is_none() {
            // It hangs. Its end lets both threads end.
            let _ = child.kill();
        }
        bytes
    });
    let status = child.wait().ok()?;
    let text = String::from_utf8_lossy(&bytes?).into_owned();
    Some(Said { success: status.success(), text })
}

/// Does something for each, on as many threads as there are processors.
pub(super) fn in_parallel<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(all.len()));
    let threads = thread::available_parallelism().map_or(2, usize::from).min(all.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { return };
                    let result = work(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
