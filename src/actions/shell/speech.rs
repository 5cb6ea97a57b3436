//! What a script says while it runs: told line by line, kept in its log, or held until it is safe.

use super::lines::{Lane, Line};
use crate::actions::context::{Report, Teller};
use crate::mask::Masker;
use std::collections::VecDeque;
use std::io::Write;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How many lines a failure quotes.
const QUOTED: usize = 20;

/// How much is held of a script whose secrets are not known yet, in bytes.
const LARGEST_HELD: usize = 1024 * 1024;

/// How much of its standard output may be one JSON object, in bytes.
pub(super) const LARGEST_JSON: usize = 4 * 1024 * 1024;

/// How much is read at once, in bytes.
const READ: usize = 16 * 1024;

/// Everything one attempt says.
pub(super) struct Speech {
    masker: Masker,
    teller: Teller,
    log: Box<dyn Write + Send + Sync>,
    log_failed: bool,
    out: Lane,
    err: Lane,
    last: VecDeque<String>,
    /// Lines that may hold secrets which only the end of the script makes known.
    held: Option<Held>,
    /// Standard output, when it is the script's result and not talk.
    json: Option<Vec<u8>>,
}

#[derive(Default)]
struct Held {
    lines: VecDeque<Line>,
    bytes: usize,
    dropped: usize,
}

impl Speech {
    pub(super) fn new(
        masker: &Masker,
        teller: Teller,
        log: Box<dyn Write + Send + Sync>,
        hold: bool,
        json: bool,
    ) -> Self {
        Self {
            masker: masker.clone(),
            teller,
            log,
            log_failed: false,
            out: Lane::new(masker),
            err: Lane::new(masker),
            last: VecDeque::new(),
            held: hold.then(Held::default),
            json: json.then(Vec::new),
        }
    }

    /// Reads both streams until both have ended.
    pub(super) async fn listen(
        &mut self,
        mut out: impl AsyncRead + Unpin,
        mut err: impl AsyncRead + Unpin,
    ) {
        let (mut from_out, mut from_err) = (vec![0; READ], vec![0; READ]);
        let (mut out_open, mut err_open) = (true, true);
        while out_open || err_open {
            tokio::select! {
                read = out.read(&mut from_out), if out_open => {
                    // A stream that cannot be read has nothing more to say.
                    let length = read.unwrap_or(0);
                    out_open = length > 0;
                    self.heard_out(&from_out[..length]).await;
                }
                read = err.read(&mut from_err), if err_open => {
                    let length = read.unwrap_or(0);
                    err_open = length > 0;
                    let lines = self.err.push(&from_err[..length]);
                    self.say(lines).await;
                }
            }
        }
    }

    async fn heard_out(&mut self, bytes: &[u8]) {
        if let Some(json) = &mut self.json {
            // One byte too many tells that there was more.
            let room = (LARGEST_JSON + 1).saturating_sub(json.len());
            json.extend_from_slice(&bytes[..bytes.len().min(room)]);
        } else {
            let lines = self.out.push(bytes);
            self.say(lines).await;
        }
    }

    /// Says what was left without an end.
    pub(super) async fn finish(&mut self) {
        let mut lines = self.out.finish();
        lines.extend(self.err.finish());
        self.say(lines).await;
    }

    /// Standard output, when it is the result.
    pub(super) fn json(&mut self) -> Vec<u8> {
        self.json.take().unwrap_or_default()
    }

    /// Says what was held, now that the secrets are known; or that it never will be.
    pub(super) async fn release(&mut self, withhold: bool) {
        let Some(held) = self.held.take() else { return };
        if withhold {
            let text =
                "the output is not shown: the secrets in it could not be made known".to_owned();
            self.say(vec![Line { text, cut: false }]).await;
            return;
        }
        if held.dropped > 0 {
            let text = format!("{} bytes of output are left out here", held.dropped);
            self.say(vec![Line { text, cut: false }]).await;
        }
        // Together, so that a secret of several lines is seen as one.
        let mut text = String::with_capacity(held.bytes + held.lines.len());
        for line in held.lines {
            text.push_str(&line.text);
            if !line.cut {
                text.push('\n');
            }
        }
        let mut lane = Lane::new(&self.masker);
        let mut lines = lane.push(text.as_bytes());
        lines.extend(lane.finish());
        self.say(lines).await;
    }

    /// The last lines, for the message of a failure.
    pub(super) fn last_lines(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }

    async fn say(&mut self, lines: Vec<Line>) {
        if let Some(held) = &mut self.held {
            held.hold(lines);
            return;
        }
        let mut bytes = Vec::new();
        for line in &lines {
            bytes.extend_from_slice(line.text.as_bytes());
            bytes.push(b'\n');
        }
        if !self.log_failed && self.log.write_all(&bytes).is_err() {
            // The step goes on without its log: stopping a change half-way would be worse.
            self.log_failed = true;
            let text = "the output is not kept: its log cannot be written".to_owned();
            self.teller.say(Report::Line(text)).await;
        }
        for line in lines {
            if self.last.len() == QUOTED {
                self.last.pop_front();
            }
            self.last.push_back(line.text.clone());
            self.teller.say(Report::Line(line.text)).await;
        }
    }
}

impl Held {
    fn hold(&mut self, lines: Vec<Line>) {
        for line in lines {
            self.bytes += line.text.len();
            self.lines.push_back(line);
            while self.bytes > LARGEST_HELD
                && let Some(first) = self.lines.pop_front()
            {
                self.bytes -= first.text.len();
                self.dropped += first.text.len();
            }
        }
    }
}
