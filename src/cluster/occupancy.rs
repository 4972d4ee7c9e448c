//! Who is where: the only thing that changes while pods are placed.
//!
//! Every change is logged, so that what was computed before can be brought up to date by what changed since, and so that
//! a change can be taken back exactly.

use rustc_hash::FxHashMap;

use super::class::HostPort;
use super::index::{ClaimId, ClassId, NodeId, PodId, ResourceId, VolumeId};
use super::resources::{Amounts, MEMORY, PODS};
use super::{Cluster, Standing};

/// A pod came to a node or left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The pod.
    pub pod: PodId,
    /// Its class.
    pub class: ClassId,
    /// The node.
    pub node: NodeId,
    /// Came (true) or left.
    pub came: bool,
}

/// What binding a pod decided about a claim that waited for its first consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// This volume is now its own.
    Bound(VolumeId),
    /// A volume is being made for it, for this node.
    Provisioning(NodeId),
}

/// Who is where. Two occupancies are equal when the same pods are on the same nodes, whatever the way there.
#[derive(Debug, Clone)]
pub struct Occupancy {
    /// What is set aside, by resource column and node; the column of pods holds their number.
    requested: Vec<Vec<i64>>,
    /// cpu that scoring counts, by node.
    scored_cpu_milli: Vec<i64>,
    /// Memory that scoring counts, by node.
    scored_memory_bytes: Vec<i64>,
    pods_on: Vec<Vec<PodId>>,
    pods_of: Vec<Vec<PodId>>,
    /// For each pod: its node, its place in `pods_on` and in `pods_of`.
    place: Vec<Option<Place>>,
    ports: FxHashMap<NodeId, Vec<HostPort>>,
    claims: FxHashMap<ClaimId, ClaimState>,
    volumes_taken: FxHashMap<VolumeId, ClaimId>,
    log: Vec<Change>,
}

/// Where a trial on a node began.
#[derive(Debug)]
pub struct Mark {
    log: usize,
    node: NodeId,
    ports: Option<Vec<HostPort>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    node: NodeId,
    on: u32,
    of: u32,
}

impl Occupancy {
    /// The pods that the input has on nodes.
    pub fn new(cluster: &Cluster) -> Self {
        let mut occupancy = Self::empty(cluster);
        for pod in cluster.pod_ids() {
            if let Standing::Bound(node) = cluster.pod(pod).standing {
                occupancy.bind(cluster, pod, node);
            }
        }
        occupancy
    }

    /// Nobody is anywhere.
    pub fn empty(cluster: &Cluster) -> Self {
        let nodes = cluster.nodes.len();
        Occupancy {
            requested: vec![vec![0; nodes]; cluster.resources.ids().len()],
            scored_cpu_milli: vec![0; nodes],
            scored_memory_bytes: vec![0; nodes],
            pods_on: vec![Vec::new(); nodes],
            pods_of: vec![Vec::new(); cluster.classes.len()],
            place: vec![None; cluster.pods.len()],
            ports: FxHashMap::default(),
            claims: FxHashMap::default(),
            volumes_taken: FxHashMap::default(),
            log: Vec::new(),
        }
    }

    /// Puts a pod on a node. It must not be on one.
    pub fn bind(&mut self, cluster: &Cluster, pod: PodId, node: NodeId) {
        if self.place.len() < cluster.pods.len() {
            self.place.resize(cluster.pods.len(), None);
        }
        assert!(self.place[pod.index()].is_none(), "{} is on a node already", cluster.pod_name(pod));
        let class_id = cluster.pod(pod).class;
        let (on, of) = (self.pods_on[node.index()].len() as u32, self.pods_of[class_id.index()].len() as u32);
        self.place[pod.index()] = Some(Place { node, on, of });
        self.pods_on[node.index()].push(pod);
        self.pods_of[class_id.index()].push(pod);
        self.account(cluster, class_id, node, 1);
        let class = cluster.class(class_id);
        for port in &class.host_ports {
            let taken = self.ports.entry(node).or_default();
            if !taken.contains(port) {
                taken.push(*port);
            }
        }
        self.log.push(Change { pod, class: class_id, node, came: true });
    }

    /// Takes a pod off its node and returns the node. It must be on one.
    pub fn evict(&mut self, cluster: &Cluster, pod: PodId) -> NodeId {
        let place = self.place[pod.index()].take().expect("a pod that is evicted is on a node");
        let class_id = cluster.pod(pod).class;
        self.pods_on[place.node.index()].remove(place.on as usize);
        for &later in &self.pods_on[place.node.index()][place.on as usize..] {
            self.place[later.index()].as_mut().expect("it is on this node").on -= 1;
        }
        let siblings = &mut self.pods_of[class_id.index()];
        siblings.swap_remove(place.of as usize);
        if let Some(&moved) = siblings.get(place.of as usize) {
            self.place[moved.index()].as_mut().expect("it is on a node").of = place.of;
        }
        self.account(cluster, class_id, place.node, -1);
        self.free_ports(cluster.class(class_id).host_ports.as_slice(), place.node);
        self.log.push(Change { pod, class: class_id, node: place.node, came: false });
        place.node
    }

    fn account(&mut self, cluster: &Cluster, class: ClassId, node: NodeId, sign: i64) {
        let requests = &cluster.class(class).requests;
        for &(resource, amount) in &requests.amounts {
            self.requested[resource.index()][node.index()] += sign * amount;
        }
        self.requested[PODS.index()][node.index()] += sign;
        self.scored_cpu_milli[node.index()] += sign * requests.scored_cpu_milli;
        self.scored_memory_bytes[node.index()] += sign * requests.scored_memory_bytes;
    }

    /// Frees ports, even if another pod of the node has them too: upstream keeps a set, so that the first to leave frees a port
    /// that two pods share.
    fn free_ports(&mut self, ports: &[HostPort], node: NodeId) {
        let Some(taken) = self.ports.get_mut(&node) else { return };
        taken.retain(|port| !ports.contains(port));
        if taken.is_empty() {
            self.ports.remove(&node);
        }
    }

    /// Puts an evicted pod back where it was in its node's order (second half of trying an eviction).
    pub fn restore(&mut self, cluster: &Cluster, pod: PodId, node: NodeId, position: usize) {
        self.bind(cluster, pod, node);
        let pods = &mut self.pods_on[node.index()];
        pods.pop();
        pods.insert(position, pod);
        for (index, &pod) in pods.iter().enumerate().skip(position) {
            self.place[pod.index()].as_mut().expect("it is on this node").on = index as u32;
        }
    }

    /// Where a pod stands among the pods of its node.
    pub fn position(&self, pod: PodId) -> Option<usize> {
        Some(self.place.get(pod.index()).copied().flatten()?.on as usize)
    }

    /// What is set aside on a node.
    pub fn requested(&self, resource: ResourceId, node: NodeId) -> i64 {
        self.requested[resource.index()][node.index()]
    }

    /// What scoring counts as set aside: cpu and memory with defaults for containers that do not say.
    pub fn scored(&self, resource: ResourceId, node: NodeId) -> i64 {
        let column = if resource == MEMORY { &self.scored_memory_bytes } else { &self.scored_cpu_milli };
        column[node.index()]
    }

    /// How many pods a node has.
    pub fn pod_count(&self, node: NodeId) -> i64 {
        self.requested(PODS, node)
    }

    /// The pods of a node, in the order in which they came.
    pub fn pods_on(&self, node: NodeId) -> &[PodId] {
        &self.pods_on[node.index()]
    }

    /// The pods of a class that are on nodes.
    pub fn pods_of(&self, class: ClassId) -> &[PodId] {
        &self.pods_of[class.index()]
    }

    /// The node a pod is on.
    pub fn node_of(&self, pod: PodId) -> Option<NodeId> {
        Some(self.place.get(pod.index()).copied().flatten()?.node)
    }

    /// Host ports taken on a node.
    pub fn ports(&self, node: NodeId) -> &[HostPort] {
        self.ports.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Nodes on which a host port is taken, in no order.
    pub fn nodes_with_ports(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.ports.keys().copied()
    }

    /// What binding decided about a claim.
    pub fn claim_state(&self, claim: ClaimId) -> Option<ClaimState> {
        self.claims.get(&claim).copied()
    }

    /// The claim a volume was given to by binding.
    pub fn volume_taken_by(&self, volume: VolumeId) -> Option<ClaimId> {
        self.volumes_taken.get(&volume).copied()
    }

    /// Records what binding decided about a claim.
    pub fn settle_claim(&mut self, claim: ClaimId, state: ClaimState) {
        if let ClaimState::Bound(volume) = state {
            self.volumes_taken.insert(volume, claim);
        }
        self.claims.insert(claim, state);
    }

    /// Everything that happened, oldest first.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    /// Remembers where a trial on `node` began.
    pub fn mark(&self, node: NodeId) -> Mark {
        Mark { log: self.log.len(), node, ports: self.ports.get(&node).cloned() }
    }

    /// Ends a trial whose every change was taken back: nobody need know of it.
    pub fn rewind(&mut self, mark: Mark) {
        self.log.truncate(mark.log);
        match mark.ports {
            Some(ports) => self.ports.insert(mark.node, ports),
            None => self.ports.remove(&mark.node),
        };
    }

    /// The resources set aside on a node, without those of which nothing is.
    pub fn amounts(&self, node: NodeId) -> Amounts {
        let columns = self.requested.iter().enumerate();
        columns.map(|(index, column)| (ResourceId::new(index), column[node.index()])).filter(|&(_, amount)| amount != 0).collect()
    }
}

impl PartialEq for Occupancy {
    fn eq(&self, other: &Self) -> bool {
        let nodes = |occupancy: &Occupancy| occupancy.place.iter().map(|place| place.map(|place| place.node)).collect::<Vec<_>>();
        self.requested == other.requested
            && self.scored_cpu_milli == other.scored_cpu_milli
            && self.scored_memory_bytes == other.scored_memory_bytes
            && self.pods_on == other.pods_on
            && nodes(self) == nodes(other)
            && self.claims == other.claims
            && self.ports == other.ports
    }
}
