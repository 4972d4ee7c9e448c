//! What the failure of a pod means to its Job.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/pod_failure_policy.go, job_controller.go isPodFailed, v1.36.

use crate::manifest::pod::{ContainerStatus, Pod};
use crate::manifest::workload::{Job, PodFailurePolicyOnExitCodes, PodFailurePolicyRule};

/// What a failure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts towards the limit.
    Count,
    /// It counts as nothing.
    Ignore,
    /// Its index has failed.
    FailIndex,
    /// The Job has failed, with this message.
    FailJob(String),
}

/// Whether a pod counts as failed. One that is being deleted does too, unless only pods that have ended are replaced.
pub(super) fn is_failed(pod: &Pod, job: &Job) -> bool {
    let is_leaving = pod.is_terminating() && pod.status.phase != "Succeeded" && !replaces_only_failed(job);
    pod.status.phase == "Failed" || is_leaving
}

/// Whether a pod that is being deleted is replaced only after it has ended.
pub(super) fn replaces_only_failed(job: &Job) -> bool {
    job.spec.pod_replacement_policy.as_deref() == Some("Failed") || job.spec.pod_failure_policy.is_some()
}

/// What the first rule that matches says about a failed pod.
pub(super) fn meaning(job: &Job, pod: &Pod) -> Meaning {
    let rules = job.spec.pod_failure_policy.as_ref().map(|policy| policy.rules.as_slice()).unwrap_or_default();
    let found = rules.iter().enumerate().find_map(|(position, rule)| Some((position, rule, cause(rule, pod)?)));
    let Some((position, rule, cause)) = found else { return Meaning::Count };
    match rule.action.as_str() {
        "Ignore" => Meaning::Ignore,
        "FailIndex" => Meaning::FailIndex,
        "FailJob" => Meaning::FailJob(format!("{cause} matching {} rule at index {position}", rule.action)),
        _ => Meaning::Count,
    }
}

/// Whether a failure counts towards limits.
pub(super) fn counts(job: &Job, pod: &Pod) -> bool {
    meaning(job, pod) != Meaning::Ignore
}

/// Why the rule matches the pod, if it does.
fn cause(rule: &PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    let name = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
    if let Some(requirement) = &rule.on_exit_codes {
        let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
        let (container, code) = statuses.filter_map(|status| Some((status, exit_code(status, requirement)?))).next()?;
        return Some(format!("Container {} for pod {name} failed with exit code {code}", container.name));
    }
    let is_meant = |kind: &str, status: &str| {
        rule.on_pod_conditions
            .iter()
            .any(|pattern| pattern.r#type == kind && (pattern.status == status || pattern.status.is_empty() && status == "True"))
    };
    let condition = pod.status.conditions.iter().find(|condition| is_meant(&condition.r#type, &condition.status))?;
    Some(format!("Pod {name} has condition {}", condition.r#type))
}

/// The exit code of a container, if the requirement is about it.
fn exit_code(status: &ContainerStatus, requirement: &PodFailurePolicyOnExitCodes) -> Option<i32> {
    let code = status.state.terminated.as_ref()?.exit_code;
    let is_named = requirement.container_name.as_ref().is_none_or(|name| *name == status.name);
    let is_listed = requirement.values.contains(&code);
    let is_meant = match requirement.operator.as_str() {
        "In" => is_listed,
        "NotIn" => !is_listed,
        _ => false,
    };
    (is_named && code != 0 && is_meant).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_counts() {
        let job: Job = serde_saphyr::from_str(
            "spec: {podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: 'True'}]},
             {action: FailJob, onExitCodes: {operator: In, values: [42]}}]}}",
        )
        .unwrap();
        let pod =
            |status: &str| serde_saphyr::from_str::<Pod>(&format!("{{metadata: {{name: p, namespace: n}}, status: {status}}}")).unwrap();
        assert_eq!(meaning(&job, &pod("{conditions: [{type: DisruptionTarget, status: 'True'}]}")), Meaning::Ignore);
        let message = "Container c for pod n/p failed with exit code 42 matching FailJob rule at index 1".to_owned();
        let exited = pod("{containerStatuses: [{name: c, state: {terminated: {exitCode: 42}}}]}");
        assert_eq!(meaning(&job, &exited), Meaning::FailJob(message));
        assert_eq!(meaning(&job, &pod("{containerStatuses: [{name: c, state: {terminated: {exitCode: 1}}}]}")), Meaning::Count);
    }
}
