//! A sample of a long table for every day, and all of it when that is wanted.

#![expect(clippy::print_stderr, reason = "a test that takes a sample tells which")]

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

/// So many of these, chosen at random: all with `RUNBOOK_TEST_FULL`, the same again with the
/// `RUNBOOK_TEST_SEED` that is printed.
pub(crate) fn of<T>(mut all: Vec<T>, many: usize, what: &str) -> Vec<T> {
    if std::env::var_os("RUNBOOK_TEST_FULL").is_some() || all.len() <= many {
        return all;
    }
    let given = std::env::var("RUNBOOK_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    eprintln!("RUNBOOK_TEST_SEED={seed} takes the same {many} of {} {what} again", all.len());
    all.shuffle(&mut StdRng::seed_from_u64(seed));
    all.truncate(many);
    all
}
