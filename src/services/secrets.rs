//! Which parts of an answer are secret.

use super::operation::Operation;
use super::shape::{Kind, Member, Shape};
use crate::model::value::{Value, Values};

/// A secret part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    /// Where it is, as a JSON pointer: `/Parameters/0/Value`.
    pub pointer: String,
    /// Which part of the answer's type that is: `Parameters[].Value`.
    pub path: String,
}

impl Operation {
    /// The parts of its answer that are secret: `SecretString`, `Parameters[].Value`. A part inside
    /// itself, as in a tree, is listed once.
    #[must_use]
    pub fn secret_outputs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for member in self.output() {
            collect(member, "", &mut Vec::new(), &mut found);
        }
        found
    }

    /// The secret parts that this answer has.
    #[must_use]
    pub fn secrets_in(&self, answer: &Values) -> Vec<SecretPlace> {
        let mut found = Vec::new();
        fields(self.output(), answer, "", "", &mut found);
        found
    }
}

fn collect(member: Member, before: &str, inside: &mut Vec<usize>, found: &mut Vec<String>) {
    let path = join(before, member.name());
    parts(member.shape(), path, inside, found);
}

fn parts(shape: Shape, path: String, inside: &mut Vec<usize>, found: &mut Vec<String>) {
    if shape.is_secret() {
        found.push(path);
        return;
    }
    match shape.kind() {
        Kind::List(Some(of)) => parts(of, path + "[]", inside, found),
        Kind::Map(Some(of)) => parts(of, path + ".*", inside, found),
        Kind::Structure(structure) => {
            let own = structure.identity();
            if !inside.contains(&own) {
                inside.push(own);
                for member in structure.members() {
                    collect(member, &path, inside, found);
                }
                inside.pop();
            }
        }
        _ => {}
    }
}

fn join(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
}

fn fields(
    members: impl Iterator<Item = Member>,
    answer: &Values,
    pointer: &str,
    path: &str,
    found: &mut Vec<SecretPlace>,
) {
    for member in members {
        if let Some(value) = answer.get(member.name())
            && !is_plain_parameter(member, answer)
        {
            let pointer = step(pointer, member.name());
            walk(member.shape(), value, pointer, join(path, member.name()), found);
        }
    }
}

/// Parameters of Systems Manager say themselves whether they are secret: only `SecureString` is. The
/// model marks the values of all, and runbooks are full of parameters that are names and numbers.
fn is_plain_parameter(member: Member, beside: &Values) -> bool {
    let kind = beside.get("Type").and_then(Value::as_str);
    member.name() == "Value"
        && beside.contains_key("Name")
        && matches!(kind, Some("String" | "StringList"))
}

fn walk(shape: Shape, value: &Value, pointer: String, path: String, found: &mut Vec<SecretPlace>) {
    if shape.is_secret() {
        if !value.is_null() {
            found.push(SecretPlace { pointer, path });
        }
        return;
    }
    match (shape.kind(), value) {
        (Kind::List(Some(of)), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                walk(of, item, format!("{pointer}/{at}"), format!("{path}[]"), found);
            }
        }
        (Kind::Map(Some(of)), Value::Object(entries)) => {
            for (name, value) in entries {
                walk(of, value, step(&pointer, name), format!("{path}.*"), found);
            }
        }
        (Kind::Structure(structure), Value::Object(entries)) => {
            fields(structure.members(), entries, &pointer, &path, found);
        }
        _ => {}
    }
}

/// One step of a JSON pointer.
fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
