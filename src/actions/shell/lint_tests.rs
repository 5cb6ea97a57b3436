//! What bash, sh, Python and ShellCheck say, at its place. Those that are not installed are left out.

use super::*;
use crate::diagnostic::Severity;
use crate::model::step::Interpreter::{Bash, Python, Sh};
use crate::model::value::Piece;
use crate::source::Span;

/// A script that stands at offset 100 of a file.
fn text(script: &str) -> Text {
    let pieces = vec![Piece { decoded: 0, written: 100 }];
    Text::new(script.to_owned(), Span::new(100, 100 + script.len()), pieces)
}

fn found(interpreter: Interpreter, script: &str, ask: Ask) -> Vec<(String, String)> {
    let text = text(script);
    let linted = lint(&[(interpreter, &text)], ask);
    let shown = |diagnostic: &Diagnostic| {
        let range = diagnostic.span.start - 100..diagnostic.span.end - 100;
        (diagnostic.code.to_owned(), script[range].to_owned())
    };
    linted.found[0].iter().map(shown).collect()
}

fn is_there(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file())
}

#[test]
fn what_the_interpreter_refuses_is_an_error_at_its_place() {
    let one = |place: &str| vec![("RB0701".to_owned(), place.to_owned())];
    for (interpreter, script, place) in [
        (Bash, "echo a\nif true; then\n  echo b\n", "if"),
        (Bash, "echo a\nfi\n", "fi"),
        (Bash, "é='ü\n", "'"),
        // What only bash sees is at bash's place.
        (Bash, "echo a\n[[ a bc ]]\n", "[[ a bc ]]"),
        (Sh, "if true; then echo; done\n", "done"),
        (Sh, "x=(a b)\n", "("),
        (Python, "import os\nif True print(1)\n", "print"),
        (Python, "def f(:\n  pass\n", ":"),
        (Python, "return 1\n", "return 1"),
    ] {
        if interpreter == Python && !is_there("python3") {
            continue;
        }
        assert_eq!(found(interpreter, script, Ask::Syntax), one(place), "{script}");
    }
}

#[test]
fn what_the_interpreter_takes_is_none() {
    for (interpreter, script) in [
        (Bash, "x=(a b); [[ $x == a ]] && echo \"${x[@]}\"\n"),
        (Bash, "shopt -s extglob\nrm -f !(keep)\n"),
        // Our reader refuses it, bash does not before it runs.
        (Bash, "echo ${ x}\n"),
        (Bash, "cat <<END\nnever ended\n"),
        (Sh, "if true; then echo; fi\n"),
        (Python, "import os\nprint(f'{os.sep}')\n"),
    ] {
        assert_eq!(found(interpreter, script, Ask::Syntax), [], "{script}");
    }
}

#[test]
fn many_scripts_are_answered_in_their_order() {
    let scripts: Vec<(Interpreter, Text)> = (0..60)
        .map(|at| match at % 3 {
            0 => (Bash, text(&format!("echo {at}\n"))),
            1 => (Bash, text(&format!("echo {at}; fi\n"))),
            _ => (Python, text(&format!("x = {at} +\n"))),
        })
        .collect();
    let asked: Vec<(Interpreter, &Text)> = scripts.iter().map(|(i, text)| (*i, text)).collect();
    let linted = lint(&asked, Ask::Syntax);
    let errors: Vec<usize> = linted.found.iter().map(Vec::len).collect();
    let python = usize::from(is_there("python3"));
    assert_eq!(errors, (0..60).map(|at| [0, 1, python][at % 3]).collect::<Vec<_>>());
}

#[test]
fn of_too_many_scripts_only_those_are_asked_about_that_our_reader_refuses() {
    // Only bash sees what is wrong with it.
    let quiet = text("[[ a bc ]]\n");
    let mut scripts = vec![(Bash, quiet); MANY + 1];
    scripts[7].1 = text("echo; done\n");
    let asked: Vec<(Interpreter, &Text)> = scripts.iter().map(|(i, text)| (*i, text)).collect();
    let linted = lint(&asked, Ask::Auto);
    let wrong: Vec<usize> = (0..asked.len()).filter(|at| !linted.found[*at].is_empty()).collect();
    assert_eq!(wrong, [7]);
    assert!(linted.notes.iter().any(|note| note.contains("--lint all")), "{:?}", linted.notes);
    assert_eq!(lint(&asked[..2], Ask::Auto).found[0].len(), 1);
}

#[test]
fn shellcheck_warns_when_it_is_there() {
    if !is_there("shellcheck") {
        return;
    }
    // What `env` gives is not assigned, and a failing `cd` ends the script: neither is said.
    let script = "cd /tmp\nls 'é' \"$GIVEN\" $GIVEN\n";
    assert_eq!(found(Bash, script, Ask::Auto), [("RB0702".to_owned(), "$GIVEN".to_owned())]);
    assert_eq!(found(Bash, script, Ask::Syntax), []);
    let script = text("# shellcheck disable=SC2086\nls $GIVEN\n");
    assert_eq!(lint(&[(Sh, &script)], Ask::Auto).found, [[]]);
    let script = text("ls $GIVEN");
    let warning = &lint(&[(Sh, &script)], Ask::Auto).found[0][0];
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(warning.span, Span::new(103, 109));
    assert!(warning.message.ends_with("(SC2086)"), "{}", warning.message);
}

#[test]
fn a_script_is_never_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("made");
    for interpreter in [Bash, Sh] {
        let script = format!("touch {0}\nx=$(touch {0})\n", file.display());
        assert_eq!(found(interpreter, &script, Ask::Syntax), []);
    }
    let script = format!("open({:?}, 'w')\n", file.display().to_string());
    assert_eq!(found(Python, &script, Ask::Syntax), []);
    assert!(!file.exists());
}

#[test]
fn answers_are_read_whatever_the_shell() {
    let script = "echo a\n  if x\n";
    for (said, place) in [
        ("bash: line 2: syntax error near unexpected token `x'\nbash: line 2: `if x'\n", "x"),
        ("bash: line 3: syntax error: unexpected end of file\n", "if x"),
        ("sh: 2: Syntax error: \"if\" unexpected\n", "if"),
        ("bash: line 9: unexpected EOF while looking for matching `\"'\n", "if x"),
    ] {
        let Answer::Wrong(finding) = answers::shell(script, said, false) else {
            panic!("{said} is not understood")
        };
        assert_eq!(&script[finding.range], place, "{said}");
    }
    assert_eq!(answers::shell(script, "Segmentation fault", false), Answer::Nothing);
    assert_eq!(answers::shell(script, "sh: 0: cannot open /dev/stdin", false), Answer::Nothing);
    assert_eq!(answers::shell(script, "sh: syntax error: unexpected", false), Answer::Refused);
    assert_eq!(answers::shell(script, "", true), Answer::Fine);
    assert_eq!(answers::python(&["a"], "[null, null]"), None);
    assert_eq!(answers::shellcheck("a", ""), None);
}
