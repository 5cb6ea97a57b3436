//! Everything that there is on a stage, in a form that can be compared with another one.

use super::RehearseError;
use super::stage::Stage;
use regex::Regex;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// What there is, by name, and how it stands: files of the project, and everything in its accounts.
pub(super) type Snapshot = BTreeMap<String, String>;

/// Takes it all in.
pub(super) fn snapshot(stage: &Stage<'_>) -> Result<Snapshot, RehearseError> {
    let mut all = Snapshot::new();
    files(&stage.folder(), "", &mut all);
    if let (Some(endpoint), Some(read)) = (stage.emulated(), &stage.setting.accounts) {
        let ids: Vec<String> = stage.ids.values().cloned().collect();
        all.extend(read(endpoint, &ids).map_err(RehearseError::Accounts)?);
    }
    Ok(all)
}

/// What the program itself keeps beside the runbooks.
const OWN: [&str; 1] = [".runbook"];

fn files(folder: &Path, under: &str, all: &mut Snapshot) {
    // A file that goes away while it is looked at is not there.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if OWN.contains(&name.as_str()) {
            continue;
        }
        let (path, shown) = (entry.path(), format!("{under}{name}"));
        if path.is_dir() && !path.is_symlink() {
            files(&path, &format!("{shown}/"), all);
        } else if let Ok(bytes) = std::fs::read(&path) {
            let text = String::from_utf8_lossy(&bytes);
            let short = bytes.len() <= 60 && !text.contains('\u{fffd}');
            let state = if short {
                text.trim_end().replace('\n', "⏎")
            } else {
                let hash = Sha256::digest(&bytes);
                format!(
                    "{} bytes, {:02x}{:02x}{:02x}{:02x}…",
                    bytes.len(),
                    hash[0],
                    hash[1],
                    hash[2],
                    hash[3]
                )
            };
            all.insert(format!("file {shown}"), state);
        }
    }
}

/// What differs, a line each: what was there before with `-`, what is there after with `+`.
pub(super) fn difference(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            lines.extend(was.map(|was| format!("- {name}: {}", short(was))));
            lines.extend(is.map(|is| format!("+ {name}: {}", short(is))));
        }
    }
    lines
}

fn short(text: &str) -> String {
    text.chars().take(120).collect()
}

/// A key cannot be unmade at once, so a new one that nothing points at may be left after an undo.
pub(super) fn split_new_keys(before: &Snapshot, after: &Snapshot) -> (Snapshot, Vec<String>) {
    let is_new = |name: &String| name.starts_with("key ") && !before.contains_key(name);
    let left = after.iter().filter(|(name, _)| is_new(name));
    let left = left.map(|(name, state)| format!("{name} is left, {state}")).collect();
    let rest = after.iter().filter(|(name, _)| !is_new(name));
    (rest.map(|(name, state)| (name.clone(), state.clone())).collect(), left)
}

/// What is made up by chance, and the word for it.
static CHANCE: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let patterns = [
        ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "SOME-ID"),
        ("-[0-9A-Za-z]{6}\\b(?P<end>:|$)", "-SUFFIX$end"),
        ("(:secret:[0-9A-Za-z/_-]*)-[0-9A-Za-z]{6}\\b", "$1-SUFFIX"),
        // The id of a run, which snapshots and indices are named after.
        ("\\b[0-9]{8}-[0-9]{6}-[0-9a-z]{4}\\b", "SOME-RUN"),
        // The address of a search domain.
        ("-[0-9a-f]{26}\\b", "-SOME-ID"),
        ("\\b(vpc|subnet|sg|rtb|rtbassoc|vpce|fl|igw|acl)-[0-9a-f]{8,17}\\b", "$1-SOME-ID"),
        ("^(stack [^ ]* [^ ]* (resource|output) Api[^:]*): .*", "$1:"),
        ("^(object .*|delete marker .*)@[^:]*:", "$1:"),
        ("^(secret version [^:]*): [^ ]*", "$1:"),
        // The emulator packs a function's code with the time.
        ("^(function [^:]*): [^ ]*", "$1:"),
    ];
    // They are written above, and a test compiles each.
    patterns.into_iter().filter_map(|(what, word)| Some((Regex::new(what).ok()?, word))).collect()
});

/// What a run has left, without what is made up by chance, so that two runs on two stages can be compared.
pub(super) fn outcome(stage: &Stage<'_>, after: &Snapshot) -> Vec<String> {
    let mut lines: Vec<String> = after
        .iter()
        .filter(|(name, _)| name.as_str() != "file runbook.yaml")
        .map(|(name, state)| {
            let mut line = format!("{name}: {state}");
            for (name, id) in &stage.ids {
                line = line.replace(id.as_str(), &name.to_string().to_uppercase());
            }
            CHANCE
                .iter()
                .fold(line, |line, (what, word)| what.replace_all(&line, *word).into_owned())
        })
        .collect();
    lines.sort();
    // The AWS CLI sends an object again by itself, which makes one more version with the same bytes.
    lines.dedup_by(|a, b| a == b && a.starts_with("object "));
    lines
}

/// How two outcomes differ.
pub(super) fn compared(usual: &[String], is: &[String]) -> Vec<String> {
    let mut rest: Vec<&String> = is.iter().collect();
    let mut lines = Vec::new();
    for line in usual {
        match rest.iter().position(|other| *other == line) {
            Some(at) => drop(rest.swap_remove(at)),
            None => lines.push(format!("- {}", short(line))),
        }
    }
    lines.extend(rest.into_iter().map(|line| format!("+ {}", short(line))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_up_by_chance_is_told_from_what_is_not() {
        assert_eq!(CHANCE.len(), 10, "a pattern does not compile");
        let one = |text: &str| {
            CHANCE.iter().fold(text.to_owned(), |line, (what, word)| {
                what.replace_all(&line, *word).into_owned()
            })
        };
        let key =
            "key arn:aws:kms:eu-west-1:DATA:key/0b5da9cc-9c17-4623-9f5d-5ba025789115: Enabled";
        assert_eq!(one(key), "key arn:aws:kms:eu-west-1:DATA:key/SOME-ID: Enabled");
        let held =
            "variables of DATA f: A=arn:aws:secretsmanager:eu-west-1:DATA:secret:c/t-aB3dE6 B=1";
        let held_anywhere =
            "variables of DATA f: A=arn:aws:secretsmanager:eu-west-1:DATA:secret:c/t-SUFFIX B=1";
        assert_eq!(one(held), held_anywhere);
        assert_eq!(one("file data: a-b"), "file data: a-b");
        let index = "index DATA corpus/passages-20261122-182105-hr3s: 2 documents, open";
        assert_eq!(one(index), "index DATA corpus/passages-SOME-RUN: 2 documents, open");
    }

    #[test]
    fn a_thing_that_is_there_twice_is_seen() {
        let lines =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(compared(&lines(&["a", "b"]), &lines(&["b", "a", "a"])), ["+ a"]);
        assert_eq!(compared(&lines(&["a", "b"]), &lines(&["b"])), ["- a"]);
        assert!(compared(&lines(&["a"]), &lines(&["a"])).is_empty());
    }
}
