//! Results as JUnit XML, which build servers show.

use super::report::Report;
use super::verdict::Verdict;
use std::fmt::Write as _;
use std::time::Duration;

/// One test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it belongs to.
    pub class: String,
    /// What it is called.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub end: End,
}

/// How a test case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Passed,
    /// Not as it should, and why.
    Failed(String),
    /// It shows nothing, and why.
    Error(String),
    /// It did not run, and why.
    Skipped(String),
}

/// The cases of one suite.
#[must_use]
pub fn xml(suite: &str, cases: &[Case]) -> String {
    let count = |wanted: fn(&End) -> bool| cases.iter().filter(|case| wanted(&case.end)).count();
    let time: Duration = cases.iter().map(|case| case.took).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
        escaped(suite),
        cases.len(),
        count(|end| matches!(end, End::Failed(_))),
        count(|end| matches!(end, End::Error(_))),
        count(|end| matches!(end, End::Skipped(_))),
        time.as_secs_f64(),
    );
    for case in cases {
        let (class, name) = (escaped(&case.class), escaped(&case.name));
        let time = case.took.as_secs_f64();
        let open = format!("  <testcase classname=\"{class}\" name=\"{name}\" time=\"{time:.3}\"");
        let (tag, why) = match &case.end {
            End::Passed => {
                let _ = writeln!(xml, "{open}/>");
                continue;
            }
            End::Failed(why) => ("failure", why),
            End::Error(why) => ("error", why),
            End::Skipped(why) => ("skipped", why),
        };
        let _ = writeln!(xml, "{open}>\n    <{tag} message=\"{}\"/>\n  </testcase>", escaped(why));
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// A drill: one case for the drill itself, and one for each of its steps.
#[must_use]
pub fn drill(report: &Report) -> String {
    let why = format!("{} ({})", report.judgement.why, report.mode);
    let case = |name: &str, took, end| Case {
        class: report.drill.clone(),
        name: name.to_owned(),
        took,
        end,
    };
    let verdict = match report.judgement.verdict {
        Some(Verdict::Passed) => End::Passed,
        Some(Verdict::Failed) => End::Failed(why),
        Some(Verdict::CouldNotJudge) | None => End::Error(why),
    };
    // The time is that of the steps: a server adds up what it is told.
    let mut cases = vec![case("verdict", Duration::ZERO, verdict)];
    cases.extend(report.steps.iter().map(|step| {
        let end = match (&step.skipped, step.status) {
            (Some(why), _) => End::Skipped(why.clone()),
            (None, "succeeded" | "in place" | "undone") => End::Passed,
            (None, status) => End::Failed(status.to_owned()),
        };
        case(step.step.as_str(), step.took.unwrap_or_default(), end)
    }));
    xml(&report.drill, &cases)
}

/// Text that may stand in an attribute. What XML cannot hold at all is replaced.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut all, c| {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\n' => all.push_str("&#10;"),
            '\t' => all.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => all.push('\u{fffd}'),
            c => all.push(c),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_attribute() {
        let hostile = "a\"<b>&\u{1b}[31m\n";
        let case = Case {
            class: hostile.to_owned(),
            name: hostile.to_owned(),
            took: Duration::from_millis(1500),
            end: End::Failed(hostile.to_owned()),
        };
        let xml = xml(hostile, &[case]);
        let safe = "a&quot;&lt;b&gt;&amp;\u{fffd}[31m&#10;";
        assert_eq!(xml.matches(safe).count(), 4, "{xml}");
        assert!(xml.contains("failures=\"1\" errors=\"0\" skipped=\"0\" time=\"1.500\""), "{xml}");
    }
}
