//! ResourceQuota: the last step. What a namespace may use, and what it has used.
//!
//! Promise: the server's verdicts and sentences, and the quota controller's recount. Quotas of a namespace are asked in order of
//! their names; the first that is exceeded is heard.
//!
//! Source: k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest;
//! k8s.io/kubernetes/pkg/controller/resourcequota, pkg/quota/v1/resources.go CalculateUsage, v1.36.

mod subject;
mod time;

use std::collections::BTreeMap;

pub use subject::Subject;

use super::api_server::{Counted, Names};
use super::pod_resources::add;
use crate::manifest::pod::ResourceList;
use crate::manifest::policy::{ResourceQuota, ScopedResourceSelectorRequirement};
use crate::manifest::quantity::Quantity;

/// The quotas of all namespaces, with what they have used.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    quotas: BTreeMap<String, Vec<ResourceQuota>>,
}

/// What quotas of a namespace will have used: the place of the quota, and the amounts.
pub type Usage = Vec<(usize, ResourceList)>;

impl Ledger {
    /// All quotas.
    pub fn quotas(&self) -> impl Iterator<Item = &ResourceQuota> {
        self.quotas.values().flatten()
    }

    /// Adds a quota that has used nothing yet, or replaces the bounds of the one of its name.
    pub fn add(&mut self, quota: &ResourceQuota) {
        let mut quota = quota.clone();
        let used = self.remove(&quota).map(|old| old.status.used).unwrap_or_default();
        quota.status.hard = quota.spec.hard.clone();
        let matched = quota.spec.hard.keys().filter(|name| subject::is_counted(name));
        quota.status.used = matched.map(|name| (name.clone(), used.get(name).copied().unwrap_or(Quantity::ZERO))).collect();
        let others = self.quotas.entry(quota.metadata.namespace_or_default().to_owned()).or_default();
        let place = others.partition_point(|other| other.metadata.name < quota.metadata.name);
        others.insert(place, quota);
    }

    /// Forgets a quota.
    pub fn remove(&mut self, quota: &ResourceQuota) -> Option<ResourceQuota> {
        let others = self.quotas.get_mut(quota.metadata.namespace_or_default())?;
        let place = others.iter().position(|other| other.metadata.name == quota.metadata.name)?;
        Some(others.remove(place))
    }

    /// What quotas will have used with this object; or why they forbid it.
    pub fn check(&self, namespace: &str, new: &Subject<'_>, old: Option<&Subject<'_>>) -> Result<Usage, String> {
        let Some(quotas) = self.quotas.get(namespace).filter(|_| old.is_none() || new.is_charged_again()) else { return Ok(Vec::new()) };
        let mut interested = Vec::new();
        for (place, quota) in quotas.iter().enumerate().filter(|(_, quota)| is_interested(quota, new)) {
            let names: Vec<&str> = quota.status.hard.keys().map(String::as_str).filter(|name| new.is_measured_in(name)).collect();
            new.lacks(&names).map_or(Ok(()), |missing| Err(format!("failed quota: {}: must specify {missing}", quota.metadata.name)))?;
            interested.push((place, quota));
        }
        if interested.is_empty() {
            return Ok(Vec::new());
        }
        let usage = new.usage();
        let mut stored = Vec::new();
        for (place, quota) in interested {
            let before = old.filter(|old| is_interested(quota, old)).map(|old| old.usage()).unwrap_or_default();
            let delta = usage.iter().map(|(name, amount)| (name, amount.saturating_sub(before.get(name).copied().unwrap_or_default())));
            let requested: ResourceList = delta
                .filter(|(name, amount)| !amount.is_zero() && !amount.is_negative() && quota.status.hard.contains_key(*name))
                .map(|(name, amount)| (name.clone(), amount))
                .collect();
            stored.push((place, with(quota, &requested)?));
        }
        Ok(stored)
    }

    /// Writes down what quotas have used.
    pub fn store(&mut self, namespace: &str, usage: Usage) {
        if let Some(quotas) = self.quotas.get_mut(namespace) {
            usage.into_iter().for_each(|(place, used)| quotas[place].status.used = used);
        }
    }

    /// Charges an object whether it fits or not.
    pub fn charge(&mut self, namespace: &str, subject: &Subject<'_>) {
        let Some(quotas) = self.quotas.get_mut(namespace).filter(|quotas| !quotas.is_empty()) else { return };
        for quota in quotas.iter_mut().filter(|quota| is_interested(quota, subject)) {
            add_known(&mut quota.status.used, &subject.usage());
        }
    }

    /// Counts anew what a namespace uses.
    pub fn recount(&mut self, namespace: &str, objects: Counted<'_>, names: &Names) {
        let Some(quotas) = self.quotas.get_mut(namespace).filter(|quotas| !quotas.is_empty()) else { return };
        for quota in quotas.iter_mut() {
            quota.status.hard = quota.spec.hard.clone();
            let counted = |name: &str| objects.others.get(name).copied().max(count(name, namespace, names));
            let number = |name: &String| {
                let amount = match subject::object_of(name) {
                    Some(resource) if scopes(quota).next().is_none() => counted(resource)?,
                    Some(resource) => counted(resource).map(|_| 0)?,
                    None if subject::is_counted(name) => 0,
                    None => return None,
                };
                Some((name.clone(), Quantity::from_units(amount)))
            };
            quota.status.used = quota.spec.hard.keys().filter_map(number).collect();
        }
        let mut charge = |subject: Subject<'_>, usage: Option<ResourceList>| {
            let mut usage = usage;
            for quota in quotas.iter_mut().filter(|quota| is_interested(quota, &subject)) {
                add_known(&mut quota.status.used, usage.get_or_insert_with(|| subject.usage()));
            }
        };
        for pod in objects.pods {
            let is_past_grace = objects.now_seconds.is_some_and(|now| time::is_past_grace(&pod.metadata, now));
            charge(Subject::Pod(pod), is_past_grace.then(subject::usage_of_ended_pod));
        }
        objects.claims.for_each(|claim| charge(Subject::Claim(claim), None));
        objects.services.for_each(|service| charge(Subject::Service(service), None));
    }
}

/// How many objects of a resource there are, if anybody knows of such a resource.
fn count(resource: &str, namespace: &str, names: &Names) -> Option<i64> {
    (subject::is_known_resource(resource) || names.knows(resource)).then(|| names.count(resource, namespace) as i64)
}

/// Adds amounts of what a quota counts.
fn add_known(used: &mut ResourceList, usage: &ResourceList) {
    let known: ResourceList =
        usage.iter().filter(|(name, _)| used.contains_key(*name)).map(|(name, amount)| (name.clone(), *amount)).collect();
    add(used, &known);
}

/// Whether a quota counts an object: something it is measured in, and all its scopes.
fn is_interested(quota: &ResourceQuota, subject: &Subject<'_>) -> bool {
    quota.status.hard.keys().any(|name| subject.is_measured_in(name)) && scopes(quota).all(|scope| subject.is_in(&scope))
}

/// All scopes of a quota, as expressions.
fn scopes(quota: &ResourceQuota) -> impl Iterator<Item = ScopedResourceSelectorRequirement> {
    let plain = quota.spec.scopes.iter().map(|scope| ScopedResourceSelectorRequirement {
        scope_name: scope.clone(),
        operator: "Exists".to_owned(),
        values: Vec::new(),
    });
    plain.chain(quota.spec.scope_selector.iter().flat_map(|selector| selector.match_expressions.iter().cloned()))
}

/// What a quota will have used; or by what it is exceeded.
fn with(quota: &ResourceQuota, requested: &ResourceList) -> Result<ResourceList, String> {
    let mut used = quota.status.used.clone();
    add(&mut used, requested);
    let exceeded: Vec<&str> = requested.keys().map(String::as_str).filter(|name| used.get(*name) > quota.status.hard.get(*name)).collect();
    if exceeded.is_empty() {
        return Ok(used);
    }
    let show = |list: &ResourceList| {
        let amounts = exceeded.iter().map(|name| format!("{name}={}", list.get(*name).copied().unwrap_or_default()));
        amounts.collect::<Vec<_>>().join(",")
    };
    let (requested, before, hard) = (show(requested), show(&quota.status.used), show(&quota.status.hard));
    Err(format!("exceeded quota: {}, requested: {requested}, used: {before}, limited: {hard}", quota.metadata.name))
}
