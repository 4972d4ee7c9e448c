//! What the timelines of its pods mean for a workload, and those of workloads for the cluster.

use super::{Span, Timeline};

/// Pods of one workload that a loss takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group<'a> {
    /// The timelines of its displaced pods, in the order of their ordinals where they have any.
    pub timelines: &'a [Timeline],
    /// Pods that stay ready.
    pub ready: usize,
    /// Pods that must be ready for the workload to do its work.
    pub needed: usize,
    /// Whether pods come back one after another, each when the one before is ready: a StatefulSet with `podManagementPolicy: OrderedReady`.
    pub ordered: bool,
}

/// How long a loss is felt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failover {
    /// How long fewer pods are ready than are needed: no time if enough are left; none if it does not end by itself.
    pub outage: Option<Span>,
    /// How long until as many pods are ready as before; none if never by itself.
    pub recovery: Option<Span>,
}

/// How long a workload feels a loss. Room for the replacements is taken for granted: leave out what stays pending, and what has no
/// business elsewhere (pods of DaemonSets, static pods).
pub fn failover(group: &Group<'_>) -> Failover {
    let mut back = returns(group);
    let recovery = latest(back.iter().copied());
    let missing = group.needed.saturating_sub(group.ready);
    if missing == 0 {
        return Failover { outage: Some(Span::ZERO), recovery };
    }
    // each bound by itself: the pods that are back first in the best case need not be those of the worst
    back.retain(Option::is_some);
    let known: Vec<Span> = back.into_iter().flatten().collect();
    let nth = |bound: fn(&Span) -> std::time::Duration| {
        let mut times: Vec<_> = known.iter().map(bound).collect();
        times.sort_unstable();
        times.get(missing - 1).copied()
    };
    let outage = nth(|span| span.least).zip(nth(|span| span.most)).map(|(least, most)| Span::between(least, most));
    Failover { outage, recovery }
}

/// How long a cluster feels a loss: as long as the workload that feels it longest.
pub fn of_cluster(workloads: &[Failover]) -> Failover {
    Failover {
        outage: latest(workloads.iter().map(|workload| workload.outage)),
        recovery: latest(workloads.iter().map(|workload| workload.recovery)),
    }
}

/// When each pod is ready again, in order.
fn returns(group: &Group<'_>) -> Vec<Option<Span>> {
    if !group.ordered {
        return group.timelines.iter().map(|timeline| timeline.back_after).collect();
    }
    let mut before = Some(Span::ZERO);
    let mut back = Vec::with_capacity(group.timelines.len());
    for timeline in group.timelines {
        let own = timeline.back_after.zip(timeline.created);
        before = before.zip(own).map(|(before, (ready, created))| ready.later(before + ready.since(created)));
        back.push(before);
    }
    back
}

/// The latest of several points; none if one of them is never.
fn latest(points: impl Iterator<Item = Option<Span>>) -> Option<Span> {
    points.into_iter().try_fold(Span::ZERO, |latest, point| Some(latest.later(point?)))
}
