//! What a person sees, on terminals of several widths.

use super::super::recorded;
use super::*;
use indicatif::InMemoryTerm;

fn terminal(columns: u16, rows: u16) -> (InMemoryTerm, Human) {
    let term = InMemoryTerm::new(rows, columns);
    let drawn = term.clone();
    let terminal = Terminal {
        target: Box::new(move || ProgressDrawTarget::term_like_with_hz(Box::new(drawn.clone()), 1)),
        columns: Box::new(move || usize::from(columns)),
        paint: Paint::Colour,
    };
    (term, Human::new(terminal))
}

#[test]
fn a_whole_run_at_80_columns() {
    let (term, mut human) = terminal(80, 60);
    recorded::tell(&mut human, usize::MAX);
    let shown = term.contents();
    for line in shown.lines() {
        assert!(width(line) <= 80, "{line}");
    }
    insta::assert_snapshot!(shown, @r#"
    Replace a customer-managed KMS key
      production · real · run 20261122-161845-k3f9
      data 222222222222 eu-west-1
      objective: recovered within 2h

    Prepare
      ✓ Look at the old key  look                                 done 1.2s of ~10s
      ? Say who is in charge  declare                            waits for a person
      ✓ Say who is in charge  declare                                       done 0s

    Move
        + CorpusBucket  AWS::S3::Bucket                             create complete
      ✓ Deploy the stacks of the recovery account, all…  deploy   done 3m12s of ~5m
      • Copy  copy                                                       2 elements
        ↷ Copy  copy[0]                                                     skipped
          ada says: done last week
        ✓ Copy  copy[1]                                                    done 40s
          • owed by 2027-01-31: keep the old key until the last log under it has
          expired
      ✓ Copy  copy                                                         done 40s
      ✗ Retire the old key  retire                                      failed 0.4s
        │ scheduling the deletion
        kms:ScheduleKeyDeletion in account 222222222222 (data), eu-west-1:
        AccessDenied: the role RunbookOperator may not delete keys
        It had begun: its effect may be there in part.
        hint: Ask the account's owner for kms:ScheduleKeyDeletion, then retry.

    ✗ Paused: a step failed
      steps     4 done, 1 skipped, 1 failed, 1 pending
      time      3m53s of work, 1m30s waiting for people
      trouble   ✗ Retire the old key (retire)
      owed      • by 2027-01-31: keep the old key until the last log under it has
                expired (copy[1])
      next      # run it again
                runbook resume 20261122-161845-k3f9 --step retire=retry
                # or: its effect is in place, you saw to it
                runbook resume 20261122-161845-k3f9 --step retire=done --reason '…'
                # or: go on without it
                runbook resume 20261122-161845-k3f9 --step retire=skip --reason '…'
                # or: give it up as it stands
                runbook abort 20261122-161845-k3f9 --reason '…'
                # when it is due: settle what is owed
                runbook run kms-retire --env production -p 'key=alias/old corpus'
    "#);
}

#[test]
fn a_whole_run_at_120_columns() {
    let (term, mut human) = terminal(120, 60);
    recorded::tell(&mut human, usize::MAX);
    insta::assert_snapshot!(term.contents(), @r#"
    Replace a customer-managed KMS key
      production · real · run 20261122-161845-k3f9
      data 222222222222 eu-west-1
      objective: recovered within 2h

    Prepare
      ✓ Look at the old key  look                                                                done 1.2s of ~10s
      ? Say who is in charge  declare                                                           waits for a person
      ✓ Say who is in charge  declare                                                                      done 0s

    Move
        + CorpusBucket  AWS::S3::Bucket                                                            create complete
      ✓ Deploy the stacks of the recovery account, all of them, in their order  deploy           done 3m12s of ~5m
      • Copy  copy                                                                                      2 elements
        ↷ Copy  copy[0]                                                                                    skipped
          ada says: done last week
        ✓ Copy  copy[1]                                                                                   done 40s
          • owed by 2027-01-31: keep the old key until the last log under it has expired
      ✓ Copy  copy                                                                                        done 40s
      ✗ Retire the old key  retire                                                                     failed 0.4s
        │ scheduling the deletion
        kms:ScheduleKeyDeletion in account 222222222222 (data), eu-west-1: AccessDenied: the role RunbookOperator
        may not delete keys
        It had begun: its effect may be there in part.
        hint: Ask the account's owner for kms:ScheduleKeyDeletion, then retry.

    ✗ Paused: a step failed
      steps     4 done, 1 skipped, 1 failed, 1 pending
      time      3m53s of work, 1m30s waiting for people
      trouble   ✗ Retire the old key (retire)
      owed      • by 2027-01-31: keep the old key until the last log under it has expired (copy[1])
      next      # run it again
                runbook resume 20261122-161845-k3f9 --step retire=retry
                # or: its effect is in place, you saw to it
                runbook resume 20261122-161845-k3f9 --step retire=done --reason '…'
                # or: go on without it
                runbook resume 20261122-161845-k3f9 --step retire=skip --reason '…'
                # or: give it up as it stands
                runbook abort 20261122-161845-k3f9 --reason '…'
                # when it is due: settle what is owed
                runbook run kms-retire --env production -p 'key=alias/old corpus'
    "#);
}

#[test]
fn nothing_raw_reaches_the_terminal_without_colours() {
    let term = InMemoryTerm::new(60, 80);
    let drawn = term.clone();
    let target = move || ProgressDrawTarget::term_like_with_hz(Box::new(drawn.clone()), 1);
    let mut human = Human::new(Terminal {
        target: Box::new(target),
        columns: Box::new(|| 80),
        paint: Paint::Plain,
    });
    recorded::tell(&mut human, usize::MAX);
    let written = String::from_utf8_lossy(&term.contents_formatted()).into_owned();
    assert!(!written.contains("\u{1b}[31m"), "a failure's own colour came through");
}

#[test]
fn counted_work_has_a_bar() {
    let (term, mut human) = terminal(80, 60);
    let at = recorded::happenings()
        .iter()
        .position(|happening| {
            matches!(happening, recorded::Happening::Report(_, Report::Count { .. }))
        })
        .unwrap();
    recorded::tell(&mut human, at + 1);
    for live in human.live.values() {
        live.row.disable_steady_tick();
        live.row.force_draw();
        live.says.force_draw();
    }
    human.note("the end");
    let shown = term.contents();
    assert!(shown.contains("copy[1]"), "{shown}");
    assert!(shown.contains("25%  1,234 of 5,000 objects"), "{shown}");
}

#[test]
fn what_comes_during_a_question_is_shown_after_it() {
    let (term, mut human) = terminal(80, 20);
    human.suspend();
    human.note("the journal's last line was cut off");
    assert!(!term.contents().contains("cut off"));
    human.resume();
    assert!(term.contents().contains("note: the journal's last line was cut off"));
}

#[test]
fn a_narrow_terminal_is_no_reason_to_fall_over() {
    for columns in [1, 10, 24, 40] {
        let (_, mut human) = terminal(columns, 60);
        recorded::tell(&mut human, usize::MAX);
    }
}

/// The probes of a look have no end of their own: they go with the step that looks.
#[test]
fn what_a_step_looked_with_goes_with_it() {
    let (term, mut human) = terminal(80, 20);
    let key = |text: &str| StepKey::from_text(text);
    for step in ["shows", "shows/restore/well", "showscase"] {
        human.begin(Timestamp::UNIX_EPOCH, &key(step), step, None);
    }
    human.end(Timestamp::UNIX_EPOCH, &key("shows"));
    let left: Vec<&str> = human.live.keys().map(StepKey::as_str).collect();
    assert_eq!(left, ["showscase"], "{}", term.contents());
}
