//! A template as a tree: YAML or JSON, with the short forms of functions written out.
//!
//! Runbooks refuse tags, templates are full of them, so this does not share the runbooks' reader.

use crate::model::value::Value;
use serde::{Deserialize, Deserializer, de};
use serde_yaml::Tagged;

/// Larger than any template that CloudFormation takes, and small enough for any stack.
const MAX_NODES: usize = 200_000;
const MAX_DEPTH: usize = 100;

/// Reads a template. Every scalar becomes a text, since CloudFormation takes `30` and `"30"` for the same.
///
/// # Errors
/// What the YAML reader says.
pub fn read(text: &str) -> Result<Value, String> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_NODES * 4,
            max_documents: 1,
        },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options::<Written>(text, options)
        .map(|Written(value)| value)
        .map_err(|error| error.to_string())
}

/// A value with the short forms in it written out.
struct Written(Value);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::<Plain>::deserialize(deserializer)?;
        Ok(Self(match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            Some(function) if !function.is_empty() && !function.starts_with('!') => {
                long(function, value)
            }
            _ => normal(value),
        }))
    }
}

/// `!Sub x` as `{"Fn::Sub": x}`.
fn long(function: &str, argument: Value) -> Value {
    let name = match function {
        "Ref" | "Condition" => function.to_owned(),
        other => format!("Fn::{other}"),
    };
    normal(Value::Object([(name, argument)].into_iter().collect()))
}

/// `GetAtt` takes a text with a point, or a list. Both are one list.
fn normal(mut value: Value) -> Value {
    if let Some(argument) = value.as_object_mut().and_then(|object| object.get_mut("Fn::GetAtt"))
        && let Some((resource, attribute)) = argument.as_str().and_then(|text| text.split_once('.'))
    {
        *argument = Value::from(vec![resource, attribute]);
    }
    value
}

/// A value without its own tag.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor).map(Self)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a template")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Written::deserialize(deserializer).map(|Written(value)| value)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Written(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut mapping = serde_json::Map::new();
        while let Some((Written(key), Written(value))) = entries.next_entry()? {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            mapping.insert(key, value);
        }
        Ok(Value::Object(mapping))
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn short_forms_long_forms_and_json_are_one() {
        let yaml = "A: !Sub \"${X}-a\"\nB: !GetAtt K.Arn\nC: !If [Yes, !Ref P, 30]\nD: { \"Fn::GetAtt\": K.Arn }\nE: !Join\n  - ','\n  - [true, 1]\nF: |\n  !Ref not\n";
        let json = r#"{"A": {"Fn::Sub": "${X}-a"}, "B": {"Fn::GetAtt": ["K", "Arn"]},
            "C": {"Fn::If": ["Yes", {"Ref": "P"}, "30"]}, "D": {"Fn::GetAtt": ["K", "Arn"]},
            "E": {"Fn::Join": [",", [true, 1]]}, "F": "!Ref not\n"}"#;
        let wanted = json!({
            "A": {"Fn::Sub": "${X}-a"}, "B": {"Fn::GetAtt": ["K", "Arn"]},
            "C": {"Fn::If": ["Yes", {"Ref": "P"}, "30"]}, "D": {"Fn::GetAtt": ["K", "Arn"]},
            "E": {"Fn::Join": [",", ["true", "1"]]}, "F": "!Ref not\n",
        });
        assert_eq!(read(yaml).as_ref(), Ok(&wanted));
        assert_eq!(read(json), Ok(wanted));
    }

    #[test]
    fn what_is_no_template_is_an_error() {
        assert!(read("a: [").is_err());
        assert!(read("a: 1\na: 2\n").is_err());
    }
}
