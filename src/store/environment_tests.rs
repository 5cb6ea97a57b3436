//! Who may change an environment.

use super::*;
use crate::engine::event::{Operator, RunStarted};
use crate::model::mode::Mode;
use crate::store::{Journal, LocalJournal};
use std::collections::BTreeMap;

fn begin(store: &Store, run: &RunId) -> LocalJournal {
    let mut journal = store.create(run, &BTreeMap::new()).unwrap();
    let started = Event::RunStarted(Box::new(RunStarted {
        run: run.clone(),
        runbook: "key".to_owned(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: serde_json::Map::new(),
        secret_params: Vec::new(),
        environment: "production".to_owned(),
        mode: Mode::Real,
        operator: Operator::default(),
        tool: "0.1.0".to_owned(),
        accounts: BTreeMap::new(),
        reason: None,
    }));
    journal.append(Timestamp::now(), &[started]).unwrap();
    journal
}

fn bench() -> (tempfile::TempDir, Store, RunId, RunId) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join(".runbook")).unwrap();
    (dir, store, RunId::from_text("run-a"), RunId::from_text("run-b"))
}

/// The process dies while it holds the environment.
fn die(mut lock: EnvironmentLock) {
    lock.keep();
    drop(lock);
}

fn refused(store: &Store, run: &RunId) -> (Option<Holder>, Option<bool>, String) {
    match store.lock_environment("production", &Holder::here(run)) {
        Err(error) => {
            let text = error.to_string();
            let StoreError::Locked { holder, alive, .. } = error else { panic!("{text}") };
            (holder.map(|holder| *holder), alive, text)
        }
        Ok(_) => panic!("it was given"),
    }
}

#[test]
fn a_live_holder_keeps_others_out_and_is_named() {
    let (_dir, store, a, b) = bench();
    let holder = Holder::here(&a);
    let lock = store.lock_environment("production", &holder).unwrap();
    let (named, alive, text) = refused(&store, &b);
    assert_eq!((named, alive), (Some(holder), Some(true)));
    assert!(text.contains("runbook unlock run-a --reason"), "{text}");
    drop(store.lock_environment("other", &Holder::here(&b)).unwrap());
    lock.release().unwrap();
    store.lock_environment("production", &Holder::here(&b)).unwrap();
}

#[test]
fn a_dead_holder_keeps_other_runs_out_but_not_its_own() {
    let (_dir, store, a, b) = bench();
    drop(begin(&store, &a));
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    let (named, alive, text) = refused(&store, &b);
    assert_eq!((named.unwrap().run, alive), (a.clone(), Some(false)));
    assert!(text.contains("runbook resume run-a"), "{text}");
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
}

#[test]
fn a_run_that_is_over_or_never_began_holds_nothing() {
    let (_dir, store, a, b) = bench();
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    die(store.lock_environment("production", &Holder::here(&b)).unwrap());
    let mut journal = begin(&store, &b);
    journal.append(Timestamp::now(), &[Event::RunSucceeded { healthy: true }]).unwrap();
    store.lock_environment("production", &Holder::here(&a)).unwrap();
}

#[test]
fn a_holder_on_another_machine_is_not_judged() {
    let (_dir, store, a, b) = bench();
    let holder = Holder { host: "elsewhere.example".to_owned(), ..Holder::here(&a) };
    die(store.lock_environment("production", &holder).unwrap());
    for run in [&a, &b] {
        let (_, alive, text) = refused(&store, run);
        assert_eq!(alive, None);
        assert!(text.contains("cannot be told"), "{text}");
    }
}

#[test]
fn a_lock_torn_while_it_was_signed_was_never_held() {
    let (_dir, store, a, _) = bench();
    let folder = store.made_environment("production").unwrap();
    std::fs::write(folder.join(LOCK), "{\"run\":\"ru").unwrap();
    store.lock_environment("production", &Holder::here(&a)).unwrap();
}

#[test]
fn a_process_that_dies_while_it_signs_leaves_the_name_before_it() {
    let (_dir, store, a, b) = bench();
    drop(begin(&store, &a));
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    let lock = store.environment("production").join(LOCK);
    let signed = std::fs::read(&lock).unwrap();
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    let twice = std::fs::read(&lock).unwrap();
    assert!(twice.starts_with(&signed) && twice.len() > signed.len());
    for cut in 0..=twice.len() {
        std::fs::write(&lock, &twice[..cut]).unwrap();
        // Until the first name is whole, nobody ever held it.
        if cut + 1 >= signed.len() {
            assert_eq!(refused(&store, &b).0.unwrap().run, a, "cut at {cut}");
        } else {
            drop(store.lock_environment("production", &Holder::here(&b)).unwrap());
        }
    }
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    assert_eq!(refused(&store, &b).0.unwrap().run, a);
}

#[test]
fn who_is_refused_before_anything_happened_leaves_no_trace() {
    let (_dir, store, a, b) = bench();
    drop(begin(&store, &a));
    drop(store.lock_environment("production", &Holder::here(&a)).unwrap());
    drop(store.lock_environment("production", &Holder::here(&b)).unwrap());
    die(store.lock_environment("production", &Holder::here(&a)).unwrap());
    // A second process of the same run is refused, too: the first one's name stays.
    drop(store.lock_environment("production", &Holder::here(&a)).unwrap());
    assert_eq!(refused(&store, &b).0.unwrap().run, a);
}

#[test]
fn taking_over_stops_the_old_process_and_frees_what_it_held() {
    let (_dir, store, a, b) = bench();
    let mut old = begin(&store, &a);
    let lock = store.lock_environment("production", &Holder::here(&a)).unwrap();
    let other = store.lock_environment("other", &Holder::here(&b)).unwrap();
    let taken = Event::RunTakenOver { operator: Operator::default(), reason: "hung".to_owned() };
    store.take_over(&a, &taken, Timestamp::now()).unwrap();

    let error = old.append(Timestamp::now(), &[Event::RunStuck {}]).unwrap_err();
    assert!(matches!(error, StoreError::TakenOver { .. }), "{error}");
    // The old process still lives and still has its files; the environment and the run are free.
    let new = store.lock_environment("production", &Holder::here(&b)).unwrap();
    let (mut journal, history) = store.reopen_whole(&a).unwrap();
    assert_eq!(history.events.last().map(|last| &last.event), Some(&taken));
    journal.append(Timestamp::now(), &[Event::RunStuck {}]).unwrap();
    // What it leaves at last is its own file, not the one of the run that works now.
    lock.release().unwrap();
    old.close().unwrap();
    assert_eq!(refused(&store, &a).0.unwrap().run, b);
    assert!(matches!(store.reopen_whole(&a), Err(StoreError::Live { .. })));
    assert!(matches!(
        store.lock_environment("other", &Holder::here(&a)),
        Err(StoreError::Locked { .. })
    ));
    drop((new, other));
}

#[test]
fn a_freeze_holds_until_it_is_thawed() {
    let (_dir, store, _, _) = bench();
    let freeze =
        Freeze { reason: "audit".to_owned(), by: "ann".to_owned(), at: Timestamp::UNIX_EPOCH };
    assert_eq!(store.frozen("production").unwrap(), None);
    assert_eq!(store.thaw("production").unwrap(), None);
    store.freeze("production", &freeze).unwrap();
    assert_eq!(store.frozen("production").unwrap(), Some(freeze.clone()));
    assert_eq!(store.frozen("other").unwrap(), None);
    assert_eq!(store.thaw("production").unwrap(), Some(freeze));
    assert_eq!(store.frozen("production").unwrap(), None);
}

#[test]
fn a_freeze_that_cannot_be_read_is_not_taken_for_none() {
    let (_dir, store, _, _) = bench();
    let folder = store.made_environment("production").unwrap();
    std::fs::write(folder.join(FROZEN), "fro").unwrap();
    assert!(store.frozen("production").is_err());
    assert!(store.thaw("production").is_err());
}
