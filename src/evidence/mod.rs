//! One archive for an auditor: journals, the texts they are pinned to, reports, hashes, and how to verify it all.
//!
//! Everything in it can be verified with standard tools, and its README says how. What this program adds is that it
//! reads the journals again, judges once more, makes the pages once more, and finds the same.

mod archive;
mod der;
mod pack;
mod pages;
mod signature;
mod verify;

pub use archive::{Archive, ArchiveError};
use pack::hex;
pub use pack::{Kept, pack, sums};
pub use pages::Remake;
pub use signature::{Signed, add_signature, is_public_key};
pub use verify::{Judge, Texts, Verified, verify};
