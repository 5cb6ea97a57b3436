//! The exit codes. This is the one place that defines them; the manual and the tests print them.

use std::fmt::Write as _;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A step failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The runbook has errors.
    Invalid = 3,
    /// A guard refused.
    Refused = 4,
    /// An outcome is unknown.
    Unknown = 5,
    /// Something could not be taken back.
    Stuck = 6,
    /// Somebody else is at work.
    Locked = 7,
    /// Not in time.
    ObjectiveMissed = 8,
    /// Done, but not healthy.
    Unhealthy = 9,
    /// A person must answer.
    Waiting = 10,
    /// A drill could not be judged.
    NotJudged = 11,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// Every code, in ascending order.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Invalid,
        Self::Refused,
        Self::Unknown,
        Self::Stuck,
        Self::Locked,
        Self::ObjectiveMissed,
        Self::Unhealthy,
        Self::Waiting,
        Self::NotJudged,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "a step failed, and the run is paused",
            Self::Usage => "wrong usage or configuration, or the machine refused (disk, network)",
            Self::Invalid => "the runbook has errors",
            Self::Refused => "refused by a guard",
            Self::Unknown => "the outcome of a step is unknown, and a decision is needed",
            Self::Stuck => "stuck: a step could not be taken back and needs hands",
            Self::Locked => "locked: another run holds the environment, or another process the run",
            Self::ObjectiveMissed => "the objective of a drill was missed, or a drill is overdue",
            Self::Unhealthy => "every step is done, but health was not reached",
            Self::Waiting => "waiting for an operator",
            Self::NotJudged => "a drill could not be judged, and what it broke is mended",
            Self::Interrupted => "interrupted: the run is paused and its journal is whole",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Done => "Nothing.",
            Self::Failed => {
                "`runbook status` shows the failed step and what can be decided: retry, skip, done or undo."
            }
            Self::Usage => {
                "Nothing was begun. Read the message; `runbook help COMMAND` shows the usage. \
                 When a run was under way, `runbook status` shows where it stands."
            }
            Self::Invalid => "`runbook check` shows every error with its place. Nothing was begun.",
            Self::Refused => {
                "Nothing was changed by what was refused. The message names the guard, or the look before a change, that said no. \
                 When a run was under way, it is paused: put right what was refused, then `runbook resume`."
            }
            Self::Unknown => {
                "Look whether the effect is there, then `runbook resume RUN --step ID=done` or `=retry`."
            }
            Self::Stuck => {
                "`runbook status` lists what needs hands. Then `runbook undo RUN` again, or `runbook resume RUN --step ID=done`."
            }
            Self::Locked => {
                "Wait for the holder that the message names, or take over with `runbook unlock RUN --reason TEXT`."
            }
            Self::ObjectiveMissed => {
                "`runbook drill report` shows where the time went; `runbook drill due` what is overdue."
            }
            Self::Unhealthy => "`runbook status` shows the probes that did not hold.",
            Self::Waiting => {
                "`runbook status` shows the question; `runbook answer`, then `runbook resume`."
            }
            Self::NotJudged => {
                "`runbook drill report` says what the drill rests on and was not so. Put it right, and do the drill again."
            }
            Self::Interrupted => "`runbook resume` goes on.",
        }
    }
}

/// `docs/exit-codes.md`.
#[must_use]
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Exit codes\n\n\
         Every command ends with one of these. They are stable: a scheduler or a pipeline may depend on them.\n\n\
         | code | meaning | what to do |\n|---:|---|---|\n",
    );
    for exit in Exit::ALL {
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "| {} | {} | {} |", exit.code(), exit.meaning(), exit.advice());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_codes_are_those_of_the_manual() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130]);
    }
}
