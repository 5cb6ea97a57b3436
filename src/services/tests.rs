//! The whole of the embedded data can be read, and says what AWS says.

use super::{
    Access, Kind, Lookup, iam_action, iam_actions_of, look_up, operation, operations, services,
    versions,
};
use crate::services::index::index;
use std::collections::BTreeSet;

#[test]
fn every_chunk_can_be_read_and_is_whole() {
    let notice = include_str!("NOTICE.md");
    let (mut with, mut count, mut members) = (0, 0, 0);
    for service in services() {
        let names: Vec<_> = operations(service).map(|one| one.name()).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{service} is not sorted");
        with += usize::from(!names.is_empty());
        count += names.len();
        for one in operations(service) {
            assert!(one.api_name().starts_with(|c: char| c.is_ascii_uppercase()), "{one:?}");
            for member in one.input().chain(one.output()) {
                let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
                assert!(
                    !member.name().is_empty() && member.name().chars().all(plain),
                    "{one:?} {}",
                    member.name()
                );
                members += 1;
            }
            for action in one.iam_actions().into_iter().flatten() {
                assert!(iam_action(action).is_some(), "{one:?} needs {action}");
            }
        }
    }
    let actions: usize = index().prefixes().map(|prefix| iam_actions_of(prefix).count()).sum();
    let line = format!("{with} services, {count} operations, {actions} IAM actions");
    assert!(notice.contains(&line), "NOTICE.md does not say: {line}");
    assert!(members > 100_000, "{members}");
    for version in [&versions().cli, &versions().botocore, &versions().iam] {
        assert!(notice.contains(version.as_str()), "NOTICE.md does not name {version}");
    }
}

#[test]
fn the_data_is_of_the_cli_that_the_sandbox_installs() {
    let pinned = include_str!("../sandbox/requirements.txt");
    assert!(
        pinned.contains(&format!("\nawscli=={} ", versions().cli)),
        "run scripts/service-data.sh"
    );
}

#[test]
fn the_file_is_small() {
    let size = include_bytes!("data.bin").len();
    assert!(size < 1_000_000, "{size} bytes would be in every copy of the program");
}

#[test]
fn services_and_operations_go_by_their_names_in_the_cli() {
    for (service, name, api) in [
        ("kms", "create-key", "CreateKey"),
        ("s3api", "list-objects-v2", "ListObjectsV2"),
        ("rds", "describe-db-instances", "DescribeDBInstances"),
        ("wafv2", "list-web-acls", "ListWebACLs"),
        ("storagegateway", "describe-cached-iscsi-volumes", "DescribeCachediSCSIVolumes"),
        ("deploy", "create-deployment", "CreateDeployment"),
        ("configservice", "describe-config-rules", "DescribeConfigRules"),
        ("logs", "put-retention-policy", "PutRetentionPolicy"),
        ("stepfunctions", "start-execution", "StartExecution"),
        ("lambda", "update-function-configuration", "UpdateFunctionConfiguration"),
    ] {
        let found = operation(service, name).unwrap_or_else(|| panic!("no {service} {name}"));
        assert_eq!((found.name(), found.api_name(), found.service()), (name, api, service));
    }
    for (service, name) in [
        ("s3", "cp"),
        ("s3", "sync"),
        ("cloudformation", "deploy"),
        ("ecr", "get-login-password"),
        ("configure", "list"),
        ("dynamodb", "wait"),
        ("kms", "help"),
        ("logs", "tail"),
        ("sso", "login"),
        ("login", "x"),
    ] {
        assert!(matches!(look_up(service, name), Lookup::Command), "{service} {name}");
        assert!(operation(service, name).is_none());
    }
    assert!(matches!(look_up("kms", "creat-key"), Lookup::UnknownOperation));
    assert!(matches!(look_up("km", "create-key"), Lookup::UnknownService));
    assert!(matches!(look_up("codedeploy", "create-deployment"), Lookup::UnknownService));
}

#[test]
fn members_have_their_types_and_marks() {
    let create = operation("dynamodb", "create-table").expect("an operation");
    let named = |name: &str| create.input().find(|member| member.name() == name).expect("a member");
    assert!(named("TableName").is_required() && !named("BillingMode").is_required());
    assert!(
        matches!(named("BillingMode").shape().kind(), Kind::Values(values) if values == ["PROVISIONED", "PAY_PER_REQUEST"])
    );
    let Kind::List(Some(keys)) = named("KeySchema").shape().kind() else { panic!("a list") };
    let Kind::Structure(key) = keys.kind() else { panic!("of structures") };
    let members: Vec<_> =
        key.members().map(|member| (member.name(), member.is_required())).collect();
    assert_eq!(members, [("AttributeName", true), ("KeyType", true)]);

    let answer: Vec<_> =
        operation("kms", "create-key").expect("one").output().map(|member| member.name()).collect();
    assert_eq!(answer, ["KeyMetadata"]);
    assert_eq!(operation("ec2", "run-instances").expect("one").token(), Some("ClientToken"));
    assert_eq!(operation("kms", "create-key").expect("one").token(), None);
    assert!(operation("s3api", "get-object").expect("one").answers_in_a_file());
    // A document that travels as a text of JSON is written as what it is.
    let policy = operation("networkmanager", "put-core-network-policy").expect("one");
    let document =
        policy.input().find(|member| member.name() == "PolicyDocument").expect("a member");
    assert!(matches!(document.shape().kind(), Kind::Any));
    // A value can hold lists of values: the type leads back to itself.
    let put = operation("dynamodb", "put-item").expect("one");
    let item = put.input().find(|member| member.name() == "Item").expect("a member");
    let Kind::Map(Some(value)) = item.shape().kind() else { panic!("a map") };
    let Kind::Structure(value) = value.kind() else { panic!("of structures") };
    let list = value.members().find(|member| member.name() == "L").expect("a list");
    let Kind::List(Some(inner)) = list.shape().kind() else { panic!("a list") };
    assert!(
        matches!(inner.kind(), Kind::Structure(one) if one.members().count() == value.members().count())
    );
}

#[test]
fn secrets_are_found_in_an_answer() {
    let paths = |service: &str, name: &str| operation(service, name).expect("one").secret_outputs();
    assert_eq!(paths("secretsmanager", "get-secret-value"), ["SecretBinary", "SecretString"]);
    assert_eq!(
        paths("sts", "assume-role"),
        ["Credentials.SecretAccessKey", "Credentials.SessionToken"]
    );
    assert_eq!(paths("ssm", "get-parameters"), ["Parameters[].Value"]);
    assert!(paths("kms", "generate-data-key").contains(&"Plaintext".to_owned()));
    assert!(
        paths("ecr", "get-authorization-token")
            .contains(&"authorizationData[].authorizationToken".to_owned())
    );
    assert!(paths("kms", "list-keys").is_empty());
    assert!(paths("s3api", "head-object").iter().all(|path| path != "SSEKMSKeyId"));

    let answer = serde_json::json!({ "Parameters": [
        { "Name": "a", "Value": "one" }, { "Name": "b" }, { "Name": "c", "Value": "two" },
    ] });
    let found = operation("ssm", "get-parameters")
        .expect("one")
        .secrets_in(answer.as_object().expect("fields"));
    let places: Vec<_> =
        found.iter().map(|one| (one.pointer.as_str(), one.path.as_str())).collect();
    assert_eq!(
        places,
        [
            ("/Parameters/0/Value", "Parameters[].Value"),
            ("/Parameters/2/Value", "Parameters[].Value")
        ]
    );
}

#[test]
fn permissions_are_known_or_said_to_be_unknown() {
    let needs = |service: &str, name: &str| operation(service, name).expect("one").iam_actions();
    assert_eq!(needs("kms", "create-key"), Some(vec!["kms:CreateKey"]));
    assert_eq!(needs("kms", "re-encrypt"), Some(vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"]));
    assert_eq!(needs("s3api", "list-objects-v2"), Some(vec!["s3:ListBucket"]));
    assert_eq!(needs("s3api", "head-object"), Some(vec!["s3:GetObject"]));
    assert_eq!(needs("stepfunctions", "start-execution"), Some(vec!["states:StartExecution"]));
    assert_eq!(needs("opensearch", "describe-domain"), Some(vec!["es:DescribeDomain"]));
    assert_eq!(needs("bedrock-runtime", "converse"), Some(vec!["bedrock:InvokeModel"]));
    assert_eq!(needs("sts", "get-caller-identity"), Some(Vec::new()));
    assert_eq!(needs("apigateway", "get-rest-apis"), None);
    assert_eq!(needs("dynamodb", "transact-write-items"), None);
    let read = operation("s3api", "get-object").expect("one");
    let version = |name: &str| name == "VersionId";
    assert_eq!(read.iam_actions_given(version), Some(vec!["s3:GetObjectVersion"]));
    let missing: BTreeSet<_> = services()
        .flat_map(operations)
        .filter(|one| one.iam_actions().is_none())
        .map(|one| one.service())
        .collect();
    assert!(
        !missing.contains("s3") && !missing.contains("kms") && !missing.contains("lambda"),
        "{missing:?}"
    );
}

#[test]
fn an_action_says_how_far_it_reaches_and_on_what() {
    let encrypt = iam_action("kms:encrypt").expect("an action");
    assert_eq!((encrypt.name.as_str(), encrypt.access), ("kms:Encrypt", Access::Write));
    assert_eq!(encrypt.resources.len(), 1);
    assert_eq!(
        encrypt.resources[0].patterns,
        ["arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"]
    );
    assert!(encrypt.resources[0].required);
    assert_eq!(iam_action("s3:ListAllMyBuckets").expect("one").access, Access::List);
    assert_eq!(iam_action("kms:PutKeyPolicy").expect("one").access, Access::PermissionsManagement);
    assert_eq!(iam_action("kms:TagResource").expect("one").access, Access::Tagging);
    assert!(iam_action("kms:Nothing").is_none() && iam_action("nothing").is_none());
}
