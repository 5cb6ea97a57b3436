//! Findings for people, for programs, for code scanners and for GitHub Actions.

use super::super::console::Out;
use super::super::diagnostics;
use super::super::error::CliError;
use super::{Checked, tell};
use crate::check;
use crate::diagnostic::{Diagnostic, Severity};
use crate::run::report::text::harmless;
use crate::source::{Source, Span};
use serde_json::{Value, json};
use std::path::Path;

/// For people: each finding as a compiler shows it, and a total.
pub(super) fn human(out: Out, checked: &Checked) -> Result<(), CliError> {
    for (source, found) in &checked.files {
        for one in found {
            out.line(diagnostics::render(source, one, out.paint(), out.columns()))?;
            out.line("")?;
        }
    }
    tell(&checked.notes);
    let paint = out.paint();
    let total = total(checked);
    out.line(if checked.count(Severity::Error) > 0 {
        paint.bad(&format!("✗ {total}")).to_string()
    } else {
        paint.good(&format!("✓ {total}")).to_string()
    })
}

fn total(checked: &Checked) -> String {
    let (errors, warnings) = (checked.count(Severity::Error), checked.count(Severity::Warning));
    diagnostics::total(checked.files.len(), errors, warnings)
}

/// For programs: one object.
pub(super) fn json(checked: &Checked) -> Value {
    let found: Vec<Value> = checked
        .files
        .iter()
        .flat_map(|(source, found)| found.iter().map(|one| diagnostics::value(source, one)))
        .collect();
    let files: Vec<&str> = checked.files.iter().map(|(source, _)| source.path.as_str()).collect();
    json!({
        "files": files,
        "errors": checked.count(Severity::Error),
        "warnings": checked.count(Severity::Warning),
        "diagnostics": found,
        "unreadable": checked.unreadable.iter().map(|error| &error.message).collect::<Vec<_>>(),
        "notes": checked.notes,
    })
}

/// For code scanners: SARIF 2.1.0. Columns count characters, as everywhere else.
pub(super) fn sarif(checked: &Checked) -> Value {
    let rules = check::rules();
    let described: Vec<Value> = rules
        .iter()
        .map(|rule| {
            let mut help = rule.why.to_owned();
            if !rule.fix.is_empty() {
                help = format!("{help}\n\n{}", rule.fix);
            }
            json!({
                "id": rule.code,
                "name": rule.name,
                "shortDescription": { "text": rule.summary },
                "fullDescription": { "text": rule.why },
                "help": { "text": help, "markdown": help },
            })
        })
        .collect();
    let results: Vec<Value> = checked
        .files
        .iter()
        .flat_map(|(source, found)| found.iter().map(|one| result(source, one)))
        .collect();
    let notices: Vec<Value> = checked
        .unreadable
        .iter()
        .map(|error| json!({ "level": "error", "message": { "text": error.message } }))
        .chain(
            checked
                .notes
                .iter()
                .map(|note| json!({ "level": "note", "message": { "text": note } })),
        )
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "runbook",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": checked.unreadable.is_empty(),
                "toolExecutionNotifications": notices,
            }],
            "results": results,
        }],
    })
}

fn result(source: &Source, one: &Diagnostic) -> Value {
    let rules = check::rules();
    let region = |span: Span| {
        let (start, end) = (source.position(span.start), source.position(span.end));
        json!({
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        })
    };
    let file = json!({ "uri": uri(&source.path) });
    let location = |span: Span| json!({ "physicalLocation": { "artifactLocation": file, "region": region(span) } });
    let fix = one.replacement.as_ref().and_then(|replacement| {
        let text = replacement.written(&source.text)?;
        Some(json!({
            "description": { "text": format!("Write `{text}`") },
            "artifactChanges": [{ "artifactLocation": file, "replacements": [
                { "deletedRegion": region(replacement.span), "insertedContent": { "text": text } },
            ] }],
        }))
    });
    let related: Vec<Value> = one
        .related
        .iter()
        .map(|related| {
            let mut place = location(related.span);
            place["message"] = json!({ "text": related.label });
            place
        })
        .collect();
    json!({
        "ruleId": one.code,
        "ruleIndex": rules.iter().position(|rule| rule.code == one.code),
        "level": match one.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": { "text": whole(one) },
        "locations": [location(one.span)],
        "relatedLocations": related,
        "fixes": fix.into_iter().collect::<Vec<_>>(),
    })
}

/// The message with what to do about it.
fn whole(one: &Diagnostic) -> String {
    match &one.help {
        Some(help) => format!("{}\nhelp: {help}", one.message),
        None => one.message.clone(),
    }
}

/// A path as a reference: relative where it is, so that it means the same on another machine.
fn uri(path: &str) -> String {
    let mut uri = String::from(if Path::new(path).is_absolute() { "file://" } else { "" });
    for (index, byte) in path.bytes().enumerate() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
        // Before the first `/` a colon would end a scheme.
        if plain || (byte == b':' && path[..index].contains('/')) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// For GitHub Actions: a workflow command for each finding, and a total for people who read the log.
pub(super) fn github(out: Out, checked: &Checked) -> Result<(), CliError> {
    for (source, found) in &checked.files {
        for one in found {
            out.line(command(source, one))?;
        }
    }
    for note in &checked.notes {
        out.line(format!("::notice title=runbook check::{}", data(note)))?;
    }
    out.line(total(checked))
}

fn command(source: &Source, one: &Diagnostic) -> String {
    let (start, end) = (source.position(one.span.start), source.position(one.span.end));
    let level = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rule = check::rules().iter().find(|rule| rule.code == one.code);
    let title = format!("{} {}", one.code, rule.map_or("", |rule| rule.name));
    format!(
        "::{level} file={},line={},col={},endLine={},endColumn={},title={}::{}",
        property(&source.path),
        start.line,
        start.column,
        end.line,
        end.column,
        property(title.trim_end()),
        data(&whole(one)),
    )
}

/// A message. GitHub reads a command up to the end of its line.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    harmless(&escaped)
}

/// A property, which commas and colons would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn checked() -> Checked {
        let source = Source::new("runbooks/ä b,c.md", "one\nü: 5%\nthree\n");
        let found = Diagnostic::error("RB0402", Span::new(7, 10), "`ü`: 5%, a\r\nb")
            .help("try: this")
            .instead(Some("u"))
            .related(Span::new(0, 3), "first");
        Checked {
            files: vec![(Arc::new(source), vec![found])],
            notes: vec!["n".to_owned()],
            ..Checked::default()
        }
    }

    #[test]
    fn a_workflow_command_escapes_what_would_end_it() {
        let checked = checked();
        let (source, found) = &checked.files[0];
        assert_eq!(
            command(source, &found[0]),
            "::error file=runbooks/ä b%2Cc.md,line=2,col=3,endLine=2,endColumn=6,title=RB0402 undefined-name::`ü`: 5%25, a%0D%0Ab%0Ahelp: try: this"
        );
    }

    #[test]
    fn sarif_says_where_in_characters_and_what_every_rule_means() {
        let sarif = sarif(&checked());
        let run = &sarif["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let result = &run["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "runbooks/%C3%A4%20b%2Cc.md");
        assert_eq!(
            place["region"],
            json!({ "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6 })
        );
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "first");
        let change = &result["fixes"][0]["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"], "runbooks/%C3%A4%20b%2Cc.md");
        assert_eq!(change["replacements"][0]["deletedRegion"], place["region"]);
        assert_eq!(change["replacements"][0]["insertedContent"]["text"], "u");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "RB0402");
        assert_eq!(uri("/a/b:c"), "file:///a/b:c");
        assert_eq!(uri("b:c"), "b%3Ac");
    }
}
