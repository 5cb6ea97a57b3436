//! Two stacks compared resource by resource, from their texts alone: what there is, and what is wanted.

use super::previous::HIDDEN;
use super::replaced_by::{Fate, fate};
use super::resolve::{Place, Resource, Template, names};
use crate::actions::preview::{Change, Kind};
use crate::model::value::{Value, Values};
use std::collections::{BTreeMap, BTreeSet};

/// A template and the values of its parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub(super) template: &'a Template,
    pub(super) parameters: &'a BTreeMap<String, String>,
}

/// What a stack that does not exist would be made of.
pub(super) fn made(wanted: Side<'_>, place: Place<'_>) -> Vec<Change> {
    let resources = wanted.template.resources(wanted.parameters, place);
    let all =
        resources.into_iter().map(|(name, resource)| Change::new(Kind::Add, name).of(resource.of));
    if wanted.template.is_rewritten() { all.map(rewritten).collect() } else { all.collect() }
}

/// What would become of each resource of a stack that exists.
pub(super) fn changed(now: Side<'_>, wanted: Side<'_>, place: Place<'_>) -> Vec<Change> {
    let before = now.template.resources(now.parameters, place);
    let after = wanted.template.resources(wanted.parameters, place);
    let mut changes = parameters(now, wanted);
    let mut resources = BTreeMap::new();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let change = match (before.get(name), after.get(name)) {
            (None, Some(new)) => Some(Change::new(Kind::Add, name).of(&new.of)),
            (Some(old), None) => Some(gone(name, old)),
            (Some(old), Some(new)) => altered(name, old, new),
            (None, None) => None,
        };
        resources.extend(change.map(|change| (name.clone(), change)));
    }
    follow_replacements(&after, &mut resources);
    changes.extend(resources.into_values());
    changes.extend(outputs(now, wanted, place));
    if now.template.is_rewritten() || wanted.template.is_rewritten() {
        changes = changes.into_iter().map(rewritten).collect();
    }
    changes
}

fn rewritten(change: Change) -> Change {
    change.perhaps().detail("the template is rewritten by a transform first")
}

/// Parameters whose value changes. Those that nobody may see cannot be compared.
fn parameters(now: Side<'_>, wanted: Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, after) in wanted.parameters {
        let before = now.parameters.get(name);
        if wanted.template.hides(name) || before.is_some_and(|value| value == HIDDEN) {
            let change = Change::new(Kind::Modify, name).of("parameter").perhaps();
            changes.push(change.detail("its value is hidden, so it cannot be compared"));
        } else if before != Some(after) {
            let before = before.map(String::as_str);
            changes.push(Change::from_to(name, before, after).of("parameter"));
        }
    }
    let gone = now.parameters.keys().filter(|name| !wanted.parameters.contains_key(*name));
    changes.extend(gone.map(|name| Change::new(Kind::Remove, name).of("parameter")));
    changes
}

fn gone(name: &str, old: &Resource) -> Change {
    match old.rest.get("DeletionPolicy").and_then(Value::as_str) {
        Some(policy @ ("Retain" | "RetainExceptOnCreate")) => Change::new(Kind::Keep, name)
            .of(&old.of)
            .detail(format!("leaves the stack and stays: DeletionPolicy {policy}")),
        Some("Snapshot") => {
            Change::new(Kind::Remove, name).of(&old.of).detail("a snapshot is taken first")
        }
        _ => Change::new(Kind::Remove, name).of(&old.of),
    }
}

fn altered(name: &str, old: &Resource, new: &Resource) -> Option<Change> {
    if old.of != new.of {
        let change = Change::new(Kind::Replace, name).of(&new.of);
        return Some(change.detail(format!(
            "it is {} now: CloudFormation refuses to change the type of a resource",
            old.of
        )));
    }
    let properties = differing(&old.properties, &new.properties);
    let rest = differing(&old.rest, &new.rest);
    if properties.is_empty() && rest.is_empty() {
        return None;
    }
    let worst = properties.iter().map(|property| fate(&new.of, property)).max();
    let (kind, certain) = match worst {
        Some(Fate::Replaced) => (Kind::Replace, true),
        Some(Fate::Perhaps) => (Kind::Modify, false),
        Some(Fate::Stays) | None => (Kind::Modify, true),
    };
    let mut change = Change { certain, ..Change::new(kind, name).of(&new.of) };
    for property in &properties {
        change.details.push(match fate(&new.of, property) {
            Fate::Replaced => format!("{property} (replaces)"),
            Fate::Perhaps => format!("{property} (may replace)"),
            Fate::Stays => (*property).to_owned(),
        });
    }
    change.details.extend(rest.iter().map(|name| (*name).to_owned()));
    Some(change)
}

/// The names whose values differ, in order.
fn differing<'a>(old: &'a Values, new: &'a Values) -> Vec<&'a str> {
    let all: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    all.into_iter().filter(|name| old.get(*name) != new.get(*name)).collect()
}

/// What names a resource that is replaced gets another value, without a word in its own text.
fn follow_replacements(after: &BTreeMap<String, Resource>, changes: &mut BTreeMap<String, Change>) {
    let mut open: Vec<String> = changes
        .values()
        .filter(|change| change.kind == Kind::Replace)
        .map(|change| change.what.clone())
        .collect();
    // Each resource is added to the list at most once, so this ends.
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(replaced) = open.pop() {
        for (name, resource) in after {
            let naming: Vec<&str> = resource
                .properties
                .iter()
                .filter(|(_, value)| names(value, &replaced))
                .map(|(property, _)| property.as_str())
                .collect();
            if naming.is_empty() || *name == replaced {
                continue;
            }
            let change = changes
                .entry(name.clone())
                .or_insert_with(|| Change::new(Kind::Modify, name.clone()).of(&resource.of));
            if change.kind != Kind::Modify {
                continue;
            }
            let because = format!("{} names {replaced}, which is replaced", naming.join(", "));
            change.details.push(because);
            if naming.iter().any(|property| fate(&resource.of, property) != Fate::Stays) {
                change.certain = false;
                if seen.insert(name.clone()) {
                    open.push(name.clone());
                }
            }
        }
    }
}

fn outputs(now: Side<'_>, wanted: Side<'_>, place: Place<'_>) -> Vec<Change> {
    let before = now.template.outputs(now.parameters, place);
    let after = wanted.template.outputs(wanted.parameters, place);
    let change = |name: &str| {
        let kind = match (before.contains_key(name), after.contains_key(name)) {
            (false, _) => Kind::Add,
            (_, false) => Kind::Remove,
            _ => Kind::Modify,
        };
        Change::new(kind, name).of("output")
    };
    differing(&before, &after).into_iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> =
        Place { account: "222222222222", region: "eu-west-1", stack: "data" };

    const NOW: &str = "
Parameters: { Name: { Type: String, Default: corpus }, Days: { Type: Number, Default: 30 } }
Resources:
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: !Ref Name } }
  Policy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: !Ref Bucket, PolicyDocument: {} } }
  Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: !Ref Days } }
  Key: { Type: 'AWS::KMS::Key', DeletionPolicy: Retain }
  Old: { Type: 'AWS::SNS::Topic' }
  Odd: { Type: 'Custom::Odd', Properties: { A: 1 } }
Outputs: { Arn: { Value: !GetAtt Bucket.Arn } }
";

    fn compare(
        now: &str,
        wanted: &str,
        given: [&[(&str, &str)]; 2],
    ) -> BTreeMap<String, (Kind, bool)> {
        let (now, wanted) = (Template::read(now).unwrap(), Template::read(wanted).unwrap());
        let [before, after] = given
            .map(|pairs| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
        let now = Side { template: &now, parameters: &before };
        let wanted = Side { template: &wanted, parameters: &after };
        let changes = changed(now, wanted, PLACE);
        changes.into_iter().map(|change| (change.what, (change.kind, change.certain))).collect()
    }

    #[test]
    fn the_same_in_other_words_is_no_change() {
        let given: [&[(&str, &str)]; 2] = [&[("Name", "corpus"), ("Days", "30")]; 2];
        let other = NOW.replace("BucketName: !Ref Name", "BucketName: { Ref: Name }");
        assert_eq!(compare(NOW, &other, given), BTreeMap::new());
    }

    #[test]
    fn a_parameter_changes_exactly_what_it_goes_into() {
        let given: [&[(&str, &str)]; 2] =
            [&[("Name", "corpus"), ("Days", "30")], &[("Name", "corpus"), ("Days", "60")]];
        let wanted = [("Days", (Kind::Modify, true)), ("Log", (Kind::Modify, true))];
        assert_eq!(compare(NOW, NOW, given), wanted.map(|(n, k)| (n.to_owned(), k)).into());
    }

    #[test]
    fn a_replacement_reaches_what_names_it() {
        let given: [&[(&str, &str)]; 2] =
            [&[("Name", "corpus"), ("Days", "30")], &[("Name", "other"), ("Days", "30")]];
        let found = compare(NOW, NOW, given);
        assert_eq!(found["Bucket"], (Kind::Replace, true));
        // The bucket of a policy cannot be altered either.
        assert_eq!(found["Policy"], (Kind::Modify, false));
        assert!(!found.contains_key("Log"), "{found:?}");
    }

    #[test]
    fn what_comes_goes_stays_or_cannot_be_told_is_said() {
        let given: [&[(&str, &str)]; 2] = [&[("Name", "corpus"), ("Days", "30")]; 2];
        let wanted = NOW
            .replace("  Old: { Type: 'AWS::SNS::Topic' }\n", "  New: { Type: 'AWS::SQS::Queue' }\n")
            .replace("  Key: { Type: 'AWS::KMS::Key', DeletionPolicy: Retain }\n", "")
            .replace("{ A: 1 }", "{ A: 2 }")
            .replace("Outputs: { Arn:", "Outputs: { Other:");
        let found = compare(NOW, &wanted, given);
        let certain = |kind| (kind, true);
        let expected = [
            ("New", certain(Kind::Add)),
            ("Old", certain(Kind::Remove)),
            ("Key", certain(Kind::Keep)),
            ("Odd", (Kind::Modify, false)),
            ("Arn", certain(Kind::Remove)),
            ("Other", certain(Kind::Add)),
        ];
        assert_eq!(found, expected.map(|(n, k)| (n.to_owned(), k)).into());
    }

    #[test]
    fn a_hidden_parameter_is_never_shown_and_never_called_the_same() {
        let text = NOW
            .replace("Days: { Type: Number, Default: 30 }", "Days: { Type: String, NoEcho: true }");
        let now = Template::read(&text).unwrap();
        let [before, after] = [HIDDEN, "hunter2"].map(|value| {
            BTreeMap::from([
                ("Name".to_owned(), "corpus".to_owned()),
                ("Days".to_owned(), value.to_owned()),
            ])
        });
        let side = |parameters| Side { template: &now, parameters };
        let changes = changed(side(&before), side(&after), PLACE);
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert!(!changes[0].certain && !format!("{changes:?}").contains("hunter2"), "{changes:?}");
    }
}
