//! What workloads have left right after a loss, and how long they feel it.

use std::collections::{BTreeMap, BTreeSet};

use super::{after, plain, some};
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::{Inquiry, Lost};
use crate::check::assertions::quantities::{Answer, StateKind};
use crate::check::assertions::{Amount, Measured};
use crate::planning::failover::{Failover, Span};
use crate::planning::quorum::{Hit, State};

/// Ready pods of each workload, before any loss or right after each.
pub(in crate::check::assertions) fn ready(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let (quorums, standing) = (inquiry.subject.quorums(), inquiry.standing());
    let workloads = inquiry.selection(assertion)?.workloads(quorums);
    let name = |workload: usize| quorums.workloads[workload].workload.to_string();
    if assertion.when.state()? == StateKind::Now {
        return Ok(workloads.into_iter().map(|workload| plain(name(workload), Amount::count(standing.ready[workload]))).collect());
    }
    let of_loss = |lost: &Lost| {
        let left: BTreeMap<usize, usize> = lost.judged.hits.iter().map(|hit| (hit.workload, hit.ready)).collect();
        let ready = |&workload: &usize| left.get(&workload).copied().unwrap_or(standing.ready[workload]);
        let what = |workload: &usize| format!("{}: {}", name(*workload), after(&lost.name));
        workloads.iter().map(|workload| plain(what(workload), Amount::count(ready(workload)))).collect::<Vec<_>>()
    };
    match &*inquiry.losses(&assertion.when)? {
        Ok(losses) => Ok(losses.iter().flat_map(of_loss).collect()),
        Err(why) => Err(why.clone()),
    }
}

/// Workloads that have too few ready pods to do their work.
pub(in crate::check::assertions) fn below_quorum(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let (quorums, standing) = (inquiry.subject.quorums(), inquiry.standing());
    let workloads = inquiry.selection(assertion)?.workloads(quorums);
    let is_down = |workload: &usize| standing.state(quorums, *workload) >= State::BelowQuorum;
    let down: BTreeSet<usize> = workloads.iter().copied().filter(is_down).collect();
    if assertion.when.state()? == StateKind::Now {
        return Ok(vec![named(inquiry, String::new(), &down)]);
    }
    each_loss(inquiry, assertion, |lost| {
        let fallen = lost.judged.hits.iter().filter(|hit| hit.state >= State::BelowQuorum && workloads.contains(&hit.workload));
        let fallen: BTreeSet<usize> = fallen.map(|hit| hit.workload).chain(down.iter().copied()).collect();
        named(inquiry, after(&lost.name), &fallen)
    })
}

/// Workloads that have fewer ready pods than a budget promises.
pub(in crate::check::assertions) fn below_budget(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let workloads = inquiry.selection(assertion)?.workloads(inquiry.subject.quorums());
    each_loss(inquiry, assertion, |lost| {
        let below = |hit: &&Hit| !hit.budgets.is_empty() && workloads.contains(&hit.workload);
        let fallen: BTreeSet<usize> = lost.judged.hits.iter().filter(below).map(|hit| hit.workload).collect();
        named(inquiry, after(&lost.name), &fallen)
    })
}

/// How long until each workload is whole again.
pub(in crate::check::assertions) fn failover(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    times(inquiry, assertion, |failover| failover.recovery)
}

/// How long each workload has fewer pods than it needs.
pub(in crate::check::assertions) fn outage(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    times(inquiry, assertion, |failover| failover.outage)
}

fn times(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, time: impl Fn(&Failover) -> Option<Span>) -> Answer {
    inquiry.need_nodes()?;
    let quorums = inquiry.subject.quorums();
    let workloads = inquiry.selection(assertion)?.workloads(quorums);
    each_loss(inquiry, assertion, |lost| {
        let own = lost.judged.timings.iter().filter(|timing| workloads.contains(&timing.workload));
        let amount = |failover: &Failover| time(failover).map_or(Amount::ENDLESS, |span| Amount(i128::from(whole_seconds(span))));
        // of equals the first
        let worst = own.rev().max_by_key(|timing| amount(&timing.failover));
        let because = worst.map(|timing| quorums.workloads[timing.workload].workload.to_string());
        let amount = worst.map_or(Amount(0), |timing| amount(&timing.failover));
        Measured { what: after(&lost.name), amount, because: because.into_iter().collect() }
    })
}

/// A part of a second counts as a second.
fn whole_seconds(span: Span) -> u64 {
    span.most.as_secs() + u64::from(span.most.subsec_nanos() > 0)
}

fn each_loss(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, measure: impl Fn(&Lost) -> Measured) -> Answer {
    match &*inquiry.losses(&assertion.when)? {
        Ok(losses) => Ok(losses.iter().map(measure).collect()),
        Err(why) => Err(why.clone()),
    }
}

/// How many workloads, and which.
fn named(inquiry: &Inquiry<'_, '_>, what: String, workloads: &BTreeSet<usize>) -> Measured {
    let quorums = inquiry.subject.quorums();
    let names: Vec<String> = workloads.iter().map(|&workload| quorums.workloads[workload].workload.to_string()).collect();
    let because = if names.is_empty() { Vec::new() } else { vec![some(&names)] };
    Measured { what, amount: Amount::count(workloads.len()), because }
}
