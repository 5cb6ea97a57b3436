//! Verifies an archive: its sums, its signature, its journals and texts, and what its reports say.

use super::archive::{Archive, ArchiveError};
use super::pack::{SUMS, sums};
use super::pages::{self, Remake};
use super::signature::{Checked, check};
use crate::model::value::Value;
use std::collections::BTreeSet;

/// Finds a text by the name of its file.
pub type Texts<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a journal and its texts, and gives the report that they make, or says why they make none.
pub type Judge<'a> = dyn Fn(&[u8], &Texts<'_>) -> Result<Value, String> + 'a;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The runs that were looked at, each with its report.
    pub runs: Vec<(String, Value)>,
    /// What is not as it should be.
    pub problems: Vec<String>,
    /// What could not be looked at, and decides nothing.
    pub notes: Vec<String>,
    /// The key that the sums were signed with, when they were.
    pub signed_by: Option<String>,
}

/// Verifies an archive. `judge` reads a journal and its texts again (by the names of their files), and gives the
/// report that they make. `remake` makes the pages again.
///
/// # Errors
/// When it is no archive at all.
pub fn verify(
    bytes: &[u8],
    judge: &Judge<'_>,
    remake: &Remake<'_>,
) -> Result<Verified, ArchiveError> {
    let archive = Archive::read(bytes)?;
    let mut verified =
        Verified { runs: Vec::new(), problems: Vec::new(), notes: Vec::new(), signed_by: None };
    compare_sums(&archive, &mut verified.problems);
    match check(&archive) {
        Checked::Unsigned => {}
        Checked::Right { key } => verified.signed_by = Some(key),
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
    pages::check(&archive, remake, &mut verified.problems, &mut verified.notes);
    Ok(verified)
}

fn compare_sums(archive: &Archive, problems: &mut Vec<String>) {
    let Some(listed) = archive.files.get(SUMS) else {
        problems.push("it has no SHA256SUMS".to_owned());
        return;
    };
    let listed = String::from_utf8_lossy(listed);
    let listed: BTreeSet<&str> = listed.lines().collect();
    let own = sums(archive);
    let own: BTreeSet<&str> = own.lines().collect();
    let path = |line: &&str| line.split_once("  ").map_or("?", |(_, path)| path).to_owned();
    let altered: BTreeSet<String> = listed.symmetric_difference(&own).map(path).collect();
    problems
        .extend(altered.into_iter().map(|path| format!("{path} is not the file that was packed")));
}
