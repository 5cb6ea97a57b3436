//! What is called by name: `aws/call`, the AWS CLI in scripts, and what CloudFormation does for a
//! template.

use super::Templates;
use super::called::{Called, option_of};
use super::collect::{Ask, Site};
use super::given::{self, Given};
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
pub(super) fn of_block(site: &Site<'_>, sources: Templates<'_>) -> Found {
    let mut found = Found::default();
    match &site.block.body {
        Body::Script { interpreter, text } => of_script(site, *interpreter, text, &mut found),
        Body::Action { uses, with } => match uses.value.as_str() {
            "aws/call" => generic(site, with, uses.span, &mut found),
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

fn of_script(site: &Site<'_>, interpreter: Interpreter, text: &Text, found: &mut Found) {
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
        let option = |field: &str| {
            let wanted = option_of(field);
            let (_, word) = call.options.iter().find(|(option, _)| *option == wanted)?;
            Some(match word {
                Some(Word::Literal(text)) => Given::Known(Value::from(text.as_str())),
                Some(Word::Variable(name)) => variable(site, name),
                Some(Word::Other) | None => {
                    Given::Unknown("the script puts it together".to_owned())
                }
            })
        };
        let (service, operation) = (&call.service, &call.operation);
        let called = Called { service, operation, named: &option, spelled: option_of };
        called.ask(site, text.locate(call.range.clone()), found);
    }
}

/// A variable of a script is known when `env` binds it to something that is known.
fn variable(site: &Site<'_>, name: &str) -> Given {
    match given::input(&site.block.options.env, name, site.scope) {
        Given::Absent => Given::Unknown(format!("the script sets `${name}` itself")),
        given => given,
    }
}

fn generic(site: &Site<'_>, with: &[(Spanned<String>, Node)], span: Span, found: &mut Found) {
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
    let called = Called { service, operation, named: &field, spelled: str::to_owned };
    called.ask(site, span, found);
}

/// CloudFormation makes what a template describes with the caller's permissions, and a template does
/// not say which.
fn template(
    site: &Site<'_>,
    sources: Templates<'_>,
    with: &[(Spanned<String>, Node)],
    span: Span,
    found: &mut Found,
) {
    let (name, text) = match given::input(with, "template", site.scope) {
        Given::Known(Value::String(path)) => {
            let text = sources(&path);
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
}
