//! The certificate that holds for the scheduler itself, whatever the order, the ties and the scores: every displaced pod keeps a node.
//!
//! # Why it is sound
//!
//! Take any loss of `k` units, and let a pod of some class be tried for the first time in it at which a try fails or somebody is evicted.
//! Until then nobody left a survivor, so what has come to survivors are replacements of other displaced pods, each once, and pods that
//! waited before ([`super::ground`] bounds them). A node of a cell ([`super::demand`]) refuses the pod only if
//!
//! - it refused it before the loss, which is looked up;
//! - it is lost: no more nodes than the `k` units with most of them have;
//! - some resource on it is filled: others have brought at least what was free there, less what the pod asks for, plus one. All displaced
//!   pods together bring no more of a resource than the `k` units with most of it hold, less the pod's own share. Filling first the nodes
//!   that need least fills most nodes: so many, and no more, can be full of this resource;
//! - or a rival came to it: each displaced rival to one node, or, of rules about domains, into one domain.
//!
//! And each filled node, and each with a rival, took at least one displaced pod. If all that is less than the nodes of the cell, one is
//! left, the try does not fail, and nobody is evicted. So if it holds for every class that is displaced, no try ever fails. For a hard
//! spread constraint the domain with the fewest pods is a cell, whichever it is at the moment.
//!
//! Every sum over "the `k` units with most" is at least what any `k` units hold, so one test speaks for all `C(N, k)` losses at once; with
//! some units given and `m` more to choose, it speaks for all losses that have these.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::demand::{Demand, Unbounded, demand};
use super::ground::Ground;
use super::units::Amount;
use crate::cluster::Standing;
use crate::cluster::index::{ClassId, NodeId, NodeSet, PodId, ResourceId};
use crate::cluster::resources::{Amounts, PODS, amount_of};

/// Beyond so many distinct cells all displaced pods are taken to reach every one.
const FIELDS: usize = 256;

/// A cell, and how much those that can reach it bring at most.
struct Field {
    nodes: NodeSet,
    /// By resource; of pods their number.
    brought: Vec<Amount>,
    lost: Amount,
}

/// A cell as pods that ask for the same see it.
struct Floor {
    field: usize,
    /// Nodes that have room before the loss.
    fits: NodeSet,
    /// By resource that is asked for: what it takes to fill the one, two, three nodes that need least.
    filling: Vec<(ResourceId, Vec<i64>)>,
}

/// A cell of one class.
struct Room {
    floor: usize,
    /// Nodes with room that it may not go to for the sake of others, as things are.
    barred: i64,
    /// By topology of distant rivals: the nodes of the largest domain here.
    spans: Vec<i64>,
}

/// What the certificate says of one class in the cell where it is tightest: of so many nodes one is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRoom {
    /// The class.
    pub class: ClassId,
    /// Nodes that can take one of its pods before the loss.
    pub nodes: usize,
    /// Of them, lost at most.
    pub lost: usize,
    /// Of them, filled up by other displaced pods at most, by resource.
    pub filled: Vec<(ResourceId, usize)>,
    /// Of them, closed by displaced pods that it may not share a node or a domain with, at most.
    pub closed: usize,
    /// Other displaced pods that can come at all, each of which fills or closes one node at most; domains apart.
    pub comers: usize,
    /// Of the closed nodes, those that are closed a domain at a time.
    pub closed_by_domain: usize,
}

impl ClassRoom {
    /// How many nodes are left at least; negative if it may be none.
    pub fn left(&self) -> i64 {
        let filled: usize = self.filled.iter().map(|(_, nodes)| nodes).sum();
        let taken = (filled + self.closed - self.closed_by_domain).min(self.comers) + self.closed_by_domain;
        self.nodes as i64 - self.lost as i64 - taken as i64
    }
}

/// All classes with what the certificate needs to know of them.
pub(super) struct Rooms {
    fields: Vec<Field>,
    floors: Vec<Floor>,
    classes: Vec<(Demand, Vec<Room>)>,
    /// Displaced classes of which nothing can be said beforehand.
    pub unbounded: Vec<(ClassId, Unbounded)>,
    /// By class: its number among the classes that have a bound.
    number: FxHashMap<ClassId, usize>,
    late: Vec<i64>,
}

impl Rooms {
    pub fn new(ground: &Ground<'_>) -> Self {
        let displaced: Vec<(ClassId, PodId)> = ground.displaced().collect();
        let is_open = something_waits(ground);
        let study = |&(class, pod): &(ClassId, PodId)| match is_open {
            true => (class, Err(Unbounded::Waiting)),
            false => (class, demand(ground, class, pod)),
        };
        let studied: Vec<(ClassId, Result<Demand, Unbounded>)> = displaced.par_iter().map(study).collect();
        let (mut demands, mut unbounded) = (Vec::new(), Vec::new());
        for (class, found) in studied {
            match found {
                Ok(demand) => demands.push(demand),
                Err(why) => unbounded.push((class, why)),
            }
        }
        let number = demands.iter().enumerate().map(|(number, demand)| (demand.class, number)).collect();
        let mut rooms =
            Rooms { fields: Vec::new(), floors: Vec::new(), classes: Vec::new(), unbounded, number, late: late_amounts(ground) };
        rooms.lay_out(ground, demands);
        rooms
    }

    fn lay_out(&mut self, ground: &Ground<'_>, demands: Vec<Demand>) {
        let mut fields: FxHashMap<NodeSet, usize> = FxHashMap::default();
        let mut cells: Vec<NodeSet> = Vec::new();
        let mut floors: FxHashMap<(usize, Amounts), usize> = FxHashMap::default();
        let mut wanted: Vec<(usize, Amounts)> = Vec::new();
        let mut laid: Vec<Vec<usize>> = Vec::new();
        for demand in &demands {
            let of_cell = |cell: &NodeSet| {
                let field = *fields.entry(cell.clone()).or_insert_with(|| {
                    cells.push(cell.clone());
                    cells.len() - 1
                });
                let key = (field, demand.incoming.clone());
                *floors.entry(key).or_insert_with_key(|key| {
                    wanted.push(key.clone());
                    wanted.len() - 1
                })
            };
            laid.push(demand.cells.iter().map(of_cell).collect());
        }
        let all_reach = cells.len() > FIELDS;
        self.fields = cells.into_par_iter().map(|cell| field(ground, cell, all_reach)).collect();
        self.floors = wanted.par_iter().map(|(field, incoming)| floor(ground, *field, &self.fields[*field].nodes, incoming)).collect();
        let floors = &self.floors;
        let rooms = |(demand, laid): (Demand, Vec<usize>)| {
            let rooms = laid.into_iter().map(|floor| room(ground, &demand, floor, &floors[floor])).collect();
            (demand, rooms)
        };
        self.classes = demands.into_iter().zip(laid).map(rooms).collect();
    }

    /// How many classes have a bound.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// The number of a class among those that have a bound.
    pub fn number(&self, class: ClassId) -> Option<usize> {
        self.number.get(&class).copied()
    }

    /// The class with this number.
    pub fn demand(&self, number: usize) -> &Demand {
        &self.classes[number].0
    }

    /// Whether pods of a class always find a node when these units are lost and `more` others, whichever they are.
    pub fn holds(&self, number: usize, taken: &[u32], more: usize) -> bool {
        let (demand, rooms) = &self.classes[number];
        !rooms.is_empty() && rooms.iter().all(|room| self.look(demand, room, taken, more).left() > 0)
    }

    /// The cell of a class where it is tightest.
    pub fn tightest(&self, number: usize, taken: &[u32], more: usize) -> Option<ClassRoom> {
        let (demand, rooms) = &self.classes[number];
        rooms.iter().map(|room| self.look(demand, room, taken, more)).min_by_key(ClassRoom::left)
    }

    fn look(&self, demand: &Demand, room: &Room, taken: &[u32], more: usize) -> ClassRoom {
        let floor = &self.floors[room.floor];
        let field = &self.fields[floor.field];
        let brought = |resource: ResourceId, own: i64| {
            let most = field.brought[resource.index()].bound(taken, more) + self.late[resource.index()];
            (most - own).max(0)
        };
        let filled = floor.filling.iter().map(|(resource, sums)| {
            let own = if *resource == PODS { 1 } else { amount_of(&demand.requests, *resource) };
            let most = brought(*resource, own);
            (*resource, sums.partition_point(|&sum| sum <= most))
        });
        let distant = demand.distant.iter().zip(&room.spans).map(|((_, rivals), span)| rivals.bound(taken, more) * span).sum::<i64>();
        ClassRoom {
            class: demand.class,
            nodes: (floor.fits.len() as i64 - room.barred) as usize,
            lost: field.lost.bound(taken, more) as usize,
            filled: filled.collect(),
            closed: (demand.rivals.bound(taken, more) + distant) as usize,
            comers: brought(PODS, 1) as usize,
            closed_by_domain: distant as usize,
        }
    }
}

fn field(ground: &Ground<'_>, nodes: NodeSet, all_reach: bool) -> Field {
    let cluster = ground.baseline.cluster();
    let reaches: Vec<bool> = ground.grounds.iter().map(|set| all_reach || set.meets(&nodes)).collect();
    let mut brought: Vec<Vec<(u32, i64)>> = vec![Vec::new(); cluster.resources.ids().len()];
    for (unit, displaced) in ground.units.displaced.iter().enumerate() {
        let mut sums = vec![0; brought.len()];
        for &(class, count) in displaced.iter().filter(|(class, _)| ground.ground_of[class.index()].is_some_and(|set| reaches[set])) {
            let requests = &cluster.class(class).requests.amounts;
            requests.iter().for_each(|&(resource, amount)| sums[resource.index()] += amount * count);
            sums[PODS.index()] += count;
        }
        brought.iter_mut().zip(sums).for_each(|(column, sum)| column.push((unit as u32, sum)));
    }
    let inside = |members: &Vec<NodeId>| members.iter().filter(|&&node| nodes.contains(node)).count() as i64;
    let lost = ground.units.nodes.iter().enumerate().map(|(unit, members)| (unit as u32, inside(members)));
    let lost = Amount::new(lost, ground.k);
    let brought = brought.into_iter().map(|column| Amount::new(column, ground.k)).collect();
    Field { nodes, brought, lost }
}

fn floor(ground: &Ground<'_>, field: usize, nodes: &NodeSet, incoming: &Amounts) -> Floor {
    let (cluster, occupancy) = (ground.baseline.cluster(), ground.baseline.occupancy());
    let mut wanted: Vec<(ResourceId, i64)> = incoming.iter().copied().filter(|(_, amount)| *amount > 0).collect();
    wanted.push((PODS, 1));
    let free = |resource: ResourceId, node: NodeId| cluster.allocatable(resource, node) - occupancy.requested(resource, node);
    let has_room = |node: &NodeId| wanted.iter().all(|&(resource, amount)| amount <= free(resource, *node));
    let mut fits = NodeSet::none(cluster.nodes.len());
    nodes.iter().filter(has_room).for_each(|node| fits.insert(node));
    let filling = wanted.iter().map(|&(resource, amount)| {
        let mut needs: Vec<i64> = fits.iter().map(|node| free(resource, node) - amount + 1).collect();
        needs.sort_unstable();
        let mut sum = 0i64;
        needs.iter_mut().for_each(|need| {
            sum = sum.saturating_add(*need);
            *need = sum;
        });
        (resource, needs)
    });
    let filling = filling.collect();
    Floor { field, fits, filling }
}

fn room(ground: &Ground<'_>, demand: &Demand, number: usize, floor: &Floor) -> Room {
    let widest = |topology: &crate::cluster::topology::Topology| {
        let inside = |domain: usize| topology.members(domain).iter().filter(|&&node| floor.fits.contains(node)).count();
        (0..topology.len()).map(inside).max().unwrap_or(0) as i64
    };
    let spans = demand.distant.iter().map(|(topology, _)| widest(ground.baseline.cluster().topology(*topology)));
    Room { floor: number, barred: floor.fits.common(&demand.barred) as i64, spans: spans.collect() }
}

fn late_amounts(ground: &Ground<'_>) -> Vec<i64> {
    let cluster = ground.baseline.cluster();
    let mut sums = vec![0; cluster.resources.ids().len()];
    for &pod in &ground.latecomers {
        let requests = &cluster.class_of(pod).requests.amounts;
        requests.iter().for_each(|&(resource, amount)| sums[resource.index()] += amount);
        sums[PODS.index()] += 1;
    }
    sums
}

/// Whether a pod waits for which a node is kept free, or one that others can help and that then may evict.
fn something_waits(ground: &Ground<'_>) -> bool {
    let (baseline, cluster) = (ground.baseline, ground.baseline.cluster());
    let is_kept_free = |pod: PodId| {
        let row = cluster.pod(pod);
        row.standing == Standing::Pending && row.nominated.is_some() && baseline.occupancy().node_of(pod).is_none()
    };
    let least = baseline.running().map(|pod| cluster.class_of(pod).priority).min();
    let may_evict = |&pod: &PodId| cluster.class_of(pod).preempts && least.is_some_and(|least| cluster.class_of(pod).priority > least);
    baseline.pods().any(is_kept_free) || ground.latecomers.iter().any(may_evict)
}
