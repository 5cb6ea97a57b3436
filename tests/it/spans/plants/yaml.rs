//! Mistakes in YAML: the front matter, and the options of a block.

use super::Row;
use crate::draft::Block;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{marked, probe, raw, text, wait};

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
    ("RB0204", |p| p.param("⟦B-c⟧", &[("type", text("string"))])),
    ("RB0205", |p| p.block(Block { options: Vec::new(), mark_opening: true, ..wait() })),
    ("RB0206", |p| p.option("outputs", Yaml::List(vec![text("a"), text("b"), marked("a")]))),
    ("RB0206", |p| p.front("tags", Yaml::List(vec![text("a"), marked("a")]))),
    ("RB0207", |p| p.block(Block { mark_opening: true, ..Block::script("sh", "health", "planted", &["# nothing", ""]) })),
    ("RB0207", |p| p.block(Block { mark_opening: true, ..Block::script("python", "health", "planted", &[]) })),
];
