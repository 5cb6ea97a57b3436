"""Turns service models and IAM data into chunks."""

from encode import NEW_SHAPE, Chunk, varint
from models import ANY, SCALARS, SOME, is_document, simple_cli_name
from corrections import FORGOTTEN, HARMLESS

# A longer list of values changes too often to be checked against, and is heavy.
MOST_VALUES = 16

LIST, MAP, STRUCTURE, UNION, ENUM = range(5)
REQUIRED, TOKEN, SECRET = 1, 2, 4
NO_PERMISSION, SAME_NAME, LISTED = range(3)
ANSWER_IN_A_FILE, OWN_NAME = 1, 2

OF_A_SERVICE = ["operations", "permissions", "commands", "members", "flags", "counts", "values", "kinds", "refs"]
OF_A_PREFIX = ["actions", "resources"]


class Shapes:
    """The shapes of one service. The same shape is written once; one without a name by its parts."""

    def __init__(self, service, chunk):
        self.service = service
        self.chunk = chunk
        self.known = {}
        self.secret = {}

    def is_secret(self, shape):
        return bool(shape.metadata.get("sensitive")) and (self.service, shape.name) not in HARMLESS

    def key(self, shape, pruned=False):
        """What makes a shape the same as another. A pruned one has only what leads to a secret."""
        secret, kind = self.is_secret(shape), shape.type_name
        # Sent as a text of JSON, and taken by the CLI as whatever that text says.
        if shape.serialization.get("jsonvalue"):
            return ("scalar", ANY, secret, None)
        if kind in SCALARS:
            values = tuple(shape.enum) if kind == "string" and 0 < len(shape.enum) <= MOST_VALUES else None
            return ("scalar", SCALARS[kind], secret, values)
        if is_document(shape):
            return ("scalar", ANY, secret, None)
        if kind == "list":
            return ("list", self.key(shape.member, pruned), secret)
        if kind == "map":
            return ("map", self.key(shape.key), self.key(shape.value, pruned), secret)
        # A secret structure is secret as a whole. What it consists of says no more.
        return ("structure", shape.name, secret, pruned and not secret)

    def write(self, shape, pruned=False):
        """Writes a reference, and the shape itself where it comes first."""
        refs, key = self.chunk["refs"], self.key(shape, pruned)
        if key[0] == "scalar" and key[3] is None:
            varint(key[1] * 2 + key[2], refs)
        elif key in self.known:
            varint(NEW_SHAPE + len(self.known) - self.known[key], refs)
        else:
            self.known[key] = len(self.known)
            varint(NEW_SHAPE, refs)
            self.write_new(shape, key, pruned)

    def write_new(self, shape, key, pruned):
        kinds, secret = self.chunk["kinds"], self.is_secret(shape)
        if key[0] == "scalar":
            varint(ENUM * 2 + secret, kinds)
            varint(len(key[3]), self.chunk["counts"])
            for value in key[3]:
                self.chunk.text(value, "values")
        elif key[0] == "list":
            varint(LIST * 2 + secret, kinds)
            self.write(shape.member, pruned)
        elif key[0] == "map":
            varint(MAP * 2 + secret, kinds)
            self.write(shape.key)
            self.write(shape.value, pruned)
        else:
            varint((UNION if shape.is_tagged_union else STRUCTURE) * 2 + secret, kinds)
            members = self.members(shape, key[3])
            varint(len(members), self.chunk["counts"])
            for name, member in members.items():
                self.member(shape, name, member)
                self.write(member, pruned)

    def members(self, structure, pruned):
        return {
            name: member
            for name, member in structure.members.items()
            if not pruned
            or (self.service, structure.name, name) in FORGOTTEN
            or self.holds_secret(member)
        }

    def member(self, structure, name, member):
        self.chunk.text(name, "members")
        flags = REQUIRED if name in structure.required_members else 0
        flags |= TOKEN if member.metadata.get("idempotencyToken") else 0
        flags |= SECRET if (self.service, structure.name, name) in FORGOTTEN else 0
        self.chunk["flags"].append(flags)

    def holds_secret(self, shape, inside=()):
        if self.is_secret(shape):
            return True
        kind, key = shape.type_name, shape.name
        if kind == "list":
            return self.holds_secret(shape.member, inside)
        if kind == "map":
            return self.holds_secret(shape.value, inside)
        if kind != "structure" or key in inside:
            return False
        if key not in self.secret:
            found = any(
                (self.service, key, name) in FORGOTTEN or self.holds_secret(member, (*inside, key))
                for name, member in shape.members.items()
            )
            # Inside a circle, "no" may only mean "not seen from here".
            if inside and not found:
                return False
            self.secret[key] = found
        return self.secret[key]

    def write_output(self, shape):
        """Below its first level an output is written only where it is known anyway, or secret."""
        key = self.key(shape)
        if key[0] == "scalar" or key in self.known:
            self.write(shape)
        elif self.holds_secret(shape):
            secret = self.is_secret(shape)
            if secret:
                varint(SOME[shape.type_name] * 2 + 1, self.chunk["refs"])
            else:
                self.write(shape, pruned=True)
        else:
            varint(SOME[shape.type_name] * 2, self.chunk["refs"])


def service_chunk(service, permissions):
    """The chunk of one service. `permissions` says for an operation: access, and the actions it needs."""
    chunk = Chunk(OF_A_SERVICE + OF_A_PREFIX)
    shapes = Shapes(service.name, chunk)
    out = chunk["operations"]
    varint(len(service.operations), out)
    for operation in service.operations:
        chunk.text(operation.api_name, "operations")
        same = simple_cli_name(operation.api_name) == operation.cli_name
        flags = ANSWER_IN_A_FILE if operation.model.has_streaming_output else 0
        out.append(flags if same else flags | OWN_NAME)
        if not same:
            chunk.text(operation.cli_name, "operations")
        write_permissions(operation, permissions, chunk)
    for operation in service.operations:
        shape = operation.model.input_shape
        varint(0 if shape is None else 1, out)
        if shape is not None:
            shapes.write(shape)
    for operation in service.operations:
        shape = operation.model.output_shape
        members = {} if shape is None else shape.members
        varint(len(members), out)
        for name, member in members.items():
            shapes.member(shape, name, member)
            shapes.write_output(member)
    for command in sorted(service.commands):
        chunk.text(command, "commands")
    return chunk


def write_permissions(operation, permissions, chunk):
    access, actions = permissions(operation)
    out = chunk["permissions"]
    if actions is None:
        out.append(access * 4 + NO_PERMISSION)
    elif len(actions) == 1 and actions[0].split(":")[1] == operation.api_name:
        out.append(access * 4 + SAME_NAME)
        chunk.text(actions[0].split(":")[0], "permissions")
    else:
        out.append(access * 4 + LISTED)
        varint(len(actions), out)
        for action in actions:
            chunk.text(action, "permissions")


def add_prefix(prefix, chunk):
    """Adds an IAM prefix to a chunk: its actions, and the resources they work on."""
    resources = {name: at for at, name in enumerate(sorted(prefix.resources))}
    varint(len(resources), chunk["resources"])
    for name in resources:
        chunk.text(name, "resources")
        patterns = prefix.resources[name]
        varint(len(patterns), chunk["resources"])
        for pattern in patterns:
            chunk.text(pattern, "resources")
    out = chunk["actions"]
    varint(len(prefix.actions), out)
    for name, action in sorted(prefix.actions.items()):
        chunk.text(name, "actions")
        out.append(action.access)
        varint(len(action.resources), out)
        for resource, required in action.resources:
            varint(resources[resource] * 2 + required, out)


def prefix_chunk(prefix):
    """The chunk of an IAM prefix that no service goes by."""
    chunk = Chunk(OF_A_PREFIX)
    add_prefix(prefix, chunk)
    return chunk
