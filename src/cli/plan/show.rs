//! A plan for people: calm where nothing would be done, plain where something would.

use super::Shown;
use super::json::access;
use super::rows::{Row, does, reversal};
use crate::actions::preview::{Change, Kind, Preview};
use crate::model::duration::Short;
use crate::model::mode::Effect;
use crate::model::step::Body;
use crate::model::value::Value;
use crate::plan::Reversal;
use crate::run::foresight::{Look, Standing, expectation};
use crate::run::report::text::{Paint, counted, cut, fold, harmless, width};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many elements of a loop are shown one by one.
const MOST_ELEMENTS: usize = 12;
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
        let room = self.columns.saturating_sub(indent + LABEL + 1).max(20);
        let folded = fold(text, room);
        let label_of = |index: usize| if index == 0 { label } else { "" };
        folded
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let label = format!("{:LABEL$} ", label_of(index));
                format!("{:indent$}{}{line}", "", self.paint.dim(&label))
            })
            .collect()
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
                let folded = fold(why, self.columns.saturating_sub(indent));
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
            say("asks", asks);
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
        let mut lines = vec![String::new()];
        let mut say = |label: &str, text: &str| lines.extend(self.labelled(0, label, text));
        let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
        for row in shown.rows.leaves() {
            for (_, look) in row.own().filter(|(_, look)| look.state != Standing::Group) {
                *counts.entry(look.state).or_default() += 1;
            }
        }
        let counts: Vec<String> =
            counts.iter().map(|(state, count)| format!("{count} {}", state.words())).collect();
        say("steps", &counts.join(", "));
        let time = expectation(shown.plan, &shown.seen.looks);
        let mut words = if time.longest.is_zero() {
            String::new()
        } else {
            format!("usually {}", Short(time.longest))
        };
        if time.without > 0 {
            let without = format!("{} without an estimate", counted(time.without, "step"));
            words = if words.is_empty() { without } else { format!("{words}, and {without}") };
        }
        if !words.is_empty() {
            say("time", &words);
        }
        let asking: Vec<&str> = shown
            .rows
            .0
            .iter()
            .filter(|row| row.asks.is_some())
            .map(|row| row.key.as_str())
            .collect();
        if !asking.is_empty() {
            say("asks", &format!("{}: {}", counted(asking.len(), "time"), asking.join(", ")));
        }
        say("digest", &shown.digest);
        let next = shown.next();
        lines.push(format!(
            "{}{}",
            self.paint.dim(&format!("{:LABEL$} ", "next")),
            self.paint.command(&next)
        ));
        lines
    }
}

/// An ARN of STS without what is said beside it: the account, and the name of the session.
fn short(arn: &str) -> &str {
    let name = arn.rsplit_once(':').map_or(arn, |(_, name)| name);
    match name.strip_prefix("assumed-role/").and_then(|role| role.rsplit_once('/')) {
        Some((role, _)) => &name[.."assumed-role/".len() + role.len()],
        None => name,
    }
}

/// How a step stands, in words.
fn words(row: &Row<'_>) -> String {
    let count = row.own().count();
    match row.state() {
        Some(Standing::Group) => String::new(),
        Some(state) if count > 1 => format!("{count} × {}", state.words()),
        Some(state) => state.words().to_owned(),
        None => {
            let there = row.own().filter(|(_, look)| look.state == Standing::InPlace).count();
            format!("{there} of {count} in place")
        }
    }
}

/// What a step is, in one line.
fn about(row: &Row<'_>) -> String {
    let (planned, options) = (row.planned, &row.step().block.options);
    let mut text = does(&row.step().block);
    if let Some(account) = &planned.account {
        text.push_str(&format!(", in {account}"));
    }
    if let Some(estimate) = &options.estimate {
        text.push_str(&format!(", usually {}", Short(estimate.value)));
    }
    text.push_str(&format!(", at most {}", Short(planned.timeout)));
    if planned.attempts > 1 {
        text.push_str(&format!(", {} attempts", planned.attempts));
    }
    if options.needs.is_some() && !planned.needs.is_empty() {
        let needs: Vec<&str> =
            planned.needs.iter().map(|need| row.frame.steps[*need].id.as_str()).collect();
        text.push_str(&format!(", after {}", needs.join(", ")));
    }
    if let Some(list) = &options.for_each {
        text.push_str(&format!(", for each of {}", list.value.trim()));
        if let Some(count) = row.elements() {
            text.push_str(&format!(" ({count})"));
        }
        text.push_str(&format!(", {} at once", planned.elements_at_once.unwrap_or(1)));
    }
    if let Some(condition) = &options.condition {
        text.push_str(&format!(", only if {}", condition.value.trim()));
    }
    text
}

/// What a step that changes something is given, where nothing tells better what it would change.
fn with(row: &Row<'_>) -> Option<String> {
    let (_, look) = row.own().next()?;
    let told = !look.preview.changes.is_empty() || look.preview.change_set.is_some();
    let typed = matches!(row.step().block.body, Body::Action { .. });
    if told || !typed || !row.planned.effect.changes() || look.inputs.is_empty() {
        return None;
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let inputs = look.inputs.iter().map(|(name, value)| match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}={}", plain(value)));
            format!("{name} ({})", fields.collect::<Vec<_>>().join(", "))
        }
        value => format!("{name} {}", plain(value)),
    });
    Some(inputs.collect::<Vec<_>>().join(", "))
}

/// The looks at a step, those that say the same as one: `soak[0] … soak[9]`.
fn alike<'a>(row: &'a Row<'_>) -> Vec<(String, &'a Look)> {
    let mut groups: Vec<(Vec<&str>, &Look)> = Vec::new();
    for (key, look) in row.own() {
        let same = |other: &Look| {
            other.state == look.state && other.why == look.why && other.preview == look.preview
        };
        match groups.iter_mut().find(|(_, other)| same(other)) {
            Some((keys, _)) => keys.push(key.as_str()),
            None => groups.push((vec![key.as_str()], look)),
        }
    }
    let named = |keys: &[&str]| match keys {
        [one] => (*one).to_owned(),
        [first, .., last] => format!("{first} … {last}"),
        [] => String::new(),
    };
    groups.into_iter().map(|(keys, look)| (named(&keys), look)).collect()
}

const fn mark(change: &Change) -> &'static str {
    match change.kind {
        Kind::Add => "+",
        Kind::Modify => "~",
        Kind::Replace => "±",
        Kind::Remove => "-",
        Kind::Keep => "=",
    }
}

/// One change in words.
fn sentence(change: &Change) -> String {
    let mut text = change.what.clone();
    if let Some(of) = &change.of {
        text.push_str(&format!(" ({of})"));
    }
    match (change.kind, change.certain) {
        (Kind::Replace, true) => text.push_str(" is REPLACED"),
        (Kind::Replace, false) => text.push_str(" is probably REPLACED"),
        (Kind::Modify, false) => text.push_str(" may be changed or replaced"),
        (Kind::Remove, false) => text.push_str(" may be removed"),
        (Kind::Add, false) => text.push_str(" may be added"),
        _ => {}
    }
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => text.push_str(&format!(": {before} → {after}")),
        (None, Some(after)) => text.push_str(&format!(": {after}")),
        (Some(before), None) => text.push_str(&format!(": {before}")),
        (None, None) => {}
    }
    if !change.details.is_empty() {
        text.push_str(&format!(": {}", change.details.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_shown_without_its_session() {
        let role = "arn:aws:sts::222222222222:assumed-role/Operator/runbook-plan";
        assert_eq!(short(role), "assumed-role/Operator");
        assert_eq!(short("arn:aws:iam::222222222222:user/jo"), "user/jo");
    }

    #[test]
    fn a_change_is_one_sentence() {
        let alias = Change::from_to("alias/corpus", Some("old"), "new").of("alias");
        assert_eq!(sentence(&alias), "alias/corpus (alias): old → new");
        let bucket =
            Change::new(Kind::Replace, "B").of("AWS::S3::Bucket").detail("BucketName (replaces)");
        assert_eq!(sentence(&bucket), "B (AWS::S3::Bucket) is REPLACED: BucketName (replaces)");
        let odd = Change::new(Kind::Modify, "Odd").perhaps();
        assert_eq!(sentence(&odd), "Odd may be changed or replaced");
    }
}
