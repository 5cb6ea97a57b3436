"""Log groups, secrets and functions keep their key as on AWS where the emulator alone does not."""

import io
import json
import zipfile

from harness import Case, account, shared


def setUpModule():
    shared()


class Logs(Case):
    def setUp(self):
        super().setUp()
        self.logs = self.client("logs")
        self.key_arn = self.key_for_logs()
        self.logs.create_log_group(logGroupName="/app")

    def shown_key(self):
        return self.logs.describe_log_groups(logGroupNamePrefix="/app")["logGroups"][0].get("kmsKeyId")

    def test_a_key_is_associated_and_taken_away(self):
        """AssociateKmsKey replaces the group's key; DescribeLogGroups shows it; DisassociateKmsKey removes it."""
        self.logs.associate_kms_key(logGroupName="/app", kmsKeyId=self.key_arn)
        self.assertEqual(self.shown_key(), self.key_arn)
        other = self.key_for_logs()
        arn = f"arn:aws:logs:us-east-1:{self.account}:log-group:/app"
        self.logs.associate_kms_key(resourceIdentifier=arn, kmsKeyId=other)
        self.assertEqual(self.shown_key(), other)
        self.logs.disassociate_kms_key(logGroupName="/app")
        self.assertIsNone(self.shown_key())

    def test_the_key_must_be_usable_by_logs(self):
        """A missing or disabled key, a name that is no ARN, and a policy without the Logs service are refused."""
        disabled = self.key_for_logs()
        self.client("kms").disable_key(KeyId=disabled)
        without_service = self.key()
        for arn in (disabled, without_service, self.key_arn[:-4] + "0000", self.key_arn.split("/")[1]):
            self.refused("InvalidParameterException", self.logs.associate_kms_key, logGroupName="/app", kmsKeyId=arn)
            self.refused("InvalidParameterException", self.logs.create_log_group, logGroupName="/x", kmsKeyId=arn)
        self.refused("ResourceNotFoundException", self.logs.associate_kms_key, logGroupName="/none",
                     kmsKeyId=self.key_arn)


class Secrets(Case):
    def setUp(self):
        super().setUp()
        self.secrets, self.kms = self.client("secretsmanager"), self.client("kms")
        self.old, self.new = self.key(), self.key()
        self.kms.create_alias(AliasName="alias/app", TargetKeyId=self.old)

    def keys(self, **options):
        versions = self.secrets.list_secret_version_ids(SecretId="s", **options)["Versions"]
        return {version["VersionId"]: version["KmsKeyIds"] for version in versions}

    def test_each_version_shows_its_key(self):
        """UpdateSecret with only KmsKeyId re-encrypts the staged versions; deprecated ones keep their old key."""
        oldest = self.secrets.create_secret(Name="s", SecretString="1", KmsKeyId="alias/app")["VersionId"]
        previous = self.secrets.put_secret_value(SecretId="s", SecretString="2")["VersionId"]
        current = self.secrets.put_secret_value(SecretId="s", SecretString="3")["VersionId"]
        pending = self.secrets.put_secret_value(SecretId="s", SecretString="4", VersionStages=["AWSPENDING"])["VersionId"]
        staged = {previous, current, pending}
        self.assertEqual(self.keys(), {version: [self.old] for version in staged})
        self.secrets.update_secret(SecretId="s", KmsKeyId=self.new)
        self.assertEqual(self.keys(), {version: [self.new] for version in staged})
        self.assertEqual(self.keys(IncludeDeprecated=True)[oldest], [self.old])
        self.assertEqual(self.secrets.describe_secret(SecretId="s")["KmsKeyId"], self.new)

    def test_repointing_an_alias_moves_no_version(self):
        """The alias is resolved when a version is written."""
        self.secrets.create_secret(Name="s", SecretString="1", KmsKeyId="alias/app")
        self.kms.update_alias(AliasName="alias/app", TargetKeyId=self.new)
        self.assertEqual(list(self.keys().values()), [[self.old]])
        self.secrets.put_secret_value(SecretId="s", SecretString="2")
        self.assertEqual(sorted(self.keys().values()), sorted([[self.old], [self.new]]))

    def test_no_key_is_the_default_key(self):
        """Without KmsKeyId, the AWS managed key is used: DescribeSecret leaves it out."""
        self.secrets.create_secret(Name="s", SecretString="1")
        self.assertEqual(list(self.keys().values()), [["DefaultEncryptionKey"]])
        self.assertNotIn("KmsKeyId", self.secrets.describe_secret(SecretId="s"))

    def test_a_version_is_written_once(self):
        """The same PutSecretValue again under its token changes nothing; another value under it is refused."""
        first = self.secrets.create_secret(Name="s", SecretString="1")["VersionId"]
        token = "second-version-of-the-secret-0123456"
        for _ in range(2):
            self.secrets.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=token)
        versions = self.secrets.list_secret_version_ids(SecretId="s")["Versions"]
        stages = {version["VersionId"]: version["VersionStages"] for version in versions}
        self.assertEqual(stages, {first: ["AWSPREVIOUS"], token: ["AWSCURRENT"]})
        self.refused("ResourceExistsException", self.secrets.put_secret_value, SecretId="s", SecretString="3",
                     ClientRequestToken=token)

    def test_an_unusable_key_locks_the_secret(self):
        """Reading needs the version's key, writing the secret's key."""
        self.secrets.create_secret(Name="s", SecretString="1", KmsKeyId=self.old)
        self.kms.disable_key(KeyId=self.old)
        self.refused("DecryptionFailure", self.secrets.get_secret_value, SecretId="s")
        self.refused("EncryptionFailure", self.secrets.put_secret_value, SecretId="s", SecretString="2")
        self.refused("DecryptionFailure", self.secrets.update_secret, SecretId="s", KmsKeyId=self.new)
        self.refused("EncryptionFailure", self.secrets.create_secret, Name="t", SecretString="1", KmsKeyId="alias/none")
        self.kms.enable_key(KeyId=self.old)
        self.assertEqual(self.secrets.get_secret_value(SecretId="s")["SecretString"], "1")


class Functions(Case):
    def setUp(self):
        super().setUp()
        self.functions, self.kms = self.client("lambda"), self.client("kms")
        self.old, self.new = self.key(), self.key()
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "import os\ndef handler(event, context):\n    return os.environ['A'] + event\n")
        self.functions.create_function(
            FunctionName="f", Runtime="python3.12", Handler="index.handler", Code={"ZipFile": code.getvalue()},
            Role=f"arn:aws:iam::{self.account}:role/r", KMSKeyArn=self.old, Environment={"Variables": {"A": "1"}})
        self.functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})

    def config(self, **options):
        return self.functions.get_function_configuration(FunctionName="f", **options)

    def update(self, arn, **options):
        return self.functions.update_function_configuration(FunctionName="f", KMSKeyArn=arn, **options)

    def test_the_key_moves_and_published_versions_keep_theirs(self):
        """UpdateFunctionConfiguration changes $LATEST only; a stale RevisionId is refused."""
        self.functions.publish_version(FunctionName="f")
        revision = self.config()["RevisionId"]
        self.assertEqual(self.update(self.new, RevisionId=revision)["KMSKeyArn"], self.new)
        self.refused("PreconditionFailedException", self.update, self.old, RevisionId=revision)
        self.assertEqual(self.config()["KMSKeyArn"], self.new)
        self.assertEqual(self.config(Qualifier="1")["KMSKeyArn"], self.old)

    def test_the_aws_managed_key_is_not_shown(self):
        """An empty KMSKeyArn goes back to the AWS managed key, and the field is left out."""
        self.assertNotIn("KMSKeyArn", self.update(""))
        self.assertNotIn("KMSKeyArn", self.config())

    def test_an_unusable_key_stops_the_function(self):
        """A function runs for real; under a disabled key its environment cannot be decrypted."""
        invoke = lambda: self.functions.invoke(FunctionName="f", Payload=b'"2"')
        self.assertEqual(json.load(invoke()["Payload"]), "12")
        self.kms.disable_key(KeyId=self.old)
        self.refused("KMSDisabledException", invoke)
        self.refused("InvalidParameterValueException", self.update, self.old)
        self.refused("InvalidParameterValueException", self.update, f"arn:aws:kms:us-east-1:{account()}:key/none")
        self.kms.enable_key(KeyId=self.old)
        self.assertEqual(json.load(invoke()["Payload"]), "12")

    def test_published_versions_are_listed_when_all_are_asked_for(self):
        """ListFunctions gives each function, and with FunctionVersion=ALL its published versions beside it, in pages."""
        self.functions.publish_version(FunctionName="f")
        self.assertEqual([f["Version"] for f in self.functions.list_functions()["Functions"]], ["$LATEST"])
        pages = self.functions.get_paginator("list_functions").paginate(
            FunctionVersion="ALL", PaginationConfig={"PageSize": 1})
        found = [function for page in pages for function in page["Functions"]]
        self.assertEqual([f["Version"] for f in found], ["$LATEST", "1"])
        self.assertEqual([f["KMSKeyArn"] for f in found], [self.old] * 2)
