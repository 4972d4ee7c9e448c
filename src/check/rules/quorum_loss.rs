//! The loss of one node, or of one zone, leaves a workload fewer pods than it needs to do its work.
//!
//! Three replicas of a database with two on one node are no better than one: with that node the majority is gone, and what is left
//! refuses to write. Every node is lost by itself, and every zone where there are several; what a workload needs is known of the
//! application, is a majority of a StatefulSet, or is what the annotation `plimsoll.dev/quorum` says. One that all its pods leave
//! at once is found by `one-node` and `one-zone`.
//!
//! # Example
//!
//! ```yaml
//! kind: StatefulSet           # postgres-0 and postgres-1 run on node-1, postgres-2 on node-2
//! spec: {replicas: 3}
//! ```
//!
//! # Instead
//!
//! One pod a node, or a zone, by a hard rule; and as many nodes or zones as that takes: three for a majority of three. If fewer pods do,
//! say so:
//!
//! ```yaml
//! metadata: {annotations: {plimsoll.dev/quorum: "1"}}
//! ```
//!
//! # Source
//!
//! `planning::quorum` and `planning::resilience`; each application's own documentation is named there.

use std::collections::BTreeMap;

use crate::check::placement::listed;
use crate::check::{Findings, Subject};
use crate::planning::quorum::State;
use crate::planning::resilience::survival::Survival;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_other_nodes() {
        return;
    }
    let nodes = broken(subject, subject.node_losses());
    for (&workload, loss) in &nodes {
        tell(subject, "node", workload, loss, findings);
    }
    let Some(zones) = subject.zone_losses() else { return };
    for (&workload, loss) in broken(subject, zones).iter().filter(|(workload, _)| !nodes.contains_key(workload)) {
        tell(subject, "zone", workload, loss, findings);
    }
}

/// What breaks a workload.
struct Broken {
    /// The domains, the worst first.
    domains: Vec<String>,
    /// Ready pods that the worst leaves.
    left: usize,
    /// Those that it takes.
    lost: usize,
}

/// The workloads that fall below what they need, by their places, each with what breaks it.
fn broken(subject: &Subject<'_>, losses: &Survival) -> BTreeMap<usize, Broken> {
    let mut found: BTreeMap<usize, Broken> = BTreeMap::new();
    for (domain, judged) in losses.domains.iter().zip(&losses.resilience.losses) {
        let needs_several = |workload: usize| subject.quorums().workloads[workload].needed >= 2;
        for hit in judged.fallen(State::BelowQuorum).filter(|hit| needs_several(hit.workload)) {
            let broken = found.entry(hit.workload).or_insert(Broken { domains: Vec::new(), left: usize::MAX, lost: 0 });
            if hit.ready < broken.left {
                (broken.left, broken.lost) = (hit.ready, hit.lost);
                broken.domains.insert(0, domain.value.clone());
            } else {
                broken.domains.push(domain.value.clone());
            }
        }
    }
    found
}

fn tell(subject: &Subject<'_>, what: &str, workload: usize, broken: &Broken, findings: &mut Findings) {
    let quorum = &subject.quorums().workloads[workload];
    let Broken { domains, left, lost } = broken;
    let message = format!("{left} of its {} pods are left without {what} {}, and it needs {}", left + lost, domains[0], quorum.needed);
    let finding = subject.on_quorum(findings, quorum, "spec.replicas", message);
    finding.because(format!("{what} {} has {lost} of them", domains[0]));
    if domains.len() > 1 {
        finding.because(format!("so it is without each of {}", listed(domains)));
    }
    finding.because(format!("why it needs {}: {}", quorum.needed, quorum.basis));
    let apart = quorum.replicas.div_ceil(quorum.replicas.saturating_sub(quorum.needed).max(1));
    finding.help(format!(
        "spread its pods over {apart} {what}s at least, with a hard rule; if fewer pods do, annotate it with plimsoll.dev/quorum: NUMBER"
    ));
}
