//! A claim names a StorageClass that is not there, or none where the cluster has no default, and no volume waits for it.
//!
//! Nobody makes a volume for such a claim, so it stays Pending, and every pod that uses it, too. A claim that is bound, and one for whose
//! class there are volumes already, is fine. It is only said where the input has nodes or StorageClasses.
//!
//! # Example
//!
//! ```yaml
//! kind: StatefulSet
//! spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: fast}}]}     # the cluster has gp3
//! ```
//!
//! # Instead
//!
//! Name a StorageClass that is there, create it, or make a volume of that class by hand.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go, v1.36 (`storageclass.storage.k8s.io "fast" not found`).

use std::collections::BTreeSet;

use crate::check::obstacle::{claims, class_name, lacks_class};
use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;
use crate::manifest::pod::Pod;
use crate::manifest::read::Severity;
use crate::manifest::storage::PersistentVolumeClaim;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let objects = subject.objects;
    let classes: BTreeSet<&str> = objects.storage_classes.iter().map(|class| class.metadata.name.as_str()).collect();
    // a chart that brings one class may well use another of the cluster
    let is_known = objects.storage_classes.iter().any(|class| !subject.question.written.holds(&class.metadata));
    if !is_known && !subject.has_nodes() {
        return;
    }
    let mut told: BTreeSet<(usize, String)> = BTreeSet::new();
    for (index, workload) in subject.workloads.iter().enumerate() {
        let waiting = subject.pods_of(workload).filter(|pod| pod.spec.node_name.is_empty());
        for (pod, claim) in waiting.flat_map(|pod| claims(objects, pod).map(move |claim| (pod, claim))) {
            if !lacks_class(objects, claim) || !told.insert((index, name_of(claim).to_owned())) {
                continue;
            }
            let message = match name_of(claim) {
                "" => format!("claim {} names no StorageClass, and there is no default", claim.metadata.name),
                name => format!("StorageClass {name:?} is not there, so claim {} never gets a volume", claim.metadata.name),
            };
            let finding = match place(workload, pod, claim) {
                Some((path, true)) => findings.on_workload(workload, path, message),
                Some((path, false)) => findings.on_pods_of(workload, path, message),
                None => findings.on(claim, "spec.storageClassName", message),
            };
            match classes.is_empty() {
                true => finding.severity(Severity::Note).because("the input has no StorageClass at all, so perhaps they are only missing here"),
                false => finding.because(format!("there are {}", classes.iter().copied().collect::<Vec<_>>().join(", "))),
            };
            finding.help("name a StorageClass that is there, create it first, or make a volume of that class");
        }
    }
}

fn name_of(claim: &PersistentVolumeClaim) -> &str {
    class_name(&claim.metadata, claim.spec.storage_class_name.as_deref())
}

/// Where the claim comes from: a template of the workload (true), a volume of its pods (false), or an object of its own (none).
fn place(workload: &Workload<'_>, pod: &Pod, claim: &PersistentVolumeClaim) -> Option<(FieldPath, bool)> {
    if claim.metadata.origin != workload.metadata.origin {
        return None;
    }
    let name = claim.metadata.name.as_str();
    let ephemeral = pod.spec.volumes.iter().position(|volume| volume.ephemeral.is_some() && name == format!("{}-{}", pod.metadata.name, volume.name));
    if let Some(place) = ephemeral {
        return Some((FieldPath::from("volumes").index(place).join("ephemeral.volumeClaimTemplate.spec.storageClassName"), false));
    }
    let template = pod.spec.volumes.iter().find(|volume| volume.persistent_volume_claim.as_ref().is_some_and(|source| source.claim_name == name))?;
    let at = workload.claim_templates.iter().position(|own| own.metadata.name == template.name)?;
    Some((FieldPath::from("spec.volumeClaimTemplates").index(at).join("spec.storageClassName"), true))
}
