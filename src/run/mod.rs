//! The only loop: where engine, actions and store meet.

mod broken;
mod decisions;
mod driver;
mod error;
pub mod foresight;
mod guard;
mod health;
mod inputs;
mod job;
mod lifecycle;
mod looking;
mod obligation;
mod observe;
mod open;
mod params;
mod perform;
mod prepare;
mod probes;
mod redact;
pub mod report;
mod results;
mod revision;
mod scope;
mod steps;
mod undo;
pub mod world;

pub use broken::mend;
pub use driver::Io;
pub use error::RunError;
pub use lifecycle::{Begin, GoOn, abort, answer, new_id, resume, start, undo};
pub use open::{Opened, last, open, open_kept, plan_of};
pub use redact::Withheld;
