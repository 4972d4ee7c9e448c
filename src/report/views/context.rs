//! What views are made from: the cluster as numbers, and the objects it came from, for names.

use super::refusal::{Refusal, RefusedNode, Shortfall};
use super::schedule::{Amount, NodeUse};
use super::usage::ResourceUse;
use super::workload::Workloads;
use crate::cluster::class::Class;
use crate::cluster::index::{NodeId, PodId, ResourceId};
use crate::cluster::nodes::Taint;
use crate::cluster::occupancy::Occupancy;
use crate::cluster::resources::{CPU, MEMORY, PODS};
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::{Attempt, Rejection};
use crate::scheduler::plugins::node_resources_fit::insufficient;
use crate::scheduler::run::Decision;
use crate::simulation::{NotCreated, Picture};

/// Well-known label of a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";
/// Well-known label of a node's instance type.
const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";

/// What views are made from.
#[derive(Debug)]
pub struct Context<'a> {
    /// The objects, for what numbers do not say.
    pub objects: &'a Objects,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// How ties were broken.
    pub ties: String,
    workloads: Workloads<'a>,
}

impl<'a> Context<'a> {
    /// Of a cluster and the objects it was made from.
    pub fn new(objects: &'a Objects, cluster: &'a Cluster, kubernetes: impl ToString, ties: impl Into<String>) -> Self {
        Context { objects, cluster, kubernetes: kubernetes.to_string(), ties: ties.into(), workloads: Workloads::new(objects) }
    }

    /// A pod's name.
    pub fn pod(&self, id: PodId) -> String {
        self.cluster.pod_name(id).to_string()
    }

    /// A node's name.
    pub fn node(&self, id: NodeId) -> String {
        self.cluster.node_name(id).to_owned()
    }

    /// A pod as it was written.
    pub fn written(&self, id: PodId) -> &'a Pod {
        &self.objects.pods[self.cluster.pod(id).object]
    }

    /// A node as it was written.
    pub fn written_node(&self, id: NodeId) -> &'a Node {
        &self.objects.nodes[self.cluster.nodes.objects[id.index()]]
    }

    /// What a pod belongs to.
    pub fn workload(&self, id: PodId) -> String {
        self.workloads.of(self.written(id))
    }

    /// What a pod belongs to that is not in the cluster.
    pub fn workload_of(&self, pod: &Pod) -> String {
        self.workloads.of(pod)
    }

    /// Where everything is after a run.
    pub fn picture(&self, occupancy: &Occupancy, decisions: &[Decision], refused: &[NotCreated]) -> Picture {
        Picture::new(self.objects, self.cluster, occupancy, decisions, refused, |pod| self.workloads.of(pod))
    }

    /// What a pod asks for; on a node, what is set aside for it.
    pub fn requests(&self, id: PodId) -> Vec<Amount> {
        let class = self.cluster.class_of(id);
        let bound = matches!(self.cluster.pod(id).standing, Standing::Bound(_));
        let amounts = if bound { &class.requests.amounts } else { &class.incoming.amounts };
        amounts.iter().filter(|&&(_, amount)| amount != 0).map(|&(resource, amount)| Amount::new(self.resource(resource), amount)).collect()
    }

    /// A resource's name.
    pub fn resource(&self, id: ResourceId) -> &'a str {
        self.cluster.resources.name(id)
    }

    /// A taint as people write it.
    pub fn taint(&self, taint: &Taint) -> String {
        let (key, value) = (self.cluster.texts.get(taint.key), self.cluster.texts.get(taint.value));
        let pair = if value.is_empty() { key.to_owned() } else { format!("{key}={value}") };
        format!("{pair}:{:?}", taint.effect)
    }

    /// The resource columns that somebody has or asks for; cpu, memory and pods first.
    fn columns(&self, occupancy: &Occupancy) -> Vec<ResourceId> {
        let others = self.cluster.resources.ids().filter(|id| ![CPU, MEMORY, PODS].contains(id));
        let mattering = others.filter(|&id| {
            let (requested, allocatable) = self.total(occupancy, id);
            requested != 0 || allocatable != 0
        });
        [CPU, MEMORY, PODS].into_iter().chain(mattering).collect()
    }

    fn total(&self, occupancy: &Occupancy, resource: ResourceId) -> (i64, i64) {
        let amounts = self.cluster.nodes.ids().map(|node| (occupancy.requested(resource, node), self.cluster.allocatable(resource, node)));
        amounts.fold((0, 0), |sum: (i64, i64), each| (sum.0.saturating_add(each.0), sum.1.saturating_add(each.1)))
    }

    /// Use of the whole cluster.
    pub fn resource_uses(&self, occupancy: &Occupancy) -> Vec<ResourceUse> {
        let used = |id| {
            let (requested, allocatable) = self.total(occupancy, id);
            ResourceUse::new(self.resource(id), requested, allocatable)
        };
        self.columns(occupancy).into_iter().map(used).collect()
    }

    /// Use of every node.
    pub fn node_uses(&self, occupancy: &Occupancy) -> Vec<NodeUse> {
        let columns = self.columns(occupancy);
        self.cluster.nodes.ids().map(|node| self.node_use(occupancy, &columns, node)).collect()
    }

    fn node_use(&self, occupancy: &Occupancy, columns: &[ResourceId], node: NodeId) -> NodeUse {
        let used =
            |&id: &ResourceId| ResourceUse::new(self.resource(id), occupancy.requested(id, node), self.cluster.allocatable(id, node));
        let written = self.written_node(node);
        let taint = |taint: &crate::manifest::node::Taint| match taint.value.as_str() {
            "" => format!("{}:{}", taint.key, taint.effect),
            value => format!("{}={value}:{}", taint.key, taint.effect),
        };
        NodeUse {
            node: self.node(node),
            unschedulable: written.spec.unschedulable,
            taints: written.spec.taints.iter().map(taint).collect(),
            zone: written.metadata.labels.get(ZONE).cloned(),
            instance_type: written.metadata.labels.get(INSTANCE_TYPE).cloned(),
            resources: columns.iter().map(used).collect(),
        }
    }

    /// Who refused which node in an attempt, alike refusals together, and by how much.
    pub fn refusals(&self, occupancy: &Occupancy, attempt: &Attempt) -> Vec<Refusal> {
        let mut groups: indexmap::IndexMap<&Rejection, Vec<RefusedNode>, rustc_hash::FxBuildHasher> = Default::default();
        let class = self.cluster.class_of(attempt.pod);
        for (node, rejection) in attempt.rejections.iter() {
            let short = self.shortfalls(occupancy, class, node, rejection);
            groups.entry(rejection).or_default().push(RefusedNode { node: self.node(node), short });
        }
        let refusal = |(rejection, nodes): (&Rejection, Vec<RefusedNode>)| Refusal {
            plugin: rejection.plugin.to_owned(),
            code: rejection.code.name(),
            reasons: rejection.reasons.iter().map(|reason| reason.to_string()).collect(),
            nodes,
        };
        groups.into_iter().map(refusal).collect()
    }

    /// What a node has too little of, if that is why it was refused.
    pub fn shortfalls(&self, occupancy: &Occupancy, class: &Class, node: NodeId, rejection: &Rejection) -> Vec<Shortfall> {
        if rejection.plugin != "NodeResourcesFit" {
            return Vec::new();
        }
        let lacking = insufficient(self.cluster, occupancy, class, &[], node);
        // a profile may ignore resources: only what the reasons name is why
        let named = |name: &str| {
            rejection
                .reasons
                .iter()
                .any(|reason| if name == "pods" { reason == "Too many pods" } else { reason.ends_with(&format!(" {name}")) })
        };
        let shortfall = |each: &crate::scheduler::plugins::node_resources_fit::Insufficient| {
            Shortfall::new(self.resource(each.resource), each.requested, each.free(), each.allocatable)
        };
        lacking.iter().filter(|each| named(self.resource(each.resource))).map(shortfall).collect()
    }
}
