//! Whether a wave keeps every promise, and what stands in its way if it does not.
//!
//! A pod may be without a node while its node is away if a budget paid for that, or if it could never run anywhere else (a volume on
//! that node's disks, a selector that only that node satisfies). Everything else must be placed before the nodes are touched, and
//! nothing may be without a node once they are back.

use crate::cluster::index::{NodeId, PodId};
use crate::simulation::drain::{Refuser, Setting, Waiting, Wave};

/// What stands in the way of a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The pod.
    pub pod: PodId,
    /// The node of the wave that it concerns; none if it is about a pod of another node.
    pub node: Option<NodeId>,
    /// What it is.
    pub kind: TroubleKind,
}

/// What stands in the way of a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TroubleKind {
    /// Its eviction is refused to the end.
    Refused(Refuser),
    /// What takes its place finds no node. The scheduler's sentence, if it was asked.
    NoPlace(Option<std::sync::Arc<str>>),
    /// It makes room for others, and nobody brings it back.
    Preempted,
    /// Its budget is left with fewer healthy pods than it wants: pods made room for others.
    Broken(usize),
}

/// What stands in the way of a wave; nothing if it keeps every promise.
pub fn troubles(setting: &Setting, wave: &Wave) -> Vec<Trouble> {
    let trouble = |pod: PodId, node: Option<NodeId>, kind: TroubleKind| Trouble { pod, node, kind };
    let mut found: Vec<Trouble> =
        wave.refused.iter().map(|&(pod, node, refuser)| trouble(pod, Some(node), TroubleKind::Refused(refuser))).collect();
    let is_back = |waiting: &Waiting| !wave.stranded.contains(&waiting.pod);
    for waiting in wave.waiting.iter().filter(|waiting| !(is_back(waiting) && may_wait(setting, waiting))) {
        found.push(trouble(waiting.pod, waiting.from, TroubleKind::NoPlace(waiting.message.clone())));
    }
    let told: Vec<PodId> = wave.waiting.iter().map(|waiting| waiting.pod).collect();
    for &pod in wave.stranded.iter().filter(|pod| !told.contains(pod)) {
        found.push(trouble(pod, None, TroubleKind::NoPlace(None)));
    }
    let evicted = |pod: PodId| wave.evictions.iter().any(|eviction| eviction.pod == pod);
    for &pod in wave.lost.iter().filter(|&&pod| !evicted(pod)) {
        found.push(trouble(pod, None, TroubleKind::Preempted));
    }
    for &budget in &wave.broken {
        let pod = wave.preempted.iter().find(|&&pod| setting.selecting(pod).contains(&(budget as u32)));
        found.extend(pod.map(|&pod| trouble(pod, None, TroubleKind::Broken(budget))));
    }
    found
}

/// Whether a pod may be without a node while the one it was on is away.
pub fn may_wait(setting: &Setting, waiting: &Waiting) -> bool {
    !setting.selecting(waiting.pod).is_empty() || waiting.from.is_some_and(|home| is_pinned(setting, waiting.pod, home))
}

/// Whether a pod can run on no other node.
pub fn is_pinned(setting: &Setting, pod: PodId, home: NodeId) -> bool {
    let eligible = setting.eligible(setting.cluster().class_of(pod));
    eligible.len() == 1 && eligible.contains(home)
}
