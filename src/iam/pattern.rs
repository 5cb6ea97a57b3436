//! The wildcards of IAM: what a pattern matches, and which pattern holds another.

use std::fmt;

/// A text as the resource of a policy has it: `*` is any text, `?` any one character.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern(String);

impl Pattern {
    /// Exactly that text.
    pub(super) fn literal(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push_literal(text);
        pattern
    }

    /// A pattern as a policy has it.
    pub(super) fn written(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Adds exactly that text. What IAM would take for a wildcard is written as IAM wants it.
    pub(super) fn push_literal(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '*' => self.0.push_str("${*}"),
                '?' => self.0.push_str("${?}"),
                '$' => self.0.push_str("${$}"),
                other => self.0.push(other),
            }
        }
    }

    /// Adds any text.
    pub(super) fn push_anything(&mut self) {
        if !self.0.ends_with('*') {
            self.0.push('*');
        }
    }

    /// Adds what a policy would have there.
    pub(super) fn push_pattern(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// The text before the first wildcard.
    pub(super) fn known_beginning(&self) -> &str {
        let end = self.0.find(['*', '?', '$']).unwrap_or(self.0.len());
        &self.0[..end]
    }

    /// Whether it is one text and nothing else.
    pub(super) fn is_exact(&self) -> bool {
        self.known_beginning().len() == self.0.len()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether everything that `other` matches, this matches too. When in doubt it does not.
    pub(super) fn holds(&self, other: &Self) -> bool {
        // A star of the other one is taken for a character that only a star of ours can match.
        self == other || !self.0.contains("${") && matches(self.0.as_bytes(), other.0.as_bytes())
    }
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') if text[t] != b'*' => (p, t) = (p + 1, t + 1),
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, taken)) = star else { return false };
                (p, t) = (at + 1, taken + 1);
                star = Some((at, taken + 1));
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn holds(one: &str, other: &str) -> bool {
        Pattern::written(one).holds(&Pattern::written(other))
    }

    #[test]
    fn a_wider_pattern_holds_a_narrower_one_and_not_the_other_way() {
        for (wide, narrow) in [
            ("*", "arn:aws:s3:::a"),
            ("arn:aws:s3:::*", "arn:aws:s3:::a-*"),
            ("a*c*e", "a-c-*-e"),
            ("secret:*", "secret:a-??????"),
            ("same", "same"),
            ("s-?", "s-x"),
        ] {
            assert!(holds(wide, narrow), "{wide} holds {narrow}");
            assert!(wide == narrow || !holds(narrow, wide), "{narrow} does not hold {wide}");
        }
        // A question mark is one character; a star may be none.
        assert!(!holds("s-?", "s-*"));
        assert!(!holds("a-b", "a-*"));
    }

    #[test]
    fn what_is_meant_literally_is_no_wildcard() {
        let literal = Pattern::literal("a*b$c");
        assert_eq!(literal.to_string(), "a${*}b${$}c");
        assert!(!literal.is_exact());
        assert_eq!(literal.known_beginning(), "a");
        assert!(Pattern::literal("plain").is_exact());
    }
}
