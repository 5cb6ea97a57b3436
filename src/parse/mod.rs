//! Text to model. It never fails, reads no file, and reports everything it finds at once.

mod block;
mod decode;
mod drill;
mod fence;
mod front_matter;
mod info;
mod links;
mod manifest;
#[cfg(test)]
mod manifest_tests;
mod mapping;
mod markdown;
mod options;
mod param;
mod project;
#[cfg(test)]
mod recovery_tests;
mod scalar;
mod scenario;
pub mod table;
#[cfg(test)]
mod tests;
mod yaml;

pub use drill::drill;
pub use info::LANGUAGES;
pub use manifest::FILE as MANIFEST_FILE;
pub use param::{coerce, param, value};
pub use project::project;
pub use table::{Bodies, OPTIONS, OptionSpec};

use crate::diagnostic::syntax::{DUPLICATE_BLOCK, DUPLICATE_ID, ORPHAN_BLOCK};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::misread::Gaps;
use crate::model::runbook::{FrontMatter, Phase, Runbook};
use crate::model::step::{Block, Health, Role, Step};
use crate::source::{Source, Span};
use info::Info;
use pulldown_cmark::HeadingLevel;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Reads a runbook, or a manifest of stacks as one. `name` is the file's stem, `path` how the user would type it.
#[must_use]
pub fn runbook(name: &str, path: &str, text: &str) -> (Runbook, Vec<Diagnostic>) {
    let mut found = Vec::new();
    if manifest::is_one(path, text) {
        let runbook = manifest::read(name, path, text, &mut found);
        sort(&mut found);
        return (runbook, found);
    }
    let (front, start) = front_matter::read(text, &mut found);
    let mut document = markdown::read(text, start, &mut found);
    let fences = std::mem::take(&mut document.fences);
    let links = std::mem::take(&mut document.links);
    let mut gaps = std::mem::take(&mut document.gaps);
    let mut anchors = std::mem::take(&mut document.anchors);
    let mut assembly = Assembly::new(text, &document);
    for fence in fences {
        match info::read(&fence.info, fence.info_start, &mut found) {
            // Nobody can tell where it ends, so nothing is said about what is in it.
            Info::Block { role, id, .. } if fence.torn => {
                gaps.blocks.push((Some(role), id.value.to_string()));
            }
            Info::Block { role, language, id } => {
                assembly.add(block::read(fence, role, language, id, &mut found));
            }
            Info::Unusable(meant) => gaps.blocks.extend(meant),
            Info::Prose => {}
        }
    }
    let Assembly { mut steps, health, attached, phases, .. } = assembly;
    attach(&mut steps, attached, &gaps, &mut found);
    duplicates(&steps, &health, &mut found);
    anchors.extend(steps.iter().map(|step| step.id().to_string()));
    anchors.extend(health.iter().map(|health| health.block.id.value.to_string()));
    sort(&mut found);
    let source = Arc::new(Source::new(path, text));
    let name = name.to_owned();
    let book =
        Runbook { name, source, front, phases, steps, health, links, anchors, gaps, drill: None };
    (book, found)
}

fn sort(found: &mut [Diagnostic]) {
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end, diagnostic.code));
}

/// Where a runbook of that name can be, from the folder of the runbooks: a Markdown file, or a manifest of
/// stacks in a folder of its own.
#[must_use]
pub fn places(name: &str) -> [String; 2] {
    [format!("{name}.md"), format!("{name}/{}", manifest::FILE)]
}

/// The name of the runbook in a file: that of the file, or that of the folder of a manifest.
#[must_use]
pub fn name_of(path: &Path) -> &str {
    let manifest = path.extension().is_some_and(|end| end == "yaml");
    let named = if manifest { path.parent() } else { None };
    named.unwrap_or(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// Reads the front matter alone, for whoever lists many runbooks.
#[must_use]
pub fn front_matter(text: &str) -> (FrontMatter, Vec<Diagnostic>) {
    let mut found = Vec::new();
    if manifest::is_one("", text) {
        let runbook = manifest::read("", "", text, &mut found);
        return (runbook.front, found);
    }
    let (front, _) = front_matter::read(text, &mut found);
    (front, found)
}

/// Puts blocks under their headings.
struct Assembly<'a> {
    text: &'a str,
    document: &'a markdown::Document,
    phases: Vec<Phase>,
    steps: Vec<Step>,
    health: Vec<Health>,
    /// The `observe` and `undo` blocks. Their steps may come later.
    attached: Vec<Block>,
    previous_end: usize,
}

impl<'a> Assembly<'a> {
    fn new(text: &'a str, document: &'a markdown::Document) -> Self {
        let phases = document
            .headings
            .iter()
            .filter(|heading| heading.level == HeadingLevel::H2)
            .map(|heading| Phase { title: heading.title.clone(), span: heading.span })
            .collect();
        Self {
            text,
            document,
            phases,
            steps: Vec::new(),
            health: Vec::new(),
            attached: Vec::new(),
            previous_end: 0,
        }
    }

    fn add(&mut self, block: Block) {
        let start = block.span.start;
        let above = self.document.headings.partition_point(|heading| heading.span.start < start);
        let heading = above.checked_sub(1).map(|index| &self.document.headings[index]);
        let prose_start = heading.map_or(0, |heading| heading.span.end).max(self.previous_end);
        self.previous_end = block.span.end;
        let title =
            || heading.map_or_else(|| block.id.value.to_string(), |heading| heading.title.clone());
        // The prose above the first heading introduces the document, not a step.
        let description = || match heading {
            Some(_) if prose_start <= start => self.document.prose(self.text, prose_start..start),
            _ => String::new(),
        };
        match block.role {
            Role::Step => {
                let phase =
                    self.phases.partition_point(|phase| phase.span.start < start).checked_sub(1);
                let (title, description) = (title(), description());
                self.steps.push(Step {
                    title,
                    description,
                    phase,
                    block,
                    observe: None,
                    undo: None,
                });
            }
            Role::Health => {
                let (title, description) = (title(), description());
                self.health.push(Health { title, description, block });
            }
            Role::Observe | Role::Undo => self.attached.push(block),
        }
    }
}

/// Gives each `observe` and `undo` block to its step.
fn attach(steps: &mut [Step], blocks: Vec<Block>, gaps: &Gaps, found: &mut Vec<Diagnostic>) {
    let mut by_id = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        by_id.entry(step.id().as_str().to_owned()).or_insert(index);
    }
    for block in blocks {
        let Some(index) = by_id.get(block.id.value.as_str()) else {
            if gaps.may_have(Role::Step, block.id.value.as_str()) {
                continue;
            }
            let near = nearest(block.id.value.as_str(), by_id.keys().map(String::as_str));
            let diagnostic =
                ORPHAN_BLOCK.error(block.id.span, format!("there is no step `{}`", block.id.value));
            found.push(match near {
                Some(near) => {
                    diagnostic.help(format!("did you mean `{near}`?")).instead(Some(near))
                }
                None => diagnostic.help(format!(
                    "a `{}=` block belongs to the step of that id",
                    block.role.word()
                )),
            });
            continue;
        };
        let step = &mut steps[*index];
        let slot = if block.role == Role::Observe { &mut step.observe } else { &mut step.undo };
        match slot {
            None => *slot = Some(block),
            Some(first) => found.push(
                DUPLICATE_BLOCK
                    .error(
                        block.id.span,
                        format!(
                            "the step `{}` has an `{}` block already",
                            block.id.value,
                            block.role.word()
                        ),
                    )
                    .related(first.id.span, "the first one is here"),
            ),
        }
    }
}

fn duplicates(steps: &[Step], health: &[Health], found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    let blocks =
        steps.iter().map(|step| &step.block).chain(health.iter().map(|health| &health.block));
    for block in blocks {
        if let Some(earlier) = first.get(block.id.value.as_str()) {
            found.push(
                DUPLICATE_ID
                    .error(block.id.span, format!("the id `{}` is taken", block.id.value))
                    .related(*earlier, "it is here already"),
            );
        } else {
            first.insert(block.id.value.as_str(), block.id.span);
        }
    }
}
