"""Measures, and writes docs/performance.md."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from . import projects

STEPS = 200
# A task of Ansible takes so long that fewer say as much.
TASKS = 20
PARALLEL = 1000
EVENTS = 100_000

HEAD = """# What it takes

Written by `scripts/bench.sh`. Every number is from one run of it on one machine, so only the ratios mean something elsewhere. A
time is the median of RUNS, in milliseconds; ± is its standard deviation. Memory is the largest resident set, in megabytes.

"""


class Bench:
    def __init__(self, root, floor, programs, runs):
        self.root, self.floor, self.programs, self.runs = root, floor, programs, runs
        self.program = root / "target/release/runbook"
        self.work = root / "target/bench"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.work), "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}

    def time(self, command, folder, prepare=None, runs=None):
        """The median and the deviation of a command, in milliseconds."""
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            line = ["hyperfine", "--style", "basic", "--shell", "none", "--warmup", "1", "--runs", str(runs or self.runs)]
            line += ["--export-json", out.name]
            if prepare:
                line += ["--prepare", f"bash -c '{prepare}'"]
            line.append(" ".join(str(part) for part in command))
            done = subprocess.run(line, cwd=folder, env=self.environment, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"bench.sh: {' '.join(line)[:200]} failed in {folder}:\n{done.stderr}")
            result = json.load(open(out.name))["results"][0]
        print(f"bench.sh: {result['median'] * 1000:,.1f} ms  {line[-1][-100:]}", file=sys.stderr)
        return Time(result["median"] * 1000, (result.get("stddev") or 0) * 1000)

    def away(self, path):
        """A command that takes a folder away. It is not removed before the end: ext4 is slow to make files for minutes
        after many were removed, and that would be measured."""
        aside = self.work / "aside"
        return f"if [ -e {path} ]; then mkdir -p {aside}; mv {path} {aside}/$RANDOM$RANDOM$RANDOM; fi"

    def memory(self, command, folder):
        """The largest resident set of a command and what it waits for, in megabytes."""
        child = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(child.pid, 0)
        return usage.ru_maxrss / 1024


class Time:
    def __init__(self, median, deviation):
        self.median, self.deviation = median, deviation

    def __str__(self):
        return f"{self.median:,.0f} ± {self.deviation:,.0f}"

    def over(self, other):
        return f"{self.median / other.median:.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def reading(bench):
    folder = bench.work / "thousand"
    floor = bench.time(["cat", *sorted(folder.glob("runbooks/*.md"))], folder)
    start = bench.time([bench.program, "--version"], folder)
    check = bench.time([bench.program, "check", "--lint", "none"], folder)
    shells = bench.time([bench.program, "check"], folder)
    listed = bench.time([bench.program, "list"], folder)
    lint = bench.work / "node_modules/.bin/markdownlint-cli2"
    (folder / ".markdownlint.json").write_text('{"default": true}')
    peer = bench.time(["bash", "-c", f"'{lint} runbooks/*.md; true'"], folder)
    rows = [
        ("`runbook --version`: the start of the program", start, start.over(start)),
        ("`runbook list`", listed, listed.over(start)),
        ("`runbook check --lint none`", check, check.over(start)),
        ("`runbook check`, which looks for the shells and ShellCheck", shells, shells.over(start)),
        ("markdownlint-cli2 over the same files", peer, peer.over(start)),
        ("`cat` of the same files", floor, floor.over(start)),
    ]
    promise = f"Promised: `check` in about a second, `list` in tens of milliseconds. `check` takes {check.over(peer)} × markdownlint-cli2.\n"
    return "## 1,000 runbooks of 20 steps\n\n" + table(("", "ms", "× start"), rows) + "\n" + promise


def site(bench):
    folder, out = bench.work / "thousand", bench.work / "thousand/site"
    build = [bench.program, "docs", "build", "--out", out]
    book = projects.mdbook(bench.work / "mdbook-thousand", folder)
    first = bench.time(build, folder, prepare=bench.away(out))
    again = bench.time(build, folder)
    peer = bench.time([bench.work / "mdbook/bin/mdbook", "build", book], book, prepare=bench.away(book / "book"))
    rows = [
        ("`runbook docs build` into an empty folder", first, first.over(peer)),
        ("the same again, with nothing changed", again, again.over(peer)),
        ("mdBook, without its search, into an empty folder", peer, peer.over(peer)),
    ]
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    text = f"Promised: about a second on two cores. The site has {size:,.0f} MB, its search with it.\n"
    return "## The handoff site of the same project\n\n" + table(("", "ms", "× mdBook"), rows) + "\n" + text


def keystroke(bench):
    said = (bench.work / "keystroke.txt").read_text()
    line = re.search(r"a keystroke: median (\S+), worst (\S+),", said)
    rows = [("a character, then completion, then the findings, 200 times", line[1].rstrip(","), line[2].rstrip(","))]
    return "## A keystroke in the language server, in the same project\n\n" + table(("", "median", "worst"), rows) + "\nPromised: 50 ms.\n"


def durable(bench):
    folder = bench.work / "steps"
    projects.scripts(folder, STEPS)
    projects.chaos(folder, STEPS)
    projects.ansible(folder, TASKS)
    run = [bench.program, "run", "it", "--env", "box"]
    plain = bench.time([bench.floor, folder / "floor", STEPS], folder)
    start = bench.time([bench.program, "--version"], folder)
    own = bench.time(run, folder, prepare=bench.away(folder / ".runbook"))
    chaos = bench.time([bench.programs / "chaos", "run", "it.json"], folder)
    ansible = bench.time([bench.programs / "ansible-playbook", "it.yml"], folder, runs=3)
    each = {"ansible": ansible.median / TASKS, "floor": plain.median / STEPS}
    rows = [
        ("the floor: each process, and one fsync a boundary", plain, f"{plain.median / STEPS:.2f}", plain.over(plain)),
        ("`runbook run`", own, f"{own.median / STEPS:.2f}", own.over(plain)),
        ("Chaos Toolkit (keeps nothing until it ends)", chaos, f"{chaos.median / STEPS:.2f}", chaos.over(plain)),
        (f"Ansible (keeps nothing), {TASKS} tasks, three times", ansible, f"{each['ansible']:.2f}", f"{each['ansible'] / each['floor']:.2f}"),
    ]
    text = f"## {STEPS} steps in a row, each a script that does nothing\n\n"
    return text + table(("", "ms", "ms a step", "× floor, a step"), rows) + f"\nPromised: 1.5 × the floor. The start of the program, {start} ms, is part of it.\n"


def at_once(bench):
    folder = bench.work / "parallel"
    projects.scripts(folder, PARALLEL, "#| needs: []\n")
    run = [bench.program, "run", "it", "--env", "box"]
    cores = os.cpu_count()
    own = bench.time(run, folder, prepare=bench.away(folder / ".runbook"))
    xargs = bench.time(["bash", "-c", f"'seq {PARALLEL} | xargs -P {cores} -I _ bash -c true'"], folder)
    subprocess.run(["bash", "-c", bench.away(folder / ".runbook")], check=True)
    memory = bench.memory(run, folder)
    rows = [
        (f"`xargs -P {cores}`: the processes alone", xargs, xargs.over(xargs), ""),
        ("`runbook run`", own, own.over(xargs), f"{memory:.0f}"),
    ]
    return f"## {PARALLEL:,} steps that need nothing, at once\n\n" + table(("", "ms", "×", "MB"), rows)


def resume(bench):
    rows = []
    for events in (EVENTS // 10, EVENTS):
        folder = bench.work / f"journal-{events}"
        count = projects.long_journal(bench.program, folder, events)
        journal = next(folder.glob(".runbook/runs/*/journal.jsonl"))
        hashed = bench.time(["sha256sum", journal], folder)
        status = bench.time([bench.program, "status"], folder)
        verify = bench.time([bench.program, "log", "--verify"], folder)
        kept = folder / "kept"
        subprocess.run(["cp", "-a", folder / ".runbook", kept], check=True)
        (folder / "go").write_text("")
        prepare = f"{bench.away(folder / '.runbook')}; cp -a {kept} {folder}/.runbook"
        resumed = bench.time([bench.program, "resume"], folder, prepare=prepare)
        subprocess.run(["bash", "-c", prepare], check=True)
        memory = bench.memory([bench.program, "resume"], folder)
        rows.append((f"{count:,} events, {journal.stat().st_size / 1e6:.1f} MB", hashed, status, verify, resumed, f"{memory:.0f}"))
    head = ("journal", "`sha256sum`", "`status`", "`log --verify`", "`resume` to the end", "MB")
    return "## A long journal\n\n" + table(head, rows) + "\nPromised: 100,000 events resume in under a second, in bounded memory.\n"


def main():
    root, floor, programs = (Path(argument) for argument in sys.argv[1:4])
    quick = "--quick" in sys.argv[4:]
    bench = Bench(root, floor, programs, 3 if quick else 10)
    parts = [part(bench) for part in (reading, site, keystroke, durable, at_once, resume)]
    core = "The program was built without AWS, which none of this asks.\n\n" if "--core" in sys.argv[4:] else ""
    text = HEAD.replace("RUNS", "three" if quick else "ten") + core + "\n".join(parts) + f"\nOn {platform.system()} {platform.machine()}, {os.cpu_count()} cores.\n"
    print(text)
    (root / "docs/performance.md").write_text(text)
    subprocess.run(["rm", "-rf", str(bench.work / "aside")], check=True)


main()
