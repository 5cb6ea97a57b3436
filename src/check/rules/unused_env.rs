//! Whether a script uses every value it is given.

use super::super::facts::Facts;
use super::unset_variable;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::step::Interpreter;

pub(super) const RULE: Rule = Rule {
    code: "RB0704",
    name: "unused-env",
    summary: "`env` gives a value that nothing in the script can read",
    why: "A value that is given and not used is most often used under another name, or written into the script where it should be read. It is told only when it is certain: a program that the script runs reads the environment too, so scripts that run anything but the simplest programs are left alone.",
    fix: "Use the variable, or take it out of `env`.",
    wrong: "```bash step=look\n#| effect: read\n#| env: { NAME: \"a\" }\necho name\n```\n",
    right: "```bash step=look\n#| effect: read\n#| env: { NAME: \"a\" }\necho \"$NAME\"\n```\n",
};

/// Programs that read nothing from the environment but what [`is_common`] names. `aws` reads its own
/// variables, which `env` cannot give.
const SIMPLE: [&str; 38] = [
    "aws",
    "base64",
    "basename",
    "cat",
    "chmod",
    "chown",
    "cmp",
    "comm",
    "cp",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "du",
    "expr",
    "grep",
    "head",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "tail",
    "tee",
    "touch",
    "tr",
    "uniq",
    "wc",
];

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for script in &facts.scripts {
        let (block, text) = (script.block, script.text);
        // A script that does nothing yet only holds a place.
        let nothing = matches!(text.value.trim(), "true" | ":");
        if nothing || block.options.env.is_empty() || script.interpreter == Interpreter::Python {
            continue;
        }
        let programs = script.reading.as_ref().and_then(|reading| reading.programs.as_ref());
        let Some(programs) = programs else { continue };
        // A name that is misspelt on one side would be told twice. The read is the one that fails.
        if unset_variable::of(facts, script).next().is_some() {
            continue;
        }
        if !programs.iter().all(|program| SIMPLE.contains(&program.as_str())) {
            continue;
        }
        for (name, _) in &block.options.env {
            if !is_common(&name.value) && !mentions(&text.value, &name.value) {
                let message = format!("nothing in this script reads `{}`", name.value);
                found.push(RULE.warning(name.span, message).label("not used").help("take it out"));
            }
        }
    }
}

/// Whether a name means something to shells or to the simplest programs.
fn is_common(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "BLOCKSIZE",
        "BLOCK_SIZE",
        "CDPATH",
        "COLUMNS",
        "ENV",
        "GLOBIGNORE",
        "HOME",
        "IFS",
        "LANG",
        "LANGUAGE",
        "OPTERR",
        "PATH",
        "POSIXLY_CORRECT",
        "PS4",
        "TIMEFORMAT",
        "TMPDIR",
        "TZ",
    ];
    let prefixes = ["BASH", "LC_", "AWS_"];
    NAMES.contains(&name)
        || name.ends_with("COLORS")
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a name stands anywhere in a text, even in a comment or as a part of an expression.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}
