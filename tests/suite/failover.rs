//! How long a failover takes, against what was recorded of a real control plane, and what to change where it is too long.

use std::time::Duration;

use plimsoll::admission;
use plimsoll::controllers;
use plimsoll::controllers::taint_eviction::{Stay, stay};
use plimsoll::manifest::Objects;
use plimsoll::manifest::node::Taint;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::failover::{
    Assumptions, Basis, Breach, Change, Claim, Claims, Controller, DetachFrom, Displaced, Disruption, Failover, Group, Hold, Means,
    Removal, Span, StageKind, Timeline, breach, disruption, failover, of_cluster, start_notes, timeline,
};

const ONE_NODE: Disruption = Disruption::Every(Duration::from_secs(10));

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn span(least: u64, most: u64) -> Option<Span> {
    Some(Span::between(seconds(least), seconds(most)))
}

fn objects(yaml: &str) -> Objects {
    let mut input = read_str("shop.yaml", yaml);
    assert_eq!(input.problems, []);
    controllers::expand(&mut input.objects);
    _ = admission::admit(&mut input.objects);
    input.objects
}

/// A pod of a controller of some kind, as admission leaves it. `more` is more of its spec.
fn pod(kind: &str, more: &str) -> Pod {
    let owner = match kind {
        "" => String::new(),
        kind => format!(", ownerReferences: [{{apiVersion: v1, kind: {kind}, name: api, uid: u, controller: true}}]"),
    };
    let yaml = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: api-1, namespace: shop{owner}}}\nspec:\n  containers: [{{name: c, image: i}}]\n  {more}\n"
    );
    objects(&yaml).pods.remove(0)
}

fn displaced(pod: &Pod) -> Displaced<'_> {
    Displaced { pod, controller: Controller::of(pod), disruption: ONE_NODE, order_in_zone: 0, claims: &[], min_ready_seconds: 0 }
}

fn removal(means: Means, after: u64) -> Assumptions {
    Assumptions { removal: Some(Removal { means, after: seconds(after) }), ..Assumptions::default() }
}

/// Kinds and worst lengths of the stages.
fn stages(timeline: &Timeline) -> Vec<(StageKind, Option<u64>)> {
    timeline.stages.iter().map(|stage| (stage.kind, stage.length.map(|length| length.most.as_secs()))).collect()
}

fn attached() -> Vec<Claim> {
    vec![Claim { name: "data".to_owned(), hold: Hold::OneNode }]
}

#[test]
fn a_pod_leaves_351_seconds_after_the_last_lease() {
    let pod = pod("ReplicaSet", "");
    let timeline = timeline(&Assumptions::default(), &displaced(&pod));
    let expected = [(StageKind::Detection, Some(55)), (StageKind::Toleration, Some(300)), (StageKind::Start, Some(30))];
    assert_eq!(stages(&timeline), expected);
    // recorded: Unknown after 51 to 53 s, deleted 300 s later; the node is lost up to 10 s after its last lease
    let created = timeline.created.expect("it is replaced");
    assert_eq!(Some(created), span(340, 355));
    assert!(created.least <= seconds(351) && seconds(351) <= created.most);
    assert_eq!(timeline.back_after, span(370, 385));
    assert_eq!(
        timeline.stages.iter().map(|stage| stage.basis).collect::<Vec<_>>(),
        [Basis::KubernetesDefault, Basis::KubernetesDefault, Basis::Assumed]
    );
    let starts: Vec<u64> = timeline.stages.iter().map(|stage| stage.start.most.as_secs()).collect();
    assert_eq!(starts, [0, 55, 355]);
}

#[test]
fn the_first_toleration_that_matches_counts_and_the_shortest_taint() {
    let taint = |key: &str| Taint { key: key.to_owned(), effect: "NoExecute".to_owned(), ..Taint::default() };
    let (unreachable, maint) = (taint("node.kubernetes.io/unreachable"), taint("maint"));
    let wait = |taints: &[Taint], tolerations: &str| stay(taints, &pod("ReplicaSet", tolerations).spec.tolerations);
    let tolerate = |parts: &[&str]| format!("tolerations: [{}]", parts.join(", "));
    let key = |key: &str, seconds: &str| format!("{{key: {key}, operator: Exists, effect: NoExecute{seconds}}}");
    let lost = |seconds: &str| key("node.kubernetes.io/unreachable", &format!(", tolerationSeconds: {seconds}"));
    // nodeloss-two-taints-016
    let both = [unreachable.clone(), maint.clone()];
    assert_eq!(wait(&both, &tolerate(&[&lost("8"), &key("maint", ", tolerationSeconds: 3")])), Stay::For(seconds(3)));
    assert_eq!(wait(&both, &tolerate(&[&lost("4"), &key("maint", "")])), Stay::For(seconds(4)));
    assert_eq!(wait(&both, &tolerate(&[&lost("4")])), Stay::NoLonger);
    // nodeloss-min-of-tolerations-017
    let only = [unreachable];
    assert_eq!(wait(&only, &tolerate(&[&lost("9"), "{operator: Exists, effect: NoExecute, tolerationSeconds: 4}"])), Stay::For(seconds(9)));
    assert_eq!(wait(&only, &tolerate(&["{operator: Exists}"])), Stay::ForEver);
    // nodeloss-custom-015
    assert_eq!(wait(&[maint], ""), Stay::NoLonger);
    assert_eq!(wait(&only, ""), Stay::For(seconds(300)));
    assert_eq!(wait(&only, &tolerate(&[&lost("-1")])), Stay::For(seconds(0)));
}

#[test]
fn a_pod_of_a_stateful_set_waits_for_someone() {
    let pod = pod("StatefulSet", "");
    let alone = timeline(&Assumptions::default(), &displaced(&pod));
    assert_eq!((alone.back_after, alone.moves), (None, false));
    assert_eq!(alone.longest().map(|stage| stage.kind), Some(StageKind::Removal));
    let back = |means, after| timeline(&removal(means, after), &displaced(&pod)).back_after;
    // after the eviction
    assert_eq!(back(Means::ForceDelete, 600), span(630, 630));
    assert_eq!(back(Means::DeleteNode, 600), span(670, 690));
    assert_eq!(back(Means::OutOfServiceTaint, 600), span(630, 650));
    // before it
    assert_eq!(back(Means::OutOfServiceTaint, 120), span(150, 170));
    // nobody acts before the loss is noticed
    assert_eq!(back(Means::OutOfServiceTaint, 0), span(70, 105));
}

#[test]
fn a_removal_cuts_the_toleration_of_every_pod_short() {
    let pod = pod("ReplicaSet", "");
    let timeline = timeline(&removal(Means::OutOfServiceTaint, 100), &displaced(&pod));
    assert_eq!(stages(&timeline), [(StageKind::Detection, Some(55)), (StageKind::Toleration, Some(45)), (StageKind::Start, Some(30))]);
    assert_eq!(timeline.stages[1].basis, Basis::Flag);
}

#[test]
fn what_belongs_to_its_node_does_not_move() {
    for kind in ["DaemonSet", "Node"] {
        let pod = pod(kind, "");
        let timeline = timeline(&removal(Means::DeleteNode, 100), &displaced(&pod));
        assert_eq!((timeline.moves, timeline.back_after), (false, None), "{kind}");
    }
    let bare = pod("", "");
    let alone = timeline(&Assumptions::default(), &displaced(&bare));
    assert_eq!((alone.moves, alone.longest().map(|stage| stage.kind)), (false, Some(StageKind::NoReplacement)));
    let forever = pod("ReplicaSet", "tolerations: [{operator: Exists}]");
    let alone = timeline(&Assumptions::default(), &displaced(&forever));
    assert_eq!((alone.moves, alone.longest().map(|stage| stage.kind)), (false, Some(StageKind::Toleration)));
}

#[test]
fn a_job_waits_for_its_back_off() {
    let pod = pod("Job", "");
    assert_eq!(timeline(&Assumptions::default(), &displaced(&pod)).back_after, span(380, 395));
    let ended = Displaced { controller: Controller::JobWhenEnded, ..displaced(&pod) };
    assert_eq!(timeline(&Assumptions::default(), &ended).back_after, None);
}

#[test]
fn volumes_are_detached_late() {
    let (deployed, stateful, claims) = (pod("ReplicaSet", ""), pod("StatefulSet", ""), attached());
    let with_claims = |pod| Displaced { claims: &claims, ..displaced(pod) };
    let usual = Assumptions::default();
    // the dead pod's object holds its volume
    let never = timeline(&usual, &with_claims(&deployed));
    assert_eq!((never.moves, never.back_after, never.longest().map(|stage| stage.kind)), (true, None, Some(StageKind::Detach)));
    let documented = Assumptions { detach_from: DetachFrom::PodDeleted, ..usual };
    assert_eq!(timeline(&documented, &with_claims(&deployed)).back_after, span(730, 745));
    assert_eq!(timeline(&removal(Means::ForceDelete, 600), &with_claims(&stateful)).back_after, span(990, 990));
    assert_eq!(timeline(&removal(Means::OutOfServiceTaint, 120), &with_claims(&stateful)).back_after, span(150, 170));
    let local = [Claim { name: "disk".to_owned(), hold: Hold::Local }];
    let pinned = Displaced { claims: &local, ..displaced(&stateful) };
    assert_eq!(timeline(&removal(Means::OutOfServiceTaint, 120), &pinned).longest().map(|stage| stage.kind), Some(StageKind::LocalVolume));
}

#[test]
fn claims_say_what_holds_them() {
    let claim = |name: &str, mode: &str, volume: &str| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{accessModes: [{mode}], volumeName: '{volume}', resources: {{requests: {{storage: 1Gi}}}}}}\n"
        )
    };
    let volume = |name: &str, mode: &str, source: &str| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\n\
             spec: {{accessModes: [{mode}], capacity: {{storage: 1Gi}}, {source}}}\n"
        )
    };
    let names = ["disk", "share", "local", "file", "unbound", "path"];
    let volumes: Vec<String> =
        names.iter().map(|name| format!("{{name: v-{name}, persistentVolumeClaim: {{claimName: {name}}}}}")).collect();
    let host =
        "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]}]}}";
    let yaml = [
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec: {{containers: [{{name: c, image: i}}], volumes: [{}]}}\n",
            volumes.join(", ")
        ),
        "---\napiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: nfs}\nspec: {attachRequired: false}\n".to_owned(),
        claim("disk", "ReadWriteOnce", "pv-disk") + &volume("pv-disk", "ReadWriteOnce", "csi: {driver: ebs, volumeHandle: v1}"),
        claim("share", "ReadWriteMany", "pv-share") + &volume("pv-share", "ReadWriteMany", "csi: {driver: efs, volumeHandle: v2}"),
        claim("local", "ReadWriteOnce", "pv-local") + &volume("pv-local", "ReadWriteOnce", &format!("local: {{path: /d}}, {host}")),
        claim("file", "ReadWriteOnce", "pv-file") + &volume("pv-file", "ReadWriteOnce", "csi: {driver: nfs, volumeHandle: v3}"),
        claim("unbound", "ReadWriteOncePod", ""),
        claim("path", "ReadWriteOnce", "").replace("volumeName: ''", "storageClassName: local-path"),
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local-path}\nprovisioner: rancher.io/local-path\n".to_owned(),
    ]
    .concat();
    let objects = objects(&yaml);
    let holds: Vec<Hold> = Claims::of(&objects).of_pod(&objects.pods[0]).into_iter().map(|claim| claim.hold).collect();
    assert_eq!(holds, [Hold::OneNode, Hold::Shared, Hold::Local, Hold::Shared, Hold::OneNode, Hold::Local]);
}

#[test]
fn further_nodes_of_a_zone_wait_for_their_taint() {
    let pod = pod("ReplicaSet", "");
    let third = Displaced { order_in_zone: 2, ..displaced(&pod) };
    assert_eq!(timeline(&Assumptions::default(), &third).back_after, span(390, 405));
    // recorded: 3 of 4 nodes of a zone, and nothing is evicted
    let zone = plimsoll::planning::failover::Zone { nodes: 4, lost: 3 };
    let stopped = Displaced { disruption: disruption(&Assumptions::default(), zone, true), ..displaced(&pod) };
    let alone = timeline(&Assumptions::default(), &stopped);
    assert_eq!((alone.moves, alone.longest().map(|stage| stage.kind)), (false, Some(StageKind::Taint)));
    assert_eq!(timeline(&removal(Means::DeleteNode, 100), &stopped).back_after, span(170, 190));
}

#[test]
fn the_start_comes_from_annotation_flag_probes_or_nowhere() {
    let start = |assumptions: &Assumptions, pod: &Pod| {
        let timeline = timeline(assumptions, &displaced(pod));
        let stage = timeline.stages.last().expect("it starts");
        (stage.length.expect("it ends").most.as_secs(), stage.basis)
    };
    let usual = Assumptions::default();
    let given = Assumptions { start: Some(seconds(12)), ..Assumptions::default() };
    let mut plain = pod("ReplicaSet", "");
    assert_eq!([start(&usual, &plain), start(&given, &plain)], [(30, Basis::Assumed), (12, Basis::Flag)]);
    let probed = pod(
        "ReplicaSet",
        "initContainers: [{name: s, image: i, restartPolicy: Always, startupProbe: {initialDelaySeconds: 5, tcpSocket: {port: 1}}}]",
    );
    assert_eq!(start(&usual, &probed).0, 30);
    plain.metadata.annotations.insert("plimsoll.dev/start-seconds".to_owned(), "90".to_owned());
    assert_eq!(start(&given, &plain), (90, Basis::Annotation));
    let mut wrong = Objects::default();
    plain.metadata.annotations.insert("plimsoll.dev/start-seconds".to_owned(), "1m".to_owned());
    wrong.pods = vec![plain.clone(), plain.clone()];
    let expected = "ReplicaSet api: annotation plimsoll.dev/start-seconds: \"1m\" is no number of seconds; it does not count";
    assert_eq!(start_notes(&wrong).iter().map(|note| note.message.as_str()).collect::<Vec<_>>(), [expected]);
    assert_eq!(start(&given, &plain), (12, Basis::Flag));
    let mut slow = pod("ReplicaSet", "");
    slow.spec.containers[0].readiness_probe = Some(plimsoll::manifest::pod::Probe {
        initial_delay_seconds: Some(60),
        period_seconds: Some(5),
        success_threshold: Some(3),
        failure_threshold: None,
    });
    assert_eq!(start(&usual, &slow), (70, Basis::PodSpec));
}

#[test]
fn an_outage_ends_when_enough_are_back() {
    let (deployed, slow) =
        (pod("ReplicaSet", ""), pod("ReplicaSet", "tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 600}]"));
    let usual = Assumptions::default();
    let timelines = [timeline(&usual, &displaced(&slow)), timeline(&usual, &displaced(&deployed))];
    let of = |ready, needed| failover(&Group { timelines: &timelines, ready, needed, ordered: false });
    let recovery = span(670, 685);
    assert_eq!(of(1, 1), Failover { outage: Some(Span::ZERO), recovery });
    assert_eq!(of(1, 2), Failover { outage: span(370, 385), recovery });
    assert_eq!(of(1, 3), Failover { outage: recovery, recovery });
    assert_eq!(of(0, 3), Failover { outage: None, recovery });
    let never = Failover { outage: None, recovery: None };
    assert_eq!(of_cluster(&[of(1, 1), of(1, 2)]), of(1, 2));
    assert_eq!(of_cluster(&[of(1, 1), never]), never);
    assert_eq!(of_cluster(&[]), Failover { outage: Some(Span::ZERO), recovery: Some(Span::ZERO) });
}

#[test]
fn pods_in_order_start_one_after_another() {
    let pod = pod("StatefulSet", "");
    let one = timeline(&removal(Means::ForceDelete, 100), &displaced(&pod));
    let timelines = [one.clone(), one.clone(), one];
    let recovery = |ordered| failover(&Group { timelines: &timelines, ready: 0, needed: 2, ordered });
    assert_eq!(recovery(false), Failover { outage: span(130, 130), recovery: span(130, 130) });
    assert_eq!(recovery(true), Failover { outage: span(160, 160), recovery: span(190, 190) });
}

/// What breaks a limit of so many seconds, and the first remedy in words.
fn judge(assumptions: &Assumptions, displaced: &[Displaced<'_>], limit: u64) -> Option<(Breach, Vec<String>)> {
    let breach = breach(assumptions, displaced, false, seconds(limit))?;
    let words = breach.remedies.first().map(|changes| changes.iter().map(Change::to_string).collect()).unwrap_or_default();
    Some((breach, words))
}

#[test]
fn five_minutes_fail_with_the_default_toleration() {
    let pod = pod("ReplicaSet", "");
    let (breach, words) = judge(&Assumptions::default(), &[displaced(&pod)], 300).expect("it takes 385 s");
    assert_eq!((breach.after, breach.stage), (Some(seconds(385)), StageKind::Toleration));
    assert_eq!(words, ["set tolerationSeconds of node.kubernetes.io/unreachable and node.kubernetes.io/not-ready from 300 to at most 215"]);
    // the other way is to act
    assert_eq!(breach.remedies[1], [Change::OutOfServiceTaint { within: seconds(270) }]);
    assert_eq!(judge(&Assumptions::default(), &[displaced(&pod)], 385), None);
}

#[test]
fn what_a_breach_recommends_is_the_weakest_change_that_works() {
    let recommended = |seconds: i64| {
        let mut pod = pod("ReplicaSet", "");
        pod.spec.tolerations.iter_mut().for_each(|toleration| toleration.toleration_seconds = Some(seconds));
        judge(&Assumptions::default(), &[displaced(&pod)], 300).is_none()
    };
    assert!(recommended(215) && !recommended(216));
    let pod = pod("StatefulSet", "");
    let holds = |within| judge(&removal(Means::OutOfServiceTaint, within), &[displaced(&pod)], 300).is_none();
    let (breach, words) = judge(&Assumptions::default(), &[displaced(&pod)], 300).expect("nobody acts");
    assert_eq!((breach.after, breach.stage), (None, StageKind::Removal));
    assert_eq!(words, ["have something set the taint node.kubernetes.io/out-of-service:NoExecute on a dead node within 250 s"]);
    assert!(holds(250) && !holds(251));
}

#[test]
fn where_no_toleration_helps_the_next_lever_is_named() {
    let (pod, claims) = (pod("ReplicaSet", ""), attached());
    let with_claims = Displaced { claims: &claims, ..displaced(&pod) };
    let (breach, _) = judge(&Assumptions::default(), &[with_claims], 300).expect("the volume stays");
    assert_eq!((breach.stage, breach.remedies), (StageKind::Detach, vec![vec![Change::OutOfServiceTaint { within: seconds(250) }]]));
    // detection alone takes 55 s
    let (breach, _) = judge(&Assumptions::default(), &[displaced(&pod)], 60).expect("it is short");
    let together =
        vec![Change::Toleration { from: Some(seconds(300)), to: seconds(0) }, Change::Start { from: seconds(30), to: seconds(5) }];
    assert_eq!(breach.remedies, [together]);
    let (breach, _) = judge(&Assumptions::default(), &[displaced(&pod)], 40).expect("it is shorter");
    let all_three = [
        Change::Toleration { from: Some(seconds(300)), to: seconds(0) },
        Change::Start { from: seconds(30), to: seconds(5) },
        Change::GracePeriod { from: seconds(50), to: seconds(30) },
    ];
    assert_eq!(breach.remedies, [all_three]);
    // no setting makes it this short
    assert_eq!(judge(&Assumptions::default(), &[displaced(&pod)], 20).expect("it is too short").0.remedies, [[]; 0] as [[Change; 0]; 0]);
    let local = [Claim { name: "disk".to_owned(), hold: Hold::Local }];
    let pinned = Displaced { claims: &local, ..displaced(&pod) };
    assert_eq!(judge(&Assumptions::default(), &[pinned], 300).expect("never").0.remedies, [[Change::Storage]]);
}

#[test]
fn every_pod_of_a_workload_keeps_the_bound() {
    let (quick, slow) = (pod("ReplicaSet", ""), pod("ReplicaSet", "tolerations: [{operator: Exists, effect: NoExecute}]"));
    let (breach, words) = judge(&Assumptions::default(), &[displaced(&quick), displaced(&slow)], 300).expect("one never leaves");
    assert_eq!((breach.pod, breach.after, breach.stage), (1, None, StageKind::Toleration));
    assert!(words[0].contains("from for ever to at most 215"), "{words:?}");
    let agent = pod("DaemonSet", "");
    assert_eq!(judge(&Assumptions::default(), &[displaced(&agent)], 10), None);
}

#[test]
fn every_assumption_is_listed_with_where_it_comes_from() {
    let list = Assumptions { start: Some(seconds(5)), ..removal(Means::DeleteNode, 60) }.list();
    let row = |name: &str| list.iter().find(|row| row.name == name).map(|row| (row.value.as_str(), row.basis));
    assert_eq!(row("node-monitor-grace-period"), Some(("50 s", Basis::KubernetesDefault)));
    assert_eq!(row("dead node"), Some(("the Node object is deleted 60 s after the loss", Basis::Flag)));
    assert_eq!(row("start of a pod"), Some(("5 s", Basis::Flag)));
}

#[test]
fn every_remedy_works() {
    let (claims, none) = (attached(), Vec::new());
    let mut tried = 0;
    for kind in ["ReplicaSet", "StatefulSet", "Job"] {
        for (claims, order_in_zone) in [(&none, 0), (&claims, 0), (&none, 20)] {
            let pod = pod(kind, "");
            let lost = Displaced { claims, order_in_zone, ..displaced(&pod) };
            for limit in (10..700).step_by(23) {
                let Some(breach) = breach(&Assumptions::default(), &[lost], false, seconds(limit)) else { continue };
                for changes in &breach.remedies {
                    let (assumptions, pod) = apply(changes, &pod);
                    let after = timeline(&assumptions, &Displaced { pod: &pod, ..lost }).worst();
                    assert!(after.is_some_and(|after| after <= seconds(limit)), "{kind} {limit} {changes:?}: {after:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

/// The assumptions and the pod with some changes made.
fn apply(changes: &[Change], pod: &Pod) -> (Assumptions, Pod) {
    let (mut assumptions, mut pod) = (Assumptions::default(), pod.clone());
    for change in changes {
        match *change {
            Change::Toleration { to, .. } => {
                let seconds = i64::try_from(to.as_secs()).expect("it is small");
                pod.spec.tolerations.iter_mut().for_each(|toleration| toleration.toleration_seconds = Some(seconds));
            }
            Change::OutOfServiceTaint { within } => assumptions.removal = Some(Removal { means: Means::OutOfServiceTaint, after: within }),
            Change::GracePeriod { to, .. } => assumptions.node_monitor_grace_period = to,
            Change::Start { to, .. } => assumptions.start = Some(to),
            Change::Controller | Change::Storage => panic!("{change} is nothing that can be set"),
        }
    }
    (assumptions, pod)
}
