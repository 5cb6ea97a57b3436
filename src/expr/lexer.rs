//! The tokens of an expression, with the byte range of each.
//!
//! It follows the lexer of Tera. Where the two could differ, this one refuses.

use super::ExprError;
use std::ops::Range;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Ident(&'a str),
    /// A string literal, decoded.
    Text(String),
    Number(&'a str),
    Sign(&'a str),
}

impl Token<'_> {
    pub(super) fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Ident(word)
    }
}

const LONG_SIGNS: [&str; 11] = ["...", "//", "**", "==", "!=", ">=", "<=", "</", "?.", "?[", "}}"];
const SIGNS: &str = "+-*/%!.,:~|=><()[]{}@";

/// Cuts an expression into tokens. Stops before a `}}` when `in_template`; else a `}}` is an error.
/// Also gives the offset where it stopped.
///
/// # Errors
/// A character that means nothing, an unclosed or badly escaped string, a stray `}}`.
pub(super) fn tokens(
    text: &str,
    start: usize,
    in_template: bool,
) -> Result<(Vec<Token<'_>>, usize), ExprError> {
    let (mut found, mut at) = (Vec::new(), start);
    loop {
        at += text[at..].len()
            - text[at..].trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { break };
        if rest.starts_with("}}") {
            if in_template {
                break;
            }
            return Err(ExprError::new(
                "`}}` cannot stand in an expression; put a space between nested braces",
                at..at + 2,
            ));
        }
        let token = one(text, at, first)?;
        at = token.range.end;
        found.push(token);
    }
    Ok((found, at))
}

fn one(text: &str, at: usize, first: char) -> Result<Token<'_>, ExprError> {
    let rest = &text[at..];
    let take = |length: usize| (&rest[..length], at..at + length);
    if let Some(sign) = LONG_SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok(Token { kind: Kind::Sign(sign), range: at..at + sign.len() });
    }
    if matches!(first, '\'' | '"' | '`') {
        return string(text, at, first);
    }
    if SIGNS.contains(first) {
        let (sign, range) = take(1);
        return Ok(Token { kind: Kind::Sign(sign), range });
    }
    if first.is_ascii_digit() {
        let mut dots = 0;
        let end = rest.find(|c: char| {
            dots += usize::from(c == '.');
            !(c.is_ascii_digit() || c == '.' && dots == 1)
        });
        let (number, range) = take(end.unwrap_or(rest.len()));
        return Ok(Token { kind: Kind::Number(number), range });
    }
    if first == '_' || first.is_ascii_alphabetic() {
        let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        let (word, range) = take(end.unwrap_or(rest.len()));
        return Ok(Token { kind: Kind::Ident(word), range });
    }
    Err(ExprError::new(
        format!("`{first}` means nothing in an expression"),
        at..at + first.len_utf8(),
    ))
}

fn string(text: &str, at: usize, quote: char) -> Result<Token<'_>, ExprError> {
    let (mut decoded, mut chars) = (String::new(), text[at + 1..].char_indices());
    while let Some((offset, c)) = chars.next() {
        if c == quote {
            return Ok(Token { kind: Kind::Text(decoded), range: at..at + 1 + offset + 1 });
        }
        if c != '\\' {
            decoded.push(c);
            continue;
        }
        match chars.next() {
            Some((_, c @ ('"' | '\'' | '/' | '\\'))) => decoded.push(c),
            Some((_, 'n')) => decoded.push('\n'),
            Some((_, 't')) => decoded.push('\t'),
            Some((_, 'r')) => decoded.push('\r'),
            Some((next, c)) => {
                let start = at + 1 + offset;
                return Err(ExprError::new(
                    format!(
                        "`\\{c}` is not an escape; a string knows \\n, \\t, \\r, \\\\, \\/, \\\" and \\'"
                    ),
                    start..at + 1 + next + c.len_utf8(),
                ));
            }
            None => break,
        }
    }
    Err(ExprError::new(format!("this string has no closing `{quote}`"), at..text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text, 0, false).expect("tokens").0.into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_words_strings_and_signs() {
        assert_eq!(
            kinds("a.b >= 1.5 ~ 'x\\'y'"),
            [
                Kind::Ident("a"),
                Kind::Sign("."),
                Kind::Ident("b"),
                Kind::Sign(">="),
                Kind::Number("1.5"),
                Kind::Sign("~"),
                Kind::Text("x'y".to_owned()),
            ]
        );
    }

    #[test]
    fn an_error_has_the_range_of_its_culprit() {
        let at = |text| tokens(text, 0, false).expect_err("an error").range;
        assert_eq!(at("a && b"), 2..3);
        assert_eq!(at("x == 'é"), 5..8);
        assert_eq!(at("{'a': {'b': 1}}"), 13..15);
        assert_eq!(at("'a\\q'"), 2..4);
    }

    #[test]
    fn a_template_expression_ends_at_its_braces_and_not_inside_a_string() {
        assert_eq!(tokens("{{ '}}' }} x", 2, true).expect("tokens").1, 8);
    }
}
