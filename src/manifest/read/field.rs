//! Paths to fields, as `spec.containers[0].image`.

use std::fmt::Write;

use super::tree::{Node as Tree, Value};

/// One step on the way to a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A path as people write it.
pub(super) fn show<'a>(steps: impl Iterator<Item = &'a Step>) -> String {
    let mut path = String::new();
    for step in steps {
        let _ = match step {
            Step::Key(key) if key.contains(['.', '/']) => write!(path, "[{key:?}]"),
            Step::Key(key) if path.is_empty() => write!(path, "{key}"),
            Step::Key(key) => write!(path, ".{key}"),
            Step::Index(index) => write!(path, "[{index}]"),
        };
    }
    path
}

/// The value at a path, or the last one on the way to it.
pub(super) fn follow<'a>(tree: &'a Tree, steps: &[Step]) -> &'a Tree {
    let mut at = tree;
    for step in steps {
        let next = match (step, &at.value) {
            (Step::Key(key), _) => at.get(key),
            (Step::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// A path under construction on the stack: costs nothing until somebody asks for it.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    parent: Option<&'a Here<'a>>,
    step: HereStep<'a>,
}

#[derive(Clone, Copy)]
enum HereStep<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Here<'a> {
    /// The path of a top-level field.
    pub fn root(key: &'a str) -> Self {
        Here { parent: None, step: HereStep::Key(key) }
    }

    /// A field of what is here.
    pub fn key(&'a self, key: &'a str) -> Here<'a> {
        Here { parent: Some(self), step: HereStep::Key(key) }
    }

    /// An element of what is here.
    pub fn index(&'a self, index: usize) -> Here<'a> {
        Here { parent: Some(self), step: HereStep::Index(index) }
    }

    /// All steps from the root.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = self.parent.map(Here::steps).unwrap_or_default();
        steps.push(match self.step {
            HereStep::Key(key) => Step::Key(key.to_owned()),
            HereStep::Index(index) => Step::Index(index),
        });
        steps
    }
}
