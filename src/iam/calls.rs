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
use crate::script::{self, Word};
use crate::source::{Span, Spanned};
use std::collections::BTreeSet;

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
        Body::Script { interpreter, text } => of_script(site, sources, *interpreter, text, &mut found),
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
    found.cannot_tell.sort_by_key(|(_, span)| span.start);
    found
}

fn shown(given: &Given) -> String {
    match given {
        Given::Known(Value::String(text)) => text.clone(),
        Given::Partly(pattern, _) => pattern.to_string(),
        _ => "that only the run knows".to_owned(),
    }
}

fn of_script(
    site: &Site<'_>,
    sources: &dyn Sources,
    interpreter: Interpreter,
    text: &Text,
    found: &mut Found,
) {
    let reading = match script::read(interpreter, &text.value) {
        Ok(reading) => reading,
        Err(error) => {
            let what = format!("what this script calls: it cannot be read ({error})");
            found.cannot_tell.push((what, text.locate(error.range)));
            return;
        }
    };
    for range in reading.unreadable_aws {
        let what = match interpreter {
            Interpreter::Python => "what the script calls through boto3",
            _ => "which operation this `aws` calls: it is not written out",
        };
        found.cannot_tell.push((what.to_owned(), text.locate(range)));
    }
    for range in reading.unknown {
        let what = "what this runs, if that calls AWS: its text is not in the runbook";
        found.cannot_tell.push((what.to_owned(), text.locate(range)));
    }
    for call in reading.calls {
        let option = |name: &str| {
            let (_, word) = call.options.iter().find(|(option, _)| option == name)?;
            Some(match word {
                Some(Word::Literal(text)) => Given::Known(Value::from(text.as_str())),
                Some(Word::Variable(name)) => variable(site, name),
                Some(Word::Other) | None => {
                    Given::Unknown("the script puts it together".to_owned())
                }
            })
        };
        let (service, operation) = (&call.service, &call.operation);
        let called = Called { service, operation, spelled: |naming| naming.option, named: &option };
        called.ask(site, sources, text.locate(call.range.clone()), found);
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
    let (service, operation) = (&service, &name);
    let called = Called { service, operation, spelled: |naming| naming.field, named: &field };
    called.ask(site, sources, span, found);
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
const NAMES: [Naming; 8] = [
    naming("kms", Kind::Key, "--key-id", "KeyId"),
    naming("kms", Kind::Key, "--target-key-id", "TargetKeyId"),
    naming("kms", Kind::Alias, "--alias-name", "AliasName"),
    naming("s3", Kind::Bucket, "--bucket", "Bucket"),
    naming("lambda", Kind::Function, "--function-name", "FunctionName"),
    naming("secretsmanager", Kind::Secret, "--secret-id", "SecretId"),
    naming("logs", Kind::LogGroup, "--log-group-name", "logGroupName"),
    naming("cloudformation", Kind::Stack, "--stack-name", "StackName"),
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

/// One operation that is called, and how what it is called with can be asked for.
struct Called<'a> {
    service: &'a str,
    operation: &'a str,
    /// How this way of calling spells a name.
    spelled: fn(&Naming) -> &'static str,
    /// What is given under a name that is spelled so.
    named: &'a dyn Fn(&str) -> Option<Given>,
}

impl Called<'_> {
    fn ask(&self, site: &Site<'_>, sources: &dyn Sources, span: Span, found: &mut Found) {
        // AWS always allows this one.
        if (self.service, self.operation) == ("sts", "get-caller-identity") {
            return;
        }
        let Some(actions) = sources.actions(self.service, self.operation) else {
            let what = format!("the permissions of `aws {} {}`", self.service, self.operation);
            found.cannot_tell.push((what, span));
            return;
        };
        for action in actions {
            found.cannot_tell.extend(uses_a_key(&action).map(|what| (what, span)));
            for (resource, wide) in self.narrowed(&action, &site.place) {
                let part = site.part.unwrap_or(Part::Run);
                let action = action.clone();
                found.asks.push(Ask { part, action, resource, condition: None, wide, only: None });
            }
        }
    }

    /// The resources of an action, as far as the call names them.
    fn narrowed(&self, action: &str, place: &Place) -> Vec<(Pattern, Option<String>)> {
        let service = action.split(':').next().unwrap_or_default();
        let everything = |why: Option<&str>| vec![(Pattern::written("*"), why.map(str::to_owned))];
        if action == "logs:DescribeLogGroups" {
            let why = "IAM knows this permission on all log groups only";
            return vec![(place.every(Kind::LogGroup), Some(why.to_owned()))];
        }
        if NEVER_NARROWED.contains(&action) {
            return everything(None);
        }
        let mut all = Vec::new();
        for naming in NAMES.iter().filter(|naming| naming.service == service) {
            let spelled = (self.spelled)(naming);
            let Some(given) = (self.named)(spelled) else { continue };
            let kind = if naming.kind == Kind::Bucket && is_on_objects(action) {
                Kind::Objects
            } else {
                naming.kind
            };
            let resources = named_by(kind, &given, &format!("`{spelled}`"), place);
            all.extend(resources.into_iter().map(|(resource, _, wide)| (resource, wide)));
        }
        if all.is_empty() {
            return everything(Some("what the call names is not read for this operation"));
        }
        all
    }
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
