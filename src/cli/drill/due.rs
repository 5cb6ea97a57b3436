//! `runbook drill due`: what is due, overdue, and was never done.

use super::runs::Runs;
use crate::cli::Global;
use crate::cli::console::Out;
use crate::cli::diagnostics;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::project::Home;
use crate::drill::calendar::{Entry, ics};
use crate::drill::due::{Standing, days, standing};
use crate::drill::evidence::Evidence;
use crate::model::cadence::Cadence;
use crate::model::drill::DRILLS;
use crate::run::report::text::{counted, fit, width};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::io::Write as _;

/// How many periods a calendar looks ahead.
const PERIODS: usize = 8;

/// What `drill due` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::cli) struct Args {
    /// As a calendar (iCalendar) that calendar programs read
    #[arg(long, conflicts_with = "json")]
    ics: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// As of this day, such as 2027-01-31. Default: today (UTC)
    #[arg(long, value_name = "DAY")]
    on: Option<Date>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook drill due || mail -s 'a drill is overdue' oncall@example.com
  runbook drill due --ics > drills.ics

A drill is due once in each of its periods, which are counted from the day that it names. What counts is a
drill that passed and was no rehearsal. It is overdue when a whole period has passed without one. Exits 8
when a drill is overdue, and 3 when the file of one has errors, so that nothing can be said of it.";

/// A drill and how it stands.
struct Row {
    name: String,
    title: String,
    summary: String,
    owner: String,
    cadence: Option<Cadence>,
    /// Errors in its file. Then nothing can be said of when it is due.
    errors: usize,
    standing: Standing,
    last: Option<Evidence>,
}

/// Runs it.
pub(in crate::cli) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let today = args.on.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let runs = Runs::read(&home)?;
    runs.tell_unread();
    let rows = home.drills()?.into_iter().map(|name| row(&home, &runs, name, today));
    let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    if args.ics {
        let calendar = ics(&entries(&rows, today), today);
        std::io::stdout().lock().write_all(calendar.as_bytes())?;
    } else if args.json {
        let value = |row: &Row| {
            let mut value = json!({
                "drill": row.name, "title": row.title, "errors": row.errors,
                "cadence": row.cadence.map(|cadence| cadence.every.to_string()),
                "last": row.last.as_ref().map(|last| json!({ "run": last.run, "at": last.when })),
            });
            if let (Some(all), Ok(Value::Object(standing))) =
                (value.as_object_mut(), serde_json::to_value(&row.standing))
            {
                all.extend(standing);
            }
            value
        };
        out.json(&Value::Array(rows.iter().map(value).collect()))?;
    } else {
        human(out, &rows)?;
    }
    let overdue = rows.iter().any(|row| matches!(row.standing, Standing::Overdue { .. }));
    let broken = rows.iter().any(|row| row.errors > 0);
    Ok(match (overdue, broken) {
        (true, _) => Exit::ObjectiveMissed,
        (false, true) => Exit::Invalid,
        (false, false) => Exit::Done,
    })
}

fn row(home: &Home, runs: &Runs, name: String, today: Date) -> Result<Row, CliError> {
    let book = home.book(&format!("{DRILLS}{name}"))?;
    let (book, errors) = (book.runbook, diagnostics::errors(&book.diagnostics));
    let cadence = book.drill.as_ref().and_then(|drill| drill.cadence.as_ref()).map(|c| c.value);
    let evidence: Vec<Evidence> = runs.of(&name).map(Evidence::of).collect();
    let text = |text: Option<&crate::model::value::Text>| {
        text.map(|text| text.value.clone()).unwrap_or_default()
    };
    Ok(Row {
        title: text(book.front.title.as_ref()),
        summary: text(book.front.summary.as_ref()),
        owner: text(book.front.owner.as_ref()),
        cadence,
        errors,
        standing: standing(cadence, &evidence, today),
        last: evidence.into_iter().find(Evidence::counts),
        name,
    })
}

fn entries(rows: &[Row], today: Date) -> Vec<Entry> {
    let mut entries = Vec::new();
    for row in rows {
        let Some(cadence) = row.cadence else { continue };
        let days = days(cadence, today, PERIODS + 1);
        for (at, pair) in days.windows(2).enumerate() {
            entries.push(Entry {
                drill: row.name.clone(),
                title: row.title.clone(),
                summary: row.summary.clone(),
                owner: row.owner.clone(),
                from: pair[0],
                until: Cadence::eve(pair[1]),
                standing: (at == 0).then(|| row.standing.clone()),
            });
        }
    }
    entries
}

fn human(out: Out, rows: &[Row]) -> Result<(), CliError> {
    let paint = out.paint();
    let widest = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let never = |never: bool| if never { ", and was never done" } else { "" };
    for row in rows {
        let text = match &row.standing {
            _ if row.errors > 0 => {
                let errors = counted(row.errors, "error");
                let command = format!("runbook check drills/{}.yaml", row.name);
                paint
                    .bad(&format!("✗ cannot be told: its file has {errors}. {command}"))
                    .to_string()
            }
            Standing::Overdue { since, never: none } => {
                paint.bad(&format!("✗ OVERDUE since {since}{}", never(*none))).to_string()
            }
            Standing::Due { since, until, never: none } => {
                let until =
                    until.map_or_else(String::new, |until| format!(", to be done until {until}"));
                paint.warn(&format!("• due since {since}{until}{}", never(*none))).to_string()
            }
            Standing::Done { next } => {
                let next = next.map_or_else(String::new, |next| format!(", next from {next}"));
                paint.good(&format!("✓ done{next}")).to_string()
            }
            Standing::NotYet { from } => paint.dim(&format!("  from {from}")).to_string(),
            Standing::Unscheduled => {
                paint.dim("  when it is wanted: it has no cadence").to_string()
            }
        };
        let last = row.last.as_ref().map_or_else(String::new, |last| {
            let day = last.when.to_zoned(TimeZone::UTC).date();
            format!("  {}", paint.dim(&format!("last {day}, run {}", last.run)))
        });
        out.line(format!("{}  {text}{last}", fit(&row.name, widest)))?;
    }
    if rows.is_empty() {
        out.line("There are no drills yet.")?;
    }
    Ok(())
}
