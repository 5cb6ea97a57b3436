//! Names. Each kind of name is its own type, so that one cannot be used for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not snake_case: use lowercase letters, digits and `_`, beginning with a letter")]
pub struct BadName(pub String);

fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

macro_rules! snake_case_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name that is `snake_case`.
            ///
            /// # Errors
            /// Gives the text back when it is not.
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                if is_snake_case(&text) { Ok(Self(text.into())) } else { Err(BadName(text)) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.to_string()
            }
        }
    };
}

snake_case_name! {
    /// The id of a step or of a health probe, unique in its runbook.
    StepId
}

snake_case_name! {
    /// The logical name of an account, such as `data`.
    AccountName
}

/// Where a step stands in a run: `outer/inner` inside a sub-runbook, `step[2]` inside a loop.
///
/// This is the name a step has in the journal. It never changes once a run has begun, and its copies share the text:
/// what comes next is decided with the keys of all steps in hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct StepKey(Arc<str>);

impl From<String> for StepKey {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<StepKey> for String {
    fn from(key: StepKey) -> Self {
        key.0.to_string()
    }
}

impl StepKey {
    /// The key of a step at the top of a runbook.
    #[must_use]
    pub fn top(id: &StepId) -> Self {
        Self(Arc::clone(&id.0))
    }

    /// A key as it was typed or journaled. Whether such a step exists is for the caller to find out.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::from(text.into())
    }

    /// The key of a step of the sub-runbook that this step runs.
    #[must_use]
    pub fn child(&self, id: &StepId) -> Self {
        Self::from(format!("{}/{id}", self.0))
    }

    /// The key of one element of the loop that this step is.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        Self::from(format!("{}[{index}]", self.0))
    }

    /// The key without any loop index: the step as the runbook's text has it.
    #[must_use]
    pub fn written(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        let mut inside = false;
        for c in self.0.chars() {
            match c {
                '[' => inside = true,
                ']' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text
    }

    /// How deep the step is nested in sub-runbooks and loops. Zero at the top.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches(['/', '[']).count()
    }

    /// Whether it is a step of that sub-runbook, or of one within it.
    #[must_use]
    pub fn is_inside(&self, other: &Self) -> bool {
        self.0.strip_prefix(&*other.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a run: sortable by time, unique, and easy to type the first half of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A run id as it was made or journaled.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_snake_case() {
        assert!(StepId::new("move_alias2").is_ok());
        for bad in ["", "Move", "2x", "a-b", "_a", "é"] {
            assert_eq!(StepId::new(bad), Err(BadName(bad.to_owned())));
        }
    }

    #[test]
    fn a_key_knows_the_step_it_was_written_as() {
        let id = |text| StepId::new(text).expect("a name");
        let key = StepKey::top(&id("outer")).element(3).child(&id("inner")).element(0);
        assert_eq!(key.as_str(), "outer[3]/inner[0]");
        assert_eq!(key.written(), "outer/inner");
        assert_eq!(key.depth(), 3);
    }
}
