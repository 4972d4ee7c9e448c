//! What a plan is written as for other tools: patches that realise a placement, and the nodes to have.
//!
//! The patches are merged here by the rules of strategic merge patches, with no code of the program, and what comes of it is placed again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use plimsoll::manifest::Objects;
use plimsoll::manifest::read::{Written, read_str};
use plimsoll::planning::realisation::{self, Kept, Realisation, realise};
use plimsoll::scheduler::{Options, Scheduler, prepare};
use serde_json::{Value, json};

/// What a command says, and its exit code.
fn said(arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (text(output.stdout), text(output.stderr), output.status.code().expect("it was not killed"))
}

fn documents(text: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).expect("it is YAML");
    all.into_iter().filter(|document| !document.is_null()).collect()
}

/// The documents of a file, or of all files of a folder.
fn manifests(path: &str) -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files = vec![path.clone()];
    if path.is_dir() {
        files = std::fs::read_dir(path).expect("it can be listed").map(|entry| entry.expect("it can be read").path()).collect();
        files.sort();
    }
    files.iter().flat_map(|file| documents(&std::fs::read_to_string(file).expect("it can be read"))).collect()
}

/// A strategic merge patch as far as these patches use it: objects merge, lists are replaced; spread constraints only where they say so,
/// for theirs would merge by `topologyKey`.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else { return *target = patch.clone() };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("topologySpreadConstraints", Value::Array(items)) => {
                let replaces = items.first().is_some_and(|first| *first == json!({"$patch": "replace"}));
                assert!(replaces || target[key].is_null(), "{key} would be merged with what is there");
                target[key] = items[usize::from(replaces)..].to_vec().into();
            }
            ("containers" | "initContainers" | "volumes" | "tolerations", _) => panic!("{key} would be merged"),
            _ => merge(&mut target[key], value),
        }
    }
}

fn is_of(one: &Value, other: &Value) -> bool {
    let namespace = |object: &Value| object["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    one["kind"] == other["kind"] && one["metadata"]["name"] == other["metadata"]["name"] && namespace(one) == namespace(other)
}

/// The manifests with patches merged into what they name.
fn patched(mut manifests: Vec<Value>, patches: &[Value]) -> Vec<Value> {
    for patch in patches {
        let own = manifests.iter_mut().find(|own| is_of(own, patch)).expect("patches are of what is there");
        assert_eq!(own["apiVersion"], patch["apiVersion"]);
        merge(own, patch);
    }
    manifests
}

/// How many pods of each workload are on each node.
type Places = BTreeMap<String, BTreeMap<String, usize>>;

fn places(schedule: &str) -> Places {
    let schedule: Value = serde_json::from_str(schedule).expect("it is JSON");
    let mut places = Places::new();
    for pod in schedule["pods"].as_array().expect("there are pods") {
        let workload = pod["workload"].as_str().expect("it has one").to_owned();
        let node = pod["node"].as_str().unwrap_or("no node").to_owned();
        *places.entry(workload).or_default().entry(node).or_default() += 1;
    }
    places
}

/// Writes objects where the program can read them; the file goes with the folder.
fn written(name: &str, objects: Vec<Value>) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    std::fs::write(&path, json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()).expect("it can be written");
    path.to_str().expect("its name is UTF-8").to_owned()
}

/// The patches of a placement, merged by the test, give that placement again: as it is listed, and in other orders.
fn patches_realise(path: &str, more: &[&str]) -> (Vec<Value>, String) {
    let with = |format: &'static str| [&["schedule", path, "-o", format], more].concat();
    let (text, ..) = said(&with("patch"));
    let patches = documents(&text);
    let file = written(&format!("{}.json", path.replace('/', "-")), patched(manifests(path), &patches));
    let wanted = places(&said(&with("json")).0);
    let not_realised: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("# not realised")).collect();
    let orders: [&[&str]; 4] = [
        &[],
        &["--ties", "random", "--arrivals", "random", "--seed", "1"],
        &["--ties", "random", "--arrivals", "random", "--seed", "7"],
        &["--ties", "random", "--arrivals", "random", "--seed", "1234"],
    ];
    for order in orders {
        let got = places(&said(&[&["schedule", &file, "-o", "json"], order].concat()).0);
        let different: Vec<&String> = wanted.keys().filter(|workload| wanted[*workload] != got[*workload]).collect();
        assert!(different.len() <= not_realised.len(), "{path} {order:?}: {different:?} are elsewhere, {not_realised:?} is said");
    }
    (patches, text)
}

#[test]
fn merged_patches_give_the_placement_again() {
    let (patches, text) = patches_realise("fixtures/cli/realise.yaml", &[]);
    assert!(text.contains("4 workloads, 2 by a change, 2 without one"), "{text}");
    let kinds: Vec<&Value> = patches.iter().map(|patch| &patch["kind"]).collect();
    assert_eq!(kinds, ["Deployment", "Job"]);
    let terms = &patches[0]["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    assert_eq!(terms["nodeSelectorTerms"][0]["matchExpressions"][0]["values"], json!(["r5.large"]), "the weakest that holds");
}

#[test]
fn merged_patches_give_a_whole_platform_again() {
    let (patches, text) = patches_realise("fixtures/data-platform/target", &[]);
    assert!(patches.len() > 30, "most places are a matter of chance: {}", patches.len());
    assert!(!text.contains("# not realised"), "{text}");
    let replaced = patches.iter().filter(|patch| patch.to_string().contains("$patch")).count();
    assert!(replaced > 0, "some had spread constraints before, which have to stay");
}

#[test]
fn a_kustomization_has_the_same_patches() {
    let patches = documents(&said(&["schedule", "fixtures/cli/realise.yaml", "-o", "patch"]).0);
    let kustomization = documents(&said(&["schedule", "fixtures/cli/realise.yaml", "-o", "kustomize"]).0).remove(0);
    assert_eq!(kustomization["apiVersion"], "kustomize.config.k8s.io/v1beta1");
    let own = kustomization["patches"].as_array().expect("it has patches");
    assert_eq!(own.len(), patches.len());
    for (own, patch) in own.iter().zip(&patches) {
        assert_eq!(documents(own["patch"].as_str().expect("it is inline"))[0], *patch);
        let target = json!({"kind": patch["kind"], "metadata": {"name": own["target"]["name"], "namespace": own["target"]["namespace"]}});
        assert!(is_of(&target, patch) && own["target"]["kind"] == patch["kind"], "{target}");
    }
}

#[test]
fn replicas_are_set_where_an_autoscaler_was_assumed_at_its_most() {
    let scaled = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web, namespace: x}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 5}}\n";
    let text = node("a", "a", 8) + &node("b", "b", 8) + &deployment("web", 2, 1000, "") + &deployment("other", 1, 1000, "") + scaled;
    let path = written_text("scaled.yaml", &text);
    let (most, ..) = said(&["schedule", &path, "--replicas", "max", "-o", "patch"]);
    let patches = documents(&most);
    let replicas =
        |name: &str| patches.iter().find(|patch| patch["metadata"]["name"] == name).map(|patch| patch["spec"]["replicas"].clone());
    assert_eq!(replicas("web"), Some(json!(5)), "{most}");
    assert!(replicas("other").is_none_or(|replicas| replicas.is_null()), "nobody scales it");
    assert!(most.contains("# replicas: an autoscaler goes on from there"), "{most}");
    let (now, ..) = said(&["schedule", &path, "-o", "patch"]);
    assert!(!now.contains("replicas:"), "what was written stays");
}

#[test]
fn what_is_where_it_is_to_be_is_not_patched() {
    let (text, _, exit) = said(&["schedule", "fixtures/cli/what-if-cluster.yaml", "-o", "patch"]);
    assert_eq!((documents(&text).len(), exit), (0, 0), "{text}");
    let (script, ..) = said(&["schedule", "fixtures/cli/realise.yaml", "-o", "script"]);
    assert!(script.starts_with("#!/usr/bin/env bash\nset -euo pipefail\n") && script.contains("kubectl rollout status deployment 'batch'"));
    assert!(script.contains("# not here: Job shop/migrate"), "a Job cannot be patched once it is there:\n{script}");
    assert!(!script.contains("kubectl patch job"));
}

const SIZE: [&str; 6] = ["size", "fixtures/cli/size.yaml", "--catalogue", "fixtures/cli/types.csv", "--zones", "a,b,c"];

fn sized(format: &str) -> (String, String) {
    let (stdout, stderr, exit) = said(&[&SIZE[..], &["-o", format]].concat());
    assert_eq!(exit, 1, "one pod fits no type");
    (stdout, stderr)
}

/// The fleet as it comes up: a node for each that the variables ask for, with the labels of its group.
fn nodes(variables: &Value) -> Vec<Value> {
    let mut nodes = Vec::new();
    for (name, group) in variables["node_groups"].as_object().expect("there are groups") {
        for number in 0..group["desired_size"].as_u64().expect("it is a number") {
            let mut labels = group["labels"].clone();
            let hostname = format!("ip-{name}-{number}");
            labels["kubernetes.io/hostname"] = json!(hostname);
            labels["topology.kubernetes.io/zone"] = group["zones"][0].clone();
            labels["node.kubernetes.io/instance-type"] = group["instance_types"][0].clone();
            let allocatable = json!({"cpu": "3920m", "memory": "14Gi", "pods": "58"});
            assert_eq!(group["instance_types"], json!(["general-4"]), "what allocatable is for");
            let status = json!({"allocatable": allocatable, "capacity": allocatable});
            nodes.push(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": hostname, "labels": labels}, "status": status}));
        }
    }
    nodes
}

#[test]
fn the_nodes_of_the_variables_and_the_patches_give_the_fleet_again() {
    let variables: Value = serde_json::from_str(&sized("tfvars").0).expect("it is JSON");
    let fleet = nodes(&variables);
    let size: Value = serde_json::from_str(&sized("json").0).expect("it is JSON");
    assert_eq!(size["count"], fleet.len());
    let patches = documents(&sized("patch").0);
    let objects = patched(manifests("fixtures/cli/size.yaml"), &patches).into_iter().chain(fleet).collect();
    let got = places(&said(&["schedule", &written("sized.json", objects), "-o", "json"]).0);
    let group = |node: &str| node.trim_start_matches("ip-").rsplit_once('-').map_or(node.to_owned(), |(group, _)| group.to_owned());
    let view: Value = serde_json::from_str(&said(&[&SIZE[..], &["-o", "json", "--realise"]].concat()).0).expect("it is JSON");
    let workloads = view["realisation"]["workloads"].as_array().expect("there are workloads");
    assert_eq!(workloads.len(), 4);
    for own in workloads {
        assert_eq!(own["realised"], true, "{own}");
        let name = |key: &str| own[key].as_str().expect("it has one").to_owned();
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        for (node, pods) in &got[&format!("{}/{} ({})", name("namespace"), name("name"), name("kind"))] {
            *groups.entry(group(node)).or_default() += pods;
        }
        groups.remove("no node");
        let wanted: BTreeMap<String, usize> = own["places"]
            .as_array()
            .expect("there are places")
            .iter()
            .map(|place| (place["on"].as_str().expect("it has one").to_owned(), place["pods"].as_u64().expect("a number") as usize))
            .collect();
        assert_eq!(groups, wanted, "{own}");
    }
}

#[test]
fn machine_deployments_and_node_pools_are_the_same_fleet() {
    let variables: Value = serde_json::from_str(&sized("tfvars").0).expect("it is JSON");
    let groups = variables["node_groups"].as_object().expect("there are groups");
    let (text, stderr) = sized("machine-deployments");
    let deployments = documents(&text);
    assert_eq!(deployments.len(), groups.len());
    for parameter in ["CLUSTER_NAME", "NAMESPACE", "KUBERNETES_VERSION", "INFRASTRUCTURE_TEMPLATE_KIND", "BOOTSTRAP_TEMPLATE_NAME"] {
        assert!(text.contains(&format!("${{{parameter}}}")) && stderr.contains(&format!("to fill in: ${{{parameter}}}")), "{parameter}");
    }
    for deployment in &deployments {
        let name = deployment["metadata"]["name"].as_str().expect("it has one").trim_start_matches("${CLUSTER_NAME}-");
        let group = &groups[name];
        assert_eq!(deployment["apiVersion"], "cluster.x-k8s.io/v1beta2");
        assert_eq!(deployment["spec"]["replicas"], group["desired_size"]);
        assert_eq!(deployment["spec"]["template"]["spec"]["failureDomain"], group["zones"][0]);
        for bound in ["min", "max"] {
            let annotation = format!("cluster.x-k8s.io/cluster-api-autoscaler-node-group-{bound}-size");
            assert_eq!(deployment["metadata"]["annotations"][annotation], json!(group["desired_size"].to_string()));
        }
        let (selector, labels) = (&deployment["spec"]["selector"]["matchLabels"], &deployment["spec"]["template"]["metadata"]["labels"]);
        assert!(selector.as_object().expect("it selects").iter().all(|(key, value)| labels[key] == *value), "it selects its own");
        for reference in [
            &deployment["spec"]["template"]["spec"]["infrastructureRef"],
            &deployment["spec"]["template"]["spec"]["bootstrap"]["configRef"],
        ] {
            let keys: Vec<&String> = reference.as_object().expect("it is there").keys().collect();
            assert_eq!(keys, ["apiGroup", "kind", "name"], "v1beta2 refers without a version");
        }
    }
    let pools = documents(&sized("node-pools").0);
    assert_eq!(pools.len(), groups.len());
    for pool in &pools {
        let name = pool["metadata"]["name"].as_str().expect("it has one");
        let group = &groups[name];
        let is_label =
            name.len() <= 63 && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
        assert!(is_label, "{name}");
        assert_eq!(pool["apiVersion"], "karpenter.sh/v1");
        let count = group["desired_size"].as_u64().expect("a number");
        assert_eq!(pool["spec"]["limits"]["nodes"], json!(count.to_string()));
        assert_eq!(pool["spec"]["limits"]["cpu"], json!((4 * count).to_string()), "machines of 3920m have 4 cores");
        let requirements = pool["spec"]["template"]["spec"]["requirements"].as_array().expect("it asks for something");
        let value = |key: &str| requirements.iter().find(|own| own["key"] == key).map(|own| own["values"].clone());
        assert_eq!(value("node.kubernetes.io/instance-type"), Some(group["instance_types"].clone()));
        assert_eq!(value("topology.kubernetes.io/zone"), Some(group["zones"].clone()));
        assert_eq!(pool["spec"]["template"]["metadata"]["labels"], group["labels"]);
    }
}

#[test]
fn limits_are_of_machines_where_the_catalogue_knows_them() {
    let catalogue = written_text(
        "machines.yaml",
        "types:\n- {name: m5.large, capacity: {cpu: 2, memory: 8Gi, pods: 29}, price: 0.1, capacityType: spot, labels: {team: blue, kubernetes.io/os: linux}, taints: ['dedicated=shop:NoSchedule']}\n",
    );
    let manifest = written_text(
        "tolerant.yaml",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 4, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {tolerations: [{operator: Exists}], containers: [{name: web, resources: {requests: {cpu: 600m, memory: 1Gi}}}]}}}}\n",
    );
    let arguments =
        ["size", &manifest, "--catalogue", &catalogue, "--zones", "eu-west-1a", "--capacity-types", "spot", "--survive", "none"];
    let pool = documents(&said(&[&arguments[..], &["-o", "node-pools"]].concat()).0).remove(0);
    let nodes: i64 = pool["spec"]["limits"]["nodes"].as_str().expect("it is text").parse().expect("it is a number");
    let limits = json!({"cpu": (2 * nodes).to_string(), "memory": format!("{}Mi", 8192 * nodes), "nodes": nodes.to_string()});
    assert_eq!(pool["spec"]["limits"], limits);
    let template = &pool["spec"]["template"];
    let labels = json!({"plimsoll.dev/node-group": "m5-large-spot-eu-west-1a", "team": "blue"});
    assert_eq!(template["metadata"]["labels"], labels, "the kubelet's own labels are not set");
    assert_eq!(template["spec"]["taints"], json!([{"key": "dedicated", "value": "shop", "effect": "NoSchedule"}]));
    let variables: Value = serde_json::from_str(&said(&[&arguments[..], &["-o", "tfvars"]].concat()).0).expect("it is JSON");
    let group = &variables["node_groups"]["m5-large-spot-eu-west-1a"];
    assert_eq!((&group["capacity_type"], &group["labels"]), (&json!("SPOT"), &labels));
    let taint = json!({"dedicated:NoSchedule": {"key": "dedicated", "value": "shop", "effect": "NO_SCHEDULE"}});
    assert_eq!(group["taints"], taint);
}

fn written_text(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("it can be written");
    path.to_str().expect("its name is UTF-8").to_owned()
}

#[test]
fn nothing_is_exported_of_a_plan_that_does_not_hold() {
    let arguments = ["size", "fixtures/cli/size.yaml", "--catalogue", "fixtures/cli/types.csv", "--zones", "a", "--survive", "zone"];
    let (variables, _, exit) = said(&[&arguments[..], &["-o", "tfvars"]].concat());
    assert_eq!((variables.as_str(), exit), ("{\n  \"node_groups\": {}\n}\n", 1));
    let (pools, ..) = said(&[&arguments[..], &["-o", "node-pools"]].concat());
    assert_eq!(pools, "# no group: no fleet was found that holds\n");
}

#[test]
fn commands_say_who_writes_what_they_do_not() {
    for (command, format, other) in [
        ("lose", "tfvars", "`plimsoll size` or `plimsoll plan`"),
        ("schedule", "node-pools", "`plimsoll size` or `plimsoll plan`"),
        ("drain", "patch", "`plimsoll schedule`"),
        ("fit", "kustomize", "`plimsoll schedule`"),
    ] {
        let (stdout, stderr, exit) = said(&[command, "-o", format]);
        assert_eq!((stdout.as_str(), exit), ("", 2), "{command} -o {format}");
        assert!(stderr.contains(other), "{stderr}");
    }
    let (_, stderr, exit) = said(&["schedule", "--samples", "3", "-o", "patch"]);
    assert!(exit == 2 && stderr.contains("--samples draws many placements"), "{stderr}");
}

#[test]
fn a_placement_is_drawn_with_every_node_and_pod() {
    let (dot, ..) = said(&["schedule", "fixtures/cli/realise.yaml", "-o", "dot"]);
    let schedule: Value = serde_json::from_str(&said(&["schedule", "fixtures/cli/realise.yaml", "-o", "json"]).0).expect("it is JSON");
    for pod in schedule["pods"].as_array().expect("there are pods") {
        assert!(dot.contains(&format!("\"Pod {}\"", pod["pod"].as_str().expect("it has a name"))), "{pod}");
    }
    for node in schedule["nodes"].as_array().expect("there are nodes") {
        assert!(dot.contains(&format!("label=\"node {}, ", node["node"].as_str().expect("it has a name"))), "{node}");
    }
    assert!(dot.contains("label=\"zone a\"") && dot.matches('{').count() == dot.matches('}').count());
    let (fleet, _) = sized("dot");
    assert!(fleet.contains("label=\"node general-4-a-1, general-4\"") && fleet.contains("label=\"no node\""), "{fleet}");
}

#[test]
fn a_placement_as_csv_names_pod_and_place_in_columns_of_their_own() {
    let (csv, ..) = said(&["schedule", "fixtures/cli/realise.yaml", "-o", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("pod,workload,state,node,bestNodes,cpuMilli,memoryBytes,message,namespace,name,nodeType,zone"));
    assert!(lines.any(|line| line.starts_with("shop/db-0,") && line.ends_with(",shop,db-0,m5.large,b")), "{csv}");
}

/// What realises the placement of some manifests, held to a promise.
fn realised(text: &str, promise: Option<realisation::Promise<'_>>) -> Realisation {
    let mut objects = read_str("given.yaml", text).objects;
    plimsoll::controllers::expand(&mut objects);
    plimsoll::admission::admit(&mut objects);
    let (cluster, profiles) = prepare(&objects, &Default::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    scheduler.run(|_, _| ());
    let place = |pod| scheduler.occupancy().node_of(pod).map(|node| cluster.node_name(node).to_owned());
    let mut places = vec![None; objects.pods.len()];
    cluster.pod_ids().for_each(|pod| places[cluster.pod(pod).object] = place(pod));
    realise(&realisation::Question {
        objects: &objects,
        written: &Written::Everything,
        places: &places,
        groups: &BTreeMap::new(),
        namespaces: &[],
        sets_replicas: false,
        promise,
        configuration: &Default::default(),
        options: Options::default(),
    })
}

#[test]
fn changes_keep_to_what_was_promised() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cli/realise.yaml")).expect("it is there");
    let required = |objects: &Objects| {
        let affinity = objects.pods.iter().filter(|pod| pod.metadata.name.starts_with("batch-"));
        affinity
            .filter_map(|pod| pod.spec.affinity.as_ref()?.node_affinity.as_ref())
            .any(|own| own.required_during_scheduling_ignored_during_execution.is_some())
    };
    let batch = |realisation: &Realisation| {
        let own = realisation.workloads.iter().find(|own| own.planned.workload.name == "batch").expect("it is placed");
        (own.is_realised(), own.change.as_ref().is_some_and(|change| change.is_required()))
    };
    let free = realised(&text, None);
    assert_eq!((free.kept, batch(&free)), (Kept::All, (true, true)), "wishes do not outdo the taint");
    let soft = realised(&text, Some(&|objects| !required(objects)));
    assert_eq!((soft.kept, batch(&soft)), (Kept::Wishes, (false, false)));
    assert!(soft.workloads.iter().flat_map(|own| &own.change).all(|change| !change.is_required()));
    let none = realised(&text, Some(&|_| false));
    assert_eq!(none.kept, Kept::Nothing);
    assert!(none.workloads.iter().all(|own| own.change.is_none()));
}

/// A node of a zone, with labels that say so.
fn node(name: &str, zone: &str, cpu: u32) -> String {
    format!(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}, topology.kubernetes.io/zone: {zone}}}}}, status: {{allocatable: {{cpu: '{cpu}', memory: 64Gi, pods: '50'}}}}}}\n---\n"
    )
}

/// A Deployment that prefers to be far from its own kind, or has some other scheduling of its own.
fn deployment(name: &str, replicas: u32, cpu: u32, spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: x}}, spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{{spec}containers: [{{name: c, resources: {{requests: {{cpu: {cpu}m}}}}}}]}}}}}}}}\n---\n"
    )
}

#[test]
fn what_a_template_asked_for_before_is_still_asked_for() {
    let before = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: NotIn, values: [c]}]}, {matchExpressions: [{key: never, operator: Exists}]}]}}}, topologySpreadConstraints: [{maxSkew: 5, topologyKey: rack, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: late}}}], ";
    // whoever comes first takes the large node, and the others have to go where they would not
    let text = node("a", "a", 8)
        + &node("b", "b", 4)
        + &node("c", "c", 8)
        + &deployment("early", 2, 3600, "")
        + &deployment("late", 3, 1200, before);
    let realisation = realised(&text, None);
    let late = realisation.workloads.iter().find(|own| own.planned.workload.name == "late").expect("it is placed");
    assert!(late.is_realised(), "{late:?}");
    let Some(change) = &late.change else { panic!("it is a matter of order: {late:?}") };
    if let Some(terms) = &change.required {
        assert!(terms.iter().all(|term| term.match_expressions.len() > 1), "each holds what was asked before: {terms:?}");
    }
    if let Some(spread) = &change.spread {
        assert_eq!((spread[0].topology_key.as_str(), spread[0].max_skew, change.spread_before), ("rack", 5, 1));
    }
}

#[test]
fn the_same_plan_gives_the_same_changes_on_any_number_of_threads() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cli/realise.yaml")).expect("it is there");
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread").install(|| realised(&text, None));
    assert_eq!(alone, realised(&text, None));
}
