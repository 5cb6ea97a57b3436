//! Where a link of a runbook leads on the site, and which addresses may stand on a page at all.

use super::view::Linked;
use std::collections::{BTreeMap, BTreeSet};

/// Schemes that lead to something a person can read, write to or call. A page has no others.
const SAFE: [&str; 15] = [
    "http", "https", "mailto", "tel", "sms", "ftp", "sftp", "ssh", "git", "slack", "msteams",
    "zoommtg", "irc", "xmpp", "matrix",
];

/// What becomes of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To another place of this page, or to another page of the site.
    Inside(String),
    /// Out of the site.
    Outside(String),
    /// A picture that is written into the text.
    Data(String),
    /// Nowhere: its words stand there without it.
    Dead,
}

/// Leads the links of one page to their places.
pub(super) struct Links<'a> {
    /// Where its relative links lead.
    pub(super) linked: &'a BTreeMap<String, Linked>,
    /// The names of the places of this page.
    pub(super) anchors: &'a BTreeSet<String>,
    /// From this page to the folder of the site, such as `../`.
    pub(super) root: &'static str,
    /// From this page to the pages of other runbooks.
    pub(super) books: &'static str,
}

impl Links<'_> {
    /// Where an address leads from here.
    pub(super) fn target(&self, address: &str) -> Target {
        if address.chars().any(char::is_control) {
            return Target::Dead;
        }
        if let Some(scheme) = scheme(address) {
            return self.with_scheme(scheme, address);
        }
        if address.starts_with("//") {
            return Target::Outside(format!("https:{address}"));
        }
        let (path, anchor) = match address.split_once('#') {
            Some((path, anchor)) => (path, Some(decoded(anchor))),
            None => (address, None),
        };
        let path = decoded(path.split('?').next().unwrap_or_default());
        match (path.as_str(), anchor) {
            ("", None) => Target::Dead,
            ("", Some(anchor)) => Target::Inside(format!("#{}", encoded(&self.here(&anchor)))),
            (path, anchor) => self.file(path, anchor.as_deref()),
        }
    }

    fn with_scheme(&self, scheme: &str, address: &str) -> Target {
        let lower = scheme.to_ascii_lowercase();
        if SAFE.contains(&lower.as_str()) {
            return Target::Outside(address.to_owned());
        }
        if lower == "data" && address[scheme.len() + 1..].to_ascii_lowercase().starts_with("image/")
        {
            return Target::Data(address.to_owned());
        }
        Target::Dead
    }

    /// The name of a place of this page, as the page has it.
    fn here(&self, anchor: &str) -> String {
        let plain = anchor.strip_prefix("user-content-").unwrap_or(anchor);
        let lower = plain.to_lowercase();
        if !self.anchors.contains(plain) && self.anchors.contains(&lower) {
            lower
        } else {
            plain.to_owned()
        }
    }

    fn file(&self, path: &str, anchor: Option<&str>) -> Target {
        let anchor = anchor.map(|anchor| format!("#{}", encoded(anchor))).unwrap_or_default();
        match self.linked.get(path) {
            Some(Linked::Book(name)) => {
                Target::Inside(format!("{}{}.html{anchor}", self.books, encoded(name)))
            }
            Some(Linked::Document(page)) => {
                Target::Inside(format!("{}{}{anchor}", self.root, encoded(page)))
            }
            Some(Linked::File(file)) => Target::Inside(format!("{}{}", self.root, encoded(file))),
            Some(Linked::Data(data)) => Target::Data(data.clone()),
            Some(Linked::Nowhere) | None => Target::Dead,
        }
    }
}

/// The scheme of an address, if it has one.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let legal = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    legal.then_some(scheme)
}

/// The path of a link as its runbook names a file: without its anchor and its query, decoded. Nothing for what
/// is no path.
#[must_use]
pub fn path_of(address: &str) -> Option<String> {
    if scheme(address).is_some() || address.starts_with("//") {
        return None;
    }
    let path = address.split(['#', '?']).next().unwrap_or_default();
    (!path.is_empty()).then(|| decoded(path))
}

/// Takes `%20` and the like back. What is not UTF-8 then stays as it is.
#[must_use]
pub fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Writes a path or an anchor so that it can stand in an address.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$'()*+,;=@".contains(&byte);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_page_and_never_to_code() {
        let linked = BTreeMap::from([
            ("other.md".to_owned(), Linked::Book("other".to_owned())),
            ("a b.png".to_owned(), Linked::File("files/a b.png".to_owned())),
            ("gone.md".to_owned(), Linked::Nowhere),
        ]);
        let anchors = BTreeSet::from(["how-we-know".to_owned()]);
        let links = Links { linked: &linked, anchors: &anchors, root: "../", books: "" };
        let inside = |to: &str| Target::Inside(to.to_owned());
        assert_eq!(links.target("other.md#step"), inside("other.html#step"));
        assert_eq!(links.target("a%20b.png"), inside("../files/a%20b.png"));
        assert_eq!(links.target("#How-We-Know"), inside("#how-we-know"));
        assert_eq!(
            links.target("https://example.com/?a=b"),
            Target::Outside("https://example.com/?a=b".into())
        );
        assert_eq!(links.target("//example.com"), Target::Outside("https://example.com".into()));
        assert_eq!(
            links.target("data:image/png;base64,AA"),
            Target::Data("data:image/png;base64,AA".into())
        );
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "java\tscript:x",
            "vbscript:x",
            "data:text/html,x",
            "gone.md",
            "x.md",
            "file:///etc/passwd",
        ] {
            assert_eq!(links.target(bad), Target::Dead, "{bad}");
        }
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(path_of("a%20b.md?x=1#y"), Some("a b.md".to_owned()));
        for none in ["#x", "https://example.com", "//example.com", "", "mailto:a@b"] {
            assert_eq!(path_of(none), None, "{none}");
        }
        assert_eq!(decoded("100%+5"), "100%+5");
        assert_eq!(encoded("é \"<"), "%C3%A9%20%22%3C");
    }
}
