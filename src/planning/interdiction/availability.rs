//! The quorum test: at the moment of the loss, which workloads can be left with too few ready pods, whichever units are lost. Exact.
//!
//! A workload loses most with the units that host most of its ready pods; so sorting them answers for all `C(N, k)` losses at once. (With
//! units that share nodes the sum may count a pod twice: then it is a bound from above.) The same goes for the pods of each budget.

use std::collections::BTreeMap;

use super::units::{Amount, Units};
use crate::cluster::index::PodId;
use crate::planning::quorum::{Quorums, State};
use crate::simulation::loss::Baseline;

/// What the worst losses leave of workloads and budgets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Availability {
    /// Workloads that can fall below their quorum, or to zero, and do not stand there already.
    pub workloads: Vec<Fall>,
    /// Budgets that can fall below what they promise, and are not there already.
    pub budgets: Vec<Fall>,
}

/// A workload or budget, and the loss that leaves least of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fall {
    /// Which one, as an index into [`Quorums::workloads`] or [`Quorums::budgets`].
    pub of: usize,
    /// How it stands after that.
    pub state: State,
    /// Pods that must be ready.
    pub needed: usize,
    /// Pods that are ready before.
    pub ready: usize,
    /// Pods that are left.
    pub left: usize,
    /// The units, those with most of its pods first; fewer than `k` if those have all of them.
    pub units: Vec<u32>,
}

impl Availability {
    /// Whether no workload can fall below its quorum.
    pub fn holds(&self) -> bool {
        self.workloads.is_empty()
    }
}

/// Finds them. `is_ready` says of a pod of the input whether it is ready before the loss.
pub(super) fn availability(
    baseline: &Baseline,
    quorums: &Quorums,
    units: &Units,
    k: usize,
    is_ready: &dyn Fn(usize) -> bool,
) -> Availability {
    let ready: Vec<bool> = baseline.pods().map(|pod| is_ready(pod.index())).collect();
    let worst = |pods: &mut dyn Iterator<Item = usize>| Worst::new(baseline, units, k, &mut pods.filter(|&pod| ready[pod]));
    let mut found = Availability::default();
    if k > units.len() {
        return found;
    }
    for (index, workload) in quorums.workloads.iter().enumerate() {
        let worst = worst(&mut workload.pods.iter().copied());
        let state = |ready: usize| State::of(workload.replicas, workload.needed, ready, false);
        if state(worst.left()) >= State::BelowQuorum && state(worst.left()) > state(worst.ready) {
            found.workloads.push(worst.fall(index, state(worst.left()), workload.needed));
        }
    }
    let mut of_budgets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for pod in 0..ready.len() {
        quorums.budgets_of(pod).for_each(|budget| of_budgets.entry(budget).or_default().push(pod));
    }
    for (budget, pods) in of_budgets {
        let (worst, needed) = (worst(&mut pods.into_iter()), quorums.budgets[budget].desired_healthy);
        if worst.left() < needed && worst.ready >= needed {
            found.budgets.push(worst.fall(budget, State::BelowBudget, needed));
        }
    }
    found
}

/// The loss that takes most of some pods.
struct Worst {
    ready: usize,
    lost: usize,
    units: Vec<u32>,
}

impl Worst {
    fn new(baseline: &Baseline, units: &Units, k: usize, pods: &mut dyn Iterator<Item = usize>) -> Self {
        let nodes: Vec<_> = pods.filter_map(|pod| baseline.occupancy().node_of(PodId::new(pod))).collect();
        let hosts = Amount::new(nodes.iter().flat_map(|&node| units.of(node)).map(|&unit| (unit, 1)), k);
        let lost = usize::try_from(hosts.bound(&[], k)).unwrap_or(0).min(nodes.len());
        Worst { ready: nodes.len(), lost, units: hosts.largest().collect() }
    }

    fn left(&self) -> usize {
        self.ready - self.lost
    }

    fn fall(&self, of: usize, state: State, needed: usize) -> Fall {
        Fall { of, state, needed, ready: self.ready, left: self.left(), units: self.units.clone() }
    }
}
