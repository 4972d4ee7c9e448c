//! ServiceAccount: every pod runs as one, `default` if it says nothing, and it must be there.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/serviceaccount/admission.go, v1.36.

use super::policies::Policies;
use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;

/// Gives a pod its account.
pub(super) fn admit(pod: &mut Pod, policies: &Policies) -> Result<(), Refusal> {
    if pod.spec.service_account_name.is_empty() {
        pod.spec.service_account_name = "default".to_owned();
    }
    let (namespace, name) = (pod.metadata.namespace_or_default(), &pod.spec.service_account_name);
    if policies.has_service_account(namespace, name) {
        return Ok(());
    }
    let why = format!("error looking up service account {namespace}/{name}: serviceaccount {name:?} not found");
    Err(Refusal::forbidden("pods", &pod.metadata.name, &why))
}
