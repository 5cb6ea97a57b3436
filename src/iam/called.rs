//! One operation that is called by its name, and the resources that the call names.

use super::calls::Found;
use super::collect::{Ask, Site, named_by};
use super::given::Given;
use super::pattern::Pattern;
use super::policy::Part;
use super::resource::Place;
use crate::model::permission::Kind;
use crate::services::{self, IamAction, Lookup, Resource};
use crate::source::Span;

/// One operation that is called, and what it is called with.
pub(super) struct Called<'a> {
    /// The service, as the AWS CLI calls it.
    pub(super) service: &'a str,
    /// The operation, as the AWS CLI calls it.
    pub(super) operation: &'a str,
    /// What is given as that field of the request.
    pub(super) named: &'a dyn Fn(&str) -> Option<Given>,
    /// How this way of calling spells a field.
    pub(super) spelled: fn(&str) -> String,
}

/// The fields that name a kind of resource, and the namespace of the IAM actions.
const NAMES: [(&str, &str, Kind); 8] = [
    ("cloudformation", "StackName", Kind::Stack),
    ("kms", "AliasName", Kind::Alias),
    ("kms", "KeyId", Kind::Key),
    ("kms", "TargetKeyId", Kind::Key),
    ("lambda", "FunctionName", Kind::Function),
    ("logs", "logGroupName", Kind::LogGroup),
    ("s3", "Bucket", Kind::Bucket),
    ("secretsmanager", "SecretId", Kind::Secret),
];

/// More types of resource than a statement should list. Such an action is allowed on everything.
const TYPES: usize = 4;

impl Called<'_> {
    /// What the call asks for, and what of that cannot be told.
    pub(super) fn ask(&self, site: &Site<'_>, span: Span, found: &mut Found) {
        let (service, name) = (self.service, self.operation);
        // AWS always allows this one.
        if (service, name) == ("sts", "get-caller-identity") {
            return;
        }
        let given = |field: &str| (self.named)(field).is_some_and(|given| given != Given::Absent);
        let actions = match services::look_up(service, name) {
            Lookup::Operation(operation) => operation.iam_actions_given(given),
            Lookup::Command => {
                let what = format!(
                    "the permissions of `aws {service} {name}`: it is a command of the AWS CLI that makes calls of its own"
                );
                found.cannot_tell.push((what, span));
                return;
            }
            Lookup::UnknownOperation | Lookup::UnknownService => None,
        };
        let Some(actions) = actions else {
            found.cannot_tell.push((format!("the permissions of `aws {service} {name}`"), span));
            return;
        };
        for action in actions {
            found.cannot_tell.extend(uses_a_key(action).map(|what| (what, span)));
            for (resource, wide) in self.narrowed(action, &site.place) {
                let (part, action) = (site.part.unwrap_or(Part::Run), action.to_owned());
                found.asks.push(Ask { part, action, resource, condition: None, wide, only: None });
            }
        }
    }

    /// The resources of an action, as far as the call names them.
    fn narrowed(&self, action: &str, place: &Place) -> Vec<(Pattern, Option<String>)> {
        if action == "logs:DescribeLogGroups" {
            let why = "IAM knows this permission on all log groups only";
            return vec![(place.every(Kind::LogGroup), Some(why.to_owned()))];
        }
        if action == "cloudformation:DescribeStacks" && (self.named)("StackName").is_none() {
            let why = "without a name it lists every stack, which no pattern of stacks allows";
            return vec![(Pattern::written("*"), Some(why.to_owned()))];
        }
        let Some(known) = services::iam_action(action) else {
            let why = format!("what `{action}` is asked on is not known");
            return vec![(Pattern::written("*"), Some(why))];
        };
        if known.resources.is_empty() {
            return vec![(Pattern::written("*"), None)];
        }
        let named = self.by_kind(&known, place);
        if named.is_empty() { self.by_type(&known, place) } else { named }
    }

    /// The resources of the kinds that this program knows well.
    fn by_kind(&self, action: &IamAction, place: &Place) -> Vec<(Pattern, Option<String>)> {
        let service = action.name.split(':').next().unwrap_or_default();
        let has = |kind: &str| action.resources.iter().any(|resource| resource.kind == kind);
        let mut all = Vec::new();
        for (_, field, kind) in NAMES.iter().filter(|(of, ..)| *of == service) {
            let Some(given) = (self.named)(field) else { continue };
            let kind = match kind {
                Kind::Bucket if has("object") && !has("bucket") => Kind::Objects,
                Kind::Alias if !has("alias") => continue,
                Kind::Key if !has("key") => continue,
                kind => *kind,
            };
            let resources = named_by(kind, &given, &format!("`{}`", (self.spelled)(field)), place);
            all.extend(resources.into_iter().map(|(resource, _, wide)| (resource, wide)));
        }
        all
    }

    /// The resources of the types that AWS says the action is asked on. A part of an ARN that is called
    /// like a field of the request is what that field says.
    fn by_type(&self, action: &IamAction, place: &Place) -> Vec<(Pattern, Option<String>)> {
        let required: Vec<&Resource> =
            action.resources.iter().filter(|resource| resource.required).collect();
        let types: Vec<&Resource> =
            if required.is_empty() { action.resources.iter().collect() } else { required };
        let patterns: Vec<&str> =
            types.iter().flat_map(|resource| resource.patterns.iter().copied()).collect();
        if patterns.len() > TYPES {
            let why = "it may be asked on many types of resources";
            return vec![(Pattern::written("*"), Some(why.to_owned()))];
        }
        patterns.into_iter().map(|pattern| self.filled(pattern, place)).collect()
    }

    /// A pattern of AWS's with what is known in place of its `${Names}`.
    fn filled(&self, pattern: &str, place: &Place) -> (Pattern, Option<String>) {
        let (mut arn, mut rest, mut wide) = (Pattern::default(), pattern, None);
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            arn.push_literal(before);
            rest = after;
            match name {
                "Partition" => arn.push_literal(place.partition),
                "Region" => arn.push_pattern(&place.region),
                "Account" => arn.push_pattern(&place.account),
                field => match (self.named)(field).map(|given| given.patterns()) {
                    Some(Ok(names)) if names.len() == 1 => {
                        let (value, partly) = &names[0];
                        if value.known_beginning().starts_with("arn:") {
                            return (value.clone(), partly.clone());
                        }
                        arn.push_pattern(value.as_str());
                        wide = wide.or_else(|| {
                            partly.as_ref().map(|why| format!("`{}`: {why}", (self.spelled)(field)))
                        });
                    }
                    Some(Err(why)) => {
                        arn.push_anything();
                        wide = Some(format!("`{}`: {why}", (self.spelled)(field)));
                    }
                    _ => {
                        arn.push_anything();
                        wide =
                            wide.or_else(|| Some("the call does not say which it is".to_owned()));
                    }
                },
            }
        }
        arn.push_literal(rest);
        (arn, wide)
    }
}

/// The option of the AWS CLI that stands for a field of the request: `--kms-key-arn` for `KMSKeyArn`.
pub(super) fn option_of(field: &str) -> String {
    let letters: Vec<char> = field.chars().collect();
    let mut option = "--".to_owned();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after_word = before.is_some_and(|before| !before.is_ascii_uppercase());
        let before_word =
            before.is_some() && letters.get(at + 1).is_some_and(|after| after.is_ascii_lowercase());
        if letter.is_ascii_uppercase() && (after_word || before_word) {
            option.push('-');
        }
        option.push(letter.to_ascii_lowercase());
    }
    option
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

#[cfg(test)]
mod tests {
    use super::option_of;

    #[test]
    fn an_option_is_spelled_as_the_cli_spells_it() {
        for (field, option) in [
            ("KeyId", "--key-id"),
            ("KMSKeyArn", "--kms-key-arn"),
            ("logGroupName", "--log-group-name"),
            ("SSEKMSKeyId", "--ssekms-key-id"),
            ("Bucket", "--bucket"),
        ] {
            assert_eq!(option_of(field), option);
        }
    }
}
