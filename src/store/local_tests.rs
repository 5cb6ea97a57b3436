//! Crashes, damage and rivals.

use super::*;
use crate::engine::event::{Operator, PauseCause, RunStarted};
use crate::store::Store;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::sync::atomic::{AtomicBool, Ordering};

fn started(mode: Mode) -> Event {
    Event::RunStarted(Box::new(RunStarted {
        run: RunId::from_text("r1"),
        runbook: "key".to_owned(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: serde_json::Map::from_iter([("share".to_owned(), 0.1_f64.sqrt().into())]),
        secret_params: Vec::new(),
        environment: "production".to_owned(),
        mode,
        operator: Operator::default(),
        tool: "0.1.0".to_owned(),
        accounts: BTreeMap::new(),
        reason: None,
    }))
}

fn paused() -> Event {
    Event::RunPaused { cause: PauseCause::Operator }
}

fn noted(text: &str) -> Event {
    Event::RunAborted { reason: text.to_owned() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

struct Bench {
    _dir: tempfile::TempDir,
    store: Store,
    run: RunId,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join(".runbook")).unwrap();
        Self { _dir: dir, store, run: RunId::from_text("r1") }
    }

    fn create(&self) -> LocalJournal {
        self.store.create(&self.run, &BTreeMap::new()).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.store.folder(&self.run).join(JOURNAL)
    }

    /// A journal of four events in three writes, closed again.
    fn written(&self) -> Vec<u8> {
        let mut journal = self.create();
        journal.append(at(0), &[started(Mode::Real)]).unwrap();
        journal.append(at(1), &[paused(), noted("a")]).unwrap();
        journal.append(at(2), &[noted("b")]).unwrap();
        std::fs::read(self.path()).unwrap()
    }
}

#[test]
fn events_come_back_as_they_were_put_down() {
    let bench = Bench::new();
    bench.written();
    let history = bench.store.read(&bench.run).unwrap();
    let events: Vec<Event> = history.events.iter().map(|r| r.event.clone()).collect();
    assert_eq!(events, [started(Mode::Real), paused(), noted("a"), noted("b")]);
    assert_eq!(history.events.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(history.events[2].at, at(1));
    let (journal, again) = bench.store.reopen_whole(&bench.run).unwrap();
    assert_eq!((journal.next(), journal.head()), (5, history.head.as_str()));
    assert_eq!(again, history);
}

#[test]
fn cut_at_every_byte_of_its_last_record_a_journal_goes_on() {
    let bench = Bench::new();
    let whole = bench.written();
    let end = whole.len() - 1;
    let last = whole[..end].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        std::fs::write(bench.path(), &whole[..cut]).unwrap();
        let read = bench.store.read(&bench.run).unwrap();
        let (mut journal, history) = bench.store.reopen_whole(&bench.run).unwrap();
        let torn = (cut > last).then_some(record::Torn { line: 4, bytes: (cut - last) as u64 });
        assert_eq!((&history.torn, history.events.len()), (&torn, 3), "cut at {cut}");
        assert_eq!(read, history);
        assert_eq!(journal.next(), 4);
        journal.append(at(2), &[noted("b")]).unwrap();
        assert_eq!(std::fs::read(bench.path()).unwrap(), whole, "cut at {cut}");
    }
}

#[test]
fn a_byte_altered_anywhere_before_the_last_record_is_found() {
    let bench = Bench::new();
    let whole = bench.written();
    let end = whole.len() - 1;
    let last = whole[..end].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let mut line = 1;
    for (place, byte) in whole[..last].iter().enumerate() {
        for flip in [0x01, 0x20, 0x80] {
            let mut altered = whole.clone();
            altered[place] ^= flip;
            std::fs::write(bench.path(), &altered).unwrap();
            let opened = if flip == 0x01 {
                bench.store.reopen_whole(&bench.run).map(|(_, history)| history)
            } else {
                bench.store.read(&bench.run)
            };
            match opened {
                Err(StoreError::Corrupt { line: named, .. }) => {
                    assert_eq!(named, line, "at {place}")
                }
                Err(StoreError::Newer { version, .. }) => assert!(version > 1, "at {place}"),
                other => panic!("byte {place} of line {line}: {other:?}"),
            }
            assert_eq!(std::fs::read(bench.path()).unwrap(), altered, "it was written to");
        }
        line += u64::from(*byte == b'\n');
    }
}

#[test]
fn an_unreadable_last_line_is_torn_but_a_record_with_more_behind_it_is_not() {
    let bench = Bench::new();
    let whole = bench.written();
    std::fs::write(bench.path(), [&whole[..], b"\0\0\0\n"].concat()).unwrap();
    assert_eq!(bench.store.read(&bench.run).unwrap().torn.map(|torn| torn.line), Some(5));
    // Two records whose newline was lost: cutting them off would lose the first, which was durable.
    let joined = [&whole[..whole.len() - 1], b"{\"v\":1}\n"].concat();
    std::fs::write(bench.path(), &joined).unwrap();
    assert!(matches!(bench.store.read(&bench.run), Err(StoreError::Corrupt { line: 4, .. })));
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let bench = Bench::new();
    let whole = String::from_utf8(bench.written()).unwrap();
    for newer in [whole.replace("\"v\":1", "\"v\":7"), "{\"v\":7,\"what\":[]}\n".to_owned()] {
        std::fs::write(bench.path(), &newer).unwrap();
        for error in [
            bench.store.reopen_whole(&bench.run).unwrap_err(),
            bench.store.read(&bench.run).unwrap_err(),
        ] {
            assert!(error.to_string().contains("format 7"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(bench.path()).unwrap(), newer);
    }
}

#[test]
fn journals_of_the_first_format_are_read_for_ever() {
    read_for_ever(
        include_bytes!("../../tests/fixtures/journal/v1.jsonl"),
        include_str!("../../tests/fixtures/journal/v1.txt"),
    );
}

#[test]
fn journals_of_the_second_format_are_read_for_ever() {
    read_for_ever(
        include_bytes!("../../tests/fixtures/journal/v2.jsonl"),
        include_str!("../../tests/fixtures/journal/v2.txt"),
    );
}

#[test]
fn journals_of_the_third_format_are_read_for_ever() {
    read_for_ever(
        include_bytes!("../../tests/fixtures/journal/v3.jsonl"),
        include_str!("../../tests/fixtures/journal/v3.txt"),
    );
}

fn read_for_ever(fixture: &[u8], kinds: &str) {
    let mut events = Vec::new();
    let scan =
        record::scan(Path::new("fixture.jsonl"), fixture, &mut |recorded| events.push(recorded))
            .unwrap();
    let found: Vec<String> = events
        .iter()
        .map(|recorded| {
            let value = serde_json::to_value(&recorded.event).unwrap();
            value["event"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(scan.mode, Some(Mode::Drill));
    assert_eq!(found.join(" "), kinds.trim());
    // Written again by this program, the same events give the same bytes: the format has not moved.
    let mut prev = record::NO_LINE.to_owned();
    let mut again = Vec::new();
    for (r, line) in events.iter().zip(fixture.split(|byte| *byte == b'\n')) {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        let place = (r.seq, line["nth"].as_u64().unwrap_or(0));
        let line = record::encode(place, &prev, r.at, Mode::Drill, &r.event).unwrap();
        prev = line.hash;
        again.extend(line.bytes);
    }
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8_lossy(fixture));
}

#[test]
fn only_one_process_drives_a_run() {
    let bench = Bench::new();
    let journal = bench.create();
    match bench.store.reopen_whole(&bench.run) {
        Err(StoreError::Live { holder: Some(holder), .. }) => {
            assert_eq!(holder.pid, std::process::id());
        }
        other => panic!("{other:?}"),
    }
    journal.close().unwrap();
    bench.store.reopen_whole(&bench.run).unwrap();
}

#[test]
fn a_journal_that_changed_behind_its_writer_is_never_appended_to() {
    let grown = |path: &Path| {
        OpenOptions::new().append(true).open(path).unwrap().write_all(b"{}\n").unwrap();
    };
    let altered = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let place = bytes.len() - 5;
        OpenOptions::new().write(true).open(path).unwrap().write_at(b"#", place as u64).unwrap();
    };
    let removed = |path: &Path| std::fs::remove_file(path).unwrap();
    // What a program does that keeps a folder in step with another machine's.
    let replaced = |path: &Path| {
        std::fs::rename(path, path.with_extension("old")).unwrap();
        std::fs::copy(path.with_extension("old"), path).unwrap();
    };
    for rival in [&grown as &dyn Fn(&Path), &altered, &removed, &replaced] {
        let bench = Bench::new();
        let mut journal = bench.create();
        journal.append(at(0), &[started(Mode::Real)]).unwrap();
        rival(&bench.path());
        let before = std::fs::read(bench.path()).ok();
        let error = journal.append(at(1), &[paused()]).unwrap_err();
        assert!(matches!(error, StoreError::TakenOver { .. }), "{error}");
        assert_eq!(std::fs::read(bench.path()).ok(), before);
        assert_eq!(journal.next(), 2);
    }
}

#[test]
fn a_full_disk_leaves_the_journal_as_it_was() {
    let bench = Bench::new();
    let mut journal = bench.create();
    journal.append(at(0), &[started(Mode::Real)]).unwrap();
    let before = std::fs::read(bench.path()).unwrap();
    journal.system.write = |file, bytes| {
        file.write_all(&bytes[..bytes.len() / 2])?;
        Err(io::ErrorKind::StorageFull.into())
    };
    assert!(matches!(journal.append(at(1), &[paused()]), Err(StoreError::Io { .. })));
    assert_eq!(std::fs::read(bench.path()).unwrap(), before);
    // Once there is room again, the same process goes on.
    journal.system = REAL;
    journal.append(at(1), &[paused()]).unwrap();
    assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), 2);
}

#[test]
fn after_a_failed_fsync_nothing_is_appended_any_more() {
    let bench = Bench::new();
    let mut journal = bench.create();
    journal.append(at(0), &[started(Mode::Real)]).unwrap();
    journal.system.sync = |_| Err(io::Error::other("medium error"));
    assert!(matches!(journal.append(at(1), &[paused()]), Err(StoreError::Io { .. })));
    journal.system = REAL;
    assert!(matches!(journal.append(at(1), &[paused()]), Err(StoreError::Broken { .. })));
    assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), 1);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let bench = Bench::new();
    let mut journal = bench.create();
    assert!(matches!(journal.append(at(0), &[paused()]), Err(StoreError::Unwritable { .. })));
    journal.append(at(0), &[started(Mode::Real)]).unwrap();
    let deep = (0..200).fold(serde_json::Value::Null, |inner, _| serde_json::json!([inner]));
    let event = Event::StepAnswered {
        step: crate::model::id::StepKey::from_text("a"),
        by: "ann".to_owned(),
        values: serde_json::Map::from_iter([("deep".to_owned(), deep)]),
    };
    let error = journal.append(at(1), &[paused(), event]).unwrap_err();
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), 1);
}

#[test]
fn a_rehearsal_dies_right_after_the_record_it_was_told_and_no_other_run_does() {
    static DIED: AtomicBool = AtomicBool::new(false);
    for (mode, kept) in [(Mode::Rehearsal, 2), (Mode::Drill, 4), (Mode::Real, 4)] {
        let bench = Bench::new();
        let mut journal = bench.create();
        journal.kill_at = Some(2);
        journal.system.die = || DIED.store(true, Ordering::SeqCst);
        journal.append(at(0), &[started(mode)]).unwrap();
        let batch = journal.append(at(1), &[paused(), noted("a"), noted("b")]);
        assert_eq!(batch.is_err(), mode == Mode::Rehearsal);
        assert_eq!(DIED.swap(false, Ordering::SeqCst), mode == Mode::Rehearsal);
        assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), kept);
        drop(journal);
        // The run that goes on has passed that record, so it lives.
        let (mut journal, _) = bench.store.reopen_whole(&bench.run).unwrap();
        journal.kill_at = Some(2);
        journal.append(at(2), &[noted("c"), noted("d")]).unwrap();
        assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), kept + 2);
    }
}

#[test]
fn a_line_says_the_oldest_format_that_can_say_it() {
    let bench = Bench::new();
    let mut journal = bench.create();
    journal.append(at(0), &[started(Mode::Real), paused()]).unwrap();
    let revised = crate::engine::event::Revised {
        texts: BTreeMap::from([("key".to_owned(), "00".to_owned())]),
        steps: BTreeMap::new(),
    };
    let resumed =
        |revised| Event::RunResumed { operator: Operator::default(), reason: None, revised };
    journal.append(at(1), &[resumed(None), resumed(Some(Box::new(revised)))]).unwrap();
    let text = std::fs::read_to_string(bench.path()).unwrap();
    let formats: Vec<&str> = text.lines().map(|line| &line[..6]).collect();
    assert_eq!(formats, ["{\"v\":1", "{\"v\":1", "{\"v\":1", "{\"v\":2"]);
    assert_eq!(bench.store.read(&bench.run).unwrap().events.len(), 4);
}

#[test]
fn a_run_that_another_machine_drives_is_not_taken_from_it() {
    let bench = Bench::new();
    let mut journal = bench.create();
    journal.append(at(0), &[started(Mode::Real)]).unwrap();
    drop(journal);
    let folder = bench.store.folder(&bench.run);
    let lock = folder.join(WRITER);
    let name = std::fs::read_to_string(&lock).unwrap();
    // Here it is seen to be gone. On another machine it cannot be told.
    drop(bench.store.reopen_whole(&bench.run).unwrap());
    std::fs::write(&lock, name.replace(&local_host(), "elsewhere.example")).unwrap();
    let error = bench.store.reopen_whole(&bench.run).unwrap_err();
    assert!(matches!(error, StoreError::Live { alive: None, .. }), "{error}");
    assert!(error.to_string().contains("cannot be told"), "{error}");
    lock::break_lock(&folder, WRITER, &bench.run).unwrap();
    bench.store.reopen_whole(&bench.run).unwrap().0.close().unwrap();
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "");
}

#[test]
fn a_write_whose_later_part_alone_reached_the_disk_was_never_written() {
    let bench = Bench::new();
    let mut journal = bench.create();
    journal.append(at(0), &[started(Mode::Real)]).unwrap();
    let first = std::fs::read(bench.path()).unwrap().len();
    journal.append(at(1), &[paused(), noted("a"), noted("b")]).unwrap();
    let second = std::fs::read(bench.path()).unwrap();
    journal.append(at(2), &[noted("c")]).unwrap();
    let whole = std::fs::read(bench.path()).unwrap();
    drop(journal);
    // The three lines of the second write, with a beginning that the disk does not have.
    for gap in 1..second.len() - first {
        let torn = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[first..first + gap].fill(0);
            bytes
        };
        std::fs::write(bench.path(), torn(&second)).unwrap();
        let read = bench.store.read(&bench.run).unwrap();
        let bytes = (second.len() - first) as u64;
        assert_eq!(read.torn, Some(record::Torn { line: 2, bytes }), "{gap} bytes");
        assert_eq!(read.events.len(), 1);
        // What follows in a write of its own proves that this one was on the disk: it was damaged since.
        std::fs::write(bench.path(), torn(&whole)).unwrap();
        let error = bench.store.read(&bench.run).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { line: 2, .. }), "{gap} bytes: {error}");
    }
    // The same at the very beginning: such a run never began, and is in nobody's way.
    let mut none = second[..first].to_vec();
    none[..first / 2].fill(0);
    std::fs::write(bench.path(), &none).unwrap();
    assert!(bench.store.runs().unwrap().is_empty());
    none.extend(&second[first..]);
    std::fs::write(bench.path(), &none).unwrap();
    assert_eq!(bench.store.runs().unwrap(), std::slice::from_ref(&bench.run));
}
