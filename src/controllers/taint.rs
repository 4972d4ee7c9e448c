//! Taints: whether a toleration is about one, and how controllers put them on nodes and take them off.
//!
//! A node has one taint of a key and effect at most.
//!
//! Source: k8s.io/api/core/v1/toleration.go ToleratesTaint, k8s.io/kubernetes/pkg/util/taints/taints.go, v1.36.

use crate::manifest::node::{Node, Taint};
use crate::manifest::pod::Toleration;

/// Taints with this effect make running pods leave.
pub(super) const NO_EXECUTE: &str = "NoExecute";
/// Taints with this effect keep new pods away.
pub(super) const NO_SCHEDULE: &str = "NoSchedule";

/// Whether a toleration is about a taint.
pub(super) fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let fits = |wanted: &str, has: &str| wanted.is_empty() || wanted == has;
    fits(&toleration.effect, &taint.effect)
        && fits(&toleration.key, &taint.key)
        && match toleration.operator.as_str() {
            "" | "Equal" => toleration.value == taint.value,
            "Exists" => true,
            _ => false,
        }
}

/// A taint without a value.
pub(super) fn taint(key: &str, effect: &str) -> Taint {
    Taint { key: key.to_owned(), effect: effect.to_owned(), value: String::new() }
}

/// Whether a node has a taint of this key and effect.
pub(super) fn has(node: &Node, key: &str, effect: &str) -> bool {
    node.spec.taints.iter().any(|taint| taint.key == key && taint.effect == effect)
}

/// Puts a taint on a node, in the place of the one with its key and effect.
pub(super) fn add(node: &mut Node, taint: Taint) {
    match node.spec.taints.iter_mut().find(|old| old.key == taint.key && old.effect == taint.effect) {
        Some(old) => *old = taint,
        None => node.spec.taints.push(taint),
    }
}

/// Takes the taint of this key and effect off a node.
pub(super) fn remove(node: &mut Node, key: &str, effect: &str) {
    node.spec.taints.retain(|taint| taint.key != key || taint.effect != effect);
}
