//! How long a pod stays on a node that has `NoExecute` taints.
//!
//! Of each taint the first toleration of the list that matches counts, whatever later ones say; of all taints the shortest time. A
//! taint without a matching toleration ends it at once. PodDisruptionBudgets are not asked.
//!
//! Source: k8s.io/kubernetes/pkg/controller/tainteviction/taint_eviction.go processPodOnNode, getMinTolerationTime;
//! pkg/apis/core/v1/helper/helpers.go GetMatchingTolerations, v1.36. Recordings: `nodeloss-two-taints-016`, `nodeloss-min-of-tolerations-017`.

use std::time::Duration;

use crate::manifest::node::Taint;
use crate::manifest::pod::Toleration;

/// How long a pod stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It is deleted at once.
    AtOnce,
    /// It is deleted after this time.
    After(Duration),
    /// It stays for ever.
    Forever,
}

impl Wait {
    /// The time; none for ever.
    pub fn time(self) -> Option<Duration> {
        match self {
            Wait::AtOnce => Some(Duration::ZERO),
            Wait::After(time) => Some(time),
            Wait::Forever => None,
        }
    }
}

/// How long a pod with these tolerations stays on a node with these taints. Only `NoExecute` taints count.
pub fn eviction_wait(taints: &[Taint], tolerations: &[Toleration]) -> Wait {
    let mut shortest: Option<i64> = None;
    for taint in taints.iter().filter(|taint| taint.effect == "NoExecute") {
        let Some(used) = tolerations.iter().find(|toleration| tolerates(toleration, taint)) else { return Wait::AtOnce };
        if let Some(seconds) = used.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |other| other.min(seconds)));
        }
    }
    match shortest {
        None => Wait::Forever,
        Some(seconds) => u64::try_from(seconds)
            .ok()
            .filter(|&seconds| seconds > 0)
            .map_or(Wait::AtOnce, |seconds| Wait::After(Duration::from_secs(seconds))),
    }
}

/// Whether a toleration matches a taint. `Lt` and `Gt` are behind a gate that is off and match nothing.
fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    (toleration.effect.is_empty() || toleration.effect == taint.effect)
        && (toleration.key.is_empty() || toleration.key == taint.key)
        && match toleration.operator.as_str() {
            "" | "Equal" => toleration.value == taint.value,
            "Exists" => true,
            _ => false,
        }
}

/// The taint of a node that no longer answers.
pub(super) fn unreachable() -> Taint {
    no_execute("node.kubernetes.io/unreachable")
}

/// The taint that says that a node is shut down for good.
pub(super) fn out_of_service() -> Taint {
    no_execute("node.kubernetes.io/out-of-service")
}

fn no_execute(key: &str) -> Taint {
    Taint { key: key.to_owned(), effect: "NoExecute".to_owned(), ..Taint::default() }
}
