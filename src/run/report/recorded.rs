//! One run, recorded by hand, for the tests of every reporter.

use super::{Reporter, View};
use crate::actions::context::Report;
use crate::engine::event::{
    Event, Obligation, Operator, PauseCause, RunStarted, SkipReason, StepStarted,
};
use crate::engine::outcome::{Failure, Question, Stage};
use crate::engine::state::RunState;
use crate::model::action::Catalog;
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::value::{Value, Values};
use crate::plan::{Plan, build};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

const TEXT: &str = "---
title: Replace a customer-managed KMS key
summary: Move everything to a new key.
owner: platform
objective: { rto: 2h }
---
# Replace

## Prepare

### Look at the old key

```bash step=look
#| effect: read
#| estimate: 10s
true
```

### Say who is in charge

```bash step=declare
#| effect: read
true
```

## Move

### Deploy the stacks of the recovery account, all of them, in their order

```bash step=deploy
#| estimate: 5m
#| irreversible: it is deployed
true
```

### Copy

```bash step=copy
#| for_each: params.all
#| irreversible: it is copied
true
```

### Retire the old key

```bash step=retire
#| irreversible: it is gone
true
```

### Never reached

```bash step=last
#| irreversible: it is gone
true
```
";

/// Something that happens in the recorded run.
pub(super) enum Happening {
    /// An event, so many milliseconds after the one before it.
    Event(i64, Event),
    /// A report.
    Report(&'static str, Report),
}

/// The plan of the recorded run.
pub(super) fn plan() -> Plan {
    let (book, found) = crate::parse::runbook("kms-replace", "kms-replace.md", TEXT);
    assert_eq!(found, []);
    build(&Arc::new(book), &Catalog::default(), &|_| None).unwrap()
}

fn key(text: &str) -> StepKey {
    StepKey::from_text(text)
}

fn started(step: &str) -> Event {
    Event::StepStarted(Box::new(StepStarted {
        step: key(step),
        attempt: 1,
        account: None,
        inputs: String::new(),
        memo: Value::Null,
    }))
}

fn succeeded(step: &str, took_ms: u64) -> Event {
    Event::StepSucceeded { step: key(step), outputs: Values::new(), took_ms }
}

fn began() -> Event {
    let operator = Operator { user: "ada".into(), host: "pager".into(), pid: 7, caller: None };
    let account = crate::engine::event::AccountSeen {
        id: "222222222222".into(),
        region: "eu-west-1".into(),
        caller: None,
    };
    Event::RunStarted(Box::new(RunStarted {
        run: RunId::from_text("20261122-161845-k3f9"),
        runbook: "kms-replace".into(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: Values::new(),
        secret_params: vec![],
        environment: "production".into(),
        mode: Mode::Real,
        operator,
        tool: "0.1.0".into(),
        accounts: BTreeMap::from([("data".to_owned(), account)]),
        reason: None,
    }))
}

/// What happens, in order.
pub(super) fn happenings() -> Vec<Happening> {
    use Happening::{Event as E, Report as R};
    let line = |text: &str| Report::Line(text.to_owned());
    let resource = |status: &str, reason: Option<&str>| Report::Resource {
        name: "CorpusBucket".into(),
        kind: "AWS::S3::Bucket".into(),
        status: status.into(),
        reason: reason.map(str::to_owned),
    };
    let owed = Obligation {
        step: key("copy[1]"),
        text: "keep the old key until the last log under it has expired".into(),
        due: "2027-01-31".into(),
        runbook: Some("kms-retire".into()),
        params: Values::from_iter([("key".to_owned(), Value::from("alias/old corpus"))]),
    };
    let question = Question::Confirm { text: "Declare the incident in the channel.".into() };
    let skip = SkipReason::Operator { by: "ada".into(), reason: "done last week".into() };
    let failure = Failure::new(
        Stage::Invocation,
        "kms:ScheduleKeyDeletion in account 222222222222 (data), eu-west-1: AccessDenied: the role \
         RunbookOperator may not delete \u{1b}[31mkeys\u{1b}[0m",
    )
    .hint("Ask the account's owner for kms:ScheduleKeyDeletion, then retry.");
    vec![
        E(0, began()),
        E(10, started("look")),
        R("look", line("enabled: \u{1b}[2Jtrue")),
        E(1_240, succeeded("look", 1_240)),
        E(5, Event::StepWaiting { step: key("declare"), question }),
        E(
            90_000,
            Event::StepAnswered {
                step: key("declare"),
                by: "ada@pager".into(),
                values: Values::new(),
            },
        ),
        E(1, started("declare")),
        E(1, succeeded("declare", 1)),
        E(4, started("deploy")),
        R("deploy", resource("CREATE_IN_PROGRESS", None)),
        R("deploy", resource("CREATE_COMPLETE", None)),
        E(192_000, succeeded("deploy", 192_000)),
        E(
            4,
            Event::StepOpened {
                step: key("copy"),
                items: Some(vec![Value::from("a"), Value::from("b")]),
                params: None,
            },
        ),
        E(2, Event::StepSkipped { step: key("copy[0]"), reason: skip }),
        E(2, started("copy[1]")),
        R("copy[1]", Report::Count { done: 1_234, total: Some(5_000), unit: "objects" }),
        E(40_000, succeeded("copy[1]", 40_000)),
        E(0, Event::ObligationIncurred(Box::new(owed))),
        E(1, succeeded("copy", 40_005)),
        E(3, started("retire")),
        R("retire", line("scheduling the deletion")),
        E(400, Event::StepFailed { step: key("retire"), failure, outputs: None }),
        E(2, Event::RunPaused { cause: PauseCause::Failure }),
    ]
}

/// Tells a reporter everything, up to and without the happening of that index.
pub(super) fn tell(reporter: &mut dyn Reporter, until: usize) {
    let plan = plan();
    let mut at: Timestamp = "2026-11-22T16:18:45Z".parse().unwrap();
    let mut state: Option<RunState> = None;
    for happening in happenings().into_iter().take(until) {
        match happening {
            Happening::Event(after, event) => {
                at = at.checked_add(SignedDuration::from_millis(after)).unwrap();
                let state = match &mut state {
                    Some(state) => {
                        state.apply(&event).unwrap();
                        state
                    }
                    None => state.insert(RunState::begin(&event).unwrap()),
                };
                reporter.event(at, &event, &View { plan: &plan, state });
            }
            Happening::Report(step, report) => reporter.report(&key(step), &report),
        }
    }
}
