//! YAML in every style: block and flow, plain and quoted, folded and literal.

use super::dice::Dice;
use super::{CLOSE, OPEN};

/// A value before it is written down.
#[derive(Clone, Debug)]
pub(crate) enum Yaml {
    /// Exactly so.
    Raw(String),
    /// A string, in any style.
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
    /// A value that is marked as a whole.
    Marked(Box<Yaml>),
}

impl Yaml {
    pub(crate) fn raw(text: &str) -> Self {
        Self::Raw(text.to_owned())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn list(items: &[&str]) -> Self {
        Self::List(items.iter().map(|item| Self::text(item)).collect())
    }

    pub(crate) fn map(entries: &[(&str, Self)]) -> Self {
        Self::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    /// The same with every key of a mapping changed.
    pub(crate) fn map_keys(self, change: &impl Fn(&str) -> String) -> Self {
        match self {
            Self::Map(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (change(&key), value.map_keys(change)))
                    .collect(),
            ),
            Self::List(items) => {
                Self::List(items.into_iter().map(|item| item.map_keys(change)).collect())
            }
            other => other,
        }
    }

    /// The same, marked as a whole.
    pub(crate) fn marked(self) -> Self {
        Self::Marked(Box::new(self))
    }
}

/// The lines of a mapping.
pub(crate) fn mapping(entries: &[(String, Yaml)], dice: &mut Dice) -> String {
    let mut out = String::new();
    if !entries.is_empty() && dice.one_in(8) {
        let entries: Vec<_> = entries.iter().map(|(key, value)| pair(key, value, dice)).collect();
        let separator = if dice.one_in(2) { ",\n  " } else { ", " };
        return format!("{{ {} }}\n", entries.join(separator));
    }
    block(entries, 0, &mut out, dice);
    out
}

fn pair(key: &str, value: &Yaml, dice: &mut Dice) -> String {
    let key = self::key(key, dice);
    format!("{key}: {}", inline(value, dice))
}

fn block(entries: &[(String, Yaml)], indent: usize, out: &mut String, dice: &mut Dice) {
    for (key, value) in entries {
        if dice.one_in(16) {
            out.push_str(&format!("{:indent$}# é: a note\n", ""));
        }
        out.push_str(&format!("{:indent$}{}:", "", self::key(key, dice)));
        match value {
            Yaml::Map(entries) if !entries.is_empty() && !dice.one_in(3) => {
                out.push('\n');
                block(entries, indent + 1 + dice.below(3), out, dice);
            }
            Yaml::List(items) if !items.is_empty() && dice.one_in(2) => {
                out.push('\n');
                let indent = indent + dice.below(3);
                for one in items {
                    item(one, indent, out, dice);
                }
            }
            value => {
                if let Some(text) = unquoted(value).filter(|_| dice.one_in(5)) {
                    scalar(&text, indent, out, dice);
                    continue;
                }
                let note = if dice.one_in(12) { "  # é" } else { "" };
                let value = broken(inline(value, dice), value, indent, dice);
                out.push_str(&format!(" {value}{note}\n"));
            }
        }
    }
}

/// An item of a list: a mapping or a text on lines of its own, or anything on one.
fn item(item: &Yaml, indent: usize, out: &mut String, dice: &mut Dice) {
    out.push_str(&format!("{:indent$}-", ""));
    let (inner, open, close) = match item {
        Yaml::Marked(inner) => (&**inner, OPEN.to_string(), CLOSE.to_string()),
        other => (other, String::new(), String::new()),
    };
    match inner {
        Yaml::Map(entries) if !entries.is_empty() && dice.one_in(2) => {
            let (gap, mut lines) = (1 + dice.below(3), String::new());
            block(entries, 0, &mut lines, dice);
            // A note before the first key or after the last value is no part of the mapping.
            let lines = lines.strip_prefix("# é: a note\n").unwrap_or(&lines);
            let lines = lines.trim_end_matches('\n');
            let lines = lines.strip_suffix("  # é").unwrap_or(lines);
            let lines = lines.replace('\n', &format!("\n{:1$}", "", indent + 1 + gap));
            out.push_str(&format!("{:gap$}{open}{lines}{close}\n", ""));
        }
        _ => {
            if let Some(text) = unquoted(item).filter(|_| dice.one_in(5)) {
                return scalar(&text, indent, out, dice);
            }
            let written = broken(inline(item, dice), item, indent, dice);
            out.push_str(&format!(" {written}\n"));
        }
    }
}

/// A string on several lines, some of the time: what is folded to a space when it is read.
fn broken(written: String, value: &Yaml, indent: usize, dice: &mut Dice) -> String {
    let value = if let Yaml::Marked(inner) = value { inner } else { value };
    if !matches!(value, Yaml::Text(text) if !text.contains("  ")) || !dice.one_in(6) {
        return written;
    }
    let bare: Vec<_> =
        written.chars().filter(|c| !matches!(*c, OPEN | CLOSE | '"' | '\'')).collect();
    // White space at the ends of a line would be lost.
    if bare.first() == Some(&' ') || bare.last() == Some(&' ') {
        return written;
    }
    let indent = indent + 1 + dice.below(3);
    written.replace(' ', &format!("\n{:indent$}", ""))
}

/// A string with its marks, when it can be a block scalar.
fn unquoted(value: &Yaml) -> Option<String> {
    match value {
        Yaml::Text(text) if !text.is_empty() => Some(text.clone()),
        Yaml::Marked(inner) => Some(format!("{OPEN}{}{CLOSE}", unquoted(inner)?)),
        _ => None,
    }
}

/// A block scalar: literal, or folded with its words on several lines. Empty lines after it are no part of it.
fn scalar(text: &str, indent: usize, out: &mut String, dice: &mut Dice) {
    let indent = indent + 1 + dice.below(3);
    let after = if dice.one_in(6) { "\n" } else { "" };
    if dice.one_in(2) {
        out.push_str(&format!(" |-\n{:indent$}{text}\n{after}", ""));
        return;
    }
    let lines = text.replace(' ', &format!("\n{:indent$}", ""));
    let text = if text.contains("  ") || dice.one_in(2) { text } else { &lines };
    out.push_str(&format!(" >-\n{:indent$}{text}\n{after}", ""));
}

/// A value on one line.
pub(crate) fn inline(value: &Yaml, dice: &mut Dice) -> String {
    match value {
        Yaml::Raw(text) => text.clone(),
        Yaml::Text(text) => string(text, dice),
        Yaml::List(items) => {
            let items: Vec<_> = items.iter().map(|item| inline(item, dice)).collect();
            let separator = dice.pick(&[",", ", ", " , "]);
            let comma = if !items.is_empty() && dice.one_in(6) { "," } else { "" };
            format!("[{}{comma}]", items.join(separator))
        }
        Yaml::Map(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| pair(key, value, dice)).collect();
            let space = dice.pick(&["", " "]);
            format!("{{{space}{}{space}}}", entries.join(", "))
        }
        Yaml::Marked(value) => format!("{OPEN}{}{CLOSE}", inline(value, dice)),
    }
}

/// A key. The marks of a marked one stay outside of its quotes.
fn key(key: &str, dice: &mut Dice) -> String {
    let quote = *dice.pick(&["", "", "", "\"", "'"]);
    match key.strip_prefix(OPEN).and_then(|key| key.strip_suffix(CLOSE)) {
        Some(key) => format!("{OPEN}{quote}{key}{quote}{CLOSE}"),
        None => format!("{quote}{key}{quote}"),
    }
}

fn string(text: &str, dice: &mut Dice) -> String {
    match dice.below(3) {
        0 if is_plain(text) => text.to_owned(),
        1 => format!("'{}'", text.replace('\'', "''")),
        _ => {
            let escaped = dice.one_in(2);
            let mut out = String::from("\"");
            for c in text.chars() {
                match c {
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    'é' if escaped => out.push_str("\\u00e9"),
                    '🔑' if escaped => out.push_str("\\U0001f511"),
                    c => out.push(c),
                }
            }
            out.push('"');
            out
        }
    }
}

/// Whether a string may stand without quotes, anywhere.
fn is_plain(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).collect();
    let fine = |c: char| c.is_alphanumeric() || "_./- ()=".contains(c);
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    bare.starts_with(char::is_alphabetic)
        && bare.chars().all(fine)
        && !bare.ends_with(' ')
        && !word.contains(&bare.to_lowercase().as_str())
}
