"""Which IAM actions an operation needs, where its name does not say so.

Most operations need the action of the same name: `kms create-key` needs `kms:CreateKey`. This file
holds the rest. An operation that is neither 1:1 nor here needs "cannot tell", never a guess.
The builder refuses an action that the IAM data does not know.
"""

# Services whose IAM prefix is none of the names in their model.
PREFIXES = {
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
}

# An action may hold only when a field of the input is given (`+Field`) or left out (`-Field`).
S3 = {
    "CompleteMultipartUpload": ["s3:PutObject"],
    "CopyObject": ["s3:GetObject", "s3:PutObject"],
    "CreateMultipartUpload": ["s3:PutObject"],
    "CreateSession": ["s3express:CreateSession"],
    "DeleteBucketAnalyticsConfiguration": ["s3:PutAnalyticsConfiguration"],
    "DeleteBucketCors": ["s3:PutBucketCORS"],
    "DeleteBucketEncryption": ["s3:PutEncryptionConfiguration"],
    "DeleteBucketIntelligentTieringConfiguration": ["s3:PutIntelligentTieringConfiguration"],
    "DeleteBucketInventoryConfiguration": ["s3:PutInventoryConfiguration"],
    "DeleteBucketLifecycle": ["s3:PutLifecycleConfiguration"],
    "DeleteBucketMetricsConfiguration": ["s3:PutMetricsConfiguration"],
    "DeleteBucketOwnershipControls": ["s3:PutBucketOwnershipControls"],
    "DeleteBucketReplication": ["s3:PutReplicationConfiguration"],
    "DeleteBucketTagging": ["s3:PutBucketTagging"],
    "DeleteObject": ["s3:DeleteObject -VersionId", "s3:DeleteObjectVersion +VersionId"],
    "DeleteObjectTagging": ["s3:DeleteObjectTagging -VersionId", "s3:DeleteObjectVersionTagging +VersionId"],
    # Versions are named one by one, deep in `Delete`, so both may be needed.
    "DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    "DeletePublicAccessBlock": ["s3:PutBucketPublicAccessBlock"],
    "GetBucketAccelerateConfiguration": ["s3:GetAccelerateConfiguration"],
    "GetBucketAnalyticsConfiguration": ["s3:GetAnalyticsConfiguration"],
    "GetBucketCors": ["s3:GetBucketCORS"],
    "GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
    "GetBucketIntelligentTieringConfiguration": ["s3:GetIntelligentTieringConfiguration"],
    "GetBucketInventoryConfiguration": ["s3:GetInventoryConfiguration"],
    "GetBucketLifecycle": ["s3:GetLifecycleConfiguration"],
    "GetBucketLifecycleConfiguration": ["s3:GetLifecycleConfiguration"],
    "GetBucketMetricsConfiguration": ["s3:GetMetricsConfiguration"],
    "GetBucketNotificationConfiguration": ["s3:GetBucketNotification"],
    "GetBucketReplication": ["s3:GetReplicationConfiguration"],
    "GetObject": ["s3:GetObject -VersionId", "s3:GetObjectVersion +VersionId"],
    "GetObjectAcl": ["s3:GetObjectAcl -VersionId", "s3:GetObjectVersionAcl +VersionId"],
    "GetObjectAttributes": [
        "s3:GetObject -VersionId",
        "s3:GetObjectAttributes -VersionId",
        "s3:GetObjectVersion +VersionId",
        "s3:GetObjectVersionAttributes +VersionId",
    ],
    "GetObjectLockConfiguration": ["s3:GetBucketObjectLockConfiguration"],
    "GetObjectTagging": ["s3:GetObjectTagging -VersionId", "s3:GetObjectVersionTagging +VersionId"],
    "GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
    "HeadBucket": ["s3:ListBucket"],
    "HeadObject": ["s3:GetObject -VersionId", "s3:GetObjectVersion +VersionId"],
    "ListBucketAnalyticsConfigurations": ["s3:GetAnalyticsConfiguration"],
    "ListBucketIntelligentTieringConfigurations": ["s3:GetIntelligentTieringConfiguration"],
    "ListBucketInventoryConfigurations": ["s3:GetInventoryConfiguration"],
    "ListBucketMetricsConfigurations": ["s3:GetMetricsConfiguration"],
    "ListBuckets": ["s3:ListAllMyBuckets"],
    "ListDirectoryBuckets": ["s3express:ListAllMyDirectoryBuckets"],
    "ListMultipartUploads": ["s3:ListBucketMultipartUploads"],
    "ListObjectVersions": ["s3:ListBucketVersions"],
    "ListObjects": ["s3:ListBucket"],
    "ListObjectsV2": ["s3:ListBucket"],
    "ListParts": ["s3:ListMultipartUploadParts"],
    "PutBucketAccelerateConfiguration": ["s3:PutAccelerateConfiguration"],
    "PutBucketAnalyticsConfiguration": ["s3:PutAnalyticsConfiguration"],
    "PutBucketCors": ["s3:PutBucketCORS"],
    "PutBucketEncryption": ["s3:PutEncryptionConfiguration"],
    "PutBucketIntelligentTieringConfiguration": ["s3:PutIntelligentTieringConfiguration"],
    "PutBucketInventoryConfiguration": ["s3:PutInventoryConfiguration"],
    "PutBucketLifecycle": ["s3:PutLifecycleConfiguration"],
    "PutBucketLifecycleConfiguration": ["s3:PutLifecycleConfiguration"],
    "PutBucketMetricsConfiguration": ["s3:PutMetricsConfiguration"],
    "PutBucketNotificationConfiguration": ["s3:PutBucketNotification"],
    "PutBucketReplication": ["s3:PutReplicationConfiguration"],
    "PutObjectAcl": ["s3:PutObjectAcl -VersionId", "s3:PutObjectVersionAcl +VersionId"],
    "PutObjectLockConfiguration": ["s3:PutBucketObjectLockConfiguration"],
    "PutObjectTagging": ["s3:PutObjectTagging -VersionId", "s3:PutObjectVersionTagging +VersionId"],
    "PutPublicAccessBlock": ["s3:PutBucketPublicAccessBlock"],
    "UploadPart": ["s3:PutObject"],
    "UploadPartCopy": ["s3:GetObject", "s3:PutObject"],
    "WriteGetObjectResponse": ["s3-object-lambda:WriteGetObjectResponse"],
}

VIEW_BUDGET = ["budgets:ViewBudget"]
MODIFY_BUDGET = ["budgets:ModifyBudget"]

# Service as the AWS CLI calls it -> operation as the API calls it -> actions. An empty list: it needs none.
ACTIONS = {
    "s3api": S3,
    "s3control": {
        "DeletePublicAccessBlock": ["s3:PutAccountPublicAccessBlock"],
        "GetPublicAccessBlock": ["s3:GetAccountPublicAccessBlock"],
        "PutPublicAccessBlock": ["s3:PutAccountPublicAccessBlock"],
    },
    "apigatewaymanagementapi": {
        "DeleteConnection": ["execute-api:ManageConnections"],
        "GetConnection": ["execute-api:ManageConnections"],
        "PostToConnection": ["execute-api:ManageConnections"],
    },
    "bedrock-runtime": {"Converse": ["bedrock:InvokeModel"], "StartAsyncInvoke": ["bedrock:InvokeModel"]},
    "budgets": {
        "CreateBudget": MODIFY_BUDGET,
        "CreateNotification": MODIFY_BUDGET,
        "CreateSubscriber": MODIFY_BUDGET,
        "DeleteBudget": MODIFY_BUDGET,
        "DeleteNotification": MODIFY_BUDGET,
        "DeleteSubscriber": MODIFY_BUDGET,
        "DescribeBudget": VIEW_BUDGET,
        "DescribeBudgetNotificationsForAccount": VIEW_BUDGET,
        "DescribeBudgetPerformanceHistory": VIEW_BUDGET,
        "DescribeBudgets": VIEW_BUDGET,
        "DescribeNotificationsForBudget": VIEW_BUDGET,
        "DescribeSubscribersForNotification": VIEW_BUDGET,
        "UpdateBudget": MODIFY_BUDGET,
        "UpdateNotification": MODIFY_BUDGET,
        "UpdateSubscriber": MODIFY_BUDGET,
    },
    "cloudfront": {"CreateDistributionWithTags": ["cloudfront:CreateDistribution", "cloudfront:TagResource"]},
    "dynamodb": {"TransactGetItems": ["dynamodb:GetItem"]},
    "kms": {"ReEncrypt": ["kms:ReEncryptFrom", "kms:ReEncryptTo"]},
    "lambda": {"GetLayerVersionByArn": ["lambda:GetLayerVersion"], "Invoke": ["lambda:InvokeFunction"]},
    "redshift-data": {"GetStatementResultV2": ["redshift-data:GetStatementResult"]},
    "sns": {"PublishBatch": ["sns:Publish"]},
    "sqs": {
        "ChangeMessageVisibilityBatch": ["sqs:ChangeMessageVisibility"],
        "DeleteMessageBatch": ["sqs:DeleteMessage"],
        "SendMessageBatch": ["sqs:SendMessage"],
    },
    # Anybody with credentials may make these two calls, whatever the policies say.
    "sts": {"GetCallerIdentity": [], "GetSessionToken": []},
    "verifiedpermissions": {
        "BatchIsAuthorized": ["verifiedpermissions:IsAuthorized"],
        "BatchIsAuthorizedWithToken": ["verifiedpermissions:IsAuthorizedWithToken"],
    },
}
