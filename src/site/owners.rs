//! Which heading belongs to which block, so that a whole part of the text becomes one card.

use crate::model::runbook::Runbook;
use crate::model::step::{Block, Role};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};
use std::collections::BTreeMap;
use std::ops::Range;

/// The events of a document, each with its place.
pub(super) type Found<'a> = Vec<(Event<'a>, Range<usize>)>;

/// The blocks of a runbook by where they begin.
pub(super) fn blocks(book: &Runbook) -> BTreeMap<usize, (Role, usize, &Block)> {
    let mut found = BTreeMap::new();
    for (index, step) in book.steps.iter().enumerate() {
        let own = [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()];
        for block in own.into_iter().flatten() {
            found.insert(block.span.start, (block.role, index, block));
        }
    }
    for (index, health) in book.health.iter().enumerate() {
        found.insert(health.block.span.start, (Role::Health, index, &health.block));
    }
    found
}

/// The headings that belong to exactly one step or probe, by where they begin. The whole part below such a
/// heading becomes its card.
pub(super) fn owners(
    events: &Found<'_>,
    blocks: &BTreeMap<usize, (Role, usize, &Block)>,
) -> BTreeMap<usize, (Role, usize)> {
    let (mut depth, mut above) = (0_usize, None);
    let mut owned: BTreeMap<usize, Vec<(Role, usize)>> = BTreeMap::new();
    for (event, range) in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                above = (depth == 0 && *level > HeadingLevel::H1).then_some(range.start);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                if let (Some(above), Some((role, index, _))) = (above, blocks.get(&range.start))
                    && matches!(role, Role::Step | Role::Health)
                {
                    owned.entry(above).or_default().push((*role, *index));
                }
            }
            Event::Start(tag) if holds_blocks(tag) => depth += 1,
            Event::End(tag) if ends_blocks(*tag) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    owned
        .into_iter()
        .filter_map(|(at, of)| match of.as_slice() {
            [one] => Some((at, *one)),
            _ => None,
        })
        .collect()
}

pub(super) const fn holds_blocks(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::Item | Tag::FootnoteDefinition(_))
}

pub(super) const fn ends_blocks(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item | TagEnd::FootnoteDefinition
    )
}
