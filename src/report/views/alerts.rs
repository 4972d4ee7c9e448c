//! The PrometheusRule that gives a cluster the alerts it lacks, as YAML for `kubectl apply`.
//!
//! Promise: it is valid for the CustomResourceDefinition of prometheus-operator v0.86 (monitoring.coreos.com/v1): names of groups are unique,
//! durations are Prometheus durations, every rule is an alert with an expression.

use std::fmt::Write as _;

use crate::check::alerts::Alert;

/// Name of the object.
pub const NAME: &str = "plimsoll-availability";

/// A PrometheusRule with these alerts.
pub fn prometheus_rule(alerts: &[&Alert], namespace: &str, labels: &[(String, String)]) -> String {
    let mut text = format!(
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: {NAME}\n  namespace: {}\n",
        quoted(namespace)
    );
    if !labels.is_empty() {
        text.push_str("  labels:\n");
        labels.iter().for_each(|(key, value)| _ = writeln!(text, "    {}: {}", quoted(key), quoted(value)));
    }
    text.push_str("spec:\n  groups:\n  - name: availability.rules\n    rules:\n");
    for alert in alerts {
        let Alert { name, expression, for_minutes, severity, summary, .. } = alert;
        let _ = writeln!(text, "    - alert: {name}\n      expr: {}\n      for: {for_minutes}m", quoted(expression));
        let _ = writeln!(text, "      labels:\n        severity: {severity}\n      annotations:\n        summary: {}", quoted(summary));
    }
    text
}

/// As a YAML scalar that is text whatever it says.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::alerts::{Cover, covers, wanted};

    #[test]
    fn what_is_written_is_read_back_and_gives_every_alert() {
        let alerts = wanted(Some(40));
        let labels = [("release".to_owned(), "it's".to_owned())];
        let text = prometheus_rule(&alerts.iter().collect::<Vec<_>>(), "monitoring", &labels);
        let input = crate::manifest::read::read_str("rule.yaml", &text);
        assert!(input.problems.is_empty(), "{:?}\n{text}", input.problems);
        let rule = &input.objects.prometheus_rules[0];
        assert_eq!(rule.metadata.labels.get("release").map(String::as_str), Some("it's"));
        let read: Vec<&str> = rule.spec.groups[0].rules.iter().map(|rule| rule.expression()).collect();
        assert_eq!(read, alerts.each_ref().map(|alert| alert.expression.as_str()));
        assert!(covers(&input.objects).iter().all(|cover| matches!(cover, Cover::Given(_))));
    }
}
