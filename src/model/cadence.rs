//! How often something is due, counted from a day.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use std::fmt;

/// A number and a unit of the calendar, such as `3 months`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// How many. Never zero.
    count: u16,
    /// Of what.
    unit: Unit,
}

/// The units of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// Why a text is not a cadence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cadence is a number and `days`, `weeks`, `months` or `years`, such as `3 months`, not `{0}`"
)]
pub struct BadCadence(pub String);

impl Every {
    /// Reads `3 months`, `1 year`, `2 weeks`, `30 days`.
    ///
    /// # Errors
    /// Gives the text back when it is none of these.
    pub fn parse(text: &str) -> Result<Self, BadCadence> {
        let bad = || BadCadence(text.to_owned());
        let (number, unit) = text.split_once(' ').ok_or_else(bad)?;
        let unit = match unit.trim_end_matches('s') {
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "year" => Unit::Year,
            _ => return Err(bad()),
        };
        match number.parse() {
            Ok(count) if count > 0 => Ok(Self { count, unit }),
            _ => Err(bad()),
        }
    }

    /// The day that comes so many times after another one. It is counted from that day each time, so that the
    /// end of a short month does not move what comes after it. Nothing beyond the calendar.
    #[must_use]
    pub fn after(self, from: Date, times: i64) -> Option<Date> {
        let count = i64::from(self.count).checked_mul(times)?;
        let span: Span = match self.unit {
            Unit::Day => Span::new().try_days(count).ok()?,
            Unit::Week => Span::new().try_weeks(count).ok()?,
            Unit::Month => Span::new().try_months(count).ok()?,
            Unit::Year => Span::new().try_years(count).ok()?,
        };
        from.checked_add(span).ok()
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        };
        write!(f, "{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

/// Every so often, counted from a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// How often.
    pub every: Every,
    /// The day it is counted from.
    pub from: Date,
}

impl Cadence {
    /// The beginning of the period that a day lies in, and its number. Nothing before the first one.
    #[must_use]
    pub fn period(self, day: Date) -> Option<(i64, Date)> {
        if day < self.from {
            return None;
        }
        // A period has at least a day, and the calendar has an end: this ends.
        let (mut low, mut high) = (0_i64, 1_i64);
        while self.start(high).is_some_and(|start| start <= day) {
            (low, high) = (high, high * 2);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.start(middle).is_some_and(|start| start <= day) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some((low, self.start(low)?))
    }

    /// The day on which the period of that number begins.
    #[must_use]
    pub fn start(self, number: i64) -> Option<Date> {
        self.every.after(self.from, number)
    }

    /// The day before another one.
    #[must_use]
    pub fn eve(day: Date) -> Date {
        day.checked_sub(1.day()).unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    #[test]
    fn a_quarter_is_counted_from_its_anchor_and_never_chained() {
        let every = Every::parse("3 months").expect("a cadence");
        let from = day("2025-08-31");
        let days: Vec<String> =
            (0..5).map(|k| every.after(from, k).expect("a day").to_string()).collect();
        // Chained it would be 2026-02-28, 2026-05-28: the thirty-first would be lost for ever.
        assert_eq!(days, ["2025-08-31", "2025-11-30", "2026-02-28", "2026-05-31", "2026-08-31"]);
    }

    #[test]
    fn a_day_lies_in_one_period() {
        let cadence =
            Cadence { every: Every::parse("3 months").expect("one"), from: day("2026-01-15") };
        let number = |text: &str| cadence.period(day(text)).map(|(number, _)| number);
        assert_eq!(number("2026-01-14"), None);
        assert_eq!(number("2026-01-15"), Some(0));
        assert_eq!(number("2026-04-14"), Some(0));
        assert_eq!(number("2026-04-15"), Some(1));
        assert_eq!(number("2036-01-15"), Some(40));
        assert_eq!(cadence.period(day("2036-02-01")).expect("one").1, day("2036-01-15"));
    }

    #[test]
    fn what_is_no_cadence_is_refused() {
        for bad in ["", "3", "months", "0 months", "3 moons", "-1 days", "3  months", "quarterly"] {
            assert!(Every::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Every::parse("1 year").expect("one").to_string(), "1 year");
        assert_eq!(Every::parse("2 week").expect("one").to_string(), "2 weeks");
    }
}
