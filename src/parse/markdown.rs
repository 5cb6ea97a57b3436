//! Markdown to fences, headings and prose, each with its place.

use super::info;
use super::mapping::Builder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{HIDDEN_BLOCK, UNCLOSED_FENCE};
use crate::model::value::Text;
use crate::source::Span;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// What a document consists of, in order.
pub(super) struct Document {
    pub(super) headings: Vec<Heading>,
    pub(super) fences: Vec<Fence>,
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
}

/// Reads the Markdown in `text` from `start` on.
pub(super) fn read(text: &str, start: usize, found: &mut Vec<Diagnostic>) -> Document {
    let mut reader = Reader {
        text,
        document: Document { headings: Vec::new(), fences: Vec::new(), comments: Vec::new() },
        quotes: 0,
        heading: None,
        fence: None,
        found,
    };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    for (event, range) in Parser::new_ext(&text[start..], options).into_offset_iter() {
        reader.event(event, range.start + start..range.end + start);
    }
    reader.document
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
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::BlockQuote(_)) => self.quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => self.quotes = self.quotes.saturating_sub(1),
            Event::Start(Tag::Heading { level, .. }) => self.heading = Some((level, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, title)) = self.heading.take().filter(|_| self.quotes == 0) {
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
                self.found.push(hidden(opening, "a block quote"));
            }
            return;
        }
        let end = range.start + written.trim_end().len();
        let closed = written.lines().count() > 1
            && written.trim_end().lines().last().is_some_and(|line| is_closing(line, mark, width));
        let swallowed = swallowed(body.value(), mark, width);
        if !closed {
            let diagnostic = UNCLOSED_FENCE
                .error(opening, "this fence is never closed")
                .help(format!("close it with a line of {width} `{mark}` or more"));
            self.found.push(diagnostic);
        } else if let Some(line) = swallowed {
            self.found.push(
                UNCLOSED_FENCE
                    .error(opening, format!("this fence swallows the block `{}`", line.trim()))
                    .help("close it before that block, or open it with more backticks to show the block as an example"),
            );
        }
        let text = body.text(Span::new(opening.end.min(end), end));
        self.document.fences.push(Fence {
            span: Span::new(range.start, end),
            info_start: range.start + width,
            info,
            text,
        });
    }

    /// Four spaces too many make a fence into text.
    fn indented(&mut self, range: &Range<usize>) {
        let text = self.text;
        for (span, _) in openings(&text[range.clone()], range.start) {
            self.found.push(hidden(span, "an indented code block"));
        }
    }

    fn html_block(&mut self, range: Range<usize>) {
        let html = &self.text[range.clone()];
        let comments = comments(html);
        for (span, at) in openings(html, range.start) {
            match comments.iter().find(|comment| comment.contains(&at)) {
                None => self.found.push(hidden(span, "HTML")),
                Some(comment) if !html[comment.clone()].ends_with("-->") => {
                    let start = range.start + comment.start;
                    let diagnostic = HIDDEN_BLOCK
                        .error(
                            Span::new(start, start + 4),
                            "this HTML comment is never closed, and hides what follows",
                        )
                        .related(span, "this block never runs");
                    self.found.push(diagnostic.help("close it with `-->`"));
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

/// The lines of a text that look like the opening of an executable fence: their place, and their
/// offset in the text, which itself stands at `start`.
fn openings(text: &str, start: usize) -> Vec<(Span, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let info = content.trim_start_matches(['`', '~']);
        if content.len() >= info.len() + 3 && info::looks_executable(info) {
            let offset = at + line.find(content).unwrap_or_default();
            found.push((Span::new(start + offset, start + offset + content.len()), offset));
        }
        at += line.len();
    }
    found
}

fn hidden(span: Span, inside: &str) -> Diagnostic {
    HIDDEN_BLOCK
        .warning(span, format!("this block stands in {inside} and never runs"))
        .help("take it out, or leave out the role")
}

/// Adds one event of text to a block. Markdown may have changed it: tabs are expanded, `\r` goes.
fn add(body: &mut Builder, source: &str, text: &str, range: Range<usize>) {
    if source.get(range.clone()) == Some(text) {
        body.exact(text, range.start);
        return;
    }
    let mut at = range.start;
    for c in text.chars() {
        let mut bytes = [0; 4];
        let encoded: &str = c.encode_utf8(&mut bytes);
        if c == '\n' && source[at..range.end].starts_with("\r\n") {
            at += 1;
        }
        if source[at..range.end].starts_with(c) {
            body.exact(encoded, at);
            at += c.len_utf8();
        } else {
            let width = source[at..].chars().next().map_or(0, char::len_utf8);
            body.other(encoded, at..at + width);
        }
    }
}

fn is_closing(line: &str, mark: char, width: usize) -> bool {
    let line = line.trim().trim_start_matches(['>', ' ', '\t']);
    line.len() >= width && line.chars().all(|c| c == mark)
}

/// The first line in a fence that looks like the opening of an executable one as wide.
fn swallowed(body: &str, mark: char, width: usize) -> Option<&str> {
    body.lines().find(|line| {
        let line = line.trim_start();
        let info = line.trim_start_matches(mark);
        line.len() - info.len() >= width && info::looks_executable(info)
    })
}

/// The comments in a piece of HTML.
fn comments(html: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = html[at..].find("<!--").map(|offset| at + offset) {
        let end = html[start + 4..].find("-->").map_or(html.len(), |offset| start + 4 + offset + 3);
        found.push(start..end);
        at = end;
    }
    found
}
