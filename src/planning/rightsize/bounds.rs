//! What a namespace allows and demands: limit ranges of containers and pods, and limits that a quota makes a duty.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/limitranger/admission.go, pkg/quota/v1/evaluator/core/pods.go
//! (a quota on `limits.cpu` refuses containers without a cpu limit), v1.36.

use super::policy::Resource;
use crate::manifest::Objects;
use crate::manifest::Quantity;
use crate::manifest::pod::ResourceList;
use crate::manifest::policy::{LimitRange, LimitRangeItem};

/// What a namespace allows and demands of a resource. Each bound is the tightest of all limit ranges, with whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::planning) struct Bounds {
    pub container: Range,
    pub pod: Range,
    /// What containers get that say nothing: request and limit.
    pub default_request: Option<(String, i64)>,
    pub default_limit: Option<(String, i64)>,
    /// Who refuses containers without a limit.
    pub demands_limit: Option<String>,
}

/// Bounds of one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::planning) struct Range {
    pub min: Option<(String, i64)>,
    pub max: Option<(String, i64)>,
    /// The largest limit of a request, in thousandths.
    pub ratio: Option<(String, i64)>,
}

impl Bounds {
    /// Of a namespace.
    pub fn of(objects: &Objects, namespace: &str, resource: Resource) -> Self {
        let mut bounds = Bounds::default();
        let mut ranges: Vec<&LimitRange> =
            objects.limit_ranges.iter().filter(|range| range.metadata.namespace_or_default() == namespace).collect();
        ranges.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
        for range in ranges {
            for item in &range.spec.limits {
                bounds.take(&range.metadata.name, item, resource);
            }
        }
        let quota = format!("limits.{}", resource.name());
        let demanding = objects.resource_quotas.iter().filter(|own| own.metadata.namespace_or_default() == namespace);
        let demanding = demanding.filter(|own| own.spec.hard.contains_key(quota.as_str())).map(|own| &own.metadata.name).min();
        bounds.demands_limit = demanding.map(|name| format!("ResourceQuota {name}")).or(bounds.demands_limit);
        bounds
    }

    fn take(&mut self, name: &str, item: &LimitRangeItem, resource: Resource) {
        let amount = |list: &ResourceList| Some((name.to_owned(), resource.amount(*list.get(resource.name())?)));
        let ratio = item.max_limit_request_ratio.get(resource.name()).map(|ratio| (name.to_owned(), ratio.milli()));
        let range = match item.r#type.as_str() {
            "Container" => {
                let default = amount(&item.default).or_else(|| amount(&item.max));
                self.default_request = self.default_request.take().or_else(|| amount(&item.default_request)).or_else(|| default.clone());
                self.default_limit = self.default_limit.take().or(default);
                &mut self.container
            }
            "Pod" => &mut self.pod,
            _ => return,
        };
        range.min = tighter(range.min.take(), amount(&item.min), |own, new| new > own);
        range.max = tighter(range.max.take(), amount(&item.max), |own, new| new < own);
        range.ratio = tighter(range.ratio.take(), ratio.clone(), |own, new| new < own);
        let demands = ratio.is_some() || item.r#type == "Pod" && item.max.contains_key(resource.name());
        if demands && self.default_limit.is_none() {
            self.demands_limit.get_or_insert_with(|| format!("LimitRange {name}"));
        }
    }

    /// What a container has in the end that says this.
    pub fn effective(
        &self,
        resource: Resource,
        request: Option<Quantity>,
        limit: Option<Quantity>,
    ) -> (Option<Quantity>, Option<Quantity>) {
        let default = |own: &Option<(String, i64)>| own.as_ref().map(|(_, amount)| resource.quantity(*amount));
        let request = request.or(limit).or_else(|| default(&self.default_request));
        (request, limit.or_else(|| default(&self.default_limit)))
    }
}

fn tighter(own: Option<(String, i64)>, new: Option<(String, i64)>, is_tighter: impl Fn(i64, i64) -> bool) -> Option<(String, i64)> {
    match (own, new) {
        (Some(own), Some(new)) => Some(if is_tighter(own.1, new.1) { new } else { own }),
        (own, new) => own.or(new),
    }
}
