//! The sandbox's corrections of the emulator, each against the AWS behaviour that its test states.

use crate::env::{emulator, root};
use std::process::Command;

#[test]
fn every_correction_behaves_as_aws_does() {
    let installation = emulator().cli.ancestors().nth(2).expect("an installation");
    let tests = Command::new(installation.join("venv/bin/python"))
        .args(["-m", "unittest", "discover", "-s", "tests/shim"])
        .current_dir(root())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python starts");
    let said = String::from_utf8_lossy(&tests.stderr);
    assert!(tests.status.success(), "{said}");
    assert!(said.contains("Ran ") && !said.contains("Ran 0 tests"), "{said}");
}
