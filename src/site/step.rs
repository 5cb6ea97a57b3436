//! A step as a card: what it is, what it is given, what it does in words and as a command, what checks it and
//! what takes it back.

use super::by_hand::by_hand;
use super::spoken::{seconds, sentence, yaml};
use super::view::{Book, Input};
use crate::model::action::ActionSpec;
use crate::model::mode::Effect;
use crate::model::step::{Block, Body, Health, Interpreter, Outputs, Step};
use crate::model::value::Value;
use crate::plan::{Frame, Planned, Reversal};
use serde::Serialize;

/// A card.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Card {
    /// Its number. Nothing for a probe.
    pub(super) number: Option<usize>,
    pub(super) id: String,
    pub(super) title: String,
    /// `step` or `health`.
    pub(super) role: &'static str,
    pub(super) account: Option<String>,
    pub(super) effect: Word,
    pub(super) estimate: Option<String>,
    /// Facts that are told in a row: what it needs, when it is skipped, how often it is tried.
    pub(super) facts: Vec<Fact>,
    pub(super) confirm: Option<String>,
    pub(super) does: Does,
    pub(super) check: Vec<Check>,
    pub(super) undo: Option<Undo>,
    pub(super) no_return: Option<String>,
    pub(super) obligation: Option<Owing>,
    /// The runbook that it runs, with its steps.
    pub(super) inner: Option<Inner>,
}

/// A word with a class, so that it is not told by colour alone.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Word {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) code: bool,
    pub(super) links: Vec<String>,
}

/// What a block does.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Does {
    /// `kms/set-alias`, or nothing for a script.
    pub(super) action: Option<String>,
    /// In words.
    pub(super) words: String,
    pub(super) inputs: Vec<InputRow>,
    /// A script as it is run, and what runs it.
    pub(super) script: Option<String>,
    pub(super) language: &'static str,
    pub(super) runs_as: &'static str,
    pub(super) outputs: Vec<InputRow>,
    /// The commands that do the same by hand.
    pub(super) commands: Option<String>,
    pub(super) beside: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct InputRow {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) meaning: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) words: String,
    /// Expressions that must hold.
    pub(super) codes: Vec<String>,
    pub(super) link: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Undo {
    pub(super) words: String,
    pub(super) link: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Owing {
    pub(super) text: String,
    pub(super) due: String,
    pub(super) runbook: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Inner {
    pub(super) name: String,
    pub(super) steps: Vec<InnerStep>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct InnerStep {
    pub(super) number: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) effect: Word,
}

/// What a step does to the world, in a word.
pub(super) const fn effect(effect: Effect) -> Word {
    match effect {
        Effect::Read => Word { class: "read", word: "reads" },
        Effect::Change => Word { class: "change", word: "changes" },
        Effect::Destroy => Word { class: "destroy", word: "destroys" },
        Effect::Unclear => Word { class: "unclear", word: "cannot be told" },
    }
}

/// The card of a step.
pub(super) fn card(input: &Input<'_>, book: &Book, index: usize) -> Card {
    let step = &book.runbook.steps[index];
    let options = &step.block.options;
    let frame = book.plan.as_ref().map(|plan| &plan.root);
    let planned = frame.and_then(|frame| frame.steps.get(index));
    let declared = options.effect.as_ref().map(|effect| effect.value);
    let irreversible = options.irreversible.as_ref().map(|why| why.value.clone()).or_else(|| {
        match planned.map(|planned| &planned.reversal) {
            Some(Reversal::Irreversible(why)) => Some(why.clone()),
            _ => None,
        }
    });
    Card {
        number: Some(index + 1),
        id: step.id().to_string(),
        title: step.title.clone(),
        role: "step",
        account: account(book, &step.block, planned),
        effect: effect(
            planned.map_or(declared.unwrap_or(Effect::Unclear), |planned| planned.effect),
        ),
        estimate: options.estimate.as_ref().map(|one| seconds(one.value.as_secs())),
        facts: facts(step, planned, frame),
        confirm: options.confirm.as_ref().map(|text| text.value.trim().to_owned()),
        does: does(input, &step.block),
        check: checks(input, step),
        undo: undo(step, planned),
        no_return: irreversible,
        obligation: options.obligation.as_ref().map(|owed| Owing {
            text: owed.text.value.trim().to_owned(),
            due: owed.due.value.clone(),
            runbook: owed.runbook.as_ref().map(|name| name.value.clone()),
        }),
        inner: planned
            .and_then(|planned| planned.calls.as_deref())
            .map(|frame| inner(frame, index + 1)),
    }
}

/// The card of a health probe.
pub(super) fn probe(input: &Input<'_>, book: &Book, health: &Health) -> Card {
    let options = &health.block.options;
    let mut facts = Vec::new();
    let mut say = |name, text: Option<String>, code| {
        facts.extend(text.map(|text| Fact { name, text, code, links: Vec::new() }));
    };
    say("Holds when", options.holds.as_ref().map(|text| text.value.trim().to_owned()), true);
    say("Within", options.within.as_ref().map(|time| seconds(time.value.as_secs())), false);
    say(
        "Must stay so for",
        options.sustained.as_ref().map(|time| seconds(time.value.as_secs())),
        false,
    );
    Card {
        number: None,
        id: health.block.id.value.to_string(),
        title: health.title.clone(),
        role: "health",
        account: account(book, &health.block, None),
        effect: effect(Effect::Read),
        estimate: None,
        facts,
        confirm: None,
        does: does(input, &health.block),
        check: Vec::new(),
        undo: None,
        no_return: None,
        obligation: None,
        inner: None,
    }
}

fn account(book: &Book, block: &Block, planned: Option<&Planned>) -> Option<String> {
    match planned {
        Some(planned) => planned.account.as_ref().map(ToString::to_string),
        None => block
            .options
            .account
            .as_ref()
            .or(book.runbook.front.account.as_ref())
            .map(|name| name.value.to_string()),
    }
}

fn facts(step: &Step, planned: Option<&Planned>, frame: Option<&Frame>) -> Vec<Fact> {
    let options = &step.block.options;
    let mut found = Vec::new();
    let mut say = |name, text: Option<String>, code| {
        found.extend(text.map(|text| Fact { name, text, code, links: Vec::new() }));
    };
    say("Only if", options.condition.as_ref().map(|text| text.value.trim().to_owned()), true);
    let at_once = options.concurrency.as_ref().map_or(1, |at_once| at_once.value);
    let each = options.for_each.as_ref().map(|list| list.value.trim().to_owned());
    say("For each of", each.clone(), true);
    say("At once", each.filter(|_| at_once > 1).map(|_| at_once.to_string()), false);
    say("Repeats until", options.until.as_ref().map(|text| text.value.trim().to_owned()), true);
    say("Region", options.region.as_ref().map(|text| text.value.clone()), true);
    say("At most", planned.map(|planned| seconds(planned.timeout.as_secs())), false);
    let attempts = planned.map(|planned| planned.attempts).filter(|attempts| *attempts > 1);
    say("Tries", attempts.map(|attempts| format!("up to {attempts}")), false);
    if options.needs.is_some()
        && let (Some(planned), Some(frame)) = (planned, frame)
    {
        let links: Vec<String> = planned
            .needs
            .iter()
            .filter_map(|need| frame.steps.get(*need))
            .map(|one| one.id.to_string())
            .collect();
        let text = if links.is_empty() { "at once".to_owned() } else { String::new() };
        found.insert(0, Fact { name: "After", text, code: false, links });
    }
    found
}

/// What a block does, in words and as commands.
pub(super) fn does(input: &Input<'_>, block: &Block) -> Does {
    match &block.body {
        Body::Action { uses, with } => {
            let inputs: Vec<(String, Value)> =
                with.iter().map(|(name, node)| (name.value.clone(), node.verbatim())).collect();
            let spec = input.catalog.get(&uses.value);
            let by_hand = spec.and_then(|spec| by_hand(spec, &inputs));
            Does {
                action: Some(uses.value.clone()),
                words: spec.map_or_else(String::new, |spec| format!("{}.", spec.summary)),
                inputs: inputs.iter().map(|(name, value)| row(name, value, spec)).collect(),
                outputs: outputs(spec),
                beside: by_hand.as_ref().and_then(|by_hand| by_hand.beside),
                commands: by_hand.map(|by_hand| {
                    let notes =
                        by_hand.variables.iter().map(|(name, what)| format!("# {name}: {what}"));
                    notes.chain(by_hand.commands).collect::<Vec<_>>().join("\n")
                }),
                ..Does::default()
            }
        }
        Body::Script { interpreter, text } => {
            let (language, runs_as) = match interpreter {
                Interpreter::Bash => ("bash", "bash -euo pipefail"),
                Interpreter::Sh => ("sh", "sh -eu"),
                Interpreter::Python => ("python", "python3"),
            };
            let env = block.options.env.iter();
            let given = match &block.options.outputs {
                Outputs::Names(names) => names.iter().map(|name| name.value.clone()).collect(),
                Outputs::Json(_) => vec!["one JSON object on standard output".to_owned()],
                Outputs::None => Vec::new(),
            };
            let empty = |name| InputRow { name, value: String::new(), meaning: String::new() };
            Does {
                words: "Run this script.".to_owned(),
                inputs: env.map(|(name, node)| row(&name.value, &node.verbatim(), None)).collect(),
                script: Some(text.value.trim_end().to_owned()),
                language,
                runs_as,
                outputs: given.into_iter().map(empty).collect(),
                ..Does::default()
            }
        }
    }
}

fn row(name: &str, value: &Value, spec: Option<&ActionSpec>) -> InputRow {
    let meaning = spec.and_then(|spec| spec.input(name)).map(|input| input.description.to_owned());
    InputRow { name: name.to_owned(), value: yaml(value), meaning: meaning.unwrap_or_default() }
}

fn outputs(spec: Option<&ActionSpec>) -> Vec<InputRow> {
    let outputs = spec.map(|spec| spec.outputs).unwrap_or_default().iter();
    outputs
        .map(|output| InputRow {
            name: output.name.to_owned(),
            value: String::new(),
            meaning: output.description.to_owned(),
        })
        .collect()
}

fn checks(input: &Input<'_>, step: &Step) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(observe) = &step.observe {
        let words = match &observe.body {
            Body::Action { uses, .. } => format!("`{}` looks whether it is in place", uses.value),
            Body::Script { .. } => "A script looks whether it is in place".to_owned(),
        };
        found.push(Check {
            words,
            codes: Vec::new(),
            link: Some(format!("observe-{}", step.id())),
        });
    } else if let Body::Action { uses, .. } = &step.block.body
        && let Some(words) = input.catalog.get(&uses.value).and_then(|spec| spec.observe)
    {
        found.push(Check { words: sentence(words), codes: Vec::new(), link: None });
    }
    let expected = step.block.options.expect.iter();
    let codes: Vec<String> = expected.map(|text| text.value.trim().to_owned()).collect();
    if !codes.is_empty() {
        found.push(Check { words: "Afterwards".to_owned(), codes, link: None });
    }
    found
}

fn undo(step: &Step, planned: Option<&Planned>) -> Option<Undo> {
    if step.undo.is_some() {
        let words = "A block of its own takes it back".to_owned();
        return Some(Undo { words, link: Some(format!("undo-{}", step.id())) });
    }
    let words = match planned.map(|planned| &planned.reversal)? {
        Reversal::BuiltIn(words) => sentence(words),
        Reversal::Nested => {
            "The steps of the other runbook take themselves back, the last one first".to_owned()
        }
        Reversal::NotNeeded | Reversal::Block | Reversal::Irreversible(_) => return None,
    };
    Some(Undo { words, link: None })
}

fn inner(frame: &Frame, number: usize) -> Inner {
    let steps = frame.steps.iter().enumerate();
    Inner {
        name: frame.book.name.clone(),
        steps: steps
            .map(|(at, planned)| InnerStep {
                number: format!("{number}.{}", at + 1),
                id: planned.id.to_string(),
                title: planned.step(frame).title.clone(),
                effect: effect(planned.effect),
            })
            .collect(),
    }
}
