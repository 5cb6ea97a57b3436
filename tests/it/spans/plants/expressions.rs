//! Mistakes in expressions, and in the order of the steps.

use super::Row;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{checklist, giver, look, marked, raw, request, skipped, step, text};

/// Mistakes in expressions, and in the order of the steps.
#[rustfmt::skip]
pub(super) const EXPRESSIONS: &[Row] = &[
    ("RB0401", |p| p.option("if", text("run.id ⟦&⟧& true"))),
    ("RB0401", |p| p.option("confirm", text("é ⟦{{⟧ run.id"))),
    ("RB0401", |p| p.option("if", text("⟦{{⟧ run.id }}"))),
    ("RB0401", |p| p.option("env", Yaml::map(&[("A", text("é {{ run.id | ⟦uper⟧ }} é"))]))),
    ("RB0401", |p| p.option("if", text("run.id ⟦=⟧ 'é'"))),
    ("RB0401", |p| p.option("if", text("run.id == ⟦(⟧'é'"))),
    ("RB0401", |p| p.option("if", text("run.id == 'é' and ⟦'x⟧"))),
    ("RB0402", |p| p.option("if", text("run.id == 'é' and ⟦param⟧.alias"))),
    ("RB0402", |p| p.option("confirm", text("é {{ params.⟦alais⟧ }} é {{ run.id }}"))),
    ("RB0402", |p| p.option("if", text("run.⟦name⟧ == 'é'"))),
    ("RB0402", |p| p.option("env", Yaml::map(&[("A", text("{{ accounts.⟦nowhere⟧.id }}"))]))),
    ("RB0402", |p| p.option("env", Yaml::map(&[("A", text("{{ ⟦item⟧.x }} {{ ⟦outputs⟧.y }}"))]))),
    ("RB0402", |p| p.block(checklist("é {{ run.id }} {{ params.⟦no⟧ }}"))),
    ("RB0402", |p| p.option("if", text("steps.⟦nowhere⟧.x == 1"))),
    ("RB0403", |p| p.reads("{{ steps.giver.⟦m⟧ }}")),
    ("RB0403", |p| p.reads("é {{ steps['giver'][⟦'m'⟧] }}")),
    ("RB0403", |p| p.option("expect", Yaml::List(vec![text("run.id != '' and outputs.⟦m⟧ == 1")]))),
    ("RB0404", |p| p.reads_later("{{ steps.⟦giver⟧.n }}")),
    ("RB0404", |p| p.block(step().with("outputs", Yaml::list(&["n"])).with("confirm", text("{{ run.id }} {{ steps.⟦planted⟧.n | default(value='é') }}")))),
    ("RB0405", |p| p.needs(marked("nowhere"))),
    ("RB0406", |p| p.needs(marked("planted"))),
    ("RB0410", |p| p.reads_skipped("é {{ ⟦steps.giver.n⟧ }} é")),
    ("RB0410", |p| p.reads_skipped("{{ steps.giver.n is defined }} {{ ⟦steps['giver'].n⟧ }}")),
    ("RB0410", |p| p.all(&[skipped(), step().with("if", text("run.id != 'é' and ⟦steps.giver.n⟧ == 'é'"))])),
    ("RB0410", |p| p.all(&[skipped(), checklist("é {{ ⟦steps.giver.n⟧ }}")])),
    ("RB0414", |p| p.unused("⟦b⟧", &[("type", text("string"))])),
    ("RB0414", |p| p.unused("⟦hidden⟧", &[("type", text("string")), ("secret", raw("true"))])),
    ("RB0415", |p| p.reads("é {{ steps.giver.n.⟦x⟧ }}")),
    ("RB0415", |p| p.reads("{{ accounts.data.id[⟦'x'⟧] }} {{ run.id.⟦y⟧.z }}")),
    ("RB0415", |p| p.option("if", text("run.id == 'é' and params.alias.⟦first⟧ == 'é'"))),
    ("RB0416", |p| p.option("confirm", text("é ⟦{ {params.alias }}⟧ é ⟦{run.id}⟧"))),
    ("RB0416", |p| p.option("env", Yaml::map(&[("A", text("⟦${{ params.alias }}⟧ é")), ("B", text("${é} ⟦${params.alias}⟧"))]))),
    ("RB0416", |p| p.block(checklist("⟦{ item }⟧ {{ run.id }} \"⟦{steps.x.y}⟧\""))),
];

/// Mistakes in conditions.
#[rustfmt::skip]
pub(super) const CONDITIONS: &[Row] = &[
    ("RB0411", |p| p.option("if", raw("⟦true⟧"))),
    ("RB0411", |p| p.option("if", text("run.id == 'é' and ⟦1 + 1 == 2⟧"))),
    ("RB0411", |p| p.block(look().with("expect", Yaml::List(vec![text("outputs.exists"), text("⟦outputs.status != outputs.status⟧ and outputs.exists")])))),
    ("RB0411", |p| p.block(look().with("until", text(" ⟦params.alias == 'é' or run.id == 'x'⟧ ")))),
    ("RB0411", |p| p.block(look().role("health").with("holds", text("⟦run.id != 'é'⟧")))),
    ("RB0412", |p| p.option("if", text("⟦params.alias⟧"))),
    ("RB0412", |p| p.option("if", text("⟦'é a'⟧"))),
    ("RB0412", |p| p.block(look().with("expect", Yaml::List(vec![text("outputs.exists"), text("⟦outputs.status⟧")])))),
    ("RB0412", |p| p.block(look().role("health").with("holds", text(" ⟦outputs.parameters⟧ ")))),
    ("RB0413", |p| p.option("if", text("run.id != 'é' and ⟦params.alias⟧ > 3"))),
    ("RB0413", |p| p.block(giver().with("expect", Yaml::List(vec![text("outputs.n | int > 3"), text("3 == ⟦outputs.n⟧")])))),
    ("RB0413", |p| p.all(&[giver(), step().with("if", text("⟦steps['giver'].n⟧ <= 3 and run.id != 'é'"))])),
    ("RB0413", |p| p.block(look().with("until", text("outputs.exists and ⟦outputs['status']⟧ >= 3")))),
    ("RB0418", |p| p.block(request().with("until", text("outputs.status == 200 and ⟦outputs.body.count⟧ == 3")))),
    ("RB0418", |p| p.block(request().with("expect", Yaml::List(vec![text("outputs.status != 500"), text("⟦outputs['body'].list⟧[0].x == 'é' or (outputs.body.n | default(value='é')) == 'é'")])))),
    ("RB0418", |p| p.block(request().role("health").with("holds", text(" outputs.status == 200 and ⟦outputs.body.count⟧ == 3")))),
];
