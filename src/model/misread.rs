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

/// An id that cannot be read may be that far from the one that was meant.
const SLIPS: usize = 2;

/// The parts of a document that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Blocks that were meant to be executable: their role, when it can be told, and their id.
    pub blocks: Vec<(Option<Role>, String)>,
    /// Whether there was another block, of which not even the opening line can be found.
    pub nameless: bool,
    /// Whether a fence that is not closed hides where code ends and prose begins.
    pub torn: bool,
}

impl Gaps {
    /// Whether a block of that role and id was meant to be there.
    #[must_use]
    pub fn may_have(&self, role: Role, id: &str) -> bool {
        // Who slips in one word of a line may slip in the next.
        let fits = |(meant, name): &(Option<Role>, String)| {
            strsim::osa_distance(name, id) <= SLIPS && meant.is_none_or(|meant| meant == role)
        };
        self.nameless || self.blocks.iter().any(fits)
    }

    /// Whether any block of that role was meant to be there.
    #[must_use]
    pub fn may_have_any(&self, role: Role) -> bool {
        let fits = |(meant, _): &(Option<Role>, String)| meant.is_none_or(|meant| meant == role);
        self.nameless || self.blocks.iter().any(fits)
    }
}
