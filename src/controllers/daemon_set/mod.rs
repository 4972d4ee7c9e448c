//! DaemonSet: a pod on every node that its template allows, pinned to it.
//!
//! [`reconcile`] is the plain way, [`watch`] and [`sync`] the way step by step.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/, v1.36.

mod expansion;
mod manage;
mod node_match;
mod pods;
mod rolling_update;
mod status;
mod sync;

pub(super) use expansion::reconcile;
pub(super) use pods::pin;
pub use pods::target_node;
pub(super) use sync::{sync, watch};

use super::adoption::{Selecting, selects};
use crate::manifest::meta::StringMap;
use crate::manifest::workload::DaemonSet;

impl Selecting for DaemonSet {
    fn selects(&self, labels: &StringMap) -> bool {
        selects(self.spec.selector.as_ref(), labels)
    }
}
