//! A script is refused by the program that would run it.

use super::super::rule::Rule;

/// `script-syntax`
pub const SCRIPT_SYNTAX: Rule = Rule {
    code: "RB0701",
    name: "script-syntax",
    summary: "A script is refused by the program that would run it",
    why: "A shell reads a script as it goes: it runs everything above the mistake, and stops there, in the middle of the change. So every script is read to its end before a run begins, by `bash -n`, `sh -n` or Python's own compiler. None of them runs any of it.",
    fix: "Correct the script at the marked place. `fi`, `done`, `esac`, a quote or a bracket is often missing further up: the place where something was opened that is never closed is marked then.",
    wrong: "```bash step=wait_for_it\n#| effect: read\nuntil test -e ready; do\n  sleep 1\n```\n",
    right: "```bash step=wait_for_it\n#| effect: read\nuntil test -e ready; do\n  sleep 1\ndone\n```\n",
};
