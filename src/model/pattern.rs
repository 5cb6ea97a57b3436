//! Patterns of parameters, compiled once.
//!
//! To compile a pattern costs more than to read the rest of a front matter, and the runbooks of a project
//! share their patterns. What is kept here decides nothing: the same text always gives the same pattern.

use regex::Regex;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// How many patterns are kept. An editor that stays open for a week must not keep each one it ever saw.
const MOST: usize = 1_000;

static KNOWN: LazyLock<RwLock<HashMap<String, Regex>>> = LazyLock::new(RwLock::default);

/// The pattern, compiled.
///
/// # Errors
/// When it is no regular expression.
pub(super) fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    // A thread that panicked has left nothing half done in it.
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let regex = Regex::new(pattern)?;
    let mut all = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MOST {
        all.clear();
    }
    all.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, MOST, compiled};

    #[test]
    fn a_pattern_is_kept_and_what_is_kept_is_bounded() {
        for number in 0..MOST + 10 {
            let pattern = format!("^kept{number}$");
            for _ in 0..2 {
                let regex = compiled(&pattern).expect("a pattern");
                assert!(regex.is_match(&format!("kept{number}")) && !regex.is_match("kept"));
            }
            assert!(KNOWN.read().expect("the patterns").len() <= MOST);
        }
        assert!(compiled("(").is_err() && compiled("(").is_err());
    }
}
