//! What changes from one input to another: where pods are, what nodes hold and cost, what is survived, what may be evicted, what is found.
//!
//! Both inputs are looked at as `check` looks at one ([`Subject`]): the same engines answer for both, and what is different is put in a
//! row. What got *worse* is what a gate asks for: pods without a node that had one or are new, a loss that was survived and no longer is,
//! a budget that let evictions pass and no longer does.
//!
//! Promise: an input compared with itself differs in nothing. What was bad before and is still is not worse. Where a side has no nodes,
//! nothing is said of places and losses.
//!
//! To compare something else: a file with its change, a field of [`Comparison`], its section in `report/views/comparison`.

pub mod disruption;
pub mod fleet;
pub mod survivability;
pub mod unplaced;
pub mod workloads;

pub use disruption::BudgetChange;
pub use fleet::Fleet;
pub use survivability::{Fate, FateChange, Survivability};
pub use unplaced::Unplaced;
pub use workloads::WorkloadChange;

use super::subject::Subject;
use crate::graph::Ownership;
use crate::simulation::{Difference, Picture};

/// What changes from one input to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Whether both have nodes, so that something can be said of places and losses.
    pub has_nodes: bool,
    /// Workloads that come, go, or are changed.
    pub workloads: Vec<WorkloadChange>,
    /// Pods and nodes that are not as they were.
    pub difference: Difference,
    /// Why pods have no node that had one, or are new; alike ones together.
    pub unplaced: Vec<Unplaced>,
    /// The nodes before and after.
    pub fleets: [Fleet; 2],
    /// What is survived of each kind of loss: nodes, and zones where there are several.
    pub survivability: Vec<Survivability>,
    /// Budgets that let evictions pass and no longer do, or do now.
    pub budgets: Vec<BudgetChange>,
}

impl Comparison {
    /// Of two inputs.
    pub fn between(before: &Subject<'_>, after: &Subject<'_>) -> Self {
        let has_nodes = before.has_nodes() && after.has_nodes();
        let pictures = [picture(before), picture(after)];
        let difference = Difference::between(&pictures[0], &pictures[1]);
        Comparison {
            has_nodes,
            workloads: workloads::changes(before, after),
            unplaced: if after.has_nodes() { unplaced::unplaced(after, &difference) } else { Vec::new() },
            fleets: [Fleet::of(before, &pictures[0]), Fleet::of(after, &pictures[1])],
            survivability: if has_nodes { survivability::survivability(before, after) } else { Vec::new() },
            budgets: disruption::changes(before, after),
            difference,
        }
    }

    /// Whether anything got worse.
    pub fn is_worse(&self) -> bool {
        !self.unplaced.is_empty() || self.lost().next().is_some() || self.blocked().next().is_some()
    }

    /// Workloads that survived every loss of a kind and no longer do: the kind, and the workload.
    pub fn lost(&self) -> impl Iterator<Item = (&Survivability, &FateChange)> {
        self.survivability.iter().flat_map(|kind| kind.workloads.iter().filter(|change| change.is_lost()).map(move |change| (kind, change)))
    }

    /// Budgets that let no eviction pass any more, or never have and are new.
    pub fn blocked(&self) -> impl Iterator<Item = &BudgetChange> {
        self.budgets.iter().filter(|budget| budget.is_blocked())
    }
}

/// Where everything is.
fn picture(subject: &Subject<'_>) -> Picture {
    let (baseline, ownership) = (subject.baseline(), Ownership::new(subject.objects));
    let refused = &subject.question.creation.refused;
    let (cluster, decisions) = (baseline.cluster(), &baseline.schedule().decisions);
    Picture::new(subject.objects, cluster, baseline.occupancy(), decisions, refused, |pod| name(&ownership, pod))
}

/// `namespace/name (Kind)` of what a pod belongs to, as everywhere.
fn name(ownership: &Ownership<'_>, pod: &crate::manifest::pod::Pod) -> String {
    let workload = ownership.workload(pod);
    format!("{} ({})", workload.path(), workload.kind)
}
