//! The language server: the checker while the author types.
