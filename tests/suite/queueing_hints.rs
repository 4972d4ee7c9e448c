//! Which events move which pods that wait: a small cluster each, where recordings say nothing.

use std::time::Duration;

use plimsoll::controllers::world::Key;
use plimsoll::manifest::Objects;
use plimsoll::manifest::node::{Node, Taint};
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::manifest::storage::{PersistentVolumeClaim, StorageClass};
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::simulation::ControlPlane;
use serde_json::json;

/// A node of 2 cpu with these labels and spec.
fn node(name: &str, labels: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}{labels}}}}}, spec: {{{spec}}}, \
         status: {{allocatable: {{cpu: 2, memory: 8Gi, pods: 110}}}}}}\n---\n"
    )
}

/// A pod with this app label that asks for so much cpu.
fn pod(name: &str, cpu: &str, spec: &str) -> String {
    let containers = format!("containers: [{{name: c, image: i, resources: {{requests: {{cpu: {cpu}}}}}}}]");
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: default, labels: {{app: {name}}}}}, spec: {{{containers}{spec}}}}}\n---\n"
    )
}

/// Creates objects one after another, and lets the cluster come to rest after each pod.
fn create(plane: &mut ControlPlane, yaml: &str) {
    let Objects { nodes, storage_classes, persistent_volumes, persistent_volume_claims, pods, .. } = read_str("objects.yaml", yaml).objects;
    nodes.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    storage_classes.into_iter().for_each(|object| _ = plane.create::<StorageClass>(object).unwrap());
    persistent_volumes.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    persistent_volume_claims.into_iter().for_each(|object| _ = plane.create::<PersistentVolumeClaim>(object).unwrap());
    plane.settle();
    for pod in pods {
        plane.create(pod).unwrap();
        plane.settle();
    }
}

fn cluster(yaml: &str) -> ControlPlane {
    let mut plane = ControlPlane::new(KubernetesVersion::V1_36, Configuration::default());
    let namespace = read_str("namespace.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: default}}").objects.namespaces.remove(0);
    plane.create(namespace).unwrap();
    create(&mut plane, yaml);
    plane
}

fn find<'a>(plane: &'a ControlPlane, name: &str) -> &'a Pod {
    plane.store().get::<Pod>(&Key::new("default", name)).expect("the pod is there")
}

/// What the scheduler last said of a pod, without what preemption said.
fn message<'a>(plane: &'a ControlPlane, name: &str) -> &'a str {
    let conditions = &find(plane, name).status.conditions;
    let condition = conditions.iter().find(|condition| condition.r#type == "PodScheduled").expect("it was tried");
    condition.message.split(". no new claims").next().unwrap()
}

fn place<'a>(plane: &'a ControlPlane, name: &str) -> &'a str {
    &find(plane, name).spec.node_name
}

fn change_node(plane: &mut ControlPlane, name: &str, change: impl FnOnce(&mut Node)) {
    plane.change_node(&Key::new("", name), change);
    plane.settle();
}

fn taint(key: &str) -> Taint {
    Taint { key: key.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() }
}

fn cordon(node: &mut Node) {
    node.spec.unschedulable = true;
    node.spec.taints.push(taint("node.kubernetes.io/unschedulable"));
}

fn delete(plane: &mut ControlPlane, name: &str) {
    plane.remove_pod(&Key::new("default", name), None).unwrap();
    plane.settle();
}

#[test]
fn a_cordon_moves_pods_that_nodes_are_too_small_for_and_not_those_that_are_kept_away() {
    let nodes = node("n1", "", "taints: [{key: a, effect: NoSchedule}]") + &node("n2", "", "taints: [{key: a, effect: NoSchedule}]");
    let tolerates = ", tolerations: [{key: a, operator: Exists}]";
    let mut plane = cluster(&(nodes + &pod("large", "4", tolerates) + &pod("kept-away", "1", "")));
    let kept_away = message(&plane, "kept-away").to_owned();
    assert_eq!(message(&plane, "large"), "0/2 nodes are available: 2 Insufficient cpu");
    assert_eq!(kept_away, "0/2 nodes are available: 2 node(s) had untolerated taint(s)");
    change_node(&mut plane, "n1", cordon);
    assert_eq!(message(&plane, "large"), "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable");
    assert_eq!(message(&plane, "kept-away"), kept_away, "nothing that happened could let it in");
    // after five minutes it is tried whatever happened
    plane.wait(Duration::from_secs(290));
    assert_eq!(message(&plane, "kept-away"), kept_away);
    plane.wait(Duration::from_secs(60));
    assert_eq!(message(&plane, "kept-away"), "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable");
}

#[test]
fn a_taint_that_goes_a_cordon_that_is_lifted_and_a_label_that_comes_let_pods_in() {
    let nodes = node("n1", "", "taints: [{key: a, effect: NoSchedule}]") + &node("n2", "", "unschedulable: true");
    let selects = ", tolerations: [{operator: Exists}], nodeSelector: {disk: ssd}";
    let mut plane = cluster(&(nodes + &pod("one", "1500m", "") + &pod("two", "1500m", "") + &pod("picky", "100m", selects)));
    assert_eq!([place(&plane, "one"), place(&plane, "two"), place(&plane, "picky")], ["", "", ""]);
    change_node(&mut plane, "n1", |node| node.spec.taints.clear());
    assert_eq!([place(&plane, "one"), place(&plane, "two"), place(&plane, "picky")], ["n1", "", ""]);
    change_node(&mut plane, "n2", |node| node.spec.unschedulable = false);
    assert_eq!([place(&plane, "two"), place(&plane, "picky")], ["n2", ""]);
    change_node(&mut plane, "n2", |node| _ = node.metadata.labels.insert("disk".to_owned(), "ssd".to_owned()));
    assert_eq!(place(&plane, "picky"), "n2");
}

#[test]
fn a_node_that_grows_helps_only_pods_that_then_fit_it() {
    let mut plane = cluster(&(node("n1", "", "") + &pod("four", "4", "") + &pod("six", "6", "")));
    let grow = |cpu: &'static str| move |node: &mut Node| _ = node.status.allocatable.insert("cpu".to_owned(), cpu.parse().unwrap());
    change_node(&mut plane, "n1", grow("3"));
    assert_eq!([place(&plane, "four"), place(&plane, "six")], ["", ""]);
    change_node(&mut plane, "n1", grow("5"));
    assert_eq!([place(&plane, "four"), place(&plane, "six")], ["n1", ""]);
}

#[test]
fn a_pod_that_leaves_frees_its_cpu_its_port_and_its_neighbourhood() {
    let port = ", hostNetwork: true";
    let with_port = |name: &str| pod(name, "100m", port).replace("image: i", "image: i, ports: [{containerPort: 80, hostPort: 80}]");
    let away = ", affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
                [{labelSelector: {matchLabels: {app: loud}}, topologyKey: kubernetes.io/hostname}]}}";
    let running = pod("large", "1500m", "") + &with_port("server") + &pod("loud", "100m", "");
    let waiting = pod("larger", "1600m", "") + &with_port("other") + &pod("quiet", "100m", away);
    let mut plane = cluster(&(node("n1", "", "") + &running + &waiting));
    let places = |plane: &ControlPlane| ["larger", "other", "quiet"].map(|name| place(plane, name).to_owned());
    assert_eq!(places(&plane), ["", "", ""]);
    delete(&mut plane, "loud");
    assert_eq!(places(&plane), ["", "", "n1"]);
    delete(&mut plane, "server");
    assert_eq!(places(&plane), ["", "n1", "n1"]);
    delete(&mut plane, "large");
    assert_eq!(places(&plane), ["n1", "n1", "n1"]);
}

#[test]
fn company_that_comes_lets_a_pod_in_and_other_pods_do_not_move_it() {
    let near = ", affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
                [{labelSelector: {matchLabels: {app: friend}}, topologyKey: kubernetes.io/hostname}]}}";
    let mut plane = cluster(&(node("n1", "", "") + &pod("lonely", "1", near)));
    let before = message(&plane, "lonely").to_owned();
    // too small a node now, but nobody tells the pod
    create(&mut plane, &pod("stranger", "1500m", ""));
    assert_eq!(message(&plane, "lonely"), before);
    create(&mut plane, &pod("friend", "100m", ""));
    assert_eq!(message(&plane, "lonely"), "0/1 nodes are available: 1 Insufficient cpu");
    delete(&mut plane, "stranger");
    assert_eq!(place(&plane, "lonely"), "n1");
}

#[test]
fn spread_looks_at_pods_that_count_and_at_nodes_with_its_domains() {
    let spread = ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
                  labelSelector: {matchLabels: {app: web}}}]";
    let web = |name: &str| pod(name, "100m", spread).replace(&format!("app: {name}"), "app: web");
    let nodes = node("n1", ", zone: a", "") + &node("n2", ", zone: b", "taints: [{key: full, effect: NoSchedule}]");
    let mut plane = cluster(&(nodes + &web("web-1") + &web("web-2") + &pod("stranger", "100m", "")));
    assert_eq!([place(&plane, "web-1"), place(&plane, "web-2")], ["n1", ""]);
    create(&mut plane, &node("n3", "", ""));
    assert_eq!(place(&plane, "web-2"), "", "a node without the label is no domain");
    create(&mut plane, &node("n4", ", zone: b", ""));
    assert_eq!(place(&plane, "web-2"), "n4");
    change_node(&mut plane, "n4", cordon);
    create(&mut plane, &(web("web-3") + &web("web-4")));
    assert_eq!([place(&plane, "web-3"), place(&plane, "web-4")], ["n1", ""], "three beside one would be too uneven");
    delete(&mut plane, "stranger");
    assert_eq!(place(&plane, "web-4"), "");
    delete(&mut plane, "web-1");
    assert_eq!(place(&plane, "web-4"), "n1");
}

#[test]
fn claims_volumes_and_classes_let_pods_in() {
    let claim = |name: &str, class: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, namespace: default}}, spec: {{accessModes: [ReadWriteOnce], \
             storageClassName: {class}, resources: {{requests: {{storage: 1Gi}}}}}}}}\n---\n"
        )
    };
    let uses = |name: &str| format!(", volumes: [{{name: v, persistentVolumeClaim: {{claimName: {name}}}}}]");
    let class = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: x.io/y, volumeBindingMode: WaitForFirstConsumer}\n---\n";
    let pods = pod("one", "100m", &uses("made-later")) + &pod("two", "100m", &uses("by-hand"));
    let mut plane = cluster(&(node("n1", "", "") + class + &claim("by-hand", "none") + &pods));
    assert_eq!(message(&plane, "one"), "0/1 nodes are available: persistentvolumeclaim \"made-later\" not found. not found");
    assert_eq!(message(&plane, "two"), "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
    create(&mut plane, &claim("of-another", "late"));
    assert_eq!(place(&plane, "one"), "");
    create(&mut plane, &claim("made-later", "late"));
    assert_eq!([place(&plane, "one"), place(&plane, "two")], ["n1", ""]);
    let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], \
                  storageClassName: none, persistentVolumeReclaimPolicy: Retain, hostPath: {path: /x}}}";
    create(&mut plane, volume);
    assert_eq!(place(&plane, "two"), "n1");
}

#[test]
fn a_gate_that_opens_and_a_toleration_that_comes_are_the_pods_own_events() {
    let nodes = node("n1", "", "taints: [{key: a, effect: NoSchedule}]");
    let gated = ", tolerations: [{operator: Exists}], schedulingGates: [{name: x.io/gate}]";
    let mut plane = cluster(&(nodes + &pod("gated", "100m", gated) + &pod("kept-away", "100m", "")));
    assert_eq!(message(&plane, "gated"), "Scheduling is blocked due to non-empty scheduling gates");
    plane.patch::<Pod>(&Key::new("default", "gated"), &json!({"spec": {"schedulingGates": []}})).unwrap();
    plane.settle();
    assert_eq!([place(&plane, "gated"), place(&plane, "kept-away")], ["n1", ""]);
    // what the server gave it has to stay
    let given = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let own = json!({"key": "a", "operator": "Exists"});
    let tolerations =
        json!({"spec": {"tolerations": [given("node.kubernetes.io/not-ready"), given("node.kubernetes.io/unreachable"), own]}});
    plane.patch::<Pod>(&Key::new("default", "kept-away"), &tolerations).unwrap();
    plane.settle();
    assert_eq!(place(&plane, "kept-away"), "n1");
}

#[test]
fn the_first_node_takes_whoever_waited_for_it() {
    let mut plane = cluster(&pod("early", "100m", ""));
    assert_eq!(message(&plane, "early"), "no nodes available to schedule pods");
    create(&mut plane, &node("n1", "", ""));
    assert_eq!(place(&plane, "early"), "n1");
}

#[test]
fn pods_that_name_their_node_move_on_where_the_next_search_begins() {
    let nodes = node("n1", "", "") + &node("n2", "", "") + &node("n3", "", "");
    let pinned = ", affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
                  [{matchFields: [{key: metadata.name, operator: In, values: [n3]}]}]}}}";
    let objects = read_str("objects.yaml", &(nodes + &pod("daemon", "100m", pinned) + &pod("web", "100m", ""))).objects;
    let (cluster, profiles) = prepare(&objects, &Configuration::default());
    for plain in [false, true] {
        let mut scheduler = Scheduler::new(&cluster, &profiles, Options { plain, ..Options::default() });
        let schedule = scheduler.run(|_, _| ());
        let places: Vec<&str> = schedule.decisions.iter().filter_map(|decision| Some(cluster.node_name(decision.node?))).collect();
        assert_eq!(places, ["n3", "n2"], "the second search lists n2, n3, n1");
        assert_eq!(scheduler.start(), 1);
    }
}
