//! What looks like a secret that stands in the open. It says why, and never shows the value.

use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// Why a variable looks like a plain secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspicion {
    /// `sure`, `likely` or `perhaps`.
    pub(super) certainty: &'static str,
    /// In words.
    pub(super) reason: &'static str,
}

const fn sure(reason: &'static str) -> Suspicion {
    Suspicion { certainty: "sure", reason }
}

/// Values that are secrets by their form alone.
const FORMS: [(&str, &str); 11] = [
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "it is a private key"),
    (r"^(AKIA|ASIA)[A-Z0-9]{16}$", "it has the form of an AWS access key id"),
    (
        r"^gh[pousr]_[A-Za-z0-9]{36,}$|^github_pat_[A-Za-z0-9_]{30,}$",
        "it has the form of a GitHub token",
    ),
    (r"^glpat-[A-Za-z0-9_-]{20,}$", "it has the form of a GitLab token"),
    (r"^xox[abeoprs]-[A-Za-z0-9-]{10,}$", "it has the form of a Slack token"),
    (r"^[sr]k_(live|test)_[A-Za-z0-9]{16,}$", "it has the form of a Stripe key"),
    (r"^sk-[A-Za-z0-9_-]{20,}$", "it has the form of a key of a model provider"),
    (r"^AIza[A-Za-z0-9_-]{35}$", "it has the form of a Google API key"),
    (
        r"^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$",
        "it has the form of a JSON Web Token",
    ),
    (r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", "it is an address with a password in it"),
    (
        r"(?i)(^|[;&?\s])(password|pwd|accountkey|sharedaccesskey|client_secret)=[^;&\s]",
        "it is a connection string with a password in it",
    ),
];

static BY_FORM: LazyLock<RegexSet> = LazyLock::new(|| set(&FORMS.map(|(pattern, _)| pattern)));

/// Names of things that are secret.
static BY_NAME: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"(?i)(^|_|-)(pass(word|wd|phrase)?|pwd|secrets?|tokens?|credentials?|creds)($|_|-)",
        r"(?i)(^|_|-)(api|access|private|signing|encryption|shared|account|auth|service)_?-?key($|_|-)",
        r"(?i)(password|secret|token|apikey|accesskey|privatekey)$",
    ])
});

/// Names of things about a secret that are none.
static ABOUT: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"(?i)(_|-)(arn|id|name|ref|path|param(eter)?|url|uri|endpoint|host|ttl|seconds|minutes|days|length|limit|count|type|header|enabled|version|file|region|stage)s?$",
        r"(?i)^(max|min|num|use|enable)_",
    ])
});

/// Values that only point at something.
static POINTERS: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^arn:aws[a-z-]*:",
        r"^\{\{resolve:",
        r"^(/|\./)",
        r"^[a-z][a-z0-9+.-]*://[^@]*$",
        r"^[A-Za-z][A-Za-z_.-]*(/[A-Za-z][A-Za-z_.-]*)+$",
        r"(?i)^(true|false|yes|no|on|off|none|null|[0-9.]+)$",
        r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        r"^(\$\{.*\}|<.*>|x+|\*+)$",
    ])
});

/// What a random text consists of.
static TOKEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9+/_=~.-]{20,}$").ok());

/// The patterns stand above and a test uses each, so none of them can fail to be one.
fn set(patterns: &[&str]) -> RegexSet {
    RegexSet::new(patterns).unwrap_or_default()
}

/// The least disorder of a text that nobody has made up, in bits a letter.
const DISORDER: f64 = 3.6;

/// Why that variable looks like a plain secret, if it does.
pub(super) fn suspicion(name: &str, value: &str) -> Option<Suspicion> {
    if let Some(form) = BY_FORM.matches(value).iter().next() {
        return FORMS.get(form).map(|(_, reason)| sure(reason));
    }
    if value.len() < 4 || POINTERS.is_match(value) {
        return None;
    }
    if BY_NAME.is_match(name) && !ABOUT.is_match(name) {
        return Some(Suspicion { certainty: "likely", reason: "its name says that it is secret" });
    }
    let is_token = TOKEN.as_ref().is_some_and(|token| token.is_match(value));
    let kinds: [fn(&char) -> bool; 3] =
        [char::is_ascii_lowercase, char::is_ascii_uppercase, char::is_ascii_digit];
    let is_mixed = kinds.iter().all(|kind| value.chars().any(|letter| kind(&letter)));
    (is_token && is_mixed && disorder(value) >= DISORDER)
        .then_some(Suspicion { certainty: "perhaps", reason: "it is long and looks random" })
}

/// Shannon's entropy, in bits a letter.
fn disorder(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<char, u32>::new();
    for letter in text.chars() {
        *counts.entry(letter).or_default() += 1;
    }
    let all = f64::from(counts.values().sum::<u32>().max(1));
    let share = |count: &u32| f64::from(*count) / all;
    counts.values().map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for set in [&BY_FORM, &BY_NAME, &ABOUT, &POINTERS] {
            assert!(!set.is_empty());
        }
        assert_eq!(BY_FORM.len(), FORMS.len());
        assert!(TOKEN.is_some());
    }

    /// Put together from parts, so that no tool that searches this repository takes them for real ones.
    fn made(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn what_is_secret_by_its_form_is_found_whatever_its_name() {
        let hex = "0123456789abcdef0123456789abcdef0123";
        for value in [
            made(&["-----BEGIN RSA PRIVATE ", "KEY-----\nMII"]),
            made(&["AKIA", "IOSFODNN7EXAMPLE"]),
            made(&["ghp_", hex]),
            made(&["glpat-", hex]),
            made(&["xoxb-", "1234567890-abc"]),
            made(&["sk_live_", hex]),
            made(&["sk-", hex]),
            made(&["AIza", &hex[..35]]),
            made(&["eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxIn0.", "c2ln"]),
            made(&["postgres://app:", "hunter2@db.internal/corpus"]),
            made(&["Server=db;User=app;Password", "=hunter2"]),
        ] {
            let found = suspicion("SETTING", &value);
            assert_eq!(found.map(|found| found.certainty), Some("sure"), "{value}");
        }
    }

    #[test]
    fn a_name_tells_unless_the_value_only_points_at_something() {
        for name in
            ["DB_PASSWORD", "apiKey", "API_KEY", "source-token", "clientSecret", "SLACK_TOKEN"]
        {
            let found = suspicion(name, "hunter2-and-more");
            assert_eq!(found.map(|found| found.certainty), Some("likely"), "{name}");
        }
        for (name, value) in [
            (
                "SOURCE_TOKEN",
                "arn:aws:secretsmanager:eu-west-1:222222222222:secret:corpus/source-token-AbCdEf",
            ),
            ("SOURCE_TOKEN", "corpus/source-token"),
            ("DB_PASSWORD", "/corpus/db/password"),
            ("DB_PASSWORD", "{{resolve:secretsmanager:db}}"),
            ("TOKEN_TTL_SECONDS", "3600-and-more"),
            ("SECRET_NAME", "corpus-source"),
            ("MAX_TOKENS", "4096"),
            ("TOKEN_URL", "https://idp.example/token"),
            ("USE_SECRET", "true"),
            ("LOG_LEVEL", "debug-and-more"),
        ] {
            assert_eq!(suspicion(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn a_long_random_text_is_perhaps_one() {
        let random = "q7Zk2VxT9bLw4RfN8sHd3JmC";
        assert_eq!(suspicion("SETTING", random).map(|found| found.certainty), Some("perhaps"));
        for plain in [
            "anthropic.claude-sonnet-v2",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaA1",
            "123e4567-e89b-12d3-a456-426614174000",
        ] {
            assert_eq!(suspicion("SETTING", plain), None, "{plain}");
        }
    }
}
