//! Paths to fields of a tree, and paths under construction.

use super::tree::{Node as Tree, Value};
use crate::manifest::field::{FieldPath, Step};

/// The value at a path, or the last one on the way to it.
pub(super) fn follow<'a>(tree: &'a Tree, path: &FieldPath) -> &'a Tree {
    let mut at = tree;
    for step in &path.0 {
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
    pub fn path(&self) -> FieldPath {
        let path = self.parent.map(Here::path).unwrap_or_default();
        match self.step {
            HereStep::Key(key) => path.key(key),
            HereStep::Index(index) => path.index(index),
        }
    }
}
