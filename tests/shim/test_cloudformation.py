"""CloudFormation in the sandbox behaves as on AWS where the emulator alone does not."""

import json
import time

from harness import Case, account, logs_policy, shared


def setUpModule():
    shared()


class Stacks(Case):
    def setUp(self):
        super().setUp()
        self.cloudformation = self.client("cloudformation")

    def change_set(self, resources, stack="s", name="c", kind="CREATE", **options):
        return self.cloudformation.create_change_set(
            StackName=stack, ChangeSetName=name, ChangeSetType=kind,
            TemplateBody=json.dumps({"Resources": resources}), **options)

    def deploy(self, resources, stack="s", **options):
        change_set = self.change_set(resources, stack, **options)["Id"]
        self.cloudformation.execute_change_set(ChangeSetName=change_set)
        return self.ended(stack)

    def ended(self, stack="s"):
        for _ in range(400):
            described = self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
            if not described["StackStatus"].endswith("IN_PROGRESS"):
                return described["StackStatus"]
            time.sleep(0.05)
        self.fail(f"{stack} did not end")

    def reason(self, resource, stack="s"):
        events = self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        return next(event["ResourceStatusReason"] for event in events
                    if event["LogicalResourceId"] == resource and event["ResourceStatus"].endswith("FAILED"))

    def test_properties_of_encrypted_resources_are_kept(self):
        """Encryption, versioning, public access block and tags of a bucket; the key of a log group, secret, function."""
        arn = self.key(Policy=logs_policy(self.account))
        bucket = f"bucket-{account()}"
        self.assertEqual(self.deploy({
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
                "BucketName": bucket, "VersioningConfiguration": {"Status": "Enabled"},
                "Tags": [{"Key": "a", "Value": "b"}],
                "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [{
                    "BucketKeyEnabled": True,
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}]}}},
            "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app", "KmsKeyId": arn}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {
                "Name": "s", "KmsKeyId": arn, "SecretString": "x"}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {
                "FunctionName": "f", "Runtime": "python3.12", "Handler": "index.handler", "KmsKeyArn": arn,
                "Role": f"arn:aws:iam::{self.account}:role/r", "Code": {"ZipFile": "def handler(e, c): return 1"}}},
        }), "CREATE_COMPLETE")
        s3 = self.client("s3")
        rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"], arn)
        self.assertTrue(rule["BucketKeyEnabled"])
        self.assertEqual(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
        self.assertTrue(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"])
        self.assertIn({"Key": "a", "Value": "b"}, s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
        self.assertEqual(self.client("logs").describe_log_groups()["logGroups"][0]["kmsKeyId"], arn)
        secrets = self.client("secretsmanager")
        self.assertEqual(secrets.describe_secret(SecretId="s")["KmsKeyId"], arn)
        self.assertEqual(secrets.list_secret_version_ids(SecretId="s")["Versions"][0]["KmsKeyIds"], [arn])
        self.assertEqual(self.client("lambda").get_function_configuration(FunctionName="f")["KMSKeyArn"], arn)

    def test_a_bucket_that_holds_anything_fails_the_deletion(self):
        """CloudFormation empties no bucket, not even of old versions and delete markers."""
        bucket, s3 = f"bucket-{account()}", self.client("s3")
        self.deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
            "BucketName": bucket, "VersioningConfiguration": {"Status": "Enabled"}}}})
        s3.put_object(Bucket=bucket, Key="o", Body=b"")
        s3.delete_object(Bucket=bucket, Key="o")
        self.cloudformation.delete_stack(StackName="s")
        self.assertEqual(self.ended(), "DELETE_FAILED")
        self.assertIn("The bucket you tried to delete is not empty", self.reason("Bucket"))
        listed = s3.list_object_versions(Bucket=bucket)
        for version in listed["Versions"] + listed["DeleteMarkers"]:
            s3.delete_object(Bucket=bucket, Key="o", VersionId=version["VersionId"])
        stack = self.cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackId"]
        self.cloudformation.delete_stack(StackName="s")
        self.assertEqual(self.ended(stack), "DELETE_COMPLETE")

    def test_iam_needs_capabilities(self):
        """A template with IAM resources needs CAPABILITY_IAM, with named ones CAPABILITY_NAMED_IAM."""
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
        named = {"Type": "AWS::IAM::Role", "Properties": role["Properties"] | {"RoleName": "r"}}
        code = "InsufficientCapabilitiesException"
        self.refused(code, self.change_set, {"Role": role})
        self.refused(code, self.change_set, {"Role": named}, Capabilities=["CAPABILITY_IAM"])
        self.change_set({"Role": named}, Capabilities=["CAPABILITY_NAMED_IAM"])

    def test_the_same_token_is_the_same_request(self):
        """A retried request with its token succeeds and does nothing more; without it, it is a second request."""
        topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
        first = self.change_set(topic, ClientToken="t")
        second = self.change_set(topic, ClientToken="t")
        self.assertEqual((first["Id"], first["StackId"]), (second["Id"], second["StackId"]))
        self.refused("AlreadyExistsException", self.change_set, topic, ClientToken="other")
        for _ in range(2):
            self.cloudformation.execute_change_set(ChangeSetName=first["Id"], ClientRequestToken="x")
        self.assertEqual(self.ended(), "CREATE_COMPLETE")
        self.cloudformation.execute_change_set(ChangeSetName=first["Id"], ClientRequestToken="x")
        body = json.dumps({"Resources": topic})
        create = lambda token: self.cloudformation.create_stack(StackName="n", TemplateBody=body,
                                                                ClientRequestToken=token)["StackId"]
        self.assertEqual(create("t"), create("t"))
        self.refused("AlreadyExistsException", create, "other")

    def test_change_sets_share_the_stack_in_review(self):
        """A second CREATE change set belongs to the same REVIEW_IN_PROGRESS stack; a refused one leaves it."""
        topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
        first = self.change_set(topic)["StackId"]
        self.assertEqual(self.change_set(topic, name="d")["StackId"], first)
        self.refused("ValidationError", self.change_set, {"Bad": {"Type": "Not::A::Type"}}, name="e")
        self.assertEqual(self.cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackId"], first)

    def test_a_rolled_back_stack_can_only_be_deleted(self):
        """A failed create ends in ROLLBACK_COMPLETE with the reason in its events, and keeps its name."""
        missing = f"arn:aws:kms:us-east-1:{self.account}:key/none"
        bad = {"Topic": {"Type": "AWS::SNS::Topic"}, "Log": {"Type": "AWS::Logs::LogGroup", "DependsOn": "Topic",
                                                           "Properties": {"KmsKeyId": missing}}}
        self.assertEqual(self.deploy(bad), "ROLLBACK_COMPLETE")
        self.assertIn("KMS key does not exist", self.reason("Log"))
        self.assertIn("ROLLBACK_COMPLETE", self.refused("ValidationError", self.change_set, bad, name="again"))
        self.refused("AlreadyExistsException", self.cloudformation.create_stack, StackName="s",
                     TemplateBody=json.dumps({"Resources": bad}))
        self.cloudformation.delete_stack(StackName="s")
        time.sleep(0.5)
        self.change_set({"Topic": bad["Topic"]}, name="again")

    def test_an_empty_change_set_fails_with_its_known_reason(self):
        """Runbooks recognise an up-to-date stack by this text."""
        topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
        self.deploy(topic)
        empty = self.change_set(topic, name="empty", kind="UPDATE")["Id"]
        described = self.cloudformation.describe_change_set(ChangeSetName=empty)
        self.assertEqual((described["Status"], described["StatusReason"]), (
            "FAILED", "The submitted information didn't contain changes. "
                      "Submit different information to create a change set."))

    def test_what_another_stack_left_collides(self):
        """An existing alias, log group or secret fails the stack; the emulator would take them over."""
        key = self.key()
        self.client("kms").create_alias(AliasName="alias/app", TargetKeyId=key)
        self.client("logs").create_log_group(logGroupName="/app")
        self.client("secretsmanager").create_secret(Name="s", SecretString="1")
        for kind, properties in (
                ("AWS::KMS::Alias", {"AliasName": "alias/app", "TargetKeyId": key}),
                ("AWS::Logs::LogGroup", {"LogGroupName": "/app"}),
                ("AWS::SecretsManager::Secret", {"Name": "s", "SecretString": "2"})):
            stack = kind.replace("::", "-")
            self.assertEqual(self.deploy({"R": {"Type": kind, "Properties": properties}}, stack), "ROLLBACK_COMPLETE")
            self.assertIn("already exists", self.reason("R", stack))
        self.assertEqual(self.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"], "1")

    def test_keys_and_aliases_follow_their_template(self):
        """Policy, rotation and tags of a key; an update repoints the alias."""
        policy = json.loads(logs_policy(self.account))
        template = {name: {"Type": "AWS::KMS::Key", "Properties": {
            "KeyPolicy": policy, "EnableKeyRotation": True, "Tags": [{"Key": "k", "Value": name}]}}
            for name in ("Old", "New")}
        alias = lambda target: {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {
            "AliasName": "alias/app", "TargetKeyId": {"Ref": target}}}}
        self.assertEqual(self.deploy(template | alias("Old")), "CREATE_COMPLETE")
        kms = self.client("kms")
        tag = lambda: [t["TagValue"] for t in kms.list_resource_tags(
            KeyId=kms.describe_key(KeyId="alias/app")["KeyMetadata"]["Arn"])["Tags"] if t["TagKey"] == "k"]
        self.assertEqual(tag(), ["Old"])
        arn = kms.describe_key(KeyId="alias/app")["KeyMetadata"]["Arn"]
        self.assertTrue(kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"])
        self.assertEqual(json.loads(kms.get_key_policy(KeyId=arn)["Policy"]), policy)
        self.assertEqual(self.deploy(template | alias("New"), name="up", kind="UPDATE"), "UPDATE_COMPLETE")
        self.assertEqual(tag(), ["New"])
