//! What a change of a stack would take away although nobody can make it again.
//!
//! CloudFormation deletes what leaves a template, and what a changed property replaces, without a question. So a
//! resource that holds data goes only when the step names it.

use super::resolve::Template;
use crate::actions::Trouble;
use crate::actions::preview::{Change, Kind};
use aws_sdk_cloudformation::types::{ChangeAction, PolicyAction, Replacement, ResourceChange};

/// The types whose resources hold what no template makes again: data, and the keys without which it cannot be read.
const HOLDERS: [&str; 26] = [
    "AWS::Backup::BackupVault",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::S3Vectors::VectorBucket",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Table",
];

/// What may be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MayLose {
    /// Whatever it is: a step takes back what it did itself.
    Anything,
    /// These resources of the template.
    These(Vec<String>),
}

impl Default for MayLose {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

/// How a resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Deleted,
    Replaced,
}

/// A resource that is going, with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Going {
    name: String,
    of: String,
    way: Way,
    /// Whether CloudFormation itself says that it stays, or is copied first.
    kept: bool,
}

impl std::fmt::Display for Going {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, of, way, .. } = self;
        match way {
            Way::Deleted => write!(to, "{name} ({of}) would be deleted, with everything in it"),
            Way::Replaced => {
                write!(to, "{name} ({of}) would be replaced by a new one, with nothing in it")
            }
        }
    }
}

impl Going {
    /// What goes by an entry of a change set. Nothing when CloudFormation cannot tell yet whether it replaces.
    pub(super) fn by(change: &ResourceChange) -> Option<Self> {
        let way = match (change.action(), change.replacement()) {
            (Some(ChangeAction::Remove), _) => Way::Deleted,
            (Some(ChangeAction::Modify), Some(Replacement::True)) => Way::Replaced,
            _ => return None,
        };
        let kept = change.policy_action().is_some_and(|policy| {
            use PolicyAction::{ReplaceAndRetain, ReplaceAndSnapshot, Retain, Snapshot};
            [Retain, Snapshot, ReplaceAndRetain, ReplaceAndSnapshot].contains(policy)
        });
        let name = change.logical_resource_id().unwrap_or_default();
        Self::holding(name, change.resource_type().unwrap_or_default(), way, kept)
    }

    /// What goes by a change that a plan tells.
    pub(super) fn by_plan(change: &Change) -> Option<Self> {
        let way = match change.kind {
            Kind::Remove => Way::Deleted,
            Kind::Replace => Way::Replaced,
            _ => return None,
        };
        let of = change.of.as_deref().unwrap_or_default();
        Self::holding(&change.what, of, way, false).filter(|_| change.certain)
    }

    fn holding(name: &str, of: &str, way: Way, kept: bool) -> Option<Self> {
        let holds = HOLDERS.contains(&of);
        holds.then(|| Self { name: name.to_owned(), of: of.to_owned(), way, kept })
    }

    /// Whether it stays after all: by the policy that the templates give it. What is deleted has its policy from
    /// the template that is there, and what is replaced from the wanted one.
    fn stays(&self, now: Option<&Template>, wanted: Option<&Template>) -> bool {
        let policy = match self.way {
            Way::Deleted => now.and_then(|now| now.policy(&self.name, "DeletionPolicy")),
            Way::Replaced => wanted.and_then(|new| new.policy(&self.name, "UpdateReplacePolicy")),
        };
        self.kept || matches!(policy, Some("Retain" | "RetainExceptOnCreate" | "Snapshot"))
    }
}

impl MayLose {
    /// What would be lost without leave, each once.
    pub(super) fn forbids(
        &self,
        going: Vec<Going>,
        now: Option<&Template>,
        wanted: Option<&Template>,
    ) -> Vec<Going> {
        let Self::These(named) = self else { return Vec::new() };
        let goes = |one: &Going| !named.contains(&one.name) && !one.stays(now, wanted);
        let mut lost: Vec<Going> = going.into_iter().filter(goes).collect();
        lost.sort_by(|one, other| one.name.cmp(&other.name));
        lost.dedup_by(|one, other| one.name == other.name);
        lost
    }
}

/// Why the change is not made, and what to do about it.
pub(super) fn refused(stack: &str, lost: &[Going]) -> Trouble {
    let names: Vec<&str> = lost.iter().map(|one| one.name.as_str()).collect();
    Trouble::nothing_happened(format!("stack {stack}: {}", told(lost))).hint(format!(
        "To keep it, bring the template back to what it was, or give it `DeletionPolicy: Retain` and `UpdateReplacePolicy: Retain` first. \
         If it may go, say so in the step: `may_lose: [{}]`.",
        names.join(", ")
    ))
}

/// One after the other, as a sentence.
pub(super) fn told(lost: &[Going]) -> String {
    lost.iter().map(Going::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: ChangeAction, replacement: Option<Replacement>, of: &str) -> ResourceChange {
        ResourceChange::builder()
            .action(action)
            .set_replacement(replacement)
            .logical_resource_id("Corpus")
            .resource_type(of)
            .build()
    }

    fn template(policies: &str) -> Template {
        let text = format!("Resources:\n  Corpus:\n    Type: AWS::S3::Bucket\n{policies}");
        Template::read(&text).expect("a template")
    }

    #[test]
    fn the_types_are_in_order_and_named_once() {
        assert!(HOLDERS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_holds_data_and_goes_is_forbidden_unless_it_is_named_or_stays() {
        let bucket = "AWS::S3::Bucket";
        let removed = Going::by(&change(ChangeAction::Remove, None, bucket)).expect("it goes");
        let replaced = change(ChangeAction::Modify, Some(Replacement::True), bucket);
        let replaced = Going::by(&replaced).expect("it goes, too");
        let none = MayLose::default();
        for going in [removed.clone(), replaced.clone()] {
            let forbidden = none.forbids(vec![going.clone()], None, None);
            assert_eq!(forbidden, std::slice::from_ref(&going));
            let named = MayLose::These(vec!["Corpus".to_owned()]);
            assert!(named.forbids(vec![going.clone()], None, None).is_empty());
            assert!(MayLose::Anything.forbids(vec![going], None, None).is_empty());
        }
        // Each by its own policy.
        let deletion = template("    DeletionPolicy: Retain\n");
        let replacement = template("    UpdateReplacePolicy: Snapshot\n");
        let forbidden = |going: &Going, now, wanted| {
            !none.forbids(vec![going.clone()], Some(now), Some(wanted)).is_empty()
        };
        assert!(!forbidden(&removed, &deletion, &replacement));
        assert!(forbidden(&removed, &replacement, &deletion));
        assert!(!forbidden(&replaced, &deletion, &replacement));
        assert!(forbidden(&replaced, &replacement, &deletion));
    }

    #[test]
    fn what_holds_nothing_or_stays_goes_without_a_question() {
        let function = change(ChangeAction::Remove, None, "AWS::Lambda::Function");
        assert_eq!(Going::by(&function), None);
        let perhaps =
            change(ChangeAction::Modify, Some(Replacement::Conditional), "AWS::S3::Bucket");
        assert_eq!(Going::by(&perhaps), None);
    }

    #[test]
    fn the_refusal_names_what_would_go_and_the_two_ways_out() {
        let removed = change(ChangeAction::Remove, None, "AWS::OpenSearchService::Domain");
        let trouble = refused("index", &[Going::by(&removed).expect("it goes")]);
        assert!(
            trouble.message.starts_with("stack index: Corpus (AWS::OpenSearchService::Domain)")
        );
        let hint = trouble.hint.expect("a way out");
        assert!(hint.contains("may_lose: [Corpus]") && hint.contains("Retain"), "{hint}");
    }
}
