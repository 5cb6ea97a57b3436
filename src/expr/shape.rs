//! What can be told from the shape of an expression, whatever the values are.

use super::evaluate::evaluate;
use super::lexer::{self, Kind, Token};
use super::references::of_tokens;
use super::{Reference, names};
use crate::model::value::{Value, Values};
use std::ops::Range;

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// The parts of a bare expression that `and` joins: all of them must hold.
#[must_use]
pub fn conjuncts(expression: &str) -> Vec<Range<usize>> {
    // `or` binds weaker than `and`.
    if joined_by(expression, "or").len() > 1 {
        return trimmed(expression).into_iter().collect();
    }
    joined_by(expression, "and")
}

fn trimmed(expression: &str) -> Option<Range<usize>> {
    let tokens = readable(expression)?;
    Some(tokens.first()?.range.start..tokens.last()?.range.end)
}

/// The value of a bare expression that reads nothing of the run.
#[must_use]
pub fn constant(expression: &str) -> Option<Value> {
    let tokens = readable(expression)?;
    // A call may make a list of any length.
    let calls = tokens.iter().any(|token| names::FUNCTIONS.iter().any(|name| token.is_word(name)));
    if calls || !of_tokens(&tokens).is_empty() {
        return None;
    }
    evaluate(expression, &Values::new()).ok()
}

/// Whether an expression compares a thing with itself, and if so, what always comes out.
fn compares_itself(expression: &str) -> Option<bool> {
    let tokens = readable(expression)?;
    let (left, sign, right) = comparison(&tokens)?;
    let same = left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.kind == b.kind);
    same.then_some(matches!(sign, "==" | "<=" | ">="))
}

/// What always comes out of a condition, when that can be told: it is constant, compares a thing with
/// itself, or is put together from such parts.
#[must_use]
pub fn always(expression: &str) -> Option<bool> {
    if let Some(value) = constant(expression) {
        return value.as_bool();
    }
    if let Some(always) = compares_itself(expression) {
        return Some(always);
    }
    for (word, decides) in [("or", true), ("and", false)] {
        let parts = joined_by(expression, word);
        if parts.len() > 1 {
            let parts: Vec<_> = parts.into_iter().map(|part| always(&expression[part])).collect();
            if parts.contains(&Some(decides)) {
                return Some(decides);
            }
            return parts.iter().all(|part| *part == Some(!decides)).then_some(!decides);
        }
    }
    None
}

/// The parts between a word that stands in no bracket. One part when the expression chooses with `if`.
fn joined_by(expression: &str, word: &str) -> Vec<Range<usize>> {
    let Some(tokens) = readable(expression) else { return Vec::new() };
    let chooses = at_top(&tokens).any(|at| tokens[at].is_word("if"));
    let words: Vec<usize> =
        at_top(&tokens).filter(|at| !chooses && tokens[*at].is_word(word)).collect();
    let starts = std::iter::once(0).chain(words.iter().map(|at| at + 1));
    let ends = words.iter().copied().chain([tokens.len()]);
    starts
        .zip(ends)
        .filter(|(start, end)| start < end)
        .map(|(start, end)| tokens[start].range.start..tokens[end - 1].range.end)
        .collect()
}

/// A name that is compared with a number that is written out.
#[must_use]
pub fn compared_with_number(expression: &str) -> Option<Reference> {
    let tokens = readable(expression)?;
    let (left, _, right) = comparison(&tokens)?;
    let number = |side: &[Token<'_>]| match side {
        [one] => matches!(one.kind, Kind::Number(_)),
        [minus, one] => minus.is("-") && matches!(one.kind, Kind::Number(_)),
        _ => false,
    };
    let name = if number(right) {
        left
    } else if number(left) {
        right
    } else {
        return None;
    };
    plain_name(name)
}

/// The name, when an expression is nothing but one.
#[must_use]
pub fn only_name(expression: &str) -> Option<Reference> {
    plain_name(&readable(expression)?)
}

fn plain_name(tokens: &[Token<'_>]) -> Option<Reference> {
    let [one] = of_tokens(tokens).try_into().ok()?;
    let one: Reference = one;
    let whole =
        tokens.first()?.range.start == one.range.start && tokens.last()?.range.end == one.range.end;
    (whole && one.complete).then_some(one)
}

fn readable(expression: &str) -> Option<Vec<Token<'_>>> {
    let (tokens, _) = lexer::tokens(expression, 0, false).ok()?;
    names::check(&tokens).ok()?;
    (!tokens.is_empty()).then_some(tokens)
}

/// The tokens that stand in no bracket.
fn at_top<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        let opens = token.is("(") || token.is("[") || token.is("{");
        let closes = token.is(")") || token.is("]") || token.is("}");
        depth = if closes { depth.saturating_sub(1) } else { depth };
        let top = depth == 0 && !opens && !closes;
        depth += usize::from(opens);
        top.then_some(at)
    })
}

type Sides<'t, 'a> = (&'t [Token<'a>], &'a str, &'t [Token<'a>]);

/// The two sides of an expression that is one comparison.
fn comparison<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<Sides<'t, 'a>> {
    let mut found = None;
    for at in at_top(tokens) {
        match tokens[at].kind {
            Kind::Sign(sign) if COMPARISONS.contains(&sign) && found.is_none() => {
                found = Some((at, sign));
            }
            Kind::Sign(sign) if COMPARISONS.contains(&sign) => return None,
            Kind::Ident("and" | "or" | "not" | "if" | "else" | "in" | "is") => return None,
            _ => {}
        }
    }
    let (at, sign) = found?;
    let (left, right) = (&tokens[..at], &tokens[at + 1..]);
    (!left.is_empty() && !right.is_empty()).then_some((left, sign, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_comes_apart_at_its_ands() {
        let parts = |text: &'static str| {
            conjuncts(text).into_iter().map(|range| &text[range]).collect::<Vec<_>>()
        };
        assert_eq!(parts("a == 1 and (b and c) and d"), ["a == 1", "(b and c)", "d"]);
        assert_eq!(parts(" a or b and c "), ["a or b and c"]);
        assert_eq!(parts("a if b and c else d"), ["a if b and c else d"]);
    }

    #[test]
    fn what_reads_nothing_has_a_value() {
        assert_eq!(constant("1 + 1 == 2"), Some(Value::Bool(true)));
        assert_eq!(constant("'a'"), Some(Value::from("a")));
        assert_eq!(constant("params.a == 1"), None);
        assert_eq!(constant("range(end=1000000000) | length"), None);
    }

    #[test]
    fn a_thing_is_always_equal_to_itself() {
        assert_eq!(compares_itself("outputs.a == outputs.a"), Some(true));
        assert_eq!(compares_itself("a['x'] | length < a['x'] | length"), Some(false));
        assert_eq!(compares_itself("a == b"), None);
        assert_eq!(compares_itself("a == a and b"), None);
    }

    #[test]
    fn what_always_comes_out_is_known() {
        assert_eq!(always("a == a or b"), Some(true));
        assert_eq!(always("a and 1 == 2"), Some(false));
        assert_eq!(always("a != a or b != b"), Some(false));
        assert_eq!(always("not (a == a)"), None);
        assert_eq!(always("a or b"), None);
        assert_eq!(always("true if a else false"), None);
    }

    #[test]
    fn a_name_that_is_compared_with_a_number_is_found() {
        let found = |text| compared_with_number(text).map(|name| name.path.join("."));
        assert_eq!(found("outputs.n > 3"), Some("outputs.n".to_owned()));
        assert_eq!(found("-1 == steps.a.n"), Some("steps.a.n".to_owned()));
        assert_eq!(found("outputs.n | int > 3"), None);
        assert_eq!(found("outputs.n > '3'"), None);
    }
}
