//! Whether a page is whole: every tag closed in its order, every attribute in quotes, nothing that runs, every id
//! once. Browsers forgive all of it; readers of a broken page do not.

use std::collections::BTreeSet;

/// Elements that have no end.
const VOID: [&str; 8] = ["meta", "link", "br", "hr", "img", "input", "wbr", "col"];
/// Addresses of these kinds may stand on a page.
const SAFE: [&str; 4] = ["http:", "https:", "mailto:", "data:image/"];

/// What is wrong with a page. Empty when nothing is.
pub(crate) fn faults(page: &str) -> Vec<String> {
    let mut reader = Reader { page, found: Vec::new(), open: Vec::new(), ids: BTreeSet::new() };
    reader.all();
    reader.found
}

struct Reader<'a> {
    page: &'a str,
    found: Vec<String>,
    open: Vec<&'a str>,
    ids: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn all(&mut self) {
        let mut rest = self.page;
        while let Some(at) = rest.find('<') {
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("<!doctype html>") {
                rest = after;
                continue;
            }
            let Some(end) = end_of_tag(rest) else {
                self.found.push(format!("a tag has no end: {}", head(rest)));
                return;
            };
            self.tag(&rest[1..end]);
            rest = &rest[end + 1..];
            if self.open.last() == Some(&"style") {
                rest = rest.split_once("</style>").map_or("", |(_, after)| after);
                self.open.pop();
            }
        }
        if !self.open.is_empty() {
            self.found.push(format!("never closed: {:?}", self.open));
        }
    }

    fn tag(&mut self, inside: &'a str) {
        if let Some(name) = inside.strip_prefix('/') {
            match self.open.pop() {
                Some(open) if open == name.trim() => {}
                other => self.found.push(format!("</{name}> ends {other:?}")),
            }
            return;
        }
        let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
        let name = &inside[..name_end];
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            self.found.push(format!("no tag: <{}", head(inside)));
            return;
        }
        let attributes = inside[name_end..].trim_end_matches('/');
        self.attributes(name, attributes);
        if name == "script" && !attributes.contains("src=\"") {
            self.found.push("a script stands on the page".to_owned());
        }
        if ["iframe", "object", "embed", "form", "base", "foreignObject"].contains(&name) {
            self.found.push(format!("<{name}> on a page"));
        }
        if !VOID.contains(&name) && !inside.ends_with('/') {
            self.open.push(name);
        }
    }

    fn attributes(&mut self, name: &str, text: &str) {
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let key = &rest[..end];
            rest = &rest[end..];
            if let Some(value) = rest.strip_prefix("=\"") {
                let Some((value, after)) = value.split_once('"') else {
                    self.found.push(format!("<{name} {key}=…: a value has no end"));
                    return;
                };
                self.attribute(name, key, value);
                rest = after;
            } else if rest.starts_with('=') {
                self.found.push(format!("<{name} {key}=…: a value without quotes"));
                return;
            }
            rest = rest.trim_start();
        }
    }

    fn attribute(&mut self, name: &str, key: &str, value: &str) {
        let lower = key.to_ascii_lowercase();
        if lower.starts_with("on") || lower == "style" || lower == "srcdoc" {
            self.found.push(format!("<{name} {key}=\"{}\">", head(value)));
        }
        if lower == "id" && !self.ids.insert(value.to_owned()) {
            self.found.push(format!("the id {value} stands twice"));
        }
        let scheme = value.split(['/', '?', '#']).next().unwrap_or_default();
        if ["href", "src"].contains(&lower.as_str())
            && scheme.contains(':')
            && !SAFE.iter().any(|safe| value.to_ascii_lowercase().starts_with(safe))
        {
            self.found.push(format!("<{name} {key}=\"{}\">", head(value)));
        }
    }
}

/// Where a tag ends. A `>` in quotes ends none.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn head(text: &str) -> String {
    text.chars().take(60).collect()
}

#[test]
fn faults_are_found() {
    assert_eq!(
        faults("<!doctype html><p id=\"a\">x<br></p><svg><path d=\"M0\"/></svg>"),
        Vec::<String>::new()
    );
    for bad in [
        "<p>",
        "<p></b></p>",
        "<b><i></b></i>",
        "<script>x</script>",
        "<p onclick=\"x\"></p>",
        "<a href=\"javascript:x\"></a>",
        "<p id=\"a\"></p><p id=\"a\"></p>",
        "<img src=x>",
        "<p style=\"x\"></p>",
        "a < b",
        "<iframe src=\"x\"></iframe>",
    ] {
        assert!(!faults(bad).is_empty(), "{bad}");
    }
}
