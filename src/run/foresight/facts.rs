//! The facts of a plan: everything that decides what a run does, and nothing that moves by itself.
//!
//! Their digest is what `run --plan` is held to. Two looks in a row give the same one.

use super::look::{Look, Standing};
use super::{Ahead, Door};
use crate::model::id::StepKey;
use crate::model::value::Value;
use crate::plan::{Plan, digest_of};
use crate::run::world::World;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Facts of another format have another digest, so old ones are never taken for new ones.
const FORMAT: u32 = 1;

/// The facts of one plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts(Value);

impl Facts {
    pub(super) fn new(
        world: &World,
        ahead: &Ahead<'_>,
        doors: &[Door],
        looks: &BTreeMap<StepKey, Look>,
    ) -> Self {
        let plan = ahead.plan;
        let texts: BTreeMap<&str, String> = plan
            .books()
            .into_iter()
            .map(|book| (book.name.as_str(), digest_of(&book.source.text)))
            .collect();
        let accounts: BTreeMap<String, Value> = doors
            .iter()
            .map(|door| {
                let identity = door.caller.as_deref().ok().map(identity);
                let about = json!({ "id": door.id, "region": door.region, "identity": identity });
                (door.name.to_string(), about)
            })
            .collect();
        let looks: BTreeMap<&str, Value> =
            looks.iter().map(|(key, look)| (key.as_str(), fact(look))).collect();
        Self(json!({
            "format": FORMAT,
            "runbook": plan.root.book.name,
            "texts": texts,
            "steps": steps(plan),
            "environment": world.environment.name,
            "kind": world.environment.kind,
            // A secret has no digest here: it could be guessed from it.
            "params": world.masker.mask_values(ahead.params.clone()),
            "secret_params": ahead.secrets.keys().collect::<Vec<_>>(),
            "accounts": accounts,
            "looks": looks,
        }))
    }

    /// Facts that were kept.
    #[must_use]
    pub fn kept(value: &Value) -> Self {
        Self(value.clone())
    }

    /// As they are kept.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// SHA-256 of the facts, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        digest_of(&canonical(&self.0))
    }

    /// What is otherwise now, in words, one a line.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, what) in [
            ("runbook", "the runbook"),
            ("environment", "the environment"),
            ("kind", "the kind of the environment"),
            ("format", "the format of plans"),
        ] {
            if self.0[name] != now.0[name] {
                found.push(format!(
                    "{what}: {} then, {} now",
                    plain(&self.0[name]),
                    plain(&now.0[name])
                ));
            }
        }
        self.texts(now, &mut found);
        for name in names(&self.0["params"], &now.0["params"]) {
            let (then, now) = (&self.0["params"][&name], &now.0["params"][&name]);
            found.push(format!("parameter `{name}`: {} then, {} now", plain(then), plain(now)));
        }
        if self.0["secret_params"] != now.0["secret_params"] {
            found.push("other parameters are secret".to_owned());
        }
        for name in names(&self.0["accounts"], &now.0["accounts"]) {
            let (then, now) = (&self.0["accounts"][&name], &now.0["accounts"][&name]);
            found.push(format!("account `{name}`: {} then, {} now", door(then), door(now)));
        }
        for key in names(&self.0["looks"], &now.0["looks"]) {
            found.push(step(&key, &self.0["looks"][&key], &now.0["looks"][&key]));
        }
        found
    }

    fn texts(&self, now: &Self, found: &mut Vec<String>) {
        let steps = names(&self.0["steps"], &now.0["steps"]);
        for key in &steps {
            let what = match (&self.0["steps"][key], &now.0["steps"][key]) {
                (Value::Null, _) => "is new",
                (_, Value::Null) => "is gone",
                _ => "has another text",
            };
            found.push(format!("step `{key}` {what}"));
        }
        let texts = names(&self.0["texts"], &now.0["texts"]);
        // A text that changed between its steps only would otherwise not be named.
        if steps.is_empty() {
            found.extend(
                texts
                    .iter()
                    .map(|name| format!("the text of `{name}` was changed, outside of its steps")),
            );
        }
    }
}

/// Who we are in an account, without the name of the session: that is another one in every run, and
/// another person may follow a plan that a first one made.
fn identity(caller: &str) -> String {
    match caller.split_once(":assumed-role/") {
        Some((before, rest)) => {
            let role = rest.split('/').next().unwrap_or_default();
            format!("{before}:assumed-role/{role}")
        }
        None => caller.to_owned(),
    }
}

/// What of a look decides what a run does. Words and counts do not.
fn fact(look: &Look) -> Value {
    let changes: Vec<Value> = look
        .preview
        .changes
        .iter()
        .map(|change| {
            json!({
                "what": change.what, "of": change.of, "kind": change.kind, "certain": change.certain,
                "before": change.before, "after": change.after, "details": change.details,
            })
        })
        .collect();
    json!({
        "state": look.state, "inputs": look.inputs, "pins": look.pins, "changes": changes,
        "account": look.account, "region": look.region, "elements": look.elements,
    })
}

fn steps(plan: &Plan) -> BTreeMap<String, String> {
    let all = plan.walk().into_iter();
    all.map(|(key, planned, _)| (key.written(), planned.digest.clone())).collect()
}

/// The names whose values differ.
fn names(then: &Value, now: &Value) -> Vec<String> {
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let all: BTreeSet<String> = keys(then).union(&keys(now)).cloned().collect();
    all.into_iter().filter(|name| canonical(&then[name]) != canonical(&now[name])).collect()
}

fn door(about: &Value) -> String {
    match about {
        Value::Null => "none".to_owned(),
        about => {
            let identity = about["identity"].as_str().unwrap_or("nobody that could be read");
            format!("{} {} as {identity}", plain(&about["id"]), plain(&about["region"]))
        }
    }
}

fn step(key: &str, then: &Value, now: &Value) -> String {
    let state = |look: &Value| {
        serde_json::from_value::<StandingWord>(look["state"].clone())
            .map_or_else(|_| "not there".to_owned(), |StandingWord(state)| state.words().to_owned())
    };
    let (before, after) = (state(then), state(now));
    if before != after {
        return format!("step `{key}`: {before} then, {after} now");
    }
    let inputs = names(&then["inputs"], &now["inputs"]);
    if let Some(name) = inputs.first() {
        let (before, after) = (&then["inputs"][name], &now["inputs"][name]);
        return format!(
            "step `{key}`: its input `{name}` is {} now, and was {}",
            plain(after),
            plain(before)
        );
    }
    if !names(&then["pins"], &now["pins"]).is_empty() {
        return format!("step `{key}`: a file that it uses was changed");
    }
    let changes = |look: &Value| -> BTreeMap<String, String> {
        let all = look["changes"].as_array().into_iter().flatten();
        all.map(|change| (plain(&change["what"]), canonical(change))).collect()
    };
    let (before, after) = (changes(then), changes(now));
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let other: Vec<&str> = all
        .into_iter()
        .filter(|what| before.get(*what) != after.get(*what))
        .map(String::as_str)
        .collect();
    if other.is_empty() {
        format!("step `{key}` is otherwise")
    } else {
        format!("step `{key}` would do something else to {}", other.join(", "))
    }
}

struct StandingWord(Standing);

impl<'de> serde::Deserialize<'de> for StandingWord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Standing::ALL
            .into_iter()
            .find(|state| serde_json::to_value(state).is_ok_and(|name| name == word.as_str()))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("no such state"))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// The one text of a value: keys sorted, no spaces. Two values that are equal have the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields: Vec<String> = sorted
                .into_iter()
                .map(|(name, field)| format!("{}:{}", Value::from(name.as_str()), canonical(field)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(value: Value) -> Facts {
        Facts(value)
    }

    #[test]
    fn the_order_of_keys_is_no_fact_and_everything_else_is() {
        let one = facts(json!({"a": {"x": 1, "y": [1, 2]}, "b": "t"}));
        let other = facts(json!({"b": "t", "a": {"y": [1, 2], "x": 1}}));
        assert_eq!(one.digest(), other.digest());
        for changed in [
            json!({"a": {"x": 1, "y": [2, 1]}, "b": "t"}),
            json!({"a": {"x": "1", "y": [1, 2]}, "b": "t"}),
            json!({"a": {"x": 1, "y": [1, 2]}, "b": null}),
        ] {
            assert_ne!(one.digest(), facts(changed).digest());
        }
    }

    #[test]
    fn a_session_is_no_part_of_an_identity() {
        let one = identity("arn:aws:sts::222222222222:assumed-role/Operator/runbook-plan");
        let other = identity("arn:aws:sts::222222222222:assumed-role/Operator/runbook-20261122");
        assert_eq!(one, other);
        assert_ne!(one, identity("arn:aws:sts::222222222222:assumed-role/Other/runbook-plan"));
        assert_eq!(
            identity("arn:aws:iam::222222222222:user/jo"),
            "arn:aws:iam::222222222222:user/jo"
        );
    }

    #[test]
    fn words_and_counts_are_no_facts() {
        let mut look = Look::new(Standing::NotInPlace, "because".to_owned());
        let before = fact(&look);
        look.why = Some("another reason".to_owned());
        look.preview.notes.push("12 objects".to_owned());
        look.preview.change_set = Some(Vec::new());
        look.confirm = Some("18 things".to_owned());
        assert_eq!(before, fact(&look));
        look.state = Standing::InPlace;
        assert_ne!(before, fact(&look));
    }

    #[test]
    fn what_differs_is_named_by_its_step() {
        let look = |state: &str, key: &str| json!({"state": state, "inputs": {"key": key}, "pins": {}, "changes": []});
        let base = |looks: Value, text: &str| {
            facts(json!({
                "params": {"days": 7}, "steps": {"move": text}, "texts": {"book": text}, "looks": looks,
            }))
        };
        let then = base(json!({"move": look("not_in_place", "a")}), "1");
        let differences = |now: &Facts| then.differences(now).join("\n");
        assert_eq!(then.differences(&then), Vec::<String>::new());
        let now = base(json!({"move": look("in_place", "a")}), "1");
        assert_eq!(differences(&now), "step `move`: not in place then, in place now");
        let now = base(json!({"move": look("not_in_place", "b")}), "1");
        assert!(
            differences(&now).contains("its input `key` is b now, and was a"),
            "{}",
            differences(&now)
        );
        let now = base(json!({"move": look("not_in_place", "a")}), "2");
        assert_eq!(differences(&now), "step `move` has another text");
    }
}
