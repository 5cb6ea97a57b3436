//! What an action asks of IAM: which permission, for what purpose, and on which resource.

/// One permission of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The IAM action, such as `kms:UpdateAlias`.
    pub action: &'static str,
    /// When in the life of a step it is asked for.
    pub purpose: Purpose,
    /// What it is asked on. All of them, when there are several.
    pub on: &'static [On],
    /// It is asked for only when all of these hold.
    pub when: &'static [When],
}

/// When in the life of a step a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// In every run that is carried out to its end.
    Run,
    /// In a run that meets what is said here.
    Sometimes(&'static str),
    /// To find out whether the effect is in place: before the first attempt, and after a crash. A run
    /// goes on without it.
    Look,
    /// To take the step back.
    Undo,
}

impl Purpose {
    /// Every purpose, in the order of the manual.
    pub const WORDS: [&'static str; 4] = ["run", "sometimes", "look", "undo"];

    /// The word in the manual.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Run => Self::WORDS[0],
            Self::Sometimes(_) => Self::WORDS[1],
            Self::Look => Self::WORDS[2],
            Self::Undo => Self::WORDS[3],
        }
    }
}

/// What a permission is asked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// IAM knows no resource for it: it can be granted on `*` only.
    Everything,
    /// What the input of that name names.
    Named(Kind, &'static str),
    /// The key that the input of that name names, asked for by the very name that was given. Only then
    /// can an alias narrow it.
    KeyAsNamed(&'static str),
    /// The key behind the alias that the input of that name names, asked for by that alias.
    KeyOfAlias(&'static str),
    /// The objects in the bucket of the first input whose names begin as the second says.
    ObjectsUnder(&'static str, &'static str),
    /// Something of that kind that only the run knows. Why, as the end of a sentence.
    Any(Kind, &'static str),
    /// Exactly this, `{partition}` and `{account}` filled in.
    Fixed(&'static str),
}

/// A kind of resource that a policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A KMS key.
    Key,
    /// An alias of a KMS key.
    Alias,
    /// An S3 bucket.
    Bucket,
    /// The objects of an S3 bucket.
    Objects,
    /// A log group, with its streams.
    LogGroup,
    /// A secret.
    Secret,
    /// A Lambda function.
    Function,
    /// A CloudFormation stack.
    Stack,
    /// A parameter of Systems Manager.
    Parameter,
    /// A model of Bedrock, also behind an inference profile.
    Model,
    /// A domain of OpenSearch.
    Domain,
}

impl Kind {
    /// Several of them, in words.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Key => "keys",
            Self::Alias => "aliases",
            Self::Bucket => "buckets",
            Self::Objects => "objects",
            Self::LogGroup => "log groups",
            Self::Secret => "secrets",
            Self::Function => "functions",
            Self::Stack => "stacks",
            Self::Parameter => "parameters",
            Self::Model => "models",
            Self::Domain => "domains",
        }
    }
}

/// What decides whether a permission is needed, as far as the inputs tell. What they do not tell counts
/// as needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The input is given.
    Given(&'static str),
    /// The input is not given.
    Absent(&'static str),
    /// The input is true, or this is what holds when it is not given.
    True(&'static str, bool),
    /// The list has this element, or is not given.
    Lists(&'static str, &'static str),
}

impl Permission {
    /// Asked for in every run.
    #[must_use]
    pub const fn run(action: &'static str, on: &'static [On]) -> Self {
        Self { action, purpose: Purpose::Run, on, when: &[] }
    }

    /// Asked for in a run that meets this.
    #[must_use]
    pub const fn sometimes(why: &'static str, action: &'static str, on: &'static [On]) -> Self {
        Self { action, purpose: Purpose::Sometimes(why), on, when: &[] }
    }

    /// Asked for to look whether the effect is in place.
    #[must_use]
    pub const fn look(action: &'static str, on: &'static [On]) -> Self {
        Self { action, purpose: Purpose::Look, on, when: &[] }
    }

    /// Asked for to take the step back.
    #[must_use]
    pub const fn undo(action: &'static str, on: &'static [On]) -> Self {
        Self { action, purpose: Purpose::Undo, on, when: &[] }
    }

    /// The same, only when all of these hold.
    #[must_use]
    pub const fn when(self, when: &'static [When]) -> Self {
        Self { when, ..self }
    }
}
