//! All objects of an input, by kind.

use super::meta::ObjectMeta;
use super::monitoring::PrometheusRule;
use super::networking::Ingress;
use super::node::{Namespace, Node};
use super::pod::{Pod, PodSpec};
use super::policy::*;
use super::scheduler_configuration::KubeSchedulerConfiguration;
use super::storage::*;
use super::workload::*;

/// All objects of an input, by kind, in the order in which they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objects {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Namespaces.
    pub namespaces: Vec<Namespace>,
    /// Pods, bound and pending.
    pub pods: Vec<Pod>,
    /// Deployments.
    pub deployments: Vec<Deployment>,
    /// ReplicaSets.
    pub replica_sets: Vec<ReplicaSet>,
    /// ReplicationControllers.
    pub replication_controllers: Vec<ReplicationController>,
    /// StatefulSets.
    pub stateful_sets: Vec<StatefulSet>,
    /// ControllerRevisions.
    pub controller_revisions: Vec<ControllerRevision>,
    /// DaemonSets.
    pub daemon_sets: Vec<DaemonSet>,
    /// Jobs.
    pub jobs: Vec<Job>,
    /// CronJobs.
    pub cron_jobs: Vec<CronJob>,
    /// Services.
    pub services: Vec<Service>,
    /// Ingresses.
    pub ingresses: Vec<Ingress>,
    /// PersistentVolumeClaims.
    pub persistent_volume_claims: Vec<PersistentVolumeClaim>,
    /// PersistentVolumes.
    pub persistent_volumes: Vec<PersistentVolume>,
    /// StorageClasses.
    pub storage_classes: Vec<StorageClass>,
    /// CSINodes.
    pub csi_nodes: Vec<CsiNode>,
    /// CSIDrivers.
    pub csi_drivers: Vec<CsiDriver>,
    /// CSIStorageCapacities.
    pub csi_storage_capacities: Vec<CsiStorageCapacity>,
    /// VolumeAttachments.
    pub volume_attachments: Vec<VolumeAttachment>,
    /// PodDisruptionBudgets.
    pub pod_disruption_budgets: Vec<PodDisruptionBudget>,
    /// PriorityClasses.
    pub priority_classes: Vec<PriorityClass>,
    /// RuntimeClasses.
    pub runtime_classes: Vec<RuntimeClass>,
    /// ResourceQuotas.
    pub resource_quotas: Vec<ResourceQuota>,
    /// LimitRanges.
    pub limit_ranges: Vec<LimitRange>,
    /// HorizontalPodAutoscalers.
    pub horizontal_pod_autoscalers: Vec<HorizontalPodAutoscaler>,
    /// PrometheusRules.
    pub prometheus_rules: Vec<PrometheusRule>,
    /// Scheduler configurations found among the objects.
    pub scheduler_configurations: Vec<KubeSchedulerConfiguration>,
    /// Objects of kinds that are not modelled: only that they exist, for quotas count them.
    pub others: Vec<Other>,
}

/// An object of a kind that is not modelled: its names, and nothing of its contents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Other {
    /// API group and version, such as `v1`.
    pub api_version: String,
    /// Kind, such as `ConfigMap`.
    pub kind: String,
    /// Plural with its group, such as `configmaps` or `networkpolicies.networking.k8s.io`.
    pub resource: String,
    /// Name, namespace and where it was read; nothing else.
    pub metadata: ObjectMeta,
}

impl Objects {
    /// Every description of a pod: the pods, and the templates of the workloads, each with the metadata of the object it is in.
    pub fn pod_specs(&self) -> impl Iterator<Item = (&ObjectMeta, &PodSpec)> {
        let pods = self.pods.iter().map(|pod| (&pod.metadata, &pod.spec));
        pods.chain(self.deployments.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.replica_sets.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.replication_controllers.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.stateful_sets.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.daemon_sets.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.jobs.iter().map(|workload| (&workload.metadata, &workload.spec.template.spec)))
            .chain(self.cron_jobs.iter().map(|workload| (&workload.metadata, &workload.spec.job_template.spec.template.spec)))
    }
}
