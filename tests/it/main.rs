//! The one integration binary: the real program, real child processes, the real emulator.
//!
//! What needs no cloud is tested without the feature `aws` too.

mod corpus;
mod draft;
mod fuzz;
mod hard_markdown;
mod html;
mod refused;
mod runbooks_page;
mod site_pages;
mod spans;
#[cfg(feature = "aws")]
mod teardown;
mod tidy;

#[cfg(feature = "aws")]
mod aws_actions;
#[cfg(feature = "aws")]
mod certain;
#[cfg(feature = "aws")]
mod check;
#[cfg(feature = "aws")]
mod cloud;
#[cfg(feature = "aws")]
mod crash;
#[cfg(feature = "aws")]
mod crash_books;
#[cfg(all(feature = "aws", target_os = "linux"))]
mod crash_disk;
#[cfg(all(feature = "aws", target_os = "linux"))]
mod crash_random;
#[cfg(feature = "aws")]
mod drills;
#[cfg(feature = "aws")]
mod drills_evidence;
#[cfg(feature = "aws")]
mod drills_guards;
#[cfg(feature = "aws")]
mod drills_killed;
#[cfg(feature = "aws")]
mod drills_shipped;
#[cfg(feature = "aws")]
mod env;
#[cfg(feature = "aws")]
mod evidence;
#[cfg(feature = "aws")]
mod exit_codes;
#[cfg(feature = "aws")]
mod failover;
#[cfg(feature = "aws")]
mod fake_aws;
#[cfg(feature = "aws")]
mod faults;
#[cfg(feature = "aws")]
mod foreign;
#[cfg(feature = "aws")]
mod guards;
#[cfg(feature = "aws")]
mod hostile;
#[cfg(feature = "aws")]
mod iam;
#[cfg(feature = "aws")]
mod identity;
#[cfg(feature = "aws")]
mod inventory;
#[cfg(feature = "aws")]
mod local;
#[cfg(feature = "aws")]
mod lost;
#[cfg(feature = "aws")]
mod lsp;
#[cfg(feature = "aws")]
mod main_job;
#[cfg(feature = "aws")]
mod matrix;
#[cfg(feature = "aws")]
mod peers;
#[cfg(feature = "aws")]
mod plan;
#[cfg(feature = "aws")]
mod proxy;
#[cfg(feature = "aws")]
mod pty;
#[cfg(all(feature = "aws", target_os = "linux"))]
mod races;
#[cfg(feature = "aws")]
mod readme;
#[cfg(feature = "aws")]
mod rehearse;
#[cfg(feature = "aws")]
mod rehearse_cloud;
#[cfg(feature = "aws")]
mod rehearse_shipped;
#[cfg(feature = "aws")]
mod remains;
#[cfg(feature = "aws")]
mod restore;
#[cfg(feature = "aws")]
mod resume_changed;
#[cfg(feature = "aws")]
mod rows;
#[cfg(feature = "aws")]
mod sample;
#[cfg(feature = "aws")]
mod schedule;
#[cfg(feature = "aws")]
mod secrets;
#[cfg(feature = "aws")]
mod secrets_forms;
#[cfg(feature = "aws")]
mod shim;
#[cfg(feature = "aws")]
mod signals;
#[cfg(feature = "aws")]
mod signals_prompts;
#[cfg(feature = "aws")]
mod site;
#[cfg(feature = "aws")]
mod site_browser;
#[cfg(feature = "aws")]
mod unattended;
#[cfg(feature = "aws")]
mod undo;
