//! Goes through a plan and collects what each block of it asks of IAM.

use super::calls;
use super::given::{self, Given};
use super::pattern::Pattern;
use super::policy::{Condition, Need, Part, statements, without_superfluous};
use super::resource::{Place, alias_of, named};
use super::{Account, CannotTell, Policies, Question, Reason, Wide};
use crate::expr;
use crate::model::permission::{Kind, On, Permission, Purpose, When};
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Step};
use crate::model::value::{Node, NodeKind, Value, Values};
use crate::plan::{Frame, Planned, Reversal};
use crate::source::{Span, Spanned};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// More elements of a loop than a policy could name one by one.
const ELEMENTS: usize = 100;

/// What a runbook needs in each account.
#[must_use]
pub fn collect(question: &Question<'_>) -> Policies {
    let mut collector = Collector { question, accounts: BTreeMap::new() };
    let scope = collector.scope(question.params.clone());
    collector.frame(&question.plan.root, "", &scope);
    let accounts = collector.accounts.into_iter().map(|(name, found)| (name, found.finished()));
    Policies { accounts: accounts.collect() }
}

/// What was found for one account so far.
#[derive(Default)]
struct Found {
    needs: BTreeSet<Need>,
    /// The steps that ask for an action, in order, and when.
    reasons: BTreeMap<(Part, String), (Vec<String>, Vec<String>)>,
    /// Why a need could not be narrowed, and the steps.
    wide: BTreeMap<(Need, String), Vec<String>>,
    cannot_tell: Vec<CannotTell>,
}

impl Found {
    fn finished(self) -> Account {
        let needs = without_superfluous(&self.needs);
        let kept = |part: Part, action: &str| {
            needs.iter().any(|need| need.purpose == part && need.action == action)
        };
        let reasons = self
            .reasons
            .into_iter()
            .filter(|((part, action), _)| kept(*part, action))
            .map(|((part, action), (asked_by, only))| Reason { part, action, only, asked_by })
            .collect();
        let mut wide: BTreeMap<(String, String), (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
        for ((need, why), asked_by) in self.wide {
            if needs.contains(&need) {
                let entry = wide.entry((need.resource.to_string(), why)).or_default();
                entry.0.insert(need.action);
                asked_by.into_iter().for_each(|by| push_new(&mut entry.1, by));
            }
        }
        let wide = wide.into_iter().map(|((resource, why), (actions, asked_by))| Wide {
            resource,
            why,
            actions: actions.into_iter().collect(),
            asked_by,
        });
        Account {
            statements: statements(&needs),
            reasons,
            wide: wide.collect(),
            cannot_tell: self.cannot_tell,
        }
    }
}

fn push_new(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

struct Collector<'a> {
    question: &'a Question<'a>,
    accounts: BTreeMap<String, Found>,
}

/// One block, and what it acts in.
pub(super) struct Site<'a> {
    pub(super) book: &'a Runbook,
    pub(super) block: &'a Block,
    pub(super) scope: &'a Values,
    /// The step or probe, as a person knows it.
    pub(super) name: String,
    pub(super) account: String,
    pub(super) place: Place,
    /// The part of everything that the block does, when that is decided by what the block is for.
    pub(super) part: Option<Part>,
}

impl Site<'_> {
    /// `file:line`.
    pub(super) fn at(&self, span: Span) -> String {
        let source = &self.book.source;
        format!("{}:{}", source.path, source.position(span.start).line)
    }
}

/// One thing that a block asks for.
pub(super) struct Ask {
    pub(super) part: Part,
    pub(super) action: String,
    pub(super) resource: Pattern,
    pub(super) condition: Option<Condition>,
    /// Why it is not narrowed, when it is not.
    pub(super) wide: Option<String>,
    /// When it is asked for, when that is not always.
    pub(super) only: Option<&'static str>,
}

impl Collector<'_> {
    /// What expressions can see before a run.
    fn scope(&self, params: Values) -> Values {
        let mut scope = Values::new();
        scope.insert("params".to_owned(), Value::Object(params));
        let Some(environment) = self.question.environment else { return scope };
        let accounts: Values = environment
            .accounts
            .iter()
            .map(|(name, account)| {
                (name.to_string(), json!({ "id": account.id, "region": account.region }))
            })
            .collect();
        scope.insert("accounts".to_owned(), Value::Object(accounts));
        let mode = crate::model::mode::Mode::from(environment.kind);
        scope.insert("run".to_owned(), json!({ "environment": environment.name, "mode": mode }));
        scope
    }

    fn frame(&mut self, frame: &Frame, outer: &str, scope: &Values) {
        for planned in &frame.steps {
            let step = planned.step(frame);
            let key = format!("{outer}{}", planned.id);
            for scope in element_scopes(step, scope) {
                if let Some(inner) = &planned.calls {
                    let params = self.inner_params(inner, &step.block, &scope);
                    self.frame(inner, &format!("{key}/"), &self.scope(params));
                } else {
                    self.step(&frame.book, step, planned, &key, &scope);
                }
            }
        }
        for health in &frame.book.health {
            let name = format!("{outer}{} (health)", health.block.id.value);
            self.block(&frame.book, &health.block, None, name, scope, Some(Part::Run));
        }
    }

    fn step(&mut self, book: &Runbook, step: &Step, planned: &Planned, key: &str, scope: &Values) {
        self.block(book, &step.block, Some((step, planned)), key.to_owned(), scope, None);
        if let Some(observe) = &step.observe {
            let name = format!("{key} (observe)");
            self.block(book, observe, Some((step, planned)), name, scope, Some(Part::Run));
        }
        if let Some(undo) = &step.undo {
            let name = format!("{key} (undo)");
            self.block(book, undo, Some((step, planned)), name, scope, Some(Part::Undo));
        }
    }

    /// The parameters that a runbook gets from the step that runs it, as far as they are known.
    fn inner_params(&self, inner: &Frame, block: &Block, scope: &Values) -> Values {
        let Body::Action { with, .. } = &block.body else { return Values::new() };
        let given = with.iter().find(|(name, _)| name.value == "params").map(|(_, node)| node);
        let given: &[(Spanned<String>, Node)] = match given.map(|node| &node.kind) {
            Some(NodeKind::Mapping(entries)) => entries,
            _ => &[],
        };
        let defaults = self.scope(Values::new());
        let open = inner.book.front.params.iter().filter(|param| !param.secret);
        open.filter_map(|param| {
            let name = &param.name.value;
            let value = match given::input(given, name, scope) {
                Given::Known(value) => Some(value),
                Given::Absent => {
                    param.default.as_ref().and_then(|node| expr::render_node(node, &defaults).ok())
                }
                Given::Partly(..) | Given::Unknown(_) => None,
            };
            Some((name.clone(), value?))
        })
        .collect()
    }

    fn block(
        &mut self,
        book: &Runbook,
        block: &Block,
        step: Option<(&Step, &Planned)>,
        name: String,
        scope: &Values,
        part: Option<Part>,
    ) {
        let spec = match &block.body {
            Body::Action { uses, .. } => self.question.catalog.get(&uses.value),
            Body::Script { .. } => None,
        };
        let acts = spec.is_none_or(|spec| spec.needs_account);
        // What looks at a step or takes it back acts where the step acts.
        let own = |of: fn(&Block) -> bool| {
            Some(block).filter(|block| of(block)).or_else(|| step.map(|(step, _)| &step.block))
        };
        let account = own(|block| block.options.account.is_some())
            .and_then(|block| block.options.account.as_ref())
            .or(book.front.account.as_ref().filter(|_| acts));
        let Some(account) = account.map(|account| account.value.to_string()) else { return };
        let region = own(|block| block.options.region.is_some())
            .and_then(|block| block.options.region.as_ref())
            .map(|region| match given::of_text(region, scope) {
                Given::Known(Value::String(region)) => region,
                _ => "*".to_owned(),
            });
        let place = Place::of(self.question.environment, &account, region.as_deref());
        let site = Site { book, block, scope, name, account, place, part };
        self.accounts.entry(site.account.clone()).or_default();
        if let Body::Action { with, .. } = &block.body {
            let permissions = spec.map_or(&[] as &[Permission], |spec| spec.permissions);
            for permission in permissions {
                if wanted(permission.purpose, part, step.map(|(_, planned)| planned), step)
                    && permission.when.iter().all(|when| may_hold(*when, with, scope))
                {
                    self.permission(&site, permission, with);
                }
            }
        }
        let found = calls::of_block(&site, self.question.templates);
        for ask in found.asks {
            self.ask(&site, ask);
        }
        for (what, span) in found.cannot_tell {
            let place = site.at(span);
            let told = CannotTell { what, place, asked_by: site.name.clone() };
            let list = &mut self.accounts.entry(site.account.clone()).or_default().cannot_tell;
            if !list.contains(&told) {
                list.push(told);
            }
        }
    }

    fn permission(
        &mut self,
        site: &Site<'_>,
        permission: &Permission,
        with: &[(Spanned<String>, Node)],
    ) {
        let only = match permission.purpose {
            Purpose::Sometimes(when) => Some(when),
            _ => None,
        };
        for on in permission.on {
            for (resource, condition, wide) in resources(*on, with, site) {
                self.ask(
                    site,
                    Ask {
                        part: site.part.unwrap_or_else(|| permission.purpose.into()),
                        action: permission.action.to_owned(),
                        resource,
                        condition,
                        wide,
                        only,
                    },
                );
            }
        }
    }

    fn ask(&mut self, site: &Site<'_>, ask: Ask) {
        let found = self.accounts.entry(site.account.clone()).or_default();
        let reason = found.reasons.entry((ask.part, ask.action.clone())).or_default();
        push_new(&mut reason.0, site.name.clone());
        if let Some(only) = ask.only {
            push_new(&mut reason.1, only.to_owned());
        }
        let need = Need {
            purpose: ask.part,
            action: ask.action,
            resource: ask.resource,
            condition: ask.condition,
        };
        if let Some(why) = ask.wide {
            push_new(found.wide.entry((need.clone(), why)).or_default(), site.name.clone());
        }
        found.needs.insert(need);
    }
}

/// The scopes of a step: one for each element when it is a loop over a list that is known.
fn element_scopes(step: &Step, scope: &Values) -> Vec<Values> {
    let list = step.block.options.for_each.as_ref();
    let items = list.and_then(|list| match expr::evaluate(&list.value, scope) {
        Ok(Value::Array(items)) if items.len() <= ELEMENTS => Some(items),
        _ => None,
    });
    let Some(items) = items else { return vec![scope.clone()] };
    items
        .into_iter()
        .map(|item| {
            let mut scope = scope.clone();
            scope.insert("item".to_owned(), item);
            scope
        })
        .collect()
}

/// Whether a block asks for what its action needs for that purpose.
fn wanted(
    purpose: Purpose,
    part: Option<Part>,
    planned: Option<&Planned>,
    step: Option<(&Step, &Planned)>,
) -> bool {
    let changes = planned.is_some_and(|planned| planned.effect.changes());
    match purpose {
        Purpose::Run | Purpose::Sometimes(_) => true,
        // What only looks, or is itself a look or an undo, is neither looked for nor taken back.
        _ if part.is_some() || !changes => false,
        Purpose::Look => step.is_some_and(|(step, _)| step.observe.is_none()),
        Purpose::Undo => {
            planned.is_some_and(|planned| matches!(planned.reversal, Reversal::BuiltIn(_)))
        }
    }
}

/// Whether it can be so, as far as the inputs tell.
fn may_hold(when: When, with: &[(Spanned<String>, Node)], scope: &Values) -> bool {
    let given = |name: &str| given::input(with, name, scope);
    match when {
        When::Given(name) => given(name) != Given::Absent,
        When::Absent(name) => given(name) == Given::Absent,
        When::True(name, default) => match given(name) {
            Given::Absent => default,
            Given::Known(value) => value != Value::Bool(false),
            Given::Partly(..) | Given::Unknown(_) => true,
        },
        When::Lists(name, wanted) => match given(name) {
            Given::Known(Value::Array(items)) => items.iter().any(|item| item == wanted),
            _ => true,
        },
    }
}

type Resource = (Pattern, Option<Condition>, Option<String>);

/// The resources that a permission is asked on.
fn resources(on: On, with: &[(Spanned<String>, Node)], site: &Site<'_>) -> Vec<Resource> {
    let place = &site.place;
    match on {
        On::Everything => vec![(Pattern::written("*"), None, None)],
        On::Fixed(text) => vec![(place.fill(text), None, None)],
        On::Any(kind, why) => vec![(place.every(kind), None, Some(why.to_owned()))],
        On::Named(kind, input) => {
            named_by(kind, &given::input(with, input, site.scope), &format!("`{input}`"), place)
        }
        On::ObjectsUnder(bucket, prefix) => {
            let objects = named_by(
                Kind::Objects,
                &given::input(with, bucket, site.scope),
                &format!("`{bucket}`"),
                place,
            );
            let prefix = given::input(with, prefix, site.scope).patterns().unwrap_or_default();
            let Some((prefix, _)) = prefix.first() else { return objects };
            let under = |objects: Pattern| {
                Pattern::written(format!("{}{prefix}*", objects.as_str().trim_end_matches('*')))
            };
            objects
                .into_iter()
                .map(|(all, condition, wide)| (under(all), condition, wide))
                .collect()
        }
        On::KeyAsNamed(input) | On::KeyOfAlias(input) => {
            let given = given::input(with, input, site.scope);
            let names = given.patterns().unwrap_or_default();
            let aliases: Option<Vec<&str>> =
                names.iter().map(|(name, _)| alias_of(name).filter(|_| name.is_exact())).collect();
            match aliases.as_deref() {
                Some([alias]) => vec![(place.every(Kind::Key), Some(asked_by_alias(alias)), None)],
                _ if matches!(on, On::KeyOfAlias(_)) => {
                    let why = format!("`{input}` is an alias that only the run knows");
                    vec![(place.every(Kind::Key), None, Some(why))]
                }
                _ => named_by(Kind::Key, &given, &format!("`{input}`"), place),
            }
        }
    }
}

/// IAM does not know a key by its alias, but by which alias it was asked for.
fn asked_by_alias(alias: &str) -> Condition {
    Condition { operator: "StringEquals", key: "kms:RequestAlias", value: alias.to_owned() }
}

/// The resources of a kind that a value names.
pub(super) fn named_by(kind: Kind, given: &Given, input: &str, place: &Place) -> Vec<Resource> {
    let wide = |why: String| (place.every(kind), None, Some(why));
    let names = match given.patterns() {
        Err(why) => return vec![wide(format!("{input}: {why}"))],
        Ok(names) if names.is_empty() => return vec![wide(format!("{input} is not given"))],
        Ok(names) => names,
    };
    let mut all = Vec::new();
    for (name, partly) in names {
        match named(kind, &name, place) {
            Err(why) => all.push(wide(format!(
                "{input}: {}",
                partly.map_or(why.clone(), |partly| format!("{why} ({partly})"))
            ))),
            Ok(resources) => {
                let why = partly.map(|why| format!("{input}: {why}"));
                all.extend(resources.into_iter().map(|resource| (resource, None, why.clone())));
            }
        }
    }
    all
}
