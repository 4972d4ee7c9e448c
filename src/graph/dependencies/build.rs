//! How the graph is made of objects: a step a kind, each of which declares its members and links them to what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use super::selected::Selectable;
use super::storage::{Reach, Reachable, grouped};
use super::{Dependencies, Gap, Lack, Member, Reference, Relation, Role};
use crate::graph::failure_domains::{FailureDomains, Level, Place};
use crate::graph::ownership::Ownership;
use crate::manifest::Objects;
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::pod::Pod;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::Job;

/// A pod that has not ended, and what hangs on it or it on.
#[derive(Debug, Clone)]
pub(in crate::graph) struct Running {
    /// What it belongs to.
    pub workload: NodeIndex,
    /// Where it is.
    pub node: Option<NodeIndex>,
    /// Whether it is there and does not say that it is not ready.
    pub ready: bool,
    /// Services that send to it.
    pub services: Vec<NodeIndex>,
    /// Budgets that count it.
    pub budgets: Vec<NodeIndex>,
    /// Volumes that it has through its claims.
    pub volumes: Vec<NodeIndex>,
}

/// The graph of these objects, whose pods are at these places.
pub(super) fn build(objects: &Objects, places: &[Option<&str>]) -> Dependencies {
    let mut builder = Builder { objects, out: Dependencies::default(), links: BTreeMap::new(), gaps: BTreeSet::new() };
    let domains = builder.failure_domains();
    builder.volumes(&domains);
    let volume_of = builder.claims();
    builder.workloads();
    let numbers = builder.pods(places, &volume_of);
    builder.claims_of_stateful_sets();
    let mut selectable = builder.selectable(&numbers);
    builder.services(&mut selectable);
    builder.budgets(&mut selectable);
    builder.ingresses();
    builder.autoscalers();
    builder.finish()
}

struct Builder<'a> {
    objects: &'a Objects,
    out: Dependencies,
    links: BTreeMap<(NodeIndex, NodeIndex, Relation), usize>,
    gaps: BTreeSet<Gap>,
}

/// What can be selected: the numbers of pods and templates, and their workloads.
struct Candidates {
    all: Selectable,
    /// By number beyond the pods: workloads whose template it is.
    templates: Vec<NodeIndex>,
}

impl Builder<'_> {
    /// The member of this role and reference; one that nobody declared is missing.
    fn member(&mut self, role: Role, reference: Reference) -> NodeIndex {
        let key = (role, reference);
        if let Some(&index) = self.out.members.get(&key) {
            return index;
        }
        let index = self.out.graph.add_node(Member { role, reference: key.1.clone(), is_missing: true, pods: 0, ready: 0 });
        self.out.members.insert(key, index);
        index
    }

    /// The member of an object that is in the input.
    fn declare(&mut self, role: Role, reference: Reference) -> NodeIndex {
        let index = self.member(role, reference);
        self.out.graph[index].is_missing = false;
        index
    }

    fn link(&mut self, from: NodeIndex, to: NodeIndex, relation: Relation, pods: usize) {
        *self.links.entry((from, to, relation)).or_default() += pods;
    }

    /// Links to what is referred to; if nobody declared it, that is a gap.
    fn refer(&mut self, from: NodeIndex, to: NodeIndex, relation: Relation, pods: usize) {
        self.link(from, to, relation, pods);
        if self.out.graph[to].is_missing {
            self.lacks(from, Lack::Object(self.out.graph[to].reference.clone()));
        }
    }

    fn lacks(&mut self, index: NodeIndex, lack: Lack) {
        self.gaps.insert(Gap { of: self.out.graph[index].reference.clone(), lack });
    }

    /// Nodes, and the domains that they lie in.
    fn failure_domains(&mut self) -> FailureDomains {
        let domains = FailureDomains::new(&self.objects.nodes);
        for place in domains.places() {
            let child = self.place(place);
            for parent in domains.parents(place) {
                let parent = self.place(parent);
                self.link(child, parent, Relation::LiesIn, 0);
            }
        }
        domains
    }

    fn place(&mut self, place: &Place) -> NodeIndex {
        let (role, kind) = match place.level {
            Level::Node => (Role::Node, "Node"),
            Level::Rack => (Role::Domain(Level::Rack), "Rack"),
            Level::Zone => (Role::Domain(Level::Zone), "Zone"),
            Level::Region => (Role::Domain(Level::Region), "Region"),
        };
        self.declare(role, Reference::new(kind, "", &place.value))
    }

    /// Volumes, and from where they can be reached.
    fn volumes(&mut self, domains: &FailureDomains) {
        let objects = self.objects;
        let mut reachable = Reachable::new(&objects.nodes);
        let indexes: Vec<NodeIndex> =
            objects.nodes.iter().map(|node| self.member(Role::Node, Reference::new("Node", "", &node.metadata.name))).collect();
        let mut pinned = Vec::new();
        for volume in &objects.persistent_volumes {
            let index = self.declare(Role::PersistentVolume, Reference::new("PersistentVolume", "", &volume.metadata.name));
            match reachable.of(volume) {
                None => {}
                Some((places, _)) if places.is_empty() => self.lacks(index, Lack::Node),
                Some((places, by_name)) => pinned.push((index, places.into_iter().map(|place| indexes[place]).collect(), by_name)),
            }
        }
        let reaches = grouped(pinned.into_iter());
        for (number, reach) in reaches.iter().enumerate() {
            let targets = self.targets(reach, domains);
            for (&volume, &target) in reach.volumes.iter().flat_map(|volume| targets.iter().map(move |target| (volume, target))) {
                self.link(volume, target, Relation::ReachedFrom, 0);
            }
            reach.nodes.iter().for_each(|&node| self.out.reaches_of.entry(node).or_default().push(number));
        }
        self.out.reaches = reaches;
    }

    /// The widest domains that make up a reach; its nodes if none do, or if it is nodes that are asked for.
    fn targets(&mut self, reach: &Reach, domains: &FailureDomains) -> Vec<NodeIndex> {
        let nodes: BTreeSet<String> = reach.nodes.iter().map(|&node| self.out.graph[node].reference.name.clone()).collect();
        for level in Level::ABOVE_NODES.into_iter().filter(|_| !reach.by_name) {
            let within = |place: &&Place| domains.nodes(place).iter().all(|&node| nodes.contains(node));
            let whole: Vec<&Place> = domains.level(level).filter(within).collect();
            let covered: BTreeSet<&str> = whole.iter().flat_map(|place| domains.nodes(place)).collect();
            if covered.len() == nodes.len() {
                return whole.into_iter().map(|place| self.place(place)).collect();
            }
        }
        reach.nodes.clone()
    }

    /// Claims, and the volumes they are bound to or the classes they wait for. The volume of each claim.
    fn claims(&mut self) -> FxHashMap<NodeIndex, NodeIndex> {
        let objects = self.objects;
        for class in &objects.storage_classes {
            self.declare(Role::StorageClass, Reference::new("StorageClass", "", &class.metadata.name));
        }
        let mut reserved: FxHashMap<(&str, &str), &ObjectMeta> = FxHashMap::default();
        for volume in &objects.persistent_volumes {
            if let Some(claim) = &volume.spec.claim_ref {
                reserved.insert((&claim.namespace, &claim.name), &volume.metadata);
            }
        }
        let mut volume_of = FxHashMap::default();
        for claim in &objects.persistent_volume_claims {
            let index = self.declare(Role::PersistentVolumeClaim, Reference::of("PersistentVolumeClaim", &claim.metadata));
            let key = (claim.metadata.namespace_or_default(), claim.metadata.name.as_str());
            let name = match claim.spec.volume_name.as_str() {
                "" => reserved.get(&key).map(|volume| volume.name.as_str()),
                name => Some(name),
            };
            match name {
                Some(name) => {
                    let volume = self.member(Role::PersistentVolume, Reference::new("PersistentVolume", "", name));
                    self.refer(index, volume, Relation::BoundTo, 0);
                    volume_of.insert(index, volume);
                }
                None => self.unbound_claim(index, claim),
            }
        }
        volume_of
    }

    fn unbound_claim(&mut self, index: NodeIndex, claim: &PersistentVolumeClaim) {
        self.lacks(index, Lack::Volume);
        let old = claim.metadata.annotations.get("volume.beta.kubernetes.io/storage-class");
        if let Some(class) = old.or(claim.spec.storage_class_name.as_ref()).filter(|class| !class.is_empty()) {
            let class = self.member(Role::StorageClass, Reference::new("StorageClass", "", class));
            self.refer(index, class, Relation::WaitsFor, 0);
        }
    }

    /// Workloads that are nobody's and not done with.
    fn workloads(&mut self) {
        let objects = self.objects;
        let mut declare = |kind: &str, metadata: &ObjectMeta| {
            if metadata.controller().is_none() {
                self.declare(Role::Workload, Reference::of(kind, metadata));
            }
        };
        objects.deployments.iter().for_each(|workload| declare("Deployment", &workload.metadata));
        objects.replica_sets.iter().for_each(|workload| declare("ReplicaSet", &workload.metadata));
        objects.replication_controllers.iter().for_each(|workload| declare("ReplicationController", &workload.metadata));
        objects.stateful_sets.iter().for_each(|workload| declare("StatefulSet", &workload.metadata));
        objects.daemon_sets.iter().for_each(|workload| declare("DaemonSet", &workload.metadata));
        objects.jobs.iter().filter(|job| !is_finished(job)).for_each(|workload| declare("Job", &workload.metadata));
        objects.cron_jobs.iter().for_each(|workload| declare("CronJob", &workload.metadata));
    }

    /// Pods that have not ended: the places among the input's pods of those that count.
    fn pods(&mut self, places: &[Option<&str>], volume_of: &FxHashMap<NodeIndex, NodeIndex>) -> Vec<usize> {
        let objects = self.objects;
        let ownership = Ownership::new(objects);
        let mut numbers = Vec::new();
        for (number, pod) in objects.pods.iter().enumerate().filter(|(_, pod)| !pod.is_terminal() && !pod.is_terminating()) {
            // that it has pods is proof of a workload, whoever it is
            let workload = self.declare(Role::Workload, ownership.workload(pod));
            let node = places[number].map(|name| self.member(Role::Node, Reference::new("Node", "", name)));
            let ready = node.is_some() && is_ready(pod);
            if let Some(node) = node {
                self.refer(workload, node, Relation::RunsOn, 1);
                self.out.graph[workload].pods += 1;
                self.out.graph[workload].ready += usize::from(ready);
                self.out.pods_on.entry(node).or_default().push(self.out.pods.len());
            }
            let mut volumes = Vec::new();
            for name in claims_of(pod) {
                let reference = Reference::new("PersistentVolumeClaim", pod.metadata.namespace_or_default(), name);
                let claim = self.member(Role::PersistentVolumeClaim, reference);
                self.refer(workload, claim, Relation::Uses, 1);
                volumes.extend(volume_of.get(&claim));
            }
            for &volume in &volumes {
                self.out.pods_with.entry(volume).or_default().push(self.out.pods.len());
            }
            self.out.pods.push(Running { workload, node, ready, services: Vec::new(), budgets: Vec::new(), volumes });
            numbers.push(number);
        }
        numbers
    }

    /// Claims that a StatefulSet keeps for pods it does not have now.
    fn claims_of_stateful_sets(&mut self) {
        let objects = self.objects;
        let names: BTreeSet<(&str, &str)> = (objects.persistent_volume_claims.iter())
            .map(|claim| (claim.metadata.namespace_or_default(), claim.metadata.name.as_str()))
            .collect();
        for set in &objects.stateful_sets {
            let namespace = set.metadata.namespace_or_default();
            for template in &set.spec.volume_claim_templates {
                let prefix = format!("{}-{}-", template.metadata.name, set.metadata.name);
                let alike = names
                    .range((namespace, prefix.as_str())..)
                    .take_while(|(other, name)| *other == namespace && name.starts_with(&prefix));
                for (_, name) in alike.filter(|(_, name)| name[prefix.len()..].parse::<u32>().is_ok()) {
                    let workload = self.member(Role::Workload, Reference::of("StatefulSet", &set.metadata));
                    let claim = self.member(Role::PersistentVolumeClaim, Reference::new("PersistentVolumeClaim", namespace, *name));
                    self.link(workload, claim, Relation::Uses, 0);
                }
            }
        }
    }

    /// The pods, and the templates of workloads without pods: what a selector may mean.
    fn selectable(&mut self, numbers: &[usize]) -> Candidates {
        let objects = self.objects;
        let mut candidates = Candidates { all: Selectable::default(), templates: Vec::new() };
        for pod in numbers.iter().map(|&number| &objects.pods[number]) {
            candidates.all.push(pod.metadata.namespace_or_default(), &pod.metadata.labels);
        }
        let idle: BTreeSet<NodeIndex> = self.out.members.values().copied().collect();
        let busy: BTreeSet<NodeIndex> = self.out.pods.iter().map(|pod| pod.workload).collect();
        let mut offer = |kind: &str, metadata: &ObjectMeta, labels: &StringMap| {
            let index = self.out.members.get(&(Role::Workload, Reference::of(kind, metadata)));
            if let Some(&index) = index.filter(|index| idle.contains(index) && !busy.contains(index)) {
                candidates.all.push(metadata.namespace_or_default(), labels);
                candidates.templates.push(index);
            }
        };
        objects.deployments.iter().for_each(|each| offer("Deployment", &each.metadata, &each.spec.template.metadata.labels));
        objects.replica_sets.iter().for_each(|each| offer("ReplicaSet", &each.metadata, &each.spec.template.metadata.labels));
        objects
            .replication_controllers
            .iter()
            .for_each(|each| offer("ReplicationController", &each.metadata, &each.spec.template.metadata.labels));
        objects.stateful_sets.iter().for_each(|each| offer("StatefulSet", &each.metadata, &each.spec.template.metadata.labels));
        objects.daemon_sets.iter().for_each(|each| offer("DaemonSet", &each.metadata, &each.spec.template.metadata.labels));
        candidates
    }

    /// Services, and what they send to. One without a selector, and one that only renames, is for others to fill.
    fn services(&mut self, candidates: &mut Candidates) {
        let objects = self.objects;
        for service in &objects.services {
            let index = self.declare(Role::Service, Reference::of("Service", &service.metadata));
            if service.spec.selector.is_empty() || service.spec.r#type == "ExternalName" {
                continue;
            }
            let selected = candidates.all.by_labels(service.metadata.namespace_or_default(), &service.spec.selector);
            self.selects(index, Relation::SendsTo, &selected, &candidates.templates);
            let pods = self.out.pods.len();
            for number in selected.into_iter().filter(|&number| number < pods) {
                self.out.pods[number].services.push(index);
                self.out.graph[index].ready += usize::from(self.out.pods[number].ready);
            }
        }
    }

    fn budgets(&mut self, candidates: &mut Candidates) {
        let objects = self.objects;
        for budget in &objects.pod_disruption_budgets {
            let index = self.declare(Role::PodDisruptionBudget, Reference::of("PodDisruptionBudget", &budget.metadata));
            let selected = candidates.all.by_selector(budget.metadata.namespace_or_default(), budget.spec.selector.as_ref());
            self.selects(index, Relation::Protects, &selected, &candidates.templates);
            self.out.budgets.insert(index, (budget.status.current_healthy, budget.status.desired_healthy));
            let pods = self.out.pods.len();
            for number in selected.into_iter().filter(|&number| number < pods) {
                self.out.pods[number].budgets.push(index);
            }
        }
    }

    /// Links what selects to the workloads of what it selects.
    fn selects(&mut self, index: NodeIndex, relation: Relation, selected: &[usize], templates: &[NodeIndex]) {
        if selected.is_empty() {
            self.lacks(index, Lack::Pods);
        }
        for &number in selected {
            let (workload, pods) = match self.out.pods.get(number) {
                Some(pod) => (pod.workload, usize::from(pod.node.is_some())),
                None => (templates[number - self.out.pods.len()], 0),
            };
            self.link(index, workload, relation, pods);
        }
    }

    fn ingresses(&mut self) {
        let objects = self.objects;
        for ingress in &objects.ingresses {
            let index = self.declare(Role::Ingress, Reference::of("Ingress", &ingress.metadata));
            for name in ingress.services() {
                let service = self.member(Role::Service, Reference::new("Service", ingress.metadata.namespace_or_default(), name));
                self.refer(index, service, Relation::LeadsTo, 0);
            }
        }
    }

    fn autoscalers(&mut self) {
        let objects = self.objects;
        for autoscaler in &objects.horizontal_pod_autoscalers {
            let index = self.declare(Role::HorizontalPodAutoscaler, Reference::of("HorizontalPodAutoscaler", &autoscaler.metadata));
            let target = &autoscaler.spec.scale_target_ref;
            let target = Reference::new(&target.kind, autoscaler.metadata.namespace_or_default(), &target.name);
            let target = self.member(Role::Workload, target);
            let pods = self.out.graph[target].pods;
            self.refer(index, target, Relation::Scales, pods);
        }
    }

    fn finish(mut self) -> Dependencies {
        for ((from, to, relation), pods) in self.links {
            self.out.graph.add_edge(from, to, (relation, pods));
        }
        self.out.gaps = self.gaps.into_iter().collect();
        self.out.gaps.sort_by_key(|gap| gap.lack == Lack::Volume);
        self.out
    }
}

/// Whether a Job has come to its end, well or not.
fn is_finished(job: &Job) -> bool {
    job.status.conditions.iter().any(|condition| condition.status == "True" && ["Complete", "Failed"].contains(&condition.r#type.as_str()))
}

/// A pod that is only written down says nothing, and is taken to become ready.
fn is_ready(pod: &Pod) -> bool {
    pod.status.conditions.iter().find(|condition| condition.r#type == "Ready").is_none_or(|condition| condition.status == "True")
}

/// Names of the claims of a pod; those of generic ephemeral volumes are named after the pod.
fn claims_of(pod: &Pod) -> impl Iterator<Item = String> {
    pod.spec.volumes.iter().filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) => Some(format!("{}-{}", pod.metadata.name, volume.name)),
        (None, None) => None,
    })
}
