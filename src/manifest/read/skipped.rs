//! What was seen and not loaded: kinds that are not modelled, files that hold no manifests.

use std::collections::BTreeMap;

/// A kind that is not modelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkippedKind {
    /// How many objects of it there were.
    pub count: usize,
    /// Whether its objects own pods: these pods are missing unless the input has them as Pods.
    pub owns_pods: bool,
}

/// What was seen and not loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// `apiVersion` and kind → how many; ordered, so that what is printed is always the same.
    pub kinds: BTreeMap<(String, String), SkippedKind>,
    /// Files in folders whose names are not those of manifests.
    pub files: usize,
}

impl Skipped {
    /// How many objects were not loaded because their kind is not modelled.
    pub fn objects(&self) -> usize {
        self.kinds.values().map(|kind| kind.count).sum()
    }

    /// Kinds whose objects own pods that cannot be worked out from here.
    pub fn owners(&self) -> impl Iterator<Item = (&(String, String), usize)> {
        self.kinds.iter().filter(|(_, kind)| kind.owns_pods).map(|(name, kind)| (name, kind.count))
    }

    pub(super) fn count(&mut self, api_version: String, kind: String, owns_pods: bool) {
        let entry = self.kinds.entry((api_version, kind)).or_default();
        entry.count += 1;
        entry.owns_pods |= owns_pods;
    }
}
