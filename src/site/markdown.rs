//! The prose of a runbook as HTML, cut at its blocks, so that each block becomes a card.
//!
//! Raw HTML stays text. Only our own tags reach a page, and only addresses that `target` lets through.

use super::owners::{Found, blocks, ends_blocks, holds_blocks, owners};
use super::raw::{alert, dead, headings, is_text, marked, without_comments, words_within};
use super::spoken::escaped;
use super::target::{Links, Target};
use crate::model::link::Slugs;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Role};
use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
    html,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// HTML as it stands.
    Html(String),
    /// A card begins whose heading follows.
    Open(Role, usize),
    /// The block of a role: the index of its step or probe, and whether a card is open around it.
    Block(Role, usize, bool),
    /// The card ends.
    Close,
}

/// A heading, for the table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: u8,
    pub(super) anchor: String,
    pub(super) title: String,
    /// The step whose card it begins.
    pub(super) step: Option<usize>,
}

/// What is found by its words: a heading and the text under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) text: String,
}

/// A document, rendered.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) parts: Vec<Part>,
    pub(super) headings: Vec<Heading>,
    pub(super) sections: Vec<Section>,
    /// The words above the first heading.
    pub(super) opening: String,
}

/// Renders the Markdown of a runbook. Without its front matter, and without a first heading that only repeats
/// the title.
pub(super) fn render(book: &Runbook, links: &Links<'_>) -> Rendered {
    if book.is_manifest() {
        return super::manifest::render(book);
    }
    let text = book.source.text.as_str();
    let start = book.front.span.end.min(text.len());
    let start = if text.is_char_boundary(start) { start } else { 0 };
    let start =
        if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { start };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let events: Found<'_> = Parser::new_ext(&text[start..], options)
        .into_offset_iter()
        .map(|(event, range)| (event, range.start + start..range.end + start))
        .collect();
    let blocks = blocks(book);
    let owners = owners(&events, &blocks);
    let title = book.front.title.as_ref().map(|title| title.value.trim().to_owned());
    let ids: BTreeSet<String> = blocks
        .values()
        .map(|(role, _, block)| match role {
            Role::Step | Role::Health => block.id.value.to_string(),
            role => format!("{}-{}", role.word(), block.id.value),
        })
        .collect();
    let mut writer = Writer {
        links,
        blocks,
        owners,
        title,
        ids,
        out: Rendered::default(),
        open: Vec::new(),
        pending: Vec::new(),
        slugs: Slugs::default(),
        card: false,
        depth: 0,
        level: 1,
        ends: Vec::new(),
        notes: BTreeMap::new(),
        raw: None,
        hidden: false,
        at_start: true,
    };
    writer.all(&events);
    writer.finish()
}

struct Writer<'a> {
    links: &'a Links<'a>,
    blocks: BTreeMap<usize, (Role, usize, &'a Block)>,
    owners: BTreeMap<usize, (Role, usize)>,
    title: Option<String>,
    /// The names of places that are given away: those of the blocks first, which no heading may take.
    ids: BTreeSet<String>,
    out: Rendered,
    /// Events of the heading that is open: its level, its place, and what stands in it.
    open: Vec<(HeadingLevel, usize, String)>,
    /// Events that are not written yet.
    pending: Vec<Event<'a>>,
    slugs: Slugs,
    card: bool,
    depth: usize,
    /// The level of the last heading that was written.
    level: u8,
    /// How each open link or picture ends.
    ends: Vec<&'static str>,
    /// Footnotes by name, in the order of their first use.
    notes: BTreeMap<String, usize>,
    /// The raw HTML block that is open.
    raw: Option<String>,
    /// Whether the code block that is open is a card already.
    hidden: bool,
    at_start: bool,
}

impl<'a> Writer<'a> {
    fn all(&mut self, events: &[(Event<'a>, Range<usize>)]) {
        let mut skip_until = 0;
        for (event, range) in events {
            if range.start < skip_until && !matches!(event, Event::Start(Tag::Heading { .. })) {
                continue;
            }
            if let Some(end) = self.repeats_title(event, range, events) {
                skip_until = end;
                continue;
            }
            self.event(event.clone(), range);
        }
    }

    /// Where a first heading ends that says nothing but the title of the page.
    fn repeats_title(
        &mut self,
        event: &Event<'a>,
        range: &Range<usize>,
        events: &[(Event<'a>, Range<usize>)],
    ) -> Option<usize> {
        let first = std::mem::replace(&mut self.at_start, false);
        let is_title = matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }));
        if !first || !is_title {
            return None;
        }
        let words = words_within(events, range);
        (self.title.as_deref() == Some(words.trim())).then(|| {
            // Its name stays a place of the page: the top.
            let anchor = self.slugs.next(&words);
            self.place(&anchor);
            range.end
        })
    }

    fn event(&mut self, event: Event<'a>, range: &Range<usize>) {
        if self.hidden {
            self.hidden = !matches!(event, Event::End(TagEnd::CodeBlock));
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => {
                self.words(&text);
                self.pending.push(Event::Text(text));
            }
            Event::Code(text) => {
                self.words(&text);
                self.pending.push(Event::Code(text));
            }
            Event::SoftBreak | Event::HardBreak => {
                self.words(" ");
                self.pending.push(event);
            }
            Event::Html(html) => {
                if let Some(raw) = &mut self.raw {
                    raw.push_str(&html);
                } else {
                    self.raw_html(&html, false);
                }
            }
            Event::InlineHtml(html) => self.raw_html(&html, true),
            Event::FootnoteReference(name) => {
                let number = self.note(&name);
                self.html(format!(
                    "<sup class=\"note-ref\"><a href=\"#fn-{number}\" aria-label=\"footnote {number}\">{number}</a></sup>"
                ));
            }
            Event::TaskListMarker(done) => {
                let (mark, said) = if done { ("☑", "done") } else { ("☐", "to do") };
                self.html(format!(
                    "<span class=\"task\" role=\"img\" aria-label=\"{said}\">{mark}</span> "
                ));
            }
            other => self.pending.push(other),
        }
    }

    fn start(&mut self, tag: Tag<'a>, range: &Range<usize>) {
        if holds_blocks(&tag) {
            self.depth += 1;
        }
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.open.push((level, range.start, String::new()));
            }
            Tag::CodeBlock(kind) => self.code(kind, range),
            Tag::HtmlBlock => self.raw = Some(String::new()),
            Tag::Link { link_type, dest_url, .. } => self.link(link_type, &dest_url),
            Tag::Image { dest_url, title, .. } => self.image(dest_url, title),
            Tag::Table(alignments) => self.table(&alignments),
            Tag::BlockQuote(Some(kind)) => {
                let (class, word) = alert(kind);
                self.html(format!(
                    "<div class=\"alert {class}\" role=\"note\"><p class=\"alert-title\">{word}</p>"
                ));
            }
            Tag::FootnoteDefinition(name) => {
                let number = self.note(&name);
                self.place(&format!("fn-{number}"));
                self.html(format!(
                    "<div class=\"footnote\" role=\"note\"><span class=\"footnote-number\">{number}</span><div>"
                ));
            }
            other => self.pending.push(Event::Start(other)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        if ends_blocks(tag) {
            self.depth = self.depth.saturating_sub(1);
        }
        match tag {
            TagEnd::Heading(_) => self.close_heading(),
            TagEnd::HtmlBlock => {
                if let Some(raw) = self.raw.take() {
                    self.raw_html(&raw, false);
                }
            }
            TagEnd::Link => {
                let end = self.ends.pop().unwrap_or_default();
                self.html(end.to_owned());
            }
            TagEnd::Image => match self.ends.pop() {
                Some("") | None => self.pending.push(Event::End(TagEnd::Image)),
                Some(end) => self.html(end.to_owned()),
            },
            TagEnd::Table => {
                self.pending.push(Event::End(TagEnd::Table));
                self.html("</div>".to_owned());
            }
            TagEnd::BlockQuote(Some(_)) => self.html("</div>\n".to_owned()),
            TagEnd::FootnoteDefinition => self.html("</div></div>\n".to_owned()),
            other => self.pending.push(Event::End(other)),
        }
    }

    /// A table that scrolls by itself. A style on a cell would be against the policy of the page, so the columns
    /// are named by classes.
    fn table(&mut self, alignments: &[Alignment]) {
        let mut classes = String::from("table");
        for (at, alignment) in alignments.iter().enumerate() {
            match alignment {
                Alignment::Right => classes.push_str(&format!(" right-{}", at + 1)),
                Alignment::Center => classes.push_str(&format!(" center-{}", at + 1)),
                Alignment::None | Alignment::Left => {}
            }
        }
        self.html(format!(
            "<div class=\"{classes}\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">"
        ));
        self.pending.push(Event::Start(Tag::Table(vec![Alignment::None; alignments.len()])));
    }

    /// The number of a footnote.
    fn note(&mut self, name: &str) -> usize {
        let next = self.notes.len() + 1;
        *self.notes.entry(name.to_owned()).or_insert(next)
    }

    fn code(&mut self, kind: CodeBlockKind<'a>, range: &Range<usize>) {
        if let Some((role, index, block)) = self.blocks.remove(&range.start) {
            self.flush();
            self.out.parts.push(Part::Block(role, index, self.card));
            self.hidden = true;
            // What a block says is found too, under the place of its heading.
            self.words(" ");
            let text = match &block.body {
                Body::Script { text, .. } => text.value.clone(),
                Body::Action { .. } => block.text.value.clone(),
            };
            self.words(&text);
            return;
        }
        if is_text(&kind) {
            // It may be a picture made of letters, whose lines must not be broken. So it scrolls, by the keyboard too.
            return self.html("<pre class=\"plain\" tabindex=\"0\"><code>".to_owned());
        }
        self.pending.push(Event::Start(Tag::CodeBlock(kind)));
    }

    fn link(&mut self, kind: LinkType, address: &str) {
        let address =
            if kind == LinkType::Email { format!("mailto:{address}") } else { address.to_owned() };
        // A link in a link would end the outer one.
        let nested = self.ends.contains(&"</a>");
        let (begin, end) = match self.links.target(&address) {
            Target::Inside(to) if !nested => (format!("<a href=\"{}\">", escaped(&to)), "</a>"),
            Target::Outside(to) if !nested => {
                (format!("<a href=\"{}\" rel=\"noopener noreferrer\">", escaped(&to)), "</a>")
            }
            _ if nested => ("<span>".to_owned(), "</span>"),
            _ => (dead(&address), "</span>"),
        };
        self.html(begin);
        self.ends.push(end);
    }

    fn image(&mut self, address: CowStr<'a>, title: CowStr<'a>) {
        let nested = self.ends.contains(&"</a>");
        match self.links.target(&address) {
            Target::Inside(to) | Target::Data(to) => {
                self.ends.push("");
                let (link_type, id) = (LinkType::Inline, CowStr::Borrowed(""));
                self.pending.push(Event::Start(Tag::Image {
                    link_type,
                    dest_url: to.into(),
                    title,
                    id,
                }));
            }
            // Nothing on a page comes from the network, so a picture that is there is only linked to.
            Target::Outside(to) if !nested => {
                self.html(format!(
                    "<a class=\"picture\" href=\"{}\" rel=\"noopener noreferrer\">",
                    escaped(&to)
                ));
                self.ends.push("</a>");
            }
            Target::Outside(_) => {
                self.html("<span class=\"picture\">".to_owned());
                self.ends.push("</span>");
            }
            Target::Dead => {
                self.html(dead(&address));
                self.ends.push("</span>");
            }
        }
    }

    fn close_heading(&mut self) {
        let Some((level, at, words)) = self.open.pop() else { return };
        let slug = self.slugs.next(&words);
        let anchor = self.claim(slug);
        let inner = std::mem::take(&mut self.pending);
        let mut shown = String::new();
        html::push_html(&mut shown, inner.into_iter());
        let own = if self.depth == 0 { self.owners.get(&at).copied() } else { None };
        if self.depth == 0 {
            self.close_card();
        }
        // A page has one first heading, its title; and no level is left out on the way down.
        let level = (level as u8).max(2).min(self.level + 1);
        self.level = level;
        if let Some((role, index)) = own {
            self.out.parts.push(Part::Open(role, index));
            self.card = true;
        }
        let (id, title) = (escaped(&anchor), words.trim().to_owned());
        self.html(format!(
            "<h{level} id=\"{id}\">{shown}<a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to {}\">#</a></h{level}>\n",
            escaped(&title)
        ));
        let step = own.filter(|(role, _)| *role == Role::Step).map(|(_, index)| index);
        self.out.headings.push(Heading {
            level,
            anchor: anchor.clone(),
            title: title.clone(),
            step,
        });
        self.out.sections.push(Section { anchor, title, text: String::new() });
    }

    fn close_card(&mut self) {
        if std::mem::take(&mut self.card) {
            self.flush();
            self.out.parts.push(Part::Close);
        }
    }

    /// HTML that an author wrote: shown as text. Comments are left out, and the places it marks stay places.
    fn raw_html(&mut self, html: &str, inline: bool) {
        let visible = without_comments(html);
        let shown = visible.trim();
        for name in marked(&visible) {
            self.place(&name);
        }
        if !inline {
            for heading in headings(&visible) {
                let anchor = self.slugs.next(&heading);
                self.place(&anchor);
            }
        }
        let lower = shown.to_ascii_lowercase();
        if shown.is_empty()
            || lower == "</a>"
            || (lower.starts_with("<a ") && !lower.contains("href"))
        {
            return;
        }
        self.words(shown);
        match (inline, lower.trim_end_matches(['/', '>', ' ']) == "<br") {
            (_, true) => self.html("<br>".to_owned()),
            (true, false) => self.pending.push(Event::Text(visible.into())),
            (false, false) => self.html(format!("<p class=\"raw\">{}</p>\n", escaped(shown))),
        }
    }

    /// A name for a heading that no other place of the page has.
    fn claim(&mut self, slug: String) -> String {
        let mut name = slug;
        // The page's own parts have names that begin so.
        while name.starts_with("rb-") || !self.ids.insert(name.clone()) {
            name = format!("heading-{name}");
        }
        name
    }

    /// Marks a place under its name, unless another place has it.
    fn place(&mut self, name: &str) {
        if !name.starts_with("rb-") && self.ids.insert(name.to_owned()) {
            self.html(format!("<span id=\"{}\"></span>", escaped(name)));
        }
    }

    fn words(&mut self, words: &str) {
        if let Some((_, _, heading)) = self.open.last_mut() {
            heading.push_str(words);
            return;
        }
        // What stands above the first heading belongs to the page itself.
        let text = match self.out.sections.last_mut() {
            Some(section) => &mut section.text,
            None => &mut self.out.opening,
        };
        text.push_str(words);
        text.push(' ');
    }

    fn html(&mut self, html: String) {
        self.pending.push(Event::InlineHtml(html.into()));
    }

    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let mut text = String::new();
        html::push_html(&mut text, pending.into_iter());
        match self.out.parts.last_mut() {
            Some(Part::Html(last)) => last.push_str(&text),
            _ => self.out.parts.push(Part::Html(text)),
        }
    }

    fn finish(mut self) -> Rendered {
        self.flush();
        self.close_card();
        // Behind a fence that is not closed, blocks are not seen as such. They must not be missing.
        for (role, index, _) in std::mem::take(&mut self.blocks).into_values() {
            self.out.parts.push(Part::Block(role, index, false));
        }
        self.out
    }
}
