"""The disasters. Each returns what was seen, in a few words, and whether the next person was left well."""

from .tools import Ansible, Chaos, Drill, Runbook, Step

SECRET = "s3cr3t-4711-value"


def times(count):
    return {0: "not", 1: "once", 2: "twice"}.get(count, f"{count} times")


def short(path, tool):
    return path.relative_to(tool.folder).as_posix()


def append(name):
    return f'echo {name} >> "$LOG"'


def killed(tool):
    """`kill -9` in the second step, then again."""
    slow = f'{append("two")}; exec -a {tool.marker} sleep 300'
    tool.write([Step("one", append("one")), Step("two", slow), Step("three", append("three"))])
    tool.kill_when("two")
    if isinstance(tool, Runbook):
        states = tool.states()
        code, _ = tool.again()
        again = tool.lines().count("one")
        seen = f"says: one {states.get('one')}, two {states.get('two')}; resumed: step one ran {times(again)}, exit {code}, asks about two"
        return seen, states.get("two") == "unknown" and again == 1 and code == 5
    kept = [path for path in tool.files_with("one")]
    # The second step would wait again: this time it does not.
    tool.write([Step("one", append("one")), Step("two", append("two")), Step("three", append("three"))])
    code, _ = tool.go()
    again, twos = tool.lines().count("one"), tool.lines().count("two")
    known = ", ".join(short(path, tool) for path in kept) or "nothing"
    return f"left behind: {known}; run again: step one ran {times(again)}, step two {times(twos)}, exit {code}", again == 1


def gate(tool):
    """A gate fails before anything ran."""
    steps = [Step("gate", "false", gate=True), Step("act", append("act"), undo=append("undo"))]
    tool.write(steps)
    code, _ = tool.go()
    if isinstance(tool, Runbook):
        tool.back()
    undone = tool.lines().count("undo")
    return f"exit {code}; the undo of a step that never ran {'did not run' if undone == 0 else 'ran'}", code != 0 and undone == 0


def exits_three(tool):
    """A command exits with 3."""
    tool.write([Step("one", "exit 3"), Step("two", append("two"))])
    code, _ = tool.go()
    went_on = "two" in tool.lines()
    seen = f"exit {code}; the next step {'ran' if went_on else 'did not run'}"
    if isinstance(tool, Chaos):
        journal = tool.journal()
        seen += f"; recorded as {journal['run'][0]['status']}, the whole as {journal['status']}"
    return seen, code != 0 and not went_on


def dry(tool):
    """A dry run: is it told from a real one?"""
    tool.write([Step("one", "exit 3")])
    if isinstance(tool, Runbook):
        code, _ = tool.program("plan", "it", "--env", "box")
        _, runs = tool.program("runs", "--json")
        return f"exit {code}; runs recorded: {runs.count('run')}", "run" not in runs.replace("runs", "")
    if isinstance(tool, Chaos):
        code, _ = tool.go("--dry", "activities")
        journal = tool.journal()
        return f"exit {code}; the journal says {journal['status']}", False
    code, said = tool.go("--check")
    return f"exit {code}; {said.strip().splitlines()[-1].split(':', 1)[1].strip()}", code != 0


def resumed(tool):
    """A later step needs what an earlier one gave, and fails once."""
    one = {
        Runbook: f'{append("one")}; echo value=42 >> "$RUNBOOK_OUTPUT"',
        Ansible: f'{append("one")}; echo 42',
        Chaos: f'{append("one")}; echo 42',
    }[type(tool)]
    two = f'echo "two:$GIVEN" >> "$LOG"; test -e "{tool.folder}/go"'
    tool.write([Step("one", one, gives="value"), Step("two", two, needs=("one", "value"), only_reads=True)])
    tool.go()
    (tool.folder / "go").write_text("")
    code, _ = tool.again()
    ones, twos = tool.lines().count("one"), [line for line in tool.lines() if line.startswith("two:")]
    got = twos[-1] if len(twos) > 1 else "nothing: it did not get so far"
    seen = f"step one ran {times(ones)}, step two got `{got.removeprefix('two:')}`, exit {code}"
    if isinstance(tool, Chaos):
        seen += " (it has no way to resume, nor to pass on a value)"
    return seen, code == 0 and ones == 1 and twos[-1] == "two:42"


def undefined(tool):
    """The second step names a variable that does not exist."""
    if isinstance(tool, Chaos):
        tool.write([Step("one", append("one")), Step("two", 'echo "two:${nowhere}" >> "$LOG"')])
    elif isinstance(tool, Ansible):
        tool.write([Step("one", append("one")), Step("two", 'echo "two:{{ nowhere }}" >> "$LOG"')])
    else:
        tool.write([Step("one", append("one")), Step("two", append("two"), env={"X": "{{ params.nowhere }}"})])
    code, _ = tool.go()
    ran = tool.lines()
    return f"exit {code}; ran before it was noticed: {', '.join(ran) or 'nothing'}", code != 0 and not ran


def typo(tool):
    """A key is misspelt (`timeuot`)."""
    tool.write([Step("one", append("one"))])
    file, before, after = {
        Runbook: ("runbooks/it.md", "#| irreversible", "#| timeuot: 5s\n#| irreversible"),
        Chaos: ("it.json", '"path": "bash"', '"path": "bash", "timeuot": "5"'),
        Ansible: ("it.yml", '"name": "one"', '"name": "one", "timeuot": "5"'),
    }[type(tool)]
    path = tool.folder / file
    misspelt = path.read_text().replace(before, after)
    assert misspelt != path.read_text()
    path.write_text(misspelt)
    code, said = tool.go()
    ran = bool(tool.lines())
    named = any("timeuot" in line for line in said.splitlines())
    return f"exit {code}; {'named' if named else 'not named'}; the step {'ran' if ran else 'did not run'}", code != 0 and named and not ran


def hostile(tool):
    """A value holds `$(touch pwned)`."""
    value = "$(touch pwned)"
    if isinstance(tool, Runbook):
        tool.write([Step("one", 'echo "$V" >> "$LOG"', env={"V": "{{ params.v }}"})], params=[("v", False)])
        code, _ = tool.go("-p", f"v={value}")
    elif isinstance(tool, Chaos):
        tool.write([Step("one", 'echo "${v}" >> "$LOG"')], params=[("v", False)])
        code, _ = tool.go(env={"v": value})
    else:
        tool.write([Step("one", 'echo "{{ v }}" >> "$LOG"')])
        code, _ = tool.go("-e", f"v='{value}'")
    run = any(tool.folder.rglob("pwned"))
    return f"exit {code}; the value was {'run as code' if run else 'passed on as it is'}", not run


def secret(tool):
    """A step prints a secret."""
    if isinstance(tool, Runbook):
        tool.write([Step("one", 'echo "token $V"', env={"V": "{{ params.v }}"})], params=[("v", True)])
        code, said = tool.go(env={"RUNBOOK_PARAM_V": SECRET})
    elif isinstance(tool, Chaos):
        tool.write([Step("one", 'echo "token $v"')], params=[("v", True)])
        code, said = tool.go(env={"v": SECRET})
    else:
        tool.write([Step("one", 'echo "token $V"', env={"V": "{{ lookup('env', 'TOKEN') }}"})])
        code, said = tool.go("-v", env={"TOKEN": SECRET})
    places = [short(path, tool) for path in tool.files_with(SECRET)] + (["the terminal"] if SECRET in said else [])
    return f"exit {code}; in clear in: {', '.join(places) or 'nothing'}", code == 0 and not places


def owed(tool):
    """A step leaves something to be done, and a later step fails once."""
    two = f'test -e "{tool.folder}/go"'
    tool.write([Step("one", append("one"), owes="Clean up."), Step("two", two, only_reads=True)])
    tool.go()
    (tool.folder / "go").write_text("")
    if isinstance(tool, Runbook):
        _, before = tool.program("obligations")
        code, _ = tool.again()
        _, after = tool.program("obligations")
        kept = "Clean up." in before and "Clean up." in after
        return f"listed after the failure and after the resume: {'yes' if kept else 'no'}", kept
    if isinstance(tool, Chaos):
        return "has nothing like it", False
    tool.go("--start-at-task", "two")
    done = "owed" in tool.lines()
    return f"the handler ran {'after' if done else 'neither then nor after'} the rerun", done


def is_mended(tool):
    return (tool.folder / "data").exists() and not (tool.folder / "away").exists()


def drill_unsteady(tool):
    """A drill: all is not well before anything is broken."""
    tool.write_drill(Drill(tool.folder, "true"))
    code, _ = tool.go()
    broke = "broken" in tool.lines()
    seen = f"exit {code}, says {tool.verdict()}; {'it was broken all the same' if broke else 'nothing was broken'}"
    return seen, code != 0 and not broke


def drill_fails(tool):
    """A drill: the recovery exits with 3."""
    tool.write_drill(Drill(tool.folder, "exit 3"))
    (tool.folder / "data").write_text("x")
    code, _ = tool.go()
    mended = is_mended(tool)
    seen = f"exit {code}, says {tool.verdict()}; what was broken {'was mended' if mended else 'stayed broken'}"
    return seen, code != 0 and mended


def drill_killed(tool):
    """A drill: `kill -9` while it is broken, then again."""
    slow = f'{append("recovering")}; exec -a {tool.marker} sleep 300'
    tool.write_drill(Drill(tool.folder, slow))
    (tool.folder / "data").write_text("x")
    tool.kill_when("recovering")
    if isinstance(tool, Runbook):
        _, owed = tool.program("obligations")
        listed = "Mend what the drill" in owed
        code, _ = tool.back()
        mended = is_mended(tool)
        seen = f"listed as owed: {'yes' if listed else 'no'}; `undo`: exit {code}, {'mended' if mended else 'still broken'}"
        return seen, listed and mended
    # The recovery would wait again: this time it does not.
    tool.write_drill(Drill(tool.folder, "true"))
    code, _ = tool.go()
    mended = is_mended(tool)
    return f"has no list of what is broken; run again: exit {code}, says {tool.verdict()}, {'mended' if mended else 'still broken'}", mended


ALL = (killed, gate, exits_three, dry, resumed, undefined, typo, hostile, secret, owed, drill_unsteady, drill_fails, drill_killed)
