//! The ARNs of what an input names.

use super::pattern::Pattern;
use crate::model::permission::Kind;
use crate::model::project::Environment;

/// Where a permission is asked for. What is not known is `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: &'static str,
    pub(super) account: String,
    pub(super) region: String,
}

impl Place {
    /// The place of an account, when an environment says which one it is.
    pub(super) fn of(
        environment: Option<&Environment>,
        account: &str,
        region: Option<&str>,
    ) -> Self {
        let known = environment
            .and_then(|environment| {
                environment.accounts.iter().find(|(name, _)| name.as_str() == account)
            })
            .map(|(_, account)| account);
        let region = region
            .map(str::to_owned)
            .or_else(|| known.map(|account| account.region.clone()))
            .unwrap_or_else(|| "*".to_owned());
        let account = known.map_or_else(|| "*".to_owned(), |account| account.id.clone());
        Self { partition: partition(&region), account, region }
    }

    /// An ARN in this place.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// Everything of that kind in this place.
    pub(super) fn every(&self, kind: Kind) -> Pattern {
        let text = match kind {
            Kind::Key => self.arn("kms", "key/*"),
            Kind::Alias => self.arn("kms", "alias/*"),
            Kind::Bucket => format!("arn:{}:s3:::*", self.partition),
            Kind::Objects => format!("arn:{}:s3:::*/*", self.partition),
            Kind::LogGroup => self.arn("logs", "log-group:*"),
            Kind::Secret => self.arn("secretsmanager", "secret:*"),
            Kind::Function => self.arn("lambda", "function:*"),
            Kind::Stack => self.arn("cloudformation", "stack/*"),
            Kind::Parameter => self.arn("ssm", "parameter/*"),
            Kind::Model => format!("arn:{}:bedrock:*::foundation-model/*", self.partition),
            Kind::Domain => self.arn("es", "domain/*"),
        };
        Pattern::written(text)
    }

    /// A text of the catalog with this place filled in.
    pub(super) fn fill(&self, text: &str) -> Pattern {
        let text = text.replace("{partition}", self.partition).replace("{account}", &self.account);
        Pattern::written(text.replace("{region}", &self.region))
    }
}

/// The partition that a Region lies in, which its name tells.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The resources that a name means, or why a policy cannot name them.
pub(super) fn named(kind: Kind, name: &Pattern, place: &Place) -> Result<Vec<Pattern>, String> {
    let text = name.as_str();
    let beginning = name.known_beginning();
    let is_arn = beginning.starts_with("arn:");
    let in_place =
        |service: &str, resource: String| Ok(vec![Pattern::written(place.arn(service, &resource))]);
    match kind {
        _ if is_arn && kind == Kind::LogGroup => {
            let whole = if text.ends_with(":*") { text.to_owned() } else { format!("{text}:*") };
            Ok(vec![Pattern::written(whole)])
        }
        // The ARN of a secret may be given without the six characters at its end.
        _ if is_arn && kind == Kind::Secret => {
            Ok(vec![name.clone(), Pattern::written(format!("{text}-??????"))])
        }
        Kind::Key if alias_of(name).is_some() => {
            Err("a policy cannot name a key by its alias".to_owned())
        }
        _ if is_arn => Ok(vec![name.clone()]),
        // What is not known could be an ARN, an id or an alias.
        Kind::Key if !name.is_exact() => Err("it is not known which key it is".to_owned()),
        Kind::Key => in_place("kms", format!("key/{text}")),
        Kind::Alias if beginning.starts_with("alias/") => in_place("kms", text.to_owned()),
        Kind::Alias => Err(format!("`{text}` is not the name of an alias")),
        Kind::Bucket => Ok(vec![Pattern::written(format!("arn:{}:s3:::{text}", place.partition))]),
        Kind::Objects => {
            Ok(vec![Pattern::written(format!("arn:{}:s3:::{text}/*", place.partition))])
        }
        Kind::LogGroup => in_place("logs", format!("log-group:{text}:*")),
        // AWS adds a hyphen and six characters to the name.
        Kind::Secret => in_place("secretsmanager", format!("secret:{text}-??????")),
        Kind::Function => {
            // `123456789012:function:name` is one way to name a function.
            let name = text.rsplit_once("function:").map_or(text, |(_, name)| name);
            in_place("lambda", format!("function:{name}"))
        }
        Kind::Stack => in_place("cloudformation", format!("stack/{text}/*")),
        // The name of a parameter in a path begins with the slash that the ARN has anyway.
        Kind::Parameter => in_place("ssm", format!("parameter/{}", text.trim_start_matches('/'))),
        Kind::Model => Ok(models(text, place)),
        Kind::Domain => in_place("es", format!("domain/{text}")),
    }
}

/// A model is called by its own id or through an inference profile, which then calls it in other Regions.
fn models(text: &str, place: &Place) -> Vec<Pattern> {
    const GEOGRAPHIES: [&str; 8] = ["us", "eu", "apac", "us-gov", "global", "jp", "au", "ca"];
    let base = text.split_once('.').filter(|(first, _)| GEOGRAPHIES.contains(first));
    let model = |id: &str| format!("arn:{}:bedrock:*::foundation-model/{id}", place.partition);
    match base {
        Some((_, base)) => vec![
            Pattern::written(place.arn("bedrock", &format!("inference-profile/{text}"))),
            Pattern::written(model(base)),
        ],
        None => vec![Pattern::written(model(text))],
    }
}

/// The alias that a key is named by.
pub(super) fn alias_of(name: &Pattern) -> Option<&str> {
    let text = name.as_str();
    if name.known_beginning().starts_with("alias/") {
        return Some(text);
    }
    let at = text.find(":alias/")?;
    text.starts_with("arn:").then(|| &text[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            partition: "aws",
            account: "222222222222".to_owned(),
            region: "eu-west-1".to_owned(),
        }
    }

    #[test]
    fn each_kind_has_its_own_arn() {
        let first = |kind, text: &str| {
            named(kind, &Pattern::literal(text), &place()).expect("an ARN")[0].to_string()
        };
        let own = |rest: &str| rest.replace("HERE", "eu-west-1:222222222222");
        assert_eq!(first(Kind::Key, "1234-abcd"), own("arn:aws:kms:HERE:key/1234-abcd"));
        let arn = "arn:aws:kms:us-east-1:333333333333:key/mrk-1";
        assert_eq!(first(Kind::Key, arn), arn);
        assert_eq!(first(Kind::Alias, "alias/corpus"), own("arn:aws:kms:HERE:alias/corpus"));
        assert_eq!(first(Kind::Bucket, "b"), "arn:aws:s3:::b");
        assert_eq!(first(Kind::Objects, "b"), "arn:aws:s3:::b/*");
        assert_eq!(first(Kind::LogGroup, "/a/b"), own("arn:aws:logs:HERE:log-group:/a/b:*"));
        let group = own("arn:aws:logs:HERE:log-group:/a/b");
        assert_eq!(first(Kind::LogGroup, &group), format!("{group}:*"));
        assert_eq!(
            first(Kind::Secret, "a/b"),
            own("arn:aws:secretsmanager:HERE:secret:a/b-??????")
        );
        assert_eq!(first(Kind::Function, "f:live"), own("arn:aws:lambda:HERE:function:f:live"));
        assert_eq!(
            first(Kind::Function, "222222222222:function:f"),
            own("arn:aws:lambda:HERE:function:f")
        );
        assert_eq!(first(Kind::Stack, "data"), own("arn:aws:cloudformation:HERE:stack/data/*"));
        assert_eq!(first(Kind::Parameter, "/a/b"), own("arn:aws:ssm:HERE:parameter/a/b"));
        assert_eq!(first(Kind::Domain, "index"), own("arn:aws:es:HERE:domain/index"));
        assert_eq!(first(Kind::Model, "a.b"), "arn:aws:bedrock:*::foundation-model/a.b");
        assert_eq!(
            first(Kind::Model, "eu.a.b"),
            own("arn:aws:bedrock:HERE:inference-profile/eu.a.b")
        );
    }

    #[test]
    fn an_alias_names_no_key_and_half_a_name_is_no_key() {
        let key = |pattern: &Pattern| named(Kind::Key, pattern, &place());
        assert!(key(&Pattern::literal("alias/corpus")).is_err());
        assert!(key(&Pattern::literal("arn:aws:kms:eu-west-1:222222222222:alias/corpus")).is_err());
        assert!(key(&Pattern::written("*-x")).is_err());
        assert_eq!(alias_of(&Pattern::literal("arn:aws:kms:r:1:alias/a")), Some("alias/a"));
        assert_eq!(alias_of(&Pattern::literal("1234")), None);
    }

    #[test]
    fn a_region_lies_in_its_partition_and_an_unknown_account_is_a_star() {
        assert_eq!(partition("cn-north-1"), "aws-cn");
        assert_eq!(partition("us-gov-west-1"), "aws-us-gov");
        let nowhere = Place::of(None, "data", None);
        assert_eq!(nowhere.every(Kind::Key).to_string(), "arn:aws:kms:*:*:key/*");
    }
}
