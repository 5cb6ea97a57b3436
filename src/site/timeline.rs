//! Where the time of a run went: work, waiting for people, waiting for health, standing still. In numbers, and as a
//! picture with one row a step.

use super::graph::cut;
use super::spoken::{escaped, millis};
use crate::engine::event::Event;
use crate::model::id::StepKey;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a stretch of time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Work,
    People,
    Health,
    Undo,
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::People => "people",
            Self::Health => "health",
            Self::Undo => "undo",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::People => "waiting for people",
            Self::Health => "waiting for health",
            Self::Undo => "taking back",
        }
    }
}

/// A stretch of time of one row, in milliseconds since the run began.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    row: usize,
    kind: Kind,
    from: i64,
    to: i64,
}

/// Where the time went, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) whole: u64,
    pub(super) people: u64,
    pub(super) health: u64,
    pub(super) still: u64,
}

impl Spent {
    pub(super) const fn work(&self) -> u64 {
        self.whole
            .saturating_sub(self.people)
            .saturating_sub(self.health)
            .saturating_sub(self.still)
    }
}

/// The history of a run, taken apart.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    rows: Vec<String>,
    stretches: Vec<Stretch>,
    /// When nothing went on, from and to.
    stills: Vec<(i64, i64)>,
    pub(super) spent: Spent,
}

#[derive(Default)]
struct Reading {
    out: Timeline,
    places: BTreeMap<String, usize>,
    open: BTreeMap<(usize, &'static str), (Kind, i64)>,
    waiting: usize,
    still_since: Option<i64>,
    last: i64,
    /// When the last step ended, and so the wait for health began.
    steps_done: i64,
}

/// Takes the events of a run apart. `title` names a step.
pub(super) fn read(events: &[(Timestamp, Event)], title: &dyn Fn(&StepKey) -> String) -> Timeline {
    let Some((first, _)) = events.first() else { return Timeline::default() };
    let mut reading = Reading::default();
    for (at, event) in events {
        let at = at.as_millisecond() - first.as_millisecond();
        reading.account(at, event);
        reading.event(at.max(reading.last), event, title);
        reading.last = at.max(reading.last);
    }
    let last = reading.last;
    let open: Vec<_> = reading.open.keys().copied().collect();
    for (row, phase) in open {
        reading.close(row, phase, last);
    }
    if let Some(since) = reading.still_since {
        reading.out.stills.push((since, last));
    }
    reading.out.spent.whole = u64::try_from(last).unwrap_or(0);
    reading.out
}

impl Reading {
    /// Adds the time since the last event to what it was spent on.
    fn account(&mut self, at: i64, event: &Event) {
        let passed = u64::try_from(at - self.last).unwrap_or(0);
        if self.still_since.is_some() {
            self.out.spent.still += passed;
        } else if matches!(
            event,
            Event::HealthProbed { .. } | Event::RunSucceeded { .. } | Event::RunUndone { .. }
        ) {
            self.out.spent.health += passed;
        } else if self.waiting > 0 {
            self.out.spent.people += passed;
        }
    }

    fn row(&mut self, key: &StepKey, title: &dyn Fn(&StepKey) -> String) -> usize {
        if let Some(row) = self.places.get(key.as_str()) {
            return *row;
        }
        let row = self.out.rows.len();
        self.out.rows.push(title(key));
        self.places.insert(key.as_str().to_owned(), row);
        row
    }

    fn close(&mut self, row: usize, phase: &'static str, at: i64) {
        if let Some((kind, from)) = self.open.remove(&(row, phase)) {
            self.out.stretches.push(Stretch { row, kind, from, to: at });
            if phase == "wait" {
                self.waiting = self.waiting.saturating_sub(1);
            }
        }
    }

    fn begin(&mut self, row: usize, phase: &'static str, kind: Kind, at: i64) {
        self.close(row, phase, at);
        self.open.insert((row, phase), (kind, at));
    }

    fn event(&mut self, at: i64, event: &Event, title: &dyn Fn(&StepKey) -> String) {
        match event {
            Event::RunPaused { .. } | Event::RunStuck {} => {
                let open: Vec<_> = self.open.keys().copied().collect();
                open.into_iter().for_each(|(row, phase)| self.close(row, phase, at));
                self.waiting = 0;
                self.still_since.get_or_insert(at);
            }
            Event::RunResumed { .. } | Event::UndoBegun { .. } => {
                if let Some(since) = self.still_since.take() {
                    self.out.stills.push((since, at));
                }
            }
            Event::StepWaiting { step, .. } => {
                let row = self.row(step, title);
                self.begin(row, "wait", Kind::People, at);
                self.waiting += 1;
            }
            Event::StepStarted(started) => {
                let row = self.row(&started.step, title);
                self.close(row, "wait", at);
                self.begin(row, "work", Kind::Work, at);
            }
            Event::UndoStarted { step } => {
                let row = self.row(step, title);
                self.begin(row, "undo", Kind::Undo, at);
            }
            Event::HealthProbed { probe, .. } => {
                let row = self.out.rows.len();
                self.out.rows.push(format!("Health: {}", title(probe)));
                let from = self.steps_done;
                self.out.stretches.push(Stretch { row, kind: Kind::Health, from, to: at });
            }
            Event::StepOpened { .. } | Event::ObligationIncurred(_) => {}
            other => {
                if let Some(step) = other.step() {
                    let row = self.row(step, title);
                    for phase in ["wait", "work", "undo"] {
                        self.close(row, phase, at);
                    }
                    self.steps_done = at;
                }
            }
        }
    }
}

/// The measures of the picture.
const LABEL: f64 = 230.0;
const CHART: f64 = 640.0;
const ROW: f64 = 24.0;
const TOP: f64 = 26.0;
/// What a stretch of standing still takes up, however long it was.
const STILL: f64 = 28.0;
/// More rows than this are too many for a picture.
const MOST: usize = 200;

impl Timeline {
    /// The picture. Nothing when nothing was done.
    pub(super) fn draw(&self) -> Option<String> {
        if self.stretches.is_empty() {
            return None;
        }
        let rows = self.rows.len().min(MOST);
        let (width, height) = (LABEL + CHART + 90.0, TOP + rows as f64 * ROW + 8.0);
        let mut svg = format!(
            "<svg class=\"timeline\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
            escaped(&self.said())
        );
        self.axis(&mut svg, height);
        for (row, title) in self.rows.iter().take(MOST).enumerate() {
            let y = TOP + row as f64 * ROW;
            // Writing to a `String` cannot fail.
            let _ = write!(
                svg,
                "<line class=\"row\" x1=\"0\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/><text class=\"label\" x=\"0\" y=\"{}\">{}</text>",
                y + 16.0,
                escaped(&cut(title, 32))
            );
        }
        let mut last: BTreeMap<usize, i64> = BTreeMap::new();
        for stretch in self.stretches.iter().filter(|one| one.row < MOST) {
            let ends = last.entry(stretch.row).or_insert(stretch.from);
            *ends = stretch.from.max(*ends);
        }
        for stretch in self.stretches.iter().filter(|one| one.row < MOST) {
            self.bar(&mut svg, stretch, last.get(&stretch.row) == Some(&stretch.from));
        }
        svg.push_str("</svg>");
        Some(svg)
    }

    fn said(&self) -> String {
        let spent = &self.spent;
        format!(
            "Timeline: {} of work, {} waiting for people, {} waiting for health, {} standing still",
            millis(spent.work()),
            millis(spent.people),
            millis(spent.health),
            millis(spent.still)
        )
    }

    /// The place of a moment. Standing still takes up little, so that work can be seen.
    fn x(&self, at: i64) -> f64 {
        let still: i64 = self.stills.iter().map(|(from, to)| to - from).sum();
        let whole = i64::try_from(self.spent.whole).unwrap_or(i64::MAX);
        let going = ((whole - still).max(1)) as f64;
        let room = CHART - STILL * self.stills.len() as f64;
        let mut x = LABEL;
        let mut passed = at;
        for (from, to) in &self.stills {
            if at >= *to {
                passed -= to - from;
                x += STILL;
            } else if at > *from {
                passed -= at - from;
                x += STILL * (at - from) as f64 / ((to - from).max(1)) as f64;
            }
        }
        x + room.max(60.0) * passed as f64 / going
    }

    fn axis(&self, svg: &mut String, height: f64) {
        for (from, to) in &self.stills {
            let (x, width) = (self.x(*from), STILL);
            let _ = write!(
                svg,
                "<rect class=\"still\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width}\" height=\"{}\"><title>stood still for {}</title></rect>",
                height - TOP - 8.0,
                millis(u64::try_from(to - from).unwrap_or(0))
            );
        }
        let whole = i64::try_from(self.spent.whole).unwrap_or(0);
        let ends = [(0, "start"), (whole, "end")];
        for (at, anchor) in ends {
            let text = if at == 0 { "0".to_owned() } else { millis(self.spent.whole) };
            let _ = write!(
                svg,
                "<text class=\"tick\" x=\"{:.1}\" y=\"14\" text-anchor=\"{anchor}\">{text}</text>",
                self.x(at)
            );
        }
    }

    fn bar(&self, svg: &mut String, stretch: &Stretch, is_last: bool) {
        let (x, end) = (self.x(stretch.from), self.x(stretch.to));
        let width = (end - x).max(2.0);
        let y = TOP + stretch.row as f64 * ROW + 5.0;
        let took = millis(u64::try_from(stretch.to - stretch.from).unwrap_or(0));
        let class = stretch.kind.class();
        let _ = write!(
            svg,
            "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"14\" rx=\"2\"><title>{}: {took} of {}</title></rect>",
            escaped(&self.rows[stretch.row]),
            stretch.kind.word()
        );
        if is_last {
            let _ = write!(
                svg,
                "<text class=\"took\" x=\"{:.1}\" y=\"{}\">{took}</text>",
                x + width + 6.0,
                y + 11.0
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Operator, PauseCause, StepStarted};
    use crate::engine::outcome::Question;
    use crate::model::value::Values;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).expect("a moment")
    }

    fn key() -> StepKey {
        StepKey::from_text("one")
    }

    fn started() -> Event {
        Event::StepStarted(Box::new(StepStarted {
            step: key(),
            attempt: 1,
            account: None,
            inputs: String::new(),
            memo: serde_json::Value::Null,
        }))
    }

    #[test]
    fn every_second_is_spent_on_one_thing() {
        let question = Question::Agree { text: "?".to_owned() };
        let resumed =
            Event::RunResumed { operator: Operator::default(), reason: None, revised: None };
        let events = [
            (
                at(0),
                Event::StepSkipped {
                    step: StepKey::from_text("zero"),
                    reason: crate::engine::event::SkipReason::Empty,
                },
            ),
            (at(1), Event::StepWaiting { step: key(), question }),
            (
                at(11),
                Event::StepAnswered { step: key(), by: "jo".to_owned(), values: Values::new() },
            ),
            (at(11), started()),
            (at(13), Event::RunPaused { cause: PauseCause::Operator }),
            (at(113), resumed),
            (at(114), Event::StepSucceeded { step: key(), outputs: Values::new(), took_ms: 1 }),
            (
                at(119),
                Event::HealthProbed {
                    probe: StepKey::from_text("well"),
                    healthy: true,
                    detail: String::new(),
                    took_ms: 1,
                },
            ),
        ];
        let timeline = read(&events, &|key| key.to_string());
        let spent = timeline.spent;
        assert_eq!(
            (spent.whole, spent.people, spent.still, spent.health),
            (119_000, 10_000, 100_000, 5_000)
        );
        assert_eq!(spent.work(), 4_000);
        let svg = timeline.draw().expect("a picture");
        assert!(svg.contains("stood still for 1m40s") && svg.contains("Health: well"), "{svg}");
        // What stood still takes up little: the work before it and after it can be seen.
        assert!(timeline.x(113_000) - timeline.x(13_000) < STILL + 1.0);
    }
}
