//! A value that must never be seen.

use secrecy::{ExposeSecret, SecretString};

/// A secret text. It has no `Display`, no readable `Debug` and no `Serialize`, so that no journal,
/// log or page can hold it by accident.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself: only for a child's environment, a signature, or the masker.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(masked)")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", super::Secret::new("hunter2")), "Secret(masked)");
    }
}
