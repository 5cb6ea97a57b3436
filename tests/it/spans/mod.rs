//! Every diagnostic's span is exact: each mistake is planted at a random place in a random runbook, and
//! must be found exactly there, and nothing else.

mod plant;
mod plants;

use crate::draft::dice::Dice;
use crate::draft::yaml::{self, Yaml};
use crate::draft::{Draft, markdown, without_marks};
use crate::hard_markdown::cases;
use plant::Plant;
use plants::Row;
use proptest::prelude::*;
use runbook::actions::catalog::catalog;
use runbook::check::{Book, Linked};
use runbook::diagnostic::Diagnostic;
use runbook::model::action::Catalog;
use runbook::model::project::Project;
use runbook::model::runbook::Runbook;
use runbook::parse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

struct World {
    catalog: Catalog,
    project: Project,
    others: Vec<Arc<Runbook>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let account = "{id: '123456789012', region: eu-west-1}";
    let text = format!(
        "version: 1\nenvironments:\n  box: {{kind: sandbox}}\n  rare: {{kind: drill, accounts: {{data: {account}, spare: {account}}}}}\n"
    );
    let (project, _, found) = parse::project("runbook.yaml", &text);
    assert!(found.is_empty(), "{found:?}");
    let front = "---\ntitle: T\nsummary: S\nowner: o\n";
    let other = "params:\n  n: {type: integer}\n  word: {type: string, default: x, secret: false}\n  hidden: {type: string, secret: true}\n---\n\n```bash step=inner\n#| effect: read\n#| outputs: [x]\n#| timeout: 3h\n#| estimate: 2h\ntrue\n```\n";
    let circle = "---\n\n```yaml step=back\nuses: runbook/run\nwith: {runbook: planted}\n```\n";
    let global = "account: data\n---\n\n```yaml step=role\nuses: aws/call\nirreversible: It is gone.\nwith: {service: iam, operation: delete-role, input: {RoleName: x}}\n```\n";
    let others = [("other", other), ("circle", circle), ("global", global)].map(|(name, text)| {
        let (book, found) = parse::runbook(name, name, &format!("{front}{text}"));
        assert!(found.is_empty(), "{name}: {found:?}");
        Arc::new(book)
    });
    World { catalog: catalog(), project, others: others.to_vec() }
});

/// What the checker finds, against the real catalog and a small project.
pub(crate) fn check(runbook: &Runbook) -> Vec<Diagnostic> {
    let world = &*WORLD;
    let others = |name: &str| world.others.iter().find(|book| book.name == name).cloned();
    let book = Book {
        runbook,
        others: &others,
        catalog: &world.catalog,
        project: Some(&world.project),
        files: &linked,
    };
    runbook::check::check(&book)
}

/// There is one file, with one heading.
fn linked(path: &str) -> Linked {
    match path {
        "there.md" => Linked::Markdown(BTreeSet::from(["a-heading".to_owned()])),
        _ => Linked::Missing,
    }
}

/// Every place lies in the text, on whole characters.
pub(crate) fn assert_places(runbook: &Runbook, found: &[Diagnostic]) {
    for one in found {
        let related = one.related.iter().map(|related| related.span);
        for span in std::iter::once(one.span).chain(related) {
            assert!(runbook.source.slice(span).is_some(), "{one:?} in {:?}", runbook.source.text);
        }
    }
}

fn all_rows() -> impl Iterator<Item = &'static Row> {
    plants::TABLES.iter().copied().flatten()
}

/// What was found, as lines that can be compared.
fn lines(text: &str, found: impl Iterator<Item = (&'static str, Range<usize>)>) -> Vec<String> {
    let mut lines: Vec<_> = found.map(|(code, place)| (place.start, place.end, code)).collect();
    lines.sort_unstable();
    let line = |(start, end, code): (usize, usize, &str)| {
        format!("{code} at {start}..{end}: {:?}", text.get(start..end))
    };
    lines.into_iter().map(line).collect()
}

fn places(found: &[Diagnostic]) -> impl Iterator<Item = (&'static str, Range<usize>)> {
    found.iter().map(|one| (one.code, one.span.range()))
}

/// Plants one mistake, and says what was expected and what was found when they differ.
fn planted((code, make): &Row, seed: u64, steps: usize) -> Result<(), String> {
    let dice = &mut Dice::new(seed);
    let mut draft = Draft::valid(steps, dice);
    make(&mut Plant { draft: &mut draft, dice });
    let (marked, _) = markdown::write(&draft, dice);
    let (text, marks) = without_marks(&marked);
    assert!(!marks.is_empty(), "nothing is marked in {marked}");
    let (runbook, mut found) = parse::runbook("planted", "planted.md", &text);
    found.extend(check(&runbook));
    assert_places(&runbook, &found);
    let expected = lines(&text, marks.into_iter().map(|place| (*code, place)));
    let found = lines(&text, places(&found));
    if expected == found {
        return Ok(());
    }
    Err(format!("expected {expected:#?}\nfound {found:#?}\nseed {seed}, steps {steps}, in\n{text}"))
}

#[test]
fn every_rule_has_a_planter() {
    let rows =
        all_rows().map(|(code, _)| *code).chain(plants::PROJECT.iter().map(|(code, _)| *code));
    let planted: BTreeSet<_> = rows.collect();
    let elsewhere: BTreeSet<_> = plants::ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let rules: BTreeSet<_> = runbook::check::rules().iter().map(|rule| rule.code).collect();
    let missing: Vec<_> = rules
        .iter()
        .filter(|code| !planted.contains(*code) && !elsewhere.contains(*code))
        .collect();
    assert!(
        missing.is_empty(),
        "no mistake is planted for {missing:?}: add a row to a table in tests/it/spans/plants, or a reason to ELSEWHERE"
    );
    let unknown: Vec<_> = planted.union(&elsewhere).filter(|code| !rules.contains(*code)).collect();
    assert!(unknown.is_empty(), "there are no rules {unknown:?}");
    assert!(planted.is_disjoint(&elsewhere), "a rule has a planter and a reason to have none");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(8), ..ProptestConfig::default() })]

    #[test]
    fn each_mistake_is_found_exactly_where_it_was_planted(seed in any::<u64>(), steps in 1usize..9) {
        let wrong: Vec<_> = all_rows()
            .enumerate()
            .filter_map(|(at, row)| planted(row, seed.wrapping_add(at as u64), steps).err())
            .collect();
        prop_assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), all_rows().count(), wrong.join("\n\n"));
    }

    #[test]
    fn each_mistake_of_a_project_is_found_exactly_where_it_was_planted(seed in any::<u64>()) {
        for (code, environment) in plants::PROJECT {
            let dice = &mut Dice::new(seed);
            let mut project = vec![
                ("version".to_owned(), Yaml::raw("1")),
                ("environments".to_owned(), Yaml::Map(vec![
                    ("box".to_owned(), Yaml::map(&[("kind", Yaml::text("sandbox"))])),
                    ("e".to_owned(), environment().map_keys(&plant::marks)),
                ])),
            ];
            dice.shuffle(&mut project);
            let (text, marks) = without_marks(&yaml::mapping(&project, dice));
            let (_, source, found) = parse::project("runbook.yaml", &text);
            let expected = lines(&source.text, marks.into_iter().map(|place| (*code, place)));
            prop_assert_eq!(lines(&source.text, places(&found)), expected, "{}", text);
        }
    }
}
