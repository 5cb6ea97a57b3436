//! Whether the fields of a request have values that their operation takes.

use super::super::facts::Facts;
use super::super::request::{Problem, near, problems};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0804",
    name: "wrong-aws-type",
    summary: "A field in the `input` of `aws/call` has a value that it does not take",
    why: "The AWS CLI refuses a value of another type, in the middle of the run. A number where a string is wanted needs quotes: an account id without them also loses its leading zero. A value that is not in the list of known values is a warning, for AWS adds to those lists.",
    fix: "Write a value of the type that is wanted.",
    wrong: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: dynamodb\n  operation: list-tables\n  input: { Limit: many }\n```\n",
    right: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: dynamodb\n  operation: list-tables\n  input: { Limit: 10 }\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    found.extend(problems(facts).into_iter().filter_map(diagnostic));
}

fn diagnostic(problem: Problem<'_>) -> Option<Diagnostic> {
    Some(match problem {
        Problem::Type { at, path, wanted, is } => {
            let diagnostic = RULE.error(at, format!("`{path}` must be {wanted}, but this is {is}"));
            if wanted == "a string" && is != "nothing" && is != "a list" && is != "a mapping" {
                diagnostic.help("put it in quotes")
            } else {
                diagnostic
            }
        }
        Problem::OneOf { at, of, known, given } => {
            let how_many = if given == 0 { "none".to_owned() } else { given.to_string() };
            RULE.error(at, format!("{of} takes exactly one of its fields, and has {how_many}"))
                .help(format!("one of: {}", known.join(", ")))
        }
        Problem::Value { text, path, known } => {
            let given = &text.value;
            let near = near(given, &known);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are: {}", known.join(", ")),
            };
            RULE.warning(text.span, format!("`{given}` is no known value of `{path}`"))
                .help(help)
                .instead(near)
        }
        _ => return None,
    })
}
