//! The machine fails: the power is lost between two fsyncs, the disk is full, or may not be written to.
//!
//! A small library stands between the program and the system (`crash_shim.c`). It keeps beside the real files what a
//! disk would have that forgets everything that was not brought to it: the bytes of a file as of its last fsync,
//! and the names in a folder as of its last fsync.

use crate::crash_books::{assert_told, began, effects, finish, project, scripts, told};
use crate::env::{Project, Ran};
use crate::sample::some_of;
use std::fs;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const RUN: [&str; 6] = ["run", "counted", "--env", "sandbox", "--output", "json"];

/// The library, built once.
pub(crate) fn shim() -> &'static str {
    static SHIM: OnceLock<String> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = crate::env::root().join("tests/it/crash_shim.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = folder.join("crash_shim.so");
        let fresh = folder.join(format!("crash_shim-{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([fresh.as_os_str(), source.as_os_str()])
            .arg("-ldl")
            .status()
            .expect("a C compiler");
        assert!(built.success(), "the library is not built");
        // Put in place as a whole: another test run may be using it.
        fs::rename(fresh, &library).expect("the library in its place");
        library.display().to_string()
    })
}

impl Project {
    /// Runs the program with the library in between.
    pub(crate) fn run_shimmed(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut all = vec![("LD_PRELOAD", shim())];
        let root = self.path().display().to_string();
        all.push(("SHIM_ROOT", &root));
        all.extend(environment);
        self.run_with(arguments, &all)
    }
}

/// What the disk has of a journal beyond what was brought to it.
#[derive(Clone, Copy, Debug)]
enum More {
    Nothing,
    /// The first half of it.
    Begin,
    /// The second half of it, behind zeros: the later blocks came first.
    End,
}

/// A disk that forgets.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// Everything that is in the project's state folder now is on the disk.
    fn new(project: &Project) -> Self {
        let disk = Self { folder: tempfile::tempdir().expect("a folder") };
        if project.exists(".runbook") {
            disk.keep_names(project.path());
            disk.keep_all(&project.path().join(".runbook"));
        }
        disk
    }

    fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn keep_names(&self, folder: &Path) {
        let mut names = String::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let kind = if entry.path().is_dir() { 'd' } else { 'f' };
            let name = entry.file_name().into_string().expect("a name");
            names.push_str(&format!("{kind} {} {name}\n", entry.ino()));
        }
        let own = fs::metadata(folder).expect("a folder").ino();
        fs::write(self.folder.path().join(format!("d{own}")), names).expect("names");
    }

    fn keep_all(&self, folder: &Path) {
        self.keep_names(folder);
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.keep_all(&path);
            } else {
                let own = fs::metadata(&path).expect("a file").ino();
                fs::copy(&path, self.folder.path().join(format!("f{own}"))).expect("a copy");
            }
        }
    }

    /// The machine starts again: the state folder has what is on the disk, and no process lives.
    fn start_again(&self, project: &Project, more: More) {
        for script in scripts(project) {
            drop(Command::new("kill").args(["-9", &script.to_string()]).status());
        }
        crate::guards::until(|| scripts(project).is_empty());
        let journals = journals(project);
        let own = fs::metadata(project.path()).expect("a folder").ino();
        let state = project.path().join(".runbook");
        if state.exists() {
            fs::remove_dir_all(&state).expect("it can be removed");
        }
        for (kind, ino, name) in self.names(own) {
            if kind == "d" && name == ".runbook" {
                self.restore(ino, &state);
            }
        }
        for (path, bytes) in journals {
            let Ok(mut kept) = fs::read(&path) else { continue };
            let (durable, half) = (kept.len(), (bytes.len() - kept.len()) / 2);
            match more {
                More::Nothing => {}
                More::Begin => kept.extend(&bytes[durable..durable + half]),
                More::End => {
                    kept.resize(durable + half, 0);
                    kept.extend(&bytes[durable + half..]);
                }
            }
            fs::write(&path, &kept).expect("a part");
        }
    }

    fn names(&self, ino: u64) -> Vec<(String, u64, String)> {
        let text = fs::read_to_string(self.folder.path().join(format!("d{ino}")));
        let text = text.unwrap_or_default();
        text.lines()
            .map(|line| {
                let mut parts = line.splitn(3, ' ').map(str::to_owned);
                let mut part = || parts.next().expect("three parts");
                (part(), part().parse().expect("a number"), part())
            })
            .collect()
    }

    fn restore(&self, ino: u64, to: &Path) {
        fs::create_dir(to).expect("a folder");
        fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("its mode");
        for (kind, ino, name) in self.names(ino) {
            let path = to.join(name);
            if kind == "d" {
                self.restore(ino, &path);
            } else {
                // A name whose bytes were never brought to the disk is an empty file.
                let kept = fs::read(self.folder.path().join(format!("f{ino}"))).unwrap_or_default();
                fs::write(&path, kept).expect("a file");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
            }
        }
    }
}

/// The journals as they are now.
fn journals(project: &Project) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(runs) = fs::read_dir(project.path().join(".runbook/runs")) else { return Vec::new() };
    let paths = runs.flatten().map(|run| run.path().join("journal.jsonl"));
    paths.filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}

/// How many fsyncs a whole run of the project has.
fn fsyncs() -> usize {
    let project = project();
    let disk = Disk::new(&project);
    let count = project.path().join("count").display().to_string();
    project.run_shimmed(&RUN, &[("SHIM_DISK", &disk.path()), ("SHIM_COUNT", &count)]).ended(0);
    // At the end of a run the disk has all of it.
    disk.start_again(&project, More::Nothing);
    finish(&project, "the power is lost after the run");
    project.read("count").len()
}

#[test]
fn when_the_power_is_lost_between_any_two_fsyncs_nothing_that_was_told_is_lost() {
    let fsyncs = fsyncs();
    assert!(fsyncs > 25, "only {fsyncs} fsyncs: are they seen?");
    let mut cases: Vec<(usize, More, usize)> = Vec::new();
    for cut in 1..=fsyncs {
        // Alone, with a part of what was not brought to the disk, and once more while it is resumed.
        cases.extend([More::Nothing, More::Begin, More::End].map(|more| (cut, more, 0)));
        cases.push((cut, More::Nothing, 1 + cut % 12));
    }
    for (cut, more, again) in some_of("losses of power", cases, 14) {
        let how = format!("the power is lost before fsync {cut} ({more:?}, again at {again})");
        let project = project();
        let disk = Disk::new(&project);
        let at = cut.to_string();
        let ran = project.run_shimmed(&RUN, &[("SHIM_DISK", &disk.path()), ("SHIM_CUT", &at)]);
        // Which of two steps side by side ends first changes how many writes there are, by one or two.
        assert!(ran.signal == Some(9) || cut + 6 > fsyncs, "{how}: {ran:?}");
        disk.start_again(&project, more);
        assert_durable(&project, &ran, &how);
        if !began(&project) {
            assert!(told(&ran).is_empty(), "{how}: told, and lost: {}", ran.stdout);
            project.run(&["run", "counted", "--env", "sandbox"]).ended(0);
            finish(&project, &how);
            continue;
        }
        assert_told(&project, &how);
        if again > 0 {
            let disk = Disk::new(&project);
            let at = again.to_string();
            let resume = ["resume", "--output", "json"];
            let ran =
                project.run_shimmed(&resume, &[("SHIM_DISK", &disk.path()), ("SHIM_CUT", &at)]);
            disk.start_again(&project, more);
            assert_durable(&project, &ran, &how);
            assert_told(&project, &how);
        }
        finish(&project, &how);
    }
}

/// Everything that was told is in the journal that the disk has, and so is the start of every effect.
fn assert_durable(project: &Project, ran: &Ran, how: &str) {
    let told = told(ran).into_iter().filter(|line| line["event"].is_string());
    let journal = if project.exists(".runbook/runs") && began(project) {
        project.whole_journal()
    } else {
        Vec::new()
    };
    for line in told {
        let is_there = journal.iter().any(|record| {
            let event = &record["event"];
            let same = |name: &str| event[name] == line[name];
            same("event") && same("step") && same("attempt") && same("outputs")
        });
        assert!(is_there, "{how}: told, and not on the disk: {line}");
    }
    for effect in effects(project).keys() {
        let step = effect.replace("each a", "each[0]").replace("each b", "each[1]");
        let step = step.replace("each c", "each[2]").replace("in", "call/in");
        let started = journal.iter().any(|record| {
            record["event"]["event"] == "step_started" && record["event"]["step"] == step
        });
        assert!(started, "{how}: `{step}` had its effect, and its start is not on the disk");
    }
}

#[test]
fn when_the_disk_is_full_no_step_begins_that_the_journal_does_not_have() {
    // A whole run has about this many writes; the first ones are before its first record.
    for full in some_of("full disks", (1..=26).collect(), 8) {
        let how = format!("the disk is full at write {full}");
        let project = project();
        let at = full.to_string();
        let ran = project.run_shimmed(&RUN, &[("SHIM_FULL", &at)]);
        if full > 18 && ran.code == Some(0) {
            finish(&project, "the run had fewer writes");
            continue;
        }
        assert_eq!(ran.code, Some(2), "{how}: {ran:?}");
        assert!(ran.stderr.contains("No space left on device"), "{how}: {}", ran.stderr);
        assert!(ran.stderr.contains("Make room"), "{how}: {}", ran.stderr);
        assert_durable(&project, &ran, &how);
        // The disk is still full: that is said again, and nothing is done.
        let had = effects(&project);
        if project.exists(".runbook/runs") && began(&project) {
            assert_told(&project, &how);
            project.run(&["log", "--verify"]).ended(0);
            project.run_shimmed(&["resume"], &[("SHIM_FULL", "1")]).ended(2).says("Make room");
            assert_eq!(effects(&project), had, "{how}");
        } else {
            project.run(&["run", "counted", "--env", "sandbox"]).ended(0);
        }
        finish(&project, &how);
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_reason_to_die() {
    let project = project();
    // The journal reaches this size in the middle of the run; a block has 1,024 bytes.
    let script = format!("ulimit -f 6; exec '{}' \"$@\"", env!("CARGO_BIN_EXE_runbook"));
    let ran = project
        .run_other("bash", &[&["-c", &script, "runbook"], &RUN[..]].concat())
        .ended(2)
        .says("File too large")
        .says("Make room");
    assert!(!effects(&project).is_empty(), "it failed too early to prove anything");
    assert_durable(&project, &ran, "a limit on files");
    project.run(&["log", "--verify"]).ended(0);
    finish(&project, "a limit on files");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_said_before_anything_happens() {
    let project = project();
    project.run(&["runs"]).ended(0);
    fs::create_dir_all(project.path().join(".runbook")).expect("a folder");
    let mode = |mode| {
        let state = project.path().join(".runbook");
        fs::set_permissions(state, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o500);
    // Root may write everywhere, unless it gives that up.
    let without = "--bounding-set=-dac_override,-dac_read_search";
    let root = nix_is_root();
    let run = |arguments: &[&str]| {
        if root {
            let program = [
                "--inh-caps=-dac_override,-dac_read_search",
                without,
                env!("CARGO_BIN_EXE_runbook"),
            ];
            project.run_other("setpriv", &[&program, arguments].concat())
        } else {
            project.run(arguments)
        }
    };
    run(&RUN).ended(2).says("Permission denied").says("Make it writable");
    assert!(effects(&project).is_empty());
    mode(0o700);
    project.run(&["run", "counted", "--env", "sandbox", "--until", "last"]).ended(10);
    let had = effects(&project);
    let run_folder = project.newest_run();
    fs::set_permissions(&run_folder, fs::Permissions::from_mode(0o500)).expect("a mode");
    let journal = run_folder.join("journal.jsonl");
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o400)).expect("a mode");
    run(&["status"]).ended(0);
    run(&["log", "--verify"]).ended(0);
    run(&["resume"]).ended(2).says("Permission denied").says("Make it writable");
    assert_eq!(effects(&project), had);
    fs::set_permissions(&run_folder, fs::Permissions::from_mode(0o700)).expect("a mode");
    project.run(&["resume"]).ended(0);
    finish(&project, "a read-only folder");
}

fn nix_is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// What may become of a journal while its run is alive: a program that tidies up, or one that keeps a folder in
/// step with another machine's.
#[test]
fn a_journal_that_is_taken_away_stops_its_run_before_its_next_effect() {
    let two = |first: &str| {
        format!(
            "---\ntitle: Two\nsummary: For the tests.\nowner: tests\n---\n\n# Two\n\n## Steps\n\n### One\n\n```bash step=one\n#| irreversible: test\n{first}\n```\n\n### Two\n\n```bash step=two\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/two\"\n```\n"
        )
    };
    let journal = "j=$(echo \"$RUNBOOK_PROJECT\"/.runbook/runs/*/journal.jsonl)";
    for (what, told) in [
        ("rm \"$j\"", "is gone"),
        ("mv \"$j\" \"$j.old\"", "is gone"),
        ("mv \"$j\" \"$j.old\"; cp \"$j.old\" \"$j\"", "is another file"),
        ("cp \"$j\" \"$j.new\"; mv \"$j.new\" \"$j\"", "is another file"),
        ("echo '{}' >> \"$j\"", "has changed behind this process"),
        (": > \"$j\"", "has changed behind this process"),
        ("mv \"$RUNBOOK_PROJECT/.runbook/runs\" \"$RUNBOOK_PROJECT/.runbook/old\"", "is gone"),
    ] {
        let project = Project::local(&[("two", &two(&format!("{journal}\n{what}")))]);
        project.run(&["run", "two", "--env", "sandbox"]).ended(7).says(told).says("stops here");
        assert!(!project.exists("two"), "{what}: the next step ran");
    }
    // Nothing tells what was done any more, so that nobody else begins before a person has said so.
    let project = Project::local(&[("two", &two(&format!("{journal}\nrm \"$j\"")))]);
    project.run(&["run", "two", "--env", "sandbox"]).ended(7);
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project.run(&["run", "two", "--env", "sandbox"]).ended(7).says(&run).says("runbook unlock");
    project.run(&["unlock", &run, "--reason", "looked"]).ended(0).says("no journal any more");
    project.run(&["run", "two", "--env", "sandbox", "--until", "one"]).ended(10);
}

#[test]
fn a_clock_that_is_set_back_decides_nothing() {
    let project = project();
    let year = (365 * 24 * 3_600).to_string();
    let back = format!("-{year}");
    // The first run is of next year; it stands still, and the clock is set right.
    let until = ["run", "counted", "--env", "sandbox", "--until", "last"];
    project.run_shimmed(&until, &[("SHIM_CLOCK", &year)]).ended(10);
    let first = project.newest_run();
    assert!(project.journal()[0]["at"].as_str() > Some("2027"), "the clock was not changed");
    // A step is killed in the year before.
    let at = (project.journal().len() + 2).to_string();
    let killed =
        project.run_shimmed(&["resume"], &[("SHIM_CLOCK", &back), ("RUNBOOK_KILL_AT_RECORD", &at)]);
    assert_eq!(killed.signal, Some(9), "{killed:?}");
    project.run(&["status"]).ended(0).says("unknown");
    // A year-old lock is no weaker, and one of the future no stronger.
    project.run(&["run", "counted", "--env", "sandbox"]).ended(7).says("is gone");
    project.run(&["log", "--verify"]).ended(0);
    finish(&project, "a clock set back");
    // A new run is the newest, though the clock says that the first one is.
    project.run(&until).ended(10);
    assert_ne!(project.newest_run(), first);
    project.run(&["resume"]).ended(0);
}
