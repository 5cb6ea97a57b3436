//! The links of a document, and the names under which links find its parts.

use crate::source::Span;
use std::collections::HashMap;

/// One link, image, or definition of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, decoded: `other.md#step`.
    pub target: String,
    /// Where the target stands.
    pub span: Span,
    /// Whether the place it names is defined. `[text][name]` without a definition is not a link.
    pub defined: bool,
}

/// The name that code hosts give to a heading: `How we know` becomes `how-we-know`.
#[must_use]
pub fn slug(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() || is_mark(c) => Some(c),
            _ => None,
        })
        .collect()
}

/// The combining marks of the scripts that write words with them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}'
        | '\u{93a}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{203f}' | '\u{fe20}'..='\u{fe2f}')
}

/// Gives names to headings in their order. A name that is taken gets a number.
#[derive(Debug, Default)]
pub struct Slugs {
    taken: HashMap<String, usize>,
}

impl Slugs {
    /// The name of the next heading.
    pub fn next(&mut self, heading: &str) -> String {
        let plain = slug(heading);
        if !self.taken.contains_key(&plain) {
            self.taken.insert(plain.clone(), 0);
            return plain;
        }
        loop {
            let count_of = self.taken.entry(plain.clone()).or_default();
            *count_of += 1;
            let numbered = format!("{plain}-{count_of}");
            if !self.taken.contains_key(&numbered) {
                self.taken.insert(numbered.clone(), 0);
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_code_hosts_name_them() {
        assert_eq!(slug("How we know it is healthy"), "how-we-know-it-is-healthy");
        assert_eq!(slug("What's `s3:Get*` & co.?"), "whats-s3get--co");
        assert_eq!(slug("Größe — Höhe"), "größe--höhe");
        assert_eq!(slug("1. step_one"), "1-step_one");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut slugs = Slugs::default();
        let names: Vec<_> = ["A", "A-1", "A", "A"].iter().map(|h| slugs.next(h)).collect();
        assert_eq!(names, ["a", "a-1", "a-2", "a-3"]);
    }
}
