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
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Example:
  runbook new restore-search && runbook check restore-search";

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
    file.write_all(template(name).as_bytes()).map_err(failed)?;
    let out = Out::new();
    out.line(format!("Wrote {}", shown(&path)))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook check {name}"))))?;
    Ok(Exit::Done)
}

/// The text of a new runbook.
fn template(name: &str) -> String {
    let mut title = name.replace(['-', '_'], " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    include_str!("new.md").replace("{TITLE}", &title)
}

#[cfg(test)]
mod tests {
    use crate::actions::catalog::catalog;
    use crate::{check, parse};

    #[test]
    fn a_new_runbook_is_clean() {
        let text = super::template("restore-search");
        assert!(text.contains("title: Restore search\n"));
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
    }
}
