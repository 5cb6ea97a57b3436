//! What the search finds: a script, because a page that is opened from a disk may load no other file.

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;

/// One place of the site.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    /// Where it is, from the folder of the site.
    pub(super) u: String,
    /// Its title.
    pub(super) t: String,
    /// The page that it stands on.
    pub(super) p: String,
    /// Its words.
    pub(super) w: String,
}

/// The script that hands the places to the page that asks for them.
pub(super) fn script(places: &[Place]) -> String {
    let lines: Vec<String> = places.par_iter().map(line).collect();
    format!("window.runbookPlaces=[\n{}\n];\n", lines.join(",\n"))
}

fn line(place: &Place) -> String {
    // A place is texts only, so it can be written; one that could not be is not found, and nothing breaks.
    let json = serde_json::to_string(place).unwrap_or_else(|_| "null".to_owned());
    // These two end a line in a script, though not in JSON.
    if json.contains(['\u{2028}', '\u{2029}']) {
        return json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    }
    json
}
