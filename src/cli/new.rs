//! `runbook new`: a first runbook to change, commented, and clean under `check`.

use super::Global;
use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::{Home, shown};
use std::io::Write as _;

/// What `new` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The name of the runbook: lowercase letters, digits and `-`.
    #[arg(value_name = "NAME")]
    name: String,
    /// Its title. Default: made from the name
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Who keeps it true
    #[arg(long, value_name = "TEXT", default_value = "your-team")]
    owner: String,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Example:
  runbook new restore-search --owner search-oncall && runbook check restore-search

A file that exists is never written over.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let name = args.name.strip_suffix(".md").unwrap_or(&args.name);
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fine) {
        return Err(CliError::usage(format!("`{name}` cannot be the name of a runbook"))
            .certain("No file was written.")
            .hint(
                "Use lowercase letters, digits and `-`, beginning with a letter: `restore-search`.",
            ));
    }
    let folder = home.root.join("runbooks");
    let path = folder.join(format!("{name}.md"));
    let failed = |error: std::io::Error| {
        let text = format!("cannot write {}: {error}", shown(&path));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                CliError::usage(format!("{} exists", shown(&path)))
                    .certain("It was left as it is.")
                    .hint("Choose another name, or edit that file.")
            }
            _ => CliError::usage(text),
        }
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(template(name, args.title.as_deref(), &args.owner).as_bytes())
        .map_err(failed)?;
    let out = Out::new();
    out.line(format!("Wrote {}", shown(&path)))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook check {name}"))))?;
    Ok(Exit::Done)
}

/// The text of a new runbook.
fn template(name: &str, title: Option<&str>, owner: &str) -> String {
    let mut made = name.replace(['-', '_'], " ");
    if let Some(first) = made.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = title.map_or(made, one_line);
    include_str!("new.md")
        .replace("{TITLE}", &title)
        .replace("{YAML_TITLE}", &in_yaml(&title))
        .replace("{OWNER}", &in_yaml(&one_line(owner)))
}

/// A text as a value in YAML: as it is where that is certain to be the same text, else in quotes.
fn in_yaml(text: &str) -> String {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | '(' | ')');
    let word = matches!(text.to_lowercase().as_str(), "null" | "true" | "false");
    if first && text.chars().all(plain) && !word {
        return text.to_owned();
    }
    // JSON is a part of YAML.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::actions::catalog::catalog;
    use crate::actions::shell::{Ask, lint};
    use crate::{check, parse};

    #[test]
    fn a_new_runbook_is_clean() {
        let text = super::template("restore-search", None, "your-team");
        assert!(text.contains("title: Restore search\n") && text.contains("owner: your-team\n"));
        let (book, found) = parse::runbook("restore-search", "restore-search.md", &text);
        assert_eq!(found, []);
        let found = check::check(&check::Book {
            runbook: &book,
            others: &|_| None,
            catalog: &catalog(),
            project: None,
            files: &|_| check::Linked::Unknown,
        });
        assert_eq!(found, []);
        assert_eq!((book.steps.len(), book.health.len()), (3, 1));
        let linted = lint(&check::scripts_of(&book, &[]), Ask::All);
        assert_eq!(linted.found.concat(), []);
    }

    #[test]
    fn any_title_and_owner_are_what_was_said() {
        for said in [
            "A: b # c",
            "\"quoted\" 'x'",
            "{{ x }}",
            "yes",
            "true",
            "- a",
            "0x1f",
            "é 🔑",
            "a\nb",
            "@x",
        ] {
            let text = super::template("a", Some(said), said);
            let (book, found) = parse::runbook("a", "a.md", &text);
            assert_eq!(found, [], "{said}");
            let one_line = said.replace('\n', " ");
            for value in [&book.front.title, &book.front.owner] {
                assert_eq!(value.as_ref().map(|value| value.value.as_str()), Some(&*one_line));
            }
        }
    }
}
