//! The referee's rules where the recordings are silent: the smallest cluster that shows each.

use plimsoll::manifest::Objects;
use plimsoll::verify::{Binding, Rule, World, nodes_that_fit, utilization, verdict, verify};
use serde_json::{Value, json};

use crate::recordings::by_kind;

/// A node of 1 core, 1000 bytes and 3 pods, with what else is given.
fn node(name: &str, more: Value) -> Value {
    let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("z-{name}")});
    let allocatable = json!({"cpu": "1", "memory": "1000", "pods": "3"});
    merged(json!({"kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"allocatable": allocatable}}), more)
}

/// A pod of the app `web` with one container, with what else is given.
fn pod(name: &str, more: Value) -> Value {
    let metadata = json!({"name": name, "namespace": "default", "uid": name, "labels": {"app": "web"}});
    merged(json!({"kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "c"}]}}), more)
}

/// The same pod on a node.
fn on(node: &str, mut pod: Value) -> Value {
    pod["spec"]["nodeName"] = json!(node);
    pod
}

fn merged(mut base: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (base.as_object_mut(), more.clone()) {
        for (key, value) in more {
            let old = fields.remove(&key).unwrap_or(Value::Null);
            fields.insert(key, merged(old, value));
        }
        return base;
    }
    more
}

/// What the last pod breaks on each node.
fn broken(values: &[Value]) -> Vec<Vec<Rule>> {
    let objects = by_kind(values);
    let world = World::new(&objects);
    let judge = |node| verdict(&world, objects.pods.len() - 1, node).iter().map(|violation| violation.rule).collect();
    (0..objects.nodes.len()).map(judge).collect()
}

fn asks(cpu: &str) -> Value {
    json!({"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}})
}

#[test]
fn a_thousandth_of_a_core_decides() {
    let (fits, exceeds) = (pod("new", asks("400m")), pod("new", asks("400001u")));
    let present = on("a", pod("old", asks("600m")));
    assert_eq!(broken(&[node("a", json!({})), present.clone(), fits]), [[]]);
    assert_eq!(broken(&[node("a", json!({})), present, exceeds]), [[Rule::Resources]]);
}

#[test]
fn pods_that_have_ended_hold_nothing_and_those_that_are_ending_do() {
    let ended = merged(on("a", pod("old", asks("1"))), json!({"status": {"phase": "Succeeded"}}));
    let ending = merged(on("a", pod("old", asks("1"))), json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let elsewhere = on("gone", pod("old", asks("1")));
    let newcomer = pod("new", asks("1"));
    assert_eq!(broken(&[node("a", json!({})), ended, newcomer.clone()]), [[]]);
    assert_eq!(broken(&[node("a", json!({})), elsewhere, newcomer.clone()]), [[]]);
    assert_eq!(broken(&[node("a", json!({})), ending, newcomer]), [[Rule::Resources]]);
}

#[test]
fn sidecars_run_beside_containers_and_before_later_init_containers() {
    let requests = |cpu: &str| json!({"requests": {"cpu": cpu}});
    let sidecar = json!({"name": "s", "restartPolicy": "Always", "resources": requests("300m")});
    let init = |cpu: &str| json!({"name": "i", "resources": requests(cpu)});
    let containers = json!([{"name": "c", "resources": requests("500m")}]);
    let used = |inits: Value, more: Value| {
        let spec = json!({"spec": {"initContainers": inits, "containers": containers}});
        let objects = by_kind(&[node("a", json!({})), on("a", pod("p", merged(spec, more)))]);
        utilization(&World::new(&objects))[0].requested["cpu"]
    };
    assert_eq!(used(json!([sidecar, init("100m")]), json!({})), 800, "in the end all run");
    assert_eq!(used(json!([sidecar, init("900m")]), json!({})), 1200, "the init container beside the sidecar");
    assert_eq!(used(json!([init("900m"), sidecar]), json!({})), 900, "the init container before the sidecar");
    let whole = json!({"spec": {"resources": requests("2"), "overhead": {"cpu": "50m"}}});
    assert_eq!(used(json!([sidecar, init("900m")]), whole), 2050, "the pod's own word, and overhead on top");
}

#[test]
fn a_resize_counts_at_its_larger_end() {
    let used = |spec: &str, force: &str, status: Value| {
        let in_force =
            json!({"containerStatuses": [{"name": "c", "allocatedResources": {"cpu": force}, "resources": {"requests": {"cpu": force}}}]});
        let pod = merged(on("a", pod("p", asks(spec))), json!({"status": merged(in_force, status)}));
        let objects = by_kind(&[node("a", json!({})), pod]);
        utilization(&World::new(&objects))[0].requested["cpu"]
    };
    assert_eq!(used("500m", "200m", json!({})), 500);
    assert_eq!(used("200m", "500m", json!({})), 500);
    let infeasible = json!({"conditions": [{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]});
    assert_eq!(used("500m", "200m", infeasible), 200);
}

#[test]
fn names_without_a_domain_are_ignored_and_others_count() {
    let wants = |name: &str| {
        let requests = serde_json::Map::from_iter([(name.to_owned(), json!("1"))]);
        pod("new", json!({"spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}}))
    };
    for ignored in ["bananas", "requests.example.com/card", "storage"] {
        assert_eq!(broken(&[node("a", json!({})), wants(ignored)]), [[]], "{ignored}");
    }
    for counted in ["example.com/card", "hugepages-1Gi", "attachable-volumes-x", "batch.kubernetes.io/x", "ephemeral-storage"] {
        assert_eq!(broken(&[node("a", json!({})), wants(counted)]), [[Rule::Resources]], "{counted}");
    }
}

#[test]
fn sidecars_and_the_nodes_network_take_ports() {
    let port = json!([{"containerPort": 80, "hostPort": 80}]);
    let newcomer = pod("new", json!({"spec": {"containers": [{"name": "c", "ports": port}]}}));
    let sidecar = json!({"spec": {"initContainers": [{"name": "s", "restartPolicy": "Always", "ports": port}]}});
    let init = json!({"spec": {"initContainers": [{"name": "s", "ports": port}]}});
    let network = json!({"spec": {"hostNetwork": true, "containers": [{"name": "c", "ports": [{"containerPort": 80}]}]}});
    for (present, rules) in [(sidecar, vec![Rule::HostPorts]), (init, vec![]), (network, vec![Rule::HostPorts])] {
        assert_eq!(broken(&[node("a", json!({})), on("a", pod("old", present)), newcomer.clone()]), [rules]);
    }
}

#[test]
fn the_first_of_its_kind_needs_nobody_but_the_labels() {
    let term = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "topology.kubernetes.io/zone"});
    let wants = |terms: Value| json!({"spec": {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}});
    let newcomer = pod("new", wants(json!([term])));
    let bare = json!({"kind": "Node", "metadata": {"name": "bare"}, "status": {"allocatable": {"cpu": "1", "pods": "3"}}});
    let nodes = [node("a", json!({})), bare];
    let lonely = broken(&[nodes[0].clone(), nodes[1].clone(), newcomer.clone()]);
    assert_eq!(lonely[0], []);
    assert!(lonely[1].contains(&Rule::PodAffinity));
    // somebody where the label is missing is nowhere
    let hidden = broken(&[nodes[0].clone(), nodes[1].clone(), on("bare", pod("old", json!({}))), newcomer.clone()]);
    assert_eq!(hidden[0], []);
    // somebody ending in another zone counts, so the newcomer is not the first
    let ending = merged(on("b", pod("old", json!({}))), json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    assert_eq!(broken(&[nodes[0].clone(), node("b", json!({})), ending, newcomer]), [vec![Rule::PodAffinity], vec![]]);
}

#[test]
fn match_label_keys_narrow_a_term() {
    let term =
        json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname", "matchLabelKeys": ["hash"]});
    let newcomer = pod(
        "new",
        json!({"metadata": {"labels": {"hash": "v2"}},
        "spec": {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}}),
    );
    for (hash, rules) in [("v1", vec![]), ("v2", vec![Rule::PodAntiAffinity])] {
        let present = on("a", pod("old", json!({"metadata": {"labels": {"hash": hash}}})));
        assert_eq!(broken(&[node("a", json!({})), present, newcomer.clone()]), [rules]);
    }
}

#[test]
fn spreading_forgets_the_ending_and_an_empty_selector_counts_nobody() {
    let spread = |more: Value| {
        let constraint = json!({"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}}});
        pod("new", json!({"spec": {"topologySpreadConstraints": [merged(constraint, more)]}}))
    };
    let old = on("a", pod("old", json!({})));
    let ending = merged(old.clone(), json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let two = [node("a", json!({})), node("b", json!({}))];
    let judge = |present: &Value, newcomer: Value| broken(&[two[0].clone(), two[1].clone(), present.clone(), newcomer]);
    assert_eq!(judge(&old, spread(json!({}))), [vec![Rule::TopologySpread], vec![]]);
    assert_eq!(judge(&ending, spread(json!({}))), [[], []]);
    let mut everybody = spread(json!({}));
    everybody["spec"]["topologySpreadConstraints"][0]["labelSelector"] = json!({});
    assert_eq!(judge(&old, everybody), [[], []]);
    // with fewer domains than wanted the least is nothing, and the second pod of a domain is one too many
    let both = [two[0].clone(), two[1].clone(), old, on("b", pod("older", json!({}))), spread(json!({"minDomains": 3}))];
    assert_eq!(broken(&both), [[Rule::TopologySpread], [Rule::TopologySpread]]);
}

#[test]
fn disks_of_old_exclude_each_other() {
    let disk = |kind: &str, fields: Value| {
        let volume = merged(json!({"name": "d"}), Value::Object(serde_json::Map::from_iter([(kind.to_owned(), fields)])));
        json!({"spec": {"volumes": [volume]}})
    };
    let read_only = |fields: Value| merged(fields, json!({"readOnly": true}));
    let amazon = json!({"volumeID": "v"});
    let rbd = json!({"monitors": ["a", "b"], "image": "i"});
    let iscsi = json!({"iqn": "q", "lun": 1});
    let conflict = vec![Rule::DiskConflict];
    for (kind, mine, theirs, rules) in [
        ("awsElasticBlockStore", read_only(amazon.clone()), read_only(amazon), conflict.clone()),
        ("rbd", rbd.clone(), merged(rbd.clone(), json!({"monitors": ["b"], "pool": "rbd"})), conflict.clone()),
        ("rbd", read_only(rbd.clone()), read_only(rbd.clone()), vec![]),
        ("rbd", rbd.clone(), merged(rbd, json!({"monitors": ["c"]})), vec![]),
        ("iscsi", iscsi.clone(), merged(iscsi.clone(), json!({"lun": 2})), conflict),
        ("iscsi", read_only(iscsi.clone()), read_only(iscsi), vec![]),
    ] {
        let values = [node("a", json!({})), on("a", pod("old", disk(kind, mine))), pod("new", disk(kind, theirs))];
        assert_eq!(broken(&values), [rules], "{kind}");
    }
}

fn claim(name: &str, class: &str) -> Value {
    json!({"kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5"}}}})
}

fn class(name: &str, provisioner: &str) -> Value {
    json!({"kind": "StorageClass", "metadata": {"name": name}, "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer"})
}

fn using(claim: &str) -> Value {
    json!({"spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]}})
}

#[test]
fn a_volume_serves_one_claim() {
    let volume = json!({"kind": "PersistentVolume", "metadata": {"name": "disk"},
        "spec": {"storageClassName": "local", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5"}}, "status": {"phase": "Available"}});
    let values = [
        node("a", json!({})),
        class("local", "kubernetes.io/no-provisioner"),
        volume,
        claim("one", "local"),
        claim("two", "local"),
        pod("first", using("one")),
        pod("second", using("two")),
    ];
    let objects = by_kind(&values);
    let bindings: Vec<_> = (0..2).map(|pod| Binding { pod, node: "a", evicted: vec![] }).collect();
    assert_eq!(rules(&objects, &bindings), [Rule::ClaimUnservable]);
    assert_eq!(rules(&objects, &bindings[1..]), []);
}

#[test]
fn a_volume_is_made_for_one_node() {
    let values = [
        node("a", json!({})),
        node("b", json!({})),
        class("fast", "csi.example.com"),
        claim("one", "fast"),
        pod("first", using("one")),
        pod("second", using("one")),
    ];
    let objects = by_kind(&values);
    let mut world = World::new(&objects);
    world.bind(0, 0);
    assert_eq!(nodes_that_fit(&world, 1), ["a"]);
    world.evict(0);
    assert_eq!(nodes_that_fit(&world, 0), ["a"]);
}

#[test]
fn storage_that_is_published_must_suffice() {
    let driver = json!({"kind": "CSIDriver", "metadata": {"name": "csi.example.com"}, "spec": {"storageCapacity": true}});
    let capacity = |size: &str| {
        json!({"kind": "CSIStorageCapacity", "metadata": {"name": "c"}, "storageClassName": "fast", "capacity": size,
            "nodeTopology": {"matchLabels": {"kubernetes.io/hostname": "a"}}})
    };
    for (size, rules) in [("5", vec![]), ("4", vec![Rule::StorageCapacity])] {
        let values = [
            node("a", json!({})),
            driver.clone(),
            capacity(size),
            class("fast", "csi.example.com"),
            claim("one", "fast"),
            pod("new", using("one")),
        ];
        assert_eq!(broken(&values), [rules]);
    }
}

#[test]
fn attachments_and_migrated_disks_count_against_the_limit() {
    let machine = json!({"kind": "CSINode",
        "metadata": {"name": "a", "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": "kubernetes.io/gce-pd,kubernetes.io/aws-ebs"}},
        "spec": {"drivers": [{"name": "ebs.csi.aws.com", "nodeID": "a", "allocatable": {"count": 1}}]}});
    let volume = json!({"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}});
    let attachment = json!({"kind": "VolumeAttachment", "metadata": {"name": "x"},
        "spec": {"attacher": "ebs.csi.aws.com", "nodeName": "a", "source": {"persistentVolumeName": "pv"}}});
    let disk = |id: &str| pod("new", json!({"spec": {"volumes": [{"name": "d", "awsElasticBlockStore": {"volumeID": id}}]}}));
    let base = [node("a", json!({})), machine, volume, attachment];
    for (id, rules) in [("aws://zone/vol-1", vec![]), ("vol-2", vec![Rule::VolumeLimits])] {
        let values: Vec<_> = base.iter().cloned().chain([disk(id)]).collect();
        assert_eq!(broken(&values), [rules], "{id}");
    }
}

#[test]
fn a_claim_made_for_one_pod_must_be_that_pods() {
    let ephemeral = json!({"spec": {"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]}});
    let owned = |uid: &str| {
        merged(
            claim("new-v", "fast"),
            json!({"metadata": {"ownerReferences": [{"kind": "Pod", "name": "new", "uid": uid, "controller": true}]}}),
        )
    };
    let base = [node("a", json!({})), class("fast", "csi.example.com"), pod("new", ephemeral)];
    for (claims, rules) in
        [(vec![], vec![Rule::ClaimMissing]), (vec![owned("new")], vec![]), (vec![owned("other")], vec![Rule::ClaimMissing])]
    {
        let values: Vec<_> = claims.into_iter().chain(base.clone()).collect();
        assert_eq!(broken(&values), [rules]);
    }
}

#[test]
fn zones_of_old_are_compared_with_the_labels_of_today() {
    let values = |zones: &str| {
        let bound = json!({"metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}, "spec": {"volumeName": "pv"}});
        let volume =
            json!({"kind": "PersistentVolume", "metadata": {"name": "pv", "labels": {"failure-domain.beta.kubernetes.io/zone": zones}}});
        [node("a", json!({})), volume, merged(claim("one", "fast"), bound), pod("new", using("one"))]
    };
    assert_eq!(broken(&values("z-b__z-a")), [[]]);
    assert_eq!(broken(&values("z-b__z-c")), [[Rule::VolumeZone]]);
    assert_eq!(broken(&values("")), [[]], "a label that names no zone is none");
}

#[test]
fn a_plan_must_make_sense() {
    let high = json!({"spec": {"priority": 10}});
    let values = [
        node("a", json!({})),
        on("a", pod("victim", json!({}))),
        on("a", pod("equal", high.clone())),
        pod("new", high.clone()),
        merged(pod("meek", high), json!({"spec": {"preemptionPolicy": "Never"}})),
        merged(pod("over", json!({})), json!({"status": {"phase": "Failed"}})),
    ];
    let objects = by_kind(&values);
    let binding = |pod, node, evicted: &[usize]| Binding { pod, node, evicted: evicted.to_vec() };
    assert_eq!(rules(&objects, &[binding(2, "a", &[0])]), []);
    assert_eq!(rules(&objects, &[binding(2, "a", &[1])]), [Rule::Eviction], "not less important");
    assert_eq!(rules(&objects, &[binding(3, "a", &[0])]), [Rule::Eviction], "never preempts");
    assert_eq!(rules(&objects, &[binding(2, "a", &[0, 0])]), [Rule::Eviction], "gone already");
    assert_eq!(rules(&objects, &[binding(2, "nowhere", &[])]), [Rule::UnknownNode]);
    assert_eq!(rules(&objects, &[binding(2, "a", &[]), binding(2, "a", &[])]), [Rule::AlreadyBound]);
    assert_eq!(rules(&objects, &[binding(4, "a", &[])]), [Rule::Ended]);
}

fn rules(objects: &Objects, bindings: &[Binding]) -> Vec<Rule> {
    verify(objects, bindings).iter().map(|violation| violation.rule).collect()
}
