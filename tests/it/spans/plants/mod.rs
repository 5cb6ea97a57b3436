//! The mistakes: a row each.
//!
//! A row is a code, and how to make that mistake in a runbook that is valid. What stands between `⟦` and `⟧`
//! is where it must be found, and nowhere else. To cover a new rule, add a row to the table it fits.

mod aws;
mod document;
mod expressions;
mod project;
mod prose;
mod scripts;
mod steps;
mod yaml;

use super::Plant;
use crate::draft::yaml::Yaml;
pub(super) use project::PROJECT;

/// How a mistake is made.
pub(super) type Row = (&'static str, fn(&mut Plant<'_>));

/// A code, and an environment with that mistake.
pub(super) type ProjectRow = (&'static str, fn() -> Yaml);

/// Rules that have no planter, each with the reason.
#[rustfmt::skip]
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("RB0322", "it compares a manifest with its templates: the fixtures of manifests"),
    ("RB0323", "it compares a manifest with its templates: the fixtures of manifests"),
    ("RB0417", "it compares a manifest with its templates: the fixtures of manifests"),
    ("RB0701", "the shells say it: `actions::shell::lint_tests`"),
    ("RB0702", "ShellCheck says it: `actions::shell::lint_tests`"),
    ("RB0901", "it is about drills, which are YAML: the fixtures `drill-*.yaml`"),
    ("RB0902", "it is about drills, which are YAML: the fixtures `drill-*.yaml`"),
    ("RB0903", "it is about drills, which are YAML: the fixtures `drill-*.yaml`"),
    ("RB0904", "it is about runbooks that break things: the fixtures `fault-*.md`"),
    ("RB0905", "it is about runbooks that break things: the fixtures `fault-*.md`"),
];

/// Every table of mistakes in a runbook.
pub(super) const TABLES: &[&[Row]] = &[
    document::DOCUMENT,
    prose::PROSE,
    yaml::YAML,
    yaml::OPTIONS,
    steps::ACTIONS,
    steps::EFFECTS,
    expressions::EXPRESSIONS,
    expressions::CONDITIONS,
    scripts::SCRIPTS,
    aws::CALLS,
];
