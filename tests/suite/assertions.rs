//! Every quantity that an assertion can bound: a bound that just holds and one that just does not, held against what other commands say or
//! what the test works out by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use plimsoll::check::assertions::EXPECTATIONS;
use plimsoll::check::read::assertions_str;
use serde_json::Value;

const CLUSTER: &str = "fixtures/cli/diff/cluster.yaml";
const BASE: &str = "fixtures/cli/diff/base.yaml";
const HEAD: &str = "fixtures/cli/diff/head.yaml";
const TYPES: &str = "fixtures/cli/types.csv";

fn plimsoll(arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env("NO_COLOR", "1");
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("it was not killed"))
}

fn json(arguments: &[&str]) -> Value {
    let (text, errors, _) = plimsoll(&[arguments, &["-o", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}{errors}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text: {value}"))
}

/// One assertion: `when` and `select` as they are written, a quantity and its bounds, and whether it is to hold.
struct Case {
    when: String,
    select: String,
    quantity: &'static str,
    bounds: String,
    holds: bool,
}

/// Four assertions: bounds at what is measured hold, bounds a little beyond do not.
fn brackets(quantity: &'static str, when: &str, select: &str, most: (f64, f64), least: (f64, f64)) -> Vec<Case> {
    let case = |bounds: String, holds: bool| Case { when: when.to_owned(), select: select.to_owned(), quantity, bounds, holds };
    vec![
        case(format!("atMost: {}", most.0), true),
        case(format!("atMost: {}", most.1), false),
        case(format!("atLeast: {}", least.0), true),
        case(format!("atLeast: {}", least.1), false),
    ]
}

/// The same of something that is counted.
fn counted(quantity: &'static str, when: &str, select: &str, most: usize, least: usize) -> Vec<Case> {
    let (most, least) = (most as f64, least as f64);
    let mut cases = brackets(quantity, when, select, (most, most - 1.0), (least, least + 1.0));
    // a count is never negative, and a bound below none is no bound
    cases.retain(|case| !case.bounds.contains('-') && case.bounds != "atLeast: 0");
    cases
}

/// Asks all of them at once, and compares each with what it is to be.
fn ask(name: &str, input: &[&str], cases: &[Case]) -> Vec<Value> {
    let assertion = |(number, case): (usize, &Case)| {
        let Case { when, select, quantity, bounds, .. } = case;
        format!("- {{name: a{number}, when: {{{when}}}, select: {{{select}}}, expect: {{{quantity}: {{{bounds}}}}}}}\n")
    };
    let rows: String = cases.iter().enumerate().map(assertion).collect();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("assertions-{name}.yaml"));
    std::fs::write(&path, format!("assertions:\n{rows}")).expect("the folder for tests can be written to");
    let view = json(&[&["check"], input, &["--assert", path.to_str().unwrap()]].concat());
    let outcomes = list(&view, "assertions").to_vec();
    assert_eq!(outcomes.len(), cases.len(), "{name}");
    for (outcome, case) in outcomes.iter().zip(cases) {
        let Case { when, select, quantity, bounds, .. } = case;
        assert_eq!(outcome["passed"], case.holds, "{name}: {quantity} {{{bounds}}} when {{{when}}} of {{{select}}}: {outcome}");
    }
    outcomes
}

/// Every quantity that the cases of this test and of others are about; the last test of them looks that none is missing.
const ASKED: &[&str] = &[
    "pendingPods",
    "placedPods",
    "readyPods",
    "zones",
    "hosts",
    "workloadsBelowQuorum",
    "workloadsBelowBudget",
    "failover",
    "outage",
    "disruptionsAllowed",
    "nodes",
    "utilization",
    "cpuUtilization",
    "memoryUtilization",
    "podsPerNode",
    "quotaUsage",
    "costPerHour",
    "neededCostPerHour",
    "neededNodes",
    "blockedNodes",
    "waves",
    "duration",
];

#[test]
fn every_quantity_has_its_cases() {
    let known: BTreeSet<&str> = EXPECTATIONS.iter().map(|expectation| expectation.name).collect();
    assert_eq!(known, ASKED.iter().copied().collect());
}

/// Where `schedule` puts every pod, and what it asks for.
struct Placed {
    node_of: BTreeMap<String, Option<String>>,
    requests: BTreeMap<String, BTreeMap<String, i64>>,
    allocatable: BTreeMap<String, BTreeMap<String, i64>>,
    zone_of: BTreeMap<String, String>,
    workload_of: BTreeMap<String, String>,
}

fn placed(input: &[&str]) -> Placed {
    let view = json(&[&["schedule"], input].concat());
    let amounts = |list: &[Value], amount: &str| -> BTreeMap<String, i64> {
        list.iter().map(|each| (text(each, "resource").to_owned(), each[amount].as_i64().unwrap())).collect()
    };
    let pods = || list(&view, "pods").iter().map(|pod| (text(pod, "pod").to_owned(), pod));
    let nodes = || list(&view, "nodes").iter().map(|node| (text(node, "node").to_owned(), node));
    Placed {
        node_of: pods().map(|(name, pod)| (name, pod["node"].as_str().map(str::to_owned))).collect(),
        requests: pods().map(|(name, pod)| (name, amounts(list(pod, "requests"), "amount"))).collect(),
        allocatable: nodes().map(|(name, node)| (name, amounts(list(node, "resources"), "allocatable"))).collect(),
        zone_of: nodes().map(|(name, node)| (name, node["zone"].as_str().unwrap_or("-").to_owned())).collect(),
        workload_of: pods().map(|(name, pod)| (name, text(pod, "workload").to_owned())).collect(),
    }
}

impl Placed {
    /// How full the fullest node is of these resources, added up pod by pod, in percent.
    fn fullest(&self, resources: &[&str], is_left: impl Fn(&str) -> bool) -> f64 {
        let mut used: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for (pod, node) in &self.node_of {
            let Some(node) = node else { continue };
            resources
                .iter()
                .for_each(|resource| *used.entry((node, resource)).or_default() += self.requests[pod].get(*resource).unwrap_or(&0));
        }
        let share = |(&(node, resource), &used): (&(&str, &str), &i64)| used as f64 / self.allocatable[node][resource] as f64 * 100.0;
        used.iter().filter(|((node, _), _)| is_left(node)).map(share).fold(0.0, f64::max)
    }

    /// The pods as a loss leaves them.
    fn after(&self, loss: &Value) -> Placed {
        let lost: BTreeSet<&str> = list(loss, "nodes").iter().map(|node| node.as_str().unwrap()).collect();
        let moved: BTreeMap<&str, Option<&str>> = list(loss, "moves").iter().map(|pod| (text(pod, "pod"), pod["to"].as_str())).collect();
        let node_of = self.node_of.iter().map(|(pod, node)| {
            let stays = node.clone().filter(|node| !lost.contains(node.as_str()));
            (pod.clone(), moved.get(pod.as_str()).map_or(stays, |to| to.map(str::to_owned)))
        });
        Placed {
            node_of: node_of.collect(),
            requests: self.requests.clone(),
            allocatable: self.allocatable.clone(),
            zone_of: self.zone_of.clone(),
            workload_of: self.workload_of.clone(),
        }
    }

    fn spread(&self, workload: &str, place: impl Fn(&str) -> String) -> usize {
        let own = self.node_of.iter().filter(|(pod, _)| self.workload_of[*pod] == workload);
        own.filter_map(|(_, node)| node.as_deref().map(&place)).collect::<BTreeSet<String>>().len()
    }
}

fn percent(quantity: &'static str, when: &str, most: f64) -> Vec<Case> {
    // a percent is written as such
    let share = |percent: f64| format!("atMost: {percent}%");
    let case = |bounds: String, holds: bool| Case { when: when.to_owned(), select: String::new(), quantity, bounds, holds };
    vec![case(share(most + 0.001), true), case(share(most - 0.001), false)]
}

#[test]
fn nodes_are_as_full_as_their_pods_make_them() {
    let (input, before) = (["check-me", CLUSTER, BASE], placed(&[CLUSTER, BASE]));
    let mut cases = Vec::new();
    for (quantity, resources) in [("utilization", &["cpu", "memory"][..]), ("cpuUtilization", &["cpu"]), ("memoryUtilization", &["memory"])]
    {
        cases.extend(percent(quantity, "", before.fullest(resources, |_| true)));
        for each in ["node", "zone"] {
            let losses = json(&["lose", CLUSTER, BASE, "--each", each]);
            let after = list(&losses, "losses").iter().map(|loss| {
                let lost: Vec<&str> = list(loss, "nodes").iter().map(|node| node.as_str().unwrap()).collect();
                before.after(loss).fullest(resources, |node| !lost.contains(&node))
            });
            cases.extend(percent(quantity, &format!("lost: {each}"), after.fold(0.0, f64::max)));
        }
    }
    let crowd = |node: &String| before.node_of.values().flatten().filter(|of| *of == node).count();
    let crowds: Vec<usize> = before.allocatable.keys().map(crowd).collect();
    cases.extend(counted("podsPerNode", "", "", *crowds.iter().max().unwrap(), *crowds.iter().min().unwrap()));
    cases.extend(counted("nodes", "", "", 3, 3));
    ask("nodes", &input[1..], &cases);
}

#[test]
fn pods_are_counted_before_and_after_losses() {
    for manifests in [BASE, HEAD] {
        let before = placed(&[CLUSTER, manifests]);
        let on_nodes = before.node_of.values().flatten().count();
        let waiting = before.node_of.len() - on_nodes;
        let mut cases = counted("placedPods", "", "", on_nodes, on_nodes);
        cases.extend(counted("pendingPods", "", "", waiting, waiting));
        let losses = json(&["lose", CLUSTER, manifests]);
        let pending: Vec<usize> = list(&losses, "losses").iter().map(|loss| list(loss, "pending").len()).collect();
        // who waits before any loss waits after it, unless the loss helps
        assert!(list(&losses, "losses").iter().all(|loss| loss["helped"] == 0), "these inputs are chosen so that no loss helps");
        cases.extend(counted(
            "pendingPods",
            "lost: node",
            "",
            pending.iter().max().unwrap() + waiting,
            pending.iter().min().unwrap() + waiting,
        ));
        let left: Vec<usize> = list(&losses, "losses").iter().map(|loss| before.after(loss).node_of.values().flatten().count()).collect();
        cases.extend(counted("placedPods", "lost: node", "", *left.iter().max().unwrap(), *left.iter().min().unwrap()));
        // a selection sees its own pods only
        let api = list(&losses, "losses")
            .iter()
            .map(|loss| list(loss, "pending").iter().filter(|pod| text(pod, "pod").contains("/api-")).count());
        let (most, least) = (api.clone().max().unwrap(), api.min().unwrap());
        cases.extend(counted("pendingPods", "lost: node", "workloads: [\"shop/api\"]", most, least));
        cases.extend(counted("placedPods", "", "workloads: [\"Deployment/*/*\"], labels: {app: api}", 3, 3));
        ask("pods", &[CLUSTER, manifests], &cases);
    }
}

#[test]
fn workloads_are_spread_and_left_with_what_lose_says() {
    let before = placed(&[CLUSTER, BASE]);
    let mut cases = Vec::new();
    for (workload, pattern) in [("shop/db (StatefulSet)", "shop/db"), ("shop/report (Deployment)", "report")] {
        let select = format!("workloads: [{pattern}]");
        let zones = before.spread(workload, |node| before.zone_of[node].clone());
        let hosts = before.spread(workload, str::to_owned);
        cases.extend(counted("zones", "", &select, zones, zones));
        cases.extend(counted("hosts", "", &select, hosts, hosts));
    }
    let losses = json(&["lose", CLUSTER, BASE]);
    let fallen = |of: &Value, states: &[&str]| list(of, "fallen").iter().filter(|hit| states.contains(&text(hit, "state"))).count();
    let each = |states: &[&str]| list(&losses, "losses").iter().map(|loss| fallen(loss, states)).collect::<Vec<_>>();
    let down = each(&["zero", "belowQuorum"]);
    cases.extend(counted("workloadsBelowQuorum", "lost: node", "", *down.iter().max().unwrap(), *down.iter().min().unwrap()));
    cases.extend(counted("workloadsBelowQuorum", "", "", 0, 0));
    // api has three pods on three nodes and a budget of two: no loss of one node breaks it, the loss of two does
    cases.extend(counted("workloadsBelowBudget", "lost: node", "workloads: [shop/api]", 0, 0));
    cases.extend(counted("workloadsBelowBudget", "lost: node, count: 2", "workloads: [shop/api]", 1, 1));
    cases.extend(counted("readyPods", "", "workloads: [shop/api]", 3, 3));
    cases.extend(counted("readyPods", "lost: node", "workloads: [shop/api]", 2, 2));
    cases.extend(counted("readyPods", "lost: node, count: 2", "workloads: [shop/api]", 1, 1));
    cases.extend(counted("readyPods", "lost: node, only: [a]", "workloads: [shop/api]", 2, 2));
    ask("spread", &[CLUSTER, BASE], &cases);
}

#[test]
fn times_are_those_of_lose() {
    // a StatefulSet waits for somebody to delete the node, so it is left out here
    let base = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(BASE)).expect("it is there");
    let others: Vec<&str> = base.split("---\n").filter(|document| !document.contains("kind: StatefulSet")).collect();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("without-sets.yaml");
    std::fs::write(&path, others.join("---\n")).expect("the folder for tests can be written to");
    let manifests = path.to_str().unwrap();
    let losses = json(&["lose", CLUSTER, manifests]);
    for (quantity, key) in [("failover", "recovery"), ("outage", "outage")] {
        let times = list(&losses, "losses").iter().map(|loss| loss[key]["most"].as_f64().expect("all of them end"));
        let (most, least) = (times.clone().fold(0.0, f64::max), times.fold(f64::MAX, f64::min));
        let mut cases = brackets(quantity, "lost: node", "", (most, most - 1.0), (least, least + 1.0));
        cases.retain(|case| case.bounds != "atLeast: 0");
        ask(quantity, &[CLUSTER, manifests], &cases);
    }
    // what never ends by itself is longer than any time
    let never =
        Case { when: "lost: node".into(), select: String::new(), quantity: "failover", bounds: "atMost: 9999h".into(), holds: false };
    let outcome = &ask("never", &["fixtures/cli/loss.yaml"], &[never])[0];
    assert!(text(outcome, "message").contains("never by itself"), "{outcome}");
}

#[test]
fn budgets_and_drains_are_those_of_drain() {
    let drain = json(&["drain", CLUSTER, BASE, "--ignore-daemonsets", "--delete-emptydir-data", "--force"]);
    let waves = list(&drain, "waves").len();
    let seconds = drain["seconds"].as_f64().expect("it says how long");
    let mut cases = counted("waves", "drained: all", "", waves, waves);
    cases.extend(brackets("duration", "drained: all", "", (seconds, seconds - 1.0), (seconds, seconds + 1.0)));
    cases.extend(counted("blockedNodes", "drained: all", "", 0, 0));
    // two of three must stay
    cases.extend(counted("disruptionsAllowed", "", "", 1, 1));
    ask("drain", &[CLUSTER, BASE], &cases);
    // in the head all three must stay, so no node with one of them can be drained
    let drain = json(&["drain", CLUSTER, HEAD, "--ignore-daemonsets", "--delete-emptydir-data", "--force"]);
    let named = |node: &Value| node.as_str().or(node["node"].as_str()).map(str::to_owned).expect("nodes have names");
    let blocked: BTreeSet<String> = list(&drain, "blocked").iter().flat_map(|blocked| list(blocked, "nodes")).map(named).collect();
    let mut cases = counted("blockedNodes", "drained: all", "", blocked.len(), blocked.len());
    assert_eq!(blocked.len(), 3);
    cases.push(Case { when: "drained: all".into(), select: String::new(), quantity: "waves", bounds: "atMost: 1000".into(), holds: false });
    cases.push(Case {
        when: String::new(),
        select: String::new(),
        quantity: "disruptionsAllowed",
        bounds: "atLeast: 1".into(),
        holds: false,
    });
    ask("drain-head", &[CLUSTER, HEAD], &cases);
}

#[test]
fn money_is_counted_by_the_catalogue_and_needs_by_size() {
    // three nodes of general-2, 0.096 each
    let mut cases = brackets("costPerHour", "", "", (0.288, 0.287), (0.288, 0.289));
    for (when, survive) in [("", "none"), ("lost: node", "node")] {
        let size = json(&["size", CLUSTER, BASE, "--catalogue", TYPES, "--survive", survive]);
        let (cost, nodes) = (size["cost"]["perHour"].as_f64().unwrap(), size["count"].as_u64().unwrap() as usize);
        cases.extend(brackets("neededCostPerHour", when, "", (cost, cost - 0.001), (cost, cost + 0.001)));
        cases.extend(counted("neededNodes", when, "", nodes, nodes));
    }
    ask("money", &[CLUSTER, BASE, "--catalogue", TYPES], &cases);
    let unknown = Case { when: String::new(), select: String::new(), quantity: "costPerHour", bounds: "atMost: 99".into(), holds: false };
    let outcome = &ask("no-prices", &[CLUSTER, BASE], &[unknown])[0];
    assert!(text(outcome, "message").contains("prices are not known"), "{outcome}");
}

#[test]
fn quotas_and_autoscalers_are_looked_at_at_their_most() {
    // four pods and one core are allowed, of which the dump has one pod and a fifth of a core
    let input = ["fixtures/cli/what-if-cluster.yaml"];
    let share = |bounds: &str, holds| Case {
        when: String::new(),
        select: "namespaces: [tight]".to_owned(),
        quantity: "quotaUsage",
        bounds: bounds.to_owned(),
        holds,
    };
    ask(
        "quota",
        &input,
        &[share("atMost: 25%", true), share("atMost: 24.9%", false), share("atLeast: 20%", true), share("atLeast: 20.1%", false)],
    );
    let target = ["fixtures/data-platform/target"];
    let pending = json(&["fit", "--hpa", target[0]])["maxPending"].as_u64().unwrap() as usize;
    let mut cases = counted("pendingPods", "autoscalers: max", "", pending, pending);
    let plan = json(&["plan", "--no-purchase", target[0]]);
    let bounds = list(&plan["clusters"][0]["quotas"], "bounds");
    assert!(!bounds.is_empty(), "the example has quotas");
    for (when, key) in [("", "now"), ("autoscalers: max", "atHpaMax"), ("rollout: all", "atRolloutPeak")] {
        let amount = |bound: &Value, key: &str| -> f64 {
            let quantity: plimsoll::manifest::Quantity = text(bound, key).parse().expect("it is an amount");
            quantity.nano() as f64
        };
        let most = bounds.iter().map(|bound| amount(bound, key) / amount(bound, "hard") * 100.0).fold(0.0, f64::max);
        cases.extend(percent("quotaUsage", when, most));
    }
    ask("at-most", &target, &cases);
}

#[test]
fn what_cannot_be_told_fails_and_says_why() {
    let case = |when: &str, select: &str, quantity, bounds: &str, holds| Case {
        when: when.to_owned(),
        select: select.to_owned(),
        quantity,
        bounds: bounds.to_owned(),
        holds,
    };
    let cases = [
        case("", "workloads: [\"typo/*\"]", "pendingPods", "atMost: 0", false),
        case("", "workloads: [\"typo/*\"], mayBeEmpty: true", "pendingPods", "atMost: 0", true),
        case("lost: rack", "", "pendingPods", "atMost: 9", false),
        case("lost: zone, only: [zone-9]", "", "pendingPods", "atMost: 9", false),
        case("lost: node, count: 9", "", "pendingPods", "atMost: 9", false),
    ];
    let outcomes = ask("untold", &[CLUSTER, BASE], &cases);
    assert!(text(&outcomes[0], "message").contains("no pod is selected by workloads typo/*"), "{}", outcomes[0]);
    let outcomes = ask("no-nodes", &[BASE], &[case("", "", "pendingPods", "atMost: 9", false)]);
    assert!(text(&outcomes[0], "message").contains("no nodes"), "{}", outcomes[0]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (wrong, line, column, words) in [
        ("- {name: a, expect: {pendingPod: {atMost: 0}}}", 4, 22, "pendingPod"),
        ("- {name: a, expect: {zones: {atmost: 3}}}", 4, 30, "atmost"),
        ("- {name: a, expect: {zones: {}}}", 4, 3, "no bound"),
        ("- {name: a, expect: {}}", 4, 3, "says nothing"),
        ("- {name: a, when: {lost: node}, expect: {zones: {atLeast: 3}}}", 4, 3, "cannot be asked"),
        ("- {name: a, when: {lost: node, drained: all}, expect: {waves: {atMost: 3}}}", 4, 3, "one thing"),
        ("- {name: a, when: {count: 2}, expect: {nodes: {atMost: 3}}}", 4, 3, "go with `lost`"),
        ("- {name: a, select: {namespaces: [shop]}, expect: {nodes: {atMost: 3}}}", 4, 3, "leave it out"),
        ("- {name: a, expect: {utilization: {atMost: much}}}", 4, 44, "70%"),
        ("- {name: a, expect: {nodes: {atMost: 3}}}\n- {name: a, expect: {nodes: {atMost: 4}}}", 5, 3, "two assertions"),
    ] {
        let document = format!("apiVersion: plimsoll.dev/v1\nkind: Assertions\nassertions:\n{wrong}\n");
        let problem = assertions_str("policies.yaml", &document).expect_err(wrong);
        let (text, location) = (problem.to_string(), &problem.location);
        assert!(text.contains(words), "{wrong}: {text}");
        assert_eq!((location.line(), location.column()), (line, column), "{wrong}: {text}");
    }
    assert!(assertions_str("p", "kind: Settings\nassertions: []").is_err() && assertions_str("p", "").is_err());
}

#[test]
fn a_failing_assertion_fails_the_check_unless_it_failed_before() {
    let policies = "fixtures/cli/diff/policies.yaml";
    let check = |manifests: &str, more: &[&str]| {
        let arguments =
            [&["check", manifests, "--cluster", CLUSTER, "--catalogue", TYPES, "--assert", policies, "--skip", "PL201"], more].concat();
        (json(&arguments), plimsoll(&arguments).2)
    };
    let states = |view: &Value| -> Vec<String> { list(view, "assertions").iter().map(|it| text(it, "state").to_owned()).collect() };
    let (view, exit) = check(BASE, &["--only", "PL101"]);
    assert_eq!((list(&view, "assertions").iter().all(|it| it["passed"] == true), exit), (true, 0), "{}", view["assertions"]);
    let (view, exit) = check(HEAD, &["--only", "PL101"]);
    let failing = list(&view, "assertions").iter().filter(|it| it["passed"] == false).count();
    assert!(failing >= 3 && exit == 1, "{}", view["assertions"]);
    let (view, exit) = check(HEAD, &["--only", "PL101", "--baseline", HEAD]);
    assert_eq!((states(&view).iter().filter(|state| *state == "known").count(), exit), (failing, 0));
    let (view, exit) = check(HEAD, &["--only", "PL101", "--baseline", BASE]);
    assert_eq!((states(&view).iter().filter(|state| *state == "worse").count(), exit), (failing, 1));
    let earlier = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("asserted.json");
    let (written, ..) =
        plimsoll(&["check", HEAD, "--cluster", CLUSTER, "--catalogue", TYPES, "--assert", policies, "--only", "PL101", "-o", "json"]);
    std::fs::write(&earlier, written).expect("the folder for tests can be written to");
    let (view, exit) = check(BASE, &["--only", "PL101", "--baseline", earlier.to_str().unwrap()]);
    assert_eq!((states(&view).iter().filter(|state| *state == "mended").count(), exit), (failing, 0));
}
