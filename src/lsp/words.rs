//! What things mean, as Markdown for a hover and beside a completion.

use super::level::Meaning;
use super::outputs::Output;
use super::view::View;
use crate::diagnostic::rule::Rule;
use crate::model::action::{ActionSpec, EffectSpec, InputSpec};
use crate::model::duration::Short;
use crate::model::mode::Effect;
use crate::model::runbook::{Parameter, Runbook};
use crate::model::step::{Body, Health, Interpreter, Role, Step};
use crate::services::{Kind, Member, Operation};

/// A long prose is cut: an editor shows a hover, not a page.
const PROSE: usize = 1_200;

/// An action: what `runbook actions NAME` says.
pub(super) fn action(spec: &ActionSpec) -> String {
    let mut page = format!("**{}** — {}\n\n", spec.name, spec.summary);
    if !spec.description.is_empty() {
        page.push_str(&format!("{}\n\n", spec.description));
    }
    page.push_str(&effect(spec));
    page.push_str(&match spec.undo {
        Some(undo) => format!(" Undo: {undo}."),
        None => String::new(),
    });
    if let Some(observe) = spec.observe {
        page.push_str(&format!(" Observed: {observe}."));
    }
    page.push_str(&format!(" Timeout: {}.\n\n", Short(spec.timeout)));
    if !spec.inputs.is_empty() {
        page.push_str("Inputs:\n");
        spec.inputs.iter().for_each(|one| page.push_str(&format!("- {}\n", input_line(one))));
        page.push('\n');
    }
    if !spec.outputs.is_empty() {
        page.push_str("Outputs:\n");
        for output in spec.outputs {
            page.push_str(&format!(
                "- `{}` ({}): {}\n",
                output.name,
                output.kind.word(),
                output.description
            ));
        }
    }
    page.trim_end().to_owned()
}

fn effect(spec: &ActionSpec) -> String {
    match spec.effect {
        EffectSpec::Fixed(Effect::Unclear) => "What it does depends.".to_owned(),
        EffectSpec::Fixed(effect) => format!("It **{effect}**."),
        EffectSpec::ByInput(_) => "What it does is told by its inputs.".to_owned(),
    }
}

fn input_line(input: &InputSpec) -> String {
    let must = match (input.required, input.default) {
        (true, _) => ", required".to_owned(),
        (false, Some(default)) => format!(", default `{default}`"),
        (false, None) => String::new(),
    };
    format!("`{}` ({}{must}): {}", input.name, input.kind.word(), input.description)
}

/// An input of an action.
pub(super) fn input(spec: &ActionSpec, input: &InputSpec) -> String {
    format!("{}\n\nInput of `{}`.", input_line(input), spec.name)
}

/// A parameter.
pub(super) fn param(param: &Parameter) -> String {
    let mut page = format!("`{}` ({}", param.name.value, param.kind.word());
    if param.secret {
        page.push_str(", secret");
    }
    page.push_str(&match &param.default {
        Some(default) => format!(", default `{}`)", default.verbatim()),
        None => ", required)".to_owned(),
    });
    if let Some(description) = &param.description {
        page.push_str(&format!(": {}", description.value));
    }
    let mut limits = Vec::new();
    limits.extend(param.pattern.as_ref().map(|pattern| format!("matches `{}`", pattern.value)));
    limits.extend(param.min.as_ref().map(|min| format!("at least {}", min.value)));
    limits.extend(param.max.as_ref().map(|max| format!("at most {}", max.value)));
    if !param.choices.is_empty() {
        let choices: Vec<String> =
            param.choices.iter().map(|choice| format!("`{}`", choice.verbatim())).collect();
        limits.push(format!("one of {}", choices.join(", ")));
    }
    if !limits.is_empty() {
        page.push_str(&format!("\n\n{}.", limits.join("; ")));
    }
    page
}

/// What a key means.
pub(super) fn meaning(meaning: &Meaning<'_>) -> String {
    match meaning {
        Meaning::Option(spec) => {
            let mut page = format!("`{}`: {}.\n\n{}", spec.key, spec.takes, spec.description);
            let roles: Vec<String> =
                spec.roles.iter().map(|role| format!("`{}=`", role.word())).collect();
            if spec.roles.len() < Role::ALL.len() && !roles.is_empty() {
                page.push_str(&format!("\n\nOnly in {} blocks.", roles.join(", ")));
            }
            page
        }
        Meaning::Key(key) => {
            let must = if key.required { " Required." } else { "" };
            format!("`{}`: {}{must}", key.name, key.description)
        }
        Meaning::Input(spec, one) => input(spec, one),
        Meaning::Field(member) => field(*member),
        Meaning::Param(book, at) => {
            let one = &book.runbook.front.params[*at];
            format!("{}\n\nParameter of the runbook `{}`.", param(one), book.runbook.name)
        }
    }
}

/// A field of a request to AWS.
pub(super) fn field(member: Member) -> String {
    let kind = member.shape().kind();
    let mut page = format!("`{}`: {}", member.name(), kind.name());
    if let Kind::Values(values) = &kind {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        page.push_str(&format!(": {}", values.join(", ")));
    }
    if member.is_required() {
        page.push_str(". Required.");
    }
    if member.is_token() {
        page.push_str(" Makes a repeated request harmless.");
    }
    page
}

/// An operation of AWS.
pub(super) fn operation(operation: &Operation) -> String {
    let mut page = format!("**{}** {}", operation.api_name(), operation.effect());
    let needed: Vec<&str> =
        operation.input().filter(Member::is_required).map(|member| member.name()).collect();
    if !needed.is_empty() {
        page.push_str(&format!("\n\nNeeds: `{}`", needed.join("`, `")));
    }
    if let Some(actions) = operation.iam_actions() {
        page.push_str(&format!("\n\nPermissions: `{}`", actions.join("`, `")));
    }
    page
}

/// What a block runs: an action, or what runs the script.
fn runs(body: &Body) -> String {
    match body {
        Body::Action { uses, .. } => format!("`{}`", uses.value),
        Body::Script { interpreter, .. } => match interpreter {
            Interpreter::Bash => "a bash script",
            Interpreter::Sh => "an sh script",
            Interpreter::Python => "a Python script",
        }
        .to_owned(),
    }
}

/// A step.
pub(super) fn step(view: &View<'_>, step: &Step) -> String {
    let mut page = format!("**{}** — step `{}`: {}", step.title, step.id(), runs(&step.block.body));
    if let Some(account) = &step.block.options.account {
        page.push_str(&format!(" in `{}`", account.value));
    }
    page.push('\n');
    if !step.description.is_empty() {
        page.push_str(&format!("\n{}\n", cut(&step.description)));
    }
    let outputs = super::outputs::of_step(view, step);
    if !outputs.is_empty() {
        page.push_str("\nOutputs:\n");
        for output in &outputs {
            page.push_str(&format!("- {}\n", output_line(output)));
        }
    }
    page.trim_end().to_owned()
}

/// A health probe.
pub(super) fn health(health: &Health) -> String {
    let block = &health.block;
    let page =
        format!("**{}** — health probe `{}`: {}", health.title, block.id.value, runs(&block.body));
    format!("{page}\n\n{}", cut(&health.description)).trim_end().to_owned()
}

/// An output.
pub(super) fn output_line(output: &Output) -> String {
    let kind = output.kind.map_or(String::new(), |kind| format!(" ({})", kind.word()));
    let what = if output.description.is_empty() { "" } else { ": " };
    format!("`{}`{kind}{what}{}", output.name, output.description)
}

/// Another runbook.
pub(super) fn runbook(runbook: &Runbook) -> String {
    let words = |text: &Option<crate::model::value::Text>| {
        text.as_ref().map(|text| text.value.clone()).unwrap_or_default()
    };
    let (title, summary) = (words(&runbook.front.title), words(&runbook.front.summary));
    let mut page = format!("**{title}** — runbook `{}`\n\n{summary}\n", runbook.name);
    if !runbook.front.params.is_empty() {
        page.push_str("\nParameters:\n");
        for one in &runbook.front.params {
            page.push_str(&format!("- {}\n", param(one).replace("\n\n", " ")));
        }
    }
    page.trim_end().to_owned()
}

/// A role.
#[must_use]
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Step => "One step. Steps run in document order unless `needs` says otherwise.",
        Role::Observe => {
            "Reads only: is the effect of the step in place? Its outputs stand in for the step's."
        }
        Role::Undo => "Takes the step back. It sees the step's `outputs`.",
        Role::Health => "Reads only: one part of what \"recovered\" means for the whole runbook.",
    }
}

/// A rule.
pub(super) fn rule(rule: &Rule) -> String {
    let mut page = format!("**{} {}**: {}.\n\n{}", rule.code, rule.name, rule.summary, rule.why);
    if !rule.fix.is_empty() {
        page.push_str(&format!("\n\n{}", rule.fix));
    }
    page
}

/// The beginning of a prose, up to the end of a paragraph.
fn cut(prose: &str) -> String {
    if prose.len() <= PROSE {
        return prose.to_owned();
    }
    let mut end = PROSE;
    while !prose.is_char_boundary(end) {
        end -= 1;
    }
    let end = prose[..end].rfind("\n\n").unwrap_or(end);
    format!("{}\n\n…", &prose[..end])
}

/// An account: what each environment has under its name.
pub(super) fn account(view: &View<'_>, name: &str) -> Option<String> {
    let home = view.home.as_deref()?;
    let lines: Vec<String> = home
        .project
        .environments
        .values()
        .filter_map(|environment| {
            let (_, account) = environment.accounts.iter().find(|(own, _)| own.as_str() == name)?;
            Some(format!("- {}: `{}` in {}", environment.name, account.id, account.region))
        })
        .collect();
    (!lines.is_empty()).then(|| format!("**{name}** — account\n\n{}", lines.join("\n")))
}
