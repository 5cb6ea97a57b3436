//! Any text as a script in each language that runs, through the parser and every rule of the checker.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_fuzz::whole;

fuzz_target!(|script: &str| {
    for language in ["bash", "sh", "python"] {
        whole(&format!(
            "---\ntitle: T\nsummary: S\nowner: o\naccount: data\n---\n\n~~~~~~~~~{language} step=a\n#| effect: read\n#| env: {{A: x}}\n{script}\n~~~~~~~~~\n"
        ));
    }
});
