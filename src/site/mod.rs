//! The handoff site: runbooks and the evidence of their runs become files in memory. `cli` reads what it is made
//! from, and writes it.
//!
//! The same input gives the same bytes: nothing here looks at a clock, at a file or at chance.

mod about;
mod assets;
mod board;
mod book;
mod by_hand;
mod document;
mod graph;
mod keys;
mod manifest;
mod markdown;
mod owners;
mod page;
mod promise;
mod raw;
mod run;
mod search;
mod spoken;
mod step;
mod target;
mod templates;
mod timeline;
mod trend;
mod trust;
pub mod view;
mod wiki;

pub use board::{Board, Light, Shown};
pub use page::{Files, SiteError, build, single};
pub use promise::{PROMISES, Promise, Proof};
pub use target::{decoded, path_of};
pub use templates::{NAMES, Templates};
pub use wiki::wiki;
