"""Who this server is, and what it was asked.

`/_runbook/identity` answers with the token that the server was started with: a found port is then known to be
our server and not another program. The call log lets a test prove that a plan changed nothing.
"""

import json
import os
import re
import time
from datetime import datetime, timezone
from functools import lru_cache
from importlib.metadata import version

IDENTITY_PATH = "/_runbook/identity"
STARTED_AT = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

# REST services have no operation name in the request; it is found by the service's own model.
REST_SERVICES = frozenset({"s3", "lambda"})


def install(app):
    served = app.app

    async def with_identity(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == IDENTITY_PATH:
            await send_identity(send)
        else:
            await served(scope, receive, send)

    app.app = with_identity
    path = os.environ.get("RUNBOOK_SANDBOX_CALL_LOG")
    if path:
        log_calls(app, path)


async def send_identity(send):
    body = json.dumps({"token": os.environ.get("RUNBOOK_SANDBOX_TOKEN", ""), "version": version("ministack"),
                       "pid": os.getpid(), "started_at": STARTED_AT}).encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def log_calls(app, path):
    """Every request passes the post-body hook once, with its account and Region already set."""
    emulated = app._handle_post_body_shortcuts
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    async def logged(method, request_path, headers, body, query_params, request_id):
        if not request_path.startswith("/_"):
            line = json.dumps(describe(app, method, request_path, headers, body, query_params))
            # One write with O_APPEND is one whole line, also for a reader that looks in between.
            os.write(descriptor, line.encode() + b"\n")
        return await emulated(method, request_path, headers, body, query_params, request_id)

    app._handle_post_body_shortcuts = logged


def describe(app, method, path, headers, body, query_params):
    from ministack.core.responses import get_account_id, get_region

    routing = app._routing_params(method, path, headers, body, query_params)
    service = app.detect_service(method, path, headers, routing)
    if service == "s3":
        bucket = app._extract_s3_vhost_bucket(headers.get("host", ""))
        path = f"/{bucket}{path}" if bucket else path
    return {"at": time.time(), "service": service, "operation": operation(service, method, path, headers, routing),
            "account": get_account_id(), "region": get_region(), "method": method, "path": path}


def operation(service, method, path, headers, query_params):
    target = headers.get("x-amz-target", "")
    if target:
        return target.rsplit(".", 1)[-1]
    action = query_params.get("Action")
    if action:
        return action[0] if isinstance(action, list) else action
    if service in REST_SERVICES:
        return rest_operation(service, method, path, headers, query_params)
    return f"{method} {path}"


def rest_operation(service, method, path, headers, query_params):
    for pattern, verb, required, name in routes(service):
        if verb == method and pattern.fullmatch(path) and all(
                key in query_params and (value is None or value in query_params[key]) for key, value in required):
            if name == "PutObject" and "x-amz-copy-source" in headers:
                return "CopyObject"
            if name == "UploadPart" and "x-amz-copy-source" in headers:
                return "UploadPartCopy"
            return name
    return f"{method} {path}"


@lru_cache(maxsize=None)
def routes(service):
    """The operations of a REST service as (path pattern, method, required query, name), the most specific first."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    # Not through a session, which would read the user's AWS configuration.
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    found = []
    for name in model.operation_names:
        shape = model.operation_model(name)
        path, _, query = shape.http["requestUri"].partition("?")
        required = [(part.partition("=")[0], part.partition("=")[2] or None) for part in query.split("&") if part]
        required += [(member.serialization.get("name", key), None) for key, member in input_members(shape)
                     if key in shape.input_shape.required_members and member.serialization.get("location") == "querystring"]
        pattern = re.sub(r"\\\{[^}]*?\\\+\\\}", "(.+)", re.escape(path))
        pattern = re.sub(r"\\\{[^}]*?\\\}", "([^/]+)", pattern)
        found.append((re.compile(pattern + "/?"), shape.http["method"], required, name))
    # More query conditions first; among equals, plain operations before their copying twins.
    return sorted(found, key=lambda route: (-len(route[2]), route[3] in ("CopyObject", "UploadPartCopy"), route[3]))


def input_members(shape):
    return shape.input_shape.members.items() if shape.input_shape else ()
