//! One stack as it is, and what its status allows.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::trouble::{code, described};
use crate::actions::aws::wait::Patience;
use crate::model::value::Values;
use aws_sdk_cloudformation::types::Stack;
use std::time::Duration;

/// A stack may take hours (a domain, a distribution). The step's own time limit is what counts.
pub(super) const WORK: Patience =
    Patience { first: Duration::from_millis(250), longest: Duration::from_secs(5), looks: 6_000 };

/// What can be done with a stack in its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is none.
    Absent,
    /// A change set for its creation was never executed. It has no resources.
    Review,
    /// CloudFormation works at it.
    Busy,
    /// It can be updated.
    Ready,
    /// Its creation failed, and it can only be deleted.
    NeverCreated,
    /// It needs hands.
    Stuck,
}

/// Reads a status.
pub(super) fn standing(status: Option<&str>) -> Standing {
    match status {
        None | Some("DELETE_COMPLETE") => Standing::Absent,
        Some("REVIEW_IN_PROGRESS") => Standing::Review,
        Some(status) if status.ends_with("_IN_PROGRESS") => Standing::Busy,
        Some(
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE"
            | "UPDATE_FAILED",
        ) => Standing::Ready,
        Some("ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED") => Standing::NeverCreated,
        Some(_) => Standing::Stuck,
    }
}

/// The status as CloudFormation writes it.
pub(super) fn status(stack: &Stack) -> &str {
    stack.stack_status.as_ref().map_or("", |status| status.as_str())
}

/// The stack of that name or id. A deleted one is found by its id only.
pub(super) async fn find(aws: &Aws, name: &str) -> Result<Option<Stack>, Trouble> {
    let answer = aws.cloudformation().describe_stacks().stack_name(name).send().await;
    if let Err(error) = &answer {
        // There is no error of its own for this.
        let absent = code(error).as_deref() == Some("ValidationError")
            && described(error).1.contains("does not exist");
        if absent {
            return Ok(None);
        }
    }
    let answer = std::future::ready(answer);
    let answer = aws.read("cloudformation:DescribeStacks", name, answer).await?;
    Ok(answer.stacks.and_then(|stacks| stacks.into_iter().next()))
}

/// The standing of a stack that may not be there.
pub(super) fn standing_of(stack: Option<&Stack>) -> Standing {
    standing(stack.map(status))
}

/// The stack's outputs by name.
pub(super) fn outputs(stack: &Stack) -> Values {
    let outputs = stack.outputs.iter().flatten();
    outputs.filter_map(|o| Some((o.output_key.clone()?, o.output_value.clone()?.into()))).collect()
}

/// When it was last changed, in seconds. It moves with every update.
pub(super) fn stamp(stack: &Stack) -> Option<i64> {
    stack.last_updated_time.or(stack.creation_time).map(|time| time.secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        assert_eq!(standing(None), Standing::Absent);
        assert_eq!(standing(Some("REVIEW_IN_PROGRESS")), Standing::Review);
        assert_eq!(standing(Some("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")), Standing::Busy);
        assert_eq!(standing(Some("UPDATE_ROLLBACK_COMPLETE")), Standing::Ready);
        assert_eq!(standing(Some("ROLLBACK_COMPLETE")), Standing::NeverCreated);
        assert_eq!(standing(Some("DELETE_FAILED")), Standing::Stuck);
        assert_eq!(standing(Some("UPDATE_ROLLBACK_FAILED")), Standing::Stuck);
    }
}
