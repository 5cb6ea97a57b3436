//! The manual pages, made from what the program says about itself, so that they cannot drift.

use super::{Cli, exit};
use clap::{Command, CommandFactory as _};
use std::fmt::Write as _;

/// Every page of the manual that is made from the program: its name under docs/, and its text.
#[must_use]
pub fn pages() -> [(&'static str, String); 2] {
    [("cli.md", page()), ("exit-codes.md", exit::page())]
}

/// The help text of every command.
fn page() -> String {
    let mut page = String::from(
        "# The command line\n\n\
         This page is made from the program itself: every section is what `runbook help COMMAND` prints.\n\
         Results go to standard output, progress and questions to standard error.\n\
         [Exit codes](exit-codes.md) are the same for every command.\n\n",
    );
    // The text must not depend on the terminal or the environment of whoever makes it.
    let mut root = Cli::command().term_width(100).version("").disable_version_flag(true);
    root.build();
    section(&mut page, &mut root, "runbook");
    page
}

fn section(page: &mut String, command: &mut Command, path: &str) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    // Writing to a `String` cannot fail.
    let _ = write!(page, "## {path}\n\n```text\n{}\n```\n\n", lines.join("\n").trim_end());
    for inner in command.get_subcommands_mut() {
        if inner.get_name() != "help" && !inner.is_hide_set() {
            let path = format!("{path} {}", inner.get_name());
            section(page, inner, &path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use clap::CommandFactory as _;
    use std::path::Path;

    fn held(name: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "docs/{name} is stale: run `UPDATE=1 cargo test manual`");
    }

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_pages_are_what_the_program_says() {
        for (name, text) in super::pages() {
            held(name, &text);
        }
    }

    #[test]
    fn every_command_says_what_it_is_for() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let named = argument.get_help().is_some();
                assert!(named, "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}
