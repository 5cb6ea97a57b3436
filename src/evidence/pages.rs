//! The pages in an archive: which there are, and whether they show what the journals say.

use super::archive::Archive;
use super::pack::{MANIFEST, SITE, VERSION};
use crate::model::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Makes the pages once more, from nothing but what an archive holds, or says why that cannot be done.
pub type Remake<'a> = dyn Fn(&Archive) -> Result<BTreeMap<String, Vec<u8>>, String> + 'a;

/// What is wrong with the pages of an archive, and what could not be looked at.
pub(super) fn check(
    archive: &Archive,
    remake: &Remake<'_>,
    problems: &mut Vec<String>,
    notes: &mut Vec<String>,
) {
    let manifest = archive.files.get(MANIFEST).map(Vec::as_slice).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let Some(made_by) = manifest["pages_made_by"].as_str() else {
        // Archives of the first format have none. Who takes the word away hides nothing: the sums name the pages.
        notes.push("its manifest.json says of no pages that they were made for it".to_owned());
        return;
    };
    if made_by != VERSION {
        notes.push(format!(
            "the pages were made by runbook {made_by}, and this is {VERSION}: their sums were compared, and what they show was not"
        ));
        return;
    }
    let made = match remake(archive) {
        Ok(made) => made,
        Err(why) => return problems.push(format!("its pages cannot be made once more: {why}")),
    };
    let packed =
        archive.files.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(SITE)?, bytes)));
    let packed: BTreeMap<&str, &Vec<u8>> = packed.collect();
    let names: BTreeSet<&str> =
        packed.keys().copied().chain(made.keys().map(String::as_str)).collect();
    let differs = names.into_iter().filter(|name| packed.get(name).copied() != made.get(*name));
    problems
        .extend(differs.map(|name| format!("site/{name} is not the page that the journals make")));
}
