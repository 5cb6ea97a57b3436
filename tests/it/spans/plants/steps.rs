//! Mistakes in what the steps do: actions and their inputs, accounts, effects, times, secrets.

use super::Row;
use crate::draft::Block;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{
    ask_for, checklist, giver, look, marked, probe, raw, step, text, typed, wait,
};

/// Mistakes that the checker finds: actions, inputs, accounts, effects.
#[rustfmt::skip]
pub(super) const ACTIONS: &[Row] = &[
    ("RB0301", |p| p.block(typed(marked("kms/creat-key"), &[]))),
    ("RB0301", |p| p.block(typed(marked("runbook/run"), &[("runbook", text("other")), ("params", raw("{n: 1, hidden: '{{ params.alias }}'}"))]).role("health"))),
    ("RB0302", |p| p.block(typed(text("kms/describe-key"), &[("key", text("x")), ("⟦kye⟧", text("x"))]))),
    ("RB0303", |p| p.block(typed(marked("kms/describe-key"), &[]))),
    ("RB0304", |p| p.block(typed(text("wait/for"), &[("duration", marked("soon"))]))),
    ("RB0304", |p| p.block(typed(text("kms/describe-key"), &[("key", raw("⟦[a, 'é',]⟧"))]))),
    ("RB0304", |p| p.block(typed(text("manual/checklist"), &[("items", marked("{{ params.alias }}"))]))),
    ("RB0305", |p| p.no_account()),
    ("RB0306", |p| p.option("account", marked("nowhere"))),
    ("RB0306", |p| p.front("account", marked("nowhere"))),
    ("RB0307", |p| p.block(wait().with("effect", marked("change")))),
    ("RB0308", |p| p.block(probe().with("effect", marked("change")))),
    ("RB0308", |p| p.block(typed(marked("kms/create-key"), &[]).role("health"))),
    ("RB0309", |p| p.info("bash step=⟦no_way_back⟧")),
    ("RB0309", |p| p.look("irreversible", marked("why not"))),
    ("RB0309", |p| p.block(typed(text("kms/create-key"), &[]).with("irreversible", marked("é")))),
    ("RB0309", |p| p.all(&[wait(), Block::script("sh", "undo", "⟦planted⟧", &["true"])])),
    ("RB0310", |p| p.block(typed(text("kms/create-key"), &[("like", text("x"))]).with("until", marked("outputs.key_arn == 'x'")))),
    ("RB0310", |p| p.option("retry", Yaml::map(&[("attempts", raw("⟦3⟧"))]))),
    ("RB0310", |p| p.look("every", marked("5s"))),
    ("RB0310", |p| p.look("concurrency", raw("⟦2⟧"))),
    ("RB0310", |p| p.look("allow_empty", raw("⟦true⟧"))),
    ("RB0311", |p| p.option("secrets", Yaml::List(vec![marked("nope")]))),
    ("RB0407", |p| p.block(typed(text("runbook/run"), &[("runbook", marked("nowhere"))]))),
    ("RB0407", |p| p.block(typed(text("runbook/run"), &[("runbook", marked("{{ params.alias }}"))]))),
    ("RB0407", |p| p.option("obligation", Yaml::map(&[("text", text("x")), ("due", text("1d")), ("runbook", marked("nowhere"))]))),
    ("RB0408", |p| p.block(typed(text("runbook/run"), &[("runbook", marked("circle"))]))),
    ("RB0409", |p| p.runs(&[("n", marked("x")), ("hidden", text("{{ params.alias }}"))])),
    ("RB0409", |p| p.runs(&[("n", raw("1")), ("⟦m⟧", text("x")), ("hidden", text("{{ params.alias }}"))])),
    ("RB0409", |p| p.runs(&[("n", raw("1")), ("hidden", marked("x"))])),
    ("RB0409", |p| p.block(typed(text("runbook/run"), &[("runbook", marked("other")), ("params", raw("{n: 1}"))]))),
];

/// Mistakes in what steps do to the world, when, and with which secrets.
#[rustfmt::skip]
pub(super) const EFFECTS: &[Row] = &[
    ("RB0312", |p| p.secret().option("confirm", text("é {{ ⟦params.token⟧ }} é"))),
    ("RB0312", |p| p.secret().option("region", text("{{ ⟦params['token']⟧ }}"))),
    ("RB0312", |p| p.secret().look("for_each", text("[⟦params.token⟧, 'é']"))),
    ("RB0312", |p| p.secret().option("obligation", Yaml::map(&[("text", text("é {{ run.id }} {{ ⟦params.token⟧ }}")), ("due", text("3d"))]))),
    ("RB0312", |p| p.secret().runs(&[("n", raw("1")), ("word", text("{{ ⟦params.token⟧ }}")), ("hidden", text("{{ params.token }}"))])),
    ("RB0312", |p| p.all(&[giver().with("secrets", Yaml::list(&["n"])), step().with("if", text("run.id == 'é' and ⟦steps.giver.n⟧ != 'é'"))])),
    ("RB0312", |p| p.all(&[giver().with("secrets", Yaml::list(&["n"])), checklist("é {{ ⟦steps['giver']['n']⟧ }}")])),
    ("RB0313", |p| p.block(ask_for(Yaml::map(&[("a", Yaml::map(&[("type", marked("text"))]))])))),
    ("RB0313", |p| p.block(ask_for(Yaml::map(&[("a", Yaml::map(&[("⟦typ⟧", text("string"))])), ("b", raw(""))])))),
    ("RB0313", |p| p.block(ask_for(Yaml::map(&[("a", Yaml::map(&[("pattern", marked("(é"))]))])))),
    ("RB0313", |p| p.block(ask_for(Yaml::map(&[("a", Yaml::map(&[("secret", marked("yes")), ("choices", raw("⟦{ b: c, }⟧"))]))])))),
    ("RB0313", |p| p.block(ask_for(Yaml::map(&[("a", marked("soon"))])))),
    ("RB0313", |p| p.block(ask_for(raw("⟦{ }⟧")))),
    ("RB0314", |p| p.option("account", marked("spare"))),
    ("RB0314", |p| p.front("account", marked("spare"))),
    ("RB0314", |p| p.option("confirm", text("é {{ accounts.⟦spare⟧.id }} {{ accounts.spare.region }}"))),
    ("RB0314", |p| p.option("env", Yaml::map(&[("A", text("{{ accounts[⟦'spare'⟧].id }}"))]))),
    ("RB0315", |p| p.option("effect", marked("destroy"))),
    ("RB0315", |p| p.block(typed(marked("kms/schedule-deletion"), &[("key", text("x"))]))),
    ("RB0315", |p| p.block(typed(marked("cloudformation/delete"), &[("stack", text("x"))]).with("irreversible", text("é")))),
    ("RB0315", |p| p.block(typed(marked("aws/call"), &[("service", text("kms")), ("operation", text("delete-alias")), ("input", raw("{AliasName: alias/a}"))]).with("irreversible", text("é")))),
    ("RB0316", |p| p.option("estimate", marked("11m"))),
    ("RB0316", |p| p.block(wait().with("timeout", text("5m")).with("estimate", marked("6m")))),
    ("RB0316", |p| p.block(look().with("until", text("outputs.exists")).with("timeout", text("1m")).with("every", marked("1m")))),
    ("RB0316", |p| p.block(probe().with("within", text("30s")).with("every", marked("2m")))),
    ("RB0317", |p| p.option("irreversible", text("é ⟦{{ params.alias }}⟧ é"))),
    ("RB0317", |p| p.front("title", text("é ⟦{{ run.id }}⟧ 'é'"))),
    ("RB0317", |p| p.front("summary", text("⟦{{- accounts.data.id | replace(from='1', to='é') }}⟧ \"é\""))),
    ("RB0317", |p| p.front("owner", text("é\\ ⟦{{steps.x.y}}⟧ {{ run.id }}"))),
    ("RB0318", |p| p.look("for_each", text("⟦params.alias⟧"))),
    ("RB0318", |p| p.look("for_each", text(" ⟦'a é'⟧ "))),
    ("RB0318", |p| p.look("for_each", text("⟦[ ]⟧"))),
    ("RB0318", |p| p.all(&[giver(), wait().with("for_each", text("⟦steps.giver.n⟧"))])),
    ("RB0319", |p| p.all(&[Block::script("sh", "step", "planted", &["true"]), Block::script("bash", "undo", "planted", &["true"]).with("effect", marked("read"))])),
    ("RB0319", |p| p.all(&[Block::script("python", "undo", "planted", &["x = 'é'"]).with("timeout", text("2m")).with("effect", marked("read")), Block::script("sh", "step", "planted", &["true"])])),
    ("RB0321", |p| p.block(typed(text("cloudformation/deploy"), &[("stack", text("x")), ("template", marked("stacks/é gone.yaml"))]))),
    ("RB0321", |p| p.block(typed(text("cloudformation/deploy"), &[("template", marked("../'é'/there.md")), ("stack", text("{{ params.alias }}"))]).with("expect", Yaml::List(vec![text("outputs.change == 'é'")])))),
];
