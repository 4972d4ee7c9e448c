//! An alert asks for a series or a label that kube-state-metrics does not have.
//!
//! Prometheus takes any expression that it can parse. One about a series that does not exist gives nothing, and the alert is green for
//! ever; one that counts by a label that does not exist counts everything together, and is red for ever.
//!
//! # Example
//!
//! ```yaml
//! - alert: PodNotDistributed
//!   expr: count(kube_pod_info) by (node_name) > 30
//! ```
//!
//! # Instead
//!
//! `plimsoll alerts PATH` writes a PrometheusRule whose expressions ask for what there is:
//!
//! ```yaml
//! - alert: PodNotDistributed
//!   expr: count by (node) (kube_pod_info{node!=""}) > 30
//! ```
//!
//! # Source
//!
//! kube-state-metrics v2.17, docs/metrics/workload/pod-metrics.md and docs/metrics/policy/poddisruptionbudget-metrics.md. Both expressions
//! that are known are from a guide to highly available data platforms, task 5.

use crate::check::alerts::{Cover, covers, wanted};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let alerts = wanted(subject.settings().thresholds.pods_per_node);
    for (wanted, cover) in alerts.iter().zip(covers(subject.objects)) {
        let Cover::Dead(dead) = cover else { continue };
        let rule = &subject.objects.prometheus_rules[dead.rule];
        findings
            .on(rule, dead.path, format!("alert {} does not tell {}", dead.alert, wanted.tells))
            .because(dead.why)
            .because(format!("what there is: {}", wanted.expression))
            .help("`plimsoll alerts PATH` writes a PrometheusRule with an expression that works: take this alert out then");
    }
}
