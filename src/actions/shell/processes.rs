//! Everything a script started, and how to end it.
//!
//! A script leads a session and a process group of its own, and its environment carries a tag of its own. On
//! Linux every process with that tag, in that group or in that session is of its family, and so is every
//! descendant of those. What left the session, threw its environment away and lost its parent is given to this
//! process, which has asked for that ([`adopt_orphans`]). Such an orphan belongs to the scripts that were running
//! when it began, and is ended when the last of them ends. On other systems only the group is known.

use super::spawn::{Child, Start};
use super::table::{self, Process};
use crate::actions::context::{Stop, StopSignal};
use crate::model::id::RunId;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
#[cfg(target_os = "linux")]
use nix::{
    errno::Errno,
    sys::wait::{Id, waitid},
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The variable that marks the processes of one attempt of one step.
pub(super) const TAG: &str = "RUNBOOK_PROCESS";

/// How long a process has between being asked to end and being killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How often it is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(25);

/// How often processes are killed that multiply while they are killed.
const ROUNDS: u32 = 40;

/// How often the table is read again that was read while it changed.
const READINGS: u32 = 10;

/// Whose turn it is to look whether anybody is left. Reading the table takes as long as there are processes, so
/// those who wait meanwhile are all served by the next reading.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The children of this process. Whoever starts one, or looks through all of them, holds it, so that no child
/// is seen before it is known whose it is.
static HOUSE: Mutex<House> = Mutex::new(House {
    adopts: false,
    strangers: BTreeSet::new(),
    families: BTreeMap::new(),
    seen: None,
});

struct House {
    /// Whether orphans are given to this process.
    adopts: bool,
    /// Children that no script started, such as the sandbox. They stay.
    strangers: BTreeSet<i32>,
    /// The scripts that run, by their leaders.
    families: BTreeMap<i32, Entry>,
    /// The table as it was last read for those who waited for their turn.
    seen: Option<Seen>,
}

/// The table at some time.
struct Seen {
    /// When its reading began. Who asked before that is answered by it.
    began: Instant,
    all: BTreeMap<i32, Process>,
}

/// What is known of a running script.
struct Entry {
    tag: String,
    began: u64,
    /// Whether it is being ended already. Then it claims no orphan for itself.
    ending: bool,
}

fn house() -> MutexGuard<'static, House> {
    HOUSE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this process is given every descendant that loses its parent, instead of the system's first
/// process. What is a child of it already stays what it is. Only Linux can do this.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    {
        let mut house = house();
        let own = Pid::this().as_raw();
        // Where the system refuses, what left its session and its environment is not found.
        house.adopts = nix::sys::prctl::set_child_subreaper(true).is_ok();
        let children = table::all().unwrap_or_default().into_iter();
        let children = children.filter(|(_, process)| process.parent == own).map(|(pid, _)| pid);
        let strangers = children.filter(|pid| !house.families.contains_key(pid)).collect();
        house.strangers = strangers;
    }
}

/// The processes of one attempt. Dropped before they ended, it kills them.
pub(super) struct Family {
    leader: Pid,
    tag: String,
    ended: bool,
}

impl Family {
    /// Starts a program whose environment has that value of the tag.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub(super) fn start(start: Start, tag: &str) -> io::Result<(Child, Self)> {
        let mut house = house();
        let child = start.start()?;
        let leader = child.pid();
        let tag = format!("{TAG}={tag}");
        let began = table::one(leader.as_raw()).map_or(0, |process| process.began);
        let entry = Entry { tag: tag.clone(), began, ending: false };
        house.families.insert(leader.as_raw(), entry);
        Ok((child, Self { leader, tag, ended: false }))
    }

    /// Ends what is left: asks, waits, kills. Waits no longer once the operator wants to stop at once.
    pub(super) async fn end(&mut self, grace: Duration, stop: &StopSignal) {
        self.is_ending();
        // The usual case.
        if self.has_nobody_left().await {
            self.ended = true;
            return;
        }
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

    fn is_ending(&self) {
        if let Some(entry) = house().families.get_mut(&self.leader.as_raw()) {
            entry.ending = true;
        }
    }

    /// Sends a signal to all that are left, and says how many there are.
    fn signal(&self, signal: Signal) -> usize {
        let members = self.members();
        // All of a group at once, so that none of it forks in between. A group's number is not given to another
        // process while one of the group lives.
        let own = self.leader.as_raw();
        if members.iter().any(|pid| table::one(*pid).is_some_and(|found| found.group == own)) {
            let _ = killpg(self.leader, signal);
        }
        for member in &members {
            // It may have ended a moment ago, or belong to somebody it became by `sudo`.
            let _ = kill(Pid::from_raw(*member), signal);
        }
        members.len()
    }

    /// Whether it is certain that nobody lives. A thousand scripts that end at once share a few readings.
    async fn has_nobody_left(&self) -> bool {
        let asked = Instant::now();
        let _turn = TURN.lock().await;
        let mut house = house();
        if house.is_childless() {
            return true;
        }
        let seen = match house.seen.take().filter(|seen| seen.began >= asked) {
            Some(seen) => seen,
            None => {
                let began = Instant::now();
                let Some(all) = table::all() else { return self.group().is_empty() };
                house.bury(&all);
                Seen { began, all }
            }
        };
        let nobody = !changed(&seen.all) && house.members(self, &seen.all).is_empty();
        house.seen = Some(seen);
        nobody
    }

    /// All that live, as far as that can be told.
    fn members(&self) -> BTreeSet<i32> {
        let house = house();
        if house.is_childless() {
            return BTreeSet::new();
        }
        for _ in 0..READINGS {
            let Some(all) = table::all() else { return self.group() };
            house.bury(&all);
            let members = house.members(self, &all);
            if !members.is_empty() || !changed(&all) {
                return members;
            }
        }
        BTreeSet::new()
    }

    /// The leader, for as long as anybody of its group lives.
    fn group(&self) -> BTreeSet<i32> {
        let leader = self.leader.as_raw();
        killpg(self.leader, None).map_or_else(|_| BTreeSet::new(), |()| [leader].into())
    }
}

/// Whether the table changed while it was read: a process whose parent is not in it lost it meanwhile. Then it is
/// with somebody else now, perhaps with us.
fn changed(all: &BTreeMap<i32, Process>) -> bool {
    all.values().any(|process| process.parent != 0 && !all.contains_key(&process.parent))
}

impl House {
    /// Whether this process has no child at all. Then nothing that it ever started lives: what loses its parent
    /// becomes a child of it. The system knows that at once, while its table has to be read entry by entry.
    #[cfg(target_os = "linux")]
    fn is_childless(&self) -> bool {
        let any = WaitPidFlag::WEXITED
            | WaitPidFlag::WNOHANG
            | WaitPidFlag::WNOWAIT
            | WaitPidFlag::__WALL;
        self.adopts && waitid(Id::All, any) == Err(Errno::ECHILD)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_childless(&self) -> bool {
        false
    }

    /// The living processes of a family.
    fn members(&self, family: &Family, all: &BTreeMap<i32, Process>) -> BTreeSet<i32> {
        let own = Pid::this().as_raw();
        let leader = family.leader.as_raw();
        let members = all
            .iter()
            .filter(|(pid, process)| {
                **pid != own && !process.ended && self.is_of(**pid, process, leader, family)
            })
            .map(|(pid, _)| *pid)
            .collect();
        with_descendants(members, all, |pid| self.families.contains_key(&pid))
    }

    /// Whether a process is of that family, by what it says itself, or because no other can have left it behind.
    fn is_of(&self, pid: i32, process: &Process, leader: i32, family: &Family) -> bool {
        let within = |number: i32| process.group == number || process.session == number;
        if within(leader) {
            return true;
        }
        // Nothing that a script starts began before it.
        if !self.may_have_left(leader, process) {
            return false;
        }
        let known = |number| self.families.contains_key(number) || self.strangers.contains(number);
        if known(&process.group) || known(&process.session) {
            return false;
        }
        if let Some(tag) = table::entry(pid, TAG) {
            if tag == family.tag.as_bytes() {
                return true;
            }
            if self.families.values().any(|other| tag == other.tag.as_bytes()) {
                return false;
            }
        }
        let is_orphan = self.adopts
            && process.parent == Pid::this().as_raw()
            && !self.families.contains_key(&pid)
            && !self.strangers.contains(&pid);
        is_orphan && !self.others_may_have_left(leader, process)
    }

    fn may_have_left(&self, leader: i32, process: &Process) -> bool {
        self.families.get(&leader).is_some_and(|entry| entry.began <= process.began)
    }

    fn others_may_have_left(&self, leader: i32, process: &Process) -> bool {
        let mut others = self.families.iter().filter(|(other, _)| **other != leader);
        others.any(|(_, other)| !other.ending && other.began <= process.began)
    }

    /// Takes the entries of orphans that have ended out of the system's table: nobody else does.
    fn bury(&self, all: &BTreeMap<i32, Process>) {
        let own = Pid::this().as_raw();
        let dead = all.iter().filter(|(pid, process)| {
            process.ended
                && process.parent == own
                && !self.families.contains_key(*pid)
                && !self.strangers.contains(*pid)
        });
        for (pid, _) in dead.filter(|_| self.adopts) {
            let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
        }
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

/// The living processes whose environment has an entry that begins like this, and what they started.
fn orphans(tagged: &str) -> Vec<Pid> {
    let all = table::all().unwrap_or_default();
    let own = Pid::this().as_raw();
    // The environment of a process that has ended reads as empty.
    let of_it = |pid: &i32| *pid != own && table::entry(*pid, tagged).is_some();
    let found = all.keys().copied().filter(of_it).collect();
    with_descendants(found, &all, |pid| pid == own).into_iter().map(Pid::from_raw).collect()
}

/// Adds the living descendants, but for some and theirs.
fn with_descendants(
    mut members: BTreeSet<i32>,
    all: &BTreeMap<i32, Process>,
    not: impl Fn(i32) -> bool,
) -> BTreeSet<i32> {
    loop {
        let more: Vec<i32> = all
            .iter()
            .filter(|(pid, process)| {
                !process.ended
                    && members.contains(&process.parent)
                    && !members.contains(*pid)
                    && !not(**pid)
            })
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            return members;
        }
        members.extend(more);
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if !self.ended {
            self.is_ending();
            // Nobody waits for the result of the step any more, so nobody waits for its processes either.
            for _ in 0..ROUNDS {
                if self.signal(Signal::SIGKILL) == 0 {
                    break;
                }
                std::thread::yield_now();
            }
        }
        house().families.remove(&self.leader.as_raw());
    }
}
