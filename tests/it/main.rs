//! The one integration binary: the real program, real child processes, the real emulator.
#![cfg(feature = "aws")]

mod aws_actions;
mod check;
mod cloud;
mod crash;
mod env;
mod guards;
mod iam;
mod local;
mod lsp;
mod lsp;
mod main_job;
mod plan;
mod readme;
mod secrets;
mod shim;
mod tidy;
mod undo;
