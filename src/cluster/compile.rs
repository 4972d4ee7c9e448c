//! From a written pod to its class: every name a number, every selector compiled.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::class::*;
use super::index::{ClaimId, Interner, TermId, TextId, Texts, TopologyId};
use super::labels::{LabelSet, Requirement, Selector};
use super::nodes::{Nodes, TaintEffect};
use super::resources::{Requests, ResourceNames, scored_for_fit};
use super::storage::{ClaimUse, Disk, DiskIdentity, PodVolumes};
use super::topology::Topology;
use crate::manifest::meta::{LabelSelector, OwnerReference};
use crate::manifest::pod::{self as written, NodeSelectorTerm, Pod, PodAffinityTerm, Volume};

/// The label by which nodes are told apart.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// What compiling pods fills and looks up.
#[derive(Debug, Default)]
pub struct Compiler {
    /// Every text.
    pub texts: Texts,
    /// Resource columns.
    pub resources: ResourceNames,
    /// Nodes; complete before the first pod is compiled.
    pub nodes: Nodes,
    /// Topology keys met so far.
    pub topologies: Interner<TextId>,
    /// Affinity terms met so far.
    pub terms: Interner<PodTerm>,
    /// Labels of every namespace.
    pub namespaces: Vec<(TextId, LabelSet)>,
    /// Claims by namespace and name.
    pub claim_by_name: FxHashMap<(TextId, TextId), ClaimId>,
    /// Selectors of services, by namespace: what default spreading is made of.
    pub services: FxHashMap<TextId, Vec<Selector>>,
    /// Selectors of ReplicaSets, StatefulSets and ReplicationControllers, by namespace, kind and name.
    pub controllers: FxHashMap<(TextId, TextId, TextId), Selector>,
}

impl Compiler {
    /// The class of a pod.
    pub fn class(&mut self, pod: &Pod) -> Class {
        let spec = &pod.spec;
        let namespace = self.texts.intern(&pod.metadata.namespace);
        let labels = LabelSet::new(&mut self.texts, &pod.metadata.labels);
        let affinity = spec.affinity.clone().unwrap_or_default();
        let node_affinity = affinity.node_affinity.unwrap_or_default();
        let (near, apart) = (affinity.pod_affinity.unwrap_or_default(), affinity.pod_anti_affinity.unwrap_or_default());
        let mut preferred_pods = self.weighted(namespace, &near, 1);
        preferred_pods.extend(self.weighted(namespace, &apart, -1));
        Class {
            requests: Requests::of(&mut self.resources, pod, true),
            incoming: Requests::of(&mut self.resources, pod, false),
            scored: scored_for_fit(&mut self.resources, pod),
            priority: spec.priority.unwrap_or(0),
            preempts: spec.preemption_policy != "Never",
            tolerations: spec.tolerations.iter().map(|toleration| self.toleration(toleration)).collect(),
            node_selector: self.equalities(&spec.node_selector),
            required_nodes: node_affinity
                .required_during_scheduling_ignored_during_execution
                .map(|required| self.node_terms(&required.node_selector_terms)),
            preferred_nodes: self.preferred_nodes(&node_affinity.preferred_during_scheduling_ignored_during_execution),
            host_ports: self.host_ports(spec),
            affinity: self.terms(namespace, &near.required_during_scheduling_ignored_during_execution),
            anti_affinity: self.terms(namespace, &apart.required_during_scheduling_ignored_during_execution),
            preferred_pods,
            spread: spec.topology_spread_constraints.iter().map(|written| self.spread_constraint(written, &labels)).collect(),
            default_spread: self.default_spread(namespace, &labels, pod.metadata.controller()),
            images: self.images(spec),
            volumes: self.volumes(namespace, pod),
            scheduler: self.texts.intern(scheduler_name(spec)),
            gated: !spec.scheduling_gates.is_empty(),
            resource_claims: spec.resource_claims.len(),
            terminating: pod.is_terminating(),
            namespace,
            labels,
        }
    }

    fn equalities(&mut self, labels: &crate::manifest::meta::StringMap) -> Vec<Requirement> {
        labels.iter().map(|(key, value)| Requirement::equals(self.texts.intern(key), self.texts.intern(value))).collect()
    }

    fn toleration(&mut self, written: &written::Toleration) -> Toleration {
        Toleration {
            key: (!written.key.is_empty()).then(|| self.texts.intern(&written.key)),
            effect: (!written.effect.is_empty()).then(|| TaintEffect::parse(&written.effect)),
            value: (written.operator != "Exists").then(|| self.texts.intern(&written.value)),
        }
    }

    /// Required terms.
    pub fn node_terms(&mut self, written: &[NodeSelectorTerm]) -> Vec<NodeTerm> {
        written.iter().map(|term| self.node_term(term)).collect()
    }

    /// Preferred terms.
    pub fn preferred_nodes(&mut self, written: &[written::PreferredSchedulingTerm]) -> Vec<(i64, NodeTerm)> {
        written.iter().map(|term| (i64::from(term.weight), self.node_term(&term.preference))).collect()
    }

    /// An empty term matches nothing, but it is there: it does not name its nodes, and a preferred one is scored.
    fn node_term(&mut self, written: &NodeSelectorTerm) -> NodeTerm {
        let empty = written.match_expressions.is_empty() && written.match_fields.is_empty();
        let mut term = NodeTerm { valid: !empty, ..NodeTerm::default() };
        for expression in &written.match_expressions {
            match Requirement::new(&mut self.texts, expression) {
                Some(requirement) => term.labels.push(requirement),
                None => term.valid = false,
            }
        }
        for field in &written.match_fields {
            match (field.key.as_str(), field.operator.as_str(), field.values.as_slice()) {
                ("metadata.name", operator @ ("In" | "NotIn"), [name]) => {
                    term.names.push((self.texts.intern(name), operator == "In"));
                }
                _ => term.valid = false,
            }
            if field.key == "metadata.name" && field.operator == "In" {
                let names: Vec<TextId> = field.values.iter().map(|name| self.texts.intern(name)).collect();
                term.listed_names = Some(match term.listed_names.take() {
                    None => names,
                    Some(listed) => listed.into_iter().filter(|name| names.contains(name)).collect(),
                });
            }
        }
        term
    }

    fn host_ports(&mut self, spec: &written::PodSpec) -> Vec<HostPort> {
        let sidecars = spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
        let ports = spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
        let taken = ports.filter(|port| port.host_port > 0);
        taken
            .map(|port| HostPort {
                address: (!matches!(port.host_ip.as_str(), "" | "0.0.0.0")).then(|| self.texts.intern(&port.host_ip)),
                protocol: self.texts.intern(if port.protocol.is_empty() { "TCP" } else { &port.protocol }),
                port: port.host_port,
            })
            .collect()
    }

    fn terms(&mut self, namespace: TextId, written: &[PodAffinityTerm]) -> Vec<TermId> {
        written.iter().map(|term| self.term(namespace, term)).collect()
    }

    fn weighted(&mut self, namespace: TextId, affinity: &written::PodAffinity, sign: i64) -> Vec<(TermId, i64)> {
        let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter();
        preferred.map(|weighted| (self.term(namespace, &weighted.pod_affinity_term), sign * i64::from(weighted.weight))).collect()
    }

    fn term(&mut self, own_namespace: TextId, written: &PodAffinityTerm) -> TermId {
        let term = PodTerm {
            namespaces: self.term_namespaces(own_namespace, written),
            selector: Selector::new(&mut self.texts, written.label_selector.as_ref()),
            topology: self.topology(&written.topology_key),
        };
        TermId::new(self.terms.intern(term))
    }

    /// Namespaces by name and by selector together; neither means the pod's own, an empty selector means all.
    fn term_namespaces(&mut self, own: TextId, written: &PodAffinityTerm) -> Namespaces {
        let mut these: SmallVec<[TextId; 2]> = written.namespaces.iter().map(|name| self.texts.intern(name)).collect();
        match &written.namespace_selector {
            None if these.is_empty() => these.push(own),
            None => {}
            Some(selector) => {
                let selector = Selector::new(&mut self.texts, Some(selector));
                if selector.is_empty() {
                    return Namespaces::All;
                }
                let chosen = self.namespaces.iter().filter(|(_, labels)| selector.matches(labels));
                these.extend(chosen.map(|(name, _)| *name));
            }
        }
        these.sort_unstable();
        these.dedup();
        Namespaces::These(these)
    }

    fn topology(&mut self, key: &str) -> TopologyId {
        TopologyId::new(self.topologies.intern(self.texts.intern(key)))
    }

    /// A constraint; labels named by `matchLabelKeys` join its selector, unless the API server has merged them already
    /// (merging twice changes nothing).
    fn spread_constraint(&mut self, written: &written::TopologySpreadConstraint, labels: &LabelSet) -> SpreadConstraint {
        let selector = Selector::new(&mut self.texts, written.label_selector.as_ref());
        let keys = written.match_label_keys.iter().filter_map(|key| self.texts.find(key));
        let same: Vec<Requirement> = keys.filter_map(|key| Some(Requirement::equals(key, labels.get(key)?))).collect();
        let selector = if same.is_empty() { selector } else { selector.and(same) };
        self.constraint(written, selector)
    }

    /// A constraint with a selector of its own or a default one.
    pub fn constraint(&mut self, written: &written::TopologySpreadConstraint, selector: Selector) -> SpreadConstraint {
        SpreadConstraint {
            max_skew: i64::from(written.max_skew),
            topology: self.topology(&written.topology_key),
            hard: written.when_unsatisfiable != "ScheduleAnyway",
            selector,
            min_domains: written.min_domains.map_or(1, |domains| domains.max(1) as usize),
            honor_affinity: written.node_affinity_policy.as_deref() != Some("Ignore"),
            honor_taints: written.node_taints_policy.as_deref() == Some("Honor"),
        }
    }

    /// Pods of the services that select this pod, and of its controller.
    ///
    /// Source: pkg/scheduler/framework/plugins/helper/spread.go (`DefaultSelector`), v1.36.
    fn default_spread(&mut self, namespace: TextId, labels: &LabelSet, controller: Option<&OwnerReference>) -> Selector {
        let mut requirements = Vec::new();
        for service in self.services.get(&namespace).into_iter().flatten() {
            if let (true, Selector::All(equal)) = (service.matches(labels), service) {
                requirements.extend(equal.iter().cloned());
            }
        }
        let owner = controller.map(|owner| (namespace, self.texts.intern(&owner.kind), self.texts.intern(&owner.name)));
        if let Some(Selector::All(own)) = owner.and_then(|owner| self.controllers.get(&owner)) {
            requirements.extend(own.iter().cloned());
        }
        requirements.sort_by_key(|requirement| requirement.key);
        requirements.dedup();
        Selector::All(requirements)
    }

    fn images(&mut self, spec: &written::PodSpec) -> Vec<TextId> {
        let containers = spec.init_containers.iter().chain(&spec.containers);
        containers.map(|container| self.texts.intern(&normalised_image_name(&container.image))).collect()
    }

    fn volumes(&mut self, namespace: TextId, pod: &Pod) -> PodVolumes {
        let claims = pod.spec.volumes.iter().filter_map(|volume| self.claim_use(namespace, pod, volume)).collect();
        let disks = pod.spec.volumes.iter().filter_map(|volume| self.disk(volume)).collect();
        PodVolumes { claims, disks }
    }

    fn claim_use(&mut self, namespace: TextId, pod: &Pod, volume: &Volume) -> Option<ClaimUse> {
        let name = match (&volume.persistent_volume_claim, &volume.ephemeral) {
            (Some(claim), _) => claim.claim_name.clone(),
            (None, Some(_)) => format!("{}-{}", pod.metadata.name, volume.name),
            (None, None) => return None,
        };
        let name = self.texts.intern(&name);
        let claim = self.claim_by_name.get(&(namespace, name)).copied();
        Some(ClaimUse { name, claim, ephemeral: volume.persistent_volume_claim.is_none() })
    }

    fn disk(&mut self, volume: &Volume) -> Option<Disk> {
        let texts = &mut self.texts;
        let disk = |identity, read_only| Some(Disk { identity, read_only });
        if let Some(gce) = &volume.gce_persistent_disk {
            return disk(DiskIdentity::Gce(texts.intern(&gce.pd_name)), gce.read_only);
        }
        if let Some(ebs) = &volume.aws_elastic_block_store {
            return disk(DiskIdentity::Ebs(texts.intern(&ebs.volume_id)), ebs.read_only);
        }
        if let Some(iscsi) = &volume.iscsi {
            return disk(DiskIdentity::Iscsi(texts.intern(&iscsi.iqn)), iscsi.read_only);
        }
        let rbd = volume.rbd.as_ref()?;
        let monitors = rbd.monitors.iter().map(|monitor| texts.intern(monitor)).collect();
        let pool = texts.intern(if rbd.pool.is_empty() { "rbd" } else { &rbd.pool });
        disk(DiskIdentity::Rbd(monitors, pool, texts.intern(&rbd.image)), rbd.read_only)
    }

    /// A selector as written.
    pub fn selector(&mut self, written: Option<&LabelSelector>) -> Selector {
        Selector::new(&mut self.texts, written)
    }

    /// The topologies of all keys met, over the nodes.
    pub fn finish_topologies(&self) -> Vec<Topology> {
        let hostname = self.texts.find(HOSTNAME);
        let topology = |&key: &TextId| match self.nodes.label_column(key) {
            Some(column) => Topology::new(key, Some(key) == hostname, column.iter().copied()),
            None => Topology::new(key, Some(key) == hostname, vec![None; self.nodes.len()].into_iter()),
        };
        self.topologies.iter().map(topology).collect()
    }
}

/// The scheduler a pod asks for.
pub fn scheduler_name(spec: &written::PodSpec) -> &str {
    if spec.scheduler_name.is_empty() { "default-scheduler" } else { &spec.scheduler_name }
}

/// An image's name with the tag `latest` when it has none.
///
/// Source: pkg/scheduler/framework/plugins/imagelocality/image_locality.go (`normalizedImageName`), v1.36.
fn normalised_image_name(name: &str) -> String {
    let has_tag = match (name.rfind(':'), name.rfind('/')) {
        (Some(colon), Some(slash)) => colon > slash,
        (colon, _) => colon.is_some(),
    };
    if has_tag { name.to_owned() } else { format!("{name}:latest") }
}
