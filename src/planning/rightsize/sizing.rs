//! From what was measured to a request and a limit of one container, and why they are what they are.
//!
//! Promise: amounts are rounded up; memory, request and limit, is never below the highest sample with its margin, unless a bound is named
//! that does not allow it.

use super::bounds::{Bounds, Range};
use super::observation::Observed;
use super::policy::{CpuLimit, Policy, Resource, percent_of};
use super::subject::ContainerKind;
use crate::manifest::Quantity;

/// A request and a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Setting {
    /// What is set aside.
    pub request: Option<Quantity>,
    /// What must not be exceeded.
    pub limit: Option<Quantity>,
}

/// Why a setting is what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was measured, so it is left as it is.
    NotMeasured,
    /// Only the pod as a whole was measured, which has several containers; so it is left as it is.
    NotToldApart,
    /// It is set for the pod as a whole; so it is left as it is.
    PodLevel,
    /// So few samples that it is a guess.
    Guess,
    /// What was measured stops at the present limit: the container may need more than it got.
    AtLimit,
    /// The policy's least amount.
    Minimum,
    /// What is there is enough, and not much too much.
    Enough,
    /// An init container is seldom seen while it runs: it is not lowered.
    NotLowered,
    /// The least that a limit range allows, of a container or of a pod.
    LimitRangeMin(String, Quantity),
    /// The most that a limit range allows, of a container or of a pod.
    LimitRangeMax(String, Quantity),
    /// The limit of a request that a limit range allows, in thousandths.
    LimitRangeRatio(String, i64),
    /// A limit stands because a limit range's default would come in its place.
    LimitRangeDefault(String, Quantity),
    /// A limit stands because this refuses containers without one.
    LimitDemanded(String),
    /// What the largest node that takes the pod has left beside its DaemonSets.
    LargestNode(String, Quantity),
}

/// A resource of a container: what was measured, what there is, and what there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceSizing {
    /// Which.
    pub resource: Resource,
    /// What was measured; none if nothing was.
    pub observed: Option<Observed>,
    /// What was measured, with its margin.
    pub need: Option<Quantity>,
    /// What is written.
    pub written: Setting,
    /// What that comes to, with what limit ranges add.
    pub now: Setting,
    /// What should be written.
    pub to: Setting,
    /// What that comes to, with what limit ranges add.
    pub becomes: Setting,
    /// Why that.
    pub reasons: Vec<Reason>,
}

impl ResourceSizing {
    /// What stays as it is.
    pub fn unchanged(resource: Resource, written: Setting, now: Setting, reason: Reason) -> Self {
        ResourceSizing { resource, observed: None, need: None, written, now, to: written, becomes: now, reasons: vec![reason] }
    }

    /// Whether something should be written that is not there.
    pub fn is_changed(&self) -> bool {
        self.to != self.written
    }

    /// Whether bounds leave less than what was measured with its margin: a limit, or a request of memory or cpu.
    pub fn is_short(&self) -> bool {
        let is_less = |amount: Option<Quantity>| self.need.zip(amount).is_some_and(|(need, amount)| amount < need);
        is_less(self.becomes.request) || self.resource == Resource::Memory && is_less(self.becomes.limit)
    }

    /// Whether bounds leave less memory than the highest sample: what runs now would be killed.
    pub fn is_below_peak(&self) -> bool {
        let peak = self.observed.map(|observed| observed.peak).filter(|_| self.resource == Resource::Memory);
        peak.zip(self.becomes.limit).is_some_and(|(peak, limit)| limit < peak)
    }

    /// Sets both; what limit ranges give anyway is written only where it stood before.
    pub(super) fn set(&mut self, request: Option<Quantity>, limit: Option<Quantity>) {
        let is_default = limit == self.becomes.limit && self.to.limit.is_none();
        self.to = Setting { request, limit: if is_default { None } else { limit } };
        self.becomes = Setting { request, limit };
    }

    pub(super) fn say(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// What is at hand for a container and a resource.
pub(super) struct Case<'a> {
    pub policy: &'a Policy,
    pub bounds: &'a Bounds,
    pub kind: ContainerKind,
    pub resource: Resource,
    pub observed: Observed,
    pub written: Setting,
    pub now: Setting,
}

impl Case<'_> {
    /// Sizes it, as far as the container alone is concerned.
    pub fn size(&self) -> ResourceSizing {
        let seen = match self.resource {
            Resource::Cpu => self.observed.percentile,
            Resource::Memory => self.observed.peak,
        };
        let need = self.policy.with_margin(self.resource, self.resource.amount(seen));
        let mut sizing = ResourceSizing {
            resource: self.resource,
            observed: Some(self.observed),
            need: Some(self.resource.quantity(need)),
            written: self.written,
            now: self.now,
            to: Setting::default(),
            becomes: Setting::default(),
            reasons: Vec::new(),
        };
        if self.observed.samples < self.policy.enough_samples {
            sizing.say(Reason::Guess);
        }
        // samples are averages and snapshots: the limit itself is seldom seen
        let is_at = |limit: Quantity| self.resource.amount(self.observed.peak) >= percent_of(self.resource.amount(limit), 95);
        if self.now.limit.is_some_and(is_at) {
            sizing.say(Reason::AtLimit);
        }
        let mut request = self.request(need, &mut sizing);
        request = self.within(request, &mut sizing);
        let limit = self.limit(need, request, &mut sizing);
        let (request, limit) = self.by_ratio(request, limit, &mut sizing);
        sizing.to = Setting { request: Some(self.resource.quantity(request)), limit: limit.map(|limit| self.resource.quantity(limit)) };
        self.keep_writing(&mut sizing);
        sizing
    }

    /// What the policy asks for.
    fn request(&self, need: i64, sizing: &mut ResourceSizing) -> i64 {
        let minimum = self.policy.minimum(self.resource);
        if need < minimum {
            sizing.say(Reason::Minimum);
        }
        let request = self.resource.readable(need.max(minimum));
        let Some(present) = self.now.request.map(|present| self.resource.amount(present)) else { return request };
        if self.kind == ContainerKind::Init && present > request {
            sizing.say(Reason::NotLowered);
            return present;
        }
        if self.is_enough(present, need.max(minimum), request) {
            sizing.say(Reason::Enough);
            return present;
        }
        request
    }

    /// Whether a present amount is enough, and not much more than what would be written.
    fn is_enough(&self, present: i64, need: i64, wanted: i64) -> bool {
        present >= need && present <= percent_of(wanted, 100 + self.policy.tolerance_percent)
    }

    /// A request within the bounds of a container.
    fn within(&self, request: i64, sizing: &mut ResourceSizing) -> i64 {
        let Range { min, max, .. } = &self.bounds.container;
        let mut request = request;
        if let Some((name, min)) = min.as_ref().filter(|(_, min)| request < *min) {
            sizing.say(Reason::LimitRangeMin(name.clone(), self.resource.quantity(*min)));
            request = *min;
        }
        if let Some((name, max)) = max.as_ref().filter(|(_, max)| request > *max) {
            sizing.say(Reason::LimitRangeMax(name.clone(), self.resource.quantity(*max)));
            request = *max;
        }
        request
    }

    /// The limit beside a request.
    fn limit(&self, need: i64, request: i64, sizing: &mut ResourceSizing) -> Option<i64> {
        let present = self.written.limit.map(|limit| self.resource.amount(limit));
        let limit = match (self.resource, self.policy.cpu_limit) {
            (Resource::Memory, _) => {
                let wanted = self.resource.readable(need.max(self.policy.minimum(self.resource))).max(request);
                let is_kept = |present: &i64| *present >= request && self.is_enough(*present, need, wanted);
                let lowered = present.filter(|present| self.kind == ContainerKind::Init && *present > wanted);
                Some(lowered.or(present.filter(is_kept)).unwrap_or(wanted))
            }
            (Resource::Cpu, CpuLimit::None) => self.demanded(present, request, sizing),
            (Resource::Cpu, CpuLimit::Keep) => match present {
                Some(present) => Some(present.max(request)),
                None => self.demanded(present, request, sizing),
            },
            (Resource::Cpu, CpuLimit::Ratio) => match present.zip(self.now.request.map(|request| self.resource.amount(request))) {
                Some((limit, before)) if before > 0 => {
                    let scaled = i128::from(limit) * i128::from(request) / i128::from(before);
                    Some(self.resource.readable(i64::try_from(scaled).unwrap_or(i64::MAX)).max(request))
                }
                _ => self.demanded(present, request, sizing),
            },
        };
        match (&self.bounds.container.max, limit) {
            (Some((name, max)), Some(limit)) if limit > *max => {
                sizing.say(Reason::LimitRangeMax(name.clone(), self.resource.quantity(*max)));
                Some(*max)
            }
            (_, limit) => limit,
        }
    }

    /// A cpu limit where there should be none: only what the namespace demands.
    fn demanded(&self, present: Option<i64>, request: i64, sizing: &mut ResourceSizing) -> Option<i64> {
        if let Some((name, default)) = &self.bounds.default_limit {
            // taking away what is higher than the default would lower it
            let kept = present.filter(|present| *present >= request);
            if kept.is_none() && *default >= request {
                return None;
            }
            sizing.say(Reason::LimitRangeDefault(name.clone(), self.resource.quantity(*default)));
            return Some(kept.unwrap_or(request));
        }
        let by = self.bounds.demands_limit.as_ref()?;
        sizing.say(Reason::LimitDemanded(by.clone()));
        Some(present.unwrap_or(request.saturating_mul(2)).max(request))
    }

    /// Lowers a limit, a limit range's default too, that is too far above the request.
    fn by_ratio(&self, request: i64, limit: Option<i64>, sizing: &mut ResourceSizing) -> (i64, Option<i64>) {
        let in_force = limit.or(self.bounds.default_limit.as_ref().map(|(_, default)| *default));
        let Some(((name, ratio), in_force)) = self.bounds.container.ratio.as_ref().zip(in_force) else { return (request, limit) };
        let most = i64::try_from(i128::from(request) * i128::from(*ratio) / 1000).unwrap_or(i64::MAX);
        if in_force <= most {
            return (request, limit);
        }
        sizing.say(Reason::LimitRangeRatio(name.clone(), *ratio));
        (request, Some(most.max(request)))
    }

    /// Writes nothing where what is not written comes to the same.
    fn keep_writing(&self, sizing: &mut ResourceSizing) {
        let (request, limit) = self.bounds.effective(self.resource, sizing.to.request, sizing.to.limit);
        sizing.becomes = Setting { request, limit };
        if sizing.becomes == self.now {
            sizing.to = self.written;
        }
    }
}
