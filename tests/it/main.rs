#[cfg(feature = "aws")]
mod aws_actions;
