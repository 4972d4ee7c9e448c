//! A pod to clone, made of one that is or was.

use crate::manifest::pod::Pod;

/// A template stands on a node that does not exist, so that it holds nothing and is not placed itself.
const NOWHERE: &str = "plimsoll.dev/template";

/// A pod to clone.
#[derive(Debug)]
pub struct Template {
    /// The pod.
    pub pod: Pod,
    /// Whether each clone would get claims of its own, as the pods of a StatefulSet do; they are left out of the pod.
    pub own_claims: bool,
}

impl Template {
    /// Of a pod: what its next replica would look like.
    pub fn of(pod: &Pod) -> Self {
        let mut pod = pod.clone();
        let of_set = pod.metadata.controller().is_some_and(|owner| owner.kind == "StatefulSet");
        let volumes = pod.spec.volumes.len();
        let ending = format!("-{}", pod.metadata.name);
        pod.spec.volumes.retain(|volume| {
            let claim = volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.as_str());
            !(of_set && claim.is_some_and(|claim| claim.ends_with(&ending)))
        });
        let own_claims = pod.spec.volumes.len() < volumes;
        pod.metadata.name = "plimsoll-template".to_owned();
        pod.metadata.deletion_timestamp = None;
        pod.spec.node_name = NOWHERE.to_owned();
        pod.status = Default::default();
        Template { pod, own_claims }
    }
}
