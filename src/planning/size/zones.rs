//! How pods that must spread over zones are dealt to them, and fleets with them.

use std::collections::{BTreeMap, BTreeSet};

use super::instance::{ZoneShares, zone_of_node};
use super::offer::{Fleet, Offer};
use super::rivalry::Rivalry;
use super::showroom::Showroom;
use super::survive::Survive;

const ZONE: &str = "topology.kubernetes.io/zone";

/// The zones of everything that is offered or stays, sorted.
pub fn zones(showroom: &Showroom, offers: &[Offer<'_>]) -> Vec<String> {
    let of_stand = |stand| zone_of(showroom, offers, stand).map(str::to_owned);
    (0..showroom.stands.len()).filter_map(of_stand).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The zone of a stand.
pub fn zone_of<'a>(showroom: &'a Showroom, offers: &'a [Offer<'_>], stand: usize) -> Option<&'a str> {
    match offers.get(stand) {
        Some(offer) => offer.zone(),
        None => zone_of_node(showroom, stand),
    }
}

/// Deals the pods of loads that must spread over zones to them, as evenly as can be, beginning with a zone after the other: hard spread, zones that siblings
/// keep to themselves, and workloads of which the loss of a zone must leave enough.
pub fn shares(showroom: &Showroom, rivalry: &Rivalry, offers: &[Offer<'_>], survive: Survive, tolerance: &[Option<u32>]) -> ZoneShares {
    let mut shares = ZoneShares::new();
    let mut turn = 0;
    let mut dealt: BTreeMap<usize, BTreeMap<String, u32>> = BTreeMap::new();
    for (index, load) in showroom.loads.iter().enumerate() {
        let is_tolerant = load.workload.and_then(|workload| tolerance.get(workload).copied().flatten()).is_some();
        let must = spreads_hard(showroom, index)
            || rivalry.in_zones.contains(&(index, index))
            || is_tolerant && matches!(survive, Survive::Zones(_));
        let open: BTreeSet<&str> = load.stands.ones().filter_map(|stand| zone_of(showroom, offers, stand)).collect();
        if !must || open.len() < 2 {
            continue;
        }
        // loads of one workload are dealt together
        let so_far = dealt.entry(load.workload.unwrap_or(usize::MAX - index)).or_default();
        let open: Vec<&str> = open.into_iter().collect();
        let mut own: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..load.pods.len() {
            let least = (0..open.len()).min_by_key(|&place| {
                (so_far.get(open[place]).copied().unwrap_or(0), (place + open.len() - turn % open.len()) % open.len())
            });
            let zone = open[least.expect("there are at least two")].to_owned();
            *so_far.entry(zone.clone()).or_default() += 1;
            *own.entry(zone).or_default() += 1;
        }
        turn += load.pods.len();
        shares.insert(index, own);
    }
    shares
}

/// Whether pods of a load must spread over zones among themselves.
fn spreads_hard(showroom: &Showroom, load: usize) -> bool {
    let cluster = &showroom.cluster;
    let class = cluster.class(showroom.loads[load].classes[0]);
    let over_zones = |topology| cluster.texts.get(cluster.topology(topology).key) == ZONE;
    class.spread.iter().any(|spread| spread.hard && over_zones(spread.topology) && spread.selector.matches(&class.labels))
}

/// Type, way of buying and price: offers that agree in these differ in their zones only.
type Alike<'a> = (&'a str, Option<&'a str>, Option<i64>);

/// The same number of nodes of each type, dealt evenly to the zones in which it is offered alike.
pub fn balanced(fleet: &Fleet, offers: &[Offer<'_>]) -> Fleet {
    let mut groups: BTreeMap<Alike<'_>, Vec<usize>> = BTreeMap::new();
    for (index, offer) in offers.iter().enumerate() {
        let key = (offer.node_type.name.as_str(), offer.offering.capacity_type.as_deref(), offer.offering.price_micros_hour);
        groups.entry(key).or_default().push(index);
    }
    let mut balanced = Fleet::none(offers.len());
    let mut in_zone: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    for members in groups.values() {
        let total: u32 = members.iter().map(|&offer| fleet.0[offer]).sum();
        for _ in 0..total {
            let has_room = |&&offer: &&usize| offers[offer].offering.limit.is_none_or(|limit| balanced.0[offer] < limit);
            let in_zone_of = |offer: usize| in_zone.get(&offers[offer].zone()).copied().unwrap_or(0);
            let next = members.iter().filter(has_room).min_by_key(|&&offer| (balanced.0[offer], in_zone_of(offer), offer));
            let Some(&next) = next else { break };
            balanced.0[next] += 1;
            *in_zone.entry(offers[next].zone()).or_default() += 1;
        }
    }
    balanced
}
