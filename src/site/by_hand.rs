//! What to type when `runbook` itself is out of reach: each action as commands of the AWS CLI.
//!
//! Values that only the run knows become shell variables. The lines above the commands say what each one is.

use super::spoken::{plain, word};
use crate::model::action::ActionSpec;
use crate::model::permission::Purpose;
use crate::model::value::Value;
use std::collections::BTreeMap;

/// The commands that do what a block does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ByHand {
    /// What each variable stands for.
    pub(super) variables: Vec<(String, String)>,
    /// The commands, in order.
    pub(super) commands: Vec<String>,
    /// What the commands alone do not do, if anything.
    pub(super) beside: Option<&'static str>,
}

/// The inputs of an action, and the variables that they need.
struct Given<'a> {
    inputs: &'a [(String, Value)],
    variables: BTreeMap<String, String>,
}

/// The commands for an action with these inputs. Nothing for what a person does, or what has no commands.
pub(super) fn by_hand(spec: &ActionSpec, inputs: &[(String, Value)]) -> Option<ByHand> {
    let mut given = Given { inputs, variables: BTreeMap::new() };
    let (commands, beside) = match spec.name {
        "aws/call" => (vec![given.call()?], None),
        "aws/identity" => (vec!["aws sts get-caller-identity".to_owned()], None),
        "wait/for" => (vec![format!("sleep {}", given.of("duration")?)], None),
        "http/check" => (vec![given.http()?], None),
        name => match known(name) {
            Some((lines, beside)) => {
                (lines.iter().filter_map(|line| given.fill(line)).collect(), *beside)
            }
            None => (of_permissions(spec), Some("Their arguments are the inputs above.")),
        },
    };
    let variables = given.variables.into_iter().collect();
    (!commands.is_empty()).then_some(ByHand { variables, commands, beside })
}

type Known = (&'static [&'static str], Option<&'static str>);

/// The commands of each action. `{name}` is an input, `{name|x}` one that is `x` when it is not given. A line
/// whose input is not given is left out.
const TABLE: &[(&str, Known)] = &[
    (
        "kms/create-key",
        (
            &[
                "aws kms get-key-policy --key-id {like} --policy-name default --query Policy --output text > policy.json",
                "aws kms create-key --policy file://policy.json --description {description|Replacement}",
            ],
            Some("Carry over the tags and the rotation of the key that it is like, too."),
        ),
    ),
    (
        "kms/set-alias",
        (
            &["aws kms update-alias --alias-name {alias} --target-key-id {key}"],
            Some("If the alias is not there yet, `create-alias` takes the same arguments."),
        ),
    ),
    ("kms/disable-key", (&["aws kms disable-key --key-id {key}"], None)),
    ("kms/enable-key", (&["aws kms enable-key --key-id {key}"], None)),
    (
        "kms/schedule-deletion",
        (
            &["aws kms schedule-key-deletion --key-id {key} --pending-window-in-days {days|30}"],
            None,
        ),
    ),
    ("kms/describe-key", (&["aws kms describe-key --key-id {key}"], None)),
    (
        "kms/key-usage",
        (
            &[
                "aws kms describe-key --key-id {key} --query KeyMetadata.Arn --output text",
                "aws kms get-key-last-usage --key-id {key}",
            ],
            None,
        ),
    ),
    (
        "kms/key-users",
        (
            &[
                "aws s3api list-buckets --query 'Buckets[].Name'   # then get-bucket-encryption and head-object for each",
                "aws logs describe-log-groups --query 'logGroups[].[logGroupName,kmsKeyId]'",
                "aws secretsmanager list-secrets --query 'SecretList[].[Name,KmsKeyId]'",
                "aws lambda list-functions --query 'Functions[].[FunctionName,KMSKeyArn]'",
            ],
            Some("Look in each answer for the key."),
        ),
    ),
    (
        "lambda/set-key",
        (
            &[
                "aws lambda update-function-configuration --function-name {function} --kms-key-arn {key}",
                "aws lambda wait function-updated-v2 --function-name {function}",
            ],
            None,
        ),
    ),
    (
        "lambda/invoke",
        (
            &[
                "aws lambda invoke --function-name {function} --cli-binary-format raw-in-base64-out --payload {payload|{}} answer.json; cat answer.json",
            ],
            None,
        ),
    ),
    (
        "secrets/reencrypt",
        (
            &[
                "aws secretsmanager update-secret --secret-id {secret} --kms-key-id {key}",
                "aws secretsmanager list-secret-version-ids --secret-id {secret} --query 'Versions[].[VersionId,KmsKeyIds]'",
            ],
            None,
        ),
    ),
    (
        "s3/copy",
        (
            &["aws s3 sync s3://{from_bucket} s3://{bucket}"],
            Some(
                "S3 copies. Put the `prefix`, where there is one, behind both buckets. Compare `aws s3 ls --recursive --summarize` of both afterwards.",
            ),
        ),
    ),
    (
        "s3/reencrypt",
        (
            &[
                "aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration \"{\\\"Rules\\\":[{\\\"ApplyServerSideEncryptionByDefault\\\":{\\\"SSEAlgorithm\\\":\\\"aws:kms\\\",\\\"KMSMasterKeyID\\\":\\\"$TO_KEY\\\"}}]}\"",
                "aws s3api list-object-versions --bucket {bucket}",
                "aws s3api update-object-encryption --bucket {bucket} --key \"$OBJECT\" --version-id \"$VERSION\" --object-encryption \"SSEKMS={KMSKeyArn=$TO_KEY}\"   # for each version",
            ],
            Some(
                "`TO_KEY` is the input `to_key`. `head-object` shows the key of each version; leave those alone that are under another one.",
            ),
        ),
    ),
    (
        "s3/read-probe",
        (
            &[
                "aws s3api list-objects-v2 --bucket {bucket} --max-items 10 --query 'Contents[].Key'",
                "aws s3api get-object --bucket {bucket} --key \"$OBJECT\" /dev/null   # for each of them",
            ],
            None,
        ),
    ),
    (
        "logs/associate-key",
        (&["aws logs associate-kms-key --log-group-name {log_group} --kms-key-id {key}"], None),
    ),
    (
        "cloudformation/deploy",
        (
            &[
                "aws cloudformation deploy --stack-name {stack} --template-file {template} --parameter-overrides {parameters|} --capabilities {capabilities|CAPABILITY_IAM}",
            ],
            None,
        ),
    ),
    (
        "cloudformation/delete",
        (
            &[
                "aws cloudformation delete-stack --stack-name {stack}",
                "aws cloudformation wait stack-delete-complete --stack-name {stack}",
            ],
            None,
        ),
    ),
    (
        "cloudformation/outputs",
        (
            &[
                "aws cloudformation describe-stacks --stack-name {stack} --query 'Stacks[0].[StackStatus,Parameters,Outputs]'",
            ],
            None,
        ),
    ),
];

/// The commands of an action.
fn known(name: &str) -> Option<&'static Known> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, known)| known)
}

/// The calls that an action makes in every run, by the permissions it needs for them.
fn of_permissions(spec: &ActionSpec) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for permission in spec.permissions.iter().filter(|one| one.purpose == Purpose::Run) {
        let Some((service, operation)) = permission.action.split_once(':') else { continue };
        let line = format!("aws {} {} …", service_word(service), kebab(operation));
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

/// What the CLI calls a service that IAM calls so.
fn service_word(iam: &str) -> &str {
    match iam {
        "s3" => "s3api",
        "es" => "opensearch",
        "aoss" => "opensearchserverless",
        "states" => "stepfunctions",
        other => other,
    }
}

/// `UpdateAlias` as the CLI has it: `update-alias`.
fn kebab(operation: &str) -> String {
    let letters: Vec<char> = operation.chars().collect();
    let mut out = String::new();
    for (at, c) in letters.iter().enumerate() {
        let after_lower = at > 0 && letters[at - 1].is_lowercase();
        let ends_capitals = at > 0 && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || ends_capitals) {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

impl Given<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.inputs.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// An input as one word.
    fn of(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?.clone();
        Some(self.word(name, &value))
    }

    fn word(&mut self, name: &str, value: &Value) -> String {
        match value {
            Value::Object(_) if name == "parameters" => self.pairs(value),
            Value::Array(items)
                if items.iter().all(|item| !item.is_object() && !item.is_array()) =>
            {
                let words: Vec<String> =
                    items.iter().map(|item| self.text(name, &plain(item))).collect();
                words.join(" ")
            }
            Value::Object(_) | Value::Array(_) => self.json(name, value),
            other => self.text(name, &plain(other)),
        }
    }

    /// `Name="$VALUE" Other=value`.
    fn pairs(&mut self, value: &Value) -> String {
        let fields = value.as_object().into_iter().flatten();
        let pairs: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", self.text(name, &plain(value))))
            .collect();
        pairs.join(" ")
    }

    /// A value with parts, as JSON in double quotes, so that variables are filled in.
    fn json(&mut self, name: &str, value: &Value) -> String {
        let text = value.to_string();
        if !text.contains("{{") {
            return word(&text);
        }
        let quoted =
            text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
        format!("\"{}\"", self.expressions(name, &quoted))
    }

    /// A text as one word, its expressions as variables.
    fn text(&mut self, name: &str, text: &str) -> String {
        if !text.contains("{{") {
            return word(text);
        }
        let quoted =
            text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
        format!("\"{}\"", self.expressions(name, &quoted))
    }

    /// Puts a variable in the place of each expression.
    fn expressions(&mut self, name: &str, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inner, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            let expression =
                inner.trim().trim_matches('-').trim().replace("\\\"", "\"").replace("\\\\", "\\");
            out.push_str(&format!("${{{}}}", self.variable(name, &expression)));
            rest = behind;
        }
        out + rest
    }

    /// The variable for an expression, noted with what it is.
    fn variable(&mut self, input: &str, expression: &str) -> String {
        let is_path = expression.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
        let parts: Vec<&str> = expression.split('.').collect();
        let (name, meaning) = match parts.as_slice() {
            ["params", name] if is_path => (upper(&[name]), format!("the parameter `{name}`")),
            ["steps", step, rest @ ..] if is_path && !rest.is_empty() => {
                let name = upper(&[&[*step], rest].concat());
                (name, format!("`{}`, given by step `{step}`", rest.join(".")))
            }
            ["accounts", account, what] if is_path => {
                (upper(&[account, what]), format!("the {what} of account `{account}`"))
            }
            _ if is_path => (upper(&parts), format!("`{expression}`")),
            _ => (upper(&[input]), format!("what `{expression}` comes to")),
        };
        self.variables.insert(name.clone(), meaning);
        name
    }

    /// Fills the inputs into a line. Nothing when one is not given and has no other value.
    fn fill(&mut self, line: &str) -> Option<String> {
        let (mut out, mut rest) = (String::new(), line);
        while let Some(at) = rest.find('{') {
            let after = &rest[at + 1..];
            let name_end =
                after.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(after.len());
            let (name, tail) = (&after[..name_end], &after[name_end..]);
            out.push_str(&rest[..at]);
            if let (false, Some(tail)) = (name.is_empty(), tail.strip_prefix('}')) {
                out.push_str(&self.of(name)?);
                rest = tail;
            } else if let (false, Some(tail)) = (name.is_empty(), tail.strip_prefix('|')) {
                let (otherwise, tail) = match tail.strip_prefix("{}}") {
                    Some(tail) => ("{}", tail),
                    None => tail.split_once('}')?,
                };
                let filled = self.of(name).unwrap_or_else(|| word(otherwise).replace("''", ""));
                out.push_str(&filled);
                rest = tail;
            } else {
                out.push('{');
                rest = after;
            }
        }
        out.push_str(rest);
        Some(out.replace("--parameter-overrides  ", ""))
    }

    fn call(&mut self) -> Option<String> {
        let (service, operation) = (self.of("service")?, self.of("operation")?);
        let input = self
            .value("input")
            .cloned()
            .filter(|input| input.as_object().is_some_and(|o| !o.is_empty()));
        let arguments =
            input.map(|input| format!(" --cli-input-json {}", self.json("input", &input)));
        Some(format!("aws {service} {operation}{}", arguments.unwrap_or_default()))
    }

    fn http(&mut self) -> Option<String> {
        let url = self.of("url")?;
        let method =
            self.of("method").map(|method| format!(" --request {method}")).unwrap_or_default();
        Some(format!("curl --include --max-time 30{method} {url}"))
    }
}

fn upper(parts: &[&str]) -> String {
    parts.join("_").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn commands(name: &'static str, inputs: Value) -> ByHand {
        let inputs: Vec<(String, Value)> = inputs
            .as_object()
            .expect("inputs")
            .iter()
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        let mut given = Given { inputs: &inputs, variables: BTreeMap::new() };
        let commands = match name {
            "aws/call" => given.call().into_iter().collect(),
            name => {
                known(name).expect("known").0.iter().filter_map(|line| given.fill(line)).collect()
            }
        };
        ByHand { variables: given.variables.into_iter().collect(), commands, beside: None }
    }

    #[test]
    fn what_the_run_knows_becomes_a_variable_and_says_what_it_is() {
        let found = commands(
            "kms/set-alias",
            json!({"alias": "{{ params.alias }}", "key": "{{ steps.new_key.key_arn }}"}),
        );
        assert_eq!(
            found.commands,
            [
                "aws kms update-alias --alias-name \"${ALIAS}\" --target-key-id \"${NEW_KEY_KEY_ARN}\""
            ]
        );
        assert_eq!(found.variables[0], ("ALIAS".into(), "the parameter `alias`".into()));
        assert_eq!(found.variables[1].1, "`key_arn`, given by step `new_key`");
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let found = commands(
            "kms/set-alias",
            json!({"alias": "a'; rm -rf /", "key": "\"; x $(y) {{ params.k }}"}),
        );
        assert_eq!(
            found.commands[0],
            "aws kms update-alias --alias-name 'a'\\''; rm -rf /' --target-key-id \"\\\"; x \\$(y) ${K}\""
        );
    }

    #[test]
    fn a_generic_call_is_shown_as_it_is_made() {
        let found = commands(
            "aws/call",
            json!({"service": "dynamodb", "operation": "describe-table", "input": {"TableName": "orders"}}),
        );
        assert_eq!(
            found.commands,
            ["aws dynamodb describe-table --cli-input-json '{\"TableName\":\"orders\"}'"]
        );
        let found = commands("lambda/invoke", json!({"function": "f"}));
        assert!(found.commands[0].contains("--payload '{}' answer.json"), "{found:?}");
        let found = commands(
            "cloudformation/deploy",
            json!({"stack": "s", "template": "t.yaml", "parameters": {"A": "{{ params.a }}", "B": 3}}),
        );
        assert!(
            found.commands[0].contains("--parameter-overrides A=\"${A}\" B=3 --capabilities"),
            "{found:?}"
        );
    }

    #[test]
    fn names_of_operations_are_those_of_the_cli() {
        assert_eq!(kebab("UpdateAlias"), "update-alias");
        assert_eq!(kebab("DescribeDBInstances"), "describe-db-instances");
        assert_eq!(kebab("GetKeyLastUsage"), "get-key-last-usage");
    }
}
