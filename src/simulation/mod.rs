//! Layer 5: what happens next.
//!
//! [`ControlPlane`] is a small cluster in memory: an API server with admission, the control loops of kube-controller-manager,
//! kube-scheduler, a kubelet on every node, and a clock of its own. Things are done to it (create, patch, delete, evict, cordon),
//! and it is left to come to rest. It is the slow and faithful way: what plans work out by shorter ways is checked against it,
//! and it is itself checked against recordings of the real thing (`conformance/control_plane`).
//!
//! A node is lost as it is in life: [`ControlPlane::kubelet_gone`] makes its kubelet fall silent, the node lifecycle controller
//! notices after 50 seconds, pods leave when they no longer tolerate its taints, and those that no kubelet lets go are collected
//! once the Node is deleted or out of service. Whoever wants to do without one of the controllers says so ([`ControlPlane::disable`]).
//!
//! The short way beside it: [`create`] takes the objects of an input through the API server and the controllers at once, so that what
//! is refused is told apart from what is pending, and [`Difference`] says what is different between two [`Picture`]s of a cluster.
//! [`loss`] and [`drain`] take nodes away on the scheduler's own numbers, thousands of times a second, and put them back.
//!
//! [`self_check`] asks whether our filters would have put the pods of an input where they are.
//!
//! What real clusters leave to chance is drawn again and again by [`chance`], from seeds.
//!
//! Nothing here depends on the real clock, on threads or on chance: the same objects, actions and seeds give the same cluster.
//!
//! To add something that acts by itself: a control loop is a row in `controllers::LOOPS`; what is no controller (kubelet,
//! provisioner, quota recount) is a file here and a line in [`ControlPlane::settle`].

pub mod chance;
mod cluster_event;
mod control_plane;
mod creation;
pub mod difference;
pub mod drain;
mod eviction;
mod garbage;
mod kubelet;
pub mod loss;
mod queueing_hints;
mod quota_recount;
mod requests;
mod running_pod;
mod scheduling;
mod scheduling_queue;
pub mod self_check;
mod unknown;
pub mod upgrade;
mod volumes;
mod work_queue;

pub use control_plane::{ControlPlane, Event};
pub use creation::{Creation, NotCreated, create};
pub use difference::{Difference, Picture};
pub use kubelet::PodState;
pub use unknown::missing_namespaces;
