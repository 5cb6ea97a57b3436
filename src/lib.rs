//! Executable disaster-recovery runbooks that are also the handoff documentation.
//!
//! `ARCHITECTURE.md` is the map: text becomes a [`model`], the model is checked, a plan is made, a
//! pure engine decides, actions act, one loop ties them together.

pub mod actions;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod drill;
pub mod engine;
pub mod evidence;
pub mod expr;
pub mod iam;
pub mod lsp;
pub mod mask;
pub mod model;
pub mod parse;
pub mod plan;
pub mod rehearse;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod script;
pub mod services;
pub mod site;
pub mod source;
pub mod store;
pub mod template;
