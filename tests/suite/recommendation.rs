//! Quotas, defaults and bounds of autoscalers that are recommended: by what the API server and the scheduler say to them.

use plimsoll::admission::ApiServer;
use plimsoll::controllers::horizontal_pod_autoscaler::assume::Assumption;
use plimsoll::controllers::{expand_autoscaled, rollout_peak::rollout_peak};
use plimsoll::manifest::Objects;
use plimsoll::manifest::Quantity;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::policy::ResourceQuota;
use plimsoll::manifest::read::{Written, read_str};
use plimsoll::planning::headroom::Question;
use plimsoll::planning::recommendation::*;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::{admission, controllers};
use proptest::prelude::*;

fn written(text: &str) -> Objects {
    let mut input = read_str("cluster.yaml", text);
    assert!(!input.has_errors(), "{:?}", input.problems);
    _ = admission::horizontal_pod_autoscaler::admit(&mut input.objects);
    input.objects
}

fn expanded(text: &str) -> Objects {
    let mut objects = written(text);
    controllers::expand(&mut objects);
    admission::admit(&mut objects);
    objects
}

#[derive(Debug, Clone)]
struct Workload {
    replicas: i32,
    surge: String,
    max: Option<i32>,
    resources: &'static str,
}

fn text(workloads: &[Workload]) -> String {
    let each = workloads.iter().enumerate().map(|(number, Workload { replicas, surge, max, resources })| {
        let hpa = max.map_or(String::new(), |max| {
            format!(
                "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: w{number}, namespace: shop}}\nspec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: w{number}}}, minReplicas: 1, maxReplicas: {max}}}\n"
            )
        });
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{number}, namespace: shop}}\nspec:\n  replicas: {replicas}\n  strategy: {{rollingUpdate: {{maxSurge: {surge}}}}}\n  selector: {{matchLabels: {{app: w{number}}}}}\n  template:\n    metadata: {{labels: {{app: w{number}}}}}\n    spec: {{containers: [{{name: c, image: i, resources: {resources}}}]}}\n{hpa}"
        )
    });
    each.collect()
}

/// Every pod that there is with all autoscalers at their most while all Deployments roll out, found without the code that recommends.
fn everyone(text: &str, limit_ranges: &[LimitRangeAdvice]) -> Vec<Pod> {
    let mut objects = written(text);
    objects.limit_ranges.extend(limit_ranges.iter().map(|advice| advice.object.clone()));
    expand_autoscaled(&mut objects, &Assumption::Max);
    let mut pods = Vec::new();
    for peak in rollout_peak(&objects) {
        let deployment = objects.deployments.iter().find(|own| own.metadata.name == peak.workload.name).unwrap();
        for number in 0..peak.peak {
            let mut pod = Pod { spec: deployment.spec.template.spec.clone(), ..Pod::default() };
            pod.metadata.name = format!("{}-{number}", peak.workload.name);
            pod.metadata.namespace = "shop".to_owned();
            pods.push(pod);
        }
    }
    pods
}

/// How many of these the API server refuses under a quota.
fn refused(pods: &[Pod], limit_ranges: &[LimitRangeAdvice], quota: &ResourceQuota) -> usize {
    let mut server = ApiServer::of_partly_known_cluster();
    limit_ranges.iter().for_each(|advice| server.adopt(&advice.object));
    server.adopt(quota);
    pods.iter().filter(|pod| server.create((*pod).clone()).is_err()).count()
}

fn workload() -> impl Strategy<Value = Workload> {
    let resources = prop_oneof![
        Just("{}"),
        Just("{requests: {cpu: 130m, memory: 100Mi}}"),
        Just("{requests: {cpu: 130m, memory: 100Mi}, limits: {memory: 300Mi}}"),
        Just("{requests: {cpu: 1, memory: 900Mi}, limits: {cpu: 2, memory: 1Gi}}"),
        Just("{limits: {cpu: 50m, memory: 64Mi}}"),
    ];
    let surge = prop_oneof![Just("0".to_owned()), Just("2".to_owned()), Just("25%".to_owned()), Just("100%".to_owned())];
    (1i32..5, surge, proptest::option::of(1i32..8), resources).prop_map(|(replicas, surge, max, resources)| Workload {
        replicas,
        surge,
        max,
        resources,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_quota_admits_everything_at_the_peak_and_not_with_one_unit_less(workloads in proptest::collection::vec(workload(), 1..4)) {
        // an unavailable pod must be allowed somewhere
        let text = text(&workloads).replace("maxSurge: 0", "maxSurge: 0, maxUnavailable: 1");
        let advice = recommend(&expanded(&text), None);
        prop_assert_eq!(advice.quotas.len(), 1);
        let quota = &advice.quotas[0];
        let pods = everyone(&text, &advice.limit_ranges);
        prop_assert_eq!((quota.pods, &quota.refused), (pods.len(), &None));
        prop_assert_eq!(refused(&pods, &advice.limit_ranges, &quota.object), 0);
        for resource in quota.object.spec.hard.keys() {
            let mut less = quota.object.clone();
            let unit = if resource.ends_with("cpu") { Quantity::from_milli(1) } else { Quantity::from_units(1) };
            let bound = less.spec.hard.get_mut(resource).unwrap();
            *bound = bound.saturating_sub(unit);
            prop_assert!(refused(&pods, &advice.limit_ranges, &less) > 0, "{resource} of {:?}", quota.object.spec.hard);
        }
        let said = |name: &str| quota.object.spec.hard.contains_key(name);
        prop_assert!(said("requests.cpu") && said("requests.memory") && said("limits.memory") && said("pods"), "{:?}", quota.object.spec.hard);
    }
}

#[test]
fn defaults_are_never_below_what_a_container_asks_for() {
    let own = |resources: &'static str| Workload { replicas: 1, surge: "1".into(), max: None, resources };
    let text =
        text(&[own("{}"), own("{requests: {cpu: 1, memory: 3Gi}}"), own("{requests: {cpu: 1, memory: 5Gi}, limits: {memory: 5Gi}}")]);
    let advice = recommend(&expanded(&text), None);
    let range = &advice.limit_ranges[0];
    assert_eq!((range.containers, range.rules), (2, [Some(Rule::Scheduler), Some(Rule::Scheduler), Some(Rule::TwiceTheRequest)]));
    let item = &range.object.spec.limits[0];
    let told = |list: &plimsoll::manifest::pod::ResourceList| {
        list.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
    };
    assert_eq!((told(&item.default_request), told(&item.default)), ("cpu=100m,memory=200Mi".to_owned(), "memory=6Gi".to_owned()));
    assert_eq!(refused(&everyone(&text, &advice.limit_ranges), &advice.limit_ranges, &advice.quotas[0].object), 0);
    // with them nothing is missing any more
    let mut objects = expanded(&text);
    objects.limit_ranges.push(range.object.clone());
    assert_eq!(recommend(&objects, None).limit_ranges, []);
}

#[test]
fn a_quota_that_is_there_keeps_what_it_bounds() {
    let quota =
        "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: cap, namespace: shop}\nspec: {hard: {pods: '3', limits.cpu: '9'}}\n";
    let own = Workload { replicas: 2, surge: "1".into(), max: Some(5), resources: "{requests: {cpu: 100m}, limits: {cpu: 1}}" };
    let advice = recommend(&expanded(&[text(&[own]), quota.to_owned()].concat()), None);
    let line = |place: usize| {
        let line = &advice.quotas[0].lines[place];
        (
            line.resource.as_str(),
            line.present.unwrap().to_string(),
            line.now.to_string(),
            line.at_most.to_string(),
            line.at_peak.to_string(),
        )
    };
    assert!(advice.quotas[0].is_there);
    assert_eq!(line(0), ("limits.cpu", "9".into(), "2".into(), "5".into(), "6".into()));
    assert_eq!(line(1), ("pods", "3".into(), "2".into(), "5".into(), "6".into()));
}

/// One node of four cores, and two autoscalers whose pods ask for one core and half a core.
fn autoscaled(maxima: [i32; 2]) -> String {
    let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: 4, memory: 8Gi, pods: 110}}\n";
    let own = |max, resources| Workload { replicas: 1, surge: "1".into(), max: Some(max), resources };
    [text(&[own(maxima[0], "{requests: {cpu: 1}}"), own(maxima[1], "{requests: {cpu: 500m}}")]), node.to_owned()].concat()
}

fn bounds(text: &str) -> AutoscalerBounds {
    let objects = written(text);
    let question = Question {
        objects: &objects,
        written: &Written::Everything,
        replaced: &Objects::default(),
        assumption: &Assumption::Current,
        usage: None,
        configuration: &Configuration::default(),
        options: Options::default(),
    };
    autoscaler_bounds(&question).expect("there are autoscalers")
}

/// Whether everything has a place with so many replicas, found without the code that recommends.
fn fit(text: &str, maxima: &[i32]) -> bool {
    let mut objects = written(text);
    let chosen = maxima.iter().enumerate().map(|(number, replicas)| (format!("shop/Deployment/w{number}"), *replicas));
    expand_autoscaled(&mut objects, &Assumption::Given(chosen.collect()));
    admission::admit(&mut objects);
    let (cluster, profiles) = prepare(&objects, &Configuration::default());
    Scheduler::new(&cluster, &profiles, Options::default()).run(|_, _| ()).pending().next().is_none()
}

#[test]
fn maxima_that_fit_stay_and_others_are_lowered_together_and_raised_one_by_one() {
    let found = bounds(&autoscaled([3, 2]));
    assert!(found.all_fit && found.maxima.iter().all(|own| own.fits == own.most));
    let text = autoscaled([4, 8]);
    let found = bounds(&text);
    let maxima: Vec<i32> = found.maxima.iter().map(|own| own.fits).collect();
    assert!(!found.all_fit && found.least_fits && found.stop.is_some());
    assert!(fit(&text, &maxima), "{maxima:?}");
    for number in 0..2 {
        let mut more = maxima.clone();
        more[number] += 1;
        assert!(!fit(&text, &more), "{more:?} would fit as well as {maxima:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn maxima_that_are_recommended_have_places(maxima in (1i32..9, 1i32..9)) {
        let text = autoscaled([maxima.0, maxima.1]);
        let found = bounds(&text);
        let fits: Vec<i32> = found.maxima.iter().map(|own| own.fits).collect();
        prop_assert!(found.least_fits && fit(&text, &fits), "{fits:?}");
        prop_assert!(found.maxima.iter().all(|own| own.fits >= own.least && own.fits <= own.most));
        prop_assert_eq!(found.all_fit, fit(&text, &[maxima.0, maxima.1]));
    }
}

#[test]
fn storage_daemons_and_cron_jobs_count_and_the_system_is_left_alone() {
    let text = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1, memory: 1Gi, vendor.com/gpu: 1}, limits: {memory: 1Gi, vendor.com/gpu: 1}}}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec: {schedule: 0 3 * * *, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i, resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}}]}}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 10m, memory: 10Mi}, limits: {memory: 10Mi}}}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: a}, status: {allocatable: {cpu: 4, memory: 8Gi, pods: 110}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: own, namespace: kube-system}, spec: {containers: [{name: c, image: i}]}}
";
    let advice = recommend(&expanded(text), None);
    let told: Vec<String> = advice.quotas[0].lines.iter().map(|line| format!("{}={}", line.resource, line.at_peak)).collect();
    let expected = [
        "limits.memory=3092Mi",
        "persistentvolumeclaims=2",
        "pods=5",
        "requests.cpu=2520m",
        "requests.memory=3092Mi",
        "requests.storage=20Gi",
        "requests.vendor.com/gpu=2",
    ];
    assert_eq!(told, expected);
    assert_eq!((advice.quotas.len(), advice.limit_ranges.len(), &advice.quotas[0].refused), (1, 0, &None));
}
