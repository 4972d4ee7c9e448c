//! What can be bought: a node type in a zone, and how many of each make a fleet.

use crate::catalogue::{Catalogue, NodeType, Offering};

/// A node type in a zone, at a price.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer<'a> {
    /// The type.
    pub node_type: &'a NodeType,
    /// The zone, price and limit.
    pub offering: Offering,
}

/// How many nodes of each offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fleet(pub Vec<u32>);

/// Everything a catalogue offers in these zones; with none, in those that it names itself. An offering that is the same everywhere is there
/// once for each zone. `capacity_types` are those that are wanted; an offering that does not say its own is.
pub fn offers<'a>(catalogue: &'a Catalogue, zones: &[String], capacity_types: &[String]) -> Vec<Offer<'a>> {
    let is_wanted = |offering: &&Offering| offering.capacity_type.as_ref().is_none_or(|own| capacity_types.contains(own));
    let mut offers = Vec::new();
    for node_type in &catalogue.types {
        for offering in node_type.offerings.iter().filter(is_wanted) {
            match &offering.zone {
                Some(zone) if zones.is_empty() || zones.contains(zone) => offers.push(Offer { node_type, offering: offering.clone() }),
                Some(_) => {}
                None if zones.is_empty() => offers.push(Offer { node_type, offering: offering.clone() }),
                None => {
                    let in_zone = |zone: &String| Offer { node_type, offering: Offering { zone: Some(zone.clone()), ..offering.clone() } };
                    offers.extend(zones.iter().map(in_zone));
                }
            }
        }
    }
    offers
}

impl Offer<'_> {
    /// The zone, if nodes of it are in one.
    pub fn zone(&self) -> Option<&str> {
        self.offering.zone.as_deref()
    }

    /// The name of the `number`th node of it, counted from 1.
    pub fn node_name(&self, number: u32) -> String {
        let parts = [Some(self.node_type.name.as_str()), self.offering.capacity_type.as_deref(), self.zone()];
        let words: Vec<String> = parts.into_iter().flatten().map(name_part).filter(|part| !part.is_empty()).collect();
        format!("{}-{number}", words.join("-"))
    }
}

/// The names of the groups of a fleet's nodes, by offer: labels as DNS has them, each another.
pub fn group_names(offers: &[Offer<'_>], fleet: &Fleet) -> std::collections::BTreeMap<usize, String> {
    let mut names = std::collections::BTreeMap::new();
    let mut taken = std::collections::BTreeSet::new();
    for (offer, _) in fleet.bought() {
        let own = &offers[offer];
        let parts = [Some(own.node_type.name.as_str()), own.offering.capacity_type.as_deref(), own.zone()];
        let words: Vec<String> = parts.into_iter().flatten().map(|part| name_part(part).replace('.', "-")).collect();
        let name = words.iter().filter(|word| !word.is_empty()).map(String::as_str).collect::<Vec<_>>().join("-");
        let named = |number: usize| {
            let end = if number == 1 { String::new() } else { format!("-{number}") };
            let start: String = if name.is_empty() { "nodes".to_owned() } else { name.chars().take(LABEL - end.len()).collect() };
            format!("{}{end}", start.trim_end_matches('-'))
        };
        let name = (1..).map(named).find(|name| taken.insert(name.clone())).expect("some number is free");
        names.insert(offer, name);
    }
    names
}

/// So many letters a DNS label has at most.
const LABEL: usize = 63;

/// A text as part of a node's name: small letters, digits, dots and hyphens.
fn name_part(text: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter.to_ascii_lowercase() } else { '-' };
    let text: String = text.chars().map(letter).collect();
    text.trim_matches(['-', '.']).to_owned()
}

impl Fleet {
    /// Nothing of so many offers.
    pub fn none(offers: usize) -> Self {
        Fleet(vec![0; offers])
    }

    /// How many nodes it has.
    pub fn nodes(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The offers of which it has some, and how many.
    pub fn bought(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// What it costs by these prices.
    pub fn price(&self, prices: &[i64]) -> i64 {
        self.0.iter().zip(prices).map(|(count, price)| i64::from(*count) * price).sum()
    }

    /// With one node more of an offer, if there are any left.
    pub fn with_one(&self, offer: usize, offers: &[Offer<'_>]) -> Option<Self> {
        let mut fleet = self.clone();
        fleet.0[offer] += 1;
        offers[offer].offering.limit.is_none_or(|limit| fleet.0[offer] <= limit).then_some(fleet)
    }

    /// With one node less of an offer that it has.
    pub fn without_one(&self, offer: usize) -> Self {
        let mut fleet = self.clone();
        fleet.0[offer] -= 1;
        fleet
    }
}
