"""S3 encryption in the sandbox behaves as on AWS where the emulator alone does not."""

import json
import os

from harness import Case, account, shared


def setUpModule():
    shared()


class S3(Case):
    def setUp(self):
        super().setUp()
        self.s3, self.kms = self.client("s3"), self.client("kms")
        self.old, self.new = self.key(), self.key()
        self.kms.create_alias(AliasName="alias/app", TargetKeyId=self.old)
        self.bucket = f"bucket-{account()}"
        self.s3.create_bucket(Bucket=self.bucket)

    def default_key(self, key, bucket_key=False):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
                "BucketKeyEnabled": bucket_key}
        self.s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def versioned(self):
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key="o", **options):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"data", **options)

    def head(self, key="o", **options):
        return self.s3.head_object(Bucket=self.bucket, Key=key, **options)

    def move(self, arn, key="o", **options):
        bucket_key = options.pop("bucket_key", None)
        target = {"KMSKeyArn": arn} | ({} if bucket_key is None else {"BucketKeyEnabled": bucket_key})
        return self.s3.update_object_encryption(Bucket=self.bucket, Key=key, ObjectEncryption={"SSEKMS": target},
                                                **options)

    def test_every_object_is_encrypted(self):
        """A bucket that says nothing encrypts new objects with SSE-S3."""
        self.assertEqual(self.put()["ServerSideEncryption"], "AES256")
        self.assertEqual(self.head()["ServerSideEncryption"], "AES256")

    def test_writes_take_the_buckets_default(self):
        """Put, copy and multipart upload without a header take the bucket's key; its ARN is shown, never an alias."""
        self.put("plain")
        self.default_key("alias/app", bucket_key=True)
        self.put("put")
        self.s3.copy_object(Bucket=self.bucket, Key="copy", CopySource={"Bucket": self.bucket, "Key": "plain"})
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key="parts")["UploadId"]
        part = self.s3.upload_part(Bucket=self.bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
        self.s3.complete_multipart_upload(Bucket=self.bucket, Key="parts", UploadId=upload, MultipartUpload={
            "Parts": [{"ETag": part["ETag"], "PartNumber": 1}]})
        for key in ("put", "copy", "parts"):
            head = self.head(key)
            self.assertEqual((head["SSEKMSKeyId"], head["BucketKeyEnabled"]), (self.old, True), key)

    def test_kms_without_a_key_is_the_aws_managed_key(self):
        """`aws:kms` without a key id means the AWS managed key `alias/aws/s3`."""
        arn = self.put(ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
        key = self.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
        self.assertEqual((key["Arn"], key["KeyManager"]), (arn, "AWS"))

    def test_update_object_encryption_works_in_place(self):
        """ETag, date, version id, metadata stay; only the key of that one version changes."""
        self.versioned()
        self.default_key(self.old)
        first = self.put(Metadata={"m": "1"})["VersionId"]
        second = self.put()["VersionId"]
        before = self.head(VersionId=first)
        self.move(self.new, VersionId=first, bucket_key=True)
        after = self.head(VersionId=first)
        for name in ("ETag", "LastModified", "VersionId", "Metadata", "ContentLength"):
            self.assertEqual(before[name], after[name], name)
        self.assertEqual((after["SSEKMSKeyId"], after["BucketKeyEnabled"]), (self.new, True))
        self.assertEqual(self.head(VersionId=second)["SSEKMSKeyId"], self.old)
        self.move(self.new)
        self.assertEqual(self.head()["SSEKMSKeyId"], self.new)
        self.assertEqual(len(self.s3.list_object_versions(Bucket=self.bucket)["Versions"]), 2)
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="o", VersionId=first)["Body"].read(), b"data")

    def test_update_object_encryption_moves_sse_s3(self):
        """An SSE-S3 object is a valid source, also one from before versioning."""
        self.put()
        self.versioned()
        self.move(self.new, VersionId="null")
        self.assertEqual(self.head()["SSEKMSKeyId"], self.new)

    def test_update_object_encryption_takes_full_arns_of_this_account(self):
        """Alias, key id and alias ARN are InvalidRequest; a key of another account is AccessDenied."""
        self.put()
        alias_arn = self.new.split(":key/")[0] + ":alias/app"
        for name in (self.new.split("/")[1], "alias/application-key", alias_arn):
            self.refused("InvalidRequest", self.move, name)
        self.refused("AccessDenied", self.move, f"arn:aws:kms:us-east-1:{account()}:key/x")
        self.refused("KMS.NotFoundException", self.move, self.new.replace("us-east-1", "eu-west-1"))
        self.refused("KMS.NotFoundException", self.move, self.new[:-4] + "0000")

    def test_update_object_encryption_refuses_other_sources(self):
        """SSE-C objects, delete markers and missing objects are refused."""
        self.versioned()
        self.put("customer", SSECustomerAlgorithm="AES256", SSECustomerKey=os.urandom(32))
        self.refused("InvalidRequest", self.move, self.new, key="customer")
        self.refused("NoSuchKey", self.move, self.new, key="missing")
        self.put()
        self.refused("NoSuchVersion", self.move, self.new, VersionId="missing")
        marker = self.s3.delete_object(Bucket=self.bucket, Key="o")["VersionId"]
        self.refused("MethodNotAllowed", self.move, self.new, VersionId=marker)

    def test_update_object_encryption_needs_both_keys(self):
        """Neither a disabled target nor a disabled source key can be used."""
        self.default_key(self.old)
        self.put()
        self.kms.disable_key(KeyId=self.new)
        self.refused("KMS.DisabledException", self.move, self.new)
        self.kms.enable_key(KeyId=self.new)
        self.kms.disable_key(KeyId=self.old)
        self.refused("KMS.DisabledException", self.move, self.new)

    def test_data_under_an_unusable_key_is_out_of_reach(self):
        """GET (any version), PUT and copy are refused under a disabled key; HEAD is not, for it decrypts nothing."""
        self.versioned()
        self.default_key(self.old)
        version = self.put()["VersionId"]
        self.put()
        self.kms.disable_key(KeyId=self.old)
        get = lambda **options: self.s3.get_object(Bucket=self.bucket, Key="o", **options)
        self.refused("KMS.DisabledException", get)
        self.refused("KMS.DisabledException", get, VersionId=version)
        self.refused("KMS.DisabledException", self.put)
        self.refused("KMS.DisabledException", self.s3.copy_object, Bucket=self.bucket, Key="c",
                     CopySource={"Bucket": self.bucket, "Key": "o"}, ServerSideEncryption="AES256")
        self.assertEqual(self.head()["SSEKMSKeyId"], self.old)
        self.kms.enable_key(KeyId=self.old)
        self.assertEqual(get()["Body"].read(), b"data")
        self.kms.schedule_key_deletion(KeyId=self.old)
        self.refused("KMS.KMSInvalidStateException", get, VersionId=version)
        self.refused("KMS.NotFoundException", self.put, ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/none")

    def test_use_by_s3_counts(self):
        """GetKeyLastUsage also shows what S3 did with the key."""
        last = lambda: self.kms.get_key_last_usage(KeyId=self.old)["KeyLastUsage"]["Operation"]
        self.default_key(self.old)
        self.put()
        self.assertEqual(last(), "GenerateDataKey")
        self.s3.get_object(Bucket=self.bucket, Key="o")["Body"].read()
        self.assertEqual(last(), "Decrypt")
        self.move(self.new)
        self.assertEqual(last(), "ReEncrypt")

    def test_versions_are_listed_page_by_page(self):
        """Every page size gives every version once, also of objects from before versioning."""
        for key in ("a", "b"):
            self.put(key)
        self.versioned()
        for _ in range(3):
            self.put("b")
        self.put("c")
        self.s3.delete_object(Bucket=self.bucket, Key="c")
        listed = {size: self.listed(size) for size in (1, 2, 3, 1000)}
        self.assertEqual(len(listed[1000]), 7)
        for size, versions in listed.items():
            self.assertEqual(sorted(versions), sorted(listed[1000]), f"pages of {size}")

    def test_a_copy_reads_what_the_owner_of_its_source_lets_it_read(self):
        other = account()
        theirs, key = self.server.client("s3", other), self.server.client("kms", other).create_key()["KeyMetadata"]["Arn"]
        source = f"bucket-{other}"
        theirs.create_bucket(Bucket=source)
        theirs.put_object(Bucket=source, Key="a b+c?d", Body=b"data", ContentType="text/x", Tagging="kind=corpus",
                          ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
        self.default_key(self.new)
        copy = {"Bucket": self.bucket, "Key": "copy", "CopySource": {"Bucket": source, "Key": "a b+c?d"}}
        self.refused("AccessDenied", self.s3.copy_object, **copy)
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.account}:root"}, "Resource": f"arn:aws:s3:::{source}/*",
             "Action": ["s3:GetObject", "s3:GetObjectTagging"]}]}
        theirs.put_bucket_policy(Bucket=source, Policy=json.dumps(policy))
        self.s3.copy_object(**copy)
        got = self.s3.get_object(Bucket=self.bucket, Key="copy")
        self.assertEqual((got["Body"].read(), got["ContentType"], got["SSEKMSKeyId"]), (b"data", "text/x", self.new))
        tags = self.s3.get_object_tagging(Bucket=self.bucket, Key="copy")["TagSet"]
        self.assertEqual(tags, [{"Key": "kind", "Value": "corpus"}])
        self.refused("NoSuchKey", self.s3.copy_object, **copy | {"CopySource": {"Bucket": source, "Key": "none"}})
        # In parts, too.
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key="parts")["UploadId"]
        part = self.s3.upload_part_copy(**copy | {"Key": "parts", "UploadId": upload, "PartNumber": 1, "CopySourceRange": "bytes=0-3"})
        parts = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
        self.s3.complete_multipart_upload(Bucket=self.bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="parts")["Body"].read(), b"data")
        # The bucket of another account stays out of reach for everything else.
        self.refused("AccessDenied", self.s3.put_object, Bucket=source, Key="x", Body=b"")
        self.assertEqual(theirs.list_objects_v2(Bucket=source)["KeyCount"], 1)

    def listed(self, size):
        found = []
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, PaginationConfig={"PageSize": size, "MaxItems": 50})
        for page in pages:
            found += [(v["Key"], v["VersionId"]) for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        return found
