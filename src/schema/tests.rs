//! The schemas against the parser and the checker: what one refuses the other refuses, as far as a
//! schema can tell.

use super::{Kind, block};
use crate::actions::catalog::catalog;
use crate::check::{Book, check};
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Role};
use crate::parse::{self, OPTIONS};
use crate::source::Span;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn markdown(folder: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("text"))).collect()
}

fn validator(kind: Kind) -> Validator {
    jsonschema::draft202012::new(&kind.schema(&catalog())).expect("a schema")
}

/// The validator of each kind of block.
fn blocks() -> BTreeMap<String, Validator> {
    let whole = Kind::Step.schema(&catalog());
    let kinds = Role::ALL.into_iter().flat_map(|role| [(role, false), (role, true)]);
    kinds
        .map(|(role, script)| {
            let name = block::definition(role, script);
            let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": whole["$defs"] });
            (name, jsonschema::draft202012::new(&schema).expect("a schema"))
        })
        .collect()
}

/// A block's YAML as a value, when it can be read.
fn value_of(block: &Block) -> Option<Value> {
    match &block.body {
        Body::Action { .. } => parse::value(&block.text.value).ok(),
        Body::Script { .. } => {
            let lines = block.text.value.lines().map_while(|line| line.strip_prefix("#|"));
            let yaml: Vec<&str> =
                lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
            parse::value(&yaml.join("\n")).ok()
        }
    }
}

fn all_blocks(book: &Runbook) -> impl Iterator<Item = &Block> {
    let steps = book.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    steps.chain(book.health.iter().map(|health| &health.block))
}

fn findings(book: &Runbook, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let catalog = catalog();
    let nothing = |_: &str| None;
    found.extend(check(&Book {
        runbook: book,
        others: &nothing,
        catalog: &catalog,
        project: None,
        files: &|_| crate::check::Linked::Unknown,
    }));
    found
}

fn inside(span: Span, found: &[Diagnostic]) -> Vec<&Diagnostic> {
    let within = |one: &&Diagnostic| span.start <= one.span.start && one.span.end <= span.end;
    found.iter().filter(within).collect()
}

/// Whether a schema must refuse what has this finding.
fn tells(one: &Diagnostic) -> bool {
    let codes = [
        "RB0105", "RB0106", "RB0201", "RB0202", "RB0203", "RB0204", "RB0205", "RB0206", "RB0301",
        "RB0302", "RB0303", "RB0304",
    ];
    // What type an expression gives is told by other parts of the file.
    codes.contains(&one.code) && !one.message.contains("`, which is ")
}

/// Whether a schema may refuse what has this finding.
fn may_tell(one: &Diagnostic) -> bool {
    tells(one) || ["RB0107", "RB0301", "RB0308", "RB0310"].contains(&one.code)
}

#[test]
fn every_schema_is_a_schema() {
    for kind in Kind::ALL {
        let schema = kind.schema(&catalog());
        jsonschema::draft202012::meta::validate(&schema)
            .unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
        for key in ["$id", "title", "description"] {
            assert!(schema[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
    }
}

#[test]
fn what_is_shipped_is_valid() {
    let (front, blocks, project) =
        (validator(Kind::FrontMatter), blocks(), validator(Kind::Project));
    let mut seen = 0;
    for (path, text) in markdown("runbooks") {
        let name = path.display();
        let yaml = text.split("---\n").nth(1).expect("front matter");
        let value = parse::value(yaml).expect("YAML");
        front.validate(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (book, _) = parse::runbook("x", "x", &text);
        for block in all_blocks(&book) {
            let kind = block::definition(block.role, matches!(block.body, Body::Script { .. }));
            let value = value_of(block).expect("YAML");
            let valid = blocks[&kind].validate(&value);
            valid.unwrap_or_else(|error| panic!("{name}: {}: {error}", block.id.value));
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} blocks were looked at");
    let yaml = fs::read_to_string(root().join("runbook.yaml")).expect("the project");
    project.validate(&parse::value(&yaml).expect("YAML")).expect("valid");
}

#[test]
fn every_action_s_example_is_valid() {
    let blocks = blocks();
    for spec in catalog().iter() {
        let value = parse::value(spec.example).expect("YAML");
        let valid = blocks["typed-step"].validate(&value);
        valid.unwrap_or_else(|error| panic!("{}: {error}", spec.name));
    }
}

#[test]
fn the_schema_and_the_checker_agree_on_every_fixture() {
    let (blocks, mut wrong, mut refused) = (blocks(), Vec::new(), 0);
    for (path, text) in markdown("tests/fixtures/check") {
        let (book, found) = parse::runbook("x", "x", &text);
        let found = findings(&book, found);
        for block in all_blocks(&book) {
            let Some(value) = value_of(block) else { continue };
            let kind = block::definition(block.role, matches!(block.body, Body::Script { .. }));
            let valid = blocks[&kind].is_valid(&value);
            let own = inside(block.span, &found);
            refused += usize::from(!valid);
            if valid && own.iter().any(|one| tells(one))
                || !valid && !own.iter().any(|one| may_tell(one))
            {
                let errors: Vec<_> =
                    blocks[&kind].iter_errors(&value).map(|e| e.to_string()).collect();
                wrong.push(format!("{} {}: {own:#?} {errors:?}", path.display(), block.id.value));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 15, "only {refused} blocks were refused");
}

#[test]
fn the_schema_and_the_parser_agree_on_front_matter() {
    let front = validator(Kind::FrontMatter);
    let valid = |yaml: &str| front.is_valid(&parse::value(yaml).expect("YAML"));
    let base = "title: T\nsummary: S\nowner: o\n";
    for more in [
        "",
        "tags: [a, b]\nobjective: { rto: 2h, rpo: 0s }\naccount: data\n",
        "params:\n  a: { type: integer, default: 3, min: 1, choices: [1, 3] }\n",
        "params:\n  a: { type: duration, default: 1h30m }\n  b: { type: list, default: [] }\n",
        "params:\n  a: { type: string, secret: true }\n",
    ] {
        let yaml = format!("{base}{more}");
        let (_, found) = parse::runbook("x", "x", &format!("---\n{yaml}---\n"));
        assert!(found.is_empty() && valid(&yaml), "{more}: {found:?}");
    }
    for more in [
        "titel: x\n",
        "tags: [a, a]\n",
        "tags: a\n",
        "objective: { rto: 10 }\n",
        "objective: { rtp: 1h }\n",
        "account: My-Account\n",
        "params:\n  A: { type: string }\n",
        "params:\n  a: { typ: string }\n",
        "params:\n  a: { type: text }\n",
        "params:\n  a: { type: integer, default: x }\n",
        "params:\n  a: { type: integer, pattern: x }\n",
        "params:\n  a: { type: string, min: 1 }\n",
        "params:\n  a: { type: string, choices: [] }\n",
        "params:\n  a: { type: boolean, choices: [maybe] }\n",
        "params:\n  a: { type: string, secret: true, default: x }\n",
        "params:\n  a: { type: duration, default: 10 }\n",
    ] {
        let yaml = format!("{base}{more}");
        let (_, found) = parse::runbook("x", "x", &format!("---\n{yaml}---\n"));
        assert!(!found.is_empty() && !valid(&yaml), "{more}: {found:?}");
    }
    assert!(!valid("title: T\nsummary: S\n") && !valid("title: ''\nsummary: S\nowner: o\n"));
}

#[test]
fn the_schema_and_the_parser_agree_on_the_project() {
    let project = validator(Kind::Project);
    let look = |environment: &str| {
        let yaml = format!("version: 1\nenvironments:\n  one: {environment}\n");
        let parser = parse::project("runbook.yaml", &yaml).2;
        (parser.is_empty(), project.is_valid(&parse::value(&yaml).expect("YAML")), parser)
    };
    for good in [
        "{ kind: sandbox }",
        "{ kind: sandbox, seed: [a], endpoint: 'http://127.0.0.1:4566' }",
        "{ kind: sandbox, endpoint: 'http://[::1]:1/' }",
        "{ kind: drill, accounts: { a: { id: '012345678901', region: eu-west-1, profile: x } } }",
        "{ kind: drill, accounts: { a: { id: '012345678901', region: us-gov-west-1, role: 'arn:aws-us-gov:iam::012345678901:role/x' } } }",
    ] {
        let (parser, schema, found) = look(good);
        assert!(parser && schema, "{good}: {found:?}, {schema}");
    }
    for bad in [
        "{ accounts: {} }",
        "{ kind: prod, accounts: {} }",
        "{ kind: production }",
        "{ kind: production, accounts: {}, seed: [a] }",
        "{ kind: drill, accounts: {}, endpoint: 'http://127.0.0.1:1' }",
        "{ kind: sandbox, endpoint: 'http://example.com' }",
        "{ kind: sandbox, colour: red }",
        "{ kind: drill, accounts: { A: { id: '012345678901', region: eu-west-1 } } }",
        "{ kind: drill, accounts: { a: { id: 12345678901, region: eu-west-1 } } }",
        "{ kind: drill, accounts: { a: { id: '012345678901' } } }",
        "{ kind: drill, accounts: { a: { id: '012345678901', region: europe } } }",
        "{ kind: drill, accounts: { a: { id: '012345678901', region: eu-west-1, role: Admin } } }",
        "{ kind: drill, accounts: { a: { id: '012345678901', region: eu-west-1, profile: x, role: 'arn:aws:iam::012345678901:role/x' } } }",
    ] {
        let (parser, schema, found) = look(bad);
        assert!(!parser && !schema, "{bad}: {found:?}, {schema}");
    }
    for bad in [
        "version: 2\nenvironments: {}\n",
        "environments: {}\n",
        "version: 1\n",
        "version: 1\nenvironments: {}\nhandoff: { cadence: 3 moons }\n",
        "version: 1\nenvironments: {}\ndeny_accounts: [1]\n",
    ] {
        let (found, schema) =
            (parse::project("x", bad).2, project.is_valid(&parse::value(bad).expect("YAML")));
        assert!(!found.is_empty() && !schema, "{bad}: {found:?}, {schema}");
    }
}

#[test]
fn every_option_of_the_table_is_in_the_schema() {
    let schema = Kind::Step.schema(&catalog());
    for role in Role::ALL {
        for script in [false, true] {
            let block = &schema["$defs"][block::definition(role, script)]["properties"];
            let there: Vec<&String> = block.as_object().expect("properties").keys().collect();
            let table: Vec<&str> = OPTIONS
                .iter()
                .filter(|spec| spec.roles.contains(&role) && spec.bodies.admits(script))
                .map(|spec| spec.key)
                .collect();
            assert_eq!(there, table, "{role:?} {script}");
            for key in table {
                assert!(block[key]["description"].is_string(), "{key}");
            }
        }
    }
}

#[test]
fn the_schema_and_the_parser_agree_on_manifests() {
    let manifest = validator(Kind::Manifest);
    let head = "version: 1\ntitle: T\nsummary: S\nowner: o\n";
    let look = |text: &str| {
        let (_, found) = parse::runbook("stacks", "stacks.yaml", text);
        (found.is_empty(), manifest.is_valid(&parse::value(text).expect("YAML")), found)
    };
    let shipped = fs::read_to_string(root().join("runbooks/stacks/stacks.yaml")).expect("a text");
    let example = root().join("runbooks/stacks/examples/cdk/stacks.yaml");
    let example = fs::read_to_string(example).expect("a text");
    let good = [
        shipped,
        example,
        format!("{head}tags: [a]\nparams:\n  a: {{ type: integer, default: 3 }}\nstacks: {{}}\n"),
        format!(
            "{head}stacks:\n  a: {{ template: x, keep: [B], needs: [c], if: params.x, tags: {{ a: b }} }}\n"
        ),
        format!(
            "{head}stacks:\n  a: {{ runbook: x, params: {{ a: 1 }}, account: data, timeout: 5m, retry: {{ attempts: 3 }} }}\n"
        ),
    ];
    for text in good {
        let (parser, schema, found) = look(&text);
        assert!(parser && schema, "{text}: {found:?}, {schema}");
    }
    for bad in [
        "stacks:\n  a: { template: x, kep: [B] }\n",
        "stacks:\n  a: { tempalte: x }\n",
        "stacks:\n  a: { template: x, runbook: y }\n",
        "stacks:\n  A-b: { template: x }\n",
        "stacks:\n  a: { template: x, timeout: 5 }\n",
        "stacks: [a]\n",
        "stakcs: {}\n",
        "stacks:\n  a: { template: x, for_each: params.x }\n",
        "stacks:\n  a: { template: x, needs: [b, b] }\n",
        "owners: o\nstacks: {}\n",
        "params:\n  a: { type: text }\nstacks: {}\n",
    ] {
        let (parser, schema, found) = look(&format!("{head}{bad}"));
        assert!(!parser && !schema, "{bad}: {found:?}, {schema}");
    }
}

#[test]
fn drills_are_as_the_manual_says() {
    let drill = validator(Kind::Drill);
    let base = "title: T\nsummary: S\nowner: o\nenvironment: drill\n";
    let valid = |more: &str| drill.is_valid(&parse::value(&format!("{base}{more}")).expect("YAML"));
    let quarterly = "cadence: { every: 3 months, from: 2026-01-15 }\nobjective: { rto: 4h }\nscenario:\n  - run: stack-teardown\n    params: { confirm_empty: true }\n  - incident: The workload account is lost.\n  - run: account-redeploy\n  - recovered: [account-redeploy]\n  - run: private-path\n";
    let outage = "scenario:\n  - fault: bedrock-outage\n    params: { region: eu-west-1 }\n    max_duration: 1h\n  - incident: Bedrock is down in eu-west-1.\n  - expect: { unhealthy: bedrock-failover }\n  - run: bedrock-failover\n  - recovered: [bedrock-failover]\n";
    assert!(valid(quarterly) && valid(outage));
    for bad in [
        "scenario: []\n",
        "scenario:\n  - runs: x\n",
        "scenario:\n  - run: x\n    incident: y\n",
        "scenario:\n  - incident: never over\n",
        "scenario:\n  - recovered: [x]\n",
        "cadence: { every: 3 months }\nscenario:\n  - run: x\n",
        "cadence: { every: quarterly, from: 2026-01-15 }\nscenario:\n  - run: x\n",
        "environments: drill\nscenario:\n  - run: x\n",
    ] {
        assert!(!valid(bad), "{bad}");
    }
}
