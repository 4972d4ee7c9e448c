//! What has to be placed and what can be bought, as an instance of vector packing.
//!
//! Two readings of the same question. *Relaxed*: only what every placement must obey, so that a bound on it is a bound on every plan. *Strict*:
//! besides, pods that must spread over zones are told which, so that a packing of it is a placement that the rules allow.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::offer::Offer;
use super::rivalry::Rivalry;
use super::showroom::{Resource, Showroom};
use crate::cluster::resources::{CPU, MEMORY};
use crate::planning::packing::{Bin, Instance, Item};

/// A share, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share(pub u32);

impl Share {
    /// The whole.
    pub const ONE: Share = Share(1_000_000);

    /// The greatest whole number below this share of an amount.
    pub fn below(self, amount: i64) -> i64 {
        let share = i128::from(amount) * i128::from(self.0);
        ((share + 999_999) / 1_000_000 - 1).max(0) as i64
    }

    /// Whether a part of an amount is below this share of it.
    pub fn holds(self, part: i64, amount: i64) -> bool {
        i128::from(part) * 1_000_000 < i128::from(amount) * i128::from(self.0)
    }
}

/// What the instance is to say.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// How full of cpu and memory a node may be at most: less than this share. None if it may be full.
    pub below: Option<Share>,
    /// How many pods of each workload one node may hold at most, because a loss of it must leave enough; by index, none without a rule.
    pub tolerance: &'a [Option<u32>],
    /// Stands that are not there.
    pub without: Option<&'a FixedBitSet>,
    /// Whether pods that must spread over zones are told which.
    pub shares: Option<&'a ZoneShares>,
}

/// How many pods of a load each zone takes, for loads that must spread.
pub type ZoneShares = BTreeMap<usize, BTreeMap<String, u32>>;

/// An instance, and whose items they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The instance. Its bins are the stands that are there; its resources those of the showroom, then one for each workload of which a node may hold so
    /// many only.
    pub instance: Instance,
    /// The load of each item.
    pub loads: Vec<usize>,
    /// The stand of each bin.
    pub stands: Vec<usize>,
}

/// Builds the instance. `prices` are those of the offers.
pub fn model(showroom: &Showroom, rivalry: &Rivalry, offers: &[Offer<'_>], prices: &[i64], reading: Reading<'_>) -> Model {
    let mut builder =
        Builder { showroom, rivalry, offers, reading, dimensions: Vec::new(), per_bin: BTreeMap::new(), extra: BTreeSet::new() };
    builder.limit_by_tolerance();
    let stands: Vec<usize> =
        (0..showroom.stands.len()).filter(|&stand| reading.without.is_none_or(|without| !without.contains(stand))).collect();
    let bins = stands.iter().map(|&stand| builder.bin(stand, prices)).collect();
    let mut loads = Vec::new();
    let mut items = Vec::new();
    for load in 0..showroom.loads.len() {
        for (demand, zone) in builder.parts(load) {
            if let Some(item) = builder.item(load, demand, zone.as_deref(), &stands) {
                loads.push(load);
                items.push(item);
            }
        }
    }
    let conflicts = builder.conflicts(&loads);
    Model { instance: Instance { bins, items, conflicts }, loads, stands }
}

struct Builder<'a> {
    showroom: &'a Showroom,
    rivalry: &'a Rivalry,
    offers: &'a [Offer<'a>],
    reading: Reading<'a>,
    /// Workloads that have a resource of their own: how many pods of them each stand has room for.
    dimensions: Vec<(usize, Vec<i64>)>,
    per_bin: BTreeMap<usize, u32>,
    /// Pairs of loads that tolerance keeps apart.
    extra: BTreeSet<(usize, usize)>,
}

impl Builder<'_> {
    /// A workload of one load is limited in each bin; one of several by conflicts if a node may hold only one, and else by a resource.
    fn limit_by_tolerance(&mut self) {
        let mut loads_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, load) in self.showroom.loads.iter().enumerate() {
            if let Some(workload) = load.workload {
                loads_of.entry(workload).or_default().push(index);
            }
        }
        for (workload, loads) in loads_of {
            let Some(tolerance) = self.reading.tolerance.get(workload).copied().flatten() else { continue };
            let bound = self.bound(workload);
            match (&loads[..], tolerance) {
                _ if bound.iter().any(|&bound| bound > 0) => {
                    let room = bound.iter().map(|bound| (i64::from(tolerance) - bound).max(0)).collect();
                    self.dimensions.push((workload, room));
                }
                ([load], _) => _ = self.per_bin.insert(*load, tolerance),
                (loads, 1) => {
                    loads.iter().for_each(|&load| _ = self.per_bin.insert(load, 1));
                    let pairs =
                        loads.iter().enumerate().flat_map(|(place, &one)| loads[place + 1..].iter().map(move |&other| (one, other)));
                    self.extra.extend(pairs);
                }
                _ => self.dimensions.push((workload, vec![i64::from(tolerance); self.showroom.stands.len()])),
            }
        }
    }

    /// How many pods of a workload stay on each stand.
    fn bound(&self, workload: usize) -> Vec<i64> {
        let quorums = &self.showroom.quorums;
        let cluster = &self.showroom.cluster;
        let mut bound = vec![0; self.showroom.stands.len()];
        for &pod in &quorums.workloads[workload].pods {
            if let crate::cluster::Standing::Bound(node) = cluster.pods[pod].standing
                && let Some(stand) = self.showroom.stands.iter().position(|stand| stand.node == node)
            {
                bound[stand] += 1;
            }
        }
        bound
    }

    fn bin(&self, stand: usize, prices: &[i64]) -> Bin {
        let (room, offer) = (&self.showroom.stands[stand], self.offers.get(stand));
        let capacity = |(place, resource): (usize, &Resource)| {
            let full = room.allocatable[place];
            let most = match (self.reading.below, resource) {
                // a node that stays and is too full already is not held to the limit by the replay
                (Some(share), Resource::Column(CPU | MEMORY)) if offer.is_some() || share.holds(room.taken[place], full) => {
                    share.below(full)
                }
                _ => full,
            };
            (most - room.taken[place]).max(0)
        };
        let mut capacity: Vec<i64> = self.showroom.resources.iter().enumerate().map(capacity).collect();
        capacity.extend(self.dimensions.iter().map(|(_, room)| room[stand]));
        match offer {
            Some(offer) => Bin { capacity, price: prices[stand], limit: offer.offering.limit },
            None => Bin { capacity, price: 0, limit: Some(1) },
        }
    }

    /// A load, or how much of it goes to which zone.
    fn parts(&self, load: usize) -> Vec<(u32, Option<String>)> {
        match self.reading.shares.and_then(|shares| shares.get(&load)) {
            Some(shares) => shares.iter().filter(|(_, count)| **count > 0).map(|(zone, &count)| (count, Some(zone.clone()))).collect(),
            None => vec![(self.showroom.loads[load].pods.len() as u32, None)],
        }
    }

    /// An item; none if no bin that is there takes it.
    fn item(&self, load: usize, demand: u32, zone: Option<&str>, stands: &[usize]) -> Option<Item> {
        let of = &self.showroom.loads[load];
        let mut bins = FixedBitSet::with_capacity(stands.len());
        let in_zone = |stand: usize| zone.is_none() || self.zone_of(stand) == zone;
        let takes = |&(_, &stand): &(usize, &usize)| of.stands.contains(stand) && in_zone(stand);
        stands.iter().enumerate().filter(takes).for_each(|(bin, _)| bins.insert(bin));
        if bins.is_clear() {
            return None;
        }
        let mut amounts = of.amounts.clone();
        amounts.extend(self.dimensions.iter().map(|(workload, _)| i64::from(of.workload == Some(*workload))));
        let alone = self.rivalry.on_nodes.contains(&(load, load));
        let per_bin = if alone { 1 } else { self.per_bin.get(&load).copied().unwrap_or(u32::MAX) };
        let bins = (bins.count_ones(..) < stands.len()).then_some(bins);
        Some(Item { amounts, demand, per_bin, bins })
    }

    fn zone_of(&self, stand: usize) -> Option<&str> {
        match self.offers.get(stand) {
            Some(offer) => offer.zone(),
            None => zone_of_node(self.showroom, stand),
        }
    }

    fn conflicts(&self, loads: &[usize]) -> Vec<(usize, usize)> {
        let mut items_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        loads.iter().enumerate().for_each(|(item, &load)| items_of.entry(load).or_default().push(item));
        let mut conflicts = BTreeSet::new();
        for &(one, other) in self.rivalry.on_nodes.iter().chain(&self.extra).filter(|(one, other)| one != other) {
            let (ones, others) = (items_of.get(&one), items_of.get(&other));
            for &one in ones.into_iter().flatten() {
                conflicts.extend(others.into_iter().flatten().map(|&other| (one.min(other), one.max(other))));
            }
        }
        // parts of one load whose pods share no node
        for (load, items) in items_of.iter().filter(|(load, _)| self.rivalry.on_nodes.contains(&(**load, **load))) {
            debug_assert!(self.rivalry.on_nodes.contains(&(*load, *load)));
            let pairs = items.iter().enumerate().flat_map(|(place, &one)| items[place + 1..].iter().map(move |&other| (one, other)));
            conflicts.extend(pairs);
        }
        conflicts.into_iter().collect()
    }
}

/// The zone of a stand that is a node of the cluster.
pub fn zone_of_node(showroom: &Showroom, stand: usize) -> Option<&str> {
    let cluster = &showroom.cluster;
    let key = cluster.texts.find("topology.kubernetes.io/zone")?;
    cluster.nodes.labels[showroom.stands[stand].node.index()].get(key).map(|zone| cluster.texts.get(zone))
}
