//! YAML to a tree that knows the place of every key and value. The only user of the YAML crate.

use super::mapping::{Builder, spanned};
use super::scalar;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{DUPLICATE_KEY, UNQUOTED_TEMPLATE, YAML_FEATURE, YAML_SYNTAX};
use crate::model::value::{Node, NodeKind, Text};
use crate::source::{Span, Spanned};
use serde::{Deserialize, Deserializer, de};
use serde_yaml::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Options, Spanned as Placed};
use std::ops::Range;

/// Deeper than any runbook, shallow enough for any stack.
const MAX_DEPTH: usize = 64;
/// More values than a person would write into one block.
const MAX_NODES: usize = 20_000;

/// The tree as the crate gives it.
enum Raw {
    Null,
    Boolean(bool),
    Integer(i128),
    Number(f64),
    Text(String),
    List(Vec<Placed<Raw>>),
    Mapping(Vec<(Placed<Raw>, Placed<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Boolean(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Integer(i128::try_from(value).unwrap_or(i128::MAX)))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }
    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut mapping = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            mapping.push(entry);
        }
        Ok(Raw::Mapping(mapping))
    }
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_NODES * 4,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// Reads one YAML document. What is wrong is added to `found`; there is a tree whenever one can be had.
pub(super) fn read(text: &Text, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let reader = Reader { text };
    // Keys that are there twice are found in the tree, all of them.
    let parsed = serde_yaml::from_str_with_options::<Placed<Raw>>(&text.value, options());
    match parsed {
        Ok(root) => Some(reader.node(root, found).0),
        Err(error) => {
            found.push(reader.explain(&error));
            None
        }
    }
}

struct Reader<'a> {
    text: &'a Text,
}

impl Reader<'_> {
    fn range<T>(&self, placed: &Placed<T>) -> Range<usize> {
        self.bytes(placed.referenced).unwrap_or(0..0)
    }

    fn bytes(&self, location: serde_yaml::Location) -> Option<Range<usize>> {
        let (start, length) = (location.span().byte_offset()?, location.span().byte_len()?);
        let start = usize::try_from(start).ok()?.min(self.text.value.len());
        let end = start.saturating_add(usize::try_from(length).ok()?).min(self.text.value.len());
        self.text.value.get(start..end).map(|_| start..end)
    }

    /// A scalar up to the end of its last line that is not empty. A block scalar comes with all line breaks
    /// after it.
    fn last_line(&self, range: Range<usize>) -> Range<usize> {
        let written = &self.text.value[range.clone()];
        let text = written.trim_end().len();
        let ends = written[text..].find(['\r', '\n']).filter(|_| text > 0);
        range.start..ends.map_or(range.end, |at| range.start + text + at)
    }

    /// A place that is only known as a line and a column.
    fn at(&self, location: serde_yaml::Location) -> Range<usize> {
        let line = usize::try_from(location.line()).unwrap_or(1).saturating_sub(1);
        let column = usize::try_from(location.column()).unwrap_or(1).saturating_sub(1);
        let value = &self.text.value;
        let start: usize = value.split_inclusive('\n').take(line).map(str::len).sum();
        let start = start + value[start..].chars().take(column).map(char::len_utf8).sum::<usize>();
        let width = value[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        start..start + width
    }

    /// The anchor (`&`) or the tag (`!`) right before a node.
    fn property(&self, node: usize, mark: char) -> Option<Range<usize>> {
        let before = self.text.value[..node].trim_end();
        let is_edge = |c: char| c.is_ascii_whitespace() || matches!(c, '[' | '{' | ',');
        let start = before.rfind(is_edge).map_or(0, |at| at + 1);
        let token = &before[start..];
        if !token.starts_with(mark) || token.ends_with(':') {
            return None;
        }
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        // What looks like one in a comment is none.
        (!before[line..].contains('#')).then_some(start..before.len())
    }

    /// A node, and the offset in the YAML at which it ends.
    fn node(&self, placed: Placed<Raw>, found: &mut Vec<Diagnostic>) -> (Node, usize) {
        let range = self.range(&placed);
        if let Some(tag) = self.property(range.start, '!') {
            found.push(tags_are_not_used(self.text.locate(tag)));
        }
        let mut span = self.text.locate(range.clone());
        let mut end = range.end;
        let kind = match placed.value {
            Raw::Null => NodeKind::Null,
            Raw::Boolean(value) => NodeKind::Boolean(value),
            Raw::Integer(value) => {
                i64::try_from(value).map_or_else(|_| too_large(span, found), NodeKind::Integer)
            }
            // The crate makes a float of a whole number that is too large, and loses digits.
            Raw::Number(_) if is_whole(&self.text.value[range.clone()]) => too_large(span, found),
            Raw::Number(value) => NodeKind::Number(value),
            Raw::Text(value) => {
                let text = scalar::trace(self.text, self.last_line(range), &value);
                span = text.span;
                NodeKind::Text(text)
            }
            Raw::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let (item, item_end) = self.node(item, found);
                    span = span.to(item.span);
                    end = end.max(item_end);
                    list.push(item);
                }
                end = self.closed(&range, end, &mut span);
                NodeKind::List(list)
            }
            Raw::Mapping(entries) => return self.mapping(entries, range, found),
        };
        (Node { kind, span }, end)
    }

    fn mapping(
        &self,
        entries: Vec<(Placed<Raw>, Placed<Raw>)>,
        range: Range<usize>,
        found: &mut Vec<Diagnostic>,
    ) -> (Node, usize) {
        if entries.iter().any(|(key, _)| matches!(key.value, Raw::Mapping(_)))
            && self.text.value[range.start..].starts_with("{{")
        {
            return self.forgotten_quotes(&range, found);
        }
        let (mut span, mut end) = (self.text.locate(range.clone()), range.end);
        let mut mapping: Vec<(Spanned<String>, Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let place = self.range(&key);
            let at = self.text.locate(place.clone());
            let (value, value_end) = self.node(value, found);
            span = span.to(at).to(value.span);
            end = end.max(place.end).max(value_end);
            match key.value {
                // The first of the two is kept, so that the rest of the block can still be looked at.
                Raw::Text(name) => match mapping.iter().find(|(first, _)| first.value == name) {
                    Some((first, _)) => found.push(
                        DUPLICATE_KEY
                            .error(at, format!("`{name}` is here twice"))
                            .related(first.span, "it is here already")
                            .help("remove one of the two"),
                    ),
                    None => mapping.push((spanned(name, self.text, place), value)),
                },
                _ => found.push(
                    YAML_FEATURE
                        .error(at, "a key must be a name")
                        .help("put it in quotes if it is meant as text"),
                ),
            }
        }
        end = self.closed(&range, end, &mut span);
        (Node { kind: NodeKind::Mapping(mapping), span }, end)
    }

    /// `key: {{ x }}` without quotes. It stands for some text, so that nothing else is said about its type.
    fn forgotten_quotes(&self, range: &Range<usize>, found: &mut Vec<Diagnostic>) -> (Node, usize) {
        let close = self.text.value[range.start..].find("}}");
        let end = close.map_or(range.end, |offset| range.start + offset + 2);
        let span = self.text.locate(range.start..end);
        found.push(unquoted(span, &self.text.value[range.start..], end - range.start));
        let mut builder = Builder::default();
        builder.part(self.text, range.start..end);
        (Node { kind: NodeKind::Text(builder.text(span)), span }, end)
    }

    /// Takes the closing bracket of a list or mapping in brackets into its span.
    fn closed(&self, range: &Range<usize>, end: usize, span: &mut Span) -> usize {
        let value = &self.text.value;
        let close = match value.as_bytes().get(range.start) {
            Some(b'{') => '}',
            Some(b'[') => ']',
            _ => return end,
        };
        let mut at = end;
        loop {
            at += value[at..].len()
                - value[at..].trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
            if value[at..].starts_with('#') {
                at += value[at..].find('\n').unwrap_or(value.len() - at);
            } else if value[at..].starts_with(close) {
                *span = span.to(self.text.locate(at..at + 1));
                return at + 1;
            } else {
                return end;
            }
        }
    }

    fn explain(&self, error: &Error) -> Diagnostic {
        let range = error.location().map_or(0..0, |location| {
            self.bytes(location)
                .filter(|range| !range.is_empty())
                .unwrap_or_else(|| self.at(location))
        });
        let span = self.text.locate(range.clone());
        match error {
            Error::MergeKeyNotAllowed { .. } => {
                YAML_FEATURE.error(span, "merge keys are not used in runbooks")
            }
            Error::MultipleDocuments { .. } => {
                YAML_FEATURE.error(span, "a second YAML document is not used here")
            }
            Error::NonFiniteFloat { .. } => YAML_FEATURE.error(span, "this is not a finite number"),
            Error::UnsupportedTag { .. } => {
                let place =
                    self.mark_before(range.start, '!').map_or(span, |mark| self.text.locate(mark));
                YAML_FEATURE.error(place, "YAML tags are not used in runbooks")
            }
            Error::Budget { breach, .. } => self.over_budget(breach, range),
            _ => self.syntax(error, range),
        }
    }

    fn over_budget(
        &self,
        breach: &serde_yaml::budget::BudgetBreach,
        range: Range<usize>,
    ) -> Diagnostic {
        use serde_yaml::budget::BudgetBreach;
        let span = self.text.locate(range.clone());
        match breach {
            BudgetBreach::Anchors { .. } => {
                let mark = self.mark_before(range.start, '&');
                self.shared(mark.map_or(span, |mark| self.text.locate(mark)))
            }
            BudgetBreach::Aliases { .. } => self.shared(span),
            BudgetBreach::Documents { .. } => {
                YAML_FEATURE.error(span, "a second YAML document is not used here")
            }
            _ => YAML_FEATURE.error(span, "this YAML is too large or too deeply nested"),
        }
    }

    fn shared(&self, span: Span) -> Diagnostic {
        YAML_FEATURE
            .error(span, "anchors and aliases are not used in runbooks")
            .help("write the value where it is used; in quotes when it begins with `&` or `*`")
    }

    /// A mark such as `&name` or `!name` at a place, or before it with nothing but white space between.
    fn mark_before(&self, at: usize, sign: char) -> Option<Range<usize>> {
        let value = &self.text.value;
        let start = if value[at..].starts_with(sign) {
            at
        } else {
            value[..at]
                .trim_end()
                .rfind(|c: char| c.is_whitespace() || ",[{".contains(c))
                .map_or(0, |before| before + 1)
        };
        let rest = &value[start..];
        let end = rest.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(rest.len());
        rest.starts_with(sign).then_some(start..start + end)
    }

    fn syntax(&self, error: &Error, range: Range<usize>) -> Diagnostic {
        let span = self.text.locate(range.clone());
        let value = &self.text.value;
        let line_start = value[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = value[line_start..].lines().next().unwrap_or_default();
        if let Some(offset) = unquoted_template(line) {
            let end =
                line[offset..].find("}}").map_or(line.trim_end().len(), |end| offset + end + 2);
            let span = self.text.locate(line_start + offset..line_start + end);
            return unquoted(span, &line[offset..], end - offset);
        }
        if value[range.start..].starts_with('*')
            && let Some(mark) = self.mark_before(range.start, '*').filter(|mark| mark.len() > 1)
        {
            return self.shared(self.text.locate(mark));
        }
        let message = error.to_string();
        let message =
            message.rsplit_once(" at line ").map_or(message.as_str(), |(before, _)| before);
        let diagnostic = YAML_SYNTAX.error(span, format!("this is not YAML: {message}"));
        if line.starts_with('\t') || line.trim_start_matches(' ').starts_with('\t') {
            return diagnostic.help("indent with spaces: YAML does not allow tabs");
        }
        if message.contains("mapping values are not allowed") {
            return diagnostic.help("put the value in quotes: `: ` in it begins a mapping");
        }
        if matches!(
            line.get(range.start - line_start..).and_then(|rest| rest.chars().next()),
            Some('@' | '`' | '%' | '*' | '&')
        ) {
            return diagnostic.help("put the value in quotes");
        }
        diagnostic
    }
}

fn tags_are_not_used(span: Span) -> Diagnostic {
    YAML_FEATURE.error(span, "YAML tags are not used in runbooks")
}

fn is_whole(written: &str) -> bool {
    written.bytes().all(|b| b.is_ascii_digit() || b"+-_".contains(&b))
}

fn too_large(span: Span, found: &mut Vec<Diagnostic>) -> NodeKind {
    found.push(
        YAML_FEATURE.error(span, "this number is too large; write it in quotes to keep its digits"),
    );
    NodeKind::Integer(0)
}

/// Where a value begins with `{{` outside of quotes in a line of YAML.
fn unquoted_template(line: &str) -> Option<usize> {
    let open = line.find("{{")?;
    let before = line[..open].trim_end();
    (before.ends_with(':')
        || before.ends_with('-')
        || before.ends_with('[')
        || before.ends_with(','))
    .then_some(open)
}

/// A template without quotes: the first `length` bytes of `rest`.
fn unquoted(span: Span, rest: &str, length: usize) -> Diagnostic {
    let (written, behind) = rest.split_at(length);
    let behind = behind.lines().next().unwrap_or_default().trim_start();
    // Only when nothing else is part of the value, and nothing in it would have to be escaped.
    let whole = behind.is_empty() || behind.starts_with([',', ']', '}', '#']);
    let plain = written.ends_with("}}") && !written.contains(['"', '\\', '\n']);
    UNQUOTED_TEMPLATE
        .error(span, "a value that begins with `{{` must be in quotes")
        .label("YAML reads this as a mapping")
        .help("put double quotes around the whole value")
        .instead((whole && plain).then(|| format!("\"{written}\"")))
}
