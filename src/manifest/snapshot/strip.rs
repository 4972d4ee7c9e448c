//! Leaves out what no question needs, and what nobody wants in a file that is passed on.
//!
//! Reading keeps no Secret's data, no environment and no command in the first place. Annotations of pods and of pod templates stay: a
//! manifest that is applied over the snapshot is compared with them.

use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::resource::Resource;

/// Domains of annotations that say something about placing, owning or scaling.
const KEPT: [&str; 4] = ["kubernetes.io", "k8s.io", "plimsoll.dev", "karpenter.sh"];

/// Strips objects down to what is needed; returns how many Secrets were among them, and are not any more.
pub fn strip(objects: &mut Objects) -> usize {
    let before = objects.others.len();
    objects.others.retain(|other| !(other.kind == "Secret" && other.api_version == "v1"));
    macro_rules! strip_all {
        ($($field:ident)*) => { $( objects.$field.iter_mut().for_each(|object| annotations(object.metadata_mut())); )* };
    }
    strip_all! {
        nodes namespaces deployments replica_sets replication_controllers stateful_sets controller_revisions daemon_sets jobs cron_jobs
        services ingresses persistent_volume_claims persistent_volumes storage_classes csi_nodes csi_drivers csi_storage_capacities
        volume_attachments pod_disruption_budgets priority_classes runtime_classes resource_quotas limit_ranges horizontal_pod_autoscalers
        prometheus_rules
    }
    before - objects.others.len()
}

fn annotations(metadata: &mut ObjectMeta) {
    metadata.annotations.retain(|key, _| {
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        KEPT.iter().any(|kept| domain == *kept || domain.strip_suffix(kept).is_some_and(|rest| rest.ends_with('.')))
    });
    if metadata.annotations.is_empty() {
        metadata.annotations = Default::default();
    }
}
