//! Catalogues: every format, what is made of nodes and what nodes are made of types, prices that are overridden.

use std::path::{Path, PathBuf};

use plimsoll::catalogue::{Catalogue, NodeType, Offering, embedded, parse_price, read};
use plimsoll::manifest::node::Node;
use plimsoll::manifest::read::{Problem, Severity};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/catalogue").join(name)
}

fn catalogue(name: &str) -> (Catalogue, Vec<Problem>) {
    read::read(&fixture(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// Problems as lines, with the file's name in place of its path.
fn lines(problems: &[Problem], name: &str) -> Vec<String> {
    let path = fixture(name).display().to_string();
    problems.iter().map(|problem| problem.to_string().replace(&path, name)).collect()
}

fn errors(problems: &[Problem]) -> Vec<String> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect()
}

fn amounts(node_type: &NodeType) -> String {
    let pairs = node_type.allocatable.iter().map(|(resource, amount)| format!("{resource}={amount}"));
    pairs.collect::<Vec<_>>().join(" ")
}

fn labels(node_type: &NodeType) -> String {
    node_type.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

fn offering(zone: Option<&str>, capacity_type: Option<&str>, price: &str, limit: Option<u32>) -> Offering {
    let own = |text: &str| text.to_owned();
    Offering { zone: zone.map(own), capacity_type: capacity_type.map(own), price_micros_hour: parse_price(price), limit }
}

#[test]
fn yaml_json_and_csv_say_the_same() {
    let (yaml, problems) = catalogue("own.yaml");
    assert_eq!(problems, []);
    assert_eq!(catalogue("own.json"), (yaml.clone(), vec![]));
    let (mut csv, problems) = catalogue("own.csv");
    assert_eq!(problems, []);
    // what a table has no column for; and a limit in each row is one of the row's offering
    for (of_csv, of_yaml) in csv.types.iter_mut().zip(&yaml.types) {
        of_csv.zone_labels.clone_from(&of_yaml.zone_labels);
        of_csv.volume_limits = of_yaml.volume_limits.clone();
        of_csv.limit = of_yaml.limit;
    }
    assert_eq!(csv, yaml);
    let [small, accelerated] = &yaml.types[..] else { panic!("{yaml:?}") };
    assert_eq!(amounts(small), "cpu=1930m ephemeral-storage=17Gi memory=7031Mi pods=29");
    assert_eq!(labels(small), "kubernetes.io/arch=amd64 kubernetes.io/os=linux node.kubernetes.io/instance-type=small pool=general");
    assert_eq!(small.offerings, [offering(Some("a"), None, "0.096", None), offering(Some("b"), None, "0.096", None)]);
    let (spot, on_demand) = (offering(Some("a"), Some("spot"), "0.918", Some(4)), offering(Some("a"), Some("on-demand"), "3.06", Some(10)));
    assert_eq!(accelerated.offerings, [spot, on_demand]);
    assert_eq!((accelerated.limit, accelerated.taints.len()), (Some(10), 2));
    assert_eq!(yaml.zones(), ["a", "b"]);
}

#[test]
fn what_is_wrong_with_a_type_is_said_and_the_others_are_kept() {
    let (read, problems) = catalogue("bad.yaml");
    let names: Vec<&str> = read.types.iter().map(|node_type| node_type.name.as_str()).collect();
    assert_eq!(names, ["good"]);
    let lines = lines(&problems, "bad.yaml");
    let expected = [
        "bad.yaml:9:22: error: allocatable.cpu: \"2 cores\" is not a quantity",
        "bad.yaml:10:3: error: a type without a name",
        "bad.yaml:13:10: error: price: \"cheap\" is not a price",
        "bad.yaml:14:3: error: bytes has only 8 bytes of memory",
        "bad.yaml:16:3: error: good is described a second time, differently (first in line 4)",
        "bad.yaml:22:3: warning: prize means nothing here",
        "bad.yaml:21:12: error: taints: not a taint",
        "bad.yaml:23:3: error: a type: a number, where a mapping is expected",
        "bad.yaml: note: nothing is said of how many pods run on",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    lines.iter().zip(expected).for_each(|(line, expected)| assert!(line.starts_with(expected), "{line}\n{expected}"));
}

#[test]
fn what_is_wrong_with_a_row_is_said_with_its_column() {
    let (read, problems) = catalogue("bad.csv");
    assert_eq!(read.types.len(), 1);
    let lines = lines(&problems, "bad.csv");
    let expected = [
        "bad.csv:1:1: warning: column \"colour\" means nothing here",
        "bad.csv:3:7: error: memory: \"8Gb\" is not a quantity",
        "bad.csv:4:10: error: cpu: \"x\" is not a quantity",
        "bad.csv:4:16: error: price: \"-1\" is not a price",
    ];
    lines.iter().zip(expected).for_each(|(line, expected)| assert!(line.starts_with(expected), "{line}\n{expected}"));
}

#[test]
fn what_holds_no_types_is_refused_with_what_would() {
    for (text, expected) in [
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("kind: Pod\nmetadata: {name: x}\n", "kind \"Pod\" holds no node types"),
        ("kind: Catalogue\n", "a Catalogue without types"),
        ("types: []\n", "no node types here"),
        ("types: 5\n", "types: a number, where a list is expected"),
        ("hello\n", "text, where a catalogue is expected"),
        ("kind: List\nitems: []\n", "no nodes in these lists"),
        ("{\"types\": [", "t:"),
        ("name,cpu\n", "no node types here"),
        ("table,key,value\npredefinedCpuPricePerHour,n2,0.03\n", "a table of prices in which no machine type is priced"),
        ("reserve: mine\ntypes:\n- {name: a, capacity: {cpu: 1, memory: 1Gi}}\n- {name: b}\n", "reserve: no rule is called"),
    ] {
        match read::read_str("t", text) {
            Err(problem) => assert!(problem.to_string().contains(expected), "{text:?}: {problem}"),
            Ok((_, problems)) => {
                assert!(errors(&problems).iter().any(|problem| problem.contains(expected)), "{text:?}: {problems:?}");
            }
        }
    }
    assert!(read::read(Path::new("/there/is/none")).is_err_and(|problem| problem.message.starts_with("cannot be read")));
}

#[test]
fn capacity_leaves_what_the_rule_leaves_and_says_so() {
    let text = "types:\n- {name: a, architecture: amd64, price: 1, capacity: {cpu: 4, memory: 16Gi, pods: 30, example.com/disk: 2}}\n\
                - {name: b, architecture: amd64, price: 1, reserve: {memory: 1Gi}, capacity: {cpu: 4, memory: 16Gi, pods: 30}}\n\
                - {name: c, architecture: amd64, price: 1, reserve: none, capacity: {cpu: 4, memory: 16Gi, pods: 30}}\n";
    let (read, problems) = read::read_str("t", text).expect("types");
    let cpu: Vec<i64> = read.types.iter().map(|node_type| node_type.allocatable.get("cpu").expect("it is there").milli()).collect();
    let memory: Vec<i64> =
        read.types.iter().map(|node_type| node_type.allocatable.get("memory").expect("it is there").units() >> 20).collect();
    assert_eq!((cpu, memory), (vec![3920, 4000, 4000], vec![13_621, 15_360, 16_384]));
    assert_eq!(read.types[0].allocatable.get("example.com/disk").expect("it is there").units(), 2);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].message.contains("what pods can have of") && problems.iter().all(|problem| problem.severity == Severity::Note));
}

#[test]
fn karpenters_types_have_its_overhead_labels_and_offerings() {
    let (read, problems) = catalogue("karpenter.json");
    let [node_type] = &read.types[..] else { panic!("{read:?}") };
    assert_eq!(amounts(node_type), "cpu=3900m ephemeral-storage=20Gi memory=8182Mi pods=64");
    let expected = [offering(Some("zone-a"), Some("on-demand"), "0.10859", None), offering(Some("zone-b"), Some("spot"), "0.076013", None)];
    assert_eq!(node_type.offerings, expected);
    assert_eq!(
        labels(node_type),
        "karpenter.kwok.sh/instance-cpu=4 karpenter.kwok.sh/instance-family=c karpenter.kwok.sh/instance-memory=8Gi \
         karpenter.kwok.sh/instance-size=4 karpenter.kwok.sh/instance-type=c-4x-arm64-linux kubernetes.io/arch=arm64 kubernetes.io/os=linux \
         node.kubernetes.io/instance-type=c-4x-arm64-linux"
    );
    assert!(matches!(&problems[..], [note] if note.message.contains("kwok provider")), "{problems:?}");
}

#[test]
fn a_table_of_amazons_types_is_read() {
    let (read, problems) = catalogue("aws.csv");
    let shown: Vec<String> = read.types.iter().map(amounts).collect();
    let expected = [
        "cpu=1930m ephemeral-storage=17Gi memory=6903Mi pods=29",
        "cpu=3920m ephemeral-storage=17Gi memory=14066Mi nvidia.com/gpu=2 pods=58",
        "amd.com/gpu=1 cpu=3920m ephemeral-storage=17Gi memory=14066Mi pods=58",
    ];
    assert_eq!(shown, expected);
    assert_eq!(read.types[0].offerings, [offering(None, Some("on-demand"), "0.125", None)]);
    assert_eq!(read.types[1].offerings[0].price_micros_hour, None);
    let of_gpu = labels(&read.types[1]);
    for label in ["instance-category=g", "instance-generation=9", "instance-gpu-name=l4", "instance-size=xlarge", "instance-family=g9d"] {
        assert!(of_gpu.contains(&format!("karpenter.k8s.aws/{label}")), "{of_gpu}");
    }
    assert!(of_gpu.contains("kubernetes.io/arch=arm64") && !labels(&read.types[0]).contains("gpu"));
    let lines = lines(&problems, "aws.csv");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("aws.csv:5:27: error: alloc_cpu_milli: \"many\" is not a whole number"));
    assert_eq!(lines[1], "aws.csv: note: nothing is said of the price of g9d.xlarge");
}

#[test]
fn a_table_of_azures_types_is_read_and_what_was_worked_out_is_said() {
    let (read, problems) = catalogue("azure.csv");
    let shown: Vec<String> = read.types.iter().map(amounts).collect();
    assert_eq!(shown, ["cpu=3860m memory=14034Mi pods=110", "cpu=5840m memory=112338Mi nvidia.com/gpu=1 pods=110"]);
    let lines = lines(&problems, "azure.csv");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert_eq!(lines[0], "azure.csv: note: left out, for this table gives them no memory: Standard_B1ls");
    assert!(lines[1].starts_with("azure.csv: note: what pods can have of all 2 types is worked out from what the machine has: AKS"));
    assert_eq!(lines[2], "azure.csv: note: nothing is said of the price of all 2 types");
}

#[test]
fn a_table_of_googles_prices_gives_the_predefined_types() {
    let (read, problems) = catalogue("google.csv");
    let [node_type] = &read.types[..] else { panic!("{read:?}") };
    assert_eq!((node_type.name.as_str(), amounts(node_type).as_str()), ("n2-standard-4", "cpu=3920m memory=13621Mi pods=110"));
    let expected = [offering(None, Some("spot"), "0.05", None), offering(None, Some("on-demand"), "0.19", None)];
    assert_eq!(node_type.offerings, expected);
    assert!(problems[0].message.ends_with("does not tell what they have: a2-highgpu-1g"), "{problems:?}");
}

#[test]
fn nodes_of_one_shape_are_one_type() {
    let (read, problems) = catalogue("nodes.yaml");
    let names: Vec<&str> = read.types.iter().map(|node_type| node_type.name.as_str()).collect();
    assert_eq!(names, ["x9.large", "like-edge"]);
    let node_type = &read.types[0];
    assert_eq!(
        labels(node_type),
        "kubernetes.io/arch=amd64 kubernetes.io/os=linux node.kubernetes.io/instance-type=x9.large pool=general \
         topology.kubernetes.io/region=us-east-1"
    );
    assert_eq!(node_type.zone_labels, ["topology.ebs.csi.aws.com/zone"]);
    assert_eq!(node_type.taints.iter().map(|taint| taint.key.as_str()).collect::<Vec<_>>(), ["dedicated"]);
    assert_eq!(node_type.volume_limits.get("ebs.csi.aws.com"), Some(&25));
    assert_eq!(node_type.offerings, [offering(None, Some("on-demand"), "", None)]);
    assert!(matches!(&problems[..], [note] if note.message == "nothing is said of the price of all 2 types"), "{problems:?}");
}

#[test]
fn a_fresh_node_is_of_its_type_again() {
    let (read, _) = catalogue("nodes.yaml");
    let node_type = &read.types[0];
    let fresh = node_type.node("new-1", Some("us-east-1c"), Some("on-demand"));
    assert_eq!(fresh.metadata.labels["kubernetes.io/hostname"], "new-1");
    for key in ["topology.kubernetes.io/zone", "topology.ebs.csi.aws.com/zone"] {
        assert_eq!(fresh.metadata.labels[key], "us-east-1c", "{key}");
    }
    assert!(fresh.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True"));
    let csi_node = node_type.csi_node("new-1").expect("it limits volumes");
    let again = NodeType::like(&fresh).with_volume_limits(&csi_node);
    // what a machine has besides is not known of a type that only says what pods can have
    assert_eq!(&NodeType { capacity: node_type.capacity.clone(), ..again }, node_type);
    let plain = embedded().types[0].node("new-2", Some("us-east-1c"), None);
    assert_eq!(plain.metadata.labels["topology.kubernetes.io/region"], "us-east-1");
    assert_eq!(embedded().types[0].csi_node("new-2"), None);
    assert!(!embedded().types[0].node("new-3", None, None).metadata.labels.contains_key("topology.kubernetes.io/zone"));
}

#[test]
fn what_is_one_machines_own_is_no_part_of_its_type() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: worker-17, labels: {kubernetes.io/hostname: other, \
                node.longhorn.io/name: worker-17, net.example.com/internal-ip: 10.0.0.7, karpenter.sh/capacity-type: spot, \
                topology.kubernetes.io/zone: z1, topology.rook.io/zone: z1, karpenter.sh/nodepool: blue, tier: z1}}, \
                status: {allocatable: {cpu: 4, memory: 8Gi, pods: 20}}}";
    let input = plimsoll::manifest::read::read_str("node.yaml", text);
    let node: &Node = &input.objects.nodes[0];
    let node_type = NodeType::like(node);
    assert_eq!(labels(&node_type), "karpenter.sh/nodepool=blue tier=z1");
    assert_eq!((node_type.name.as_str(), node_type.zone_labels.join(" ").as_str()), ("like-worker-17", "topology.rook.io/zone"));
    assert_eq!(node_type.offerings, [offering(None, Some("spot"), "", None)]);
}

#[test]
fn overrides_change_prices_add_offerings_and_name_what_they_miss() {
    for name in ["overrides.yaml", "overrides.csv"] {
        let (mut catalogue, _) = catalogue("own.yaml");
        let (overrides, problems) = read::overrides(&fixture(name)).expect("overrides");
        let unmatched = overrides.apply(&mut catalogue);
        let [small, accelerated] = &catalogue.types[..] else { panic!("{catalogue:?}") };
        let expected = [
            offering(Some("a"), Some("spot"), "0.0336", None),
            offering(Some("a"), None, "0.0672", None),
            offering(Some("b"), Some("spot"), "0.04", None),
            offering(Some("b"), None, "0.08", None),
        ];
        assert_eq!(small.offerings, expected, "{name}");
        assert_eq!(accelerated.offerings[0], offering(Some("a"), Some("spot"), "0.7", Some(4)), "{name}");
        assert_eq!(unmatched.len(), 1, "{unmatched:?}");
        assert!(unmatched[0].message.contains("no type is called \"large\""));
        let lines = lines(&problems, name);
        match name {
            "overrides.yaml" => {
                assert!(lines[0].starts_with("overrides.yaml:7:27: error: discount: \"130%\" is not part of a price"), "{lines:?}");
                assert!(lines[1].starts_with("overrides.yaml:8:3: error: one of price, discount and factor"), "{lines:?}");
            }
            _ => assert_eq!(lines, [""; 0]),
        }
    }
}

#[test]
fn an_override_for_one_zone_leaves_the_others_as_they_were() {
    let (mut catalogue, _) = read::read_str("t", "name,cpu,memory,price\nbig,4,8Gi,0.2\n").expect("a type");
    let (overrides, _) = read::overrides_str("o", "type,zone,price\nbig,a,0.3\n").expect("a row");
    assert_eq!(overrides.apply(&mut catalogue), []);
    let prices = ["a", "b"].map(|zone| catalogue.types[0].cheapest(zone).and_then(|offering| offering.price_micros_hour));
    assert_eq!(prices, [Some(300_000), Some(200_000)]);
    // a discount of nothing known
    let (overrides, _) = read::overrides_str("o", "- {type: big, zone: c, capacityType: reserved, discount: 10%}").expect("a row");
    let (mut unpriced, _) = read::read_str("t", "name,cpu,memory\nbig,4,8Gi\n").expect("a type");
    assert!(overrides.apply(&mut unpriced)[0].message.contains("has no price that this could change"));
    assert!(read::overrides_str("o", "- {zone: c}").is_err());
}

#[test]
fn the_embedded_catalogue_is_sound() {
    let catalogue = embedded();
    assert_eq!(catalogue.types.len(), 27);
    let general = catalogue.get("general-4").expect("it is there");
    assert_eq!(amounts(general), "cpu=3920m ephemeral-storage=100Gi memory=13621Mi pods=110");
    assert_eq!(general.offerings[0].price_micros_hour, parse_price("0.117179"));
    for node_type in &catalogue.types {
        assert!(node_type.offerings.iter().all(|offering| offering.price_micros_hour.is_some_and(|price| price > 0)));
        assert!(node_type.allocatable.values().all(|amount| amount.nano() > 0), "{node_type:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|\n|,|:|\\{|\\}|\\[|\\]|- |name|types|cpu|memory|\"){0,80}") {
        let _ = read::read_str("t", &text);
        let _ = read::overrides_str("t", &text);
        let _ = read::read_str("t", &format!("name,cpu,memory\n{text}"));
        let _ = read::read_str("t", &format!("kind: Catalogue\ntypes:\n- {text}"));
    }
}
