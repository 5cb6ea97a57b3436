//! Mistakes in the Markdown of a runbook: fences, info strings, ids.

use super::Row;
use crate::draft::Block;
use crate::spans::plant::step;

/// Mistakes of the document: fences, info strings, ids.
#[rustfmt::skip]
pub(super) const DOCUMENT: &[Row] = &[
    ("RB0001", |p| p.at_end("⟦```text⟧\nno end")),
    ("RB0001", |p| p.at_end("⟦~~~~⟧\nno end\n~~~")),
    ("RB0001", |p| p.prose("- x\n\n  ⟦```bash⟧\n  no end\n\nend")),
    ("RB0001", |p| p.prose("1. x\n   ⟦~~~ console é⟧\n   no end\n\nend")),
    ("RB0001", |p| p.prose("⟦```text⟧\nx\n```bash step=swallowed\n#| effect: read\ntrue\n```")),
    ("RB0002", |p| p.info("bash ⟦step = x⟧")),
    ("RB0002", |p| p.info("bash ⟦step⟧")),
    ("RB0002", |p| p.info("bash ⟦step:x⟧")),
    ("RB0002", |p| p.info("bash⟦  ⟧health=late")),
    ("RB0002", |p| p.info("bash⟦\t⟧health=late")),
    ("RB0002", |p| p.info("bash health=late ⟦timeout=3m⟧")),
    ("RB0002", |p| p.info("bash ⟦step=⟧")),
    ("RB0002", |p| p.info("⟦step=x⟧")),
    ("RB0002", |p| p.info("⟦{.bash step=x}⟧")),
    ("RB0002", |p| p.info("yaml ⟦{step=x}⟧")),
    ("RB0003", |p| p.info("bash ⟦stpe⟧=x")),
    ("RB0003", |p| p.info("yaml ⟦title⟧=x")),
    ("RB0003", |p| p.info("ruby ⟦Step⟧=x")),
    ("RB0004", |p| p.info("⟦ruby⟧ step=x")),
    ("RB0004", |p| p.info("⟦Bash⟧ undo=x")),
    ("RB0005", |p| p.info("bash health=⟦My-Id⟧")),
    ("RB0005", |p| p.info("bash step=⟦9é⟧")),
    ("RB0006", |p| p.info("bash health=⟦do_1⟧")),
    ("RB0007", |p| p.info("bash undo=⟦nowhere⟧")),
    ("RB0007", |p| p.info("sh observe=⟦nowhere⟧")),
    ("RB0008", |p| p.all(&[step(), Block::script("sh", "observe", "planted", &["true"]), Block::script("sh", "observe", "⟦planted⟧", &["true"])])),
    ("RB0008", |p| p.all(&[Block::script("sh", "step", "planted", &["true"]), Block::script("sh", "undo", "planted", &["true"]), Block::script("sh", "undo", "⟦planted⟧", &["true"])])),
    ("RB0009", |p| p.prose("> ⟦```bash step=b⟧\n> x\n> ```")),
    ("RB0009", |p| p.prose("- > ⟦~~~~yaml health=b⟧\n  > x: y\n  > ~~~~")),
    ("RB0009", |p| p.prose("Text.\n\n    ⟦```bash step=b⟧\n    x\n    ```")),
    ("RB0009", |p| p.prose("<details>\n⟦```bash undo=b⟧\nx\n```\n</details>")),
    ("RB0009", |p| p.at_end("⟦<!--⟧ never closed\n\n```bash step=b\nx\n```")),
    ("RB0010", |p| p.line("⟦#| timeout: 1m⟧")),
    ("RB0010", |p| p.line("⟦  #|effect: read⟧")),
];
