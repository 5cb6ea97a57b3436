//! Any text as a script in each language that runs: alone, and in a step through every rule of the checker.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_fuzz::{script, whole};

fuzz_target!(|text: &str| {
    script(text);
    for language in ["bash", "sh", "python"] {
        whole(&format!(
            "---\ntitle: T\nsummary: S\nowner: o\naccount: data\n---\n\n~~~~~~~~~{language} step=a\n#| effect: read\n#| env: {{A: x}}\n{text}\n~~~~~~~~~\n"
        ));
    }
});
