//! Which drills are due, which are overdue, and which were never done.
//!
//! A drill is due once in each of its periods. The periods are counted from the day that the drill names, so that
//! a late one does not move the next. What counts is a drill that passed and was no rehearsal.

use super::evidence::Evidence;
use crate::model::cadence::Cadence;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

/// How a drill stands on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It has no cadence, so it is never due.
    Unscheduled,
    /// Its first period has not begun.
    NotYet {
        /// When it begins.
        from: Date,
    },
    /// It was done in the period of today.
    Done {
        /// When the next period begins.
        next: Option<Date>,
    },
    /// It is to be done in the period of today.
    Due {
        /// When the period began.
        since: Date,
        /// The last day of it.
        until: Option<Date>,
        /// Whether it was done ever before.
        never: bool,
    },
    /// At least one whole period has passed without it.
    Overdue {
        /// The last day of the first period that it was missed in.
        since: Date,
        /// Whether it was done ever before.
        never: bool,
    },
}

/// How a drill stands.
#[must_use]
pub fn standing(cadence: Option<Cadence>, evidence: &[Evidence], today: Date) -> Standing {
    let Some(cadence) = cadence else { return Standing::Unscheduled };
    let Some((now, since)) = cadence.period(today) else {
        return Standing::NotYet { from: cadence.from };
    };
    let day = |one: &Evidence| one.when.to_zoned(TimeZone::UTC).date();
    // What lies ahead was dated by a clock that was wrong.
    let done =
        evidence.iter().filter(|one| one.counts()).map(day).filter(|day| *day <= today).max();
    let last = done.map(|day| cadence.period(day).map_or(-1, |(number, _)| number));
    let never = last.is_none();
    let end = |number: i64| cadence.start(number + 1).map(Cadence::eve);
    match last.unwrap_or(-1) {
        last if last >= now => Standing::Done { next: cadence.start(now + 1) },
        last if last + 1 == now => Standing::Due { since, until: end(now), never },
        last => Standing::Overdue { since: end(last + 1).unwrap_or(since), never },
    }
}

/// The days on which periods begin, from the one of today on.
#[must_use]
pub fn days(cadence: Cadence, today: Date, count: usize) -> Vec<Date> {
    let first = cadence.period(today).map_or(0, |(number, _)| number);
    (first..).map_while(|number| cadence.start(number)).take(count).collect()
}
