//! The scenario of a drill: its entries, each read into one step.

use super::decode::{Decode, Entries, get};
use super::mapping;
use super::table::MOMENTS;
use crate::diagnostic::nearest;
use crate::diagnostic::syntax::{DUPLICATE_KEY, MISSING_FIELD, UNKNOWN_KEY, WRONG_TYPE};
use crate::model::drill::{FAULTS, MAX_DURATION, Part};
use crate::model::id::StepId;
use crate::model::runbook::{Phase, Runbook};
use crate::model::step::{Block, Body, Options, Role, Step};
use crate::model::value::{Node, NodeKind, Text};
use crate::source::{Span, Spanned};
use std::collections::BTreeSet;

/// Reads the entries of a scenario into the steps of the book.
pub(super) fn read(book: &mut Runbook, node: &Node, text: &str, decode: &mut Decode<'_>) {
    let NodeKind::List(items) = &node.kind else {
        decode.wrong_type("scenario", "a list", node);
        book.gaps.nameless = true;
        return;
    };
    if items.is_empty() {
        decode.bad(node.span, "a scenario has at least one entry");
        book.gaps.nameless = true;
        return;
    }
    let mut moments = Vec::new();
    for item in items {
        match moment(item, decode) {
            Some(moment) => moments.push(moment),
            None => book.gaps.nameless = true,
        }
    }
    let mut steps = Steps { text, phases: Vec::new(), steps: Vec::new(), taken: BTreeSet::new() };
    steps.all(&moments, node.span);
    (book.phases, book.steps) = (steps.phases, steps.steps);
    book.anchors.extend(book.steps.iter().map(|step| step.id().to_string()));
}

/// One entry that could be read.
struct Moment {
    part: Part,
    /// The key that says what it is.
    key: Span,
    span: Span,
    with: Vec<(Spanned<String>, Node)>,
    /// The names of runbooks in it, as they were written.
    names: Vec<Spanned<String>>,
    /// What the incident is, in words.
    words: String,
}

fn moment(item: &Node, decode: &mut Decode<'_>) -> Option<Moment> {
    let entries = decode.mapping("an entry of the scenario", item)?;
    let mut heads = entries.iter().filter(|(key, _)| MOMENTS.contains(&key.value.as_str()));
    let Some((key, node)) = heads.next() else {
        lost(entries, item.span, decode);
        return None;
    };
    if let Some((second, _)) = heads.next() {
        let message = format!("an entry is one thing, and this one is a `{}` already", key.value);
        let diagnostic = DUPLICATE_KEY.error(second.span, message);
        decode.found.push(diagnostic.help("write two entries, each with a `-` of its own"));
        return None;
    }
    let part = part(&key.value)?;
    let whose = format!("a `{}` entry", key.value);
    let known: &[&str] = match part {
        Part::Run => &["run", "params"],
        Part::Fault => &["fault", "params", MAX_DURATION],
        Part::Incident => &["incident"],
        Part::Expect => &["expect"],
        _ => &["recovered"],
    };
    decode.unknown_keys(&whose, entries, known);
    let mut moment = Moment {
        part,
        key: key.span,
        span: item.span,
        with: Vec::new(),
        names: Vec::new(),
        words: String::new(),
    };
    let filled = match part {
        Part::Run | Part::Fault => moment.runbook(node, entries, decode),
        Part::Incident => moment.incident(node, decode),
        Part::Expect => moment.unhealthy(node, decode),
        _ => moment.healthy(node, decode),
    };
    filled.map(|()| moment)
}

fn part(key: &str) -> Option<Part> {
    Some(match key {
        "run" => Part::Run,
        "fault" => Part::Fault,
        "incident" => Part::Incident,
        "expect" => Part::Expect,
        "recovered" => Part::Recovered,
        _ => return None,
    })
}

/// An entry that does not say what it is.
fn lost(entries: &Entries, span: Span, decode: &mut Decode<'_>) {
    let misspelt = entries.iter().find_map(|(key, _)| Some((key, nearest(&key.value, MOMENTS)?)));
    decode.found.push(match misspelt {
        Some((key, near)) => UNKNOWN_KEY
            .error(key.span, format!("an entry of the scenario has no key `{}`", key.value))
            .help(format!("did you mean `{near}`?"))
            .instead(Some(near)),
        None => MISSING_FIELD
            .error(span, "this entry does not say what happens")
            .help("it is a `run`, a `fault`, an `incident`, an `expect` or a `recovered`"),
    });
}

fn named(key: &str, span: Span) -> Spanned<String> {
    Spanned::new(key.to_owned(), span)
}

impl Moment {
    /// `run` and `fault`: a runbook with its parameters.
    fn runbook(&mut self, node: &Node, entries: &Entries, decode: &mut Decode<'_>) -> Option<()> {
        let fault = self.part == Part::Fault;
        let name = decode.text(if fault { "fault" } else { "run" }, node)?;
        self.names.push(Spanned::new(name.value.clone(), node.span));
        let name = if fault {
            Text::new(format!("{FAULTS}{}", name.value), node.span, Vec::new())
        } else {
            name
        };
        let name = Node { kind: NodeKind::Text(name), span: node.span };
        self.with.push((named("runbook", self.key), name));
        let mut params = match get(entries, "params") {
            Some(given) => decode.mapping("params", given)?.to_vec(),
            None => Vec::new(),
        };
        let longest = entries.iter().find(|(key, _)| fault && key.value == MAX_DURATION);
        if let Some((key, node)) = longest {
            decode.duration(MAX_DURATION, node)?;
            if let Some((twice, _)) = params.iter().find(|(name, _)| name.value == MAX_DURATION) {
                let message = format!("`{MAX_DURATION}` is given beside `params` already");
                let diagnostic = DUPLICATE_KEY.error(twice.span, message);
                decode.found.push(diagnostic.related(key.span, "it is here already"));
                return None;
            }
            params.push((key.clone(), node.clone()));
        }
        if !params.is_empty() {
            let span = params.iter().fold(params[0].1.span, |all, (_, node)| all.to(node.span));
            let given = Node { kind: NodeKind::Mapping(params), span };
            self.with.push((named("params", self.key), given));
        }
        Some(())
    }

    fn incident(&mut self, node: &Node, decode: &mut Decode<'_>) -> Option<()> {
        let text = decode.text("incident", node)?;
        self.words.clone_from(&text.value);
        self.with.push((named("text", self.key), node.clone()));
        Some(())
    }

    fn unhealthy(&mut self, node: &Node, decode: &mut Decode<'_>) -> Option<()> {
        let entries = decode.mapping("expect", node)?;
        decode.unknown_keys("`expect`", entries, &["unhealthy"]);
        let Some(name) = get(entries, "unhealthy") else {
            decode.lacks("`expect`", entries, &["unhealthy"], "unhealthy", node.span);
            return None;
        };
        let text = decode.plain("unhealthy", name)?;
        self.names.push(text);
        self.with.push((named("unhealthy", self.key), name.clone()));
        Some(())
    }

    fn healthy(&mut self, node: &Node, decode: &mut Decode<'_>) -> Option<()> {
        self.names = decode.names("recovered", node, Ok::<String, std::convert::Infallible>)?;
        if self.names.is_empty() {
            let message = "`recovered` names at least one runbook";
            decode.found.push(WRONG_TYPE.error(node.span, message));
            return None;
        }
        self.with.push((named("runbooks", self.key), node.clone()));
        Some(())
    }
}

/// Puts the steps together.
struct Steps<'a> {
    text: &'a str,
    phases: Vec<Phase>,
    steps: Vec<Step>,
    taken: BTreeSet<String>,
}

impl Steps<'_> {
    fn all(&mut self, moments: &[Moment], whole: Span) {
        self.phase("Before", whole);
        let watched = watched(moments);
        if !watched.is_empty() {
            let list = watched.iter().map(node_of).collect();
            let list = Node { kind: NodeKind::List(list), span: whole };
            let with = vec![(named("runbooks", whole), list)];
            let text = watched.iter().map(|name| name.value.as_str()).collect::<Vec<_>>();
            let text = Text::new(text.join(" "), whole, Vec::new());
            self.step(
                Part::Steady,
                "steady_state",
                "All is well before anything is touched",
                whole,
                (with, text),
            );
        }
        let mut broken = false;
        for moment in moments {
            match moment.part {
                Part::Incident => self.phase(&moment.words, moment.span),
                Part::Fault => broken = true,
                _ => {}
            }
            let (id, title) = words(moment);
            let text = mapping::verbatim(&self.text[moment.span.range()], moment.span.start);
            self.step(moment.part, &id, &title, moment.key, (moment.with.clone(), text));
            if moment.part == Part::Recovered {
                self.phase("Afterwards", moment.span);
                if std::mem::take(&mut broken) {
                    self.mend(moment.key);
                }
            }
        }
        if broken {
            self.phase("Afterwards", whole);
            self.mend(Span::new(whole.end, whole.end));
        }
    }

    fn phase(&mut self, title: &str, span: Span) {
        self.phases.push(Phase { title: title.to_owned(), span });
    }

    fn mend(&mut self, span: Span) {
        let text = Text::new(String::new(), span, Vec::new());
        self.step(Part::Mend, "mend", "Mend what was broken", span, (Vec::new(), text));
    }

    fn step(
        &mut self,
        part: Part,
        id: &str,
        title: &str,
        span: Span,
        (with, text): (Vec<(Spanned<String>, Node)>, Text),
    ) {
        let Some(id) = self.id(id) else { return };
        let block = Block {
            role: Role::Step,
            id: Spanned::new(id, span),
            span: text.span,
            text,
            body: Body::Action { uses: Spanned::new(part.action().to_owned(), span), with },
            options: Options::default(),
        };
        self.steps.push(Step {
            title: title.to_owned(),
            description: String::new(),
            phase: self.phases.len().checked_sub(1),
            block,
            observe: None,
            undo: None,
        });
    }

    /// An id like that text which no other step has.
    fn id(&mut self, like: &str) -> Option<StepId> {
        let like: String = like
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' })
            .collect();
        let like = if like.starts_with(|c: char| c.is_ascii_lowercase()) {
            like
        } else {
            format!("step_{like}")
        };
        let other = |n: u32| if n == 1 { like.clone() } else { format!("{like}_{n}") };
        let id = (1..).map(other).find(|id| !self.taken.contains(id))?;
        self.taken.insert(id.clone());
        StepId::new(id).ok()
    }
}

fn node_of(name: &Spanned<String>) -> Node {
    let text = Text::new(name.value.clone(), name.span, Vec::new());
    Node { kind: NodeKind::Text(text), span: name.span }
}

/// The runbooks whose health says that all is well: those that are expected to show something, and those that
/// are run to recover. What is run before the incident may well be what takes everything away.
fn watched(moments: &[Moment]) -> Vec<Spanned<String>> {
    let incident = moments.iter().position(|moment| moment.part == Part::Incident).unwrap_or(0);
    let mut watched: Vec<Spanned<String>> = Vec::new();
    for (at, moment) in moments.iter().enumerate() {
        let counts = match moment.part {
            Part::Expect | Part::Recovered => true,
            Part::Run => at >= incident,
            _ => false,
        };
        for name in moment.names.iter().filter(|_| counts) {
            if !watched.iter().any(|known| known.value == name.value) {
                watched.push(name.clone());
            }
        }
    }
    watched
}

/// The id and the title of the step of an entry.
fn words(moment: &Moment) -> (String, String) {
    let names: Vec<&str> = moment.names.iter().map(|name| name.value.as_str()).collect();
    let names = names.join(", ");
    match moment.part {
        Part::Fault => (format!("break_{names}"), format!("Break it: {names}")),
        Part::Incident => ("incident".to_owned(), moment.words.clone()),
        Part::Expect => ("shows".to_owned(), format!("The fault shows: {names} is not healthy")),
        Part::Recovered => ("recovered".to_owned(), format!("Healthy again: {names}")),
        _ => (names.clone(), format!("Run {names}")),
    }
}
