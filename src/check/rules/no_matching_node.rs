//! No node of the cluster has the labels that a pod requires by its node selector or node affinity.
//!
//! It stays Pending until somebody labels a node or buys one. Whether such a node would also have room is not asked. Without
//! nodes in the input it is not asked at all; of DaemonSets neither, for they run where they match.
//!
//! # Example
//!
//! ```yaml
//! nodeSelector: {disktype: ssd}      # and no node has disktype=ssd
//! ```
//!
//! # Instead
//!
//! Require what nodes have, label the nodes that are meant, or prefer (`preferredDuringSchedulingIgnoredDuringExecution`) instead of requiring.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go, v1.36: `node(s) didn't match Pod's node affinity/selector`.

use std::collections::BTreeMap;

use super::{pending, sentence};
use crate::check::obstacle::Cause;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;
use crate::manifest::meta::SelectorRequirement;
use crate::manifest::node::Node;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (obstacle, workload) in subject.obstacles_of(Cause::NoMatchingNode) {
        let nodes = &subject.objects.nodes;
        let message = format!("{}: no node has what the node selector or affinity requires", pending(obstacle, workload));
        let unmet: Vec<(FieldPath, String)> = requirements(workload).into_iter().filter_map(|(path, one)| Some((path, unmet(nodes, &one)?))).collect();
        let usual = if workload.spec.node_selector.is_empty() { "affinity.nodeAffinity" } else { "nodeSelector" };
        let path = unmet.first().map_or_else(|| usual.into(), |(path, _)| path.clone());
        let finding = findings.on_pods_of(workload, path, message);
        unmet.iter().for_each(|(_, why)| _ = finding.because(why.clone()));
        if unmet.is_empty() {
            finding.because("each of the labels is on some node, and no node has all that are required together");
        }
        finding.because(sentence(obstacle));
        finding.help("require what nodes have, or label the nodes that are meant");
    }
}

/// Everything that must hold of a node's labels, and where it is written; of several terms nothing, for each is an alternative.
fn requirements(workload: &Workload<'_>) -> Vec<(FieldPath, SelectorRequirement)> {
    let equal = |(key, value): (&String, &String)| {
        let one = SelectorRequirement { key: key.clone(), operator: "In".to_owned(), values: vec![value.clone()] };
        (FieldPath::from("nodeSelector").key(key), one)
    };
    let mut all: Vec<_> = workload.spec.node_selector.iter().map(equal).collect();
    let affinity = workload.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    if let Some([term]) = required.map(|required| required.node_selector_terms.as_slice()) {
        let path = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions";
        all.extend(term.match_expressions.iter().enumerate().map(|(place, one)| (FieldPath::from(path).index(place), one.clone())));
    }
    all
}

/// Why no node meets a requirement by itself, if none does: what nodes have instead.
fn unmet(nodes: &[Node], one: &SelectorRequirement) -> Option<String> {
    let mut values: BTreeMap<&str, usize> = BTreeMap::new();
    for value in nodes.iter().filter_map(|node| node.metadata.labels.get(&one.key)) {
        *values.entry(value).or_default() += 1;
    }
    let is_met = match one.operator.as_str() {
        "In" => one.values.iter().any(|value| values.contains_key(value.as_str())),
        "Exists" => !values.is_empty(),
        // nodes without the label meet the others, and numbers are the scheduler's
        _ => true,
    };
    if is_met {
        return None;
    }
    let wanted = if one.operator == "In" { format!("{}={}", one.key, one.values.join("|")) } else { one.key.clone() };
    let mut there: Vec<String> = values.iter().take(5).map(|(value, count)| format!("{value} ({count})")).collect();
    if values.len() > 5 {
        there.push(format!("{} more", values.len() - 5));
    }
    Some(match there.is_empty() {
        true => format!("no node has {wanted}, nor any label {}", one.key),
        false => format!("no node has {wanted}; nodes have {}", there.join(", ")),
    })
}
