//! What an autoscaler comes to rest at under a steady load.
//!
//! A load is what all pods of a workload use together; it is spread evenly, whatever their number. A value that is compared as a whole
//! (`Value` targets) is taken to fall as replicas are added, in proportion. Stabilisation windows and rates are a matter of time and
//! play no part; bounds, tolerances and disabled directions do. The controller is synced until nothing changes any more.
//!
//! [`Load::settle`] is the arithmetic of `replica_calculator` for pods that are all alike, [`Load::replay`] the
//! controller itself; a test compares the two.

use std::collections::BTreeSet;

use super::metrics::{Answers, ExternalMetric, ObjectMetric, PodMetrics};
use super::replica_calculator::{Tolerances, to_i32};
use super::{Clock, Flags, Memory, ObservedPod, Scale, Sight, reconcile};
use crate::manifest::Quantity;
use crate::manifest::autoscaling::*;
use crate::manifest::meta::StringMap;
use crate::manifest::pod::{Condition, Container, Pod};

/// A factor on a load, exactly: a fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Factor {
    numerator: i128,
    denominator: i128,
}

impl Factor {
    /// The load as it is.
    pub const ONE: Factor = Factor { numerator: 1, denominator: 1 };

    /// A fraction of two numbers that are not negative; the second is not zero.
    pub fn new(numerator: i128, denominator: i128) -> Self {
        assert!(numerator >= 0 && denominator > 0, "a load factor is no such fraction: {numerator}/{denominator}");
        let divisor = gcd(numerator, denominator);
        Factor { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// Upper half of the fraction.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// Lower half of the fraction.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// As a double, for showing.
    pub fn approximate(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// So many times as much of a whole number, divided by another, rounded up.
    fn share(self, total: i64, by: i64) -> i64 {
        let (top, bottom) = (i128::from(total).saturating_mul(self.numerator), self.denominator.saturating_mul(i128::from(by.max(1))));
        let share = top / bottom + i128::from(top % bottom != 0);
        i64::try_from(share).unwrap_or(i64::MAX)
    }
}

impl Ord for Factor {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (a, b) = (self.numerator.checked_mul(other.denominator), other.numerator.checked_mul(self.denominator));
        match (a, b) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.approximate().total_cmp(&other.approximate()),
        }
    }
}

impl PartialOrd for Factor {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// What a metric sees of a load. Amounts are thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// So much of what each pod requests, in percent.
    Utilization { total: i64, request: i64, percent: i32 },
    /// So much a pod.
    Average { total: i64, target: i64 },
    /// So much in all, falling as replicas are added; `total` is the value times the replicas it was seen at.
    Value { total: i64, target: i64 },
    /// So much a pod of a sum that stays what it is.
    Shared { total: i64, target: i64 },
}

/// The load of one autoscaler.
#[derive(Debug, Clone)]
pub struct Load {
    /// Replicas that it is seen at.
    pub replicas: i32,
    pub(super) demands: Vec<Demand>,
    /// Whether a metric could not be told, so that nothing shrinks.
    pub(super) is_partial: bool,
    pub(super) bounds: (i32, i32),
    pub(super) tolerances: Tolerances,
    pub(super) can_grow: bool,
    pub(super) can_shrink: bool,
}

/// So many syncs and it has come to rest, or goes in a circle.
const MOST_SYNCS: usize = 100;

impl Load {
    /// Whether anything is known of it.
    pub fn is_known(&self) -> bool {
        !self.demands.is_empty()
    }

    /// Replicas at rest under so many times the load.
    pub fn settle(&self, factor: Factor) -> i32 {
        self.rest(|replicas| self.next(factor, replicas))
    }

    /// The loads at which the replicas at rest change: up to and with the first, `settle` is one number, then up to and with the second
    /// another. Each comes with the number up to it; the last number, from the last load on, comes with none.
    pub fn steps(&self) -> Vec<(Option<Factor>, i32)> {
        let mut edges: BTreeSet<Factor> = BTreeSet::new();
        let mut counts = BTreeSet::from([self.replicas]);
        let mut done = BTreeSet::new();
        while let Some(&replicas) = counts.difference(&done).next() {
            done.insert(replicas);
            let own: BTreeSet<Factor> = self.demands.iter().flat_map(|demand| self.edges(demand, replicas)).collect();
            // what is passed through on the way has edges of its own
            for &factor in &own {
                counts.extend([factor, beyond(factor)].map(|factor| self.next(factor, replicas)));
            }
            edges.extend(own);
        }
        let mut steps: Vec<(Option<Factor>, i32)> = Vec::new();
        for factor in edges {
            push(&mut steps, Some(factor), self.settle(factor));
        }
        let last = steps.last().and_then(|(factor, _)| *factor).map_or(Factor::ONE, beyond);
        push(&mut steps, None, self.settle(last));
        steps
    }

    /// Syncs until nothing changes; of a circle, the most.
    fn rest(&self, next: impl Fn(i32) -> i32) -> i32 {
        let mut way = vec![self.replicas];
        while way.len() <= MOST_SYNCS {
            let last = way[way.len() - 1];
            let then = next(last);
            if let Some(start) = way.iter().position(|&replicas| replicas == then) {
                return way[start..].iter().copied().max().unwrap_or(then);
            }
            way.push(then);
        }
        way.iter().copied().max().unwrap_or(self.replicas)
    }

    /// Replicas after one sync.
    fn next(&self, factor: Factor, replicas: i32) -> i32 {
        let (fewest, most) = self.bounds;
        if replicas == 0 && fewest != 0 || self.demands.is_empty() {
            return replicas.min(most).max(if replicas == 0 { 0 } else { fewest });
        }
        if replicas > most || replicas < fewest {
            return replicas.clamp(fewest, most);
        }
        let wanted = self.demands.iter().map(|demand| self.propose(demand, factor, replicas)).max().unwrap_or(replicas);
        let held = wanted > replicas && !self.can_grow || wanted < replicas && (!self.can_shrink || self.is_partial);
        if held { replicas } else { wanted.clamp(fewest, most) }
    }

    /// What one metric asks for, with so many pods that are all alike.
    fn propose(&self, demand: &Demand, factor: Factor, replicas: i32) -> i32 {
        let pods = i64::from(replicas);
        let by_ratio = |ratio: f64| if self.tolerances.is_within(ratio) { replicas } else { to_i32((ratio * f64::from(replicas)).ceil()) };
        match *demand {
            Demand::Utilization { total, request, percent } => {
                let used = factor.share(total, pods);
                let now = (used.wrapping_mul(pods).wrapping_mul(100) / request.wrapping_mul(pods)) as i32;
                by_ratio(f64::from(now) / f64::from(percent))
            }
            Demand::Average { total, target } | Demand::Value { total, target } => {
                by_ratio(factor.share(total, pods) as f64 / target as f64)
            }
            Demand::Shared { total, target } => {
                let usage = factor.share(total, 1) as f64;
                match self.tolerances.is_within(usage / (target as f64 * f64::from(replicas))) {
                    true => replicas,
                    false => to_i32((usage / target as f64).ceil()),
                }
            }
        }
    }

    /// Loads at which a metric may come to ask for another number, with so many pods: the largest at which it does not yet.
    fn edges(&self, demand: &Demand, replicas: i32) -> Vec<Factor> {
        let (pods, most) = (i64::from(replicas.max(1)), i64::from(self.bounds.1));
        let (lower, upper) = (1.0 - self.tolerances.scale_down, 1.0 + self.tolerances.scale_up);
        // what a metric may be without a difference, at the largest
        let (values, total, by) = match *demand {
            Demand::Utilization { total, request, percent } => {
                let highest = i64::from(percent).saturating_mul(most / pods + 2).max((f64::from(percent) * upper) as i64 + 1);
                let values: Vec<i128> = (1..=highest).map(|now| ceil_div(i128::from(now) * i128::from(request), 100) - 1).collect();
                (values, total, pods)
            }
            Demand::Average { total, target } | Demand::Value { total, target } => {
                let multiples = (1..=most).map(|count| i128::from(target) * i128::from(count) / i128::from(pods));
                let edges = [lower, upper].map(|edge| (target as f64 * edge).floor() as i128);
                (around(multiples.chain(edges)), total, pods)
            }
            Demand::Shared { total, target } => {
                let multiples = (1..=most).map(|count| i128::from(target) * i128::from(count));
                let edges = [lower, upper].map(|edge| (target as f64 * edge * pods as f64).floor() as i128);
                (around(multiples.chain(edges)), total, 1)
            }
        };
        if total <= 0 {
            return Vec::new();
        }
        values.into_iter().filter(|value| *value >= 0).map(|value| Factor::new(value * i128::from(by), i128::from(total))).collect()
    }
}

/// Values and their neighbours: doubles round.
fn around(values: impl Iterator<Item = i128>) -> Vec<i128> {
    values.flat_map(|value| [value - 1, value, value + 1]).collect()
}

fn ceil_div(a: i128, b: i128) -> i128 {
    a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0)
}

/// A little more than a factor, less than any next edge.
fn beyond(factor: Factor) -> Factor {
    const FINE: i128 = 1 << 40;
    match (factor.numerator.checked_mul(FINE), factor.denominator.checked_mul(FINE)) {
        (Some(numerator), Some(denominator)) if numerator < 1 << 100 => Factor::new(numerator + 1, denominator),
        _ => Factor::new(factor.numerator + 1, factor.denominator),
    }
}

/// Adds a step, in one with the last if nothing changes.
fn push(steps: &mut Vec<(Option<Factor>, i32)>, factor: Option<Factor>, replicas: i32) {
    match steps.last_mut() {
        Some(last) if last.1 == replicas => last.0 = factor,
        _ => steps.push((factor, replicas)),
    }
}

impl Load {
    /// The same as [`settle`](Load::settle) by syncs of the controller itself, on pods and answers made up for it.
    pub fn replay(&self, hpa: &HorizontalPodAutoscaler, factor: Factor) -> i32 {
        self.rest(|replicas| self.sync(hpa, factor, replicas))
    }

    /// One sync a metric, each on its own; the highest wins, as it would among them.
    fn sync(&self, hpa: &HorizontalPodAutoscaler, factor: Factor, replicas: i32) -> i32 {
        let names: Vec<String> = (0..replicas).map(|number| format!("p-{number}")).collect();
        let asked: Vec<i32> = self.demands.iter().map(|demand| self.ask(hpa, demand, factor, &names)).collect();
        let wanted = asked.into_iter().max().unwrap_or(replicas);
        if wanted < replicas && self.is_partial { replicas } else { wanted }
    }

    fn ask(&self, hpa: &HorizontalPodAutoscaler, demand: &Demand, factor: Factor, names: &[String]) -> i32 {
        let replicas = names.len() as i32;
        let (metric, answers, request) = answer(demand, factor, names);
        let mut hpa = hpa.clone();
        hpa.status = HorizontalPodAutoscalerStatus::default();
        hpa.spec.metrics = vec![metric];
        hpa.spec.behavior = Some(self.without_time());
        let pods: Vec<Pod> = names.iter().map(|name| pod(name, request)).collect();
        let pods: Vec<ObservedPod<'_>> =
            pods.iter().map(|pod| ObservedPod { pod, started: Some(-3_600_000), ready_changed: Some(-3_500_000) }).collect();
        let scale = Scale { spec_replicas: replicas, status_replicas: replicas, selector: "app".to_owned() };
        let sight = Sight { scale: Some(&scale), pods: &pods, metrics: &answers, rivals: &[] };
        let flags = Flags { downscale_stabilization_seconds: 0, ..Flags::default() };
        let outcome = reconcile(&hpa, &flags, &mut Memory::default(), sight, &mut Clock::default());
        if outcome.error.is_some() { replicas } else { outcome.status.desired_replicas }
    }

    /// A behaviour that allows everything at once, but for what is disabled, with these tolerances.
    fn without_time(&self) -> HorizontalPodAutoscalerBehavior {
        let rules = |is_allowed: bool, kind: &str, value: i32, tolerance: f64| HpaScalingRules {
            stabilization_window_seconds: Some(0),
            select_policy: Some(if is_allowed { "Max" } else { "Disabled" }.to_owned()),
            policies: Some(vec![HpaScalingPolicy { r#type: kind.to_owned(), value, period_seconds: 1 }]),
            tolerance: Some(Quantity::from_nano((tolerance * 1e9).round() as i128)),
        };
        HorizontalPodAutoscalerBehavior {
            scale_up: Some(rules(self.can_grow, "Pods", 1 << 30, self.tolerances.scale_up)),
            scale_down: Some(rules(self.can_shrink, "Percent", 100, self.tolerances.scale_down)),
        }
    }
}

const CONTAINER: &str = "c";
const METRIC: &str = "load";

/// A metric of the demand's kind, what the metrics APIs answer about it, and what each pod requests.
fn answer(demand: &Demand, factor: Factor, names: &[String]) -> (MetricSpec, Answers, i64) {
    let count = names.len() as i64;
    let amount = |milli: i64| Quantity::from_milli(milli);
    let target = |kind: &str| MetricTarget { r#type: kind.to_owned(), ..MetricTarget::default() };
    let metric = || MetricIdentifier { name: METRIC.to_owned(), selector: None };
    let spec = |kind: &str| MetricSpec { r#type: kind.to_owned(), ..MetricSpec::default() };
    let mut answers = Answers::default();
    match *demand {
        Demand::Utilization { total, request, percent } => {
            let used = amount(factor.share(total, count));
            answers.resource = names.iter().map(|name| measured(name, used)).collect();
            let target = MetricTarget { average_utilization: Some(percent), ..target("Utilization") };
            let resource = Some(ResourceMetricSource { name: "cpu".to_owned(), target });
            (MetricSpec { resource, ..spec("Resource") }, answers, request)
        }
        Demand::Average { total, target: each } => {
            let used = amount(factor.share(total, count));
            answers.pods.insert(METRIC.to_owned(), names.iter().map(|name| (name.clone(), used)).collect());
            let target = MetricTarget { average_value: Some(amount(each)), ..target("AverageValue") };
            (MetricSpec { pods: Some(PodsMetricSource { metric: metric(), target }), ..spec("Pods") }, answers, 0)
        }
        Demand::Value { total, target: whole } => {
            let object = CrossVersionObjectReference { kind: "Service".to_owned(), ..CrossVersionObjectReference::default() };
            let value = amount(factor.share(total, count));
            answers.objects.push(ObjectMetric { kind: object.kind.clone(), metric: METRIC.to_owned(), value, ..ObjectMetric::default() });
            let target = MetricTarget { value: Some(amount(whole)), ..target("Value") };
            let source = ObjectMetricSource { described_object: object, target, metric: metric() };
            (MetricSpec { object: Some(source), ..spec("Object") }, answers, 0)
        }
        Demand::Shared { total, target: each } => {
            let value = amount(factor.share(total, 1));
            answers.external.insert(METRIC.to_owned(), vec![ExternalMetric { labels: None, value }]);
            let target = MetricTarget { average_value: Some(amount(each)), ..target("AverageValue") };
            (MetricSpec { external: Some(ExternalMetricSource { metric: metric(), target }), ..spec("External") }, answers, 0)
        }
    }
}

fn labels() -> StringMap {
    StringMap::from([("app".to_owned(), "load".to_owned())])
}

fn measured(name: &str, used: Quantity) -> PodMetrics {
    let containers = vec![(CONTAINER.to_owned(), [("cpu".to_owned(), used)].into_iter().collect())];
    PodMetrics { pod: name.to_owned(), labels: labels(), timestamp: 0, window_milliseconds: 0, containers }
}

/// A pod that has long been ready.
fn pod(name: &str, request_milli: i64) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = name.to_owned();
    pod.metadata.labels = labels();
    pod.status.phase = "Running".to_owned();
    pod.status.conditions.push(Condition { r#type: "Ready".to_owned(), status: "True".to_owned(), ..Condition::default() });
    let mut container = Container { name: CONTAINER.to_owned(), ..Container::default() };
    container.resources.requests.insert("cpu".to_owned(), Quantity::from_milli(request_milli));
    pod.spec.containers.push(container);
    pod
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn demand() -> impl Strategy<Value = Demand> {
        let amounts = (1i64..400_000, 1i64..5_000, 1i32..160);
        (0..4, amounts).prop_map(|(kind, (total, target, percent))| match kind {
            0 => Demand::Utilization { total, request: target, percent },
            1 => Demand::Average { total, target },
            2 => Demand::Value { total, target },
            _ => Demand::Shared { total, target },
        })
    }

    fn load() -> impl Strategy<Value = Load> {
        let demands = proptest::collection::vec(demand(), 1..3);
        let tolerances = (0u32..40, 0u32..40);
        (demands, 1i32..8, 0i32..30, 0i32..30, tolerances, any::<bool>(), 0..12u8).prop_map(
            |(demands, fewest, more, offset, (down, up), is_partial, disabled)| Load {
                replicas: (fewest + offset.min(more)).max(1),
                demands,
                is_partial,
                bounds: (fewest, fewest + more),
                tolerances: Tolerances { scale_down: f64::from(down) / 100.0, scale_up: f64::from(up) / 100.0 },
                can_grow: disabled != 1,
                can_shrink: disabled != 2,
            },
        )
    }

    fn hpa(load: &Load) -> HorizontalPodAutoscaler {
        let target = CrossVersionObjectReference { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() };
        let spec = HorizontalPodAutoscalerSpec {
            scale_target_ref: target,
            min_replicas: Some(load.bounds.0),
            max_replicas: load.bounds.1,
            ..Default::default()
        };
        HorizontalPodAutoscaler { spec, ..Default::default() }
    }

    proptest! {
        #[test]
        fn the_short_arithmetic_is_the_controllers(load in load(), top in 0i128..400, bottom in 1i128..90) {
            let factor = Factor::new(top, bottom);
            prop_assert_eq!(load.settle(factor), load.replay(&hpa(&load), factor));
        }

        #[test]
        fn between_two_steps_nothing_changes(load in load(), top in 0i128..4000, bottom in 1i128..900) {
            let factor = Factor::new(top, bottom);
            let steps = load.steps();
            let (_, replicas) = steps.iter().find(|(end, _)| end.is_none_or(|end| factor <= end)).expect("the last has no end");
            prop_assert_eq!(load.settle(factor), *replicas, "{:?}", steps);
        }
    }
}
