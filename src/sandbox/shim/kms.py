"""KMS: operations that the emulator lacks, and refusals that it forgets."""

import base64
import json
import time

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, request_scope
from ministack.services import kms

from . import keys, permissions

# AWS began to track use at some date; every key of a sandbox is younger, so its history is complete.
TRACKING_STARTED = 1735689600  # 2025-01-01T00:00:00Z

MAX_PLAINTEXT_BYTES = 4096
MAX_ROTATIONS_ON_DEMAND = 25

# These take a key id or key ARN, never an alias (the API reference says so for each).
NO_ALIAS = frozenset({
    "CancelKeyDeletion", "CreateGrant", "DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation", "EnableKey",
    "EnableKeyRotation", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetParametersForImport",
    "ImportKeyMaterial", "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "PutKeyPolicy",
    "RetireGrant", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource",
    "UpdateKeyDescription",
})

# From the key state table of the developer guide.
REFUSED_WHILE_PENDING_DELETION = frozenset({
    "CreateAlias", "CreateGrant", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation",
    "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription",
})
REFUSED_WHILE_DISABLED = frozenset({"DisableKeyRotation", "EnableKeyRotation", "RotateKeyOnDemand", "CreateGrant"})

TRACKED = frozenset({
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "Sign", "Verify", "VerifyMac",
})

# What the API reference allows on a key of another account.
CROSS_ACCOUNT = TRACKED | {"CreateGrant", "DescribeKey", "GetKeyRotationStatus", "GetPublicKey", "ListGrants"}

EMULATED = kms.handle_request
CREATE_KEY = kms._create_key
PUT_KEY_POLICY = kms._put_key_policy
KEY_METADATA = kms._key_metadata


def install():
    kms.handle_request = handle_request
    kms._create_key = create_key
    kms._put_key_policy = put_key_policy
    kms._key_metadata = key_metadata


async def handle_request(method, path, headers, body, query_params):
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    try:
        request = json.loads(body) if body else {}
    except ValueError:
        request = {}
    owner, refusal = foreign_owner(action, request)
    if refusal is not None:
        return refusal
    if owner:
        with request_scope(owner, get_region()):
            return await answer(action, request, (method, path, headers, body, query_params))
    return await answer(action, request, (method, path, headers, body, query_params))


async def answer(action, request, received):
    refusal = refuse(action, request)
    if refusal is not None:
        return refusal
    if action in ADDED:
        return ADDED[action](request)
    if action == "Decrypt":
        return decrypt(request)
    response = await EMULATED(*received)
    if response[0] == 200 and action in TRACKED:
        used = json.loads(response[2]).get("KeyId") or request.get("KeyId")
        keys.record_use(keys.find(used), action)
    return response


def foreign_owner(action, request):
    """The other account whose key a request means, if its policy lets the caller's account in. The emulator knows
    no key but the caller's own."""
    if action not in CROSS_ACCOUNT:
        return None, None
    name = request.get("KeyId") or ""
    if action == "Decrypt" and not name:
        # The ciphertext names its key, wherever that is.
        key_id = decoded(request.get("CiphertextBlob"))[:36].decode("ascii", errors="ignore")
        key = next((key for (_, region, found), key in list(kms._keys._data.items())
                    if found == key_id and region == get_region()), None)
    else:
        key = keys.find(name) if name.startswith(f"arn:aws:kms:{get_region()}:") else None
    owner = key["Arn"].split(":")[4] if key is not None else get_account_id()
    if owner == get_account_id():
        return None, None
    if not keys.allows_account(key, get_account_id(), f"kms:{action}"):
        return None, error("AccessDeniedException",
                           f"User: arn:aws:iam::{get_account_id()}:root is not authorized to perform: kms:{action} on "
                           f"resource: {key['Arn']} because no resource-based policy allows the kms:{action} action")
    return owner, None


def refuse(action, request):
    target = request.get("TargetKeyId") if action in ("CreateAlias", "UpdateAlias") else request.get("KeyId")
    if action in NO_ALIAS or action in ("CreateAlias", "UpdateAlias"):
        refusal = refuse_alias(target)
        if refusal is not None:
            return refusal
    key = kms._resolve_key(target)
    if key is not None:
        refusal = refuse_state(action, key)
        if refusal is not None:
            return refusal
    if action == "Encrypt" and len(decoded(request.get("Plaintext"))) > MAX_PLAINTEXT_BYTES:
        return error("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy "
                     f"constraint: Member must have length less than or equal to {MAX_PLAINTEXT_BYTES}")
    return None


def refuse_alias(name):
    """`DisableKey` and the like take no alias: on AWS a runbook that passes one fails, so it fails here."""
    if not name:
        return None
    if name.startswith("alias/"):
        return error("NotFoundException", f"Invalid keyId '{name}'")
    if name.startswith("arn:") and ":alias/" in name:
        return error("InvalidArnException", f"Invalid arn {name}")
    return None


def refuse_state(action, key):
    """The emulator enables and disables a key that waits for its deletion; AWS wants the deletion cancelled first."""
    waiting = key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion")
    if waiting and action in REFUSED_WHILE_PENDING_DELETION:
        return error("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    if not waiting and action == "CancelKeyDeletion":
        return error("KMSInvalidStateException", f"{key['Arn']} is not pending deletion.")
    if key["KeyState"] == "Disabled" and action in REFUSED_WHILE_DISABLED:
        return error("DisabledException", f"{key['Arn']} is disabled.")
    return None


def decrypt(request):
    """With a `KeyId`, AWS decrypts under that key only. The emulator answers with garbage under another one."""
    wanted = request.get("KeyId")
    blob = decoded(request.get("CiphertextBlob"))
    actual = kms._resolve_key(blob[:36].decode("ascii", errors="ignore"))
    if wanted and actual is not None:
        key = kms._resolve_key(wanted)
        if key is None:
            return error("NotFoundException", f"Key '{wanted}' does not exist")
        if key["Arn"] != actual["Arn"]:
            return error("IncorrectKeyException",
                         "The key ID in the request does not identify a CMK that can perform this operation.")
    response = kms._decrypt(request)
    if response[0] == 200:
        keys.record_use(keys.find(json.loads(response[2])["KeyId"]), "Decrypt")
    return response


def re_encrypt(request):
    """Decrypts under the source key and encrypts under the destination key; the plaintext stays inside."""
    source = {"CiphertextBlob": request.get("CiphertextBlob", ""),
              "EncryptionContext": request.get("SourceEncryptionContext", {})}
    if request.get("SourceKeyId"):
        source["KeyId"] = request["SourceKeyId"]
    before = kms._resolve_key(decoded(source["CiphertextBlob"])[:36].decode("ascii", errors="ignore"))
    former = dict((before or {}).get("_last_usage") or {})
    opened = decrypt(source)
    if opened[0] != 200:
        return opened
    opened = json.loads(opened[2])
    sealed = kms._encrypt({"KeyId": request.get("DestinationKeyId", ""), "Plaintext": opened["Plaintext"],
                           "EncryptionContext": request.get("DestinationEncryptionContext", {})})
    if sealed[0] != 200:
        # Nothing succeeded, so the source key was not used either.
        if before is not None:
            before["_last_usage"] = former or None
        return sealed
    sealed = json.loads(sealed[2])
    keys.record_use(keys.find(opened["KeyId"]), "ReEncrypt")
    keys.record_use(keys.find(sealed["KeyId"]), "ReEncrypt")
    return json_response({
        "CiphertextBlob": sealed["CiphertextBlob"],
        "SourceKeyId": opened["KeyId"],
        "KeyId": sealed["KeyId"],
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    })


def rotate_key_on_demand(request):
    """The rotation is recorded; the key material stays, so older ciphertexts open as they do on AWS."""
    key = kms._resolve_key(request.get("KeyId"))
    if key is None:
        return not_found(request)
    if "_symmetric_key" not in key:
        return error("UnsupportedOperationException", f"{key['Arn']} does not support rotation.")
    rotations = key.setdefault("_rotations", [])
    if len(rotations) >= MAX_ROTATIONS_ON_DEMAND:
        return error("LimitExceededException",
                     f"{key['Arn']} has reached the limit of {MAX_ROTATIONS_ON_DEMAND} on-demand rotations.")
    rotations.append({"KeyId": key["Arn"], "RotationDate": int(time.time()), "RotationType": "ON_DEMAND"})
    return json_response({"KeyId": key["Arn"]})


def list_key_rotations(request):
    key = kms._resolve_key(request.get("KeyId"))
    if key is None:
        return not_found(request)
    return page(request, "Rotations", key.get("_rotations", []), default=100)


def get_key_last_usage(request):
    key = kms._resolve_key(request.get("KeyId"))
    if key is None:
        return not_found(request)
    answer = {"KeyId": key["KeyId"], "TrackingStartDate": TRACKING_STARTED, "KeyCreationDate": key["CreationDate"]}
    if key.get("_last_usage"):
        answer["KeyLastUsage"] = key["_last_usage"]
    return json_response(answer)


def list_keys(request):
    """The emulator says `Truncated` and gives no marker, so a client never sees the second page."""
    found = [{"KeyId": key["KeyId"], "KeyArn": key["Arn"]} for key in kms._keys.values()]
    return page(request, "Keys", found, default=100)


def list_aliases(request):
    status, headers, body = kms._list_aliases(request)
    if status != 200:
        return status, headers, body
    return page(request, "Aliases", json.loads(body)["Aliases"], default=50)


def page(request, field, entries, default):
    """One page: the marker is the number of entries already given, which is opaque to a client."""
    marker = request.get("Marker") or "0"
    if not marker.isdigit():
        return error("InvalidMarkerException", "The marker is not valid.")
    start = int(marker)
    end = start + (request.get("Limit") or default)
    answer = {field: entries[start:end], "Truncated": end < len(entries)}
    if end < len(entries):
        answer["NextMarker"] = str(end)
    return json_response(answer)


def create_key(request):
    refusal = refuse_policy(request.get("Policy"))
    if refusal is None and not request.get("BypassPolicyLockoutSafetyCheck"):
        refusal = refuse_lockout(request.get("Policy"))
    return CREATE_KEY(request) if refusal is None else refusal


def refuse_lockout(policy):
    """Whoever makes a key must be able to change its policy later, by the policy itself or by their own."""
    if permissions.may_change_policy(policy):
        return None
    return error("MalformedPolicyDocumentException",
                 "The new key policy will not allow you to update the key policy in the future.")


def put_key_policy(request):
    refusal = refuse_policy(request.get("Policy"))
    return PUT_KEY_POLICY(request) if refusal is None else refusal


def refuse_policy(policy):
    """AWS refuses a policy that it cannot read, and one under which nobody could change the policy again."""
    if policy is None:
        return None
    try:
        statements = keys.listed(json.loads(policy)["Statement"])
        granted = [s for s in statements if s["Effect"] == "Allow" and keys.covers(s.get("Action"), "kms:PutKeyPolicy")]
    except (ValueError, TypeError, KeyError):
        return error("MalformedPolicyDocumentException", "Policy contains a statement that is not valid JSON.")
    if not granted:
        return error("MalformedPolicyDocumentException",
                     "The new key policy will not allow you to update the key policy in the future.")
    return None


def key_metadata(key):
    """The emulator has customer keys only; S3's own key is AWS managed."""
    return {**KEY_METADATA(key), "KeyManager": key.get("_key_manager", "CUSTOMER")}


def decoded(text):
    try:
        return base64.b64decode(text or "")
    except ValueError:
        return b""


def not_found(request):
    return error("NotFoundException", f"Key '{request.get('KeyId')}' does not exist")


def error(code, message):
    return error_response_json(code, message, 400)


ADDED = {
    "GetKeyLastUsage": get_key_last_usage,
    "ListAliases": list_aliases,
    "ListKeyRotations": list_key_rotations,
    "ListKeys": list_keys,
    "ReEncrypt": re_encrypt,
    "RotateKeyOnDemand": rotate_key_on_demand,
}
