//! Verifies an archive: its sums, its signature, its journals and texts, and what its reports say.

use super::archive::{Archive, ArchiveError};
use super::pack::{MANIFEST, SUMS, sums};
use super::pages::{self, Remake};
use super::signature::{Checked, check};
use super::{der, hex};
use crate::model::value::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Finds a text by the name of its file.
pub type Texts<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a journal and its texts, and gives the report that they make, or says why they make none.
pub type Judge<'a> = dyn Fn(&[u8], &Texts<'_>) -> Result<Value, String> + 'a;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The runs that were looked at, each with its report.
    pub runs: Vec<(String, Value)>,
    /// What is not as it should be.
    pub problems: Vec<String>,
    /// What could not be looked at, and decides nothing.
    pub notes: Vec<String>,
    /// The key that claims to have signed the sums, when they are signed.
    pub signed_by: Option<String>,
    /// SHA-256 of the public key that the signature holds for, in DER.
    pub public_key_sha256: Option<String>,
}

/// Verifies an archive. With `expected`, a public key in PEM, it must be signed by that one. `judge` reads a journal and its texts again (by the names of their files), and gives the
/// report that they make. `remake` makes the pages again.
///
/// # Errors
/// When it is no archive at all.
pub fn verify(
    bytes: &[u8],
    expected: Option<&str>,
    judge: &Judge<'_>,
    remake: &Remake<'_>,
) -> Result<Verified, ArchiveError> {
    let archive = Archive::read(bytes)?;
    let mut verified = Verified::default();
    compare_sums(&archive, &mut verified.problems);
    match check(&archive) {
        Checked::Unsigned if expected.is_some() => {
            verified.problems.push("it is not signed".to_owned());
        }
        Checked::Unsigned => {}
        Checked::Right { key, public } => {
            if expected.is_some_and(|pem| der::from_pem(pem).as_ref() != Some(&public)) {
                verified.problems.push("it is signed by another key than the one given".to_owned());
            }
            verified.signed_by = Some(key);
            verified.public_key_sha256 = Some(hex(&Sha256::digest(public)));
        }
        Checked::Wrong(why) => verified.problems.push(why),
    }
    let names = archive.runs();
    if names.is_empty() {
        verified.problems.push("it holds no run".to_owned());
    }
    for name in names {
        let file = |path: &str| archive.of_run(name, path);
        let text = |path: &str| {
            Some(String::from_utf8_lossy(file(&format!("texts/{path}"))?).into_owned())
        };
        let Some(journal) = file("journal.jsonl") else {
            verified.problems.push(format!("run {name} has no journal"));
            continue;
        };
        let said: Option<Value> =
            file("report.json").and_then(|bytes| serde_json::from_slice(bytes).ok());
        match judge(journal, &text) {
            Ok(report) => {
                if said.as_ref() != Some(&report) {
                    let why = format!("run {name}: its report is not what its journal says");
                    verified.problems.push(why);
                }
                verified.runs.push((name.to_owned(), report));
            }
            Err(why) => verified.problems.push(format!("run {name}: {why}")),
        }
    }
    compare_manifest(&archive, &mut verified);
    pages::check(&archive, remake, &mut verified.problems, &mut verified.notes);
    Ok(verified)
}

/// The manifest names every run and the head of its journal: none is there that it does not name, and none is missing.
fn compare_manifest(archive: &Archive, verified: &mut Verified) {
    let manifest = archive.files.get(MANIFEST).map(Vec::as_slice);
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let Some(heads) = manifest.as_ref().and_then(|manifest| manifest["journal_heads"].as_object())
    else {
        verified.problems.push("its manifest.json is missing, or names no runs".to_owned());
        return;
    };
    let problems = &mut verified.problems;
    for (name, report) in &verified.runs {
        if report["run"] != name.as_str() {
            problems.push(format!("run {name} has the journal of run {}", report["run"]));
        }
        if heads.get(name) != Some(&report["journal_head"]) {
            problems
                .push(format!("run {name}: its journal is not the one that manifest.json names"));
        }
    }
    let there = archive.runs();
    let missing = heads.keys().filter(|name| !there.contains(name.as_str()));
    problems.extend(missing.map(|name| format!("run {name} is missing: manifest.json names it")));
}

fn compare_sums(archive: &Archive, problems: &mut Vec<String>) {
    let Some(listed) = archive.files.get(SUMS) else {
        problems.push("it has no SHA256SUMS".to_owned());
        return;
    };
    let listed = String::from_utf8_lossy(listed);
    let own = sums(archive);
    let (listed, own) = (by_path(&listed), by_path(&own));
    let paths: BTreeSet<&str> = listed.keys().chain(own.keys()).copied().collect();
    for path in paths {
        match (listed.get(path), own.get(path)) {
            (Some(listed), Some(own)) if listed == own => {}
            (Some(_), Some(_)) => problems.push(format!("{path} is not the file that was packed")),
            (Some(_), None) => problems.push(format!("{path} is missing")),
            (None, _) => problems.push(format!("{path} was not packed")),
        }
    }
}

/// The sums of a list, by path.
fn by_path(sums: &str) -> BTreeMap<&str, &str> {
    sums.lines()
        .map(|line| line.split_once("  ").unwrap_or((line, "?")))
        .map(|(sum, path)| (path, sum))
        .collect()
}
