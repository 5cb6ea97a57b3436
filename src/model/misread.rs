//! What an author meant to say and the parser could not read.
//!
//! Such a mistake has been reported at its place. Nothing may be concluded from what is missing because
//! of it: an author sees each mistake once.

use super::step::Role;

/// The keys of a mapping whose values could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misread {
    all: bool,
    keys: Vec<String>,
}

impl Misread {
    /// Nothing of the mapping could be read.
    #[must_use]
    pub const fn all() -> Self {
        Self { all: true, keys: Vec::new() }
    }

    /// Takes down that the value of a key could not be read, or that another key was meant to be this one.
    pub fn add(&mut self, key: &str) {
        if !self.has(key) {
            self.keys.push(key.to_owned());
        }
    }

    /// Whether the author gave this key, or may have given it, and it could not be read.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.all || self.keys.iter().any(|one| one == key)
    }

    /// Whether nothing of the mapping could be read.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.all
    }
}

/// The parts of a document that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Blocks that were meant to be executable: their role, when it can be told, and their id.
    pub blocks: Vec<(Option<Role>, String)>,
    /// Whether a fence that is not closed hides where code ends and prose begins.
    pub torn: bool,
}

impl Gaps {
    /// Whether a block of that role and id was meant to be there.
    #[must_use]
    pub fn may_have(&self, role: Role, id: &str) -> bool {
        self.blocks
            .iter()
            .any(|(meant, name)| name == id && meant.is_none_or(|meant| meant == role))
    }

    /// Whether any block of that role was meant to be there.
    #[must_use]
    pub fn may_have_any(&self, role: Role) -> bool {
        self.blocks.iter().any(|(meant, _)| meant.is_none_or(|meant| meant == role))
    }
}
