//! A manifest of stacks as a page: it has no prose, so each stack is a heading, its words and its card.

use super::markdown::{Heading, Part, Rendered, Section};
use super::spoken::escaped;
use crate::model::runbook::Runbook;
use crate::model::step::Role;

/// The level of a stack's heading, under the title of the page.
const LEVEL: u8 = 2;

/// Renders it.
pub(super) fn render(book: &Runbook) -> Rendered {
    let mut out = Rendered::default();
    for (index, step) in book.steps.iter().enumerate() {
        let (anchor, title) = (step.id().to_string(), step.title.clone());
        let (id, shown) = (escaped(&anchor), escaped(&title));
        let mut html = format!(
            "<h{LEVEL} id=\"{id}\">{shown}<a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to {shown}\">#</a></h{LEVEL}>\n"
        );
        if !step.description.is_empty() {
            html.push_str(&format!("<p>{}</p>\n", escaped(&step.description)));
        }
        out.parts.extend([
            Part::Open(Role::Step, index),
            Part::Html(html),
            Part::Block(Role::Step, index, true),
            Part::Close,
        ]);
        out.sections.push(Section {
            anchor: anchor.clone(),
            title: title.clone(),
            text: format!("{} {}", step.description, step.block.text.value),
        });
        out.headings.push(Heading { level: LEVEL, anchor, title, step: Some(index) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::site::markdown::Part;

    #[test]
    fn each_stack_is_a_card_and_no_line_of_the_file_is_prose() {
        let text = "version: 1\ntitle: T\nsummary: S\nowner: o\nstacks:\n  net: { title: The <net>, description: No way out., template: x }\n";
        let (book, found) = crate::parse::runbook("stacks", "stacks/stacks.yaml", text);
        assert!(found.is_empty() && book.is_manifest(), "{found:?}");
        let out = render(&book);
        assert_eq!(out.headings.len(), 1);
        let [Part::Open(..), Part::Html(html), Part::Block(..), Part::Close] = &out.parts[..]
        else {
            panic!("{:?}", out.parts)
        };
        assert!(html.contains("The &lt;net&gt;") && html.contains("<p>No way out.</p>"), "{html}");
        assert!(!html.contains("version"), "{html}");
    }
}
