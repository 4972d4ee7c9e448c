//! Which losses are asked about, on a command line.

use std::collections::BTreeSet;

use anyhow::{anyhow, bail};
use clap::Args;

use super::output;
use super::progress::Progress;
use crate::cluster::index::NodeId;
use crate::graph::failure_domains::{self, Domain, Kind};
use crate::manifest::Objects;
use crate::planning::interdiction::{self, Interdiction, Limits, Proof};
use crate::planning::quorum::Quorums;
use crate::planning::resilience::is_ready;
use crate::report::amount::{count, list};
use crate::simulation::loss::Baseline;

/// What is lost.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is lost")]
pub struct LostArguments {
    /// Lose this node (repeatable: all of them at once)
    #[arg(long, value_name = "NAME")]
    node: Vec<String>,

    /// Lose this zone (repeatable: all of them at once)
    #[arg(long, value_name = "NAME")]
    zone: Vec<String>,

    /// Lose the nodes with this label, such as topology.rook.io/rack=r1 (repeatable: all of them at once)
    #[arg(long, value_name = "KEY=VALUE")]
    domain: Vec<String>,

    /// Lose each of these by itself, one after the other: node, zone, region, rack, or the key of a label. The default: each node
    #[arg(long, value_name = "node|zone|rack|LABEL", conflicts_with_all = ["node", "zone", "domain"])]
    each: Option<String>,

    /// With --each: every set of so many at once
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    k: u8,

    /// Stop where nobody helps: the Node objects of lost nodes are never deleted
    #[arg(long)]
    pub unattended: bool,
}

/// What is lost: every set of `k` of these.
#[derive(Debug)]
pub struct Asked {
    /// What can go.
    pub units: Vec<Unit>,
    kind: String,
    k: usize,
}

/// What goes at once: a domain, or several that were named.
#[derive(Debug)]
pub struct Unit(Vec<Domain>);

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
    }
}

impl LostArguments {
    /// What is asked about, of these objects.
    pub fn asked(&self, objects: &Objects) -> anyhow::Result<Asked> {
        let (named, k) = (self.named(objects)?, usize::from(self.k));
        if !named.is_empty() {
            if k > 1 {
                bail!("--k goes with --each: it loses every set of so many");
            }
            return Ok(Asked { units: vec![Unit(named)], kind: "loss".to_owned(), k });
        }
        let kind = Kind::parse(self.each.as_deref().unwrap_or("node"));
        let partition = failure_domains::partition(&objects.nodes, &kind).map_err(|problem| anyhow!("--each: {problem}"))?;
        if !partition.without.is_empty() {
            let nodes = count(partition.without.len(), "node");
            output::note(&format!("{nodes} lie in no {} and are not lost: {}", kind.name(), list(&partition.without, 5)));
        }
        let units: Vec<Unit> = partition.domains.into_iter().map(|domain| Unit(vec![domain])).collect();
        if k > units.len() {
            bail!("--k {k}: the input has only {}", count(units.len(), kind.name()));
        }
        if self.unattended && interdiction::choose(units.len(), k) > ONE_BY_ONE {
            bail!("--k {k} --unattended: there are too many sets to play each; without --unattended they are proven together");
        }
        Ok(Asked { units, kind: kind.name().to_owned(), k })
    }

    /// Everything that is lost at once.
    fn named(&self, objects: &Objects) -> anyhow::Result<Vec<Domain>> {
        let find = |kind: Kind, value: &str| failure_domains::domain(&objects.nodes, &kind, value);
        let mut domains = Vec::new();
        for node in &self.node {
            domains.push(find(Kind::Node, node).map_err(|problem| anyhow!("--node: {problem}"))?);
        }
        for zone in &self.zone {
            domains.push(find(Kind::Zone, zone).map_err(|problem| anyhow!("--zone: {problem}"))?);
        }
        for pair in &self.domain {
            let domain = failure_domains::pair(pair).and_then(|(kind, value)| find(kind, value));
            domains.push(domain.map_err(|problem| anyhow!("--domain: {problem}"))?);
        }
        Ok(domains)
    }
}

/// So many sets are looked at one by one; of more, those that are found to be the worst.
const ONE_BY_ONE: u128 = 4096;
/// So many workloads that can fall are shown by a loss that makes them.
const FALLS: usize = 12;

impl Asked {
    /// How many sets there are.
    pub fn count(&self) -> u128 {
        interdiction::choose(self.units.len(), self.k)
    }

    /// What is lost each time, as people say it.
    pub fn each(&self) -> String {
        if self.k == 1 { self.kind.clone() } else { format!("set of {} {}s", self.k, self.kind) }
    }

    /// What is certain of all losses.
    pub fn interdict(&self, objects: &Objects, baseline: &Baseline, quorums: &Quorums) -> Interdiction {
        let units: Vec<Vec<NodeId>> = (0..self.units.len()).map(|unit| self.nodes(baseline, &[unit])).collect();
        let is_ready = |pod: usize| is_ready(objects, baseline, pod);
        let limits = Limits::default();
        let question = interdiction::Question { baseline, quorums, is_ready: &is_ready, units: &units, k: self.k, limits };
        let progress = Progress::of_losses("proving");
        interdiction::interdict(&question, || progress.count(limits.replays as u64))
    }

    /// The sets of units that are looked at one by one: all, or of very many those that were found to be bad.
    pub fn sets(&self, interdiction: Option<&Interdiction>) -> Vec<Vec<usize>> {
        if self.k == 1 || self.count() <= ONE_BY_ONE || interdiction.is_none() {
            return combinations(self.units.len(), self.k);
        }
        let mut sets = BTreeSet::new();
        if let Some(found) = interdiction {
            if let Proof::Fails { units, .. } = &found.reached {
                sets.insert(self.filled(units));
            }
            if let Proof::Fails { units, .. } = &found.repackable {
                sets.insert(self.filled(units));
            }
            found.availability.workloads.iter().take(FALLS).for_each(|fall| _ = sets.insert(self.filled(&fall.units)));
        }
        sets.into_iter().collect()
    }

    /// A set of `k` units with these among them.
    fn filled(&self, units: &[u32]) -> Vec<usize> {
        let mut set: Vec<usize> = units.iter().map(|&unit| unit as usize).collect();
        let others = (0..self.units.len()).filter(|unit| !units.contains(&(*unit as u32)));
        set.extend(others.take(self.k.saturating_sub(units.len())));
        set.sort_unstable();
        set
    }

    /// What a set is called.
    pub fn name(&self, set: &[usize]) -> String {
        set.iter().map(|&unit| self.units[unit].to_string()).collect::<Vec<_>>().join(" and ")
    }

    /// The nodes of a set.
    pub fn nodes(&self, baseline: &Baseline, set: &[usize]) -> Vec<NodeId> {
        let domains = set.iter().flat_map(|&unit| &self.units[unit].0);
        baseline.nodes(domains.flat_map(|domain| &domain.nodes).map(String::as_str))
    }
}

/// Every set of `k` of `n`.
fn combinations(n: usize, k: usize) -> Vec<Vec<usize>> {
    if k > n {
        return Vec::new();
    }
    let mut sets = Vec::new();
    let mut chosen: Vec<usize> = (0..k).collect();
    loop {
        sets.push(chosen.clone());
        let Some(place) = (0..k).rev().find(|&place| chosen[place] + k - place < n) else { return sets };
        chosen[place] += 1;
        (place + 1..k).for_each(|later| chosen[later] = chosen[later - 1] + 1);
    }
}
