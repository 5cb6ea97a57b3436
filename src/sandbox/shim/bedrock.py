"""Bedrock: models that do not answer, because a rehearsal says so.

On AWS a drill takes the models of a Region away by the policy of an endpoint. The emulator's calls come through no
endpoint. Here a parameter of the account, in the Region that is to be down, says what each call of a model meets:
`503 ServiceUnavailableException`. On AWS such a parameter means nothing.
"""

import re

from ministack.core.responses import error_response_json
from ministack.services import bedrock_runtime, ssm

HANDLE = bedrock_runtime.handle_request

SWITCH = "/runbook-sandbox/fault/bedrock-runtime"
VALUE = re.compile(r"^([45][0-9]{2}) ([A-Z][A-Za-z]+)$")


def install():
    bedrock_runtime.handle_request = handle_request


async def handle_request(method, path, headers, body, query_params):
    switch = ssm._parameters.get(SWITCH)
    said = VALUE.match(switch["Value"]) if switch else None
    if said is None:
        return await HANDLE(method, path, headers, body, query_params)
    status, code = int(said[1]), said[2]
    return error_response_json(code, f"a rehearsal has taken Bedrock down: the parameter {SWITCH} says so", status)
