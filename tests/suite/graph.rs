//! What hangs on what: failure domains from labels, dependencies, blast radii, and their drawing.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};

use plimsoll::graph::dependencies::{Gap, Lack, Reference, Relation, Role, bound};
use plimsoll::graph::failure_domains::{FailureDomains, Kind, Level, Place, UnknownDomain, domain, domains, pair, partition, rack_labels};
use plimsoll::graph::{BlastRadius, Dependencies, Domain};
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::report::document::{Detail, Document};
use plimsoll::report::formats;
use plimsoll::report::views::{BlastRadiusView, GraphView};
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::{admission, controllers};
use proptest::prelude::*;

use crate::generate::{build, plan};

/// Objects as they are written.
fn read(text: &str) -> Objects {
    let input = read_str("graph.yaml", text);
    assert!(input.problems.is_empty(), "{:?}", input.problems);
    input.objects
}

/// A node with some labels.
fn node(name: &str, labels: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{{labels}}}}}, status: {{allocatable: {{cpu: 8, memory: 32Gi, pods: 110}}}}}}\n---\n"
    )
}

/// A pod of an owner on a node.
fn pod(name: &str, owner: &str, node: &str, more: &str) -> String {
    let (kind, owner) = owner.split_once('/').expect("Kind/name");
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: {owner}}}, ownerReferences: [{{apiVersion: v1, kind: {kind}, name: {owner}, uid: u, controller: true}}]}}, \
         spec: {{nodeName: {node}, containers: [{{name: c}}]{more}}}, status: {{phase: Running}}}}\n---\n"
    )
}

fn names<'a>(references: impl IntoIterator<Item = &'a Reference>) -> Vec<String> {
    references.into_iter().map(ToString::to_string).collect()
}

/// Three zones, a rack label in two of them, one node without any label.
fn racks() -> Objects {
    let zone = |zone: &str| format!("topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: {zone}");
    read(
        &[
            node("n1", &format!("{}, topology.rook.io/rack: r-1", zone("za"))),
            node("n2", &format!("{}, topology.rook.io/rack: r-2", zone("za"))),
            node("n3", &format!("{}, topology.rook.io/rack: r-2", zone("zb"))),
            node("n4", "failure-domain.beta.kubernetes.io/zone: zb, failure-domain.beta.kubernetes.io/region: r1"),
            node("n5", "colour: blue"),
        ]
        .concat(),
    )
}

#[test]
fn domains_are_what_labels_say() {
    let nodes = racks().nodes;
    let shown = |kind: &str| {
        let partition = partition(&nodes, &Kind::parse(kind)).expect("some node has the label");
        let domains: Vec<String> = partition.domains.iter().map(|domain| format!("{domain}: {}", domain.nodes.join(" "))).collect();
        (domains.join("; "), partition.without.join(" "))
    };
    assert_eq!(shown("zone"), ("zone za: n1 n2; zone zb: n3 n4".into(), "n5".into()));
    assert_eq!(shown("topology.kubernetes.io/zone"), shown("zone"), "the beta label means the same");
    assert_eq!(shown("region"), ("region r1: n1 n2 n3 n4".into(), "n5".into()));
    assert_eq!(shown("rack"), ("topology.rook.io/rack=r-1: n1; topology.rook.io/rack=r-2: n2 n3".into(), "n4 n5".into()));
    assert_eq!(shown("colour"), ("colour=blue: n5".into(), "n1 n2 n3 n4".into()));
    assert_eq!(shown("node").0, "node n1: n1; node n2: n2; node n3: n3; node n4: n4; node n5: n5");
    assert_eq!(domains(&[], &Kind::Zone), Ok(Vec::new()));
}

#[test]
fn a_domain_is_found_by_its_value_or_the_values_are_named() {
    let nodes = racks().nodes;
    let find = |text: &str| {
        let (kind, value) = pair(text)?;
        domain(&nodes, &kind, value)
    };
    let found = Domain { key: "zone".into(), value: "zb".into(), nodes: vec!["n3".into(), "n4".into()] };
    assert_eq!(find("topology.kubernetes.io/zone=zb"), Ok(found.clone()));
    assert_eq!(domain(&nodes, &Kind::Zone, "zb"), Ok(found));
    assert_eq!(find("node=n5").map(|domain| domain.nodes), Ok(vec!["n5".to_owned()]));
    let said = |text: &str| find(text).expect_err("there is none").to_string();
    assert_eq!(said("zone=zx"), "there is no zone zx; there is za, zb");
    assert_eq!(said("colour=red"), "there is no colour red; there is blue");
    assert!(said("disk=ssd").starts_with("no node has the label disk; the labels of the nodes are colour, failure-domain.beta"));
    assert!(said("zone").starts_with("KEY=VALUE is expected"));
}

#[test]
fn the_rack_is_said_by_labels_that_agree() {
    let rack = |labels: &[&str]| {
        let nodes = read(&labels.iter().enumerate().map(|(index, labels)| node(&format!("n{index}"), labels)).collect::<String>()).nodes;
        (rack_labels(&nodes).into_keys().collect::<Vec<_>>(), domains(&nodes, &Kind::Rack).map(|domains| domains.len()))
    };
    assert_eq!(rack(&["rack: a", "rack: b, track: c", "example.com/rack-id.old: x"]).0, ["example.com/rack-id.old", "rack"]);
    assert_eq!(rack(&["rack: a, topology.rook.io/rack: a", "rack: b, topology.rook.io/rack: b"]).1, Ok(2));
    let several = UnknownDomain::SeveralRacks(vec!["px/rack".into(), "rack".into()]);
    assert_eq!(rack(&["rack: a, px/rack: c", "rack: b, px/rack: c"]).1, Err(several));
    assert!(matches!(rack(&["zone: a"]).1, Err(UnknownDomain::NoSuchKey { .. })));
}

#[test]
fn domains_nest_and_what_straddles_is_told() {
    let domains = FailureDomains::new(&racks().nodes);
    let place = |level, value: &str| Place { level, value: value.into() };
    let shown = |places: Vec<&Place>| places.iter().map(|place| place.value.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(shown(domains.roots()), "r1 n5");
    assert_eq!(shown(domains.children(&place(Level::Region, "r1"))), "za zb");
    assert_eq!(shown(domains.children(&place(Level::Zone, "zb"))), "r-2 n4");
    assert_eq!(domains.nodes(&place(Level::Region, "r1")), ["n1", "n2", "n3", "n4"]);
    assert_eq!(shown(domains.straddling()), "r-2", "one rack label in two zones");
    assert_eq!(domains.without(Level::Zone), ["n5"]);
    assert_eq!(domains.without(Level::Node), [""; 0]);
}

/// A shop: an Ingress to a Service to a Deployment with a budget and an autoscaler; a database with a zonal and a local volume.
fn shop() -> Objects {
    let claim = |name: &str, volume: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, namespace: shop}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}, storageClassName: ssd, volumeName: {volume}}}}}\n---\n"
        )
    };
    let volume = |name: &str, affinity: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {name}}}, spec: {{capacity: {{storage: 1Gi}}, accessModes: [ReadWriteOnce], csi: {{driver: d, volumeHandle: {name}}}, nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{affinity}]}}]}}}}}}}}\n---\n"
        )
    };
    let uses = |claim: &str| format!(", volumes: [{{name: data, persistentVolumeClaim: {{claimName: {claim}}}}}]");
    let zoned = |name: &str, zone: &str| node(name, &format!("kubernetes.io/hostname: {name}, topology.kubernetes.io/zone: {zone}"));
    let text = [
        zoned("n1", "za"),
        zoned("n2", "za"),
        zoned("n3", "zb"),
        pod("web-1", "StatefulSet/web", "n1", ""),
        pod("web-2", "StatefulSet/web", "n3", ""),
        pod("db-0", "StatefulSet/db", "n1", &uses("data-db-0")),
        pod("db-1", "StatefulSet/db", "n3", &uses("data-db-1")),
        pod("cart-0", "StatefulSet/cart", "n3", ""),
        pod("agent-1", "DaemonSet/agent", "n1", ""),
        pod("agent-2", "DaemonSet/agent", "n2", ""),
        pod("agent-3", "DaemonSet/agent", "n3", &uses("gone")),
        claim("data-db-0", "zonal"),
        claim("data-db-1", "local"),
        claim("waiting", ""),
        volume("zonal", "{key: topology.kubernetes.io/zone, operator: In, values: [za]}"),
        volume("local", "{key: kubernetes.io/hostname, operator: In, values: [n3]}"),
        volume("nowhere", "{key: topology.kubernetes.io/zone, operator: In, values: [zx]}"),
        "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
{apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop}, spec: {selector: {app: cart}}}
---
{apiVersion: v1, kind: Service, metadata: {name: nothing, namespace: shop}, spec: {selector: {app: nothing}}}
---
{apiVersion: v1, kind: Service, metadata: {name: idle, namespace: shop}, spec: {selector: {app: idle}}}
---
{apiVersion: v1, kind: Service, metadata: {name: by-hand, namespace: shop}, spec: {}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
  rules: [{http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: side, namespace: shop}
spec: {rules: [{http: {paths: [{backend: {service: {name: cart}}}, {backend: {service: {name: absent}}}]}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 2, selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: lost, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: absent}, maxReplicas: 3}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: shop}
spec: {replicas: 0, selector: {matchLabels: {app: idle}}, template: {metadata: {labels: {app: idle}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]}
---
"
        .to_owned(),
        claim("data-db-7", "kept"),
        volume("kept", "{key: kubernetes.io/hostname, operator: In, values: [n2]}"),
    ]
    .concat();
    let mut objects = read(&text);
    controllers::disruption::budgets(&mut objects);
    objects
}

fn dependencies(objects: &Objects) -> Dependencies {
    Dependencies::new(objects, &bound(objects))
}

#[test]
fn everything_is_linked_to_what_it_needs() {
    let dependencies = dependencies(&shop());
    let edges: Vec<String> = dependencies
        .dependencies()
        .filter(|edge| ![Relation::LiesIn, Relation::RunsOn].contains(&edge.relation))
        .map(|edge| format!("{} {} {} {}", edge.from.reference, edge.relation.words(), edge.to.reference, edge.pods))
        .collect();
    let expected = [
        "Ingress shop/front leads to Service shop/cart 0",
        "Ingress shop/front leads to Service shop/web 0",
        "Ingress shop/side leads to Service shop/absent 0",
        "Ingress shop/side leads to Service shop/cart 0",
        "Service shop/cart sends to StatefulSet shop/cart 1",
        "Service shop/idle sends to Deployment shop/idle 0",
        "Service shop/web sends to StatefulSet shop/web 2",
        "HorizontalPodAutoscaler shop/lost scales Deployment shop/absent 0",
        "PodDisruptionBudget shop/web protects StatefulSet shop/web 2",
        "DaemonSet shop/agent uses PersistentVolumeClaim shop/gone 1",
        "StatefulSet shop/db uses PersistentVolumeClaim shop/data-db-0 1",
        "StatefulSet shop/db uses PersistentVolumeClaim shop/data-db-1 1",
        "StatefulSet shop/db uses PersistentVolumeClaim shop/data-db-7 0",
        "PersistentVolumeClaim shop/data-db-0 bound to PersistentVolume zonal 0",
        "PersistentVolumeClaim shop/data-db-1 bound to PersistentVolume local 0",
        "PersistentVolumeClaim shop/data-db-7 bound to PersistentVolume kept 0",
        "PersistentVolumeClaim shop/waiting waits for StorageClass ssd 0",
        "PersistentVolume kept reached from Node n2 0",
        "PersistentVolume local reached from Node n3 0",
        "PersistentVolume zonal reached from Zone za 0",
    ];
    assert_eq!(edges, expected);
    let runs_on: Vec<(String, usize)> = dependencies
        .needs(dependencies.member(Role::Workload, &Reference::new("DaemonSet", "shop", "agent")).expect("it has pods"))
        .iter()
        .filter(|edge| edge.relation == Relation::RunsOn)
        .map(|edge| (edge.to.reference.name.clone(), edge.pods))
        .collect();
    assert_eq!(runs_on, [("n1".into(), 1), ("n2".into(), 1), ("n3".into(), 1)]);
}

#[test]
fn what_leads_nowhere_is_named() {
    let dependencies = dependencies(&shop());
    let gaps: Vec<String> = dependencies.gaps().iter().map(ToString::to_string).collect();
    let expected = [
        "DaemonSet shop/agent refers to PersistentVolumeClaim shop/gone, which is not in the input",
        "HorizontalPodAutoscaler shop/lost refers to Deployment shop/absent, which is not in the input",
        "Ingress shop/side refers to Service shop/absent, which is not in the input",
        "PersistentVolume nowhere can be reached from no node of the input",
        "PersistentVolumeClaim shop/waiting refers to StorageClass ssd, which is not in the input",
        "Service shop/nothing selects no pod",
        "PersistentVolumeClaim shop/waiting is bound to no volume",
    ];
    assert_eq!(gaps, expected);
    let missing: Vec<String> = names(dependencies.members().filter(|member| member.is_missing).map(|member| &member.reference));
    assert_eq!(missing, ["Service shop/absent", "Deployment shop/absent", "PersistentVolumeClaim shop/gone", "StorageClass ssd"]);
}

#[test]
fn a_node_takes_its_pods_and_what_hangs_on_them() {
    let dependencies = dependencies(&shop());
    let radius = dependencies.loss_of_node("n3");
    assert_eq!((radius.cause.as_str(), radius.pods), ("node n3", 4));
    let workloads: Vec<_> =
        radius.workloads.iter().map(|loss| (loss.workload.name.as_str(), loss.lost, loss.pods, loss.stranded)).collect();
    assert_eq!(workloads, [("cart", 1, 1, 0), ("db", 1, 2, 1), ("web", 1, 2, 0), ("agent", 1, 3, 0)], "the worst first, agents last");
    let services: Vec<_> =
        radius.services.iter().map(|loss| (loss.service.name.as_str(), loss.lost, loss.ready, loss.is_outage())).collect();
    assert_eq!(services, [("cart", 1, 1, true), ("web", 1, 2, false)]);
    let ingresses: Vec<_> = radius.ingresses.iter().map(|loss| (loss.ingress.name.as_str(), loss.is_outage)).collect();
    assert_eq!(ingresses, [("side", true), ("front", false)]);
    let budgets: Vec<_> = radius.budgets.iter().map(|loss| (loss.budget.name.as_str(), loss.lost, loss.healthy, loss.desired)).collect();
    assert_eq!(budgets, [("web", 1, 2, 2)]);
    assert_eq!(radius.volumes.iter().map(|loss| loss.volume.as_str()).collect::<Vec<_>>(), ["local"]);
    assert_eq!(names(&radius.volumes[0].claims), ["PersistentVolumeClaim shop/data-db-1"]);
    assert_eq!(names(&radius.volumes[0].workloads), ["StatefulSet shop/db"]);
}

#[test]
fn a_zonal_volume_goes_with_its_zone_and_not_with_a_node_of_it() {
    let objects = shop();
    let dependencies = dependencies(&objects);
    let volumes = |radius: BlastRadius| radius.volumes.into_iter().map(|loss| loss.volume).collect::<Vec<_>>();
    assert_eq!(volumes(dependencies.loss_of_node("n1")), [""; 0], "n2 still reaches it");
    let stranded = |radius: BlastRadius| radius.workloads.into_iter().map(|loss| loss.stranded).sum::<usize>();
    assert_eq!(stranded(dependencies.loss_of_node("n1")), 0);
    let zone = domain(&objects.nodes, &Kind::Zone, "za").expect("it is there");
    assert_eq!(volumes(dependencies.loss_of_domain(&zone)), ["kept", "zonal"]);
    assert_eq!(stranded(dependencies.loss_of_domain(&zone)), 1);
}

#[test]
fn a_volume_takes_the_pods_that_need_it() {
    let dependencies = dependencies(&shop());
    let radius = dependencies.loss_of_volume("zonal");
    assert_eq!(
        radius.workloads.iter().map(|loss| (loss.workload.name.as_str(), loss.lost, loss.stranded)).collect::<Vec<_>>(),
        [("db", 1, 1)]
    );
    assert_eq!(names(&radius.volumes[0].workloads), ["StatefulSet shop/db"]);
    assert_eq!(dependencies.loss_of_volume("no-such").pods, 0);
}

#[test]
fn pods_that_have_ended_or_are_leaving_do_not_count_and_those_not_ready_are_told_apart() {
    let objects = read(
        &[
            node("n1", ""),
            pod("a-0", "StatefulSet/a", "n1", ""),
            pod("a-1", "StatefulSet/a", "n1", "")
                .replace("phase: Running", "phase: Running, conditions: [{type: Ready, status: \"False\"}]"),
            pod("a-2", "StatefulSet/a", "n1", "").replace("phase: Running", "phase: Succeeded"),
            pod("a-3", "StatefulSet/a", "n1", "")
                .replace("namespace: shop,", "namespace: shop, deletionTimestamp: \"2026-01-01T00:00:00Z\","),
            pod("a-4", "StatefulSet/a", "elsewhere", ""),
        ]
        .concat(),
    );
    let dependencies = dependencies(&objects);
    let loss = &dependencies.loss_of_node("n1").workloads[0];
    assert_eq!((loss.lost, loss.pods, loss.lost_ready, loss.ready), (2, 3, 1, 2));
    assert_eq!(dependencies.gaps(), [Gap { of: loss.workload.clone(), lack: Lack::Object(Reference::new("Node", "", "elsewhere")) }]);
}

/// The plan's cluster with all its pods placed.
fn data_platform() -> (Objects, Vec<Option<String>>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/data-platform/target");
    let mut input = plimsoll::manifest::read::read(&[folder.into()], Default::default());
    controllers::expand(&mut input.objects);
    admission::admit(&mut input.objects);
    controllers::disruption::budgets(&mut input.objects);
    let (cluster, profiles) = prepare(&input.objects, &Default::default());
    let mut places = vec![None; input.objects.pods.len()];
    for decision in Scheduler::new(&cluster, &profiles, Options::default()).run(|_, _| ()).decisions {
        places[cluster.pod(decision.pod).object] = decision.node.map(|node| cluster.node_name(node).to_owned());
    }
    for (place, node) in places.iter_mut().zip(bound(&input.objects)) {
        *place = place.take().or(node.map(str::to_owned));
    }
    (input.objects, places)
}

fn platform_dependencies() -> (Objects, Dependencies) {
    let (objects, places) = data_platform();
    let dependencies = Dependencies::new(&objects, &places.iter().map(Option::as_deref).collect::<Vec<_>>());
    (objects, dependencies)
}

#[test]
fn the_example_is_known_down_to_its_slips() {
    let (_, dependencies) = platform_dependencies();
    let slips: Vec<String> = dependencies.gaps().iter().filter(|gap| gap.lack != Lack::Volume).map(ToString::to_string).collect();
    assert_eq!(slips, ["Service data-platform/postgres-primary selects no pod"]);
    let trino = dependencies.member(Role::Workload, &Reference::new("Deployment", "data-platform", "trino")).expect("it is there");
    let needed_by: Vec<String> = names(dependencies.needed_by(trino).iter().map(|edge| &edge.from.reference));
    assert_eq!(needed_by, ["Service data-platform/trino", "HorizontalPodAutoscaler data-platform/trino-autoscaler"]);
}

#[test]
fn all_nodes_together_take_everything_that_runs() {
    let (objects, dependencies) = platform_dependencies();
    let all = dependencies.loss_of_nodes("everything", objects.nodes.iter().map(|node| node.metadata.name.as_str()));
    let on_nodes = dependencies.members().filter(|member| member.role == Role::Workload).map(|member| member.pods).sum::<usize>();
    assert_eq!(all.pods, on_nodes);
    assert!(all.workloads.iter().all(|loss| loss.lost == loss.pods && loss.is_outage()), "{:?}", all.workloads);
    let running = dependencies.members().filter(|member| member.role == Role::Workload && member.pods > 0).count();
    assert_eq!(all.workloads.len(), running);
    let sending = dependencies.members().filter(|member| member.role == Role::Service && member.ready > 0).count();
    assert_eq!(all.services.iter().filter(|loss| loss.is_outage()).count(), sending);
}

#[test]
fn a_domain_takes_what_its_nodes_take() {
    let (objects, dependencies) = platform_dependencies();
    let lost = |radius: &BlastRadius| radius.workloads.iter().map(|loss| (loss.workload.clone(), loss.lost)).collect::<Vec<_>>();
    for kind in [Kind::Zone, Kind::Region] {
        for domain in domains(&objects.nodes, &kind).expect("the example has zones") {
            let mut union: BTreeMap<Reference, usize> = BTreeMap::new();
            for (workload, number) in domain.nodes.iter().flat_map(|node| lost(&dependencies.loss_of_node(node))) {
                *union.entry(workload).or_default() += number;
            }
            let whole: BTreeMap<Reference, usize> = lost(&dependencies.loss_of_domain(&domain)).into_iter().collect();
            assert_eq!(whole, union, "{domain}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The radius of several nodes is the union of theirs, that of all is everything that runs, and volumes pin what they pin.
    #[test]
    fn losses_add_up(plan in plan()) {
        let objects = build(&plan);
        let dependencies = dependencies(&objects);
        let nodes: Vec<&str> = objects.nodes.iter().map(|node| node.metadata.name.as_str()).collect();
        let all = dependencies.loss_of_nodes("all", nodes.iter().copied());
        let single: Vec<BlastRadius> = nodes.iter().map(|node| dependencies.loss_of_node(node)).collect();
        prop_assert_eq!(all.pods, single.iter().map(|radius| radius.pods).sum::<usize>());
        prop_assert_eq!(&dependencies.loss_of_nodes("all", nodes.iter().rev().copied()), &all);
        let known: BTreeSet<&str> = nodes.iter().copied().collect();
        let running = objects.pods.iter().filter(|pod| !pod.is_terminal() && !pod.is_terminating());
        prop_assert_eq!(all.pods, running.filter(|pod| known.contains(pod.spec.node_name.as_str())).count());
        let pinned = dependencies.dependencies().filter(|edge| edge.relation == Relation::ReachedFrom);
        let pinned: BTreeSet<&str> = pinned.map(|edge| edge.from.reference.name.as_str()).collect();
        prop_assert_eq!(all.volumes.iter().map(|loss| loss.volume.as_str()).collect::<BTreeSet<_>>(), pinned);
        for radius in &single {
            let whole = |volume: &str| all.volumes.iter().any(|loss| loss.volume == volume);
            prop_assert!(radius.volumes.iter().all(|loss| whole(&loss.volume)));
        }
        for edge in GraphView::new(&dependencies).graph().edges {
            prop_assert!(!edge.text.is_empty());
        }
    }
}

#[test]
fn an_ingress_counts_for_quotas() {
    let mut server = admission::ApiServer::of_partly_known_cluster();
    let mut objects = read(
        "
apiVersion: v1
kind: ResourceQuota
metadata: {name: few, namespace: shop}
spec: {hard: {count/ingresses.networking.k8s.io: 1}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: one, namespace: shop}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: two, namespace: shop}}
",
    );
    server.adopt(&objects.resource_quotas[0]);
    let mut create = || server.create(objects.ingresses.remove(0)).map(|_| ()).map_err(|refusal| refusal.message);
    assert_eq!(create(), Ok(()));
    let why = "exceeded quota: few, requested: count/ingresses.networking.k8s.io=1, used: count/ingresses.networking.k8s.io=1, limited: count/ingresses.networking.k8s.io=1";
    assert_eq!(create(), Err(format!("ingresses.networking.k8s.io \"two\" is forbidden: {why}")));
}

/// The counted way and the plain way against the edges agree about who is concerned.
#[test]
fn a_blast_radius_is_what_can_be_reached_against_the_edges() {
    for (objects, dependencies) in [platform_dependencies(), (shop(), dependencies(&shop()))] {
        for node in &objects.nodes {
            let member = dependencies.member(Role::Node, &Reference::new("Node", "", &node.metadata.name)).expect("it is in the input");
            let runs_here = dependencies.needed_by(member).into_iter().filter(|edge| edge.relation == Relation::RunsOn);
            let mut workloads = names(runs_here.map(|edge| &edge.from.reference));
            let radius = dependencies.loss_of_node(&node.metadata.name);
            let mut counted = names(radius.workloads.iter().map(|loss| &loss.workload));
            workloads.sort_unstable();
            counted.sort_unstable();
            assert_eq!(counted, workloads);
            let dependents: BTreeSet<String> =
                names(dependencies.dependents(member).into_iter().map(|member| &member.reference)).into_iter().collect();
            let services = names(radius.services.iter().map(|loss| &loss.service));
            let ingresses = names(radius.ingresses.iter().map(|loss| &loss.ingress));
            assert!(counted.iter().chain(&services).chain(&ingresses).all(|name| dependents.contains(name)), "{}", node.metadata.name);
        }
    }
}

#[test]
fn the_order_of_documents_changes_nothing() {
    let objects = shop();
    let mut turned = objects.clone();
    turned.nodes.reverse();
    turned.pods.reverse();
    turned.services.reverse();
    turned.ingresses.reverse();
    turned.persistent_volumes.reverse();
    turned.persistent_volume_claims.reverse();
    turned.stateful_sets.reverse();
    let (one, other) = (dependencies(&objects), dependencies(&turned));
    assert_eq!(GraphView::new(&one), GraphView::new(&other));
    for node in ["n1", "n2", "n3"] {
        assert_eq!(one.loss_of_node(node), other.loss_of_node(node));
    }
}

#[test]
fn a_loss_reads_as_sentences_and_marks_its_graph() {
    let dependencies = dependencies(&shop());
    let radius = dependencies.loss_of_node("n3");
    let view = BlastRadiusView::new(&radius);
    assert_eq!(view.sentence(), "node n3 takes 4 pods of 4 workloads; gone whole: 1 workload, 1 service, 1 ingress, 1 volume");
    let mut document = Document::new("n3".into());
    view.add_to(&mut document, Detail::Full);
    assert_eq!(document.sections.len(), 2);
    let graph = GraphView::new(&dependencies).with_loss(&radius).only_lost();
    let ids: Vec<&str> = graph.members.iter().map(|member| member.id.as_str()).collect();
    let expected = [
        "Ingress shop/front",
        "Ingress shop/side",
        "Service shop/cart",
        "Service shop/web",
        "PodDisruptionBudget shop/web",
        "DaemonSet shop/agent",
        "StatefulSet shop/cart",
        "StatefulSet shop/db",
        "StatefulSet shop/web",
        "PersistentVolumeClaim shop/data-db-1",
        "PersistentVolume local",
        "Node n3",
        "Zone za",
        "Zone zb",
    ];
    assert_eq!(ids, expected);
}

/// One graph in the DOT language, as far as we write it: what is declared, and what is linked. Panics at what is none.
fn parse_dot(text: &str) -> (BTreeSet<String>, Vec<(String, String)>) {
    let mut tokens = tokens(text).into_iter().peekable();
    assert_eq!(tokens.next().as_deref(), Some("digraph"));
    let (mut depth, mut declared, mut linked) = (0, BTreeSet::new(), Vec::new());
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" => {}
            "subgraph" => assert!(tokens.next().is_some_and(|name| name.starts_with("\"cluster_")), "a box has a name"),
            "node" => attributes(&mut tokens),
            _ if tokens.peek().is_some_and(|next| next == "=") => tokens.by_ref().take(2).for_each(drop),
            _ if tokens.peek().is_some_and(|next| next == "->") => {
                let to = tokens.nth(1).expect("an edge has an end");
                attributes(&mut tokens);
                linked.push((token, to));
            }
            _ => {
                attributes(&mut tokens);
                assert!(declared.insert(token.clone()), "{token} is declared twice");
            }
        }
        assert!(depth >= 0, "closed more than was opened");
    }
    assert_eq!(depth, 0, "everything opened is closed");
    (declared, linked)
}

fn attributes(tokens: &mut impl Iterator<Item = String>) {
    assert_eq!(tokens.next().as_deref(), Some("["));
    while let Some(key) = tokens.next() {
        assert!(key.chars().all(char::is_alphanumeric), "{key} is an attribute");
        assert_eq!(tokens.next().as_deref(), Some("="));
        tokens.next().expect("an attribute has a value");
        if tokens.next().as_deref() == Some("]") {
            return;
        }
    }
    panic!("attributes are not closed");
}

fn tokens(text: &str) -> Vec<String> {
    let mut letters = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\n' => {}
            '"' => {
                let mut token = String::from("\"");
                loop {
                    match letters.next().expect("a string is closed") {
                        '"' => break,
                        '\\' => token.extend(['\\', letters.next().expect("something is escaped")]),
                        '\n' => panic!("a string over several lines"),
                        other => token.push(other),
                    }
                }
                tokens.push(token + "\"");
            }
            '-' => {
                assert_eq!(letters.next(), Some('>'));
                tokens.push("->".to_owned());
            }
            '{' | '}' | '[' | ']' | '=' | ';' | ',' => tokens.push(letter.to_string()),
            letter if letter.is_alphanumeric() => {
                let mut token = String::from(letter);
                while let Some(next) = letters.next_if(|next| next.is_alphanumeric()) {
                    token.push(next);
                }
                tokens.push(token);
            }
            other => panic!("{other:?} is not in the language"),
        }
    }
    tokens
}

fn plimsoll(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.output().expect("the program starts")
}

#[test]
fn plan_draws_the_last_cluster() {
    let output = plimsoll(&["plan", "-o", "dot"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let (declared, linked) = parse_dot(&text);
    for (from, to) in &linked {
        assert!(declared.contains(from) && declared.contains(to), "{from} -> {to}");
    }
    let has = |from: &str, to: &str| linked.contains(&(format!("{from:?}"), format!("{to:?}")));
    assert!(has("Service data-platform/trino", "Deployment data-platform/trino"));
    assert!(has("HorizontalPodAutoscaler data-platform/trino-autoscaler", "Deployment data-platform/trino"));
    assert!(has("PodDisruptionBudget data-platform/postgres-pdb", "StatefulSet data-platform/postgres"));
    assert!(has("StatefulSet data-platform/postgres", "PersistentVolumeClaim data-platform/data-postgres-0"));
    assert!(has("DaemonSet kube-system/kube-proxy", "Node node-3"));
    assert!(text.contains("label=\"region home\"") && text.contains("label=\"zone zone-c\""));
    assert_eq!(text, String::from_utf8(plimsoll(&["plan", "-o", "dot"]).stdout).expect("it is text"), "the same bytes");
}

#[test]
fn whoever_has_no_graph_says_who_has() {
    for command in [&["drain"][..], &["explain", "data-platform/postgres-0"], &["fit", "--cpu", "1"]] {
        let output = plimsoll(&[command, &["-o", "dot"]].concat());
        let said = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        let expected =
            format!("-o dot draws graphs, and `{}` has none: `plimsoll schedule`, `plimsoll plan` or `plimsoll lose` has one", command[0]);
        assert!(said.contains(&expected), "{said}");
    }
    let only_graphs: Vec<&str> =
        formats::FORMATS.iter().filter(|format| format.only == Some(formats::Only::Graphs)).map(|format| format.name).collect();
    assert_eq!(only_graphs, ["dot"]);
}
