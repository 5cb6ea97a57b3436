"""Corrections to what the service models mark as sensitive.

The models are right nearly everywhere. Here are credentials that they forgot to mark, and one
identifier that they mark although every other call shows it.
"""

# (service as the AWS CLI calls it, structure, member): a credential that the model does not mark.
FORGOTTEN = {
    ("cognito-identity", "Credentials", "SessionToken"),
    ("connect", "ParticipantTokenCredentials", "ParticipantToken"),
    ("ecr", "AuthorizationData", "authorizationToken"),
    ("ecr-public", "AuthorizationData", "authorizationToken"),
    ("eks", "License", "token"),
    ("lakeformation", "AssumeDecoratedRoleWithSAMLResponse", "SecretAccessKey"),
    ("lakeformation", "AssumeDecoratedRoleWithSAMLResponse", "SessionToken"),
    ("lightsail", "AccessKey", "secretAccessKey"),
    ("lightsail", "ContainerServiceRegistryLogin", "password"),
    ("lightsail", "CreateKeyPairResult", "privateKeyBase64"),
    ("lightsail", "DownloadDefaultKeyPairResult", "privateKeyBase64"),
    ("lightsail", "InstanceAccessDetails", "password"),
    ("lightsail", "InstanceAccessDetails", "privateKey"),
    ("sts", "Credentials", "SessionToken"),
    ("workmail", "AssumeImpersonationRoleResponse", "Token"),
}

# (service, shape): marked, but an identifier, not a secret.
HARMLESS = {
    # The ARN of a KMS key. `kms list-keys` prints it.
    ("s3api", "SSEKMSKeyId"),
    ("s3api", "SSEKMSEncryptionKeyArn"),
}
