//! `kill -9` at any moment, not only at a record: with scripts and their children at work, in the middle of a write,
//! of a lock, of a start, and of a resume.

use crate::crash_books::{assert_told, began, effects, finish, project};
use crate::env::Project;
use crate::sample::{full, say, seed};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How many kills a plain test run tries, and a full one.
const KILLS: [usize; 2] = [16, 1_000];

/// When to kill.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After so long, which is anywhere in a run.
    After(Duration),
    /// Once the journal has so many bytes.
    Journal(u64),
    /// Once so many effects were had.
    Effects(usize),
}

#[test]
fn killed_at_any_moment_a_run_ends_the_same() {
    let mut chance = StdRng::seed_from_u64(seed());
    let kills = KILLS[usize::from(full())];
    say(&format!("RUNBOOK_TEST_SEED={} kills at the same {kills} moments again", seed()));
    let whole = project();
    let began_at = Instant::now();
    whole.run(&["run", "counted", "--env", "sandbox"]).ended(0);
    let (took, length) = (began_at.elapsed(), length(&whole));
    finish(&whole, "without a kill");

    let (mut in_the_middle, mut never_began) = (0, 0);
    for _ in 0..kills {
        let project = project();
        let mut how = Vec::new();
        // Every third run is killed once more while it is resumed.
        for arguments in [&["run", "counted", "--env", "sandbox"][..], &["resume"][..]] {
            let moment = match chance.random_range(0..3) {
                0 => Moment::After(chance.random_range(Duration::ZERO..took)),
                1 => Moment::Journal(chance.random_range(1..length)),
                _ => Moment::Effects(chance.random_range(1..9)),
            };
            how.push(format!("{} killed at {moment:?}", arguments[0]));
            let child = project
                .command(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            in_the_middle += usize::from(kill_at(&project, child, moment));
            if !began(&project) {
                break;
            }
            assert_told(&project, &how.join(", "));
            if !chance.random_ratio(1, 3) {
                break;
            }
        }
        let how = how.join(", ");
        if project.exists(".runbook/runs") && began(&project) {
            finish(&project, &how);
        } else {
            never_began += 1;
            // What was left of a run that never began is in nobody's way.
            project.run(&["run", "counted", "--env", "sandbox"]).ended(0);
            finish(&project, &how);
        }
    }
    say(&format!("{in_the_middle} kills in the middle of a run, {never_began} before it began"));
    assert!(in_the_middle > kills / 2, "the kills come too late to prove anything");
}

fn length(project: &Project) -> u64 {
    let journal = || Some(project.newest_journal()?.metadata().ok()?.len());
    journal().unwrap_or(0)
}

/// Kills it at that moment. Says whether it was still at work.
fn kill_at(project: &Project, mut child: Child, moment: Moment) -> bool {
    let began = Instant::now();
    loop {
        let ended = child.try_wait().expect("a state").is_some();
        let due = match moment {
            Moment::After(time) => began.elapsed() >= time,
            Moment::Journal(bytes) => length(project) >= bytes,
            Moment::Effects(count) => effects(project).values().sum::<usize>() >= count,
        };
        assert!(began.elapsed() < Duration::from_secs(120), "{moment:?} never comes");
        if ended || due {
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    // It may end by itself between the look and the kill.
    drop(child.kill());
    let status = child.wait().expect("it ends");
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

impl Project {
    fn newest_journal(&self) -> Option<std::path::PathBuf> {
        let runs = std::fs::read_dir(self.path().join(".runbook/runs")).ok()?;
        let newest = runs.flatten().map(|entry| entry.path()).max()?;
        Some(newest.join("journal.jsonl"))
    }
}
