//! A topology spread constraint leaves pods no node: going anywhere would be too uneven, whatever room there is.
//!
//! With `DoNotSchedule` a domain in which the pod cannot run holds the others back: it counts with no pods at all, and after `maxSkew` pods
//! everywhere else the rest stays Pending. The usual domains of that kind are zones whose nodes are all tainted (control planes), too small
//! even when empty, or of another kind; a topology key that no node has; and `minDomains` above the number of domains there are.
//!
//! # Example
//!
//! ```yaml
//! topologySpreadConstraints:
//! - {maxSkew: 1, topologyKey: topology.kubernetes.io/rack, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}}
//! ```
//!
//! # Instead
//!
//! Spread over a label that nodes have, say `nodeTaintsPolicy: Honor` so that domains out of reach do not count, or allow more skew.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/podtopologyspread/filtering.go, v1.36: `node(s) didn't match pod topology spread constraints`.

use std::collections::BTreeMap;

use super::{pending, sentence};
use crate::check::obstacle::{Cause, Obstacle};
use crate::check::sight::{Sight, passing_as};
use crate::check::{Findings, Subject};
use crate::cluster::class::SpreadConstraint;
use crate::manifest::field::FieldPath;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::Spread, |obstacle, workload, sight| {
        let Some(now) = sight.now(obstacle.first) else { return };
        let alone = |constraint: &&SpreadConstraint| {
            let only = |class: &mut crate::cluster::class::Class| class.spread = vec![(*constraint).clone()];
            passing_as(&now, &obstacle.nodes, &["PodTopologySpread"], only).is_empty()
        };
        let culprit = now.class.spread.iter().filter(|constraint| constraint.hard).find(alone);
        let key = culprit.map(|constraint| sight.text(sight.cluster().topology(constraint.topology).key));
        let by = key.map_or_else(String::new, |key| format!(" by {key}"));
        let message = format!("{}: wherever it went, pods would be spread too unevenly{by}", pending(obstacle, workload));
        let written = workload.spec.topology_spread_constraints.iter().position(|one| Some(one.topology_key.as_str()) == key);
        let path = FieldPath::from("topologySpreadConstraints");
        let finding = findings.on_pods_of(workload, written.map_or(path.clone(), |place| path.index(place)), message);
        culprit.into_iter().for_each(|constraint| _ = finding.because(why(sight, obstacle, constraint)));
        finding.because(sentence(obstacle));
        finding.help("spread over a label that the nodes have, say nodeTaintsPolicy: Honor where tainted nodes do not count, or allow more skew");
    });
}

/// How many pods count in which domain, and into which the pod may go.
fn why(sight: &Sight<'_>, obstacle: &Obstacle, constraint: &SpreadConstraint) -> String {
    let cluster = sight.cluster();
    let topology = cluster.topology(constraint.topology);
    let open = topology.domains_meeting(&obstacle.nodes);
    let reached = open.iter().filter(|is_open| **is_open).count();
    if reached == 0 {
        return format!("none of the nodes that it may go to has the label {}", sight.text(topology.key));
    }
    if constraint.min_domains > reached && constraint.min_domains > topology.len() {
        return format!("minDomains is {}, and there are {}", constraint.min_domains, topology.len());
    }
    let Some(now) = sight.now(obstacle.first) else { return String::new() };
    let mut counts: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for (domain, is_open) in open.iter().enumerate() {
        let mut pods = 0;
        for &node in topology.members(domain) {
            let counts = |class: &crate::cluster::class::Class| class.namespace == now.class.namespace && constraint.selector.matches(&class.labels);
            pods += now.occupancy.pods_on(node).iter().filter(|&&pod| counts(cluster.class_of(pod))).count();
        }
        let first = topology.members(domain).first().and_then(|node| cluster.nodes.label_column(topology.key)?[node.index()]);
        counts.insert(first.map_or("", |value| sight.text(value)), (pods, *is_open));
    }
    let word = |(name, (pods, is_open)): (&&str, &(usize, bool))| format!("{name} {pods}{}", if *is_open { "" } else { " (out of its reach)" });
    let mut words: Vec<String> = counts.iter().take(8).map(word).collect();
    if counts.len() > 8 {
        words.push(format!("{} more", counts.len() - 8));
    }
    format!("maxSkew is {}, and pods that count are in {}", constraint.max_skew, words.join(", "))
}
