//! The types of expressions, as far as they can be told before the run.

use super::facts::{Facts, Site};
use crate::expr::{Reference, constant, only_name, whole};
use crate::model::runbook::Type;
use crate::model::step::Role;
use crate::model::value::Value;

impl Facts<'_> {
    /// The type of a bare expression.
    pub(super) fn kind(&self, expression: &str, site: &Site<'_>) -> Option<Type> {
        match only_name(expression) {
            Some(name) => self.kind_of_name(&name.path, site),
            None => constant(expression).map(|value| kind_of_value(&value)),
        }
    }

    /// The type of a template that is exactly one expression.
    pub(super) fn kind_of_template(&self, template: &str, site: &Site<'_>) -> Option<Type> {
        self.kind(whole(template)?, site)
    }

    /// The type of a name. None when it cannot be told.
    pub(super) fn kind_of_name(&self, path: &[String], site: &Site<'_>) -> Option<Type> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let known = |kind: Type| (kind != Type::Any).then_some(kind);
        match path.as_slice() {
            ["params", name] => known(self.book.runbook.param(name)?.kind),
            ["run", "id" | "mode" | "environment"] | ["accounts", _, "id" | "region"] => {
                Some(Type::String)
            }
            ["outputs", name] if site.outputs => match (site.block.role, site.step) {
                (Role::Undo, Some(at)) => known(self.output_kind(&self.steps()[at], name)?),
                _ => known(self.block_output_kind(site.block, name)?),
            },
            ["steps", id] => {
                let (_, step) = self.step(id)?;
                Some(if step.block.options.for_each.is_some() { Type::List } else { Type::Mapping })
            }
            ["steps", id, name] => {
                let (_, step) = self.step(id)?;
                let looped = step.block.options.for_each.is_some()
                    || step.block.options.misread.has("for_each");
                if looped { None } else { known(self.output_kind(step, name)?) }
            }
            _ => None,
        }
    }

    /// The type of the longest part of a name that is known to have no parts, and how long it is.
    pub(super) fn without_parts(
        &self,
        reference: &Reference,
        site: &Site<'_>,
    ) -> Option<(usize, Type)> {
        (1..reference.path.len()).find_map(|length| {
            let kind = self.kind_of_name(&reference.path[..length], site)?;
            (!matches!(kind, Type::Mapping | Type::Any)).then_some((length, kind))
        })
    }
}

fn kind_of_value(value: &Value) -> Type {
    match value {
        Value::Null => Type::Any,
        Value::Bool(_) => Type::Boolean,
        Value::Number(number) if number.is_f64() => Type::Number,
        Value::Number(_) => Type::Integer,
        Value::String(_) => Type::String,
        Value::Array(_) => Type::List,
        Value::Object(_) => Type::Mapping,
    }
}
