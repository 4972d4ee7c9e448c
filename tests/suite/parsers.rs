//! Reading: good input is read whole, bad input is named and takes nothing else with it.

use std::path::PathBuf;

use plimsoll::manifest::read::{Input, Options, read, read_bytes, read_str};
use proptest::prelude::*;

fn pods(input: &Input) -> Vec<String> {
    input.objects.pods.iter().map(|pod| format!("{}/{}", pod.metadata.namespace, pod.metadata.name)).collect()
}

fn problems(input: &Input) -> String {
    input.problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn pod(name: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c"}}]}}}}"#)
}

#[test]
fn lists_of_every_shape_are_read() {
    for text in [
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}"#,
        r#"{"apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}],"kind":"List"}"#,
        r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a"}}],"kind":"PodList","metadata":{}}"#,
        r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}"#,
        r#"[{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]},{"kind":"PodList","apiVersion":"v1","items":null}]"#,
        r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"List","apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}]}]}"#,
        "{\"apiVersion\": \"v1\",\nkind: Pod, metadata: {name: a},}",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n",
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\nkind: List\n",
        "apiVersion: v1\nkind: PodList\nitems:\n  - metadata:\n      name: a\n",
        "apiVersion: v1\nkind: PodList\nitems:\n  - metadata: &m\n      name: a\n---\n# nothing\n---\n",
        "---\n---\r\napiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\n--- # end\r\n...\n",
        "%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
        "\u{feff}apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
        "{\"kind\":\"List\",\"items\":[]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    ] {
        let input = read_str("t", text);
        assert_eq!(problems(&input), "", "{text}");
        assert_eq!(pods(&input), ["default/a"], "{text}");
    }
}

#[test]
fn pods_and_nodes_without_a_kind_are_known_by_their_shape() {
    let input =
        read_str("t", r#"[{"metadata":{"name":"a"},"spec":{"containers":[]}},{"metadata":{"name":"n"},"status":{"nodeInfo":{}}},{"a":1}]"#);
    assert_eq!((pods(&input), input.objects.nodes.len(), input.problems.len()), (vec!["default/a".to_owned()], 1, 3));
}

#[test]
fn one_bad_object_takes_no_other_with_it() {
    let bad = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bad"},"spec":{"containers":[{"name":"c""#;
    for (text, expected) in [
        (format!("[\n  {},\n  {bad}\n  {},\n  {}\n]\n", pod("a"), pod("b"), pod("c")), vec!["default/a", "default/b", "default/c"]),
        (format!("[\n  {},\n  {}}},\n  {}\n]\n", pod("a"), pod("b"), pod("c")), vec!["default/a", "default/b", "default/c"]),
        (format!("{}\n{bad}", pod("a")), vec!["default/a"]),
        (format!("{}\n---\nkind: [\n---\n{}\n", pod("a"), pod("b")), vec!["default/a", "default/b"]),
        (format!("{}\nxyz: }}{{\n---\n{}\n", pod("a"), pod("b")), vec!["default/a", "default/b"]),
        ("kind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}\n- {apiVersion: v1, kind: Pod, metadata: {name: c}}\n".to_owned(), vec!["default/a", "default/c"]),
    ] {
        let input = read_str("t", &text);
        assert_eq!(pods(&input), expected, "{text}\n{}", problems(&input));
        assert!(input.has_errors(), "{text}");
    }
}

fn packed_text(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_and_encoded_bytes_are_read_by_what_they_are() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: ä}\n";
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let packed = packed_text(text);
    let zstd = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let with_mark = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
    for bytes in [
        packed,
        zstd,
        with_mark(&[0xff, 0xfe], utf16(u16::to_le_bytes)),
        with_mark(&[0xfe, 0xff], utf16(u16::to_be_bytes)),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        with_mark(&[0xef, 0xbb, 0xbf], text.as_bytes().to_vec()),
    ] {
        assert_eq!(pods(&read_bytes("t", &bytes)), ["default/ä"]);
    }
    let torn = problems(&read_bytes("t.gz", &packed_text(text)[..20]));
    assert_eq!(torn.matches("cannot be read").count(), 1, "{torn}");
    assert!(problems(&read_bytes("t", b"PK\x03\x04\0\0")).contains("unpack"));
}

#[test]
fn positions_are_those_of_the_file() {
    let text = format!("# a remark\n{}\n\n  {}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: c\n", pod("a"), pod("b"));
    let input = read_str("f", &text);
    let places: Vec<String> = input.objects.pods.iter().map(|pod| input.locate(pod.metadata.origin).to_string()).collect();
    assert_eq!(places, ["f:2:1", "f:4:3", "f:6:1"]);
}

#[test]
fn long_lists_keep_their_lines() {
    const COUNT: usize = 50_000;
    let items: Vec<String> = (0..COUNT).map(|index| pod(&format!("p{index}"))).collect();
    let json = format!("{{\"apiVersion\": \"v1\", \"items\": [\n  {}\n], \"kind\": \"List\"}}", items.join(",\n  "));
    let yaml = format!("apiVersion: v1\nitems:\n- {}\nkind: List\n", items.join("\n- "));
    for (text, first) in [(json, 2), (yaml, 3)] {
        let input = read_str("f", &text);
        assert_eq!((problems(&input), input.objects.pods.len()), (String::new(), COUNT));
        for (index, pod) in input.objects.pods.iter().enumerate() {
            assert_eq!(pod.metadata.name, format!("p{index}"));
            let location = input.locate(pod.metadata.origin);
            assert_eq!((location.line(), location.column()), (index as u32 + first, 3));
        }
    }
}

#[test]
fn what_is_secret_is_neither_kept_nor_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: hunter2\n  password: hunter2\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: hunter2\nspec:\n  containers:\n  - name: c\n    env:\n    - name: PASSWORD\n      value: hunter2\n";
    let input = read_str("t", &format!("{secret}---\n{pod}"));
    assert_eq!(pods(&input), ["default/a"]);
    let all = format!("{:?}", input);
    assert!(!all.contains("hunter2"), "{all}");
    assert!(problems(&input).contains("a Secret that is not readable"));
}

#[test]
fn folders_globs_and_links_are_followed_once() {
    let root = std::env::temp_dir().join(format!("plimsoll-parsers-{}", std::process::id()));
    std::fs::create_dir_all(root.join("a/.git")).unwrap();
    for (path, name) in [("a/one.yaml", "one"), ("two.json.gz", "two"), ("three.txt", "three"), ("a/.git/four.yaml", "four")] {
        std::fs::write(root.join(path), pod(name)).unwrap();
    }
    std::fs::write(root.join("empty.yml"), "# nothing\n---\n").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&root, root.join("a/loop")).unwrap();
    let folder = read(std::slice::from_ref(&root), Options::default());
    let named = [root.join("**/*.txt"), root.join("three.txt"), root.join("none*"), root.join("missing.yaml")];
    let named = read(&named, Options::default());
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!((pods(&folder), folder.skipped.files), (vec!["default/one".to_owned(), "default/two".to_owned()], 1));
    #[cfg(unix)]
    assert!(problems(&folder).contains("a link leads back"), "{}", problems(&folder));
    assert_eq!((pods(&named), named.problems.len()), (vec!["default/three".to_owned()], 2), "{}", problems(&named));
}

#[test]
fn older_versions_mean_what_they_meant() {
    let template = "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c}]}}";
    let input = read_str(
        "t",
        &format!(
            "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{{template}}}\n---\n\
             apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {{name: a}}\nspec: {{selector: {{}}}}\n---\n\
             apiVersion: apps.kruise.io/v1beta1\nkind: StatefulSet\nmetadata: {{name: a}}\n"
        ),
    );
    assert_eq!(problems(&input), "");
    assert_eq!(input.objects.deployments[0].spec.selector.as_ref().unwrap().match_labels["a"], "b");
    assert_eq!(input.objects.pod_disruption_budgets[0].spec.selector.as_ref().unwrap().match_expressions.len(), 1);
    assert_eq!((input.objects.stateful_sets.len(), input.skipped.owners().count()), (0, 1));
}

#[test]
fn the_later_of_two_objects_of_one_name_counts() {
    let text = format!("{}\n{}\n", pod("a"), pod("a").replace("\"c\"", "\"later\""));
    let input = read_str("t", &text);
    assert_eq!(input.objects.pods.len(), 1);
    assert_eq!(input.objects.pods[0].spec.containers[0].name, "later");
    assert!(problems(&input).starts_with("t:2:1: warning: Pod default/a is here again: this one counts, the one at t:1:1 does not"));
}

#[test]
fn a_dump_without_nodes_is_told_what_to_run() {
    let text = pod("a").replace("\"spec\":{", "\"status\":{\"phase\":\"Running\"},\"spec\":{\"nodeName\":\"n\",");
    let input = read_str("t", &text);
    assert!(problems(&input).contains("kubectl get nodes,namespaces,pods,"), "{}", problems(&input));
}

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/loading").join(path)
}

/// Every problem of the bad fixtures, word for word.
#[test]
fn messages_say_what_is_wrong_where_and_what_to_do_next() {
    let input = read(&[fixture("bad")], Options::default());
    let root = format!("{}/", fixture("bad").display());
    let mut text = problems(&input).replace(&root, "");
    for ((api_version, kind), skipped) in &input.skipped.kinds {
        let owns = if skipped.owns_pods { ", owns pods" } else { "" };
        text += &format!("not modelled: {} {kind} ({api_version}){owns}\n", skipped.count);
    }
    text += "weaknesses:\n";
    for problem in input.weaknesses() {
        text += &format!("{problem}\n").replace(&root, "");
    }
    let expected = snapbox::Data::read_from(&fixture("bad.expected"), None);
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(text, expected.raw());
}

#[test]
fn yaml_and_json_twins_agree() {
    let (yaml, json) = (read(&[fixture("twins/all.yaml")], Options::default()), read(&[fixture("twins/all.json")], Options::default()));
    assert_eq!((problems(&yaml), problems(&json)), (String::new(), String::new()));
    assert!(!yaml.objects.nodes.is_empty() && !yaml.objects.pods.is_empty() && !yaml.objects.deployments.is_empty());
    let plain = |input: &Input| {
        let mut objects = input.objects.clone();
        objects.pods.iter_mut().for_each(|pod| pod.metadata.origin = Default::default());
        objects.nodes.iter_mut().for_each(|node| node.metadata.origin = Default::default());
        objects.deployments.iter_mut().for_each(|deployment| deployment.metadata.origin = Default::default());
        objects
    };
    assert_eq!(plain(&yaml), plain(&json));
}

#[test]
fn aliases_cannot_blow_up_and_nesting_cannot_overflow() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb += &format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n", level - 1);
    }
    let deep = [
        format!("a: {}", "[".repeat(100_000)),
        "{\"a\":".repeat(100_000),
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "[\n{\n".repeat(100_000),
    ];
    for text in deep.into_iter().chain([bomb]) {
        assert!(!read_str("t", &text).problems.is_empty());
    }
}

/// Texts that are nearly manifests: cut, doubled and spoilt pieces of good ones.
fn nearly() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "apiVersion: v1\n",
        "kind: Pod\n",
        "kind: List\n",
        "items:\n",
        "- ",
        "  ",
        "\n",
        "---\n",
        "metadata: {name: a}\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"items\":[",
        "\"kind\":\"Pod\"",
        "\"metadata\":{\"name\":\"a\"}",
        "&a ",
        "*a",
        "<<: ",
        "\\",
        "|\n",
        "'",
        "#",
        "null",
        "{{ .x }}",
        "\u{feff}",
        "\r\n",
        "é",
        "%YAML 1.1\n",
        "kind: Deployment\napiVersion: apps/v1\nspec: {template: {spec: {containers: [{resources: {requests: {cpu: ",
        "\t",
        "- kind: Pod\n  metadata:\n    name: b\n",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_bytes("t", &bytes);
    }

    #[test]
    fn what_is_nearly_a_manifest_never_panics(text in nearly()) {
        let input = read_str("t", &text);
        input.weaknesses();
    }

    #[test]
    fn a_good_object_before_a_bad_one_is_always_read(text in nearly()) {
        let input = read_str("t", &format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: good}}\n---\n{text}"));
        prop_assert!(input.objects.pods.iter().any(|pod| pod.metadata.name == "good"));
    }
}
