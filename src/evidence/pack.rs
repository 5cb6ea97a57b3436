//! Puts an archive together.

use super::archive::Archive;
use crate::model::id::RunId;
use crate::model::value::Value;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The folder that everything stands in.
pub(super) const ROOT: &str = "evidence";
/// The folder of the runs.
pub(super) const RUNS: &str = "evidence/runs/";
/// The folder of the pages.
pub(super) const SITE: &str = "evidence/site/";
/// The project's configuration, which names its accounts and its people.
pub(super) const PROJECT: &str = "evidence/runbook.yaml";
/// What there is, for programs.
pub(super) const MANIFEST: &str = "evidence/manifest.json";
/// This program's version, which made the pages.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The file with the SHA-256 of every other one.
pub(super) const SUMS: &str = "evidence/SHA256SUMS";
/// The signature of that file.
pub(super) const SIGNATURE: &str = "evidence/SHA256SUMS.sig";
/// The key that the signature is verified with.
pub(super) const PUBLIC_KEY: &str = "evidence/public-key.pem";
/// Who signed, with what.
pub(super) const SIGNED_BY: &str = "evidence/signature.json";

/// One run, as it was kept.
pub struct Kept {
    /// The run.
    pub run: RunId,
    /// The bytes of its journal.
    pub journal: Vec<u8>,
    /// The texts that it was begun or gone on with, by the names of their files.
    pub texts: BTreeMap<String, String>,
    /// What it came to, for programs.
    pub report: Value,
    /// SHA-256 of the last line of its journal.
    pub head: String,
}

/// The archive of some runs, and of the pages that were made from them. The same runs give the same bytes. `left_out` are
/// those that somebody could expect in it, each with the reason.
#[must_use]
pub fn pack(
    runs: &[Kept],
    left_out: &BTreeMap<RunId, String>,
    project: &str,
    pages: &BTreeMap<String, Vec<u8>>,
) -> Archive {
    let mut archive = Archive::default();
    let mut heads = serde_json::Map::new();
    for kept in runs {
        let folder = format!("{RUNS}{}", kept.run);
        archive.add(format!("{folder}/journal.jsonl"), kept.journal.clone());
        for (name, text) in &kept.texts {
            archive.add(format!("{folder}/texts/{name}"), text.clone());
        }
        archive.add(format!("{folder}/report.json"), format!("{:#}\n", kept.report));
        heads.insert(kept.run.to_string(), kept.head.clone().into());
    }
    archive.add(PROJECT, project);
    for (path, bytes) in pages {
        archive.add(format!("{SITE}{path}"), bytes.clone());
    }
    let manifest = json!({
        "format": 2, "journal_heads": heads, "left_out": left_out, "pages_made_by": VERSION,
    });
    archive.add(MANIFEST, format!("{manifest:#}\n"));
    archive.add(format!("{ROOT}/README.txt"), README);
    let sums = sums(&archive);
    archive.add(SUMS, sums);
    archive
}

/// What `sha256sum -c` reads: every file but those that stand beside the sums.
#[must_use]
pub fn sums(archive: &Archive) -> String {
    let beside = [SUMS, SIGNATURE, PUBLIC_KEY, SIGNED_BY];
    let listed = archive.files.iter().filter(|(path, _)| !beside.contains(&path.as_str()));
    listed.fold(String::new(), |mut all, (path, bytes)| {
        use std::fmt::Write as _;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            all,
            "{}  {}",
            hex(&Sha256::digest(bytes)),
            path.strip_prefix("evidence/").unwrap_or(path)
        );
        all
    })
}

/// Bytes as people compare them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const README: &str = r#"Evidence of disaster-recovery runs

  manifest.json            the runs, the SHA-256 of the last line of each journal, and the drills that were left out, with
                           the reason
  runs/RUN/journal.jsonl   what happened, one event a line, in order
  runs/RUN/texts/          the runbooks that the run was pinned to, byte for byte
  runs/RUN/report.json     what the run came to
  runbook.yaml             the project: its environments, its accounts, and who its operators are
  site/index.html          all of it as pages for people. They open in any browser, and load nothing from anywhere
  SHA256SUMS               the SHA-256 of every file above
  SHA256SUMS.sig           its signature, when it was signed (signature.json says with which key)
  public-key.pem           the key that the signature is verified with

How to verify it with standard tools only

1. No file was altered, in this folder:

     sha256sum -c SHA256SUMS

2. If it was signed, the list of sums is the one that was signed (compare public-key.pem with the key that you were told of):

     openssl dgst -sha256 -verify public-key.pem -signature SHA256SUMS.sig SHA256SUMS

3. No line of a journal was altered, taken out or put in. Each line holds the SHA-256 of the line before it in "prev",
   and the first one holds zeros:

     python3 - runs/*/journal.jsonl <<'END'
     import hashlib, json, sys
     for name in sys.argv[1:]:
         before = "0" * 64
         for number, line in enumerate(open(name, "rb").read().splitlines(), 1):
             assert json.loads(line)["prev"] == before, f"{name}:{number} does not follow"
             before = hashlib.sha256(line).hexdigest()
         print(name, "is whole, its head is", before)
     END

   The head it prints is the one in manifest.json. Without a signature, or a head that was kept elsewhere, this shows
   that a journal hangs together, and not that nobody wrote all of it anew.

4. The texts are those that the journal names: its first event holds the SHA-256 of each under "texts".

5. The pages under site/ are for reading. They were made from the journals, the texts and runbook.yaml, and from nothing
   else. Ages on them are counted from the last thing that happened. The sums of step 1 hold for them, too.

"runbook evidence verify FILE" does all of this, judges each drill once more, makes the pages once more, and finds the same.

What counts: a drill that passed, with "mode" other than "rehearsal". A rehearsal ran in an emulated AWS.
"#;
