//! What no order of draining gets around: how many nodes can be away at once.
//!
//! Draining in waves is packing nodes into bins. Each limit is a dimension: every node has a weight in it, and the nodes of a wave weigh
//! no more than its capacity, wherever the scheduler puts pods and whatever was drained before. So a lower bound on the bins is one on
//! the waves. There are four kinds: room for what must have a place (a resource, of the nodes that some pods can use); distinct nodes for
//! pods that keep away from each other; pods that can only run where they are, against their budget; and the number of nodes that may go
//! at once.
//!
//! Source: Martello and Toth, "Lower bounds and reduction procedures for the bin packing problem", Discrete Applied Mathematics 28, 1990
//! (the bound L2).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::cluster::class::Class;
use crate::cluster::index::{ClassId, NodeId, NodeSet, PodId, ResourceId};
use crate::cluster::resources::{PODS, amount_of};
use crate::scheduler::plugins::node_unschedulable::tolerates;
use crate::simulation::drain::{Setting, State, Treatment};
use crate::simulation::loss::Keeper;

/// So many sets of nodes are looked at for what fits among them: those that most pods are bound to.
const MOST_SETS: usize = 64;
/// Up to so many nodes, the fewest bins are worked out exactly.
const EXACT_NODES: usize = 12;
/// Up to so many nodes, pairs that cannot go together are looked for.
const PAIRED_NODES: usize = 400;

/// What limits how many nodes can be away at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// What pods ask for that can run on these nodes alone.
    Room {
        /// The resource.
        resource: ResourceId,
        /// The nodes.
        among: NodeSet,
        /// How much must have a place.
        needed: i64,
        /// How much there is.
        total: i64,
    },
    /// So many pods keep away from each other, one a node.
    Apart {
        /// One of them.
        pod: PodId,
        /// The nodes.
        among: NodeSet,
        /// How many must have a place.
        needed: usize,
    },
    /// Pods of a budget that can run on their node alone.
    Pinned {
        /// The budget.
        budget: usize,
        /// How many of its pods may be missing.
        allowed: i64,
    },
    /// So many nodes at once, as was asked for.
    Parallel(usize),
}

/// A limit, and what the nodes weigh in it.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// The limit.
    pub limit: Limit,
    /// The nodes that weigh anything, as positions among those to be drained.
    pub weights: Vec<(usize, i64)>,
    /// What the nodes of a wave may weigh together.
    pub capacity: i64,
}

/// All limits on draining these nodes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many nodes are to be drained.
    nodes: usize,
    /// The limits.
    pub dimensions: Vec<Dimension>,
    /// For each node, where it weighs something and how much.
    of_node: Vec<Vec<(usize, i64)>>,
}

/// A lower bound on the number of waves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bound {
    /// No order takes fewer waves.
    pub waves: usize,
    /// The limit that says so; none if it is several together, or if there is nothing to say.
    pub by: Option<usize>,
    /// Nodes of which no two can go together, if that says so.
    pub apart: Vec<usize>,
}

impl Limits {
    /// On draining `nodes` (in list order), which come back afterwards (or else only `parallel` counts), at most `parallel` at once.
    pub fn new(state: &State<'_>, nodes: &[NodeId], are_back: bool, parallel: Option<usize>) -> Self {
        let mut dimensions = Vec::new();
        if are_back {
            let survey = Survey::of(state);
            dimensions.extend(survey.room(nodes));
            dimensions.extend(survey.apart(nodes));
            dimensions.extend(survey.pinned(nodes));
        }
        if let Some(parallel) = parallel {
            let weights = (0..nodes.len()).map(|node| (node, 1)).collect();
            dimensions.push(Dimension { limit: Limit::Parallel(parallel), weights, capacity: parallel as i64 });
        }
        // what all nodes together keep within limits nothing
        dimensions.retain(|dimension| dimension.weights.iter().map(|&(_, weight)| weight).sum::<i64>() > dimension.capacity);
        let mut of_node = vec![Vec::new(); nodes.len()];
        for (at, dimension) in dimensions.iter().enumerate() {
            dimension.weights.iter().for_each(|&(node, weight)| of_node[node].push((at, weight)));
        }
        Limits { nodes: nodes.len(), dimensions, of_node }
    }

    /// An empty wave.
    pub fn bin(&self) -> Bin<'_> {
        Bin { limits: self, loads: vec![0; self.dimensions.len()] }
    }

    /// Whether these nodes can be away together.
    pub fn allow(&self, nodes: &[usize]) -> bool {
        let mut bin = self.bin();
        nodes.iter().all(|&node| bin.add(node))
    }

    /// The limit that keeps a node from being drained at all, whatever the order.
    pub fn forbids(&self, node: usize) -> Option<usize> {
        self.of_node[node].iter().find(|&&(at, weight)| weight > self.dimensions[at].capacity).map(|&(at, _)| at)
    }

    /// A lower bound on the waves that these nodes take, none of which is forbidden.
    pub fn bound(&self, nodes: &[usize]) -> Bound {
        let mut bound = Bound { waves: usize::from(!nodes.is_empty()), ..Bound::default() };
        let mut member = vec![false; self.nodes];
        nodes.iter().for_each(|&node| member[node] = true);
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let weights = dimension.weights.iter().filter(|&&(node, _)| member[node]).map(|&(_, weight)| weight).collect();
            let waves = martello_toth(weights, dimension.capacity);
            if waves > bound.waves {
                bound = Bound { waves, by: Some(at), apart: Vec::new() };
            }
        }
        if nodes.len() <= PAIRED_NODES {
            let apart = self.clique(nodes);
            if apart.len() > bound.waves {
                bound = Bound { waves: apart.len(), by: None, apart };
            }
        }
        if nodes.len() <= EXACT_NODES {
            let waves = self.fewest(nodes);
            if waves > bound.waves {
                bound = Bound { waves, by: None, apart: Vec::new() };
            }
        }
        bound
    }

    /// Nodes of which no two can go together, found greedily.
    fn clique(&self, nodes: &[usize]) -> Vec<usize> {
        let conflict = |one: usize, other: usize| !self.allow(&[one, other]);
        let mut degrees: Vec<(Reverse<usize>, usize)> = nodes
            .iter()
            .map(|&node| (Reverse(nodes.iter().filter(|&&other| other != node && conflict(node, other)).count()), node))
            .collect();
        degrees.sort_unstable();
        let mut clique: Vec<usize> = Vec::new();
        for (_, node) in degrees {
            if clique.iter().all(|&member| conflict(member, node)) {
                clique.push(node);
            }
        }
        clique
    }

    /// The fewest bins, exactly: for each set of nodes, from those of its subsets that can go together.
    fn fewest(&self, nodes: &[usize]) -> usize {
        let table = self.table(nodes);
        table.last().copied().unwrap_or(0)
    }

    /// For each set of these nodes (bit by bit), the fewest bins that it takes.
    pub fn table(&self, nodes: &[usize]) -> Vec<usize> {
        let count = nodes.len();
        let together: Vec<bool> = (0..1usize << count)
            .map(|set| self.allow(&(0..count).filter(|bit| set >> bit & 1 == 1).map(|bit| nodes[bit]).collect::<Vec<_>>()))
            .collect();
        let mut fewest = vec![usize::MAX; 1 << count];
        fewest[0] = 0;
        for set in 1..1usize << count {
            let lowest = set & set.wrapping_neg();
            let mut part = set;
            while part > 0 {
                if part & lowest != 0 && together[part] {
                    fewest[set] = fewest[set].min(fewest[set ^ part].saturating_add(1));
                }
                part = (part - 1) & set;
            }
        }
        fewest
    }
}

/// A wave that is being filled.
#[derive(Debug, Clone)]
pub struct Bin<'a> {
    limits: &'a Limits,
    loads: Vec<i64>,
}

impl Bin<'_> {
    /// Adds a node if no limit forbids it.
    pub fn add(&mut self, node: usize) -> bool {
        let weights = &self.limits.of_node[node];
        let fits = weights.iter().all(|&(at, weight)| self.loads[at].saturating_add(weight) <= self.limits.dimensions[at].capacity);
        if fits {
            weights.iter().for_each(|&(at, weight)| self.loads[at] += weight);
        }
        fits
    }
}

/// A lower bound on the bins of this capacity that these weights take.
fn martello_toth(mut weights: Vec<i64>, capacity: i64) -> usize {
    weights.retain(|&weight| weight > 0 && weight <= capacity);
    weights.sort_unstable();
    if weights.is_empty() {
        return 0;
    }
    let sums: Vec<i128> = std::iter::once(0)
        .chain(weights.iter().scan(0i128, |sum, &weight| {
            *sum += i128::from(weight);
            Some(*sum)
        }))
        .collect();
    let above = |bound: i64| weights.partition_point(|&weight| weight <= bound);
    let half = above(capacity / 2);
    let mut thresholds: Vec<i64> = weights[..half].to_vec();
    thresholds.dedup();
    let step = thresholds.len().div_ceil(64).max(1);
    let bound = |threshold: i64| {
        // those that stand alone, those with room for some of the small ones, and the small ones
        let (alone, small) = (above(capacity - threshold), weights.partition_point(|&weight| weight < threshold));
        let alone = alone.max(half);
        let room = i128::from(capacity) * (alone - half) as i128 - (sums[alone] - sums[half]);
        let rest = (sums[half] - sums[small] - room).max(0);
        let more = (rest + i128::from(capacity) - 1) / i128::from(capacity);
        weights.len() - half + usize::try_from(more).unwrap_or(usize::MAX)
    };
    std::iter::once(0).chain(thresholds.into_iter().step_by(step)).map(bound).max().unwrap_or(0)
}

/// What must have a place, and where it could have one.
struct Survey<'a> {
    state: &'a State<'a>,
    setting: &'a Setting,
    /// How many pods of each budget may be missing.
    allowances: Vec<i64>,
    /// The classes of pods that run and would be evicted, with those pods.
    classes: Vec<(ClassId, Vec<PodId>, NodeSet)>,
}

impl<'a> Survey<'a> {
    fn of(state: &'a State<'a>) -> Self {
        let setting = state.setting();
        let mut classes: BTreeMap<ClassId, Vec<PodId>> = BTreeMap::new();
        let mut selected = vec![0i64; state.budgets().len()];
        for pod in setting.pods() {
            setting.selecting(pod).iter().for_each(|&budget| selected[budget as usize] += 1);
            if moves(state, pod) {
                classes.entry(setting.cluster().pod(pod).class).or_default().push(pod);
            }
        }
        let present = state.scheduler().occupancy().outages().present();
        let allowance = |(at, budget): (usize, &crate::simulation::drain::Budget)| {
            selected[at] - i64::from(budget.desired.min(state.healthy()[at])).min(selected[at])
        };
        let eligible = |(id, pods): (ClassId, Vec<PodId>)| {
            let mut set = setting.eligible(setting.cluster().class(id));
            set.intersect(present);
            (id, pods, set)
        };
        let allowances = state.budgets().iter().enumerate().map(allowance).collect();
        Survey { state, setting, allowances, classes: classes.into_iter().map(eligible).collect() }
    }

    fn class(&self, id: ClassId) -> &Class {
        self.setting.cluster().class(id)
    }

    /// Room for what pods ask for that can run on some nodes alone.
    fn room(&self, nodes: &[NodeId]) -> Vec<Dimension> {
        let mut sets: FxHashMap<&NodeSet, usize> = FxHashMap::default();
        self.classes.iter().for_each(|(_, pods, eligible)| *sets.entry(eligible).or_default() += pods.len());
        let mut sets: Vec<(&NodeSet, usize)> = sets.into_iter().collect();
        sets.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.words().cmp(other.0.words())));
        let all = self.state.scheduler().occupancy().outages().present();
        let among = sets.into_iter().map(|(set, _)| set).filter(|&set| set != all).take(MOST_SETS);
        std::iter::once(all).chain(among).flat_map(|among| self.room_among(among, nodes)).collect()
    }

    fn room_among(&self, among: &NodeSet, nodes: &[NodeId]) -> Vec<Dimension> {
        let mut outside = among.clone();
        let within: Vec<&(ClassId, Vec<PodId>, NodeSet)> = self
            .classes
            .iter()
            .filter(|(_, _, eligible)| {
                outside.clone_from(eligible);
                outside.subtract(among);
                outside.is_empty()
            })
            .collect();
        let cluster = self.setting.cluster();
        let dimension = |resource: ResourceId| {
            let needed = self.needed(&within, resource);
            let rooms: Vec<(NodeId, i64)> = among.iter().map(|node| (node, self.room_of(node, resource))).collect();
            let total: i64 = rooms.iter().map(|&(_, room)| room).sum();
            let room = |node: &NodeId| rooms.binary_search_by_key(node, |&(node, _)| node).ok().map(|at| rooms[at].1);
            let weights = nodes.iter().enumerate().filter_map(|(at, node)| Some((at, room(node)?))).collect();
            let limit = Limit::Room { resource, among: among.clone(), needed, total };
            (needed > 0).then_some(Dimension { limit, weights, capacity: total - needed })
        };
        cluster.resources.ids().filter_map(dimension).collect()
    }

    /// What pods of these classes ask for that must have a place; each budget spares the largest.
    fn needed(&self, classes: &[&(ClassId, Vec<PodId>, NodeSet)], resource: ResourceId) -> i64 {
        let mut needed = 0;
        let mut by_budget: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for (id, pods, eligible) in classes {
            let class = self.class(*id);
            let asks = amount_of(&class.requests.amounts, resource).min(amount_of(&class.incoming.amounts, resource));
            let asks = if resource == PODS { 1 } else { asks };
            match self.setting.selecting(pods[0]).first() {
                Some(&budget) => by_budget.entry(budget).or_default().extend(pods.iter().map(|_| asks)),
                // where it is the only node, it waits for it
                None if eligible.len() == 1 => {}
                None => needed += asks * pods.len() as i64,
            }
        }
        for (budget, mut asked) in by_budget {
            asked.sort_unstable_by_key(|&asks| Reverse(asks));
            needed += asked.iter().skip(usize::try_from(self.allowances[budget as usize]).unwrap_or(0)).sum::<i64>();
        }
        needed
    }

    /// What a node has for pods that move: without those that belong to it; never less than is used of it.
    fn room_of(&self, node: NodeId, resource: ResourceId) -> i64 {
        let cluster = self.setting.cluster();
        let occupancy = self.state.scheduler().occupancy();
        let stays = occupancy.pods_on(node).iter().filter(|&&pod| self.setting.traits(pod).treatment == Treatment::Stays);
        let is_slots = resource == PODS;
        let of = |pod: &PodId| if is_slots { 1 } else { amount_of(&cluster.class_of(*pod).requests.amounts, resource) };
        let staying: i64 = stays.map(of).sum();
        (cluster.allocatable(resource, node) - staying).max(occupancy.requested(resource, node) - staying).max(0)
    }

    /// Distinct nodes for pods that keep away from each other.
    fn apart(&self, nodes: &[NodeId]) -> Vec<Dimension> {
        let cluster = self.setting.cluster();
        // a term by its number, or a port by protocol and number
        let mut groups: BTreeMap<(usize, usize, usize), Vec<usize>> = BTreeMap::new();
        for (at, (id, ..)) in self.classes.iter().enumerate() {
            let class = self.class(*id);
            for &term in &class.anti_affinity {
                let (about, topology) = (cluster.term(term), cluster.topology(cluster.term(term).topology));
                // every node is a domain of its own
                if about.matches(class) && topology.with_key().len() == cluster.nodes.len() && topology.len() == cluster.nodes.len() {
                    groups.entry((0, term.index(), 0)).or_default().push(at);
                }
            }
            for port in class.host_ports.iter().filter(|port| port.address.is_none()) {
                groups.entry((1, port.protocol.index(), port.port.unsigned_abs() as usize)).or_default().push(at);
            }
        }
        let mut tightest: BTreeMap<Vec<usize>, Dimension> = BTreeMap::new();
        for dimension in groups.values().map(|group| self.distinct(group, nodes)) {
            let Limit::Apart { among, .. } = &dimension.limit else { continue };
            let key = among.words().to_vec();
            if tightest.get(&key).is_none_or(|other| other.capacity > dimension.capacity) {
                tightest.insert(key, dimension);
            }
        }
        tightest.into_values().collect()
    }

    fn distinct(&self, group: &[usize], nodes: &[NodeId]) -> Dimension {
        let mut among = NodeSet::none(self.setting.cluster().nodes.len());
        let (mut needed, mut budgets) = (0i64, Vec::new());
        for (_, pods, eligible) in group.iter().map(|&at| &self.classes[at]) {
            among.unite(eligible);
            match self.setting.selecting(pods[0]).first() {
                None if eligible.len() == 1 => continue,
                None => {}
                Some(&budget) => budgets.push(budget),
            }
            needed += pods.len() as i64;
        }
        budgets.sort_unstable();
        budgets.dedup();
        needed = (needed - budgets.iter().map(|&budget| self.allowances[budget as usize]).sum::<i64>()).max(0);
        let capacity = among.len() as i64 - needed;
        let weights = nodes.iter().enumerate().filter(|(_, node)| among.contains(**node)).map(|(at, _)| (at, 1)).collect();
        let pod = self.classes[group[0]].1[0];
        Dimension { limit: Limit::Apart { pod, among, needed: usize::try_from(needed).unwrap_or(0) }, weights, capacity }
    }

    /// Pods that can run on their node alone, against their budget.
    fn pinned(&self, nodes: &[NodeId]) -> Vec<Dimension> {
        let mut weights: BTreeMap<u32, BTreeMap<usize, i64>> = BTreeMap::new();
        for (_, pods, eligible) in self.classes.iter().filter(|(_, _, eligible)| eligible.len() == 1) {
            let Some(at) = eligible.first().and_then(|home| nodes.binary_search(&home).ok()) else { continue };
            for &budget in self.setting.selecting(pods[0]).iter().take(1) {
                *weights.entry(budget).or_default().entry(at).or_default() += pods.len() as i64;
            }
        }
        let dimension = |(budget, weights): (u32, BTreeMap<usize, i64>)| {
            let (budget, allowed) = (budget as usize, self.allowances[budget as usize]);
            Dimension { limit: Limit::Pinned { budget, allowed }, weights: weights.into_iter().collect(), capacity: allowed }
        };
        weights.into_iter().map(dimension).collect()
    }
}

/// Whether a pod runs, is well, would be evicted with its node and replaced elsewhere. Pods that go where nodes are cordoned do not
/// count, nor those that two budgets keep where they are: what is said without them holds with them.
fn moves(state: &State<'_>, pod: PodId) -> bool {
    let setting = state.setting();
    let traits = setting.traits(pod);
    let cluster = setting.cluster();
    state.scheduler().occupancy().node_of(pod).is_some()
        && traits.treatment == Treatment::Goes
        && !matches!(traits.keeper, Keeper::Nobody | Keeper::Node)
        && traits.is_ready
        && !traits.is_free
        && setting.selecting(pod).len() <= 1
        && !tolerates(cluster, cluster.class_of(pod))
}

#[cfg(test)]
mod tests {
    use super::martello_toth;

    #[test]
    fn large_weights_stand_alone_and_small_ones_fill_up() {
        assert_eq!(martello_toth(vec![3, 3, 3], 10), 1);
        assert_eq!(martello_toth(vec![6, 6, 6], 10), 3);
        assert_eq!(martello_toth(vec![6, 6, 4, 4, 1], 10), 3);
        assert_eq!(martello_toth(vec![7, 7, 5, 5], 10), 3);
        assert_eq!(martello_toth(vec![1; 25], 10), 3);
        assert_eq!(martello_toth(vec![], 10), 0);
    }
}
