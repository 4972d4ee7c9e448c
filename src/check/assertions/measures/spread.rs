//! How far the pods of a workload are spread: over how many zones, over how many nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::some;
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::Inquiry;
use crate::check::assertions::quantities::Answer;
use crate::check::assertions::{Amount, Measured};
use crate::graph::failure_domains::{Kind, domains};

/// Zones of each workload.
pub(in crate::check::assertions) fn zones(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let zones = domains(&inquiry.subject.objects.nodes, &Kind::Zone).map_err(|problem| problem.to_string())?;
    let of_node: BTreeMap<&str, &str> =
        zones.iter().flat_map(|zone| zone.nodes.iter().map(|node| (node.as_str(), zone.value.as_str()))).collect();
    spread(inquiry, assertion, |node| of_node.get(node).map(|zone| (*zone).to_owned()))
}

/// Nodes of each workload.
pub(in crate::check::assertions) fn hosts(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    spread(inquiry, assertion, |node| Some(node.to_owned()))
}

/// Of the pods that are selected: those of a workload that has others as well count by themselves.
fn spread(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, place: impl Fn(&str) -> Option<String>) -> Answer {
    let (quorums, baseline) = (inquiry.subject.quorums(), inquiry.subject.baseline());
    let selection = inquiry.selection(assertion)?;
    let measured = |workload: usize| {
        let quorum = &quorums.workloads[workload];
        let nodes = quorum.pods.iter().filter(|&&pod| selection.has(pod)).filter_map(|&pod| {
            let node = baseline.occupancy().node_of(crate::cluster::index::PodId::new(pod))?;
            Some(baseline.cluster().node_name(node))
        });
        let places: BTreeSet<String> = nodes.filter_map(&place).collect();
        let names: Vec<String> = places.into_iter().collect();
        let because = if names.is_empty() { "no pod of it has a node".to_owned() } else { some(&names) };
        Measured { what: quorum.workload.to_string(), amount: Amount::count(names.len()), because: vec![because] }
    };
    Ok(selection.workloads(quorums).into_iter().map(measured).collect())
}
