//! The site as plain Markdown, for a wiki that shows Markdown and nothing else.

use super::Files;
use super::board::{Board, Light};
use super::book::title;
use super::run::row;
use super::spoken::seconds;
use super::step::{Card, card};
use super::target::{Links, Target, encoded};
use super::view::{Book, Input};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Makes the pages.
#[must_use]
pub fn wiki(input: &Input<'_>) -> Files {
    let mut files = Files::new();
    files.insert("README.md".to_owned(), readiness(input).into_bytes());
    files.insert("runs.md".to_owned(), runs(input).into_bytes());
    for book in &input.books {
        files.insert(
            format!("runbooks/{}.md", book.runbook.name),
            runbook(input, book).into_bytes(),
        );
    }
    files
}

/// A text as a cell of a table, in which nothing is markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*_{}[]<>#|~!".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn readiness(input: &Input<'_>) -> String {
    let board = Board::new(input);
    let mut out = format!(
        "# Readiness of {}\n\nAs of {}. {} of {} promises are shown.\n\n| | promise | why | evidence | when | time | by |\n|---|---|---|---|---|---|---|\n",
        cell(&input.name),
        input.today,
        board.count(Light::Green),
        board.promises.len()
    );
    for shown in &board.promises {
        let mark = match shown.light {
            Light::Green => "✓",
            Light::Amber => "!",
            Light::Red => "✗",
        };
        let time = match (shown.seconds, shown.objective_seconds) {
            (Some(took), Some(objective)) => format!("{} of {}", seconds(took), seconds(objective)),
            (Some(took), None) => seconds(took),
            _ => String::new(),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            out,
            "| {mark} {} | {} | {} | {} | {} | {time} | {} |",
            shown.light.word(),
            cell(shown.promise.title),
            cell(&shown.reason),
            cell(shown.run.as_deref().unwrap_or("none")),
            shown.date.as_deref().unwrap_or_default(),
            cell(shown.by.as_deref().unwrap_or_default())
        );
    }
    out.push_str("\n## Runbooks\n\n");
    for book in &input.books {
        let summary = book.runbook.front.summary.as_ref().map_or("", |text| text.value.as_str());
        let _ = writeln!(
            out,
            "- [{}](runbooks/{}.md): {}",
            cell(&title(book)),
            encoded(&book.runbook.name),
            cell(summary)
        );
    }
    out.push_str("\n[All runs](runs.md)\n");
    out
}

fn runs(input: &Input<'_>) -> String {
    let mut out = String::from(
        "# Runs\n\n| run | runbook | where | counts as | verdict | took | by |\n|---|---|---|---|---|---|---|\n",
    );
    for run in &input.evidence.runs {
        let row = row(input, run);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            cell(&row.id),
            cell(&row.runbook),
            cell(&row.environment),
            row.mode,
            row.verdict,
            row.took,
            cell(&row.by)
        );
    }
    for unread in &input.evidence.unread {
        let _ = writeln!(
            out,
            "| {} | | | | cannot be believed: {} | | |",
            unread.id,
            cell(&unread.why)
        );
    }
    out
}

/// A runbook as it was written, with a line above each step, and with links that lead to the pages of the wiki.
fn runbook(input: &Input<'_>, book: &Book) -> String {
    let runbook = &book.runbook;
    let text = runbook.source.text.as_str();
    if runbook.is_manifest() {
        return format!("{}```yaml\n{text}```\n", head(book));
    }
    let start = runbook.front.span.end.min(text.len());
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    let anchors = BTreeSet::new();
    let links = Links { linked: &book.links, anchors: &anchors, root: "../", books: "" };
    for link in runbook.links.iter().filter(|link| link.defined && link.span.start >= start) {
        if super::path_of(&link.target).is_some()
            && let Target::Inside(to) = links.target(&link.target)
        {
            let to = to.replacen(".html#", ".md#", 1);
            let to = to.strip_suffix(".html").map(|to| format!("{to}.md")).unwrap_or(to);
            changes.push((link.span.start, link.span.end, to));
        }
    }
    for index in 0..runbook.steps.len() {
        let at = runbook.steps[index].block.span.start;
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = &text[line_start..at];
        // In a list the line must stand as deep as the block does.
        if indent.chars().all(|c| c == ' ') {
            changes.push((at, at, format!("{}\n\n{indent}", line(&card(input, book, index)))));
        }
    }
    changes.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = head(book);
    let mut at = start;
    for (from, to, new) in changes {
        if from >= at && text.is_char_boundary(from) && text.is_char_boundary(to) {
            out.push_str(&text[at..from]);
            out.push_str(&new);
            at = to;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// What the front matter says, as a table.
fn head(book: &Book) -> String {
    let front = &book.runbook.front;
    let mut out = String::from("| | |\n|---|---|\n");
    let mut say = |name: &str, text: String| {
        let _ = writeln!(out, "| {name} | {text} |");
    };
    say("Runbook", format!("`{}`", book.runbook.name));
    if let Some(summary) = &front.summary {
        say("Summary", cell(&summary.value));
    }
    say(
        "Owner",
        front.owner.as_ref().map_or_else(|| "none".to_owned(), |owner| cell(&owner.value)),
    );
    if let Some(rto) = &front.rto {
        say("Recovered within", seconds(rto.value.as_secs()));
    }
    for param in &front.params {
        let meaning = param.description.as_ref().map_or("", |text| text.value.as_str());
        let default = param.default.as_ref().map_or_else(
            || "required".to_owned(),
            |default| {
                format!("default `{}`", default.verbatim().to_string().replace(['`', '|'], "'"))
            },
        );
        say(&format!("Parameter `{}`", param.name.value), format!("{} ({default})", cell(meaning)));
    }
    out.push('\n');
    out
}

/// What a step is, in one line.
fn line(card: &Card) -> String {
    let mut out =
        format!("**Step {}** `{}`: {}", card.number.unwrap_or(0), card.id, card.effect.word);
    if let Some(account) = &card.account {
        let _ = write!(out, " in {}", cell(account));
    }
    if let Some(estimate) = &card.estimate {
        let _ = write!(out, ", usually {estimate}");
    }
    if let Some(confirm) = &card.confirm {
        let _ = write!(out, ". **Agree first:** {}", cell(confirm));
    }
    match (&card.undo, &card.no_return) {
        (_, Some(why)) => {
            let _ = write!(out, ". **No way back:** {}", cell(why));
        }
        (Some(undo), None) => {
            let _ = write!(out, ". **Undo:** {}", cell(&undo.words));
        }
        (None, None) => {}
    }
    out
}
