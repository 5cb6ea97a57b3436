//! Puts in words what a step leaves owed.

use super::inputs;
use super::perform::Job;
use super::scope::with_outputs;
use crate::engine::event::Obligation;
use crate::engine::outcome::{Failure, Stage};
use crate::model::duration;
use crate::model::value::Values;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// What the step owes now that its effect is in place.
///
/// # Errors
/// When its text or its due date cannot be evaluated. The effect is there all the same.
pub(super) fn incurred(
    job: &Job,
    outputs: &Values,
    now: Timestamp,
) -> Result<Option<Obligation>, Failure> {
    let Some(written) = &job.block.options.obligation else { return Ok(None) };
    let scope = with_outputs(&job.scope, outputs);
    let late = |failure: Failure| Failure { stage: Stage::Verification, ..failure };
    let text = inputs::text(&written.text, job.source(), &scope).map_err(late)?;
    let due = inputs::text(&written.due, job.source(), &scope).map_err(late)?;
    let due = due_date(&due, now).ok_or_else(|| {
        Failure::new(
            Stage::Verification,
            format!("the obligation is due `{due}`, which is neither a date nor a duration"),
        )
        .hint("Write a date such as `2027-01-31`, or a duration such as `30d`.")
    })?;
    Ok(Some(Obligation {
        step: job.cx.step.clone(),
        text,
        due: due.to_string(),
        runbook: written.runbook.as_ref().map(|name| name.value.clone()),
        params: inputs::mapping(&written.params, job.source(), &scope).map_err(late)?,
    }))
}

/// A date as it stands, or a duration from now on, rounded up to the next whole day.
fn due_date(text: &str, now: Timestamp) -> Option<Date> {
    if let Ok(date) = text.trim().parse() {
        return Some(date);
    }
    let days = duration::parse(text).ok()?.as_secs().div_ceil(86_400);
    now.to_zoned(TimeZone::UTC).date().checked_add(i64::try_from(days).ok()?.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_is_a_date_or_a_duration_from_now() {
        let now: Timestamp = "2026-11-22T23:30:00Z".parse().expect("a time");
        let due = |text| due_date(text, now).map(|date| date.to_string());
        assert_eq!(due("2027-01-31"), Some("2027-01-31".to_owned()));
        assert_eq!(due("30d"), Some("2026-12-22".to_owned()));
        assert_eq!(due("1h"), Some("2026-11-23".to_owned()));
        assert_eq!(due("soon"), None);
    }
}
