//! From a metric to a number of replicas.
//!
//! Numbers go the way they go upstream, on amd64: whole thousandths, whole percent cut off, ratios in double precision, and a number
//! that does not fit into 32 bits becomes the smallest there is.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go, v1.36.

use std::collections::{BTreeMap, BTreeSet};

use super::metrics::{PodMetric, PodMetricsInfo};
use super::requests::request_milli;
use super::{Flags, Milliseconds, ObservedPod};

/// How far from its target a metric may be, by direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerances {
    pub scale_down: f64,
    pub scale_up: f64,
}

impl Tolerances {
    /// The bounds themselves are within.
    pub fn is_within(self, ratio: f64) -> bool {
        (1.0 - self.scale_down) <= ratio && ratio <= (1.0 + self.scale_up)
    }
}

/// What a calculation goes by.
pub(super) struct Calculator<'a> {
    pub flags: &'a Flags,
    pub tolerances: Tolerances,
    pub pods: Vec<ObservedPod<'a>>,
    pub now: Milliseconds,
}

/// Replicas that a utilisation asks for, and what it was.
pub(super) struct UtilizationProposal {
    pub replicas: i32,
    pub percent: i32,
    pub average_milli: i64,
}

const NO_PODS: &str = "no pods returned by selector while calculating replica count";
const NO_METRICS: &str = "did not receive metrics for targeted pods (pods might be unready)";

impl Calculator<'_> {
    /// Replicas by how much of its requests the pods use.
    pub fn by_utilization(
        &self,
        mut metrics: PodMetricsInfo<'_>,
        current: i32,
        target: i32,
        resource: &str,
        container: &str,
    ) -> Result<UtilizationProposal, String> {
        let groups = self.group(&mut metrics, resource)?;
        let mut requests = BTreeMap::new();
        for pod in &self.pods {
            requests.insert(pod.pod.metadata.name.as_str(), request_milli(pod.pod, container, resource)?);
        }
        let (ratio, percent, average_milli) = utilization_ratio(&metrics, &requests, target)?;
        let proposal = |replicas| Ok(UtilizationProposal { replicas, percent, average_milli });
        if !(groups.has_unready() && ratio > 1.0) && groups.missing.is_empty() {
            return proposal(if self.tolerances.is_within(ratio) { current } else { to_i32((ratio * groups.ready as f64).ceil()) });
        }
        let fallback = i64::from(target.max(100));
        let missing = |pod: &str| requests.get(pod).copied().unwrap_or_default().wrapping_mul(fallback) / 100;
        let mut filled: PodMetricsInfo<'_> = metrics;
        groups.fill(&mut filled, ratio, missing);
        let (rebalanced, ..) = utilization_ratio(&filled, &requests, target)?;
        proposal(self.settle(current, ratio, rebalanced, filled.len()))
    }

    /// Replicas by an average over the pods.
    pub fn by_average(
        &self,
        mut metrics: PodMetricsInfo<'_>,
        current: i32,
        target_milli: i64,
        resource: &str,
    ) -> Result<(i32, i64), String> {
        let groups = self.group(&mut metrics, resource)?;
        let (ratio, usage) = usage_ratio(&metrics, target_milli);
        if !(groups.has_unready() && ratio > 1.0) && groups.missing.is_empty() {
            let replicas = if self.tolerances.is_within(ratio) { current } else { to_i32((ratio * groups.ready as f64).ceil()) };
            return Ok((replicas, usage));
        }
        let mut filled: PodMetricsInfo<'_> = metrics;
        groups.fill(&mut filled, ratio, |_| target_milli);
        let (rebalanced, _) = usage_ratio(&filled, target_milli);
        Ok((self.settle(current, ratio, rebalanced, filled.len()), usage))
    }

    /// Replicas by a value for all of them.
    pub fn by_value(&self, usage_milli: i64, current: i32, target_milli: i64) -> Result<i32, String> {
        let ratio = usage_milli as f64 / target_milli as f64;
        if current == 0 {
            return Ok(to_i32(ratio.ceil()));
        }
        if self.tolerances.is_within(ratio) {
            return Ok(current);
        }
        if self.pods.is_empty() {
            return Err(format!("unable to calculate ready pods: {NO_PODS}"));
        }
        let is_ready = |pod: &&ObservedPod<'_>| pod.pod.status.phase == "Running" && ready_status(pod) == Some("True");
        let replicas = ratio * self.pods.iter().filter(is_ready).count() as f64;
        Ok(if replicas > f64::from(i32::MAX) { i32::MAX } else { to_i32(replicas.ceil()) })
    }

    /// Replicas by a value that is divided among those there are, and what each has of it.
    pub fn by_value_per_pod(&self, usage_milli: i64, status_replicas: i32, target_milli: i64, is_capped: bool) -> (i32, i64) {
        let usage = usage_milli as f64;
        let ratio = usage / (target_milli as f64 * f64::from(status_replicas));
        let mut replicas = status_replicas;
        if !self.tolerances.is_within(ratio) {
            let wanted = (usage / target_milli as f64).ceil();
            replicas = if is_capped && wanted > f64::from(i32::MAX) { i32::MAX } else { to_i32(wanted) };
        }
        let each = if is_capped && usage >= i64::MAX as f64 { i64::MAX } else { to_i64((usage / f64::from(status_replicas)).ceil()) };
        (replicas, each)
    }

    /// The replicas after missing and unready pods were reckoned in: none of that may turn the direction.
    fn settle(&self, current: i32, ratio: f64, rebalanced: f64, count: usize) -> i32 {
        let turns = (ratio < 1.0 && rebalanced > 1.0) || (ratio > 1.0 && rebalanced < 1.0);
        if self.tolerances.is_within(rebalanced) || turns {
            return current;
        }
        let replicas = to_i32((rebalanced * count as f64).ceil());
        let turns = (rebalanced < 1.0 && replicas > current) || (rebalanced > 1.0 && replicas < current);
        if turns { current } else { replicas }
    }

    /// Tells pods apart by whether their metrics count, and drops the metrics that do not.
    fn group(&self, metrics: &mut PodMetricsInfo<'_>, resource: &str) -> Result<Groups, String> {
        if self.pods.is_empty() {
            return Err(NO_PODS.to_owned());
        }
        let mut groups = Groups::default();
        for pod in &self.pods {
            let name = pod.pod.metadata.name.as_str();
            if pod.pod.metadata.deletion_timestamp.is_some() || pod.pod.status.phase == "Failed" {
                metrics.remove(name);
            } else if pod.pod.status.phase == "Pending" {
                groups.unready.insert(name.to_owned());
            } else {
                match metrics.get(name) {
                    None => drop(groups.missing.insert(name.to_owned())),
                    Some(metric) if resource == "cpu" && self.is_unready(pod, metric) => drop(groups.unready.insert(name.to_owned())),
                    Some(_) => groups.ready += 1,
                }
            }
        }
        metrics.retain(|pod, _| !groups.unready.contains(*pod));
        if metrics.is_empty() { Err(NO_METRICS.to_owned()) } else { Ok(groups) }
    }

    /// Whether a pod's cpu is still that of its start.
    fn is_unready(&self, pod: &ObservedPod<'_>, metric: &PodMetric) -> bool {
        let (Some(status), Some(started)) = (ready_status(pod), pod.started) else { return true };
        let changed = pod.ready_changed.unwrap_or(Milliseconds::MIN / 2);
        if started + self.flags.cpu_initialization_period_seconds * 1000 > self.now {
            status == "False" || metric.timestamp < changed + metric.window_milliseconds
        } else {
            status == "False" && started + self.flags.initial_readiness_delay_seconds * 1000 > changed
        }
    }
}

fn ready_status<'a>(pod: &ObservedPod<'a>) -> Option<&'a str> {
    pod.pod.status.conditions.iter().find(|condition| condition.r#type == "Ready").map(|condition| condition.status.as_str())
}

/// Pods by whether their metrics count.
#[derive(Default)]
struct Groups {
    ready: usize,
    unready: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl Groups {
    fn has_unready(&self) -> bool {
        !self.unready.is_empty()
    }

    /// Gives pods without a metric one that holds the change back: nothing on the way up, so much on the way down.
    fn fill<'a>(&'a self, metrics: &mut PodMetricsInfo<'a>, ratio: f64, on_the_way_down: impl Fn(&str) -> i64) {
        let of = |value_milli| PodMetric { value_milli, ..PodMetric::default() };
        if ratio < 1.0 {
            metrics.extend(self.missing.iter().map(|pod| (pod.as_str(), of(on_the_way_down(pod)))));
        } else if ratio > 1.0 {
            metrics.extend(self.missing.iter().map(|pod| (pod.as_str(), of(0))));
        }
        if ratio > 1.0 {
            metrics.extend(self.unready.iter().map(|pod| (pod.as_str(), of(0))));
        }
    }
}

/// How the use compares with the target, the use in percent of the requests, and the average use. Values of unknown pods do not count.
fn utilization_ratio(metrics: &PodMetricsInfo<'_>, requests: &BTreeMap<&str, i64>, target: i32) -> Result<(f64, i32, i64), String> {
    let (mut used, mut requested, mut count) = (0i64, 0i64, 0i64);
    for (pod, metric) in metrics {
        let Some(request) = requests.get(pod) else { continue };
        used = used.wrapping_add(metric.value_milli);
        requested = requested.wrapping_add(*request);
        count += 1;
    }
    if requested == 0 {
        return Err("no metrics returned matched known pods".to_owned());
    }
    let percent = (used.wrapping_mul(100) / requested) as i32;
    Ok((f64::from(percent) / f64::from(target), percent, used / count))
}

/// How the average compares with the target, and the average.
fn usage_ratio(metrics: &PodMetricsInfo<'_>, target_milli: i64) -> (f64, i64) {
    let used = metrics.values().fold(0i64, |sum, metric| sum.wrapping_add(metric.value_milli));
    let average = used / metrics.len() as i64;
    (average as f64 / target_milli as f64, average)
}

/// As an amd64 processor converts: what does not fit is the smallest number.
pub(super) fn to_i32(number: f64) -> i32 {
    if number > -2_147_483_649.0 && number < 2_147_483_648.0 { number as i32 } else { i32::MIN }
}

/// As an amd64 processor converts: what does not fit is the smallest number.
fn to_i64(number: f64) -> i64 {
    if (i64::MIN as f64..-(i64::MIN as f64)).contains(&number) { number as i64 } else { i64::MIN }
}
