//! The six success metrics of a cluster that is to be highly available: how many nodes, how pods are spread over them, how full they are,
//! how many replicas services have, whether autoscalers can scale, and how long the loss of a node is felt.
//!
//! Each metric is a file with its definition: what it counts, what it does not, and when it holds. What fails is named, all of it. Two more
//! things are told apart from that: *remarks* are worth knowing and fail nothing.
//!
//! Promise: a metric is measured on where the pods are once the scheduler has placed what waits (the baseline), never on what was wished for;
//! and nothing is measured twice: whoever has the baseline and the node losses already hands them in ([`measure`]), whoever has only objects
//! ([`measure_objects`]) gets the same numbers.
//!
//! To add a metric: a file with a struct, a `holds` and a function that measures it; a field of [`SuccessMetrics`]; its row in
//! `report/views/success_metrics`.
//!
//! Source: the metrics, targets and the alert on crowded nodes are those of a "Phase 3: High Availability & Resilience" implementation
//! guide (table "Success Metrics", tasks 1 and 3 to 6); every bound is a parameter, and the guide's is its default.

mod autoscaling;
mod failover_time;
mod node_count;
mod pod_distribution;
mod resource_utilization;
mod service_replicas;

use std::time::Duration;

pub use autoscaling::{Autoscaling, Obstacle, Scaler};
pub use failover_time::{Cure, FailoverTime, LateWorkload, Reason, Remedy, losses, node_losses};
pub use node_count::NodeCount;
pub use pod_distribution::{Crowd, PodDistribution, Stand};
pub use resource_utilization::{NodeUtilization, Part, ResourceUtilization, Utilization};
pub use service_replicas::{Group, ServiceReplicas};

use super::failover::Assumptions;
use super::quorum::Quorums;
use super::resilience::survival::Survival;
use super::size::Share;
use crate::manifest::Objects;
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation::loss::Baseline;
use crate::usage::Usage;

/// The bounds that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// So many nodes at least: 3.
    pub nodes: usize,
    /// With more pods than this a node is crowded, which is a remark: 30, as the guide's alert has it.
    pub pods_per_node: usize,
    /// Each node stays below this share of its cpu and of its memory: 70 %. None if nodes may be full.
    pub utilization: Option<Share>,
    /// Each service has so many replicas at least: 2.
    pub replicas: usize,
    /// Every workload is whole again in less than this after the loss of a node: 5 minutes.
    pub failover: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { nodes: 3, pods_per_node: 30, utilization: Some(Share(700_000)), replicas: 2, failover: Duration::from_secs(300) }
    }
}

/// How it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// How the scheduler works.
    pub configuration: &'a Configuration,
    /// And what it leaves open.
    pub options: Options,
    /// The bounds.
    pub thresholds: &'a Thresholds,
    /// What the loss of a node is played with.
    pub assumptions: &'a Assumptions,
    /// What pods were measured to use, if it was; requests count in any case.
    pub usage: Option<&'a Usage>,
    /// Whether the objects were made with every autoscaler at its most, so that being there says nothing.
    pub at_most: bool,
}

/// A cluster and what is known of it already.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The objects of the baseline: seen by the API server, expanded by controllers, their budgets with a status.
    pub objects: &'a Objects,
    /// Where its pods are.
    pub baseline: &'a Baseline,
    /// What its workloads need.
    pub quorums: &'a Quorums,
    /// What comes of losing each node, as [`node_losses`] plays it.
    pub node_losses: &'a Survival,
    /// How it is measured.
    pub setting: Setting<'a>,
}

/// The six metrics of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct SuccessMetrics {
    /// Node count.
    pub node_count: NodeCount,
    /// Pod distribution.
    pub pod_distribution: PodDistribution,
    /// Resource utilization.
    pub resource_utilization: ResourceUtilization,
    /// Service replicas.
    pub service_replicas: ServiceReplicas,
    /// HPA active.
    pub autoscaling: Autoscaling,
    /// Failover.
    pub failover: FailoverTime,
}

impl SuccessMetrics {
    /// Whether each holds, in the order of the fields.
    pub fn each(&self) -> [bool; 6] {
        [
            self.node_count.holds(),
            self.pod_distribution.holds(),
            self.resource_utilization.holds(),
            self.service_replicas.holds(),
            self.autoscaling.holds(),
            self.failover.holds(),
        ]
    }

    /// Whether all hold.
    pub fn holds(&self) -> bool {
        self.each().into_iter().all(|holds| holds)
    }
}

/// Measures the six metrics of a cluster whose pods have their places and whose losses were played.
pub fn measure(question: &Question<'_>) -> SuccessMetrics {
    let Question { objects, baseline, quorums, setting, .. } = *question;
    SuccessMetrics {
        node_count: node_count::measure(objects, setting.thresholds),
        pod_distribution: pod_distribution::measure(objects, baseline, quorums, setting.thresholds),
        resource_utilization: resource_utilization::measure(objects, baseline, &setting),
        service_replicas: service_replicas::measure(objects, baseline, setting.thresholds),
        autoscaling: autoscaling::measure(objects, &setting),
        failover: failover_time::measure(question),
    }
}

/// Measures the six metrics of objects, such as those of a cluster to which nodes were added: places what waits, plays every loss of a
/// node, and measures.
pub fn measure_objects(objects: &Objects, setting: Setting<'_>) -> SuccessMetrics {
    let baseline = Baseline::new(objects, setting.configuration, setting.options, |scheduler| scheduler.run(|_, _| ()));
    let quorums = Quorums::of(objects, &[]);
    let node_losses = node_losses(objects, &baseline, &quorums, &setting);
    measure(&Question { objects, baseline: &baseline, quorums: &quorums, node_losses: &node_losses, setting })
}
