"""What every service needs to know about KMS keys: which key a name means, whether it may be used, who used it."""

import json
import time
import uuid
from fnmatch import fnmatchcase

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import kms


def by_arn(arn):
    """The key record of a full key ARN of any account and Region, or None."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return None
    if spec.service != "kms" or not spec.resource.startswith("key/"):
        return None
    return kms._keys.get_scoped(spec.account_id, spec.region, spec.resource.removeprefix("key/"))


def find(name, account=None):
    """The key that an id, ARN, alias or alias ARN means in an account (the caller's when none is given), or None."""
    if not name:
        return None
    if name.startswith("arn:"):
        return by_arn(name) or by_alias_arn(name)
    with request_scope(account or get_account_id(), get_region()):
        return kms._resolve_key(name)


def by_alias_arn(arn):
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return None
    if spec.service != "kms" or spec.region != get_region():
        return None
    with request_scope(spec.account_id, spec.region):
        return kms._resolve_key(arn)


def unusable(key, name):
    """Why a key cannot be used, as (KMS error code, message), or None when it can."""
    if key is None:
        return "NotFoundException", f"Key '{name}' does not exist"
    if key["KeyState"] == "Disabled":
        return "DisabledException", f"{key['Arn']} is disabled."
    if key["KeyState"] != "Enabled":
        return "KMSInvalidStateException", f"{key['Arn']} is {pending(key)}."
    return None


def pending(key):
    return "pending import" if key["KeyState"] == "PendingImport" else "pending deletion"


def record_use(key, operation):
    """AWS keeps the last successful cryptographic operation of each key, also those that services made."""
    if key is not None:
        # It sits on the key record, so it is saved and restored with the key.
        key["_last_usage"] = {
            "Operation": operation,
            "Timestamp": int(time.time()),
            "CloudTrailEventId": str(uuid.uuid4()),
            "KmsRequestId": str(uuid.uuid4()),
        }


def aws_managed(alias):
    """The AWS managed key of a service: AWS makes it when a service first needs it."""
    key = kms._resolve_key(alias)
    if key is None:
        status, _, body = kms._create_key({"Description": f"Default key that protects my {alias} data"})
        assert status == 200, body
        key = kms._resolve_key(json.loads(body)["KeyMetadata"]["KeyId"])
        key["_key_manager"] = "AWS"
        kms._aliases[kms._alias_arn(alias)] = key["KeyId"]
        kms._stamp_alias(kms._alias_arn(alias), created=True)
    return key


def allows_service(key, service, action):
    """Whether the key policy lets an AWS service in."""
    return allows(key, action, lambda principal: service in listed(principal.get("Service")))


def allows_account(key, account, action):
    """Whether the key policy lets another account, or somebody in it, in."""
    return allows(key, action, lambda principal: any(
        named in ("*", account) or f"::{account}:" in named for named in listed(principal.get("AWS"))))


def allows(key, action, names):
    """Whether some Allow statement of the key policy names the principal (or everyone) for the action.

    Conditions are not evaluated: the question is whether the policy was written for the principal at all.
    """
    try:
        statements = listed(json.loads(key.get("Policy") or "{}").get("Statement"))
    except (ValueError, AttributeError):
        return False
    for statement in statements:
        principal = statement.get("Principal")
        named = principal == "*" or isinstance(principal, dict) and names(principal)
        if statement.get("Effect") == "Allow" and named and covers(statement.get("Action"), action):
            return True
    return False


def covers(patterns, action):
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(patterns))


def listed(value):
    """Policies write a single element without its list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def aliases(key):
    """The names of the aliases that point at a key."""
    with request_scope(key["Arn"].split(":")[4], get_region()):
        return [arn.split(":", 5)[5] for arn, target in kms._aliases.items() if target == key["KeyId"]]
