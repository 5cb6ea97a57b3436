//! An emulator of a case's own: it begins with what another one has saved, and ends with the case.

use super::RehearseError;
use crate::sandbox::{Sandbox, SandboxError};
use std::path::Path;

/// A running one. Dropped, it ends.
pub(super) struct Emulator {
    sandbox: Sandbox,
    endpoint: String,
}

impl Emulator {
    /// Starts one with the state that is in a folder.
    pub(super) fn start(folder: &Path) -> Result<Self, RehearseError> {
        let sandbox = Sandbox::new(folder).ends_with_us();
        let server = waited(sandbox.up(&|_| ()))?;
        Ok(Self { sandbox, endpoint: server.endpoint })
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Ends it, when all that it holds is in its folder.
    pub(super) fn save(self) -> Result<(), RehearseError> {
        waited(self.sandbox.down()).map(drop)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // One that does not end now ends with this process.
        drop(waited(self.sandbox.down()));
    }
}

fn waited<T>(of: impl Future<Output = Result<T, SandboxError>>) -> Result<T, RehearseError> {
    let failed = |why: String| RehearseError::Program(format!("the emulator: {why}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    runtime.block_on(of).map_err(|error| failed(error.to_string()))
}
