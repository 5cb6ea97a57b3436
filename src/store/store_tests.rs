//! Finding runs, and where their files lie.

use super::*;
use crate::engine::event::{Operator, RunStarted};
use crate::model::mode::Mode;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

fn bench() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join(".runbook")).unwrap();
    (dir, store)
}

fn begin(store: &Store, id: &str) -> LocalJournal {
    let run = RunId::from_text(id);
    let texts = BTreeMap::from([("dr/key".to_owned(), "# Key\r\n".to_owned())]);
    let mut journal = store.create(&run, &texts).unwrap();
    let started = RunStarted {
        run,
        runbook: "dr/key".to_owned(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: serde_json::Map::new(),
        secret_params: Vec::new(),
        environment: "sandbox".to_owned(),
        mode: Mode::Rehearsal,
        operator: Operator::default(),
        tool: "0.1.0".to_owned(),
        accounts: BTreeMap::new(),
        reason: None,
    };
    journal.append(Timestamp::now(), &[Event::RunStarted(Box::new(started))]).unwrap();
    journal
}

#[test]
fn runs_are_listed_newest_first_and_only_when_they_began() {
    let (_dir, store) = bench();
    assert!(store.runs().unwrap().is_empty());
    for id in ["20261101-a", "20261103-c", "20261102-b"] {
        drop(begin(&store, id));
    }
    drop(store.create(&RunId::from_text("20261104-d"), &BTreeMap::new()).unwrap());
    fs::write(store.root().join("runs/stray"), "").unwrap();
    let runs: Vec<String> = store.runs().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(runs, ["20261103-c", "20261102-b", "20261101-a"]);
}

#[test]
fn a_prefix_finds_one_run_or_says_which_could_be_meant() {
    let (_dir, store) = bench();
    for id in ["20261101-a", "20261101-ab", "20261103-c"] {
        drop(begin(&store, id));
    }
    assert_eq!(store.find("20261103").unwrap().as_str(), "20261103-c");
    assert_eq!(store.find("20261101-a").unwrap().as_str(), "20261101-a");
    let error = store.find("202611").unwrap_err().to_string();
    assert!(error.contains("20261103-c, 20261101-ab, 20261101-a"), "{error}");
    for unknown in ["2025", ""] {
        let error = store.find(unknown).unwrap_err();
        assert!(matches!(error, StoreError::UnknownRun { .. }));
        assert!(error.to_string().contains("20261103-c"), "{error}");
    }
}

#[test]
fn a_run_keeps_its_texts_byte_for_byte_and_its_id_for_itself() {
    let (_dir, store) = bench();
    drop(begin(&store, "r"));
    let run = RunId::from_text("r");
    assert_eq!(store.text(&run, "dr/key").unwrap(), "# Key\r\n");
    assert!(store.text(&run, "other").is_err());
    assert!(matches!(store.create(&run, &BTreeMap::new()), Err(StoreError::Exists(_))));
    assert!(matches!(store.read(&RunId::from_text("nope")), Err(StoreError::UnknownRun { .. })));
}

#[test]
fn steps_have_folders_of_their_own_closed_to_others() {
    let (_dir, store) = bench();
    drop(begin(&store, "r"));
    let run = RunId::from_text("r");
    let key = |text: &str| StepKey::from_text(text);
    let one = store.work(&run, &key("a/b[0]")).unwrap();
    assert_ne!(one, store.work(&run, &key("a/b[1]")).unwrap());
    assert_eq!(one, store.work(&run, &key("a/b[0]")).unwrap());
    assert!(one.starts_with(store.folder(&run)));
    store.output(&run, &key("a/b[0]")).unwrap().write_all(b"line\n").unwrap();
    let mut open = vec![store.root().to_owned()];
    while let Some(path) = open.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, wanted, "{}", path.display());
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn a_live_run_is_read_without_disturbing_it_even_where_nothing_can_be_written() {
    let (_dir, store) = bench();
    let mut journal = begin(&store, "r");
    let run = RunId::from_text("r");
    fs::set_permissions(store.root(), Permissions::from_mode(0o500)).unwrap();
    let again = Store::open(store.root()).unwrap();
    assert_eq!(again.read(&run).unwrap().events.len(), 1);
    assert_eq!(fs::metadata(store.root()).unwrap().permissions().mode() & 0o777, 0o500);
    journal.append(Timestamp::now(), &[Event::RunStuck {}]).unwrap();
    assert_eq!(again.read(&run).unwrap().events.len(), 2);
    fs::set_permissions(store.root(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_journal_replaced_by_a_link_is_refused() {
    let (dir, store) = bench();
    drop(begin(&store, "r"));
    let run = RunId::from_text("r");
    let journal = store.folder(&run).join(local::JOURNAL);
    let elsewhere = dir.path().join("elsewhere");
    fs::rename(&journal, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &journal).unwrap();
    assert!(matches!(store.read(&run), Err(StoreError::Foreign { .. })));
    assert!(matches!(store.reopen_whole(&run), Err(StoreError::Foreign { .. })));
}
