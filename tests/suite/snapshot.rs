//! A snapshot gives the same answers as the cluster it was taken of, under other names too; and kubectl is asked and understood as it is.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use plimsoll::cluster::index::NodeId;
use plimsoll::manifest::Objects;
use plimsoll::manifest::pod::Container;
use plimsoll::manifest::read::read_bytes;
use plimsoll::manifest::snapshot::redaction::Redaction;
use plimsoll::manifest::snapshot::text::{self, Syntax};
use plimsoll::planning::quorum::APPLICATIONS;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::simulation::loss::{Baseline, Until, lose};
use proptest::prelude::*;
use serde_json::Value;

use crate::generate;

fn redaction(objects: &Objects) -> Redaction {
    let names = APPLICATIONS.iter().flat_map(|application| application.names).map(|&name| name.to_owned());
    Redaction::new(objects, names).expect("nothing fails")
}

fn written(objects: &Objects, redaction: Option<&Redaction>, syntax: Syntax) -> Vec<u8> {
    let mut text = Vec::new();
    text::write(objects, redaction, syntax, &mut text, &mut |_| ()).expect("nothing fails");
    text
}

fn read_again(text: &[u8]) -> Objects {
    let input = read_bytes("snapshot", text);
    assert!(input.problems.is_empty(), "{:?}", input.problems);
    input.objects
}

/// Every pod with what became of it and where, as the scheduler leaves it.
fn places(objects: &Objects) -> Vec<(String, String, Option<String>)> {
    let (cluster, profiles) = prepare(objects, &Configuration::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    let schedule = scheduler.run(|_, _| ());
    let outcome = |pod| schedule.decisions.iter().find(|decision| decision.pod == pod).map(|decision| decision.outcome);
    let place = |pod| {
        let node = scheduler.occupancy().node_of(pod).map(|node| cluster.node_name(node).to_owned());
        (cluster.pod_name(pod).to_string(), format!("{:?}", outcome(pod)), node)
    };
    cluster.pod_ids().map(place).collect()
}

/// What is lost with each node: pods by name, what becomes of them, and where.
fn losses(objects: &Objects) -> Vec<String> {
    let baseline = Baseline::new(objects, &Configuration::default(), Options::default(), |scheduler| scheduler.run(|_, _| ()));
    let mut scheduler = baseline.scheduler();
    let nodes: Vec<NodeId> = baseline.cluster().nodes.ids().collect();
    nodes.into_iter().map(|node| format!("{:?}", lose(&baseline, &mut scheduler, &[node], Until::Removed))).collect()
}

/// Gives templates that have none a container: nobody reads an object that the API server would not have.
fn whole(mut objects: Objects) -> Objects {
    let specs = objects.replica_sets.iter_mut().map(|set| &mut set.spec.template.spec);
    let specs = specs.chain(objects.replication_controllers.iter_mut().map(|set| &mut set.spec.template.spec));
    let specs = specs.chain(objects.stateful_sets.iter_mut().map(|set| &mut set.spec.template.spec));
    for spec in specs.filter(|spec| spec.containers.is_empty()) {
        spec.containers.push(Container { name: "c".to_owned(), ..Container::default() });
    }
    objects
}

fn gives_the_same_answers(objects: &Objects) {
    let other = redaction(objects);
    let plain = read_again(&written(objects, None, Syntax::Json));
    let redacted = read_again(&written(objects, Some(&other), Syntax::Json));
    let placed = places(objects);
    assert_eq!(placed, places(&plain), "what is written and read again");
    let renamed: Vec<_> =
        placed.into_iter().map(|(pod, outcome, node)| (other.name(&pod), outcome, node.map(|node| other.name(&node)))).collect();
    assert_eq!(renamed, places(&redacted), "under other names");
    // by number, not by name
    assert_eq!(losses(objects), losses(&plain));
    assert_eq!(losses(objects), losses(&redacted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn snapshots_of_made_up_clusters_give_the_same_answers(plan in generate::plan()) {
        gives_the_same_answers(&whole(generate::build(&plan)));
    }
}

#[test]
fn snapshots_of_clusters_with_everything_give_the_same_answers() {
    (0..40).for_each(|seed| gives_the_same_answers(&whole(generate::cluster_from_seed(seed))));
}

/// The program, with a folder of its own to write into.
struct Sandbox {
    folder: PathBuf,
}

impl Sandbox {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("plimsoll-snapshot-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        Sandbox { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env("KUBECTL", self.path("kubectl"));
        command.env("SANDBOX", &self.folder).env_remove("CLICOLOR_FORCE").output().expect("the program starts")
    }

    /// Puts a script in kubectl's place: `calls` holds how it was called, a line a call.
    #[cfg(unix)]
    fn kubectl(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("kubectl");
        fs::write(&path, format!("#!/bin/sh\necho \"$*\" >> \"$SANDBOX/calls\"\n{script}\n")).expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    }

    fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.path("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(output)))
}

/// Where two answers differ in more than names: in numbers, truth values, lengths, or what a field of `said` says.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    const SAID: [&str; 8] = ["state", "kind", "holds", "severity", "verdict", "why", "plugin", "code"];
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            if one.len() != other.len() {
                found.push(format!("{path}: {:?} and {:?}", one.keys(), other.keys()));
            }
            // keys may be names, and names keep their order
            for ((key, one), (_, other)) in one.iter().zip(other) {
                let is_said = SAID.contains(&key.as_str()) && one.as_str().is_some_and(|text| !text.contains([' ', '/', '-']));
                if is_said && one != other {
                    found.push(format!("{path}.{key}: {one} and {other}"));
                }
                differences(one, other, &format!("{path}.{key}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{path}[{number}]"), found);
            }
        }
        (Value::String(_), Value::String(_)) => {}
        _ if one != other => found.push(format!("{path}: {one} and {other}")),
        _ => {}
    }
}

#[test]
fn answers_about_fixtures_are_the_same_under_other_names() {
    let sandbox = Sandbox::new("answers");
    for (fixture, questions) in [
        ("fixtures/data-platform/cluster.yaml", &["schedule", "lose", "plan --no-purchase"][..]),
        ("fixtures/data-platform/target", &["schedule", "lose", "plan --no-purchase"]),
        ("fixtures/cli/loss.yaml", &["lose", "lose --each zone", "plan --no-purchase", "drain"]),
        ("fixtures/cli/pending.yaml", &["schedule", "plan --no-purchase"]),
        ("fixtures/cli/preemption.yaml", &["schedule"]),
        ("fixtures/cli/success.yaml", &["plan --no-purchase", "drain"]),
        ("fixtures/cli/what-if-cluster.yaml", &["schedule", "plan --no-purchase"]),
        ("fixtures/cli/drain.yaml", &["drain"]),
    ] {
        for (ending, redact) in [("json", true), ("yaml.gz", true), ("yaml", false), ("json.gz", false)] {
            let file = sandbox.path(&format!("taken.{ending}"));
            let taken =
                sandbox.run(&[&["snapshot", "--from", fixture, "-o", &file][..], if redact { &["--redact"] } else { &[] }].concat());
            assert!(code(&taken) == 0 && out(&taken).is_empty(), "{fixture}: {}", err(&taken));
            for question in questions {
                let ask = |path: &str| {
                    let words: Vec<&str> = question.split(' ').chain(["-o", "json", path]).collect();
                    let output = sandbox.run(&words);
                    (code(&output), json(&output))
                };
                let ((before, one), (after, other)) = (ask(fixture), ask(&file));
                let mut found = Vec::new();
                differences(&one, &other, "", &mut found);
                assert!(found.is_empty() && before == after, "{question} {fixture} as {ending}:\n{}", found.join("\n"));
            }
        }
    }
}

#[test]
fn no_name_is_left_and_what_means_something_stays() {
    let text = r#"
{apiVersion: v1, kind: Node, metadata: {name: ip-10-1-2-3.hush-a.internal, uid: hush-b, labels: {kubernetes.io/hostname: ip-10-1-2-3.hush-a.internal,
  topology.kubernetes.io/zone: hush-c, kubernetes.io/arch: arm64, hush-d.example/rack: hush-e, node-role.kubernetes.io/hush-f: '', node.kubernetes.io/instance-type: m5.large},
  annotations: {hush-g/h: hush-i, node.kubernetes.io/x: 'say {hush: hush}'}}, spec: {providerID: 'aws:///hush-c/i-0123', taints: [{key: hush-j, value: hush-k, effect: NoSchedule}]},
  status: {allocatable: {cpu: 4, memory: 8Gi, pods: 20, hush-l.example/fpga: 2, nvidia.com/gpu: 1}, images: [{names: ['registry.hush-m.example/hush-n/minio:hush-o', 'hush-n/hush-p@sha256:aa']}],
  conditions: [{type: Ready, status: 'True', reason: KubeletReady, message: 'hush'}]}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: hush-q, namespace: hush-r, uid: hush-s}, spec: {serviceName: hush-t, selector: {matchLabels: {app: kafka, hush-u: hush-v}},
  volumeClaimTemplates: [{metadata: {name: hush-w}, spec: {storageClassName: hush-x}}],
  template: {metadata: {labels: {app: kafka, hush-u: hush-v}}, spec: {serviceAccountName: hush-y, priorityClassName: hush-z, schedulerName: hush-aa, runtimeClassName: hush-ab,
  containers: [{name: hush-ac, image: 'registry.hush-m.example/hush-n/hush-p:latest', command: [hush], args: [hush], env: [{name: hush, value: hush}]}]}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: hush-q-10, namespace: hush-r, uid: hush-ad, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: hush-q, uid: hush-s, controller: true}],
  labels: {statefulset.kubernetes.io/pod-name: hush-q-10, apps.kubernetes.io/pod-index: '10'}, annotations: {plimsoll.dev/allow: "single-replica: hush knows; bare-pod", hush-config: 'a: hush'}},
  spec: {nodeName: ip-10-1-2-3.hush-a.internal, hostname: hush-q-10, tolerations: [{key: hush-j, value: hush-k, operator: Equal}], volumes: [{name: hush-w, persistentVolumeClaim: {claimName: hush-w-hush-q-10}},
  {name: hush-ae, hostPath: {path: /hush/data}}], containers: [{name: hush-ac, image: 'registry.hush-m.example/hush-n/hush-p:latest', ports: [{name: hush-p, containerPort: 1, hostPort: 1, hostIP: 10.1.2.3}]}],
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: hush-d.example/rack, operator: In, values: [hush-e]}]}]}}}},
  status: {phase: Running, message: hush, containerStatuses: [{name: hush-ac, ready: true}]}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: hush-af, namespace: hush-r}, spec: {hard: {pods: 5, hush-x.storageclass.storage.k8s.io/requests.storage: 1Gi, requests.hush-l.example/fpga: 1},
  scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [hush-z]}]}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: hush-ag, namespace: hush-r}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: hush-q},
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}, {type: External, external: {metric: {name: hush-ah}, target: {type: Value, value: 30}}}]},
  status: {conditions: [{type: ScalingActive, status: 'True', reason: X, message: hush}]}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: hush-x}, provisioner: ebs.csi.aws.com, allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [hush-c]}]}]}
---
{apiVersion: v1, kind: Secret, metadata: {name: hush-ai, namespace: hush-r}, data: {a: aHVzaA==}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: hush-aj, namespace: hush-r}, data: {a: hush}}
"#;
    let objects = read_bytes("hush", text.as_bytes()).objects;
    assert_eq!(objects.others.len(), 2);
    let mut stripped = objects;
    assert_eq!(plimsoll::manifest::snapshot::strip(&mut stripped), 1, "the Secret is gone, name and all");
    let text = String::from_utf8(written(&stripped, Some(&redaction(&stripped)), Syntax::Json)).expect("it is UTF-8");
    for gone in ["hush", "10-1-2-3", "10.1.2.3", "0123", "aHVz", "Secret"] {
        assert!(!text.contains(gone), "{gone} is left:\n{text}");
    }
    for kept in [
        "arm64",
        "m5.large",
        "nvidia.com/gpu",
        "ebs.csi.aws.com",
        "/minio:",
        "kafka",
        "topology.kubernetes.io/zone",
        "KubeletReady",
        "single-replica: redacted; bare-pod",
        ":latest",
        "\"cpu\"",
    ] {
        assert!(text.contains(kept), "{kept} is gone:\n{text}");
    }
    let again = read_again(text.as_bytes());
    let (set, pod) = (&again.stateful_sets[0], &again.pods[0]);
    assert_eq!(pod.metadata.name, format!("{}-10", set.metadata.name), "the ordinal stays");
    assert_eq!(pod.metadata.labels["statefulset.kubernetes.io/pod-name"], pod.metadata.name);
    assert_eq!(pod.metadata.owner_references[0].uid, set.metadata.uid);
    let claim = format!("{}-{}", set.spec.volume_claim_templates[0].metadata.name, pod.metadata.name);
    assert_eq!(pod.spec.volumes[0].persistent_volume_claim.as_ref().map(|claim| &claim.claim_name), Some(&claim));
    let class = &again.storage_classes[0];
    assert_eq!(set.spec.volume_claim_templates[0].spec.storage_class_name.as_ref(), Some(&class.metadata.name));
    assert!(again.resource_quotas[0].spec.hard.keys().any(|key| key.starts_with(&format!("{}.storageclass.", class.metadata.name))));
    let node = &again.nodes[0];
    assert_eq!((&pod.spec.node_name, &node.metadata.labels["kubernetes.io/hostname"]), (&node.metadata.name, &node.metadata.name));
    assert_eq!(class.allowed_topologies[0].match_label_expressions[0].values[0], node.metadata.labels["topology.kubernetes.io/zone"]);
    assert_eq!((&pod.spec.tolerations[0].key, &pod.spec.tolerations[0].value), (&node.spec.taints[0].key, &node.spec.taints[0].value));
    assert_eq!(again.horizontal_pod_autoscalers[0].spec.scale_target_ref.name, set.metadata.name);
}

#[cfg(unix)]
mod kubectl {
    use super::*;

    /// A sandbox with a dump, which a script can show.
    fn sandbox(name: &str) -> Sandbox {
        let sandbox = Sandbox::new(name);
        let taken = sandbox.run(&["snapshot", "--from", "fixtures/cli/what-if-cluster.yaml", "-o", &sandbox.path("dump.json")]);
        assert_eq!(code(&taken), 0, "{}", err(&taken));
        sandbox
    }

    const SHOW: &str = "cat \"$SANDBOX/dump.json\"";
    const FORBIDDEN: &str = "Error from server (Forbidden): poddisruptionbudgets.policy is forbidden: User \"jane\" cannot list resource \
                             \"poddisruptionbudgets\" in API group \"policy\" at the cluster scope";

    fn says(text: &str) -> String {
        format!("echo '{text}' >&2")
    }

    fn is_the_dump(sandbox: &Sandbox, file: &str) {
        let [taken, dump] = [file, "dump.json"].map(|name| fs::read(sandbox.path(name)).expect("it was written"));
        assert!(taken == dump, "{file} is not what kubectl showed");
    }

    #[test]
    fn one_call_shows_everything_and_never_a_secret() {
        let sandbox = sandbox("one-call");
        sandbox.kubectl(SHOW);
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("taken.json")]);
        assert_eq!((code(&output), out(&output).as_str()), (0, ""), "{}", err(&output));
        is_the_dump(&sandbox, "taken.json");
        let calls = sandbox.calls();
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        let words: Vec<&str> = call.split(' ').collect();
        let ["get", kinds, "-A", "-o", "json"] = words.as_slice() else { panic!("{call}") };
        for kind in
            ["nodes", "pods", "deployments.apps", "persistentvolumeclaims", "poddisruptionbudgets.policy", "controllerrevisions.apps"]
        {
            assert!(kinds.split(',').any(|asked| asked == kind), "{kind} is not asked for: {kinds}");
        }
        assert!(!kinds.contains("secret") && !kinds.contains("configmap"), "{kinds}");
        assert!(err(&output).contains("taken.json: "), "it says what it wrote: {}", err(&output));
        let left: Vec<_> =
            fs::read_dir(&sandbox.folder).expect("it is there").filter_map(Result::ok).map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
    }

    #[test]
    fn context_and_namespace_are_passed_on() {
        let sandbox = sandbox("context");
        sandbox.kubectl(SHOW);
        let output = sandbox.run(&["snapshot", "--context", "prod", "-n", "shop", "-o", "-"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(out(&output).starts_with("{\"apiVersion\":\"v1\",\"kind\":\"List\""));
        let calls = sandbox.calls();
        assert!(calls[0].starts_with("--context prod get nodes,") && calls[0].ends_with(" -n shop -o json"), "{calls:?}");
        assert!(err(&output).contains("only namespace shop") && err(&output).contains("emptier"), "{}", err(&output));
    }

    #[test]
    fn a_kind_that_is_forbidden_costs_that_kind_only() {
        let sandbox = sandbox("forbidden");
        sandbox.kubectl(&format!("{SHOW}\n{}\nexit 1", says(FORBIDDEN)));
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("taken.json")]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        is_the_dump(&sandbox, "taken.json");
        assert_eq!(sandbox.calls().len(), 1, "what was shown is taken");
        let text = err(&output);
        assert!(text.contains("warning: poddisruptionbudgets.policy may not be listed by you; without them drains"), "{text}");
    }

    #[test]
    fn a_kubectl_that_shows_nothing_then_is_asked_without_it() {
        let sandbox = sandbox("asked-again");
        sandbox.kubectl(&format!("case \"$*\" in *poddisruptionbudgets*) {}; exit 1;; esac\n{SHOW}", says(FORBIDDEN)));
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("taken.json")]);
        assert_eq!((code(&output), sandbox.calls().len()), (0, 2), "{}", err(&output));
        is_the_dump(&sandbox, "taken.json");
        assert!(err(&output).contains("poddisruptionbudgets.policy may not be listed"), "{}", err(&output));
    }

    #[test]
    fn a_kind_that_the_server_lacks_is_left_out() {
        let sandbox = sandbox("lacking");
        let lacks = says("error: the server doesn'\\''t have a resource type \"csistoragecapacities\"");
        let served = "nodes\\nnamespaces\\npods\\nsecrets\\ndeployments.apps\\nreplicasets.apps";
        sandbox.kubectl(&format!(
            "case \"$*\" in\napi-resources*) printf '{served}\\n'; exit 0;;\n*csistoragecapacities*) {lacks}; exit 1;;\nesac\n{SHOW}"
        ));
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("taken.json")]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        is_the_dump(&sandbox, "taken.json");
        let calls = sandbox.calls();
        assert_eq!(calls[1], "api-resources --verbs=list -o name");
        assert_eq!(calls[2], "get nodes,pods,namespaces,deployments.apps,replicasets.apps -A -o json");
        let text = err(&output);
        assert!(text.contains("csistoragecapacities.storage.k8s.io are not known to this server; without them"), "{text}");
    }

    #[test]
    fn what_fails_is_said_with_what_to_do() {
        let sandbox = sandbox("failures");
        for (said, hint) in [
            ("error: context \"prod\" does not exist", "kubectl config get-contexts"),
            (
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
                "cannot be reached from here",
            ),
            ("Unable to connect to the server: dial tcp: lookup api.example: no such host", "cannot be reached from here"),
            ("error: You must be logged in to the server (Unauthorized)", "log in as you do"),
            ("error: something new", "see whether this works: kubectl get nodes,"),
        ] {
            sandbox.kubectl(&format!("{}\nexit 1", says(said)));
            let output = sandbox.run(&["snapshot", "-o", &sandbox.path("none.json")]);
            assert_eq!(code(&output), 2, "{said}: {}", err(&output));
            assert!(err(&output).contains(said) && err(&output).contains(hint), "{said}: {}", err(&output));
        }
        // everything is forbidden: it says so once and does not ask for ever
        sandbox.kubectl(
            "for kind in $(echo \"$2\" | tr , ' '); do group=${kind#*.}; [ \"$group\" = \"$kind\" ] && group=; echo \"Error from server \
             (Forbidden): $kind is forbidden: User \\\"jane\\\" cannot list resource \\\"${kind%%.*}\\\" in API group \\\"$group\\\" at the \
             cluster scope\" >&2; done; exit 1",
        );
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("none.json")]);
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(err(&output).contains("kubectl auth can-i --list") && err(&output).contains("-n NAME"), "{}", err(&output));
        assert!(!PathBuf::from(sandbox.path("none.json")).exists(), "nothing is written");
    }

    #[test]
    fn without_kubectl_it_says_how_to_go_on() {
        let sandbox = Sandbox::new("no-kubectl");
        let output = sandbox.run(&["snapshot", "--kubectl", "/no/such/kubectl", "-o", "-"]);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""));
        let text = err(&output);
        assert!(text.contains("/no/such/kubectl is not installed here") && text.contains("snapshot --from dump.json"), "{text}");
    }

    #[test]
    fn an_answer_that_breaks_off_replaces_no_file() {
        let sandbox = sandbox("torn");
        fs::write(sandbox.path("taken.json"), "as it was").expect("it can be written");
        sandbox.kubectl(&format!("{}\nexit 1", says("Unable to connect to the server: net/http: TLS handshake timeout")));
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("taken.json")]);
        assert_eq!(code(&output), 2);
        assert_eq!(fs::read_to_string(sandbox.path("taken.json")).expect("it is there"), "as it was");
        // half of an answer is written, and said to be half
        sandbox.kubectl("head -c 2500 \"$SANDBOX/dump.json\"; echo 'Unable to connect to the server: EOF' >&2; exit 1");
        let output = sandbox.run(&["snapshot", "-o", &sandbox.path("half.json")]);
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(err(&output).contains("Unable to connect to the server: EOF"), "{}", err(&output));
    }

    #[test]
    fn kubectl_plimsoll_snapshot_is_the_same() {
        let sandbox = sandbox("plugin");
        sandbox.kubectl(SHOW);
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-plimsoll"));
        let output = command.args(["snapshot", "-o", "-"]).env("KUBECTL", sandbox.path("kubectl")).env("SANDBOX", &sandbox.folder).output();
        let dump = fs::read(sandbox.path("dump.json")).expect("it is there");
        assert!(output.expect("the program starts").stdout == dump);
    }
}

#[test]
fn misuse_of_snapshot_is_told() {
    let sandbox = Sandbox::new("misuse");
    let example = "fixtures/cli/what-if-cluster.yaml";
    for (arguments, hint) in [
        (&["snapshot", "--from", example][..], "--output"),
        (&["snapshot", "--from", example, "-o", "cluster.zst"], "let it end in .json"),
        (&["snapshot", "--from", example, "-n", "shop", "-o", "-"], "cannot be used with"),
        (&["snapshot", "--from", "no/such/file", "-o", "-"], "no such file"),
        (&["snapshot", "--from", example, "-o", "fixtures"], "is a folder"),
        (&["snapshot", "--from", example, "-o", "no/such/folder/x.json"], "cannot be written"),
    ] {
        let output = sandbox.run(arguments);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{arguments:?}");
        assert!(err(&output).contains(hint), "{arguments:?}: {}", err(&output));
    }
}
