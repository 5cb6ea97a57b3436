//! `runbook check --explain`: what a rule wants, why, and how.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::suggestion;
use crate::check;
use crate::diagnostic::rule::Rule;
use crate::run::report::text::{Paint, fold};

/// Lists the rules, or tells everything about one.
///
/// # Errors
/// When there is no such rule.
pub(super) fn run(out: Out, code: &str) -> Result<Exit, CliError> {
    let rules = check::rules();
    if code.is_empty() {
        for rule in rules {
            out.line(format!("{}  {}", out.paint().strong(rule.code), rule.summary))?;
        }
        return Ok(Exit::Done);
    }
    let rule = rules.iter().find(|rule| rule.code.eq_ignore_ascii_case(code)).ok_or_else(|| {
        let codes: Vec<&str> = rules.iter().map(|rule| rule.code).collect();
        CliError::usage(format!("there is no rule `{code}`")).hint(suggestion(
            &code.to_uppercase(),
            &codes,
            "rules",
        ))
    })?;
    for line in page(rule, out.paint(), out.columns().min(100)) {
        out.line(line)?;
    }
    Ok(Exit::Done)
}

/// What a rule is, why, how to mend it, and an example.
fn page(rule: &Rule, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", paint.strong(rule.code), rule.name), String::new()];
    lines.extend(fold(&format!("{}.", rule.summary), columns));
    lines.push(String::new());
    lines.extend(fold(rule.why, columns));
    lines.extend([String::new(), paint.strong("Fix").to_string()]);
    lines.extend(fold(rule.fix, columns.saturating_sub(2)).into_iter().map(indented));
    for (head, example) in [("Wrong", rule.wrong), ("Right", rule.right)] {
        lines.extend([String::new(), paint.strong(head).to_string()]);
        lines.extend(example.lines().map(|line| indented(line.to_owned())));
    }
    lines
}

fn indented(line: String) -> String {
    if line.is_empty() { line } else { format!("  {line}") }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::check;
    use crate::run::report::text::Paint;

    #[test]
    fn a_page_tells_what_why_how_and_shows_it() {
        for rule in check::rules() {
            let page = page(rule, Paint::Plain, 80).join("\n");
            let first = rule.why.split_whitespace().next().unwrap_or_default();
            for part in [rule.code, rule.name, first, "\nFix\n", "\nWrong\n", "\nRight\n"] {
                assert!(page.contains(part), "{}: `{part}` is missing", rule.code);
            }
            let line = rule.right.lines().last().unwrap_or_default();
            assert!(page.ends_with(&format!("  {line}")), "{}", rule.code);
        }
    }
}
