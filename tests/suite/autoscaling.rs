//! Replicas of autoscaled workloads, and how far their load may rise: by example, and against trying everything out.

use plimsoll::admission;
use plimsoll::controllers::expand_autoscaled;
use plimsoll::controllers::horizontal_pod_autoscaler::assume::Assumption;
use plimsoll::controllers::horizontal_pod_autoscaler::load::Factor;
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::Written;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::headroom::{Headroom, Question, headroom};
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::usage::read::{Content, parse};

/// A workload of `replicas`, each asking for `cpu`, with an autoscaler.
fn workload(kind: &str, name: &str, replicas: &str, cpu: &str, autoscaler: &str) -> String {
    format!(
        "
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: c, resources: {{requests: {{cpu: {cpu}, memory: 64Mi}}}}}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: shop}}
spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: {kind}, name: {name}}}, {autoscaler}}}
"
    )
}

fn nodes(count: usize, cpu: &str) -> String {
    (0..count)
        .map(|number| {
            format!(
                "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: n{number}}}\nstatus: {{allocatable: {{cpu: {cpu}, memory: 8Gi, pods: 20}}}}\n"
            )
        })
        .collect()
}

fn objects(yaml: &str) -> Objects {
    let mut input = read_str("shop.yaml", yaml);
    assert_eq!(input.problems, []);
    assert_eq!(admission::horizontal_pod_autoscaler::admit(&mut input.objects), []);
    input.objects
}

/// How many pods of a workload there are under an assumption.
fn pods(yaml: &str, assumption: &Assumption, prefix: &str) -> usize {
    let mut objects = objects(yaml);
    expand_autoscaled(&mut objects, assumption);
    objects.pods.iter().filter(|pod| pod.metadata.name.starts_with(prefix)).count()
}

fn usage(text: &str) -> Assumption {
    match parse("usage", text) {
        Ok(Content::Usage(usage)) => Assumption::Usage(Box::new(usage)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn replicas_are_held_within_bounds_or_set_to_them() {
    let web = |replicas: &str| workload("Deployment", "web", replicas, "100m", "minReplicas: 2, maxReplicas: 6");
    for (replicas, current) in [("replicas: 4", 4), ("replicas: 1", 2), ("replicas: 9", 6), ("", 2), ("replicas: 0", 0)] {
        assert_eq!(pods(&web(replicas), &Assumption::Current, "web-"), current, "{replicas}");
    }
    assert_eq!(pods(&web("replicas: 4"), &Assumption::Min, "web-"), 2);
    assert_eq!(pods(&web("replicas: 4"), &Assumption::Max, "web-"), 6);
    // off is off
    assert_eq!(pods(&web("replicas: 0"), &Assumption::Max, "web-"), 0);
    let chosen = Assumption::Given(vec![("shop/Deployment/web".to_owned(), 5)]);
    assert_eq!(pods(&web("replicas: 4"), &chosen, "web-"), 5);
}

#[test]
fn fewer_replicas_take_pods_away_from_a_dump() {
    let sets = ["Deployment", "StatefulSet"].map(|kind| workload(kind, &kind.to_lowercase(), "replicas: 5", "100m", "maxReplicas: 6"));
    let yaml = sets.concat();
    let mut dump = objects(&yaml);
    expand_autoscaled(&mut dump, &Assumption::Current);
    assert_eq!(dump.pods.len(), 10);
    for (number, pod) in dump.pods.iter_mut().enumerate() {
        pod.spec.node_name = format!("n{}", number % 3);
        pod.status.phase = "Running".to_owned();
    }
    expand_autoscaled(&mut dump, &Assumption::Min);
    let left: Vec<&str> = dump.pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&"statefulset-0"), "{left:?}");
    assert_eq!(dump.replica_sets[0].spec.replicas, Some(1));
}

#[test]
fn usage_decides_where_the_controller_comes_to_rest() {
    let cpu = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}";
    let web = workload("Deployment", "web", "replicas: 2", "100m", &format!("maxReplicas: 9, metrics: [{cpu}]"));
    let top =
        |each: &str| format!("NAMESPACE NAME CPU(cores) MEMORY(bytes)\nshop web-abc-aaaaa {each} 1Mi\nshop web-abc-bbbbb {each} 1Mi\n");
    // within the tolerance nothing happens, above it as many as it takes, below it fewer
    assert_eq!(pods(&web, &usage(&top("55m")), "web-"), 2);
    assert_eq!(pods(&web, &usage(&top("110m")), "web-"), 5);
    assert_eq!(pods(&web, &usage(&top("20m")), "web-"), 1);
    // what belongs to somebody else does not count
    assert_eq!(pods(&web, &usage(&top("110m").replace("web-", "webshop-")), "web-"), 2);
}

#[test]
fn an_autoscaler_that_cannot_work_is_told() {
    let mut doubled = objects(
        &(workload("Deployment", "web", "replicas: 1", "100m", "minReplicas: 3, maxReplicas: 6")
            + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web2, namespace: shop}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 4}\n"
            + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: gone, namespace: shop}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gone}, maxReplicas: 4}\n"),
    );
    let notes: Vec<String> = expand_autoscaled(&mut doubled, &Assumption::Max).into_iter().map(|note| note.message).collect();
    assert_eq!(doubled.pods.len(), 1);
    assert_eq!(notes.iter().filter(|note| note.contains("AmbiguousSelector")).count(), 2, "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("Deployment shop/gone is not in the input")), "{notes:?}");
}

fn answer(objects: &Objects) -> Headroom {
    let question = Question {
        objects,
        written: &Written::Everything,
        replaced: &Objects::default(),
        assumption: &Assumption::Current,
        usage: None,
        configuration: &Configuration::default(),
        options: Options::default(),
    };
    headroom(&question).unwrap_or_else(|notes| panic!("{notes:?}"))
}

/// Whether everything has a node with these replicas, found without any of the search.
fn fits(objects: &Objects, replicas: Vec<(String, i32)>) -> bool {
    let mut objects = objects.clone();
    // what is there at the current replicas comes first, what the load adds after it
    expand_autoscaled(&mut objects, &Assumption::Current);
    expand_autoscaled(&mut objects, &Assumption::Given(replicas));
    admission::admit(&mut objects);
    let (cluster, profiles) = prepare(&objects, &Configuration::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    scheduler.run(|_, _| ()).pending().count() == 0
}

#[test]
fn the_load_that_fits_is_found_by_trying_all_loads() {
    let cpu = |percent: i32| {
        format!("metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: {percent}}}}}}}]")
    };
    let queue = "metrics: [{type: External, external: {metric: {name: q}, target: {type: AverageValue, averageValue: 7}}}]";
    let yaml = workload("Deployment", "web", "replicas: 2", "300m", &format!("maxReplicas: 9, {}", cpu(60)))
        + &workload("StatefulSet", "db", "replicas: 1", "700m", &format!("maxReplicas: 3, {}", cpu(85)))
        + &workload("Deployment", "worker", "replicas: 3", "150m", &format!("maxReplicas: 12, {queue}"))
        + &nodes(2, "2");
    let objects = objects(&yaml);
    let answer = answer(&objects);
    let largest = answer.largest().expect("some load fits, and not every");
    let (mut below, mut above) = (0, 0);
    for thousandths in (10..6000).step_by(37) {
        let factor = Factor::new(thousandths, 1000);
        let settled = |room: &plimsoll::planning::headroom::Room| room.load.replay(&room.autoscaler.hpa, factor);
        let replicas: Vec<i32> = answer.rooms.iter().map(settled).collect();
        assert_eq!(replicas, answer.at(factor).replicas, "at {thousandths}/1000");
        let names = answer.rooms.iter().map(|room| {
            let target = &room.autoscaler.target;
            format!("{}/{}/{}", target.namespace, target.kind, target.name)
        });
        let holds = fits(&objects, names.zip(replicas).collect());
        if factor <= largest {
            assert!(holds, "{thousandths}/1000 is below the largest load");
            below += 1;
        }
        let trial = answer.at(factor).trial.as_ref().expect("so few are all tried");
        assert_eq!(holds, trial.fits(0), "at {thousandths}/1000");
        above += usize::from(!holds);
    }
    assert!(below > 10 && above > 10, "{below} below, {above} above");
    assert!(!answer.max_fits());
    assert_eq!(answer.wall.and_then(|wall| answer.stretches[wall].trial.as_ref()?.stop.as_ref()?.resource.clone()).as_deref(), Some("cpu"));
}

#[test]
fn room_for_everything_has_no_wall() {
    let yaml = workload("Deployment", "web", "replicas: 2", "100m", "maxReplicas: 4") + &nodes(1, "4");
    let answer = answer(&objects(&yaml));
    assert!(answer.max_fits() && answer.wall.is_none() && answer.largest().is_none());
    // 80 % of 100m on two pods: the third comes with more than 88 %
    assert_eq!(answer.at(Factor::ONE).replicas, [2]);
    assert_eq!(answer.at(Factor::new(111, 100)).replicas, [3]);
}

#[test]
fn a_quota_is_a_wall_too() {
    let cpu = "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]";
    let yaml = workload("Deployment", "web", "replicas: 2", "300m", &format!("maxReplicas: 9, {cpu}"))
        + &nodes(2, "8")
        + "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: shop}\nspec: {hard: {pods: 4}}\n";
    let answer = answer(&objects(&yaml));
    assert!(!answer.max_fits());
    let stop = answer.stretches[answer.wall.expect("the quota is a wall")].trial.as_ref().unwrap().stop.as_ref().unwrap();
    assert_eq!((stop.autoscaler, stop.resource.as_deref()), (Some(0), Some("pods")));
    assert_eq!(stop.reason, "exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4");
    assert_eq!(answer.stretches[answer.last.unwrap()].replicas, [4]);
}
