//! What manifests do not say: the settings of the control plane, and what people or machines do about a dead node.
//!
//! The defaults are those of kube-controller-manager 1.34 and 1.36, but for the time a pod takes to start, which is assumed.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/config/v1alpha1/defaults.go, pkg/controller/podgc/gc_controller.go,
//! pkg/controller/volume/attachdetach/attach_detach_controller.go DefaultTimerConfig,
//! pkg/kubelet/apis/config/v1beta1/defaults.go (lease of 40 s, renewed after a quarter), pkg/controller/job/job_controller.go, v1.36.

use std::time::Duration;

use super::Span;
use super::timeline::Basis;

/// Everything a timeline is computed from that is in no manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumptions {
    /// How often a kubelet renews its lease: 10 s.
    pub lease_renew_interval: Duration,
    /// `--node-monitor-period`: how often leases are looked at: 5 s.
    pub node_monitor_period: Duration,
    /// `--node-monitor-grace-period`: how old a lease may be: 50 s since 1.32 (40 s before).
    pub node_monitor_grace_period: Duration,
    /// The inverse of `--node-eviction-rate`: time between two nodes of a zone that get the `NoExecute` taint: 10 s.
    pub node_eviction_interval: Duration,
    /// The inverse of `--secondary-node-eviction-rate`, for large zones that are in trouble: 100 s.
    pub secondary_node_eviction_interval: Duration,
    /// `--unhealthy-zone-threshold` in percent: 55.
    pub unhealthy_zone_threshold_percent: u32,
    /// `--large-cluster-size-threshold`: zones up to this size are not evicted at all when they are in trouble: 50 nodes.
    pub large_cluster_size_threshold: usize,
    /// What a Job waits before it replaces a pod that was deleted: 10 s. Every further failure of the same Job doubles it.
    pub job_back_off: Duration,
    /// From the creation of a pod to its binding, when there is room: 0 s.
    pub scheduling: Duration,
    /// How often pod garbage collection looks: 20 s.
    pub pod_gc_period: Duration,
    /// How long pod garbage collection mistrusts the absence of a node: 40 s.
    pub pod_gc_quarantine: Duration,
    /// `maxWaitForUnmountDuration`: how long a volume stays attached to a dead node: 360 s. No flag changes it.
    pub max_wait_for_unmount: Duration,
    /// From when those are counted.
    pub detach_from: DetachFrom,
    /// What someone does about the dead node; nobody does anything by default, and then pods of StatefulSets never come back.
    pub removal: Option<Removal>,
    /// How long a pod takes from its binding until it is ready (image, start, probes), if it was given for all pods.
    pub start: Option<Duration>,
    /// The same, where nothing was given: 30 s, or longer where the delays of probes say so.
    pub default_start: Duration,
}

/// From when the six minutes of a volume are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetachFrom {
    /// From when the dead pod's object is gone. That is what the code does: the volume is wanted on the dead node for as long as a pod
    /// that uses it exists there with containers that are not known to have ended, and a dead kubelet never says so
    /// (`DetermineVolumeAction`, `IsPodTerminated`; kubernetes#80040). The default.
    PodGone,
    /// From when the pod was deleted, as kubernetes.io's page on node shutdowns puts it.
    PodDeleted,
}

/// What someone does about a node that is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// What is done.
    pub means: Means,
    /// When, counted from the loss. Nobody acts before the loss is detected.
    pub after: Duration,
}

/// How the pods of a dead node are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// `kubectl delete pod --force --grace-period=0` for each pod of the node: gone at once.
    ForceDelete,
    /// The Node object is deleted, by a person or by the cloud's controller: pod garbage collection removes its pods 40 to 60 s later.
    DeleteNode,
    /// The node gets the taint `node.kubernetes.io/out-of-service:NoExecute`: its pods are deleted at once, removed within 20 s, and their
    /// volumes detached without waiting.
    OutOfServiceTaint,
}

/// One assumption, to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// What it is about, as the flag or setting is called.
    pub name: &'static str,
    /// Its value, with its unit.
    pub value: String,
    /// Where it comes from.
    pub basis: Basis,
}

impl Default for Assumptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Assumptions {
            lease_renew_interval: seconds(10),
            node_monitor_period: seconds(5),
            node_monitor_grace_period: seconds(50),
            node_eviction_interval: seconds(10),
            secondary_node_eviction_interval: seconds(100),
            unhealthy_zone_threshold_percent: 55,
            large_cluster_size_threshold: 50,
            job_back_off: seconds(10),
            scheduling: Duration::ZERO,
            pod_gc_period: seconds(20),
            pod_gc_quarantine: seconds(40),
            max_wait_for_unmount: seconds(360),
            detach_from: DetachFrom::PodGone,
            removal: None,
            start: None,
            default_start: seconds(30),
        }
    }
}

impl Assumptions {
    /// When the loss of a node is noticed: the last lease was renewed up to an interval before the loss, and was seen up to a monitor
    /// period after it was renewed.
    pub fn detection(&self) -> Span {
        let least = self.node_monitor_grace_period.saturating_sub(self.lease_renew_interval);
        Span::between(least, self.node_monitor_grace_period.saturating_add(self.node_monitor_period))
    }

    /// All of them, in the order in which they matter.
    pub fn list(&self) -> Vec<Assumption> {
        let usual = Assumptions::default();
        let row = |name, value: String, is_usual| Assumption { name, value, basis: Basis::of_setting(is_usual) };
        macro_rules! seconds {
            ($name:literal, $field:ident) => {
                row($name, format!("{} s", self.$field.as_secs()), self.$field == usual.$field)
            };
        }
        vec![
            seconds!("lease renewal", lease_renew_interval),
            seconds!("node-monitor-period", node_monitor_period),
            seconds!("node-monitor-grace-period", node_monitor_grace_period),
            seconds!("between two NoExecute taints of a zone (node-eviction-rate)", node_eviction_interval),
            seconds!("the same in large zones in trouble (secondary-node-eviction-rate)", secondary_node_eviction_interval),
            row(
                "unhealthy-zone-threshold",
                format!("{} %", self.unhealthy_zone_threshold_percent),
                self.unhealthy_zone_threshold_percent == usual.unhealthy_zone_threshold_percent,
            ),
            row(
                "large-cluster-size-threshold",
                format!("{} nodes", self.large_cluster_size_threshold),
                self.large_cluster_size_threshold == usual.large_cluster_size_threshold,
            ),
            self.removal_row(),
            seconds!("back-off of a Job", job_back_off),
            seconds!("scheduling", scheduling),
            seconds!("maxWaitForUnmountDuration", max_wait_for_unmount),
            Assumption {
                name: "volumes are detached",
                value: match self.detach_from {
                    DetachFrom::PodGone => "that long after the dead pod's object is gone".to_owned(),
                    DetachFrom::PodDeleted => "that long after the dead pod was deleted".to_owned(),
                },
                basis: Basis::of_setting(self.detach_from == usual.detach_from),
            },
            self.start_row(),
        ]
    }

    fn removal_row(&self) -> Assumption {
        let value = match self.removal {
            None => "nobody removes the dead node or its pods".to_owned(),
            Some(removal) => {
                let means = match removal.means {
                    Means::ForceDelete => "its pods are deleted by force",
                    Means::DeleteNode => "the Node object is deleted",
                    Means::OutOfServiceTaint => "it gets the out-of-service taint",
                };
                format!("{means} {} s after the loss", removal.after.as_secs())
            }
        };
        Assumption { name: "dead node", value, basis: if self.removal.is_some() { Basis::Flag } else { Basis::Assumed } }
    }

    fn start_row(&self) -> Assumption {
        let (value, basis) = match self.start {
            Some(start) => (format!("{} s", start.as_secs()), Basis::Flag),
            None => (format!("{} s, or what probes say if that is longer", self.default_start.as_secs()), Basis::Assumed),
        };
        Assumption { name: "start of a pod", value, basis }
    }
}
