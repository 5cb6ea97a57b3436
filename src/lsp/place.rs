//! In which part of a runbook a place lies, told from the lines around it.
//!
//! Text is broken while it is being typed, and that is when an editor asks. So nothing here needs a
//! fence that is closed or YAML that can be read.

use crate::model::step::Role;
use crate::parse::LANGUAGES;
use crate::source::Span;
use std::ops::Range;

/// A line of YAML, without what Markdown puts before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'t> {
    /// Where `text` begins in the document.
    pub(super) start: usize,
    /// The line without its end.
    pub(super) text: &'t str,
}

impl Line<'_> {
    pub(super) const fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// A fence, closed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fence<'t> {
    /// Its info string, and where.
    pub(super) info: Line<'t>,
    /// The lines between the opening and the closing one, without the indentation of the fence.
    pub(super) body: Vec<Line<'t>>,
    /// From the opening line to the closing one, or to where the fence must have been meant to end.
    pub(super) span: Span,
    mark: char,
    width: usize,
    indent: usize,
}

/// What an info string says about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'t> {
    /// Whether it is a script rather than a typed action.
    pub(super) script: bool,
    pub(super) role: Role,
    pub(super) id: &'t str,
    /// Where the id stands.
    pub(super) id_span: Span,
}

impl<'t> Fence<'t> {
    /// What the info string says, when it is one of an executable block. The id may be missing still.
    pub(super) fn head(&self) -> Option<Head<'t>> {
        let mut words = self.info.text.split_whitespace();
        let (language, second) = (words.next()?, words.next()?);
        let (word, id) = second.split_once('=')?;
        let role = Role::ALL.into_iter().find(|role| role.word() == word)?;
        if !LANGUAGES.contains(&language) {
            return None;
        }
        let at = self.info.text.find(second)? + word.len() + 1;
        let start = self.info.start + at;
        let id_span = Span::new(start, start + id.len());
        Some(Head { script: language != "yaml", role, id, id_span })
    }

    /// The YAML of the block: all of a typed action, the `#|` lines of a script.
    pub(super) fn yaml(&self) -> Vec<Line<'t>> {
        match self.head() {
            Some(Head { script: true, .. }) => self.body.iter().map_while(option_line).collect(),
            _ => self.body.clone(),
        }
    }
}

/// A `#|` line without its mark.
fn option_line<'t>(line: &Line<'t>) -> Option<Line<'t>> {
    let rest = line.text.strip_prefix("#|")?;
    let text = rest.strip_prefix(' ').unwrap_or(rest);
    Some(Line { start: line.end() - text.len(), text })
}

/// The lines of a part of a text. Behind the last line end of a text there is an empty one.
pub(super) fn lines(text: &str, part: Range<usize>) -> Vec<Line<'_>> {
    let (mut all, mut start) = (Vec::new(), part.start);
    let last = part.end == text.len() && (part.is_empty() || text.ends_with('\n'));
    for line in text[part].split_inclusive('\n') {
        all.push(Line { start, text: line.trim_end_matches(['\n', '\r']) });
        start += line.len();
    }
    all.extend(last.then_some(Line { start, text: "" }));
    all
}

/// The front matter: its lines, and the offset at which the Markdown begins.
pub(super) fn front_matter(text: &str) -> (Option<Vec<Line<'_>>>, usize) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let all = lines(text, start..text.len());
    if all.first().is_none_or(|line| line.text.trim_end() != "---") {
        return (None, start);
    }
    let ends = |line: &&Line<'_>| matches!(line.text.trim_end(), "---" | "...");
    // One that is not closed yet ends where Markdown must have begun.
    let stops = |line: &&Line<'_>| line.text.starts_with("# ") || line.text.starts_with("```");
    let rest = &all[1..];
    if let Some(at) = rest.iter().position(|line| ends(&line)) {
        return (Some(rest[..at].to_vec()), rest[at].end());
    }
    let at = rest.iter().position(|line| stops(&line)).unwrap_or(rest.len());
    (Some(rest[..at].to_vec()), rest.get(at).map_or(text.len(), |line| line.start))
}

/// The fences from `start` on. One that swallows the opening of an executable block ends there.
pub(super) fn fences(text: &str, start: usize) -> Vec<Fence<'_>> {
    let (mut found, mut open): (Vec<Fence<'_>>, Option<Fence<'_>>) = (Vec::new(), None);
    for line in lines(text, start..text.len()) {
        let fence = opening(line);
        let Some(current) = &mut open else {
            open = fence;
            continue;
        };
        let closes = fence.as_ref().is_some_and(|fence| {
            fence.mark == current.mark
                && fence.width >= current.width
                && fence.info.text.trim().is_empty()
        });
        let swallowed = current.head().is_some()
            && fence.as_ref().is_some_and(|fence| {
                fence.head().is_some() && fence.width <= current.width && fence.mark == current.mark
            });
        if closes || swallowed {
            current.span.end = if closes { line.end() } else { line.start };
            found.extend(open.take());
            open = fence.filter(|_| swallowed);
        } else {
            let spaces = line.text.len() - line.text.trim_start_matches(' ').len();
            let cut = spaces.min(current.indent);
            current.body.push(Line { start: line.start + cut, text: &line.text[cut..] });
            current.span.end = line.end();
        }
    }
    found.extend(open);
    found
}

/// The fence that a line opens or closes. Not one in a block quote: those never run.
fn opening(line: Line<'_>) -> Option<Fence<'_>> {
    let content = line.text.trim_start();
    // In a list, the fence may stand behind the mark of an item.
    let content = ["- ", "* ", "+ "]
        .iter()
        .find_map(|mark| content.strip_prefix(mark))
        .map_or(content, str::trim_start);
    let mark = content.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = content.trim_start_matches(mark);
    let width = content.len() - info.len();
    if width < 3 || mark == '`' && info.contains('`') {
        return None;
    }
    let indent = line.text.len() - content.len();
    let info = Line { start: line.end() - info.len(), text: info };
    let span = Span::new(line.start + indent, line.end());
    Some(Fence { info, body: Vec::new(), span, mark, width, indent })
}

/// What a place is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<'t> {
    /// The front matter.
    FrontMatter(Vec<Line<'t>>),
    /// The line that opens a fence.
    Info(Fence<'t>),
    /// The YAML of a block.
    Yaml(Fence<'t>, Head<'t>),
    /// A script, or code that is only shown.
    Code,
    /// Markdown.
    Prose,
}

/// What the byte at `offset` is part of.
pub(super) fn of(text: &str, offset: usize) -> Place<'_> {
    let (front, start) = front_matter(text);
    if let Some(front) = front
        && front.iter().any(|line| line.start <= offset && offset <= line.end())
    {
        return Place::FrontMatter(front);
    }
    for fence in fences(text, start) {
        if offset < fence.span.start || offset > fence.span.end {
            continue;
        }
        if offset <= fence.info.end() {
            let inside = offset >= fence.info.start;
            return if inside { Place::Info(fence) } else { Place::Prose };
        }
        let Some(head) = fence.head() else { return Place::Code };
        let yaml = fence.yaml();
        let inside = yaml.iter().any(|line| line.start <= offset && offset <= line.end());
        return if inside { Place::Yaml(fence, head) } else { Place::Code };
    }
    Place::Prose
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `|` out of a text and tells where it was.
    fn cursor(marked: &str) -> (String, usize) {
        let at = marked.find('¦').expect("a cursor");
        (marked.replace('¦', ""), at)
    }

    fn kind(marked: &str) -> &'static str {
        let (text, at) = cursor(marked);
        match of(&text, at) {
            Place::FrontMatter(_) => "front",
            Place::Info(_) => "info",
            Place::Yaml(..) => "yaml",
            Place::Code => "code",
            Place::Prose => "prose",
        }
    }

    #[test]
    fn places_are_told_apart() {
        assert_eq!(kind("---\nti¦tle: x\n---\n"), "front");
        assert_eq!(kind("---\n¦\n---\n"), "front");
        assert_eq!(kind("---\ntitle: x\nown¦"), "front");
        assert_eq!(kind("---\nown¦\n# Title\n"), "front");
        assert_eq!(kind("---\na: b\n---\n¦x\n"), "prose");
        assert_eq!(kind("```ya¦ml step=x\nuses: a\n```\n"), "info");
        assert_eq!(kind("```yaml step=x\nuses: a¦\n```\n"), "yaml");
        assert_eq!(kind("```yaml step=x\nuses: a¦"), "yaml");
        assert_eq!(kind("~~~~yaml step=x\n```\n¦\n"), "yaml");
        assert_eq!(kind("```bash step=x\n#| tim¦eout: 1m\nls\n```\n"), "yaml");
        assert_eq!(kind("```bash step=x\n#|¦\nls\n```\n"), "yaml");
        assert_eq!(kind("```bash step=x\nls¦\n```\n"), "code");
        assert_eq!(kind("```yaml\nuses: a¦\n```\n"), "code");
        assert_eq!(kind("```yaml step=x\n```\n¦\n"), "prose");
    }

    #[test]
    fn a_fence_that_is_not_closed_yet_ends_at_the_next_block() {
        let text = "```yaml step=a\nuses: x\n\n## Next\n\n```yaml step=b\nuses: y\n```\n";
        let ids: Vec<&str> =
            fences(text, 0).iter().filter_map(|f| f.head().map(|h| h.id)).collect();
        assert_eq!(ids, ["a", "b"]);
        // What is shown in a longer fence stays shown.
        assert_eq!(fences("````md\n```yaml step=a\n```\n````\n", 0).len(), 1);
    }

    #[test]
    fn indentation_and_marks_are_taken_off() {
        let text = "- ```bash step=x\r\n  #| env:\r\n  #|   A: b\r\n  ls\r\n  ```\r\n";
        let all = fences(text, 0);
        let yaml = all[0].yaml();
        assert_eq!(yaml.iter().map(|line| line.text).collect::<Vec<_>>(), ["env:", "  A: b"]);
        for line in yaml {
            assert_eq!(&text[line.start..line.end()], line.text);
        }
        assert_eq!(all[0].body.len(), 3);
    }
}
