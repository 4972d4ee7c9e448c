//! What goes when something goes: a node, a failure domain, or a volume.
//!
//! The first moment of a loss, before anything comes back: the pods that were there, the Services and Ingresses that are left with
//! fewer pods or none, the budgets that are broken, and the volumes that nothing reaches any more, so that pods which need them
//! cannot come back elsewhere. What comes back, when and where is for `simulation` to say.
//!
//! Promise: the radius of several nodes is the union of theirs for pods; of all nodes, it is everything that runs. The worst comes
//! first: what is gone whole, then what cannot come back, then by how much is lost; equals by name. What lives and dies with its
//! node (DaemonSets, static pods) comes after everything else.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::dependencies::{Dependencies, Reference, Relation, Role};
use super::failure_domains::Domain;

/// What goes when something goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// What is lost, as people say it: `zone zone-a`.
    pub cause: String,
    /// Nodes that are lost.
    pub nodes: Vec<String>,
    /// Pods that are lost, ready or not.
    pub pods: usize,
    /// Workloads that lose pods.
    pub workloads: Vec<WorkloadLoss>,
    /// Services that lose ready pods.
    pub services: Vec<ServiceLoss>,
    /// Ingresses that lead to Services without any ready pod left.
    pub ingresses: Vec<IngressLoss>,
    /// Budgets that then have fewer healthy pods than they want.
    pub budgets: Vec<BudgetLoss>,
    /// Volumes that are lost, or that no node is left to reach.
    pub volumes: Vec<VolumeLoss>,
}

/// A workload that loses pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadLoss {
    /// The workload.
    pub workload: Reference,
    /// Pods it loses.
    pub lost: usize,
    /// Pods it has on nodes.
    pub pods: usize,
    /// Of the lost ones, those that are ready.
    pub lost_ready: usize,
    /// Pods it has that are ready.
    pub ready: usize,
    /// Of the lost ones, those that cannot come back: a volume of theirs is out of reach.
    pub stranded: usize,
}

impl WorkloadLoss {
    /// Whether no ready pod is left, though there were some.
    pub fn is_outage(&self) -> bool {
        self.ready > 0 && self.lost_ready == self.ready
    }

    /// Whether its pods live and die with their nodes: nothing else was to be expected.
    pub fn goes_with_its_nodes(&self) -> bool {
        ["DaemonSet", "Node"].contains(&self.workload.kind.as_str())
    }
}

/// A Service that loses ready pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLoss {
    /// The Service.
    pub service: Reference,
    /// Ready pods it loses.
    pub lost: usize,
    /// Ready pods it has.
    pub ready: usize,
}

impl ServiceLoss {
    /// Whether no ready pod is left to send to.
    pub fn is_outage(&self) -> bool {
        self.lost == self.ready
    }
}

/// An Ingress that leads to Services without any ready pod left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressLoss {
    /// The Ingress.
    pub ingress: Reference,
    /// The Services it leads to that lose their last ready pod, by name.
    pub services: Vec<String>,
    /// Whether it leads to no Service that has any ready pod left.
    pub is_outage: bool,
}

/// A budget that then has fewer healthy pods than it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetLoss {
    /// The budget.
    pub budget: Reference,
    /// Ready pods it loses.
    pub lost: usize,
    /// Healthy pods it has.
    pub healthy: usize,
    /// Healthy pods it wants.
    pub desired: usize,
}

/// A volume that is lost or out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeLoss {
    /// Name of the volume.
    pub volume: String,
    /// The claims that are bound to it, by namespace and name.
    pub claims: Vec<Reference>,
    /// The workloads that use them, by kind, namespace and name.
    pub workloads: Vec<Reference>,
}

impl Dependencies {
    /// What goes with a node.
    pub fn loss_of_node(&self, name: &str) -> BlastRadius {
        self.loss_of_nodes(format!("node {name}"), [name])
    }

    /// What goes with a failure domain.
    pub fn loss_of_domain(&self, domain: &Domain) -> BlastRadius {
        self.loss_of_nodes(domain.to_string(), domain.nodes.iter().map(String::as_str))
    }

    /// What goes with some nodes at once; `cause` is what people call it. Names of no node count for nothing.
    pub fn loss_of_nodes<'a>(&self, cause: impl Into<String>, names: impl IntoIterator<Item = &'a str>) -> BlastRadius {
        let found = names.into_iter().filter_map(|name| self.members.get(&(Role::Node, Reference::new("Node", "", name))));
        let nodes: BTreeSet<NodeIndex> = found.copied().collect();
        let touched: BTreeSet<usize> = nodes.iter().filter_map(|node| self.reaches_of.get(node)).flatten().copied().collect();
        let cut_off =
            touched.into_iter().map(|number| &self.reaches[number]).filter(|reach| reach.nodes.iter().all(|node| nodes.contains(node)));
        let volumes: BTreeSet<NodeIndex> = cut_off.flat_map(|reach| &reach.volumes).copied().collect();
        let pods: BTreeSet<usize> = nodes.iter().filter_map(|node| self.pods_on.get(node)).flatten().copied().collect();
        let mut names: Vec<String> = nodes.iter().map(|&node| self.graph[node].reference.name.clone()).collect();
        names.sort_unstable();
        self.loss(cause.into(), names, &pods, &volumes)
    }

    /// What goes with a volume, wherever its pods are.
    pub fn loss_of_volume(&self, name: &str) -> BlastRadius {
        let volume = self.members.get(&(Role::PersistentVolume, Reference::new("PersistentVolume", "", name)));
        let volumes: BTreeSet<NodeIndex> = volume.into_iter().copied().collect();
        let pods = volumes.iter().filter_map(|volume| self.pods_with.get(volume)).flatten().copied();
        let pods = pods.filter(|&pod| self.pods[pod].node.is_some()).collect();
        self.loss(format!("volume {name}"), Vec::new(), &pods, &volumes)
    }

    fn loss(&self, cause: String, nodes: Vec<String>, pods: &BTreeSet<usize>, volumes: &BTreeSet<NodeIndex>) -> BlastRadius {
        let mut services: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        let mut budgets: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        for pod in pods.iter().map(|&pod| &self.pods[pod]).filter(|pod| pod.ready) {
            pod.services.iter().for_each(|&service| *services.entry(service).or_default() += 1);
            pod.budgets.iter().for_each(|&budget| *budgets.entry(budget).or_default() += 1);
        }
        BlastRadius {
            cause,
            nodes,
            pods: pods.len(),
            workloads: self.lost_workloads(pods, volumes),
            ingresses: self.lost_ingresses(&services),
            services: self.lost_services(services),
            budgets: self.broken_budgets(budgets),
            volumes: self.lost_volumes(volumes),
        }
    }

    fn lost_workloads(&self, pods: &BTreeSet<usize>, volumes: &BTreeSet<NodeIndex>) -> Vec<WorkloadLoss> {
        let mut losses: BTreeMap<NodeIndex, WorkloadLoss> = BTreeMap::new();
        for pod in pods.iter().map(|&pod| &self.pods[pod]) {
            let member = &self.graph[pod.workload];
            let loss = losses.entry(pod.workload).or_insert_with(|| WorkloadLoss {
                workload: member.reference.clone(),
                lost: 0,
                pods: member.pods,
                lost_ready: 0,
                ready: member.ready,
                stranded: 0,
            });
            loss.lost += 1;
            loss.lost_ready += usize::from(pod.ready);
            loss.stranded += usize::from(pod.volumes.iter().any(|volume| volumes.contains(volume)));
        }
        let mut losses: Vec<WorkloadLoss> = losses.into_values().collect();
        losses.sort_unstable_by(|one, two| severity(one).cmp(&severity(two)));
        losses
    }

    fn lost_services(&self, lost: BTreeMap<NodeIndex, usize>) -> Vec<ServiceLoss> {
        let loss = |(service, lost): (NodeIndex, usize)| {
            let member = &self.graph[service];
            ServiceLoss { service: member.reference.clone(), lost, ready: member.ready }
        };
        let mut losses: Vec<ServiceLoss> = lost.into_iter().map(loss).collect();
        losses.sort_unstable_by(|one, two| {
            let key = |loss: &ServiceLoss| (!loss.is_outage(), std::cmp::Reverse(loss.lost));
            key(one).cmp(&key(two)).then_with(|| one.service.cmp(&two.service))
        });
        losses
    }

    fn lost_ingresses(&self, lost: &BTreeMap<NodeIndex, usize>) -> Vec<IngressLoss> {
        let is_out = |service: NodeIndex| lost.get(&service).is_some_and(|&lost| lost == self.graph[service].ready);
        let out = lost.keys().copied().filter(|&service| is_out(service));
        let ingresses: BTreeSet<NodeIndex> = out.flat_map(|service| self.graph.neighbors_directed(service, Direction::Incoming)).collect();
        let loss = |ingress: NodeIndex| {
            let services: BTreeSet<NodeIndex> = self.graph.neighbors(ingress).collect();
            let mut names: Vec<String> =
                services.iter().filter(|&&service| is_out(service)).map(|&service| self.graph[service].reference.name.clone()).collect();
            names.sort_unstable();
            let is_outage = services.iter().all(|&service| is_out(service) || self.graph[service].ready == 0);
            IngressLoss { ingress: self.graph[ingress].reference.clone(), services: names, is_outage }
        };
        let mut losses: Vec<IngressLoss> = ingresses.into_iter().map(loss).collect();
        losses.sort_unstable_by(|one, two| (!one.is_outage, &one.ingress).cmp(&(!two.is_outage, &two.ingress)));
        losses
    }

    fn broken_budgets(&self, lost: BTreeMap<NodeIndex, usize>) -> Vec<BudgetLoss> {
        let number = |number: i32| usize::try_from(number).unwrap_or(0);
        let loss = |(budget, lost): (NodeIndex, usize)| {
            let (healthy, desired) = *self.budgets.get(&budget)?;
            let loss =
                BudgetLoss { budget: self.graph[budget].reference.clone(), lost, healthy: number(healthy), desired: number(desired) };
            (loss.healthy.saturating_sub(lost) < loss.desired).then_some(loss)
        };
        let mut losses: Vec<BudgetLoss> = lost.into_iter().filter_map(loss).collect();
        losses.sort_unstable_by(|one, two| {
            let short = |loss: &BudgetLoss| std::cmp::Reverse(loss.desired - loss.healthy.saturating_sub(loss.lost));
            short(one).cmp(&short(two)).then_with(|| one.budget.cmp(&two.budget))
        });
        losses
    }

    fn lost_volumes(&self, volumes: &BTreeSet<NodeIndex>) -> Vec<VolumeLoss> {
        let before = |index: NodeIndex, relation: Relation| {
            let edges = self.graph.edges_directed(index, Direction::Incoming).filter(move |edge| edge.weight().0 == relation);
            edges.map(|edge| edge.source())
        };
        let references = |indexes: BTreeSet<NodeIndex>| {
            let all: BTreeSet<&Reference> = indexes.iter().map(|&index| &self.graph[index].reference).collect();
            all.into_iter().cloned().collect::<Vec<Reference>>()
        };
        let loss = |&volume: &NodeIndex| {
            let claims: BTreeSet<NodeIndex> = before(volume, Relation::BoundTo).collect();
            let workloads = claims.iter().flat_map(|&claim| before(claim, Relation::Uses)).collect();
            VolumeLoss { volume: self.graph[volume].reference.name.clone(), claims: references(claims), workloads: references(workloads) }
        };
        let mut losses: Vec<VolumeLoss> = volumes.iter().map(loss).collect();
        losses.sort_unstable_by(|one, two| {
            let key = |loss: &VolumeLoss| (std::cmp::Reverse(loss.workloads.len()), std::cmp::Reverse(loss.claims.len()));
            key(one).cmp(&key(two)).then_with(|| one.volume.cmp(&two.volume))
        });
        losses
    }
}

/// The worst is the least.
fn severity(loss: &WorkloadLoss) -> impl Ord + '_ {
    let most = |number: usize| std::cmp::Reverse(number);
    (loss.goes_with_its_nodes(), !loss.is_outage(), most(loss.stranded), most(loss.lost), &loss.workload)
}
