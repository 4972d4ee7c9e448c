//! Reading: good input is read whole, bad input is named and takes nothing else with it.

use plimsoll::manifest::read::{Input, read_str};

fn pods(input: &Input) -> Vec<String> {
    input.objects.pods.iter().map(|pod| format!("{}/{}", pod.metadata.namespace, pod.metadata.name)).collect()
}

fn problems(input: &Input) -> String {
    input.problems.iter().map(|problem| format!("{problem}\n")).collect()
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
        r#"{"metadata":{"name":"a"},"spec":{"containers":[]}}"#,
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
