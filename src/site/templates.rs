//! The templates of the pages: embedded in the program, and each one replaced by a file of the project that has its
//! name.

use super::spoken::inline;
use tera::{Kwargs, State, Tera};

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        /// The templates by name.
        const EMBEDDED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name)))),+];
        /// The names of the templates. A file of that name in `templates/` of a project takes its place.
        pub const NAMES: &[&str] = &[$($name),+];
    };
}

embedded!(
    "base.html",
    "card.html",
    "does.html",
    "eyebrow.html",
    "parts.html",
    "start.html",
    "chips.html",
    "index.html",
    "runbooks.html",
    "runbook.html",
    "runs.html",
    "run.html",
    "runtable.html",
    "accounts.html",
    "obligations.html",
    "calendar.html",
    "document.html",
    "single.html",
    "site.css",
    "site.js",
);

/// The templates that a site is made with.
pub struct Templates {
    pub(super) tera: Tera,
    pub(super) css: String,
    pub(super) js: String,
}

impl Templates {
    /// The embedded templates, those that a project has of its own in their place.
    ///
    /// # Errors
    /// Says which template cannot be read, and where.
    pub fn new(own: &[(String, String)]) -> Result<Self, String> {
        let text = |name: &str| {
            let given = own.iter().find(|(own, _)| own == name).map(|(_, text)| text.clone());
            let embedded = || EMBEDDED.iter().find(|(own, _)| *own == name);
            given.or_else(|| embedded().map(|(_, text)| (*text).to_owned())).unwrap_or_default()
        };
        let mut tera = Tera::default();
        // Gives HTML in which the text is escaped: `| code | safe`.
        tera.register_filter("code", |text: &str, _: Kwargs, _: &State| inline(text));
        let pages: Vec<(&str, String)> = NAMES
            .iter()
            .filter(|name| name.ends_with(".html"))
            .map(|name| (*name, text(name)))
            .collect();
        tera.add_raw_templates(pages).map_err(|error| error.to_string())?;
        Ok(Self { tera, css: text("site.css"), js: text("site.js") })
    }
}
