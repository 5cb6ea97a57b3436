//! Steps that a person does: `manual/confirm`, `manual/input`, `manual/checklist`.
//!
//! They ask and never act. The answer comes from a prompt or from `runbook answer`; either way
//! [`accept`] says whether it will do.

use super::context::Context;
use super::{Action, Trouble};
use crate::engine::outcome::{Field, Question};
use crate::model::duration;
use crate::model::runbook::Type;
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use regex::Regex;

/// The name under which the answer to a phrase is given.
pub const PHRASE: &str = "phrase";

/// `manual/confirm`: a person does something and says so.
pub struct Confirm;
/// `manual/input`: a person reads values off somewhere.
pub struct Input;
/// `manual/checklist`: a person does several things.
pub struct Checklist;

fn asks() -> Trouble {
    Trouble::nothing_happened("a person does this step; it cannot be run")
}

fn refused(message: impl Into<String>) -> Trouble {
    Trouble::nothing_happened(message)
}

fn text(inputs: &Values, name: &str) -> Result<Option<String>, Trouble> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refused(format!("`{name}` must be a string"))),
    }
}

fn needed(inputs: &Values, name: &str) -> Result<String, Trouble> {
    text(inputs, name)?.ok_or_else(|| refused(format!("`{name}` is missing")))
}

#[async_trait]
impl Action for Confirm {
    fn name(&self) -> &'static str {
        "manual/confirm"
    }

    fn question(&self, inputs: &Values) -> Result<Option<Question>, Trouble> {
        Ok(Some(Question::Confirm { text: needed(inputs, "ask")? }))
    }

    async fn run(&self, _cx: &Context) -> Result<Values, Trouble> {
        Err(asks())
    }
}

#[async_trait]
impl Action for Checklist {
    fn name(&self) -> &'static str {
        "manual/checklist"
    }

    fn question(&self, inputs: &Values) -> Result<Option<Question>, Trouble> {
        let text = text(inputs, "ask")?.unwrap_or_default();
        let items = inputs.get("items").and_then(Value::as_array);
        let items: Option<Vec<String>> = items
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match items {
            Some(items) if !items.is_empty() => Ok(Some(Question::Checklist { text, items })),
            _ => Err(refused("`items` must be a list of at least one string")),
        }
    }

    async fn run(&self, _cx: &Context) -> Result<Values, Trouble> {
        Err(asks())
    }
}

#[async_trait]
impl Action for Input {
    fn name(&self) -> &'static str {
        "manual/input"
    }

    fn question(&self, inputs: &Values) -> Result<Option<Question>, Trouble> {
        let text = needed(inputs, "ask")?;
        let fields = inputs.get("fields").and_then(Value::as_object);
        let fields = fields
            .filter(|fields| !fields.is_empty())
            .ok_or_else(|| refused("`fields` must be a mapping of at least one name"))?
            .iter()
            .map(|(name, said)| field(name, said))
            .collect::<Result<_, _>>()?;
        Ok(Some(Question::Input { text, fields }))
    }

    async fn run(&self, _cx: &Context) -> Result<Values, Trouble> {
        Err(asks())
    }
}

/// One entry of `fields`. Nothing at all means a string.
fn field(name: &str, said: &Value) -> Result<Field, Trouble> {
    let bad = |why: &str| refused(format!("the field `{name}`: {why}"));
    let none = Values::new();
    let said = match said {
        Value::Null => &none,
        Value::Object(said) => said,
        _ => return Err(bad("it must be a mapping")),
    };
    if let Some(stray) = said.keys().find(|key| {
        !["type", "description", "choices", "pattern", "secret"].contains(&key.as_str())
    }) {
        return Err(bad(&format!("`{stray}` is not known here")));
    }
    let text = |key| text(said, key).map_err(|trouble| bad(&trouble.message));
    let kind = match text("type")? {
        None => Type::String,
        Some(word) => TYPES
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| bad(&format!("`{word}` is not a type")))?,
    };
    let pattern = text("pattern")?;
    if let Some(Err(error)) = pattern.as_deref().map(whole) {
        return Err(bad(&format!("`pattern` is not a regular expression: {error}")));
    }
    let choices = match said.get("choices") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(choices)) => choices.iter().map(shown).collect(),
        Some(_) => return Err(bad("`choices` must be a list")),
    };
    let secret = match said.get("secret") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(secret)) => *secret,
        Some(_) => return Err(bad("`secret` must be true or false")),
    };
    let description = text("description")?.unwrap_or_default();
    Ok(Field { name: name.to_owned(), kind, description, choices, pattern, secret })
}

const TYPES: [Type; 8] = [
    Type::String,
    Type::Integer,
    Type::Number,
    Type::Boolean,
    Type::Duration,
    Type::List,
    Type::Mapping,
    Type::Any,
];

fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(pattern)
}

/// A value as a person would type it.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Judges an answer. Gives the step's outputs; for a question that only guards a step there are none.
///
/// Texts are read as the type of their field: whole numbers as `12`, booleans as `true` or `false`, lists and
/// mappings as JSON. An answer that only agrees gives no values; who does not agree does not answer.
///
/// # Errors
/// Everything that is wrong with it, one sentence each. The value of a secret field is never quoted.
pub fn accept(question: &Question, given: &Values, by: &str) -> Result<Values, Vec<String>> {
    match question {
        Question::Agree { .. } => no_values(given).map(|()| Values::new()),
        Question::Confirm { .. } | Question::Checklist { .. } => no_values(given)
            .map(|()| Values::from_iter([("answered_by".to_owned(), Value::from(by))])),
        Question::Phrase { phrase, .. } => {
            let typed = given.get(PHRASE).and_then(Value::as_str);
            if typed == Some(phrase) && given.len() == 1 {
                Ok(Values::new())
            } else {
                Err(vec![format!("type exactly `{phrase}`, as the value of `{PHRASE}`")])
            }
        }
        Question::Input { fields, .. } => accept_fields(fields, given),
    }
}

fn no_values(given: &Values) -> Result<(), Vec<String>> {
    if given.is_empty() {
        return Ok(());
    }
    Err(given
        .keys()
        .map(|name| format!("nothing is asked for, so `{name}` has no meaning"))
        .collect())
}

fn accept_fields(fields: &[Field], given: &Values) -> Result<Values, Vec<String>> {
    let (mut values, mut problems) = (Values::new(), Vec::new());
    for field in fields {
        match given.get(&field.name).map(|value| read(field, value)) {
            Some(Ok(value)) => {
                values.insert(field.name.clone(), value);
            }
            Some(Err(why)) => problems.push(format!("`{}`: {why}", field.name)),
            None => problems.push(format!("`{}` is missing", field.name)),
        }
    }
    for name in given.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        problems.push(format!("`{name}` is not asked for; the names are {}", names.join(", ")));
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

fn read(field: &Field, given: &Value) -> Result<Value, String> {
    let value = typed(field.kind, given).ok_or_else(|| {
        let article = if field.kind == Type::Integer { "an" } else { "a" };
        let it = if field.secret { "it".to_owned() } else { format!("`{}`", shown(given)) };
        format!("{it} is not {article} {}", field.kind.word())
    })?;
    let text = shown(&value);
    if !field.choices.is_empty() && !field.choices.contains(&text) {
        return Err(format!("it must be one of {}", field.choices.join(", ")));
    }
    if let Some(pattern) = &field.pattern
        && !whole(pattern).is_ok_and(|pattern| pattern.is_match(&text))
    {
        return Err(format!("it does not match the pattern `{pattern}`"));
    }
    Ok(value)
}

/// A given value as that type, if it is one.
fn typed(kind: Type, given: &Value) -> Option<Value> {
    let text = given.as_str().map(str::trim);
    match (kind, text) {
        (Type::String, _) => match given {
            Value::String(_) => Some(given.clone()),
            Value::Number(_) | Value::Bool(_) => Some(Value::from(given.to_string())),
            _ => None,
        },
        (Type::Integer, Some(text)) => text.parse::<i64>().ok().map(Value::from),
        (Type::Integer, None) => given.is_i64().then(|| given.clone()),
        (Type::Number, Some(text)) => {
            let number = text.parse::<f64>().ok();
            // A whole number stays whole.
            text.parse::<i64>()
                .ok()
                .map(Value::from)
                .or_else(|| number.and_then(serde_json::Number::from_f64).map(Value::Number))
        }
        (Type::Number, None) => given.is_number().then(|| given.clone()),
        (Type::Boolean, Some(text)) => text.parse::<bool>().ok().map(Value::from),
        (Type::Boolean, None) => given.is_boolean().then(|| given.clone()),
        (Type::Duration, _) => text.filter(|text| duration::parse(text).is_ok()).map(Value::from),
        (Type::List, Some(text)) => serde_json::from_str(text).ok().filter(Value::is_array),
        (Type::List, None) => given.is_array().then(|| given.clone()),
        (Type::Mapping, Some(text)) => serde_json::from_str(text).ok().filter(Value::is_object),
        (Type::Mapping, None) => given.is_object().then(|| given.clone()),
        (Type::Any, _) => Some(given.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::bench::Bench;
    use serde_json::json;

    fn values(value: Value) -> Values {
        value.as_object().unwrap().clone()
    }

    fn input(fields: Value) -> Question {
        Input.question(&values(json!({"ask": "Read", "fields": fields}))).unwrap().unwrap()
    }

    #[tokio::test]
    async fn they_ask_and_never_run() {
        let asked = Confirm.question(&values(json!({"ask": "Call"}))).unwrap().unwrap();
        assert_eq!(asked, Question::Confirm { text: "Call".to_owned() });
        let asked = Checklist.question(&values(json!({"items": ["a", "b"]}))).unwrap().unwrap();
        let items = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(asked, Question::Checklist { text: String::new(), items });
        let bench = Bench::plain();
        for action in [&Confirm as &dyn Action, &Input, &Checklist] {
            assert!(action.run(&bench.cx).await.is_err());
            assert!(action.question(&Values::new()).is_err(), "{}", action.name());
        }
    }

    #[test]
    fn fields_that_make_no_question_are_refused() {
        for bad in [
            json!({}),
            json!([]),
            json!({"a": 1}),
            json!({"a": {"type": "text"}}),
            json!({"a": {"pattern": "("}}),
            json!({"a": {"secret": "yes"}}),
            json!({"a": {"choice": ["x"]}}),
        ] {
            let inputs = values(json!({"ask": "Read", "fields": bad}));
            assert!(Input.question(&inputs).is_err(), "{bad}");
        }
    }

    #[test]
    fn answers_become_the_types_they_were_asked_for() {
        let question = input(json!({
            "s": null, "i": {"type": "integer"}, "n": {"type": "number"}, "b": {"type": "boolean"},
            "d": {"type": "duration"}, "l": {"type": "list"}, "m": {"type": "mapping"},
            "c": {"choices": ["a", 2]}, "p": {"pattern": "^x+$"},
        }));
        let given = json!({"s": " 007", "i": "7", "n": "1.5", "b": "true", "d": "10m", "l": "[1]",
            "m": "{\"a\":1}", "c": 2, "p": "xx"});
        let wanted = json!({"s": " 007", "i": 7, "n": 1.5, "b": true, "d": "10m", "l": [1],
            "m": {"a": 1}, "c": "2", "p": "xx"});
        assert_eq!(accept(&question, &values(given), "ann"), Ok(values(wanted.clone())));
        // What is already typed stays as it is.
        assert_eq!(accept(&question, &values(wanted.clone()), "ann"), Ok(values(wanted)));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_secret_with_it() {
        let question = input(json!({
            "i": {"type": "integer"}, "b": {"type": "boolean"}, "d": {"type": "duration"},
            "c": {"choices": ["a"]}, "p": {"pattern": "^x$"}, "gone": null,
            "k": {"type": "integer", "secret": true},
        }));
        let given =
            json!({"i": "1.5", "b": "yes", "d": "10", "c": "b", "p": "y", "k": "hush", "x": 1});
        let problems = accept(&question, &values(given), "ann").unwrap_err();
        assert_eq!(problems.len(), 8, "{problems:?}");
        assert!(!problems.concat().contains("hush"));
        assert!(problems.contains(&"`gone` is missing".to_owned()));
        assert_eq!(problems[0], "`i`: `1.5` is not an integer");
    }

    #[test]
    fn agreement_has_no_values_and_work_has_a_name() {
        let none = Values::new();
        let agree = Question::Agree { text: String::new() };
        assert_eq!(accept(&agree, &none, "ann"), Ok(Values::new()));
        let confirm = Question::Confirm { text: String::new() };
        assert_eq!(accept(&confirm, &none, "ann"), Ok(values(json!({"answered_by": "ann"}))));
        for question in [agree, confirm] {
            assert!(accept(&question, &values(json!({"no": 1})), "ann").is_err());
        }
    }

    #[test]
    fn a_phrase_is_typed_exactly() {
        let phrase = "delete 111111111111".to_owned();
        let question = Question::Phrase { text: String::new(), phrase };
        let given = |text| values(json!({"phrase": text}));
        assert_eq!(accept(&question, &given("delete 111111111111"), "ann"), Ok(Values::new()));
        for wrong in ["Delete 111111111111", "delete 111111111111 ", "yes", ""] {
            assert!(accept(&question, &given(wrong), "ann").is_err(), "{wrong}");
        }
        assert!(accept(&question, &Values::new(), "ann").is_err());
    }
}
