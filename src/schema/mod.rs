//! JSON Schemas (draft 2020-12) of everything that an author writes in YAML.
//!
//! They are made from the tables that the parser reads and from the catalog of actions, so that what
//! an editor accepts is what the parser accepts. What needs the whole runbook, such as whether a step
//! exists, only the checker can tell.

mod block;
mod drill;
mod front_matter;
mod manifest;
mod project;
mod shape;
#[cfg(test)]
mod tests;

use crate::model::action::Catalog;
use serde_json::Value;

/// Every schema, in the order of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The YAML at the top of a runbook.
    FrontMatter,
    /// One executable block: a typed action, or the `#|` lines of a script.
    Step,
    /// `runbook.yaml`.
    Project,
    /// A drill.
    Drill,
    /// A manifest of stacks.
    Manifest,
}

impl Kind {
    /// Every schema, in the order of the manual.
    pub const ALL: [Self; 5] =
        [Self::FrontMatter, Self::Step, Self::Project, Self::Drill, Self::Manifest];

    /// Its name on the command line, and the first part of its file's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FrontMatter => "front-matter",
            Self::Step => "step",
            Self::Project => "project",
            Self::Drill => "drill",
            Self::Manifest => "manifest",
        }
    }

    /// The name of the file that holds it.
    #[must_use]
    pub fn file(self) -> String {
        format!("{}.schema.json", self.name())
    }

    /// The schema. `catalog` is what steps can use.
    #[must_use]
    pub fn schema(self, catalog: &Catalog) -> Value {
        let mut schema = match self {
            Self::FrontMatter => front_matter::schema(),
            Self::Step => block::schema(catalog),
            Self::Project => project::schema(),
            Self::Drill => drill::schema(),
            Self::Manifest => manifest::schema(),
        };
        let mut whole = serde_json::Map::new();
        whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        whole.insert("$id".to_owned(), format!("urn:runbook:schema:{}", self.name()).into());
        if let Value::Object(own) = &mut schema {
            whole.append(own);
        }
        Value::Object(whole)
    }
}
