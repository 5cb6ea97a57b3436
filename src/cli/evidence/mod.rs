//! `runbook evidence`: one archive for an auditor, and its proof.

mod pages;

use super::console::Out;
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::project::Home;
use super::{Global, cloud, history};
use crate::actions::catalog::catalog;
use crate::drill::json::json as drill_json;
use crate::drill::report::report as drill_report;
use crate::engine::settled::still_owed;
use crate::evidence::{Archive, Kept, Signed, add_signature, is_public_key, pack, verify};
use crate::model::action::Catalog;
use crate::model::drill::DRILLS;
use crate::model::id::RunId;
use crate::model::value::Value;
use crate::run::report::text::{counted, harmless};
use crate::run::{self, Opened};
use crate::store::{Store, history_of, text_file};
use clap::Subcommand;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What `evidence` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Write one archive: journals, runbook texts, reports, pages, hashes, and how to verify them
    Pack(Pack),
    /// Verify an archive: hashes, signature, journals, texts, and what the reports and the pages say
    Verify {
        /// The archive
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// It must be signed by this key: the public one in PEM, from whoever may sign
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args, Clone, Debug)]
struct Pack {
    /// Runs, or the beginnings of their ids. Default: every drill that came to a verdict, or is over
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// The file to write
    #[arg(long, short, value_name = "FILE", default_value = "evidence.tar")]
    out: PathBuf,
    /// Sign it with this asymmetric KMS key: an alias or an ARN
    #[arg(long, value_name = "KEY", requires_all = ["env", "account"])]
    sign: Option<String>,
    /// The environment that the key is in
    #[arg(long, short, value_name = "ENV")]
    env: Option<String>,
    /// The account that the key is in, by its logical name
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook evidence pack
  runbook evidence pack 20261122-1618 --out q4.tar --sign alias/evidence --env production --account platform
  runbook evidence verify q4.tar
  runbook evidence verify q4.tar --public-key our-key.pem

The archive holds its own README: everything in it can be verified with sha256sum, openssl and python3.
The key is one for signing (ECC_NIST_P256 or RSA_2048 and up); its public half goes into the archive.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Pack(pack) => packed(global, pack),
        Verb::Verify { file, public_key, json } => verified(file, public_key.as_deref(), *json),
    }
}

fn packed(global: &Global, args: &Pack) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?.sound()?;
    let store = home.store()?;
    let (runs, left_out) = if args.runs.is_empty() {
        drills(&home, &store)?
    } else {
        let named = args.runs.iter().map(|run| Ok(store.find(run)?));
        (named.collect::<Result<Vec<_>, CliError>>()?, BTreeMap::new())
    };
    if runs.is_empty() {
        let why = left_out.iter().map(|(run, why)| format!("\n  left out: {run} {why}"));
        let text = format!("there is no drill to pack{}", why.collect::<String>());
        return Err(CliError::usage(text)
            .certain("Nothing was written.")
            .hint("Name a run: `runbook runs` lists them."));
    }
    let (mut kept, mut opened) = (Vec::new(), Vec::new());
    for run in &runs {
        let of_run = run::open(&store, &home.catalog, run)?;
        kept.push(one(&store, run, &of_run)?);
        opened.push(of_run);
    }
    let project = &home.source.text;
    let pages = pages::pages(&home.catalog, project, opened)
        .map_err(|error| CliError::usage(error).certain("Nothing was written."))?;
    let mut archive = pack(&kept, &left_out, project, &pages);
    if let (Some(key), Some(environment), Some(account)) = (&args.sign, &args.env, &args.account) {
        let environment = home.environment(environment)?.clone();
        let sums = crate::evidence::sums(&archive);
        let signed: Signed = cloud::sign(&home, &environment, (account, key), sums.as_bytes())?;
        add_signature(&mut archive, &signed);
    }
    let bytes = archive.write()?;
    std::fs::write(&args.out, bytes).map_err(|error| {
        CliError::usage(format!("cannot write {}: {error}", args.out.display()))
    })?;
    let count = evidence_among(kept.iter().map(|kept| &kept.report));
    let many = counted(kept.len(), "run");
    out.line(format!("{} holds {many}. {count}.", args.out.display()))?;
    for (run, why) in &left_out {
        out.line(harmless(&format!("  left out: {run} {why}")))?;
    }
    let verify = format!("runbook evidence verify {}", args.out.display());
    out.line(format!("next  {}", out.paint().command(&verify)))?;
    Ok(Exit::Done)
}

/// Every drill that came to a verdict or is over, the oldest first, and why the others are left out. One that failed
/// and was left standing still is among them: nobody hides a failure by not giving it up.
fn drills(home: &Home, store: &Store) -> Result<(Vec<RunId>, BTreeMap<RunId, String>), CliError> {
    let (mut all, mut left_out) = (Vec::new(), BTreeMap::new());
    for run in store.runs()?.into_iter().rev() {
        // Whose first line cannot be read may be a drill.
        if history::first(store, &run).is_some_and(|first| !first.runbook().starts_with(DRILLS)) {
            continue;
        }
        match is_judged(home, store, &run) {
            Ok(true) => all.push(run),
            Ok(false) => drop(left_out.insert(run, "is not over".to_owned())),
            Err(error) => {
                left_out.insert(run, format!("cannot be read: {}", error.message));
            }
        }
    }
    Ok((all, left_out))
}

fn is_judged(home: &Home, store: &Store, run: &RunId) -> Result<bool, CliError> {
    let Opened { plan, history, state } = run::open(store, &home.catalog, run)?;
    let report = drill_report(&plan, &history).map_err(run::RunError::from)?;
    Ok(state.status.is_over() || report.judgement.verdict.is_some())
}

/// How many of the reports count as evidence, in words.
fn evidence_among<'a>(reports: impl Iterator<Item = &'a Value>) -> String {
    match reports.filter(|report| report["counts_as_evidence"] == true).count() {
        1 => "1 counts as evidence".to_owned(),
        count => format!("{count} count as evidence"),
    }
}

fn one(store: &Store, run: &RunId, opened: &Opened) -> Result<Kept, CliError> {
    let unread = |path: &Path, error: std::io::Error| {
        CliError::usage(format!("cannot read {}: {error}", path.display()))
    };
    let folder = store.folder(run);
    let path = folder.join("journal.jsonl");
    let mut journal = std::fs::read(&path).map_err(|error| unread(&path, error))?;
    // A last line that was cut off was never written.
    let whole = journal.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    journal.truncate(whole);
    let mut texts = BTreeMap::new();
    let path = folder.join("texts");
    for entry in std::fs::read_dir(&path).map_err(|error| unread(&path, error))? {
        let entry = entry.map_err(|error| unread(&path, error))?;
        let text =
            std::fs::read_to_string(entry.path()).map_err(|error| unread(&entry.path(), error))?;
        texts.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    let head = opened.history.head.clone();
    Ok(Kept { run: run.clone(), journal, texts, report: report(opened)?, head })
}

/// What a run came to, from its journal and its texts alone.
fn report(opened: &Opened) -> Result<Value, CliError> {
    let state = &opened.state;
    if opened.plan.root.book.drill.is_some() {
        let report = drill_report(&opened.plan, &opened.history).map_err(run::RunError::from)?;
        return Ok(drill_json(&report, None));
    }
    let at = |recorded: Option<&crate::store::Recorded>| recorded.map(|recorded| recorded.at);
    Ok(json!({
        "run": state.began.run, "runbook": state.began.runbook, "mode": state.began.mode,
        "environment": state.began.environment, "operator": state.began.operator,
        "status": state.status.word(), "began": at(opened.history.events.first()),
        "ended": at(opened.history.events.last()), "obligations": still_owed(state),
        "journal_head": opened.history.head,
    }))
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(file).map_err(|error| {
        CliError::usage(format!("cannot read {}: {error}", file.display())).certain(NOTHING_BEGUN)
    })
}

/// The key that must have signed.
fn expected(file: &Path) -> Result<String, CliError> {
    let pem = String::from_utf8_lossy(&read(file)?).into_owned();
    if is_public_key(&pem) {
        return Ok(pem);
    }
    Err(CliError::usage(format!("{} is no public key in PEM", file.display()))
        .certain(NOTHING_BEGUN)
        .hint("`aws kms get-public-key` gives it in DER; `openssl pkey -pubin -inform der` writes it as PEM."))
}

fn verified(file: &Path, public_key: Option<&Path>, as_json: bool) -> Result<Exit, CliError> {
    let out = Out::new();
    let bytes = read(file)?;
    let expected = public_key.map(expected).transpose()?;
    let catalog = catalog();
    let judge = |history: Result<Opened, String>| {
        history.and_then(|opened| report(&opened).map_err(|error| error.message))
    };
    let found = verify(
        &bytes,
        expected.as_deref(),
        &|journal, text| judge(reopened(&catalog, journal, text)),
        &|archive| remade(&catalog, archive),
    )
    .map_err(|error| CliError::new(Exit::Invalid, format!("{}: {error}", file.display())))?;
    let fine = found.problems.is_empty();
    if as_json {
        let runs = found.runs.iter().map(|(_, report)| report.clone());
        out.json(&json!({
            "whole": fine, "problems": found.problems, "notes": found.notes, "signed_by": found.signed_by,
            "public_key_sha256": found.public_key_sha256,
            "runs": runs.collect::<Value>(),
        }))?;
        return Ok(if fine { Exit::Done } else { Exit::Invalid });
    }
    let paint = out.paint();
    for (run, report) in &found.runs {
        let what = report["drill"].as_str().or(report["runbook"].as_str()).unwrap_or_default();
        let end = report["verdict"].as_str().or(report["status"].as_str()).unwrap_or("not over");
        let mode = report["mode"].as_str().unwrap_or_default();
        out.line(harmless(&format!("  {run}  {what}  {mode}  {end}")))?;
    }
    for problem in &found.problems {
        out.line(paint.bad(&format!("✗ {}", harmless(problem))).to_string())?;
    }
    for note in &found.notes {
        out.line(harmless(&format!("  {note}")))?;
    }
    match (&found.signed_by, &found.public_key_sha256) {
        (Some(key), Some(sum)) => {
            out.line(harmless(&format!("  signed by {key}, it says")))?;
            out.line(match public_key {
                Some(_) if fine => format!("  the key is the one given: SHA-256 {sum}"),
                _ => format!(
                    "  the key is yours to compare, or give it with --public-key: SHA-256 {sum}"
                ),
            })?;
        }
        _ => out.line("  not signed: who packed it is not proven")?,
    }
    let count = evidence_among(found.runs.iter().map(|(_, report)| report));
    let (name, many) = (file.display(), counted(found.runs.len(), "run"));
    if fine {
        let text = format!("✓ {name} is whole: {many}, {count}");
        out.line(paint.good(&text).to_string())?;
    } else {
        let problems = counted(found.problems.len(), "problem");
        let text = format!("✗ {name} is not whole: {problems}. It proves nothing");
        out.line(paint.bad(&text).to_string())?;
    }
    Ok(if fine { Exit::Done } else { Exit::Invalid })
}

/// Reads a journal and its texts once more.
fn reopened(
    catalog: &Catalog,
    journal: &[u8],
    text: &dyn Fn(&str) -> Option<String>,
) -> Result<Opened, String> {
    let history = history_of(journal).map_err(|error| error.to_string())?;
    run::open_kept(history, catalog, &|name| text(&text_file(name)))
        .map_err(|error| error.to_string())
}

/// Makes the pages of an archive once more.
fn remade(catalog: &Catalog, archive: &Archive) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut runs = Vec::new();
    for run in archive.runs() {
        let text = |name: &str| {
            let bytes = archive.of_run(run, &format!("texts/{name}"))?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        let journal = archive.of_run(run, "journal.jsonl").unwrap_or_default();
        runs.push(reopened(catalog, journal, &text)?);
    }
    pages::pages(catalog, &archive.project(), runs)
}
