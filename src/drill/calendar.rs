//! The days on which drills are due, as a calendar (RFC 5545) that calendar programs read.
//!
//! Each day is an event of its own and not one rule of recurrence: a monthly rule from the thirty-first leaves out
//! every month that has none, and the drill would be forgotten there.

use super::due::Standing;
use jiff::civil::Date;
use std::fmt::Write as _;

/// A line of a calendar has at most so many bytes.
const LINE: usize = 75;

/// A day on which a drill is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The drill, by the stem of its file.
    pub drill: String,
    /// What it is called.
    pub title: String,
    /// What it proves.
    pub summary: String,
    /// Who keeps it true.
    pub owner: String,
    /// The first day of the period.
    pub from: Date,
    /// The last day of it.
    pub until: Date,
    /// How it stands, for the period of today.
    pub standing: Option<Standing>,
}

/// The calendar. `stamp` is the day it was made on.
#[must_use]
pub fn ics(entries: &[Entry], stamp: Date) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//runbook//drills//EN".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "X-WR-CALNAME:Drills".to_owned(),
    ];
    for entry in entries {
        lines.extend(event(entry, stamp));
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

fn event(entry: &Entry, stamp: Date) -> Vec<String> {
    let word = match &entry.standing {
        Some(Standing::Done { .. }) => "Done: ",
        Some(Standing::Overdue { .. }) => "Overdue: ",
        _ => "",
    };
    let day = |day: Date| day.strftime("%Y%m%d").to_string();
    let description = format!(
        "{}\n\nOwner: {}\nTo be done until {}.\nrunbook drill run {}",
        entry.summary, entry.owner, entry.until, entry.drill
    );
    // The end of an event that lasts whole days is the day after it.
    let end = entry.from.tomorrow().unwrap_or(entry.from);
    vec![
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}-{}@drills.runbook.invalid", uid(&entry.drill), day(entry.from)),
        format!("DTSTAMP:{}T000000Z", day(stamp)),
        format!("DTSTART;VALUE=DATE:{}", day(entry.from)),
        format!("DTEND;VALUE=DATE:{}", day(end)),
        format!("SUMMARY:{}", escaped(&format!("{word}{}", entry.title))),
        format!("DESCRIPTION:{}", escaped(&description)),
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
    ]
}

/// The name of a drill as a part of an identifier that never changes.
fn uid(name: &str) -> String {
    name.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            all.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(all, "_{byte:02x}");
        }
        all
    })
}

/// A text as a value: what would end it or part it is escaped.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut all, c| {
        match c {
            '\\' => all.push_str("\\\\"),
            ';' => all.push_str("\\;"),
            ',' => all.push_str("\\,"),
            '\n' => all.push_str("\\n"),
            c if c.is_control() => {}
            c => all.push(c),
        }
        all
    })
}

/// A line in pieces of no more bytes than are allowed, never within a character.
fn folded(line: &str) -> String {
    let (mut folded, mut used) = (String::with_capacity(line.len() + 2), 0);
    for c in line.chars() {
        if used + c.len_utf8() > LINE {
            folded.push_str("\r\n ");
            used = 1;
        }
        folded.push(c);
        used += c.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(title: &str) -> Entry {
        Entry {
            drill: "grüße, all".to_owned(),
            title: title.to_owned(),
            summary: "One; two, three\\four".to_owned(),
            owner: "on-call".to_owned(),
            from: "2026-12-31".parse().expect("a day"),
            until: "2027-03-30".parse().expect("a day"),
            standing: None,
        }
    }

    /// What RFC 5545 says of the lines of every calendar.
    #[test]
    fn every_line_is_one_that_calendar_programs_accept() {
        let title = "Ünïcödé 🔑 ".repeat(20);
        let calendar = ics(&[entry(&title), entry("Short")], "2026-11-26".parse().expect("a day"));
        assert!(calendar.ends_with("END:VCALENDAR\r\n"));
        let physical: Vec<&str> = calendar.split("\r\n").collect();
        for line in &physical {
            assert!(line.len() <= LINE, "{} bytes: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
        // Unfolded, each line is a name, a colon and a value.
        let logical = calendar.replace("\r\n ", "");
        for line in logical.lines() {
            let (name, _) = line.split_once(':').expect("a name and a value");
            let name = name.split(';').next().expect("a name");
            assert!(name.chars().all(|c| c.is_ascii_uppercase() || c == '-'), "{line}");
        }
        assert!(logical.contains(&format!("SUMMARY:{title}")), "{logical}");
        assert!(
            logical.contains("DESCRIPTION:One\\; two\\, three\\\\four\\n\\nOwner"),
            "{logical}"
        );
        assert!(logical.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        let count = |what: &str| logical.matches(what).count();
        assert_eq!((count("BEGIN:VEVENT"), count("END:VEVENT")), (2, 2));
        assert_eq!((count("UID:"), count("DTSTAMP:")), (2, 2));
    }
}
