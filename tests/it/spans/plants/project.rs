//! Mistakes in `runbook.yaml`.

use super::ProjectRow;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{marked, raw, text};

/// Mistakes in `runbook.yaml`, each in an environment called `e`.
#[rustfmt::skip]
pub(in crate::spans) const PROJECT: &[ProjectRow] = &[
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
