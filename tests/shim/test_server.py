"""The server itself: who it is, whom it serves, what it records and what it keeps."""

import json
import os
import subprocess
import sys
import tempfile

from harness import PACKAGE_PARENT, Case, Server, account, shared


def setUpModule():
    shared()


class TheServer(Case):
    def test_it_says_who_it_is(self):
        """A found port is ours only if it answers with the token we gave."""
        identity = self.server.identity()
        self.assertEqual((identity["token"], identity["version"], identity["pid"]),
                         (self.server.token, "1.5.33", self.server.process.pid))

    def test_another_version_is_refused(self):
        """The corrections wrap private functions, so they fit one version only."""
        script = ("import importlib.metadata as m; m.version = lambda name: '9.9.9'; "
                  "import runpy; runpy.run_module('shim', run_name='__main__')")
        ended = subprocess.run([sys.executable, "-c", script], cwd=PACKAGE_PARENT, capture_output=True, text=True,
                               env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual(ended.returncode, 1)
        self.assertIn("needs ministack 1.5.33, but 9.9.9 is installed", ended.stderr)

    def test_accounts_are_apart(self):
        """An access key of 12 digits is the root of that account, and sees no other account's keys."""
        key, other = self.key(), account()
        self.assertEqual(self.client("sts").get_caller_identity()["Arn"], f"arn:aws:iam::{self.account}:root")
        self.refused("NotFoundException", self.server.client("kms", other).describe_key, KeyId=key.split("/")[1])
        self.refused("NotFoundException", self.client("kms", region="eu-west-1").describe_key, KeyId=key)

    def test_a_role_acts_in_its_own_account(self):
        """AssumeRole gives keys of the role's account, and roles can be chained."""
        other, third = account(), account()
        assumed = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{other}:role/dr", RoleSessionName="me")
        keys = assumed["Credentials"]
        sts = self.client("sts", credentials=keys)
        self.assertEqual(sts.get_caller_identity()["Arn"], f"arn:aws:sts::{other}:assumed-role/dr/me")
        arn = self.client("kms", credentials=keys).create_key()["KeyMetadata"]["Arn"]
        self.assertIn(f":{other}:key/", arn)
        chained = sts.assume_role(RoleArn=f"arn:aws:iam::{third}:role/audit", RoleSessionName="me")["Credentials"]
        self.assertEqual(self.client("sts", credentials=chained).get_caller_identity()["Account"], third)

    def test_calls_are_logged(self):
        """Each API call is one line with service, operation, account and Region."""
        self.key()
        s3, bucket = self.client("s3"), f"bucket-{account()}"
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"")
        s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a/b"})
        s3.get_bucket_encryption(Bucket=bucket)
        self.client("cloudformation").list_stacks()
        self.client("lambda", region="eu-west-1").list_functions()
        self.assertEqual(self.calls(), [
            ("kms", "CreateKey", "us-east-1"), ("s3", "CreateBucket", "us-east-1"), ("s3", "PutObject", "us-east-1"),
            ("s3", "CopyObject", "us-east-1"), ("s3", "GetBucketEncryption", "us-east-1"),
            ("cloudformation", "ListStacks", "us-east-1"), ("lambda", "ListFunctions", "eu-west-1")])

    def calls(self):
        lines = [json.loads(line) for line in self.server.calls.read_text().splitlines()]
        return [(line["service"], line["operation"], line["region"]) for line in lines if line["account"] == self.account]

    def test_state_survives_a_stop(self):
        """SIGTERM saves everything that a runbook looks at: keys and their use, objects, secrets, stacks."""
        with tempfile.TemporaryDirectory(prefix="runbook-shim-") as folder:
            server = Server(folder).start()
            self.fill(server)
            server.stop()
            server.start()
            try:
                self.check(server)
            finally:
                server.stop()

    def fill(self, server):
        kms, s3 = server.client("kms", self.account), server.client("s3", self.account)
        self.old, self.new = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        options = {"Bucket": "kept", "Key": "o", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.old}
        self.first = s3.put_object(Body=b"1", **options)["VersionId"]
        s3.put_object(Body=b"2", **options)
        s3.update_object_encryption(Bucket="kept", Key="o", VersionId=self.first,
                                    ObjectEncryption={"SSEKMS": {"KMSKeyArn": self.new}})
        server.client("secretsmanager", self.account).create_secret(Name="s", SecretString="1", KmsKeyId=self.old)
        server.client("secretsmanager", self.account).put_secret_value(SecretId="s", SecretString="2")
        kms.rotate_key_on_demand(KeyId=self.old)
        template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        create = {"StackName": "s", "TemplateBody": template, "ClientRequestToken": "t"}
        self.stack = server.client("cloudformation", self.account).create_stack(**create)["StackId"]
        self.create = create

    def check(self, server):
        kms, s3 = server.client("kms", self.account), server.client("s3", self.account)
        self.assertEqual(len(kms.list_key_rotations(KeyId=self.old)["Rotations"]), 1)
        self.assertIn("KeyLastUsage", kms.get_key_last_usage(KeyId=self.new))
        first = s3.get_object(Bucket="kept", Key="o", VersionId=self.first)
        self.assertEqual((first["SSEKMSKeyId"], first["Body"].read()), (self.new, b"1"))
        current = s3.get_object(Bucket="kept", Key="o")
        self.assertEqual((current["SSEKMSKeyId"], current["Body"].read()), (self.old, b"2"))
        versions = server.client("secretsmanager", self.account).list_secret_version_ids(SecretId="s")["Versions"]
        self.assertEqual([version["KmsKeyIds"] for version in versions], [[self.old]] * 2)
        again = server.client("cloudformation", self.account).create_stack(**self.create)
        self.assertEqual(again["StackId"], self.stack)
