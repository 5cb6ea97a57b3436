//! What a plan says about a step, in words.

use super::rows::{Row, does};
use crate::actions::preview::{Change, Kind};
use crate::model::duration::Short;
use crate::model::step::Body;
use crate::model::value::Value;
use crate::run::foresight::{Expectation, Look, Standing};
use crate::run::report::text::counted;

/// An ARN of STS without what is said beside it: the account, and the name of the session.
pub(super) fn short(arn: &str) -> &str {
    let name = arn.rsplit_once(':').map_or(arn, |(_, name)| name);
    match name.strip_prefix("assumed-role/").and_then(|role| role.rsplit_once('/')) {
        Some((role, _)) => &name[.."assumed-role/".len() + role.len()],
        None => name,
    }
}

/// How long a run would take, as far as that is said.
pub(super) fn time(expectation: Expectation) -> Option<String> {
    let usually =
        (!expectation.longest.is_zero()).then(|| format!("usually {}", Short(expectation.longest)));
    let without = (expectation.without > 0)
        .then(|| format!("{} without an estimate", counted(expectation.without, "step")));
    let parts: Vec<String> = usually.into_iter().chain(without).collect();
    (!parts.is_empty()).then(|| parts.join(", and "))
}

/// How a step stands, in words.
pub(super) fn words(row: &Row<'_>) -> String {
    let count = row.own().count();
    match row.state() {
        Some(Standing::Group) => String::new(),
        Some(state) if count > 1 => format!("{count} × {}", state.words()),
        Some(state) => state.words().to_owned(),
        None => {
            let there = row.own().filter(|(_, look)| look.state == Standing::InPlace).count();
            format!("{there} of {count} in place")
        }
    }
}

/// What a step is, in one line.
pub(super) fn about(row: &Row<'_>) -> String {
    let (planned, options) = (row.planned, &row.step().block.options);
    let mut text = does(&row.step().block);
    if let Some(account) = &planned.account {
        text.push_str(&format!(", in {account}"));
    }
    match &options.estimate {
        Some(estimate) => text.push_str(&format!(", usually {}", Short(estimate.value))),
        None => text.push_str(&format!(", at most {}", Short(planned.timeout))),
    }
    if planned.attempts > 1 {
        text.push_str(&format!(", {} attempts", planned.attempts));
    }
    if options.needs.is_some() && !planned.needs.is_empty() {
        let needs: Vec<&str> =
            planned.needs.iter().map(|need| row.frame.steps[*need].id.as_str()).collect();
        text.push_str(&format!(", after {}", needs.join(", ")));
    }
    if let Some(list) = &options.for_each {
        text.push_str(&format!(", for each of {}", list.value.trim()));
        if let Some(count) = row.elements() {
            text.push_str(&format!(" ({count})"));
        }
        text.push_str(&format!(", {} at once", planned.elements_at_once.unwrap_or(1)));
    }
    if let Some(condition) = &options.condition {
        text.push_str(&format!(", only if {}", condition.value.trim()));
    }
    text
}

/// What a step that changes something is given, where nothing tells better what it would change.
pub(super) fn with(row: &Row<'_>) -> Option<String> {
    let (_, look) = row.own().next()?;
    let told = !look.preview.changes.is_empty() || look.preview.change_set.is_some();
    let typed = matches!(row.step().block.body, Body::Action { .. });
    if told || !typed || !row.planned.effect.changes() || look.inputs.is_empty() {
        return None;
    }
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let inputs = look.inputs.iter().map(|(name, value)| match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}={}", plain(value)));
            format!("{name} ({})", fields.collect::<Vec<_>>().join(", "))
        }
        value => format!("{name} {}", plain(value)),
    });
    Some(inputs.collect::<Vec<_>>().join(", "))
}

/// The looks at a step, those that say the same as one: `soak[0] … soak[9]`.
pub(super) fn alike<'a>(row: &'a Row<'_>) -> Vec<(String, &'a Look)> {
    let mut groups: Vec<(Vec<&str>, &Look)> = Vec::new();
    for (key, look) in row.own() {
        let same = |other: &Look| {
            other.state == look.state && other.why == look.why && other.preview == look.preview
        };
        match groups.iter_mut().find(|(_, other)| same(other)) {
            Some((keys, _)) => keys.push(key.as_str()),
            None => groups.push((vec![key.as_str()], look)),
        }
    }
    let named = |keys: &[&str]| match keys {
        [one] => (*one).to_owned(),
        [first, .., last] => format!("{first} … {last}"),
        [] => String::new(),
    };
    groups.into_iter().map(|(keys, look)| (named(&keys), look)).collect()
}

pub(super) const fn mark(change: &Change) -> &'static str {
    match change.kind {
        Kind::Add => "+",
        Kind::Modify => "~",
        Kind::Replace => "±",
        Kind::Remove => "-",
        Kind::Keep => "=",
    }
}

/// One change in words.
pub(super) fn sentence(change: &Change) -> String {
    let mut text = change.what.clone();
    if let Some(of) = &change.of {
        text.push_str(&format!(" ({of})"));
    }
    match (change.kind, change.certain) {
        (Kind::Replace, true) => text.push_str(" is REPLACED"),
        (Kind::Replace, false) => text.push_str(" is probably REPLACED"),
        (Kind::Modify, false) => text.push_str(" may be changed or replaced"),
        (Kind::Remove, false) => text.push_str(" may be removed"),
        (Kind::Add, false) => text.push_str(" may be added"),
        _ => {}
    }
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => text.push_str(&format!(": {before} → {after}")),
        (None, Some(after)) => text.push_str(&format!(": {after}")),
        (Some(before), None) => text.push_str(&format!(": {before}")),
        (None, None) => {}
    }
    if !change.details.is_empty() {
        text.push_str(&format!(": {}", change.details.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_shown_without_its_session() {
        let role = "arn:aws:sts::222222222222:assumed-role/Operator/runbook-plan";
        assert_eq!(short(role), "assumed-role/Operator");
        assert_eq!(short("arn:aws:iam::222222222222:user/jo"), "user/jo");
    }

    #[test]
    fn a_change_is_one_sentence() {
        let alias = Change::from_to("alias/corpus", Some("old"), "new").of("alias");
        assert_eq!(sentence(&alias), "alias/corpus (alias): old → new");
        let bucket =
            Change::new(Kind::Replace, "B").of("AWS::S3::Bucket").detail("BucketName (replaces)");
        assert_eq!(sentence(&bucket), "B (AWS::S3::Bucket) is REPLACED: BucketName (replaces)");
        let odd = Change::new(Kind::Modify, "Odd").perhaps();
        assert_eq!(sentence(&odd), "Odd may be changed or replaced");
    }
}
