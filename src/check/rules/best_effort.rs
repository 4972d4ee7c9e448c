//! Pods in production ask for nothing: no cpu, no memory, in none of their containers.
//!
//! kube-scheduler takes them for free and puts them on nodes that are full; they get what the others leave; and when memory runs out
//! they are the first to be killed. No autoscaler by utilisation works with them. Looked at is what the API server makes of them, so that
//! the defaults of a LimitRange count.
//!
//! Which namespaces are production is said in the settings (`production: [shop-*]`); all but `kube-*` and those named like dev, test or
//! sandbox, if nothing is said. Hooks of Helm, such as the pods of its tests, are left alone.
//!
//! # Example
//!
//! ```yaml
//! containers:
//! - {name: api, image: api:1}
//! ```
//!
//! # Instead
//!
//! ```yaml
//! containers:
//! - {name: api, image: api:1, resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}}
//! ```
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/apis/core/helper/qos/qos.go, v1.36; task 3 ("Resource Management") of a guide to highly available data platforms.

use crate::admission::quality_of_service;
use crate::check::placement::pods;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::pod::PodSpec;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in subject.representatives().filter(|workload| subject.is_production(workload) && !is_hook(workload)) {
        let Some(spec) = admitted(subject, workload).filter(|spec| !spec.containers.is_empty()) else { continue };
        if workload.replicas == Some(0) || quality_of_service(spec) != "BestEffort" {
            continue;
        }
        let number = workload.pods.len().max(workload.replicas.unwrap_or(0));
        let whose = match (workload.kind, number) {
            ("Pod", _) => "it asks".to_owned(),
            (_, 0) => "its pods ask".to_owned(),
            (_, 1) => "its pod asks".to_owned(),
            (_, number) => format!("its {} ask", pods(number)),
        };
        findings
            .on_pods_of(workload, "containers[0].resources", format!("{whose} for no cpu and no memory (BestEffort)"))
            .because("they are placed as if they used nothing, and are the first to go when memory runs out")
            .help("set requests, and a limit of memory; `plimsoll rightsize` works them out from what is used, or give the namespace a LimitRange");
    }
}

/// Whether it is a step of Helm's, such as a test, that runs once and is gone.
fn is_hook(workload: &Workload<'_>) -> bool {
    workload.metadata.annotations.contains_key("helm.sh/hook")
}

/// Spec of the pods of a workload as the API server has it; as it is written, where there is none and nothing would change it.
fn admitted<'a>(subject: &Subject<'a>, workload: &Workload<'a>) -> Option<&'a PodSpec> {
    let is_near = |range: &&crate::manifest::policy::LimitRange| range.metadata.namespace_or_default() == workload.namespace();
    let pod = subject.pods_of(workload).next().map(|pod| &pod.spec);
    pod.or_else(|| subject.objects.limit_ranges.iter().find(is_near).is_none().then_some(workload.spec))
}
