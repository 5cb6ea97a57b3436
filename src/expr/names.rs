//! Which filters, tests and functions an expression may use.
//!
//! All of them are pure: the same values always give the same answer. There is no clock, no
//! environment and no randomness, because a resumed run must decide as it decided before.

use super::ExprError;
use super::lexer::{Kind, Token};
use crate::diagnostic::nearest;

/// The filters of Tera that are pure, keep order, and mean something outside of HTML.
pub(super) const FILTERS: [&str; 30] = [
    "abs",
    "capitalize",
    "default",
    "first",
    "float",
    "get",
    "indent",
    "int",
    "join",
    "keys",
    "last",
    "length",
    "lower",
    "nth",
    "pairs",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "values",
];

pub(super) const TESTS: [&str; 17] = [
    "array",
    "bool",
    "containing",
    "defined",
    "divisible_by",
    "ending_with",
    "even",
    "float",
    "integer",
    "iterable",
    "map",
    "none",
    "number",
    "odd",
    "starting_with",
    "string",
    "undefined",
];

pub(super) const FUNCTIONS: [&str; 1] = ["range"];

/// Words with a meaning of their own, which are never names.
pub(super) const KEYWORDS: [&str; 14] = [
    "true", "True", "false", "False", "none", "None", "null", "and", "or", "not", "in", "is", "if",
    "else",
];

/// Refuses names that Tera would only refuse as text without a place, and syntax that has no place here.
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), ExprError> {
    for (index, token) in tokens.iter().enumerate() {
        let before = |back: usize| index.checked_sub(back).and_then(|at| tokens.get(at));
        match &token.kind {
            Kind::Ident(word) if before(1).is_some_and(|t| t.is("|")) => {
                known(word, "filter", &FILTERS, token)?;
            }
            Kind::Ident("not") if before(1).is_some_and(|t| t.is_word("is")) => {}
            Kind::Ident(word)
                if before(1).is_some_and(|t| t.is_word("is"))
                    || before(1).is_some_and(|t| t.is_word("not"))
                        && before(2).is_some_and(|t| t.is_word("is")) =>
            {
                known(word, "test", &TESTS, token)?;
            }
            Kind::Ident(word)
                if tokens.get(index + 1).is_some_and(|t| t.is("("))
                    && !KEYWORDS.contains(word)
                    && !before(1).is_some_and(|t| t.is(".")) =>
            {
                known(word, "function", &FUNCTIONS, token)?;
            }
            Kind::Sign("?." | "?[") => {
                return Err(ExprError::new(
                    "a name is either defined or not; write `is defined` or `| default(value=…)` instead of `?`",
                    token.range.clone(),
                ));
            }
            Kind::Sign("&" | "@" | "</") => {
                return Err(ExprError::new(
                    "this means nothing in an expression",
                    token.range.clone(),
                ));
            }
            Kind::Sign("<") if before(1).is_none_or(begins_operand) => {
                return Err(ExprError::new("`<` needs a value before it", token.range.clone()));
            }
            Kind::Sign("=") if !is_keyword_argument(tokens, index) => {
                return Err(ExprError::new("use `==` to compare", token.range.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a value must follow this token.
fn begins_operand(token: &Token<'_>) -> bool {
    match &token.kind {
        Kind::Sign(sign) => !matches!(*sign, ")" | "]" | "}"),
        Kind::Ident(word) => matches!(*word, "and" | "or" | "not" | "in" | "if" | "else"),
        Kind::Text(_) | Kind::Number(_) => false,
    }
}

fn is_keyword_argument(tokens: &[Token<'_>], index: usize) -> bool {
    index >= 2
        && matches!(tokens[index - 1].kind, Kind::Ident(_))
        && (tokens[index - 2].is("(") || tokens[index - 2].is(","))
}

fn known(word: &str, what: &str, all: &[&'static str], token: &Token<'_>) -> Result<(), ExprError> {
    if all.contains(&word) {
        return Ok(());
    }
    let hint = nearest(word, all.iter().copied()).map_or_else(
        || format!("there are: {}", all.join(", ")),
        |name| format!("did you mean `{name}`?"),
    );
    Err(ExprError::new(format!("there is no {what} `{word}`; {hint}"), token.range.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn refused(text: &str) -> (String, std::ops::Range<usize>) {
        let error = check(&tokens(text, 0, false).expect("tokens").0).expect_err(text);
        (error.message, error.range)
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        assert_eq!(refused("a | uper").1, 4..8);
        assert!(refused("a | uper").0.contains("`upper`"));
        assert!(refused("a is not definde").0.contains("`defined`"));
        assert!(refused("now()").0.contains("no function `now`"));
        assert!(refused("get_env(name='x')").0.contains("no function"));
        assert!(refused("x.y | get_random").0.contains("no filter"));
    }

    #[test]
    fn slips_of_other_languages_are_refused() {
        assert_eq!(refused("a = 1").1, 2..3);
        assert_eq!(refused("a?.b").1, 1..3);
        assert_eq!(refused("<a/>").1, 0..1);
        assert!(
            check(
                &tokens("a < b and x | replace(from='a', to='b') == ''", 0, false).expect("ok").0
            )
            .is_ok()
        );
    }
}
