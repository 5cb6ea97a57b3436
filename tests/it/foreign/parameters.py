"""Prints the public templates of an unpacked cfn-lint, each with a value for every parameter that has none.

Run with the emulator's own Python, which has a YAML parser. The argument is the folder of the templates.
"""
import json
import pathlib
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as nothing: only the parameters matter here."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def value(name, parameter):
    kind = parameter.get("Type", "String")
    if parameter.get("AllowedValues"):
        return str(parameter["AllowedValues"][0])
    if kind == "Number":
        return str(max(1, int(parameter.get("MinValue", 1))))
    if "List<" in kind:
        return "subnet-0a1b2c3d,subnet-0a1b2c3e"
    if "VPC::Id" in kind:
        return "vpc-0a1b2c3d"
    if "CIDR" in name.upper():
        return "10.0.0.0/16"
    if "mail" in name.lower():
        return "a@example.com"
    return "Example1Example1"[:int(parameter.get("MaxLength", 16))]


def main(folder):
    found = []
    for path in sorted(folder.glob("public/*")) + sorted(folder.glob("quickstart/*")):
        if path.suffix not in (".json", ".yaml"):
            continue
        text = path.read_text()
        # JSON may be indented with tabs, which YAML does not take.
        template = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)
        parameters = template.get("Parameters") or {}
        empty = {name: one for name, one in parameters.items() if one.get("Default", "") == ""}
        given = {name: value(name, one) for name, one in empty.items()}
        found.append({"name": path.name, "path": str(path), "parameters": given})
    print(json.dumps(found))


main(pathlib.Path(sys.argv[1]))
