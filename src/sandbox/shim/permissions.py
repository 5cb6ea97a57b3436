"""Permissions, where the emulator enforces them (`AUTH=true`): what AWS asks of a caller beyond the one action and the
one resource that the emulator asks about.

Some calls are about several resources. Some services use a KMS key in the caller's name, so the caller needs the
permission of KMS too. And some resources are spelled differently where AWS compares them with a policy.
"""

import json
import os
import re
from contextvars import ContextVar
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id

from . import keys

ENFORCED = os.environ.get("AUTH", "false").lower() == "true"

# The request that is being answered: its service, its access key, and its body as JSON.
REQUEST = ContextVar("runbook_request", default=None)

ACTION = iam_actions.extract_iam_action
RESOURCE = iam_actions.extract_resource_arn
ENFORCE = iam_evaluator.enforce
CONDITION_KEY = iam_evaluator._resolve_condition_key

# KMS knows no resource for these: a policy can allow them on `*` only.
KMS_WITHOUT_RESOURCE = frozenset({
    "kms:ConnectCustomKeyStore", "kms:CreateCustomKeyStore", "kms:CreateKey", "kms:DeleteCustomKeyStore",
    "kms:DescribeCustomKeyStores", "kms:DisconnectCustomKeyStore", "kms:GenerateRandom", "kms:ListAliases",
    "kms:ListKeys", "kms:ListRetirableGrants", "kms:UpdateCustomKeyStore",
})
PARTS_OF_THE_WORLD = frozenset({"apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"})
ALIAS_ACTIONS = frozenset({"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"})
# To converse with a model is to invoke it: AWS knows no permission of its own for that.
INVOKES = {"bedrock:Converse": "bedrock:InvokeModel", "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream"}
LOGS_ON_THE_GROUP_ITSELF = frozenset({"logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource"})


def install(app):
    if not ENFORCED:
        return
    # A request here stands for one over TLS: SDKs reach AWS in no other way, and bucket policies ask for it.
    pin_origin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin_origin(address, True)
    iam_actions.extract_iam_action = iam_action
    iam_actions.extract_resource_arn = resource_arn
    iam_evaluator.enforce = enforce
    iam_evaluator._resolve_condition_key = condition_key


def condition_key(key, context):
    """`aws:PrincipalArn` of a session is the ARN of its role, not of the session."""
    value = CONDITION_KEY(key, context)
    return role_of(value) if key.lower() == "aws:principalarn" and isinstance(value, str) else value


def role_of(arn):
    return re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", arn)


def iam_action(service, method, path, headers, body, query_params):
    action = ACTION(service, method, path, headers, body, query_params)
    if service == "s3" and method == "PUT" and "encryption" in query_params and "/" in path.strip("/"):
        action = "s3:UpdateObjectEncryption"
    action = INVOKES.get(action, action)
    REQUEST.set({"service": service, "access_key": extract_access_key_id(headers, query_params),
                 "body": parsed(body), "action": action})
    return action


def parsed(body):
    try:
        request = json.loads(body) if body else {}
    except (ValueError, UnicodeDecodeError):
        return {}
    return request if isinstance(request, dict) else {}


def resource_arn(service, method, path, headers, body, query_params, region, account):
    resource = RESOURCE(service, method, path, headers, body, query_params, region, account)
    action = (REQUEST.get() or {}).get("action") or ""
    if service == "kms":
        return kms_resource(action, parsed(body), resource, region, account)
    if service == "logs" and action not in LOGS_ON_THE_GROUP_ITSELF:
        return logs_resource(parsed(body), region, account)
    if action in ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"):
        return model(path, region, account) or resource
    if service == "cloudformation" and resource == "*":
        return stack_of_change_set(query_params) or resource
    if service == "lambda" and action == "lambda:InvokeFunction":
        qualifier = first(query_params.get("Qualifier"))
        return f"{resource}:{qualifier}" if qualifier and resource.count(":") == 6 else resource
    return resource


def kms_resource(action, request, resource, region, account):
    """A policy cannot name a key by its alias: AWS asks about the key behind it."""
    if action in KMS_WITHOUT_RESOURCE:
        return "*"
    if action in ALIAS_ACTIONS:
        return f"arn:aws:kms:{region}:{account}:{request.get('AliasName', '')}"
    name = request.get("KeyId") or ""
    if name.startswith("alias/") or ":alias/" in name:
        key = keys.find(name)
        # Without such an alias there is no key to ask about, and KMS says so.
        return key["Arn"] if key is not None else f"arn:aws:kms:{region}:{account}:key/"
    return resource


def logs_resource(request, region, account):
    """Logs asks about the streams of a group: a policy names a group with `:*` at its end. `DescribeLogGroups` is asked
    about the group without a name, so that only all groups together can be allowed."""
    name = request.get("logGroupName") or ""
    identifier = request.get("logGroupIdentifier") or request.get("resourceIdentifier") or ""
    if not name and ":log-group:" in identifier:
        name = identifier.split(":log-group:", 1)[1].removesuffix(":*")
    return f"arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:{request.get('logStreamName') or ''}"


def model(path, region, account):
    """The model that a call is sent to. One whose name begins with a part of the world is a profile of the account, over
    which AWS chooses the Region. (AWS asks about the model behind the profile too. Here it is not known.)"""
    parts = unquote(path).strip("/").split("/", 1)
    if parts[0] != "model" or len(parts) < 2:
        return None
    name = parts[1].rsplit("/", 1)[0]
    if name.startswith("arn:"):
        return name
    if name.split(".")[0] in PARTS_OF_THE_WORLD:
        return f"arn:aws:bedrock:{region}:{account}:inference-profile/{name}"
    return f"arn:aws:bedrock:{region}::foundation-model/{name}"


def stack_of_change_set(query_params):
    """A change set that is named by its ARN belongs to a stack, and the stack is what AWS asks about."""
    from ministack.services.cloudformation import changesets

    name = first(query_params.get("ChangeSetName"))
    _, change_set = changesets._find_change_set(name) if name else (None, None)
    return (change_set or {}).get("StackId")


def first(value):
    if isinstance(value, list):
        return value[0] if value else ""
    return value or ""


def enforce(access_key, action, service, region, resource_arn="*", service_context=None):
    """Every resource that a call of KMS is about, and the tags of a new key."""
    if service != "kms":
        return ENFORCE(access_key, action, service, region, resource_arn, service_context)
    request = (REQUEST.get() or {}).get("body") or {}
    context = {**(service_context or {}), **kms_context(request, resource_arn)}
    checks = [(action, resource_arn)]
    if action in ALIAS_ACTIONS:
        named = (keys.find(request.get("AliasName")), keys.find(request.get("TargetKeyId")))
        checks += [(action, key["Arn"]) for key in named if key is not None]
    if action == "kms:CreateKey" and request.get("Tags"):
        checks.append(("kms:TagResource", f"arn:aws:kms:{region}:{get_account_id()}:key/new"))
    for asked, resource in checks:
        denied = ENFORCE(access_key, asked, service, region, resource, context)
        if denied is not None:
            return denied
    return None


def kms_context(request, resource):
    """The condition keys about the alias that a request names, and about all aliases of its key."""
    context = {}
    named = re.search(r"(?:^|:)(alias/.+)$", request.get("KeyId") or "")
    if named:
        context["kms:RequestAlias"] = named[1]
    key = keys.by_arn(resource)
    if key is not None:
        context["kms:ResourceAliases"] = keys.aliases(key)
    return context


def denied(service, action, key):
    """Why the caller of a service may not use a key, or None when they may. The service asks KMS in their name.

    What CloudFormation does with a resource is not asked about: the emulator never acts as its caller.
    """
    request = REQUEST.get()
    if not ENFORCED or request is None or request["service"] != service or key is None:
        return None
    context = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com", "kms:ResourceAliases": keys.aliases(key)}
    refused = ENFORCE(request["access_key"], action, "kms", get_region(), key["Arn"], context)
    if refused is None:
        return None
    principal = getattr(refused, "principal_arn", "")
    return iam_actions.identity_denial_message(action, principal, key["Arn"], False)


def may_change_policy(policy):
    """Whether the caller could change that policy of a new key: because it names them, or because it leaves the
    question to the policies of its account and one of those allows it."""
    request = REQUEST.get()
    if not ENFORCED or request is None or request["service"] != "kms":
        return True
    arn = f"arn:aws:kms:{get_region()}:{get_account_id()}:key/new"
    if ENFORCE(request["access_key"], "kms:PutKeyPolicy", "kms", get_region(), arn) is None:
        return True
    role = role_of(iam_evaluator.caller_arn())
    named = {"Policy": policy or "{}"}
    return keys.allows(named, "kms:PutKeyPolicy", lambda principal: role in keys.listed(principal.get("AWS")))
