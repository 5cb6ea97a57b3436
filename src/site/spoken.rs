//! How pages say things: durations, ages, moments, values.

use crate::model::duration::Short;
use crate::model::value::Value;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// A text that can stand in HTML, in an attribute too.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A text as HTML, with what stands between backticks as code.
pub(super) fn inline(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len());
    for (at, part) in parts.iter().enumerate() {
        let is_code = at % 2 == 1 && at + 1 < parts.len();
        match (is_code, at % 2 == 1) {
            (true, _) => out.push_str(&format!("<code>{}</code>", escaped(part))),
            // A backtick without another one is a backtick.
            (false, true) => out.push_str(&format!("`{}", escaped(part))),
            (false, false) => out.push_str(&escaped(part)),
        }
    }
    out
}

/// A duration in milliseconds.
pub(super) fn millis(milliseconds: u64) -> String {
    if milliseconds < 50 {
        return "under 0.1s".to_owned();
    }
    Short(Duration::from_millis(milliseconds)).to_string()
}

/// A duration in seconds.
pub(super) fn seconds(seconds: u64) -> String {
    Short(Duration::from_secs(seconds)).to_string()
}

/// The day of a moment, in UTC.
pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// A moment for people: `2026-11-26 08:44 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The time of a day: `08:44:03`.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// How many days lie between two days.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

/// How long ago a day was, in the unit that a person would use.
pub(super) fn ago(from: Date, today: Date) -> String {
    match days(from, today) {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days @ 2..=59 => format!("{days} days ago"),
        days @ 60..=729 => format!("{} months ago", days / 30),
        days => format!("{} years ago", days / 365),
    }
}

/// How far away a day is.
pub(super) fn ahead(to: Date, today: Date) -> String {
    match days(today, to) {
        -1 => "since yesterday".to_owned(),
        late @ ..=-2 => format!("for {} days", -late),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days @ 2..=59 => format!("in {days} days"),
        days @ 60..=729 => format!("in {} months", days / 30),
        days => format!("in {} years", days / 365),
    }
}

/// `1 step`, `2 steps`.
pub(super) fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// A value as an author of YAML would write it, on lines of their own where it has parts.
pub(super) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write_yaml(value, 0, &mut out);
    out.trim_end().to_owned()
}

fn write_yaml(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                out.push_str(&format!("{pad}{name}:"));
                nested(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = String::new();
                write_yaml(item, indent + 2, &mut inner);
                // What is in it begins beside its mark, and goes on below that.
                out.push_str(&format!("{pad}- {}", inner.trim_start()));
            }
        }
        other => out.push_str(&format!("{pad}{}\n", plain(other))),
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    let has_parts = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    out.push(if has_parts { '\n' } else { ' ' });
    if has_parts {
        write_yaml(value, indent, out);
    } else {
        out.push_str(&plain(value));
        out.push('\n');
    }
}

/// A value without parts.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text as one word of a shell's command line.
pub(super) fn word(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// With a capital letter, and without a full stop.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_said_as_people_say_them() {
        let today = date(2026, 11, 26);
        assert_eq!(ago(date(2026, 11, 26), today), "today");
        assert_eq!(ago(date(2026, 11, 25), today), "yesterday");
        assert_eq!(ago(date(2026, 10, 26), today), "31 days ago");
        assert_eq!(ago(date(2026, 1, 26), today), "10 months ago");
        assert_eq!(ahead(date(2027, 1, 21), today), "in 56 days");
        assert_eq!(ahead(date(2026, 11, 20), today), "for 6 days");
    }

    #[test]
    fn values_are_shown_as_they_are_written() {
        let value = serde_json::json!({"a": 1, "b": ["x", {"c": true}], "d": {}});
        assert_eq!(yaml(&value), "a: 1\nb:\n  - x\n  - c: true\nd: {}");
        assert_eq!(yaml(&serde_json::json!("x y")), "x y");
    }

    #[test]
    fn nothing_in_a_text_ends_an_attribute_or_a_word() {
        assert_eq!(escaped("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
        assert_eq!(inline("a `b<` c"), "a <code>b&lt;</code> c");
        assert_eq!(inline("`<` ` <"), "<code>&lt;</code> ` &lt;");
        assert_eq!(word("it's; rm -rf /"), r"'it'\''s; rm -rf /'");
        assert_eq!(word("alias/corpus"), "alias/corpus");
        assert_eq!(word(""), "''");
    }
}
