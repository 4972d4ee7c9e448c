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
        /// Status.
        pub status: DeploymentStatus,
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
        /// Old ReplicaSets to keep; absent is 10.
        pub revision_history_limit: Option<i32>,
        /// Seconds without progress after which a rollout counts as stuck; absent is 600.
        pub progress_deadline_seconds: Option<i32>,
    }

    /// `status` of a Deployment.
    pub struct DeploymentStatus {
        /// Generation of the spec that this is about.
        pub observed_generation: Option<i64>,
        /// Pods of all its ReplicaSets.
        pub replicas: i32,
        /// Pods of the newest template.
        pub updated_replicas: i32,
        /// Pods that are ready.
        pub ready_replicas: i32,
        /// Pods that are available: ready for `minReadySeconds`.
        pub available_replicas: i32,
        /// Pods missing to what its ReplicaSets want to be available.
        pub unavailable_replicas: i32,
        /// How often a hash met another template's.
        pub collision_count: Option<i32>,
        /// `Available`, `Progressing` and `ReplicaFailure`.
        pub conditions: Vec<DeploymentCondition>,
    }

    /// A condition of a Deployment.
    pub struct DeploymentCondition {
        /// Which one.
        pub r#type: String,
        /// `True`, `False` or `Unknown`.
        pub status: String,
        /// Why, in one word.
        pub reason: String,
        /// Why, in a sentence.
        pub message: String,
        /// When it was last written.
        pub last_update_time: Option<String>,
        /// When its status last changed.
        pub last_transition_time: Option<String>,
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
        /// Status.
        pub status: ReplicaSetStatus,
    }

    /// `spec` of a ReplicaSet.
    pub struct ReplicaSetSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// Seconds a pod must be ready to count as available.
        pub min_ready_seconds: i32,
    }

    /// `status` of a ReplicaSet or a ReplicationController.
    pub struct ReplicaSetStatus {
        /// Generation of the spec that this is about.
        pub observed_generation: Option<i64>,
        /// Pods there are.
        pub replicas: i32,
        /// Pods that have all labels of the template.
        pub fully_labeled_replicas: i32,
        /// Pods that are ready.
        pub ready_replicas: i32,
        /// Pods that are available: ready for `minReadySeconds`.
        pub available_replicas: i32,
        /// `ReplicaFailure`.
        pub conditions: Vec<Condition>,
    }

    /// A ReplicationController.
    pub struct ReplicationController {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: ReplicationControllerSpec,
        /// Status.
        pub status: ReplicaSetStatus,
    }

    /// `spec` of a ReplicationController.
    pub struct ReplicationControllerSpec {
        /// How many pods; absent is 1.
        pub replicas: Option<i32>,
        /// Which pods are its own; absent is the template's labels.
        pub selector: StringMap,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// Seconds a pod must be ready to count as available.
        pub min_ready_seconds: i32,
    }

    /// A StatefulSet.
    pub struct StatefulSet {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: StatefulSetSpec,
        /// Status.
        pub status: StatefulSetStatus,
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
        /// Seconds a pod must be ready to count as available.
        pub min_ready_seconds: i32,
        /// Old revisions to keep; absent is 10.
        pub revision_history_limit: Option<i32>,
        /// What becomes of claims; absent is that all are kept.
        pub persistent_volume_claim_retention_policy: Option<PersistentVolumeClaimRetentionPolicy>,
    }

    /// What becomes of a StatefulSet's claims: `Retain` (default) or `Delete`.
    pub struct PersistentVolumeClaimRetentionPolicy {
        /// When the StatefulSet is deleted.
        pub when_deleted: String,
        /// When it is scaled down.
        pub when_scaled: String,
    }

    /// `status` of a StatefulSet.
    pub struct StatefulSetStatus {
        /// Generation of the spec that this is about.
        pub observed_generation: Option<i64>,
        /// Pods there are.
        pub replicas: i32,
        /// Pods that are ready.
        pub ready_replicas: i32,
        /// Pods that are available: ready for `minReadySeconds`.
        pub available_replicas: i32,
        /// Pods of the current revision.
        pub current_replicas: i32,
        /// Pods of the update revision.
        pub updated_replicas: i32,
        /// Revision that all pods had when the last update was through.
        pub current_revision: String,
        /// Revision that pods are brought to.
        pub update_revision: String,
        /// How often a hash met another template's.
        pub collision_count: Option<i32>,
    }

    /// Where ordinals of a StatefulSet begin.
    pub struct StatefulSetOrdinals {
        /// First ordinal.
        pub start: i32,
    }

    /// A template that a StatefulSet or DaemonSet has or had.
    pub struct ControllerRevision {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// What differs from the object as it is now: the template.
        pub data: RevisionData,
        /// Which of its owner's revisions this is, the newest the highest.
        pub revision: i64,
    }

    /// `data` of a ControllerRevision: a patch of its owner.
    pub struct RevisionData {
        /// Patch of the spec.
        pub spec: RevisionSpec,
    }

    /// `data.spec` of a ControllerRevision.
    pub struct RevisionSpec {
        /// The template.
        pub template: PodTemplateSpec,
    }

    /// A DaemonSet.
    pub struct DaemonSet {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: DaemonSetSpec,
        /// Status.
        pub status: DaemonSetStatus,
    }

    /// `status` of a DaemonSet.
    pub struct DaemonSetStatus {
        /// Nodes that should run a pod of it.
        pub desired_number_scheduled: i32,
        /// Of these, nodes that have one.
        pub current_number_scheduled: i32,
        /// Nodes that have one and should not.
        pub number_misscheduled: i32,
        /// Nodes that should run a pod, and whose pod is ready.
        pub number_ready: i32,
        /// Nodes whose pod is made from the template as it is.
        pub updated_number_scheduled: i32,
        /// Nodes whose pod has been ready for long enough.
        pub number_available: i32,
        /// Nodes that should run a pod and have none that is available.
        pub number_unavailable: i32,
        /// Which version of the spec this is about.
        pub observed_generation: Option<i64>,
    }

    /// `spec` of a DaemonSet.
    pub struct DaemonSetSpec {
        /// Which pods are its own.
        pub selector: Option<LabelSelector>,
        /// What they are made from.
        pub template: PodTemplateSpec,
        /// How pods are replaced.
        pub update_strategy: DeploymentStrategy,
        /// Seconds a pod must be ready to count as available.
        pub min_ready_seconds: i32,
        /// How many old revisions are kept; absent is 10.
        pub revision_history_limit: Option<i32>,
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
        /// Whether the selector was written by hand instead of generated.
        pub manual_selector: Option<bool>,
        /// Seconds after which all its pods are ended.
        pub active_deadline_seconds: Option<i64>,
        /// Failures after which it has failed; absent is 6.
        pub backoff_limit: Option<i32>,
        /// Indexed: failures of one index after which that index has failed.
        pub backoff_limit_per_index: Option<i32>,
        /// Indexed: failed indexes after which it has failed.
        pub max_failed_indexes: Option<i32>,
        /// What failures of its pods mean.
        pub pod_failure_policy: Option<PodFailurePolicy>,
        /// Indexed: when enough indexes have succeeded.
        pub success_policy: Option<SuccessPolicy>,
        /// When a pod is replaced: `TerminatingOrFailed` (default) or `Failed`.
        pub pod_replacement_policy: Option<String>,
        /// Seconds after its end when it is deleted.
        pub ttl_seconds_after_finished: Option<i32>,
        /// Controller that manages it, when it is not the Job controller.
        pub managed_by: Option<String>,
    }

    /// What failures of a Job's pods mean: the first rule that matches counts.
    pub struct PodFailurePolicy {
        /// The rules.
        pub rules: Vec<PodFailurePolicyRule>,
    }

    /// What some failures mean.
    pub struct PodFailurePolicyRule {
        /// `FailJob`, `FailIndex`, `Ignore` or `Count`.
        pub action: String,
        /// Failures with these exit codes.
        pub on_exit_codes: Option<PodFailurePolicyOnExitCodes>,
        /// Failures of pods with these conditions.
        pub on_pod_conditions: Vec<PodFailurePolicyOnPodConditions>,
    }

    /// Failures by exit code.
    pub struct PodFailurePolicyOnExitCodes {
        /// Which container; absent is any.
        pub container_name: Option<String>,
        /// `In` or `NotIn`.
        pub operator: String,
        /// The codes.
        pub values: Vec<i32>,
    }

    /// Failures by condition of the pod.
    pub struct PodFailurePolicyOnPodConditions {
        /// Type of the condition.
        pub r#type: String,
        /// Its status.
        pub status: String,
    }

    /// When enough indexes of a Job have succeeded.
    pub struct SuccessPolicy {
        /// One of them must hold.
        pub rules: Vec<SuccessPolicyRule>,
    }

    /// Indexes that must succeed.
    pub struct SuccessPolicyRule {
        /// Which, such as `0-2,5`; absent is any.
        pub succeeded_indexes: Option<String>,
        /// How many of them; absent is all.
        pub succeeded_count: Option<i32>,
    }

    /// `status` of a Job.
    pub struct JobStatus {
        /// Pods running or pending.
        pub active: i32,
        /// Pods that succeeded.
        pub succeeded: i32,
        /// Pods that failed.
        pub failed: i32,
        /// Of the active ones, those that are ready.
        pub ready: Option<i32>,
        /// Pods that are being deleted and have not ended.
        pub terminating: Option<i32>,
        /// Indexes of an indexed Job that succeeded, such as `0-2,5`.
        pub completed_indexes: String,
        /// Indexes that failed for good, where each has a limit of its own.
        pub failed_indexes: Option<String>,
        /// When it was started, or started anew.
        pub start_time: Option<String>,
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
        /// Status.
        pub status: CronJobStatus,
    }

    /// `status` of a CronJob.
    pub struct CronJobStatus {
        /// Jobs that are not finished.
        pub active: Vec<ObjectReference>,
        /// The time of the schedule at which the last Job was started.
        pub last_schedule_time: Option<String>,
        /// When a Job last succeeded.
        pub last_successful_time: Option<String>,
    }

    /// An object that another one names.
    pub struct ObjectReference {
        /// API group and version.
        pub api_version: String,
        /// Kind.
        pub kind: String,
        /// Namespace.
        pub namespace: String,
        /// Name.
        pub name: String,
        /// Identity.
        pub uid: String,
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
        /// Time zone of the schedule; absent is that of the controller.
        pub time_zone: Option<String>,
        /// Seconds a run may be late and still start.
        pub starting_deadline_seconds: Option<i64>,
        /// How many finished runs are kept; absent is 3.
        pub successful_jobs_history_limit: Option<i32>,
        /// How many failed runs are kept; absent is 1.
        pub failed_jobs_history_limit: Option<i32>,
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
        /// Ports it listens on.
        pub ports: Vec<ServicePort>,
        /// `Cluster` (default) or `Local`: whether a node passes on to other nodes what comes in from outside.
        pub external_traffic_policy: String,
        /// Whether a load balancer takes ports of the nodes (default true).
        pub allocate_load_balancer_node_ports: Option<bool>,
    }

    /// A port of a Service.
    pub struct ServicePort {
        /// Name.
        pub name: String,
        /// The port.
        pub port: i32,
        /// Its port on every node; 0 is none.
        pub node_port: i32,
        /// `TCP` (default), `UDP` or `SCTP`.
        pub protocol: String,
    }
}

impl PodTemplateSpec {
    /// The template as compact JSON, defaults left out and maps in order: the same text for the same template, however it
    /// was written and wherever it was read.
    pub fn canonical_text(&self) -> String {
        serde_json::to_string(self).expect("a template holds nothing that JSON cannot say")
    }
}
