//! The least that a durable step can cost: its process, and one record brought to the disk before and after.
//!
//! `floor FILE STEPS` appends a record to FILE and syncs it, runs `bash -c true`, and so on; then the last
//! record. `scripts/bench.sh` sets what `runbook run` takes for as many steps beside it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

/// About as long as a record of a journal.
const RECORD: usize = 600;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` starts every benchmark with an argument of its own.
    let [file, steps] = arguments.as_slice() else { return };
    let steps: usize = steps.parse().expect("a number of steps");
    let mut journal = OpenOptions::new().create(true).append(true).open(file).expect("a file");
    let mut record = vec![b'.'; RECORD];
    record.push(b'\n');
    for _ in 0..steps {
        journal.write_all(&record).and_then(|()| journal.sync_data()).expect("durable");
        let ended = Command::new("bash").args(["-c", "true"]).status().expect("bash");
        assert!(ended.success());
    }
    journal.write_all(&record).and_then(|()| journal.sync_data()).expect("durable");
}
