//! The steps of a plan with what was found about each: what people and programs are shown.

use crate::model::id::StepKey;
use crate::model::mode::{Effect, EnvironmentKind};
use crate::model::project::Environment;
use crate::model::step::{Block, Body, Interpreter, Step};
use crate::plan::{Frame, Plan, Planned, Reversal};
use crate::run::foresight::{Look, Standing};
use std::collections::BTreeMap;

/// All steps, parents first, as they are written.
pub(super) struct Rows<'a>(pub(super) Vec<Row<'a>>);

/// One step as it is written, and every look at it: one in each element of the loops it stands in.
pub(super) struct Row<'a> {
    pub(super) key: StepKey,
    pub(super) planned: &'a Planned,
    pub(super) frame: &'a Frame,
    pub(super) looks: Vec<(StepKey, Look)>,
    /// What a person would be asked before it or in it.
    pub(super) asks: Option<String>,
    /// What every ARN in its account and Region ends with, before the name itself.
    place: Option<String>,
}

impl<'a> Rows<'a> {
    /// Puts them together.
    pub(super) fn new(
        plan: &'a Plan,
        environment: &Environment,
        looks: &BTreeMap<StepKey, Look>,
    ) -> Self {
        let mut by_written: BTreeMap<String, Vec<(StepKey, Look)>> = BTreeMap::new();
        for (key, look) in looks {
            let loop_itself = look.elements.is_some();
            let entry = by_written.entry(key.written()).or_default();
            // A loop is seen as its elements where they say anything.
            if loop_itself {
                entry.insert(0, (key.clone(), look.clone()));
            } else {
                entry.push((key.clone(), look.clone()));
            }
        }
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (key, planned, frame) in plan.walk() {
            let mut found = by_written.remove(&key.written()).unwrap_or_default();
            if found.is_empty() {
                let around = key.as_str().rsplit_once('/').map(|(outer, _)| outer.to_owned());
                let outer = rows.iter().find(|row| Some(row.key.as_str()) == around.as_deref());
                found.push((key.clone(), inherited(outer)));
            }
            sort_naturally(&mut found);
            let account = planned.account.as_ref().and_then(|name| environment.accounts.get(name));
            let place = account.map(|account| {
                let region = found.iter().find_map(|(_, look)| look.region.clone());
                format!(":{}:{}:", region.as_ref().unwrap_or(&account.region), account.id)
            });
            let mut row = Row { key, planned, frame, looks: found, asks: None, place };
            row.asks = row.asked(environment);
            rows.push(row);
        }
        Self(rows)
    }

    /// The first step that cannot be taken back and would do something.
    pub(super) fn point_of_no_return(&self) -> Option<&Row<'a>> {
        self.0.iter().find(|row| {
            matches!(row.planned.reversal, Reversal::Irreversible(_)) && !row.does_nothing()
        })
    }

    /// The steps that are no brackets around others.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Row<'a>> {
        self.0.iter().filter(|row| row.planned.calls.is_none())
    }
}

/// What is known of a step whose runbook or loop was not opened.
fn inherited(outer: Option<&Row<'_>>) -> Look {
    let outer = outer.and_then(|row| row.looks.first()).map(|(_, look)| look);
    match outer {
        Some(look) if look.state == Standing::Skipped => Look::new(Standing::Skipped, None),
        Some(look) => Look::new(Standing::NotLookedAt, look.why.clone()),
        None => Look::new(Standing::NotLookedAt, None),
    }
}

/// `step[10]` after `step[9]`.
fn sort_naturally(looks: &mut [(StepKey, Look)]) {
    looks.sort_by_cached_key(|(key, _)| {
        key.as_str()
            .split(['[', ']'])
            .map(|part| (part.parse::<usize>().ok(), part.to_owned()))
            .collect::<Vec<_>>()
    });
}

impl Row<'_> {
    /// The step as it is written.
    pub(super) fn step(&self) -> &Step {
        self.planned.step(self.frame)
    }

    /// The looks at the step itself: those at the elements of a loop, not at the loop.
    pub(super) fn own(&self) -> impl Iterator<Item = &(StepKey, Look)> {
        let elements = self.looks.iter().any(|(_, look)| look.state != Standing::Group);
        self.looks.iter().filter(move |(_, look)| !elements || look.state != Standing::Group)
    }

    /// How it stands: its state when all its elements agree.
    pub(super) fn state(&self) -> Option<Standing> {
        let mut states = self.own().map(|(_, look)| look.state);
        let first = states.next()?;
        states.all(|state| state == first).then_some(first)
    }

    /// Whether a run would certainly leave it out.
    pub(super) fn does_nothing(&self) -> bool {
        matches!(self.state(), Some(Standing::InPlace | Standing::Skipped))
    }

    /// How many elements its loop has.
    pub(super) fn elements(&self) -> Option<usize> {
        self.looks.iter().find_map(|(_, look)| look.elements)
    }

    /// A text with the ARNs of the step's own account and Region cut to the names in them: `key/1234…`.
    pub(super) fn brief(&self, text: &str) -> String {
        let Some(place) = &self.place else { return text.to_owned() };
        let word = |word: &str| match (word.find("arn:aws"), word.find(place.as_str())) {
            (Some(start), Some(end)) if start < end => {
                format!("{}{}", &word[..start], &word[end + place.len()..])
            }
            _ => word.to_owned(),
        };
        text.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    fn asked(&self, environment: &Environment) -> Option<String> {
        if self.does_nothing() {
            return None;
        }
        let step = self.step();
        let confirm = self.looks.iter().find_map(|(_, look)| look.confirm.clone());
        let confirm = confirm.or_else(|| {
            step.block.options.confirm.as_ref().map(|text| text.value.trim().to_owned())
        });
        if self.planned.effect == Effect::Destroy && environment.kind == EnvironmentKind::Production
        {
            let account =
                self.planned.account.as_ref().and_then(|name| environment.accounts.get(name));
            let id = account.map_or("this machine", |account| account.id.as_str());
            let text = confirm.unwrap_or_else(|| "This step destroys.".to_owned());
            return Some(format!("{text} (type `destroy in {id}`)"));
        }
        if let Body::Action { uses, .. } = &step.block.body
            && uses.value.starts_with("manual/")
        {
            return Some("a person does this step".to_owned());
        }
        confirm
    }
}

/// What a block does, in a few words.
pub(super) fn does(block: &Block) -> String {
    match &block.body {
        Body::Action { uses, .. } => uses.value.clone(),
        Body::Script { interpreter, .. } => match interpreter {
            Interpreter::Bash => "a bash script".to_owned(),
            Interpreter::Sh => "a sh script".to_owned(),
            Interpreter::Python => "a python script".to_owned(),
        },
    }
}

/// What takes a step back, in words.
pub(super) fn reversal(planned: &Planned) -> String {
    match &planned.reversal {
        Reversal::NotNeeded => "not needed: it only reads".to_owned(),
        Reversal::Block => format!("the block undo={}", planned.id),
        Reversal::BuiltIn(words) => (*words).to_owned(),
        Reversal::Irreversible(why) => format!("IMPOSSIBLE: {why}"),
        Reversal::Nested => "the undos of its steps".to_owned(),
    }
}
