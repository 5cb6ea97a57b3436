"""Secrets Manager: which key holds each version of a secret."""

import json

from ministack.core.responses import error_response_json, json_response
from ministack.services import secretsmanager as secrets
from ministack.services.cloudformation import provisioners

from . import keys, permissions
from .cloudformation import replace_provisioner

# How `ListSecretVersionIds` names the AWS managed key.
DEFAULT_KEY = "DefaultEncryptionKey"
WRITES = ("kms:GenerateDataKey", "kms:Decrypt")
STAGED = frozenset({"AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"})

CREATE = secrets._create_secret
PUT = secrets._put_secret_value
UPDATE = secrets._update_secret
GET = secrets._get_secret_value
LIST_VERSIONS = secrets._list_secret_version_ids
PROMOTE = secrets._apply_current_promotion
PROVISION = provisioners._sm_secret_create


def install():
    secrets._create_secret = create_secret
    secrets._put_secret_value = put_secret_value
    secrets._update_secret = update_secret
    secrets._get_secret_value = get_secret_value
    secrets._list_secret_version_ids = list_secret_version_ids
    secrets._apply_current_promotion = apply_current_promotion
    replace_provisioner("AWS::SecretsManager::Secret", "create", "_sm_secret_create", provision)


def create_secret(request):
    refusal = refuse_encryption(request.get("KmsKeyId")) or refuse_caller(request.get("KmsKeyId"), *WRITES)
    if refusal is not None:
        return refusal
    response = CREATE(request)
    if response[0] == 200:
        stamp(secrets._secrets[request["Name"]])
    return response


def put_secret_value(request):
    _, secret = secrets._resolve(request.get("SecretId"))
    key = (secret or {}).get("KmsKeyId")
    refusal = refuse_encryption(key) or refuse_caller(key, *WRITES)
    if refusal is not None:
        return refusal
    written = put_before(secret, request)
    if written is not None:
        return written
    response = PUT(request)
    if response[0] == 200:
        stamp(secret)
    return response


def put_before(secret, request):
    """A version is written once. The same again under its token changes nothing; anything else is refused."""
    token = request.get("ClientRequestToken")
    version = (secret or {}).get("Versions", {}).get(token)
    values = ("SecretString", "SecretBinary")
    if version is None or secret.get("DeletedDate") or not any(version.get(name) for name in values):
        return None
    if any(version.get(name) != request.get(name) for name in values):
        said = f"You can't modify the existing version {token}: the contents differ."
        return error_response_json("ResourceExistsException", said, 400)
    answer = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token}
    return json_response({**answer, "VersionStages": list(version["Stages"])})


def update_secret(request):
    """With only `KmsKeyId`, the versions staged current, pending and previous are re-encrypted; others keep their key."""
    _, secret = secrets._resolve(request.get("SecretId"))
    if secret is None:
        return UPDATE(request)
    refusal = refuse_encryption(request.get("KmsKeyId", secret.get("KmsKeyId")))
    if refusal is not None:
        return refusal
    moved = "KmsKeyId" in request and "SecretString" not in request and "SecretBinary" not in request
    staged = [version for version in secret["Versions"].values() if STAGED & set(version["Stages"])]
    if moved:
        refusal = refuse_caller(request["KmsKeyId"], "kms:GenerateDataKey")
        for version in staged:
            key = version_key(secret, version)
            refusal = refusal or refuse_decryption(key) or refuse_caller(key, "kms:Decrypt")
        if refusal is not None:
            return refusal
        # Without this one AWS changes the secret's key, leaves its versions where they are, and says nothing.
        moved = refuse_caller(request["KmsKeyId"], "kms:Encrypt") is None
    stamp(secret)
    response = UPDATE(request)
    if response[0] == 200:
        if moved:
            for version in staged:
                version.pop("KmsKeyIds", None)
        stamp(secret)
    return response


def get_secret_value(request):
    response = GET(request)
    if response[0] != 200:
        return response
    answer = json.loads(response[2])
    _, secret = secrets._resolve(request.get("SecretId"))
    key = version_key(secret, secret["Versions"][answer["VersionId"]])
    refusal = refuse_decryption(key) or refuse_caller(key, "kms:Decrypt")
    if refusal is not None:
        return refusal
    keys.record_use(keys.by_arn(key), "Decrypt")
    return response


def list_secret_version_ids(request):
    """AWS shows the key of each version, and versions without a staging label only with `IncludeDeprecated`."""
    response = LIST_VERSIONS(request)
    if response[0] != 200:
        return response
    status, headers, body = response
    answer = json.loads(body)
    _, secret = secrets._resolve(request.get("SecretId"))
    for entry in answer["Versions"]:
        entry["KmsKeyIds"] = [version_key(secret, secret["Versions"][entry["VersionId"]])]
    if not request.get("IncludeDeprecated"):
        answer["Versions"] = [entry for entry in answer["Versions"] if entry["VersionStages"]]
    for entry in answer["Versions"]:
        if not entry["VersionStages"]:
            del entry["VersionStages"]
    return status, headers, json.dumps(answer).encode()


def apply_current_promotion(secret, new_version):
    """The emulator drops the version that loses AWSPREVIOUS. AWS keeps it as deprecated, under its old key."""
    before = dict(secret["Versions"])
    PROMOTE(secret, new_version)
    for version_id, version in before.items():
        secret["Versions"].setdefault(version_id, version)


def provision(logical_id, props, stack_name):
    refusal = refuse_encryption(props.get("KmsKeyId"))
    if refusal is not None:
        raise ValueError(json.loads(refusal[2])["message"])
    name = props.get("Name")
    if name and name in secrets._secrets:
        # A secret in its recovery window still owns its name: a redeploy collides with it on AWS.
        scheduled = secrets._secrets[name].get("DeletedDate")
        raise ValueError("You can't create this secret because a secret with this name is already scheduled for deletion."
                         if scheduled else
                         f"The operation failed because the secret {name} already exists.")
    provisioned = PROVISION(logical_id, props, stack_name)
    stamp(secrets._secrets[provisioned[0]])
    return provisioned


def stamp(secret):
    """Writes the key of today onto every version that has none yet."""
    for version in secret["Versions"].values():
        if "KmsKeyIds" not in version:
            version["KmsKeyIds"] = [current_key(secret)]
            keys.record_use(keys.by_arn(version["KmsKeyIds"][0]), "GenerateDataKey")


def current_key(secret):
    """An alias is resolved when a version is written: to repoint the alias later does not move the version."""
    key = keys.find(secret.get("KmsKeyId"))
    return key["Arn"] if key is not None else secret.get("KmsKeyId") or DEFAULT_KEY


def version_key(secret, version):
    return (version.get("KmsKeyIds") or [current_key(secret)])[0]


def refuse_encryption(name):
    if not name or keys.unusable(keys.find(name), name) is None:
        return None
    return error_response_json(
        "EncryptionFailure",
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. "
        "Check that the KMS key is available, enabled, and not in an invalid state.", 400)


def refuse_caller(name, *actions):
    """Secrets Manager uses a customer's key in the caller's name, so the caller needs the permissions of KMS."""
    key = keys.find(name) if name and name != DEFAULT_KEY else None
    if key is None or key.get("_key_manager") == "AWS":
        return None
    if all(permissions.denied("secretsmanager", action, key) is None for action in actions):
        return None
    return error_response_json("AccessDeniedException", "Access to KMS is not allowed", 400)


def refuse_decryption(arn):
    if arn == DEFAULT_KEY or keys.unusable(keys.by_arn(arn), arn) is None:
        return None
    return error_response_json(
        "DecryptionFailure",
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.", 400)
