//! One fence with a role, read into a block.

use super::decode::{Decode, get};
use super::info::Language;
use super::mapping::Builder;
use super::markdown::Fence;
use super::table::OPTIONS;
use super::{options, yaml};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{EMPTY_SCRIPT, MISPLACED_OPTIONS, MISSING_USES, WRONG_TYPE};
use crate::model::id::StepId;
use crate::model::misread::Misread;
use crate::model::step::{Block, Body, Interpreter, Options, Role};
use crate::model::value::{NodeKind, Text};
use crate::source::{Span, Spanned};

/// Reads a block. Whatever cannot be understood is reported and left at its default.
pub(super) fn read(
    fence: Fence,
    role: Role,
    language: Language,
    id: Spanned<StepId>,
    found: &mut Vec<Diagnostic>,
) -> Block {
    let (body, options) = match language {
        Language::Yaml => typed(&fence, role, found),
        Language::Script(interpreter) => script(&fence, role, interpreter, found),
    };
    Block { role, id, span: fence.span, text: fence.text, body, options }
}

/// From the fence to the end of its info string.
fn opening(fence: &Fence) -> Span {
    Span::new(fence.span.start, fence.info_start + fence.info.trim_end().len())
}

fn typed(fence: &Fence, role: Role, found: &mut Vec<Diagnostic>) -> (Body, Options) {
    let nothing = |span| {
        let body = Body::Action { uses: Spanned::new(String::new(), span), with: Vec::new() };
        (body, unread())
    };
    let opening = opening(fence);
    let Some(root) = yaml::read(&fence.text, found) else {
        return nothing(opening);
    };
    let mut decode = Decode { found };
    let entries = match &root.kind {
        NodeKind::Mapping(entries) => entries.as_slice(),
        NodeKind::Null => &[],
        other => {
            let message =
                format!("a typed block is a mapping with `uses`, but this is {}", other.name());
            decode.found.push(WRONG_TYPE.error(root.span, message));
            return nothing(opening);
        }
    };
    let mut options = options::read(entries, role, false, &mut decode);
    let uses = match get(entries, "uses") {
        Some(node) => decode.plain("uses", node),
        None => {
            let diagnostic =
                MISSING_USES.error(opening, "this block does not say which action it uses");
            decode.found.push(diagnostic.help("add `uses: family/action`"));
            None
        }
    };
    let with = match get(entries, "with").map(|node| decode.mapping("with", node)) {
        Some(None) => {
            options.misread.add("with");
            Vec::new()
        }
        given => given.flatten().unwrap_or_default().to_vec(),
    };
    (
        Body::Action { uses: uses.unwrap_or_else(|| Spanned::new(String::new(), opening)), with },
        options,
    )
}

fn script(
    fence: &Fence,
    role: Role,
    interpreter: Interpreter,
    found: &mut Vec<Diagnostic>,
) -> (Body, Options) {
    let (header, rest) = split(&fence.text, found);
    let mut options = Options::default();
    let root = header.as_ref().and_then(|header| yaml::read(header, found));
    if header.is_some() && root.is_none() {
        options = unread();
    }
    if let Some(root) = root {
        let mut decode = Decode { found };
        match &root.kind {
            NodeKind::Mapping(entries) => options = options::read(entries, role, true, &mut decode),
            NodeKind::Null => {}
            other => {
                let message = format!(
                    "the `#|` lines are a mapping of options, but this is {}",
                    other.name()
                );
                decode.found.push(WRONG_TYPE.error(root.span, message));
                options = unread();
            }
        }
    }
    let runs = rest
        .value
        .lines()
        .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if !runs {
        found.push(EMPTY_SCRIPT.error(opening(fence), "this script has no line to run"));
    }
    (Body::Script { interpreter, text: rest }, options)
}

/// The options of a block that says something, nobody knows what.
fn unread() -> Options {
    Options { misread: Misread::all(), ..Options::default() }
}

/// Parts the leading `#|` lines, as YAML, from the script itself.
fn split(text: &Text, found: &mut Vec<Diagnostic>) -> (Option<Text>, Text) {
    let (mut header, mut at) = (Builder::default(), 0);
    for line in text.value.split_inclusive('\n') {
        let Some(option) = line.strip_prefix("#|") else { break };
        let option = option.strip_prefix(' ').unwrap_or(option);
        let start = at + line.len() - option.len();
        header.part(text, start..at + line.len());
        at += line.len();
    }
    let mut script = Builder::default();
    script.part(text, at..text.value.len());
    let header = (at > 0).then(|| header.text(text.locate(0..at)));
    let mut line_start = at;
    for line in text.value[at..].split_inclusive('\n') {
        if is_option_line(line) {
            let place = text.locate(line_start..line_start + line.trim_end().len());
            found.push(
                MISPLACED_OPTIONS
                    .error(place, "this `#|` line does not stand at the beginning of the script")
                    .help("move it to the top, above every other line"),
            );
        }
        line_start += line.len();
    }
    (header, script.text(text.locate(at..text.value.len())))
}

/// Whether a line means to be an option: `#|`, and then the key of an option.
fn is_option_line(line: &str) -> bool {
    line.trim_start().strip_prefix("#|").is_some_and(|rest| {
        rest.trim_start()
            .split_once(':')
            .is_some_and(|(key, _)| OPTIONS.iter().any(|spec| spec.key == key))
    })
}
