//! Reads the drills of a project, and judges what their runs are worth.

use super::gather::own_people;
use crate::cli::error::CliError;
use crate::cli::project::Home;
use crate::drill::due::{Standing, standing};
use crate::drill::evidence::Evidence;
use crate::drill::report::Report;
use crate::drill::verdict;
use crate::model::drill::DRILLS;
use crate::model::mode::Mode;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use crate::run::Opened;
use crate::site::view::{Drill, Held, Verdict};
use jiff::civil::Date;

/// A run of a drill, judged, and how its own state stands.
pub(in crate::cli) struct Judged {
    report: Report,
    own_people: Option<bool>,
}

/// Judges a run, when it is one of a drill.
pub(in crate::cli) fn judge(project: &Project, opened: &Opened) -> Option<Judged> {
    if !opened.state.began.runbook.starts_with(DRILLS) {
        return None;
    }
    // A history that cannot have happened was refused when it was opened.
    let report = crate::drill::report::report(&opened.plan, &opened.history).ok()?;
    Some(Judged { report, own_people: own_people(project, &opened.state) })
}

/// The drills of the project, each with the runs that were judged, the newest first.
///
/// # Errors
/// When the folder of the drills cannot be read.
pub(super) fn drills(
    home: &Home,
    judged: &[Judged],
    today: Date,
    notes: &mut Vec<String>,
) -> Result<Vec<Drill>, CliError> {
    let mut found = Vec::new();
    for name in home.drills()? {
        match home.book(&format!("{DRILLS}{name}")) {
            Ok(book) => found.push(drill_of(&book.runbook, judged, today)),
            Err(error) => notes.push(format!("{}; it is not on the site", error.message)),
        }
    }
    Ok(found)
}

/// A drill, with the runs that were judged, the newest first.
pub(in crate::cli) fn drill_of(book: &Runbook, judged: &[Judged], today: Date) -> Drill {
    let name = book.name.strip_prefix(DRILLS).unwrap_or(&book.name);
    let cadence = book.drill.as_ref().and_then(|drill| drill.cadence.as_ref()).map(|one| one.value);
    let own: Vec<&Judged> = judged.iter().filter(|one| one.report.drill == name).collect();
    let evidence: Vec<Evidence> = own.iter().map(|one| Evidence::of(&one.report)).collect();
    let text = |text: Option<&crate::model::value::Text>| {
        text.map(|text| text.value.clone()).unwrap_or_default()
    };
    Drill {
        name: name.to_owned(),
        title: text(book.front.title.as_ref()),
        summary: text(book.front.summary.as_ref()),
        owner: text(book.front.owner.as_ref()),
        cadence: cadence.map(|cadence| cadence.every.to_string()).unwrap_or_default(),
        due: match standing(cadence, &evidence, today) {
            Standing::Unscheduled => None,
            Standing::NotYet { from } => Some(from),
            Standing::Done { next } => next,
            Standing::Due { until, .. } => until,
            Standing::Overdue { since, .. } => Some(since),
        },
        rto: book.front.rto.as_ref().map(|rto| rto.value.as_secs()),
        held: own.into_iter().map(held).collect(),
    }
}

fn held(judged: &Judged) -> Held {
    let report = &judged.report;
    let mut users: Vec<&str> =
        report.operators.iter().map(|operator| operator.user.as_str()).collect();
    users.dedup();
    Held {
        run: report.run.clone(),
        at: report.ended,
        verdict: match report.judgement.verdict {
            Some(verdict::Verdict::Passed) => Verdict::Passed,
            Some(verdict::Verdict::Failed) => Verdict::Failed,
            Some(verdict::Verdict::CouldNotJudge) => Verdict::CouldNotJudge,
            None => Verdict::UnderWay,
        },
        rto: report.rto.map(|rto| rto.as_secs()),
        rehearsal: report.mode == Mode::Rehearsal,
        by: users.join(", "),
        own_people: judged.own_people,
        reason: report.judgement.why.clone(),
    }
}
