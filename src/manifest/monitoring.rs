//! What is watched: PrometheusRules, as far as they say which alerts there are and what they ask for.
//!
//! Labels, annotations and durations of rules are left out: nothing here depends on them.
//!
//! Source: github.com/prometheus-operator/prometheus-operator pkg/apis/monitoring/v1/prometheusrule_types.go, v0.86.

use super::meta::{IntOrString, ObjectMeta};

objects! {
    /// A PrometheusRule.
    pub struct PrometheusRule {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: PrometheusRuleSpec,
    }

    /// `spec` of a PrometheusRule.
    pub struct PrometheusRuleSpec {
        /// The groups.
        pub groups: Vec<RuleGroup>,
    }

    /// Rules that are evaluated together.
    pub struct RuleGroup {
        /// Its name.
        pub name: String,
        /// The rules.
        pub rules: Vec<AlertingRule>,
    }

    /// A rule: an alert, or the recording of a series.
    pub struct AlertingRule {
        /// Name of the alert; empty for a recording.
        pub alert: String,
        /// Name of the series that is recorded; empty for an alert.
        pub record: String,
        /// What it asks for, in PromQL.
        pub expr: Option<IntOrString>,
    }
}

impl AlertingRule {
    /// What it asks for; empty if it asks for nothing, or for a number.
    pub fn expression(&self) -> &str {
        match &self.expr {
            Some(IntOrString::Text(text)) => text,
            _ => "",
        }
    }
}
