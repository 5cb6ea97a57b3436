//! Every name that an expression reads, with its place.

use super::lexer::{Kind, Token};
use super::names::KEYWORDS;
use super::{ExprError, Form, lexer, names, template};
use std::ops::Range;

/// A name that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its parts: `steps.create_key['key_arn']` is `["steps", "create_key", "key_arn"]`.
    pub path: Vec<String>,
    /// Its bytes in the given text. When it is not complete: up to the first index.
    pub range: Range<usize>,
    /// The bytes of each part.
    pub parts: Vec<Range<usize>>,
    /// False when an index that only the run knows follows, as in `steps.a.list[item]` or `list[0]`.
    pub complete: bool,
    /// Whether the expression itself provides for it being undefined: `is defined`, `| default(…)`.
    pub guarded: bool,
    /// Where the name ends when indexes that only the run knows are counted in.
    pub(super) chain_end: usize,
}

/// Every name in an expression or a template, in order. Variables of list comprehensions are left out.
///
/// # Errors
/// When the text is not an expression, or names a filter, test or function that does not exist.
pub fn references(text: &str, form: Form) -> Result<Vec<Reference>, ExprError> {
    match form {
        Form::Bare => {
            let (tokens, _) = lexer::tokens(text, 0, false)?;
            names::check(&tokens)?;
            Ok(of_tokens(&tokens))
        }
        Form::Template => {
            let mut all = Vec::new();
            for (tokens, _) in template::scan(text)? {
                names::check(&tokens)?;
                all.extend(of_tokens(&tokens));
            }
            Ok(all)
        }
    }
}

/// The references in a list of tokens.
pub(super) fn of_tokens(tokens: &[Token<'_>]) -> Vec<Reference> {
    let locals = comprehension_variables(tokens);
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let start = index;
        index += 1;
        let Kind::Ident(root) = tokens[start].kind else { continue };
        if !is_root(tokens, start) || KEYWORDS.contains(&root) {
            continue;
        }
        if locals.iter().any(|(name, scope)| *name == root && scope.contains(&start)) {
            continue;
        }
        let mut reference = Reference {
            path: vec![root.to_owned()],
            parts: vec![tokens[start].range.clone()],
            range: tokens[start].range.clone(),
            complete: true,
            guarded: false,
            chain_end: 0,
        };
        index = follow(tokens, index, &mut reference);
        let after = end_of_chain(tokens, index);
        reference.chain_end = tokens[after - 1].range.end;
        reference.guarded = is_guarded(tokens, after);
        found.push(reference);
    }
    found
}

/// Adds the parts after the root. Gives the index of the first token that is not part of the name.
fn follow(tokens: &[Token<'_>], mut index: usize, reference: &mut Reference) -> usize {
    loop {
        match (tokens.get(index), tokens.get(index + 1), tokens.get(index + 2)) {
            (Some(dot), Some(Token { kind: Kind::Ident(part), range }), _) if dot.is(".") => {
                reference.path.push((*part).to_owned());
                reference.parts.push(range.clone());
                reference.range.end = range.end;
                index += 2;
            }
            (Some(open), Some(Token { kind: Kind::Text(key), range }), Some(close))
                if open.is("[") && close.is("]") =>
            {
                reference.path.push(key.clone());
                reference.parts.push(range.clone());
                reference.range.end = close.range.end;
                index += 3;
            }
            (Some(open), _, _) if open.is("[") => {
                reference.complete = false;
                return index;
            }
            _ => return index,
        }
    }
}

/// The first token after a name and all its indexes.
fn end_of_chain(tokens: &[Token<'_>], mut index: usize) -> usize {
    loop {
        match tokens.get(index) {
            Some(dot) if dot.is(".") && index + 1 < tokens.len() => index += 2,
            Some(open) if open.is("[") => {
                let mut depth = 0_usize;
                let close = tokens[index..].iter().position(|token| {
                    depth += usize::from(token.is("["));
                    depth -= usize::from(token.is("]"));
                    depth == 0
                });
                match close {
                    Some(offset) => index += offset + 1,
                    None => return tokens.len(),
                }
            }
            _ => return index,
        }
    }
}

/// Whether an identifier begins a name: not a part, a filter, a test, a call or a keyword argument.
fn is_root(tokens: &[Token<'_>], index: usize) -> bool {
    if let Some(before) = index.checked_sub(1).map(|at| &tokens[at]) {
        let test_after_not = before.is_word("not") && index >= 2 && tokens[index - 2].is_word("is");
        if before.is(".") || before.is("|") || before.is_word("is") || test_after_not {
            return false;
        }
        // `for` is no keyword of its own outside a comprehension, so only there it is one.
        if tokens[index].is_word("for") && !begins_operand(before) {
            return false;
        }
    }
    match tokens.get(index + 1) {
        Some(next) if next.is("(") => false,
        Some(next) if next.is("=") => false,
        _ => true,
    }
}

fn begins_operand(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Sign(sign) if !matches!(sign, ")" | "]" | "}"))
}

/// `is defined`, `is not defined`, `is undefined`, `| default(`.
fn is_guarded(tokens: &[Token<'_>], index: usize) -> bool {
    let word = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Ident(word)) => *word,
        _ => "",
    };
    match tokens.get(index) {
        Some(token) if token.is("|") => word(index + 1) == "default",
        Some(token) if token.is_word("is") => {
            let at = if word(index + 1) == "not" { index + 2 } else { index + 1 };
            matches!(word(at), "defined" | "undefined")
        }
        _ => false,
    }
}

/// The variables of `[… for x in …]`, with the tokens they are known in.
fn comprehension_variables<'a>(tokens: &[Token<'a>]) -> Vec<(&'a str, Range<usize>)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (index, token) in tokens.iter().enumerate() {
        if token.is("[") || token.is("?[") {
            open.push((index, Vec::new()));
        } else if token.is("]") {
            if let Some((start, names)) = open.pop() {
                found.extend(names.into_iter().map(|name| (name, start..index)));
            }
        } else if token.is_word("for")
            && index > 0
            && !begins_operand(&tokens[index - 1])
            && let Some((_, names)) = open.last_mut()
        {
            names.extend(
                tokens[index + 1..]
                    .iter()
                    .take_while(|token| !token.is_word("in"))
                    .take(3)
                    .filter_map(|token| match token.kind {
                        Kind::Ident(name) => Some(name),
                        _ => None,
                    }),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        references(text, Form::Bare)
            .expect(text)
            .into_iter()
            .map(|r| format!("{}{}", r.path.join("/"), if r.complete { "" } else { "…" }))
            .collect()
    }

    #[test]
    fn every_name_is_found() {
        assert_eq!(
            paths("steps.a.b > params.n and not run.id is starting_with(pat=params.p)"),
            ["steps/a/b", "params/n", "run/id", "params/p"]
        );
        assert_eq!(paths("steps['a'][\"b c\"] ~ item"), ["steps/a/b c", "item"]);
        assert_eq!(paths("steps.a.list[params.i].x"), ["steps/a/list…", "params/i"]);
        assert_eq!(paths("params.list[0]"), ["params/list…"]);
        assert_eq!(paths("x if y else z"), ["x", "y", "z"]);
        assert_eq!(paths("a | default(value=b) | upper"), ["a", "b"]);
        assert_eq!(paths("{'k': a, 'l': [b, 1.5, none, true]}"), ["a", "b"]);
        assert_eq!(paths("a in b and c not in d"), ["a", "b", "c", "d"]);
        assert_eq!(paths("range(end=params.n)"), ["params/n"]);
    }

    #[test]
    fn variables_of_a_comprehension_are_no_names_of_the_run() {
        assert_eq!(paths("[u.resource for u in steps.a.users if u.n > x]"), ["steps/a/users", "x"]);
        assert_eq!(paths("[k ~ v for k, v in params.m] | length > u"), ["params/m", "u"]);
    }

    #[test]
    fn a_reference_knows_its_bytes() {
        let text = "é {{ steps.a['b'] }} {{  item.x  }}";
        let found = references(text, Form::Template).expect("references");
        assert_eq!(&text[found[0].range.clone()], "steps.a['b']");
        assert_eq!(&text[found[0].parts[2].clone()], "'b'");
        assert_eq!(&text[found[1].range.clone()], "item.x");
    }

    #[test]
    fn guards_are_seen() {
        let guarded = |text| references(text, Form::Bare).expect(text)[0].guarded;
        assert!(guarded("a.b is defined"));
        assert!(guarded("a.b is not defined and x"));
        assert!(guarded("a | default(value=1)"));
        assert!(!guarded("a | upper | default(value=1)"));
        assert!(!guarded("a is string"));
    }
}
