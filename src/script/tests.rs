//! What is read from scripts, and that nothing that is thrown at the reader hurts it.

use super::{AwsCall, Reading, Word, read, syntax};
use crate::model::step::Interpreter::{Bash, Python, Sh};
use proptest::prelude::*;

fn bash(text: &str) -> Reading {
    read(Bash, text).unwrap_or_else(|error| panic!("{text:?}: {error} at {:?}", error.range))
}

#[track_caller]
fn reads(text: &str, expected: &[&str]) {
    let found = bash(text).reads;
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected, "{text}");
    for (name, range) in &found {
        assert_eq!(&text[range.clone()], name, "{text}");
    }
}

fn calls(text: &str) -> Vec<AwsCall> {
    bash(text).calls
}

/// The calls as `service operation`, and the texts at their places.
#[track_caller]
fn called(text: &str, expected: &[&str]) {
    let reading = bash(text);
    let found: Vec<String> =
        reading.calls.iter().map(|call| format!("{} {}", call.service, call.operation)).collect();
    assert_eq!(found, expected, "{text}");
    assert!(reading.unreadable_aws.is_empty(), "{text}");
    for call in &reading.calls {
        let place = &text[call.range.clone()];
        assert!(place.contains("aws") && place.ends_with(&call.operation), "{place:?} in {text}");
    }
}

#[test]
fn variables_that_nothing_sets_are_read() {
    reads("echo $A \"$B\" ${C} \"${D}\" x$E", &["A", "B", "C", "D", "E"]);
    reads("echo '$A' \\$B \"\\$C\" $'$D'", &[]);
    reads("A=1; echo $A $B", &["B"]);
    reads("echo $1 $? $@ $* $# $$ $! $- $0 ${1} ${10} ${@:2} ${#} ${1:-x}", &[]);
    reads("echo \"$(echo \"$A $(echo `echo $B`)\")\"", &["A", "B"]);
    reads("echo `echo \\`echo \\$A\\``", &["A"]);
    reads("echo $((A + 0x1f * 16#ff + $B)) $[C]", &["A", "B", "C"]);
    reads("((A > 1)); for ((i = 0; i < N; i++)); do :; done", &["A", "N"]);
    reads("echo $( (echo $A) ) $((echo $B) | cat)", &["A", "B"]);
    reads("[[ $A == x* && -n \"$B\" ]]; [ \"$C\" = x ]", &["A", "B", "C"]);
    reads("x=$A y=(\"$B\" [2]=$C) z+=$D", &["A", "B", "C", "D"]);
    reads("case $A in x|\"$B\") echo $C;; *) echo $D;; esac", &["A", "B", "C", "D"]);
    reads("diff <(echo $A) >(echo $B) < $C 2>>\"$D\" <<< \"$E\"", &["A", "B", "C", "D", "E"]);
    reads("f() { local x=$A; echo $x; }; function g { echo $B; }", &["A", "B"]);
    reads("(cd \"$A\" && { echo $B; }) | while read -r l; do echo $l $C; done", &["A", "B", "C"]);
    reads(
        "echo ${#A} ${B#x} ${C%%\"$D\"} ${E/x/$F} ${G:1:2} ${H^^} ${I@Q} ${!J} ${K:?no}",
        &["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"],
    );
    reads("echo a#b $A # $B\n# $C ${#D[@]}\necho ${#E[@]}", &["A", "E"]);
    reads("é=1; echo \"é$A\" ü\\é$B", &["A", "B"]);
    reads("echo \"${A:-it's}\" \"$B\"", &["B"]);
}

#[test]
fn what_a_script_sets_or_asks_about_is_not_read() {
    for text in [
        "for X in a b; do echo $X; done",
        "select X in a b; do echo $X $REPLY; done",
        "read -r X; echo $X",
        "read -rp 'Which? ' X < /dev/null; echo $X",
        "IFS=, read -r -a X Y <<< a,b; echo $X $Y",
        "read -d '' -r X; echo $X",
        "while IFS= read -r -u 3 X; do echo $X; done 3< f",
        "read; echo $REPLY",
        "mapfile -t X < f; echo $X",
        "readarray -t -n 2 X < f; echo $X",
        "mapfile; echo $MAPFILE",
        "printf -v X %s y; echo $X",
        "getopts ab X; echo $X $OPTARG",
        "declare -a X=(1 2); echo $X",
        "declare -A X; X[a]=1; echo ${X[a]}",
        "export X=1; echo $X",
        "export \"X=$((1))\"; echo $X",
        "local X; X=1; echo $X",
        "readonly X=(a); echo $X",
        "let X=1; echo $X",
        "((X = 1)); echo $X $((Y += 1)) $Y",
        ": \"${X:=1}\"; echo $X",
        "echo ${X:-a} ${X-} ${X:+b} ${X+c} ${X:-$X}",
        "if [[ -v X ]]; then echo $X; fi",
        "if [[ -v X[0] ]]; then echo $X; fi",
        "if [ -v X ]; then echo $X; fi",
        "if [ -n \"${X:-}\" ]; then echo $X; fi",
        "unset X; echo ${X-}",
        "exec {X}> f; echo $X",
        "coproc X { cat; }; echo ${X[0]}",
        "source lib.sh; echo $X",
        ". ./lib.sh\necho $X",
        "eval \"$(cat f)\"; echo $X",
        "set +u; echo $X",
        "set +eu; echo $X",
        "set +o nounset; echo $X",
        "read -r \"$1\"; echo $X",
        "export \"$(cat f)\"; echo $X",
        "declare -n Y=X; Y=1; echo $X",
        "cat <<'END'\n$X\nEND",
        "cat <<\\END\n$X\nEND\necho",
        "cat <<\"END\"; echo\n${X\nEND",
        "echo ${X[@]} ${X[*]} ${!X[@]} ${!X@} ${!X*}",
        "bash -c 'echo $X'",
        "trap 'rm \"$X\"' EXIT; X=1",
        "x=1 \\\n  y=2; echo $x$y",
        "X=\"$(\n  # it's a comment\n  echo 1\n)\"; echo $X",
        "wait -p X; echo $X",
        "echo 'a' \\\n  b",
    ] {
        reads(text, &[]);
    }
}

#[test]
fn here_documents_are_read_where_they_are_expanded() {
    reads("cat <<A <<'B' > $X\n$Y \"it's\" \\$N\nA\n$N\nB\necho $Z", &["X", "Y", "Z"]);
    reads("cat <<-END | tee $A\n\t$B ${C}\n\tEND\necho $D", &["A", "B", "C", "D"]);
    reads("x=$(cat <<END\n$A )\nEND\n); echo $B", &["A", "B"]);
    reads("cat <<END\n$(aws s3 ls \"$A\")\nEND", &["A"]);
    // Bash warns about the end that is missing, and takes it.
    reads("cat <<END\n$A", &["A"]);
}

#[test]
fn aws_commands_are_found_wherever_they_stand() {
    called("aws s3 ls", &["s3 ls"]);
    called("/usr/local/bin/aws s3 ls; command aws kms list-keys", &["s3 ls", "kms list-keys"]);
    called("echo x | aws s3 cp - s3://b/k", &["s3 cp"]);
    called("if aws s3api head-bucket --bucket b; then :; fi", &["s3api head-bucket"]);
    called("while ! aws sts get-caller-identity; do sleep 1; done", &["sts get-caller-identity"]);
    called("x=\"$(aws kms create-key --output text)\"", &["kms create-key"]);
    called("X=1 AWS_PAGER= aws ec2 describe-vpcs &", &["ec2 describe-vpcs"]);
    called("timeout 30 aws s3 ls; timeout -k 5 --signal=INT 30s aws s3 ls", &["s3 ls", "s3 ls"]);
    called(
        "env -u Z X=1 aws s3 ls; sudo -u me aws s3 ls; nohup nice -n 5 aws s3 ls",
        &["s3 ls", "s3 ls", "s3 ls"],
    );
    called(
        "aws --region eu-west-1 --output=text --no-cli-pager s3api list-buckets",
        &["s3api list-buckets"],
    );
    let quoted = calls("'aws' \"s3\" l's'");
    assert_eq!((&*quoted[0].service, &*quoted[0].operation), ("s3", "ls"));
    called("find . -name x -exec aws s3 cp {} s3://b \\;", &["s3 cp"]);
    called("ls | xargs -I% -P 4 aws s3 rm %", &["s3 rm"]);
    called("retry() { \"$@\"; }; retry 3 aws s3 ls", &["s3 ls"]);
    called("bash -euo pipefail -c 'aws s3 ls'", &["s3 ls"]);
    called("trap 'aws s3 rm s3://b/k' EXIT", &["s3 rm"]);
    called("aws() { command aws --endpoint-url \"$E\" \"$@\"; }; E=1; aws s3 ls", &["s3 ls"]);
    called("echo `aws sts get-caller-identity --query \\`x\\``", &["sts get-caller-identity"]);
    called(
        "case x in a) aws s3 ls;; esac; (aws s3 ls); { aws s3 ls; }; f() { aws s3 ls; }",
        &["s3 ls", "s3 ls", "s3 ls", "s3 ls"],
    );
    called("time -p aws s3 ls", &["s3 ls"]);
}

#[test]
fn what_only_mentions_aws_is_no_call() {
    for text in [
        "command -v aws",
        "which aws; apt-get install -y aws",
        "echo aws s3 ls",
        "# aws s3 ls",
        "echo 'aws s3 ls' \"aws s3 ls\"",
        "aws --version",
        "cat <<'END'\naws s3 ls\nEND",
        "ssh host aws s3 ls",
        "aws=1; echo ${aws}",
        "log() { echo \"$@\"; }",
    ] {
        called(text, &[]);
    }
}

#[test]
fn calls_that_only_running_would_tell_are_named() {
    for (text, place) in [
        ("aws \"$SERVICE\" list", "aws \"$SERVICE\""),
        ("aws s3api \"$OP\" --bucket b", "aws s3api \"$OP\""),
        ("aws \"$@\"", "aws \"$@\""),
        ("aws $ARGS", "aws $ARGS"),
        ("aws \"${args[@]}\"", "aws \"${args[@]}\""),
        ("aws --region \"$R\" $(echo s3) ls", "aws --region \"$R\" $(echo s3)"),
        ("aws s3{,api} ls", "aws s3{,api}"),
    ] {
        let reading = bash(text);
        assert_eq!(reading.calls, [], "{text}");
        let places: Vec<&str> = reading.unreadable_aws.iter().map(|at| &text[at.clone()]).collect();
        assert_eq!(places, [place], "{text}");
    }
    let text = "source lib.sh\neval \"$X\" y\nbash -c \"$Z\"";
    let places: Vec<&str> = bash(text).unknown.iter().map(|at| &text[at.clone()]).collect();
    assert_eq!(places, ["source lib.sh", "eval \"$X\" y", "\"$Z\""]);
}

#[test]
fn a_call_is_taken_apart() {
    let text = "aws --region x s3api get-object --bucket \"$B\" --key a/$K --debug --range=bytes=0-1 --if-match ${E} \"out file\"";
    let [call] = calls(text).try_into().expect("one call");
    let variable = |name: &str| Some(Word::Variable(name.to_owned()));
    let literal = |text: &str| Some(Word::Literal(text.to_owned()));
    let expected: Vec<(String, Option<Word>)> = [
        ("--region", literal("x")),
        ("--bucket", variable("B")),
        ("--key", Some(Word::Other)),
        ("--debug", None),
        ("--range", literal("bytes=0-1")),
        // The file behind it cannot be told from a second value.
        ("--if-match", Some(Word::Other)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    assert_eq!(call.options, expected);
    assert!(!call.open);

    let [call] = calls("aws s3 cp --recursive a 's3://b/c d' --quiet").try_into().expect("one");
    let words = ["a", "s3://b/c d"].map(|text| Word::Literal(text.to_owned()));
    assert_eq!(call.arguments, words);
    assert_eq!(call.options, [("--recursive".to_owned(), None), ("--quiet".to_owned(), None)]);

    for open in [
        "aws kms list-keys $MORE",
        "aws kms list-keys \"${more[@]}\"",
        "aws kms list-keys --x y \"$@\"",
    ] {
        assert!(calls(open)[0].open, "{open}");
    }
    let [call] =
        calls("xargs -I{} aws s3api head-object --key {} --bucket b").try_into().expect("one");
    assert_eq!(call.options[0], ("--key".to_owned(), Some(Word::Other)));
    assert_eq!(calls("aws s3 ls $'x'")[0].arguments, [Word::Other]);
}

#[test]
fn the_programs_and_what_they_are_given_are_known() {
    let reading = bash(
        "f() { true; }; f \"$A\"; printf %s \"$B\" | curl -H \"X: $C\" -d \"$(cat \"$D\")\" ${E}; x=$F",
    );
    let programs = reading.programs.expect("all are written out");
    assert_eq!(programs.iter().collect::<Vec<_>>(), ["cat", "curl"]);
    let given: Vec<String> =
        reading.arguments.iter().map(|one| format!("{} {}", one.program, one.variable)).collect();
    assert_eq!(given, ["cat D", "curl C", "curl E"]);
    for text in ["\"$X\" y", "eval \"$X\"", ". x", "bash -c \"$X\""] {
        assert_eq!(bash(text).programs, None, "{text}");
    }
}

#[test]
fn python_is_only_asked_whether_it_calls_aws() {
    let places = |text: &'static str| -> Vec<&str> {
        let reading = read(Python, text).expect("any text");
        assert_eq!((reading.calls.len(), reading.reads.len()), (0, 0));
        reading.unreadable_aws.iter().map(|at| &text[at.clone()]).collect()
    };
    assert_eq!(places("import os\n  import json, boto3\n"), ["import json, boto3"]);
    assert_eq!(places("from botocore.config import Config"), ["from botocore"]);
    assert_eq!(places("subprocess.run([\"aws\", \"s3\"])"), ["subprocess.run([\"aws"]);
    assert_eq!(places("os.system('aws s3 ls')"), ["os.system('aws"]);
    assert_eq!(places("# boto3\nprint('aws s3 ls')\nrun(['awslocal'])"), [""; 0]);
}

#[test]
fn what_cannot_be_followed_is_said_at_its_place() {
    for (text, place) in [
        ("echo 'a", "'"),
        ("echo \"a", "\""),
        ("echo $(a", "$("),
        ("echo ${a", "${"),
        ("(a", "("),
        ("a )", ")"),
        ("x=(a", "("),
        ("[[ a", "[["),
        ("echo `a", "`"),
        ("case a of", "case"),
        ("é ${é}", "${"),
    ] {
        let error = read(Bash, text).expect_err(text);
        assert_eq!(&text[error.range.clone()], place, "{text}: {error}");
    }
}

#[test]
fn what_no_shell_would_take_is_known_at_its_place() {
    for (text, place) in [
        ("if true; then\n  echo a\nfi\nfi\n", "fi"),
        ("echo a\ndone\n", "done"),
        ("echo (a)\n", "("),
        ("for x in a; echo; done", "for"),
        ("while true; echo; done", "done"),
        ("if true; then echo a\n", "if"),
        ("if true; fi", "fi"),
        ("if ; then a; fi", ";"),
        ("if a; then fi", "fi"),
        ("if a; then b; else c; else d; fi", "else"),
        ("é=1; echo é (x)", "("),
        ("echo a | | b", "|"),
        ("echo a &&\n", "&"),
        ("; a", ";"),
        ("a & ; b", ";"),
        ("a;; b", ";;"),
        ("{ a", "{"),
        ("{ }", "}"),
        ("( ) x", ")"),
        ("( a; ) b", "b"),
        ("a; }", "}"),
        ("case a in b) c", "case"),
        ("echo \"$(if a; then b)\"", "if"),
        ("x=`if a; then b`", "if"),
        ("f() { a; } b", "b"),
        ("cat <<E\n$(fi)\nE", "fi"),
    ] {
        let error = syntax(Bash, text).unwrap_or_else(|| panic!("{text:?} passes"));
        assert_eq!(&text[error.range.clone()], place, "{text}: {error}");
        assert!(!error.message.ends_with('.'));
    }
    assert_eq!(syntax(Python, "if"), None);
}

#[test]
fn what_a_shell_takes_is_not_refused() {
    for text in [
        "",
        "\n# nothing\n",
        "x=(a b); [[ $x == a ]] && ((1)); cat < <(ls) <<< x",
        "if a; then b; elif c; then d; else e; fi | cat > f 2>&1",
        "for x in a b; do c; done 3< f {lock}> g\nfor x do y; done\nfor x\ndo y; done",
        "for ((i = 0; i < 3; i++)); do a; done; for ((;;)) { a; }; for x in a; { b; }",
        "while a; b; do c; done; until a\ndo\nb\ndone",
        "case a in esac; case a in b) ;; (c|d) e;; *) f; esac",
        "case a in b) c ;& d) e ;;& f) g;; esac &",
        "f() { a; }; function g { a; }; function h() ( a ); i() if a; then b; fi",
        "{ { a; } }; ( (a) ); if a; then { b; } fi; if (a) then (b) fi",
        "! a && ! b || c; time a; time -p a | b; a |& b",
        "a && \\\n b ||\n\n # why\n c",
        "echo if then fi do done { } esac ! in; x=if",
        "echo a#b; echo $#; echo ${#x}; [[ a =~ ^[^#]+(b|c)$ ]]",
        "a & b & wait; a &> f; a &>> f; a >& f; >f; >f a",
        "coproc a { b; }; coproc b",
        "select x in a; do b; done",
        "echo $(case a in b) c;; esac) $( (a) ) $(a\n) $() ``",
        "[[ ( a && b ) || ! -f c ]]; [[ a < b ]]; [ a ]; test b",
        "cat <<A <<-'B' && echo\n(\nA\n\tfi\n\tB\necho",
        "echo @(a|b) !(c) ?(d|+(e))",
        "a=1 b=2; a[1]=2; a+=(x); declare -A m=([a]=b ['c d']=e)",
        "echo \"${x:-\"a b\"}\" \"${x#'}'}\" ${x:+'}'} \"$(echo \")\")\"",
        "trap - EXIT; trap 'echo (' INT; bash -c 'fi'",
        "echo {a,b} {1..3} a{b c}d; echo }; echo {",
    ] {
        assert_eq!(syntax(Bash, text), None, "{text}");
        assert!(read(Bash, text).is_ok(), "{text}");
    }
}

#[test]
fn deep_and_large_scripts_end_in_time() {
    let started = std::time::Instant::now();
    for piece in [
        "(",
        "((",
        "$(",
        "$((",
        "${a:-",
        "\"$(",
        "`",
        "[[ (",
        "{ ",
        "if ",
        "case a in a) ",
        "x=(",
        "<(",
        "$[",
        "a(",
        "@(",
        "f() {",
        "\\`",
        "$(( $(",
        "case a in (",
        "for ((",
        "\"${a#",
        "[",
        "a[",
    ] {
        for count in [20, 200, 40_000] {
            let text = piece.repeat(count);
            let _ = (read(Bash, &text), syntax(Sh, &text));
        }
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Any text at all: no panic, and every place is one.
    #[test]
    fn anything_can_be_read(text in r#"([a-c$"'`(){}\[\]<>|&;#\\=\n \t*?!+\-:/@0-1é🔑]|aws |case |esac|in |if |fi|do|done|for |read |EOF\n|<<EOF|\[\[ |\]\]|\$\(|\$\{|\$\(\(|\)\)|declare |bash -c |trap ){0,40}"#) {
        for interpreter in [Bash, Sh, Python] {
            match read(interpreter, &text) {
                Ok(reading) => {
                    let places = reading.calls.iter().map(|call| &call.range)
                        .chain(&reading.unreadable_aws).chain(&reading.unknown)
                        .chain(reading.reads.iter().map(|(_, range)| range));
                    for range in places {
                        prop_assert!(text.get(range.clone()).is_some(), "{range:?} in {text:?}");
                    }
                    for (name, range) in &reading.reads {
                        prop_assert!(text[range.clone()].contains(&name[..1]), "{name} at {range:?} in {text:?}");
                    }
                }
                Err(error) => prop_assert!(text.get(error.range.clone()).is_some(), "{error:?} in {text:?}"),
            }
            if let Some(error) = syntax(interpreter, &text) {
                prop_assert!(text.get(error.range.clone()).is_some(), "{error:?} in {text:?}");
            }
        }
    }
}
