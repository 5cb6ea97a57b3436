//! The run's events as JSON lines, for another program. A failed write ends the output, not the run.

use super::text::harmless_json;
use super::{Reporter, View};
use crate::actions::context::Report;
use crate::engine::event::Event;
use crate::model::id::StepKey;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::Write;

/// Writes one JSON object a line: `{"at": …, "event": …}` for what the journal has, `{"report": …}`
/// for what a step says while it works, `{"note": …}` for anything about the run as a whole.
pub struct Json<W> {
    to: W,
    closed: bool,
}

impl<W: Write + Send> Json<W> {
    /// Writes there.
    pub const fn new(to: W) -> Self {
        Self { to, closed: false }
    }

    fn line(&mut self, line: &Value) {
        if !self.closed {
            let line = harmless_json(&line.to_string());
            self.closed = writeln!(self.to, "{line}").and_then(|()| self.to.flush()).is_err();
        }
    }
}

impl<W: Write + Send> Reporter for Json<W> {
    fn event(&mut self, at: Timestamp, event: &Event, _view: &View<'_>) {
        let mut line = json!({ "at": at });
        // An event is a mapping; its names come after the time.
        if let (Some(line), Ok(Value::Object(event))) =
            (line.as_object_mut(), serde_json::to_value(event))
        {
            line.extend(event);
        }
        self.line(&line);
    }

    fn report(&mut self, step: &StepKey, report: &Report) {
        let line = match report {
            Report::Line(text) => json!({ "report": "line", "step": step, "text": text }),
            Report::Count { done, total, unit } => {
                json!({ "report": "count", "step": step, "done": done, "total": total, "unit": unit })
            }
            Report::Resource { name, kind, status, reason } => json!({
                "report": "resource", "step": step, "name": name, "type": kind, "status": status,
                "reason": reason,
            }),
            Report::Waiting(what) => json!({ "report": "waiting", "step": step, "for": what }),
        };
        self.line(&line);
    }

    fn note(&mut self, text: &str) {
        self.line(&json!({ "note": text }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::Json;
    use crate::engine::event::Event;
    use serde_json::Value;

    #[test]
    fn every_line_is_an_object_and_every_event_can_be_read_back() {
        let mut written = Vec::new();
        recorded::tell(&mut Json::new(&mut written), usize::MAX);
        let text = String::from_utf8(written).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), recorded::happenings().len());
        let events: Vec<Event> = lines
            .iter()
            .filter(|line| line.get("event").is_some())
            .map(|line| {
                assert!(line["at"].as_str().is_some_and(|at| at.starts_with("2026-11-22T")));
                serde_json::from_value(line.clone()).unwrap()
            })
            .collect();
        let told: Vec<Event> = recorded::happenings()
            .into_iter()
            .filter_map(|happening| match happening {
                recorded::Happening::Event(_, event) => Some(event),
                recorded::Happening::Report(..) => None,
            })
            .collect();
        assert_eq!(events, told);
    }
}
