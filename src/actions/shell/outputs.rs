//! What a script gives back: the lines of `$RUNBOOK_OUTPUT`, or one JSON object.

use crate::model::step::Outputs;
use crate::model::value::{Value, Values};

/// What a script has promised to give back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputsWanted {
    /// Nothing.
    #[default]
    None,
    /// Exactly these names, written to `$RUNBOOK_OUTPUT`.
    Names(Vec<String>),
    /// One JSON object on its standard output.
    Json,
}

impl From<&Outputs> for OutputsWanted {
    fn from(outputs: &Outputs) -> Self {
        match outputs {
            Outputs::None => Self::None,
            Outputs::Names(names) => {
                Self::Names(names.iter().map(|name| name.value.clone()).collect())
            }
            Outputs::Json(_) => Self::Json,
        }
    }
}

/// What was found, and everything that is wrong with it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Collected {
    pub(super) outputs: Values,
    pub(super) problems: Vec<String>,
    /// Whether something stood there that could not be read, and so could be a secret.
    pub(super) unclear: bool,
}

impl Collected {
    pub(super) fn problem(text: impl Into<String>) -> Self {
        Self { problems: vec![text.into()], unclear: true, ..Self::default() }
    }
}

/// Reads `name=value` lines and `name<<MARK` blocks. Every declared name must be there once.
pub(super) fn from_file(bytes: &[u8], declared: &[String]) -> Collected {
    let mut found = Collected::default();
    let mut lines = bytes.split(|byte| *byte == b'\n').zip(1_usize..);
    while let Some((line, number)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            found.problems.push(format!("line {number} of $RUNBOOK_OUTPUT is not UTF-8"));
            continue;
        };
        let (name, value) = match (line.find("<<"), line.split_once('=')) {
            (Some(at), pair) if pair.is_none_or(|(name, _)| at < name.len()) => {
                match block(&line[at + 2..], &mut lines) {
                    Ok(value) => (&line[..at], value),
                    Err(why) => {
                        let why = format!("line {number} of $RUNBOOK_OUTPUT: {why}");
                        found.problems.push(why);
                        continue;
                    }
                }
            }
            (_, Some((name, value))) => (name, value.to_owned()),
            _ => {
                found.problems.push(format!(
                    "line {number} of $RUNBOOK_OUTPUT is neither `name=value` nor `name<<MARK`"
                ));
                continue;
            }
        };
        // The value may be a secret, so only names are ever told.
        if !declared.iter().any(|declared| declared == name) {
            found.problems.push(format!(
                "line {number} of $RUNBOOK_OUTPUT gives `{name}`, which `outputs` does not declare"
            ));
        } else if found.outputs.insert(name.to_owned(), Value::String(value)).is_some() {
            found.problems.push(format!("line {number} of $RUNBOOK_OUTPUT gives `{name}` again"));
        }
    }
    found.unclear = !found.problems.is_empty();
    for name in declared {
        if !found.outputs.contains_key(name) {
            found.problems.push(format!(
                "`{name}` is declared in `outputs` and was not written to $RUNBOOK_OUTPUT"
            ));
        }
    }
    found
}

/// The lines up to the one that is exactly the mark.
fn block<'a>(
    mark: &str,
    lines: &mut impl Iterator<Item = (&'a [u8], usize)>,
) -> Result<String, String> {
    if mark.is_empty() {
        return Err("there is no mark after `<<`".to_owned());
    }
    let mut value: Vec<&str> = Vec::new();
    let mut bad = None;
    for (line, number) in lines {
        if line == mark.as_bytes() {
            return bad.map_or_else(
                || Ok(value.join("\n")),
                |number| Err(format!("its line {number} is not UTF-8")),
            );
        }
        match std::str::from_utf8(line) {
            Ok(line) => value.push(line),
            Err(_) => bad = bad.or(Some(number)),
        }
    }
    Err(format!("no later line is its mark `{mark}`"))
}

/// Reads the one JSON object that standard output must be.
pub(super) fn from_json(bytes: &[u8]) -> Collected {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(outputs)) => Collected { outputs, ..Collected::default() },
        Ok(_) => Collected::problem("standard output is JSON, but not one object"),
        Err(_) if bytes.trim_ascii().is_empty() => {
            let problem = "standard output is empty, and `outputs: json` wants one JSON object";
            Collected { unclear: false, ..Collected::problem(problem) }
        }
        // The text of serde's error names places and what was expected, never the value.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Collected::problem(format!("standard output is not one JSON object: see {place}"))
        }
    }
}

/// Every text in a value, for the masker.
pub(super) fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(values) => values.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, declared: &[&str]) -> Collected {
        let declared: Vec<String> = declared.iter().map(|name| (*name).to_owned()).collect();
        from_file(text.as_bytes(), &declared)
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        let text = "a=1=2 <<x\n\nb<<END\none\n\n END\n=\nEND\nc=";
        let found = read(text, &["a", "b", "c"]);
        assert_eq!(found.problems, Vec::<String>::new());
        let wanted = serde_json::json!({"a": "1=2 <<x", "b": "one\n\n END\n=", "c": ""});
        assert_eq!(Value::Object(found.outputs), wanted);
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_without_its_value() {
        let found = read("a=1\nA=hush\nhush\na=hush\nb<<\nb<<X\nhush", &["a", "b"]);
        for (problem, words) in found.problems.iter().zip([
            "line 2 of $RUNBOOK_OUTPUT gives `A`",
            "line 3 of $RUNBOOK_OUTPUT is neither",
            "line 4 of $RUNBOOK_OUTPUT gives `a` again",
            "line 5 of $RUNBOOK_OUTPUT: there is no mark",
            "line 6 of $RUNBOOK_OUTPUT: no later line",
            "`b` is declared",
        ]) {
            assert!(problem.contains(words), "{problem}");
            assert!(!problem.contains("hush"), "{problem}");
        }
        assert_eq!(found.problems.len(), 6);
    }

    #[test]
    fn what_is_not_utf8_is_named() {
        let declared = ["a".to_owned(), "b".to_owned()];
        let found = from_file(b"a=1\nb=\xff\n", &declared);
        assert!(found.problems[0].starts_with("line 2"), "{:?}", found.problems);
        let found = from_file(b"a=1\nb<<E\nx\n\xff\nE\n", &declared);
        assert!(found.problems[0].contains("line 4 is not UTF-8"), "{:?}", found.problems);
    }

    #[test]
    fn json_is_one_object() {
        assert_eq!(from_json(b" {\"a\": 1}\n").outputs["a"], 1);
        for bad in ["[1]", "", "{\"a\":1}{\"a\":2}", "{\"a\": hush}", "noise\n{}"] {
            let found = from_json(bad.as_bytes());
            assert_eq!(found.problems.len(), 1, "{bad}");
            assert!(!found.problems[0].contains("hush"));
        }
    }
}
