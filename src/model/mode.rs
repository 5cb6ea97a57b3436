//! What kind of run it is, and what a step does to the world.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an environment is for. Guards depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentKind {
    /// Serves customers. Destructive steps ask for a typed phrase.
    Production,
    /// Real accounts that exist to be torn down.
    Drill,
    /// The emulator on this machine.
    Sandbox,
}

/// What a run counts as. Only `Real` and `Drill` can be evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In a production environment.
    Real,
    /// In a drill environment.
    Drill,
    /// In the sandbox.
    Rehearsal,
}

impl From<EnvironmentKind> for Mode {
    fn from(kind: EnvironmentKind) -> Self {
        match kind {
            EnvironmentKind::Production => Self::Real,
            EnvironmentKind::Drill => Self::Drill,
            EnvironmentKind::Sandbox => Self::Rehearsal,
        }
    }
}

/// What a step does to the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Looks, and leaves everything as it is.
    Read,
    /// Makes or alters something.
    Change,
    /// Takes something away that cannot simply be made again.
    Destroy,
    /// Cannot be told from the text. Treated as a change by every guard.
    Unclear,
}

impl Effect {
    /// Whether the step may alter anything. What cannot be told counts as altering.
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Read)
    }
}

macro_rules! shown_as {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $text),+ })
            }
        }
    };
}

shown_as!(EnvironmentKind { Production => "production", Drill => "drill", Sandbox => "sandbox" });
shown_as!(Mode { Real => "real", Drill => "drill", Rehearsal => "rehearsal" });
shown_as!(Effect { Read => "reads", Change => "changes", Destroy => "destroys", Unclear => "cannot be told" });
