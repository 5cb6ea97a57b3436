//! Policies as IAM, KMS and the other services write them: read, and never judged whole.
//!
//! Whether a request is allowed depends on more than one document. What is here reads one.

use crate::model::value::Value;

/// A policy: its statements, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Policy {
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statement {
    /// Its name, when it has one.
    pub(super) sid: Option<String>,
    /// Whether it allows. Otherwise it denies.
    pub(super) allows: bool,
    /// Whom it is about. In a policy of an identity: nobody.
    pub(super) principals: Vec<Principal>,
    /// What it is about.
    pub(super) actions: Which,
    /// On what.
    pub(super) resources: Which,
    /// Under which conditions. All of them must hold.
    pub(super) conditions: Vec<Condition>,
}

/// These, or everything but these.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Which {
    /// These patterns.
    Only(Vec<String>),
    /// Everything that none of these patterns fits.
    AllBut(Vec<String>),
}

impl Default for Which {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl Which {
    /// Whether it is among them. Letters are compared without their case, as IAM does with actions.
    pub(super) fn has(&self, one: &str) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, one));
        match self {
            Self::Only(patterns) => fits(patterns),
            Self::AllBut(patterns) => !fits(patterns),
        }
    }

    /// The patterns that it names. Of everything but a few nobody knows what is left, so it is everything.
    pub(super) fn patterns(&self) -> Vec<String> {
        match self {
            Self::Only(patterns) => patterns.clone(),
            Self::AllBut(_) => vec!["*".to_owned()],
        }
    }

    fn read(statement: &Value, name: &str) -> Self {
        match (statement.get(name), statement.get(format!("Not{name}"))) {
            (None, Some(but)) => Self::AllBut(texts(but)),
            (only, _) => Self::Only(only.map(texts).unwrap_or_default()),
        }
    }
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Principal {
    /// Anybody at all.
    Anyone,
    /// A whole account, by its digits. Its own policies decide who in it.
    Account(String),
    /// One user, role or session, by its ARN.
    Arn(String),
    /// An AWS service.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// What is left of a user or a role that was deleted: its unique id.
    Gone(String),
}

/// One condition of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// Such as `StringEquals`.
    pub(super) operator: String,
    /// Such as `aws:PrincipalArn`.
    pub(super) key: String,
    /// One of these.
    pub(super) values: Vec<String>,
}

impl std::fmt::Display for Condition {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} {} {}", self.key, self.operator, self.values.join(" | "))
    }
}

impl Condition {
    /// Whether it narrows to its values. What negates, or holds where the key is missing, does not.
    pub(super) fn is_positive(&self) -> bool {
        let operator = self.operator.rsplit(':').next().unwrap_or_default();
        !operator.contains("Not")
            && !operator.ends_with("IfExists")
            && !self.operator.starts_with("ForAllValues")
            && ["StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase"]
                .contains(&operator)
    }
}

impl Policy {
    /// Reads a policy, given as JSON or as a text that is JSON. Nothing when it is neither.
    pub(super) fn read(document: &Value) -> Option<Self> {
        let parsed;
        let document = match document {
            Value::String(text) => {
                parsed = serde_json::from_str::<Value>(text).ok()?;
                &parsed
            }
            other => other,
        };
        let statements = match document.get("Statement")? {
            Value::Array(all) => all.iter().map(Statement::read).collect(),
            one => vec![Statement::read(one)],
        };
        Some(Self { statements })
    }
}

impl Statement {
    fn read(statement: &Value) -> Self {
        let principals = match (statement.get("Principal"), statement.get("NotPrincipal")) {
            (Some(named), _) => principals(named),
            // Everybody but a few is everybody.
            (None, Some(_)) => vec![Principal::Anyone],
            (None, None) => Vec::new(),
        };
        Self {
            sid: statement.get("Sid").and_then(Value::as_str).map(str::to_owned),
            allows: statement.get("Effect").and_then(Value::as_str) == Some("Allow"),
            principals,
            actions: Which::read(statement, "Action"),
            resources: Which::read(statement, "Resource"),
            conditions: conditions(statement.get("Condition")),
        }
    }

    /// The values that its conditions narrow this key to. Nothing when they do not.
    pub(super) fn narrowed(&self, key: &str) -> Option<Vec<&str>> {
        let mut about = self
            .conditions
            .iter()
            .filter(|condition| condition.key.eq_ignore_ascii_case(key) && condition.is_positive());
        about.next().map(|condition| condition.values.iter().map(String::as_str).collect())
    }
}

fn principals(named: &Value) -> Vec<Principal> {
    match named {
        Value::Object(kinds) => {
            let of = |(kind, who): (&String, &Value)| {
                texts(who).into_iter().map(|who| principal(kind, who)).collect::<Vec<_>>()
            };
            kinds.iter().flat_map(of).collect()
        }
        Value::String(all) if all == "*" => vec![Principal::Anyone],
        _ => Vec::new(),
    }
}

fn principal(kind: &str, who: String) -> Principal {
    match kind {
        "Service" => Principal::Service(who),
        "Federated" => Principal::Federated(who),
        _ if who == "*" => Principal::Anyone,
        _ if is_account(&who) => Principal::Account(who),
        _ => match account_of(&who) {
            Some(account) if who.ends_with(":root") => Principal::Account(account.to_owned()),
            Some(_) => Principal::Arn(who),
            None => Principal::Gone(who),
        },
    }
}

fn conditions(written: Option<&Value>) -> Vec<Condition> {
    let operators = written.and_then(Value::as_object).into_iter().flatten();
    let of = |(operator, keys): (&String, &Value)| {
        let keys = keys.as_object().into_iter().flatten();
        let read = |(key, values): (&String, &Value)| Condition {
            operator: operator.clone(),
            key: key.clone(),
            values: texts(values),
        };
        keys.map(read).collect::<Vec<_>>()
    };
    operators.flat_map(of).collect()
}

/// One text, or several.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Object(_) => Vec::new(),
        scalar => vec![scalar.to_string()],
    }
}

/// The account in an ARN.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3).filter(|account| is_account(account))
}

/// The Region in an ARN.
pub(super) fn region_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a pattern of a policy fits: `*` is any text, `?` any one letter.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.to_lowercase().chars().collect(), text.to_lowercase().chars().collect());
    // The last star, and how far the text was when it was met: what to go back to.
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some('?') => (at, seen) = (at + 1, seen + 1),
            Some(letter) if *letter == text[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((back, taken)) => {
                    star = Some((back, taken + 1));
                    (at, seen) = (back + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_letter() {
        for (pattern, text, fits) in [
            ("sts:*", "sts:AssumeRole", true),
            ("STS:assume*", "sts:AssumeRoleWithSAML", true),
            ("*", "", true),
            ("arn:aws:iam::*:role/a-*-b", "arn:aws:iam::1:role/a-x-b-b", true),
            ("arn:aws:iam::*:role/a-*-b", "arn:aws:iam::1:role/a-x-b-c", false),
            ("ab?", "abc", true),
            ("ab?", "ab", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} on {text}");
        }
    }

    #[test]
    fn every_way_to_name_a_principal_is_known() {
        let of = |named: Value| principals(&named);
        let arn = "arn:aws:iam::222222222222:role/reader";
        assert_eq!(of(json!("*")), [Principal::Anyone]);
        assert_eq!(of(json!({ "AWS": "*" })), [Principal::Anyone]);
        let root = "arn:aws:iam::222222222222:root";
        let account = Principal::Account("222222222222".to_owned());
        assert_eq!(of(json!({ "AWS": [root, "222222222222"] })), [account.clone(), account]);
        assert_eq!(of(json!({ "AWS": arn })), [Principal::Arn(arn.to_owned())]);
        let gone = Principal::Gone("AROAEXAMPLEID".to_owned());
        assert_eq!(of(json!({ "AWS": "AROAEXAMPLEID" })), [gone]);
        let service = Principal::Service("lambda.amazonaws.com".to_owned());
        assert_eq!(of(json!({ "Service": "lambda.amazonaws.com" })), [service]);
    }

    #[test]
    fn a_condition_narrows_only_when_it_names_what_it_wants() {
        let statement = |operator: &str| {
            Statement::read(
                &json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole",
                "Condition": { operator: { "aws:PrincipalArn": "arn:aws:iam::1:role/a" } } }),
            )
        };
        for narrows in ["ArnEquals", "StringLike", "ForAnyValue:StringEquals"] {
            assert!(statement(narrows).narrowed("aws:principalarn").is_some(), "{narrows}");
        }
        for does_not in ["ArnNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals"] {
            assert!(statement(does_not).narrowed("aws:PrincipalArn").is_none(), "{does_not}");
        }
        let not = Statement::read(&json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "1" } }));
        assert_eq!(not.principals, [Principal::Anyone]);
    }
}
