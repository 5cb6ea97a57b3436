//! The stacks that a runbook deploys from templates that can be read.

use super::facts::Facts;
use super::links::Linked;
use crate::model::step::{Block, Body};
use crate::model::value::{Node, NodeKind};
use crate::source::{Span, Spanned};
use crate::template::Interface;

/// The action that deploys a template.
const DEPLOY: &str = "cloudformation/deploy";

/// One step that deploys a template.
pub(super) struct Deployed<'a> {
    /// The step.
    pub(super) step: usize,
    pub(super) block: &'a Block,
    /// The path of the template, from the folder `runbooks/`.
    pub(super) path: &'a str,
    /// Where the path stands.
    pub(super) span: Span,
    /// What is given to the stack, by name. Nothing when an expression makes the names.
    pub(super) given: Option<&'a [(Spanned<String>, Node)]>,
    /// The parameters that keep what the stack has. Nothing when an expression makes the names.
    pub(super) kept: Option<Vec<Spanned<&'a str>>>,
    pub(super) interface: Interface,
}

impl Deployed<'_> {
    /// What a parameter is, as it is written here or in the template.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        if name == "AWS::StackName" {
            return text_of(input(self.block, "stack")?).map(str::to_owned);
        }
        if self.kept.as_ref().is_none_or(|kept| kept.iter().any(|one| one.value == name)) {
            return None;
        }
        match self.given?.iter().find(|(one, _)| one.value == name) {
            Some((_, node)) => match &node.kind {
                NodeKind::Text(text) => Some(text.value.clone()),
                NodeKind::Integer(number) => Some(number.to_string()),
                NodeKind::Boolean(flag) => Some(flag.to_string()),
                _ => None,
            },
            None => self.interface.default(name).map(str::to_owned),
        }
    }
}

/// The template that a block deploys: its path, where that stands, and what it takes and gives.
pub(super) fn template<'a>(
    files: &dyn Fn(&str) -> Linked,
    block: &'a Block,
) -> Option<(&'a str, Span, Interface)> {
    let Body::Action { uses, .. } = &block.body else { return None };
    let node = input(block, "template").filter(|_| uses.value == DEPLOY)?;
    let path = text_of(node).filter(|path| !path.contains("{{"))?;
    match files(&format!("/runbooks/{path}")) {
        Linked::Template(text) => Some((path, node.span, Interface::read(&text)?)),
        _ => None,
    }
}

/// Every step that deploys a template that can be read.
pub(super) fn deployed<'a>(facts: &Facts<'a>) -> Vec<Deployed<'a>> {
    let of = |(step, one): (usize, &'a crate::model::step::Step)| {
        let block = &one.block;
        let misread = &block.options.misread;
        let (path, span, interface) = template(facts.book.files, block)
            .filter(|_| !misread.is_all() && !misread.has("with"))?;
        let given = match input(block, "parameters").map(|node| &node.kind) {
            None => Some(&[][..]),
            Some(NodeKind::Mapping(all)) => Some(all.as_slice()),
            Some(_) => None,
        };
        let kept = match input(block, "keep").map(|node| &node.kind) {
            None => Some(Vec::new()),
            Some(NodeKind::List(all)) => all
                .iter()
                .map(|node| {
                    let text = text_of(node).filter(|text| !text.contains("{{"))?;
                    Some(Spanned::new(text, node.span))
                })
                .collect(),
            Some(_) => None,
        };
        Some(Deployed { step, block, path, span, given, kept, interface })
    };
    facts.steps().iter().enumerate().filter_map(of).collect()
}

fn input<'b>(block: &'b Block, name: &str) -> Option<&'b Node> {
    let Body::Action { with, .. } = &block.body else { return None };
    with.iter().find(|(key, _)| key.value == name).map(|(_, node)| node)
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Text(text) => Some(&text.value),
        _ => None,
    }
}
