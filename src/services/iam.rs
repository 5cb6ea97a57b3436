//! IAM actions: how far each reaches, and on what.

use super::chunk::{ActionData, Chunk};
use super::index::index;

/// What an IAM action lets its holder do, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Sees that resources exist.
    List,
    /// Reads what is in them.
    Read,
    /// Alters tags.
    Tagging,
    /// Makes, alters or deletes.
    Write,
    /// Alters who may do what.
    PermissionsManagement,
}

impl Access {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::List),
            2 => Some(Self::Read),
            3 => Some(Self::Tagging),
            4 => Some(Self::Write),
            5 => Some(Self::PermissionsManagement),
            _ => None,
        }
    }

    /// Whether it only looks.
    #[must_use]
    pub const fn only_reads(self) -> bool {
        matches!(self, Self::List | Self::Read)
    }
}

/// One IAM action, such as `kms:CreateKey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamAction {
    /// Its name as AWS writes it.
    pub name: String,
    /// How far it reaches.
    pub access: Access,
    /// What a policy can narrow it to. Empty: only `*`.
    pub resources: Vec<Resource>,
}

/// A type of resource that an action works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name, such as `key`.
    pub kind: &'static str,
    /// What its ARNs look like: `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}`.
    pub patterns: Vec<&'static str>,
    /// Whether a policy must name one. Of those that it need not, any one will do.
    pub required: bool,
}

/// The IAM action of that name. Case does not matter, as in a policy.
#[must_use]
pub fn iam_action(name: &str) -> Option<IamAction> {
    let (prefix, name) = name.split_once(':')?;
    let (prefix, chunk) = index().prefix(&prefix.to_ascii_lowercase())?;
    let action = chunk
        .actions
        .iter()
        .find(|action| chunk.texts.get(action.name).eq_ignore_ascii_case(name))?;
    Some(described(prefix, chunk, action))
}

/// The names of the IAM actions of a prefix: `kms` has `CreateKey`, and so on.
pub fn iam_actions_of(prefix: &str) -> impl Iterator<Item = &'static str> + use<> {
    let chunk = index().prefix(prefix).map(|(_, chunk)| chunk);
    chunk
        .into_iter()
        .flat_map(|chunk| chunk.actions.iter().map(|action| chunk.texts.get(action.name)))
}

fn described(prefix: &str, chunk: &'static Chunk, action: &ActionData) -> IamAction {
    let text = |at: &u32| chunk.texts.get(*at);
    let resources = action.resources.iter().filter_map(|(at, required)| {
        let resource = chunk.resources.get(*at)?;
        let patterns = resource.patterns.iter().map(text).collect();
        Some(Resource { kind: text(&resource.name), patterns, required: *required })
    });
    IamAction {
        name: format!("{prefix}:{}", text(&action.name)),
        access: action.access,
        resources: resources.collect(),
    }
}
