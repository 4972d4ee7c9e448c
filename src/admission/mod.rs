//! Layer 2: what the API server makes of what was written.
//!
//! Two ways through the same steps. [`ApiServer`] is a server with a memory: it creates and updates objects one by one, refuses
//! what a server refuses, in its words, and keeps account of quotas. [`admit`] is the way for planning: it fills in what a
//! server would fill in when the pods are created, for all objects at once, and refuses nothing: what a server would refuse is
//! remarked on and goes on as if that part had not been written. Run it after the controllers, whose pods pass through the
//! server like any other. [`refusals`] says what a server would refuse outright.
//!
//! Every step leaves alone what has been through it, so pods of a dump come out as they went in.
//!
//! To add a step: a file with an `admit` function, a row in [`STEPS`] where the server has it, a test in the file.
//!
//! Source: k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go AllOrderedPlugins, pkg/apis/core/v1/defaults.go, v1.36.

mod admitted;
mod api_server;
mod bulk;
mod default_storage_class;
mod default_toleration_seconds;
mod defaulting;
pub mod eviction;
pub mod horizontal_pod_autoscaler;
mod limit_ranger;
mod match_label_keys;
mod pod_resources;
mod pod_topology_labels;
mod policies;
mod priority;
mod quality_of_service;
mod resource_quota;
mod runtime_class;
mod service_account;
mod validation;

pub use admitted::Admitted;
pub use api_server::{ApiServer, Counted};
pub use bulk::{Refused, admit, refusals};
pub use match_label_keys::merge_label_keys;
pub use pod_topology_labels::bind_topology_labels;
pub use quality_of_service::quality_of_service;

use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;
use policies::Policies;

/// A step that a pod goes through when it is created: it may change the pod, or refuse it.
pub struct Step {
    /// Name, as the API server spells it where it has one.
    pub name: &'static str,
    /// Whether a pod that a server let in before may go through it again: then it finds nothing left to do.
    pub again: bool,
    admit: fn(&mut Pod, &Policies) -> Result<(), Refusal>,
}

/// The steps of a pod, in the server's order. After them it is validated, held against limit ranges and overheads, and last
/// against quotas. Claims have two steps of their own, defaulting and `DefaultStorageClass`; other kinds are defaulted only.
pub const STEPS: &[Step] = &[
    Step { name: "Defaulting", again: true, admit: defaulting::admit },
    Step { name: "LimitRanger", again: false, admit: limit_ranger::admit },
    Step { name: "ServiceAccount", again: false, admit: service_account::admit },
    Step { name: "Priority", again: false, admit: priority::admit },
    Step { name: "DefaultTolerationSeconds", again: false, admit: default_toleration_seconds::admit },
    Step { name: "RuntimeClass", again: true, admit: runtime_class::admit },
    // not a plugin: the pod strategy does it, after all that may change labels
    Step { name: "MatchLabelKeys", again: true, admit: match_label_keys::admit },
];
