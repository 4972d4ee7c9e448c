//! Who is meant by whose affinity terms and spread constraints: classes related to classes, worked out once.
//!
//! Counting "pods that match" is then adding up the pods of a few known classes, never matching labels again.
//! Candidates are found by a label that a selector demands, so that thousands of classes with a selector each cost
//! thousands of look-ups, not millions of comparisons.

use rustc_hash::FxHashMap;

use super::class::{Class, PodTerm};
use super::index::{ClassId, Interner, TermId, TextId};
use super::labels::{LabelSet, Selector};

/// Who is meant by whose terms.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    /// Classes by a label they have.
    by_label: FxHashMap<(TextId, TextId), Vec<ClassId>>,
    /// Terms that some class holds, by a label that they demand.
    terms_by_label: FxHashMap<(TextId, TextId), Vec<TermId>>,
    /// Terms that demand no particular label.
    other_terms: Vec<TermId>,
    /// For each term, the classes that hold it and how.
    holders: Vec<Vec<Holding>>,
    classes: usize,
}

/// How a class holds a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The class.
    pub class: ClassId,
    /// In which role.
    pub role: Role,
}

/// The role of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Required affinity.
    Affinity,
    /// Required anti-affinity.
    AntiAffinity,
    /// Preferred affinity (positive weight) or anti-affinity (negative weight).
    Preferred(i64),
}

impl Relations {
    /// Works them out.
    pub fn new(classes: &[Class], terms: &Interner<PodTerm>) -> Self {
        let mut relations = Relations { holders: vec![Vec::new(); terms.len()], classes: classes.len(), ..Relations::default() };
        for (index, class) in classes.iter().enumerate() {
            let id = ClassId::new(index);
            for &pair in class.labels.pairs() {
                relations.by_label.entry(pair).or_default().push(id);
            }
            let mut hold = |term: TermId, role: Role| relations.holders[term.index()].push(Holding { class: id, role });
            class.affinity.iter().for_each(|&term| hold(term, Role::Affinity));
            class.anti_affinity.iter().for_each(|&term| hold(term, Role::AntiAffinity));
            class.preferred_pods.iter().for_each(|&(term, weight)| hold(term, Role::Preferred(weight)));
        }
        for (index, term) in terms.iter().enumerate() {
            match term.selector.equality() {
                Some(pair) => relations.terms_by_label.entry(pair).or_default().push(TermId::new(index)),
                None => relations.other_terms.push(TermId::new(index)),
            }
        }
        relations
    }

    /// The classes whose labels could satisfy a selector, in order; a superset of those that do.
    pub fn candidates(&self, selector: &Selector) -> Box<dyn Iterator<Item = ClassId> + '_> {
        match (selector, selector.equality()) {
            (Selector::Nothing, _) => Box::new(std::iter::empty()),
            (_, Some(pair)) => Box::new(self.by_label.get(&pair).into_iter().flatten().copied()),
            (_, None) => Box::new((0..self.classes).map(ClassId::new)),
        }
    }

    /// The terms that could mean pods with these labels; a superset of those that do.
    pub fn terms_about(&self, labels: &LabelSet) -> impl Iterator<Item = TermId> + '_ {
        let by_label: Vec<TermId> = labels.pairs().iter().filter_map(|pair| self.terms_by_label.get(pair)).flatten().copied().collect();
        by_label.into_iter().chain(self.other_terms.iter().copied())
    }

    /// The classes that hold a term, and how.
    pub fn holders(&self, term: TermId) -> &[Holding] {
        &self.holders[term.index()]
    }
}
