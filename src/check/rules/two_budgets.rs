//! Two PodDisruptionBudgets guard the same pod, which then can never be evicted.
//!
//! The Eviction API answers with an error (500) and not with a refusal: whatever the budgets say, and however many pods are well,
//! `kubectl drain` goes on trying for ever. A chart that brings a budget beside one of one's own is enough.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! metadata: {name: api}
//! spec: {maxUnavailable: 1, selector: {matchLabels: {app: api}}}
//! ---
//! kind: PodDisruptionBudget
//! metadata: {name: all}
//! spec: {maxUnavailable: 1, selector: {matchLabels: {team: shop}}}     # the same pods have this label, too
//! ```
//!
//! # Instead
//!
//! Delete one of them, or narrow its selector.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, v1.36: `This pod has more than one PodDisruptionBudget, which the eviction
//! subresource does not support.`

use std::collections::BTreeMap;

use crate::check::drains::BlockedDrain;
use crate::check::placement::listed;
use crate::check::{Findings, Subject};
use crate::simulation::drain::Refuser;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for ((first, second), workloads) in pairs(subject) {
        let budgets = &subject.objects.pod_disruption_budgets;
        let (one, other) = (&budgets[first], &budgets[second]);
        let message = format!("it guards pods of {} that PodDisruptionBudget {} guards, too", listed(&workloads), other.metadata.name);
        let finding = findings.on(one, "spec.selector", message);
        finding.because("the Eviction API answers with an error: none of these pods can ever be evicted");
        let is_theirs = |blocked: &&BlockedDrain| blocked.refuser == Refuser::TwoBudgets(first, second);
        if let Some(blocked) = subject.blocked_drains().iter().find(is_theirs) {
            let nodes = listed(blocked.nodes.iter().map(|&node| subject.node_name(node)));
            finding.because(format!("so these nodes cannot be drained: {nodes}"));
        }
        finding.see(&other.metadata, "spec.selector", "the other");
        finding.help("delete one of them, or narrow its selector");
    }
}

/// Pairs of budgets that guard the same pods, with the workloads of these.
fn pairs(subject: &Subject<'_>) -> BTreeMap<(usize, usize), Vec<String>> {
    let mut guards: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (budget, guarded) in subject.guarded().iter().enumerate() {
        guarded.workloads.iter().for_each(|&workload| guards.entry(workload).or_default().push(budget));
    }
    let mut pairs: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    for (workload, budgets) in guards {
        let workload = &subject.workloads[workload];
        for (at, &first) in budgets.iter().enumerate() {
            for &second in &budgets[at + 1..] {
                pairs.entry((first, second)).or_default().push(workload.object().to_string());
            }
        }
    }
    pairs
}
