//! How a pod leaves a node that has fallen silent, and who brings it back.
//!
//! Source: k8s.io/kubernetes/pkg/controller/tainteviction/taint_eviction.go (getMinTolerationTime) and
//! pkg/apis/core/v1/helper GetMatchingTolerations, v1.36.

use crate::controllers::taint_eviction::stay;
use crate::manifest::node::Taint;
use crate::manifest::pod::{Pod, Toleration};

/// The taint that the node lifecycle controller puts on a node whose kubelet is silent; the one with effect `NoExecute` drives pods out.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// How a pod leaves a silent node, and who brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Departure {
    /// So many seconds after the node's `NoExecute` taint; none if it tolerates that for good.
    pub after_seconds: Option<u32>,
    /// Who brings it back.
    pub keeper: Keeper,
}

/// Who brings a pod back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keeper {
    /// Nobody: a pod without a controller.
    Nobody,
    /// A controller whose pods are all alike makes another as soon as this one is being deleted (ReplicaSet, ReplicationController).
    AtOnce,
    /// A Job does so after its back-off.
    Job,
    /// A controller whose pods have names of their own (StatefulSet; operators are taken to be alike) waits until this one is gone.
    OnceGone,
    /// It belongs to its node (DaemonSet, mirror pod of a static pod) and comes back with it or not at all.
    Node,
}

impl Departure {
    /// Of a pod.
    pub fn of(pod: &Pod) -> Self {
        Departure { after_seconds: toleration_seconds(&pod.spec.tolerations), keeper: Keeper::of(pod) }
    }
}

impl Keeper {
    /// Of a pod.
    pub fn of(pod: &Pod) -> Self {
        match pod.metadata.controller().map(|owner| owner.kind.as_str()) {
            None if pod.metadata.annotations.contains_key("kubernetes.io/config.mirror") => Keeper::Node,
            None => Keeper::Nobody,
            Some("ReplicaSet" | "ReplicationController" | "Deployment") => Keeper::AtOnce,
            Some("Job" | "CronJob") => Keeper::Job,
            Some("DaemonSet" | "Node") => Keeper::Node,
            Some(_) => Keeper::OnceGone,
        }
    }
}

/// How long these tolerations let a pod stay on a silent node. None is for good.
fn toleration_seconds(tolerations: &[Toleration]) -> Option<u32> {
    let taint = Taint { key: UNREACHABLE.to_owned(), effect: "NoExecute".to_owned(), ..Taint::default() };
    stay(&[taint], tolerations).time().map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(key: &str, effect: &str, seconds: Option<i64>) -> Toleration {
        Toleration {
            key: key.to_owned(),
            operator: "Exists".to_owned(),
            effect: effect.to_owned(),
            toleration_seconds: seconds,
            ..Toleration::default()
        }
    }

    #[test]
    fn the_first_matching_toleration_counts() {
        assert_eq!(toleration_seconds(&[]), Some(0));
        assert_eq!(toleration_seconds(&[toleration("", "", None)]), None);
        let (nine, four) = (toleration(UNREACHABLE, "NoExecute", Some(9)), toleration(UNREACHABLE, "NoExecute", Some(4)));
        assert_eq!(toleration_seconds(&[nine.clone(), four]), Some(9));
        assert_eq!(toleration_seconds(&[toleration("other", "NoExecute", None), nine]), Some(9));
        assert_eq!(toleration_seconds(&[toleration(UNREACHABLE, "NoSchedule", None)]), Some(0));
        assert_eq!(toleration_seconds(&[toleration(UNREACHABLE, "NoExecute", Some(-5))]), Some(0));
    }
}
