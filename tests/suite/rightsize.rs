//! Requests and limits from what was measured: by example, by what the API server says to the outcome, and against plain arithmetic.

use plimsoll::admission::ApiServer;
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::rightsize::*;
use plimsoll::usage::Usage;
use plimsoll::usage::read::{Content, parse};
use plimsoll::{admission, controllers};
use proptest::prelude::*;

/// Objects with the pods that controllers make of them.
fn objects(text: &str) -> Objects {
    let mut input = read_str("cluster.yaml", text);
    assert!(!input.has_errors(), "{:?}", input.problems);
    _ = admission::horizontal_pod_autoscaler::admit(&mut input.objects);
    controllers::expand(&mut input.objects);
    admission::admit(&mut input.objects);
    input.objects
}

fn usage(text: &str) -> Usage {
    match parse("usage", text) {
        Ok(Content::Usage(usage)) => usage,
        other => panic!("{other:?}"),
    }
}

fn sized(objects: &Objects, usage: &Usage) -> Rightsizing {
    rightsize(&Question { objects, usage, policy: &Policy::default() })
}

/// A Deployment of two pods with these resources of its one container.
fn deployment(name: &str, resources: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: c, image: i, resources: {resources}}}]}}\n"
    )
}

/// A hundred samples of cpu 1m, 2m, … 100m and memory 1Mi … 100Mi, of a pod of an older ReplicaSet of `web`.
fn rising() -> String {
    let rows = (1..=100).map(|number| format!("{},shop,web-5d4f8c7b9-abcde,c,{number}m,{number}Mi\n", 1_767_225_600 + number * 60));
    format!("timestamp,namespace,pod,container,cpu,memory\n{}", rows.collect::<String>())
}

fn the<'a>(sizing: &'a Rightsizing, workload: &str, resource: Resource) -> &'a ResourceSizing {
    let found = sizing.containers().find(|(own, _)| own.workload.name == workload).expect("it is sized");
    &found.1.resources[resource as usize]
}

fn told(setting: Setting) -> (String, String) {
    let text = |amount: Option<plimsoll::manifest::Quantity>| amount.map_or("-".to_owned(), |amount| amount.to_string());
    (text(setting.request), text(setting.limit))
}

fn pair(request: &str, limit: &str) -> (String, String) {
    (request.to_owned(), limit.to_owned())
}

#[test]
fn cpu_is_a_percentile_without_limit_and_memory_the_peak_with_a_margin() {
    let objects = objects(&deployment("web", "{requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}"));
    let sizing = sized(&objects, &usage(&rising()));
    let cpu = the(&sizing, "web", Resource::Cpu);
    assert_eq!(told(cpu.to), pair("95m", "-"));
    let observed = cpu.observed.expect("it was measured");
    assert_eq!((observed.samples, observed.pods, observed.span_seconds), (100, 1, Some(99 * 60)));
    // 100Mi and 15 % are 115Mi, in steps of 4Mi 116Mi
    assert_eq!(told(the(&sizing, "web", Resource::Memory).to), pair("116Mi", "116Mi"));
    assert_eq!(the(&sizing, "web", Resource::Memory).reasons, []);
    let totals = &sizing.totals[0];
    assert_eq!((totals.cpu.0.milli(), totals.cpu.1.milli()), (1000, 190));
    assert!(sizing.is_met());
}

#[test]
fn what_was_not_measured_is_left_and_said() {
    let objects = objects(&[deployment("web", "{}"), deployment("quiet", "{requests: {cpu: 500m}}")].concat());
    let sizing = sized(&objects, &usage("shop web-5d4f8c7b9-abcde c 12m 34Mi\nshop other-0 c 1m 1Mi\n"));
    let quiet = the(&sizing, "quiet", Resource::Cpu);
    assert_eq!((quiet.reasons.as_slice(), quiet.is_changed()), (&[Reason::NotMeasured][..], false));
    assert_eq!(the(&sizing, "web", Resource::Cpu).reasons, [Reason::Guess]);
    assert_eq!(sizing.unknown_pods, ["shop/other-0"]);
}

#[test]
fn pods_as_a_whole_are_the_only_container_or_nobody() {
    let two = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: two, namespace: shop}\nspec: {containers: [{name: a, image: i}, {name: b, image: i}]}\n";
    let objects = objects(&[deployment("web", "{}"), two.to_owned()].concat());
    let sizing = sized(&objects, &usage("NAMESPACE NAME CPU(cores) MEMORY(bytes)\nshop web-5d4f8c7b9-abcde 12m 34Mi\nshop two 12m 34Mi\n"));
    assert_eq!(told(the(&sizing, "web", Resource::Cpu).to), pair("12m", "-"));
    assert_eq!(the(&sizing, "two", Resource::Cpu).reasons, [Reason::NotToldApart]);
}

#[test]
fn what_is_enough_and_near_stays_and_what_stops_at_its_limit_is_suspected() {
    let near = objects(&deployment("web", "{requests: {cpu: 98m, memory: 120Mi}, limits: {memory: 120Mi}}"));
    let sizing = sized(&near, &usage(&rising()));
    for resource in Resource::ALL {
        assert!(!the(&sizing, "web", resource).is_changed(), "{resource:?}");
        assert!(the(&sizing, "web", resource).reasons.contains(&Reason::Enough));
    }
    let full = objects(&deployment("web", "{requests: {cpu: 98m, memory: 104Mi}, limits: {memory: 104Mi}}"));
    let sizing = sized(&full, &usage(&rising()));
    assert!(the(&sizing, "web", Resource::Memory).reasons.contains(&Reason::AtLimit));
    assert_eq!(told(the(&sizing, "web", Resource::Memory).to), pair("116Mi", "116Mi"));
}

#[test]
fn limit_ranges_bound_it_and_are_named() {
    let range = "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: bounds, namespace: shop}\nspec: {limits: [{type: Container, min: {cpu: 200m}, max: {memory: 90Mi}, maxLimitRequestRatio: {cpu: 2}}]}\n";
    let sizing = sized(&objects(&[deployment("web", "{}"), range.to_owned()].concat()), &usage(&rising()));
    let cpu = the(&sizing, "web", Resource::Cpu);
    // a ratio refuses containers without a limit
    assert_eq!(told(cpu.to), pair("200m", "400m"));
    assert!(cpu.reasons.contains(&Reason::LimitRangeMin("bounds".into(), "200m".parse().unwrap())));
    assert!(cpu.reasons.contains(&Reason::LimitDemanded("LimitRange bounds".into())));
    let memory = the(&sizing, "web", Resource::Memory);
    // which is what the limit range gives it by default, so that nothing has to be written
    assert!(!memory.is_changed());
    assert_eq!(told(memory.becomes), pair("90Mi", "90Mi"));
    assert!(memory.is_short() && memory.is_below_peak() && !sizing.is_met());
}

#[test]
fn a_quota_on_limits_keeps_limits_and_is_held_against_the_outcome() {
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: cap, namespace: shop}\nspec: {hard: {limits.cpu: '1', requests.memory: 200Mi}}\n";
    let text = [deployment("web", "{requests: {cpu: 500m, memory: 64Mi}, limits: {cpu: 500m, memory: 64Mi}}"), quota.to_owned()].concat();
    let sizing = sized(&objects(&text), &usage(&rising()));
    let cpu = the(&sizing, "web", Resource::Cpu);
    assert_eq!(told(cpu.to), pair("95m", "500m"));
    assert!(cpu.reasons.contains(&Reason::LimitDemanded("ResourceQuota cap".into())));
    let excess = &sizing.quotas[0];
    assert_eq!(
        (excess.resource.as_str(), excess.at_most.0.to_string(), excess.at_most.1.to_string()),
        ("requests.memory", "128Mi".into(), "232Mi".into())
    );
}

#[test]
fn no_pod_asks_for_more_than_the_largest_node_that_takes_it_has_beside_its_daemons() {
    let node = |name: &str, memory: &str, more: &str| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{{more}}}\nstatus: {{allocatable: {{cpu: 4, memory: {memory}, pods: 110}}}}\n"
        )
    };
    let daemon = "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: shop}\nspec:\n  selector: {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec: {containers: [{name: a, image: i, resources: {requests: {memory: 20Mi}}}]}\n";
    let text = [
        deployment("web", "{}"),
        daemon.to_owned(),
        node("small", "100Mi", ""),
        node("large", "1Gi", "taints: [{key: only, value: gpu, effect: NoSchedule}]"),
    ];
    let sizing = sized(&objects(&text.concat()), &usage(&rising()));
    let memory = the(&sizing, "web", Resource::Memory);
    assert_eq!(told(memory.to), pair("80Mi", "80Mi"));
    assert!(memory.reasons.contains(&Reason::LargestNode("small".into(), "80Mi".parse().unwrap())));
    assert!(memory.is_below_peak());
}

#[test]
fn replicas_follow_requests_unless_the_target_does() {
    let hpa = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 1\n  maxReplicas: 20\n  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]\n";
    let objects = objects(&[deployment("web", "{requests: {cpu: 400m}}"), hpa.to_owned()].concat());
    // two pods at 200m are at their target of half of 400m
    let text = "shop web-5d4f8c7b9-abcde c 200m 34Mi\nshop web-5d4f8c7b9-fghkl c 200m 34Mi\n".repeat(3);
    let sizing = sized(&objects, &usage(&text));
    let effect = &sizing.autoscalers[0];
    assert_eq!((effect.replicas, effect.before, effect.after), (2, Some(2), Some(4)), "200m of 200m, and half of it is wanted");
    assert_eq!((effect.targets[0].percent, effect.targets[0].keeps), (50, 100));
}

#[test]
fn init_containers_are_not_lowered_and_injected_ones_are_named() {
    let pod = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec:\n  replicas: 1\n  serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      initContainers: [{name: once, image: i, resources: {requests: {cpu: 1, memory: 1Gi}}}, {name: side, image: i, restartPolicy: Always}]\n      containers: [{name: c, image: i}]\n";
    let sizing =
        sized(&objects(pod), &usage("shop db-0 once 10m 10Mi\nshop db-0 side 20m 40Mi\nshop db-0 c 30m 50Mi\nshop db-0 proxy 1m 1Mi\n"));
    let workload = &sizing.workloads[0];
    let told = |place: usize| (workload.containers[place].kind, told(workload.containers[place].resources[0].to));
    assert_eq!(told(0), (ContainerKind::Init, pair("1", "-")));
    assert_eq!(told(1), (ContainerKind::Sidecar, pair("20m", "-")));
    assert_eq!(told(2), (ContainerKind::Container, pair("30m", "-")));
    assert_eq!(workload.injected, ["proxy"]);
}

#[test]
fn applying_it_leaves_nothing_to_recommend() {
    let mut objects = objects(&[deployment("web", "{requests: {cpu: 500m}}"), deployment("quiet", "{}")].concat());
    let usage = usage(&rising());
    sized(&objects, &usage).apply(&mut objects);
    let container =
        &objects.pods.iter().find(|pod| pod.metadata.labels.get("app").is_some_and(|app| app == "web")).unwrap().spec.containers[0];
    assert_eq!(container.resources.requests.get("cpu").unwrap().milli(), 95);
    assert_eq!(
        objects.replica_sets[0].spec.template.spec.containers[0].resources,
        objects.deployments[0].spec.template.spec.containers[0].resources
    );
    assert!(sized(&objects, &usage).workloads.iter().all(|workload| !workload.is_changed()));
}

#[test]
fn neither_the_order_of_documents_nor_of_samples_matters() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cli/rightsize.yaml")).expect("it is there");
    let rows: Vec<String> = (1..40)
        .flat_map(|number| {
            ["web-7c9d6b5f48-4xk2m,web", "web-7c9d6b5f48-9qz7r,web", "cache-5c9b8d7f6-7xyzt,cache"]
                .map(|pod| format!("{},shop,{pod},{number}m,{number}Mi\n", 1000 * number))
        })
        .collect();
    let backwards = |parts: Vec<&str>, between: &str| parts.into_iter().rev().collect::<Vec<_>>().join(between);
    let head = "timestamp,namespace,pod,container,cpu,memory\n";
    let forth = sized(&objects(&text), &usage(&format!("{head}{}", rows.concat())));
    let back = backwards(rows.iter().map(String::as_str).collect(), "");
    let back = sized(&objects(&backwards(text.split("---\n").collect(), "---\n")), &usage(&format!("{head}{back}")));
    assert_eq!((forth.workloads, forth.totals, forth.quotas), (back.workloads, back.totals, back.quotas));
    assert_eq!(forth.autoscalers, back.autoscalers);
}

/// A LimitRange and a quota that may be there, by what is drawn.
fn policies(min: i64, max: i64, ratio: Option<i64>, default: Option<i64>, quota: bool) -> String {
    let ratio = ratio.map_or(String::new(), |ratio| format!(", maxLimitRequestRatio: {{cpu: {ratio}}}"));
    let default = default.map_or(String::new(), |cpu| format!(", default: {{cpu: {}m}}", cpu.clamp(min, max)));
    let range = format!(
        "---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: bounds, namespace: shop}}\nspec: {{limits: [{{type: Container, min: {{cpu: {min}m, memory: {min}Mi}}, max: {{cpu: {max}m, memory: {max}Mi}}{ratio}{default}}}]}}\n"
    );
    let hard = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: cap, namespace: shop}\nspec: {hard: {limits.cpu: '1000', limits.memory: 1Ti}}\n";
    [range.as_str(), if quota { hard } else { "" }].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_api_server_takes_what_is_recommended_and_memory_is_short_only_for_a_reason(
        samples in proptest::collection::vec((1i64..4000, 1i64..4000), 1..30),
        (min, more) in (1i64..300, 0i64..5000),
        ratio in proptest::option::of(1i64..6),
        default in proptest::option::of(1i64..6000),
        quota in any::<bool>(),
        written in prop_oneof![Just("{}"), Just("{requests: {cpu: 300m, memory: 300Mi}}"), Just("{limits: {cpu: 300m, memory: 300Mi}}")],
        limit in prop_oneof![Just(CpuLimit::None), Just(CpuLimit::Keep), Just(CpuLimit::Ratio)],
    ) {
        let text = [deployment("web", written), policies(min, min + more, ratio, default, quota)].concat();
        let objects = objects(&text);
        let rows: String = samples.iter().map(|(cpu, memory)| format!("shop,web-5d4f8c7b9-abcde,c,{cpu}m,{memory}Mi\n")).collect();
        let usage = usage(&format!("namespace,pod,container,cpu,memory\n{rows}"));
        let policy = Policy { cpu_limit: limit, ..Policy::default() };
        let sizing = rightsize(&Question { objects: &objects, usage: &usage, policy: &policy });
        let memory = the(&sizing, "web", Resource::Memory);
        let peak = samples.iter().map(|(_, memory)| *memory).max().unwrap() << 20;
        let enough = |amount: Option<plimsoll::manifest::Quantity>| amount.is_some_and(|amount| amount.units() * 100 >= peak * 115);
        let bounded = memory.reasons.iter().any(|reason| matches!(reason, Reason::LimitRangeMax(..)));
        prop_assert!(bounded || enough(memory.to.request.or(memory.now.request)) && enough(memory.to.limit.or(memory.now.limit)), "{memory:?}");
        // the template, made a pod and created
        let mut after = objects.clone();
        sizing.apply(&mut after);
        let mut server = ApiServer::of_partly_known_cluster();
        after.limit_ranges.iter().for_each(|range| server.adopt(range));
        after.resource_quotas.iter().for_each(|quota| server.adopt(quota));
        let mut pod = plimsoll::manifest::pod::Pod { spec: after.deployments[0].spec.template.spec.clone(), ..Default::default() };
        pod.metadata.name = "new".to_owned();
        pod.metadata.namespace = "shop".to_owned();
        let outcome = server.create(pod);
        prop_assert!(outcome.is_ok(), "{:?} {:?}", outcome.err(), the(&sizing, "web", Resource::Cpu));
    }
}

/// A Deployment of two containers with these resources, and one that runs before them.
fn pair_of_containers(first: &str, second: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: 1\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      initContainers: [{{name: i, image: i, resources: {{requests: {{cpu: 10m, memory: 10Mi}}}}}}]\n      containers: [{{name: a, image: i, resources: {first}}}, {{name: b, image: i, resources: {second}}}]\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bounds_of_pods_hold_and_what_is_too_much_is_shared(
        first in proptest::collection::vec((1i64..3000, 1i64..3000), 1..5),
        second in proptest::collection::vec((1i64..3000, 1i64..3000), 1..5),
        (min, more) in (60i64..400, 200i64..4000),
        limits in any::<bool>(),
        nodes in proptest::option::of(300i64..5000),
    ) {
        let written = if limits { "{requests: {cpu: 100m, memory: 100Mi}, limits: {cpu: 100m, memory: 100Mi}}" } else { "{}" };
        let max = min + more;
        let range = format!(
            "---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: bounds, namespace: shop}}\nspec: {{limits: [{{type: Pod, min: {{cpu: {min}m, memory: {min}Mi}}, max: {{cpu: {max}m, memory: {max}Mi}}}}]}}\n"
        );
        let node = nodes.map_or(String::new(), |size| {
            format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: node}}\nstatus: {{allocatable: {{cpu: {size}m, memory: {size}Mi, pods: 110}}}}\n")
        });
        let objects = objects(&[pair_of_containers(written, "{}"), range, node].concat());
        let rows = |name: &str, samples: &[(i64, i64)]| {
            samples.iter().map(|(cpu, memory)| format!("shop,web-5d4f8c7b9-abcde,{name},{cpu}m,{memory}Mi\n")).collect::<String>()
        };
        let usage = usage(&format!("namespace,pod,container,cpu,memory\n{}{}", rows("a", &first), rows("b", &second)));
        let sizing = sized(&objects, &usage);
        let mut after = objects.clone();
        sizing.apply(&mut after);
        let spec = &after.deployments[0].spec.template.spec;
        for resource in Resource::ALL {
            let total = resource.amount(pod_total(spec, resource));
            let unit = if resource == Resource::Cpu { 1 } else { 1 << 20 };
            prop_assert!(total <= max * unit, "{total} of {max}");
            if let Some(size) = nodes.filter(|size| *size >= min) {
                prop_assert!(total <= size * unit, "{total} of a node of {size}");
            }
        }
        // a node that is smaller than what the limit range demands helps nobody
        if nodes.is_none_or(|size| size >= min + 2) {
            let mut server = ApiServer::of_partly_known_cluster();
            after.limit_ranges.iter().for_each(|range| server.adopt(range));
            let mut pod = plimsoll::manifest::pod::Pod { spec: spec.clone(), ..Default::default() };
            pod.metadata.name = "new".to_owned();
            pod.metadata.namespace = "shop".to_owned();
            let outcome = server.create(pod);
            prop_assert!(outcome.is_ok(), "{:?}", outcome.err());
        }
        let is_named = |own: &ResourceSizing| own.reasons.iter().any(|reason| matches!(reason, Reason::LimitRangeMax(..) | Reason::LargestNode(..)));
        for (_, container) in sizing.containers() {
            for own in &container.resources {
                prop_assert!(!own.is_short() || is_named(own), "{own:?}");
            }
        }
    }
}

const FILES: [&str; 6] = [
    "fixtures/cli/rightsize.yaml",
    "--usage=cpu=fixtures/cli/rightsize-cpu.json",
    "--usage=memory=fixtures/cli/rightsize-memory.json",
    "--usage=fixtures/cli/rightsize-top.txt",
    "--set=all",
    "-o",
];

/// What the command writes of the fixture, in a format.
fn written(format: &str) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.arg("rightsize").args(FILES).arg(format).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1), "a LimitRange and the nodes are in the way");
    String::from_utf8(output.stdout).expect("it is text")
}

fn documents(text: &str) -> Vec<serde_json::Value> {
    serde_saphyr::from_multiple(text).expect("it is YAML")
}

/// A strategic merge patch: containers merge by name, `null` deletes, other lists are replaced.
fn merge(target: &mut serde_json::Value, patch: &serde_json::Value) {
    let serde_json::Value::Object(patch) = patch else { return *target = patch.clone() };
    if !target.is_object() {
        *target = serde_json::json!({});
    }
    for (key, value) in patch {
        match (key.as_str(), value) {
            (_, serde_json::Value::Null) => drop(target.as_object_mut().expect("made one").remove(key)),
            ("containers" | "initContainers", serde_json::Value::Array(items)) => {
                for item in items {
                    let own = target[key].as_array_mut().expect("the workload has containers");
                    let place =
                        own.iter().position(|own| own["name"] == item["name"]).expect("a patch names only containers that are there");
                    merge(&mut own[place], item);
                }
            }
            _ => merge(&mut target[key], value),
        }
    }
}

/// The manifests with patches merged into what they name; what is new is added.
fn patched(patches: &[serde_json::Value]) -> Objects {
    let manifests = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cli/rightsize.yaml")).expect("it is there");
    let mut all = documents(&manifests);
    let same = |one: &serde_json::Value, other: &serde_json::Value| {
        one["kind"] == other["kind"] && ["name", "namespace"].iter().all(|key| one["metadata"][*key] == other["metadata"][*key])
    };
    for patch in patches {
        match all.iter().position(|own| same(own, patch)) {
            Some(place) => merge(&mut all[place], patch),
            None => all.push(patch.clone()),
        }
    }
    let input = plimsoll::manifest::read::read_str(
        "patched.json",
        &serde_json::json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string(),
    );
    assert!(!input.has_errors(), "{:?}", input.problems);
    input.objects
}

/// Resources of every template, and bounds of every policy.
fn settings(objects: &Objects) -> std::collections::BTreeMap<String, String> {
    let specs = objects.pod_specs().filter(|(metadata, _)| metadata.controller().is_none());
    let mut found = std::collections::BTreeMap::new();
    for (metadata, spec) in specs {
        for container in spec.init_containers.iter().chain(&spec.containers) {
            let list = |list: &plimsoll::manifest::pod::ResourceList| {
                list.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>()
            };
            found.insert(
                format!("{}/{}/{}", metadata.namespace, metadata.name, container.name),
                format!("{:?} {:?}", list(&container.resources.requests), list(&container.resources.limits)),
            );
        }
    }
    for quota in &objects.resource_quotas {
        found.insert(format!("quota {}/{}", quota.metadata.namespace, quota.metadata.name), format!("{:?}", quota.spec.hard));
    }
    for hpa in &objects.horizontal_pod_autoscalers {
        found.insert(format!("hpa {}/{}", hpa.metadata.namespace, hpa.metadata.name), hpa.spec.max_replicas.to_string());
    }
    for range in &objects.limit_ranges {
        found.insert(format!("range {}/{}", range.metadata.namespace, range.metadata.name), format!("{:?}", range.spec.limits));
    }
    found
}

/// What the library makes of the same input: everything but what no patch can change.
fn applied() -> Objects {
    let read = |name: &str| std::fs::read_to_string(format!("{}/fixtures/cli/{name}", env!("CARGO_MANIFEST_DIR"))).expect("it is there");
    let mut all = Usage::default();
    for (name, resource) in [("rightsize-cpu.json", Some("cpu")), ("rightsize-memory.json", Some("memory")), ("rightsize-top.txt", None)] {
        let Ok(Content::Usage(usage)) = plimsoll::usage::read::parse_of(name, &read(name), resource) else { panic!("{name}") };
        all.join(usage);
    }
    let objects = objects(&read("rightsize.yaml"));
    let mut sizing = sized(&objects, &all);
    let mut after = objects.clone();
    sizing.apply(&mut after);
    let recommendation = plimsoll::planning::recommendation::recommend(&after, Some(&sizing));
    sizing.workloads.retain(|workload| workload.changeable == Changeable::Template);
    let mut manifests = read_str("rightsize.yaml", &read("rightsize.yaml")).objects;
    sizing.apply(&mut manifests);
    recommendation.apply(&mut manifests);
    manifests
}

#[test]
fn patches_come_to_what_the_library_writes() {
    let found = settings(&patched(&documents(&written("patch"))));
    let mut expected = settings(&applied());
    // found by placing, which is tried by itself
    expected.insert("hpa shop/web".to_owned(), found["hpa shop/web"].clone());
    assert_eq!(found, expected);
    assert_ne!(found["shop/web/web"], settings(&patched(&[]))["shop/web/web"]);
}

#[test]
fn a_kustomization_holds_the_same_patches_with_their_targets() {
    let kustomization = documents(&written("kustomize")).remove(0);
    let mut inline = Vec::new();
    for patch in kustomization["patches"].as_array().expect("there are patches") {
        let document = documents(patch["patch"].as_str().expect("it is a text")).remove(0);
        assert_eq!(patch["target"]["kind"], document["kind"]);
        assert_eq!(
            (&patch["target"]["name"], &patch["target"]["namespace"]),
            (&document["metadata"]["name"], &document["metadata"]["namespace"])
        );
        inline.push(document);
    }
    // what is not there yet is no patch
    let there = settings(&patched(&[]));
    let whole: Vec<serde_json::Value> = documents(&written("patch"));
    let new = |own: &serde_json::Value| {
        let kind = if own["kind"] == "ResourceQuota" { "quota" } else { "range" };
        let name = format!("{kind} {}/{}", own["metadata"]["namespace"].as_str().unwrap(), own["metadata"]["name"].as_str().unwrap());
        (own["kind"] == "ResourceQuota" || own["kind"] == "LimitRange") && !there.contains_key(&name)
    };
    assert_eq!(inline, whole.into_iter().filter(|own| !new(own)).collect::<Vec<_>>());
}
