//! Alerts that whoever runs a highly available platform needs, whether rules that are there give them, and what they have to ask for.
//!
//! An alert is known by the series it asks for, whatever it is called. One that asks for what kube-state-metrics does not have is dead: it
//! never fires, or never says of which node.
//!
//! The expressions are this file's own. Series and labels are those of kube-state-metrics v2.17, docs/metrics/{cluster/node,workload/pod,
//! policy/poddisruptionbudget}-metrics.md. The alerts (NodeNotReady, PodNotDistributed, PDBViolation) are those of a guide to highly
//! available data platforms, task 5, of which two expressions are corrected: `kube_pod_info` has the label `node` and no `node_name`, so
//! that counting by `node_name` counts the pods of the whole cluster; and there is no `kube_poddisruptionbudget_disruptions_allowed`.

use crate::manifest::Objects;
use crate::manifest::field::FieldPath;
use crate::manifest::monitoring::PrometheusRule;

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its name, in the guide's word.
    pub name: &'static str,
    /// What it tells.
    pub tells: &'static str,
    /// What it asks for, in PromQL.
    pub expression: String,
    /// How long that must hold.
    pub for_minutes: u32,
    /// `critical` or `warning`.
    pub severity: &'static str,
    /// What it says.
    pub summary: &'static str,
}

/// Whether rules give an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cover {
    /// This alert does.
    Given(String),
    /// None does.
    Missing,
    /// One means to, and asks for what there is not.
    Dead(DeadAlert),
}

/// An alert that asks for what there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadAlert {
    /// The PrometheusRule, by its place among the objects.
    pub rule: usize,
    /// What it asks for.
    pub path: FieldPath,
    /// Its name.
    pub alert: String,
    /// Why it is dead.
    pub why: &'static str,
}

/// A node has more pods than this if nothing is said.
const PODS_PER_NODE: usize = 30;

/// The alerts, for nodes that have so many pods at most.
pub fn wanted(pods_per_node: Option<usize>) -> [Alert; 3] {
    let most = pods_per_node.unwrap_or(PODS_PER_NODE);
    let pods = "max by (namespace, pod, uid, node) (kube_pod_info{node!=\"\"})";
    let phases = "max by (namespace, pod, uid) (kube_pod_status_phase{phase=~\"Pending|Running\"} == 1)";
    let allowed = "kube_poddisruptionbudget_status_pod_disruptions_allowed < 1";
    let expected = "kube_poddisruptionbudget_status_expected_pods > 0";
    [
        Alert {
            name: "NodeNotReady",
            tells: "that a node is not ready",
            expression: "max by (node) (kube_node_status_condition{condition=\"Ready\",status=\"true\"}) == 0".to_owned(),
            for_minutes: 5,
            severity: "critical",
            summary: "Node {{ $labels.node }} is not ready",
        },
        Alert {
            name: "PodNotDistributed",
            tells: "that a node is crowded",
            expression: format!("count by (node) ({pods} * on (namespace, pod, uid) group_left () {phases}) > {most}"),
            for_minutes: 5,
            severity: "warning",
            summary: "Node {{ $labels.node }} has {{ $value }} pods (should be distributed)",
        },
        Alert {
            name: "PDBViolation",
            tells: "that a budget lets no pod go",
            expression: format!("{allowed} and on (namespace, poddisruptionbudget) {expected}"),
            for_minutes: 15,
            severity: "warning",
            summary: "PDB {{ $labels.namespace }}/{{ $labels.poddisruptionbudget }} cannot tolerate disruption",
        },
    ]
}

/// Whether the rules of an input give each alert, in the order of [`wanted`].
pub fn covers(objects: &Objects) -> [Cover; 3] {
    [0, 1, 2].map(|which| cover(objects, ANSWERS[which]))
}

/// How an expression answers a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Gives,
    Dead(&'static str),
    IsElse,
}

const ANSWERS: [fn(&str) -> Answer; 3] = [node_not_ready, pod_not_distributed, budget_spent];

fn cover(objects: &Objects, answer: fn(&str) -> Answer) -> Cover {
    let mut dead = None;
    for (rule, path, alert, expression) in alerts(objects) {
        match answer(&expression) {
            Answer::Gives => return Cover::Given(alert),
            Answer::Dead(why) => dead = dead.or(Some(DeadAlert { rule, path, alert, why })),
            Answer::IsElse => {}
        }
    }
    dead.map_or(Cover::Missing, Cover::Dead)
}

/// Every alert: its rule, the way to its expression, its name, and the expression in lower case without blanks.
fn alerts(objects: &Objects) -> Vec<(usize, FieldPath, String, String)> {
    let mut found = Vec::new();
    for (place, rule) in objects.prometheus_rules.iter().enumerate() {
        for (group, rules) in rule.spec.groups.iter().enumerate() {
            for (at, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| !rule.alert.is_empty()) {
                let path = FieldPath::from("spec.groups").index(group).key("rules").index(at).key("expr");
                let expression = rule.expression().to_lowercase().split_whitespace().collect();
                found.push((place, path, rule.alert.clone(), expression));
            }
        }
    }
    found
}

fn node_not_ready(expression: &str) -> Answer {
    let asks = expression.contains("kube_node_status_condition") && expression.contains("ready");
    if asks || expression.contains("kube_node_status_ready") { Answer::Gives } else { Answer::IsElse }
}

fn pod_not_distributed(expression: &str) -> Answer {
    if expression.contains("kubelet_running_pod") {
        return Answer::Gives;
    }
    // only a count is about how many there are
    if !expression.contains("kube_pod_info") || !expression.contains("count") {
        return Answer::IsElse;
    }
    if expression.contains("node_name") && !expression.contains("label_replace") {
        return Answer::Dead("kube_pod_info has the label node and no node_name, so this counts the pods of the whole cluster together");
    }
    let by_node = ["by(node)", "by(cluster,node)", "by(node,cluster)", "by(node,"].iter().any(|by| expression.contains(by));
    if by_node { Answer::Gives } else { Answer::IsElse }
}

fn budget_spent(expression: &str) -> Answer {
    if expression.contains("kube_poddisruptionbudget_status_") {
        return Answer::Gives;
    }
    match expression.contains("kube_poddisruptionbudget_disruptions_allowed") {
        true => Answer::Dead("there is no kube_poddisruptionbudget_disruptions_allowed, so this never fires"),
        false => Answer::IsElse,
    }
}

/// Labels that all PrometheusRules have in common: what makes Prometheus take a rule in.
pub fn common_labels(rules: &[PrometheusRule]) -> Vec<(String, String)> {
    let Some((first, rest)) = rules.split_first() else { return Vec::new() };
    let is_common = |(key, value): &(&String, &String)| rest.iter().all(|rule| rule.metadata.labels.get(key.as_str()) == Some(value));
    // what says who made a rule says nothing of who takes it in
    let is_of_tools = |key: &str| key == "helm.sh/chart" || key.starts_with("app.kubernetes.io/");
    let labels = first.metadata.labels.iter().filter(is_common).filter(|(key, _)| !is_of_tools(key));
    labels.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expressions: &[(&str, &str)]) -> Objects {
        let rules: Vec<String> = expressions.iter().map(|(alert, expr)| format!("{{alert: {alert}, expr: {expr:?}}}")).collect();
        let text = format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {{name: r, namespace: m}}, \
             spec: {{groups: [{{name: g, rules: [{}]}}]}}}}",
            rules.join(", ")
        );
        crate::manifest::read::read_str("rules.yaml", &text).objects
    }

    #[test]
    fn what_is_asked_for_decides_and_not_the_name() {
        let objects = read(&[
            ("KubeNodeNotReady", "kube_node_status_condition{condition=\"Ready\"} == 0"),
            ("TooMany", "count BY (node) (kube_pod_info) > 100"),
            ("Pdb", "kube_poddisruptionbudget_status_current_healthy < 1"),
        ]);
        assert!(covers(&objects).iter().all(|cover| matches!(cover, Cover::Given(_))), "{:?}", covers(&objects));
    }

    #[test]
    fn the_guides_own_expressions_are_dead() {
        let objects = read(&[
            ("PodNotDistributed", "count(kube_pod_info) by (node_name) > 30"),
            ("PDBViolation", "kube_poddisruptionbudget_disruptions_allowed < 1"),
        ]);
        let [ready, crowded, budget] = covers(&objects);
        assert_eq!(ready, Cover::Missing);
        assert!(matches!(crowded, Cover::Dead(_)) && matches!(budget, Cover::Dead(_)));
    }

    #[test]
    fn our_own_expressions_give_what_they_are_for() {
        let own = wanted(None);
        let objects = read(&own.each_ref().map(|alert| (alert.name, alert.expression.as_str())));
        assert!(covers(&objects).iter().all(|cover| matches!(cover, Cover::Given(_))));
    }
}
