//! What can keep pods of a class from nodes while others come, as far as it can be bounded.
//!
//! Where the class must find a place is a list of *cells*, sets of nodes. Usually it is one: wherever the class can go. A hard spread
//! constraint always allows the domain with the fewest pods, whichever that is at the moment; so each domain is a cell, and with several
//! constraints each way to choose a domain of each. Within a cell a node is lost, or full, or *rivals* are on it: pods one of which is
//! enough to keep the class from a node (anti-affinity in either direction, host ports, spread over hosts), or from a whole domain.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::{Ground, holders};
use super::units::Amount;
use crate::cluster::Cluster;
use crate::cluster::class::{Class, PodTerm, SpreadConstraint};
use crate::cluster::index::{ClaimId, ClassId, NodeId, NodeSet, PodId, TopologyId};
use crate::cluster::resources::Amounts;
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::node_ports;
use crate::simulation::loss::Keeper;

/// In no more cells than this is a class looked for.
const CELLS: usize = 64;

/// Why nothing can be said of a class before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unbounded {
    /// Its pods are another scheduler's, or refused before any node is looked at.
    Refused,
    /// It must be near pods all of which can be lost at once.
    Company,
    /// Its hard spread constraints have too many domains, or ask for more than there are.
    Spread,
    /// It names disks, or claims that others use too, or that have no volume.
    Volumes,
    /// Something waits that can take anything: a pod for which a node is kept free, or one that may evict others.
    Waiting,
}

/// What can keep pods of a class from nodes.
pub(super) struct Demand {
    pub class: ClassId,
    /// What one of its pods sets aside.
    pub requests: Amounts,
    /// What the filters ask for.
    pub incoming: Amounts,
    /// Where it must find a place.
    pub cells: Vec<NodeSet>,
    /// Nodes that it cannot go to as things are, for the sake of others.
    pub barred: NodeSet,
    /// Displaced pods each of which keeps it from the node that it comes to.
    pub rivals: Rivals,
    /// The same of whole domains.
    pub distant: Vec<(TopologyId, Rivals)>,
}

/// Pods that keep others away.
#[derive(Default)]
pub(super) struct Rivals {
    amount: Amount,
    late: i64,
    /// One if a pod of the class is itself a rival of its siblings.
    own: i64,
    pub classes: BTreeSet<ClassId>,
}

impl Rivals {
    fn new(ground: &Ground<'_>, class: ClassId, classes: BTreeSet<ClassId>) -> Self {
        let amount = Amount::new(classes.iter().flat_map(|rival| ground.hosts[rival.index()].iter().copied()), ground.k);
        Rivals { amount, late: ground.late(|of| classes.contains(&of)), own: i64::from(classes.contains(&class)), classes }
    }

    /// The most of them that can come before one pod of the class is placed.
    pub fn bound(&self, taken: &[u32], more: usize) -> i64 {
        (self.amount.bound(taken, more) + self.late - self.own).max(0)
    }
}

/// Rivals by topology; none is the node itself.
type RivalClasses = BTreeMap<Option<TopologyId>, BTreeSet<ClassId>>;

/// A class being looked at.
struct Study<'a> {
    ground: &'a Ground<'a>,
    cluster: &'a Cluster,
    id: ClassId,
    class: &'a Class,
    cycle: Cycle<'a>,
    rivals: RivalClasses,
    barred: NodeSet,
}

/// What can keep pods of a class from nodes; `pod` is one of those that would come in place of displaced ones.
pub(super) fn demand(ground: &Ground<'_>, id: ClassId, pod: PodId) -> Result<Demand, Unbounded> {
    let cluster = ground.baseline.cluster();
    let (class, set) = (cluster.class(id), ground.ground_of[id.index()].ok_or(Unbounded::Refused)?);
    let profile = ground.scheduler.profile_of(pod).ok_or(Unbounded::Refused)?;
    let cycle = ground.scheduler.cycle(pod, profile);
    let barred = NodeSet::none(cluster.nodes.len());
    let mut study = Study { ground, cluster, id, class, cycle, rivals: RivalClasses::new(), barred };
    let mut set = ground.grounds[set].clone();
    study.volumes(pod)?;
    study.ports();
    study.anti_affinity();
    study.affinity(&mut set)?;
    let cells = study.cells(set)?;
    Ok(study.finish(cells))
}

impl Study<'_> {
    fn finish(self, cells: Vec<NodeSet>) -> Demand {
        let (mut near, mut distant) = (BTreeSet::new(), Vec::new());
        for (topology, classes) in self.rivals {
            match topology {
                Some(topology) if !self.ground.is_single[topology.index()] => {
                    distant.push((topology, Rivals::new(self.ground, self.id, classes)));
                }
                _ => near.extend(classes),
            }
        }
        Demand {
            class: self.id,
            requests: self.class.requests.amounts.clone(),
            incoming: self.class.incoming.amounts.clone(),
            cells,
            barred: self.barred,
            rivals: Rivals::new(self.ground, self.id, near),
            distant,
        }
    }

    /// Nodes of the pods of a class.
    fn nodes_of(&self, class: ClassId) -> impl Iterator<Item = NodeId> + '_ {
        let occupancy = self.ground.baseline.occupancy();
        occupancy.pods_of(class).iter().filter_map(|&pod| occupancy.node_of(pod))
    }

    fn volumes(&mut self, pod: PodId) -> Result<(), Unbounded> {
        let (storage, volumes) = (&self.cluster.storage, &self.class.volumes);
        if volumes.is_empty() {
            return Ok(());
        }
        let is_settled = |claim: ClaimId| {
            let claim = storage.claim(claim);
            let has_volume = claim.volume_name.is_some_and(|name| storage.volume_by_name.contains_key(&name));
            has_volume && claim.bind_completed
        };
        let is_alone = |claim: ClaimId| {
            let leaves_first = self.ground.baseline.departure(pod).keeper == Keeper::OnceGone;
            !storage.claim(claim).one_pod_only || leaves_first && self.ground.users.get(&claim) == Some(&1)
        };
        let claims = volumes.claims.iter().map(|used| used.claim.filter(|&claim| is_settled(claim) && is_alone(claim)));
        if !volumes.disks.is_empty() || claims.into_iter().any(|claim| claim.is_none()) {
            return Err(Unbounded::Volumes);
        }
        if !storage.limits.is_empty() {
            let with_claims = self.cluster.classes.iter().enumerate().filter(|(_, class)| !class.volumes.claims.is_empty());
            let rivals = with_claims.map(|(class, _)| ClassId::new(class));
            self.rivals.entry(None).or_default().extend(rivals);
        }
        Ok(())
    }

    fn ports(&mut self) {
        if self.class.host_ports.is_empty() {
            return;
        }
        let takes = |other: &Class| self.class.host_ports.iter().any(|port| other.host_ports.iter().any(|taken| port.conflicts(taken)));
        let classes = self.cluster.classes.iter().enumerate().filter(|(_, class)| takes(class));
        self.rivals.entry(None).or_default().extend(classes.map(|(class, _)| ClassId::new(class)));
        let taken: Vec<NodeId> = self.ground.baseline.occupancy().nodes_with_ports().collect();
        taken.into_iter().filter(|&node| node_ports::conflicts(&self.cycle, node)).for_each(|node| self.barred.insert(node));
    }

    fn anti_affinity(&mut self) {
        let mut rivals: BTreeMap<TopologyId, BTreeSet<ClassId>> = BTreeMap::new();
        for &term in &self.class.anti_affinity {
            let term = self.cluster.term(term);
            rivals.entry(term.topology).or_default().extend(meant(self.cluster, term));
        }
        holders(self.cluster, self.class).for_each(|(topology, class)| _ = rivals.entry(topology).or_default().insert(class));
        for (topology, classes) in rivals {
            let domains = self.cluster.topology(topology);
            for &class in &classes {
                let mut barred = std::mem::take(&mut self.barred);
                for domain in self.nodes_of(class).filter_map(|node| domains.domain(node)) {
                    domains.insert_into(&mut barred, domain);
                }
                self.barred = barred;
            }
            self.rivals.entry(Some(topology)).or_default().extend(classes);
        }
    }

    /// Keeps the nodes where the class stays in company whatever is lost: those whose own pods it wants near, and domains in which such
    /// pods are in more units than can be lost.
    fn affinity(&mut self, set: &mut NodeSet) -> Result<(), Unbounded> {
        let Some((&first, others)) = self.class.affinity.split_first() else { return Ok(()) };
        let in_all = |class: &ClassId| others.iter().all(|&term| self.cluster.term(term).matches(self.cluster.class(*class)));
        let company: Vec<ClassId> = meant(self.cluster, self.cluster.term(first)).filter(in_all).collect();
        let nodes: BTreeSet<NodeId> = company.iter().flat_map(|&class| self.nodes_of(class)).collect();
        for &term in &self.class.affinity {
            let topology = self.cluster.term(term).topology;
            let domains = self.cluster.topology(topology);
            let mut in_domain: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
            nodes.iter().filter_map(|&node| Some((domains.domain(node)?, node))).for_each(|(domain, node)| {
                in_domain.entry(domain).or_default().push(node);
            });
            let mut near = NodeSet::none(self.cluster.nodes.len());
            for (domain, nodes) in in_domain {
                if self.ground.is_single[topology.index()] || self.outlasts(&nodes) {
                    domains.insert_into(&mut near, domain);
                }
            }
            set.intersect(&near);
        }
        if set.is_empty() { Err(Unbounded::Company) } else { Ok(()) }
    }

    /// Whether one of these nodes is left whatever is lost.
    fn outlasts(&self, nodes: &[NodeId]) -> bool {
        let units = self.ground.units;
        let lone: BTreeSet<u32> = nodes.iter().filter_map(|&node| units.of(node).first().copied()).collect();
        // a node that is in several units can go with any of them, but units that share no node must all go
        let shares = nodes.iter().any(|&node| units.of(node).len() > 1);
        nodes.iter().any(|&node| units.of(node).is_empty()) || !shares && lone.len() > self.ground.k
    }

    fn cells(&mut self, mut set: NodeSet) -> Result<Vec<NodeSet>, Unbounded> {
        let hard: Vec<&SpreadConstraint> = self.class.spread.iter().filter(|constraint| constraint.hard).collect();
        let defaults = self.cycle.profile.default_spread(self.cluster);
        if self.class.spread.is_empty() && !self.class.default_spread.is_empty() && defaults.iter().any(|constraint| constraint.hard) {
            return Err(Unbounded::Spread);
        }
        if hard.iter().any(|constraint| constraint.max_skew < 1) {
            return Err(Unbounded::Spread);
        }
        hard.iter().for_each(|constraint| set.intersect(self.cluster.topology(constraint.topology).with_key()));
        let mut cells = vec![set.clone()];
        for constraint in hard {
            if self.ground.is_single[constraint.topology.index()] {
                self.spread_over_hosts(constraint);
                continue;
            }
            let domains = self.domains(constraint, &set)?;
            if cells.len() * domains.len() > CELLS {
                return Err(Unbounded::Spread);
            }
            let parts = cells.iter().flat_map(|cell| domains.iter().map(move |domain| (cell, domain)));
            cells = parts.map(|(cell, domain)| common(cell, domain)).collect();
        }
        Ok(cells)
    }

    /// The domains one of which has the fewest pods.
    fn domains(&self, constraint: &SpreadConstraint, with_keys: &NodeSet) -> Result<Vec<NodeSet>, Unbounded> {
        let topology = self.cluster.topology(constraint.topology);
        let mut counted = self.ground.baseline.occupancy().outages().present().clone();
        for other in self.class.spread.iter().filter(|other| other.hard) {
            counted.intersect(self.cluster.topology(other.topology).with_key());
        }
        if constraint.honor_affinity {
            counted.intersect(&self.cluster.nodes_wanted(self.class));
        }
        if constraint.honor_taints {
            counted.subtract(&self.cluster.nodes_repelling(&self.class.tolerations));
        }
        let meets = topology.domains_meeting(&counted);
        let mut domains = Vec::new();
        let mut lasting = 0;
        for domain in (0..topology.len()).filter(|&domain| meets[domain]) {
            let mut nodes = NodeSet::none(self.cluster.nodes.len());
            topology.insert_into(&mut nodes, domain);
            let counting: Vec<NodeId> = common(&nodes, &counted).iter().collect();
            lasting += usize::from(self.outlasts(&counting));
            domains.push(common(&nodes, with_keys));
        }
        // with too few domains, skew is measured against none, and any domain may have too many
        if constraint.min_domains > 1 && lasting < constraint.min_domains { Err(Unbounded::Spread) } else { Ok(domains) }
    }

    /// A host without pods that count is always allowed; so what counts is taken for a rival, once the skew is used up.
    fn spread_over_hosts(&mut self, constraint: &SpreadConstraint) {
        let candidates = self.cluster.relations.candidates(&constraint.selector);
        let counts = |class: &ClassId| {
            let other = self.cluster.class(*class);
            other.namespace == self.class.namespace && constraint.selector.matches(&other.labels)
        };
        let classes: BTreeSet<ClassId> = if constraint.selector.is_empty() { BTreeSet::new() } else { candidates.filter(counts).collect() };
        let own = i64::from(constraint.selector.matches(&self.class.labels));
        let mut pods: BTreeMap<NodeId, i64> = BTreeMap::new();
        classes.iter().flat_map(|&class| self.nodes_of(class)).for_each(|node| *pods.entry(node).or_default() += 1);
        let full: Vec<NodeId> = pods.into_iter().filter(|&(_, pods)| pods + own > constraint.max_skew).map(|(node, _)| node).collect();
        full.into_iter().for_each(|node| self.barred.insert(node));
        self.rivals.entry(None).or_default().extend(classes);
    }
}

/// The classes whose pods a term means.
fn meant<'a>(cluster: &'a Cluster, term: &'a PodTerm) -> impl Iterator<Item = ClassId> + 'a {
    cluster.relations.candidates(&term.selector).filter(|&class| term.matches(cluster.class(class)))
}

fn common(one: &NodeSet, other: &NodeSet) -> NodeSet {
    let mut both = one.clone();
    both.intersect(other);
    both
}

impl Demand {
    /// Whether its pods can be put in any order: nothing about domains decides where they go.
    pub fn is_packable(&self, ground: &Ground<'_>) -> bool {
        let class = ground.baseline.cluster().class(self.class);
        let is_ordered = class.spread.iter().any(|constraint| constraint.hard) || !class.affinity.is_empty();
        self.cells.len() == 1 && self.distant.is_empty() && !is_ordered
    }
}
