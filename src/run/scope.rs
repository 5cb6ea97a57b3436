//! The names that an expression can see, put together from what has happened so far.

use super::inputs;
use super::world::World;
use crate::engine::state::RunState;
use crate::model::id::StepKey;
use crate::model::value::{Value, Values};
use crate::plan::{Frame, Plan};
use serde_json::json;

/// How the journal stands in for an output that must not be kept.
pub(super) const WITHHELD: &str = "$withheld";

/// Where the journal keeps the outputs of a loop: a list, an element each.
pub(super) const ELEMENTS: &str = "elements";

/// Builds scopes for the steps of one run.
pub(super) struct Scopes<'a> {
    pub(super) world: &'a World,
    pub(super) plan: &'a Plan,
    pub(super) state: &'a RunState,
    /// The parameters of the run, secret ones included.
    pub(super) params: &'a Values,
}

impl Scopes<'_> {
    /// What the blocks of a step can see.
    pub(super) fn of(&self, key: &StepKey) -> Values {
        let outer = outer(key);
        let mut scope = self.frame(outer.as_ref());
        if let Some(item) = self.item(key) {
            scope.insert("item".to_owned(), item);
        }
        scope
    }

    /// What the health probes of a runbook can see. `outer` is the step that runs it, or nothing at the top.
    pub(super) fn frame(&self, outer: Option<&StepKey>) -> Values {
        let params = match outer {
            None => without_withheld(self.params.clone()),
            Some(outer) => self.params_of(outer),
        };
        let frame = match outer {
            None => Some(&self.plan.root),
            Some(outer) => self.plan.find(outer).and_then(|(planned, _)| planned.calls.as_deref()),
        };
        let steps = frame.map(|frame| self.outputs(frame, outer)).unwrap_or_default();
        self.with(params, steps)
    }

    /// What the health probes of a runbook can see that has not been run: its parameters, and no step.
    pub(super) fn before(&self, params: Values) -> Values {
        self.with(params, Values::new())
    }

    fn with(&self, params: Values, steps: Values) -> Values {
        let accounts: Values = self
            .world
            .environment
            .accounts
            .iter()
            .map(|(name, account)| {
                (name.to_string(), json!({ "id": account.id, "region": account.region }))
            })
            .collect();
        let began = &self.state.began;
        [
            ("params", Value::Object(params)),
            ("steps", Value::Object(steps)),
            ("accounts", Value::Object(accounts)),
            (
                "run",
                json!({ "id": began.run, "mode": began.mode, "environment": began.environment }),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// The parameters that a step gives to the runbook that it runs. What the journal was not given is worked
    /// out once more: whoever takes a run up gives its secret parameters again.
    fn params_of(&self, outer: &StepKey) -> Values {
        let kept = self.state.step(outer).and_then(|step| step.params.clone()).unwrap_or_default();
        let mut seen = without_withheld(kept.clone());
        if seen == kept {
            return kept;
        }
        let again = self.plan.find(outer).and_then(|(planned, frame)| {
            let inner = planned.calls.as_ref()?;
            let scope = self.of(outer);
            let block = &planned.step(frame).block;
            let given =
                inputs::inputs(block, &frame.book.source, &scope, &self.world.catalog).ok()?;
            let given = given.get("params")?.as_object()?.clone();
            super::params::complete(&inner.book, given, &scope).ok()
        });
        // When it cannot be had, the name stays unknown, and an expression that needs it fails.
        for (name, value) in again.unwrap_or_default() {
            if seen.get(&name) != kept.get(&name) {
                seen.insert(name, value);
            }
        }
        seen
    }

    fn outputs(&self, frame: &Frame, outer: Option<&StepKey>) -> Values {
        frame
            .steps
            .iter()
            .filter_map(|planned| {
                let key = outer
                    .map_or_else(|| StepKey::top(&planned.id), |outer| outer.child(&planned.id));
                let step = self.state.step(&key)?;
                // While a run is on its way back, an undo may still need what an undone step gave.
                let known = step.status.is_settled() || self.state.undoing;
                let outputs = known.then(|| step.outputs.clone()).flatten()?;
                let seen = match outputs.get(ELEMENTS) {
                    Some(Value::Array(elements)) if planned.elements_at_once.is_some() => {
                        elements.iter().cloned().filter_map(visible).collect()
                    }
                    _ => Value::Object(without_withheld(outputs)),
                };
                Some((planned.id.to_string(), seen))
            })
            .collect()
    }

    fn item(&self, key: &StepKey) -> Option<Value> {
        let (looped, index) = element(key)?;
        visible(self.state.step(&looped)?.items.as_ref()?.get(index)?.clone())
    }
}

/// The outputs that this process can see. What another process kept to itself is left out, so that
/// an expression that needs it fails instead of using a mask.
pub(super) fn without_withheld(outputs: Values) -> Values {
    outputs.into_iter().filter_map(|(name, value)| Some((name, visible(value)?))).collect()
}

/// The value without what is withheld. A list that lacks an element is no list of that kind any more,
/// so it goes as a whole: its other elements would change their places.
fn visible(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(WITHHELD) => None,
        Value::Object(fields) => Some(Value::Object(without_withheld(fields))),
        Value::Array(items) => {
            items.into_iter().map(visible).collect::<Option<_>>().map(Value::Array)
        }
        other => Some(other),
    }
}

/// The step that runs the runbook in which this step stands. Nothing at the top.
pub(super) fn outer(key: &StepKey) -> Option<StepKey> {
    key.as_str().rsplit_once('/').map(|(outer, _)| StepKey::from_text(outer))
}

/// The loop and the index, when the key is one element of a loop.
pub(super) fn element(key: &StepKey) -> Option<(StepKey, usize)> {
    let (looped, index) = key.as_str().strip_suffix(']')?.rsplit_once('[')?;
    Some((StepKey::from_text(looped), index.parse().ok()?))
}

/// What a loop or a sub-runbook gives, once its children have ended.
pub(super) fn outputs_of_group(plan: &Plan, state: &RunState, key: &StepKey) -> Values {
    let given = |child: &StepKey| {
        state.step(child).and_then(|step| step.outputs.clone()).unwrap_or_default()
    };
    let items = state.step(key).and_then(|step| step.items.as_ref()).map(Vec::len);
    let Some(count) = items else {
        let Some(inner) = plan.find(key).and_then(|(planned, _)| planned.calls.as_deref()) else {
            return Values::new();
        };
        return inner
            .steps
            .iter()
            .map(|planned| (planned.id.to_string(), Value::Object(given(&key.child(&planned.id)))))
            .collect();
    };
    // The outputs of a loop are those of its elements, in order. Expressions see the list itself.
    let elements = (0..count).map(|index| Value::Object(given(&key.element(index)))).collect();
    Values::from_iter([(ELEMENTS.to_owned(), Value::Array(elements))])
}

/// The scope with a step's own outputs in it, for its `expect`, `holds` and `undo`.
pub(super) fn with_outputs(scope: &Values, outputs: &Values) -> Values {
    let mut scope = scope.clone();
    scope.insert("outputs".to_owned(), Value::Object(outputs.clone()));
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_apart_where_they_were_put_together() {
        let key = StepKey::from_text("a[1]/b[0]");
        assert_eq!(outer(&key), Some(StepKey::from_text("a[1]")));
        assert_eq!(element(&key), Some((StepKey::from_text("a[1]/b"), 0)));
        assert_eq!(outer(&StepKey::from_text("a[1]")), None);
        assert_eq!(element(&StepKey::from_text("a[1]/b")), None);
    }
}
