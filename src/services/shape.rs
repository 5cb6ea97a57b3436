//! Types of fields.

use super::chunk::{Chunk, Parts, Ref, To};
use std::ops::Range;

/// A field of a structure.
#[derive(Clone, Copy)]
pub struct Member {
    chunk: &'static Chunk,
    at: usize,
}

/// The type of a field.
#[derive(Clone, Copy)]
pub struct Shape {
    chunk: &'static Chunk,
    of: Ref,
}

/// A mapping with known fields.
#[derive(Clone, Copy)]
pub struct Structure {
    chunk: &'static Chunk,
    members: (usize, usize),
    /// Whether exactly one of the fields is given.
    pub one_of: bool,
}

/// The kinds of type. What is inside of a list, a map or a structure of an answer may not be known.
pub enum Kind {
    /// A text.
    String,
    /// One of these texts.
    Values(Vec<&'static str>),
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Bytes, written as a text.
    Blob,
    /// A point in time: a text, or a number of seconds.
    Timestamp,
    /// Anything.
    Any,
    /// A list.
    List(Option<Shape>),
    /// A mapping with keys of the author's choice.
    Map(Option<Shape>),
    /// A mapping with known fields.
    Structure(Structure),
    /// A mapping whose fields are not in the data.
    Mapping,
}

impl Kind {
    /// What it is, in the words of the manual.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::String | Self::Values(_) | Self::Blob => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Timestamp => "a point in time",
            Self::Any => "any value",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Structure(_) | Self::Mapping => "a mapping",
        }
    }
}

/// The members of one structure.
pub(super) fn members(
    chunk: &'static Chunk,
    range: Range<usize>,
) -> impl Iterator<Item = Member> + use<> {
    range.filter(|at| *at < chunk.members.len()).map(move |at| Member { chunk, at })
}

impl Member {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.chunk.texts.get(self.chunk.members[self.at].name)
    }

    /// Whether it must be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.chunk.members[self.at].required
    }

    /// Whether it makes a repeated request harmless.
    #[must_use]
    pub fn is_token(&self) -> bool {
        self.chunk.members[self.at].token
    }

    /// Its type.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::new(self.chunk, self.chunk.members[self.at].shape)
    }
}

impl Shape {
    pub(super) const fn new(chunk: &'static Chunk, of: Ref) -> Self {
        Self { chunk, of }
    }

    /// Whether what is in it must not be shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.of.secret
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let at = match self.of.to {
            To::Plain(kind) => return plain(kind),
            To::Shape(at) => at,
        };
        let inner = |of: Ref| Some(Self { chunk: self.chunk, of });
        match self.chunk.shapes.get(at).map(|shape| &shape.parts) {
            Some(Parts::List(of)) => Kind::List(inner(*of)),
            Some(Parts::Map(of)) => Kind::Map(inner(*of)),
            Some(Parts::Structure { members, one_of }) => Kind::Structure(Structure {
                chunk: self.chunk,
                members: (members.start, members.end),
                one_of: *one_of,
            }),
            Some(Parts::Values(values)) => {
                let values = self.chunk.values.get(values.clone()).unwrap_or_default();
                Kind::Values(values.iter().map(|at| self.chunk.texts.get(*at)).collect())
            }
            None => Kind::Any,
        }
    }
}

impl Structure {
    /// Its fields, in the order of the API.
    pub fn members(&self) -> impl Iterator<Item = Member> + use<> {
        members(self.chunk, self.members.0..self.members.1)
    }

    /// The same for the same structure of the same service.
    pub(super) const fn identity(&self) -> usize {
        self.members.0
    }
}

const fn plain(kind: usize) -> Kind {
    match kind {
        0 => Kind::String,
        1 => Kind::Integer,
        2 => Kind::Number,
        3 => Kind::Boolean,
        4 => Kind::Blob,
        5 => Kind::Timestamp,
        7 => Kind::List(None),
        8 => Kind::Map(None),
        9 => Kind::Mapping,
        _ => Kind::Any,
    }
}
