//! Pods: what runs, what it asks for, and where it may run.

use super::meta::{LabelSelector, ObjectMeta, SelectorRequirement, StringMap};
use super::quantity::Quantity;

/// Resource name → quantity.
pub type ResourceList = litemap::LiteMap<String, Quantity>;

objects! {
    /// A pod.
    pub struct Pod {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// What is asked for.
        pub spec: PodSpec,
        /// What is.
        pub status: PodStatus,
    }

    /// `spec` of a pod.
    pub struct PodSpec {
        /// Containers.
        pub containers: Vec<Container>,
        /// Init containers; those with `restartPolicy: Always` are sidecars.
        pub init_containers: Vec<Container>,
        /// Pod-level resources.
        pub resources: Option<Box<ResourceRequirements>>,
        /// What the runtime class adds.
        pub overhead: ResourceList,
        /// The node it is bound to, or must run on.
        pub node_name: String,
        /// Labels its node must have.
        pub node_selector: StringMap,
        /// Affinity to nodes and pods.
        pub affinity: Option<Box<Affinity>>,
        /// Taints it tolerates.
        pub tolerations: Vec<Toleration>,
        /// How evenly it must be spread.
        pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
        /// Reasons to hold it back from scheduling.
        pub scheduling_gates: Vec<SchedulingGate>,
        /// Which scheduler places it; empty means `default-scheduler`.
        pub scheduler_name: String,
        /// Resolved priority.
        pub priority: Option<i32>,
        /// Priority class it names.
        pub priority_class_name: String,
        /// `PreemptLowerPriority` (default) or `Never`.
        pub preemption_policy: String,
        /// Runtime class it names.
        pub runtime_class_name: Option<String>,
        /// Whether it uses the node's network.
        pub host_network: bool,
        /// Volumes.
        pub volumes: Vec<Volume>,
        /// `Always`, `OnFailure` or `Never`.
        pub restart_policy: String,
        /// Service account it runs as.
        pub service_account_name: String,
        /// Seconds it has to end.
        pub termination_grace_period_seconds: Option<i64>,
        /// Seconds after which it is ended.
        pub active_deadline_seconds: Option<i64>,
        /// Dynamic resource claims it uses.
        pub resource_claims: Vec<PodResourceClaim>,
        /// Hostname within its service.
        pub hostname: String,
        /// Service that its hostname is within.
        pub subdomain: String,
        /// Operating system it needs.
        pub os: Option<PodOs>,
    }

    /// `spec.os` of a pod.
    pub struct PodOs {
        /// `linux` or `windows`.
        pub name: String,
    }

    /// A dynamic resource claim a pod uses.
    pub struct PodResourceClaim {
        /// Name in the pod.
        pub name: String,
        /// Claim it refers to.
        pub resource_claim_name: Option<String>,
        /// Template it is made from.
        pub resource_claim_template_name: Option<String>,
    }

    /// `status` of a pod.
    pub struct PodStatus {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        pub phase: String,
        /// Why, in one word (`Evicted`, …).
        pub reason: String,
        /// Conditions.
        pub conditions: Vec<Condition>,
        /// `Guaranteed`, `Burstable` or `BestEffort`.
        pub qos_class: String,
        /// Node kept free for it by a preemption.
        pub nominated_node_name: String,
        /// When the kubelet took it.
        pub start_time: Option<String>,
        /// State of the containers.
        pub container_statuses: Vec<ContainerStatus>,
        /// State of the init containers.
        pub init_container_statuses: Vec<ContainerStatus>,
        /// Pod-level resources actually in force.
        pub resources: Option<Box<ResourceRequirements>>,
        /// Pod-level resources the node has set aside.
        pub allocated_resources: ResourceList,
    }

    /// State of a container.
    pub struct ContainerStatus {
        /// Which container.
        pub name: String,
        /// Whether it is ready.
        pub ready: bool,
        /// How often it was started again.
        pub restart_count: i32,
        /// What it is doing.
        pub state: ContainerState,
        /// Resources the node has set aside for it.
        pub allocated_resources: ResourceList,
        /// Resources in force for it.
        pub resources: Option<Box<ResourceRequirements>>,
    }

    /// What a container is doing.
    pub struct ContainerState {
        /// It has ended.
        pub terminated: Option<ContainerStateTerminated>,
    }

    /// How a container ended.
    pub struct ContainerStateTerminated {
        /// Its exit code.
        pub exit_code: i32,
        /// When it ended.
        pub finished_at: Option<String>,
    }

    /// A condition of a pod, node or other object.
    pub struct Condition {
        /// Which one.
        pub r#type: String,
        /// `True`, `False` or `Unknown`.
        pub status: String,
        /// Why, in one word.
        pub reason: String,
        /// Why, in a sentence.
        pub message: String,
        /// When it last changed.
        pub last_transition_time: Option<String>,
    }

    /// A container.
    pub struct Container {
        /// Name in the pod.
        pub name: String,
        /// Image.
        pub image: String,
        /// What it asks for.
        pub resources: ResourceRequirements,
        /// Ports.
        pub ports: Vec<ContainerPort>,
        /// For init containers: `Always` makes a sidecar.
        pub restart_policy: Option<String>,
        /// When it counts as ready.
        pub readiness_probe: Option<Probe>,
        /// When it counts as started.
        pub startup_probe: Option<Probe>,
    }

    /// The timing of a probe.
    pub struct Probe {
        /// Seconds before the first try.
        pub initial_delay_seconds: Option<i64>,
        /// Seconds between tries.
        pub period_seconds: Option<i64>,
        /// Tries that must succeed.
        pub success_threshold: Option<i64>,
        /// Tries that may fail.
        pub failure_threshold: Option<i64>,
    }

    /// Requests and limits.
    pub struct ResourceRequirements {
        /// What the scheduler sets aside.
        pub requests: ResourceList,
        /// What the kernel enforces.
        pub limits: ResourceList,
    }

    /// A port of a container.
    pub struct ContainerPort {
        /// Name.
        pub name: String,
        /// Port in the container.
        pub container_port: i32,
        /// Port on the node; 0 is none.
        pub host_port: i32,
        /// Address on the node; empty is every one.
        #[serde(rename = "hostIP")]
        pub host_ip: String,
        /// `TCP` (default), `UDP` or `SCTP`.
        pub protocol: String,
    }

    /// Why a pod is held back.
    pub struct SchedulingGate {
        /// Name of the gate.
        pub name: String,
    }

    /// Affinity to nodes and pods.
    pub struct Affinity {
        /// To nodes.
        pub node_affinity: Option<NodeAffinity>,
        /// To pods.
        pub pod_affinity: Option<PodAffinity>,
        /// Away from pods.
        pub pod_anti_affinity: Option<PodAffinity>,
    }

    /// Affinity to nodes.
    pub struct NodeAffinity {
        /// Must hold.
        pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
        /// Should hold.
        pub preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
    }

    /// Terms, of which one must match.
    pub struct NodeSelector {
        /// The terms.
        pub node_selector_terms: Vec<NodeSelectorTerm>,
    }

    /// A term: all of its requirements must match; an empty one matches nothing.
    pub struct NodeSelectorTerm {
        /// On labels.
        pub match_expressions: Vec<SelectorRequirement>,
        /// On fields; only `metadata.name` exists.
        pub match_fields: Vec<SelectorRequirement>,
    }

    /// A wish about nodes.
    pub struct PreferredSchedulingTerm {
        /// 1 to 100.
        pub weight: i32,
        /// What is wished for.
        pub preference: NodeSelectorTerm,
    }

    /// Affinity to, or away from, pods.
    pub struct PodAffinity {
        /// Must hold, all of them.
        pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
        /// Should hold.
        pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    }

    /// A wish about pods.
    pub struct WeightedPodAffinityTerm {
        /// 1 to 100.
        pub weight: i32,
        /// What is wished for.
        pub pod_affinity_term: PodAffinityTerm,
    }

    /// Pods, and the topology in which they count as near.
    pub struct PodAffinityTerm {
        /// Which pods; none means no pod.
        pub label_selector: Option<LabelSelector>,
        /// In which namespaces.
        pub namespaces: Vec<String>,
        /// In namespaces with these labels; empty means every namespace.
        pub namespace_selector: Option<LabelSelector>,
        /// Label whose value makes nodes near.
        pub topology_key: String,
        /// Label keys whose values the server merges into the selector (`In`).
        pub match_label_keys: Vec<String>,
        /// Label keys whose values the server merges into the selector (`NotIn`).
        pub mismatch_label_keys: Vec<String>,
    }

    /// A taint tolerated.
    pub struct Toleration {
        /// Taint key; empty with `Exists` tolerates everything.
        pub key: String,
        /// `Equal` (default), `Exists`, `Lt` or `Gt`.
        pub operator: String,
        /// Taint value.
        pub value: String,
        /// Effect; empty means every effect.
        pub effect: String,
        /// How long a `NoExecute` taint is tolerated.
        pub toleration_seconds: Option<i64>,
    }

    /// How evenly pods must be spread over a topology.
    pub struct TopologySpreadConstraint {
        /// How uneven it may be.
        pub max_skew: i32,
        /// Label whose values are the domains.
        pub topology_key: String,
        /// `DoNotSchedule` or `ScheduleAnyway`.
        pub when_unsatisfiable: String,
        /// Which pods count.
        pub label_selector: Option<LabelSelector>,
        /// How many domains there must be before skew is measured against more than zero.
        pub min_domains: Option<i32>,
        /// `Honor` (default) or `Ignore`.
        pub node_affinity_policy: Option<String>,
        /// `Honor` or `Ignore` (default).
        pub node_taints_policy: Option<String>,
        /// Label keys whose values join the selector.
        pub match_label_keys: Vec<String>,
    }

    /// A volume of a pod.
    pub struct Volume {
        /// Name in the pod.
        pub name: String,
        /// A claim.
        pub persistent_volume_claim: Option<ClaimVolumeSource>,
        /// A claim made for this pod alone.
        pub ephemeral: Option<EphemeralVolumeSource>,
        /// A CSI volume without a claim.
        pub csi: Option<CsiVolumeSource>,
        /// A Google disk.
        pub gce_persistent_disk: Option<GcePersistentDisk>,
        /// An Amazon disk.
        pub aws_elastic_block_store: Option<AwsElasticBlockStore>,
        /// A Ceph disk.
        pub rbd: Option<RbdVolume>,
        /// An iSCSI disk.
        pub iscsi: Option<IscsiVolume>,
        /// An Azure disk.
        pub azure_disk: Option<AzureDisk>,
        /// A Cinder disk.
        pub cinder: Option<CinderVolume>,
        /// Scratch space on the node.
        pub empty_dir: Option<EmptyDir>,
        /// A folder of the node.
        pub host_path: Option<HostPath>,
    }

    /// A volume that is a claim.
    pub struct ClaimVolumeSource {
        /// Name of the claim in the pod's namespace.
        pub claim_name: String,
        /// Whether it is only read.
        pub read_only: bool,
    }

    /// A volume whose claim is named `POD-VOLUME`.
    pub struct EphemeralVolumeSource {
        /// What the claim is made from.
        pub volume_claim_template: Option<super::storage::PersistentVolumeClaimTemplate>,
    }

    /// An inline CSI volume.
    pub struct CsiVolumeSource {
        /// Driver.
        pub driver: String,
    }

    /// A Google disk.
    pub struct GcePersistentDisk {
        /// Name of the disk.
        pub pd_name: String,
        /// Whether it is only read.
        pub read_only: bool,
    }

    /// An Amazon disk.
    pub struct AwsElasticBlockStore {
        /// Identity of the disk.
        #[serde(rename = "volumeID")]
        pub volume_id: String,
        /// Whether it is only read.
        pub read_only: bool,
    }

    /// A Ceph disk.
    pub struct RbdVolume {
        /// Monitors.
        pub monitors: Vec<String>,
        /// Image.
        pub image: String,
        /// Pool; empty is `rbd`.
        pub pool: String,
        /// Whether it is only read.
        pub read_only: bool,
    }

    /// An iSCSI disk.
    pub struct IscsiVolume {
        /// Address.
        pub target_portal: String,
        /// Qualified name.
        pub iqn: String,
        /// Logical unit.
        pub lun: i32,
        /// Whether it is only read.
        pub read_only: bool,
    }

    /// An Azure disk.
    pub struct AzureDisk {
        /// Name of the disk.
        pub disk_name: String,
        /// Identity of the disk.
        #[serde(rename = "diskURI")]
        pub disk_uri: String,
    }

    /// A Cinder disk.
    pub struct CinderVolume {
        /// Identity of the disk.
        #[serde(rename = "volumeID")]
        pub volume_id: String,
    }

    /// Scratch space on the node.
    pub struct EmptyDir {
        /// `Memory` puts it in memory.
        pub medium: String,
        /// Largest size.
        pub size_limit: Option<Quantity>,
    }

    /// A folder of the node.
    pub struct HostPath {
        /// Path.
        pub path: String,
    }
}

impl Pod {
    /// Whether it has ended (`Succeeded` or `Failed`) and holds nothing any more.
    pub fn is_terminal(&self) -> bool {
        self.status.phase == "Succeeded" || self.status.phase == "Failed"
    }

    /// Whether its deletion was asked for.
    pub fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}
