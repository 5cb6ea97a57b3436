"""EventBridge Scheduler: what is due calls an operation of AWS, as the role of the schedule."""

import json
import time
from datetime import datetime, timedelta, timezone

from harness import Case, shared

PATIENCE = 30
ONCE = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ActionAfterCompletion": "DELETE"}


def setUpModule():
    shared()


def soon(seconds=1):
    return f"at({datetime.now(timezone.utc) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


class Universal(Case):
    def role(self, service="scheduler.amazonaws.com", **statement):
        name = f"role-{len(self.client('iam').list_roles()['Roles'])}"
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **statement}]}
        return self.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    def schedule(self, operation, given, role, name="once", when=None):
        target = {"Arn": f"arn:aws:scheduler:::aws-sdk:{operation}", "RoleArn": role, "Input": json.dumps(given)}
        return self.client("scheduler").create_schedule(
            Name=name, ScheduleExpression=when or soon(), Target=target, **ONCE)

    def wait(self, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), deadline, "it never held")
            time.sleep(0.1)

    def schedules(self):
        return [one["Name"] for one in self.client("scheduler").list_schedules()["Schedules"]]

    def test_a_call_is_made_once_when_it_is_due(self):
        """With `ActionAfterCompletion=DELETE` the schedule is gone then."""
        key, kms = self.key(), self.client("kms")
        kms.disable_key(KeyId=key)
        role = self.role(Condition={"StringEquals": {"aws:SourceAccount": self.account}})
        self.schedule("kms:enableKey", {"KeyId": key}, role)
        self.schedule("kms:disableKey", {"KeyId": key}, role, name="later", when=soon(3600))
        self.wait(lambda: kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"])
        self.wait(lambda: self.schedules() == ["later"])

    def test_every_name_has_a_capital_in_a_target(self):
        """`cloudwatchlogs` is what the SDK for Java calls Logs, whose own names have none."""
        key, logs = self.key_for_logs(), self.client("logs")
        logs.create_log_group(logGroupName="/one")
        self.schedule("cloudwatchlogs:associateKmsKey", {"LogGroupName": "/one", "KmsKeyId": key}, self.role())
        self.wait(lambda: logs.describe_log_groups()["logGroups"][0].get("kmsKeyId") == key)

    def test_a_call_that_nobody_could_make_is_refused_at_once(self):
        role = self.role()
        for operation, given in [
            ("kms:openKey", {"KeyId": "k"}), ("kmss:enableKey", {"KeyId": "k"}), ("kms:describeKey", {"KeyId": "k"}),
            ("kms:enableKey", {"Key": "k"}), ("kms:enableKey", {}), ("cloudwatchlogs:associateKmsKey", {"logGroupName": "/one"}),
        ]:
            said = self.refused("ValidationException", self.schedule, operation, given, role)
            self.assertIn("Invalid RequestJson provided", said)

    def test_the_service_must_be_able_to_become_the_role(self):
        elsewhere = {"StringEquals": {"aws:SourceAccount": "111111111111"}}
        for role in (f"arn:aws:iam::{self.account}:role/none", self.role("lambda.amazonaws.com"),
                     self.role(Condition=elsewhere)):
            said = self.refused("ValidationException", self.schedule, "kms:enableKey", {"KeyId": "k"}, role)
            self.assertIn("must allow AWS EventBridge Scheduler to assume the role", said)
