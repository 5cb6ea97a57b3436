//! The processes of this machine, as Linux tells them. Elsewhere there is no such table.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Whoever answers for it: its parent, or who takes in what loses its parent.
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// When it began, in ticks of the system since it was started.
    pub(super) began: u64,
    /// Whether it has ended, and only its entry is left.
    pub(super) ended: bool,
}

/// All of them by number. Nothing when the system does not tell.
pub(super) fn all() -> Option<BTreeMap<i32, Process>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(numbers.filter_map(|pid| Some((pid, one(pid)?))).collect())
}

/// One of them, while it is there.
pub(super) fn one(pid: i32) -> Option<Process> {
    // Whole at the first reading: it is one line of about fifty numbers.
    let mut stat = [0; 2048];
    let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut stat).ok()?;
    parse(&stat[..length])
}

fn parse(stat: &[u8]) -> Option<Process> {
    // The name in brackets may hold anything; the fields come after its last bracket.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = String::from_utf8_lossy(&stat[end + 1..]);
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some(Process {
        ended: matches!(*fields.first()?, "Z" | "X"),
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        began: fields.get(19)?.parse().ok()?,
    })
}

/// The first entry of a process's environment that begins like this. It is what the process began with; of
/// a process of somebody else nothing is told.
pub(super) fn entry(pid: i32, beginning: &str) -> Option<Vec<u8>> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut entries = environment.split(|byte| *byte == 0);
    entries.find(|entry| entry.starts_with(beginning.as_bytes())).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_hides_no_field() {
        let rest = "S 10 20 30 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 12345 1000 2";
        let found = parse(format!("42 (a) Z 1 (b) {rest}").as_bytes()).unwrap();
        let wanted = Process { parent: 10, group: 20, session: 30, began: 12345, ended: false };
        assert_eq!(found, wanted);
        assert!(parse(format!("42 (a) {}", rest.replacen('S', "Z", 1)).as_bytes()).unwrap().ended);
        assert_eq!(parse(b"42 (cut"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_in_the_table() {
        let own = nix::unistd::Pid::this().as_raw();
        let found = all().unwrap().remove(&own).unwrap();
        assert_eq!(found.parent, nix::unistd::Pid::parent().as_raw());
        assert_eq!(found.group, nix::unistd::getpgrp().as_raw());
        assert!(!found.ended && found.began > 0);
    }
}
