//! VolumeZone: a volume with zone or region labels goes only to nodes with these labels. Nodes without any such label take
//! everything.
//!
//! Source: pkg/scheduler/framework/plugins/volumezone/volume_zone.go, v1.36.

use crate::cluster::index::{ClaimId, NodeSet, TextId, VolumeId};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON: &str = "node(s) had no available volume zone";

/// The zone and region labels of nodes, and the label that replaced each.
const LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

fn refuse(reason: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, reason)
}

fn admit(cycle: &Cycle<'_>) -> Result<Option<NodeSet>, Rejection> {
    let storage = &cycle.cluster.storage;
    for used in cycle.class.volumes.claims.iter().filter(|used| !used.ephemeral) {
        let Some(id) = used.claim else { return Err(refuse(super::volume_restrictions::not_found(cycle, used))) };
        let claim = storage.claim(id);
        let name = |text: TextId| cycle.cluster.texts.get(text);
        match (claim.volume_name, claim.class.map(|class| (class, storage.classes.get(&class)))) {
            (Some(volume), _) if !storage.volume_by_name.contains_key(&volume) => {
                return Err(refuse(format!("persistentvolume {:?} not found", name(volume))));
            }
            (Some(_), _) => {}
            (None, None) => return Err(refuse("PersistentVolumeClaim had no pv name and storageClass name")),
            (None, Some((class, None))) => return Err(refuse(format!("storageclass.storage.k8s.io {:?} not found", name(class)))),
            (None, Some((_, Some(class)))) if class.waits_for_consumer => {}
            (None, Some(_)) => return Err(refuse("PersistentVolume had no name")),
        }
    }
    Ok(None)
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    let volumes = cycle.class.volumes.claims.iter().filter(|used| !used.ephemeral).filter_map(|used| volume(cycle, used.claim?));
    let zones: Vec<&(TextId, Vec<TextId>)> = volumes.flat_map(|volume| &cycle.cluster.storage.volume(volume).zones).collect();
    if zones.is_empty() {
        return;
    }
    let texts = &cycle.cluster.texts;
    let struck = NodeSet::of(set.capacity(), |node| {
        let labels = &cycle.cluster.nodes.labels[node.index()];
        let value = |key: &str| texts.find(key).and_then(|key| labels.get(key));
        let constrained = LABELS.iter().any(|(key, _)| value(key).is_some());
        let allowed = |(key, values): &(TextId, Vec<TextId>)| {
            let replaced = || LABELS.iter().find(|(old, _)| *old == texts.get(*key)).and_then(|(_, new)| value(new));
            labels.get(*key).or_else(replaced).is_some_and(|value| values.contains(&value))
        };
        set.contains(node) && constrained && !zones.iter().all(|zone| allowed(zone))
    });
    rejections.reject_all(set, &struck, refuse(REASON));
}

fn volume(cycle: &Cycle<'_>, claim: ClaimId) -> Option<VolumeId> {
    let storage = &cycle.cluster.storage;
    storage.volume_by_name.get(&storage.claim(claim).volume_name?).copied()
}

/// Its row.
pub static PLUGIN: Plugin =
    Plugin { admit: Some(admit), filter: Some(filter), ..Plugin::named("VolumeZone", "zones of volumes", "volumezone/volume_zone.go") };
