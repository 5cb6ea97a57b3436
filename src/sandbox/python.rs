//! Finds a Python that can make a virtual environment, or says how to get one.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::error::SandboxError;

/// The oldest Python that all pinned packages support.
const OLDEST: (u32, u32) = (3, 10);

/// A first start from a cold disk takes a second or two.
const PATIENCE: Duration = Duration::from_secs(30);

/// Debian and Ubuntu ship `venv` without `ensurepip`, so both are asked for.
const QUESTION: &str = "import sys, importlib.util as u\n\
    print('%d.%d.%d' % sys.version_info[:3])\n\
    print(' '.join(m for m in ('venv', 'ensurepip') if u.find_spec(m) is None))";

/// A usable Python.
#[derive(Debug)]
pub(super) struct Python {
    pub(super) program: String,
    pub(super) version: String,
}

/// `RUNBOOK_PYTHON`, or `python3` on the PATH.
pub(super) async fn find() -> Result<Python, SandboxError> {
    let program = std::env::var("RUNBOOK_PYTHON").ok().filter(|value| !value.is_empty());
    ask(program.unwrap_or_else(|| "python3".to_owned())).await
}

async fn ask(program: String) -> Result<Python, SandboxError> {
    let mut command = Command::new(&program);
    command.args(["-I", "-c", QUESTION]).stdin(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => output,
        _ => {
            return Err(SandboxError::PythonMissing {
                looked_for: program,
                install: install_python(),
            });
        }
    };
    judge(program, &String::from_utf8_lossy(&output.stdout))
}

fn judge(program: String, answer: &str) -> Result<Python, SandboxError> {
    let mut lines = answer.lines();
    let version = lines.next().unwrap_or_default().to_owned();
    if number(&version).is_none_or(|found| found < OLDEST) {
        return Err(SandboxError::PythonTooOld {
            python: program,
            found: version,
            install: install_python(),
        });
    }
    match lines.next().unwrap_or_default().split_whitespace().next() {
        Some(module) => Err(SandboxError::ModuleMissing {
            python: program,
            module: module.to_owned(),
            install: install_venv(&this_system()),
        }),
        None => Ok(Python { program, version }),
    }
}

fn number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// The systems whose install command we know.
#[derive(Debug, PartialEq, Eq)]
enum System {
    Debian,
    Fedora,
    Arch,
    MacOs,
    Other,
}

fn this_system() -> System {
    if cfg!(target_os = "macos") {
        return System::MacOs;
    }
    // A system without this file is one whose command we do not know.
    system(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
}

fn system(os_release: &str) -> System {
    let names: Vec<&str> = os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect();
    let named = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
    if named(&["debian", "ubuntu"]) {
        System::Debian
    } else if named(&["fedora", "rhel", "amzn"]) {
        System::Fedora
    } else if named(&["arch"]) {
        System::Arch
    } else {
        System::Other
    }
}

fn install_python() -> String {
    match this_system() {
        System::Debian => "sudo apt-get install python3 python3-venv",
        System::Fedora => "sudo dnf install python3",
        System::Arch => "sudo pacman -S python",
        System::MacOs => "brew install python",
        System::Other => "your system's package manager (Python 3.10 or later, with venv)",
    }
    .to_owned()
}

fn install_venv(system: &System) -> String {
    match system {
        System::Debian => "sudo apt-get install python3-venv",
        System::Fedora => "sudo dnf install python3-pip",
        System::Arch => "sudo pacman -S python",
        System::MacOs => "brew install python",
        System::Other => "your system's package manager (the venv module of Python 3)",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usable_python_is_taken() {
        let python = judge("python3".into(), "3.12.1\n\n").expect("usable");
        assert_eq!(python.version, "3.12.1");
    }

    #[test]
    fn an_old_python_is_refused_by_number_not_by_text() {
        assert!(matches!(judge("p".into(), "3.9.2\n\n"), Err(SandboxError::PythonTooOld { .. })));
        assert!(judge("p".into(), "3.10.0\n\n").is_ok());
    }

    #[test]
    fn a_missing_module_is_named_with_the_command_that_installs_it() {
        let refused = judge("p".into(), "3.11.2\nensurepip\n").expect_err("refused");
        assert!(refused.to_string().contains("`ensurepip`"));
        assert_eq!(install_venv(&System::Debian), "sudo apt-get install python3-venv");
    }

    #[test]
    fn systems_are_known_by_their_relatives() {
        assert_eq!(system("NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), System::Debian);
        assert_eq!(system("ID=\"amzn\"\nID_LIKE=\"fedora\"\n"), System::Fedora);
        assert_eq!(system(""), System::Other);
    }

    #[tokio::test]
    async fn a_python_that_is_not_there_is_missing() {
        let refused = ask("/nonexistent/python3".into()).await;
        assert!(matches!(refused, Err(SandboxError::PythonMissing { .. })));
    }
}
