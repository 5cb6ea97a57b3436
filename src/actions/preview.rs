//! What a step would change, as far as it can be told without changing anything.

use serde::{Deserialize, Serialize};

/// How far a plan may go to find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    /// Whether a change set may be made, and deleted again, to ask CloudFormation itself.
    pub change_sets: bool,
}

/// What a step would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Thing by thing, from reading alone. The digest of a plan covers these, so nothing that moves
    /// by itself belongs here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The same as CloudFormation itself tells it, when it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set: Option<Vec<Change>>,
    /// What is worth knowing and may be otherwise in a minute: counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What would become of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name: `alias/corpus`, or a resource's logical name.
    pub what: String,
    /// Its type, when it has one: `AWS::S3::Bucket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What would happen to it.
    pub kind: Kind,
    /// Whether that is certain. What is modified and not certain may be replaced.
    pub certain: bool,
    /// What it is now, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Which of its properties, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// What would happen to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is made.
    Add,
    /// It stays, and is altered.
    Modify,
    /// It is made anew, and the old one is deleted.
    Replace,
    /// It is deleted.
    Remove,
    /// It stays, although what owns it goes.
    Keep,
}

impl Kind {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Modify => "modify",
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::Keep => "keep",
        }
    }
}

impl Change {
    /// A change that is certain.
    #[must_use]
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            of: None,
            kind,
            certain: true,
            before: None,
            after: None,
            details: Vec::new(),
        }
    }

    /// One value that becomes another. Without a value before, the thing is made.
    #[must_use]
    pub fn from_to(what: impl Into<String>, before: Option<&str>, after: &str) -> Self {
        let kind = if before.is_some() { Kind::Modify } else { Kind::Add };
        Self {
            before: before.map(str::to_owned),
            after: Some(after.to_owned()),
            ..Self::new(kind, what)
        }
    }

    /// Adds its type.
    #[must_use]
    pub fn of(mut self, of: impl Into<String>) -> Self {
        self.of = Some(of.into());
        self
    }

    /// Adds a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Says that it cannot be told for certain.
    #[must_use]
    pub const fn perhaps(mut self) -> Self {
        self.certain = false;
        self
    }
}

impl From<Change> for Preview {
    fn from(change: Change) -> Self {
        Self { changes: vec![change], ..Self::default() }
    }
}
