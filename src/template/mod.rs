//! CloudFormation templates, as far as they can be read without asking anybody: what one takes, gives, exports
//! and imports.

pub mod tree;

use crate::model::value::Value;

/// What a template takes and gives.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its parameters, in the order of the template.
    pub parameters: Vec<Parameter>,
    /// The names of its outputs.
    pub outputs: Vec<String>,
    /// The names of its exports, as they are written.
    exports: Vec<Value>,
    /// The names of what it imports, as they are written.
    imports: Vec<Value>,
}

/// One parameter of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is when nobody says it.
    pub default: Option<String>,
}

impl Interface {
    /// Reads it. Nothing when it is no template, or when CloudFormation rewrites it first: then only
    /// CloudFormation can tell.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let root = tree::read(text).ok()?;
        if !root.get("Resources")?.is_object() || root.get("Transform").is_some() {
            return None;
        }
        let section = |name: &str| root.get(name).and_then(Value::as_object).into_iter().flatten();
        let parameters = section("Parameters").map(|(name, about)| Parameter {
            name: name.clone(),
            default: about.get("Default").map(plain),
        });
        let exports =
            section("Outputs").filter_map(|(_, output)| output.get("Export")?.get("Name"));
        let mut imports = Vec::new();
        find_imports(&root, &mut imports);
        Some(Self {
            parameters: parameters.collect(),
            outputs: section("Outputs").map(|(name, _)| name.clone()).collect(),
            exports: exports.cloned().collect(),
            imports,
        })
    }

    /// The default of a parameter.
    #[must_use]
    pub fn default(&self, name: &str) -> Option<&str> {
        let one = self.parameters.iter().find(|one| one.name == name);
        one.and_then(|one| one.default.as_deref())
    }

    /// The names of what it exports, where they can be told. `known` says what a parameter is.
    pub fn exports(&self, known: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        self.exports.iter().filter_map(|name| written(name, known)).collect()
    }

    /// The names of what it imports, where they can be told. `known` says what a parameter is.
    pub fn imports(&self, known: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        self.imports.iter().filter_map(|name| written(name, known)).collect()
    }
}

/// CloudFormation takes a list as one text with commas.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn find_imports(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(all) => {
            found.extend(all.get("Fn::ImportValue").cloned());
            all.values().for_each(|one| find_imports(one, found));
        }
        Value::Array(all) => all.iter().for_each(|one| find_imports(one, found)),
        _ => {}
    }
}

/// A name with its parameters put in. What the account puts in stays as it is, so that names can be compared.
fn written(name: &Value, known: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Value::String(name) = name {
        return Some(name.clone());
    }
    let one = name.as_object().filter(|one| one.len() == 1)?;
    let (function, argument) = one.iter().next()?;
    match (function.as_str(), argument) {
        ("Ref", Value::String(name)) => variable(name, known),
        ("Fn::Sub", Value::String(text)) => substituted(text, known),
        ("Fn::Sub", Value::Array(parts)) => {
            let [text, own] = parts.as_slice() else { return None };
            let own = own.as_object()?;
            let known = |name: &str| match own.get(name) {
                Some(value) => written(value, known),
                None => variable(name, known),
            };
            substituted(text.as_str()?, &known)
        }
        ("Fn::Join", Value::Array(parts)) => {
            let [between, parts] = parts.as_slice() else { return None };
            let parts = parts.as_array()?.iter().map(|part| written(part, known));
            Some(parts.collect::<Option<Vec<_>>>()?.join(between.as_str()?))
        }
        _ => None,
    }
}

fn variable(name: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    known(name).or_else(|| name.starts_with("AWS::").then(|| format!("${{{name}}}")))
}

fn substituted(text: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        match name.strip_prefix('!') {
            Some(literal) => out.push_str(&format!("${{{literal}}}")),
            None => out.push_str(&variable(name, known)?),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_takes_and_gives_is_read() {
        let text = "Parameters:\n  Name: { Type: String, Default: corpus }\n  Zone: { Type: String }\nResources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      X: !ImportValue { \"Fn::Sub\": \"${Name}-a\" }\n      Y: [!ImportValue plain, { \"Fn::ImportValue\": !Join [\"-\", [!Ref Name, b]] }]\n      Z: !ImportValue { \"Fn::Sub\": \"${A.Arn}-c\" }\nOutputs:\n  One: { Value: 1, Export: { Name: !Sub \"${AWS::StackName}-${AWS::Region}-${!x}\" } }\n  Two: { Value: 2 }\n";
        let read = Interface::read(text).expect("a template");
        assert_eq!(read.outputs, ["One", "Two"]);
        assert_eq!(read.default("Name"), Some("corpus"));
        assert_eq!(read.default("Zone"), None);
        let known = |name: &str| match name {
            "AWS::StackName" => Some("net".to_owned()),
            other => read.default(other).map(str::to_owned),
        };
        assert_eq!(read.exports(&known), ["net-${AWS::Region}-${x}"]);
        assert_eq!(read.imports(&known), ["corpus-a", "plain", "corpus-b"]);
    }

    #[test]
    fn what_only_cloudformation_can_tell_is_not_told() {
        for text in ["a: 1", "[", "Resources: {}\nTransform: AWS::Serverless-2016-10-31\n"] {
            assert!(Interface::read(text).is_none(), "{text}");
        }
    }
}
