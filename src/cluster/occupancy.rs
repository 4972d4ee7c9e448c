//! Who is where, and what has become of nodes: the only things that change while pods are placed.
//!
//! Every change is logged, so that what was computed before can be brought up to date by what changed since, and so that
//! a change can be taken back exactly.

use rustc_hash::{FxHashMap, FxHashSet};

use super::class::HostPort;
use super::index::{ClaimId, ClassId, NodeId, PodId, ResourceId, VolumeId};
use super::outage::{NodeState, Outages};
use super::resources::{Amounts, MEMORY, PODS};
use super::{Cluster, Standing};

/// Something that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A pod came to a node.
    Came(Stay),
    /// A pod left its node.
    Left(Stay),
    /// A pod is being deleted: it is there, but spreading no longer counts it.
    Terminating(Stay),
    /// That was taken back.
    Restored(Stay),
    /// A node's state changed from this.
    Node(NodeId, NodeState),
}

/// A pod on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The pod.
    pub pod: PodId,
    /// Its class.
    pub class: ClassId,
    /// The node.
    pub node: NodeId,
    /// Where it stands, or stood, among the pods of the node.
    position: u32,
    /// Whether it is being deleted.
    terminating: bool,
}

impl Change {
    /// Who came (+1) or left (−1): what resources, ports and neighbours go by.
    pub fn presence(&self) -> Option<(Stay, i64)> {
        match self {
            Change::Came(stay) => Some((*stay, 1)),
            Change::Left(stay) => Some((*stay, -1)),
            _ => None,
        }
    }

    /// Who counts more (+1) or less (−1) in spreading.
    pub fn counting(&self) -> Option<(Stay, i64)> {
        match self {
            Change::Came(stay) if !stay.terminating => Some((*stay, 1)),
            Change::Left(stay) if !stay.terminating => Some((*stay, -1)),
            Change::Terminating(stay) => Some((*stay, -1)),
            Change::Restored(stay) => Some((*stay, 1)),
            _ => None,
        }
    }
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
    outages: Outages,
    /// Pods on nodes that began to be deleted since the input was taken.
    terminating: FxHashSet<PodId>,
    log: Vec<Change>,
    /// What the log does not say, while there is a checkpoint.
    journal: Option<Journal>,
}

/// A point to come back to.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint {
    log: usize,
}

/// What was where before a change, in the order of the changes.
#[derive(Debug, Clone, Default)]
struct Journal {
    ports: Vec<(NodeId, Option<Vec<HostPort>>)>,
    claims: Vec<(ClaimId, Option<ClaimState>)>,
    volumes: Vec<(VolumeId, Option<ClaimId>)>,
}

/// Where a trial on a node began.
#[derive(Debug)]
pub struct Mark {
    log: usize,
    node: NodeId,
    ports: Option<Vec<HostPort>>,
    terminating: Vec<PodId>,
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
            outages: Outages::new(&cluster.nodes),
            terminating: FxHashSet::default(),
            log: Vec::new(),
            journal: None,
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
        self.take_ports(&cluster.class(class_id).host_ports, node);
        self.log.push(Change::Came(Stay { pod, class: class_id, node, position: on, terminating: false }));
    }

    fn take_ports(&mut self, ports: &[HostPort], node: NodeId) {
        if ports.is_empty() {
            return;
        }
        self.note_ports(node);
        let taken = self.ports.entry(node).or_default();
        for port in ports {
            if !taken.contains(port) {
                taken.push(*port);
            }
        }
    }

    fn note_ports(&mut self, node: NodeId) {
        if let Some(journal) = &mut self.journal {
            journal.ports.push((node, self.ports.get(&node).cloned()));
        }
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
        let terminating = self.terminating.remove(&pod);
        self.log.push(Change::Left(Stay { pod, class: class_id, node: place.node, position: place.on, terminating }));
        place.node
    }

    /// Says that a pod on a node is being deleted, which takes longer than is looked at.
    pub fn terminate(&mut self, cluster: &Cluster, pod: PodId) {
        let place = self.place[pod.index()].expect("a pod that is being deleted is on a node");
        if self.terminating.insert(pod) {
            self.log.push(Change::Terminating(self.stay(cluster, pod, place)));
        }
    }

    fn stay(&self, cluster: &Cluster, pod: PodId, place: Place) -> Stay {
        let terminating = self.terminating.contains(&pod);
        Stay { pod, class: cluster.pod(pod).class, node: place.node, position: place.on, terminating }
    }

    /// Whether a pod began to be deleted since the input was taken.
    pub fn is_terminating(&self, pod: PodId) -> bool {
        self.terminating.contains(&pod)
    }

    /// What has become of nodes.
    pub fn outages(&self) -> &Outages {
        &self.outages
    }

    /// Says what has become of a node. Its pods stay until they are evicted.
    pub fn set_node(&mut self, cluster: &Cluster, node: NodeId, state: NodeState) {
        let before = self.outages.state(node);
        if before != state {
            self.outages.set(&cluster.nodes, node, state);
            self.log.push(Change::Node(node, before));
        }
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
        if ports.is_empty() {
            return;
        }
        self.note_ports(node);
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
            let before = self.volumes_taken.insert(volume, claim);
            self.journal.iter_mut().for_each(|journal| journal.volumes.push((volume, before)));
        }
        let before = self.claims.insert(claim, state);
        self.journal.iter_mut().for_each(|journal| journal.claims.push((claim, before)));
    }

    /// Everything that happened, oldest first.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    /// Remembers where a trial on `node` began.
    pub fn mark(&self, node: NodeId) -> Mark {
        let terminating = match self.terminating.is_empty() {
            true => Vec::new(),
            false => self.pods_on(node).iter().copied().filter(|&pod| self.is_terminating(pod)).collect(),
        };
        Mark { log: self.log.len(), node, ports: self.ports.get(&node).cloned(), terminating }
    }

    /// Ends a trial whose every change was taken back: nobody need know of it.
    pub fn rewind(&mut self, mark: Mark) {
        self.log.truncate(mark.log);
        self.terminating.extend(mark.terminating);
        match mark.ports {
            Some(ports) => self.ports.insert(mark.node, ports),
            None => self.ports.remove(&mark.node),
        };
    }

    /// Sets a point to come back to. There is one at a time.
    pub fn checkpoint(&mut self) -> Checkpoint {
        assert!(self.journal.is_none(), "there is one checkpoint at a time");
        self.journal = Some(Journal::default());
        Checkpoint { log: self.log.len() }
    }

    /// Takes back everything since a checkpoint. The log says so: it grows by the opposite of each change, until
    /// [`Occupancy::forget`].
    pub fn take_back(&mut self, cluster: &Cluster, checkpoint: Checkpoint) {
        for at in (checkpoint.log..self.log.len()).rev() {
            match self.log[at] {
                Change::Came(stay) => _ = self.evict(cluster, stay.pod),
                Change::Left(stay) => {
                    self.restore(cluster, stay.pod, stay.node, stay.position as usize);
                    if stay.terminating {
                        self.terminate(cluster, stay.pod);
                    }
                }
                Change::Terminating(stay) => {
                    self.terminating.remove(&stay.pod);
                    self.log.push(Change::Restored(stay));
                }
                Change::Restored(stay) => self.terminate(cluster, stay.pod),
                Change::Node(node, before) => self.set_node(cluster, node, before),
            }
        }
        let journal = self.journal.take().expect("a checkpoint was set");
        journal.ports.into_iter().rev().for_each(|(node, before)| put_back(&mut self.ports, node, before));
        journal.claims.into_iter().rev().for_each(|(claim, before)| put_back(&mut self.claims, claim, before));
        journal.volumes.into_iter().rev().for_each(|(volume, before)| put_back(&mut self.volumes_taken, volume, before));
    }

    /// Forgets what happened since a checkpoint and was taken back.
    pub fn forget(&mut self, checkpoint: Checkpoint) {
        self.log.truncate(checkpoint.log);
    }

    /// The resources set aside on a node, without those of which nothing is.
    pub fn amounts(&self, node: NodeId) -> Amounts {
        let columns = self.requested.iter().enumerate();
        columns.map(|(index, column)| (ResourceId::new(index), column[node.index()])).filter(|&(_, amount)| amount != 0).collect()
    }
}

fn put_back<K: Eq + std::hash::Hash, V>(map: &mut FxHashMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

impl Checkpoint {
    /// How long the log was.
    pub fn log_length(self) -> usize {
        self.log
    }
}

impl PartialEq for Occupancy {
    fn eq(&self, other: &Self) -> bool {
        // pods that were never on a node need not have a place yet
        let most = self.place.len().max(other.place.len());
        let nodes = |occupancy: &Occupancy| (0..most).map(|pod| occupancy.node_of(PodId::new(pod))).collect::<Vec<_>>();
        self.requested == other.requested
            && self.scored_cpu_milli == other.scored_cpu_milli
            && self.scored_memory_bytes == other.scored_memory_bytes
            && self.pods_on == other.pods_on
            && nodes(self) == nodes(other)
            && self.claims == other.claims
            && self.ports == other.ports
            && self.outages == other.outages
            && self.terminating == other.terminating
    }
}
