//! What an operation does to the world: by its verb, by the access level of the IAM actions it needs,
//! and by a list of exceptions, each with its reason.
//!
//! | verb | IAM says it reads | IAM says it writes | IAM does not say |
//! |---|---|---|---|
//! | looks (`get-`) | read | cannot be told | read |
//! | makes or alters (`put-`) | cannot be told | change | change |
//! | takes away (`delete-`) | destroy | destroy; change for tags | destroy |
//! | any other | read | cannot be told | cannot be told |

use super::iam::Access;
use super::operation::Operation;
use super::operations;
use crate::model::mode::Effect;

/// What an operation does.
pub(super) fn of(operation: &Operation) -> Effect {
    exception(operation.service(), operation.name()).unwrap_or_else(|| by_rule(operation))
}

fn by_rule(operation: &Operation) -> Effect {
    let access = operation.access();
    match verb(operation.name()) {
        Verb::Destroys if access == Some(Access::Tagging) => Effect::Change,
        Verb::Destroys => Effect::Destroy,
        Verb::Withdraws(word) if access == Some(Access::Tagging) || is_undone(operation, word) => {
            Effect::Change
        }
        Verb::Withdraws(_) => Effect::Destroy,
        Verb::Reads if access.is_none_or(Access::only_reads) => Effect::Read,
        Verb::Changes if !access.is_some_and(Access::only_reads) => Effect::Change,
        Verb::Other if access.is_some_and(Access::only_reads) => Effect::Read,
        // The two do not agree, or neither says. Guards treat it as a change.
        Verb::Reads | Verb::Changes | Verb::Other => Effect::Unclear,
    }
}

/// Whether the service has an operation that does the opposite: `register-targets` for `deregister-targets`.
fn is_undone(operation: &Operation, word: &str) -> bool {
    let Some((_, opposites)) = WITHDRAWS.iter().find(|(verb, _)| *verb == word) else {
        return false;
    };
    // `remove-role-from-db-cluster` is taken back by `add-role-to-db-cluster`.
    let rest = operation.name()[word.len()..].replace("-from-", "-to-");
    opposites.iter().any(|opposite| {
        let wanted = format!("{opposite}{rest}");
        operations(operation.service())
            .any(|other| other.name() == wanted || other.name().replace("-with-", "-to-") == wanted)
    })
}

enum Verb {
    Reads,
    Changes,
    Destroys,
    Withdraws(&'static str),
    Other,
}

/// What the name says. `batch-` and `admin-` say who or how many, not what.
fn verb(name: &str) -> Verb {
    let name = ["batch-", "admin-"]
        .into_iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let word = name.split('-').next().unwrap_or_default();
    if is(DESTROYS, word) {
        Verb::Destroys
    } else if let Some((word, _)) = WITHDRAWS.iter().find(|(one, _)| *one == word) {
        Verb::Withdraws(word)
    } else if is(READS, word) {
        Verb::Reads
    } else if is(CHANGES, word) {
        Verb::Changes
    } else {
        Verb::Other
    }
}

fn is(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// Verbs that take away what cannot simply be made again.
const DESTROYS: &str = "close decommission delete deprovision destroy dispose expire forget purge release \
    terminate wipe";

/// Verbs that take back what another operation gave. With that operation at hand, it can be given again.
const WITHDRAWS: &[(&str, &[&str])] = &[
    ("deregister", &["register"]),
    ("remove", &["add", "put", "attach"]),
    ("revoke", &["authorize", "create", "grant", "issue"]),
    ("unregister", &["register"]),
];

/// Verbs that only look.
const READS: &str = "check count describe detect discover estimate filter get head is list lookup preview query \
    scan search select simulate validate view";

/// Verbs that make or alter.
const CHANGES: &str = "abort accept acknowledge activate add advertise allocate allow apply approve archive \
    assign associate attach authorize backtrack begin bundle cancel change clear clone \
    complete configure confirm connect copy create deactivate deauthorize decline decrease \
    define deny deploy deprecate detach disable disallow disassociate discard disconnect \
    dissociate drain enable evict execute extend failover flush grant import increase ingest \
    initialize initiate insert install invalidate invite issue join launch leave lock manage \
    mark merge migrate modify move notify opt override pause populate post promote provide \
    provision publish purchase push put reboot rebuild record redact redrive refresh \
    regenerate register reimport reject reload rename renew replace replicate report request \
    resend reserve reset resize respond restart restore resume retire retry rollback rotate \
    run save schedule send set share shutdown signal start stop submit subscribe suspend swap \
    switchover tag transact transfer unarchive unassign undeploy undeprecate unlink unlock \
    unshare unsubscribe untag update upgrade upload withdraw write";

/// What neither the name nor the access level says, with the reason.
const EXCEPTIONS: &[(&str, &str, Effect, &str)] = &[
    (
        "kms",
        "decrypt derive-shared-secret encrypt generate-data-key generate-data-key-pair \
         generate-data-key-pair-without-plaintext generate-data-key-without-plaintext \
         generate-mac generate-random re-encrypt sign verify verify-mac",
        Effect::Read,
        "IAM calls the use of a key a write, but KMS keeps nothing of it",
    ),
    (
        "kms",
        "schedule-key-deletion",
        Effect::Destroy,
        "the key is unusable at once, and gone at the end",
    ),
    (
        "sts",
        "assume-role assume-role-with-saml assume-role-with-web-identity assume-root \
         get-federation-token get-session-token",
        Effect::Read,
        "it hands out temporary keys, and nothing in the account is altered",
    ),
    ("s3api", "create-session", Effect::Read, "it hands out temporary keys"),
    ("logs", "start-query stop-query", Effect::Read, "a query reads, and is forgotten"),
    (
        "cloudtrail",
        "start-query cancel-query generate-query",
        Effect::Read,
        "a query reads, and is forgotten",
    ),
    (
        "iam",
        "generate-credential-report generate-service-last-accessed-details",
        Effect::Read,
        "a report is made of what is there",
    ),
    (
        "cloudformation",
        "detect-stack-drift detect-stack-resource-drift detect-stack-set-drift",
        Effect::Read,
        "it compares and reports",
    ),
    ("timestream-query", "query", Effect::Read, "its queries only read"),
    (
        "bedrock-runtime",
        "apply-guardrail converse invoke-model",
        Effect::Read,
        "a model answers and keeps nothing; it costs money",
    ),
    (
        "sqs",
        "receive-message",
        Effect::Change,
        "what it returns is hidden from others, and counted",
    ),
    ("configservice", "deliver-config-snapshot", Effect::Change, "it writes into a bucket"),
    ("fsx", "release-file-system-nfs-v3-locks", Effect::Change, "clients take their locks again"),
    ("iotsecuretunneling", "close-tunnel", Effect::Change, "a tunnel is opened again"),
    ("lightsail", "close-instance-public-ports", Effect::Change, "ports are opened again"),
    ("ec2", "deregister-image", Effect::Destroy, "the image's id and permissions do not come back"),
    (
        "ec2",
        "cancel-spot-fleet-requests",
        Effect::Destroy,
        "it can terminate the fleet's instances",
    ),
    ("neptune-graph", "reset-graph", Effect::Destroy, "it deletes the whole graph"),
    ("neptunedata", "execute-fast-reset", Effect::Destroy, "it deletes the whole graph"),
    ("storagegateway", "reset-cache", Effect::Destroy, "what was not uploaded yet is lost"),
    (
        "organizations",
        "remove-account-from-organization",
        Effect::Destroy,
        "the account must be invited, and must accept",
    ),
    (
        "cloudformation",
        "execute-change-set update-stack update-stack-set",
        Effect::Unclear,
        "a template can replace and delete resources",
    ),
    ("lambda", "invoke invoke-async", Effect::Unclear, "a function can do anything"),
    (
        "stepfunctions",
        "start-execution start-sync-execution redrive-execution",
        Effect::Unclear,
        "a state machine can do anything",
    ),
    (
        "ssm",
        "send-command start-automation-execution start-change-request-execution start-session",
        Effect::Unclear,
        "a document can do anything",
    ),
    ("ecs", "execute-command run-task start-task", Effect::Unclear, "a container can do anything"),
    ("codebuild", "start-build start-build-batch", Effect::Unclear, "a build can do anything"),
    (
        "dynamodb",
        "batch-execute-statement execute-statement execute-transaction",
        Effect::Unclear,
        "a statement can read, write or delete",
    ),
    (
        "rds-data",
        "batch-execute-statement execute-sql execute-statement",
        Effect::Unclear,
        "a statement can read, write or delete",
    ),
    (
        "redshift-data",
        "batch-execute-statement execute-statement",
        Effect::Unclear,
        "a statement can read, write or delete",
    ),
    ("athena", "start-query-execution", Effect::Unclear, "a statement can read, write or drop"),
    (
        "neptunedata",
        "execute-gremlin-query execute-open-cypher-query",
        Effect::Unclear,
        "a query can read, write or drop",
    ),
    ("neptune-graph", "execute-query", Effect::Unclear, "a query can read, write or delete"),
    ("mwaa", "invoke-rest-api", Effect::Unclear, "the request says what it does"),
    ("fis", "start-experiment", Effect::Unclear, "an experiment breaks things on purpose"),
];

fn exception(service: &str, name: &str) -> Option<Effect> {
    EXCEPTIONS
        .iter()
        .find(|(of, names, ..)| *of == service && is(names, name))
        .map(|(_, _, effect, _)| *effect)
}

#[cfg(test)]
#[path = "effect_tests.rs"]
mod tests;
