//! The integration tests: one binary, one file a concern.

mod tidy;
