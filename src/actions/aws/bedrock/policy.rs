//! Whether the policy of a private endpoint lets a model be called through it. Pure.

use regex::Regex;
use serde_json::Value;

/// What a policy says about one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A statement allows it, and none denies it.
    Allows,
    /// No statement allows it, or one denies it.
    Refuses,
    /// It depends on conditions or principals, which are not judged here.
    Depends(String),
}

/// The action that both ways of calling a model are checked against.
const ACTION: &str = "bedrock:InvokeModel";

/// What a policy says about calling a model that is known by these ARNs: all of them must be allowed.
pub(super) fn says(policy: &Value, resources: &[String]) -> Says {
    let mut depends = None;
    for resource in resources {
        match says_of(policy, resource) {
            Says::Allows => {}
            Says::Refuses => return Says::Refuses,
            Says::Depends(why) => depends = Some(why),
        }
    }
    depends.map_or(Says::Allows, Says::Depends)
}

fn says_of(policy: &Value, resource: &str) -> Says {
    let statements = list(&policy["Statement"]);
    let about = |effect: &str| {
        let is = move |one: &&&Value| one["Effect"] == effect && covers(one, resource);
        statements.iter().filter(is).copied().collect::<Vec<_>>()
    };
    let (denied, allowed) = (about("Deny"), about("Allow"));
    if denied.iter().any(|one| unconditional(one)) || allowed.is_empty() {
        return Says::Refuses;
    }
    let sure = allowed.iter().any(|one| unconditional(one)) && denied.is_empty();
    if sure {
        return Says::Allows;
    }
    let sid = allowed.iter().chain(&denied).find(|one| !unconditional(one));
    let sid = sid.and_then(|one| one["Sid"].as_str()).unwrap_or("one statement");
    Says::Depends(format!("{sid} names principals or conditions, which only a call can prove"))
}

/// Whether a statement holds for everybody and always.
fn unconditional(statement: &Value) -> bool {
    let everybody = ["*"].contains(&statement["Principal"].as_str().unwrap_or_default())
        || list(&statement["Principal"]["AWS"]).iter().any(|one| *one == "*");
    everybody
        && statement.get("Condition").is_none_or(|c| c.as_object().is_none_or(|c| c.is_empty()))
}

fn covers(statement: &Value, resource: &str) -> bool {
    let any = |name: &str, value: &str| {
        list(&statement[name]).iter().any(|one| matches(one.as_str().unwrap_or_default(), value))
    };
    let action = any("Action", ACTION)
        || (statement.get("NotAction").is_some() && !any("NotAction", ACTION));
    let resource = any("Resource", resource)
        || (statement.get("NotResource").is_some() && !any("NotResource", resource));
    action && resource
}

/// A value or a list of values, as a list.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// IAM compares actions without regard to case. ARNs are lower case where this looks.
fn matches(pattern: &str, value: &str) -> bool {
    let pattern = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?i)^{pattern}$")).is_ok_and(|pattern| pattern.is_match(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MODEL: &str = "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude";

    fn of(statements: Value) -> Says {
        says(&json!({ "Statement": statements }), &[MODEL.to_owned()])
    }

    #[test]
    fn the_policy_that_every_endpoint_begins_with_allows() {
        let all = json!([{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }]);
        assert_eq!(of(all), Says::Allows);
    }

    #[test]
    fn a_known_model_is_allowed_and_another_is_not() {
        let one = |resource: &str| json!([{ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "bedrock:Invoke*", "Resource": [resource] }]);
        assert_eq!(of(one("arn:aws:bedrock:*::foundation-model/anthropic.*")), Says::Allows);
        assert_eq!(
            of(one("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.*")),
            Says::Refuses
        );
    }

    #[test]
    fn a_denial_wins_and_a_condition_is_not_guessed() {
        let allow = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
        let mut deny =
            json!({ "Effect": "Deny", "Principal": "*", "Action": "bedrock:*", "Resource": "*" });
        assert_eq!(of(json!([allow, deny])), Says::Refuses);
        deny["Condition"] = json!({ "Bool": { "aws:SecureTransport": "false" } });
        assert!(matches!(of(json!([allow, deny])), Says::Depends(_)));
        let mine = json!({ "Sid": "Ours", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::1:role/answers" },
            "Action": "bedrock:InvokeModel", "Resource": "*" });
        assert!(matches!(of(json!([mine])), Says::Depends(why) if why.starts_with("Ours")));
        assert_eq!(of(json!([])), Says::Refuses);
    }
}
