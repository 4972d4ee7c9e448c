//! What changes from a base to a head, held against what other commands say of each side by itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

const CLUSTER: &str = "fixtures/cli/diff/cluster.yaml";
const BASE: &str = "fixtures/cli/diff/base.yaml";
const HEAD: &str = "fixtures/cli/diff/head.yaml";

/// What a command writes to stdout, and how it ends.
fn plimsoll(arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env("NO_COLOR", "1");
    let output = command.output().expect("the program starts");
    (String::from_utf8(output.stdout).expect("it is UTF-8"), output.status.code().expect("it was not killed"))
}

fn json(arguments: &[&str]) -> Value {
    let (text, _) = plimsoll(&[arguments, &["-o", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn diff(base: &str, head: &str) -> Value {
    json(&["diff", base, head, "--cluster", CLUSTER, "--only", "single-replica"])
}

/// A file of these lines in the folder for what tests write.
fn written(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the folder for tests can be written to");
    path
}

#[test]
fn an_input_differs_in_nothing_from_itself() {
    let inputs = ["fixtures/cli/loss.yaml", "fixtures/cli/pending.yaml", "fixtures/cli/drain.yaml", "fixtures/cli/what-if-cluster.yaml"];
    for input in inputs.into_iter().chain(["fixtures/cli/no-nodes.yaml", "fixtures/data-platform/target", BASE, HEAD]) {
        let (text, exit) = plimsoll(&["diff", input, input]);
        assert_eq!(exit, 0, "{input}: {text}");
        let view = json(&["diff", input, input]);
        for key in ["worse", "workloads", "pods", "nodes"] {
            assert!(list(&view, key).is_empty(), "{input}: {key}: {}", view[key]);
        }
        assert!(list(&view["findings"], "new").is_empty() && list(&view["findings"], "mended").is_empty(), "{input}");
        assert_eq!(view["before"], view["after"], "{input}");
        assert!(list(&view, "survivability").iter().all(|kind| list(kind, "workloads").is_empty()), "{input}");
    }
}

#[test]
fn pods_are_where_schedule_has_them() {
    let view = diff(BASE, HEAD);
    let placed = |manifests: &str| {
        let schedule = json(&["schedule", CLUSTER, manifests]);
        let pods = list(&schedule, "pods").iter();
        pods.map(|pod| (pod["pod"].as_str().unwrap().to_owned(), pod["node"].as_str().map(str::to_owned))).collect::<BTreeSet<_>>()
    };
    let (before, after) = (placed(BASE), placed(HEAD));
    let mut said = before.clone();
    for pod in list(&view, "pods") {
        let node = |key: &str| pod[key].as_str().map(str::to_owned);
        let name = pod["pod"].as_str().unwrap().to_owned();
        if let Some(from) = node("from") {
            let old = pod["replaces"].as_str().unwrap_or(&name).to_owned();
            assert!(said.remove(&(old.clone(), Some(from))), "{old} was not there: {pod}");
        }
        if pod["change"] != "goes" {
            said.insert((name, node("to")));
        }
    }
    assert_eq!(said, after, "what was, with what is said to change, is what is");
    let pending = after.iter().filter(|(_, node)| node.is_none()).count();
    let told = list(&view, "worse").iter().filter(|worse| worse["what"] == "pending").count();
    assert_eq!((pending, told), (1, 1));
}

#[test]
fn losses_are_survived_as_lose_says() {
    let view = diff(BASE, HEAD);
    for kind in list(&view, "survivability") {
        let each = kind["each"].as_str().unwrap();
        for (side, manifests) in [("before", BASE), ("after", HEAD)] {
            let losses = json(&["lose", CLUSTER, manifests, "--each", each]);
            assert_eq!(kind[side]["survived"], losses["survived"], "{side}, {each}");
            assert_eq!(kind[side]["losses"], losses["asked"], "{side}, {each}");
            // who finds no node after some loss does not survive it
            let pending = list(&losses, "losses").iter().flat_map(|loss| list(loss, "pending"));
            let falls: BTreeSet<&str> = pending.map(|pod| pod["workload"].as_str().unwrap()).collect();
            if side == "after" {
                for fate in list(kind, "workloads") {
                    let object = &fate["object"];
                    let text = |key: &str| object[key].as_str().unwrap().to_owned();
                    let name = format!("{}/{} ({})", text("namespace"), text("name"), text("kind"));
                    assert_eq!(fate["change"] != "won", falls.contains(name.as_str()), "{name}, {each}");
                }
            }
        }
    }
}

#[test]
fn what_one_way_loses_the_other_way_wins() {
    let names = |view: &Value, change: &str| {
        let kinds = list(view, "survivability").iter();
        let fates = kinds.flat_map(|kind| list(kind, "workloads").iter().map(|fate| (kind["each"].clone(), fate)));
        let those = fates.filter(|(_, fate)| fate["change"] == change);
        those.map(|(each, fate)| format!("{each} {}", fate["object"]["name"])).collect::<BTreeSet<String>>()
    };
    let (there, back) = (diff(BASE, HEAD), diff(HEAD, BASE));
    assert_eq!(names(&there, "lost"), names(&back, "won"));
    assert_eq!(names(&there, "won"), names(&back, "lost"));
    assert!(!names(&there, "lost").is_empty() && !names(&there, "won").is_empty());
    assert_eq!(list(&there["findings"], "mended").len(), list(&back["findings"], "new").len());
    assert_eq!(there["before"], back["after"]);
    assert!(list(&back, "worse").iter().all(|worse| worse["what"] == "survivability"), "a budget that lets go again is not worse");
}

#[test]
fn nodes_cost_what_the_list_of_prices_says() {
    let nodes = |types: &[&str]| {
        let node = |(number, name): (usize, &&str)| {
            format!(
                "{{apiVersion: v1, kind: Node, metadata: {{name: n{number}, labels: {{node.kubernetes.io/instance-type: {name}}}}}, \
                     status: {{allocatable: {{cpu: 2, memory: 4Gi, pods: 10}}}}}}\n"
            )
        };
        types.iter().enumerate().map(node).collect::<Vec<_>>().join("---\n")
    };
    let base = written("cost-base.yaml", &nodes(&["general-2", "general-4"]));
    let head = written("cost-head.yaml", &nodes(&["general-2", "compute-4", "compute-4", "unheard-of"]));
    let paths = [base.to_str().unwrap(), head.to_str().unwrap()];
    let view = json(&["diff", paths[0], paths[1], "--catalogue", "fixtures/cli/types.csv"]);
    // prices are those of fixtures/cli/types.csv: 0.096, 0.192, 0.170
    assert_eq!(view["before"]["costPerHour"].as_f64(), Some(0.288));
    assert_eq!(view["after"]["costPerHour"].as_f64(), Some(0.436));
    assert_eq!(view["after"]["unpriced"], serde_json::json!(["n3"]));
    assert_eq!((view["before"]["nodes"].as_u64(), view["after"]["nodes"].as_u64()), (Some(2), Some(4)));
}

/// What `check` says of manifests on the cluster, against a baseline.
fn check(manifests: &str, baseline: &str) -> (Value, i32) {
    let arguments = ["check", manifests, "--cluster", CLUSTER, "--baseline", baseline, "--only", "single-replica"];
    (json(&arguments), plimsoll(&arguments).1)
}

#[test]
fn what_a_baseline_has_does_not_fail_wherever_it_stands() {
    let base = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(BASE)).expect("it is there");
    let moved = written("moved.yaml", &format!("# a line more\n\n\n{base}"));
    let earlier = written("earlier.json", &plimsoll(&["check", BASE, "--cluster", CLUSTER, "--only", "single-replica", "-o", "json"]).0);
    for baseline in [BASE, earlier.to_str().unwrap()] {
        let (view, exit) = check(moved.to_str().unwrap(), baseline);
        assert_eq!((view["counts"]["known"].as_u64(), exit), (Some(1), 0), "{baseline}: {}", view["findings"]);
        assert_eq!(view["findings"][0]["state"], "known");
    }
    assert_eq!(
        plimsoll(&["check", moved.to_str().unwrap(), "--cluster", CLUSTER, "--only", "single-replica"]).1,
        1,
        "without a baseline it fails"
    );
    let second = base.replace("replicas: 3\n  selector: {matchLabels: {app: api}}", "replicas: 1\n  selector: {matchLabels: {app: api}}");
    assert_ne!(second, base);
    let second = written("second.yaml", &second);
    for baseline in [BASE, earlier.to_str().unwrap()] {
        let (view, exit) = check(second.to_str().unwrap(), baseline);
        assert_eq!((view["counts"]["known"].as_u64(), exit), (Some(1), 1), "{baseline}: a second one is new");
        let new: Vec<&Value> = list(&view, "findings").iter().filter(|finding| finding["state"] == "new").collect();
        assert!(new.iter().any(|finding| finding["object"]["name"] == "api"), "{baseline}: {new:?}");
    }
}

#[test]
fn what_gets_worse_without_being_a_finding_fails_too() {
    let (view, exit) = check(HEAD, BASE);
    let what: BTreeSet<&str> = list(&view["baseline"], "worse").iter().map(|worse| worse["what"].as_str().unwrap()).collect();
    assert_eq!(what, BTreeSet::from(["pending", "survivability", "eviction"]));
    assert_eq!(exit, 1);
    assert_eq!(list(&view["baseline"], "worse"), list(&diff(BASE, HEAD), "worse"), "check and diff say the same");
    let (view, exit) = check(HEAD, HEAD);
    assert_eq!((list(&view["baseline"], "worse").len(), exit), (0, 0), "what was bad before is not worse");
}

/// Two nodes that 1.34 and 1.36 score otherwise: the first is balanced with the pod, for the second it changes the balance for the better.
const UNEVEN: &str = "
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {allocatable: {cpu: 8, memory: 8Gi, pods: 20}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {allocatable: {cpu: 8, memory: 8Gi, pods: 20}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: lean, uid: lean}, spec: {nodeName: n2, containers: [{name: c, resources: {requests: {cpu: 100m, memory: 3Gi}}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: even, uid: even}, spec: {nodeName: n1, containers: [{name: c, resources: {requests: {cpu: 2, memory: 2Gi}}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: new}, spec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 100Mi}}}]}}
";

#[test]
fn versions_are_compared_in_the_same_state_and_ties_are_told_apart() {
    let uneven = written("uneven.yaml", UNEVEN);
    for input in [uneven.to_str().unwrap(), "fixtures/cli/pending.yaml", "fixtures/cli/chance.yaml", HEAD] {
        let (text, exit) =
            plimsoll(&["diff", "--kubernetes", "1.34", "--to", "1.36", input, "--cluster", CLUSTER, "-o", "json", "--samples", "5"]);
        let view: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{input}: {error}"));
        let number = |key: &str| view["summary"][key].as_u64().unwrap();
        assert_eq!(number("placements"), number("same") + number("ties") + number("other") + number("feasibility"), "{input}");
        assert_eq!(number("feasibility"), 0, "filters are the same in both versions: {input}");
        assert_eq!(exit, 0, "{input}: nothing gets worse");
        // a real difference is one that the score which differs between the versions makes, and no other
        for placement in list(&view, "placements").iter().filter(|placement| placement["verdict"] == "other") {
            let plugins: BTreeSet<&str> = list(placement, "scores").iter().map(|score| score["plugin"].as_str().unwrap()).collect();
            assert_eq!(plugins, BTreeSet::from(["NodeResourcesBalancedAllocation"]), "{input}: {placement}");
        }
        // where only one pod waits and there is no tie, both versions say by themselves where it goes
        if number("placements") == 1 && number("ties") == 0 {
            let node = |version: &str| {
                let schedule = json(&["schedule", input, CLUSTER, "--kubernetes", version]);
                list(&schedule, "pods").iter().find(|pod| pod["state"] == "placed").map(|pod| pod["node"].clone()).unwrap()
            };
            let placements = list(&view, "placements");
            match placements.first() {
                Some(placement) => assert_eq!([&placement["from"], &placement["to"]], [&node("1.34"), &node("1.36")], "{input}"),
                None => assert_eq!(node("1.34"), node("1.36"), "{input}"),
            }
        }
    }
}

#[test]
fn misuse_of_diff_is_told() {
    for misuse in [
        &["diff", BASE][..],
        &["diff", BASE, HEAD, CLUSTER],
        &["diff", "-", "-"],
        &["diff", "--to", "1.36", BASE],
        &["diff", "--to", "1.12", BASE],
        &["diff", BASE, "no/such/file.yaml"],
        &["check", BASE, "--baseline", "no/such/file.yaml"],
        &["check", BASE, "--assert", "no/such/file.yaml"],
        &["check", BASE, "--assert", BASE],
    ] {
        assert_eq!(plimsoll(misuse).1, 2, "{misuse:?}");
    }
}
