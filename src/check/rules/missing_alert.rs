//! No alert tells of a node that is not ready, of a crowded node, or of a budget that lets no pod go.
//!
//! What is set up to survive the loss of a node still has to be told of it: the second loss is the one that hurts. An alert is known by
//! what it asks for, not by its name. It is only said of a cluster whose alerts are in the input: it has nodes, and PrometheusRules (or a
//! Prometheus) of the Prometheus Operator, which `kubectl get prometheusrules -A -o yaml` prints.
//!
//! `plimsoll alerts PATH` writes the PrometheusRule with the alerts that are missing, for this cluster: the bound on pods of a node is that
//! of the settings, the labels are those that its other rules have.
//!
//! # Example
//!
//! ```yaml
//! kind: PrometheusRule        # the only one, and no alert asks for kube_node_status_condition
//! ```
//!
//! # Instead
//!
//! ```yaml
//! - alert: NodeNotReady
//!   expr: max by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0
//!   for: 5m
//! ```
//!
//! # Source
//!
//! Task 5 ("Monitoring High Availability") of a guide to highly available data platforms; series of kube-state-metrics v2.17, docs/metrics.

use crate::check::alerts::{Alert, Cover, covers, wanted};
use crate::check::{Findings, Subject};
use crate::manifest::location::Origin;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_nodes() {
        return;
    }
    let alerts = wanted(subject.settings().thresholds.pods_per_node);
    let missing: Vec<&Alert> =
        alerts.iter().zip(covers(subject.objects)).filter(|(_, cover)| *cover == Cover::Missing).map(|(alert, _)| alert).collect();
    if missing.is_empty() {
        return;
    }
    let tells: Vec<&str> = missing.iter().map(|alert| alert.tells).collect();
    let message = format!("no alert tells {}", tells.join(", or "));
    let is_prometheus = |other: &&crate::manifest::objects::Other| {
        other.kind == "Prometheus" && other.api_version.starts_with("monitoring.coreos.com/")
    };
    let prometheus = subject.objects.others.iter().find(is_prometheus);
    let finding = match (subject.objects.prometheus_rules.first(), prometheus) {
        (Some(rule), _) => findings.on(rule, "spec.groups", message),
        (None, Some(prometheus)) => {
            let object = crate::check::finding::ObjectName::new(&prometheus.kind, &prometheus.metadata);
            let origin: Origin = prometheus.metadata.origin;
            findings.named(object, origin, Default::default(), message)
        }
        (None, None) => return,
    };
    let names: Vec<&str> = missing.iter().map(|alert| alert.name).collect();
    let rules = subject.objects.prometheus_rules.len();
    let of = if rules == 1 { "the PrometheusRule".to_owned() } else { format!("the {rules} PrometheusRules") };
    finding.because(format!("looked for in {of} of the input, by the series that alerts ask for"));
    finding.help(format!("`plimsoll alerts PATH | kubectl apply -f -` adds {}", names.join(", ")));
}
