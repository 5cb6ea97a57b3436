//! A run on a terminal: what has ended scrolls up, what is under way moves at the bottom.

use super::summary::{Tally, certainty, not_undone, summarize, title};
use super::text::{Paint, counted, cut, fold, grouped, harmless, width};
use super::{Reporter, View, closing, plain};
use crate::actions::context::Report;
use crate::engine::event::Event;
use crate::engine::outcome::Failure;
use crate::model::duration::Short;
use crate::model::id::StepKey;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Lines longer than this are hard to read across, however wide the terminal is.
const WIDEST: usize = 110;

/// How many lines of a step's output are shown again when it fails.
const KEPT_LINES: usize = 8;

/// How often what is under way is drawn again.
const TICK: Duration = Duration::from_millis(120);

/// A terminal: where to draw, how wide it is, and whether it has colours.
pub struct Terminal {
    /// Makes the target to draw to. Asked again after every question.
    pub target: Box<dyn Fn() -> ProgressDrawTarget + Send>,
    /// How many columns it has now.
    pub columns: Box<dyn Fn() -> usize + Send>,
    /// Whether it has colours.
    pub paint: Paint,
}

/// Draws a run.
pub struct Human {
    terminal: Terminal,
    bars: MultiProgress,
    live: BTreeMap<StepKey, Live>,
    /// The phase whose heading was shown last.
    phase: Option<usize>,
    tally: Tally,
    /// Lines that came while a person is being asked.
    held: Option<Vec<String>>,
    /// The steps whose trouble was told.
    told: BTreeSet<StepKey>,
    /// Whether the head has been shown before.
    headless: bool,
}

/// A step under way: its row, and one row for what it says.
struct Live {
    row: ProgressBar,
    says: ProgressBar,
    counts: bool,
    began: Timestamp,
    lines: VecDeque<String>,
}

/// A row's left side.
struct Row<'a> {
    depth: usize,
    mark: String,
    title: &'a str,
    key: &'a str,
}

impl Human {
    /// Draws on that terminal.
    #[must_use]
    pub fn new(terminal: Terminal) -> Self {
        let bars = MultiProgress::with_draw_target((terminal.target)());
        Self {
            terminal,
            bars,
            live: BTreeMap::new(),
            phase: None,
            tally: Tally::default(),
            held: None,
            told: BTreeSet::new(),
            headless: false,
        }
    }

    /// The part of the terminal that moves. Whoever else writes a line there must go through it.
    #[must_use]
    pub fn screen(&self) -> MultiProgress {
        self.bars.clone()
    }

    /// The same run goes on at the same terminal: its head has been shown.
    #[must_use]
    pub fn continued(mut self) -> Self {
        self.headless = true;
        self
    }

    fn columns(&self) -> usize {
        // The last column stays free: some terminals wrap when it is written.
        (self.terminal.columns)().saturating_sub(1).clamp(20, WIDEST)
    }

    fn print(&mut self, line: String) {
        match &mut self.held {
            Some(held) => held.push(line),
            // A terminal that is gone has no reader; the journal has everything.
            None => drop(self.bars.println(if line.is_empty() { " ".to_owned() } else { line })),
        }
    }

    fn fold(&mut self, indent: usize, text: &str, style: fn(Paint, &str) -> String) {
        for line in fold(text, self.columns().saturating_sub(indent)) {
            self.print(format!("{:indent$}{}", "", style(self.terminal.paint, &line)));
        }
    }

    /// A row with its right side at the right edge.
    fn row(&self, row: &Row<'_>, right: &str) -> String {
        let left = self.left(row, self.columns().saturating_sub(width(right) + 2));
        format!("{left}  {}", self.terminal.paint.dim(right))
    }

    /// Mark, title and key in exactly that many columns. The title gives way first: the key is typed.
    fn left(&self, row: &Row<'_>, columns: usize) -> String {
        let paint = self.terminal.paint;
        let indent = 2 + 2 * row.depth;
        let room = columns.saturating_sub(indent + 2);
        let key = if row.key == row.title { "" } else { row.key };
        let for_title = room.saturating_sub(width(key) + 2).max(room.min(16));
        let title = cut(row.title, for_title);
        let key = cut(key, room.saturating_sub(width(&title) + 2));
        let fill = room.saturating_sub(width(&title) + 2 + width(&key));
        format!("{:indent$}{} {title}  {}{:fill$}", "", row.mark, paint.dim(&key), "")
    }

    fn head(&mut self, view: &View<'_>) {
        if self.headless {
            return;
        }
        let began = &view.state.began;
        let paint = self.terminal.paint;
        let book = &view.plan.root.book;
        let name = book.front.title.as_ref().map_or(&book.name, |title| &title.value);
        self.print(paint.strong(&cut(&harmless(name), self.columns())).to_string());
        let facts = format!("{} · {} · run {}", began.environment, began.mode, began.run);
        self.fold(2, &facts, |paint, text| paint.dim(text).to_string());
        for (name, account) in &began.accounts {
            let text = format!("{name} {} {}", account.id, account.region);
            self.fold(2, &text, |paint, text| paint.dim(text).to_string());
        }
        if let Some(rto) = &book.front.rto {
            let text = format!("objective: recovered within {}", Short(rto.value));
            self.fold(2, &text, |paint, text| paint.dim(text).to_string());
        }
    }

    fn heading(&mut self, key: &StepKey, view: &View<'_>) {
        if key.depth() > 0 || view.state.undoing {
            return;
        }
        let Some((planned, frame)) = view.plan.find(key) else { return };
        let phase = planned.step(frame).phase;
        if phase.is_some() && phase != self.phase {
            self.phase = phase;
            if let Some(phase) = phase.and_then(|index| frame.book.phases.get(index)) {
                let title = cut(&harmless(&phase.title), self.columns());
                self.print(String::new());
                self.print(self.terminal.paint.heading(&title).to_string());
            }
        }
    }

    fn begin(&mut self, at: Timestamp, key: &StepKey, title: &str, estimate: Option<Duration>) {
        let of = estimate.map(|time| format!(" of ~{}", Short(time))).unwrap_or_default();
        let right = 8 + width(&of);
        let row = Row { depth: key.depth(), mark: String::new(), title, key: key.as_str() };
        // The spinner stands where the mark will be.
        let left = self.left(&row, self.columns().saturating_sub(right + 3));
        let indent = 2 + 2 * key.depth();
        let bar = self.bars.add(ProgressBar::new_spinner());
        let took = move |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            // Writing to a line in memory cannot fail.
            let took = format!("{}{of}", Short(Duration::from_secs(state.elapsed().as_secs())));
            let _ = write!(to, "{took:>right$}");
        };
        bar.set_style(style("{prefix}{spinner:.cyan} {msg}  {took:.dim}").with_key("took", took));
        bar.set_prefix(" ".repeat(indent));
        bar.set_message(left.chars().skip(indent + 1).collect::<String>());
        let says = self.bars.insert_after(&bar, ProgressBar::new_spinner());
        says.set_style(style("{prefix}{msg:.dim}"));
        says.set_prefix(" ".repeat(indent + 2));
        if self.held.is_none() {
            bar.enable_steady_tick(TICK);
        }
        let live = Live { row: bar, says, counts: false, began: at, lines: VecDeque::new() };
        self.live.insert(key.clone(), live);
    }

    /// Takes a step from the bottom of the terminal, with everything in it: the probes of a look have no end of their own.
    /// Gives its last lines and how long it was there.
    fn end(&mut self, at: Timestamp, key: &StepKey) -> (VecDeque<String>, Option<Duration>) {
        let keys: Vec<StepKey> = self.live.keys().cloned().collect();
        keys.iter().filter(|one| one.is_inside(key)).for_each(|one| drop(self.end(at, one)));
        let Some(live) = self.live.remove(key) else { return (VecDeque::new(), None) };
        live.row.finish_and_clear();
        live.says.finish_and_clear();
        self.bars.remove(&live.row);
        self.bars.remove(&live.says);
        (live.lines, Duration::try_from(at.duration_since(live.began)).ok())
    }

    fn failure(
        &mut self,
        at: Timestamp,
        key: &StepKey,
        view: &View<'_>,
        (word, certain): (&str, &str),
        failure: &Failure,
    ) {
        self.told.insert(key.clone());
        let (lines, took) = self.end(at, key);
        let mark = self.terminal.paint.bad("✗").to_string();
        self.done(key, view, mark, &within(word, took));
        let indent = 4 + 2 * key.depth();
        for line in lines {
            let line = cut(&line, self.columns().saturating_sub(indent + 2));
            self.print(format!("{:indent$}{}", "", self.terminal.paint.dim(&format!("│ {line}"))));
        }
        self.fold(indent, &failure.message, |paint, text| paint.bad(text).to_string());
        self.fold(indent, certain, |_, text| text.to_owned());
        if let Some(hint) = &failure.hint {
            self.fold(indent, &format!("hint: {hint}"), |paint, text| paint.warn(text).to_string());
        }
    }

    fn done(&mut self, key: &StepKey, view: &View<'_>, mark: String, right: &str) {
        self.heading(key, view);
        let title = title(view.plan, key);
        let row = Row { depth: key.depth(), mark, title: &title, key: key.as_str() };
        let row = self.row(&row, right);
        self.print(row);
    }

    fn step(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        let Some(key) = event.step() else { return };
        let paint = self.terminal.paint;
        let (good, small) = (paint.good("✓").to_string(), paint.dim("•").to_string());
        let indent = 4 + 2 * key.depth();
        match event {
            Event::StepStarted(_) | Event::UndoStarted { .. } => {
                self.heading(key, view);
                let undoing = matches!(event, Event::UndoStarted { .. });
                let found = view.plan.find(key);
                let estimate = found
                    .and_then(|(planned, frame)| {
                        planned.step(frame).block.options.estimate.as_ref()
                    })
                    .filter(|_| !undoing);
                let title = title(view.plan, key);
                let title = if undoing { format!("Taking back: {title}") } else { title };
                self.begin(at, key, &title, estimate.map(|estimate| estimate.value));
            }
            Event::StepOpened { items, .. } => {
                let what = items
                    .as_ref()
                    .map_or_else(|| "begins".to_owned(), |items| counted(items.len(), "element"));
                self.done(key, view, small, &what);
            }
            Event::StepSucceeded { took_ms, .. } => {
                self.end(at, key);
                let estimate = view
                    .plan
                    .find(key)
                    .and_then(|(planned, frame)| {
                        planned.step(frame).block.options.estimate.as_ref()
                    })
                    .map(|estimate| format!(" of ~{}", Short(estimate.value)))
                    .unwrap_or_default();
                let took = Short(Duration::from_millis(*took_ms));
                self.done(key, view, good, &format!("done {took}{estimate}"));
            }
            Event::StepInPlace { .. } => self.done(key, view, good, "in place"),
            Event::StepSkipped { reason, .. } => {
                self.done(key, view, paint.warn("↷").to_string(), "skipped");
                self.fold(indent, &plain::skipped(reason), |paint, text| {
                    paint.dim(text).to_string()
                });
            }
            Event::StepWaiting { .. } => {
                self.done(key, view, paint.warn("?").to_string(), "waits for a person");
            }
            Event::StepFailed { failure, .. } => {
                let certain = certainty(view.plan, view.state, key, failure);
                self.failure(at, key, view, ("failed", certain), failure);
            }
            Event::UndoFailed { failure, .. } => {
                self.failure(at, key, view, ("not taken back", not_undone(failure)), failure)
            }
            Event::StepUnknown { cause, .. } => {
                let (_, took) = self.end(at, key);
                self.done(key, view, paint.bad("?").to_string(), &within("unknown", took));
                self.fold(indent, cause, |paint, text| paint.bad(text).to_string());
            }
            _ => self.aside(at, event, view),
        }
    }

    /// What happens beside the ordinary course of a step.
    fn aside(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        let Some(key) = event.step() else { return };
        let paint = self.terminal.paint;
        let (good, small) = (paint.good("✓").to_string(), paint.dim("•").to_string());
        let indent = 4 + 2 * key.depth();
        match event {
            Event::StepParked { .. } => {
                self.end(at, key);
                self.done(key, view, paint.warn("•").to_string(), "parked");
            }
            Event::StepResolved { verdict, by, .. } => {
                self.done(key, view, small, "resolved");
                self.fold(indent, &plain::resolved(verdict, by), |paint, text| {
                    paint.dim(text).to_string()
                });
            }
            Event::UndoSucceeded { note, .. } => {
                let (_, took) = self.end(at, key);
                self.done(key, view, good, &within("taken back", took));
                if let Some(note) = note {
                    self.fold(indent, note, |paint, text| paint.dim(text).to_string());
                }
            }
            Event::ObligationIncurred(owed) => {
                let text = format!("• owed by {}: {}", owed.due, owed.text);
                self.fold(indent, &text, |paint, text| paint.warn(text).to_string());
            }
            _ => {}
        }
    }

    fn probed(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        let Event::HealthProbed { probe, healthy, detail, took_ms } = event else { return };
        self.end(at, probe);
        let took = Short(Duration::from_millis(*took_ms));
        let (mark, word) = if *healthy {
            (self.terminal.paint.good("✓").to_string(), format!("healthy {took}"))
        } else {
            (self.terminal.paint.bad("✗").to_string(), format!("not healthy {took}"))
        };
        if view.state.health.len() <= 1 {
            self.print(String::new());
            self.print(self.terminal.paint.heading("Health").to_string());
        }
        let probed =
            view.plan.root.book.health.iter().find(|h| h.block.id.value.as_str() == probe.as_str());
        let title = probed.map_or_else(|| probe.to_string(), |health| harmless(&health.title));
        let row = Row { depth: 0, mark, title: &title, key: probe.as_str() };
        let row = self.row(&row, &word);
        self.print(row);
        if !healthy {
            self.fold(4, detail, |paint, text| paint.bad(text).to_string());
        }
    }

    fn close(&mut self, at: Timestamp, view: &View<'_>) {
        for key in self.live.keys().cloned().collect::<Vec<_>>() {
            self.end(at, &key);
        }
        let summary = summarize(view.plan, view.state);
        let columns = self.columns();
        for line in
            closing::lines(&summary, Some(&self.tally), &self.told, (self.terminal.paint, columns))
        {
            self.print(line);
        }
    }
}

fn within(word: &str, took: Option<Duration>) -> String {
    took.map_or_else(|| word.to_owned(), |took| format!("{word} {}", Short(took)))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_strings(&["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", "✓"])
        .progress_chars("━╸─")
}

impl Reporter for Human {
    fn event(&mut self, at: Timestamp, event: &Event, view: &View<'_>) {
        self.tally.event(at, event);
        match event {
            Event::RunStarted(_) | Event::RunResumed { .. } => self.head(view),
            Event::UndoBegun { .. } => {
                self.print(String::new());
                self.print(self.terminal.paint.heading("Taking back").to_string());
            }
            Event::RunTakenOver { operator, reason } => {
                self.note(&format!("taken over by {}@{}: {reason}", operator.user, operator.host));
            }
            Event::HealthProbed { .. } => self.probed(at, event, view),
            Event::RunPaused { .. }
            | Event::RunSucceeded { .. }
            | Event::RunAborted { .. }
            | Event::RunUndone { .. }
            | Event::RunStuck {} => self.close(at, view),
            step => self.step(at, step, view),
        }
    }

    fn report(&mut self, step: &StepKey, report: &Report) {
        if !self.live.contains_key(step) {
            self.begin(Timestamp::now(), step, step.as_str(), None);
        }
        if let Report::Resource { name, kind, status, reason } = report
            && (status.ends_with("_COMPLETE") || status.ends_with("FAILED"))
        {
            let paint = self.terminal.paint;
            let failed = status.ends_with("FAILED");
            let mark = if failed { paint.bad("✗") } else { paint.good("+") }.to_string();
            let (name, kind) = (harmless(name), harmless(kind));
            let row = Row { depth: step.depth() + 1, mark, title: &name, key: &kind };
            let row = self.row(&row, &harmless(&status.to_lowercase().replace('_', " ")));
            self.print(row);
            if let Some(reason) = reason.as_ref().filter(|_| failed) {
                self.fold(8, reason, |paint, text| paint.bad(text).to_string());
            }
        }
        let columns = self.columns().saturating_sub(4 + 2 * step.depth());
        let Some(live) = self.live.get_mut(step) else { return };
        match report {
            Report::Line(text) => {
                let text = harmless(text);
                if !live.counts {
                    live.says.set_message(cut(&text, columns));
                }
                live.lines.push_back(text);
                if live.lines.len() > KEPT_LINES {
                    live.lines.pop_front();
                }
            }
            Report::Count { done, total, unit } => {
                live.count(*done, *total, unit);
            }
            Report::Resource { name, status, .. } => {
                let text = format!("{} {}", status.to_lowercase().replace('_', " "), name);
                live.says.set_message(cut(&harmless(&text), columns));
            }
            Report::Waiting(what) => {
                live.says.set_message(cut(&format!("waiting: {}", harmless(what)), columns));
            }
        }
    }

    fn note(&mut self, text: &str) {
        self.fold(0, &format!("note: {text}"), |paint, text| paint.warn(text).to_string());
    }

    fn suspend(&mut self) {
        for live in self.live.values() {
            live.row.disable_steady_tick();
        }
        // A terminal that is gone has no reader.
        drop(self.bars.clear());
        self.bars.set_draw_target(ProgressDrawTarget::hidden());
        self.held.get_or_insert_with(Vec::new);
    }

    fn resume(&mut self) {
        self.bars.set_draw_target((self.terminal.target)());
        for line in self.held.take().unwrap_or_default() {
            self.print(line);
        }
        for live in self.live.values() {
            live.row.enable_steady_tick(TICK);
        }
    }
}

impl Live {
    fn count(&mut self, done: u64, total: Option<u64>, unit: &'static str) {
        match total {
            Some(total) => {
                if !self.counts {
                    self.says.set_style(style("{prefix}{bar:24.cyan/dim} {percent:>3}%  {msg}"));
                }
                self.says.set_length(total);
                self.says.set_position(done);
                self.says.set_message(format!("{} of {} {unit}", grouped(done), grouped(total)));
            }
            None => self.says.set_message(format!("{} {unit}", grouped(done))),
        }
        self.counts = total.is_some();
    }
}

#[cfg(test)]
#[path = "human_tests.rs"]
mod tests;
