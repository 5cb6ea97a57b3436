//! What expressions promise, from outside.

use super::{Form, evaluate, holds, references, render, syntax, whole};
use crate::model::value::{Value, Values};
use proptest::prelude::*;
use serde_json::json;

fn scope() -> Values {
    match json!({
        "params": {"n": 3, "name": "Ünï", "list": ["b", "a"], "on": true, "half": 0.5, "map": {"z": 1, "a": 2}},
        "steps": {"a": {"key_arn": "arn:x", "users": [{"id": 1}, {"id": 2}], "nothing": null}},
        "item": "i",
    }) {
        Value::Object(map) => map,
        _ => unreachable!(),
    }
}

fn value(expression: &str) -> Value {
    evaluate(expression, &scope()).unwrap_or_else(|e| panic!("{expression}: {e} at {:?}", e.range))
}

fn refused(expression: &str) -> (String, String) {
    let error = evaluate(expression, &scope()).expect_err(expression);
    (expression.get(error.range.clone()).unwrap_or("OUT OF RANGE").to_owned(), error.message)
}

#[test]
fn values_keep_their_types() {
    assert_eq!(value("params.n + 1"), json!(4));
    assert_eq!(value("params.n > 2 and params.on"), json!(true));
    assert_eq!(value("params.name ~ '-' ~ item"), json!("Ünï-i"));
    assert_eq!(value("params.list | sort"), json!(["a", "b"]));
    assert_eq!(value("[u.id for u in steps.a.users if u.id > 1]"), json!([2]));
    assert_eq!(value("steps.a.nothing"), Value::Null);
    assert_eq!(value("steps.a['key_arn']"), json!("arn:x"));
    assert_eq!(value("steps.a.users[1].id"), json!(2));
    assert_eq!(value("'{{' ~ 'x'"), json!("{{x"));
    assert_eq!(value("params.half * 2"), json!(1.0));
    assert_eq!(value("'x' if params.on else 'y'"), json!("x"));
    assert_eq!(value("-params.n | abs"), json!(3));
    assert_eq!(value("params.name is starting_with(pat='Ü')"), json!(true));
    assert_eq!(value("`a`"), json!("a"));
}

#[test]
fn mappings_keep_their_order() {
    assert_eq!(value("params.map").to_string(), r#"{"z":1,"a":2}"#);
    assert_eq!(value("params.map | keys"), json!(["z", "a"]));
    assert_eq!(value("{'y': 1, 'b': params.n}").to_string(), r#"{"y":1,"b":3}"#);
}

#[test]
fn undefined_is_an_error_everywhere() {
    for expression in [
        "nope",
        "params.nope",
        "params.on or params.nope",
        "false and params.nope",
        "not params.nope",
        "params.nope | upper",
        "params.nope | length",
        "'x' if params.nope else 'y'",
        "[params.nope]",
        "params.nope == 1",
        "params.n in params.nope",
        "{'a': params.nope}",
        "[params.nope for x in params.list]",
    ] {
        let (culprit, message) = refused(expression);
        assert!(culprit.ends_with("nope"), "{expression}: {culprit}");
        assert!(message.contains("is not defined"), "{expression}: {message}");
    }
    for expression in ["params.list[9]", "params.list[9] and true", "false or params.list[9]"] {
        let (culprit, message) = refused(expression);
        assert!(culprit.contains("params.list[9]"), "{expression}: {culprit}");
        assert!(message.contains("not defined"), "{expression}: {message}");
    }
    assert!(refused("params.list[9].x").0.starts_with("params.list[9"));
    assert_eq!(refused("params.n.x").0, "params.n.x");
}

#[test]
fn an_undefined_name_names_what_there_is() {
    assert!(refused("steps.a.key_arm").1.contains("did you mean `key_arn`"));
    assert!(refused("zzz").1.contains("params, steps, item"));
}

#[test]
fn what_provides_for_undefined_may_be_undefined() {
    assert_eq!(value("params.nope is defined"), json!(false));
    assert_eq!(value("steps.b.c is not defined and params.on"), json!(true));
    assert_eq!(value("steps.b.c | default(value='x') ~ item"), json!("xi"));
    assert_eq!(value("params.n is defined"), json!(true));
    assert_eq!(value("params.list[9] is defined"), json!(false));
    assert_eq!(value("params.list[params.n] | default(value='none')"), json!("none"));
    assert_eq!(refused("params.nope is defined and params.nope == 1").0, "params.nope");
}

#[test]
fn errors_point_at_the_culprit() {
    assert_eq!(refused("params.n +").0, "params.n +");
    assert_eq!(refused("1) | upper }} {{ (2").0, "}}");
    assert_eq!(refused("1) + (2").0, ")");
    assert_eq!(refused("(1").0, "(");
    assert_eq!(refused("params.name | uper").0, "uper");
    assert_eq!(refused("").1, "there is no expression here");
    assert_eq!(refused("params.name params.n").0, "params");
    assert_eq!(refused("{{ params.n }}").0, "}}");
    assert!(refused("'Ü' > params.n").0.starts_with("'Ü' > params"));
}

#[test]
fn a_condition_must_be_a_boolean() {
    assert_eq!(holds("params.on", &scope()), Ok(true));
    for expression in ["params.n", "params.list", "'true'", "steps.a.nothing"] {
        assert!(holds(expression, &scope()).is_err(), "{expression}");
    }
}

#[test]
fn templates() {
    let rendered = |text: &str| render(text, &scope());
    assert_eq!(rendered("plain {% x %} {# y #} {a}"), Ok(json!("plain {% x %} {# y #} {a}")));
    assert_eq!(rendered("{{ params.n }}"), Ok(json!(3)));
    assert_eq!(rendered(" {{ params.n }}"), Ok(json!(" 3")));
    assert_eq!(rendered("é {{params.name}}, {{ params.half }}!\n"), Ok(json!("é Ünï, 0.5!\n")));
    assert_eq!(rendered("{{ '{{' }}.Names}}"), Ok(json!("{{.Names}}")));
    let culprit = |text: &str| {
        let error = rendered(text).expect_err(text);
        text[error.range].to_owned()
    };
    assert_eq!(culprit("x {{ params.list }}"), "params.list");
    assert_eq!(culprit("x {{ steps.a.nothing }}"), "steps.a.nothing");
    assert_eq!(culprit("é {{ params.n "), "{{");
    assert_eq!(culprit("é {{ params.nope }}"), "params.nope");
    assert_eq!(culprit("{{.Names}}"), ".");
    assert_eq!(culprit("{{- params.n }}"), "{{-");
    assert_eq!(culprit("{{ }}"), "{{ }}");
}

#[test]
fn spelling_is_checked_without_values() {
    assert_eq!(syntax("steps.x.y | length > 3 and a.b", Form::Bare), Ok(()));
    assert_eq!(syntax("x {{ steps.x.y | default(value=1) }}", Form::Template), Ok(()));
    assert!(syntax("1 / 0", Form::Bare).is_ok(), "only the spelling counts");
    for bad in ["a b", "a ==", "a | nofilter", "1 1", "{'a' 1}", "a.", "a[", "not"] {
        assert!(syntax(bad, Form::Bare).is_err(), "{bad}");
    }
    let error = syntax("é {{ a }} {{ b c }}", Form::Template).expect_err("bad");
    assert_eq!(error.range, 16..17);
}

#[test]
fn whole_expressions_are_recognised() {
    assert_eq!(whole("{{ a }}"), Some(" a "));
    assert_eq!(whole("{{ a }}{{ b }}"), None);
    assert_eq!(whole("x{{ a }}"), None);
}

#[test]
fn threads_do_not_mix() {
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                for round in 0..200 {
                    let expression = format!("{thread} * 1000 + {round}");
                    assert_eq!(
                        evaluate(&expression, &Values::new()),
                        Ok(json!(thread * 1000 + round))
                    );
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn any_text_gives_a_value_or_an_error_on_whole_characters(
        text in "([a-z]{1,3}|params|steps|item|[.|\\[\\](){}'\"é🔑 =<>~+*/!?:,@-]|\\{\\{|\\}\\}| and | or | in | is | not | if | else | for |[0-9]){0,14}"
    ) {
        let check = |range: std::ops::Range<usize>| assert!(text.get(range.clone()).is_some(), "{range:?} in {text:?}");
        if let Err(error) = evaluate(&text, &scope()) { check(error.range); }
        if let Err(error) = render(&text, &scope()) { check(error.range); }
        for form in [Form::Bare, Form::Template] {
            if let Err(error) = syntax(&text, form) { check(error.range); }
            match references(&text, form) {
                Ok(found) => found.into_iter().for_each(|r| { check(r.range); r.parts.into_iter().for_each(check); }),
                Err(error) => check(error.range),
            }
        }
    }
}
