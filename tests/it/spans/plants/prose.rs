//! Mistakes in the prose, and in what the runbook promises as a whole.

use super::Row;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{marked, raw, step, text};

/// Mistakes in links, and in the objective.
#[rustfmt::skip]
pub(super) const PROSE: &[Row] = &[
    ("RB0601", |p| p.words("é [é `x`](⟦gone.md⟧#x \"é\") and [there](there.md).")),
    ("RB0601", |p| p.words("![é](<⟦no é.png⟧>)")),
    ("RB0601", |p| p.words("[![é](⟦a.png⟧)](  ⟦b(1).md⟧  'é')")),
    ("RB0601", |p| p.words("[é][B ad]\n\n[b ad]: ⟦gone.md⟧ \"é\"")),
    ("RB0601", |p| p.words("[é][bad]\n\n[bad]:\n  <⟦gone too.md⟧#x>")),
    ("RB0601", |p| p.words("> [bad]:\n> ⟦gone.md⟧\n>\n> [é][bad]")),
    ("RB0601", |p| p.words("> > [é](\n> > ⟦gone.md⟧)")),
    ("RB0601", |p| p.words("| a | b |\n|---|---|\n| [é](⟦gone.md⟧) | \\| [é](⟦gone.png?a⟧#b) |")),
    ("RB0601", |p| p.words("## é [é](⟦gone.md⟧)")),
    ("RB0601", |p| p.words("[é](⟦gone\\(1&#45;é.md⟧) [é](⟦b&amp;&#45;.md⟧#x)")),
    ("RB0602", |p| p.words("[é](⟦#nowhere⟧ 'é')")),
    ("RB0602", |p| p.words("[é](there.md⟦#b%C3%A4h⟧) [é](there.md#a-heading)")),
    ("RB0602", |p| p.words("[é][bad]\n\n[bad]: <there.md⟦#no where⟧>")),
    ("RB0603", |p| p.words("é [é](⟦javascript:⟧alert) é")),
    ("RB0603", |p| p.words("<⟦JavaScript:⟧alert> [é][bad]\n\n[bad]: ⟦data:⟧text/html,x")),
    ("RB0603", |p| p.words("- [é](<⟦htps:⟧//example.com/é é>)")),
    ("RB0603", |p| p.words("[é](<⟦javascript\\:alert(1)⟧>) [é](⟦vbscript&#58;x⟧)")),
    ("RB0604", |p| p.words("é [é][⟦nowhere⟧]")),
    ("RB0604", |p| p.words("![é][⟦no é where⟧] é")),
    ("RB0604", |p| p.words("> [é `]`][⟦no\n> where⟧]")),
    ("RB0604", |p| p.words("[é][⟦no \\[where\\]⟧]")),
    ("RB0605", |p| { p.without_health().objective(); }),
    ("RB0605", |p| { p.without_health().front("objective", Yaml::map(&[("rpo", text("5m")), ("rto", marked("90m"))])) }),
    ("RB0606", |p| { p.objective(); p.block(step().with("estimate", text("61m")).with("timeout", text("2h"))) }),
    ("RB0606", |p| { p.objective(); p.runs(&[("n", raw("1")), ("hidden", text("{{ params.alias }}"))]) }),
    ("RB0607", |p| p.without_steps().front("title", marked("é: no step"))),
    ("RB0607", |p| { p.without_steps().front("title", marked("no 'step' é")); p.words("```bash\ntrue\n```") }),
];
