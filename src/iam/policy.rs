//! Policies: needs become the fewest statements, in an order that is always the same.

use super::pattern::Pattern;
use crate::model::permission::Purpose;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The characters, white space not counted, that a managed policy may have.
pub const MANAGED: usize = 6_144;
/// The characters, white space not counted, that all inline policies of a role may have together.
pub const INLINE: usize = 10_240;

/// A condition: operator, key and values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Condition {
    pub(super) operator: &'static str,
    pub(super) key: &'static str,
    pub(super) value: String,
}

/// One permission that something needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) purpose: Part,
    pub(super) action: String,
    pub(super) resource: Pattern,
    pub(super) condition: Option<Condition>,
}

/// The part of a policy that a permission belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Every run.
    Run,
    /// Runs that meet something special.
    Sometimes,
    /// Looks before the first attempt and after a crash.
    Look,
    /// Taking back.
    Undo,
}

impl Part {
    /// The part's word, as `Sid`s begin with it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Sometimes => "Sometimes",
            Self::Look => "Look",
            Self::Undo => "Undo",
        }
    }
}

impl From<Purpose> for Part {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Run => Self::Run,
            Purpose::Sometimes(_) => Self::Sometimes,
            Purpose::Look => Self::Look,
            Purpose::Undo => Self::Undo,
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The part it belongs to.
    pub part: Part,
    /// Its name in the policy.
    pub sid: String,
    /// What it allows, sorted.
    pub actions: Vec<String>,
    /// On what, sorted.
    pub resources: Vec<String>,
    pub(super) condition: Option<Condition>,
}

impl Statement {
    /// The statement as a policy has it.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut statement = json!({
            "Sid": self.sid, "Effect": "Allow",
            "Action": one_or_all(&self.actions), "Resource": one_or_all(&self.resources),
        });
        if let (Some(condition), Some(fields)) = (&self.condition, statement.as_object_mut()) {
            let mut inner = serde_json::Map::new();
            inner.insert(condition.key.to_owned(), condition.value.clone().into());
            let mut outer = serde_json::Map::new();
            outer.insert(condition.operator.to_owned(), Value::Object(inner));
            fields.insert("Condition".to_owned(), Value::Object(outer));
        }
        statement
    }
}

fn one_or_all(texts: &[String]) -> Value {
    match texts {
        [one] => one.as_str().into(),
        all => all.iter().map(String::as_str).collect(),
    }
}

/// A policy document of these statements.
#[must_use]
pub fn document(statements: &[Statement]) -> Value {
    let statements: Vec<Value> = statements.iter().map(Statement::value).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// How many characters of a document count.
#[must_use]
pub fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|character| !character.is_whitespace()).count()
}

/// The statements in as few documents as fit, none larger than `limit`.
#[must_use]
pub fn split(statements: &[Statement], limit: usize) -> Vec<Vec<Statement>> {
    let mut documents: Vec<Vec<Statement>> = Vec::new();
    for piece in statements.iter().flat_map(|statement| named_pieces(statement, limit)) {
        match documents.last_mut() {
            Some(last) => {
                last.push(piece);
                if size(&document(last)) > limit
                    && last.len() > 1
                    && let Some(piece) = last.pop()
                {
                    documents.push(vec![piece]);
                }
            }
            None => documents.push(vec![piece]),
        }
    }
    documents
}

/// The pieces of a statement, each with a name of its own.
fn named_pieces(statement: &Statement, limit: usize) -> Vec<Statement> {
    // The names of the pieces are a little longer than the name of the whole.
    const NAME: usize = 8;
    let mut pieces = pieces(statement, limit.saturating_sub(NAME));
    if pieces.len() > 1 {
        for (at, piece) in pieces.iter_mut().enumerate() {
            piece.sid = format!("{}Piece{}", statement.sid, at + 1);
        }
    }
    pieces
}

/// A statement that is too large alone, cut through its longer list.
fn pieces(statement: &Statement, limit: usize) -> Vec<Statement> {
    let alone = size(&document(std::slice::from_ref(statement)));
    if alone <= limit || statement.actions.len() + statement.resources.len() <= 2 {
        return vec![statement.clone()];
    }
    let by_resource = statement.resources.len() >= statement.actions.len();
    let half = |first: bool| {
        let cut = |list: &[String]| {
            let (one, other) = list.split_at(list.len().div_ceil(2));
            (if first { one } else { other }).to_vec()
        };
        let mut piece = statement.clone();
        if by_resource {
            piece.resources = cut(&statement.resources);
        } else {
            piece.actions = cut(&statement.actions);
        }
        piece
    };
    [half(true), half(false)].iter().flat_map(|piece| pieces(piece, limit)).collect()
}

/// The needs that no other need makes superfluous. An earlier part makes a later one superfluous.
pub(super) fn without_superfluous(needs: &BTreeSet<Need>) -> BTreeSet<Need> {
    let superfluous = |need: &Need| {
        needs.iter().any(|other| {
            other != need
                && other.action == need.action
                && other.purpose <= need.purpose
                && (other.condition.is_none() || other.condition == need.condition)
                && other.resource.holds(&need.resource)
        })
    };
    needs.iter().filter(|need| !superfluous(need)).cloned().collect()
}

/// The fewest statements that allow exactly these needs.
pub(super) fn statements(needs: &BTreeSet<Need>) -> Vec<Statement> {
    type Where = (BTreeSet<String>, Option<Condition>);
    // What one action is allowed on, for one purpose and under one condition …
    let mut allowed: BTreeMap<(Part, &str, &Option<Condition>), BTreeSet<String>> = BTreeMap::new();
    for need in needs {
        let key = (need.purpose, need.action.as_str(), &need.condition);
        allowed.entry(key).or_default().insert(need.resource.to_string());
    }
    // … and all actions that are allowed on the same things.
    let mut grouped: BTreeMap<(Part, String, Where), BTreeSet<String>> = BTreeMap::new();
    for ((part, action, condition), resources) in allowed {
        let everywhere = resources.iter().all(|resource| resource == "*");
        let name = if everywhere { "Everywhere".to_owned() } else { service_of(action) };
        let key = (part, name, (resources, condition.clone()));
        grouped.entry(key).or_default().insert(action.to_owned());
    }
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    grouped
        .into_iter()
        .map(|((part, name, (resources, condition)), actions)| {
            let name = format!("{}{name}", part.word());
            let count = used.entry(name.clone()).or_default();
            *count += 1;
            // A number would read as part of a name such as `S3`.
            let sid = match *count {
                1 => name,
                count => format!("{name}No{count}"),
            };
            Statement {
                part,
                sid,
                actions: actions.into_iter().collect(),
                resources: resources.into_iter().collect(),
                condition,
            }
        })
        .collect()
}

/// The service of an action as a `Sid` may have it: letters and digits only.
fn service_of(action: &str) -> String {
    let service = action.split(':').next().unwrap_or_default();
    let mut words = String::new();
    for word in service.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        words.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        words.extend(letters);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(purpose: Part, action: &str, resource: &str) -> Need {
        let resource = Pattern::written(resource);
        Need { purpose, action: action.to_owned(), resource, condition: None }
    }

    #[test]
    fn what_is_allowed_already_is_not_said_again() {
        let narrow = need(Part::Run, "lambda:InvokeFunction", "arn:l:function:f");
        let wide = need(Part::Run, "lambda:InvokeFunction", "arn:l:function:*");
        let later = need(Part::Undo, "lambda:InvokeFunction", "arn:l:function:f");
        let needs = BTreeSet::from([narrow.clone(), wide.clone(), later.clone()]);
        assert_eq!(without_superfluous(&needs), BTreeSet::from([wide.clone()]));
        // What undo may do, a run may not do because of that.
        let wider_later = need(Part::Undo, "lambda:InvokeFunction", "*");
        let needs = BTreeSet::from([narrow.clone(), wider_later.clone()]);
        assert_eq!(without_superfluous(&needs), needs);
        // Nor does what is allowed on a condition make anything else superfluous.
        let condition = Some(Condition { operator: "StringEquals", key: "k", value: "v".into() });
        let conditional = Need { condition, ..wide };
        let needs = BTreeSet::from([narrow, conditional]);
        assert_eq!(without_superfluous(&needs), needs);
    }

    #[test]
    fn actions_on_the_same_things_are_one_statement_and_parts_stay_apart() {
        let needs = BTreeSet::from([
            need(Part::Run, "kms:DescribeKey", "arn:k:key/*"),
            need(Part::Run, "kms:Decrypt", "arn:k:key/*"),
            need(Part::Run, "kms:UpdateAlias", "arn:k:key/*"),
            need(Part::Run, "kms:UpdateAlias", "arn:k:alias/a"),
            need(Part::Undo, "kms:DisableKey", "arn:k:key/*"),
            need(Part::Run, "kms:ListKeys", "*"),
            need(Part::Run, "s3:ListAllMyBuckets", "*"),
        ]);
        let made = statements(&needs);
        let shown: Vec<_> =
            made.iter().map(|s| (s.sid.as_str(), s.actions.join(" "), s.resources.len())).collect();
        assert_eq!(
            shown,
            [
                ("RunEverywhere", "kms:ListKeys s3:ListAllMyBuckets".to_owned(), 1),
                ("RunKms", "kms:UpdateAlias".to_owned(), 2),
                ("RunKmsNo2", "kms:Decrypt kms:DescribeKey".to_owned(), 1),
                ("UndoKms", "kms:DisableKey".to_owned(), 1),
            ]
        );
        assert!(made.iter().all(|s| s.sid.chars().all(|c| c.is_ascii_alphanumeric())));
    }

    #[test]
    fn what_is_too_large_is_split_and_loses_nothing() {
        let many: BTreeSet<Need> = (0..200)
            .map(|at| {
                need(Part::Run, "s3:GetObject", &format!("arn:aws:s3:::a-long-bucket-name-{at}/*"))
            })
            .chain((0..40).map(|at| need(Part::Run, &format!("svc{at}:Do"), "arn:x:y")))
            .collect();
        let whole = statements(&many);
        let parts = split(&whole, 2_000);
        assert!(parts.len() > 3);
        let mut allowed = BTreeSet::new();
        for part in &parts {
            assert!(size(&document(part)) <= 2_000);
            let sids: BTreeSet<_> = part.iter().map(|s| &s.sid).collect();
            assert_eq!(sids.len(), part.len(), "a Sid is used once in a document");
            for statement in part {
                for action in &statement.actions {
                    allowed.extend(statement.resources.iter().map(|r| (action.clone(), r.clone())));
                }
            }
        }
        let wanted: BTreeSet<_> =
            many.iter().map(|n| (n.action.clone(), n.resource.to_string())).collect();
        assert_eq!(allowed, wanted);
        assert_eq!(split(&whole, 1_000_000), vec![whole]);
    }
}
