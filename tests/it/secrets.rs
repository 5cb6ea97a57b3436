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

const ANSWERS: &str = r#"---
title: Answers with secrets
summary: For the tests.
owner: tests
account: data
params:
  folder: { type: string }
---

# Answers with secrets

## Steps

### Put secrets where calls can find them

```bash step=put
#| irreversible: test
#| env: { FOLDER: "{{ params.folder }}" }
aws secretsmanager create-secret --name db --secret-string "file://$FOLDER/document" > /dev/null
aws ssm put-parameter --name pin --type SecureString --value "$(cat "$FOLDER/pin")" > /dev/null
aws ssm put-parameter --name place --type String --value "in-the-open" > /dev/null
```

```yaml step=key
uses: aws/call
irreversible: test
with: { service: kms, operation: create-key }
```

### Read them

```yaml step=document
uses: aws/call
with: { service: secretsmanager, operation: get-secret-value, input: { SecretId: db } }
```

```yaml step=parameters
uses: aws/call
with:
  service: ssm
  operation: get-parameters
  input: { Names: [pin, place], WithDecryption: true }
```

```yaml step=data_key
uses: aws/call
with:
  service: kms
  operation: generate-data-key
  input: { KeyId: "{{ steps.key.KeyMetadata.KeyId }}", KeySpec: AES_256 }
```

```yaml step=session
uses: aws/call
with:
  service: sts
  operation: assume-role
  input: { RoleArn: "arn:aws:iam::{{ accounts.data.id }}:role/RunbookOperator", RoleSessionName: test }
```

### Use them

```bash step=use
#| effect: read
#| env:
#|   FOLDER: "{{ params.folder }}"
#|   DOCUMENT: "{{ steps.document.SecretString }}"
#|   PARAMETERS: "{{ steps.parameters.Parameters }}"
#|   DATA_KEY: "{{ steps.data_key.Plaintext }}"
#|   SECRET_KEY: "{{ steps.session.Credentials.SecretAccessKey }}"
#|   SESSION_TOKEN: "{{ steps.session.Credentials.SessionToken }}"
printf '%s' "$DATA_KEY" > "$FOLDER/data_key"
printf '%s' "$SECRET_KEY" > "$FOLDER/secret_key"
printf '%s' "$SESSION_TOKEN" > "$FOLDER/session_token"
echo "$DOCUMENT $PARAMETERS $DATA_KEY $SECRET_KEY $SESSION_TOKEN"
```

### Fail with one

```yaml step=fail
uses: aws/call
with: { service: secretsmanager, operation: get-secret-value, input: { SecretId: db } }
expect: ["outputs.SecretString == 'nothing'"]
```
"#;

#[test]
fn what_aws_calls_secret_in_an_answer_is_in_no_byte_that_is_kept_or_shown() {
    let outside = tempfile::tempdir().expect("a folder");
    let password = "Zx9-quiet.river";
    let put = |name: &str, text: &str| fs::write(outside.path().join(name), text).expect("a file");
    put("document", &format!(r#"{{"username": "corpus", "password": "{password}"}}"#));
    put("pin", "90817263");
    let project = Project::cloud(&[("answers", ANSWERS)]);
    let folder = format!("folder={}", outside.path().display());
    let ran = project.run(&["run", "answers", "--env", "sandbox", "-p", &folder]).ended(1);
    let read = |name: &str| fs::read_to_string(outside.path().join(name)).expect("a value");
    let mut hidden = vec![password.to_owned(), "90817263".to_owned()];
    hidden.extend(["data_key", "secret_key", "session_token"].map(read));
    for hidden in hidden {
        assert!(hidden.len() >= 8, "{hidden:?} is no secret");
        assert!(!ran.stdout.contains(&hidden), "stdout shows {hidden}");
        assert!(!ran.stderr.contains(&hidden), "stderr shows {hidden}:\n{}", ran.stderr);
        for (path, bytes) in files(&project.path().join(".runbook")) {
            let found = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
            assert!(!found, "{path} holds {hidden}");
        }
    }
    // What is not secret is still there, beside a stand-in for what is.
    let journal = project.journal();
    let outputs = |step: &str| {
        let of_step =
            |event: &&serde_json::Value| event["step"] == step && event["outputs"].is_object();
        let event = journal.iter().map(|record| &record["event"]).find(of_step);
        event.unwrap_or_else(|| panic!("no outputs of {step}"))["outputs"].clone()
    };
    assert_eq!(outputs("document")["Name"], "db");
    assert!(outputs("document")["SecretString"]["$withheld"].is_string());
    let parameters = outputs("parameters")["Parameters"].as_array().expect("a list").clone();
    let value =
        |name: &str| &parameters.iter().find(|one| one["Name"] == name).expect("one")["Value"];
    assert_eq!(value("place"), "in-the-open");
    assert!(value("pin")["$withheld"].is_string());
    assert!(outputs("session")["Credentials"]["AccessKeyId"].is_string());
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
