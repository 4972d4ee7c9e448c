//! What has to be survived, and how many pods of a workload may be lost with one node or zone.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::ground::Ground;
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::failure_domains::{Kind, domains};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::planning::quorum::Quorums;

/// The losses that a plan has to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Survive {
    /// None.
    #[default]
    Nothing,
    /// Any so many nodes at once.
    Nodes(usize),
    /// Any so many zones at once.
    Zones(usize),
}

impl Survive {
    /// What is lost, and how many of it at once; none if nothing is.
    pub fn losses(self) -> Option<(Kind, usize)> {
        match self {
            Survive::Nothing => None,
            Survive::Nodes(number) => Some((Kind::Node, number)),
            Survive::Zones(number) => Some((Kind::Zone, number)),
        }
    }
}

impl fmt::Display for Survive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Survive::Nothing => write!(f, "none"),
            Survive::Nodes(1) => write!(f, "node"),
            Survive::Nodes(number) => write!(f, "node={number}"),
            Survive::Zones(1) => write!(f, "zone"),
            Survive::Zones(number) => write!(f, "zone={number}"),
        }
    }
}

impl FromStr for Survive {
    type Err = String;

    /// `none`, `node`, `zone`, `node=2`, `zone=2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (what, number) = text.split_once('=').unwrap_or((text, "1"));
        let number = number.parse().ok().filter(|number| (1..=3).contains(number)).ok_or("1, 2 or 3 at once can be survived: node=2")?;
        match what {
            "none" => Ok(Survive::Nothing),
            "node" => Ok(Survive::Nodes(number)),
            "zone" => Ok(Survive::Zones(number)),
            _ => Err("node, zone, node=2, zone=2 or none is expected".to_owned()),
        }
    }
}

/// How many pods each workload can do without, and which can do without none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// By workload: pods that may be lost at once, more than none.
    pub spare: BTreeMap<WorkloadKey, u32>,
    /// Workloads that the loss of any one pod takes below what they need: no purchase helps them, more replicas do. With replicas and pods needed.
    pub fragile: Vec<(WorkloadKey, usize, usize)>,
    /// Workloads of which so many pods run together on what stays that its loss takes them below what they need: no purchase moves what
    /// runs. With the node or zone, and the pods on it.
    pub crowded: Vec<(WorkloadKey, String, usize)>,
}

impl Tolerance {
    /// Of what workloads need while so much is lost; nothing is asked if nothing is.
    pub fn of(ground: &Ground, survive: Survive) -> Self {
        let mut tolerance = Tolerance::default();
        let Some((kind, number)) = survive.losses() else { return tolerance };
        let quorums = Quorums::of(&ground.objects, &[]);
        let domain_of = domains_of(&ground.objects.nodes, &kind);
        for quorum in quorums.workloads.iter().filter(|quorum| !quorum.pods.is_empty() && quorum.needed > 0) {
            let spare = quorum.pods.len().saturating_sub(quorum.needed);
            let together = together(quorum.pods.iter().map(|&pod| &ground.objects.pods[pod]), &domain_of);
            let worst: usize = together.iter().take(number).map(|(_, pods)| pods).sum();
            match together.first() {
                _ if spare == 0 => tolerance.fragile.push((quorum.workload.clone(), quorum.pods.len(), quorum.needed)),
                Some((domain, pods)) if worst > spare => tolerance.crowded.push((quorum.workload.clone(), (*domain).to_owned(), *pods)),
                _ => _ = tolerance.spare.insert(quorum.workload.clone(), spare as u32),
            }
        }
        tolerance
    }

    /// The same, for the workloads of these quorums by index.
    pub fn by_index(&self, quorums: &Quorums) -> Vec<Option<u32>> {
        quorums.workloads.iter().map(|quorum| self.spare.get(&quorum.workload).copied()).collect()
    }
}

/// The node or zone that each node belongs to, by its name.
fn domains_of(nodes: &[Node], kind: &Kind) -> BTreeMap<String, String> {
    let domains = domains(nodes, kind).unwrap_or_default();
    domains.into_iter().flat_map(|domain| domain.nodes.into_iter().map(move |node| (node, domain.value.clone()))).collect()
}

/// How many of these pods run on each node or zone that stays, most first.
fn together<'a>(pods: impl Iterator<Item = &'a Pod>, domain_of: &'a BTreeMap<String, String>) -> Vec<(&'a str, usize)> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    pods.filter_map(|pod| domain_of.get(&pod.spec.node_name)).for_each(|domain| *numbers.entry(domain).or_default() += 1);
    let mut numbers: Vec<(&str, usize)> = numbers.into_iter().collect();
    numbers.sort_by_key(|&(_, pods)| std::cmp::Reverse(pods));
    numbers
}
