//! What a control loop sees of the cluster, and what it can ask for.
//!
//! A control loop is a row of two functions: `watch` says which of its objects a change concerns, `sync` brings one object
//! nearer to what it wants and says when to look again. A loop reads the [`Store`] and writes statuses into it; whatever the
//! API server may refuse goes through [`World`]. Time is virtual and stands still during a sync.
//!
//! To add a loop: a file with `watch` and `sync`, a row in [`super::LOOPS`].
//!
//! Source: the shape of k8s.io/kubernetes/pkg/controller's `syncHandler`s and their rate-limited work queues, v1.36.

pub mod memory;
pub mod moment;
pub mod store;

use std::time::Duration;

pub use moment::Moment;
pub use store::{Change, Delta, Key, Store, Stored, Table};

use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::{Job, ReplicaSet};

/// A control loop of kube-controller-manager.
pub struct Loop {
    /// Name, as kube-controller-manager spells it.
    pub name: &'static str,
    /// Adds the keys of its objects that a change concerns.
    pub watch: fn(&Store, &Change, &mut Vec<Key>),
    /// Looks at one object, which may be gone, and does what is to be done about it now.
    pub sync: fn(&mut dyn World, &Key) -> Outcome,
}

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing left to do until something changes.
    Done,
    /// As [`Outcome::Done`], but look again after this time even if nothing changes.
    After(Duration),
    /// It failed: look again after a back-off that doubles with every failure in a row (5 ms, 10 ms, … up to 1000 s), or when
    /// something changes.
    Failed,
}

/// What a control loop can do.
pub trait World {
    /// The time, which stands still during a sync.
    fn now(&self) -> Moment;
    /// Everything that is stored.
    fn store(&self) -> &Store;
    /// Everything that is stored, to write what nobody refuses: statuses, owner references, replicas of ReplicaSets, deletion
    /// marks. Every change is seen by all loops that watch it.
    fn store_mut(&mut self) -> &mut Store;
    /// When a node's kubelet last renewed its lease; none if it never did.
    fn lease_renewal(&self, node: &str) -> Option<Moment>;
    /// Creates a pod through admission. A name is made where only `generateName` is given. Returns the name.
    fn create_pod(&mut self, pod: Pod) -> Result<String, Refusal>;
    /// Deletes a pod as the API server does: one that is on no node or has ended goes at once, any other is terminating until
    /// its kubelet lets it go. A deleted pod with finalizers stays, with a grace period of zero, until the last of them has been
    /// taken off. Nothing happens if it is not there.
    fn delete_pod(&mut self, key: &Key);
    /// Deletes a Job; its pods go after it.
    fn delete_job(&mut self, key: &Key);
    /// Creates a claim through admission.
    fn create_claim(&mut self, claim: PersistentVolumeClaim) -> Result<(), Refusal>;
    /// Creates a ReplicaSet through admission.
    fn create_replica_set(&mut self, set: ReplicaSet) -> Result<(), Refusal>;
    /// Creates a Job through admission.
    fn create_job(&mut self, job: Job) -> Result<(), Refusal>;
    /// Records an event about an object, such as `FailedCreate`.
    fn event(&mut self, kind: &'static str, key: &Key, reason: &'static str, message: String);
}
