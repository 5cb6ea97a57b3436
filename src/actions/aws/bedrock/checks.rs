//! What is looked at in a Region before it takes over: one question each, and each answer may be "cannot tell".

use super::policy::{Says, says};
use crate::actions::Trouble;
use crate::actions::aws::cli::Calls;
use crate::actions::aws::says_error;
use crate::model::value::Value;
use serde_json::json;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Missing,
    Unknown,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// How one thing stands, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) state: State,
    pub(super) detail: String,
}

/// The questions about one model in one Region.
pub(super) struct Checks<'a> {
    pub(super) calls: Calls<'a>,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) model: &'a str,
}

/// The beginnings of the ids of inference profiles that AWS makes.
const GEOGRAPHIES: [&str; 8] = ["us", "eu", "apac", "us-gov", "global", "jp", "au", "ca"];

/// Whether a model is named by an inference profile.
fn is_profile(model: &str) -> bool {
    model.contains("inference-profile/")
        || model.split_once('.').is_some_and(|(first, _)| GEOGRAPHIES.contains(&first))
}

/// The ends of an answer of the access question that are not as they must be.
fn lacks(availability: &Value) -> Vec<String> {
    let wanted = [
        ("authorizationStatus", "AUTHORIZED", &availability["authorizationStatus"]),
        ("agreement", "AVAILABLE", &availability["agreementAvailability"]["status"]),
        ("entitlement", "AVAILABLE", &availability["entitlementAvailability"]),
        ("region", "AVAILABLE", &availability["regionAvailability"]),
    ];
    let wrong = wanted.into_iter().filter(|(_, wanted, is)| *is != wanted);
    wrong.map(|(name, _, is)| format!("{name} is {}", is.as_str().unwrap_or("not said"))).collect()
}

impl Checks<'_> {
    /// Whether this account may call the model there. The first calls of a new access can succeed for up to a
    /// quarter of an hour and then be refused, so this asks, and a soak has to follow.
    pub(super) async fn access(&self) -> Finding {
        let models = match self.foundation_models().await {
            Ok(models) => models,
            Err(found) => return found,
        };
        for model in &models {
            let input = json!({ "modelId": model });
            let asked =
                self.calls.read("bedrock", "get-foundation-model-availability", Some(&input)).await;
            let lacks = match asked {
                Ok(answer) => lacks(&answer),
                Err(trouble) if says_error(&trouble, "ResourceNotFoundException") => {
                    return found(
                        "access",
                        State::Missing,
                        format!("{} has no model {model}", self.region),
                    );
                }
                Err(trouble) => return unread("access", &trouble),
            };
            if !lacks.is_empty() {
                let detail = format!("{model}: {}", lacks.join(", "));
                return found("access", State::Missing, detail);
            }
        }
        found("access", State::Ok, format!("{} may be called", models.join(", ")))
    }

    /// The models behind a profile, or the model itself.
    async fn foundation_models(&self) -> Result<Vec<String>, Finding> {
        let plain = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        if !is_profile(self.model) {
            return Ok(vec![plain(self.model)]);
        }
        let input = json!({ "inferenceProfileIdentifier": self.model });
        let asked = self.calls.read("bedrock", "get-inference-profile", Some(&input)).await;
        let profile = asked.map_err(|trouble| {
            if says_error(&trouble, "ResourceNotFoundException") {
                let detail = format!("{} has no inference profile {}", self.region, self.model);
                found("access", State::Missing, detail)
            } else {
                unread("access", &trouble)
            }
        })?;
        let arns = profile["models"].as_array().map_or(&[][..], Vec::as_slice);
        let mut models: Vec<String> =
            arns.iter().filter_map(|model| model["modelArn"].as_str()).map(plain).collect();
        models.sort();
        models.dedup();
        match profile["status"].as_str() {
            Some("ACTIVE") if !models.is_empty() => Ok(models),
            status => {
                let detail = format!("the profile {} is {status:?}", self.model);
                Err(found("access", State::Missing, detail))
            }
        }
    }

    /// Whether the applied quotas are at least what is needed. No number is known here by heart.
    pub(super) async fn quotas(&self, needed: &[(String, f64)]) -> Finding {
        if needed.is_empty() {
            let detail = "no quota was named: say in `quotas` what the load needs";
            return found("quotas", State::Unknown, detail.to_owned());
        }
        let mut seen = Vec::new();
        for (code, least) in needed {
            let applied = match self.applied(code).await {
                Ok(Some(applied)) => applied,
                Ok(None) => {
                    return found("quotas", State::Unknown, format!("{code} has no value there"));
                }
                Err(trouble) => return unread("quotas", &trouble),
            };
            if applied < *least {
                let detail = format!("{code} is {applied}, and {least} are needed");
                return found("quotas", State::Missing, detail);
            }
            seen.push(format!("{code} is {applied}"));
        }
        found("quotas", State::Ok, seen.join(", "))
    }

    /// A quota as it is applied. One that was never changed is only known by its default.
    async fn applied(&self, code: &str) -> Result<Option<f64>, Trouble> {
        let input = json!({ "ServiceCode": "bedrock", "QuotaCode": code });
        let applied = self.calls.read("service-quotas", "get-service-quota", Some(&input)).await;
        let quota = match applied {
            Err(trouble) if says_error(&trouble, "NoSuchResourceException") => {
                self.calls
                    .read("service-quotas", "get-aws-default-service-quota", Some(&input))
                    .await?
            }
            answer => answer?,
        };
        Ok(quota["Quota"]["Value"].as_f64())
    }

    /// The private endpoint of the runtime, and what its policy says.
    pub(super) async fn endpoint(&self, vpc: Option<&str>) -> (Finding, Finding) {
        let service = format!("com.amazonaws.{}.bedrock-runtime", self.region);
        let mut filters = vec![json!({ "Name": "service-name", "Values": [service] })];
        filters.extend(vpc.map(|vpc| json!({ "Name": "vpc-id", "Values": [vpc] })));
        let input = json!({ "Filters": filters });
        let asked = self.calls.read("ec2", "describe-vpc-endpoints", Some(&input)).await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(trouble) => return (unread("endpoint", &trouble), unread("policy", &trouble)),
        };
        let all = answer["VpcEndpoints"].as_array().map_or(&[][..], Vec::as_slice);
        let is_up = |one: &&Value| {
            one["State"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("available"))
        };
        let Some(endpoint) = all.iter().find(is_up) else {
            let detail = format!("no available endpoint for {service}");
            let none = "there is no endpoint whose policy could be read".to_owned();
            return (
                found("endpoint", State::Missing, detail),
                found("policy", State::Missing, none),
            );
        };
        let id = endpoint["VpcEndpointId"].as_str().unwrap_or_default();
        let dns = if endpoint["PrivateDnsEnabled"] == true { "on" } else { "off" };
        let detail = format!("{id} is available, its private DNS is {dns}");
        (found("endpoint", State::Ok, detail), self.policy(id, &endpoint["PolicyDocument"]))
    }

    fn policy(&self, id: &str, document: &Value) -> Finding {
        let parsed = document.as_str().map(serde_json::from_str::<Value>);
        let Some(Ok(policy)) = parsed else {
            return found(
                "policy",
                State::Unknown,
                format!("the policy of {id} could not be read"),
            );
        };
        match says(&policy, &self.arns()) {
            Says::Allows => found("policy", State::Ok, format!("{id} lets {} through", self.model)),
            Says::Refuses => {
                found("policy", State::Missing, format!("{id} does not let {} through", self.model))
            }
            // A call through it is the proof, and it follows in every failover.
            Says::Depends(why) => found("policy", State::Ok, format!("{id}: {why}")),
        }
    }

    /// The ARNs that a policy may know the model by, in this Region.
    fn arns(&self) -> Vec<String> {
        if self.model.starts_with("arn:") {
            return vec![self.model.to_owned()];
        }
        let (region, account) = (self.region, self.account);
        if is_profile(self.model) {
            let base = self.model.split_once('.').map_or(self.model, |(_, base)| base);
            return vec![
                format!("arn:aws:bedrock:{region}:{account}:inference-profile/{}", self.model),
                format!("arn:aws:bedrock:{region}::foundation-model/{base}"),
            ];
        }
        vec![format!("arn:aws:bedrock:{region}::foundation-model/{}", self.model)]
    }

    /// Whether inferences are logged there. There is one configuration for a Region.
    pub(super) async fn logging(&self, log_group: Option<&str>) -> Finding {
        let operation = "get-model-invocation-logging-configuration";
        let answer = match self.calls.read("bedrock", operation, None).await {
            Ok(answer) => answer,
            Err(trouble) => return unread("logging", &trouble),
        };
        let configuration = &answer["loggingConfig"];
        let group = configuration["cloudWatchConfig"]["logGroupName"].as_str();
        let bucket = configuration["s3Config"]["bucketName"].as_str();
        match (log_group, group, bucket) {
            (_, None, None) => {
                found("logging", State::Missing, "inferences are not logged there".to_owned())
            }
            (Some(wanted), group, _) if group != Some(wanted) => {
                let to = group.or(bucket).unwrap_or_default();
                found("logging", State::Missing, format!("inferences go to {to}, not to {wanted}"))
            }
            (_, Some(group), _) => self.log_group(group).await,
            (_, None, Some(bucket)) => {
                found("logging", State::Ok, format!("inferences go to the bucket {bucket}"))
            }
        }
    }

    /// Bedrock does not make the log group, and writes nothing without it.
    async fn log_group(&self, group: &str) -> Finding {
        let input = json!({ "logGroupNamePrefix": group });
        let answer = match self.calls.read("logs", "describe-log-groups", Some(&input)).await {
            Ok(answer) => answer,
            Err(trouble) => return unread("logging", &trouble),
        };
        let groups = answer["logGroups"].as_array().map_or(&[][..], Vec::as_slice);
        if groups.iter().any(|one| one["logGroupName"] == group) {
            found("logging", State::Ok, format!("inferences go to {group}"))
        } else {
            found("logging", State::Missing, format!("there is no log group {group}"))
        }
    }
}

const fn found(check: &'static str, state: State, detail: String) -> Finding {
    Finding { check, state, detail }
}

fn unread(check: &'static str, trouble: &Trouble) -> Finding {
    found(check, State::Unknown, format!("could not be read: {}", trouble.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_known_by_its_name() {
        assert!(is_profile("eu.anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(is_profile("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"));
        assert!(!is_profile("anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(!is_profile("amazon.titan-embed-text-v2:0"));
    }

    #[test]
    fn access_is_there_only_when_all_four_say_so() {
        let mut answer = json!({ "authorizationStatus": "AUTHORIZED", "regionAvailability": "AVAILABLE",
            "agreementAvailability": { "status": "AVAILABLE" }, "entitlementAvailability": "AVAILABLE" });
        assert!(lacks(&answer).is_empty());
        answer["agreementAvailability"]["status"] = "NOT_AVAILABLE".into();
        assert_eq!(lacks(&answer), ["agreement is NOT_AVAILABLE"]);
        // What is not said is not taken for granted.
        assert_eq!(lacks(&json!({})).len(), 4);
    }
}
