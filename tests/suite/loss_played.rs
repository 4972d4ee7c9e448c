//! The short way of losing a node comes to what the control plane comes to step by step.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll::controllers::world::Key;
use plimsoll::manifest::Objects;
use plimsoll::manifest::node::Node;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::Options;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::simulation::ControlPlane;
use plimsoll::simulation::loss::{Baseline, HELD_UP, Until, lose};
use proptest::prelude::*;

/// A workload: its kind, replicas, cpu of a pod, and what else is in its pods' spec.
type Workload = (&'static str, u8, u16, &'static str);

const APART: &str = ", affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
  {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: APP}}}]}}";
const SPREAD: &str = ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule,
  labelSelector: {matchLabels: {app: APP}}}]";
const QUICK: &str = ", tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 20}]";
const EVERYWHERE: &str = ", tolerations: [{operator: Exists}]";

fn workload() -> impl Strategy<Value = Workload> {
    let kinds = prop::sample::select(vec!["Deployment", "Deployment", "StatefulSet", "DaemonSet"]);
    (kinds, 1..5u8, 1..12u16, prop::sample::select(vec!["", "", APART, SPREAD, QUICK, EVERYWHERE])).prop_map(
        |(kind, replicas, cpu, rest)| {
            // a DaemonSet has its own ways with tolerations
            (kind, replicas, cpu * 100, if kind == "DaemonSet" { "" } else { rest })
        },
    )
}

fn written(nodes: &[u16], workloads: &[Workload]) -> Objects {
    let mut text = String::from("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n");
    for (number, cpu) in nodes.iter().enumerate() {
        text += &format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: n{number}, labels: {{kubernetes.io/hostname: n{number}}}}}, status: {{\
             allocatable: {{cpu: {cpu}m, memory: 64Gi, pods: 20}}, conditions: [{{type: Ready, status: 'True'}}]}}}}\n"
        );
    }
    for (number, (kind, replicas, cpu, rest)) in workloads.iter().enumerate() {
        let (app, rest) = (format!("app: a{number}"), rest.replace("APP", &format!("a{number}")));
        let replicas = if *kind == "DaemonSet" { String::new() } else { format!("replicas: {replicas}, ") };
        let service = if *kind == "StatefulSet" { "serviceName: s, " } else { "" };
        text += &format!(
            "---\n{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: w{number}, namespace: shop}}, spec: {{{replicas}{service}selector: \
             {{matchLabels: {{{app}}}}}, template: {{metadata: {{labels: {{{app}}}}}, spec: {{containers: [{{name: c, image: i, resources: \
             {{requests: {{cpu: {cpu}m}}}}}}]{rest}}}}}}}}}\n"
        );
    }
    read_str("test", &text).objects
}

/// Creates everything in a cluster, one object after another, and lets it come to rest.
fn played(objects: &Objects) -> ControlPlane {
    let mut plane = ControlPlane::new(KubernetesVersion::V1_36, Configuration::default());
    macro_rules! create {
        ($( $field:ident )*) => { $( for object in objects.$field.clone() { plane.create(object).expect("nothing is refused"); plane.settle(); } )* };
    }
    create! { namespaces nodes deployments stateful_sets daemon_sets }
    plane.wait(Duration::from_secs(20));
    plane
}

/// Whether a StatefulSet waits with a pod, and so has not made the next: those that do not exist yet are no loss's business.
fn is_held_up(objects: &Objects) -> bool {
    objects.stateful_sets.iter().any(|set| {
        let pods = objects.pods.iter().filter(|pod| owner(pod) == set.metadata.name).count();
        pods < set.spec.replicas.unwrap_or(1) as usize
    })
}

/// Whether a DaemonSet's pod waits for its node: whenever the queue tries it again, ties among nodes fall differently after it.
fn is_daemon_waiting(objects: &Objects) -> bool {
    objects.pods.iter().any(|pod| is_daemon(pod) && pod.spec.node_name.is_empty())
}

/// How many pods of each owner are on each node, or on none; without those being deleted.
type Places = BTreeMap<(String, Option<String>), usize>;

fn owner(pod: &Pod) -> String {
    pod.metadata.controller().map_or_else(|| pod.metadata.name.clone(), |owner| owner.name.clone())
}

/// A pod of a DaemonSet that waits for its node is no loss's business.
fn is_daemon(pod: &Pod) -> bool {
    pod.metadata.controller().is_some_and(|owner| owner.kind == "DaemonSet")
}

fn places_played(plane: &ControlPlane) -> Places {
    let mut places = Places::new();
    for pod in plane.store().pods.iter().filter(|pod| !pod.is_terminating()) {
        let node = Some(pod.spec.node_name.clone()).filter(|node| !node.is_empty());
        if node.is_some() || !is_daemon(pod) {
            *places.entry((owner(pod), node)).or_default() += 1;
        }
    }
    places
}

fn places_lost(objects: &Objects, baseline: &Baseline, node: &str, until: Until) -> Places {
    let lost = baseline.nodes([node]);
    let loss = lose(baseline, &mut baseline.scheduler(), &lost, until);
    let name = |node: plimsoll::cluster::index::NodeId| baseline.cluster().node_name(node).to_owned();
    let mut places = Places::new();
    let mut count = |pod: usize, node: Option<String>| *places.entry((owner(&objects.pods[pod]), node)).or_default() += 1;
    for pod in baseline.pods() {
        match baseline.occupancy().node_of(pod) {
            Some(node) if lost.contains(&node) => {}
            Some(node) => count(pod.index(), Some(name(node))),
            None if is_daemon(&objects.pods[pod.index()]) => {}
            None => count(pod.index(), loss.helped.iter().find(|(helped, _)| *helped == pod).map(|(_, node)| name(*node))),
        }
    }
    use plimsoll::simulation::loss::Course;
    for displaced in &loss.pods {
        let stays = displaced.leaves.is_none() && until == Until::Unattended;
        match displaced.course {
            _ if stays => count(displaced.pod.index(), Some(node.to_owned())),
            Course::OnceRemoved if displaced.message.as_deref() == Some(HELD_UP) => {}
            Course::Replaced(_) | Course::OnceRemoved => count(displaced.pod.index(), displaced.to.map(name)),
            Course::WithNode | Course::Lost | Course::Stuck => {}
        }
    }
    places
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_lost_comes_back_as_the_control_plane_brings_it_back(
        nodes in prop::collection::vec(8..30u16, 2..5),
        workloads in prop::collection::vec(workload(), 1..5),
        lost in any::<prop::sample::Index>(),
    ) {
        let nodes: Vec<u16> = nodes.iter().map(|cpu| cpu * 100).collect();
        let mut plane = played(&written(&nodes, &workloads));
        let objects = plane.store().objects();
        if is_daemon_waiting(&objects) {
            return Ok(());
        }
        let baseline = Baseline::new(&objects, &Configuration::default(), Options::default(), |scheduler| scheduler.run(|_, _| ()));
        let node = format!("n{}", lost.index(nodes.len()));
        plane.kubelet_gone(&node);
        plane.wait(Duration::from_secs(500));
        prop_assert_eq!(places_lost(&objects, &baseline, &node, Until::Unattended), places_played(&plane), "while it is silent");
        // which of several workloads that wait has the last room first is for the queue's clock to say
        let waiting = places_played(&plane).into_keys().filter(|(_, node)| node.is_none()).count();
        if waiting > 1 || is_held_up(&objects) {
            return Ok(());
        }
        plane.delete::<Node>(&Key::new("", &node), false).expect("it is there");
        plane.wait(Duration::from_secs(400));
        prop_assert_eq!(places_lost(&objects, &baseline, &node, Until::Removed), places_played(&plane), "once it is gone");
    }
}
