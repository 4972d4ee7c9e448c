//! The quality of service class of a pod.
//!
//! Pod-level resources decide alone where they are present, even when empty: `resources: {}` makes a pod `BestEffort` whatever
//! its containers ask for. Only processor and memory count.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/helper/qos/qos.go ComputePodQOS, v1.36.

use super::pod_resources::add;
use crate::manifest::pod::{PodSpec, ResourceList, ResourceRequirements};

/// The class of a pod: `Guaranteed`, `Burstable` or `BestEffort`.
pub fn quality_of_service(spec: &PodSpec) -> &'static str {
    let (mut requests, mut limits) = (ResourceList::new(), ResourceList::new());
    let mut guaranteed = true;
    let mut count = |resources: &ResourceRequirements, bare_counts: bool| {
        add(&mut requests, &computing(&resources.requests));
        let own = computing(&resources.limits);
        guaranteed &= own.len() == 2 || !bare_counts && resources.limits.is_empty();
        add(&mut limits, &own);
    };
    match &spec.resources {
        Some(resources) => count(resources, false),
        None => spec.containers.iter().chain(&spec.init_containers).for_each(|container| count(&container.resources, true)),
    }
    if requests.is_empty() && limits.is_empty() {
        "BestEffort"
    } else if guaranteed && requests == limits {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Processor and memory, where they are more than nothing.
fn computing(amounts: &ResourceList) -> ResourceList {
    let counts = |name: &str| name == "cpu" || name == "memory";
    amounts
        .iter()
        .filter(|(name, amount)| counts(name) && !amount.is_zero() && !amount.is_negative())
        .map(|(name, amount)| (name.clone(), *amount))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::pod::Pod;

    #[test]
    fn classes_as_the_server_gives_them() {
        let rows = [
            ("{containers: [{name: c}]}", "BestEffort"),
            ("{containers: [{name: c, resources: {requests: {cpu: 1}}}]}", "Burstable"),
            ("{containers: [{name: c, resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}}]}", "Guaranteed"),
            ("{containers: [{name: c, resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}}, {name: d}]}", "Burstable"),
            ("{containers: [{name: c, resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}}]}", "BestEffort"),
            ("{resources: {}, containers: [{name: c, resources: {requests: {cpu: 1}}}]}", "BestEffort"),
            ("{resources: {requests: {cpu: 1}, limits: {cpu: 1}}, containers: [{name: c}]}", "Burstable"),
            ("{resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}, containers: [{name: c}]}", "Guaranteed"),
        ];
        for (spec, class) in rows {
            let pod: Pod = serde_saphyr::from_str(&format!("spec: {spec}")).unwrap();
            assert_eq!(quality_of_service(&pod.spec), class, "{spec}");
        }
    }
}
