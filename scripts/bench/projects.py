"""Projects to measure: many steps in a row, many at once, and a journal of 100,000 events."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

FRONT = "---\ntitle: T\nsummary: S.\nowner: o\n---\n\n# T\n\n## Steps\n\n"
ACCOUNT = '{ id: "100000000001", role: "arn:aws:iam::100000000001:role/R", region: eu-west-1 }'
PROJECT = f"version: 1\nenvironments:\n  box:\n    kind: sandbox\n    endpoint: http://127.0.0.1:9\n    accounts:\n      data: {ACCOUNT}\n"


def new(folder):
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "runbooks").mkdir(parents=True)
    (folder / "runbook.yaml").write_text(PROJECT)
    return folder


def book(folder, blocks):
    (folder / "runbooks/it.md").write_text(FRONT + "\n".join(blocks))


def scripts(folder, count, needs=""):
    """That many steps, each a script that does nothing."""
    block = "```bash step=s{}\n#| irreversible: It does nothing.\n{}true\n```\n"
    book(new(folder), [block.format(number, needs) for number in range(count)])


def chaos(folder, count):
    process = {"type": "process", "path": "bash", "arguments": ["-c", "true"]}
    steps = [{"type": "action", "name": f"s{number}", "provider": process} for number in range(count)]
    (folder / "it.json").write_text(json.dumps({"version": "1.0.0", "title": "T", "description": "S.", "method": steps}))


def ansible(folder, count):
    tasks = [{"name": f"s{number}", "ansible.builtin.command": "bash -c true"} for number in range(count)]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (folder / "it.yml").write_text(json.dumps([play]))


def mdbook(folder, project):
    """The runbooks of a project as an mdBook."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    lines = ["# Summary", ""]
    for file in sorted(project.glob("runbooks/*.md")):
        shutil.copy(file, folder / "src" / file.name)
        lines.append(f"- [{file.stem}]({file.name})")
    (folder / "src/SUMMARY.md").write_text("\n".join(lines) + "\n")
    (folder / "book.toml").write_text('[book]\ntitle = "T"\n')
    return folder


def long_journal(program, folder, events):
    """A paused run whose journal holds so many events: a loop has ended, and a later step has failed."""
    elements = events // 2
    loop = '```bash step=each\n#| effect: read\n#| for_each: "range(end={})"\ntrue\n```\n'
    last = '```bash step=last\n#| effect: read\ntest -e "$RUNBOOK_PROJECT/go"\n```\n'
    book(new(folder), [loop.format(2), last])
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    run = [program, "run", "it", "--env", "box"]
    subprocess.run(run, cwd=folder, env=environment, check=False, capture_output=True)
    journal = next(folder.glob(".runbook/runs/*/journal.jsonl"))
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    grown = []
    for record in records:
        step = record["event"].get("step", "")
        if step == "each[1]":
            continue
        grown.append(record)
        if step == "each[0]" and record["event"]["event"] == "step_succeeded":
            pair = [one for one in records if one["event"].get("step") == "each[0]"]
            for number in range(1, elements):
                grown += [one | {"event": one["event"] | {"step": f"each[{number}]"}} for one in pair]
    previous = "0" * 64
    with journal.open("w") as file:
        for number, record in enumerate(grown, 1):
            line = json.dumps(record | {"seq": number, "prev": previous}, separators=(",", ":"), ensure_ascii=False)
            previous = hashlib.sha256(line.encode()).hexdigest()
            file.write(line + "\n")
    return len(grown)
