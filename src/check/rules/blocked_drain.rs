//! A node cannot be drained as things stand: a PodDisruptionBudget refuses an eviction to the end.
//!
//! Each node is drained by itself, as `kubectl drain` does it with all of its flags: pods leave one after another, and each must be running
//! elsewhere before its budget lets the next one go. Where that finds no place, or pods of the budget are not ready, the drain hangs,
//! and with it the upgrade of the cluster.
//!
//! A budget that never lets a pod go, whatever happens, is found by `budget-allows-nothing` and the like, with the nodes that it blocks, and
//! is not said twice; nor is what two budgets block (`two-budgets`).
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {minAvailable: 2, selector: {matchLabels: {app: db}}}     # two of three pods are on a node, and fit on no other
//! ```
//!
//! # Instead
//!
//! Room, or a rule that another node satisfies; or a budget that lets one more go. `plimsoll drain` plans the waves, and says what frees a
//! node.
//!
//! # Source
//!
//! `simulation::drain`, which is held against recordings of the Eviction API; k8s.io/kubectl/pkg/drain/drain.go, v0.36.

use crate::check::drains::BlockedDrain;
use crate::check::guarded::{Fault, fault};
use crate::check::placement::{listed, pods};
use crate::check::{Findings, Subject};
use crate::manifest::meta::IntOrString;
use crate::planning::maintenance::Change;
use crate::simulation::drain::Refuser;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for blocked in subject.blocked_drains() {
        let Refuser::Budget(budget) = blocked.refuser else { continue };
        // an autoscaler that is at its most is not what is wrong just now
        if !matches!(fault(subject, budget), None | Some(Fault::Autoscaler { .. })) {
            continue;
        }
        tell(subject, budget, blocked, findings);
    }
}

fn tell(subject: &Subject<'_>, budget: usize, blocked: &BlockedDrain, findings: &mut Findings) {
    let written = &subject.objects.pod_disruption_budgets[budget];
    let nodes = listed(blocked.nodes.iter().map(|&node| subject.node_name(node)));
    let what = if blocked.nodes.len() == 1 { "node" } else { "nodes" };
    let path = if written.spec.max_unavailable.is_some() { "spec.maxUnavailable" } else { "spec.minAvailable" };
    let message = format!("{what} {nodes} cannot be drained: it refuses to let {} go", pods(blocked.pods.len()));
    let finding = findings.on(written, path, message);
    let status = &written.status;
    if status.current_healthy < status.expected_pods {
        finding.because(format!("{} of its {} pods are healthy, and {} must be", status.current_healthy, status.expected_pods, status.desired_healthy));
    }
    if let Some(message) = &blocked.message {
        finding.because(format!("a pod of it finds no other node meanwhile: {message}"));
    }
    let names = blocked.pods.iter().map(|&pod| subject.objects.pods[pod].metadata.name.as_str());
    finding.because(format!("what stays: {}", listed(names)));
    let drain = format!("`plimsoll drain --node {}` says what frees it", subject.node_name(blocked.nodes[0]));
    finding.help(match &blocked.change {
        Some(Change::Budget { to: (field, bound), .. }) if keeps_quorum(subject, budget, field, bound) => format!("write {field}: {}, or make room; {drain}", shown(bound)),
        _ => format!("make room for its pods on other nodes, or spread them; {drain}"),
    });
}

/// Whether workloads still have what they need when a budget lets so many go. Of shares it is not said.
fn keeps_quorum(subject: &Subject<'_>, budget: usize, field: &str, bound: &IntOrString) -> bool {
    let IntOrString::Int(number) = bound else { return false };
    let number = usize::try_from(*number).unwrap_or(0);
    let quorums = subject.guarded()[budget].pods.iter().filter_map(|&pod| subject.quorums().of_pod(pod));
    quorums.into_iter().all(|quorum| {
        let stay = if field == "maxUnavailable" { quorum.replicas.saturating_sub(number) } else { number };
        stay >= quorum.needed.max(1)
    })
}

fn shown(bound: &IntOrString) -> String {
    match bound {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::Text(text) => text.clone(),
    }
}
