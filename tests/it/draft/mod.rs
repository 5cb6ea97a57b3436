//! Runbooks that nobody wrote: valid ones of any length, in every way of writing them.
//!
//! A [`Draft`] is a runbook before it is written down. [`markdown`] writes it, each time in another
//! way. A part of a text between [`OPEN`] and [`CLOSE`] is marked: the marks are taken out at the very
//! end, and say where that part came to stand. So a test knows the exact bytes of what it planted.

pub(crate) mod dice;
pub(crate) mod markdown;
pub(crate) mod prose;
pub(crate) mod yaml;

use dice::Dice;
use std::ops::Range;
use yaml::Yaml;

/// Before a marked part.
pub(crate) const OPEN: char = '\u{e000}';
/// After a marked part.
pub(crate) const CLOSE: char = '\u{e001}';

/// A runbook before it is written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) front: Vec<(String, Yaml)>,
    pub(crate) parts: Vec<Part>,
    /// What stands after everything else, as it is.
    pub(crate) end: String,
    /// How many blocks have been made, for their ids.
    made: usize,
}

/// A part of the document.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Markdown, as it is.
    Prose(String),
    /// An executable block.
    Block(Box<Block>),
}

/// An executable block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// `yaml step=copy_data`.
    pub(crate) info: String,
    /// Whether the opening line is marked, from its fence to the end of its info string.
    pub(crate) mark_opening: bool,
    pub(crate) options: Vec<(String, Yaml)>,
    /// The lines of a script. None: a typed block.
    pub(crate) script: Option<Vec<String>>,
}

impl Block {
    /// A typed block.
    pub(crate) fn typed(role: &str, id: &str, uses: &str, with: &[(&str, Yaml)]) -> Self {
        let mut options = vec![("uses".to_owned(), Yaml::text(uses))];
        if !with.is_empty() {
            options.push(("with".to_owned(), Yaml::map(with)));
        }
        Self { info: format!("yaml {role}={id}"), mark_opening: false, options, script: None }
    }

    /// A script.
    pub(crate) fn script(language: &str, role: &str, id: &str, lines: &[&str]) -> Self {
        Self {
            info: format!("{language} {role}={id}"),
            mark_opening: false,
            options: Vec::new(),
            script: Some(lines.iter().map(|line| (*line).to_owned()).collect()),
        }
    }

    /// Sets an option.
    pub(crate) fn with(mut self, key: &str, value: Yaml) -> Self {
        self.options.retain(|(known, _)| known != key);
        self.options.push((key.to_owned(), value));
        self
    }

    /// The same block in another role.
    pub(crate) fn role(mut self, role: &str) -> Self {
        if let Some((language, id)) =
            self.info.split_once(' ').zip(self.info.split_once('=')).map(|(a, b)| (a.0, b.1))
        {
            self.info = format!("{language} {role}={id}");
        }
        self
    }

    /// The same block with its info string, its keys and its lines changed.
    pub(crate) fn map(self, change: &impl Fn(&str) -> String) -> Self {
        let options =
            self.options.into_iter().map(|(key, value)| (change(&key), value.map_keys(change)));
        let script = self.script.map(|lines| lines.iter().map(|line| change(line)).collect());
        Self { info: change(&self.info), options: options.collect(), script, ..self }
    }

    /// The id in the info string.
    pub(crate) fn id(&self) -> &str {
        self.info.split_once('=').map_or("", |(_, id)| id)
    }

    fn is_step(&self) -> bool {
        self.info.contains(" step=")
    }
}

impl Draft {
    /// A valid runbook of so many steps.
    pub(crate) fn valid(steps: usize, dice: &mut Dice) -> Self {
        let mut draft = Self { front: front(dice), ..Self::default() };
        draft.parts.push(Part::Prose(format!("# {}", prose::title(dice))));
        if dice.one_in(2) {
            draft.parts.push(Part::Prose(prose::part(dice)));
        }
        let mut outputs: Vec<String> = Vec::new();
        while draft.made < steps {
            if draft.made.is_multiple_of(5) {
                draft.parts.push(Part::Prose(prose::heading(2, dice)));
            }
            if dice.one_in(2) {
                draft.parts.push(Part::Prose(prose::heading(3, dice)));
            }
            if dice.one_in(2) {
                draft.parts.push(Part::Prose(prose::part(dice)));
            }
            draft.step(&mut outputs, dice);
        }
        draft.parts.push(Part::Prose(prose::heading(2, dice)));
        let health = Block::typed("health", "it_answers", "http/check", &[url(dice)])
            .with("holds", Yaml::text("outputs.status == 200 and params.alias != ''"));
        draft.parts.push(Part::Block(Box::new(health)));
        draft
    }

    /// An id that is free.
    fn fresh(&mut self) -> String {
        self.made += 1;
        format!("do_{}", self.made)
    }

    /// Puts Markdown between two parts.
    pub(crate) fn insert_prose(&mut self, markdown: impl Into<String>, dice: &mut Dice) {
        let at = self.place(dice);
        self.parts.insert(at, Part::Prose(markdown.into()));
    }

    /// A place between two parts, or before or after all of them.
    pub(crate) fn place(&self, dice: &mut Dice) -> usize {
        // The title comes first, so that no part of it is taken for prose of a step.
        1 + dice.below(self.parts.len())
    }

    /// Puts a step that says what it needs, and lets the order stay as it is: it needs the step before it
    /// too. `block` gets the list of what it must need.
    pub(crate) fn insert_needing(
        &mut self,
        block: impl FnOnce(Vec<Yaml>) -> Block,
        dice: &mut Dice,
    ) {
        let at = self.place(dice);
        let before = self.parts[..at].iter().rev().find_map(|part| match part {
            Part::Block(block) if block.is_step() => Some(Yaml::text(block.id())),
            _ => None,
        });
        let block = block(before.into_iter().collect());
        self.parts.insert(at, Part::Block(Box::new(block)));
    }

    /// Sets a key of the front matter.
    pub(crate) fn set_front(&mut self, key: &str, value: Yaml) {
        self.front.retain(|(known, _)| known != key);
        self.front.push((key.to_owned(), value));
    }

    /// Takes the account out of the front matter, and gives it to each block that acts in one.
    pub(crate) fn name_accounts(&mut self) {
        self.front.retain(|(key, _)| key != "account");
        for part in &mut self.parts {
            if let Part::Block(block) = part
                && block.options.iter().all(|(key, _)| key != "account")
                && block.info.contains(" step=")
            {
                block.options.push(("account".to_owned(), Yaml::text("data")));
            }
        }
    }

    fn step(&mut self, outputs: &mut Vec<String>, dice: &mut Dice) {
        let id = self.fresh();
        let input = match dice.below(3) {
            0 if !outputs.is_empty() => Yaml::Text(format!("{{{{ {} }}}}", dice.pick(outputs))),
            1 => Yaml::text("{{ params.alias }}"),
            _ => Yaml::Text(prose::words(1, dice)),
        };
        let known = outputs.len();
        let mut follow: Vec<Block> = Vec::new();
        let mut block = match dice.below(7) {
            0 => {
                outputs.push(format!("steps.{id}.key_id"));
                Block::typed("step", &id, "kms/describe-key", &[("key", input)])
            }
            1 => {
                outputs.push(format!("steps.{id}.key_arn"));
                Block::typed("step", &id, "kms/create-key", &[("like", input)])
            }
            2 => {
                let block = Block::typed("step", &id, "http/check", &[url(dice)]);
                let until = "outputs.status == 200 and run.mode != 'x'";
                block.with("until", Yaml::text(until)).with("every", Yaml::text("5s"))
            }
            3 => {
                let ask = Yaml::Text(prose::sentence(dice));
                Block::typed("step", &id, "manual/confirm", &[("ask", ask)])
            }
            4 => {
                outputs.push(format!("steps.{id}.n"));
                let lines = [
                    "import os",
                    "with open(os.environ['RUNBOOK_OUTPUT'], 'a') as out:",
                    "    out.write('n=' + os.environ['VALUE'])",
                ];
                Block::script("python", "step", &id, &lines)
                    .with("env", Yaml::map(&[("VALUE", input)]))
                    .with("outputs", Yaml::list(&["n"]))
                    .with("effect", Yaml::text("read"))
            }
            5 => {
                let lines = ["printf '%s\\n' \"$VALUE\"", "", "# é: {{ not a template }}", "true"];
                Block::script("bash", "step", &id, &lines)
                    .with("env", Yaml::map(&[("VALUE", input)]))
                    .with("irreversible", Yaml::Text(prose::sentence(dice)))
            }
            _ => {
                follow.push(Block::script("sh", "observe", &id, &["test -e there"]));
                follow.push(Block::script("bash", "undo", &id, &["rm -f there", ""]));
                Block::script("bash", "step", &id, &["\ttouch there"])
            }
        };
        for (key, value) in [
            ("timeout", Yaml::text("10m")),
            ("if", Yaml::text("params.alias != 'no' or run.id is defined")),
            ("estimate", Yaml::text("30s")),
        ] {
            // What reads the outputs of a step that may be skipped gets a warning.
            let read = key == "if" && outputs.len() > known;
            if dice.one_in(5) && !read {
                block = block.with(key, value);
            }
        }
        for block in std::iter::once(block).chain(follow) {
            self.parts.push(Part::Block(Box::new(block)));
            if dice.one_in(4) {
                self.parts.push(Part::Prose(prose::part(dice)));
            }
        }
    }
}

fn url(dice: &mut Dice) -> (&'static str, Yaml) {
    let url = format!("https://{}.example.com/health", dice.pick(&["a", "b-c", "d"]));
    ("url", Yaml::Text(url))
}

fn front(dice: &mut Dice) -> Vec<(String, Yaml)> {
    let alias = [
        ("type", Yaml::text("string")),
        ("default", Yaml::text("alias/corpus")),
        ("pattern", Yaml::text("^alias/")),
        ("description", Yaml::Text(prose::sentence(dice))),
    ];
    let mut front = vec![
        ("title".to_owned(), Yaml::Text(prose::title(dice))),
        ("summary".to_owned(), Yaml::Text(prose::sentence(dice))),
        ("owner".to_owned(), Yaml::text("oncall")),
        ("account".to_owned(), Yaml::text("data")),
        ("params".to_owned(), Yaml::map(&[("alias", Yaml::map(&alias))])),
    ];
    if dice.one_in(2) {
        front.push(("tags".to_owned(), Yaml::list(&["one", "two words"])));
    }
    front
}

/// Takes the marks out, and says what was between them.
pub(crate) fn without_marks(marked: &str) -> (String, Vec<Range<usize>>) {
    let (mut text, mut places, mut open) = (String::with_capacity(marked.len()), Vec::new(), None);
    for c in marked.chars() {
        match c {
            OPEN => open = Some(text.len()),
            CLOSE => {
                let start = open.take().expect("a part that is marked has a beginning");
                places.push(start..text.len());
            }
            c => text.push(c),
        }
    }
    assert!(open.is_none(), "a part that is marked has an end");
    (text, places)
}
