//! What to set so that a namespace holds what it needs, and no more: defaults of containers, quotas, bounds of autoscalers.
//!
//! Defaults come first, because a quota on memory refuses containers that do not say what they need; then quotas are counted with them.
//! Bounds of autoscalers are found by placing: they are a matter of nodes.
//!
//! Promise: everything is judged by what decides in a cluster. A quota admits, through the API server, all that there is with every
//! autoscaler at its most while everything is rolled out, and refuses something with one unit less; maxima were placed, all of them together.
//!
//! Namespaces of the system (`kube-…`) are left alone: a quota there can keep a cluster from healing itself.

mod autoscaler_bounds;
mod limit_range;
mod resource_quota;

use std::collections::BTreeSet;

pub use autoscaler_bounds::{AutoscalerBounds, MaxReplicas, autoscaler_bounds};
pub use limit_range::{LimitRangeAdvice, Rule};
pub use resource_quota::{QuotaAdvice, QuotaLine};

use crate::manifest::Objects;
use crate::manifest::policy::ResourceQuota;
use crate::planning::rightsize::Rightsizing;

/// What namespaces should set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recommendation {
    /// Defaults for containers that do not say what they need, by namespace.
    pub limit_ranges: Vec<LimitRangeAdvice>,
    /// Quotas, by namespace and name.
    pub quotas: Vec<QuotaAdvice>,
}

impl Recommendation {
    /// Writes it into objects: LimitRanges are added, quotas are added or take the place of those of their name.
    pub fn apply(&self, objects: &mut Objects) {
        objects.limit_ranges.extend(self.limit_ranges.iter().map(|advice| advice.object.clone()));
        for QuotaAdvice { object, .. } in &self.quotas {
            let is_same = |own: &ResourceQuota| {
                (own.metadata.namespace_or_default(), &own.metadata.name) == (object.metadata.namespace_or_default(), &object.metadata.name)
            };
            match objects.resource_quotas.iter_mut().find(|own| is_same(own)) {
                Some(own) => own.spec.clone_from(&object.spec),
                None => objects.resource_quotas.push(object.clone()),
            }
        }
    }
}

/// Recommends, for objects with the pods that controllers make of them. What was measured, if anything was, is taken to be applied already.
pub fn recommend(objects: &Objects, measured: Option<&Rightsizing>) -> Recommendation {
    let limit_ranges = limit_range::advise(objects, measured);
    let mut objects = objects.clone();
    objects.limit_ranges.extend(limit_ranges.iter().map(|advice| advice.object.clone()));
    Recommendation { quotas: resource_quota::advise(&objects), limit_ranges }
}

/// Namespaces that have something in them that makes pods, but for the system's.
fn namespaces(objects: &Objects) -> BTreeSet<&str> {
    let found = objects.pod_specs().map(|(metadata, _)| metadata.namespace_or_default());
    found.filter(|namespace| !namespace.starts_with("kube-")).collect()
}
