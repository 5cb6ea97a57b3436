//! Everything a script started, and how to end it.
//!
//! A script leads a process group of its own. That misses what left the group, so each script's environment
//! carries a tag of its own, and on Linux every process with that tag, in that group or in that session
//! counts. What both left the session and threw its environment away is not found. On other systems
//! only the group is.

use crate::actions::context::{Stop, StopSignal};
use crate::model::id::RunId;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// The variable that marks the processes of one attempt of one step.
pub(super) const TAG: &str = "RUNBOOK_PROCESS";

/// How long a process has between being asked to end and being killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How often it is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(25);

/// How often processes are killed that multiply while they are killed.
const ROUNDS: u32 = 40;

/// The processes of one attempt. Dropped before they ended, it kills them.
pub(super) struct Family {
    leader: Pid,
    tag: String,
    ended: bool,
}

impl Family {
    /// The family of that process, and of that value of the tag.
    pub(super) fn new(leader: i32, tag: &str) -> Self {
        Self { leader: Pid::from_raw(leader), tag: format!("{TAG}={tag}"), ended: false }
    }

    /// Ends what is left: asks, waits, kills. Waits no longer once the operator wants to stop at once.
    pub(super) async fn end(&mut self, grace: Duration, stop: &StopSignal) {
        if self.signal(Signal::SIGTERM) > 0 {
            let gone = async {
                while !self.members().is_empty() {
                    tokio::time::sleep(LOOK).await;
                }
            };
            tokio::select! {
                () = gone => {}
                () = tokio::time::sleep(grace) => {}
                () = stop.reached(Stop::Now) => {}
            }
        }
        for _ in 0..ROUNDS {
            if self.signal(Signal::SIGKILL) == 0 {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        self.ended = true;
    }

    /// Sends a signal to all that are left, and says how many there are.
    fn signal(&self, signal: Signal) -> usize {
        let members = self.members();
        if !members.is_empty() {
            let _ = killpg(self.leader, signal);
        }
        for member in &members {
            // It may have ended a moment ago, or belong to somebody it became by `sudo`.
            let _ = kill(*member, signal);
        }
        members.len()
    }

    /// All that live. A group's number is not given to another process while one of the group lives, and
    /// the first look follows at once on the end of the leader, so no stranger is ever meant.
    #[cfg(target_os = "linux")]
    fn members(&self) -> Vec<Pid> {
        let Ok(entries) = std::fs::read_dir("/proc") else { return self.group() };
        let own = Pid::this();
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
            .filter(|pid| *pid != own && self.has(*pid))
            .collect()
    }

    #[cfg(not(target_os = "linux"))]
    fn members(&self) -> Vec<Pid> {
        self.group()
    }

    /// The leader, for as long as anybody of its group lives.
    fn group(&self) -> Vec<Pid> {
        killpg(self.leader, None).map_or_else(|_| Vec::new(), |()| vec![self.leader])
    }

    #[cfg(target_os = "linux")]
    fn has(&self, pid: Pid) -> bool {
        let Ok(stat) = std::fs::read(format!("/proc/{pid}/stat")) else { return false };
        // The name in brackets may hold anything; the fields come after its last bracket.
        let Some(end) = stat.iter().rposition(|byte| *byte == b')') else { return false };
        let fields = String::from_utf8_lossy(&stat[end + 1..]);
        let mut fields = fields.split_ascii_whitespace();
        let ended = matches!(fields.next(), None | Some("Z" | "X"));
        let leader = self.leader.to_string();
        // Parent, group, session.
        let in_group = fields.skip(1).take(2).any(|field| field == leader);
        !ended && (in_group || self.is_tagged(pid))
    }

    #[cfg(target_os = "linux")]
    fn is_tagged(&self, pid: Pid) -> bool {
        std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
            environment.split(|byte| *byte == 0).any(|entry| entry == self.tag.as_bytes())
        })
    }
}

/// Ends what scripts of that run left when the process that ran them was killed: nobody waits for it
/// any more, and it must not go on beside what comes next. Says how many processes there were.
///
/// Only on Linux. Elsewhere a script that outlives a killed runbook is not found.
pub async fn end_orphans(run: &RunId) -> usize {
    let tagged = format!("{TAG}={run}/");
    let orphans = orphans(&tagged);
    for orphan in &orphans {
        // It may have ended a moment ago.
        let _ = kill(*orphan, Signal::SIGTERM);
    }
    let deadline = Instant::now() + GRACE;
    let mut left = orphans.clone();
    for _ in 0..ROUNDS {
        while !left.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
            left = self::orphans(&tagged);
        }
        if left.is_empty() {
            break;
        }
        for orphan in &left {
            let _ = kill(*orphan, Signal::SIGKILL);
        }
        tokio::time::sleep(LOOK).await;
        left = self::orphans(&tagged);
    }
    orphans.len()
}

/// The living processes whose environment has an entry that begins like this.
fn orphans(tagged: &str) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = Pid::this();
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .filter(|pid| *pid != own)
        .filter(|pid| {
            // The environment of a process that has ended reads as empty.
            std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|entry| entry.starts_with(tagged.as_bytes()))
            })
        })
        .collect()
}

impl Drop for Family {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Nobody waits for the result of the step any more, so nobody waits for its processes either.
        for _ in 0..ROUNDS {
            if self.signal(Signal::SIGKILL) == 0 {
                break;
            }
            std::thread::yield_now();
        }
    }
}
