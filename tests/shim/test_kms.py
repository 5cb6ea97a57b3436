"""KMS in the sandbox behaves as on AWS where the emulator alone does not."""

import json

from harness import Case, account, shared


def setUpModule():
    shared()


class Kms(Case):
    def setUp(self):
        super().setUp()
        self.kms = self.client("kms")
        self.old, self.new = self.key(), self.key()

    def last(self, key):
        return self.kms.get_key_last_usage(KeyId=key).get("KeyLastUsage", {}).get("Operation")

    def test_re_encrypt_moves_a_ciphertext(self):
        """ReEncrypt opens under the source key and seals under the destination key, and names both by ARN."""
        sealed = self.kms.encrypt(KeyId=self.old, Plaintext=b"text", EncryptionContext={"a": "1"})["CiphertextBlob"]
        moved = self.kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext={"a": "1"},
                                    DestinationKeyId=self.new, DestinationEncryptionContext={"b": "2"})
        self.assertEqual((moved["SourceKeyId"], moved["KeyId"]), (self.old, self.new))
        opened = self.kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
        self.assertEqual((opened["Plaintext"], opened["KeyId"]), (b"text", self.new))
        self.assertEqual((self.last(self.old), self.last(self.new)), ("ReEncrypt", "Decrypt"))

    def test_re_encrypt_with_the_wrong_source_key_is_refused(self):
        """With SourceKeyId, ReEncrypt uses only that key."""
        sealed = self.kms.encrypt(KeyId=self.old, Plaintext=b"text")["CiphertextBlob"]
        self.refused("IncorrectKeyException", self.kms.re_encrypt, CiphertextBlob=sealed, SourceKeyId=self.new,
                     DestinationKeyId=self.new)

    def test_decrypt_with_the_wrong_key_is_refused(self):
        """With KeyId, Decrypt uses only that key: another one is IncorrectKeyException, never other bytes."""
        sealed = self.kms.encrypt(KeyId=self.old, Plaintext=b"text")["CiphertextBlob"]
        self.refused("IncorrectKeyException", self.kms.decrypt, CiphertextBlob=sealed, KeyId=self.new)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=sealed, KeyId=self.old)["Plaintext"], b"text")

    def test_encrypt_takes_4096_bytes(self):
        """Encrypt takes at most 4096 bytes."""
        self.kms.encrypt(KeyId=self.old, Plaintext=b"x" * 4096)
        self.refused("ValidationException", self.kms.encrypt, KeyId=self.old, Plaintext=b"x" * 4097)

    def test_rotation_on_demand_is_listed_and_limited(self):
        """RotateKeyOnDemand works 25 times on a key, and older ciphertexts still open."""
        sealed = self.kms.encrypt(KeyId=self.old, Plaintext=b"text")["CiphertextBlob"]
        for _ in range(25):
            self.kms.rotate_key_on_demand(KeyId=self.old)
        self.refused("LimitExceededException", self.kms.rotate_key_on_demand, KeyId=self.old)
        pages = self.kms.get_paginator("list_key_rotations").paginate(KeyId=self.old, PaginationConfig={"PageSize": 10})
        rotations = [rotation for page in pages for rotation in page["Rotations"]]
        self.assertEqual([rotation["RotationType"] for rotation in rotations], ["ON_DEMAND"] * 25)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=sealed)["Plaintext"], b"text")

    def test_last_usage_follows_successful_operations(self):
        """GetKeyLastUsage shows the last successful operation; a refused one leaves it."""
        fresh = self.kms.get_key_last_usage(KeyId=self.old)
        self.assertNotIn("KeyLastUsage", fresh)
        self.assertGreater(fresh["KeyCreationDate"], fresh["TrackingStartDate"])
        self.kms.generate_data_key(KeyId=self.old, KeySpec="AES_256")
        self.assertEqual(self.last(self.old), "GenerateDataKey")
        self.kms.disable_key(KeyId=self.old)
        self.refused("DisabledException", self.kms.encrypt, KeyId=self.old, Plaintext=b"x")
        self.assertEqual(self.last(self.old), "GenerateDataKey")

    def test_key_operations_take_no_alias(self):
        """DisableKey, EnableKey, ScheduleKeyDeletion and GetKeyLastUsage take an id or ARN, never an alias."""
        self.kms.create_alias(AliasName="alias/app", TargetKeyId=self.old)
        for call in (self.kms.disable_key, self.kms.enable_key, self.kms.schedule_key_deletion,
                     self.kms.cancel_key_deletion, self.kms.get_key_last_usage, self.kms.rotate_key_on_demand):
            self.refused("NotFoundException", call, KeyId="alias/app")
        arn = self.old.split(":key/")[0] + ":alias/app"
        self.refused("InvalidArnException", self.kms.disable_key, KeyId=arn)
        self.assertEqual(self.kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyState"], "Enabled")

    def test_a_key_that_waits_for_deletion_is_unusable(self):
        """ScheduleKeyDeletion makes a key unusable at once; only CancelKeyDeletion brings it back, disabled."""
        sealed = self.kms.encrypt(KeyId=self.old, Plaintext=b"text")["CiphertextBlob"]
        self.kms.schedule_key_deletion(KeyId=self.old, PendingWindowInDays=7)
        for call in (self.kms.enable_key, self.kms.disable_key, self.kms.schedule_key_deletion):
            self.refused("KMSInvalidStateException", call, KeyId=self.old)
        self.refused("KMSInvalidStateException", self.kms.decrypt, CiphertextBlob=sealed)
        self.refused("KMSInvalidStateException", self.kms.create_alias, AliasName="alias/x", TargetKeyId=self.old)
        self.kms.cancel_key_deletion(KeyId=self.old)
        self.assertEqual(self.kms.describe_key(KeyId=self.old)["KeyMetadata"]["KeyState"], "Disabled")
        self.refused("DisabledException", self.kms.decrypt, CiphertextBlob=sealed)
        self.refused("KMSInvalidStateException", self.kms.cancel_key_deletion, KeyId=self.old)
        self.kms.enable_key(KeyId=self.old)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=sealed)["Plaintext"], b"text")

    def test_lists_have_markers(self):
        """ListKeys and ListAliases are read page by page."""
        for name in ("alias/a", "alias/b", "alias/c"):
            self.kms.create_alias(AliasName=name, TargetKeyId=self.old)
        for operation, field, count in (("list_keys", "Keys", 2), ("list_aliases", "Aliases", 3)):
            pages = list(self.kms.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}))
            self.assertEqual([len(page[field]) for page in pages], [1] * count)

    def test_policies_are_checked(self):
        """A key policy must be readable, and must leave somebody who can change it."""
        lockout = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}'
        for policy in ("no JSON", lockout):
            self.refused("MalformedPolicyDocumentException", self.kms.create_key, Policy=policy)
            self.refused("MalformedPolicyDocumentException", self.kms.put_key_policy, KeyId=self.old,
                         PolicyName="default", Policy=policy)

    def test_tags_and_policy_of_a_new_key_are_kept(self):
        """CreateKey stores its Tags and Policy."""
        policy = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}'
        key = self.key(Tags=[{"TagKey": "a", "TagValue": "b"}], Policy=policy)
        self.assertEqual(self.kms.list_resource_tags(KeyId=key)["Tags"], [{"TagKey": "a", "TagValue": "b"}])
        self.assertEqual(self.kms.get_key_policy(KeyId=key)["Policy"], policy)

    def test_a_key_of_another_account_is_used_by_its_arn(self):
        """A key policy can let another account in; without that, its callers are denied."""
        other = account()
        statements = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{owner}:root"}, "Action": action,
                       "Resource": "*"} for owner, action in ((self.account, "kms:*"), (other, ["kms:*crypt", "kms:Describe*"]))]
        shared_key = self.key(Policy=json.dumps({"Statement": statements}))
        guest = self.server.client("kms", other)
        sealed = guest.encrypt(KeyId=shared_key, Plaintext=b"text")
        self.assertEqual(sealed["KeyId"], shared_key)
        self.assertEqual(guest.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"], b"text")
        self.assertEqual(self.last(shared_key), "Decrypt")
        self.refused("AccessDeniedException", guest.generate_data_key, KeyId=shared_key, KeySpec="AES_256")
        self.refused("AccessDeniedException", guest.describe_key, KeyId=self.old)
