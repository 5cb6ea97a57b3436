//! Which of many cases a plain test run tries.

#![expect(clippy::print_stderr, reason = "a test that takes a sample tells which")]

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::sync::OnceLock;

/// Whether every case is to be tried: `./scripts/test.sh --full`.
pub(crate) fn full() -> bool {
    std::env::var_os("RUNBOOK_TEST_FULL").is_some()
}

/// What decides every choice of this process. `RUNBOOK_TEST_SEED` repeats those of another.
pub(crate) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let given = std::env::var("RUNBOOK_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        given.unwrap_or_else(rand::random)
    })
}

/// Some of all cases by chance, or each of them in a full test run.
pub(crate) fn some_of<T>(what: &str, mut all: Vec<T>, some: usize) -> Vec<T> {
    if full() || all.len() <= some {
        return all;
    }
    let seed = seed();
    eprintln!("RUNBOOK_TEST_SEED={seed} takes the same {some} of {} {what} again", all.len());
    all.shuffle(&mut StdRng::seed_from_u64(seed));
    all.truncate(some);
    all
}

/// Whether a test that takes turns with others is to run now: always in a full test run, and otherwise when
/// chance says so.
pub(crate) fn is_turn(what: &str, place: u64, of: u64) -> bool {
    let is_it = full() || seed() % of == place;
    if !is_it {
        eprintln!("{what}: not now; RUNBOOK_TEST_FULL=1 or another RUNBOOK_TEST_SEED runs it");
    }
    is_it
}

/// Tells how far a long test is.
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}
