//! A manifest of stacks, read as a runbook: each stack is one step.
//!
//! So it needs no engine of its own. Its stacks are checked, planned, deployed side by side, resumed and
//! taken back as steps are, and an error in it is found at its place in it.

use super::decode::{Decode, Entries, get};
use super::table::{self, FRONT_MATTER, MANIFEST, STACK, STACK_OPTIONS};
use super::{duplicates, front_matter, mapping, options, yaml};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{MISSING_FIELD, WRONG_TYPE};
use crate::model::id::StepId;
use crate::model::misread::{Gaps, Misread};
use crate::model::runbook::{FrontMatter, Runbook};
use crate::model::step::{Block, Body, Role, Step};
use crate::model::value::{Node, NodeKind, Text};
use crate::source::{Source, Span, Spanned};
use std::sync::Arc;

/// The file of a manifest, in a folder that it is named after.
pub const FILE: &str = "stacks.yaml";

const WHOSE: &str = "a manifest of stacks";

/// What the action takes that a stack of a manifest says.
const INPUTS: [&str; 9] = [
    "stack",
    "template",
    "parameters",
    "keep",
    "capabilities",
    "tags",
    "termination_protection",
    "on_failure",
    "may_lose",
];

/// Whether a text is a manifest. The copy that a run keeps has no name of its own, so the text must tell:
/// a manifest begins with its version, and a runbook with `---`.
pub(super) fn is_one(path: &str, text: &str) -> bool {
    let first = text.lines().map(str::trim_end);
    let first = first.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'));
    path.ends_with(".yaml") || first.is_some_and(|line| line.starts_with("version:"))
}

/// Reads a manifest.
pub(super) fn read(name: &str, path: &str, text: &str, found: &mut Vec<Diagnostic>) -> Runbook {
    let mut reader = Reader {
        decode: Decode { found },
        text,
        front: FrontMatter { misread: Misread::all(), ..FrontMatter::default() },
        steps: Vec::new(),
        gaps: Gaps::default(),
    };
    match yaml::read(&mapping::verbatim(text, 0), reader.decode.found) {
        Some(Node { kind: NodeKind::Mapping(entries), .. }) => reader.manifest(&entries),
        Some(root) => {
            let message = format!("{WHOSE} is a mapping, but this is {}", root.kind.name());
            reader.decode.found.push(WRONG_TYPE.error(root.span, message));
            reader.gaps.torn = true;
        }
        None => reader.gaps.torn = true,
    }
    let Reader { front, steps, gaps, .. } = reader;
    duplicates(&steps, &[], found);
    let anchors = steps.iter().map(|step| step.id().to_string()).collect();
    Runbook {
        name: name.to_owned(),
        source: Arc::new(Source::new(path, text)),
        front,
        phases: Vec::new(),
        steps,
        health: Vec::new(),
        links: Vec::new(),
        anchors,
        gaps,
        drill: None,
    }
}

struct Reader<'a> {
    decode: Decode<'a>,
    text: &'a str,
    front: FrontMatter,
    steps: Vec<Step>,
    gaps: Gaps,
}

impl Reader<'_> {
    fn manifest(&mut self, entries: &Entries) {
        let top = Span::new(0, self.text.lines().next().map_or(0, str::len));
        let own = table::names(&MANIFEST);
        let is_own = |key: &&(Spanned<String>, Node)| own.contains(&key.0.value.as_str());
        let front: Vec<_> = entries.iter().filter(|entry| !is_own(entry)).cloned().collect();
        front_matter::fill(&mut self.front, WHOSE, &front, top, &mut self.decode);
        let known: Vec<&str> = own.iter().copied().chain(table::names(&FRONT_MATTER)).collect();
        match get(entries, "version") {
            None => self.decode.lacks(WHOSE, entries, &known, "version", top),
            Some(Node { kind: NodeKind::Integer(version), .. })
                if *version == i64::from(table::VERSION) => {}
            Some(node) => {
                let message = format!("this program reads version {} of it", table::VERSION);
                self.decode.bad(node.span, message);
            }
        }
        let Some(stacks) = get(entries, "stacks") else {
            self.decode.lacks(WHOSE, entries, &known, "stacks", top);
            return;
        };
        for (name, node) in self.decode.mapping("stacks", stacks).unwrap_or_default() {
            match self.stack(name, node) {
                Some(step) => self.steps.push(step),
                None => self.gaps.blocks.push((Some(Role::Step), name.value.clone())),
            }
        }
    }

    fn stack(&mut self, name: &Spanned<String>, node: &Node) -> Option<Step> {
        let id = match StepId::new(name.value.clone()) {
            Ok(id) => Spanned::new(id, name.span),
            Err(error) => {
                self.decode.bad(name.span, error.to_string());
                return None;
            }
        };
        let entries = self.decode.mapping(&name.value, node)?;
        let known: Vec<&str> = table::names(&STACK).into_iter().chain(STACK_OPTIONS).collect();
        self.decode.unknown_keys("a stack", entries, &known);
        let is_option =
            |(key, _): &&(Spanned<String>, Node)| STACK_OPTIONS.contains(&key.value.as_str());
        let given: Vec<_> = entries.iter().filter(is_option).cloned().collect();
        let mut options = options::read(&given, Role::Step, false, &mut self.decode);
        // A stack waits for what it says and not for the one above it.
        options.needs.get_or_insert_default();
        let body = self.body(name, entries)?;
        let mut words = |key: &str| {
            let words = get(entries, key).and_then(|node| self.decode.plain(key, node));
            words.map(|words| words.value)
        };
        let title = words("title").unwrap_or_else(|| name.value.clone());
        let description = words("description").unwrap_or_default();
        let span = Span::new(name.span.start, node.span.end.max(name.span.end));
        let text = mapping::verbatim(&self.text[span.range()], span.start);
        let block = Block { role: Role::Step, id, span, text, body, options };
        Some(Step { title, description, phase: None, block, observe: None, undo: None })
    }

    /// A template that is deployed, or a runbook that is run.
    fn body(&mut self, name: &Spanned<String>, entries: &Entries) -> Option<Body> {
        let one = |key: &str| entries.iter().find(|(name, _)| name.value == key);
        let uses = |action: &str| Spanned::new(action.to_owned(), name.span);
        match (one("template"), one("runbook")) {
            (Some(_), None) => {
                let mut with: Vec<_> = INPUTS.into_iter().filter_map(one).cloned().collect();
                if one("stack").is_none() {
                    let named = Text::new(name.value.replace('_', "-"), name.span, Vec::new());
                    let node = Node { kind: NodeKind::Text(named), span: name.span };
                    with.insert(0, (Spanned::new("stack".to_owned(), name.span), node));
                }
                Some(Body::Action { uses: uses("cloudformation/deploy"), with })
            }
            (None, Some(_)) => {
                let with = ["runbook", "params"].into_iter().filter_map(one).cloned().collect();
                Some(Body::Action { uses: uses("runbook/run"), with })
            }
            (None, None) => {
                let message =
                    format!("the stack `{}` has neither a template nor a runbook", name.value);
                let diagnostic = MISSING_FIELD.error(name.span, message);
                self.decode.found.push(
                    diagnostic
                        .help("add `template: PATH`, or `runbook: NAME` if other tools deploy it"),
                );
                None
            }
            (Some(_), Some((key, _))) => {
                let message = "a stack has a template or a runbook, not both";
                self.decode.bad(key.span, message);
                None
            }
        }
    }
}
