//! `runbook check --explain`: what a rule wants, why, and an example.

use super::super::console::Out;
use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::project::suggestion;
use crate::check;
use crate::run::report::text::fold;

/// The widest a paragraph is, in columns.
const WIDEST: usize = 100;

/// Explains one rule, or lists them all.
pub(super) fn explain(out: Out, code: &str) -> Result<Exit, CliError> {
    let rules = check::rules();
    if code.is_empty() {
        for rule in rules {
            out.line(format!("{}  {}", out.paint().strong(rule.code), rule.summary))?;
        }
        return Ok(Exit::Done);
    }
    let rule = rules
        .iter()
        .find(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code)
        .ok_or_else(|| {
            let codes: Vec<&str> = rules.iter().map(|rule| rule.code).collect();
            CliError::usage(format!("there is no rule `{code}`")).hint(suggestion(
                &code.to_uppercase(),
                &codes,
                "rules",
            ))
        })?;
    out.line(format!("{} {}", out.paint().strong(rule.code), rule.name))?;
    for text in [rule.summary, rule.why, rule.fix].into_iter().filter(|text| !text.is_empty()) {
        out.line("")?;
        for line in fold(text, out.columns().min(WIDEST)) {
            out.line(line)?;
        }
    }
    for (title, example) in [("Wrong:", rule.wrong), ("Right:", rule.right)] {
        if example.is_empty() {
            continue;
        }
        out.line("")?;
        out.line(title)?;
        out.line("")?;
        for line in example.trim_end().lines() {
            out.line(format!("  {line}"))?;
        }
    }
    Ok(Exit::Done)
}
