//! Namespaces, and what pods belong to: Services and ReplicaSets (default spreading), disruption budgets.

use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::{IntOrString, LabelSelector, OwnerReference};
use plimsoll::manifest::node::Namespace;
use plimsoll::manifest::policy::{PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use plimsoll::manifest::workload::{ReplicaSet, Service, ServiceSpec};

use super::draw::{Draw, map};
use super::pods::{APPS, NAMESPACES};
use super::{Plan, Trait, metadata};

/// The namespaces; `monitoring` belongs to another team.
pub fn namespaces() -> Vec<Namespace> {
    let mut namespaces = Vec::new();
    for (order, name) in NAMESPACES.into_iter().enumerate() {
        let mut metadata = metadata("namespace", "", name, 900 + order);
        metadata.labels = map([("kubernetes.io/metadata.name", name)]);
        if name != "default" {
            metadata.labels.insert("team".to_owned(), if name == "monitoring" { "sre" } else { "data" }.to_owned());
        }
        namespaces.push(Namespace { metadata });
    }
    namespaces
}

/// Services, ReplicaSets and budgets; pods with a template hash belong to the ReplicaSet of their app and hash.
pub fn workloads(plan: &Plan, objects: &mut Objects) {
    for (number, namespace) in NAMESPACES.into_iter().enumerate() {
        for (app_number, app) in APPS.into_iter().enumerate() {
            let mut draw = Draw::of(plan.seed, "workload", number * APPS.len() + app_number);
            let labels = map([("app", app)]);
            if plan.has(Trait::Workloads) && draw.percent(50) {
                let spec = ServiceSpec { selector: labels.clone(), r#type: "ClusterIP".to_owned(), ..ServiceSpec::default() };
                objects.services.push(Service { metadata: metadata("service", namespace, app, 950), spec });
            }
            if plan.has(Trait::Workloads) && draw.percent(50) {
                replica_set(namespace, app, objects);
            }
            if plan.has(Trait::Priorities) && draw.percent(35) {
                let selector = Some(LabelSelector { match_labels: labels, match_expressions: Vec::new() });
                let spec =
                    PodDisruptionBudgetSpec { min_available: Some(IntOrString::Int(1)), selector, ..PodDisruptionBudgetSpec::default() };
                let disruptions_allowed = *draw.pick(&[0, 0, 1, 2]);
                let status = PodDisruptionBudgetStatus { disruptions_allowed, expected_pods: 2, ..PodDisruptionBudgetStatus::default() };
                let metadata = metadata("budget", namespace, app, 960);
                objects.pod_disruption_budgets.push(PodDisruptionBudget { metadata, spec, status });
            }
        }
    }
}

fn replica_set(namespace: &str, app: &str, objects: &mut Objects) {
    let name = format!("{app}-v1");
    let labels = map([("app", app), ("pod-template-hash", "v1")]);
    let mut set = ReplicaSet { metadata: metadata("replicaset", namespace, &name, 970), ..ReplicaSet::default() };
    set.spec.selector = Some(LabelSelector { match_labels: labels.clone(), match_expressions: Vec::new() });
    set.spec.template.metadata.labels = labels.clone();
    for pod in &mut objects.pods {
        let mine = labels.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value));
        if mine && pod.metadata.namespace == namespace {
            let (kind, uid, api_version) = ("ReplicaSet".to_owned(), set.metadata.uid.clone(), "apps/v1".to_owned());
            pod.metadata.owner_references.push(OwnerReference { api_version, kind, name: name.clone(), uid, controller: Some(true) });
        }
    }
    set.spec.replicas = Some(0);
    objects.replica_sets.push(set);
}
