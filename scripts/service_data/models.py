"""Reads the AWS CLI's own command table, and the service models behind it."""

SCALARS = {
    "string": 0,
    "character": 0,
    "integer": 1,
    "long": 1,
    "float": 2,
    "double": 2,
    "boolean": 3,
    "blob": 4,
    "timestamp": 5,
}
ANY = 6
# What is known of an output below its first level, unless something in it is secret.
SOME = {"list": 7, "map": 8, "structure": 9}


class Operation:
    """One operation: its name for the CLI, and its model."""

    def __init__(self, cli_name, model):
        self.cli_name = cli_name
        self.model = model
        self.api_name = model.name


class Service:
    """One service: its name for the CLI, its operations, and commands that are no operations."""

    def __init__(self, name):
        self.name = name
        self.operations = []
        self.commands = set()

    def candidates(self):
        """The names that its IAM prefix may be, likeliest first."""
        model = self.operations[0].model.service_model
        return [model.signing_name, model.endpoint_prefix, model.service_name, self.name]


def services():
    """Every service of the installed CLI, sorted by name."""
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    found = []
    for name, command in sorted(driver._get_command_table().items()):
        service = Service(name)
        for word, one in sorted(_subcommands(driver, command).items()):
            model = getattr(one, "_operation_model", None)
            if model is None:
                service.commands.add(word)
            else:
                service.operations.append(Operation(word, model))
        found.append(service)
    return found


def _subcommands(driver, command):
    if hasattr(command, "_get_command_table"):
        return command._get_command_table()
    if hasattr(command, "_build_subcommand_table"):
        return command._build_subcommand_table()
    # A preview is hidden behind a switch of the CLI's configuration; its model is there.
    from awscli.clidriver import ServiceCommand

    return ServiceCommand(command.name, driver.session)._get_command_table()


def simple_cli_name(api_name):
    """How most names become words of the CLI. `chunk.rs` does the same; what differs is stored."""
    name = ""
    for at, letter in enumerate(api_name):
        before, after = api_name[at - 1 : at], api_name[at + 1 : at + 2]
        in_word = before.islower() or before.isdigit()
        if letter.isupper() and before and (in_word or before != "-" and after.islower()):
            name += "-"
        name += letter.lower()
    return name


def is_document(shape):
    return getattr(shape, "is_document_type", False)
