//! What controllers make of manifests, and what they leave alone in dumps.

use std::collections::HashSet;
use std::time::Instant;

use plimsoll::manifest::Objects;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::{Problem, Severity, read_str};
use plimsoll::{admission, controllers};

/// Reads what a test wrote. Its workloads say no more than the test needs, which the loader may remark on but must read.
fn read(text: &str) -> Objects {
    let input = read_str("test", text);
    let wrong = |problem: &&Problem| problem.severity == Severity::Error && !problem.message.contains("no Node objects");
    assert_eq!(input.problems.iter().find(wrong), None);
    input.objects
}

fn expanded(text: &str) -> Objects {
    let mut objects = read(text);
    controllers::expand(&mut objects);
    let once = objects.clone();
    controllers::expand(&mut objects);
    assert_eq!(once, objects, "expanding twice adds nothing");
    objects
}

fn names(objects: &Objects) -> Vec<&str> {
    objects.pods.iter().map(|pod| pod.metadata.name.as_str()).collect()
}

fn controller_of(pod: &Pod) -> (&str, &str) {
    let owner = pod.metadata.controller().expect("an expanded pod has an owner");
    (&owner.kind, &owner.name)
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: d-1}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}
";

fn replica_set(hash: &str, revision: u32, replicas: u32) -> String {
    format!(
        "
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-{hash}
  namespace: shop
  uid: rs-{hash}
  annotations: {{deployment.kubernetes.io/revision: '{revision}'}}
  ownerReferences: [{{kind: Deployment, name: web, uid: d-1, controller: true}}]
spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web, pod-template-hash: {hash}}}}}, template: {{metadata: {{labels: {{app: web, pod-template-hash: {hash}}}}}, spec: {{containers: [{{name: c}}]}}}}}}
"
    )
}

fn web_pod(hash: &str, suffix: &str, phase: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: Pod
metadata:
  name: web-{hash}-{suffix}
  namespace: shop
  uid: pod-{hash}-{suffix}
  creationTimestamp: '2026-01-01T00:00:0{}Z'
  labels: {{app: web, pod-template-hash: {hash}}}
  ownerReferences: [{{kind: ReplicaSet, name: web-{hash}, uid: rs-{hash}, controller: true}}]
spec: {{nodeName: n1}}
status: {{phase: {phase}}}
",
        suffix.len()
    )
}

#[test]
fn a_deployment_makes_a_replica_set_and_its_pods() {
    let objects = expanded(DEPLOYMENT);
    let [set] = objects.replica_sets.as_slice() else { panic!("one ReplicaSet") };
    let hash = &set.metadata.labels["pod-template-hash"];
    assert_eq!(set.metadata.name, format!("web-{hash}"));
    assert_eq!(set.spec.selector.as_ref().unwrap().match_labels["pod-template-hash"], *hash);
    assert_eq!(objects.pods.len(), 3);
    for pod in &objects.pods {
        assert_eq!(controller_of(pod), ("ReplicaSet", set.metadata.name.as_str()));
        assert_eq!(pod.metadata.controller().unwrap().uid, set.metadata.uid);
        assert_eq!(pod.metadata.namespace, "shop");
        assert_eq!(pod.metadata.labels["pod-template-hash"], *hash);
        assert!(pod.metadata.name.starts_with(&format!("web-{hash}-")), "{}", pod.metadata.name);
        assert_eq!(pod.status.phase, "Pending");
    }
    assert_eq!(names(&objects).into_iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn replicas_default_to_one_and_may_be_none() {
    assert_eq!(expanded(&DEPLOYMENT.replace("replicas: 3", "paused: false")).pods.len(), 1);
    assert_eq!(expanded(&DEPLOYMENT.replace("replicas: 3", "replicas: 0")).pods.len(), 0);
}

#[test]
fn a_dump_with_deployment_replica_set_and_pods_counts_them_once() {
    let pods: String = ["a", "bb", "ccc"].map(|suffix| web_pod("h1", suffix, "Running")).concat();
    let objects = expanded(&(DEPLOYMENT.to_owned() + &replica_set("h0", 1, 0) + &replica_set("h1", 2, 3) + &pods));
    assert_eq!(names(&objects), ["web-h1-a", "web-h1-bb", "web-h1-ccc"]);
    assert_eq!(objects.replica_sets.len(), 2);
}

#[test]
fn of_a_workload_written_twice_the_last_counts() {
    let manifest = DEPLOYMENT.replace(", uid: d-1", "").replace("replicas: 3", "replicas: 5");
    let text = DEPLOYMENT.to_owned() + &replica_set("h1", 1, 3) + &web_pod("h1", "a", "Running") + "---" + &manifest;
    let mut objects = read(&text);
    controllers::expand(&mut objects);
    assert_eq!((objects.deployments.len(), objects.pods.len()), (1, 5));
    assert_eq!(objects.deployments[0].metadata.uid, "d-1", "it is still the same Deployment");
}

#[test]
fn an_ended_pod_is_made_good() {
    let pods: String = [web_pod("h1", "a", "Running"), web_pod("h1", "bb", "Failed"), web_pod("h1", "ccc", "Running")].concat();
    let objects = expanded(&(DEPLOYMENT.to_owned() + &replica_set("h1", 2, 3) + &pods));
    assert_eq!(objects.pods.len(), 4);
    assert_eq!(controller_of(&objects.pods[3]), ("ReplicaSet", "web-h1"));
}

#[test]
fn the_newest_replica_set_makes_up_what_the_deployment_lacks() {
    let objects = expanded(&(DEPLOYMENT.to_owned() + &replica_set("h1", 10, 1) + &replica_set("h0", 9, 1)));
    let of = |name: &str| objects.pods.iter().filter(|pod| controller_of(pod).1 == name).count();
    assert_eq!((of("web-h1"), of("web-h0")), (2, 1));
}

#[test]
fn without_replica_sets_pods_are_found_by_selector_and_their_sets_made_anew() {
    let pods = web_pod("h0", "a", "Running") + &web_pod("h1", "bb", "Running");
    let objects = expanded(&(DEPLOYMENT.to_owned() + &pods));
    assert_eq!(objects.pods.len(), 3);
    assert_eq!(controller_of(&objects.pods[2]), ("ReplicaSet", "web-h1"), "the set of the youngest pod grows");
    let sets: Vec<&str> = objects.replica_sets.iter().map(|set| set.metadata.uid.as_str()).collect();
    assert_eq!(sets, ["rs-h0", "rs-h1"]);
}

#[test]
fn a_set_takes_in_orphans_that_its_selector_matches() {
    let set = "
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web, namespace: shop}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: stray, namespace: shop, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere, namespace: other, labels: {app: web}}
";
    let objects = expanded(set);
    assert_eq!(objects.pods.len(), 3);
    assert_eq!(controller_of(&objects.pods[0]), ("ReplicaSet", "web"));
    assert!(objects.pods[1].metadata.controller().is_none());
}

#[test]
fn a_pod_of_an_earlier_owner_of_the_same_name_does_not_count() {
    let old = web_pod("h1", "a", "Running").replace("uid: rs-h1", "uid: rs-before");
    assert_eq!(expanded(&(DEPLOYMENT.to_owned() + &replica_set("h1", 1, 3) + &old)).pods.len(), 4);
}

#[test]
fn a_replication_controller_selects_by_a_plain_map() {
    let objects = expanded(
        "{apiVersion: v1, kind: ReplicationController, metadata: {name: old}, spec: {replicas: 2, template: {metadata: {labels: {app: old}}, spec: {containers: [{name: c}]}}}}",
    );
    assert_eq!(objects.pods.len(), 2);
    assert_eq!(controller_of(&objects.pods[0]), ("ReplicationController", "old"));
    assert_eq!(objects.pods[0].metadata.namespace, "default");
}

const STATEFUL_SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  ordinals: {start: 2}
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c}], volumes: [{name: data, emptyDir: {}}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 50Gi}}}}]
";

#[test]
fn a_stateful_set_makes_ordinals_and_their_claims() {
    let objects = expanded(STATEFUL_SET);
    assert_eq!(names(&objects), ["db-2", "db-3", "db-4"]);
    let pod = &objects.pods[0];
    assert_eq!(pod.metadata.labels["statefulset.kubernetes.io/pod-name"], "db-2");
    assert_eq!(pod.metadata.labels["apps.kubernetes.io/pod-index"], "2");
    let [volume] = pod.spec.volumes.as_slice() else { panic!("the claim hides the volume of the same name") };
    assert_eq!(volume.persistent_volume_claim.as_ref().unwrap().claim_name, "data-db-2");
    let claims: Vec<&str> = objects.persistent_volume_claims.iter().map(|claim| claim.metadata.name.as_str()).collect();
    assert_eq!(claims, ["data-db-2", "data-db-3", "data-db-4"]);
    assert_eq!(objects.persistent_volume_claims[0].metadata.labels["app"], "db");
    assert_eq!(objects.persistent_volume_claims[0].status.phase, "Pending");
}

#[test]
fn existing_ordinals_and_claims_stay_and_ended_ones_are_made_anew() {
    let rest = "
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data-db-4, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Bound}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-2, namespace: shop, ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}, status: {phase: Failed}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-3, namespace: shop, ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}, spec: {nodeName: n1}, status: {phase: Running}}
";
    let objects = expanded(&(STATEFUL_SET.to_owned() + rest));
    assert_eq!(names(&objects), ["db-2", "db-3", "db-4"]);
    assert_eq!(objects.pods[0].status.phase, "Pending");
    assert_eq!(objects.pods[1].spec.node_name, "n1");
    let bound = objects.persistent_volume_claims.iter().find(|claim| claim.metadata.name == "data-db-4").unwrap();
    assert_eq!(bound.spec.volume_name, "pv-1");
    assert_eq!(objects.persistent_volume_claims.len(), 2);
}

const NODES: &str = "
---
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {disk: ssd}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2, labels: {disk: hdd}}, spec: {taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}], unschedulable: true}}
---
{apiVersion: v1, kind: Node, metadata: {name: n3, labels: {disk: ssd}}, spec: {taints: [{key: dedicated, value: gpu, effect: NoSchedule}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n4}, spec: {taints: [{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}]}}
";

fn daemon_nodes(spec: &str) -> Vec<String> {
    let spec = spec.replacen('{', "{containers: [{name: c}], ", 1);
    let set = format!(
        "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: agent}}, spec: {{selector: {{matchLabels: {{app: agent}}}}, template: {{metadata: {{labels: {{app: agent}}}}, spec: {spec}}}}}}}"
    );
    let objects = expanded(&(set + NODES));
    let pinned = |pod: &Pod| {
        let affinity = pod.spec.affinity.as_ref().unwrap().node_affinity.as_ref().unwrap();
        let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref().unwrap().node_selector_terms;
        assert!(terms.len() == 1 && terms[0].match_expressions.is_empty());
        terms[0].match_fields[0].values[0].clone()
    };
    objects.pods.iter().map(pinned).collect()
}

#[test]
fn a_daemon_runs_where_its_template_allows() {
    assert_eq!(daemon_nodes("{}"), ["n1", "n2"], "a cordon does not keep it away, other taints do");
    assert_eq!(daemon_nodes("{hostNetwork: true}"), ["n1", "n2", "n4"]);
    assert_eq!(daemon_nodes("{tolerations: [{operator: Exists}]}"), ["n1", "n2", "n3", "n4"]);
    assert_eq!(daemon_nodes("{nodeSelector: {disk: ssd}}"), ["n1"]);
    let not_n1 = "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: NotIn, values: [n1]}]}]}}}}";
    assert_eq!(daemon_nodes(not_n1), ["n2"]);
}

#[test]
fn a_daemon_tolerates_what_daemons_tolerate() {
    let set = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {template: {spec: {containers: [{name: c}], hostNetwork: true, tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]}}}}";
    let objects = expanded(&(set.to_owned() + NODES));
    let tolerations = &objects.pods[0].spec.tolerations;
    assert_eq!(tolerations.len(), 7);
    assert_eq!((tolerations[0].key.as_str(), tolerations[0].toleration_seconds), ("node.kubernetes.io/not-ready", None));
}

#[test]
fn a_daemon_that_runs_is_not_made_again() {
    let rest = "
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, uid: ds-1}, spec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c}]}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent-x, ownerReferences: [{kind: DaemonSet, name: agent, uid: ds-1, controller: true}]}, spec: {nodeName: n1}, status: {phase: Running}}
";
    let objects = expanded(&(NODES.trim_start_matches("\n---").to_owned() + rest));
    assert_eq!(objects.pods.len(), 2);
}

fn job_pods(spec: &str, status: &str) -> Objects {
    expanded(&format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: load, namespace: shop}}, spec: {{{spec}template: {{spec: {{containers: [{{name: c}}]}}}}}}, status: {{{status}}}}}"
    ))
}

#[test]
fn a_job_runs_so_many_at_once() {
    let count = |spec: &str, status: &str| job_pods(spec, status).pods.len();
    assert_eq!(count("", ""), 1);
    assert_eq!(count("parallelism: 4, ", ""), 4);
    assert_eq!(count("parallelism: 4, completions: 2, ", ""), 2);
    assert_eq!(count("parallelism: 4, completions: 10, ", "succeeded: 8"), 2);
    assert_eq!(count("parallelism: 4, ", "succeeded: 1"), 0, "a work queue is empty after the first success");
    assert_eq!(count("suspend: true, ", ""), 0);
    assert_eq!(count("", "completionTime: '2026-01-01T00:00:00Z'"), 0);
    assert_eq!(count("", "conditions: [{type: Failed, status: 'True'}]"), 0);
}

#[test]
fn an_indexed_job_starts_the_lowest_open_indexes() {
    let objects = job_pods("parallelism: 2, completions: 5, completionMode: Indexed, ", "completedIndexes: '0,2', succeeded: 2");
    let index = |pod: &Pod| pod.metadata.annotations["batch.kubernetes.io/job-completion-index"].clone();
    assert_eq!(objects.pods.iter().map(index).collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(objects.pods[0].metadata.labels["job-name"], "load");
    assert_eq!(objects.pods[0].spec.hostname, "load-1");
}

#[test]
fn names_to_be_generated_are_completed() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {generateName: load-}, spec: {template: {spec: {containers: [{name: c}]}}}}";
    let objects = expanded(&format!("{job}\n---\n{job}"));
    let jobs: HashSet<&str> = objects.jobs.iter().map(|job| job.metadata.name.as_str()).collect();
    assert_eq!((jobs.len(), objects.pods.len()), (2, 2));
    assert!(jobs.iter().all(|name| name.starts_with("load-") && name.len() == 10), "{jobs:?}");
    assert!(objects.pods.iter().all(|pod| jobs.contains(controller_of(pod).1)));
}

#[test]
fn suspended_jobs_are_said_to_make_no_pods() {
    let mut objects = read(
        "{apiVersion: batch/v1, kind: Job, metadata: {name: held}, spec: {suspend: true, template: {spec: {containers: [{name: c}]}}}}",
    );
    let notes = controllers::expand(&mut objects);
    assert_eq!(notes[0].message, "1 Job is suspended; none of its pods are placed");
    assert!(objects.pods.is_empty());
}

#[test]
fn a_cron_job_that_was_written_down_has_one_run_or_all_that_may_overlap() {
    use plimsoll::controllers::cron_job::CronRuns;
    let cron_job = |metadata: &str| {
        read(&format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: often{metadata}}}, spec: {{schedule: '* * * * *', jobTemplate: {{spec: {{activeDeadlineSeconds: 150, template: {{spec: {{containers: [{{name: c}}]}}}}}}}}}}}}"
        ))
    };
    for (runs, metadata, pods) in
        [(CronRuns::None, "", 0), (CronRuns::One, "", 1), (CronRuns::Overlapping, "", 3), (CronRuns::Overlapping, ", uid: '1-2'", 0)]
    {
        let mut objects = cron_job(metadata);
        controllers::expand_with(&mut objects, runs);
        let notes = controllers::expand_with(&mut objects, runs);
        assert_eq!((objects.pods.len(), notes.len()), (pods, usize::from(pods == 0)), "{runs:?}");
    }
}

#[test]
fn budgets_of_a_spec_count_on_every_pod() {
    let mut objects = read(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 5, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {maxUnavailable: 30%, selector: {matchLabels: {app: web}}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: seen}, spec: {maxUnavailable: 1, selector: {}}, status: {observedGeneration: 3}}",
    );
    controllers::expand(&mut objects);
    controllers::disruption::budgets(&mut objects);
    let [web, seen] = &objects.pod_disruption_budgets[..] else { panic!("there are two") };
    let numbers = (web.status.expected_pods, web.status.current_healthy, web.status.desired_healthy, web.status.disruptions_allowed);
    assert_eq!(numbers, (5, 5, 3, 2));
    assert_eq!(seen.status.expected_pods, 0);
}

#[test]
fn an_ephemeral_volume_gets_its_claim() {
    let objects = expanded(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c}], volumes: [{name: scratch, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}]}}",
    );
    let [claim] = objects.persistent_volume_claims.as_slice() else { panic!("one claim") };
    assert_eq!((claim.metadata.name.as_str(), claim.spec.storage_class_name.as_deref()), ("p-scratch", Some("fast")));
}

#[test]
fn the_order_of_documents_changes_no_name() {
    let other = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {replicas: 2, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: c}]}}}}";
    let sorted = |text: String| {
        let mut names: Vec<String> = names(&expanded(&text)).into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(sorted(format!("{DEPLOYMENT}\n---\n{other}")), sorted(format!("{other}\n---{DEPLOYMENT}")));
}

#[test]
fn admission_completes_expanded_pods_and_a_second_time_changes_nothing() {
    let text = DEPLOYMENT.replace(
        "containers: [{name: c, image: nginx}]",
        "priorityClassName: system-cluster-critical, containers: [{name: c, resources: {limits: {cpu: 500m}}}]",
    );
    let mut objects = expanded(&text);
    assert!(admission::admit(&mut objects).is_empty());
    let pod = &objects.pods[0];
    assert_eq!(pod.spec.scheduler_name, "default-scheduler");
    assert_eq!(pod.spec.priority, Some(2_000_000_000));
    assert_eq!(pod.spec.containers[0].resources.requests.get("cpu").unwrap().milli(), 500);
    let once = objects.clone();
    admission::admit(&mut objects);
    assert_eq!(once, objects);
}

/// Fifteen pods each for ten thousand Deployments with their ReplicaSets, and as many again whose pods lost their owners.
#[test]
fn a_large_dump_is_not_searched_once_a_workload() {
    let template = read(&(DEPLOYMENT.to_owned() + &replica_set("h1", 1, 15) + &web_pod("h1", "a", "Running")));
    let mut objects = Objects::default();
    for number in 0..10_000 {
        let rename = |text: &mut String| *text = text.replacen("web", &format!("web{number}"), 1);
        let mut deployment = template.deployments[0].clone();
        rename(&mut deployment.metadata.name);
        deployment.metadata.uid = format!("d-{number}");
        deployment.spec.replicas = Some(15);
        let mut set = template.replica_sets[0].clone();
        rename(&mut set.metadata.name);
        set.metadata.uid = format!("rs-{number}");
        let app = format!("web{number}");
        for selector in [&mut deployment.spec.selector, &mut set.spec.selector] {
            selector.as_mut().unwrap().match_labels.insert("app".into(), app.clone());
        }
        set.metadata.owner_references[0].name.clone_from(&deployment.metadata.name);
        set.metadata.owner_references[0].uid.clone_from(&deployment.metadata.uid);
        for index in 0..15 {
            let mut pod = template.pods[0].clone();
            pod.metadata.name = format!("{}-{index}", set.metadata.name);
            pod.metadata.labels.insert("app".into(), app.clone());
            pod.metadata.owner_references[0].name.clone_from(&set.metadata.name);
            pod.metadata.owner_references[0].uid.clone_from(&set.metadata.uid);
            objects.pods.push(pod);
        }
        objects.deployments.push(deployment);
        objects.replica_sets.push(set);
    }
    let mut stripped = objects.clone();
    stripped.replica_sets.clear();
    stripped.pods.iter_mut().for_each(|pod| pod.metadata.owner_references.clear());
    for mut input in [objects, stripped] {
        let start = Instant::now();
        controllers::expand(&mut input);
        let elapsed = start.elapsed();
        assert_eq!((input.pods.len(), input.replica_sets.len()), (150_000, 10_000));
        // 0.1 s and 0.3 s when measured; what this catches is a pass over all pods for every workload
        assert!(elapsed.as_secs_f64() < 10.0, "{elapsed:?}");
    }
}

#[test]
fn a_job_that_was_only_written_has_pods_that_the_server_takes() {
    let text = "
{apiVersion: batch/v1, kind: Job, metadata: {name: load, namespace: shop}, spec: {parallelism: 2, completions: 4, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
---
{apiVersion: batch/v1, kind: CronJob, metadata: {name: backup, namespace: shop}, spec: {schedule: '0 1 * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}}
";
    let mut objects = plimsoll::manifest::read::read_str("jobs.yaml", text).objects;
    let everything = plimsoll::manifest::read::Written::Everything;
    let creation = plimsoll::simulation::create(&mut objects, &everything, &Default::default(), plimsoll::controllers::expand);
    assert!(creation.refused.is_empty(), "{:?}", creation.refused);
    assert_eq!(objects.pods.len(), 3);
}
