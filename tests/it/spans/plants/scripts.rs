//! Mistakes in scripts.

use super::Row;
use crate::draft::Block;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{script, text};

/// Mistakes in what a script reads, writes and calls.
#[rustfmt::skip]
pub(super) const SCRIPTS: &[Row] = &[
    ("RB0320", |p| p.line("\techo 'é=1' >> \"$⟦RUNBOOK_OUTPUT⟧\"; cat \"$RUNBOOK_OUTPUT\"")),
    ("RB0320", |p| p.block(script("python", &["# RUNBOOK_OUTPUT", "", "print('é', file=open(os.environ['⟦RUNBOOK_OUTPUT⟧'], 'a'))"]))),
    ("RB0703", |p| p.line("echo é \"$⟦MISSING⟧\" \"$MISSING\"")),
    ("RB0703", |p| p.line("\techo \"é ${⟦MISSING⟧%%x}\" \"${OTHER:-}\"")),
    ("RB0703", |p| p.line("echo $((1 + ⟦COUNT⟧)) \"é $(echo \"$⟦DEEP⟧\")\"")),
    ("RB0703", |p| p.block(script("sh", &["cat <<END", "é '$⟦MISSING⟧'", "END"]))),
    ("RB0703", |p| p.line("echo \"$⟦AWS_ENDPOINT_URL⟧\"")),
    ("RB0704", |p| p.block(script("bash", &["echo é"]).with("env", Yaml::map(&[("⟦UNUSED⟧", text("x"))])))),
    ("RB0704", |p| p.block(script("sh", &["echo é \"$USED\" | sed s/x//"]).with("env", Yaml::map(&[("USED", text("x")), ("⟦UNUSED⟧", text("{{ run.id }}"))])))),
    ("RB0705", |p| p.line("echo 'é ⟦{{ params.alias }}⟧ {{.Names}}' ⟦{{run.id}}⟧")),
    ("RB0705", |p| p.block(script("python", &["", "\tprint('''é", "⟦{{ accounts['data'].id", "  }}⟧''')"]))),
    ("RB0705", |p| p.block(Block::script("bash", "step", "planted", &["echo '{{' ⟦{{ item | upper }}⟧"]).with("effect", text("read")).with("for_each", text("['a', 'b']")))),
    ("RB0706", |p| p.hands_on("\tlogin é --token \"$⟦TOKEN⟧\"")),
    ("RB0706", |p| p.hands_on("login -p\"é${⟦TOKEN⟧}\" && printf %s \"$TOKEN\" | login --stdin")),
    ("RB0706", |p| p.hands_on("login \\\n  \"$⟦TOKEN⟧\" '$TOKEN'")),
    ("RB0807", |p| p.line("⟦aws dynamodb describe-tables⟧ --table-name é")),
    ("RB0807", |p| p.line("echo é; x=$(⟦aws --region eu-west-1 dynamo list-tables⟧ | wc -l)")),
    ("RB0807", |p| p.line("\tsudo ⟦aws kms \\\n  describe-kye⟧ --key-id é")),
    ("RB0807", |p| p.block(script("sh", &["for x in é; do", "\techo \"é `⟦aws kms describe-kye⟧ --key-id \"$x\"`\"", "done"]))),
];
