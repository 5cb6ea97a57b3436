//! Which properties cannot be altered: a resource that must have another value is made anew.
//!
//! From the resource provider schemas that AWS publishes (December 2025): `createOnlyProperties`
//! always replace, `conditionalCreateOnlyProperties` sometimes do. The list holds the types of the
//! shipped templates, and the common ones that hold data. Of any other type nothing is known here,
//! and the plan says so.

/// What a change of one property does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It may be replaced, or nobody here knows.
    Perhaps,
    /// It is replaced.
    Replaced,
}

/// A type, the properties that always replace, and those that may.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    ("AWS::Backup::BackupVault", &["BackupVaultName", "EncryptionKeyArn"], &[]),
    ("AWS::CloudTrail::Trail", &["TrailName"], &[]),
    ("AWS::CloudWatch::Alarm", &["AlarmName"], &[]),
    ("AWS::DynamoDB::GlobalTable", &["KeySchema", "LocalSecondaryIndexes", "TableName"], &[]),
    ("AWS::DynamoDB::Table", &["ImportSourceSpecification", "TableName"], &["KeySchema"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"], &[]),
    (
        "AWS::EC2::Subnet",
        &[
            "AvailabilityZone",
            "AvailabilityZoneId",
            "CidrBlock",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6Native",
            "Ipv6NetmaskLength",
            "OutpostArn",
            "VpcId",
        ],
        &["Ipv6CidrBlock"],
    ),
    ("AWS::EC2::VPC", &["CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength"], &["InstanceTenancy"]),
    (
        "AWS::EC2::VPCEndpoint",
        &[
            "ResourceConfigurationArn",
            "ServiceName",
            "ServiceNetworkArn",
            "ServiceRegion",
            "VpcEndpointType",
            "VpcId",
        ],
        &["DnsOptions"],
    ),
    ("AWS::ECR::Repository", &["EncryptionConfiguration", "RepositoryName"], &[]),
    (
        "AWS::EFS::FileSystem",
        &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"],
        &[],
    ),
    ("AWS::Events::Rule", &["Name"], &["EventBusName"]),
    ("AWS::IAM::InstanceProfile", &["InstanceProfileName", "Path"], &[]),
    ("AWS::IAM::ManagedPolicy", &["Description", "ManagedPolicyName", "Path"], &[]),
    ("AWS::IAM::Role", &["Path", "RoleName"], &[]),
    ("AWS::KMS::Alias", &["AliasName"], &[]),
    // The schema lists none. These are refused or replace, depending on when one asks.
    ("AWS::KMS::Key", &[], &["KeySpec", "KeyUsage", "MultiRegion", "Origin"]),
    ("AWS::Kinesis::Stream", &["Name"], &[]),
    ("AWS::Lambda::Alias", &["FunctionName", "Name"], &[]),
    (
        "AWS::Lambda::EventSourceMapping",
        &[
            "EventSourceArn",
            "SelfManagedEventSource",
            "StartingPosition",
            "StartingPositionTimestamp",
        ],
        &[],
    ),
    (
        "AWS::Lambda::Function",
        &["FunctionName", "PackageType", "TenancyConfig"],
        &["DurableConfig"],
    ),
    (
        "AWS::Lambda::Permission",
        &[
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        ],
        &[],
    ),
    ("AWS::Logs::LogGroup", &["LogGroupName"], &[]),
    ("AWS::OpenSearchServerless::AccessPolicy", &["Name", "Type"], &[]),
    ("AWS::OpenSearchServerless::Collection", &["Name", "StandbyReplicas", "Tags", "Type"], &[]),
    ("AWS::OpenSearchServerless::SecurityPolicy", &["Name", "Type"], &[]),
    (
        "AWS::OpenSearchService::Domain",
        &["DomainName"],
        &["AdvancedSecurityOptions", "EncryptionAtRestOptions"],
    ),
    ("AWS::RDS::DBSubnetGroup", &["DBSubnetGroupName"], &[]),
    ("AWS::S3::Bucket", &["BucketName"], &[]),
    ("AWS::S3::BucketPolicy", &["Bucket"], &[]),
    ("AWS::SNS::Topic", &["FifoTopic", "TopicName"], &[]),
    ("AWS::SQS::Queue", &["FifoQueue", "QueueName"], &[]),
    ("AWS::SSM::Parameter", &["Name"], &[]),
    ("AWS::SecretsManager::Secret", &["Name"], &[]),
    ("AWS::StepFunctions::StateMachine", &["StateMachineName", "StateMachineType"], &[]),
];

/// What a change of that property does to a resource of that type.
pub(super) fn fate(of: &str, property: &str) -> Fate {
    let Ok(row) = TABLE.binary_search_by(|(name, ..)| (*name).cmp(of)) else {
        return Fate::Perhaps;
    };
    let (_, always, sometimes) = TABLE[row];
    if always.contains(&property) {
        Fate::Replaced
    } else if sometimes.contains(&property) {
        Fate::Perhaps
    } else {
        Fate::Stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn what_is_not_known_may_replace() {
        assert_eq!(fate("AWS::S3::Bucket", "BucketName"), Fate::Replaced);
        assert_eq!(fate("AWS::S3::Bucket", "BucketEncryption"), Fate::Stays);
        assert_eq!(
            fate("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions"),
            Fate::Perhaps
        );
        assert_eq!(fate("Custom::Thing", "Anything"), Fate::Perhaps);
    }
}
