//! Defaults of workloads and services.
//!
//! Source: k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go,
//! pkg/registry/batch/job/strategy.go generateSelector, pkg/registry/apps/statefulset/strategy.go, v1.36.

use super::pod::{default_claim_spec, default_pod_spec};
use super::{fill, fill_option};
use crate::manifest::meta::{IntOrString, LabelSelector};
use crate::manifest::workload::*;

const ROLLING: &str = "RollingUpdate";

/// Defaults a Deployment.
pub(in crate::admission) fn default_deployment(deployment: &mut Deployment) {
    let spec = &mut deployment.spec;
    default_pod_spec(&mut spec.template.spec);
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    fill(&mut spec.strategy.r#type, ROLLING);
    if spec.strategy.r#type == ROLLING {
        let rolling = spec.strategy.rolling_update.get_or_insert_default();
        for field in [&mut rolling.max_unavailable, &mut rolling.max_surge] {
            field.get_or_insert_with(|| IntOrString::Text("25%".to_owned()));
        }
    }
}

/// Defaults a ReplicaSet.
pub(in crate::admission) fn default_replica_set(replica_set: &mut ReplicaSet) {
    default_pod_spec(&mut replica_set.spec.template.spec);
    replica_set.spec.replicas.get_or_insert(1);
}

/// Defaults a ReplicationController: its selector and labels are those of its template.
pub(in crate::admission) fn default_replication_controller(controller: &mut ReplicationController) {
    let spec = &mut controller.spec;
    default_pod_spec(&mut spec.template.spec);
    spec.replicas.get_or_insert(1);
    for labels in [&mut spec.selector, &mut controller.metadata.labels] {
        if labels.is_empty() {
            labels.clone_from(&spec.template.metadata.labels);
        }
    }
}

/// Defaults a StatefulSet. `maxUnavailable` is dropped: its gate is off.
pub(in crate::admission) fn default_stateful_set(stateful_set: &mut StatefulSet) {
    let spec = &mut stateful_set.spec;
    default_pod_spec(&mut spec.template.spec);
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    fill(&mut spec.pod_management_policy, "OrderedReady");
    fill(&mut spec.update_strategy.r#type, ROLLING);
    if spec.update_strategy.r#type == ROLLING {
        let rolling = spec.update_strategy.rolling_update.get_or_insert_default();
        rolling.partition.get_or_insert(0);
        rolling.max_unavailable = None;
    }
    let policy = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    fill(&mut policy.when_deleted, "Retain");
    fill(&mut policy.when_scaled, "Retain");
    for template in &mut spec.volume_claim_templates {
        default_claim_spec(&mut template.spec);
        fill(&mut template.status.phase, "Pending");
    }
}

/// Defaults a DaemonSet.
pub(in crate::admission) fn default_daemon_set(daemon_set: &mut DaemonSet) {
    let spec = &mut daemon_set.spec;
    default_pod_spec(&mut spec.template.spec);
    spec.revision_history_limit.get_or_insert(10);
    fill(&mut spec.update_strategy.r#type, ROLLING);
    if spec.update_strategy.r#type == ROLLING {
        let rolling = spec.update_strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
        rolling.max_surge.get_or_insert(IntOrString::Int(0));
    }
}

/// Defaults a Job, and writes its selector, unless it was written by hand or the Job has no identity yet.
pub(in crate::admission) fn default_job(job: &mut Job) {
    let spec = &mut job.spec;
    default_pod_spec(&mut spec.template.spec);
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    spec.backoff_limit.get_or_insert(if spec.backoff_limit_per_index.is_some() { i32::MAX } else { 6 });
    fill_option(&mut spec.completion_mode, "NonIndexed");
    spec.manual_selector.get_or_insert(false);
    let replacement = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
    fill_option(&mut spec.pod_replacement_policy, replacement);
    if job.metadata.labels.is_empty() {
        job.metadata.labels.clone_from(&spec.template.metadata.labels);
    }
    let uid = &job.metadata.uid;
    if spec.manual_selector == Some(true) || uid.is_empty() {
        return;
    }
    let names = [("batch.kubernetes.io/job-name", &job.metadata.name), ("job-name", &job.metadata.name)];
    let identities = [("batch.kubernetes.io/controller-uid", uid), ("controller-uid", uid)];
    for (key, value) in names.into_iter().chain(identities) {
        spec.template.metadata.labels.entry(key.to_owned()).or_insert_with(|| value.clone());
    }
    let selector = spec.selector.get_or_insert_with(LabelSelector::default);
    selector.match_labels.entry(identities[0].0.to_owned()).or_insert_with(|| uid.clone());
}

/// Defaults a CronJob; its Jobs are defaulted when they are made.
pub(in crate::admission) fn default_cron_job(cron_job: &mut CronJob) {
    let spec = &mut cron_job.spec;
    default_pod_spec(&mut spec.job_template.spec.template.spec);
    fill(&mut spec.concurrency_policy, "Allow");
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
}

/// Defaults a Service.
pub(in crate::admission) fn default_service(service: &mut Service) {
    let spec = &mut service.spec;
    fill(&mut spec.r#type, "ClusterIP");
    spec.ports.iter_mut().for_each(|port| fill(&mut port.protocol, "TCP"));
    if spec.r#type == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
}
