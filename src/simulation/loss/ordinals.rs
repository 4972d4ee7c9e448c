//! StatefulSets that make their pods one after another: `podManagementPolicy: OrderedReady`.
//!
//! The set makes a pod only when all with a lower ordinal are ready. One of them that finds no node holds up those behind it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go (processReplica), v1.36.

use rustc_hash::FxHashMap;

use crate::cluster::index::PodId;
use crate::manifest::Objects;

/// A pod's place in a set that makes its pods one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Which set, by its place in `Objects::stateful_sets`.
    pub set: usize,
    /// The pod's ordinal.
    pub ordinal: u32,
}

/// The turns of all pods of such sets.
pub fn turns(objects: &Objects) -> FxHashMap<PodId, Turn> {
    let sets = objects.stateful_sets.iter().enumerate().filter(|(_, set)| set.spec.pod_management_policy != "Parallel");
    let sets: FxHashMap<(&str, &str), usize> =
        sets.map(|(index, set)| ((set.metadata.namespace_or_default(), set.metadata.name.as_str()), index)).collect();
    let turn = |(pod, written): (usize, &crate::manifest::pod::Pod)| {
        let owner = written.metadata.controller().filter(|owner| owner.kind == "StatefulSet")?;
        let set = *sets.get(&(written.metadata.namespace_or_default(), owner.name.as_str()))?;
        let ordinal = written.metadata.name.rsplit_once('-')?.1.parse().ok()?;
        Some((PodId::new(pod), Turn { set, ordinal }))
    };
    objects.pods.iter().enumerate().filter_map(turn).collect()
}
