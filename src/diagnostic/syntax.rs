//! The kinds of finding that the parser makes. Those of the checker stand beside its rules.

use super::rule::Rule;

/// Every kind of finding that the parser makes, in the order of their codes.
pub const RULES: &[Rule] = &[
    UNCLOSED_FENCE,
    MALFORMED_INFO,
    UNKNOWN_ROLE,
    LANGUAGE,
    BAD_ID,
    DUPLICATE_ID,
    ORPHAN_BLOCK,
    DUPLICATE_BLOCK,
    HIDDEN_BLOCK,
    MISPLACED_OPTIONS,
    YAML_SYNTAX,
    DUPLICATE_KEY,
    UNQUOTED_TEMPLATE,
    YAML_FEATURE,
    MISSING_FIELD,
    UNKNOWN_KEY,
    BAD_PARAMETER,
    UNKNOWN_OPTION,
    OPTION_NOT_HERE,
    WRONG_TYPE,
    BAD_VALUE,
    MISSING_USES,
    DUPLICATE_NAME,
    EMPTY_SCRIPT,
    BAD_ENVIRONMENT,
];

/// `unclosed-fence`
pub const UNCLOSED_FENCE: Rule = Rule {
    code: "RB0001",
    name: "unclosed-fence",
    summary: "A fenced block has no closing line, or swallows the opening line of an executable block",
    why: "A code fence that is never closed runs to the end of the file (or of its list item), and takes every step below it along as plain text. Close it with a line of at least as many backticks or tildes as it was opened with. To show a block inside a block, open the outer one with more backticks.",
    fix: "",
    wrong: "",
    right: "",
};

/// `malformed-info-string`
pub const MALFORMED_INFO: Rule = Rule {
    code: "RB0002",
    name: "malformed-info-string",
    summary: "The info string of a fence is almost, but not quite, `language role=id`",
    why: "An executable block says exactly two words, with one space between them: a language and `role=id`, for example `bash step=copy_data`. Options go into the block, not behind the fence. What is nearly right is an error, because a step that silently turns into prose is never run.",
    fix: "",
    wrong: "",
    right: "",
};

/// `unknown-role`
pub const UNKNOWN_ROLE: Rule = Rule {
    code: "RB0003",
    name: "unknown-role",
    summary: "The word before `=` in an info string is not a role",
    why: "The roles are `step`, `observe`, `undo` and `health`. A misspelt role would turn the block into prose.",
    fix: "",
    wrong: "",
    right: "",
};

/// `language-cannot-run`
pub const LANGUAGE: Rule = Rule {
    code: "RB0004",
    name: "language-cannot-run",
    summary: "A block has a role, but its language cannot be run",
    why: "`yaml` is a typed action; `bash`, `sh` and `python` are scripts. Other languages can be shown, but not run: leave out the role.",
    fix: "",
    wrong: "",
    right: "",
};

/// `bad-id`
pub const BAD_ID: Rule = Rule {
    code: "RB0005",
    name: "bad-id",
    summary: "An id is not snake_case",
    why: "Ids are spelled the same in info strings, expressions, on the command line and in links, so they consist of lowercase letters, digits and `_`, and begin with a letter.",
    fix: "",
    wrong: "",
    right: "",
};

/// `duplicate-id`
pub const DUPLICATE_ID: Rule = Rule {
    code: "RB0006",
    name: "duplicate-id",
    summary: "Two steps or health probes have the same id",
    why: "Ids are unique in a file: results, undo and evidence are kept under them.",
    fix: "",
    wrong: "",
    right: "",
};

/// `orphan-block`
pub const ORPHAN_BLOCK: Rule = Rule {
    code: "RB0007",
    name: "orphan-block",
    summary: "An `observe` or `undo` block names a step that does not exist",
    why: "`observe=ID` and `undo=ID` belong to the step of that id, wherever they stand in the file.",
    fix: "",
    wrong: "",
    right: "",
};

/// `duplicate-block`
pub const DUPLICATE_BLOCK: Rule = Rule {
    code: "RB0008",
    name: "duplicate-block",
    summary: "A step has two `observe` or two `undo` blocks",
    why: "A step is observed in one way and taken back in one way. Put both parts into one block.",
    fix: "",
    wrong: "",
    right: "",
};

/// `hidden-block`
pub const HIDDEN_BLOCK: Rule = Rule {
    code: "RB0009",
    name: "hidden-block",
    summary: "A block with a role stands in a block quote, in HTML or in indented code, where it never runs",
    why: "Fences in block quotes and in HTML do not count, and a fence that is indented by four spaces is plain text. An HTML comment that is never closed hides everything below it. Take the block out, or leave out the role.",
    fix: "",
    wrong: "",
    right: "",
};

/// `misplaced-options`
pub const MISPLACED_OPTIONS: Rule = Rule {
    code: "RB0010",
    name: "misplaced-options",
    summary: "A `#|` line stands after the beginning of a script",
    why: "Options are the leading `#|` lines of a script. Further down they would be comments, and the option would silently not apply.",
    fix: "",
    wrong: "",
    right: "",
};

/// `yaml-syntax`
pub const YAML_SYNTAX: Rule = Rule {
    code: "RB0101",
    name: "yaml-syntax",
    summary: "The YAML cannot be read",
    why: "The place is where the reader gave up; the cause is there or just before.",
    fix: "",
    wrong: "",
    right: "",
};

/// `duplicate-key`
pub const DUPLICATE_KEY: Rule = Rule {
    code: "RB0102",
    name: "duplicate-key",
    summary: "A mapping has the same key twice",
    why: "YAML readers disagree on which of the two counts. Remove one.",
    fix: "",
    wrong: "",
    right: "",
};

/// `unquoted-template`
pub const UNQUOTED_TEMPLATE: Rule = Rule {
    code: "RB0103",
    name: "unquoted-template",
    summary: "A value that begins with `{{` is not in quotes",
    why: "In YAML a `{` begins a mapping. Put the whole value in double quotes: `key: \"{{ params.name }}\"`.",
    fix: "",
    wrong: "",
    right: "",
};

/// `yaml-feature`
pub const YAML_FEATURE: Rule = Rule {
    code: "RB0104",
    name: "yaml-feature",
    summary: "The YAML uses something that runbooks leave out",
    why: "Runbooks use the plain part of YAML: no anchors, aliases, merge keys or tags, one document, names as keys, and numbers of ordinary size. Everything is written where it is used, so that a reader sees it.",
    fix: "",
    wrong: "",
    right: "",
};

/// `missing-field`
pub const MISSING_FIELD: Rule = Rule {
    code: "RB0105",
    name: "missing-field",
    summary: "A required key is missing",
    why: "The front matter needs `title`, `summary` and `owner`: who is called at night must know what the runbook is for and whom to ask. Some options are mappings with required keys of their own.",
    fix: "",
    wrong: "",
    right: "",
};

/// `unknown-key`
pub const UNKNOWN_KEY: Rule = Rule {
    code: "RB0106",
    name: "unknown-key",
    summary: "A mapping has a key that means nothing there",
    why: "What is not known is an error, never ignored: a misspelt key would silently switch something off.",
    fix: "",
    wrong: "",
    right: "",
};

/// `bad-parameter`
pub const BAD_PARAMETER: Rule = Rule {
    code: "RB0107",
    name: "bad-parameter",
    summary: "The definition of a parameter contradicts itself",
    why: "A default must fit the type, the pattern, the choices and the limits; a pattern must be a regular expression and only fits strings; a secret has no default, because the file is open to all its readers.",
    fix: "",
    wrong: "",
    right: "",
};

/// `unknown-option`
pub const UNKNOWN_OPTION: Rule = Rule {
    code: "RB0201",
    name: "unknown-option",
    summary: "An option does not exist",
    why: "The options are listed in the manual of the format. What is not known is an error: a misspelt `timeout` must not switch the timeout off.",
    fix: "",
    wrong: "",
    right: "",
};

/// `option-not-here`
pub const OPTION_NOT_HERE: Rule = Rule {
    code: "RB0202",
    name: "option-not-here",
    summary: "An option is not allowed on this kind of block",
    why: "Every option belongs to some roles, and to typed actions, scripts or both. The manual of the format has the table.",
    fix: "",
    wrong: "",
    right: "",
};

/// `wrong-type`
pub const WRONG_TYPE: Rule = Rule {
    code: "RB0203",
    name: "wrong-type",
    summary: "A value has the wrong type",
    why: "The manual of the format says for each key what it takes. `yes` and `no` are strings: write `true` and `false`.",
    fix: "",
    wrong: "",
    right: "",
};

/// `bad-value`
pub const BAD_VALUE: Rule = Rule {
    code: "RB0204",
    name: "bad-value",
    summary: "A value has the right type, but cannot be used",
    why: "For example a duration without a unit (`10m` is ten minutes), a name that is not snake_case, or an account id that is not twelve digits in quotes.",
    fix: "",
    wrong: "",
    right: "",
};

/// `missing-uses`
pub const MISSING_USES: Rule = Rule {
    code: "RB0205",
    name: "missing-uses",
    summary: "A typed block does not say which action it uses",
    why: "A `yaml` block with a role is a typed action: `uses: kms/create-key`. `runbook actions` lists them.",
    fix: "",
    wrong: "",
    right: "",
};

/// `duplicate-name`
pub const DUPLICATE_NAME: Rule = Rule {
    code: "RB0206",
    name: "duplicate-name",
    summary: "A list of names holds the same name twice",
    why: "Each output, each needed step and each secret is named once.",
    fix: "",
    wrong: "",
    right: "",
};

/// `empty-script`
pub const EMPTY_SCRIPT: Rule = Rule {
    code: "RB0207",
    name: "empty-script",
    summary: "A script has no line to run",
    why: "A block that does nothing would be recorded as a step that was done.",
    fix: "",
    wrong: "",
    right: "",
};

/// `bad-environment`
pub const BAD_ENVIRONMENT: Rule = Rule {
    code: "RB0501",
    name: "bad-environment",
    summary: "An environment of runbook.yaml cannot be used",
    why: "An environment says what it is for (`kind`) and which accounts it consists of. Only a sandbox may name an `endpoint`, and only one on this machine: an endpoint elsewhere would make a rehearsal touch something real.",
    fix: "",
    wrong: "",
    right: "",
};
