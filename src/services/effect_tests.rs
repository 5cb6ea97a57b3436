//! What operations do, and that every exception is about an operation that exists.

use super::{CHANGES, DESTROYS, EXCEPTIONS, READS, WITHDRAWS};
use crate::model::mode::Effect;
use crate::services::operation;
use std::collections::BTreeSet;

fn of(service: &str, name: &str) -> Effect {
    operation(service, name).unwrap_or_else(|| panic!("no {service} {name}")).effect()
}

#[test]
fn the_effect_comes_from_the_verb_the_access_level_and_what_is_known_better() {
    let all = [
        ("dynamodb", "describe-table", Effect::Read),
        ("dynamodb", "batch-get-item", Effect::Read),
        ("dynamodb", "scan", Effect::Read),
        ("cloudtrail", "lookup-events", Effect::Read),
        ("s3api", "head-object", Effect::Read),
        ("s3api", "list-objects-v2", Effect::Read),
        ("route53", "test-dns-answer", Effect::Read),
        ("apigateway", "get-rest-apis", Effect::Read),
        ("cognito-idp", "admin-get-user", Effect::Read),
        ("sts", "assume-role", Effect::Read),
        ("kms", "decrypt", Effect::Read),
        ("kms", "create-key", Effect::Change),
        ("kms", "disable-key", Effect::Change),
        ("kms", "cancel-key-deletion", Effect::Change),
        ("dynamodb", "put-item", Effect::Change),
        ("dynamodb", "batch-write-item", Effect::Change),
        ("ec2", "stop-instances", Effect::Change),
        ("ec2", "delete-tags", Effect::Change),
        ("rds", "failover-db-cluster", Effect::Change),
        ("s3api", "put-bucket-encryption", Effect::Change),
        ("apigateway", "create-rest-api", Effect::Change),
        ("dynamodb", "delete-table", Effect::Destroy),
        ("ec2", "terminate-instances", Effect::Destroy),
        ("ec2", "release-address", Effect::Destroy),
        ("ecr", "batch-delete-image", Effect::Destroy),
        ("sqs", "purge-queue", Effect::Destroy),
        ("kms", "schedule-key-deletion", Effect::Destroy),
        ("cognito-idp", "admin-delete-user", Effect::Destroy),
        ("lambda", "invoke", Effect::Unclear),
        ("ssm", "send-command", Effect::Unclear),
        ("dynamodb", "execute-statement", Effect::Unclear),
        // The verb looks, and IAM says it writes.
        ("stepfunctions", "get-activity-task", Effect::Unclear),
        ("signer", "sign-payload", Effect::Unclear),
    ];
    for (service, name, expected) in all {
        assert_eq!(of(service, name), expected, "{service} {name}");
    }
}

#[test]
fn what_can_be_given_again_is_not_destroyed() {
    for (service, name) in [
        ("elbv2", "deregister-targets"),
        ("events", "remove-targets"),
        ("ec2", "revoke-security-group-ingress"),
        ("rds", "remove-role-from-db-cluster"),
        ("rds", "remove-tags-from-resource"),
        ("iam", "remove-user-from-group"),
        ("kms", "revoke-grant"),
    ] {
        assert_eq!(of(service, name), Effect::Change, "{service} {name}");
    }
    for (service, name) in [
        ("ec2", "deregister-image"),
        ("acm", "revoke-certificate"),
        ("ssm", "deregister-managed-instance"),
        ("organizations", "remove-account-from-organization"),
    ] {
        assert_eq!(of(service, name), Effect::Destroy, "{service} {name}");
    }
}

#[test]
fn an_exception_is_about_something_and_gives_its_reason() {
    let mut seen = BTreeSet::new();
    for (service, names, _, reason) in EXCEPTIONS {
        assert!(reason.len() > 10, "{service}: {reason}");
        for name in names.split(' ') {
            assert!(operation(service, name).is_some(), "there is no {service} {name}");
            assert!(seen.insert((service, name)), "{service} {name} is listed twice");
        }
    }
}

#[test]
fn a_verb_is_in_one_list_only() {
    let lists = [DESTROYS, READS, CHANGES];
    let words = lists.iter().flat_map(|list| list.split(' '));
    let words: Vec<_> = words.chain(WITHDRAWS.iter().map(|(verb, _)| *verb)).collect();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
}
