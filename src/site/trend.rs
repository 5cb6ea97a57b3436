//! How long the last runs took, as a row of bars.

use super::spoken::{escaped, seconds};
use std::fmt::Write as _;

/// One run in the row.
pub(super) struct Bar {
    pub(super) seconds: u64,
    /// `good`, `bad` or `rehearsal`.
    pub(super) class: &'static str,
    pub(super) says: String,
}

const HEIGHT: f64 = 64.0;
const WIDTH: f64 = 26.0;
const GAP: f64 = 8.0;

/// Draws the bars, the oldest first, and the objective as a line. Nothing for fewer than two runs.
pub(super) fn draw(bars: &[Bar], objective: Option<u64>) -> Option<String> {
    if bars.len() < 2 {
        return None;
    }
    let longest = bars.iter().map(|bar| bar.seconds).max().unwrap_or(0).max(1);
    // An objective far above every bar would flatten them all; it is then said in words alone.
    let line = objective.filter(|objective| *objective <= longest.saturating_mul(4));
    let top = longest.max(line.unwrap_or(0)) as f64;
    let width = bars.len() as f64 * (WIDTH + GAP) + 2.0;
    let mut said: Vec<String> = bars.iter().map(|bar| bar.says.clone()).collect();
    said.extend(objective.map(|objective| format!("objective {}", seconds(objective))));
    let mut svg = format!(
        "<svg class=\"trend\" viewBox=\"0 0 {width} {}\" width=\"{width}\" height=\"{}\" role=\"img\" aria-label=\"{}\">",
        HEIGHT + 18.0,
        HEIGHT + 18.0,
        escaped(&format!("How long the last runs took: {}", said.join("; ")))
    );
    for (at, bar) in bars.iter().enumerate() {
        let height = (bar.seconds as f64 / top * HEIGHT).max(2.0).round();
        let x = at as f64 * (WIDTH + GAP) + 1.0;
        // Writing to a `String` cannot fail.
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{x}\" y=\"{}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"2\"><title>{}</title></rect>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bar.class,
            HEIGHT - height,
            escaped(&bar.says),
            x + WIDTH / 2.0,
            HEIGHT + 13.0,
            seconds(bar.seconds)
        );
    }
    if let Some(line) = line {
        let y = (HEIGHT - line as f64 / top * HEIGHT).round().max(0.5);
        let _ = write!(
            svg,
            "<line class=\"objective\" x1=\"0\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/>"
        );
    }
    svg.push_str("</svg>");
    Some(svg)
}
