//! Finds a template, and only in the folder where templates are.

use crate::actions::Trouble;
use crate::actions::aws::inputs;
use crate::model::value::Values;
use std::path::{Component, Path};

/// CloudFormation takes no more than this in a request. Larger ones would have to be put into a
/// bucket first.
const MOST_BYTES: usize = 51_200;

/// The text of the template that the inputs name or hold.
pub(super) fn body(with: &Values, folder: &Path) -> Result<String, Trouble> {
    let text = match (inputs::text_if(with, "template")?, inputs::text_if(with, "template_body")?) {
        (Some(path), None) => read(folder, path)?,
        (None, Some(body)) => body.to_owned(),
        _ => {
            return Err(Trouble::nothing_happened("give either `template` or `template_body`"));
        }
    };
    if text.len() > MOST_BYTES {
        return Err(Trouble::nothing_happened(format!(
            "the template has {} bytes, and CloudFormation takes {MOST_BYTES} in a request",
            text.len()
        ))
        .hint("Split the stack, or take comments and spaces out: templates in a bucket are not supported yet."));
    }
    Ok(text)
}

fn read(folder: &Path, path: &str) -> Result<String, Trouble> {
    let refuse = |why: &str| Trouble::nothing_happened(format!("template `{path}`: {why}"));
    let plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain {
        return Err(refuse(
            "the path must lead down from the folder of the runbooks, without `..`",
        ));
    }
    let root = folder.canonicalize().map_err(|error| refuse(&error.to_string()))?;
    let file = root.join(path).canonicalize().map_err(|error| refuse(&error.to_string()))?;
    // A link inside the folder may lead out of it.
    if !file.starts_with(&root) {
        return Err(refuse("it is a link that leads out of the folder of the runbooks"));
    }
    std::fs::read_to_string(&file).map_err(|error| refuse(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_come_from_their_folder_only() {
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("secret.yaml"), "s").expect("written");
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join("stacks")).expect("a folder");
        std::fs::write(root.path().join("stacks/a.yaml"), "a").expect("written");
        std::os::unix::fs::symlink(outside.path(), root.path().join("out")).expect("a link");

        assert_eq!(read(root.path(), "stacks/a.yaml"), Ok("a".to_owned()));
        let absolute = outside.path().join("secret.yaml").display().to_string();
        for bad in ["../x", "stacks/../../x", "out/secret.yaml", "none.yaml", absolute.as_str()] {
            assert!(read(root.path(), bad).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn a_template_that_is_too_large_is_refused_before_anything_is_sent() {
        let with = Values::from_iter([("template_body".to_owned(), "x".repeat(51_201).into())]);
        let trouble = body(&with, Path::new("/")).expect_err("too large");
        assert!(trouble.message.contains("51201"), "{trouble}");
    }
}
