"""CloudWatch Logs: the key of a log group."""

import json

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import cloudwatch_logs as logs
from ministack.services.cloudformation import provisioners

from . import keys
from .cloudformation import replace_provisioner

EMULATED = logs.handle_request
CREATE_LOG_GROUP = logs._create_log_group
PROVISION = provisioners._cwlogs_create
UPDATE = provisioners._cwlogs_update

# What Logs does with the key for each of these: `GetKeyLastUsage` of the key shows it.
USES = {"PutLogEvents": "GenerateDataKey", "GetLogEvents": "Decrypt", "FilterLogEvents": "Decrypt"}


def install():
    logs.handle_request = handle_request
    logs._create_log_group = create_log_group
    replace_provisioner("AWS::Logs::LogGroup", "create", "_cwlogs_create", provision)
    replace_provisioner("AWS::Logs::LogGroup", "update", "_cwlogs_update", update)


async def handle_request(method, path, headers, body, query_params):
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action in ADDED:
        return ADDED[action](json.loads(body))
    response = await EMULATED(method, path, headers, body, query_params)
    if response[0] == 200 and action in USES:
        group = logs._log_groups.get(json.loads(body).get("logGroupName") or "") or {}
        keys.record_use(keys.by_arn(group.get("kmsKeyId") or ""), USES[action])
    return response


def create_log_group(request):
    refusal = refuse_key(request.get("kmsKeyId"), request.get("logGroupName"))
    return CREATE_LOG_GROUP(request) if refusal is None else refusal


def associate_kms_key(request):
    """Events that arrive from now on are encrypted under the key; it replaces an earlier association."""
    group, missing = find_group(request)
    if missing is not None:
        return missing
    refusal = refuse_key(request.get("kmsKeyId") or "(none)", group_name(request))
    if refusal is not None:
        return refusal
    group["kmsKeyId"] = request["kmsKeyId"]
    keys.record_use(keys.by_arn(request["kmsKeyId"]), "GenerateDataKey")
    return json_response({})


def disassociate_kms_key(request):
    group, missing = find_group(request)
    if missing is not None:
        return missing
    group["kmsKeyId"] = None
    return json_response({})


def group_name(request):
    """`AssociateKmsKey` names the group by its name, or by its ARN as `resourceIdentifier`."""
    if request.get("logGroupName"):
        return request["logGroupName"]
    identifier = request.get("resourceIdentifier") or ""
    return identifier.split(":log-group:", 1)[-1].removesuffix(":*")


def find_group(request):
    group = logs._log_groups.get(group_name(request))
    if group is None:
        return None, error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
    return group, None


def refuse_key(arn, name):
    """Logs asks for the ARN of an enabled key whose policy lets the Region's Logs service use it.

    AWS answers all of these with the same error. A new key's default policy does not name the service.
    """
    if not arn:
        return None
    key = keys.by_arn(arn)
    group_arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}"
    usable = keys.unusable(key, arn) is None
    if usable and keys.allows_service(key, f"logs.{get_region()}.amazonaws.com", "kms:GenerateDataKey"):
        return None
    return error_response_json(
        "InvalidParameterException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{group_arn}'", 400)


def provision(logical_id, props, stack_name):
    name = props.get("LogGroupName") or f"/aws/cloudformation/{stack_name}/{logical_id}"
    if name in logs._log_groups:
        # A log group that an earlier stack retained collides with the redeploy; the emulator takes it over.
        raise ValueError(f"Resource of type 'AWS::Logs::LogGroup' with identifier '{name}' already exists.")
    fail_on(refuse_key(props.get("KmsKeyId"), name))
    return PROVISION(logical_id, props, stack_name)


def update(physical_id, old_props, new_props, stack_name, logical_id=None):
    if new_props.get("KmsKeyId") != old_props.get("KmsKeyId"):
        fail_on(refuse_key(new_props.get("KmsKeyId"), physical_id))
    return UPDATE(physical_id, old_props, new_props, stack_name, logical_id=logical_id)


def fail_on(refusal):
    """A resource handler reports its failure with the service's own message."""
    if refusal is not None:
        raise ValueError(json.loads(refusal[2])["message"] + " (Service: CloudWatchLogs, Status Code: 400)")


ADDED = {"AssociateKmsKey": associate_kms_key, "DisassociateKmsKey": disassociate_kms_key}
