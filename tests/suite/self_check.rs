//! The self-check finds what contradicts and nothing else: what a scheduler has placed, ours or the real one, never does.

use std::path::Path;

use plimsoll::cluster::Cluster;
use plimsoll::conformance::Recordings;
use plimsoll::manifest::Objects;
use plimsoll::manifest::pod::PodStatus;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::simulation::self_check::{Cause, SelfCheck, self_check};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate;

fn check(objects: &Objects, configuration: &Configuration, version: KubernetesVersion) -> (Cluster, SelfCheck) {
    let (cluster, profiles) = prepare(objects, configuration);
    let found = self_check(objects, &cluster, &profiles, version.semantics());
    (cluster, found)
}

/// Pods that are refused for a cause, with the plugin.
fn refused(cluster: &Cluster, check: &SelfCheck, cause: Cause) -> Vec<(String, &'static str)> {
    let found = check.findings.iter().filter(|finding| finding.cause == cause);
    found.map(|finding| (cluster.pod_name(finding.pod).name.to_owned(), finding.rejection.plugin)).collect()
}

#[test]
fn what_contradicts_is_told_from_what_was_overtaken() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cli/self-check.yaml")).expect("it is committed");
    let objects = read_str("self-check", &text).objects;
    let (cluster, check) = check(&objects, &Configuration::default(), KubernetesVersion::default());
    let of = |cause| refused(&cluster, &check, cause);
    let pairs = |pairs: &[(&str, &'static str)]| pairs.iter().map(|&(pod, plugin)| (pod.to_owned(), plugin)).collect::<Vec<_>>();
    let contradictions = [
        ("web-1", "NodeResourcesFit"),
        ("web-2", "NodeResourcesFit"),
        ("proxy-a", "NodePorts"),
        ("proxy-b", "NodePorts"),
        ("alone-a", "InterPodAffinity"),
        ("alone-b", "InterPodAffinity"),
    ];
    assert_eq!(of(Cause::Contradiction), pairs(&contradictions));
    assert_eq!(of(Cause::Since), pairs(&[("before-the-taint", "TaintToleration")]));
    assert_eq!(of(Cause::Lacking), pairs(&[("with-claim", "VolumeRestrictions")]));
    assert_eq!((check.judged, check.accepted), (9, 1), "only `idle` asks for nothing that is gone");
    assert_eq!((check.fixed, check.foreign, check.orphaned, check.leaving), (1, 1, 1, 1));
    let short = &check.findings[0].short;
    assert_eq!((short[0].resource.as_str(), short[0].used, short[0].allocatable), ("cpu", 1200, 1000));
    assert_eq!([Cause::Contradiction, Cause::Lacking, Cause::Since].map(|cause| check.refused_for(cause)), [6, 1, 1]);
}

/// The same objects with every pod where the scheduler puts it, and those that find no node left out.
fn placed(mut objects: Objects) -> Objects {
    for pod in &mut objects.pods {
        pod.spec.node_name.clear();
        // a resize that is under way is set aside beside what was asked for
        pod.status = PodStatus { phase: "Pending".to_owned(), ..PodStatus::default() };
    }
    let (cluster, profiles) = prepare(&objects, &Configuration::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    scheduler.run(|_, _| ());
    let nodes: Vec<Option<String>> =
        cluster.pod_ids().map(|pod| scheduler.occupancy().node_of(pod).map(|node| cluster.node_name(node).to_owned())).collect();
    let mut nodes = nodes.into_iter();
    objects.pods.retain_mut(|pod| match nodes.next().flatten() {
        Some(node) => {
            pod.spec.node_name = node;
            pod.status.phase = "Running".to_owned();
            true
        }
        None => false,
    });
    objects
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_our_scheduler_has_placed_never_contradicts(plan in generate::plan()) {
        let objects = placed(generate::build(&plan));
        let (cluster, check) = check(&objects, &Configuration::default(), KubernetesVersion::default());
        let contradictions = refused(&cluster, &check, Cause::Contradiction);
        prop_assert!(contradictions.is_empty(), "{:?}", contradictions);
    }

    /// It is a question, and changes nothing; and pods that are alike are answered alike.
    #[test]
    fn the_check_says_the_same_twice_and_counts_every_pod(plan in generate::plan()) {
        let objects = generate::build(&plan);
        let (cluster, one) = check(&objects, &Configuration::default(), KubernetesVersion::default());
        let (_, other) = check(&objects, &Configuration::default(), KubernetesVersion::default());
        prop_assert_eq!(&one, &other);
        let refused: usize = [Cause::Contradiction, Cause::Lacking, Cause::Since].into_iter().map(|cause| one.refused_for(cause)).sum();
        prop_assert_eq!(one.judged, one.accepted + refused);
        prop_assert_eq!(cluster.pods.len(), objects.pods.len());
    }
}

/// The last recorded node of each pending pod; nothing where a preemption took pods away.
fn recorded_nodes(steps: &[Value]) -> Option<Vec<(&str, &str)>> {
    if steps.iter().any(|step| step["outcome"].as_str().is_some_and(|outcome| outcome.contains("reempt"))) {
        return None;
    }
    Some(steps.iter().filter_map(|step| Some((step["pod"].as_str()?, step["node"].as_str()?))).collect())
}

#[test]
fn what_the_real_scheduler_has_placed_never_contradicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let mut judged = 0;
    for version in [KubernetesVersion::V1_36, KubernetesVersion::V1_34] {
        let recordings = Recordings::read(&folder, version).expect("the recordings are committed");
        for case in &recordings.cases {
            let Some(nodes) = recorded_nodes(recordings.expected_steps(&case.name)) else { continue };
            let mut pending = case.pending.clone();
            let title = |pod: &Value| {
                format!(
                    "{}/{}",
                    pod["metadata"]["namespace"].as_str().unwrap_or("default"),
                    pod["metadata"]["name"].as_str().unwrap_or_default()
                )
            };
            let mut placed = Vec::new();
            for pod in &mut pending {
                let title = title(pod);
                if let Some((_, node)) = nodes.iter().find(|(name, _)| *name == title) {
                    pod["spec"]["nodeName"] = json!(node);
                    placed.push(title);
                }
            }
            let items = [case.objects.clone(), pending].concat();
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            let objects = read_str(&case.name, &list.to_string()).objects;
            let configuration = match &case.config {
                Some(config) => {
                    let written = read_str("config", &config.to_string()).objects.scheduler_configurations.remove(0);
                    Configuration::new(written).expect("it was replayed")
                }
                None => Configuration::default(),
            };
            let (cluster, check) = check(&objects, &configuration, version);
            let ours = |finding: &&plimsoll::simulation::self_check::Finding| {
                finding.cause == Cause::Contradiction && placed.contains(&cluster.pod_name(finding.pod).to_string())
            };
            let wrong: Vec<_> =
                check.findings.iter().filter(ours).map(|finding| (cluster.pod_name(finding.pod), &finding.rejection)).collect();
            assert!(wrong.is_empty(), "{} ({version}): {wrong:?}", case.name);
            judged += placed.len();
        }
    }
    assert!(judged > 1000, "{judged} pods were placed by the real scheduler");
}
