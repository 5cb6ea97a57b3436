//! The mistakes: a row each.
//!
//! A row is a code, and how to make that mistake in a runbook that is valid. What stands between `⟦` and `⟧`
//! is where it must be found, and nowhere else. To cover a new rule, add a row to the table it fits.

use super::Plant;
use super::plant::{checklist, marked, probe, raw, step, text, typed, wait};
use crate::draft::Block;
use crate::draft::yaml::Yaml;

/// How a mistake is made.
pub(super) type Row = (&'static str, fn(&mut Plant<'_>));

/// A code, and an environment with that mistake.
pub(super) type ProjectRow = (&'static str, fn() -> Yaml);

/// Rules that have no planter, each with the reason.
#[rustfmt::skip]
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("RB0701", "the shells say it: `actions::shell::lint_tests`"),
    ("RB0702", "ShellCheck says it: `actions::shell::lint_tests`"),
    ("RB0312", FIXTURE),
    ("RB0313", FIXTURE),
    ("RB0314", FIXTURE),
    ("RB0315", FIXTURE),
    ("RB0316", FIXTURE),
    ("RB0317", FIXTURE),
    ("RB0318", FIXTURE),
    ("RB0319", FIXTURE),
    ("RB0320", FIXTURE),
    ("RB0321", FIXTURE),
    ("RB0410", FIXTURE),
    ("RB0411", FIXTURE),
    ("RB0412", FIXTURE),
    ("RB0413", FIXTURE),
    ("RB0414", FIXTURE),
    ("RB0415", FIXTURE),
    ("RB0416", FIXTURE),
    ("RB0601", FIXTURE),
    ("RB0602", FIXTURE),
    ("RB0603", FIXTURE),
    ("RB0604", FIXTURE),
    ("RB0605", FIXTURE),
    ("RB0606", FIXTURE),
    ("RB0607", FIXTURE),
    ("RB0703", FIXTURE),
    ("RB0704", FIXTURE),
    ("RB0705", FIXTURE),
    ("RB0706", FIXTURE),
    ("RB0801", FIXTURE),
    ("RB0802", FIXTURE),
    ("RB0803", FIXTURE),
    ("RB0804", FIXTURE),
    ("RB0805", FIXTURE),
    ("RB0806", FIXTURE),
    ("RB0807", FIXTURE),
    ("RB0808", FIXTURE),
];

/// To be planted too. Until then the place is held by the rule's fixtures alone.
const FIXTURE: &str = "its fixtures in tests/fixtures/check hold its place";

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

/// Mistakes of YAML, and of the front matter.
#[rustfmt::skip]
pub(super) const YAML: &[Row] = &[
    ("RB0101", |p| p.option("region", raw("⟦@⟧eu-west-1"))),
    ("RB0101", |p| p.option("confirm", raw("⟦`⟧x`"))),
    ("RB0101", |p| p.front("tags", raw("⟦%⟧x"))),
    ("RB0102", |p| p.option("env", raw("{ A: x, ⟦A⟧: y }"))),
    ("RB0102", |p| p.look("retry", raw("{ \"attempts\": 2, 'delay': 1s, ⟦'attempts'⟧: é }"))),
    ("RB0102", |p| p.front("objective", raw("{ rto: 1h, ⟦rto⟧: 2h }"))),
    ("RB0103", |p| p.option("region", raw("⟦{{ params.alias }}⟧"))),
    ("RB0103", |p| p.option("env", raw("{ A: é, B: ⟦{{ run.id }}⟧ }"))),
    ("RB0104", |p| p.option("env", raw("{ A: ⟦99999999999999999999⟧ }"))),
    ("RB0104", |p| p.option("env", raw("{ A: é, B: ⟦*a⟧ }"))),
    ("RB0104", |p| p.option("confirm", raw("⟦&a⟧ x"))),
    ("RB0104", |p| p.option("confirm", raw("⟦!!str⟧ x"))),
    ("RB0104", |p| p.option("env", raw("{ A: ⟦!!int⟧ '3' }"))),
    ("RB0104", |p| p.option("env", raw("{ A: é, B: ⟦!own⟧ x }"))),
    ("RB0104", |p| p.option("env", raw("{ A: é, ⟦<<⟧: { B: x } }"))),
    ("RB0104", |p| p.option("needs", raw("[⟦&x⟧ a, b]"))),
    ("RB0104", |p| p.option("env", raw("{ A: x, ⟦1⟧: y }"))),
    ("RB0105", |p| p.lacks("title")),
    ("RB0105", |p| p.lacks("summary")),
    ("RB0105", |p| p.lacks("owner")),
    ("RB0105", |p| p.no_front_matter()),
    ("RB0105", |p| p.look("retry", raw("⟦{delay: 1s}⟧"))),
    ("RB0105", |p| p.option("obligation", raw("⟦{text: x}⟧"))),
    ("RB0105", |p| p.param("⟦b⟧", &[("default", raw("1"))])),
    ("RB0106", |p| p.front("⟦titel⟧", text("x"))),
    ("RB0106", |p| p.front("objective", Yaml::map(&[("⟦rta⟧", text("1h"))]))),
    ("RB0106", |p| p.param("b", &[("type", text("string")), ("⟦defualt⟧", text("x"))])),
    ("RB0106", |p| p.look("retry", Yaml::map(&[("attempts", raw("2")), ("⟦wait⟧", text("1s"))]))),
    ("RB0107", |p| p.param("b", &[("type", marked("strin"))])),
    ("RB0107", |p| p.param("b", &[("type", text("integer")), ("default", marked("x"))])),
    ("RB0107", |p| p.param("b", &[("type", text("string")), ("pattern", marked("("))])),
    ("RB0107", |p| p.param("b", &[("type", text("boolean")), ("pattern", marked("x"))])),
    ("RB0107", |p| p.param("b", &[("type", text("integer")), ("min", raw("⟦3⟧")), ("max", raw("2"))])),
    ("RB0107", |p| p.param("b", &[("type", text("string")), ("secret", raw("true")), ("default", marked("é"))])),
    ("RB0107", |p| p.param("b", &[("type", text("string")), ("choices", Yaml::List(vec![text("x"), raw("⟦1⟧")]))])),
    ("RB0107", |p| p.param("b", &[("type", text("string")), ("default", marked("{{ run.id }}"))])),
];

/// Mistakes in the options of a block.
#[rustfmt::skip]
pub(super) const OPTIONS: &[Row] = &[
    ("RB0201", |p| p.option("⟦timeuot⟧", text("5m"))),
    ("RB0201", |p| p.look("⟦Confirm⟧", text("x"))),
    ("RB0202", |p| p.block(wait().with("⟦env⟧", Yaml::map(&[("A", text("b"))])))),
    ("RB0202", |p| p.option("⟦holds⟧", text("true"))),
    ("RB0202", |p| p.block(probe().with("⟦confirm⟧", text("x")))),
    ("RB0202", |p| p.option("⟦title⟧", text("x"))),
    ("RB0203", |p| p.option("timeout", raw("⟦[1m, é ]⟧"))),
    ("RB0203", |p| p.option("confirm", raw("⟦true⟧"))),
    ("RB0203", |p| p.option("allow_empty", marked("yes"))),
    ("RB0203", |p| p.option("env", Yaml::map(&[("A", raw("⟦{ b: c, }⟧"))]))),
    ("RB0203", |p| p.front("tags", marked("one"))),
    ("RB0203", |p| p.front("params", raw("⟦[a, b]⟧"))),
    ("RB0203", |p| p.block(Block::script("bash", "step", "planted", &["#| ⟦just words⟧", "true"]))),
    ("RB0203", |p| p.block(Block::script("yaml", "step", "planted", &["⟦just words⟧"]))),
    ("RB0203", |p| p.block(Block::script("bash", "health", "planted", &["#| ⟦just words⟧", "true"]))),
    ("RB0204", |p| p.option("timeout", raw("⟦10⟧"))),
    ("RB0204", |p| p.option("timeout", marked("soon"))),
    ("RB0204", |p| p.option("effect", marked("none"))),
    ("RB0204", |p| p.option("env", Yaml::map(&[("⟦AWS_REGION⟧", text("x"))]))),
    ("RB0204", |p| p.option("outputs", Yaml::List(vec![text("ok"), marked("Not-Ok")]))),
    ("RB0204", |p| p.front("objective", Yaml::map(&[("rto", marked("soon"))]))),
    ("RB0204", |p| p.front("account", marked("No Name"))),
    ("RB0204", |p| p.front("params", Yaml::map(&[("alias", Yaml::map(&[("type", text("string"))])), ("⟦B-c⟧", Yaml::map(&[("type", text("string"))]))]))),
    ("RB0205", |p| p.block(Block { options: Vec::new(), mark_opening: true, ..wait() })),
    ("RB0206", |p| p.option("outputs", Yaml::List(vec![text("a"), text("b"), marked("a")]))),
    ("RB0206", |p| p.front("tags", Yaml::List(vec![text("a"), marked("a")]))),
    ("RB0207", |p| p.block(Block { mark_opening: true, ..Block::script("sh", "health", "planted", &["# nothing", ""]) })),
    ("RB0207", |p| p.block(Block { mark_opening: true, ..Block::script("python", "health", "planted", &[]) })),
];

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
];

/// Mistakes in `runbook.yaml`, each in an environment called `e`.
#[rustfmt::skip]
pub(super) const PROJECT: &[ProjectRow] = &[
    ("RB0501", || Yaml::map(&[("kind", marked("prod"))])),
    ("RB0501", || Yaml::map(&[("kind", text("drill")), ("accounts", raw("{}")), ("⟦endpoint⟧", text("http://localhost:1"))])),
    ("RB0501", || Yaml::map(&[("kind", text("sandbox")), ("endpoint", marked("http://example.com"))])),
    ("RB0501", || account("role", marked("arn:aws:iam::999999999999:role/R"))),
    ("RB0106", || account("⟦roel⟧", text("x"))),
    ("RB0204", || account("region", marked("Ireland é"))),
];

fn account(key: &str, value: Yaml) -> Yaml {
    let mut account = vec![("id", raw("'123456789012'")), (key, value)];
    if key != "region" {
        account.push(("region", text("eu-west-1")));
    }
    let accounts = Yaml::map(&[("data", Yaml::map(&account))]);
    Yaml::map(&[("kind", text("drill")), ("accounts", accounts)])
}
