//! The pessimistic packing: places kept for classes, so many that whichever units are lost, enough are left.
//!
//! For each class the packing puts pods on survivors' free room, all classes at once and beside each other, until the places less the `k`
//! units with most of them are as many as its displaced pods can be (the sum over the `k` units that host most). So whichever units are
//! lost, the places outside of them take all that is displaced. It need only cover classes that no room is certain for: the others find
//! theirs after that, whatever came first ([`super::room`]).
//!
//! Only classes without rules about order take part: no hard spread, no required company, no rules about whole domains.

use std::collections::BTreeMap;

use super::ground::Ground;
use super::room::Rooms;
use super::units::Amount;
use crate::cluster::index::{ClassId, NodeId, ResourceId};
use crate::cluster::resources::{PODS, amount_of};

/// Places kept for classes: re-checkable by adding up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// The units that are lost for certain; usually none.
    pub taken: Vec<u32>,
    /// How many more are lost.
    pub more: usize,
    /// The places of each class, by node.
    pub places: Vec<(ClassId, Vec<(NodeId, usize)>)>,
}

/// Room that is not yet kept for anyone.
struct Spare<'a, 'g> {
    ground: &'a Ground<'g>,
    free: BTreeMap<(ResourceId, NodeId), i64>,
    kept: BTreeMap<NodeId, Vec<usize>>,
}

/// Places for all these classes with these units lost and `more` others, whichever they are; none if that did not work out.
pub(super) fn reserve(ground: &Ground<'_>, rooms: &Rooms, classes: &[ClassId], taken: &[u32], more: usize) -> Option<Reserve> {
    let mut numbers: Vec<usize> = classes.iter().map(|&class| rooms.number(class)).collect::<Option<_>>()?;
    if numbers.iter().any(|&number| !rooms.demand(number).is_packable(ground)) {
        return None;
    }
    // the classes with the fewest nodes first, and of those the largest
    let size = |number: &usize| {
        let demand = rooms.demand(*number);
        let nodes: usize = demand.cells.iter().map(|cell| cell.len()).sum();
        (nodes, std::cmp::Reverse(amount_of(&demand.incoming, crate::cluster::resources::CPU)), demand.class)
    };
    numbers.sort_by_key(size);
    let mut spare = Spare { ground, free: BTreeMap::new(), kept: BTreeMap::new() };
    let mut places = Vec::new();
    for &number in &numbers {
        let kept = spare.keep(rooms, number, taken, more)?;
        places.push((rooms.demand(number).class, kept));
    }
    Some(Reserve { taken: taken.to_vec(), more, places })
}

impl Spare<'_, '_> {
    /// Keeps places for one class, evenly, a round at a time.
    fn keep(&mut self, rooms: &Rooms, number: usize, taken: &[u32], more: usize) -> Option<Vec<(NodeId, usize)>> {
        let ground = self.ground;
        let demand = rooms.demand(number);
        let hosts = ground.hosts[demand.class.index()].iter().copied();
        let needed = Amount::new(hosts, ground.k).bound(taken, more);
        let is_lost = |node: NodeId| ground.units.of(node).iter().any(|unit| taken.contains(unit));
        let allowed = |node: &NodeId| !is_lost(*node) && !demand.barred.contains(*node);
        let mut nodes: Vec<NodeId> = demand.cells[0].iter().filter(allowed).collect();
        let mut kept: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut total = 0;
        while !nodes.is_empty() {
            let mut next = Vec::new();
            for node in nodes {
                if !self.fits(rooms, number, node) {
                    continue;
                }
                self.put(rooms, number, node);
                *kept.entry(node).or_default() += 1;
                total += 1;
                next.push(node);
                // the sum over the worst units grows too, so it is worked out only when it can be enough
                if total >= needed && total - worst(ground, &kept, more) >= needed {
                    return Some(kept.into_iter().collect());
                }
            }
            nodes = next;
        }
        (needed == 0).then(Vec::new)
    }

    fn fits(&mut self, rooms: &Rooms, number: usize, node: NodeId) -> bool {
        let demand = rooms.demand(number);
        let is_rival = |&other: &usize| {
            let other = rooms.demand(other);
            demand.rivals.classes.contains(&other.class) || other.rivals.classes.contains(&demand.class)
        };
        if self.kept.get(&node).is_some_and(|kept| kept.iter().any(is_rival)) {
            return false;
        }
        let wanted = demand.incoming.iter().copied().filter(|(_, amount)| *amount > 0).chain([(PODS, 1)]);
        wanted.into_iter().all(|(resource, amount)| amount <= *self.free(resource, node))
    }

    fn put(&mut self, rooms: &Rooms, number: usize, node: NodeId) {
        let requests = rooms.demand(number).requests.clone();
        requests.into_iter().chain([(PODS, 1)]).for_each(|(resource, amount)| *self.free(resource, node) -= amount);
        self.kept.entry(node).or_default().push(number);
    }

    fn free(&mut self, resource: ResourceId, node: NodeId) -> &mut i64 {
        let baseline = self.ground.baseline;
        let start = || baseline.cluster().allocatable(resource, node) - baseline.occupancy().requested(resource, node);
        self.free.entry((resource, node)).or_insert_with(start)
    }
}

/// The most places in `more` units.
fn worst(ground: &Ground<'_>, kept: &BTreeMap<NodeId, usize>, more: usize) -> i64 {
    let by_unit = kept.iter().flat_map(|(&node, &places)| ground.units.of(node).iter().map(move |&unit| (unit, places as i64)));
    Amount::new(by_unit, ground.k).bound(&[], more)
}
