//! Mistakes in AWS calls.

use super::Row;
use crate::draft::Block;
use crate::draft::yaml::Yaml;
use crate::spans::plant::{asks, call, marked, raw, text, typed};

/// Mistakes in calls that are written out, and in calls that a failover must not make.
#[rustfmt::skip]
pub(super) const CALLS: &[Row] = &[
    ("RB0801", |p| p.block(asks(marked("dynamo"), text("describe-table"), &[]))),
    ("RB0801", |p| p.block(asks(text("kms"), marked("DescribeKey"), &[("input", raw("{KeyId: a}"))]))),
    ("RB0801", |p| p.block(asks(text("s3api"), marked("get-object"), &[("input", raw("{Bucket: b, Key: k}"))]))),
    ("RB0801", |p| p.block(call("s3", marked("cp"), &[]))),
    ("RB0802", |p| p.block(call("dynamodb", text("put-item"), &[("input", Yaml::map(&[("⟦tableName⟧", text("x")), ("Item", raw("{id: {S: x}}"))]))]))),
    ("RB0802", |p| p.block(call("dynamodb", text("put-item"), &[("input", Yaml::map(&[("TableName", text("x")), ("Item", Yaml::map(&[("é", Yaml::map(&[("L", Yaml::List(vec![raw("{S: é}"), raw("{M: {é: {⟦'Sx'⟧: a}}}")]))]))]))]))]))),
    ("RB0803", |p| p.block(asks(text("dynamodb"), marked("list-tags-of-resource"), &[]))),
    ("RB0803", |p| p.block(asks(text("dynamodb"), text("describe-table"), &[("⟦input⟧", raw("{}"))]))),
    ("RB0803", |p| p.block(call("dynamodb", text("create-table"), &[("input", Yaml::map(&[("TableName", text("é")), ("⟦ProvisionedThroughput⟧", Yaml::map(&[("ReadCapacityUnits", raw("1"))])), ("KeySchema", raw("[{AttributeName: é, KeyType: HASH}]")), ("AttributeDefinitions", raw("[{AttributeName: é, AttributeType: S}]"))]))]))),
    ("RB0804", |p| p.block(asks(text("dynamodb"), text("list-tables"), &[("input", Yaml::map(&[("Limit", marked("many é"))]))]))),
    ("RB0804", |p| p.block(asks(text("dynamodb"), text("list-tables"), &[("input", Yaml::map(&[("Limit", raw("⟦[ 1,\n   2 ]⟧"))]))]))),
    ("RB0803", |p| p.block(makes_table("KeySchema", Yaml::List(vec![raw("{AttributeName: é, KeyType: HASH}"), Yaml::map(&[("KeyType", text("RANGE"))]).marked()])))),
    ("RB0803", |p| p.block(makes_table("Tags", Yaml::List(vec![Yaml::map(&[("Key", text("é é"))]).marked(), raw("{Key: é, Value: é}")])))),
    ("RB0804", |p| p.block(makes_table("BillingMode", marked("PAY_PER_REQEST é")))),
    ("RB0804", |p| p.block(makes_table("DeletionProtectionEnabled", marked("true")))),
    ("RB0804", |p| p.block(makes_table("Tags", Yaml::List(vec![marked("é é"), raw("{Key: é, Value: é}")])))),
    ("RB0804", |p| p.block(converses(Yaml::map(&[("text", text("é")), ("guardContent", raw("{text: {text: é}}"))]).marked()))),
    ("RB0804", |p| p.block(converses(raw("⟦{ }⟧")))),
    ("RB0806", |p| p.block(call("efs", text("create-file-system"), &[("input", Yaml::map(&[("CreationToken", marked("always é"))]))]))),
    ("RB0806", |p| p.block(call("ec2", text("run-instances"), &[("input", Yaml::map(&[("MinCount", raw("1")), ("MaxCount", raw("1")), ("ClientToken", marked("é: \"always\""))]))]))),
    ("RB0808", |p| p.block(asks(text("organizations"), text("describe-account"), &[("input", raw("{AccountId: '111111111111'}")), ("reveal", Yaml::List(vec![text("Account.Name"), marked("Account.Mail")]))]))),
    ("RB0808", |p| p.block(asks(text("dynamodb"), text("list-tables"), &[("reveal", Yaml::List(vec![marked("TableNames[]"), marked("é's")]))]))),
    ("RB0805", |p| p.failover().block(call("iam", marked("delete-role"), &[("input", raw("{RoleName: é}"))]).with("confirm", text("é")))),
    ("RB0805", |p| p.failover().block(asks(text("cloudfront"), marked("list-distributions"), &[]).role("health"))),
    ("RB0805", |p| p.failover().block(typed(text("runbook/run"), &[("runbook", marked("global"))]))),
    ("RB0805", |p| p.failover().line("echo é; ⟦aws route53 create-hosted-zone⟧ --name é")),
    ("RB0805", |p| p.failover().block(Block::script("sh", "health", "planted", &["curl https://⟦sts.amazonaws.com⟧/é https://sts.eu-west-1.amazonaws.com"]))),
];

/// A table that is made with this, too.
fn makes_table(key: &str, value: Yaml) -> Block {
    let given = [
        ("TableName", text("é")),
        ("KeySchema", raw("[{AttributeName: é, KeyType: HASH}]")),
        ("AttributeDefinitions", raw("[{AttributeName: é, AttributeType: S}]")),
    ];
    let others = given.into_iter().filter(|(known, _)| *known != key);
    let input: Vec<_> = others.chain([(key, value)]).collect();
    call("dynamodb", text("create-table"), &[("input", Yaml::map(&input))])
}

/// A question to a model, with this as a part.
fn converses(part: Yaml) -> Block {
    let content = Yaml::List(vec![raw("{text: é}"), part]);
    let message = Yaml::map(&[("role", text("user")), ("content", content)]);
    let input = Yaml::map(&[("modelId", text("m")), ("messages", Yaml::List(vec![message]))]);
    asks(text("bedrock-runtime"), text("converse"), &[("input", input)])
}
