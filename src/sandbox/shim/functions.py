"""Lambda: the key of a function's environment variables, and the list of published versions."""

import json

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from . import keys, permissions
from .cloudformation import replace_provisioner

BUILD_CONFIG = lambda_svc._build_config
CREATE = lambda_svc._create_function
UPDATE_CONFIG = lambda_svc._update_config
INVOKE = lambda_svc._invoke
LIST = lambda_svc._list_functions
PROVISION = provisioners._lambda_create
UPDATE = provisioners._lambda_update


def install():
    lambda_svc._build_config = build_config
    lambda_svc._create_function = create_function
    lambda_svc._update_config = update_config
    lambda_svc._invoke = invoke
    lambda_svc._list_functions = list_functions
    replace_provisioner("AWS::Lambda::Function", "create", "_lambda_create", provision)
    replace_provisioner("AWS::Lambda::Function", "update", "_lambda_update", update)


def list_functions(query_params):
    """With `FunctionVersion=ALL`, AWS lists every published version beside each function."""
    if first(query_params, "FunctionVersion") != "ALL":
        return LIST(query_params)
    listed = [config for name in sorted(lambda_svc._functions.keys()) for config in versions(lambda_svc._functions[name])]
    start, count = int(first(query_params, "Marker") or 0), int(first(query_params, "MaxItems") or 50)
    result = {"Functions": listed[start:start + count]}
    if start + count < len(listed):
        result["NextMarker"] = str(start + count)
    return json_response(result)


def versions(function):
    published = function.get("versions") or {}
    return [function["config"], *(published[number]["config"] for number in sorted(published, key=int))]


def first(query_params, name):
    value = query_params.get(name)
    return value[0] if isinstance(value, list) and value else value


def build_config(*args, **kwargs):
    return without_empty_key(BUILD_CONFIG(*args, **kwargs))


def create_function(request):
    return refuse_key(request) or CREATE(request)


def update_config(name, request):
    refusal = refuse_key(request) or refuse_caller(name, request)
    if refusal is not None:
        return refusal
    response = UPDATE_CONFIG(name, request)
    if response[0] != 200:
        return response
    config = without_empty_key(lambda_svc._functions[name]["config"])
    status, headers, _ = response
    return status, headers, json.dumps(config).encode()


def refuse_caller(name, request):
    """Whoever puts a function under a key needs `kms:CreateGrant` and `kms:Encrypt` on it, and whoever changes variables
    that are under a customer's key `kms:Decrypt` on that one."""
    config = (lambda_svc._functions.get(name) or {}).get("config") or {}
    has_variables = bool((config.get("Environment") or {}).get("Variables"))
    asked = [(keys.find(request.get("KMSKeyArn") or ""), action) for action in ("kms:CreateGrant", "kms:Encrypt")]
    if has_variables and "KMSKeyArn" in request:
        asked.append((keys.find(config.get("KMSKeyArn") or ""), "kms:Decrypt"))
    for key, action in asked:
        message = permissions.denied("lambda", action, key)
        if message is not None:
            return error_response_json("AccessDeniedException", message, 403)
    return None


def without_empty_key(config):
    """AWS leaves `KMSKeyArn` out when the AWS managed key is used; an empty string goes back to that key."""
    if not config.get("KMSKeyArn"):
        config.pop("KMSKeyArn", None)
    return config


def refuse_key(request):
    """Lambda takes a key only if it can use it at once."""
    arn = request.get("KMSKeyArn")
    if not arn:
        return None
    key = keys.find(arn)
    problem = keys.unusable(key, arn)
    if problem is None:
        keys.record_use(key, "Encrypt")
        return None
    state = {"NotFoundException": "does not exist", "DisabledException": "is disabled"}.get(
        problem[0], "is in an invalid state")
    return error_response_json(
        "InvalidParameterValueException",
        "Lambda was unable to configure access to your environment variables because the KMS key used "
        f"{state}. Please check your KMS key settings.", 400)


async def invoke(name, event, headers, path_qualifier=None, query_params=None):
    """A start decrypts the environment variables, so a disabled key stops the function (here at once, on AWS at
    the next cold start)."""
    refusal = refuse_invocation(name, path_qualifier or lambda_svc._qp_first(query_params or {}, "Qualifier"))
    if refusal is not None:
        return refusal
    return await INVOKE(name, event, headers, path_qualifier, query_params)


def refuse_invocation(name, qualifier):
    function = lambda_svc._functions.get(name)
    if function is None:
        return None
    alias = function.get("aliases", {}).get(qualifier) or {}
    version = function.get("versions", {}).get(alias.get("FunctionVersion", qualifier))
    config = (version or function).get("config") or {}
    arn = config.get("KMSKeyArn")
    if not arn or not (config.get("Environment") or {}).get("Variables"):
        return None
    key = keys.find(arn)
    problem = keys.unusable(key, arn)
    if problem is None:
        keys.record_use(key, "Decrypt")
        return None
    code = {"NotFoundException": "KMSNotFoundException", "DisabledException": "KMSDisabledException"}.get(
        problem[0], "KMSInvalidStateException")
    return error_response_json(
        code, f"Lambda was unable to decrypt the environment variables because the KMS key used is not usable. "
        f"KMS Exception: {problem[0]}KMS Message: {problem[1]}", 502)


def provision(logical_id, props, stack_name):
    fail_on(refuse_key({"KMSKeyArn": props.get("KmsKeyArn")}))
    provisioned = PROVISION(logical_id, props, stack_name)
    set_key(provisioned[0], props)
    return provisioned


def update(physical_id, old_props, new_props, stack_name, logical_id=None):
    """The emulator drops the template's `KmsKeyArn`."""
    if new_props.get("KmsKeyArn") != old_props.get("KmsKeyArn"):
        fail_on(refuse_key({"KMSKeyArn": new_props.get("KmsKeyArn")}))
    updated = UPDATE(physical_id, old_props, new_props, stack_name, logical_id=logical_id)
    if "KmsKeyArn" in new_props or "KmsKeyArn" in old_props:
        set_key(updated[0], new_props)
    return updated


def set_key(name, props):
    config = lambda_svc._functions[name]["config"]
    config["KMSKeyArn"] = props.get("KmsKeyArn")
    without_empty_key(config)


def fail_on(refusal):
    if refusal is not None:
        raise ValueError(json.loads(refusal[2])["message"] + " (Service: Lambda, Status Code: 400)")
