//! What is called by name: `aws/call`, the AWS CLI in scripts, and what CloudFormation does for a
//! template.

use super::Sources;
use super::collect::{Ask, Site, named_by};
use super::given::{self, Given};
use super::pattern::Pattern;
use super::policy::Part;
use super::resource::Place;
use crate::model::permission::Kind;
use crate::model::step::{Body, Interpreter};
use crate::model::value::{Node, NodeKind, Text, Value};
use crate::source::{Span, Spanned};
use std::collections::BTreeSet;
use std::ops::Range;

/// One call of the AWS CLI in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The service, as the AWS CLI calls it.
    pub service: String,
    /// The operation, as the AWS CLI calls it.
    pub operation: String,
    /// The options (`--bucket`), with what follows them.
    pub options: Vec<(String, Option<Word>)>,
    /// What is neither an option nor the value of one, after the operation.
    pub arguments: Vec<Word>,
    /// Where it stands in the script.
    pub range: Range<usize>,
}

/// A word of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Exactly this.
    Literal(String),
    /// Exactly the value of that variable.
    Variable(String),
    /// Anything else.
    Other,
}

/// What a script says about AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The calls whose service and operation can be read.
    pub calls: Vec<Call>,
    /// What certainly or probably calls AWS and cannot be read.
    pub unread: Vec<Unread>,
}

/// A part of a script that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// What it is, in words.
    pub what: String,
    /// Where it stands in the script.
    pub range: Range<usize>,
}

/// What a block calls by name, and what of it cannot be told.
#[derive(Default)]
pub(super) struct Found {
    pub(super) asks: Vec<Ask>,
    pub(super) cannot_tell: Vec<(String, Span)>,
}

/// Goes through a block.
pub(super) fn of_block(site: &Site<'_>, sources: &dyn Sources) -> Found {
    let mut found = Found::default();
    match &site.block.body {
        Body::Script { interpreter, text } => script(site, sources, *interpreter, text, &mut found),
        Body::Action { uses, with } => match uses.value.as_str() {
            "aws/call" => generic(site, sources, with, uses.span, &mut found),
            "cloudformation/deploy" => template(site, sources, with, uses.span, &mut found),
            "cloudformation/delete" => found.cannot_tell.push((
                format!(
                    "the permissions to delete the resources of stack {}: CloudFormation uses the caller's",
                    shown(&given::input(with, "stack", site.scope))
                ),
                uses.span,
            )),
            _ => {}
        },
    }
    found
}

fn shown(given: &Given) -> String {
    match given {
        Given::Known(Value::String(text)) => text.clone(),
        Given::Partly(pattern, _) => pattern.to_string(),
        _ => "that only the run knows".to_owned(),
    }
}

fn script(
    site: &Site<'_>,
    sources: &dyn Sources,
    interpreter: Interpreter,
    text: &Text,
    found: &mut Found,
) {
    let Some(reading) = sources.script(interpreter, &text.value) else {
        found.cannot_tell.push(("what this script calls: it cannot be read".to_owned(), text.span));
        return;
    };
    for unread in reading.unread {
        found.cannot_tell.push((format!("what {} calls", unread.what), text.locate(unread.range)));
    }
    for call in reading.calls {
        let option = |name: &str| {
            let (_, word) = call.options.iter().find(|(option, _)| option == name)?;
            Some(match word {
                Some(Word::Literal(text)) => Given::Known(Value::from(text.as_str())),
                Some(Word::Variable(name)) => variable(site, name),
                Some(Word::Other) | None => {
                    Given::Unknown(format!("the script puts `{name}` together"))
                }
            })
        };
        let span = text.locate(call.range.clone());
        operation(
            site,
            sources,
            &call.service,
            &call.operation,
            &|kind| kind.option,
            &option,
            span,
            found,
        );
    }
}

/// A variable of a script is known when `env` binds it to something that is known.
fn variable(site: &Site<'_>, name: &str) -> Given {
    match given::input(&site.block.options.env, name, site.scope) {
        Given::Absent => Given::Unknown(format!("the script sets `${name}` itself")),
        given => given,
    }
}

fn generic(
    site: &Site<'_>,
    sources: &dyn Sources,
    with: &[(Spanned<String>, Node)],
    span: Span,
    found: &mut Found,
) {
    let word = |name: &str| match given::input(with, name, site.scope) {
        Given::Known(Value::String(text)) => Some(text),
        _ => None,
    };
    let (Some(service), Some(name)) = (word("service"), word("operation")) else {
        found
            .cannot_tell
            .push(("which operation `aws/call` calls: only the run knows".to_owned(), span));
        return;
    };
    let input = with.iter().find(|(name, _)| name.value == "input").map(|(_, node)| node);
    let field = |name: &str| {
        let NodeKind::Mapping(entries) = &input?.kind else {
            return Some(Given::Unknown("`input` is given as a whole".to_owned()));
        };
        Some(given::input(entries, name, site.scope)).filter(|given| *given != Given::Absent)
    };
    operation(site, sources, &service, &name, &|kind| kind.field, &field, span, found);
}

/// How calls name a kind of resource.
struct Naming {
    /// The namespace of the IAM actions.
    service: &'static str,
    kind: Kind,
    /// As an option of the AWS CLI.
    option: &'static str,
    /// As a field of the API.
    field: &'static str,
}

const fn naming(
    service: &'static str,
    kind: Kind,
    option: &'static str,
    field: &'static str,
) -> Naming {
    Naming { service, kind, option, field }
}

/// The names that narrow. What is not here is not narrowed.
const NAMES: [Naming; 9] = [
    naming("kms", Kind::Key, "--key-id", "KeyId"),
    naming("kms", Kind::Key, "--target-key-id", "TargetKeyId"),
    naming("kms", Kind::Alias, "--alias-name", "AliasName"),
    naming("s3", Kind::Bucket, "--bucket", "Bucket"),
    naming("lambda", Kind::Function, "--function-name", "FunctionName"),
    naming("secretsmanager", Kind::Secret, "--secret-id", "SecretId"),
    naming("logs", Kind::LogGroup, "--log-group-name", "logGroupName"),
    naming("cloudformation", Kind::Stack, "--stack-name", "StackName"),
    naming("s3", Kind::Objects, "--key", "Key"),
];

/// What these services let nobody narrow, whatever the call names.
const NEVER_NARROWED: [&str; 18] = [
    "cloudformation:EstimateTemplateCost",
    "cloudformation:ListExports",
    "cloudformation:ListStacks",
    "cloudformation:ValidateTemplate",
    "kms:CreateKey",
    "kms:DescribeCustomKeyStores",
    "kms:GenerateRandom",
    "kms:ListAliases",
    "kms:ListKeys",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "lambda:ListFunctions",
    "lambda:ListLayers",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:ListSecrets",
];

#[expect(
    clippy::too_many_arguments,
    reason = "one call of two callers that differ in two closures"
)]
fn operation(
    site: &Site<'_>,
    sources: &dyn Sources,
    service: &str,
    name: &str,
    spelled: &dyn Fn(&Naming) -> &'static str,
    named: &dyn Fn(&str) -> Option<Given>,
    span: Span,
    found: &mut Found,
) {
    // AWS always allows this one.
    if (service, name) == ("sts", "get-caller-identity") {
        return;
    }
    let Some(actions) = sources.actions(service, name) else {
        found.cannot_tell.push((format!("the permissions of `aws {service} {name}`"), span));
        return;
    };
    for action in actions {
        found.cannot_tell.extend(uses_a_key(&action).map(|what| (what, span)));
        for (resource, wide) in narrowed(&action, spelled, named, &site.place) {
            let part = site.part.unwrap_or(Part::Run);
            found.asks.push(Ask {
                part,
                action: action.clone(),
                resource,
                condition: None,
                wide,
                only: None,
            });
        }
    }
}

/// The resources of an action, as far as the call names them.
fn narrowed(
    action: &str,
    spelled: &dyn Fn(&Naming) -> &'static str,
    named: &dyn Fn(&str) -> Option<Given>,
    place: &Place,
) -> Vec<(Pattern, Option<String>)> {
    let service = action.split(':').next().unwrap_or_default();
    let everything = |why: Option<&str>| vec![(Pattern::written("*"), why.map(str::to_owned))];
    if action == "logs:DescribeLogGroups" {
        return vec![(place.every(Kind::LogGroup), None)];
    }
    if NEVER_NARROWED.contains(&action) {
        return everything(None);
    }
    let mut all = Vec::new();
    for naming in NAMES.iter().filter(|naming| naming.service == service) {
        let Some(given) = named(spelled(naming)) else { continue };
        // A key of S3 is the name of an object, which the bucket's name stands before.
        if naming.kind == Kind::Objects {
            continue;
        }
        let kind = if naming.kind == Kind::Bucket && is_on_objects(action) {
            Kind::Objects
        } else {
            naming.kind
        };
        let resources = named_by(kind, &given, &format!("`{}`", spelled(naming)), place);
        all.extend(resources.into_iter().map(|(resource, _, wide)| (resource, wide)));
    }
    if all.is_empty() {
        return everything(Some("what the call names is not read for this operation"));
    }
    all
}

/// Whether an action of S3 is asked on objects, and not on the bucket.
fn is_on_objects(action: &str) -> bool {
    let name = action.strip_prefix("s3:").unwrap_or_default();
    let of_bucket = ["List", "GetBucket", "PutBucket", "DeleteBucket"];
    (name.contains("Object")
        || name == "AbortMultipartUpload"
        || name == "ListMultipartUploadParts")
        && (name == "ListMultipartUploadParts"
            || !of_bucket.iter().any(|start| name.starts_with(start)))
}

/// What a call asks of KMS in the caller's name depends on what the data is encrypted under.
fn uses_a_key(action: &str) -> Option<String> {
    let asks = match action {
        "s3:GetObject" | "s3:GetObjectVersion" | "secretsmanager:GetSecretValue" => "kms:Decrypt",
        "s3:PutObject"
        | "secretsmanager:CreateSecret"
        | "secretsmanager:PutSecretValue"
        | "secretsmanager:UpdateSecret" => "kms:Decrypt and kms:GenerateDataKey",
        _ => return None,
    };
    Some(format!("whether `{action}` needs {asks} too: it does where a customer's key encrypts"))
}

/// CloudFormation makes what a template describes with the caller's permissions, and a template does
/// not say which.
fn template(
    site: &Site<'_>,
    sources: &dyn Sources,
    with: &[(Spanned<String>, Node)],
    span: Span,
    found: &mut Found,
) {
    let (name, text) = match given::input(with, "template", site.scope) {
        Given::Known(Value::String(path)) => {
            let text = sources.template(&path);
            (path, text)
        }
        Given::Absent => match given::input(with, "template_body", site.scope) {
            Given::Known(Value::String(text)) => ("the template".to_owned(), Some(text)),
            _ => ("the template".to_owned(), None),
        },
        _ => ("a template that only the run knows".to_owned(), None),
    };
    let kinds = text.as_deref().map(resource_types).unwrap_or_default();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    found.cannot_tell.push((
        format!(
            "the permissions to make, change and delete the resources of {name}{kinds}: CloudFormation uses the caller's"
        ),
        span,
    ));
}

/// The types of the resources in a template, read off its lines: `Type: AWS::S3::Bucket`. Types of
/// parameters have another number of parts.
fn resource_types(template: &str) -> BTreeSet<String> {
    template
        .lines()
        .filter_map(|line| {
            let line = line.trim().trim_end_matches(',');
            let value = line.strip_prefix("Type:").or_else(|| line.strip_prefix("\"Type\":"))?;
            let name = value.trim().trim_matches(['"', '\'']);
            let parts: Vec<&str> = name.split("::").collect();
            let plain =
                |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
            let is_type = matches!(parts.as_slice(), ["AWS" | "Alexa", _, _] | ["Custom", _]);
            (is_type && parts.iter().all(plain)).then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_resources_are_read_and_those_of_parameters_are_not() {
        let yaml = "Parameters:\n  A:\n    Type: String\n  B:\n    Type: AWS::EC2::VPC::Id\n  C: \n    Type: AWS::SSM::Parameter::Value<String>\nResources:\n  D:\n    Type: AWS::S3::Bucket\n  E:\n    Type: \"AWS::KMS::Key\"\n  F:\n    Type: Custom::Thing\n";
        let found: Vec<_> = resource_types(yaml).into_iter().collect();
        assert_eq!(found, ["AWS::KMS::Key", "AWS::S3::Bucket", "Custom::Thing"]);
        let json = "{ \"Resources\": { \"D\": {\n \"Type\": \"AWS::SNS::Topic\",\n } } }";
        assert_eq!(resource_types(json), BTreeSet::from(["AWS::SNS::Topic".to_owned()]));
    }

    #[test]
    fn actions_on_objects_are_told_from_actions_on_buckets() {
        for object in [
            "s3:GetObject",
            "s3:DeleteObjectVersion",
            "s3:PutObjectTagging",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
        ] {
            assert!(is_on_objects(object), "{object}");
        }
        for bucket in [
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:GetBucketObjectLockConfiguration",
            "s3:PutEncryptionConfiguration",
        ] {
            assert!(!is_on_objects(bucket), "{bucket}");
        }
    }
}
