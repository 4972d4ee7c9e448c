//! The nodes: how many, how full, how crowded.

use super::{after, plain};
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::{Inquiry, Lost};
use crate::check::assertions::quantities::{Answer, StateKind};
use crate::check::assertions::{Amount, Measured};
use crate::cluster::index::{NodeId, ResourceId};
use crate::cluster::resources::{CPU, MEMORY};
use crate::simulation::loss::Peak;

/// How many there are.
pub(in crate::check::assertions) fn count(inquiry: &Inquiry<'_, '_>, _: &Assertion) -> Answer {
    Ok(vec![plain("", Amount::count(inquiry.subject.objects.nodes.len()))])
}

/// What is requested of each, of cpu or memory, whichever is more.
pub(in crate::check::assertions) fn utilization(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    full(inquiry, assertion, &[CPU, MEMORY])
}

/// Of cpu.
pub(in crate::check::assertions) fn cpu(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    full(inquiry, assertion, &[CPU])
}

/// Of memory.
pub(in crate::check::assertions) fn memory(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    full(inquiry, assertion, &[MEMORY])
}

/// Pods on each.
pub(in crate::check::assertions) fn pods(inquiry: &Inquiry<'_, '_>, _: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let baseline = inquiry.subject.baseline();
    let cluster = baseline.cluster();
    let measured = |node: NodeId| {
        let number = baseline.occupancy().pods_on(node).len();
        plain(format!("node {}", cluster.node_name(node)), Amount::count(number))
    };
    Ok(cluster.nodes.ids().map(measured).collect())
}

fn full(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, resources: &[ResourceId]) -> Answer {
    inquiry.need_nodes()?;
    if assertion.when.state()? == StateKind::Now {
        return Ok(full_now(inquiry, resources));
    }
    match &*inquiry.losses(&assertion.when)? {
        Ok(losses) => Ok(losses.iter().map(|lost| full_after(inquiry, lost, resources)).collect()),
        Err(why) => Err(why.clone()),
    }
}

fn full_now(inquiry: &Inquiry<'_, '_>, resources: &[ResourceId]) -> Vec<Measured> {
    let baseline = inquiry.subject.baseline();
    let (cluster, occupancy) = (baseline.cluster(), baseline.occupancy());
    let measured = |node: NodeId| {
        let share = |resource: ResourceId| {
            Amount::share(i128::from(occupancy.requested(resource, node)), i128::from(cluster.allocatable(resource, node)))
        };
        // of equals the first
        let (amount, resource) =
            resources.iter().rev().map(|&resource| (share(resource), resource)).max_by_key(|(amount, _)| *amount).expect("there is one");
        let because = vec![format!("of its {}", cluster.resources.name(resource))];
        Measured { what: format!("node {}", cluster.node_name(node)), amount, because }
    };
    cluster.nodes.ids().map(measured).collect()
}

/// The fullest node that is left.
fn full_after(inquiry: &Inquiry<'_, '_>, lost: &Lost, resources: &[ResourceId]) -> Measured {
    let cluster = inquiry.subject.baseline().cluster();
    let Peak { cpu, memory } = lost.judged.loss.peak;
    let peaks = resources.iter().filter_map(|&resource| Some((resource, if resource == CPU { cpu } else { memory }?)));
    let fullest = peaks.reduce(|one, other| if other.1.1 > one.1.1 { other } else { one });
    let Some((resource, (node, share))) = fullest else { return plain(after(&lost.name), Amount(0)) };
    let because = vec![format!("node {}, of its {}", cluster.node_name(node), cluster.resources.name(resource))];
    Measured { what: after(&lost.name), amount: Amount((share * 1e9).round() as i128), because }
}
