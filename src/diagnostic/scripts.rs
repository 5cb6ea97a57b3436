//! The kinds of finding that other programs make about scripts: the shells, Python and ShellCheck.

use super::rule::Rule;

/// Every kind of finding that other programs make, in the order of their codes.
pub const RULES: &[Rule] = &[SYNTAX, SHELLCHECK];

/// `script-syntax`
pub const SYNTAX: Rule = Rule {
    code: "RB0701",
    name: "script-syntax",
    summary: "A script is refused by the program that would run it",
    why: "A shell reads a script as it goes: it runs everything above the mistake, and stops there, in the middle of the change. So every script is read to its end before a run begins, by `bash -n`, `sh -n` or Python's own compiler. None of them runs any of it.",
    fix: "Correct the script at the marked place. `fi`, `done`, `esac`, a quote or a bracket is often missing further up: the place where something was opened that is never closed is marked then.",
    wrong: "```bash step=wait_for_it\n#| effect: read\nuntil test -e ready; do\n  sleep 1\n```\n",
    right: "```bash step=wait_for_it\n#| effect: read\nuntil test -e ready; do\n  sleep 1\ndone\n```\n",
};

/// `shellcheck`
pub const SHELLCHECK: Rule = Rule {
    code: "RB0702",
    name: "shellcheck",
    summary: "ShellCheck has found something in a script",
    why: "ShellCheck knows many ways in which a shell does something else than it seems to. It is asked when it is installed. What it cannot know is left out: variables that `env` gives, and that scripts end at the first command that fails.",
    fix: "The code (`SC2086`) is explained at `https://www.shellcheck.net/wiki/SC2086`. When the script is right as it is, write `# shellcheck disable=SC2086` above the line, and why.",
    wrong: "```bash step=look\n#| effect: read\n#| env: { FOLDER: \"a b\" }\nls $FOLDER\n```\n",
    right: "```bash step=look\n#| effect: read\n#| env: { FOLDER: \"a b\" }\nls \"$FOLDER\"\n```\n",
};
