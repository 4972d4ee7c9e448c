//! RuntimeClass: what a runtime costs, and where it is installed.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/runtimeclass/admission.go setOverhead, setScheduling, validateOverhead;
//! pkg/util/tolerations/tolerations.go MergeTolerations, v1.36.

use super::policies::Policies;
use crate::manifest::pod::{Pod, Toleration};
use crate::manifest::policy::{RuntimeClass, RuntimeScheduling};
use crate::manifest::refusal::Refusal;

const MISMATCH: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

fn class_of<'a>(pod: &Pod, policies: &'a Policies) -> Result<Option<&'a RuntimeClass>, String> {
    let Some(name) = pod.spec.runtime_class_name.as_deref() else { return Ok(None) };
    policies.runtime_classes.get(name).map(Some).ok_or_else(|| format!("pod rejected: RuntimeClass {name:?} not found"))
}

/// Adds overhead, node selector and tolerations of the class a pod names.
pub(super) fn admit(pod: &mut Pod, policies: &Policies) -> Result<(), Refusal> {
    let done = class_of(pod, policies).and_then(|class| class.map_or(Ok(()), |class| apply(class, pod)));
    done.map_err(|why| Refusal::forbidden("pods", &pod.metadata.name, &why))
}

fn apply(class: &RuntimeClass, pod: &mut Pod) -> Result<(), String> {
    if let Some(overhead) = &class.overhead {
        if !pod.spec.overhead.is_empty() && pod.spec.overhead != overhead.pod_fixed {
            return Err(MISMATCH.to_owned());
        }
        pod.spec.overhead.clone_from(&overhead.pod_fixed);
    }
    class.scheduling.as_ref().map_or(Ok(()), |scheduling| steer(scheduling, pod))
}

fn steer(scheduling: &RuntimeScheduling, pod: &mut Pod) -> Result<(), String> {
    let own = &mut pod.spec.node_selector;
    for (key, value) in &scheduling.node_selector {
        if let Some(other) = own.get(key).filter(|other| *other != value) {
            return Err(format!("conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {other}"));
        }
        own.insert(key.clone(), value.clone());
    }
    if !scheduling.tolerations.is_empty() {
        pod.spec.tolerations = merge(&pod.spec.tolerations, &scheduling.tolerations);
    }
    Ok(())
}

/// Both lists in one, without what another toleration covers.
fn merge(first: &[Toleration], second: &[Toleration]) -> Vec<Toleration> {
    let all: Vec<&Toleration> = first.iter().chain(second).collect();
    let mut merged: Vec<Toleration> = Vec::new();
    for (index, toleration) in all.iter().enumerate() {
        let covered = merged.iter().any(|other| covers(other, toleration));
        let to_be_covered = all[index + 1..].iter().any(|other| other != toleration && covers(other, toleration));
        if !covered && !to_be_covered {
            merged.push((*toleration).clone());
        }
    }
    merged
}

/// Whether a toleration tolerates all that another does.
fn covers(wide: &Toleration, narrow: &Toleration) -> bool {
    if wide == narrow {
        return true;
    }
    let is_every_key = wide.key.is_empty() && wide.operator == "Exists";
    if narrow.key != wide.key && !is_every_key || narrow.effect != wide.effect && !wide.effect.is_empty() {
        return false;
    }
    if wide.effect == "NoExecute"
        && let Some(seconds) = wide.toleration_seconds
        && narrow.toleration_seconds.is_none_or(|narrow| narrow > seconds)
    {
        return false;
    }
    match wide.operator.as_str() {
        "" | "Equal" => narrow.operator == "Equal" && narrow.value == wide.value,
        "Exists" => true,
        _ => false,
    }
}

/// An overhead must be that of the class.
pub(super) fn review_pod(pod: &Pod, policies: &Policies) -> Result<(), Refusal> {
    let own = &pod.spec.overhead;
    let why = match class_of(pod, policies).ok().flatten().and_then(|class| class.overhead.as_ref()) {
        Some(overhead) if overhead.pod_fixed != *own => MISMATCH,
        None if !own.is_empty() => "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        _ => return Ok(()),
    };
    Err(Refusal::forbidden("pods", &pod.metadata.name, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GVISOR: &str = "
metadata: {name: gvisor}
overhead: {podFixed: {cpu: 250m}}
scheduling: {nodeSelector: {sandbox: gvisor}, tolerations: [{key: sandbox, operator: Exists}]}
";

    fn admitted(yaml: &str) -> Result<Pod, Refusal> {
        let mut policies = Policies::default();
        policies.runtime_classes.insert("gvisor".to_owned(), serde_saphyr::from_str(GVISOR).unwrap());
        let mut pod: Pod = serde_saphyr::from_str(yaml).unwrap();
        admit(&mut pod, &policies)?;
        admit(&mut pod, &policies)?;
        review_pod(&pod, &policies)?;
        Ok(pod)
    }

    #[test]
    fn a_class_gives_overhead_and_place() {
        let spec = admitted("spec: {runtimeClassName: gvisor}").unwrap().spec;
        assert_eq!(spec.overhead.get("cpu").unwrap().milli(), 250);
        assert_eq!(spec.node_selector["sandbox"], "gvisor");
        assert_eq!(spec.tolerations.len(), 1);
    }

    #[test]
    fn what_a_class_covers_is_said_once() {
        let spec = admitted("spec: {runtimeClassName: gvisor, tolerations: [{key: sandbox, operator: Equal, value: a}]}").unwrap().spec;
        assert_eq!(spec.tolerations.len(), 1);
        assert_eq!(spec.tolerations[0].operator, "Exists");
    }

    #[test]
    fn what_does_not_fit_the_class_is_refused() {
        for (yaml, why) in [
            ("{runtimeClassName: kata}", "pod rejected: RuntimeClass \"kata\" not found"),
            ("{runtimeClassName: gvisor, overhead: {cpu: 1}}", MISMATCH),
            ("{overhead: {cpu: 1}}", "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"),
            (
                "{runtimeClassName: gvisor, nodeSelector: {sandbox: no}}",
                "conflict: runtimeClass.scheduling.nodeSelector[sandbox] = gvisor; pod.spec.nodeSelector[sandbox] = no",
            ),
        ] {
            assert_eq!(admitted(&format!("spec: {yaml}")).unwrap_err().message, format!("pods \"\" is forbidden: {why}"));
        }
    }
}
