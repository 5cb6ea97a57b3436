//! A secret reaches a script's environment and nothing else.

use crate::env::Project;
use std::fs;
use std::path::Path;

const SECRET: &str = "correct-horse/battery+staple 42";

const BOOK: &str = r#"---
title: Secrets
summary: For the tests.
owner: tests
params:
  token: { type: string, secret: true }
---

# Secrets

## Steps

### Print it in every form

```bash step=print
#| irreversible: test
#| env:
#|   TOKEN: "{{ params.token }}"
#| outputs: [derived]
#| secrets: [derived]
printf 'plain %s\n' "$TOKEN"
printf '%s' "${TOKEN:0:9}"; printf '%s\n' "${TOKEN:9}"
printf '%s' "$TOKEN" | base64
printf '%s\n' "$TOKEN" >&2
echo "derived=made-from-$TOKEN" >> "$RUNBOOK_OUTPUT"
```

### Use what was derived, and fail with it

```bash step=fail
#| effect: read
#| env:
#|   DERIVED: "{{ steps.print.derived }}"
test "${#DERIVED}" = 41 || exit 9
echo "no entry for $DERIVED" >&2
exit 1
```
"#;

#[test]
fn a_secret_never_reaches_the_journal_the_terminal_or_a_file() {
    let project = Project::local(&[("secret", BOOK)]);
    project.run(&["run", "secret", "--env", "sandbox", "-p", "token=x"]).ended(2).says("secret");
    let ran = project
        .run_with(&["run", "secret", "--env", "sandbox"], &[("RUNBOOK_PARAM_TOKEN", SECRET)])
        .ended(1);
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(SECRET)
    };
    for hidden in [SECRET, encoded.as_str(), "battery+staple"] {
        assert!(!ran.stdout.contains(hidden), "stdout shows {hidden}");
        assert!(!ran.stderr.contains(hidden), "stderr shows {hidden}:\n{}", ran.stderr);
        for (path, bytes) in files(&project.path().join(".runbook")) {
            let found = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
            assert!(!found, "{path} holds {hidden}");
        }
    }
    assert!(ran.stderr.contains("***"), "nothing was masked:\n{}", ran.stderr);
}

#[test]
fn everything_a_run_keeps_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::local(&[("secret", BOOK)]);
    project
        .run_with(&["run", "secret", "--env", "sandbox"], &[("RUNBOOK_PARAM_TOKEN", SECRET)])
        .ended(1);
    for (path, _) in files(&project.path().join(".runbook")) {
        let mode = fs::metadata(&path).expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{path} is {mode:o}");
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
    found
}
