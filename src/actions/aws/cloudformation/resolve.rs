//! A template with its parameters put in: which resources it makes, and with which properties.
//!
//! What only CloudFormation knows (the ARN of what it made) stays written as it is, so that two
//! templates can be compared.

use super::previous::HIDDEN;
use crate::model::value::{Value, Values};
use crate::template::tree;
use std::collections::BTreeMap;

/// Conditions may name conditions. A circle among them is CloudFormation's to refuse.
const MAX_DEPTH: usize = 50;

/// A template, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    root: Values,
}

/// One resource with everything put in that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Resource {
    /// Its type.
    pub(super) of: String,
    /// Its properties.
    pub(super) properties: Values,
    /// What else is said of it: its deletion policy, its metadata.
    pub(super) rest: Values,
}

/// What the account and the stack put into a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) stack: &'a str,
}

impl Template {
    /// Reads it.
    ///
    /// # Errors
    /// When it is neither YAML nor JSON, or has no resources.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match tree::read(text)? {
            Value::Object(root) if root.get("Resources").is_some_and(Value::is_object) => {
                Ok(Self { root })
            }
            _ => Err("it has no `Resources`".to_owned()),
        }
    }

    fn section(&self, name: &str) -> Option<&Values> {
        self.root.get(name).and_then(Value::as_object)
    }

    /// What a resource says under a key beside its properties, when it is a text.
    pub(super) fn policy(&self, resource: &str, key: &str) -> Option<&str> {
        self.section("Resources")?.get(resource)?.get(key)?.as_str()
    }

    /// Whether CloudFormation rewrites it before it makes resources of it. Then only it can tell which.
    pub(super) fn is_rewritten(&self) -> bool {
        self.root.contains_key("Transform")
    }

    /// The parameters that it declares, with their defaults.
    pub(super) fn parameters(&self) -> BTreeMap<&str, Option<&str>> {
        let declared = self.section("Parameters").into_iter().flatten();
        declared
            .map(|(name, about)| (name.as_str(), about.get("Default").and_then(Value::as_str)))
            .collect()
    }

    /// Whether nobody may see that parameter's value.
    pub(super) fn hides(&self, parameter: &str) -> bool {
        let about = self.section("Parameters").and_then(|all| all.get(parameter));
        about.and_then(|about| about.get("NoEcho")).and_then(Value::as_str) == Some("true")
    }

    /// The resources that stay when the stack is deleted.
    pub(super) fn retained(&self) -> Vec<String> {
        let stays = |resource: &Value| {
            let policy = resource.get("DeletionPolicy").and_then(Value::as_str);
            matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
        };
        let all = self.section("Resources").into_iter().flatten();
        all.filter(|(_, resource)| stays(resource)).map(|(name, _)| name.clone()).collect()
    }

    /// Its outputs with everything put in.
    pub(super) fn outputs(&self, given: &BTreeMap<String, String>, place: Place<'_>) -> Values {
        let resolver = Resolver { template: self, given, place };
        let all = self.section("Outputs").cloned().unwrap_or_default();
        all.into_iter()
            .filter(|(_, output)| resolver.exists(output))
            .map(|(name, output)| (name, resolver.put(&output, 0)))
            .collect()
    }

    /// The resources that it makes with those parameters.
    pub(super) fn resources(
        &self,
        given: &BTreeMap<String, String>,
        place: Place<'_>,
    ) -> BTreeMap<String, Resource> {
        let resolver = Resolver { template: self, given, place };
        let all = self.section("Resources").into_iter().flatten();
        all.filter(|(_, resource)| resolver.exists(resource))
            .map(|(name, resource)| (name.clone(), resolver.resource(resource)))
            .collect()
    }
}

struct Resolver<'a> {
    template: &'a Template,
    given: &'a BTreeMap<String, String>,
    place: Place<'a>,
}

impl Resolver<'_> {
    fn resource(&self, resource: &Value) -> Resource {
        let mut rest = resource.as_object().cloned().unwrap_or_default();
        let of = rest.shift_remove("Type");
        let of = of.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        let properties = rest.shift_remove("Properties").unwrap_or_default();
        // The order of creation is no property, and a condition that holds has done its work.
        for name in ["DependsOn", "Condition"] {
            rest.shift_remove(name);
        }
        let put = |values: Values| -> Values {
            values.into_iter().map(|(name, value)| (name, self.put(&value, 0))).collect()
        };
        let properties = properties.as_object().cloned().unwrap_or_default();
        let mut properties = put(properties);
        properties.retain(|_, value| !is_no_value(value));
        Resource { of, properties, rest: put(rest) }
    }

    /// Whether a resource or an output is there. A condition that cannot be told counts as holding.
    fn exists(&self, of: &Value) -> bool {
        let condition = of.get("Condition").and_then(Value::as_str);
        condition.is_none_or(|name| self.condition(name, 0).unwrap_or(true))
    }

    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        let written = self.template.section("Conditions")?.get(name)?;
        self.holds(written, depth + 1)
    }

    fn holds(&self, written: &Value, depth: usize) -> Option<bool> {
        let (function, argument) = function(written).filter(|_| depth < MAX_DEPTH)?;
        let all = || argument.as_array().cloned().unwrap_or_default();
        match function {
            "Condition" => self.condition(argument.as_str()?, depth),
            "Fn::Not" => self.holds(all().first()?, depth + 1).map(|holds| !holds),
            "Fn::Equals" => {
                let sides: Vec<_> = all().iter().map(|side| self.put(side, depth + 1)).collect();
                let [left, right] = sides.as_slice() else { return None };
                (is_known(left) && is_known(right)).then_some(left == right)
            }
            "Fn::And" | "Fn::Or" => {
                // One side alone may decide.
                let decides = function == "Fn::Or";
                let sides: Vec<_> = all().iter().map(|side| self.holds(side, depth + 1)).collect();
                if sides.contains(&Some(decides)) {
                    return Some(decides);
                }
                (!sides.contains(&None)).then_some(!decides)
            }
            _ => None,
        }
    }

    /// The value with everything put in that is known.
    fn put(&self, value: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return value.clone();
        }
        if let Some((name, argument)) = function(value) {
            return self.call(name, argument, depth).unwrap_or_else(|| {
                Value::Object(
                    [(name.to_owned(), self.put(argument, depth + 1))].into_iter().collect(),
                )
            });
        }
        match value {
            Value::Array(items) => items
                .iter()
                .map(|item| self.put(item, depth + 1))
                .filter(|v| !is_no_value(v))
                .collect(),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| (name.clone(), self.put(field, depth + 1)))
                    .filter(|(_, field)| !is_no_value(field))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Value, depth: usize) -> Option<Value> {
        match function {
            "Ref" => self.parameter(argument.as_str()?).map(Value::String),
            "Fn::If" => {
                let [name, yes, no] = argument.as_array()?.as_slice() else { return None };
                let holds = self.condition(name.as_str()?, depth)?;
                Some(self.put(if holds { yes } else { no }, depth + 1))
            }
            "Fn::Sub" => self.substitute(argument, depth),
            "Fn::Join" => {
                let argument = self.put(argument, depth + 1);
                let [between, parts] = argument.as_array()?.as_slice() else { return None };
                let parts = parts.as_array()?.iter().map(Value::as_str);
                let parts = parts.collect::<Option<Vec<_>>>()?;
                Some(Value::String(parts.join(between.as_str()?)))
            }
            "Fn::FindInMap" => {
                let argument = self.put(argument, depth + 1);
                let mut found = self.template.root.get("Mappings")?;
                for key in argument.as_array()?.iter().take(3) {
                    found = found.get(key.as_str()?)?;
                }
                Some(found.clone())
            }
            "Fn::Select" => {
                let argument = self.put(argument, depth + 1);
                let [index, from] = argument.as_array()?.as_slice() else { return None };
                let index: usize = index.as_str()?.parse().ok()?;
                from.as_array()?.get(index).cloned()
            }
            _ => None,
        }
    }

    fn parameter(&self, name: &str) -> Option<String> {
        match name {
            "AWS::AccountId" => Some(self.place.account.to_owned()),
            "AWS::Region" => Some(self.place.region.to_owned()),
            "AWS::StackName" => Some(self.place.stack.to_owned()),
            _ => {
                let value = self.given.get(name)?;
                (value != HIDDEN && !self.template.hides(name)).then(|| value.clone())
            }
        }
    }

    /// `${Name}` becomes what it stands for. What is not known stays as it is written.
    fn substitute(&self, argument: &Value, depth: usize) -> Option<Value> {
        let (text, own) = match argument {
            Value::String(text) => (text.as_str(), Values::new()),
            Value::Array(both) => {
                let own = self.put(both.get(1)?, depth + 1);
                (both.first()?.as_str()?, own.as_object()?.clone())
            }
            _ => return None,
        };
        let (mut out, mut rest, mut whole) = (String::new(), text, true);
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            out.push_str(before);
            let known = match name.strip_prefix('!') {
                Some(literal) => Some(format!("${{{literal}}}")),
                None => match own.get(name) {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(_) => None,
                    None => self.parameter(name),
                },
            };
            whole &= known.is_some();
            out.push_str(&known.unwrap_or_else(|| format!("${{{name}}}")));
            rest = behind;
        }
        out.push_str(rest);
        if whole {
            return Some(Value::String(out));
        }
        let kept: Values = own.into_iter().filter(|(_, value)| !value.is_string()).collect();
        let argument = if kept.is_empty() {
            Value::String(out)
        } else {
            Value::Array(vec![Value::String(out), Value::Object(kept)])
        };
        Some(Value::Object([("Fn::Sub".to_owned(), argument)].into_iter().collect()))
    }
}

/// The function that a value is, with its argument.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    let is_one =
        name == "Ref" || name == "Condition" && argument.is_string() || name.starts_with("Fn::");
    is_one.then_some((name, argument))
}

fn is_no_value(value: &Value) -> bool {
    matches!(function(value), Some(("Ref", Value::String(name))) if name == "AWS::NoValue")
}

/// Whether no function is left in a value.
fn is_known(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_known),
        Value::Object(fields) => function(value).is_none() && fields.values().all(is_known),
        _ => true,
    }
}

/// Whether a value names a resource of the template.
pub(super) fn names(value: &Value, resource: &str) -> bool {
    match function(value) {
        Some(("Ref", Value::String(name))) => name == resource,
        Some(("Fn::GetAtt", Value::Array(parts))) => {
            parts.first().and_then(Value::as_str) == Some(resource)
        }
        Some(("Fn::Sub", argument)) => {
            let text = argument.as_str().or_else(|| argument.get(0).and_then(Value::as_str));
            let text = text.unwrap_or_default();
            text.contains(&format!("${{{resource}}}"))
                || text.contains(&format!("${{{resource}."))
                || argument.get(1).is_some_and(|own| names(own, resource))
        }
        _ => match value {
            Value::Array(items) => items.iter().any(|item| names(item, resource)),
            Value::Object(fields) => fields.values().any(|field| names(field, resource)),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PLACE: Place<'static> =
        Place { account: "222222222222", region: "eu-west-1", stack: "data" };

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const TEXT: &str = r#"
Parameters:
  Key: { Type: String, Default: "" }
  Token: { Type: String, NoEcho: true }
Mappings: { Sizes: { eu-west-1: { Memory: 256 } } }
Conditions:
  Own: !Equals [!Ref Key, ""]
  Never: !And [!Condition Own, !Not [!Condition Own]]
Resources:
  K: { Type: "AWS::KMS::Key", Condition: Own, DeletionPolicy: Retain }
  N: { Type: "AWS::SNS::Topic", Condition: Never }
  B:
    Type: AWS::S3::Bucket
    DependsOn: K
    Properties:
      BucketName: !Sub "b-${AWS::AccountId}"
      Key: !If [Own, !GetAtt K.Arn, !Ref Key]
      Secret: !Ref Token
      Nothing: !If [Own, !Ref "AWS::NoValue", x]
      Memory: !FindInMap [Sizes, !Ref "AWS::Region", Memory]
      Policy: !Sub "${K.Arn}/${AWS::Region}/${!kept}"
"#;

    #[test]
    fn parameters_and_conditions_are_put_in_and_the_rest_stays() {
        let template = Template::read(TEXT).expect("a template");
        let own = template.resources(&given(&[("Key", ""), ("Token", "hunter2")]), PLACE);
        assert_eq!(own.keys().collect::<Vec<_>>(), ["B", "K"]);
        assert_eq!(
            Value::Object(own["B"].properties.clone()),
            json!({
                "BucketName": "b-222222222222", "Key": {"Fn::GetAtt": ["K", "Arn"]},
                "Secret": {"Ref": "Token"}, "Memory": "256",
                "Policy": {"Fn::Sub": "${K.Arn}/eu-west-1/${kept}"},
            })
        );
        assert_eq!(own["K"].rest["DeletionPolicy"], "Retain");
        let other = template.resources(&given(&[("Key", "arn")]), PLACE);
        assert_eq!(other.keys().collect::<Vec<_>>(), ["B"]);
        assert_eq!(other["B"].properties["Key"], "arn");
        assert_eq!(other["B"].properties["Nothing"], "x");
    }

    #[test]
    fn a_condition_that_cannot_be_told_counts_as_holding() {
        let template = Template::read(TEXT).expect("a template");
        assert!(template.resources(&given(&[]), PLACE).contains_key("K"));
    }

    #[test]
    fn names_in_every_form_are_found() {
        for naming in [
            json!({"Ref": "K"}),
            json!([{"Fn::GetAtt": ["K", "Arn"]}]),
            json!({"a": {"Fn::Sub": "x ${K.Arn}"}}),
            json!({"Fn::Sub": ["${V}", {"V": {"Ref": "K"}}]}),
        ] {
            assert!(names(&naming, "K"), "{naming}");
        }
        assert!(!names(&json!({"Fn::Sub": "${Kx}"}), "K"));
        assert!(!names(&json!("K"), "K"));
    }
}
