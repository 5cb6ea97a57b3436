//! Any bytes as a whole runbook file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // What is no UTF-8 is refused before the parser; here it would only waste the input.
    runbook_fuzz::whole(&String::from_utf8_lossy(bytes));
});
