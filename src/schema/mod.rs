//! JSON Schemas of the files that an author writes.
