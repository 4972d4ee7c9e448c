//! A manifest writes the replicas of a workload that an autoscaler scales, so that every apply sets them back.
//!
//! At the next deployment, load or no load, there are as many pods as the manifest says, until the autoscaler scales again. It is only said of
//! manifests, and not of replicas outside the autoscaler's bounds, which another rule tells.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 2}
//! ---
//! kind: HorizontalPodAutoscaler
//! spec: {minReplicas: 2, maxReplicas: 20}
//! ```
//!
//! # Instead
//!
//! Leave `replicas` out. When taking it out of a Deployment that is there, mind that a client-side apply sets it to 1 once: see the
//! documentation of the autoscaler on migrating.
//!
//! # Source
//!
//! The documentation of HorizontalPodAutoscaler, "Migrating Deployments and StatefulSets to horizontal autoscaling", v1.36.

use super::target_of;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for autoscaler in &subject.objects.horizontal_pod_autoscalers {
        let Some(workload) = target_of(subject, autoscaler) else { continue };
        let Some(&written) = subject.question.replicas.get(&workload.metadata.origin) else { continue };
        let (fewest, most) = (autoscaler.spec.min_replicas.unwrap_or(1), autoscaler.spec.max_replicas);
        if !(fewest..=most).contains(&written) {
            continue;
        }
        findings
            .on_workload(workload, "spec.replicas", format!("replicas: {written} is written, and autoscaler {} chooses the number", autoscaler.metadata.name))
            .see(&autoscaler.metadata, "spec.scaleTargetRef", "scales it")
            .because("every apply sets them back, whatever the load")
            .help("leave spec.replicas out of the manifest");
    }
}
