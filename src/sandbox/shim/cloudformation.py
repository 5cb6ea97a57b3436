"""CloudFormation: what a retried or a careless request meets on AWS."""

from ministack.services import cloudformation, kms
from ministack.services.cloudformation import changesets, handlers, provisioners

ALIAS_CREATE = provisioners._kms_alias_create

# Each records its token on the stack; CreateChangeSet calls its token `ClientToken` and keeps it on the change set.
REPEATABLE = ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet")


def install():
    # The emulator asks for capabilities only when it also enforces IAM; AWS always asks.
    handlers._capabilities_enforced = lambda: True
    for action in REPEATABLE:
        wrap_action(action, repeatable(action))
    wrap_action("CreateChangeSet", create_change_set)
    wrap_action("CreateStack", create_stack)
    replace_provisioner("AWS::KMS::Alias", "create", "_kms_alias_create", create_alias)


def wrap_action(action, wrapper):
    emulated = cloudformation._ACTION_HANDLERS[action]
    cloudformation._ACTION_HANDLERS[action] = lambda params: wrapper(emulated, params)


def replace_provisioner(resource_type, verb, name, replacement):
    """The registry and some provisioners hold the function itself, so both places change."""
    provisioners._RESOURCE_HANDLERS[resource_type][verb] = replacement
    setattr(provisioners, name, replacement)


def parameter(params, name):
    value = params.get(name, "")
    return value[0] if isinstance(value, list) and value else value or ""


def repeatable(action):
    def answer(emulated, params):
        """The same token again is the same request: it succeeds and does nothing more."""
        token = parameter(params, "ClientRequestToken")
        stack = addressed_stack(params)
        remembered = (stack or {}).get("_client_tokens", {}).get(token) if token else None
        if remembered and remembered["Action"] == action:
            return 200, dict(remembered["Headers"]), remembered["Body"].encode()
        response = emulated(params)
        stack = addressed_stack(params) or stack
        if token and response[0] == 200 and stack is not None:
            body = response[2] if isinstance(response[2], str) else response[2].decode()
            stack.setdefault("_client_tokens", {})[token] = {
                "Action": action, "Headers": dict(response[1]), "Body": body}
        return response

    return answer


def addressed_stack(params):
    """The stack that a request means, by name, by id, or through its change set."""
    name = parameter(params, "StackName")
    if not name:
        _, change_set = changesets._find_change_set(parameter(params, "ChangeSetName"), "")
        name = change_set["StackName"] if change_set else ""
    return handlers._resolve_stack(name) if name else None


def create_stack(emulated, params):
    """A stack that rolled back still owns its name: it can only be deleted."""
    stack = cloudformation._stacks.get(parameter(params, "StackName"))
    token = parameter(params, "ClientRequestToken")
    repeated = stack is not None and token and token in stack.get("_client_tokens", {})
    if stack is not None and stack.get("StackStatus") == "ROLLBACK_COMPLETE" and not repeated:
        return handlers._error("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
    return emulated(params)


def create_change_set(emulated, params):
    stack = addressed_stack(params)
    status = (stack or {}).get("StackStatus")
    repeated = repeated_change_set(params)
    if repeated is not None:
        return change_set_answer(repeated)
    if status == "ROLLBACK_COMPLETE":
        return handlers._error("ValidationError",
                               f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated.")
    before = None
    if status == "REVIEW_IN_PROGRESS" and parameter(params, "ChangeSetType") == "CREATE":
        before = stack
    response = emulated(params)
    if before is not None:
        response = keep_stack_in_review(before, response)
    token = parameter(params, "ClientToken")
    _, created = changesets._find_change_set(parameter(params, "ChangeSetName"), (stack or {}).get("StackName")
                                             or parameter(params, "StackName"))
    if token and response[0] == 200 and created is not None:
        created["_client_token"] = token
    return response


def repeated_change_set(params):
    token = parameter(params, "ClientToken")
    _, change_set = changesets._find_change_set(parameter(params, "ChangeSetName"), parameter(params, "StackName"))
    return change_set if token and change_set and change_set.get("_client_token") == token else None


def change_set_answer(change_set):
    return handlers._xml(200, "CreateChangeSetResponse",
                         f"<CreateChangeSetResult><Id>{change_set['ChangeSetId']}</Id>"
                         f"<StackId>{change_set['StackId']}</StackId></CreateChangeSetResult>")


def keep_stack_in_review(before, response):
    """A second CREATE change set belongs to the stack that waits for review; the emulator makes a new stack."""
    name = before["StackName"]
    fresh = cloudformation._stacks.get(name)
    cloudformation._stacks[name] = before
    if response[0] != 200 or fresh is None or fresh is before:
        return response
    cloudformation._stack_events.pop(fresh["StackId"], None)
    for change_set in list(cloudformation._change_sets.values()):
        if change_set.get("StackId") == fresh["StackId"]:
            change_set["StackId"] = before["StackId"]
            return change_set_answer(change_set)
    return response


def create_alias(logical_id, props, stack_name):
    """The emulator silently takes an alias away from its key; on AWS the stack fails."""
    name = provisioners._kms_alias_name(props, stack_name, logical_id)
    arn = kms._alias_arn(name)
    if arn in kms._aliases:
        raise ValueError(f"An alias with the name {arn} already exists (Service: Kms, Status Code: 400)")
    return ALIAS_CREATE(logical_id, props, stack_name)
