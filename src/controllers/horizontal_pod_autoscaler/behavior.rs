//! How fast an autoscaler may go: bounds, stabilisation, and policies in time.
//!
//! Without a behaviour: never more than twice as many (or four) at once, and down only to the highest recommendation of the flag's
//! window. With one: its windows in both directions, and its policies, reckoned from the replicas at the start of each period.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas,
//! normalizeDesiredReplicasWithBehaviors and what they call, v1.36.

use super::replica_calculator::to_i32;
use super::{Milliseconds, Sync};
use crate::manifest::autoscaling::{HorizontalPodAutoscalerBehavior, HpaScalingPolicy, HpaScalingRules};

/// So many times as many replicas may be asked for at once, without a behaviour.
const SCALE_UP_LIMIT_FACTOR: f64 = 2.0;
/// So many replicas may always be asked for at once, without a behaviour.
const SCALE_UP_LIMIT_MINIMUM: f64 = 4.0;

const WITHIN: (&str, &str) = ("DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FAST_UP: (&str, &str) = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: (&str, &str) = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
const READY: (&str, &str) = ("ReadyForNewScale", "recommended size matches current size");
const UP_STABILIZED: (&str, &str) =
    ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation");
const DOWN_STABILIZED: (&str, &str) =
    ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");

impl Sync<'_> {
    /// What may be done at once of what is desired; says so in the conditions.
    pub(super) fn normalize(&mut self, current: i32, desired: i32, fewest: i32) -> i32 {
        let most = self.hpa.spec.max_replicas;
        let behavior = self.hpa.spec.behavior.clone();
        let (stabilized, why) = match &behavior {
            None => (self.stabilize(desired), DOWN_STABILIZED),
            Some(behavior) => {
                let why = if desired >= current { UP_STABILIZED } else { DOWN_STABILIZED };
                (self.stabilize_with_behavior(behavior, current, desired), why)
            }
        };
        let (reason, message) = if stabilized == desired { READY } else { why };
        self.set_condition("AbleToScale", true, reason, message.to_owned());
        let (allowed, (reason, message)) = match &behavior {
            None => limit(current, stabilized, fewest, most),
            Some(behavior) => self.limit_with_behavior(behavior, current, stabilized, fewest, most),
        };
        self.set_condition("ScalingLimited", allowed != stabilized, reason, message.to_owned());
        allowed
    }

    /// The highest recommendation of the flag's window.
    fn stabilize(&mut self, desired: i32) -> i32 {
        let now = self.clock.now;
        let cutoff = now - self.flags.downscale_stabilization_seconds * 1000;
        let recommendations = self.memory.recommendations.get_or_insert_default();
        let mut highest = desired;
        let mut old = None;
        for (position, &(at, recommendation)) in recommendations.iter().enumerate() {
            if at < cutoff {
                old = Some(position);
            } else {
                highest = highest.max(recommendation);
            }
        }
        record(recommendations, old, (now, desired));
        highest
    }

    /// As little change as the recommendations of both windows allow.
    fn stabilize_with_behavior(&mut self, behavior: &HorizontalPodAutoscalerBehavior, current: i32, desired: i32) -> i32 {
        let window = |rules: &Option<HpaScalingRules>| rules.as_ref().and_then(|rules| rules.stabilization_window_seconds);
        let now = self.clock.now;
        let up_cutoff = now - i64::from(window(&behavior.scale_up).unwrap_or(0)) * 1000;
        // a flag decides for scaling down, where nothing was written
        let down_seconds = window(&behavior.scale_down).map_or(self.flags.downscale_stabilization_seconds, i64::from);
        let down_cutoff = now - down_seconds * 1000;
        let recommendations = self.memory.recommendations.get_or_insert_default();
        let (mut lowest, mut highest, mut old) = (desired, desired, None);
        for (position, &(at, recommendation)) in recommendations.iter().enumerate() {
            if at > up_cutoff {
                lowest = lowest.min(recommendation);
            }
            if at > down_cutoff {
                highest = highest.max(recommendation);
            }
            if at < up_cutoff && at < down_cutoff {
                old = Some(position);
            }
        }
        record(recommendations, old, (now, desired));
        // one after the other: the lowest may lie above the highest of another window
        let raised = current.max(lowest);
        raised.min(highest)
    }

    /// What the policies allow.
    fn limit_with_behavior(
        &self,
        behavior: &HorizontalPodAutoscalerBehavior,
        current: i32,
        desired: i32,
        fewest: i32,
        most: i32,
    ) -> (i32, (&'static str, &'static str)) {
        if desired > current {
            let limit = behavior.scale_up.as_ref().map_or(current, |rules| self.up_limit(current, rules)).max(current);
            let (allowed, why) = if most > limit { (limit, TOO_FAST_UP) } else { (most, TOO_MANY) };
            if desired > allowed {
                return (allowed, why);
            }
        } else if desired < current {
            let limit = behavior.scale_down.as_ref().map_or(current, |rules| self.down_limit(current, rules)).min(current);
            let (allowed, why) = if fewest < limit { (limit, TOO_FAST_DOWN) } else { (fewest, TOO_FEW) };
            if desired < allowed {
                return (allowed, why);
            }
        }
        (desired, WITHIN)
    }

    fn up_limit(&self, current: i32, rules: &HpaScalingRules) -> i32 {
        let reach = |policy: &HpaScalingPolicy| {
            let start = self.period_start(current, policy.period_seconds);
            match policy.r#type.as_str() {
                "Pods" => start.wrapping_add(policy.value),
                // rounded up, or a few replicas would never become more
                _ => to_i32((f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil()),
            }
        };
        let limits = rules.policies.iter().flatten().map(reach);
        match rules.select_policy.as_deref() {
            Some("Disabled") => current,
            Some("Min") => limits.min().unwrap_or(i32::MAX),
            _ => limits.max().unwrap_or(i32::MIN),
        }
    }

    fn down_limit(&self, current: i32, rules: &HpaScalingRules) -> i32 {
        let reach = |policy: &HpaScalingPolicy| {
            let start = self.period_start(current, policy.period_seconds);
            match policy.r#type.as_str() {
                "Pods" => start.wrapping_sub(policy.value),
                // cut off, not rounded
                _ => to_i32(f64::from(start) * (1.0 - f64::from(policy.value) / 100.0)),
            }
        };
        let limits = rules.policies.iter().flatten().map(reach);
        match rules.select_policy.as_deref() {
            Some("Disabled") => current,
            Some("Min") => limits.max().unwrap_or(i32::MIN),
            _ => limits.min().unwrap_or(i32::MAX),
        }
    }

    /// How many replicas there were when a period began that ends now.
    fn period_start(&self, current: i32, period_seconds: i32) -> i32 {
        let cutoff = self.clock.now - i64::from(period_seconds) * 1000;
        let change = |events: &[(Milliseconds, i32)]| events.iter().filter(|(at, _)| *at > cutoff).map(|(_, change)| change).sum::<i32>();
        current - change(&self.memory.scale_up_events) + change(&self.memory.scale_down_events)
    }

    /// Remembers a change of scale, in place of one that no policy looks at any more.
    pub(super) fn store_scale_event(&mut self, before: i32, after: i32) {
        let Some(behavior) = &self.hpa.spec.behavior else { return };
        let (rules, events) = match after > before {
            true => (&behavior.scale_up, &mut self.memory.scale_up_events),
            false => (&behavior.scale_down, &mut self.memory.scale_down_events),
        };
        let policies = rules.iter().flat_map(|rules| rules.policies.iter().flatten());
        let longest = policies.map(|policy| policy.period_seconds).max().unwrap_or(0).max(0);
        let cutoff = self.clock.now - i64::from(longest) * 1000;
        let old = events.iter().rposition(|(at, _)| *at < cutoff);
        record(events, old, (self.clock.now, (after - before).abs()));
    }
}

/// Writes an entry over an old one, or behind all.
fn record(entries: &mut Vec<(Milliseconds, i32)>, old: Option<usize>, entry: (Milliseconds, i32)) {
    match old {
        Some(position) => entries[position] = entry,
        None => entries.push(entry),
    }
}

/// What may be done at once, without a behaviour.
fn limit(current: i32, desired: i32, fewest: i32, most: i32) -> (i32, (&'static str, &'static str)) {
    let scale_up_limit = to_i32((SCALE_UP_LIMIT_FACTOR * f64::from(current)).max(SCALE_UP_LIMIT_MINIMUM));
    let (allowed, why) = if most > scale_up_limit { (scale_up_limit, TOO_FAST_UP) } else { (most, TOO_MANY) };
    if desired < fewest {
        (fewest, TOO_FEW)
    } else if desired > allowed {
        (allowed, why)
    } else {
        (desired, WITHIN)
    }
}
