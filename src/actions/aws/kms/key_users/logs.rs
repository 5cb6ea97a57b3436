//! Log groups that take in events under a key. Older events may be under yet another one.

use super::Findings;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::KeyName;
use crate::actions::aws::logs::groups;

pub(super) async fn sweep(
    aws: &Aws,
    key: &KeyName,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    for group in groups(aws, None).await? {
        if group.kms_key_id.as_deref().is_some_and(|id| key.is(id)) {
            let name = group.log_group_name.unwrap_or_default();
            findings.user("logs", &name, "log group", None);
        }
    }
    Ok(())
}
