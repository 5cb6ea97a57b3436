//! Python, of which only one thing is told: whether it calls AWS. There is no tree to tell more from.

use super::Reading;
use std::ops::Range;
use std::sync::LazyLock;

/// The libraries that call AWS, and the ways to run the AWS CLI.
static CALLS: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    let pattern = r#"(?m)^[ \t]*(?:import|from)[ \t]+[^#\n]*\b(?:aio)?boto(?:core|3)\b|\b(?:subprocess\.\w+|os\.(?:system|popen|exec\w+|spawn\w+)|check_output|check_call|Popen|run)\(\s*\[?\s*[bfr]*["'](?:[\w/]*/)?aws\b"#;
    regex::Regex::new(pattern).ok()
});

/// Reads a Python script.
pub(super) fn read(text: &str) -> Reading {
    let unreadable_aws = CALLS
        .as_ref()
        .map(|calls| calls.find_iter(text).map(|found| trimmed(text, found.range())).collect())
        .unwrap_or_default();
    Reading { unreadable_aws, ..Reading::default() }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    range.start + (inner.len() - inner.trim_start().len())..range.end
}
