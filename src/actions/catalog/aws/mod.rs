//! The descriptions of the actions on AWS. Nothing of the SDK is needed to read them.

mod bedrock;
pub mod call;
mod cloudformation;
mod iam;
mod inventory;
mod kms;
mod kms_look;
mod lambda;
mod logs;
pub mod opensearch;
mod residency;
mod s3;
mod secrets;
mod ssm;

use crate::model::action::{ActionSpec, InputSpec, OutputSpec};
use crate::model::runbook::Type;

/// Every action on AWS.
pub(super) fn specs() -> Vec<ActionSpec> {
    let mut all = vec![call::IDENTITY, call::CALL];
    all.extend(bedrock::SPECS);
    all.extend(cloudformation::SPECS);
    all.push(inventory::INVENTORY);
    all.extend(iam::SPECS);
    all.extend(kms::SPECS);
    all.extend(kms_look::SPECS);
    all.extend(lambda::SPECS);
    all.extend(logs::SPECS);
    all.extend(residency::SPECS);
    all.extend(opensearch::SPECS);
    all.extend(s3::SPECS);
    all.extend(secrets::SPECS);
    all.extend(ssm::SPECS);
    all
}

/// An input that must be given.
const fn needs(name: &'static str, kind: Type, description: &'static str) -> InputSpec {
    InputSpec { name, kind, required: true, default: None, description }
}

/// An input that may be given.
const fn takes(name: &'static str, kind: Type, description: &'static str) -> InputSpec {
    InputSpec { name, kind, required: false, default: None, description }
}

/// An input that may be given, and what it is when it is not.
const fn takes_or(
    name: &'static str,
    kind: Type,
    default: &'static str,
    description: &'static str,
) -> InputSpec {
    InputSpec { name, kind, required: false, default: Some(default), description }
}

/// An output.
const fn gives(name: &'static str, kind: Type, description: &'static str) -> OutputSpec {
    OutputSpec { name, kind, description }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_description_is_whole() {
        let specs = specs();
        let names: BTreeSet<_> = specs.iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), specs.len(), "a name is used twice");
        for spec in &specs {
            let name = spec.name;
            assert!(!spec.summary.ends_with('.'), "{name}: a summary has no full stop");
            assert!(spec.example.starts_with(&format!("uses: {name}")), "{name}: its example");
            assert!(spec.needs_account, "{name} acts in an account");
            let needless = ["aws/call", "aws/identity"];
            assert!(
                needless.contains(&name) || !spec.permissions.is_empty(),
                "{name}: permissions"
            );
            for input in spec.inputs.iter().filter(|input| input.required) {
                assert!(
                    spec.example.contains(input.name),
                    "{name}: example without {}",
                    input.name
                );
            }
        }
    }
}
