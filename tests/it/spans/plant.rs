//! What the rows of the tables are made of.

use crate::draft::dice::Dice;
use crate::draft::yaml::Yaml;
use crate::draft::{Block, CLOSE, Draft, OPEN, Part, markdown};

/// A valid runbook, about to get its mistake.
pub(super) struct Plant<'a> {
    pub(super) draft: &'a mut Draft,
    pub(super) dice: &'a mut Dice,
}

/// `⟦` and `⟧` as the marks of a draft.
pub(super) fn marks(text: &str) -> String {
    text.replace('⟦', &OPEN.to_string()).replace('⟧', &CLOSE.to_string())
}

/// A string in any style. A marked part of it is found inside of its quotes.
pub(super) fn text(text: &str) -> Yaml {
    Yaml::Text(marks(text))
}

/// A string in any style that is marked as a whole, quotes and all.
pub(super) fn marked(text: &str) -> Yaml {
    Yaml::text(text).marked()
}

/// Exactly this.
pub(super) fn raw(text: &str) -> Yaml {
    Yaml::Raw(marks(text))
}

/// A typed step.
pub(super) fn typed(uses: Yaml, with: &[(&str, Yaml)]) -> Block {
    Block::typed("step", "planted", "", with).with("uses", uses)
}

/// A typed step that only looks.
pub(super) fn wait() -> Block {
    typed(text("wait/for"), &[("duration", text("1m"))])
}

/// A typed step that looks at a stack.
pub(super) fn look() -> Block {
    typed(text("cloudformation/outputs"), &[("stack", text("x"))])
}

/// A typed step that asks a domain, and is content with a refusal.
pub(super) fn request() -> Block {
    let statuses = Yaml::List(vec![raw("200"), raw("404")]);
    typed(
        text("opensearch/request"),
        &[("endpoint", text("é")), ("path", text("/é")), ("statuses", statuses)],
    )
}

/// A typed step that asks a person for these fields.
pub(super) fn ask_for(fields: Yaml) -> Block {
    typed(text("manual/input"), &[("ask", text("é")), ("fields", fields)])
}

/// An AWS call that only looks, or that cannot be told to do more.
pub(super) fn asks(service: Yaml, operation: Yaml, more: &[(&str, Yaml)]) -> Block {
    typed(text("aws/call"), &[&[("service", service), ("operation", operation)], more].concat())
}

/// An AWS call that changes something.
pub(super) fn call(service: &str, operation: Yaml, more: &[(&str, Yaml)]) -> Block {
    asks(text(service), operation, more).with("irreversible", text("It is é."))
}

/// A typed step with its texts in a list.
pub(super) fn checklist(item: &str) -> Block {
    typed(text("manual/checklist"), &[("items", Yaml::List(vec![text("é"), text(item)]))])
}

/// A script that changes something.
pub(super) fn step() -> Block {
    Block::script("bash", "step", "planted", &["true"]).with("irreversible", text("It is é."))
}

/// A script that only looks.
pub(super) fn probe() -> Block {
    script("bash", &["true"])
}

/// A script that only looks, with these lines.
pub(super) fn script(language: &str, lines: &[&str]) -> Block {
    Block::script(language, "health", "planted", lines)
}

/// A step that only looks, and gives an output.
pub(super) fn giver() -> Block {
    Block::script("bash", "step", "giver", &["printf 'n=1\\n' >> \"$RUNBOOK_OUTPUT\""])
        .with("effect", text("read"))
        .with("outputs", Yaml::list(&["n"]))
}

/// A step that gives an output, and may be skipped.
pub(super) fn skipped() -> Block {
    giver().with("if", text("run.mode == 'drill'"))
}

impl Plant<'_> {
    /// Puts Markdown somewhere.
    pub(super) fn prose(&mut self, markdown: &str) {
        self.draft.insert_prose(marks(markdown), self.dice);
    }

    /// Puts Markdown somewhere, at the margin or in a list.
    pub(super) fn words(&mut self, markdown: &str) {
        let markdown = markdown::place(&marks(markdown), self.dice);
        self.draft.insert_prose(markdown, self.dice);
    }

    /// Puts Markdown at the end, after everything else.
    pub(super) fn at_end(&mut self, markdown: &str) {
        self.draft.end = format!("\n{}\n", marks(markdown));
    }

    /// Puts a block somewhere. Its keys and its id may be marked.
    pub(super) fn block(&mut self, block: Block) {
        self.all(&[block]);
    }

    /// Puts blocks somewhere, one right after the other.
    pub(super) fn all(&mut self, blocks: &[Block]) {
        let at = self.draft.place(self.dice);
        for block in blocks.iter().rev().cloned() {
            self.draft.parts.insert(at, Part::Block(Box::new(block.map(&marks))));
        }
    }

    /// Puts a script with that info string somewhere.
    pub(super) fn info(&mut self, info: &str) {
        self.block(Block { info: info.to_owned(), ..Block::script("", "", "", &["true"]) });
    }

    /// Puts a script with that line inside somewhere.
    pub(super) fn line(&mut self, line: &str) {
        self.block(script("bash", &["true", line, "", "true"]));
    }

    /// Puts a step that changes something, with one more option, somewhere.
    pub(super) fn option(&mut self, key: &str, value: Yaml) {
        self.block(step().with(key, value));
    }

    /// Puts a step that only looks, with one more option, somewhere.
    pub(super) fn look(&mut self, key: &str, value: Yaml) {
        let script = Block::script("sh", "step", "planted", &["true"]);
        let block = if self.dice.one_in(2) { script.with("effect", text("read")) } else { wait() };
        self.block(block.with(key, value));
    }

    /// Sets a key of the front matter.
    pub(super) fn front(&mut self, key: &str, value: Yaml) {
        self.draft.set_front(&marks(key), value.map_keys(&marks));
    }

    /// Adds a parameter, and a probe that uses it.
    pub(super) fn param(&mut self, name: &str, entries: &[(&str, Yaml)]) {
        self.unused(name, entries);
        let name = name.trim_matches(['⟦', '⟧']);
        let value = text(&format!("{{{{ params['{name}'] }}}}"));
        self.block(
            Block::script("sh", "health", "uses_it", &["true"])
                .with("env", Yaml::map(&[("A", value)])),
        );
    }

    /// Adds a parameter that is a secret.
    pub(super) fn secret(&mut self) -> &mut Self {
        self.param("token", &[("type", text("string")), ("secret", raw("true"))]);
        self
    }

    /// Puts a script somewhere that has a secret in `$TOKEN`, and that line.
    pub(super) fn hands_on(&mut self, line: &str) {
        let token = Yaml::map(&[("TOKEN", text("é {{ params.token }}"))]);
        self.secret().block(script("bash", &["true", line]).with("env", token));
    }

    /// Makes it a runbook for a failover.
    pub(super) fn failover(&mut self) -> &mut Self {
        self.front("tags", Yaml::list(&["é", "failover"]));
        self
    }

    /// Promises to be done within an hour, and marks that.
    pub(super) fn objective(&mut self) -> &mut Self {
        self.front("objective", Yaml::map(&[("rto", marked("1h"))]));
        self
    }

    /// Takes the health probes out.
    pub(super) fn without_health(&mut self) -> &mut Self {
        let is_health =
            |part: &Part| matches!(part, Part::Block(block) if block.info.contains(" health="));
        self.draft.parts.retain(|part| !is_health(part));
        // The parameter must still be used.
        self.block(reader("{{ params.alias }}"));
        self
    }

    /// Takes every block out, and the parameters that they use.
    pub(super) fn without_steps(&mut self) -> &mut Self {
        self.draft.parts.retain(|part| matches!(part, Part::Prose(_)));
        self.draft.front.retain(|(key, _)| key != "params");
        self
    }

    /// Adds a parameter that nothing uses.
    pub(super) fn unused(&mut self, name: &str, entries: &[(&str, Yaml)]) {
        let params = self.draft.front.iter_mut().find(|(key, _)| key == "params");
        let Some((_, Yaml::Map(params))) = params else { panic!("a draft has parameters") };
        let entries = entries.iter().map(|(key, value)| (marks(key), value.clone())).collect();
        params.push((marks(name), Yaml::Map(entries)));
    }

    /// Takes a key out of the front matter, whose first line is then marked.
    pub(super) fn lacks(&mut self, key: &str) {
        self.draft.front.retain(|(known, _)| known != key);
        self.draft.front.push((String::new(), raw("")));
    }

    /// A document without front matter, and without anything that would need some.
    pub(super) fn no_front_matter(&mut self) {
        self.draft.front = vec![(String::new(), raw(""))];
        self.draft.parts.retain(|part| matches!(part, Part::Prose(_)));
    }

    /// A step on AWS that is in no account, while every other one is.
    pub(super) fn no_account(&mut self) {
        self.draft.name_accounts();
        let key = Yaml::map(&[("key", text("x"))]);
        let block = Block::typed("step", "⟦planted⟧", "kms/describe-key", &[]).with("with", key);
        self.block(block);
    }

    /// A step with an output, and one after it that reads it so.
    pub(super) fn reads(&mut self, template: &str) {
        self.all(&[giver(), reader(template)]);
    }

    /// A step that may be skipped, and one after it that reads it so.
    pub(super) fn reads_skipped(&mut self, template: &str) {
        self.all(&[skipped(), reader(template)]);
    }

    /// A step that reads so what a later one gives.
    pub(super) fn reads_later(&mut self, template: &str) {
        self.all(&[reader(template), giver()]);
    }

    /// A step that needs the one before it, and this.
    pub(super) fn needs(&mut self, one: Yaml) {
        let make = |mut needs: Vec<Yaml>| {
            needs.push(one);
            step().with("needs", Yaml::List(needs))
        };
        self.draft.insert_needing(make, self.dice);
    }

    /// A step that runs the other runbook with these parameters.
    pub(super) fn runs(&mut self, params: &[(&str, Yaml)]) {
        let with = [("runbook", text("other")), ("params", Yaml::map(params))];
        self.block(typed(text("runbook/run"), &with));
    }
}

fn reader(template: &str) -> Block {
    step().with("env", Yaml::map(&[("A", text(template))]))
}
