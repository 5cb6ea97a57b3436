//! The files that runbooks link to: which of them may be copied into the site, and under which name.

use crate::cli::project::Home;
use crate::model::runbook::Runbook;
use crate::site::path_of;
use crate::site::view::Linked;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// A file that is larger than this does not belong on a page that people read.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Where the links of a runbook lead. A file that is copied is noted by its path in the site.
pub(super) fn links(
    home: &Home,
    book: &Runbook,
    names: &[String],
    found: &mut Found,
) -> BTreeMap<String, Linked> {
    let folder = std::path::absolute(&book.source.path)
        .ok()
        .and_then(|path| Some(path.parent()?.to_owned()));
    let Some(folder) = folder else { return BTreeMap::new() };
    let paths =
        book.links.iter().filter(|link| link.defined).filter_map(|link| path_of(&link.target));
    paths
        .map(|path| {
            let at = match path.strip_prefix('/') {
                Some(path) => home.root.join(path),
                None => folder.join(&path),
            };
            let linked = lead(home, &at, names, found);
            (path, linked)
        })
        .collect()
}

fn lead(home: &Home, at: &Path, names: &[String], found: &mut Found) -> Linked {
    // Links of the file system are followed first: a page must not hand out what lies outside the project.
    let (Ok(root), Ok(real)) = (home.root.canonicalize(), at.canonicalize()) else {
        return Linked::Nowhere;
    };
    let Ok(inside) = real.strip_prefix(&root) else { return Linked::Nowhere };
    let state = home.state.canonicalize().unwrap_or_else(|_| home.state.clone());
    if real.starts_with(state) || !real.is_file() || hidden(inside) {
        return Linked::Nowhere;
    }
    if let (Some(parent), Some(stem)) =
        (inside.parent(), inside.file_stem().and_then(|stem| stem.to_str()))
        && parent == Path::new("runbooks")
        && inside.extension().is_some_and(|end| end == "md")
        && names.iter().any(|name| name == stem)
    {
        return Linked::Book(stem.to_owned());
    }
    let small = real.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST);
    let Some(inside) = inside.to_str().filter(|_| small) else { return Linked::Nowhere };
    let inside = inside.replace('\\', "/");
    if real.extension().is_some_and(|end| end == "md") {
        return Linked::Document(found.page(&inside, real));
    }
    let path = copy_of(&inside);
    found.files.insert(path.clone(), real);
    Linked::File(path)
}

/// Where the copy of a file lies in the site.
pub(super) fn copy_of(inside: &str) -> String {
    format!("files/{inside}")
}

/// The files that links lead to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that are copied, by their paths in the site.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// Those that pages are made of, by their paths from the folder of the project: the page, and the file.
    pub(super) documents: BTreeMap<String, (String, PathBuf)>,
}

impl Found {
    /// The page that is made of a file. Pages lie side by side, so that their links need not know how deep they are.
    fn page(&mut self, inside: &str, real: PathBuf) -> String {
        if let Some((page, _)) = self.documents.get(inside) {
            return page.clone();
        }
        let name = inside.strip_suffix(".md").unwrap_or(inside).replace('/', "-");
        let taken = |page: &String| self.documents.values().any(|(other, _)| other == page);
        let numbered = (2..).map(|number| format!("documents/{name}-{number}.html"));
        let mut all = std::iter::once(format!("documents/{name}.html")).chain(numbered);
        let page = all.find(|page| !taken(page)).unwrap_or_default();
        self.documents.insert(inside.to_owned(), (page.clone(), real));
        page
    }
}

/// Whether a part of the path begins with a dot: what is kept from lists is kept from the site.
fn hidden(path: &Path) -> bool {
    path.components().any(|part| match part {
        Component::Normal(name) => name.to_string_lossy().starts_with('.'),
        _ => true,
    })
}

/// The largest picture that is written into a page.
const PICTURE: u64 = 2 * 1024 * 1024;

/// A picture as an address that holds all of it. Nothing for what is no picture.
pub(super) fn data(path: &Path) -> Option<String> {
    use base64::Engine as _;
    let kind = match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "png" => "png",
        "jpg" | "jpeg" => "jpeg",
        "gif" => "gif",
        "webp" => "webp",
        "svg" => "svg+xml",
        _ => return None,
    };
    let small = path.metadata().is_ok_and(|metadata| metadata.len() <= PICTURE);
    let bytes = read(path).ok().filter(|_| small)?;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    Some(format!("data:image/{kind};base64,{text}"))
}

/// The bytes of an attachment.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
