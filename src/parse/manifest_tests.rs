//! A manifest of stacks is a runbook, and what is wrong in it is found at its place.

use super::{name_of, runbook};
use crate::model::step::Body;
use crate::model::value::NodeKind;
use std::path::Path;

const HEAD: &str = "# For the tests.\nversion: 1\ntitle: T\nsummary: S\nowner: o\n";

#[test]
fn each_stack_is_a_step_that_waits_for_what_it_needs_only() {
    let text = format!(
        "{HEAD}params:\n  name: {{ type: string, default: a }}\nstacks:\n  my_data:\n    template: s/data.yaml\n    account: data\n    keep: [Key]\n  net:\n    title: The network\n    description: It has no way out.\n    template: s/net.yaml\n    stack: network\n    needs: [my_data]\n    timeout: 30m\n    parameters:\n      Bucket: \"{{{{ steps.my_data.outputs.Bucket }}}}\"\n  terraform:\n    runbook: apply\n    params: {{ a: 1 }}\n"
    );
    let (book, found) = runbook("stacks", "stacks.md", &text);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(book.front.params.len(), 1);
    let ids: Vec<_> = book.steps.iter().map(|step| step.id().to_string()).collect();
    assert_eq!(ids, ["my_data", "net", "terraform"]);
    let [data, net, terraform] = &book.steps[..] else { panic!("{ids:?}") };
    assert_eq!(data.block.options.needs.as_deref(), Some(&[][..]), "it waits for nothing");
    assert_eq!(net.block.options.needs.as_ref().map(Vec::len), Some(1));
    assert_eq!(
        (net.title.as_str(), net.description.as_str()),
        ("The network", "It has no way out.")
    );
    let named = |step: &crate::model::step::Step| match &step.block.body {
        Body::Action { uses, with } => {
            let stack = with.iter().find(|(key, _)| key.value == "stack");
            let stack = stack.map(|(_, node)| match &node.kind {
                NodeKind::Text(text) => text.value.clone(),
                other => panic!("{other:?}"),
            });
            (uses.value.clone(), stack)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(named(data), ("cloudformation/deploy".to_owned(), Some("my-data".to_owned())));
    assert_eq!(named(net).1.as_deref(), Some("network"));
    assert_eq!(named(terraform), ("runbook/run".to_owned(), None));
    let digest = &text[net.block.span.range()];
    assert!(digest.starts_with("net:") && digest.contains("Bucket:"), "{digest}");
}

#[test]
fn what_is_wrong_is_found_at_its_place() {
    let cases = [
        ("stacks:\n  a: { template: x, kep: [B] }\n", "kep"),
        ("stacks:\n  a: { tempalte: x }\n", "tempalte"),
        ("stacks:\n  a: { template: x, runbook: y }\n", "runbook"),
        ("stacks:\n  A-b: { template: x }\n", "A-b"),
        ("stacks:\n  a: { template: x, timeout: 5 }\n", "5"),
        ("stacks: [a]\n", "[a]"),
        ("stakcs: {}\n", "stakcs"),
        ("stacks:\n  a: { template: x, for_each: params.x }\n", "for_each"),
    ];
    for (rest, place) in cases {
        let text = format!("{HEAD}{rest}");
        let (book, found) = runbook("stacks", "stacks.yaml", &text);
        let places: Vec<_> =
            found.iter().map(|one| book.source.slice(one.span).unwrap_or_default()).collect();
        assert!(places.contains(&place), "{rest}: {places:?}");
    }
}

#[test]
fn a_manifest_is_known_by_its_beginning_and_named_after_its_folder() {
    let (book, found) =
        runbook("a", "a.md", "---\ntitle: T\nsummary: S\nowner: o\n---\n\nversion: 1\n");
    assert!(book.steps.is_empty() && found.is_empty(), "{found:?}");
    assert_eq!(name_of(Path::new("/p/runbooks/mine/stacks.yaml")), "mine");
    assert_eq!(name_of(Path::new("/p/runbooks/kms-replace.md")), "kms-replace");
}
