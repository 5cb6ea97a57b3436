//! The `aws` commands among the commands, also behind programs that run other programs.

use super::scanner::{Found, Scanner};
use super::words::Token;
use super::{AwsCall, Word};
use std::ops::Range;

/// A command whose program is `aws`, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// From `aws` to its last word.
    pub(super) range: Range<usize>,
    words: Vec<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    word: Word,
    /// What it begins with, when it is not written out whole.
    prefix: String,
    range: Range<usize>,
    splits: bool,
    many: bool,
    forwards: bool,
}

/// A program that runs the program named among its arguments.
struct Wrapper {
    name: &'static str,
    /// Its options that have a value as the next word.
    valued: &'static [&'static str],
    /// How many of its own words come before the program.
    own: usize,
}

const WRAPPERS: [Wrapper; 17] = [
    Wrapper { name: "command", valued: &[], own: 0 },
    Wrapper { name: "builtin", valued: &[], own: 0 },
    Wrapper { name: "exec", valued: &["-a"], own: 0 },
    Wrapper { name: "nohup", valued: &[], own: 0 },
    Wrapper { name: "setsid", valued: &[], own: 0 },
    Wrapper { name: "env", valued: &["-u", "--unset", "-C", "--chdir", "-S"], own: 0 },
    Wrapper {
        name: "sudo",
        valued: &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U"],
        own: 0,
    },
    Wrapper { name: "timeout", valued: &["-k", "-s", "--kill-after", "--signal"], own: 1 },
    Wrapper { name: "gtimeout", valued: &["-k", "-s", "--kill-after", "--signal"], own: 1 },
    Wrapper { name: "nice", valued: &["-n", "--adjustment"], own: 0 },
    Wrapper { name: "ionice", valued: &["-c", "-n", "-p"], own: 0 },
    Wrapper { name: "stdbuf", valued: &["-i", "-o", "-e"], own: 0 },
    Wrapper { name: "time", valued: &["-o", "-f"], own: 0 },
    Wrapper { name: "flock", valued: &["-w", "--timeout", "-E"], own: 1 },
    Wrapper { name: "watch", valued: &["-n", "--interval"], own: 0 },
    Wrapper { name: "unbuffer", valued: &[], own: 0 },
    Wrapper {
        name: "xargs",
        valued: &[
            "-I",
            "-n",
            "-P",
            "-L",
            "-d",
            "-a",
            "-E",
            "-s",
            "-i",
            "--max-args",
            "--max-procs",
        ],
        own: 0,
    },
];

/// Options of every `aws` command that have a value.
const VALUED: [&str; 12] = [
    "--ca-bundle",
    "--cli-binary-format",
    "--cli-connect-timeout",
    "--cli-error-format",
    "--cli-input-json",
    "--cli-input-yaml",
    "--cli-read-timeout",
    "--color",
    "--endpoint-url",
    "--output",
    "--profile",
    "--region",
];

/// Options that have no value: those of every command, and those of `aws s3`, whose arguments come after them.
const FLAGS: [&str; 31] = [
    "--cli-auto-prompt",
    "--debug",
    "--no-cli-auto-prompt",
    "--no-cli-pager",
    "--no-paginate",
    "--no-sign-request",
    "--no-verify-ssl",
    "--v2-debug",
    "--version",
    "--bypass-governance-retention",
    "--checksum-mode",
    "--delete",
    "--dryrun",
    "--exact-timestamps",
    "--follow-symlinks",
    "--force",
    "--force-glacier-transfer",
    "--human-readable",
    "--ignore-glacier-warnings",
    "--no-follow-symlinks",
    "--no-guess-mime-type",
    "--no-overwrite",
    "--no-progress",
    "--only-show-errors",
    "--quiet",
    "--recursive",
    "--size-only",
    "--summarize",
    "--validate-same-s3-paths",
    "--no-validate-same-s3-paths",
    "--generate-cli-skeleton",
];

impl Scanner<'_> {
    /// Notes the `aws` command that a command is, or runs.
    pub(super) fn aws_command(&mut self, words: &[Token]) {
        let Some((command, placeholder)) = program(words) else { return };
        let [first, rest @ ..] = command else { return };
        let Some(name) = first.literal() else { return };
        if is_aws(name) {
            self.found.aws(Command::new(command, placeholder));
            return;
        }
        if name == "find" || name == "gfind" {
            let run = rest.iter().position(|word| {
                matches!(word.literal(), Some("-exec" | "-execdir" | "-ok" | "-okdir"))
            });
            if let Some(inner) = run.and_then(|at| rest.get(at + 1..))
                && let Some((inner, _)) = program(inner)
                && inner.first().and_then(Token::literal).is_some_and(is_aws)
            {
                let end = inner
                    .iter()
                    .position(|word| matches!(word.literal(), Some(";" | "+")))
                    .unwrap_or(inner.len());
                self.found.aws(Command::new(&inner[..end], Some("{}")));
            }
            return;
        }
        // A function of the script may run what it is given: `retry 3 aws s3 ls`.
        if let Some(at) = rest.iter().position(|word| word.literal().is_some_and(is_aws)) {
            let command = Command::new(&rest[at..], None);
            self.found.passed.push((name.to_owned(), command));
        }
    }
}

fn is_aws(name: &str) -> bool {
    name.rsplit('/').next() == Some("aws")
}

/// The command that is run in the end, and the text that stands for another one in it.
fn program(mut words: &[Token]) -> Option<(&[Token], Option<&str>)> {
    let mut placeholder = None;
    loop {
        let name = words.first()?.literal()?;
        let name = name.rsplit('/').next().unwrap_or(name);
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == name) else {
            return Some((words, placeholder));
        };
        // `command -v aws` only asks where it is.
        if name == "command" && words.get(1)?.literal().is_some_and(|word| word.starts_with('-')) {
            if words.get(1)?.literal() == Some("-p") {
                words = &words[2..];
                continue;
            }
            return None;
        }
        let mut at = 1;
        let mut own = wrapper.own;
        while let Some(word) = words.get(at) {
            let text = word.literal().unwrap_or(&word.prefix);
            let assigns = matches!(name, "env" | "sudo") && text.contains('=');
            if text.starts_with('-') && text.len() > 1 {
                if name == "xargs" && text.starts_with("-I") {
                    placeholder = match &text[2..] {
                        "" => words.get(at + 1).and_then(Token::literal),
                        inline => Some(inline),
                    };
                }
                at += 1 + usize::from(wrapper.valued.contains(&text));
            } else if own > 0 {
                own -= 1;
                at += 1;
            } else if assigns {
                at += 1;
            } else {
                break;
            }
        }
        words = words.get(at..)?;
    }
}

impl Command {
    /// The same command at another place.
    pub(super) fn moved(mut self, place: impl Fn(&Range<usize>) -> Range<usize>) -> Self {
        self.range = place(&self.range);
        for seen in &mut self.words {
            seen.range = place(&seen.range);
        }
        self
    }

    fn new(words: &[Token], placeholder: Option<&str>) -> Self {
        let range = match (words.first(), words.last()) {
            (Some(first), Some(last)) => first.range.start..last.range.end,
            _ => 0..0,
        };
        let seen = words.iter().map(|token| {
            let word = match token.word() {
                Word::Literal(text) if placeholder.is_some_and(|held| text.contains(held)) => {
                    Word::Other
                }
                word => word,
            };
            let (prefix, range) = (token.prefix.clone(), token.range.clone());
            let (splits, many, forwards) = (token.splits, token.many, token.forwards);
            Seen { word, prefix, range, splits, many, forwards }
        });
        Self { range, words: seen.collect() }
    }
}

impl Found {
    /// Takes an `aws` command apart.
    pub(super) fn aws(&mut self, command: Command) {
        let mut parts: Vec<&Seen> = Vec::new();
        let mut options: Vec<(String, Option<Word>)> = Vec::new();
        let mut arguments = Vec::new();
        let mut open = false;
        let mut words = command.words.iter().skip(1).peekable();
        while let Some(seen) = words.next() {
            open |= seen.many || (seen.splits && !seen.prefix.starts_with("--"));
            let Some(text) = option(seen) else {
                if parts.len() < 2 {
                    parts.push(seen);
                    if !matches!(seen.word, Word::Literal(_)) {
                        break;
                    }
                } else {
                    arguments.push(seen.word.clone());
                }
                continue;
            };
            if let Some((name, value)) = text.split_once('=') {
                let written = matches!(seen.word, Word::Literal(_));
                let value = if written { Word::Literal(value.to_owned()) } else { Word::Other };
                options.push((name.to_owned(), Some(value)));
                continue;
            }
            if FLAGS.contains(&text) {
                options.push((text.to_owned(), None));
                continue;
            }
            // Before the operation an option has one value, behind it all words up to the next option.
            let most = if parts.len() < 2 || VALUED.contains(&text) { 1 } else { usize::MAX };
            let mut values = Vec::new();
            while values.len() < most
                && let Some(next) = words.next_if(|next| option(next).is_none())
            {
                open |= next.many;
                values.push(next.word.clone());
            }
            let value = if values.len() > 1 { Some(Word::Other) } else { values.pop() };
            options.push((text.to_owned(), value));
        }
        let [service, operation] = parts.as_slice() else {
            if let Some(part) = parts.last()
                && !matches!(part.word, Word::Literal(_))
            {
                let to = if part.forwards { &mut self.forwarded } else { &mut self.unreadable };
                to.push(command.range.start..part.range.end);
            }
            return;
        };
        match (&service.word, &operation.word) {
            (Word::Literal(service), Word::Literal(named)) => self.calls.push(AwsCall {
                service: service.clone(),
                operation: named.clone(),
                options,
                arguments,
                open,
                range: command.range.start..operation.range.end,
            }),
            _ => self.unreadable.push(command.range.start..operation.range.end),
        }
    }
}

/// The word, when it is an option.
fn option(seen: &Seen) -> Option<&str> {
    let text = match &seen.word {
        Word::Literal(text) => text,
        _ => &seen.prefix,
    };
    (text.starts_with("--") && text.len() > 2).then_some(text.as_str())
}
