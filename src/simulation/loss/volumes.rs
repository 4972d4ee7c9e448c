//! From where volumes can be reached that are made when their first pod is placed.
//!
//! The driver decides, and a manifest does not say: what follows is from the documentation of the drivers. Drivers not listed are
//! taken to serve the whole cluster (Ceph, Longhorn, NFS, Portworx …).

use crate::cluster::Cluster;
use crate::cluster::class::NodeTerm;
use crate::cluster::index::{ClaimId, NodeId, VolumeId};
use crate::cluster::labels::Requirement;
use crate::cluster::occupancy::{ClaimState, Occupancy};
use crate::cluster::storage::Volume;

/// Drivers whose volumes are on one node's disks.
pub const LOCAL: &[&str] = &[
    "kubernetes.io/no-provisioner",
    "rancher.io/local-path",
    "openebs.io/local",
    "local.csi.openebs.io",
    "zfs.csi.openebs.io",
    "topolvm.io",
    "topolvm.cybozu.com",
    "directpv-min-io",
    "hostpath.csi.k8s.io",
    "docker.io/hostpath",
    "k8s.io/minikube-hostpath",
    "microk8s.io/hostpath",
];

/// Drivers whose volumes are in one zone.
pub const ZONAL: &[&str] = &[
    "ebs.csi.aws.com",
    "ebs.csi.eks.amazonaws.com",
    "kubernetes.io/aws-ebs",
    "pd.csi.storage.gke.io",
    "kubernetes.io/gce-pd",
    "disk.csi.azure.com",
    "kubernetes.io/azure-disk",
    "cinder.csi.openstack.org",
    "kubernetes.io/cinder",
    "csi.hetzner.cloud",
    "vpc.block.csi.ibm.io",
    "blockvolume.csi.oraclecloud.com",
    "diskplugin.csi.alibabacloud.com",
    "csi.scaleway.com",
];

/// The labels that zonal drivers go by, the older last.
const ZONE_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// Gives every claim that placing decided about its volume for good: from now on the volume says where its pods can go.
pub fn settle(cluster: &mut Cluster, occupancy: &Occupancy) {
    for index in 0..cluster.storage.claims.len() {
        let claim = ClaimId::new(index);
        let volume = match occupancy.claim_state(claim) {
            None => continue,
            Some(ClaimState::Bound(volume)) => volume,
            Some(ClaimState::Provisioning(node)) => make(cluster, claim, node),
        };
        let name = cluster.storage.volume(volume).name;
        let claim = &mut cluster.storage.claims[index];
        (claim.volume_name, claim.bind_completed) = (Some(name), true);
    }
}

/// Makes a volume for a claim whose first pod went to `node`.
fn make(cluster: &mut Cluster, id: ClaimId, node: NodeId) -> VolumeId {
    let claim = cluster.storage.claim(id);
    let provisioner = claim.class.and_then(|class| cluster.storage.classes.get(&class)).map(|class| class.provisioner);
    let provisioner = provisioner.map_or("", |name| cluster.texts.get(name)).to_owned();
    let (namespace, name) = (cluster.texts.get(claim.key.0), cluster.texts.get(claim.key.1));
    let name = format!("volume of {namespace}/{name}");
    let volume = Volume {
        name: cluster.texts.intern(&name),
        reachable_from: reach(cluster, &provisioner, node),
        zones: Vec::new(),
        csi: None,
        capacity: cluster.storage.claim(id).request,
        class: cluster.storage.claim(id).class,
        available: false,
        claim: None,
        access_modes: cluster.storage.claim(id).access_modes.clone(),
        block: cluster.storage.claim(id).block,
        attributes_class: cluster.storage.claim(id).attributes_class,
        labels: Default::default(),
        deleting: false,
    };
    let made = VolumeId::new(cluster.storage.volumes.len());
    cluster.storage.volume_by_name.insert(volume.name, made);
    cluster.storage.volumes.push(volume);
    made
}

fn reach(cluster: &Cluster, provisioner: &str, node: NodeId) -> Option<Vec<NodeTerm>> {
    if LOCAL.contains(&provisioner) {
        let name = cluster.nodes.names[node.index()];
        return Some(vec![NodeTerm { names: vec![(name, true)], valid: true, ..NodeTerm::default() }]);
    }
    if !ZONAL.contains(&provisioner) {
        return None;
    }
    let labels = &cluster.nodes.labels[node.index()];
    let zone = ZONE_LABELS.iter().filter_map(|key| cluster.texts.find(key)).find_map(|key| Some((key, labels.get(key)?)));
    zone.map(|(key, value)| vec![NodeTerm { labels: vec![Requirement::equals(key, value)], valid: true, ..NodeTerm::default() }])
}
