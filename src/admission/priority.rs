//! Priority: a class's name becomes a number and a preemption policy.
//!
//! A pod that has a priority already was let in before and keeps it, whatever the classes say now; only when it is created anew
//! must what it says be what its class says.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/priority/admission.go admitPod, getDefaultPriorityClass,
//! validatePriorityClass; pkg/apis/scheduling/v1/helpers.go (the two classes every cluster has), v1.36.

use super::policies::Policies;
use crate::manifest::pod::Pod;
use crate::manifest::policy::PriorityClass;
use crate::manifest::refusal::Refusal;

/// The classes that every server makes on its own.
const SYSTEM: [(&str, i32); 2] = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
const PREEMPT: &str = "PreemptLowerPriority";

/// The classes that every cluster has.
pub(super) fn system_classes() -> impl Iterator<Item = PriorityClass> {
    SYSTEM.iter().map(|&(name, value)| {
        let mut class = PriorityClass { value, preemption_policy: Some(PREEMPT.to_owned()), ..PriorityClass::default() };
        class.metadata.name = name.to_owned();
        class
    })
}

/// Why a class of this reserved name may not be; nothing if it is one that every cluster has.
pub(super) fn unknown_system_class(class: &PriorityClass) -> Option<String> {
    let name = &class.metadata.name;
    match SYSTEM.iter().find(|(known, _)| known == name) {
        None => Some(format!("{name} is not a known system priority class")),
        Some((_, value)) if *value != class.value => Some(format!("value of {name} PriorityClass must be {value}")),
        Some(_) if class.global_default => Some(format!("globalDefault of {name} PriorityClass must be false")),
        Some(_) => None,
    }
}

/// Resolves the priority of a pod.
pub(super) fn admit(pod: &mut Pod, policies: &Policies) -> Result<(), Refusal> {
    let spec = &mut pod.spec;
    let class = match spec.priority_class_name.as_str() {
        "" => default_class(policies),
        name => {
            let why = || format!("no PriorityClass with name {name} was found");
            Some(policies.priority_classes.get(name).ok_or_else(|| Refusal::forbidden("pods", &pod.metadata.name, &why()))?)
        }
    };
    let value = class.map_or(0, |class| class.value);
    let policy = class.and_then(|class| class.preemption_policy.as_deref()).unwrap_or(PREEMPT);
    if let Some(written) = spec.priority.filter(|written| *written != value) {
        let why = format!(
            "the integer value of priority ({written}) must not be provided in pod spec; priority admission controller computed {value} \
             from the given PriorityClass name"
        );
        return Err(Refusal::forbidden("pods", &pod.metadata.name, &why));
    }
    if !spec.preemption_policy.is_empty() && spec.preemption_policy != policy {
        let why = format!(
            "the string value of PreemptionPolicy ({}) must not be provided in pod spec; priority admission controller computed {policy} \
             from the given PriorityClass name",
            spec.preemption_policy
        );
        return Err(Refusal::forbidden("pods", &pod.metadata.name, &why));
    }
    if let Some(class) = class {
        spec.priority_class_name.clone_from(&class.metadata.name);
    }
    spec.priority = Some(value);
    policy.clone_into(&mut spec.preemption_policy);
    Ok(())
}

/// Of several default classes the lowest counts.
fn default_class(policies: &Policies) -> Option<&PriorityClass> {
    policies.priority_classes.values().filter(|class| class.global_default).min_by_key(|class| class.value)
}

/// Only one class may be the default.
pub(super) fn review_class(class: &PriorityClass, policies: &Policies) -> Result<(), Refusal> {
    let other = default_class(policies).filter(|other| class.global_default && other.metadata.name != class.metadata.name);
    let Some(other) = other else { return Ok(()) };
    let why = format!("PriorityClass {} is already marked as default. Only one default can exist", other.metadata.name);
    Err(Refusal::forbidden("priorityclasses.scheduling.k8s.io", &class.metadata.name, &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, value: i32, global_default: bool) -> PriorityClass {
        let mut class = PriorityClass { value, global_default, ..PriorityClass::default() };
        class.metadata.name = name.to_owned();
        class
    }

    fn admitted(class_name: &str, classes: Vec<PriorityClass>) -> Result<Pod, Refusal> {
        let mut policies = Policies::default();
        policies.priority_classes.extend(classes.into_iter().map(|class| (class.metadata.name.clone(), class)));
        let mut pod = Pod::default();
        pod.spec.priority_class_name = class_name.to_owned();
        admit(&mut pod, &policies)?;
        let once = pod.clone();
        admit(&mut pod, &policies)?;
        assert_eq!(once, pod);
        Ok(pod)
    }

    #[test]
    fn the_built_in_classes_need_no_object() {
        assert_eq!(admitted("system-node-critical", vec![]).unwrap().spec.priority, Some(2_000_001_000));
    }

    #[test]
    fn the_lowest_default_class_counts() {
        let pod = admitted("", vec![class("high", 10, true), class("low", 5, true), class("lower", 1, false)]).unwrap();
        assert_eq!((pod.spec.priority, pod.spec.priority_class_name.as_str()), (Some(5), "low"));
    }

    #[test]
    fn a_policy_comes_with_the_class() {
        let mut never = class("patient", 7, false);
        never.preemption_policy = Some("Never".to_owned());
        assert_eq!(admitted("patient", vec![never]).unwrap().spec.preemption_policy, "Never");
    }

    #[test]
    fn an_unknown_class_is_refused() {
        assert_eq!(admitted("lost", vec![]).unwrap_err().message, "pods \"\" is forbidden: no PriorityClass with name lost was found");
    }
}
