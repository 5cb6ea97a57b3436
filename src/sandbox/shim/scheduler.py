"""EventBridge Scheduler: schedules that call an operation of AWS (a universal target) in the name of their role.

The emulator fires schedules, but knows no such target: it would drop the call without a word. AWS refuses a schedule whose
role the service may not assume, and one whose target it does not know. When it fires, the role needs the permission, and
what fails then is seen by nobody: so it is here, but for a line in the server's log.
"""

import json
import logging
import os
import re
import time
from functools import lru_cache
from secrets import token_hex

from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy
from ministack.core.responses import get_region
from ministack.services import eventbridge, iam, scheduler, sts

LOG = logging.getLogger("runbook.scheduler")
CREATE = scheduler._create_schedule
UPDATE = scheduler._update_schedule
INVOKE = eventbridge._invoke_target

SERVICE = "scheduler.amazonaws.com"
UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
# Names of the SDK for Java, which targets use, where botocore has another one.
OTHERWISE = {"cloudwatchlogs": "logs", "sfn": "stepfunctions"}
# A target may not only look: AWS refuses operations that begin so.
READS = ("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover",
         "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList")
# Seconds between two looks at what is due. AWS is as exact as a minute, which nobody wants to wait for here.
INTERVAL = 1
SESSION_SECONDS = 900


def install():
    scheduler._SCHEDULE_TICK_INTERVAL = INTERVAL
    scheduler._create_schedule = lambda name, body: refusal(body) or CREATE(name, body)
    scheduler._update_schedule = lambda name, body: refusal(body) or UPDATE(name, body)
    eventbridge._invoke_target = invoke_target


def refusal(body):
    target = body.get("Target") or {}
    why = untrusted(target.get("RoleArn") or "") or unknown(target)
    return scheduler._error(400, "ValidationException", why) if why else None


def untrusted(arn):
    """Why the service cannot assume a role, or None."""
    if not arn:
        return None
    account = arn.split(":")[4] if arn.count(":") == 5 else ""
    role = iam._roles.get_scoped(account, None, arn.rsplit("/", 1)[-1]) if account else None
    document = (role or {}).get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    # The evaluator lets a root user stand for a service; which service, it does not ask.
    statements = document.get("Statement") or []
    named = [one for one in ([statements] if isinstance(statements, dict) else statements) if names_service(one)]
    context = EvalContext(
        principal_arn=f"arn:aws:iam::{account}:root", principal_type="Root", principal_account=account,
        action="sts:AssumeRole", resource_arn=arn, region=get_region(), service_context={"aws:sourceaccount": account})
    if evaluate_trust_policy({**document, "Statement": named}, context.principal_arn, context):
        return None
    return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def names_service(statement):
    principal = statement.get("Principal")
    services = principal.get("Service") or [] if isinstance(principal, dict) else []
    return SERVICE in ([services] if isinstance(services, str) else services)


def unknown(target):
    """Why a universal target cannot be called, or None."""
    found = UNIVERSAL.fullmatch(target.get("Arn") or "")
    if found is None:
        return None
    name = f"aws-sdk:{found[1]}:{found[2]}"
    operation = operation_of(*found.groups())
    if operation is None or found[2].startswith(READS):
        return f"Invalid RequestJson provided. Reason: {name} is no operation that a schedule can call."
    try:
        arguments(operation, target)
    except ValueError as error:
        return f"Invalid RequestJson provided. Reason: {error}"
    return None


@lru_cache(maxsize=None)
def operation_of(service, name):
    """The model of an operation, or None. Not through a session, which would read the user's AWS configuration."""
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    service = OTHERWISE.get(service, service)
    try:
        model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    except UnknownServiceError:
        return None
    wanted = name[:1].upper() + name[1:]
    return model.operation_model(wanted) if wanted in model.operation_names else None


def arguments(operation, target):
    """What the operation is given. A target spells every name with a capital, also where the service does not."""
    given = json.loads(target.get("Input") or "{}")
    shape = operation.input_shape
    spelled = {name[:1].upper() + name[1:]: name for name in (shape.members if shape else {})}
    strange = sorted(set(given) - set(spelled))
    if strange:
        raise ValueError(f"{operation.name} takes no {', '.join(strange)}")
    named = {spelled[name]: value for name, value in given.items()}
    missing = sorted(set(shape.required_members if shape else ()) - set(named))
    if missing:
        raise ValueError(f"{operation.name} needs {', '.join(missing)}")
    return named


def invoke_target(target, event, rule, view=None):
    found = UNIVERSAL.fullmatch(target.get("Arn") or "")
    if found is None:
        INVOKE(target, event, rule, view)
        return
    operation = operation_of(*found.groups())
    try:
        call(operation, arguments(operation, target), target["RoleArn"])
    except Exception as error:  # Whatever it is, AWS would tell nobody either.
        LOG.error("the schedule %s could not call %s: %s", rule.get("Name"), found[0], error)


def call(operation, given, role):
    """Makes the call through the server's own door, so that it is logged and, where that is on, allowed or refused."""
    import botocore.session
    from botocore import xform_name

    why = untrusted(role)
    if why:
        raise PermissionError(why)
    key, secret, token = session_of(role)
    # Without the files and the profile of whoever started the server.
    nothing = {name: (None, None, os.devnull, None) for name in ("config_file", "credentials_file")}
    session = botocore.session.Session(session_vars={**nothing, "profile": (None, None, None, None)})
    client = session.create_client(
        operation.service_model.service_name, region_name=get_region(),
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}", aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token)
    getattr(client, xform_name(operation.name))(**given)


def session_of(role):
    """Credentials of a session of the role, as the service gets them."""
    name = f"schedule-{token_hex(8)}"
    account, role_name = role.split(":")[4], role.rsplit("/", 1)[-1]
    key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
    sts.register_session(key, {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}", "UserId": f"{sts._role_id(role)}:{name}",
        "SecretAccessKey": secret, "SessionToken": token, "Expiration": time.time() + SESSION_SECONDS,
        "AccountId": account, "PrincipalType": "AssumedRole", "SourceAccessKeyId": None,
        "SourcePrincipalArn": SERVICE, "SessionTags": [], "SessionPolicies": None,
    })
    return key, secret, token
