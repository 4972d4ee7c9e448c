//! Objects from a text, for tests of what comes after reading: short, strict, without positions.

use plimsoll::manifest::Objects;
use serde_json::Value;

/// Reads documents and lists of the kinds that tests use; anything else is returned by kind.
pub fn read(text: &str) -> (Objects, Vec<String>) {
    let (mut objects, mut unknown) = (Objects::default(), Vec::new());
    for document in format!("\n{text}").split("\n---") {
        let value: Value = serde_saphyr::from_str(document).unwrap_or_else(|error| panic!("{error}\n{document}"));
        add(value, &mut objects, &mut unknown);
    }
    (objects, unknown)
}

fn add(mut value: Value, objects: &mut Objects, unknown: &mut Vec<String>) {
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    macro_rules! kinds {
        ($($kind:literal => $field:ident),* $(,)?) => {
            match kind.as_str() {
                "" => {}
                "List" => value["items"].as_array_mut().expect("a list has items").drain(..).for_each(|item| add(item, objects, unknown)),
                $($kind => objects.$field.push(serde_json::from_value(value).expect($kind)),)*
                _ => unknown.push(kind),
            }
        };
    }
    kinds! {
        "Node" => nodes, "Namespace" => namespaces, "Pod" => pods, "Service" => services,
        "Deployment" => deployments, "ReplicaSet" => replica_sets, "ReplicationController" => replication_controllers,
        "StatefulSet" => stateful_sets, "DaemonSet" => daemon_sets, "Job" => jobs, "CronJob" => cron_jobs,
        "PersistentVolumeClaim" => persistent_volume_claims, "PersistentVolume" => persistent_volumes,
        "StorageClass" => storage_classes, "CSINode" => csi_nodes, "CSIDriver" => csi_drivers,
        "PodDisruptionBudget" => pod_disruption_budgets, "PriorityClass" => priority_classes, "RuntimeClass" => runtime_classes,
        "ResourceQuota" => resource_quotas, "LimitRange" => limit_ranges, "HorizontalPodAutoscaler" => horizontal_pod_autoscalers,
    }
}
