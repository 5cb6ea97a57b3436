//! Any bytes as a journal: reading, taking up again, appending, and the sum of the events.
//!
//! An input that begins with `{` is the file as it is. Any other is a list of events, one a line, that
//! are chained here, so that the fuzzer need not find a SHA-256.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook::engine::event::Event;
use runbook::engine::state::RunState;
use runbook::model::id::RunId;
use runbook::store::{Journal, Store};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

struct Place {
    store: Store,
    run: RunId,
    journal: PathBuf,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    // In memory where there is such a folder: the journal is brought to the disk each time.
    let shared = PathBuf::from("/dev/shm");
    let root = if shared.is_dir() { shared } else { std::env::temp_dir() };
    let root = root.join(format!("runbook-fuzz-{}", std::process::id()));
    let store = Store::open(&root).expect("a state folder");
    let run = RunId::from_text("fuzzed".to_owned());
    let journal = store.create(&run, &BTreeMap::new()).expect("a journal");
    journal.close().expect("let go");
    let journal = store.folder(&run).join("journal.jsonl");
    Place { store, run, journal }
});

fn chained(lines: &[u8]) -> Vec<u8> {
    let (mut file, mut prev) = (Vec::new(), "0".repeat(64));
    for (at, event) in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let mut line = format!("{{\"v\":1,\"seq\":{},\"prev\":\"{prev}\",\"at\":\"2026-01-01T00:00:00Z\",\"mode\":\"drill\",\"event\":", at + 1).into_bytes();
        line.extend_from_slice(event);
        line.push(b'}');
        prev = Sha256::digest(&line).iter().map(|byte| format!("{byte:02x}")).collect();
        file.extend_from_slice(&line);
        file.push(b'\n');
    }
    file
}

fuzz_target!(|bytes: &[u8]| {
    let Place { store, run, journal } = &*PLACE;
    let bytes = if bytes.starts_with(b"{") { bytes.to_vec() } else { chained(bytes) };
    std::fs::write(journal, &bytes).expect("written");
    let read = store.read(run);
    assert_eq!(std::fs::read(journal).expect("read"), bytes, "reading changes nothing");
    let Ok(read) = read else {
        assert!(store.reopen(run).is_err(), "what cannot be read cannot be taken up");
        assert_eq!(std::fs::read(journal).expect("read"), bytes, "what is refused is left alone");
        return;
    };
    let events: Vec<&Event> = read.events.iter().map(|one| &one.event).collect();
    let state = RunState::replay(events.iter().copied());
    let (mut opened, history) = store.reopen(run).expect("what can be read can be taken up");
    assert_eq!((&history.events, &history.head), (&read.events, &read.head));
    let kept = std::fs::read(journal).expect("read");
    assert!(bytes.starts_with(&kept), "only a torn end is cut off");
    assert_eq!(read.torn.is_none(), kept.len() == bytes.len());
    assert_eq!(opened.head(), read.head);
    // One more event of those that are there: what was written is read again, and the chain goes on.
    if let Some(last) = read.events.last() {
        opened.append(last.at, &[last.event.clone()]).expect("appended");
        drop(opened);
        let again = store.read(run).expect("read again");
        assert_eq!(again.events.len(), read.events.len() + 1);
        assert_eq!(again.events.last().map(|one| &one.event), Some(&last.event));
        assert!(again.torn.is_none());
    }
    drop(state);
});
