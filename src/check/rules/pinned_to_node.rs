//! What a pod keeps is on the disk of one node: with the node the pod waits, or comes back without it.
//!
//! A local volume, or one that a class like `rancher.io/local-path` makes, ties its pod to the node: no other takes it. A `hostPath`
//! ties nothing, which is worse: the pod starts elsewhere and finds an empty folder. With several replicas that copy each other's data this
//! may be meant (databases on local disks), and is a note; a single pod with it is a warning.
//!
//! Not looked at are clusters of one node, DaemonSets, Jobs, static pods and pods by themselves, namespaces that are not fit for production, and folders that
//! belong to the system (`/proc`, `/var/run`, `/var/log`, `/etc` and the like).
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 1, template: {spec: {volumes: [{name: data, hostPath: {path: /data/postgres}}]}}}
//! ```
//!
//! # Instead
//!
//! A claim of a class whose volumes other nodes can attach; or several replicas that copy each other's data.
//!
//! # Source
//!
//! kubernetes.io, "Volumes" (hostPath, local); `planning::failover` tells which classes and drivers keep volumes on nodes.

use std::collections::BTreeMap;

use crate::check::placement::listed;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;
use crate::manifest::read::Severity;
use crate::manifest::storage::{PersistentVolumeClaim, StorageClass};
use crate::planning::failover::{Claims, Hold};

/// Folders that belong to the node, not to a pod that looks into them.
const OF_THE_SYSTEM: [&str; 14] = [
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/etc",
    "/var/log",
    "/lib",
    "/usr",
    "/boot",
    "/opt/cni",
    "/var/lib/kubelet",
    "/var/lib/docker",
    "/var/lib/containerd",
];

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    // where there is one node, everything is pinned to it
    if subject.objects.nodes.len() == 1 {
        return;
    }
    let claims = Claims::of(subject.objects);
    let mut of_classes: BTreeMap<usize, Vec<&Workload<'_>>> = BTreeMap::new();
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && subject.is_production(workload)) {
        if workload.replicas == Some(0) {
            continue;
        }
        let replicas = workload.replicas.unwrap_or(0);
        let mut pods = subject.pods_of(workload);
        let local: Vec<String> = pods
            .next()
            .map(|pod| claims.of_pod(pod).into_iter().filter(|claim| claim.hold == Hold::Local).map(|claim| claim.name).collect())
            .unwrap_or_default();
        let class = local.first().and_then(|claim| class_of(subject, workload, claim));
        if let (Some(class), 2..) = (class, replicas) {
            of_classes.entry(class).or_default().push(workload);
        } else if !local.is_empty() {
            let message = format!("volume {} is a disk of its node, and no other node takes the pod", listed(&local));
            let path = if workload.kind == "StatefulSet" { "spec.volumeClaimTemplates" } else { "spec.template.spec.volumes" };
            tell(findings.on_workload(workload, path, message), replicas, "while the node is away the pod is pending");
        }
        if let Some((at, folder)) = host_folder(workload) {
            let path = FieldPath::from("volumes").index(at).key("hostPath");
            let message = format!("what it keeps in {folder} is on its node, and a pod that moves finds nothing there");
            tell(findings.on_pods_of(workload, path, message), replicas, "nothing ties the pod to that node: it comes back elsewhere without its data");
        }
    }
    of_classes.into_iter().for_each(|(class, workloads)| tell_class(&subject.objects.storage_classes[class], &workloads, findings));
}

/// The class of a claim of a workload, by its place among the objects.
fn class_of(subject: &Subject<'_>, workload: &Workload<'_>, claim: &str) -> Option<usize> {
    let is_it = |own: &&PersistentVolumeClaim| own.metadata.name == claim && own.metadata.namespace_or_default() == workload.namespace();
    let name = subject.objects.persistent_volume_claims.iter().find(is_it)?.spec.storage_class_name.as_deref()?;
    subject.objects.storage_classes.iter().position(|class| class.metadata.name == name)
}

/// Of workloads that may copy each other's data, the class is what they have in common.
fn tell_class(class: &StorageClass, workloads: &[&Workload<'_>], findings: &mut Findings) {
    let names = workloads.iter().map(|workload| workload.object().to_string());
    let number = workloads.len();
    let what = if number == 1 { "workload with several replicas keeps" } else { "workloads with several replicas keep" };
    findings
        .on(class, "provisioner", format!("its volumes are disks of their nodes, and {number} {what} data there"))
        .severity(Severity::Note)
        .because(format!("they are {}", listed(names)))
        .because("with a node the pods that have their data there are pending; the others may have copies of it")
        .help("see that each of them copies its data; what does not needs a class whose volumes other nodes can attach");
}

fn tell(finding: &mut crate::check::Finding, replicas: usize, why: &str) {
    finding.because(why.to_owned());
    if replicas >= 2 {
        finding.severity(Severity::Note).because(format!("it has {replicas} replicas, which may copy each other's data"));
    }
    finding.help("claim a volume of a class that other nodes can attach, or keep the data in several replicas that copy it");
}

/// The first folder of the node that is a pod's own.
fn host_folder<'a>(workload: &Workload<'a>) -> Option<(usize, &'a str)> {
    let folders = workload.spec.volumes.iter().enumerate().filter_map(|(at, volume)| Some((at, volume.host_path.as_ref()?.path.as_str())));
    folders.filter(|(_, path)| is_own(path)).next()
}

fn is_own(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let is_within = |folder: &str| path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    !path.is_empty() && !path.ends_with(".sock") && !path.starts_with("/tmp") && !OF_THE_SYSTEM.iter().any(|folder| is_within(folder))
}
