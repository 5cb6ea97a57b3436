//! A plan for people: calm where nothing would be done, plain where something would.

use super::Shown;
use super::json::access;
use super::rows::{Row, does, reversal};
use super::words::{about, alike, mark, sentence, short, time, with, words};
use crate::actions::preview::{Kind, Preview};
use crate::model::duration::Short;
use crate::model::mode::Effect;
use crate::plan::Reversal;
use crate::run::foresight::{Standing, expectation};
use crate::run::report::text::{Paint, counted, cut, fold, harmless, width};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many elements of a loop are shown one by one.
const MOST_ELEMENTS: usize = 12;
/// How much of a reason is shown. What a step gave may be long; JSON has the whole.
const MOST_WHY: usize = 400;
/// The widest that a label before a text is.
const LABEL: usize = 10;

/// The whole plan.
pub(super) fn lines(shown: &Shown<'_>, paint: Paint, columns: usize) -> Vec<String> {
    let effects = shown.rows.0.iter().filter(|row| !row.planned.is_group());
    let effect = effects.map(|row| width(&row.planned.effect.to_string())).max().unwrap_or(0);
    let state = shown.rows.0.iter().map(|row| width(&words(row))).max().unwrap_or(0);
    let page = Page { paint, columns, effect, state };
    let mut lines = page.head(shown);
    lines.extend(page.refusals(shown));
    lines.extend(page.steps(shown));
    lines.extend(page.health(shown));
    lines.extend(page.foot(shown));
    lines
}

struct Page {
    paint: Paint,
    columns: usize,
    /// How wide the column of effects is.
    effect: usize,
    /// How wide the column of states is.
    state: usize,
}

impl Page {
    /// A label and a text that is folded beside it.
    fn labelled(&self, indent: usize, label: &str, text: &str) -> Vec<String> {
        self.labelled_as(indent, (label, text), str::to_owned)
    }

    /// The same with every line of the text painted.
    fn labelled_as(
        &self,
        indent: usize,
        (label, text): (&str, &str),
        painted: impl Fn(&str) -> String,
    ) -> Vec<String> {
        let room = self.columns.saturating_sub(indent + LABEL + 1).max(20);
        let line = |(index, line): (usize, &String)| {
            let label = format!("{:LABEL$} ", if index == 0 { label } else { "" });
            format!("{:indent$}{}{}", "", self.paint.dim(&label), painted(line))
        };
        fold(text, room).iter().enumerate().map(line).collect()
    }

    fn head(&self, shown: &Shown<'_>) -> Vec<String> {
        let front = &shown.plan.root.book.front;
        let name = front.title.as_ref().map_or(&shown.plan.root.book.name, |title| &title.value);
        let mut lines = vec![self.paint.strong(&cut(&harmless(name), self.columns)).to_string()];
        if let Some(summary) = &front.summary {
            let folded = fold(&summary.value, self.columns.saturating_sub(2));
            lines.extend(folded.into_iter().map(|line| format!("  {line}")));
        }
        lines.push(String::new());
        let mut say = |label: &str, text: &str| lines.extend(self.labelled(2, label, text));
        say("where", &format!("{} ({})", shown.environment.name, shown.environment.kind));
        for (index, door) in shown.seen.accounts.iter().enumerate() {
            let caller = match &door.caller {
                Ok(arn) => format!("as {}", short(arn)),
                Err(_) => {
                    let account = shown.environment.accounts.get(&door.name);
                    account.map(|account| format!("via {}", access(account))).unwrap_or_default()
                }
            };
            let label = if index == 0 { "accounts" } else { "" };
            say(label, &format!("{} = {} {}, {caller}", door.name, door.id, door.region));
        }
        if let Some(why) = shown.no_way {
            say("", &format!("not looked at: {why}"));
        }
        let secrets = shown.gathered.secrets.keys().map(|name| format!("{name} = *** (secret)"));
        let values = shown.gathered.values.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name} = {text}")
        });
        for (index, text) in values.chain(secrets).enumerate() {
            say(if index == 0 { "parameters" } else { "" }, &text);
        }
        if let Some(rto) = &front.rto {
            say("objective", &format!("recovered within {}", Short(rto.value)));
        }
        for note in shown.notes {
            say("note", note);
        }
        lines
    }

    fn refusals(&self, shown: &Shown<'_>) -> Vec<String> {
        if shown.seen.refusals.is_empty() {
            return Vec::new();
        }
        let title = "A run would be refused as things are now";
        let mut lines = vec![String::new(), self.paint.bad(title).to_string()];
        for refusal in &shown.seen.refusals {
            for (index, line) in
                fold(&refusal.message, self.columns.saturating_sub(4)).iter().enumerate()
            {
                let mark = if index == 0 { "✗" } else { " " };
                lines.push(format!("  {}", self.paint.bad(&format!("{mark} {line}"))));
            }
            for line in fold(&refusal.hint, self.columns.saturating_sub(4)) {
                lines.push(format!("    {line}"));
            }
        }
        lines
    }

    fn steps(&self, shown: &Shown<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let mut phase = None;
        let last = shown.rows.point_of_no_return().map(|row| row.key.clone());
        for (number, row) in shown.rows.0.iter().enumerate() {
            let step = row.step();
            if row.key.depth() == 0 && step.phase != phase {
                phase = step.phase;
                if let Some(phase) = phase.and_then(|index| row.frame.book.phases.get(index)) {
                    lines.push(String::new());
                    let title = cut(&harmless(&phase.title), self.columns);
                    lines.push(self.paint.heading(&title).to_string());
                }
            }
            if last.as_ref() == Some(&row.key) {
                let text = "── point of no return: a run can be undone before it, and only finished after it";
                lines.extend(
                    fold(text, self.columns)
                        .into_iter()
                        .map(|line| self.paint.bad(&line).to_string()),
                );
            }
            let indent = 2 + 2 * row.key.depth();
            lines.push(self.step(row, number + 1, indent));
            let deeper = indent + 5;
            lines.extend(self.details(row, deeper));
        }
        lines
    }

    /// `12 ● Title  key                     changes   not in place`
    fn step(&self, row: &Row<'_>, number: usize, indent: usize) -> String {
        let paint = self.paint;
        let label = format!("{number:>2} ");
        let room =
            self.columns.saturating_sub(indent + width(&label) + 4 + self.effect + self.state);
        let (key, title) = (row.key.to_string(), harmless(&row.step().title));
        let title_room = room.saturating_sub(width(&key) + 2).max(12);
        let title = cut(&title, title_room);
        let fill = room.saturating_sub(width(&title) + 2 + width(&key));
        let (mark, state) = self.state(row);
        let effect = format!("{:1$}", row.planned.effect.to_string(), self.effect);
        let effect = match row.planned.effect {
            _ if row.does_nothing() => paint.dim(&effect).to_string(),
            Effect::Read => paint.dim(&effect).to_string(),
            Effect::Change => paint.warn(&effect).to_string(),
            Effect::Destroy | Effect::Unclear => paint.bad(&effect).to_string(),
        };
        let effect = if row.planned.is_group() { " ".repeat(self.effect) } else { effect };
        format!(
            "{:indent$}{}{mark} {title}  {}{:fill$} {effect} {state}",
            "",
            paint.dim(&label),
            paint.dim(&key),
            ""
        )
    }

    /// The mark and the words for how a step stands.
    fn state(&self, row: &Row<'_>) -> (String, String) {
        let paint = self.paint;
        let words = words(row);
        let Some(state) = row.state() else {
            return (paint.warn("●").to_string(), paint.warn(&words).to_string());
        };
        let (mark, words) = match state {
            Standing::InPlace => (paint.good("✓"), paint.good(&words)),
            Standing::Read => (paint.good("✓"), paint.dim(&words)),
            Standing::NotInPlace if row.planned.effect == Effect::Destroy => {
                (paint.bad("●"), paint.bad(&words))
            }
            Standing::NotInPlace => (paint.warn("●"), paint.warn(&words)),
            Standing::WouldStop => (paint.bad("✗"), paint.bad(&words)),
            Standing::CannotTell => (paint.warn("?"), paint.warn(&words)),
            Standing::NotLookedAt => (paint.dim("·"), paint.dim(&words)),
            Standing::Skipped => (paint.dim("–"), paint.dim(&words)),
            Standing::Group => (paint.dim("▾"), paint.dim(&words)),
        };
        (mark.to_string(), words.to_string())
    }

    fn details(&self, row: &Row<'_>, indent: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let quiet = row.does_nothing() || row.state() == Some(Standing::Read);
        if !quiet {
            for line in fold(&about(row), self.columns.saturating_sub(indent)) {
                lines.push(format!("{:indent$}{}", "", self.paint.dim(&line)));
            }
        }
        let groups = alike(row);
        let several = groups.len() > 1;
        for (keys, look) in groups.into_iter().take(MOST_ELEMENTS) {
            if several {
                lines.push(format!(
                    "{:indent$}{}",
                    "",
                    self.paint.dim(&format!("{keys}: {}", look.state.words()))
                ));
            }
            if let Some(why) = &look.why {
                let painted = |line: &str| match look.state {
                    Standing::WouldStop => self.paint.bad(line).to_string(),
                    Standing::CannotTell => self.paint.warn(line).to_string(),
                    _ => self.paint.dim(line).to_string(),
                };
                let folded =
                    fold(&row.brief(&cut(why, MOST_WHY)), self.columns.saturating_sub(indent));
                lines.extend(folded.iter().map(|line| format!("{:indent$}{}", "", painted(line))));
            }
            lines.extend(self.preview(&look.preview, row, indent));
        }
        if quiet {
            return lines;
        }
        let mut say = |label: &str, text: &str| lines.extend(self.labelled(indent, label, text));
        if let Some(with) = with(row) {
            say("with", &row.brief(&with));
        }
        if let Some(asks) = &row.asks {
            say("asks", &row.brief(asks));
        }
        if row.planned.effect.changes() && !matches!(row.planned.reversal, Reversal::Nested) {
            say("undo", &reversal(row.planned));
        }
        if let Some(owes) = row.looks.iter().find_map(|(_, look)| look.owes.as_ref()) {
            say("owes", &row.brief(owes));
        }
        lines
    }

    /// What would change, thing by thing.
    fn preview(&self, preview: &Preview, row: &Row<'_>, indent: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let changes = match &preview.change_set {
            Some(told) => {
                let words = if told.is_empty() {
                    "CloudFormation's change set: no resource changes"
                } else {
                    "CloudFormation's change set:"
                };
                lines.push(format!("{:indent$}{}", "", self.paint.dim(words)));
                told
            }
            None => &preview.changes,
        };
        for change in changes {
            let text = row.brief(&sentence(change));
            let painted = |line: &str| match change.kind {
                Kind::Replace | Kind::Remove => self.paint.bad(line).to_string(),
                Kind::Modify if change.certain => line.to_owned(),
                Kind::Modify => self.paint.warn(line).to_string(),
                Kind::Add => self.paint.good(line).to_string(),
                Kind::Keep => self.paint.dim(line).to_string(),
            };
            let folded = fold(&text, self.columns.saturating_sub(indent + 2));
            for (index, line) in folded.iter().enumerate() {
                let mark = if index == 0 { mark(change) } else { " " };
                lines.push(format!("{:indent$}{}", "", painted(&format!("{mark} {line}"))));
            }
        }
        for note in &preview.notes {
            let folded = fold(note, self.columns.saturating_sub(indent));
            lines.extend(
                folded.iter().map(|line| format!("{:indent$}{}", "", self.paint.dim(line))),
            );
        }
        lines
    }

    fn health(&self, shown: &Shown<'_>) -> Vec<String> {
        let probes = &shown.plan.root.book.health;
        if probes.is_empty() {
            return Vec::new();
        }
        let title = "Health: what recovered means";
        let mut lines = vec![String::new(), self.paint.heading(title).to_string()];
        for health in probes {
            let options = &health.block.options;
            let time = |time: &Option<crate::source::Spanned<Duration>>, word: &str| {
                let time = time.as_ref();
                time.map(|time| format!(", {word} {}", Short(time.value))).unwrap_or_default()
            };
            let text = format!(
                "{} ({}): {}{}{}",
                harmless(&health.title),
                health.block.id.value,
                does(&health.block),
                time(&options.within, "within"),
                time(&options.sustained, "sustained for")
            );
            lines.push(format!("  {}", cut(&text, self.columns.saturating_sub(2))));
        }
        lines
    }

    fn foot(&self, shown: &Shown<'_>) -> Vec<String> {
        let rows = &shown.rows;
        let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
        for row in rows.leaves() {
            for (_, look) in row.own().filter(|(_, look)| look.state != Standing::Group) {
                *counts.entry(look.state).or_default() += 1;
            }
        }
        let counts: Vec<String> =
            counts.iter().map(|(state, count)| format!("{count} {}", state.words())).collect();
        let mut lines = vec![String::new()];
        lines.extend(self.labelled(0, "steps", &counts.join(", ")));
        let would_stop = |row: &&Row<'_>| row.own().any(|(_, l)| l.state == Standing::WouldStop);
        let stops: Vec<&str> =
            rows.leaves().filter(would_stop).map(|row| row.key.as_str()).collect();
        if !stops.is_empty() {
            let text = format!("as things are now, a run would stop at {}", stops.join(", "));
            let bad = |line: &str| self.paint.bad(line).to_string();
            lines.extend(self.labelled_as(0, ("stops", &text), bad));
        }
        if let Some(time) = time(expectation(shown.plan, &shown.seen.looks)) {
            lines.extend(self.labelled(0, "time", &time));
        }
        let asking = rows.0.iter().filter(|row| row.asks.is_some());
        let asking: Vec<&str> = asking.map(|row| row.key.as_str()).collect();
        if !asking.is_empty() {
            let text = format!("{}: {}", counted(asking.len(), "time"), asking.join(", "));
            lines.extend(self.labelled(0, "asks", &text));
        }
        lines.extend(self.labelled(0, "digest", &shown.digest));
        // One line, however long: it is there to be copied.
        let label = self.paint.dim(&format!("{:LABEL$} ", "next")).to_string();
        lines.push(format!("{label}{}", self.paint.command(&shown.next())));
        lines
    }
}
