//! Markdown to fences, headings and prose, each with its place.

use super::fence::{add, comments, is_closing, openings, swallowed};
use super::info;
use super::links::{Links, headings, marked_places};
use super::mapping::Builder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{HIDDEN_BLOCK, UNCLOSED_FENCE};
use crate::model::link::{Link, Slugs};
use crate::model::misread::Gaps;
use crate::model::value::Text;
use crate::source::Span;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

/// After so many fences that are not closed, the rest is not looked at again from each of them.
const MOST_RECOVERIES: usize = 8;

/// What a document consists of, in order.
pub(super) struct Document {
    pub(super) headings: Vec<Heading>,
    pub(super) fences: Vec<Fence>,
    pub(super) links: Vec<Link>,
    pub(super) anchors: BTreeSet<String>,
    pub(super) gaps: Gaps,
    comments: Vec<Range<usize>>,
}

pub(super) struct Heading {
    pub(super) level: HeadingLevel,
    pub(super) title: String,
    pub(super) span: Span,
}

/// A fenced block that counts: not in a block quote, not in HTML.
pub(super) struct Fence {
    /// The whole fence.
    pub(super) span: Span,
    /// The info string as it was written, and where.
    pub(super) info: String,
    pub(super) info_start: usize,
    /// What stands between the opening and the closing line.
    pub(super) text: Text,
    /// Whether it is not closed, so that nobody can tell what belongs to it.
    pub(super) torn: bool,
}

/// Reads the Markdown in `text` from `start` on.
pub(super) fn read(text: &str, start: usize, found: &mut Vec<Diagnostic>) -> Document {
    let document = Document {
        headings: Vec::new(),
        fences: Vec::new(),
        links: Vec::new(),
        anchors: BTreeSet::new(),
        gaps: Gaps::default(),
        comments: Vec::new(),
    };
    let mut reader = Reader {
        text,
        document,
        quotes: 0,
        heading: None,
        fence: None,
        links: Links::default(),
        slugs: Slugs::default(),
        go_on_at: None,
        recoveries: 0,
        stray: false,
        found,
    };
    let mut at = Some(start);
    while let Some(start) = at {
        at = reader.pass(start);
    }
    let mut document = reader.document;
    document.links.extend(reader.links.found);
    document.links.sort_by_key(|link| link.span);
    document.links.dedup();
    document
}

impl Document {
    /// The prose in a part of the text, without HTML comments.
    pub(super) fn prose(&self, text: &str, part: Range<usize>) -> String {
        let (mut out, mut at) = (String::new(), part.start);
        for comment in self
            .comments
            .iter()
            .filter(|comment| comment.start >= part.start && comment.end <= part.end)
        {
            if comment.start >= at {
                out.push_str(&text[at..comment.start]);
                at = comment.end;
            }
        }
        out.push_str(text.get(at..part.end).unwrap_or_default());
        out.replace("\r\n", "\n").trim().to_owned()
    }
}

struct Reader<'a> {
    text: &'a str,
    document: Document,
    quotes: usize,
    heading: Option<(HeadingLevel, String)>,
    fence: Option<(Range<usize>, Builder)>,
    links: Links,
    slugs: Slugs,
    /// Where to begin anew, after a fence that is not closed.
    go_on_at: Option<usize>,
    recoveries: usize,
    /// Whether a closing line without an opening one is to be expected, since its fence ended before.
    stray: bool,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads from `start` to the end, or to a fence that is not closed. Gives where to go on after it.
    fn pass(&mut self, start: usize) -> Option<usize> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_FOOTNOTES;
        (self.quotes, self.heading, self.fence) = (0, None, None);
        let undefined = RefCell::new(Vec::new());
        let mut broken = |link: pulldown_cmark::BrokenLink<'_>| {
            undefined.borrow_mut().push((
                link.link_type,
                link.span.start + start..link.span.end + start,
                link.reference.to_string(),
            ));
            None
        };
        let parser =
            Parser::new_with_broken_link_callback(&self.text[start..], options, Some(&mut broken));
        for (_, definition) in parser.reference_definitions().iter() {
            let range = definition.span.start + start..definition.span.end + start;
            self.links.definition(self.text, range, &definition.dest);
        }
        for (event, range) in parser.into_offset_iter() {
            let range = range.start + start..range.end + start;
            self.links.event(self.text, &event, &range);
            self.event(event, range);
            if self.go_on_at.is_some() {
                break;
            }
        }
        undefined.into_inner().into_iter().for_each(|(kind, range, name)| {
            self.links.undefined(self.text, kind, range, &name);
        });
        self.go_on_at.take()
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::BlockQuote(_)) => self.quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => self.quotes = self.quotes.saturating_sub(1),
            Event::Start(Tag::Heading { level, .. }) => self.heading = Some((level, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                let heading = self.heading.take();
                if let Some((_, title)) = &heading {
                    self.document.anchors.insert(self.slugs.next(title));
                }
                if let Some((level, title)) = heading.filter(|_| self.quotes == 0) {
                    let end = range.start + self.text[range.clone()].trim_end().len();
                    let span = Span::new(range.start, end);
                    self.document.headings.push(Heading {
                        level,
                        title: title.trim().to_owned(),
                        span,
                    });
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                self.fence = Some((range, Builder::default()))
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((range, body)) = self.fence.take() {
                    self.close(range, body);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => self.indented(&range),
            Event::Start(Tag::HtmlBlock) => self.html_block(range),
            Event::InlineHtml(html) if html.starts_with("<!--") => {
                self.document.comments.push(range)
            }
            Event::InlineHtml(html) => self.document.anchors.extend(marked_places(&html)),
            Event::Text(text) | Event::Code(text) => self.words(&text, range),
            Event::SoftBreak | Event::HardBreak => self.words(" ", range),
            _ => {}
        }
    }

    fn words(&mut self, words: &str, range: Range<usize>) {
        if let Some((_, body)) = &mut self.fence {
            add(body, self.text, words, range);
        } else if let Some((_, title)) = &mut self.heading {
            title.push_str(words);
        }
    }

    fn close(&mut self, range: Range<usize>, body: Builder) {
        let written = &self.text[range.clone()];
        let Some(mark) = written.chars().next().filter(|c| matches!(c, '`' | '~')) else { return };
        let width = written.len() - written.trim_start_matches(mark).len();
        let first_line = written.lines().next().unwrap_or_default();
        let opening = Span::new(range.start, range.start + first_line.len());
        let info = first_line[width..].to_owned();
        if self.quotes > 0 {
            if info::looks_executable(&info) {
                self.hide(opening, "a block quote", &info);
            }
            return;
        }
        let end = range.start + written.trim_end().len();
        let closed = written.lines().count() > 1
            && written.trim_end().lines().last().is_some_and(|line| is_closing(line, mark, width));
        let torn = self.torn(opening, &info, &body, closed, (mark, width));
        let text = body.text(Span::new(opening.end.min(end), end));
        self.document.fences.push(Fence {
            span: Span::new(range.start, end),
            info_start: range.start + width,
            info,
            text,
            torn,
        });
    }

    /// Reports a fence that is not closed, or not where it should be, and finds the place to go on from.
    fn torn(
        &mut self,
        opening: Span,
        info: &str,
        body: &Builder,
        closed: bool,
        (mark, width): (char, usize),
    ) -> bool {
        let line = swallowed(body.value(), mark, width);
        if closed && line.is_none() {
            return false;
        }
        self.document.gaps.torn = true;
        let whole = body.text_at(Span::new(opening.start, self.text.len()));
        // The closing line of an example that ended too early opens a fence. That has been told.
        let told = info.trim().is_empty() && std::mem::take(&mut self.stray);
        if !told {
            self.report(opening, &whole, line, (mark, width));
            // It may be a closing line, and its opening line the one that is missing.
            self.document.gaps.nameless |= info.trim().is_empty();
        }
        let Some(line) = line else { return true };
        let first = info.split_whitespace().next().unwrap_or_default();
        if matches!(first.to_ascii_lowercase().as_str(), "markdown" | "md") {
            // It shows what runbooks look like, and what it shows ends at the next closing line.
            self.stray = true;
        } else if let Some(start) = self.place_to_go_on(&whole, line) {
            self.recoveries += 1;
            self.go_on_at = Some(start);
            return true;
        }
        for (_, at) in openings(body.value(), 0) {
            let opening = body.value()[at..].lines().next().unwrap_or_default();
            self.document.gaps.blocks.extend(info::meant(opening));
        }
        true
    }

    fn report(
        &mut self,
        opening: Span,
        body: &Text,
        line: Option<usize>,
        (mark, width): (char, usize),
    ) {
        let Some(at) = line else {
            let diagnostic = UNCLOSED_FENCE.error(opening, "this fence is never closed");
            self.found
                .push(diagnostic.help(format!("close it with a line of {width} `{mark}` or more")));
            return;
        };
        let line = body.value[at..].lines().next().unwrap_or_default();
        let start = at + line.len() - line.trim_start().len();
        let place = body.locate(start..at + line.trim_end().len());
        self.found.push(
            UNCLOSED_FENCE
                .error(opening, format!("this fence swallows the block `{}`", line.trim()))
                .related(place, "this block is swallowed")
                .help(if opening.end - opening.start == width {
                    "close it before that block; or if it was meant to close a block, give that block its opening line"
                } else {
                    "close it before that block, or open it with more backticks to show the block as an example"
                }),
        );
    }

    /// The beginning of a line in the source, when Markdown can be read from there on.
    fn place_to_go_on(&self, body: &Text, line: usize) -> Option<usize> {
        let written = body.locate(line..line + 1).start;
        let start = self.text[..written].rfind('\n').map_or(0, |newline| newline + 1);
        let indented = self.text[start..].len() - self.text[start..].trim_start_matches(' ').len();
        (indented < 4 && start > body.span.start && self.recoveries < MOST_RECOVERIES)
            .then_some(start)
    }

    fn hide(&mut self, span: Span, inside: &str, opening: &str) {
        self.document.gaps.blocks.extend(info::meant(opening));
        self.found.push(
            HIDDEN_BLOCK
                .warning(span, format!("this block stands in {inside} and never runs"))
                .help("take it out, or leave out the role"),
        );
    }

    /// Four spaces too many make a fence into text.
    fn indented(&mut self, range: &Range<usize>) {
        let text = self.text;
        for (span, _) in openings(&text[range.clone()], range.start) {
            self.hide(span, "an indented code block", &text[span.range()]);
        }
    }

    fn html_block(&mut self, range: Range<usize>) {
        let html = &self.text[range.clone()];
        self.document.anchors.extend(marked_places(html));
        for heading in headings(html) {
            self.document.anchors.insert(self.slugs.next(&heading));
        }
        let comments = comments(html);
        for (span, at) in openings(html, range.start) {
            match comments.iter().find(|comment| comment.contains(&at)) {
                None => self.hide(span, "HTML", &html[at..at + (span.end - span.start)]),
                Some(comment) if !html[comment.clone()].ends_with("-->") => {
                    let start = range.start + comment.start;
                    let diagnostic = HIDDEN_BLOCK
                        .error(
                            Span::new(start, start + 4),
                            "this HTML comment is never closed, and hides what follows",
                        )
                        .related(span, "this block never runs");
                    self.found.push(diagnostic.help("close it with `-->`"));
                    self.document.gaps.torn = true;
                    for (span, _) in openings(&html[at..], range.start + at) {
                        self.document.gaps.blocks.extend(info::meant(&self.text[span.range()]));
                    }
                    break;
                }
                Some(_) => {}
            }
        }
        self.document
            .comments
            .extend(comments.into_iter().map(|c| c.start + range.start..c.end + range.start));
    }
}
