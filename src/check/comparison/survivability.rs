//! What is survived: each workload after the worst loss of a node, and of a zone.

use std::collections::BTreeMap;

use crate::check::subject::Subject;
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::failure_domains::Kind;
use crate::planning::quorum::{Quorums, Standing, State};
use crate::planning::resilience::is_ready;
use crate::planning::resilience::survival::Survival;

/// What is survived of one kind of loss, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivability {
    /// What is lost: each node by itself, or each zone.
    pub kind: Kind,
    /// How many losses are survived, of how many: before and after; none if there is nothing to lose.
    pub tallies: [Option<(usize, usize)>; 2],
    /// Workloads that survive and did not, or the other way round; new ones that do not.
    pub workloads: Vec<FateChange>,
}

/// A workload whose fate is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FateChange {
    /// The workload.
    pub workload: WorkloadKey,
    /// What came of it before; none if it was not there.
    pub before: Option<Fate>,
    /// What comes of it.
    pub after: Fate,
}

/// What comes of a workload after the worst loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// How it stands right after the loss; or without any, if that is bad enough.
    pub state: State,
    /// How many of its pods find no node again.
    pub pending: usize,
    /// What is lost, such as `node a`; empty if nothing needs to be.
    pub loss: String,
    /// The scheduler's sentence about the first pod that finds no node; empty if all do.
    pub message: String,
}

impl Fate {
    /// Whether it goes on doing its work, and is whole again in the end. What a budget promises is about evictions, not losses.
    pub fn survives(&self) -> bool {
        self.state < State::BelowQuorum && self.pending == 0
    }
}

impl FateChange {
    /// Whether it survived and no longer does.
    pub fn is_lost(&self) -> bool {
        self.before.as_ref().is_some_and(Fate::survives) && !self.after.survives()
    }

    /// Whether it survives and did not.
    pub fn is_won(&self) -> bool {
        self.before.as_ref().is_some_and(|before| !before.survives()) && self.after.survives()
    }
}

/// Of two inputs that both have nodes.
pub(super) fn survivability(before: &Subject<'_>, after: &Subject<'_>) -> Vec<Survivability> {
    let nodes = of_kind(Kind::Node, (before, Some(before.node_losses())), (after, Some(after.node_losses())));
    let zones = (before.zone_losses(), after.zone_losses());
    // where there is no zone to lose there is nothing to survive, and nothing to lose by having none
    let zones = (zones.1.is_some()).then(|| of_kind(Kind::Zone, (before, zones.0), (after, zones.1)));
    std::iter::once(nodes).chain(zones).collect()
}

type Side<'s, 'a> = (&'s Subject<'a>, Option<&'s Survival>);

fn of_kind(kind: Kind, before: Side<'_, '_>, after: Side<'_, '_>) -> Survivability {
    let tally = |survival: Option<&Survival>| survival.map(|it| (it.resilience.survived(), it.resilience.losses.len()));
    let old = before.1.map(|survival| fates(before.0, survival)).unwrap_or_default();
    let new = after.1.map(|survival| fates(after.0, survival)).unwrap_or_default();
    let change = |(workload, after): (WorkloadKey, Fate)| {
        let before = old.get(&workload).cloned();
        let is_told = match &before {
            Some(before) => before.survives() != after.survives(),
            None => !after.survives(),
        };
        is_told.then_some(FateChange { workload, before, after })
    };
    Survivability { kind, tallies: [tally(before.1), tally(after.1)], workloads: new.into_iter().filter_map(change).collect() }
}

/// What comes of each workload after the loss that is worst for it; of equals the first.
pub fn fates(subject: &Subject<'_>, survival: &Survival) -> BTreeMap<WorkloadKey, Fate> {
    let quorums = subject.quorums();
    let standing = Standing::of(quorums, |pod| is_ready(subject.objects, subject.baseline(), pod));
    let mut fates: Vec<Fate> = (0..quorums.workloads.len())
        .map(|workload| Fate { state: standing.state(quorums, workload), pending: 0, loss: String::new(), message: String::new() })
        .collect();
    for (domain, judged) in survival.domains.iter().zip(&survival.resilience.losses) {
        let pending = pending(quorums, judged);
        for hit in &judged.hits {
            let (count, message) = pending.get(&hit.workload).cloned().unwrap_or_default();
            let fate = &mut fates[hit.workload];
            if (count, hit.state) > (fate.pending, fate.state) {
                *fate = Fate { state: hit.state, pending: count, loss: domain.to_string(), message };
            }
        }
    }
    quorums.workloads.iter().map(|quorum| quorum.workload.clone()).zip(fates).collect()
}

/// How many pods of each workload find no node after a loss, and what is said of the first.
fn pending(quorums: &Quorums, judged: &crate::planning::resilience::Judged) -> BTreeMap<usize, (usize, String)> {
    let mut pending: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    for displaced in judged.loss.pending() {
        let Some(&Some(workload)) = quorums.of_pod.get(displaced.pod.index()) else { continue };
        let entry = pending.entry(workload).or_default();
        entry.0 += 1;
        if entry.1.is_empty() {
            entry.1 = displaced.message.as_deref().unwrap_or_default().to_owned();
        }
    }
    pending
}
