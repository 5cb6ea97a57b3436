//! The least privilege that a runbook needs, account by account.
