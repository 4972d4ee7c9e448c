//! What makes pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, ReplicationController; and Services.

use super::meta::{IntOrString, LabelSelector, ObjectMeta, StringMap};
use super::pod::{Condition, PodSpec};
use super::storage::PersistentVolumeClaim;

objects! {
    /// What a workload makes its pods from.
    pub struct PodTemplateSpec {
        /// Metadata of the pods.
        pub metadata: ObjectMeta,
        /// Spec of the pods.
        pub spec: PodSpec,
    }

    /// A Deployment.
    pub struct Deployment {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: DeploymentSpec,
    }

    /// `spec` of a Deployment.
    pub struct DeploymentSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// How they are replaced.
        pub strategy: DeploymentStrategy,
        /// Whether rollouts stand still.
        pub paused: bool,
        /// Seconds a pod must be ready to count as available.
        pub min_ready_seconds: i32,
    }

    /// How a Deployment replaces its pods.
    pub struct DeploymentStrategy {
        /// `RollingUpdate` (default) or `Recreate`.
        pub r#type: String,
        /// Bounds of a rolling update.
        pub rolling_update: Option<RollingUpdate>,
    }

    /// Bounds of a rolling update.
    pub struct RollingUpdate {
        /// How many may be missing.
        pub max_unavailable: Option<IntOrString>,
        /// How many there may be in excess.
        pub max_surge: Option<IntOrString>,
        /// StatefulSets: ordinals below stay as they are.
        pub partition: Option<i32>,
    }

    /// A ReplicaSet.
    pub struct ReplicaSet {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: ReplicaSetSpec,
    }

    /// `spec` of a ReplicaSet.
    pub struct ReplicaSetSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
    }

    /// A ReplicationController.
    pub struct ReplicationController {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: ReplicationControllerSpec,
    }

    /// `spec` of a ReplicationController.
    pub struct ReplicationControllerSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own; absent is the template's labels.
        pub selector: StringMap,
        /// What they are made from.
        pub template: PodTemplateSpec,
    }

    /// A StatefulSet.
    pub struct StatefulSet {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: StatefulSetSpec,
    }

    /// `spec` of a StatefulSet.
    pub struct StatefulSetSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// Claims each pod has of its own.
        pub volume_claim_templates: Vec<PersistentVolumeClaim>,
        /// Its governing service.
        pub service_name: String,
        /// `OrderedReady` (default) or `Parallel`.
        pub pod_management_policy: String,
        /// How pods are replaced.
        pub update_strategy: DeploymentStrategy,
        /// Where ordinals begin.
        pub ordinals: Option<StatefulSetOrdinals>,
    }

    /// Where ordinals of a StatefulSet begin.
    pub struct StatefulSetOrdinals {
        /// First ordinal.
        pub start: i32,
    }

    /// A DaemonSet.
    pub struct DaemonSet {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: DaemonSetSpec,
    }

    /// `spec` of a DaemonSet.
    pub struct DaemonSetSpec {
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// How pods are replaced.
        pub update_strategy: DeploymentStrategy,
    }

    /// A Job.
    pub struct Job {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: JobSpec,
        /// Status.
        pub status: JobStatus,
    }

    /// `spec` of a Job.
    pub struct JobSpec {
        /// How many run at once.
        pub parallelism: Option<i32>,
        /// How many must succeed.
        pub completions: Option<i32>,
        /// `NonIndexed` (default) or `Indexed`.
        pub completion_mode: Option<String>,
        /// Whether it stands still.
        pub suspend: bool,
        /// What its pods are made from.
        pub template: PodTemplateSpec,
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
    }

    /// `status` of a Job.
    pub struct JobStatus {
        /// Pods running or pending.
        pub active: i32,
        /// Pods that succeeded.
        pub succeeded: i32,
        /// Pods that failed.
        pub failed: i32,
        /// Indexes of an indexed Job that succeeded, such as `0-2,5`.
        pub completed_indexes: String,
        /// When it was done.
        pub completion_time: Option<String>,
        /// `Complete` and `Failed` end a Job.
        pub conditions: Vec<Condition>,
    }

    /// A CronJob.
    pub struct CronJob {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: CronJobSpec,
    }

    /// `spec` of a CronJob.
    pub struct CronJobSpec {
        /// When, in cron's words.
        pub schedule: String,
        /// `Allow` (default), `Forbid` or `Replace`.
        pub concurrency_policy: String,
        /// Whether it stands still.
        pub suspend: bool,
        /// What its Jobs are made from.
        pub job_template: JobTemplateSpec,
    }

    /// What a CronJob makes its Jobs from.
    pub struct JobTemplateSpec {
        /// Metadata of the Jobs.
        pub metadata: ObjectMeta,
        /// Spec of the Jobs.
        pub spec: JobSpec,
    }

    /// A Service; its selector decides default spreading.
    pub struct Service {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: ServiceSpec,
    }

    /// `spec` of a Service.
    pub struct ServiceSpec {
        /// Which pods it sends to; empty means none.
        pub selector: StringMap,
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        pub r#type: String,
    }
}

impl PodTemplateSpec {
    /// The template as compact JSON, defaults left out and maps in order: the same text for the same template, however it
    /// was written and wherever it was read.
    pub fn canonical_text(&self) -> String {
        serde_json::to_string(self).expect("a template holds nothing that JSON cannot say")
    }
}
