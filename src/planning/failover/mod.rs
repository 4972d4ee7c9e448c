//! The failover timeline: how long it takes until a pod of a node that was lost without warning is ready again somewhere else.
//!
//! A node goes silent at second 0 (power, kernel, network). Nobody drains it, its kubelet never answers again. What follows has
//! [`Stage`]s: the loss is detected, the node gets its `NoExecute` taint, the pod tolerates it for a while, is deleted, is replaced (at
//! once, after a back-off, or when the dead pod's object is gone), is scheduled, waits for its volume to be detached from the dead node,
//! starts, and has been ready for long enough. Every stage has a start and a length, both with a shortest and a longest time
//! ([`Span`]), and says where its number comes from ([`Basis`]).
//!
//! Promise: nothing is guessed in silence. Every number that is not in the manifests is in [`Assumptions`], and what never happens by itself
//! has no length instead of a long one. `fixtures/conformance` is the law for detection, taints and tolerations: Ready becomes Unknown
//! 51 to 53 s after the last renewal of the lease, pods go 300 s after the taint, 351 s in all. Kubernetes 1.34 and 1.36 agree here.
//!
//! To add a stage: a variant of [`StageKind`], its part in `timeline`, its assumption, a test in `tests/suite/failover.rs`.
//!
//! Source: each file names its own, all of k8s.io/kubernetes v1.36.

mod assumptions;
mod claims;
mod recovery;
mod span;
mod start;
mod threshold;
mod timeline;
mod toleration;
mod zone;

pub use assumptions::{Assumption, Assumptions, DetachFrom, Means, Removal};
pub use claims::{Claim, Claims, Hold};
pub use recovery::{Failover, Group, failover, of_cluster};
pub use span::Span;
pub use start::{START_SECONDS, start, start_notes};
pub use threshold::{Breach, Change, breach};
pub use timeline::{Basis, Controller, Displaced, Stage, StageKind, Timeline, timeline};
pub use zone::{Disruption, Zone, disruption};
