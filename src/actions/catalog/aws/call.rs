//! `aws/identity` and `aws/call`.

use super::{gives, needs, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::runbook::Type;
use crate::model::value::{Value, Values};
use crate::services::{self, Operation, SecretPlace};
use std::time::Duration;

pub(super) const IDENTITY: ActionSpec = ActionSpec {
    name: "aws/identity",
    summary: "Ask STS who the step acts as",
    description: "The proof that a role can be assumed and leads into the account that it should.",
    inputs: &[],
    open_inputs: false,
    outputs: &[
        gives("account", Type::String, "The twelve digits of the account that answered."),
        gives("arn", Type::String, "The ARN of the caller."),
        gives("user_id", Type::String, "The caller's unique id."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[],
    example: "uses: aws/identity\naccount: data\nexpect: [\"outputs.account == accounts.data.id\"]",
    needs_account: true,
};

pub(super) const CALL: ActionSpec = ActionSpec {
    name: "aws/call",
    summary: "Make any AWS call through the AWS CLI",
    description: "For what has no action of its own. `service` and `operation` are the words of the AWS CLI, \
`input` is the request as `--cli-input-json` takes it, and the outputs are the fields of the answer.\n\n\
`runbook check` knows the services and operations of the AWS CLI, the fields of every request at any depth, and the \
fields of every answer. It also knows what an operation does to the world: it reads, changes, destroys, or cannot be \
told (`ssm send-command` can do anything, and counts as a change). The step's `effect` says it better, and never less.\n\n\
What the service marks as secret in an answer, such as `SecretString`, is masked as if it stood in the step's \
`secrets`, at any depth. `reveal` takes parts out of that: the service calls names and addresses secret, too.\n\n\
A call that changes something is sent once. When its answer is lost, its outcome is unknown.",
    inputs: &[
        needs("service", Type::String, "The service, as the AWS CLI calls it: `dynamodb`."),
        needs(
            "operation",
            Type::String,
            "The operation, as the AWS CLI calls it: `describe-table`.",
        ),
        takes("input", Type::Mapping, "The request. Its field names are those of the AWS API."),
        takes(
            "reveal",
            Type::List,
            "Parts of the answer that the service calls secret and that may be shown: `[Account.Name]`, `[\"Parameters[].Value\"]`.",
        ),
    ],
    open_inputs: false,
    outputs: &[],
    open_outputs: true,
    effect: EffectSpec::ByInput(effect_of),
    timeout: Duration::from_secs(5 * 60),
    idempotent: false,
    observe: None,
    undo: None,
    permissions: &[],
    example: "uses: aws/call\nwith:\n  service: dynamodb\n  operation: describe-table\n  input: { TableName: orders }\nuntil: outputs.Table.TableStatus == \"ACTIVE\"",
    needs_account: true,
};

/// What an operation does, by what is known of it. What is not written out, or not known, cannot be told.
#[must_use]
pub fn effect_of(inputs: &Values) -> Effect {
    operation_of(inputs).map_or(Effect::Unclear, |operation| operation.effect())
}

/// The operation that the inputs name, when both words are written out and known.
#[must_use]
pub fn operation_of(inputs: &Values) -> Option<Operation> {
    let word = |name: &str| inputs.get(name).and_then(Value::as_str);
    services::operation(word("service")?, word("operation")?)
}

/// The parts of an answer that are secret, as JSON pointers, but for those that are to be revealed.
#[must_use]
pub fn secret_parts(inputs: &Values, answer: &Values) -> Vec<String> {
    let Some(operation) = operation_of(inputs) else { return Vec::new() };
    let revealed = inputs.get("reveal").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_hidden = |part: &SecretPlace| !revealed.iter().any(|one| *one == part.path);
    let parts = operation.secrets_in(answer).into_iter().filter(is_hidden);
    parts.map(|part| part.pointer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_an_answer_is_found_unless_it_is_to_be_revealed() {
        let inputs = |reveal: Value| {
            let call = serde_json::json!({ "service": "organizations", "operation": "describe-account", "reveal": reveal });
            call.as_object().expect("inputs").clone()
        };
        let answer =
            serde_json::json!({ "Account": { "Id": "1", "Name": "data", "Email": "a@b.c" } });
        let answer = answer.as_object().expect("an answer");
        let both = secret_parts(&inputs(Value::Null), answer);
        assert_eq!(both, ["/Account/Email", "/Account/Name"]);
        let one = secret_parts(&inputs(serde_json::json!(["Account.Name"])), answer);
        assert_eq!(one, ["/Account/Email"]);
    }

    #[test]
    fn the_operation_tells_the_effect_and_what_is_not_known_is_unclear() {
        let of = |service: &str, operation: &str| {
            let input = |name: &str, value: &str| (name.to_owned(), Value::from(value));
            effect_of(&Values::from_iter([
                input("service", service),
                input("operation", operation),
            ]))
        };
        assert_eq!(of("dynamodb", "describe-table"), Effect::Read);
        assert_eq!(of("dynamodb", "put-item"), Effect::Change);
        assert_eq!(of("dynamodb", "delete-table"), Effect::Destroy);
        assert_eq!(of("lambda", "invoke"), Effect::Unclear);
        // A verb alone says nothing: nobody knows this service.
        assert_eq!(of("dynamo", "describe-table"), Effect::Unclear);
        assert_eq!(of("dynamodb", "describe-chair"), Effect::Unclear);
        assert_eq!(of("dynamodb", "{{ params.operation }}"), Effect::Unclear);
        assert_eq!(effect_of(&Values::new()), Effect::Unclear);
    }
}
