//! One operation of a service: what it takes, what it gives, and what it needs.

use super::chunk::{Chunk, Need, OperationData, When};
use super::effect;
use super::iam::Access;
use super::shape::{Kind, Member, Shape, members};
use crate::model::mode::Effect;

/// An operation. Cheap to copy: what it says is in the embedded data.
#[derive(Clone, Copy)]
pub struct Operation {
    service: &'static str,
    pub(super) chunk: &'static Chunk,
    data: &'static OperationData,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Operation({} {})", self.service, self.data.name)
    }
}

impl Operation {
    pub(super) const fn new(
        service: &'static str,
        chunk: &'static Chunk,
        data: &'static OperationData,
    ) -> Self {
        Self { service, chunk, data }
    }

    /// The service, as the AWS CLI calls it: `s3api`.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The operation, as the AWS CLI calls it: `create-key`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        &self.data.name
    }

    /// The operation, as the API calls it: `CreateKey`.
    #[must_use]
    pub fn api_name(&self) -> &'static str {
        self.chunk.texts.get(self.data.api_name)
    }

    /// What it does to the world.
    #[must_use]
    pub fn effect(&self) -> Effect {
        effect::of(self)
    }

    /// How far the IAM actions it needs reach. None: nobody says.
    #[must_use]
    pub const fn access(&self) -> Option<Access> {
        self.data.access
    }

    /// The fields of its request, in the order of the API.
    pub fn input(&self) -> impl Iterator<Item = Member> + use<> {
        let shape = self.data.input.map(|input| Shape::new(self.chunk, input));
        shape
            .into_iter()
            .flat_map(|shape| match shape.kind() {
                Kind::Structure(structure) => Some(structure.members()),
                _ => None,
            })
            .flatten()
    }

    /// The fields of its answer. Below the first level, only what leads to a secret is known for certain.
    pub fn output(&self) -> impl Iterator<Item = Member> + use<> {
        members(self.chunk, self.data.output.clone())
    }

    /// The field that makes a repeated request harmless.
    #[must_use]
    pub fn token(&self) -> Option<&'static str> {
        self.input().find(Member::is_token).map(|member| member.name())
    }

    /// Whether the CLI writes the answer into a file that must be named on the command line.
    #[must_use]
    pub const fn answers_in_a_file(&self) -> bool {
        self.data.answers_in_a_file
    }

    /// The IAM actions it needs, as far as its input does not matter. None: cannot be told.
    #[must_use]
    pub fn iam_actions(&self) -> Option<Vec<&'static str>> {
        self.iam_actions_given(|_| false)
    }

    /// The IAM actions it needs with these fields of the input. None: cannot be told.
    #[must_use]
    pub fn iam_actions_given(&self, is_given: impl Fn(&str) -> bool) -> Option<Vec<&'static str>> {
        let holds = |need: &&Need| match &need.when {
            When::Always => true,
            When::Given(field) => is_given(field),
            When::LeftOut(field) => !is_given(field),
        };
        let needs = self.data.needs.as_ref()?;
        Some(needs.iter().filter(holds).map(|need| need.action.as_str()).collect())
    }
}
