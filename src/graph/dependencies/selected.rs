//! Which pods a selector means: those of its namespace, found by their rarest label.

use rustc_hash::FxHashMap;

use crate::cluster::index::{TextId, Texts};
use crate::cluster::labels::{LabelSet, Selector};
use crate::manifest::meta::{LabelSelector, StringMap};

/// What can be selected: pods, and the templates of workloads that have none. Each is told by its number.
#[derive(Default)]
pub(super) struct Selectable {
    texts: Texts,
    labels: Vec<LabelSet>,
    by_namespace: FxHashMap<TextId, Vec<usize>>,
    by_label: FxHashMap<(TextId, TextId, TextId), Vec<usize>>,
}

impl Selectable {
    /// Adds the labels of the next one.
    pub fn push(&mut self, namespace: &str, labels: &StringMap) {
        let number = self.labels.len();
        let namespace = self.texts.intern(namespace);
        let labels = LabelSet::new(&mut self.texts, labels);
        self.by_namespace.entry(namespace).or_default().push(number);
        for &(key, value) in labels.pairs() {
            self.by_label.entry((namespace, key, value)).or_default().push(number);
        }
        self.labels.push(labels);
    }

    /// The numbers of those that a label selector means, ascending.
    pub fn by_selector(&mut self, namespace: &str, selector: Option<&LabelSelector>) -> Vec<usize> {
        let selector = Selector::new(&mut self.texts, selector);
        self.matching(namespace, &selector)
    }

    /// The numbers of those that a Service means; without a selector it means none.
    pub fn by_labels(&mut self, namespace: &str, labels: &StringMap) -> Vec<usize> {
        if labels.is_empty() {
            return Vec::new();
        }
        let selector = Selector::equal_to(&mut self.texts, labels);
        self.matching(namespace, &selector)
    }

    fn matching(&self, namespace: &str, selector: &Selector) -> Vec<usize> {
        let Some(namespace) = self.texts.find(namespace) else { return Vec::new() };
        let candidates = match selector.equality() {
            Some((key, value)) => self.by_label.get(&(namespace, key, value)),
            None => self.by_namespace.get(&namespace),
        };
        let candidates = candidates.map(Vec::as_slice).unwrap_or_default();
        candidates.iter().copied().filter(|&number| selector.matches(&self.labels[number])).collect()
    }
}
