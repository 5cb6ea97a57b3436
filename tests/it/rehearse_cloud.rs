//! What a rehearsal sees in the emulated accounts beside files: a leftover is caught, and named with its step.

use crate::env::Project;

/// A leftover in Parameter Store is seen, and named with its step.
#[test]
fn what_an_undo_leaves_in_a_parameter_is_caught() {
    const BOOK: &str = r#"---
title: Leave
summary: For the tests.
owner: tests
account: data
---

# Leave

## Do

### Two parameters

```bash step=two
aws ssm put-parameter --name /leave/one --value 1 --type String --overwrite
aws ssm put-parameter --name /leave/two --value 2 --type String --overwrite
```

```bash observe=two
aws ssm get-parameter --name /leave/one
```

```bash undo=two
aws ssm delete-parameter --name /leave/one || true
```
"#;
    let project = Project::cloud(&[("leave", BOOK)]);
    let rehearse = ["rehearse", "leave", "--undo-each"];
    let ran = project.run(&rehearse).ended(1).says("not as before").says("/leave/two: 2 (String)");
    assert!(
        ran.stdout.contains("step two") && !ran.stdout.contains("/leave/one"),
        "{}",
        ran.stdout
    );
    let both = BOOK.replace(
        "delete-parameter --name /leave/one",
        "delete-parameters --names /leave/one /leave/two",
    );
    project.write("runbooks/leave.md", &both);
    project.run(&rehearse).ended(0);
}
