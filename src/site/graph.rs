//! The order of the steps as a picture: layers from top to bottom, a line for each need.
//!
//! Colours come from the style sheet. Every box says in words what its step does.

use super::spoken::escaped;
use super::step::effect;
use crate::plan::{Frame, Reversal};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The size of a box and of the gaps, in the picture's own units, which are those of the text.
const BOX: (f64, f64) = (232.0, 44.0);
const GAP: (f64, f64) = (20.0, 26.0);
/// How many letters of a title fit into a box.
const LETTERS: usize = 25;
/// More steps side by side than this would be too small to read.
const WIDEST: usize = 4;

/// Draws the steps of a runbook. Nothing when there is no order to show.
pub(super) fn draw(frame: &Frame) -> Option<String> {
    if frame.steps.len() < 2 {
        return None;
    }
    let mut rows = rows(frame);
    untangle(&mut rows, frame);
    let before = before(frame);
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1);
    let width = columns as f64 * (BOX.0 + GAP.0) - GAP.0 + 2.0;
    let height = rows.len() as f64 * (BOX.1 + GAP.1) - GAP.1 + 2.0;
    let mut places = vec![(0.0, 0.0); frame.steps.len()];
    for (row, steps) in rows.iter().enumerate() {
        let own = steps.len() as f64 * (BOX.0 + GAP.0) - GAP.0;
        for (column, step) in steps.iter().enumerate() {
            let x = (width - own) / 2.0 + column as f64 * (BOX.0 + GAP.0);
            places[*step] = (x, 1.0 + row as f64 * (BOX.1 + GAP.1));
        }
    }
    let wide = if columns > 2 { " wide" } else { "" };
    let mut svg = format!(
        "<svg class=\"graph{wide}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"The order of the steps\">"
    );
    for (index, planned) in frame.steps.iter().enumerate() {
        for need in reduced(frame, &before, index) {
            line(&mut svg, places[need], places[index]);
        }
        debug_assert!(planned.index == index, "steps stand in their own order");
    }
    for (index, place) in places.iter().enumerate() {
        node(&mut svg, frame, index, *place);
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// The steps by layer, each layer cut into rows that are not too wide.
fn rows(frame: &Frame) -> Vec<Vec<usize>> {
    let mut depth = vec![0_usize; frame.steps.len()];
    // A need may stand further down. As many rounds as there are steps settle any order without a circle.
    for _ in 0..frame.steps.len() {
        let mut moved = false;
        for (index, planned) in frame.steps.iter().enumerate() {
            let own = planned.needs.iter().map(|need| depth[*need] + 1).max().unwrap_or(0);
            if own > depth[index] && own < frame.steps.len() {
                depth[index] = own;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut rows = Vec::new();
    for layer in 0..=deepest {
        let steps: Vec<usize> = (0..depth.len()).filter(|step| depth[*step] == layer).collect();
        rows.extend(steps.chunks(WIDEST).map(<[usize]>::to_vec));
    }
    rows
}

/// For each step, every step that must have ended before it.
fn before(frame: &Frame) -> Vec<BTreeSet<usize>> {
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); frame.steps.len()];
    // A need may stand further down. As many rounds as there are steps settle any order.
    for _ in 0..frame.steps.len() {
        let mut grown = false;
        for (index, planned) in frame.steps.iter().enumerate() {
            let mut own = before[index].clone();
            for need in &planned.needs {
                own.insert(*need);
                own.extend(before[*need].iter().copied());
            }
            grown |= own.len() > before[index].len();
            before[index] = own;
        }
        if !grown {
            break;
        }
    }
    before
}

/// The needs of a step without those that another need of it needs already.
fn reduced(frame: &Frame, before: &[BTreeSet<usize>], index: usize) -> Vec<usize> {
    let needs = &frame.steps[index].needs;
    let told =
        |need: &usize| needs.iter().any(|other| other != need && before[*other].contains(need));
    needs.iter().copied().filter(|need| !told(need)).collect()
}

/// Puts the steps of each row below those that they need, so that few lines cross.
fn untangle(rows: &mut [Vec<usize>], frame: &Frame) {
    let mut places = vec![0.0_f64; frame.steps.len()];
    for row in rows {
        let middle = |step: &usize| {
            let needs = &frame.steps[*step].needs;
            let sum: f64 = needs.iter().map(|need| places[*need]).sum();
            if needs.is_empty() { 0.0 } else { sum / needs.len() as f64 }
        };
        row.sort_by(|a, b| middle(a).total_cmp(&middle(b)).then(a.cmp(b)));
        let half = (row.len() as f64 - 1.0) / 2.0;
        for (column, step) in row.iter().enumerate() {
            places[*step] = column as f64 - half;
        }
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let (x1, y1) = (from.0 + BOX.0 / 2.0, from.1 + BOX.1);
    let (x2, y2) = (to.0 + BOX.0 / 2.0, to.1);
    let bend = ((y2 - y1) / 2.0).max(8.0);
    // Writing to a `String` cannot fail.
    let _ = write!(
        svg,
        "<path class=\"edge\" d=\"M{x1} {y1} C{x1} {} {x2} {} {x2} {y2}\"/>",
        y1 + bend,
        y2 - bend
    );
}

fn node(svg: &mut String, frame: &Frame, index: usize, (x, y): (f64, f64)) {
    let planned = &frame.steps[index];
    let step = planned.step(frame);
    let word = effect(planned.effect);
    let last = matches!(planned.reversal, Reversal::Irreversible(_));
    let says = match (&planned.account, last) {
        (_, true) => format!("{} · no way back", word.word),
        (Some(account), false) => format!("{} · {account}", word.word),
        (None, false) => word.word.to_owned(),
    };
    let number = index + 1;
    let class = if last { " last" } else { "" };
    let _ = write!(
        svg,
        "<a href=\"#{}\" aria-label=\"Step {number}: {}, {}\"><g class=\"node {}{class}\">\
         <rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
         <rect class=\"stripe\" x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{}\" rx=\"2.5\"/>\
         <text class=\"number\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{number}</text>\
         <text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\
         <text class=\"says\" x=\"{}\" y=\"{}\">{}</text></g></a>",
        planned.id,
        escaped(&step.title),
        escaped(&says),
        word.class,
        BOX.0,
        BOX.1,
        BOX.1,
        x + 20.0,
        y + 27.0,
        x + 36.0,
        y + 19.0,
        escaped(&cut(&step.title, LETTERS)),
        x + 36.0,
        y + 35.0,
        escaped(&cut(&says, LETTERS + 4)),
    );
}

/// A text of at most so many letters.
pub(super) fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
