//! One service, or the actions of one IAM prefix, as they are in memory.

use super::format::{Next, Reader, Texts, Words};
use super::iam::Access;
use std::ops::Range;

/// References below this are types without parts.
const NEW_SHAPE: usize = 20;
const REQUIRED: u8 = 1;
const TOKEN: u8 = 2;
const SECRET: u8 = 4;
const ANSWER_IN_A_FILE: u8 = 1;
const OWN_NAME: u8 = 2;

#[derive(Default)]
pub(super) struct Chunk {
    pub(super) texts: Texts,
    /// Sorted by their names for the CLI.
    pub(super) operations: Vec<OperationData>,
    /// Commands of the CLI that are no operations.
    pub(super) commands: Vec<u32>,
    pub(super) shapes: Vec<ShapeData>,
    pub(super) members: Vec<MemberData>,
    /// The values of enumerations.
    pub(super) values: Vec<u32>,
    /// Sorted by their names.
    pub(super) actions: Vec<ActionData>,
    pub(super) resources: Vec<ResourceData>,
}

pub(super) struct OperationData {
    pub(super) name: String,
    pub(super) api_name: u32,
    pub(super) answers_in_a_file: bool,
    pub(super) access: Option<Access>,
    /// The IAM actions it needs. None: nobody says.
    pub(super) needs: Option<Vec<Need>>,
    pub(super) input: Option<Ref>,
    pub(super) output: Range<usize>,
}

/// One IAM action, and when it is needed.
pub(super) struct Need {
    pub(super) action: String,
    pub(super) when: When,
}

pub(super) enum When {
    Always,
    Given(String),
    LeftOut(String),
}

#[derive(Clone, Copy)]
pub(super) struct MemberData {
    pub(super) name: u32,
    pub(super) required: bool,
    pub(super) token: bool,
    pub(super) shape: Ref,
}

/// A type: one without parts, or a shape of the chunk.
#[derive(Clone, Copy)]
pub(super) struct Ref {
    pub(super) to: To,
    pub(super) secret: bool,
}

#[derive(Clone, Copy)]
pub(super) enum To {
    Plain(usize),
    Shape(usize),
}

pub(super) struct ShapeData {
    pub(super) parts: Parts,
    pub(super) secret: bool,
}

pub(super) enum Parts {
    List(Ref),
    Map(Ref),
    Structure { members: Range<usize>, one_of: bool },
    Values(Range<usize>),
}

pub(super) struct ActionData {
    pub(super) name: u32,
    pub(super) access: Access,
    /// Which resources, and whether it must name one.
    pub(super) resources: Vec<(usize, bool)>,
}

pub(super) struct ResourceData {
    pub(super) name: u32,
    pub(super) patterns: Vec<u32>,
}

/// The columns of a chunk while it is read.
#[derive(Default)]
struct Columns<'a> {
    operations: Reader<'a>,
    permissions: Reader<'a>,
    commands: Reader<'a>,
    members: Reader<'a>,
    flags: Reader<'a>,
    counts: Reader<'a>,
    values: Reader<'a>,
    kinds: Reader<'a>,
    refs: Reader<'a>,
    actions: Reader<'a>,
    resources: Reader<'a>,
}

struct Decoder<'a> {
    columns: Columns<'a>,
    next: Next,
    chunk: Chunk,
}

impl Chunk {
    pub(super) fn read(data: &[u8], of_service: bool, words: &Words) -> Self {
        let mut reader = Reader::new(data);
        let count = reader.number();
        let texts = Texts::read(count, reader.bytes(), words);
        let mut columns = Columns::default();
        // The order of `OF_A_SERVICE` and `OF_A_PREFIX` in scripts/service_data/chunks.py.
        if of_service {
            columns.operations = Reader::new(reader.bytes());
            columns.permissions = Reader::new(reader.bytes());
            columns.commands = Reader::new(reader.bytes());
            columns.members = Reader::new(reader.bytes());
            columns.flags = Reader::new(reader.bytes());
            columns.counts = Reader::new(reader.bytes());
            columns.values = Reader::new(reader.bytes());
            columns.kinds = Reader::new(reader.bytes());
            columns.refs = Reader::new(reader.bytes());
        }
        columns.actions = Reader::new(reader.bytes());
        columns.resources = Reader::new(reader.bytes());
        let chunk = Self { texts, ..Self::default() };
        let mut decoder = Decoder { columns, next: Next::default(), chunk };
        if of_service {
            decoder.operations();
        }
        decoder.prefix();
        decoder.chunk
    }
}

impl Decoder<'_> {
    fn operations(&mut self) {
        let count = self.columns.operations.number();
        for _ in 0..count {
            let api_name = self.next.text(&mut self.columns.operations);
            let flags = self.columns.operations.byte();
            let name = if flags & OWN_NAME == 0 {
                cli_name(self.chunk.texts.get(api_name))
            } else {
                let own = self.next.text(&mut self.columns.operations);
                self.chunk.texts.get(own).to_owned()
            };
            let (access, needs) = self.permissions(api_name);
            self.chunk.operations.push(OperationData {
                name,
                api_name,
                answers_in_a_file: flags & ANSWER_IN_A_FILE != 0,
                access,
                needs,
                input: None,
                output: 0..0,
            });
        }
        for at in 0..count {
            if self.columns.operations.number() == 1 {
                self.chunk.operations[at].input = Some(self.reference());
            }
        }
        for at in 0..count {
            let members = self.columns.operations.number();
            self.chunk.operations[at].output = self.members(members);
        }
        while !self.columns.commands.is_at_end() {
            let command = self.next.text(&mut self.columns.commands);
            self.chunk.commands.push(command);
        }
    }

    fn permissions(&mut self, api_name: u32) -> (Option<Access>, Option<Vec<Need>>) {
        let byte = self.columns.permissions.byte();
        let needs = match byte & 3 {
            1 => {
                let prefix = self.next.text(&mut self.columns.permissions);
                let texts = &self.chunk.texts;
                let action = format!("{}:{}", texts.get(prefix), texts.get(api_name));
                Some(vec![Need { action, when: When::Always }])
            }
            2 => Some((0..self.columns.permissions.number()).map(|_| self.need()).collect()),
            _ => None,
        };
        (Access::from_code(byte >> 2), needs)
    }

    fn need(&mut self) -> Need {
        let at = self.next.text(&mut self.columns.permissions);
        let text = self.chunk.texts.get(at);
        let (action, when) = match text.split_once(' ') {
            Some((action, field)) => match field.strip_prefix('+') {
                Some(given) => (action, When::Given(given.to_owned())),
                None => (action, When::LeftOut(field.trim_start_matches('-').to_owned())),
            },
            None => (text, When::Always),
        };
        Need { action: action.to_owned(), when }
    }

    /// A reference. A shape that comes first is written right behind it.
    fn reference(&mut self) -> Ref {
        let code = self.columns.refs.number();
        if code < NEW_SHAPE {
            return Ref { to: To::Plain(code / 2), secret: code % 2 == 1 };
        }
        let at = match code - NEW_SHAPE {
            0 => self.shape(),
            back => self.chunk.shapes.len().saturating_sub(back),
        };
        let secret = self.chunk.shapes.get(at).is_some_and(|shape| shape.secret);
        Ref { to: To::Shape(at), secret }
    }

    fn shape(&mut self) -> usize {
        let (at, kind) = (self.chunk.shapes.len(), self.columns.kinds.number());
        // Its place is taken before its parts are read: they may lead back to it.
        self.chunk.shapes.push(ShapeData { parts: Parts::Values(0..0), secret: kind % 2 == 1 });
        self.chunk.shapes[at].parts = match kind / 2 {
            0 => Parts::List(self.reference()),
            1 => {
                self.reference();
                Parts::Map(self.reference())
            }
            kind @ (2 | 3) => {
                let count = self.columns.counts.number();
                Parts::Structure { members: self.members(count), one_of: kind == 3 }
            }
            _ => {
                let from = self.chunk.values.len();
                for _ in 0..self.columns.counts.number() {
                    let value = self.next.text(&mut self.columns.values);
                    self.chunk.values.push(value);
                }
                Parts::Values(from..self.chunk.values.len())
            }
        };
        at
    }

    /// The members of one structure, one after the other in memory.
    fn members(&mut self, count: usize) -> Range<usize> {
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            let name = self.next.text(&mut self.columns.members);
            let flags = self.columns.flags.byte();
            let mut shape = self.reference();
            shape.secret |= flags & SECRET != 0;
            let (required, token) = (flags & REQUIRED != 0, flags & TOKEN != 0);
            members.push(MemberData { name, required, token, shape });
        }
        // Structures inside these members have put theirs there in the meantime.
        let from = self.chunk.members.len();
        self.chunk.members.append(&mut members);
        from..self.chunk.members.len()
    }

    fn prefix(&mut self) {
        for _ in 0..self.columns.resources.number() {
            let name = self.next.text(&mut self.columns.resources);
            let patterns = (0..self.columns.resources.number())
                .map(|_| self.next.text(&mut self.columns.resources))
                .collect();
            self.chunk.resources.push(ResourceData { name, patterns });
        }
        for _ in 0..self.columns.actions.number() {
            let name = self.next.text(&mut self.columns.actions);
            let access = Access::from_code(self.columns.actions.byte()).unwrap_or(Access::Write);
            let resources = (0..self.columns.actions.number())
                .map(|_| self.columns.actions.number())
                .map(|code| (code / 2, code % 2 == 1))
                .collect();
            self.chunk.actions.push(ActionData { name, access, resources });
        }
    }
}

/// How most names of the API become words of the CLI. The others are in the data.
fn cli_name(api_name: &str) -> String {
    let bytes = api_name.as_bytes();
    let mut name = String::with_capacity(bytes.len() + 8);
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + 1);
        if byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let word = before.is_ascii_lowercase() || before.is_ascii_digit();
                word || before != b'-' && after.is_some_and(u8::is_ascii_lowercase)
            })
        {
            name.push('-');
        }
        name.push(char::from(byte.to_ascii_lowercase()));
    }
    name
}
