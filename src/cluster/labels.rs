//! Labels and selectors as numbers.
//!
//! A selector is compiled once; matching it is then a few integer comparisons.
//!
//! Source: k8s.io/apimachinery/pkg/labels/selector.go and apis/meta/v1/helpers.go (`LabelSelectorAsSelector`), v1.36.

use smallvec::SmallVec;

use super::index::{TextId, Texts};
use crate::manifest::meta::{LabelSelector, SelectorRequirement, StringMap};

/// The labels of an object, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LabelSet(Box<[(TextId, TextId)]>);

impl LabelSet {
    /// From what was written.
    pub fn new(texts: &mut Texts, labels: &StringMap) -> Self {
        let mut pairs: Vec<_> = labels.iter().map(|(key, value)| (texts.intern(key), texts.intern(value))).collect();
        pairs.sort_unstable();
        LabelSet(pairs.into())
    }

    /// The value of a label.
    pub fn get(&self, key: TextId) -> Option<TextId> {
        self.0.binary_search_by_key(&key, |pair| pair.0).ok().map(|index| self.0[index].1)
    }

    /// All labels, sorted by key.
    pub fn pairs(&self) -> &[(TextId, TextId)] {
        &self.0
    }
}

/// What a requirement asks of a label's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of the values, or no such label.
    NotIn,
    /// Any value.
    Exists,
    /// No such label.
    DoesNotExist,
    /// A whole number above the bound.
    Gt,
    /// A whole number below the bound.
    Lt,
}

/// `key operator values`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Label key.
    pub key: TextId,
    /// What is asked.
    pub operator: Operator,
    /// Values, for `In` and `NotIn`.
    pub values: SmallVec<[TextId; 2]>,
    /// Bound, for `Gt` and `Lt`.
    pub bound: i64,
}

impl Requirement {
    /// From what was written; `None` if upstream's parser refuses it.
    pub fn new(texts: &mut Texts, written: &SelectorRequirement) -> Option<Self> {
        let operator = match written.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => return None,
        };
        let bound = match (operator, written.values.as_slice()) {
            (Operator::Gt | Operator::Lt, [bound]) => bound.parse().ok()?,
            (Operator::Gt | Operator::Lt, _) | (Operator::In | Operator::NotIn, []) => return None,
            _ => 0,
        };
        let values = written.values.iter().map(|value| texts.intern(value)).collect();
        Some(Requirement { key: texts.intern(&written.key), operator, values, bound })
    }

    /// `key = value`.
    pub fn equals(key: TextId, value: TextId) -> Self {
        Requirement { key, operator: Operator::In, values: SmallVec::from_iter([value]), bound: 0 }
    }

    /// Whether a label's value (or its absence) satisfies it.
    pub fn matches(&self, value: Option<TextId>, texts: &Texts) -> bool {
        let number = || value.and_then(|value| texts.get(value).parse::<i64>().ok());
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(&value)),
            Operator::NotIn => !value.is_some_and(|value| self.values.contains(&value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => number().is_some_and(|number| number > self.bound),
            Operator::Lt => number().is_some_and(|number| number < self.bound),
        }
    }
}

/// A compiled label selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Selector {
    /// Matches nothing: there was none, or it was invalid.
    #[default]
    Nothing,
    /// Matches what satisfies every requirement; without requirements, everything.
    All(Vec<Requirement>),
}

impl Selector {
    /// From what was written; none and invalid ones match nothing.
    pub fn new(texts: &mut Texts, written: Option<&LabelSelector>) -> Self {
        let Some(written) = written else { return Selector::Nothing };
        let mut requirements = equalities(texts, &written.match_labels);
        for expression in &written.match_expressions {
            match Requirement::new(texts, expression) {
                Some(requirement) if !matches!(requirement.operator, Operator::Gt | Operator::Lt) => requirements.push(requirement),
                _ => return Selector::Nothing,
            }
        }
        Selector::All(requirements)
    }

    /// Labels that must all be equal.
    pub fn equal_to(texts: &mut Texts, labels: &StringMap) -> Self {
        Selector::All(equalities(texts, labels))
    }

    /// Whether it has no requirement and so matches everything (upstream's `Empty()`).
    pub fn is_empty(&self) -> bool {
        matches!(self, Selector::All(requirements) if requirements.is_empty())
    }

    /// Adds `more` requirements. Upstream's quirk: adding to a selector that matches nothing leaves only what is added.
    pub fn and(self, more: Vec<Requirement>) -> Self {
        match self {
            Selector::Nothing => Selector::All(more),
            Selector::All(mut requirements) => {
                requirements.extend(more);
                Selector::All(requirements)
            }
        }
    }

    /// Whether labels satisfy it.
    pub fn matches(&self, labels: &LabelSet) -> bool {
        match self {
            Selector::Nothing => false,
            Selector::All(requirements) => requirements.iter().all(|requirement| requirement_holds(requirement, labels)),
        }
    }

    /// A label that everything it matches must have, if it says so: the way to find candidates fast.
    pub fn equality(&self) -> Option<(TextId, TextId)> {
        let Selector::All(requirements) = self else { return None };
        let equal = requirements.iter().find(|requirement| requirement.operator == Operator::In && requirement.values.len() == 1)?;
        Some((equal.key, equal.values[0]))
    }
}

/// As [`Requirement::matches`] for the operators that label selectors have, which never look into a text.
fn requirement_holds(requirement: &Requirement, labels: &LabelSet) -> bool {
    let value = labels.get(requirement.key);
    match requirement.operator {
        Operator::In => value.is_some_and(|value| requirement.values.contains(&value)),
        Operator::NotIn => !value.is_some_and(|value| requirement.values.contains(&value)),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
        Operator::Gt | Operator::Lt => false,
    }
}

fn equalities(texts: &mut Texts, labels: &StringMap) -> Vec<Requirement> {
    labels.iter().map(|(key, value)| Requirement::equals(texts.intern(key), texts.intern(value))).collect()
}
