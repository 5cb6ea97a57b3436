//! ShellCheck has found something.

use super::super::rule::Rule;

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
