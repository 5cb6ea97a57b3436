//! Durations as runbooks write them: `90s`, `10m`, `1h30m`, `7d`.

use std::fmt;
use std::time::Duration;

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a duration: write a number and a unit (`s`, `m`, `h`, `d`), such as `90s`, `10m` or `1h30m`"
)]
pub struct BadDuration(pub String);

/// Reads a duration. Units must go from large to small and none may repeat.
///
/// # Errors
/// Gives the text back when it is not a duration, and when it is longer than a hundred years.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    let bad = || BadDuration(text.to_owned());
    let (mut seconds, mut rest, mut last) = (0_u64, text.trim(), u64::MAX);
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit =
            match &rest[digits..digits + rest[digits..].chars().next().map_or(0, char::len_utf8)] {
                "d" => 86_400,
                "h" => 3_600,
                "m" => 60,
                "s" => 1,
                _ => return Err(bad()),
            };
        if unit >= last {
            return Err(bad());
        }
        last = unit;
        seconds = number.checked_mul(unit).and_then(|n| seconds.checked_add(n)).ok_or_else(bad)?;
        rest = &rest[digits + 1..];
    }
    if seconds > 100 * 365 * 86_400 { Err(bad()) } else { Ok(Duration::from_secs(seconds)) }
}

/// Shows a duration the way runbooks write it, with tenths below ten seconds.
#[derive(Clone, Copy, Debug)]
pub struct Short(pub Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 10 && self.0.subsec_millis() >= 50 {
            return write!(f, "{:.1}s", self.0.as_secs_f64());
        }
        let parts = [
            (seconds / 86_400, 'd'),
            (seconds / 3_600 % 24, 'h'),
            (seconds / 60 % 60, 'm'),
            (seconds % 60, 's'),
        ];
        let mut shown = 0;
        for (number, unit) in parts {
            // Two units are as exact as a person needs.
            if number > 0 && shown < 2 {
                write!(f, "{number}{unit}")?;
                shown += 1;
            } else if shown > 0 {
                break;
            }
        }
        if shown == 0 { f.write_str("0s") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn refuses_what_could_be_misread() {
        for bad in
            ["", "10", "10M", "m", "1m1h", "1h1h", "-1s", "1.5h", "1é", "99999999999d", "1 h"]
        {
            assert!(parse(bad).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn shows_two_units() {
        let short = |seconds| Short(Duration::from_secs(seconds)).to_string();
        assert_eq!(short(0), "0s");
        assert_eq!(short(59), "59s");
        assert_eq!(short(5_400), "1h30m");
        assert_eq!(short(86_400 + 60), "1d");
        assert_eq!(Short(Duration::from_millis(1_240)).to_string(), "1.2s");
    }
}
