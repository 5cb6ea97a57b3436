//! File addresses to paths and back.

use lsp_types::Uri;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr as _;

/// The path of a document. One that is not a file, such as an unsaved one, has its address as its name.
#[must_use]
pub(super) fn path(uri: &Uri) -> PathBuf {
    let text = uri.as_str();
    let Some(rest) = text.strip_prefix("file://") else { return PathBuf::from(text) };
    // What stands before the first `/` is a host: this one.
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    PathBuf::from(decoded(path))
}

/// The address of a path. None for a path that cannot be one.
#[must_use]
pub(super) fn of(path: &Path) -> Option<Uri> {
    let mut text = String::from("file://");
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    Uri::from_str(&text).ok()
}

/// A path without `.` and `..`, as far as its text tells.
#[must_use]
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// A text without its `%` escapes. What is no escape stays as it is.
#[must_use]
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back() {
        for name in ["/a/b.md", "/a b/ä#?.md", "/100%/x.md", "/🔑.md"] {
            assert_eq!(path(&of(Path::new(name)).expect("an address")), Path::new(name));
        }
    }

    #[test]
    fn a_path_is_made_plain() {
        assert_eq!(normal(Path::new("/a/./b/../c.md")), Path::new("/a/c.md"));
        assert_eq!(normal(Path::new("/../a")), Path::new("/a"));
    }

    #[test]
    fn what_clients_send_is_understood() {
        let path = |text: &str| path(&Uri::from_str(text).expect("an address"));
        assert_eq!(path("file:///a%20b/c%3A.md"), Path::new("/a b/c:.md"));
        assert_eq!(path("file://localhost/a.md"), Path::new("/a.md"));
        assert_eq!(path("untitled:Untitled-1"), Path::new("untitled:Untitled-1"));
    }
}
