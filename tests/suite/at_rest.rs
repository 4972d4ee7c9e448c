//! The short way and the long way come to the same: what `expand` makes of manifests is what the control loops come to rest in.

use std::collections::BTreeMap;

use plimsoll::controllers;
use plimsoll::controllers::rollout_peak::rollout_peak;
use plimsoll::controllers::world::Key;
use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::ObjectMeta;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::simulation::ControlPlane;
use proptest::prelude::*;

const HEAD: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {allocatable: {cpu: 64, memory: 256Gi, pods: 500}, conditions: [{type: Ready, status: 'True'}]}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: disks, volumeBindingMode: WaitForFirstConsumer}
";

/// A workload of a test.
#[derive(Debug, Clone)]
struct Written {
    kind: &'static str,
    replicas: Option<u8>,
    extra: String,
}

impl Written {
    fn text(&self, number: usize) -> String {
        let (kind, extra, app) = (self.kind, &self.extra, format!("app: a{number}"));
        let version = if kind == "ReplicationController" { "v1" } else { "apps/v1" };
        let replicas = self.replicas.map_or(String::new(), |replicas| format!("replicas: {replicas}, "));
        let selector = if kind == "ReplicationController" { format!("{{{app}}}") } else { format!("{{matchLabels: {{{app}}}}}") };
        let template = format!(
            "{{metadata: {{labels: {{{app}, tier: t}}}}, spec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: 100m}}}}}}]}}}}"
        );
        format!(
            "---\n{{apiVersion: {version}, kind: {kind}, metadata: {{name: w{number}, namespace: shop}}, \
             spec: {{{replicas}selector: {selector}, template: {template}{extra}}}}}\n"
        )
    }
}

fn stateful_set() -> impl Strategy<Value = Written> {
    let claims = ", volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: late, \
                  resources: {requests: {storage: 1Gi}}}}]";
    let extra = (any::<bool>(), any::<bool>(), proptest::option::of(0..4)).prop_map(move |(is_parallel, has_claims, start)| {
        let policy = if is_parallel { ", podManagementPolicy: Parallel" } else { "" };
        let start = start.map_or(String::new(), |start| format!(", ordinals: {{start: {start}}}"));
        format!(", serviceName: s{policy}{start}{}", if has_claims { claims } else { "" })
    });
    (proptest::option::of(0..5u8), extra).prop_map(|(replicas, extra)| Written { kind: "StatefulSet", replicas, extra })
}

fn workload() -> impl Strategy<Value = Written> {
    let strategies = ["", ", strategy: {type: Recreate}", ", strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}"];
    let deployment = (proptest::option::of(0..7u8), 0..strategies.len()).prop_map(move |(replicas, strategy)| Written {
        kind: "Deployment",
        replicas,
        extra: strategies[strategy].to_owned(),
    });
    let plain = (proptest::option::of(0..7u8), any::<bool>()).prop_map(|(replicas, is_set)| Written {
        kind: if is_set { "ReplicaSet" } else { "ReplicationController" },
        replicas,
        extra: String::new(),
    });
    prop_oneof![deployment, plain, stateful_set()]
}

fn read(text: &str) -> Objects {
    let objects = read_str("test", text).objects;
    assert_ne!(objects, Objects::default(), "{text}");
    objects
}

/// Creates everything in a cluster, one object after another, and lets it come to rest.
fn played(objects: &Objects) -> ControlPlane {
    let mut plane = ControlPlane::new(KubernetesVersion::V1_36, Configuration::default());
    macro_rules! create {
        ($( $field:ident )*) => { $( for object in objects.$field.clone() { plane.create(object).expect("nothing is refused"); } )* };
    }
    create! { namespaces nodes storage_classes deployments replica_sets replication_controllers stateful_sets daemon_sets }
    plane.settle();
    plane
}

/// Whose a pod is, its name if that is not random, and its labels but for hashes; with how many of the kind there are.
type Pods = BTreeMap<(String, Option<String>, Vec<(String, String)>), usize>;

fn pods(objects: &Objects) -> Pods {
    let mut pods = Pods::new();
    for pod in objects.pods.iter().filter(|pod| !pod.is_terminating()) {
        let name = (owner(pod).starts_with("StatefulSet/")).then(|| pod.metadata.name.clone());
        *pods.entry((owner(pod), name, labels(&pod.metadata))).or_default() += 1;
    }
    pods
}

/// Kind and name of a pod's owner; of a ReplicaSet's name what stands before a hash.
fn owner(pod: &Pod) -> String {
    let owner = pod.metadata.controller().expect("every pod here has an owner");
    let name = owner.name.split_once('-').map_or(owner.name.as_str(), |(name, _)| name);
    format!("{}/{name}", owner.kind)
}

fn labels(metadata: &ObjectMeta) -> Vec<(String, String)> {
    let plain = metadata.labels.iter().filter(|(key, _)| !key.ends_with("-hash") && !key.ends_with("-generation"));
    plain.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn claims(objects: &Objects) -> BTreeMap<String, Vec<(String, String)>> {
    objects.persistent_volume_claims.iter().map(|claim| (claim.metadata.name.clone(), labels(&claim.metadata))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn expanding_is_where_the_control_loops_come_to_rest(workloads in proptest::collection::vec(workload(), 1..4)) {
        let texts: Vec<String> = workloads.iter().enumerate().map(|(number, workload)| workload.text(number)).collect();
        let mut expanded = read(&format!("{HEAD}{}", texts.concat()));
        let played = played(&expanded).store().objects();
        controllers::expand(&mut expanded);
        prop_assert_eq!(pods(&expanded), pods(&played));
        prop_assert_eq!(claims(&expanded), claims(&played));
    }

    #[test]
    fn a_spec_over_a_dump_is_where_the_control_loops_come_to_rest(before in workload(), replicas in 0..6u8, has_new_template in any::<bool>()) {
        let after = Written { replicas: Some(replicas), ..before.clone() }.text(0);
        let after = if has_new_template { after.replace("tier: t", "tier: t, new: one") } else { after };
        let mut plane = played(&read(&format!("{HEAD}{}", before.text(0))));
        let dump = plane.store().objects();
        apply(&mut plane, &after);
        let mut expanded = over(dump, read(&after));
        controllers::expand(&mut expanded);
        let once = expanded.clone();
        controllers::expand(&mut expanded);
        prop_assert_eq!(&once, &expanded, "expanding twice changes nothing");
        prop_assert_eq!(pods(&expanded), pods(&plane.store().objects()));
    }
}

#[test]
fn a_daemon_set_over_a_dump_replaces_its_pods_unless_it_waits_for_their_deletion() {
    let written = |strategy: &str, label: &str| {
        format!(
            "---
{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: d, namespace: shop}}, spec: {{updateStrategy: {{type: {strategy}}}, selector: {{matchLabels: {{app: d}}}}, template: {{metadata: {{labels: {{app: d{label}}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}}}}}
"
        )
    };
    for (strategy, is_new) in [("RollingUpdate", true), ("OnDelete", false)] {
        let mut plane = played(&read(&format!("{HEAD}{}", written(strategy, ""))));
        let dump = plane.store().objects();
        let after = written(strategy, ", new: one");
        apply(&mut plane, &after);
        let mut expanded = over(dump, read(&after));
        controllers::expand(&mut expanded);
        assert_eq!(pods(&expanded), pods(&plane.store().objects()), "{strategy}");
        assert_eq!(expanded.pods.iter().filter(|pod| pod.metadata.labels.contains_key("new")).count(), usize::from(is_new));
        let once = expanded.clone();
        controllers::expand(&mut expanded);
        assert_eq!(once, expanded, "expanding twice changes nothing");
    }
}

/// Puts a written workload in the place of the one in a dump, as reading both does: it keeps identity and age.
fn over(mut dump: Objects, written: Objects) -> Objects {
    macro_rules! replace {
        ($( $field:ident )*) => { $( for mut object in written.$field {
            let old = dump.$field.iter_mut().find(|old| old.metadata.name == object.metadata.name).expect("it is in the dump");
            object.metadata.uid.clone_from(&old.metadata.uid);
            object.metadata.creation_timestamp.clone_from(&old.metadata.creation_timestamp);
            *old = object;
        } )* };
    }
    replace! { deployments replica_sets replication_controllers stateful_sets daemon_sets }
    dump
}

/// Does to a cluster what applying a manifest does.
fn apply(plane: &mut ControlPlane, text: &str) {
    let written = read(text);
    macro_rules! patch {
        ($( $field:ident as $kind:ident )*) => { $( for object in &written.$field {
            let text = format!("{{\"spec\": {}}}", as_json(&object.spec));
            let patch = parsed(&text);
            let key = Key::new("shop", &object.metadata.name);
            plane.patch::<plimsoll::manifest::workload::$kind>(&key, &patch).expect("nothing is refused");
        } )* };
    }
    patch! { deployments as Deployment replica_sets as ReplicaSet replication_controllers as ReplicationController stateful_sets as StatefulSet daemon_sets as DaemonSet }
    plane.wait(std::time::Duration::from_secs(60));
    plane.settle();
}

fn as_json<T: serde::Serialize>(object: &T) -> String {
    serde_json::to_string(object).expect("specs are made of what JSON can say")
}

fn parsed(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("what was just written can be read")
}

#[test]
fn a_rollout_peaks_at_its_surge() {
    let texts = [
        Written { kind: "Deployment", replicas: Some(7), extra: String::new() },
        Written { kind: "Deployment", replicas: Some(7), extra: ", strategy: {type: Recreate}".to_owned() },
        Written { kind: "StatefulSet", replicas: Some(3), extra: ", serviceName: s".to_owned() },
    ];
    let texts: Vec<String> = texts.iter().enumerate().map(|(number, workload)| workload.text(number)).collect();
    let peaks: Vec<(i32, i32)> = rollout_peak(&read(&texts.concat())).iter().map(|peak| (peak.replicas, peak.peak)).collect();
    assert_eq!(peaks, [(7, 9), (7, 7), (3, 3)]);
}
