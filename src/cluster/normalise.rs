//! From written objects to numbers.

use rustc_hash::{FxHashMap, FxHashSet};

use super::compile::{Compiler, HOSTNAME, scheduler_name};
use super::index::{ClaimId, ClassId, PodId, TextId, Texts, VolumeId};
use super::labels::{LabelSet, Selector};
use super::nodes::{Taint, TaintEffect};
use super::relations::Relations;
use super::storage::{Claim, Storage, StorageCapacity, StorageClass, Volume};
use super::{Budget, Cluster, PodRow, Standing};
use crate::manifest::Objects;
use crate::manifest::meta::{OwnerReference, StringMap};
use crate::manifest::pod::{
    Affinity, Container, ContainerStatus, Pod, PodResourceClaim, ResourceList, ResourceRequirements, Toleration, TopologySpreadConstraint,
    Volume as PodVolume,
};
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim};

impl Cluster {
    /// Brings the objects of an input into numbers.
    pub fn new(objects: &Objects) -> Cluster {
        Self::with(objects, |_| ()).0
    }

    /// As [`Cluster::new`], and compiles what else must be numbers before the cluster is frozen.
    pub fn with<T>(objects: &Objects, compile: impl FnOnce(&mut Compiler) -> T) -> (Cluster, T) {
        let mut compiler = Compiler::default();
        compiler.nodes = super::nodes::Nodes::new(&mut compiler.texts, &mut compiler.resources, &objects.nodes);
        compiler.namespaces = namespaces(&mut compiler, objects);
        let mut storage = storage(&mut compiler, objects);
        compiler.claim_by_name = std::mem::take(&mut storage.claim_by_name);
        read_default_spread(&mut compiler, objects);
        let (pods, classes) = pods(&mut compiler, &objects.pods, &parallel(objects));
        let system_spread = system_spread(&mut compiler);
        let unreachable = unreachable(&mut compiler.texts);
        let compiled = compile(&mut compiler);
        let budgets = budgets(&mut compiler, objects);
        compiler.nodes.widen(&compiler.resources);
        let topologies = compiler.finish_topologies();
        storage.claim_by_name = std::mem::take(&mut compiler.claim_by_name);
        let pod_by_name = pods.iter().enumerate().map(|(index, row)| ((row.namespace, row.name), PodId::new(index))).collect();
        let cluster = Cluster {
            relations: Relations::new(&classes, &compiler.terms),
            texts: compiler.texts,
            resources: compiler.resources,
            nodes: compiler.nodes,
            terms: compiler.terms,
            namespaces: compiler.namespaces,
            pods,
            classes,
            topologies,
            storage,
            budgets,
            system_spread,
            unreachable,
            pod_by_name,
        };
        (cluster, compiled)
    }
}

/// Labels of every namespace that an object or a pod names; the API server labels each with its name.
fn namespaces(compiler: &mut Compiler, objects: &Objects) -> Vec<(TextId, LabelSet)> {
    let mut written: indexmap::IndexMap<&str, StringMap> =
        objects.namespaces.iter().map(|namespace| (namespace.metadata.name.as_str(), namespace.metadata.labels.clone())).collect();
    for pod in &objects.pods {
        if !written.contains_key(pod.metadata.namespace.as_str()) {
            written.insert(&pod.metadata.namespace, StringMap::new());
        }
    }
    let texts = &mut compiler.texts;
    let labelled = written.into_iter().map(|(name, mut labels)| {
        labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert_with(|| name.to_owned());
        (texts.intern(name), LabelSet::new(texts, &labels))
    });
    labelled.collect()
}

fn read_default_spread(compiler: &mut Compiler, objects: &Objects) {
    for service in objects.services.iter().filter(|service| !service.spec.selector.is_empty()) {
        let namespace = compiler.texts.intern(&service.metadata.namespace);
        let selector = Selector::equal_to(&mut compiler.texts, &service.spec.selector);
        compiler.services.entry(namespace).or_default().push(selector);
    }
    let mut controllers = Vec::new();
    for set in &objects.replica_sets {
        controllers.push(("ReplicaSet", &set.metadata, compiler.selector(set.spec.selector.as_ref())));
    }
    for set in &objects.stateful_sets {
        controllers.push(("StatefulSet", &set.metadata, compiler.selector(set.spec.selector.as_ref())));
    }
    for controller in &objects.replication_controllers {
        let selector =
            if controller.spec.selector.is_empty() { &controller.spec.template.metadata.labels } else { &controller.spec.selector };
        controllers.push(("ReplicationController", &controller.metadata, Selector::equal_to(&mut compiler.texts, selector)));
    }
    for (kind, metadata, selector) in controllers {
        let texts = &mut compiler.texts;
        let key = (texts.intern(&metadata.namespace), texts.intern(kind), texts.intern(&metadata.name));
        compiler.controllers.insert(key, selector);
    }
}

/// The taints of a node whose kubelet is silent, in the order in which they are added.
fn unreachable(texts: &mut Texts) -> [Taint; 2] {
    let (key, value) = (texts.intern("node.kubernetes.io/unreachable"), texts.intern(""));
    [TaintEffect::NoSchedule, TaintEffect::NoExecute].map(|effect| Taint { key, value, effect })
}

/// Hostname with skew 3 and zone with skew 5, both soft.
///
/// Source: pkg/scheduler/framework/plugins/podtopologyspread/plugin.go (`systemDefaultConstraints`), v1.36.
fn system_spread(compiler: &mut Compiler) -> Vec<super::SpreadConstraint> {
    let constraint = |(key, max_skew): (&str, i32)| TopologySpreadConstraint {
        topology_key: key.to_owned(),
        max_skew,
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        ..TopologySpreadConstraint::default()
    };
    let constraints = [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)].map(constraint);
    constraints.iter().map(|constraint| compiler.constraint(constraint, Selector::Nothing)).collect()
}

/// What makes two pods one class: everything written that the scheduler looks at.
#[derive(PartialEq, Eq, Hash)]
struct ClassKey<'a> {
    namespace: &'a str,
    labels: &'a StringMap,
    containers: &'a [Container],
    init_containers: &'a [Container],
    resources: Option<&'a ResourceRequirements>,
    overhead: &'a ResourceList,
    node_selector: &'a StringMap,
    affinity: Option<&'a Affinity>,
    tolerations: &'a [Toleration],
    spread: &'a [TopologySpreadConstraint],
    scheduler: &'a str,
    priority: Option<i32>,
    preemption_policy: &'a str,
    resource_claims: &'a [PodResourceClaim],
    volumes: Vec<&'a PodVolume>,
    /// Claims of generic ephemeral volumes are named after the pod.
    name: Option<&'a str>,
    controller: Option<(&'a str, &'a str)>,
    resized: Option<(&'a [ContainerStatus], &'a [ContainerStatus], bool)>,
    gated: bool,
    terminating: bool,
}

impl<'a> ClassKey<'a> {
    fn new(pod: &'a Pod) -> Self {
        let spec = &pod.spec;
        let volumes: Vec<&PodVolume> = spec.volumes.iter().filter(|volume| is_scheduled(volume)).collect();
        let ephemeral = volumes.iter().any(|volume| volume.ephemeral.is_some());
        let owner = |owner: &'a OwnerReference| (owner.kind.as_str(), owner.name.as_str());
        ClassKey {
            namespace: &pod.metadata.namespace,
            labels: &pod.metadata.labels,
            containers: &spec.containers,
            init_containers: &spec.init_containers,
            resources: spec.resources.as_deref(),
            overhead: &spec.overhead,
            node_selector: &spec.node_selector,
            affinity: spec.affinity.as_deref(),
            tolerations: &spec.tolerations,
            spread: &spec.topology_spread_constraints,
            scheduler: scheduler_name(spec),
            priority: spec.priority,
            preemption_policy: &spec.preemption_policy,
            resource_claims: &spec.resource_claims,
            volumes,
            name: ephemeral.then_some(pod.metadata.name.as_str()),
            controller: pod.metadata.controller().map(owner),
            resized: is_resized(pod).then(|| resize(pod)),
            gated: !spec.scheduling_gates.is_empty(),
            terminating: pod.is_terminating(),
        }
    }
}

fn is_scheduled(volume: &PodVolume) -> bool {
    let disk =
        volume.gce_persistent_disk.is_some() || volume.aws_elastic_block_store.is_some() || volume.rbd.is_some() || volume.iscsi.is_some();
    disk || volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some()
}

/// Whether what is in force differs from what is asked for.
fn is_resized(pod: &Pod) -> bool {
    let differs = |status: &ContainerStatus| {
        let container = pod.spec.containers.iter().chain(&pod.spec.init_containers).find(|container| container.name == status.name);
        let asked = container.map(|container| &container.resources.requests);
        let in_force = status.resources.as_ref().map(|resources| &resources.requests);
        in_force.is_some_and(|in_force| Some(in_force) != asked)
            || !status.allocated_resources.is_empty() && Some(&status.allocated_resources) != asked
    };
    pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses).any(differs)
}

fn resize(pod: &Pod) -> (&[ContainerStatus], &[ContainerStatus], bool) {
    let infeasible =
        pod.status.conditions.iter().any(|condition| condition.r#type == "PodResizePending" && condition.reason == "Infeasible");
    (&pod.status.container_statuses, &pod.status.init_container_statuses, infeasible)
}

/// StatefulSets that make all their pods at once.
type Parallel<'a> = FxHashSet<(&'a str, &'a str)>;

fn parallel(objects: &Objects) -> Parallel<'_> {
    let sets = objects.stateful_sets.iter().filter(|set| set.spec.pod_management_policy == "Parallel");
    sets.map(|set| (set.metadata.namespace_or_default(), set.metadata.name.as_str())).collect()
}

/// The StatefulSet that makes a pod after those before it. One that is not in the input is taken to do so, as they do unless told otherwise.
fn sequence<'a>(pod: &'a Pod, parallel: &Parallel<'_>) -> Option<&'a str> {
    let owner = pod.metadata.controller().filter(|owner| owner.kind == "StatefulSet")?;
    let is_parallel = parallel.contains(&(pod.metadata.namespace_or_default(), owner.name.as_str()));
    (!is_parallel).then_some(owner.name.as_str())
}

fn pods(compiler: &mut Compiler, written: &[Pod], parallel: &Parallel<'_>) -> (Vec<PodRow>, Vec<super::Class>) {
    let mut class_by_key: FxHashMap<ClassKey<'_>, ClassId> = FxHashMap::default();
    let mut classes = Vec::new();
    let mut rows = Vec::with_capacity(written.len());
    for (object, pod) in written.iter().enumerate() {
        let class = *class_by_key.entry(ClassKey::new(pod)).or_insert_with(|| {
            classes.push(compiler.class(pod));
            ClassId::new(classes.len() - 1)
        });
        let texts = &mut compiler.texts;
        let node = |name: &str| texts.find(name).and_then(|name| compiler.nodes.find(name));
        let standing = match (pod.is_terminal(), pod.spec.node_name.as_str()) {
            (true, _) => Standing::Ended,
            (false, "") if pod.is_terminating() => Standing::PendingDeletion,
            (false, "") => Standing::Pending,
            (false, name) => node(name).map_or(Standing::Orphaned, Standing::Bound),
        };
        let nominated = Some(pod.status.nominated_node_name.as_str()).filter(|name| !name.is_empty()).and_then(node);
        rows.push(PodRow {
            class,
            object,
            standing,
            nominated,
            preempted: is_preempted(pod),
            controlled: pod.metadata.controller().is_some(),
            sequence: sequence(pod, parallel).map(|set| texts.intern(set)),
            namespace: texts.intern(&pod.metadata.namespace),
            name: texts.intern(&pod.metadata.name),
            started: pod.status.start_time.as_deref().map(|time| texts.intern(time)),
            created: pod.metadata.creation_timestamp.as_deref().map(|time| texts.intern(time)),
        });
    }
    (rows, classes)
}

/// Whether a pod is being deleted to make room for another one; pods that leave for other reasons do not count.
fn is_preempted(pod: &Pod) -> bool {
    let disruption = pod.status.conditions.iter().find(|condition| condition.r#type == "DisruptionTarget");
    pod.is_terminating() && disruption.is_some_and(|found| found.status == "True" && found.reason == "PreemptionByScheduler")
}

fn budgets(compiler: &mut Compiler, objects: &Objects) -> Vec<Budget> {
    let budget = |written: &crate::manifest::policy::PodDisruptionBudget| Budget {
        namespace: compiler.texts.intern(&written.metadata.namespace),
        name: compiler.texts.intern(&written.metadata.name),
        selector: Selector::new(&mut compiler.texts, written.spec.selector.as_ref()),
        allowed: i64::from(written.status.disruptions_allowed),
        disrupted: written.status.disrupted_pods.keys().map(|name| compiler.texts.intern(name)).collect(),
    };
    objects.pod_disruption_budgets.iter().map(budget).collect()
}

fn storage(compiler: &mut Compiler, objects: &Objects) -> Storage {
    let mut storage = Storage::default();
    for written in &objects.persistent_volume_claims {
        let claim = claim(compiler, written);
        storage.claim_by_name.insert(claim.key, ClaimId::new(storage.claims.len()));
        storage.claims.push(claim);
    }
    for written in &objects.persistent_volumes {
        let volume = volume(compiler, written);
        storage.volume_by_name.insert(volume.name, VolumeId::new(storage.volumes.len()));
        storage.volumes.push(volume);
    }
    for written in &objects.storage_classes {
        let name = compiler.texts.intern(&written.metadata.name);
        storage.classes.insert(name, storage_class(compiler, written));
    }
    drivers(compiler, objects, &mut storage);
    storage
}

fn storage_class(compiler: &mut Compiler, written: &crate::manifest::storage::StorageClass) -> StorageClass {
    let texts = &mut compiler.texts;
    let mut values = |requirement: &crate::manifest::storage::TopologySelectorLabelRequirement| {
        (texts.intern(&requirement.key), requirement.values.iter().map(|value| texts.intern(value)).collect())
    };
    let terms = written.allowed_topologies.iter();
    StorageClass {
        allowed_topologies: terms.map(|term| term.match_label_expressions.iter().map(&mut values).collect()).collect(),
        provisioner: texts.intern(&written.provisioner),
        provisions: !matches!(written.provisioner.as_str(), "" | "kubernetes.io/no-provisioner"),
        waits_for_consumer: written.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"),
    }
}

fn drivers(compiler: &mut Compiler, objects: &Objects, storage: &mut Storage) {
    let texts = &mut compiler.texts;
    for csi_node in &objects.csi_nodes {
        let Some(node) = texts.find(&csi_node.metadata.name).and_then(|name| compiler.nodes.find(name)) else { continue };
        for driver in &csi_node.spec.drivers {
            if let Some(count) = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count) {
                storage.limits.insert((node, texts.intern(&driver.name)), i64::from(count));
            }
        }
    }
    let reporting = objects.csi_drivers.iter().filter(|driver| driver.spec.storage_capacity == Some(true));
    storage.capacity_drivers = reporting.map(|driver| texts.intern(&driver.metadata.name)).collect();
    for written in &objects.csi_storage_capacities {
        storage.capacities.push(StorageCapacity {
            class: texts.intern(&written.storage_class_name),
            nodes: Selector::new(texts, written.node_topology.as_ref()),
            largest: written.maximum_volume_size.or(written.capacity),
        });
    }
    for attachment in &objects.volume_attachments {
        let node = texts.find(&attachment.spec.node_name).and_then(|name| compiler.nodes.find(name));
        let volume = attachment.spec.source.persistent_volume_name.as_deref().and_then(|name| texts.find(name));
        let volume = volume.and_then(|name| storage.volume_by_name.get(&name));
        if let (Some(node), Some(csi)) = (node, volume.and_then(|&id| storage.volume(id).csi)) {
            storage.attached.entry(node).or_default().push(csi);
        }
    }
}

fn claim(compiler: &mut Compiler, written: &PersistentVolumeClaim) -> Claim {
    let texts = &mut compiler.texts;
    let (spec, annotations) = (&written.spec, &written.metadata.annotations);
    let class = annotations.get("volume.beta.kubernetes.io/storage-class").or(spec.storage_class_name.as_ref());
    let mut named = |name: &str| (!name.is_empty()).then(|| texts.intern(name));
    Claim {
        volume_name: named(&spec.volume_name),
        class: class.and_then(|class| named(class)),
        attributes_class: spec.volume_attributes_class_name.as_deref().and_then(&mut named),
        selected_node: annotations.get("volume.kubernetes.io/selected-node").and_then(|node| named(node)),
        key: (texts.intern(&written.metadata.namespace), texts.intern(&written.metadata.name)),
        uid: texts.intern(&written.metadata.uid),
        bind_completed: annotations.contains_key("pv.kubernetes.io/bind-completed"),
        one_pod_only: spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod"),
        request: spec.resources.requests.get("storage").copied().unwrap_or_default(),
        access_modes: spec.access_modes.iter().map(|mode| texts.intern(mode)).collect(),
        block: spec.volume_mode.as_deref() == Some("Block"),
        selector: spec.selector.as_ref().map(|selector| Selector::new(texts, Some(selector))),
        deleting: written.metadata.deletion_timestamp.is_some(),
        lost: written.status.phase == "Lost",
        owner_pods: written.metadata.owner_references.iter().map(|owner| texts.intern(&owner.name)).collect(),
    }
}

/// Labels of a volume that say in which zone or region it is.
const ZONE_LABELS: [&str; 4] = [
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

fn volume(compiler: &mut Compiler, written: &PersistentVolume) -> Volume {
    let spec = &written.spec;
    let required = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    let reachable_from = required.map(|required| compiler.node_terms(&required.node_selector_terms));
    let texts = &mut compiler.texts;
    let zones = ZONE_LABELS.iter().filter_map(|&key| {
        let values: Vec<&str> = written.metadata.labels.get(key)?.split("__").map(str::trim).collect();
        // upstream passes a label with an empty zone over
        let readable = values.iter().all(|value| !value.is_empty());
        readable.then(|| (texts.intern(key), values.iter().map(|value| texts.intern(value)).collect()))
    });
    let zones = zones.collect();
    let class = written.metadata.annotations.get("volume.beta.kubernetes.io/storage-class").unwrap_or(&spec.storage_class_name);
    Volume {
        reachable_from,
        zones,
        name: texts.intern(&written.metadata.name),
        csi: spec.csi.as_ref().map(|csi| (texts.intern(&csi.driver), texts.intern(&csi.volume_handle))),
        capacity: spec.capacity.get("storage").copied().unwrap_or_default(),
        class: (!class.is_empty()).then(|| texts.intern(class)),
        // a manifest has no status: the controller makes its volume available at once
        available: matches!(written.status.phase.as_str(), "" | "Available"),
        claim: spec.claim_ref.as_ref().map(|claim| {
            let uid = (!claim.uid.is_empty()).then(|| texts.intern(&claim.uid));
            (texts.intern(&claim.namespace), texts.intern(&claim.name), uid)
        }),
        access_modes: spec.access_modes.iter().map(|mode| texts.intern(mode)).collect(),
        block: spec.volume_mode.as_deref() == Some("Block"),
        attributes_class: spec.volume_attributes_class_name.as_deref().map(|name| texts.intern(name)),
        labels: LabelSet::new(texts, &written.metadata.labels),
        deleting: written.metadata.deletion_timestamp.is_some(),
    }
}
