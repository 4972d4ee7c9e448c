//! What the API server makes of objects and what it refuses: a small manifest a rule, and the server's own words.
//!
//! Recordings are the law (`fixtures/conformance/control-plane/admission.jsonl.gz`); these rows are for the rules they miss.

use plimsoll::admission::{self, Admitted, ApiServer, Counted, bind_topology_labels, quality_of_service};
use plimsoll::manifest::Objects;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::manifest::refusal::Refusal;
use plimsoll::manifest::workload::{Deployment, Job};

const NAMESPACE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: default}}";

fn objects(yaml: &str) -> Objects {
    let input = read_str("test.yaml", yaml);
    input.objects
}

/// A server that knows the policies of a text.
fn server(policies: &str) -> ApiServer {
    let objects = objects(policies);
    let mut server = ApiServer::new();
    create_all(&mut server, objects.namespaces);
    create_all(&mut server, objects.limit_ranges);
    create_all(&mut server, objects.resource_quotas);
    create_all(&mut server, objects.priority_classes);
    create_all(&mut server, objects.runtime_classes);
    create_all(&mut server, objects.others);
    server
}

fn create_all<T: Admitted>(server: &mut ApiServer, objects: Vec<T>) {
    for object in objects {
        server.create(object).unwrap_or_else(|refusal| panic!("{refusal}"));
    }
}

fn pod(spec: &str) -> Pod {
    let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {{app: web}}}}, spec: {spec}}}");
    let mut objects = objects(&text);
    assert_eq!(objects.pods.len(), 1, "the reader takes {spec}");
    objects.pods.remove(0)
}

fn message<T>(result: Result<T, Refusal>) -> String {
    result.err().map(|refusal| format!("{} {}", refusal.code, refusal.message)).unwrap_or_default()
}

#[test]
fn pods_that_make_no_sense_are_refused_in_the_servers_words() {
    let rows = [
        (
            "{tolerations: [{key: a, operator: Exists, value: b}], containers: [{name: c}]}",
            "spec.tolerations[0].operator: Invalid value: {\"Key\":\"a\",\"Operator\":\"Exists\",\"Value\":\"b\",\"Effect\":\"\",\"TolerationSeconds\":null}: value must be empty when `operator` is 'Exists'",
        ),
        (
            "{os: {name: windows}, resources: {limits: {cpu: 1}}, containers: [{name: c}]}",
            "spec.resources: Forbidden: may not be set for a windows pod",
        ),
        (
            "{containers: [{name: c, resources: {limits: {cpu: 1, hugepages-2Mi: -4Mi}}}]}",
            "[spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: \"-4Mi\": must be greater than or equal to 0, spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: \"-4Mi\": must be greater than or equal to 0]",
        ),
        (
            "{containers: [{name: c, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]}",
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
        ),
        (
            "{containers: [{name: C}]}",
            "spec.containers[0].name: Invalid value: \"C\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
        (
            "{containers: [{name: c, resources: {requests: {gpus: 1}}}]}",
            "[spec.containers[0].resources.requests[gpus]: Invalid value: \"gpus\": must be a standard resource for containers, spec.containers[0].resources.requests[gpus]: Invalid value: \"gpus\": must be a standard resource type or fully qualified]",
        ),
        (
            "{containers: [{name: c, ports: [{containerPort: 70000}]}]}",
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            "{containers: [{name: c, ports: [{containerPort: 1, hostPort: 9}]}, {name: d, ports: [{containerPort: 2, hostPort: 9}]}]}",
            "spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//9\"",
        ),
        (
            "{restartPolicy: Sometimes, containers: [{name: c}]}",
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        ),
        (
            "{containers: [{name: c}], topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]}",
            "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
        ),
        (
            "{containers: [{name: c}], topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, {maxSkew: 2, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]}",
            "spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{a, DoNotSchedule}\"",
        ),
        (
            "{containers: [{name: c}], tolerations: [{key: a, operator: Exists, value: b}]}",
            "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'",
        ),
        (
            "{containers: [{name: c}], affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z, matchLabelKeys: [a]}]}}}",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set",
        ),
        (
            "{containers: [{name: c}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.uid, operator: In, values: [a]}]}]}}}}",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: \"metadata.uid\": not a valid field selector key",
        ),
    ];
    for (spec, why) in rows {
        assert_eq!(message(server(NAMESPACE).create(pod(spec))), format!("422 Pod \"p\" is invalid: {why}"), "{spec}");
    }
}

#[test]
fn other_objects_that_make_no_sense_are_refused_too() {
    let rows = [
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {minReadySeconds: 600, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c}]}}}}",
            "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c}]}}}}",
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ),
        (
            "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}, spec: {updateStrategy: {rollingUpdate: {maxSurge: 1}}, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c}]}}}}",
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {completionMode: Indexed, template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, parallelism: 2}}",
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [{name: c}]}}}}",
            "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, podFailurePolicy: {rules: [{action: Ignore}]}}}",
            "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {containerName: d, operator: In, values: [3, 2]}}]}}}",
            "[spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"d\": must be one of the container or initContainer names in the pod template, spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,2]: must be ordered]",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, successPolicy: {rules: [{succeededCount: 1}]}}}",
            "spec.successPolicy: Invalid value: {\"Rules\":[{\"SucceededIndexes\":null,\"SucceededCount\":1}]}: requires indexed completion mode",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: 0-2, succeededCount: 4}]}}}",
            "spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: 3-5}]}}}",
            "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"3-5\": error parsing succeededIndexes: too large index: \"5\"",
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}, managedBy: other}}",
            "spec.managedBy: Invalid value: \"other\": must be a domain-prefixed path (such as \"acme.io/foo\")",
        ),
        (
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: {schedule: \"61 * * * *\", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}}}}}",
            "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61",
        ),
        (
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 1, maxUnavailable: 25%, selector: {matchLabels: {a: b}}}}",
            "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":{\"matchLabels\":{\"a\":\"b\"}},\"MaxUnavailable\":\"25%\",\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set",
        ),
        (
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 101%}}",
            "spec.minAvailable: Invalid value: \"101%\": must not be greater than 100%",
        ),
        (
            "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: c}, value: 1000000001}",
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
        ),
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {resources: {}}}",
            "[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]",
        ),
    ];
    for (yaml, why) in rows {
        let refused = admission::refusals(&objects(yaml));
        assert_eq!(refused.len(), 1, "{yaml}");
        let message = &refused[0].refusal.message;
        assert_eq!(message.split_once(" is invalid: ").map(|(_, why)| why), Some(why), "{message}");
    }
}

#[test]
fn plugins_refuse_what_policies_forbid() {
    let rows = [
        ("{priorityClassName: lost, containers: [{name: c}]}", "403 pods \"p\" is forbidden: no PriorityClass with name lost was found"),
        (
            "{priority: 7, containers: [{name: c}]}",
            "403 pods \"p\" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name",
        ),
        (
            "{serviceAccountName: robot, containers: [{name: c}]}",
            "403 pods \"p\" is forbidden: error looking up service account default/robot: serviceaccount \"robot\" not found",
        ),
        ("{runtimeClassName: kata, containers: [{name: c}]}", "403 pods \"p\" is forbidden: pod rejected: RuntimeClass \"kata\" not found"),
    ];
    for (spec, why) in rows {
        assert_eq!(message(server(NAMESPACE).create(pod(spec))), why, "{spec}");
    }
    let mut elsewhere = pod("{containers: [{name: c}]}");
    elsewhere.metadata.namespace = "nowhere".to_owned();
    assert_eq!(message(server(NAMESPACE).create(elsewhere.clone())), "404 namespaces \"nowhere\" not found");
    assert!(ApiServer::of_partly_known_cluster().create(elsewhere).is_ok());
}

#[test]
fn a_second_default_priority_class_is_refused() {
    let mut server = server("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 1, globalDefault: true}");
    let other = objects("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: b}, value: 2, globalDefault: true}");
    let refusal = server.create(other.priority_classes[0].clone());
    let why = "403 priorityclasses.scheduling.k8s.io \"b\" is forbidden: PriorityClass a is already marked as default. Only one default can exist";
    assert_eq!(message(refusal), why);
}

#[test]
fn a_name_is_taken_once() {
    let mut server = server(NAMESPACE);
    let stored = server.create(pod("{containers: [{name: c}]}")).unwrap();
    assert_eq!(message(server.create(pod("{containers: [{name: c}]}"))), "409 pods \"p\" already exists");
    server.delete(&stored);
    assert!(server.create(pod("{containers: [{name: c}]}")).is_ok());
}

const QUOTA: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: default}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 2, requests.cpu: 1, count/configmaps: 2}}}
";

fn named(name: &str, spec: &str) -> Pod {
    let mut pod = pod(spec);
    pod.metadata.name = name.to_owned();
    pod
}

fn count(server: &mut ApiServer, pods: &[Pod]) {
    let counted = Counted {
        pods: Box::new(pods.iter()),
        claims: Box::new(std::iter::empty()),
        services: Box::new(std::iter::empty()),
        others: Default::default(),
        now_seconds: None,
    };
    server.recount("default", counted);
}

#[test]
fn quotas_are_charged_and_free_only_after_a_recount() {
    let mut server = server(QUOTA);
    const SPEC: &str = "{containers: [{name: c, resources: {requests: {cpu: 600m}}}]}";
    let stored = server.create(named("a", SPEC)).unwrap();
    let why =
        "403 pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1";
    assert_eq!(message(server.create(named("b", SPEC))), why);
    let why = "403 pods \"c\" is forbidden: failed quota: q: must specify requests.cpu for: c";
    assert_eq!(message(server.create(named("c", "{containers: [{name: c}]}"))), why);
    server.delete(&stored);
    assert!(server.create(named("b", SPEC)).is_err());
    count(&mut server, &[]);
    assert!(server.create(named("b", SPEC)).is_ok());
}

#[test]
fn every_namespace_holds_a_config_map_already() {
    let mut server = server(QUOTA);
    count(&mut server, &[]);
    let used: Vec<String> = server.quotas().flat_map(|quota| &quota.status.used).map(|(name, amount)| format!("{name}={amount}")).collect();
    assert_eq!(used, ["count/configmaps=1", "pods=0", "requests.cpu=0"]);
    let maps = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}";
    let results: Vec<String> = objects(maps).others.into_iter().map(|map| message(server.create(map))).collect();
    let why = "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2";
    assert_eq!(results, [String::new(), format!("403 configmaps \"b\" is forbidden: {why}")]);
}

#[test]
fn limit_ranges_give_before_validation_and_forbid_after_it() {
    let policies = format!(
        "{NAMESPACE}\n---\n{{apiVersion: v1, kind: LimitRange, metadata: {{name: l}}, spec: {{limits: [{{type: Container, default: {{cpu: 500m}}, max: {{memory: 1Gi}}}}]}}}}"
    );
    let given = server(&policies).create(pod("{containers: [{name: c}]}")).unwrap();
    assert_eq!(
        given.metadata.annotations["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c"
    );
    let why = "422 Pod \"p\" is invalid: spec.containers[0].resources.requests: Invalid value: \"1\": must be less than or equal to cpu limit of 500m";
    assert_eq!(message(server(&policies).create(pod("{containers: [{name: c, resources: {requests: {cpu: 1}}}]}"))), why);
    let why = "403 pods \"p\" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi";
    assert_eq!(message(server(&policies).create(pod("{containers: [{name: c, resources: {limits: {memory: 2Gi}}}]}"))), why);
}

#[test]
fn some_fields_never_change() {
    const TEXT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: d}}, spec: {containers: [{name: c}]}}}}";
    let mut server = server(NAMESPACE);
    let old: Deployment = server.create(objects(TEXT).deployments.remove(0)).unwrap();
    let new = objects(&TEXT.replace("matchLabels: {a: b}", "matchLabels: {c: d}")).deployments.remove(0);
    let why = "422 Deployment.apps \"d\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"c\":\"d\"}}: field is immutable";
    assert_eq!(message(server.update(&old, new)), why);
    let mut scaled = old.clone();
    scaled.spec.replicas = Some(3);
    assert_eq!(server.update(&old, scaled).unwrap().spec.replicas, Some(3));
}

#[test]
fn a_job_is_told_its_pods_by_its_identity() {
    let text = "{apiVersion: batch/v1, kind: Job, metadata: {name: j, uid: u}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c}]}}}}";
    let job: Job = server(NAMESPACE).create(objects(text).jobs.remove(0)).unwrap();
    assert_eq!(job.spec.selector.unwrap().match_labels["batch.kubernetes.io/controller-uid"], "u");
    assert_eq!(job.spec.template.metadata.labels["job-name"], "j");
    assert_eq!((job.spec.parallelism, job.spec.completions, job.spec.backoff_limit), (Some(1), Some(1), Some(6)));
}

#[test]
fn binding_tells_a_pod_its_zone() {
    let mut nodes = objects("{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {topology.kubernetes.io/zone: z, other: o}}}").nodes;
    let mut pod = pod("{containers: [{name: c}]}");
    bind_topology_labels(&mut pod, &nodes.remove(0));
    assert_eq!(pod.metadata.labels["topology.kubernetes.io/zone"], "z");
    assert_eq!(pod.metadata.labels.len(), 2);
}

#[test]
fn admitting_twice_changes_nothing() {
    let text = "
{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, default: {cpu: 500m}, min: {memory: 1Mi}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b}}, spec: {hostNetwork: true, resources: {limits: {cpu: 2}}, containers: [{name: c, ports: [{containerPort: 1}]}], affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z, labelSelector: {}, matchLabelKeys: [a]}]}}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
";
    let mut once = objects(text);
    assert!(admission::admit(&mut once).is_empty());
    let mut twice = once.clone();
    assert!(admission::admit(&mut twice).is_empty());
    assert_eq!(once, twice);
    assert_eq!(quality_of_service(&once.pods[0].spec), "Burstable");
    assert_eq!(once.pods[0].spec.tolerations.len(), 2);
}

#[test]
fn the_committed_example_is_what_a_server_takes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/data-platform");
    let input = plimsoll::manifest::read::read(&[folder], Default::default());
    let refused: Vec<String> = admission::refusals(&input.objects).into_iter().map(|refused| refused.refusal.message).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
