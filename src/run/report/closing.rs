//! The last lines of a run, and of `status`: what is done, what is unknown, what is owed, what to type.

use super::summary::{Next, Summary, Tally, Tone};
use super::text::{Paint, counted, fold, harmless, width};
use crate::engine::outcome::Question;
use crate::model::duration::Short;
use crate::model::id::StepKey;
use std::collections::BTreeSet;
use std::time::Duration;

/// What the words of a label take up, so that the texts stand in one column.
const LABEL: usize = 10;

/// Shows a summary in lines of at most that many columns. What went wrong with the steps in `told` has
/// just been said, and is only named.
#[must_use]
pub fn lines(
    summary: &Summary,
    tally: Option<&Tally>,
    told: &BTreeSet<StepKey>,
    (paint, columns): (Paint, usize),
) -> Vec<String> {
    let mut lines = vec![String::new(), headline(summary, paint)];
    let mut say = |label: &str, text: &str| lines.extend(labelled(label, text, paint, columns));
    say("steps", &counts(summary));
    if let Some(tally) = tally {
        say("time", &time(tally));
    }
    let probes = summary.healthy + summary.unhealthy.len();
    if probes > 0 {
        say("health", &format!("{} of {} held", summary.healthy, counted(probes, "probe")));
    }
    for (probe, detail) in &summary.unhealthy {
        say("", &format!("✗ {probe} did not hold: {}", harmless(detail)));
    }
    for problem in &summary.troubles {
        say("trouble", &format!("✗ {} ({})", problem.title, problem.step));
        if told.contains(&problem.step) {
            continue;
        }
        say("", &problem.message);
        say("", problem.certain);
        if let Some(hint) = &problem.hint {
            say("", &format!("hint: {hint}"));
        }
    }
    for (step, question) in &summary.questions {
        say("waits", &format!("? {step}: {}", question.text()));
        if let Question::Checklist { items, .. } = question {
            for item in items {
                say("", &format!("☐ {item}"));
            }
        }
        if let Question::Input { fields, .. } = question {
            for field in fields {
                let kind = if field.choices.is_empty() {
                    field.kind.word().to_owned()
                } else {
                    format!("one of {}", field.choices.join(", "))
                };
                say("", &format!("{} ({kind}): {}", field.name, field.description));
            }
        }
    }
    for fault in &summary.broken {
        say("broken", &format!("✗ {fault} stands: `resume` and `undo` mend it"));
    }
    for owed in &summary.owed {
        say("owed", &format!("• by {}: {} ({})", owed.due, owed.text, owed.step));
    }
    lines.extend(commands(&summary.next, paint, columns));
    lines
}

/// What stands how, and how many.
#[must_use]
pub fn counts(summary: &Summary) -> String {
    let said: Vec<String> = summary
        .counts
        .iter()
        .map(|(word, count)| {
            format!("{count} {}", if *word == "succeeded" { "done" } else { word })
        })
        .collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

fn headline(summary: &Summary, paint: Paint) -> String {
    match summary.tone {
        Tone::Good => format!("{}", paint.good(&format!("✓ {}", summary.headline))),
        Tone::Attention => format!("{}", paint.warn(&format!("• {}", summary.headline))),
        Tone::Bad => format!("{}", paint.bad(&format!("✗ {}", summary.headline))),
    }
}

/// Where the time went.
#[must_use]
pub fn time(tally: &Tally) -> String {
    let mut text = format!("{} of work", Short(tally.machine()));
    for (what, time) in [("waiting for people", tally.people()), ("standing still", tally.still())]
    {
        if time >= Duration::from_secs(1) {
            text.push_str(&format!(", {} {what}", Short(time)));
        }
    }
    text
}

fn labelled(label: &str, text: &str, paint: Paint, columns: usize) -> Vec<String> {
    fold(text, columns.saturating_sub(LABEL + 2))
        .into_iter()
        .enumerate()
        .map(|(index, line)| {
            let label = if index == 0 { label } else { "" };
            format!("  {}{line}", paint.dim(&format!("{label:LABEL$}")))
        })
        .collect()
}

/// Commands, each with what it does: beside it where all of them fit, above it otherwise. A command is
/// never cut or folded: it is there to be copied.
#[must_use]
pub fn commands(next: &[Next], paint: Paint, columns: usize) -> Vec<String> {
    let widest = next.iter().map(|next| width(&next.command)).max().unwrap_or(0);
    let longest = next.iter().map(|next| width(next.why)).max().unwrap_or(0);
    let beside = LABEL + 2 + widest + 4 + longest <= columns;
    let mut lines = Vec::new();
    for (index, next) in next.iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        let label = paint.dim(&format!("{label:LABEL$}")).to_string();
        let why = format!("# {}", next.why);
        let command = paint.command(&next.command);
        if beside {
            let gap = " ".repeat(widest - width(&next.command));
            lines.push(format!("  {label}{command}{gap}  {}", paint.dim(&why)));
        } else {
            lines.push(format!("  {label}{}", paint.dim(&why)));
            lines.push(format!("  {:LABEL$}{command}", ""));
        }
    }
    lines
}
