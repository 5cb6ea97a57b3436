//! A Markdown file that is no runbook, as a page: what runbooks link to, so that nobody has to read its source.

use super::markdown::{Part, Rendered, render};
use super::search::Place;
use super::target::{Links, encoded};
use super::view::Document;
use crate::model::value::Text;
use crate::source::Span;
use serde::Serialize;

/// A page for reading.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DocumentPage {
    pub(super) title: String,
    /// The file that it is made of, from the folder of the project.
    of: String,
    html: String,
    toc: Vec<(u8, String, String)>,
}

/// The page of a document, and what the search finds on it.
pub(super) fn page(document: &Document) -> (DocumentPage, Vec<Place>) {
    let (title, rendered) = rendered(document);
    let address = encoded(&document.path);
    let place = |u: String, t: String, p: &str, w: &str| Place {
        u,
        t,
        p: p.to_owned(),
        w: w.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let mut places = vec![place(address.clone(), title.clone(), "Document", &rendered.opening)];
    places.extend(rendered.sections.into_iter().map(|section| {
        let at = format!("{address}#{}", encoded(&section.anchor));
        place(at, section.title, &title, &section.text)
    }));
    let html = rendered.parts.into_iter().filter_map(|part| match part {
        Part::Html(html) => Some(html),
        // It has no steps.
        _ => None,
    });
    let headings = rendered.headings.into_iter().filter(|heading| heading.level <= 3);
    let page = DocumentPage {
        of: document.of.clone(),
        html: html.collect(),
        toc: headings.map(|one| (one.level, one.anchor, one.title)).collect(),
        title,
    };
    (page, places)
}

/// What it is called, and its text without the heading that says so.
fn rendered(document: &Document) -> (String, Rendered) {
    let mut text = (*document.text).clone();
    // A block that shows how a step is written is no step here.
    text.steps.clear();
    text.health.clear();
    let links = Links {
        linked: &document.links,
        anchors: &text.anchors,
        root: "../",
        books: "../runbooks/",
    };
    let first = render(&text, &links);
    let body = text.source.text.get(text.front.span.end..).unwrap_or_default();
    let named = body.trim_start_matches('\u{feff}').trim_start().starts_with("# ");
    let Some(heading) = first.headings.first().filter(|_| named) else {
        let name = document.of.rsplit('/').next().unwrap_or_default();
        return (name.to_owned(), first);
    };
    let title = heading.title.clone();
    let mut titled = text.clone();
    titled.front.title = Some(Text::new(title.clone(), Span::default(), Vec::new()));
    let rendered = render(&titled, &links);
    (title, rendered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::view::Linked;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn document(text: &str) -> Document {
        let (read, _) = crate::parse::runbook("guide", "docs/guide.md", text);
        let links = BTreeMap::from([
            ("../runbooks/kms.md".to_owned(), Linked::Book("kms".to_owned())),
            ("other.md".to_owned(), Linked::Document("documents/docs-other.html".to_owned())),
        ]);
        Document {
            path: "documents/docs-guide.html".to_owned(),
            of: "docs/guide.md".to_owned(),
            text: Arc::new(read),
            links,
        }
    }

    #[test]
    fn it_has_its_title_once_and_its_links_lead_on() {
        let text = "# The guide\n\nFirst words.\n\n## How\n\nAs in [the key](../runbooks/kms.md#a) and [the other](other.md#b).\n";
        let (page, places) = page(&document(text));
        assert_eq!(page.title, "The guide");
        assert!(!page.html.contains("<h1"), "{}", page.html);
        assert!(!page.html.contains("The guide"), "{}", page.html);
        assert!(page.html.contains("href=\"../runbooks/kms.html#a\""), "{}", page.html);
        assert!(page.html.contains("href=\"../documents/docs-other.html#b\""), "{}", page.html);
        assert_eq!(page.toc, [(2, "how".to_owned(), "How".to_owned())]);
        let found: Vec<&str> = places.iter().map(|place| place.u.as_str()).collect();
        assert_eq!(found, ["documents/docs-guide.html", "documents/docs-guide.html#how"]);
    }

    #[test]
    fn a_block_that_shows_a_step_is_shown() {
        let (page, _) = page(&document("Words.\n\n```bash step=look\n#| effect: read\nls\n```\n"));
        assert_eq!(page.title, "guide.md");
        assert!(page.html.contains("#| effect: read"), "{}", page.html);
    }

    #[test]
    fn no_markup_of_the_file_reaches_the_page() {
        let (page, _) = page(&document("# <b>x</b>\n\n<script>alert(1)</script>\n"));
        assert!(!page.html.contains("<script"), "{}", page.html);
    }
}
