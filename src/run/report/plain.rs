//! A run where nobody looks at a terminal: one plain line an event, and nothing that moves.

use super::summary::{Tally, certainty, not_undone, summarize, title};
use super::text::{Paint, counted, grouped, harmless};
use super::{Reporter, View, closing};
use crate::actions::context::Report;
use crate::engine::event::{Event, Resolver, SkipReason, Verdict};
use crate::engine::outcome::Failure;
use crate::model::duration::Short;
use crate::model::id::StepKey;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

/// A log is read in an editor, not folded by one.
const COLUMNS: usize = 100;

/// Writes plain lines. A failed write ends the output, not the run.
pub struct Plain<W> {
    to: W,
    closed: bool,
    tally: Tally,
    /// The last tenth of each counted work that was told, so that a log does not fill with numbers.
    tenths: BTreeMap<StepKey, u64>,
    /// The steps whose trouble was told.
    told: BTreeSet<StepKey>,
}

impl<W: Write + Send> Plain<W> {
    /// Writes there.
    pub fn new(to: W) -> Self {
        Self {
            to,
            closed: false,
            tally: Tally::default(),
            tenths: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    fn line(&mut self, line: &str) {
        if !self.closed {
            let line = line.trim_end();
            self.closed = writeln!(self.to, "{line}").and_then(|()| self.to.flush()).is_err();
        }
    }

    fn say(&mut self, at: Timestamp, word: &str, text: &str) {
        let at = at.strftime("%H:%M:%SZ");
        self.line(&format!("{at} {word:<8} {}", harmless(text)));
    }

    fn failed(
        &mut self,
        at: Timestamp,
        (word, what): (&str, &str),
        failure: &Failure,
        certain: &str,
    ) {
        self.say(at, word, &format!("{what}: {}", failure.message.trim_end().replace('\n', " / ")));
        self.say(at, "certain", certain);
        if let Some(hint) = &failure.hint {
            self.say(at, "hint", hint);
        }
    }

    fn head(&mut self, at: Timestamp, view: &View<'_>) {
        let began = &view.state.began;
        let book = view.plan.root.book.front.title.as_ref().map_or("", |title| &title.value);
        self.say(at, "run", &format!("{} {book} ({})", began.run, began.runbook));
        self.say(at, "where", &format!("{} ({})", began.environment, began.mode));
        for (name, account) in &began.accounts {
            self.say(at, "account", &format!("{name} = {} {}", account.id, account.region));
        }
    }

    fn close(&mut self, view: &View<'_>) {
        let summary = summarize(view.plan, view.state);
        for line in closing::lines(&summary, Some(&self.tally), &self.told, (Paint::Plain, COLUMNS))
        {
            self.line(&line);
        }
    }

    fn step(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        let Some(key) = event.step() else { return };
        let titled = format!("{key} ({})", title(view.plan, key));
        if matches!(event, Event::StepFailed { .. } | Event::UndoFailed { .. }) {
            self.told.insert(key.clone());
        }
        match event {
            Event::StepSkipped { reason, .. } => {
                self.say(at, "skipped", &format!("{titled}: {}", skipped(reason)));
            }
            Event::StepOpened { items, .. } => {
                let what = items.as_ref().map_or_else(
                    || "runs another runbook".to_owned(),
                    |items| counted(items.len(), "element"),
                );
                self.say(at, "open", &format!("{titled}: {what}"));
            }
            Event::StepWaiting { question, .. } => {
                self.say(at, "waiting", &format!("{titled}: {}", question.text()));
            }
            Event::StepAnswered { by, .. } => self.say(at, "answered", &format!("{key} by {by}")),
            Event::StepStarted(started) => {
                let again = match started.attempt {
                    0 | 1 => String::new(),
                    attempt => format!(", attempt {attempt}"),
                };
                self.say(at, "start", &format!("{titled}{again}"));
            }
            Event::StepInPlace { .. } => self.say(at, "in place", &titled),
            Event::StepSucceeded { took_ms, .. } => {
                let took = Short(Duration::from_millis(*took_ms));
                self.say(at, "done", &format!("{titled} in {took}"));
            }
            Event::StepFailed { failure, .. } => {
                let what = format!("{titled} ({})", failure.stage);
                let certain = certainty(view.plan, view.state, key, failure);
                self.failed(at, ("FAILED", &what), failure, certain);
            }
            Event::StepUnknown { cause, .. } => {
                self.say(at, "UNKNOWN", &format!("{titled}: {cause}"));
            }
            Event::StepParked { .. } => self.say(at, "parked", &titled),
            Event::StepResolved { verdict, by, .. } => {
                self.say(at, "resolved", &format!("{key}: {}", resolved(verdict, by)));
            }
            Event::UndoStarted { .. } => self.say(at, "undo", &titled),
            Event::UndoSucceeded { note, .. } => {
                let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                self.say(at, "undone", &format!("{titled}{note}"));
            }
            Event::UndoFailed { failure, .. } => {
                self.failed(at, ("UNDO FAILED", &titled), failure, not_undone(failure));
            }
            Event::ObligationIncurred(owed) => {
                self.say(at, "owed", &format!("by {}: {} ({key})", owed.due, owed.text));
            }
            _ => {}
        }
    }
}

/// Why a step will not run, in words.
#[must_use]
pub fn skipped(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition { expression } => format!("`{}` is false", harmless(expression)),
        SkipReason::Empty => "nothing to do: its list is empty".to_owned(),
        SkipReason::Operator { by, reason } => {
            format!("{} says: {}", harmless(by), harmless(reason))
        }
    }
}

/// How an open outcome was settled, in words.
#[must_use]
pub fn resolved(verdict: &Verdict, by: &Resolver) -> String {
    let what = match verdict {
        Verdict::Done { .. } => "its effect is in place",
        Verdict::Retry => "it may run again",
    };
    match by {
        Resolver::Observation => format!("{what}, as a look at the world shows"),
        Resolver::Repeatable => format!("{what}, for a repeat is harmless"),
        Resolver::Operator { by, reason } => {
            format!("{what}, says {}: {}", harmless(by), harmless(reason))
        }
    }
}

impl<W: Write + Send> Reporter for Plain<W> {
    fn event(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        self.tally.event(at, event);
        match event {
            Event::RunStarted(_) => self.head(at, view),
            Event::RunResumed { operator, revised, .. } => {
                self.head(at, view);
                let with = revised.as_ref().map_or("", |_| ", with the files as they are now");
                self.say(at, "resumed", &format!("by {}@{}{with}", operator.user, operator.host));
            }
            Event::UndoBegun { operator } => {
                self.say(at, "undoing", &format!("by {}@{}", operator.user, operator.host));
            }
            Event::RunTakenOver { operator, reason } => {
                self.say(at, "taken", &format!("by {}@{}: {reason}", operator.user, operator.host));
            }
            Event::HealthProbed { probe, healthy, detail, took_ms } => {
                let word = if *healthy { "healthy" } else { "UNHEALTHY" };
                let took = Short(Duration::from_millis(*took_ms));
                let why = if detail.is_empty() { String::new() } else { format!(": {detail}") };
                self.say(at, word, &format!("{probe} after {took}{why}"));
            }
            Event::RunPaused { .. }
            | Event::RunSucceeded { .. }
            | Event::RunAborted { .. }
            | Event::RunUndone { .. }
            | Event::RunStuck {} => self.close(view),
            step => self.step(at, step, view),
        }
    }

    fn report(&mut self, step: &StepKey, report: &Report) {
        match report {
            Report::Line(text) => self.line(&format!("{step} | {}", harmless(text))),
            Report::Count { done, total, unit } => {
                let tenth =
                    total.filter(|total| *total > 0).map_or(done / 1_000, |total| match total {
                        // A few things are told once, when they are all done.
                        0..=100 => u64::from(*done == total),
                        _ => done.saturating_mul(10) / total,
                    });
                if self.tenths.insert(step.clone(), tenth).unwrap_or(0) != tenth {
                    let of =
                        total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
                    self.line(&format!("{step} | {}{of} {unit}", grouped(*done)));
                }
            }
            Report::Resource { name, kind, status, reason } => {
                let reason = reason.as_ref().filter(|why| !why.is_empty());
                let reason = reason.map(|why| format!(": {why}")).unwrap_or_default();
                let text = format!("{status} {kind} {name}{reason}");
                self.line(&format!("{step} | {}", harmless(&text)));
            }
            Report::Waiting(what) => self.line(&format!("{step} | waiting: {}", harmless(what))),
        }
    }

    fn note(&mut self, text: &str) {
        self.line(&format!("note: {}", harmless(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::Plain;

    #[test]
    fn one_plain_line_an_event() {
        let mut written = Vec::new();
        recorded::tell(&mut Plain::new(&mut written), usize::MAX);
        let text = String::from_utf8(written).unwrap();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        insta::assert_snapshot!(text, @r#"
        16:18:45Z run      20261122-161845-k3f9 Replace a customer-managed KMS key (kms-replace)
        16:18:45Z where    production (real)
        16:18:45Z account  data = 222222222222 eu-west-1
        16:18:45Z start    look (Look at the old key)
        look | enabled: true
        16:18:46Z done     look (Look at the old key) in 1.2s
        16:18:46Z waiting  declare (Say who is in charge): Declare the incident in the channel.
        16:20:16Z answered declare by ada@pager
        16:20:16Z start    declare (Say who is in charge)
        16:20:16Z done     declare (Say who is in charge) in 0s
        16:20:16Z start    deploy (Deploy the stacks of the recovery account, all of them, in their order)
        deploy | CREATE_IN_PROGRESS AWS::S3::Bucket CorpusBucket
        deploy | CREATE_COMPLETE AWS::S3::Bucket CorpusBucket
        16:23:28Z done     deploy (Deploy the stacks of the recovery account, all of them, in their order) in 3m12s
        16:23:28Z open     copy (Copy): 2 elements
        16:23:28Z skipped  copy[0] (Copy): ada says: done last week
        16:23:28Z start    copy[1] (Copy)
        copy[1] | 1,234 of 5,000 objects
        16:24:08Z done     copy[1] (Copy) in 40s
        16:24:08Z owed     by 2027-01-31: keep the old key until the last log under it has expired (copy[1])
        16:24:08Z done     copy (Copy) in 40s
        16:24:08Z start    retire (Retire the old key)
        retire | scheduling the deletion
        16:24:08Z FAILED   retire (Retire the old key) (invocation): kms:ScheduleKeyDeletion in account 222222222222 (data), eu-west-1: AccessDenied: the role RunbookOperator may not delete keys
        16:24:08Z certain  It had begun: its effect may be there in part.
        16:24:08Z hint     Ask the account's owner for kms:ScheduleKeyDeletion, then retry.

        ✗ Paused: a step failed
          steps     4 done, 1 skipped, 1 failed, 1 pending
          time      3m53s of work, 1m30s waiting for people
          trouble   ✗ Retire the old key (retire)
          owed      • by 2027-01-31: keep the old key until the last log under it has expired (copy[1])
          next      # run it again
                    runbook resume 20261122-161845-k3f9 --step retire=retry
                    # or: its effect is in place, you saw to it
                    runbook resume 20261122-161845-k3f9 --step retire=done --reason '…'
                    # or: go on without it
                    runbook resume 20261122-161845-k3f9 --step retire=skip --reason '…'
                    # or: give it up as it stands
                    runbook abort 20261122-161845-k3f9 --reason '…'
                    # when it is due: settle what is owed
                    runbook run kms-retire --env production -p 'key=alias/old corpus'
        "#);
    }

    #[test]
    fn a_closed_pipe_ends_the_output_and_not_the_run() {
        struct Closed(usize);
        impl std::io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                self.0 += 1;
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut reporter = Plain::new(Closed(0));
        recorded::tell(&mut reporter, usize::MAX);
        assert_eq!(reporter.to.0, 1);
    }
}
