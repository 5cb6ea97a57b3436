"""The tools. Each writes a procedure in its own format into a folder, and runs it."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 120


class Step:
    """One step: a line of shell, and what the tool is told about it."""

    def __init__(self, name, shell, *, undo=None, gives=None, needs=None, env=None, owes=None, gate=False, only_reads=False):
        self.name, self.shell, self.undo, self.gives = name, shell, undo, gives
        self.needs, self.env, self.owes, self.gate = needs, env or {}, owes, gate
        self.only_reads = only_reads or gate


class Drill:
    """Something that is broken on purpose, recovered, and mended whatever happens."""

    def __init__(self, folder, recovery):
        data, away = folder / "data", folder / "away"
        self.fault = f'echo broken >> "$LOG"; mv {data} {away}'
        self.mend = f"if [ -e {away} ]; then mv {away} {data}; fi"
        self.probe, self.recovery = f"test -e {data}", recovery


class Tool:
    """A tool in a folder of its own."""

    def __init__(self, root, programs, folder):
        self.root, self.programs, self.folder = root, programs, folder
        folder.mkdir(parents=True)
        self.log = folder / "log"
        # Whatever a step of ours started is told by it from what others run on this machine.
        self.marker = f"marker-{folder.name}-{os.getpid()}"

    def environment(self, more=None):
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        return kept | {"HOME": str(self.folder), "LOG": str(self.log), "NO_COLOR": "1"} | (more or {})

    def spawn(self, *command, env=None):
        return subprocess.Popen(
            [str(part) for part in command], cwd=self.folder, env=self.environment(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )

    def run(self, *command, env=None):
        """Runs a command to its end: its exit code and everything it said."""
        child = self.spawn(*command, env=env)
        try:
            said, _ = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        return child.returncode, said

    def kill_when(self, line):
        """Starts the procedure, and kills the tool and everything it started when that line is in the log."""
        child = self.start()
        end = time.monotonic() + PATIENCE
        while line not in self.lines():
            if time.monotonic() > end or child.poll() is not None:
                raise RuntimeError(f"{self.name}: {line!r} never came: {child.stdout.read()}")
            time.sleep(0.02)
        child.kill()
        child.wait()
        subprocess.run(["pkill", "-9", "-f", self.marker], check=False)

    def lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def files_with(self, text):
        """The files that the tool wrote, beside the log and its input, that hold a text."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            given = path == self.log or path in self.inputs
            if path.is_file() and not given and text.encode() in path.read_bytes():
                found.append(path)
        return found


class Runbook(Tool):
    name = "runbook"
    version_command = ("runbook", "--version")

    def write(self, steps, params=(), title="T"):
        blocks = []
        for step in steps:
            options = []
            env = dict(step.env)
            if step.only_reads:
                options.append("effect: read")
            elif not step.undo:
                options.append("irreversible: It writes a line.")
            env |= {"LOG": str(self.log)}
            if step.needs:
                env["GIVEN"] = "{{ steps.%s.%s }}" % step.needs
            options.append("env: " + json.dumps(env))
            if step.gives:
                options.append(f"outputs: [{step.gives}]")
            if step.owes:
                options.append("obligation: " + json.dumps({"text": step.owes, "due": "7d"}))
            lines = "\n".join(f"#| {option}" for option in options)
            blocks.append(f"## {step.name}\n\n```bash step={step.name}\n{lines}\n{step.shell}\n```\n")
            if step.undo:
                options = "#| env: " + json.dumps({"LOG": str(self.log)})
                blocks.append(f"```bash undo={step.name}\n{options}\n{step.undo}\n```\n")
        front = {"title": title, "summary": "S.", "owner": "o"}
        if params:
            front["params"] = {name: {"type": "string", "secret": secret} for name, secret in params}
        text = "---\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items()) + "---\n\n# T\n\n"
        self.put("runbooks/it.md", text + "\n".join(blocks))
        account = '{ id: "100000000001", role: "arn:aws:iam::100000000001:role/R", region: eu-west-1 }'
        self.put(
            "runbook.yaml",
            "version: 1\nenvironments:\n  box:\n    kind: sandbox\n    endpoint: http://127.0.0.1:9\n"
            f"    accounts:\n      data: {account}\n",
        )
        self.inputs = {self.folder / "runbooks/it.md", self.folder / "runbook.yaml"}

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write_drill(self, drill):
        self.write([Step("recover", drill.recovery, undo="true")])
        here = json.dumps({"LOG": str(self.log)})
        health = f"\n## Health\n\n```bash health=well\n#| within: 1s\n#| every: 1s\n{drill.probe}\n```\n"
        path = self.folder / "runbooks/it.md"
        path.write_text(path.read_text() + health)
        front = "title: F\nsummary: S.\nowner: o\ntags: [fault]\nparams:\n  max_duration: { type: duration, default: 1h, description: D }\n"
        blocks = "".join(
            f"```bash {role}=break\n#| env: {here}\n{shell}\n```\n\n"
            for role, shell in (("step", drill.fault), ("observe", f"! {drill.probe}"), ("undo", drill.mend))
        )
        self.put("drills/faults/broken.md", f"---\n{front}---\n\n# F\n\n## Break\n\n{blocks}")
        self.put(
            "drills/it.yaml",
            "title: T\nsummary: S.\nowner: o\nenvironment: box\nobjective: { rto: 10m }\nscenario:\n  - fault: broken\n"
            "  - incident: It is broken.\n  - expect: { unhealthy: it }\n  - run: it\n  - recovered: [it]\n",
        )
        self.begins = ("drill", "run", "it", "--yes")

    def verdict(self):
        _, said = self.program("drill", "report", "it", "--json")
        return json.loads(said)["verdict"].replace("_", " ")

    begins = ("run", "it", "--env", "box")

    def program(self, *arguments, env=None):
        return self.run(self.root / "target/debug/runbook", *arguments, env=env)

    def start(self):
        return self.spawn(self.root / "target/debug/runbook", *self.begins)

    def go(self, *arguments, env=None):
        return self.program(*self.begins, *arguments, env=env)

    def again(self):
        return self.program("resume")

    def back(self):
        return self.program("undo")

    def states(self):
        """What it says about each step of the newest run."""
        _, said = self.program("status", "--json")
        try:
            return {step["step"]: step["status"] for step in json.loads(said)["steps"]}
        except (ValueError, KeyError, TypeError):
            return {}

    given = "GIVEN"


class Chaos(Tool):
    name = "Chaos Toolkit"
    version_command = ("chaos", "--version")

    def write(self, steps, params=(), title="T"):
        def activity(kind, name, shell, env=None):
            given = {"type": "process", "path": "bash", "arguments": ["-c", shell]}
            return {"type": kind, "name": name, "provider": given}

        method = [activity("action", step.name, step.shell) for step in steps if not step.gate]
        rollbacks = [activity("action", f"undo {step.name}", step.undo) for step in steps if step.undo]
        gates = [activity("probe", step.name, step.shell) | {"tolerance": 0} for step in steps if step.gate]
        experiment = {
            "version": "1.0.0", "title": title, "description": "S.", "method": method, "rollbacks": rollbacks,
            "steady-state-hypothesis": {"title": "It is well.", "probes": gates},
        }
        if params:
            experiment["configuration"] = {n: {"type": "env", "key": n} for n, secret in params if not secret}
            experiment["secrets"] = {"s": {n: {"type": "env", "key": n} for n, secret in params if secret}}
        (self.folder / "it.json").write_text(json.dumps(experiment))
        self.inputs = {self.folder / "it.json"}

    def write_drill(self, drill):
        steps = [Step("well", drill.probe, gate=True), Step("break", drill.fault, undo=drill.mend), Step("recover", drill.recovery)]
        self.write(steps)

    def verdict(self):
        journal = self.journal()
        if not journal:
            return "nothing"
        return journal["status"] + (", deviated" if journal.get("deviated") else "")

    def start(self):
        return self.spawn(self.programs / "chaos", "run", "it.json")

    def go(self, *arguments, env=None):
        return self.run(self.programs / "chaos", "run", "it.json", *arguments, env=env)

    def again(self):
        return self.go()

    def journal(self):
        path = self.folder / "journal.json"
        return json.loads(path.read_text()) if path.exists() else None


class Ansible(Tool):
    name = "Ansible"
    version_command = ("ansible-playbook", "--version")

    def write(self, steps, params=(), title="T"):
        tasks, handlers = [], []
        for step in steps:
            task = {"name": step.name, "ansible.builtin.shell": step.shell}
            if step.env:
                task["environment"] = dict(step.env)
            if step.gives:
                task["register"] = step.name
            if step.needs:
                name, _ = step.needs
                task["environment"] = {"GIVEN": "{{ %s.stdout }}" % name}
            if step.owes:
                task["notify"] = step.owes
                handlers.append({"name": step.owes, "ansible.builtin.shell": f"echo owed >> {self.log}"})
            tasks.append(task)
        undos = [{"name": f"undo {step.name}", "ansible.builtin.shell": step.undo} for step in steps if step.undo]
        if undos:
            tasks = [{"block": tasks, "rescue": undos + [{"name": "say", "ansible.builtin.fail": {"msg": "failed"}}]}]
        play = {"name": title, "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        if handlers:
            play["handlers"] = handlers
        # JSON is YAML.
        (self.folder / "it.yml").write_text(json.dumps([play], indent=1))
        (self.folder / "ansible.cfg").write_text("[defaults]\nlog_path = ansible.log\nlocalhost_warning = false\n")
        self.inputs = {self.folder / "it.yml", self.folder / "ansible.cfg"}

    def write_drill(self, drill):
        self.write([])
        task = lambda name, shell: {"name": name, "ansible.builtin.shell": shell}
        block = [task("break", drill.fault), task("recover", drill.recovery), task("well again", drill.probe)]
        tasks = [task("well", drill.probe), {"block": block, "always": [task("mend", drill.mend)]}]
        play = {"name": "T", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        (self.folder / "it.yml").write_text(json.dumps([play], indent=1))

    def verdict(self):
        return "failed" if "failed=1" in (self.folder / "ansible.log").read_text() else "ok"

    def environment(self, more=None):
        return super().environment(more) | {"ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"), "LC_ALL": "C.UTF-8"}

    def start(self):
        return self.spawn(self.programs / "ansible-playbook", "it.yml")

    def go(self, *arguments, env=None):
        return self.run(self.programs / "ansible-playbook", "it.yml", *arguments, env=env)

    def again(self, step="two"):
        return self.go("--start-at-task", step)


TOOLS = (Runbook, Chaos, Ansible)


def fresh(root, programs, work, scenario, tool):
    folder = work / scenario / tool.name.lower().replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    return tool(root, programs, Path(folder))
