//! What a team says once for all its checks, in `plimsoll.yaml`: severities, bounds, what is allowed and why, what can be bought, assumptions.
//!
//! Everything may be left out. The schema is committed as `schemas/settings.v1.json`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::rule::Rule;
use super::rules::RULES;
use crate::catalogue::matches;
use crate::manifest::read::Severity;
use crate::planning::size::Share;
use crate::planning::success_metrics;

/// The settings of a team: a file of its own, or `plimsoll.yaml` in the folder that `plimsoll` is run in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "Settings")]
pub struct Settings {
    /// `plimsoll.dev/v1`.
    pub api_version: String,
    /// `Settings`.
    pub kind: String,
    /// How bad what a rule finds is, by the rule's name or code.
    pub rules: BTreeMap<String, Level>,
    /// From which severity on a finding makes the answer "no": `warning` if nothing is said.
    pub fail_on: Option<FailOn>,
    /// The bounds that rules go by.
    pub thresholds: Thresholds,
    /// Namespaces where pods are expected to be fit for production, as globs; all but `kube-*` and those named like `*dev*`, `*test*` or
    /// `*sandbox*` if nothing is said.
    pub production: Vec<String>,
    /// Findings that are known and accepted, with a reason.
    pub allow: Vec<Allow>,
    /// Node types that can be bought: files as `--catalogue` takes them, relative to this one.
    pub catalogue: Vec<String>,
    /// Measured usage: a file as `--usage` takes it, relative to this one.
    pub usage: Option<String>,
    /// What is taken for granted where the input is silent.
    pub assumptions: AssumptionSettings,
}

/// How bad what a rule finds is, or that the rule is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule is not asked.
    Off,
    /// Good to know; never fails.
    Note,
    /// Look at it.
    Warning,
    /// It is wrong.
    Error,
}

/// From which severity on a finding makes the answer "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Any finding.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
    /// Nothing: findings are told and that is all.
    Never,
}

/// The bounds that rules go by.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Thresholds {
    /// Nodes stay below this share of their cpu and memory, in percent: 70.
    pub utilization_percent: u32,
    /// Pods of one node, beyond which it is crowded: not asked if nothing is said.
    pub pods_per_node: Option<usize>,
    /// Seconds in which everything is to be whole again after the loss of a node: not asked if nothing is said.
    pub failover_seconds: Option<u64>,
    /// How many times of what is used may be requested: 3.
    pub request_over_usage: f64,
    /// How many times of what is requested may be the limit: 4.
    pub limit_over_request: f64,
}

/// A finding that is known and accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Allow {
    /// The rule, by name or code.
    pub rule: String,
    /// The objects, as a glob over `Kind/namespace/name` (`Kind/name` where there is no namespace); all if nothing is said.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// What is taken for granted where the input is silent. A flag of the same name wins, unless it says what is its default anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AssumptionSettings {
    /// Version of Kubernetes: `1.36` or `1.34`.
    pub kubernetes: Option<String>,
    /// Replicas of autoscaled workloads: `current`, `min`, `max`, or a file as `--replicas` takes it, relative to this one.
    pub replicas: Option<String>,
    /// Runs of CronJobs: `none`, `one` or `overlapping`.
    pub cron_runs: Option<String>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            utilization_percent: 70,
            pods_per_node: None,
            failover_seconds: None,
            request_over_usage: 3.0,
            limit_over_request: 4.0,
        }
    }
}

impl Thresholds {
    /// How much of a node may be in use.
    pub fn utilization(&self) -> Share {
        Share(self.utilization_percent * 10_000)
    }

    /// In which time everything is to be whole again, if that is asked.
    pub fn failover(&self) -> Option<Duration> {
        self.failover_seconds.map(Duration::from_secs)
    }

    /// The bounds of the success metrics, with the guide's where nothing is said.
    pub fn of_success_metrics(&self) -> success_metrics::Thresholds {
        let guide = success_metrics::Thresholds::default();
        success_metrics::Thresholds {
            pods_per_node: self.pods_per_node.unwrap_or(guide.pods_per_node),
            utilization: Some(self.utilization()),
            failover: self.failover().unwrap_or(guide.failover),
            ..guide
        }
    }
}

impl Settings {
    /// How bad what a rule finds is; none if it is off.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        let level = self.rules.iter().find(|(name, _)| rule.is_called(name)).map(|(_, level)| *level);
        match level {
            None => Some(rule.severity),
            Some(Level::Off) => None,
            Some(Level::Note) => Some(Severity::Note),
            Some(Level::Warning) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
        }
    }

    /// How many rules are asked.
    pub fn rules_asked(&self) -> usize {
        RULES.iter().filter(|rule| self.severity(rule).is_some()).count()
    }

    /// Whether pods of this namespace are expected to be fit for production.
    pub fn is_production(&self, namespace: &str) -> bool {
        if self.production.is_empty() {
            let lower = namespace.to_lowercase();
            return !lower.starts_with("kube-") && !["dev", "test", "sandbox"].iter().any(|word| lower.contains(word));
        }
        self.production.iter().any(|pattern| matches(pattern, namespace))
    }
}

impl FailOn {
    /// Whether a finding of this severity makes the answer "no".
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Note => true,
            FailOn::Warning => severity <= Severity::Warning,
            FailOn::Error => severity == Severity::Error,
            FailOn::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::matches;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("Deployment/shop/*", "Deployment/shop/api") && matches("*", "") && matches("*/api", "Deployment/shop/api"));
        assert!(!matches("Deployment/*/api", "Deployment/shop/web") && !matches("a", "ab"));
    }
}
