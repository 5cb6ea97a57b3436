//! The program's own proxy, before the emulator that all tests share.

use crate::env::{Project, emulator};
pub(crate) use runbook::sandbox::proxy::{Call, Fault};
use std::ops::Deref;

/// A proxy in front of the shared emulator. It ends with the process.
pub(crate) struct Proxy(runbook::sandbox::proxy::Proxy);

impl Deref for Proxy {
    type Target = runbook::sandbox::proxy::Proxy;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let proxy = runbook::sandbox::proxy::Proxy::start(&emulator().endpoint);
        Self(proxy.expect("a port"))
    }

    /// Sends every call of a project through this proxy.
    pub(crate) fn stand_before(&self, project: &Project) {
        let text = project.read("runbook.yaml");
        let behind = &emulator().endpoint;
        assert!(text.contains(behind), "the project does not use the shared emulator");
        // Another address is another sandbox, which would be filled first.
        let text = text.replace("    seed: [account-redeploy]\n", "");
        project.write("runbook.yaml", &text.replace(behind, self.endpoint()));
    }
}
