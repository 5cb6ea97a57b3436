//! What the fuzz targets ask, asked of the project's own texts and of torn pieces of them: so that the
//! targets stay in step with the library, and what fuzzing found stays found.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "in its own crate everything here is for the targets")]
mod oracle;

use crate::draft::dice::Dice;
use std::fs;
use std::path::Path;

/// The texts of some folders of the project.
fn texts(folders: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut files: Vec<_> = files.collect();
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).expect("a text")).collect()
}

/// A text with a piece cut out, doubled, or put somewhere else.
fn torn(text: &str, dice: &mut Dice) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let mut place = || places[dice.below(places.len())];
    let (a, b, to) = (place(), place(), place());
    let (start, end) = (a.min(b), a.max(b));
    let piece = &text[start..end];
    match dice.below(3) {
        0 => format!("{}{}", &text[..start], &text[end..]),
        1 => format!("{}{piece}{}", &text[..end], &text[start..]),
        _ => format!("{}{piece}{}", &text[..to], &text[to..]),
    }
}

#[test]
fn torn_runbooks_and_scripts_are_read_without_a_panic_and_every_place_lies_in_the_text() {
    let texts = texts(&["runbooks", "tests/fixtures/check", "docs"]);
    assert!(texts.len() > 50, "{}", texts.len());
    let dice = &mut Dice::new(22);
    for text in &texts {
        oracle::whole(text);
        let torn = torn(text, dice);
        oracle::whole(&torn);
        oracle::script(&torn);
    }
}
