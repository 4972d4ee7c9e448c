//! The volumes of a pod are where the pod cannot go: in different zones or on different nodes, or where its selectors and taints keep it out.
//!
//! A volume is reached from where its disk is. A pod with two claims whose volumes are in two zones, or with a claim in one zone and a
//! node selector for another, stays Pending until a volume is made anew elsewhere.
//!
//! # Example
//!
//! ```yaml
//! kind: PersistentVolume        # of the claim that the pod uses
//! spec: {nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [a]}]}]}}}
//! ---
//! kind: Pod
//! spec: {nodeSelector: {topology.kubernetes.io/zone: b}}
//! ```
//!
//! # Instead
//!
//! Let the pod go where its data is; make claims that belong together with a StorageClass of `volumeBindingMode: WaitForFirstConsumer`; or copy the data.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/{volumebinding,volumezone}, v1.36: `node(s) didn't match PersistentVolume's node affinity`,
//! `node(s) had no available volume zone`.

use super::{pending, sentence};
use crate::check::obstacle::{Cause, claims};
use crate::check::sight::{Sight, passing_as};
use crate::check::{Findings, Subject};
use crate::cluster::index::{NodeSet, PodId};
use crate::manifest::field::FieldPath;
use crate::manifest::storage::PersistentVolume;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::Volumes, |obstacle, workload, sight| {
        let Some(pod) = obstacle.pods.first().map(|&pod| &subject.objects.pods[pod]) else { return };
        let message = format!("{}: from no node that it may go to all its volumes are reached", pending(obstacle, workload));
        let finding = findings.on_pods_of(workload, FieldPath::from("volumes"), message);
        for (place, claim) in claims(subject.objects, pod).enumerate() {
            let name = &claim.spec.volume_name;
            let Some(volume) = subject.objects.persistent_volumes.iter().find(|volume| volume.metadata.name == *name) else { return };
            let reached = reached(sight, obstacle.first, place);
            finding.because(format!("volume {name} of claim {} is reached from {}", claim.metadata.name, from(sight, &reached, volume)));
            finding.see(&volume.metadata, "spec.nodeAffinity", "where this volume is");
        }
        finding.because(sentence(obstacle));
        finding.help("let the pod go where its volumes are, or make the volumes anew with volumeBindingMode: WaitForFirstConsumer");
    });
}

/// The nodes from which the volume of one claim is reached.
fn reached(sight: &Sight<'_>, pod: PodId, place: usize) -> NodeSet {
    let all = NodeSet::all(sight.cluster().nodes.len());
    let Some(cycle) = sight.cleared(pod) else { return all };
    passing_as(&cycle, &all, &["VolumeBinding", "VolumeZone"], |class| {
        let claims = std::mem::take(&mut class.volumes.claims);
        class.volumes.claims = claims.into_iter().filter(|used| used.claim.is_some()).skip(place).take(1).collect();
    })
}

fn from(sight: &Sight<'_>, nodes: &NodeSet, volume: &PersistentVolume) -> String {
    let zone = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"].iter().find_map(|key| volume.metadata.labels.get(*key));
    let mut names: Vec<&str> = nodes.iter().take(4).map(|node| sight.cluster().node_name(node)).collect();
    if nodes.len() > names.len() {
        names.push("…");
    }
    let names = if names.is_empty() { "no node that is there".to_owned() } else { names.join(", ") };
    zone.map_or(names.clone(), |zone| format!("{names} (zone {zone})"))
}
