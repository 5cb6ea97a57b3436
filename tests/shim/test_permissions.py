"""With `AUTH=true` a caller needs on the emulator what they need on AWS: no less and no more."""

import json
import tempfile
import time
import unittest
from datetime import datetime, timezone

from botocore.exceptions import ClientError
from harness import Server, account, logs_policy

REGION = "us-east-1"


def setUpModule():
    global FOLDER, SERVER
    FOLDER = tempfile.TemporaryDirectory(prefix="runbook-shim-", ignore_cleanup_errors=True)
    SERVER = Server(FOLDER.name, AUTH="true").start()


def tearDownModule():
    SERVER.stop()
    FOLDER.cleanup()


class Case(unittest.TestCase):
    """Root makes things; a role with the policy of the test uses them."""

    def setUp(self):
        self.account = account()
        self.root = lambda service: SERVER.client(service, self.account)
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}]}
        self.root("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
        self.allow()
        self.keys = self.root("sts").assume_role(
            RoleArn=f"arn:aws:iam::{self.account}:role/r", RoleSessionName="tests")["Credentials"]

    def client(self, service):
        return SERVER.client(service, self.account, credentials=self.keys)

    def allow(self, *statements):
        """From now on the role may do this, and nothing else. A statement is (actions, resources[, condition])."""
        document = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": statement[0], "Resource": statement[1],
             **({"Condition": statement[2]} if len(statement) > 2 else {})}
            for statement in statements or [("sts:GetCallerIdentity", "*")]]}
        self.root("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(document))

    def arn(self, service, resource):
        return f"arn:aws:{service}:{REGION}:{self.account}:{resource}"

    def refused(self, call, *codes, **request):
        with self.assertRaises(ClientError) as caught:
            call(**request)
        code = caught.exception.response["Error"]["Code"]
        self.assertIn(code, codes or ("AccessDenied", "AccessDeniedException"))
        return caught.exception.response["Error"]["Message"]

    def needs(self, statements, call):
        """The call succeeds under these statements of one action each, and under none of them less."""
        for left_out in range(len(statements)):
            self.allow(*(statements[:left_out] + statements[left_out + 1:]))
            with self.assertRaises(ClientError, msg=f"without {statements[left_out]}"):
                call()
        self.allow(*statements)
        return call()

    def key(self, **options):
        return self.root("kms").create_key(**options)["KeyMetadata"]["Arn"]


class Principals(Case):
    def test_a_session_is_known_by_its_role(self):
        """`aws:PrincipalArn` is the ARN of the role, in a policy and in the trust policy of another role."""
        role = f"arn:aws:iam::{self.account}:role/r"
        only = {"ArnEquals": {"aws:PrincipalArn": role}}
        self.allow(("kms:ListKeys", "*", only), ("sts:AssumeRole", "*"))
        self.client("kms").list_keys()
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.account}:root"}, "Action": "sts:AssumeRole",
             "Condition": only}]}
        self.root("iam").create_role(RoleName="next", AssumeRolePolicyDocument=json.dumps(trust))
        self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{self.account}:role/next", RoleSessionName="tests")


class Kms(Case):
    def test_a_key_named_by_its_alias_is_the_key(self):
        """A policy names a key by its ARN, never by its alias; `kms:RequestAlias` is the alias of the request."""
        arn = self.key()
        self.root("kms").create_alias(AliasName="alias/a", TargetKeyId=arn)
        self.root("kms").create_alias(AliasName="alias/b", TargetKeyId=arn)
        describe = self.client("kms").describe_key
        self.allow(("kms:DescribeKey", self.arn("kms", "alias/a")))
        self.refused(describe, KeyId="alias/a")
        self.allow(("kms:DescribeKey", arn))
        self.assertEqual(describe(KeyId="alias/a")["KeyMetadata"]["Arn"], arn)
        only = {"StringEquals": {"kms:RequestAlias": "alias/a"}}
        self.allow(("kms:DescribeKey", self.arn("kms", "key/*"), only))
        describe(KeyId="alias/a")
        self.refused(describe, KeyId="alias/b")
        self.refused(describe, KeyId=arn)

    def test_a_key_is_among_its_aliases(self):
        """`kms:ResourceAliases` has every alias of the key, however the request names it."""
        arn, other = self.key(), self.key()
        self.root("kms").create_alias(AliasName="alias/a", TargetKeyId=arn)
        only = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}}
        self.allow(("kms:DescribeKey", "*", only))
        self.client("kms").describe_key(KeyId=arn)
        self.refused(self.client("kms").describe_key, KeyId=other)

    def test_an_alias_that_is_not_there_is_not_found(self):
        self.allow(("kms:DescribeKey", self.arn("kms", "key/*")))
        self.refused(self.client("kms").describe_key, "NotFoundException", KeyId="alias/none")

    def test_an_alias_is_moved_with_permission_on_the_alias_and_on_both_keys(self):
        old, new = self.key(), self.key()
        alias = self.arn("kms", "alias/a")
        kms = self.client("kms")
        self.needs([("kms:CreateAlias", alias), ("kms:CreateAlias", old)],
                   lambda: kms.create_alias(AliasName="alias/a", TargetKeyId=old))
        self.needs([("kms:UpdateAlias", alias), ("kms:UpdateAlias", old), ("kms:UpdateAlias", new)],
                   lambda: kms.update_alias(AliasName="alias/a", TargetKeyId=new))
        self.needs([("kms:DeleteAlias", alias), ("kms:DeleteAlias", new)],
                   lambda: kms.delete_alias(AliasName="alias/a"))

    def test_a_key_is_made_by_those_who_could_change_it(self):
        """`kms:CreateKey` on `*`; `kms:TagResource` for its tags; and `kms:PutKeyPolicy`, unless the policy gives it."""
        kms, tags = self.client("kms"), [{"TagKey": "a", "TagValue": "b"}]
        everything = self.arn("kms", "key/*")
        self.needs([("kms:CreateKey", "*"), ("kms:TagResource", everything), ("kms:PutKeyPolicy", everything)],
                   lambda: kms.create_key(Tags=tags))
        self.allow(("kms:CreateKey", "*"))
        self.refused(kms.create_key, "MalformedPolicyDocumentException")
        kms.create_key(BypassPolicyLockoutSafetyCheck=True)
        own = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.account}:role/r"}, "Action": "kms:*",
             "Resource": "*"}]}
        kms.create_key(Policy=json.dumps(own))

    def test_lists_have_no_resource(self):
        """`ListAliases` and `ListKeys` are allowed on `*` only, also when a key is named."""
        arn = self.key()
        self.allow((["kms:ListAliases", "kms:ListKeys"], self.arn("kms", "key/*")))
        self.refused(self.client("kms").list_aliases, KeyId=arn)
        self.allow((["kms:ListAliases", "kms:ListKeys"], "*"))
        self.client("kms").list_aliases(KeyId=arn)


class Objects(Case):
    def setUp(self):
        super().setUp()
        self.old, self.new = self.key(), self.key()
        self.s3 = self.client("s3")
        self.bucket = f"b-{self.account}"
        self.all = f"arn:aws:s3:::{self.bucket}/*"
        self.root("s3").create_bucket(Bucket=self.bucket)
        self.root("s3").put_object(Bucket=self.bucket, Key="o", Body=b"data", ServerSideEncryption="aws:kms",
                                   SSEKMSKeyId=self.old)

    def test_to_read_is_to_decrypt(self):
        """GET needs `kms:Decrypt` on the key of the object; HEAD decrypts nothing."""
        self.needs([("s3:GetObject", self.all), ("kms:Decrypt", self.old)],
                   lambda: self.s3.get_object(Bucket=self.bucket, Key="o"))
        self.allow(("s3:GetObject", self.all))
        self.s3.head_object(Bucket=self.bucket, Key="o")

    def test_to_write_needs_a_data_key(self):
        self.needs([("s3:PutObject", self.all), ("kms:GenerateDataKey", self.new)],
                   lambda: self.s3.put_object(Bucket=self.bucket, Key="n", Body=b"", ServerSideEncryption="aws:kms",
                                              SSEKMSKeyId=self.new))

    def test_to_move_an_object_in_place_is_a_permission_of_its_own(self):
        """`s3:UpdateObjectEncryption`, and on the keys Encrypt, Decrypt, GenerateDataKey and ReEncrypt*."""
        wanted = {"SSEKMS": {"KMSKeyArn": self.new}}
        call = lambda: self.s3.update_object_encryption(Bucket=self.bucket, Key="o", ObjectEncryption=wanted)
        self.allow((["s3:PutEncryptionConfiguration", "s3:PutObject", "kms:*"], "*"))
        self.refused(call)
        self.needs([("s3:UpdateObjectEncryption", self.all), ("kms:Decrypt", self.old), ("kms:ReEncryptFrom", self.old),
                    ("kms:Encrypt", self.new), ("kms:GenerateDataKey", self.new), ("kms:ReEncryptTo", self.new)], call)

    def test_requests_count_as_made_over_tls(self):
        """A bucket that refuses plain HTTP lets SDKs in: to AWS they speak TLS only."""
        deny = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": self.all,
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
        self.root("s3").put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(deny))
        self.allow((["s3:GetObject", "kms:Decrypt"], "*"))
        self.s3.get_object(Bucket=self.bucket, Key="o")


class Stores(Case):
    def test_a_log_group_is_named_with_its_streams(self):
        """A policy names a log group with `:*` at its end, and `DescribeLogGroups` takes all groups only."""
        arn = self.key(Policy=logs_policy(self.account))
        self.root("logs").create_log_group(logGroupName="/app")
        logs = self.client("logs")
        group = self.arn("logs", "log-group:/app")
        self.allow((["logs:AssociateKmsKey", "logs:DescribeLogGroups"], group))
        self.refused(logs.associate_kms_key, logGroupName="/app", kmsKeyId=arn)
        self.allow((["logs:AssociateKmsKey", "logs:DescribeLogGroups"], f"{group}:*"))
        logs.associate_kms_key(logGroupName="/app", kmsKeyId=arn)
        self.refused(logs.describe_log_groups, logGroupNamePrefix="/app")
        self.allow(("logs:DescribeLogGroups", self.arn("logs", "log-group:*")))
        logs.describe_log_groups(logGroupNamePrefix="/app")

    def test_a_secret_is_moved_with_permission_on_its_keys(self):
        """UpdateSecret needs GenerateDataKey on the new key and Decrypt on the old. Without Encrypt it changes the key's
        name, re-encrypts nothing, and succeeds."""
        old, new = self.key(), self.key()
        root, secrets = self.root("secretsmanager"), self.client("secretsmanager")
        arn = root.create_secret(Name="s", SecretString="1", KmsKeyId=old)["ARN"]
        shown = lambda: root.list_secret_version_ids(SecretId="s")["Versions"][0]["KmsKeyIds"]
        update = lambda: secrets.update_secret(SecretId="s", KmsKeyId=new)
        self.needs([("secretsmanager:UpdateSecret", arn[:-6] + "??????"), ("kms:GenerateDataKey", new),
                    ("kms:Decrypt", old)], update)
        self.assertEqual((root.describe_secret(SecretId="s")["KmsKeyId"], shown()), (new, [old]))
        self.allow(("secretsmanager:UpdateSecret", arn), (["kms:GenerateDataKey", "kms:Encrypt"], new),
                   ("kms:Decrypt", old))
        update()
        self.assertEqual(shown(), [new])
        self.needs([("secretsmanager:GetSecretValue", arn), ("kms:Decrypt", new)],
                   lambda: secrets.get_secret_value(SecretId="s"))
        self.needs([("secretsmanager:PutSecretValue", arn), ("kms:GenerateDataKey", new), ("kms:Decrypt", new)],
                   lambda: secrets.put_secret_value(SecretId="s", SecretString="2"))

    def test_a_function_is_put_under_a_key_with_permission_on_the_key(self):
        """CreateGrant and Encrypt on the new key, Decrypt on the key that its variables are under."""
        import io
        import zipfile

        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("index.py", "def handler(event, context):\n    return {}\n")
        old, new = self.key(), self.key()
        self.root("lambda").create_function(
            FunctionName="f", Runtime="python3.12", Handler="index.handler", Code={"ZipFile": archive.getvalue()},
            Role=f"arn:aws:iam::{self.account}:role/r", KMSKeyArn=old, Environment={"Variables": {"A": "1"}})
        function = self.arn("lambda", "function:f")
        change = lambda: self.client("lambda").update_function_configuration(FunctionName="f", KMSKeyArn=new)
        self.needs([("lambda:UpdateFunctionConfiguration", function), ("kms:CreateGrant", new), ("kms:Encrypt", new),
                    ("kms:Decrypt", old)], change)

    def test_a_version_of_a_function_is_a_resource_of_its_own(self):
        """A call with a qualifier is asked about `function:NAME:QUALIFIER`."""
        self.allow(("lambda:InvokeFunction", self.arn("lambda", "function:f")))
        self.refused(self.client("lambda").invoke, FunctionName="f", Qualifier="live")
        self.refused(self.client("lambda").invoke, "ResourceNotFoundException", FunctionName="f")
        self.allow(("lambda:InvokeFunction", self.arn("lambda", "function:f:live")))
        self.refused(self.client("lambda").invoke, "ResourceNotFoundException", FunctionName="f", Qualifier="live")
        self.refused(self.client("lambda").invoke, FunctionName="f")

    def test_a_change_set_is_allowed_by_its_stack(self):
        """A change set that is named by its ARN alone is asked about its stack."""
        template = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
        stacks = self.client("cloudformation")
        own = self.arn("cloudformation", "stack/mine/*")
        self.allow((["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"], own))
        request = {"ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": template}
        made = stacks.create_change_set(StackName="mine", **request)
        stacks.execute_change_set(ChangeSetName=made["Id"])
        self.refused(stacks.create_change_set, StackName="other", **request)
        foreign = self.root("cloudformation").create_change_set(StackName="other", **request)
        self.refused(stacks.execute_change_set, ChangeSetName=foreign["Id"])


class Models(Case):
    """To converse is to invoke, on the model or on the profile that is named."""

    def converse(self, model):
        return self.client("bedrock-runtime").converse(
            modelId=model, messages=[{"role": "user", "content": [{"text": "Is there anything?"}]}])

    def test_to_converse_is_to_invoke_the_model(self):
        name = "anthropic.claude-3-haiku-20240307-v1:0"
        model = f"arn:aws:bedrock:{REGION}::foundation-model/{name}"
        self.needs([("bedrock:InvokeModel", model)], lambda: self.converse(name))
        self.allow(("bedrock:InvokeModel", model + "0"), ("bedrock:Converse", "*"))
        self.assertIn("bedrock:InvokeModel", self.refused(lambda: self.converse(name)))

    def test_a_profile_belongs_to_the_account(self):
        name = "us.anthropic.claude-3-haiku-20240307-v1:0"
        self.needs([("bedrock:InvokeModel", self.arn("bedrock", f"inference-profile/{name}"))],
                   lambda: self.converse(name))


class Schedules(Case):
    def test_a_schedule_may_do_what_its_role_may(self):
        """What is refused when it fires is refused without a word. A second schedule tells that the first was due."""
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        iam, kms, scheduler = self.root("iam"), self.root("kms"), self.root("scheduler")
        role = iam.create_role(RoleName="s", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        refused, allowed = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        document = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:EnableKey", "Resource": allowed}]}
        iam.put_role_policy(RoleName="s", PolicyName="p", PolicyDocument=json.dumps(document))
        now = f"at({datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S})"
        enabled = lambda key: kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"]
        for key in (refused, allowed):
            kms.disable_key(KeyId=key)
            target = {"Arn": "arn:aws:scheduler:::aws-sdk:kms:enableKey", "RoleArn": role,
                      "Input": json.dumps({"KeyId": key})}
            scheduler.create_schedule(Name=key.rsplit("/", 1)[-1], ScheduleExpression=now, Target=target,
                                      FlexibleTimeWindow={"Mode": "OFF"}, ActionAfterCompletion="DELETE")
        deadline = time.monotonic() + 30
        while scheduler.list_schedules()["Schedules"]:
            self.assertLess(time.monotonic(), deadline, "they were never due")
            time.sleep(0.1)
        self.assertTrue(enabled(allowed))
        self.assertFalse(enabled(refused))


if __name__ == "__main__":
    unittest.main()
