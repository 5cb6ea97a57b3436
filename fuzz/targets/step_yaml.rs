//! Any text as the YAML of a typed block, of `#|` lines, of front matter and of `runbook.yaml`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook::parse;
use runbook_fuzz::{sane, whole};

const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\naccount: data\nparams:\n  p: {type: string, default: x}\n---\n";

fuzz_target!(|text: &str| {
    let lines: String = text.split('\n').map(|line| format!("#| {line}\n")).collect();
    whole(&format!(
        "{FRONT}\n~~~~~~~~~yaml step=a\n{text}\n~~~~~~~~~\n\n- x\n\n  ~~~~~~~~~bash step=b\n  {}true\n  ~~~~~~~~~\n",
        lines.replace('\n', "\n  ")
    ));
    whole(&format!("---\n{text}\n---\n# T\n"));
    let (_, source, found) = parse::project("runbook.yaml", text);
    sane(&source, &found);
    drop(parse::value(text));
});
