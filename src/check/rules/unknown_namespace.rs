//! Manifests go to a namespace that the cluster does not have.
//!
//! The API server refuses everything in it, one object after another. It is only said where the input holds a cluster with its namespaces.
//! Everything else is checked as if the namespace were there, for `helm install --create-namespace` makes it.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! metadata: {name: api, namespace: shop}     # and the cluster has no namespace shop
//! ```
//!
//! # Instead
//!
//! Add the Namespace to what is applied, create it first, or correct the name.
//!
//! # Source
//!
//! k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go, v1.36: `namespaces "shop" not found`.

use crate::check::{Findings, Subject};
use crate::manifest::location::Origin;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let is_presumed = |origin: Origin| origin == Origin::default();
    for namespace in subject.objects.namespaces.iter().filter(|namespace| is_presumed(namespace.metadata.origin)) {
        let name = namespace.metadata.name.as_str();
        let written = |workload: &&crate::check::Workload<'_>| workload.namespace() == name && subject.question.written.holds(workload.metadata);
        let Some(first) = subject.workloads.iter().find(written) else { continue };
        let count = subject.workloads.iter().filter(written).count();
        let others = match count - 1 {
            0 => String::new(),
            1 => ", as of another workload,".to_owned(),
            more => format!(", as of {more} other workloads,"),
        };
        findings
            .on_workload(first, "metadata.namespace", format!("its namespace {name}{others} is not in the cluster"))
            .because(format!("the API server would say: namespaces {name:?} not found"))
            .help("add the Namespace to what is applied, create it first, or correct the name");
    }
}
