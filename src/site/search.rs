//! What the search finds: a script, because a page that is opened from a disk may load no other file.

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
    let mut out = String::from("window.runbookPlaces=[\n");
    for (at, place) in places.iter().enumerate() {
        // A place is texts only, so it can be written; one that could not be is not found, and nothing breaks.
        let json = serde_json::to_string(place).unwrap_or_else(|_| "null".to_owned());
        // These two end a line in a script, though not in JSON.
        let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        out.push_str(&json);
        out.push_str(if at + 1 < places.len() { ",\n" } else { "\n" });
    }
    out.push_str("];\n");
    out
}
