//! The API server: what it does to an object that is created or updated, and why it refuses one.
//!
//! Promise: the same stations in the same order, with the same words: defaults, plugins that change, the kind's own strategy,
//! validation, plugins that refuse, quotas, and last whether there is one of the name. An object that is adopted is one that a
//! server has let in before: it is remembered and charged to quotas, and nothing else.
//!
//! Two differences, on purpose. A node that is created gets no `not-ready` taint, which its first heartbeat would take away.
//! An object that is refused only because of its name has not used up quota, which the quota controller would give back.
//!
//! Source: k8s.io/apiserver/pkg/endpoints/handlers/{create,update}.go, pkg/registry/generic/registry/store.go, v1.36.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::admitted::{Admitted, invalid, name};
use super::policies::Policies;
use super::resource_quota::Ledger;
use super::validation::field::ErrorList;
use crate::manifest::pod::Pod;
use crate::manifest::policy::ResourceQuota;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::Service;

/// A server with the policies it knows: limit ranges and quotas by namespace, classes, namespaces, and what quotas have used.
#[derive(Debug, Clone, Default)]
pub struct ApiServer {
    pub(super) policies: Policies,
    pub(super) ledger: Ledger,
    names: Names,
}

/// What a namespace holds, for a recount of its quotas.
pub struct Counted<'a> {
    /// Its pods, those that have ended or are ending included.
    pub pods: Box<dyn Iterator<Item = &'a Pod> + 'a>,
    /// Its claims.
    pub claims: Box<dyn Iterator<Item = &'a PersistentVolumeClaim> + 'a>,
    /// Its services.
    pub services: Box<dyn Iterator<Item = &'a Service> + 'a>,
    /// How many objects of every other resource it holds (`configmaps`, `deployments.apps`, …). The server holds a count of its
    /// own, of what it was told of by `create`, `adopt` and `delete` and of what every namespace has; the greater one counts.
    pub others: BTreeMap<String, i64>,
    /// The time, in seconds since 1970, by which a deleted pod may have outlived its grace; without it none has.
    pub now_seconds: Option<i64>,
}

/// The names of all objects, by resource and namespace. Only asked, never walked through.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(FxHashMap<String, FxHashMap<String, FxHashSet<String>>>);

impl Names {
    /// How many objects of a resource a namespace holds.
    pub fn count(&self, resource: &str, namespace: &str) -> usize {
        self.0.get(resource).and_then(|namespaces| namespaces.get(namespace)).map_or(0, FxHashSet::len)
    }

    /// Whether there has been an object of a resource at all.
    pub fn knows(&self, resource: &str) -> bool {
        self.0.contains_key(resource)
    }

    fn has(&self, resource: &str, namespace: &str, name: &str) -> bool {
        self.0.get(resource).and_then(|namespaces| namespaces.get(namespace)).is_some_and(|names| names.contains(name))
    }

    fn add(&mut self, resource: &str, namespace: &str, name: &str) {
        if !self.0.contains_key(resource) {
            self.0.insert(resource.to_owned(), FxHashMap::default());
        }
        let namespaces = self.0.get_mut(resource).expect("just put there");
        if !namespaces.contains_key(namespace) {
            namespaces.insert(namespace.to_owned(), FxHashSet::default());
        }
        namespaces.get_mut(namespace).expect("just put there").insert(name.to_owned());
    }

    fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        if let Some(names) = self.0.get_mut(resource).and_then(|namespaces| namespaces.get_mut(namespace)) {
            names.remove(name);
        }
    }
}

impl ApiServer {
    /// The server of an empty cluster: nothing but what every cluster has.
    pub fn new() -> Self {
        Self::default()
    }

    /// The server of a cluster of which only a part is known: namespaces and service accounts that nobody spoke of are taken to
    /// be there.
    pub fn of_partly_known_cluster() -> Self {
        ApiServer { policies: Policies::lenient(), ..Self::default() }
    }

    /// Takes note of an object that is in the cluster already. It is never changed or refused.
    ///
    /// Quotas start from nothing when they are adopted and are charged with what is adopted after them; [`ApiServer::recount`]
    /// makes them whole.
    pub fn adopt<T: Admitted>(&mut self, object: &T) {
        self.ledger.charge(namespace(object), &object.subject());
        self.settle(object);
    }

    /// Creates an object: all stations, in the server's order. What comes back is what was stored.
    pub fn create<T: Admitted>(&mut self, mut object: T) -> Result<T, Refusal> {
        object.set_defaults();
        if T::NAMESPACED {
            self.policies.open_namespace(namespace(&object), object.resource(), name(&object))?;
        }
        object.admit(&self.policies)?;
        let mut errors = ErrorList::default();
        object.validate(&mut errors);
        refuse_invalid(&object, errors)?;
        object.review(&self.policies)?;
        let usage = self.ledger.check(namespace(&object), &object.subject(), None);
        let usage = usage.map_err(|why| Refusal::forbidden(object.resource(), name(&object), &why))?;
        let own = &object.metadata().name;
        if !own.is_empty() && self.names.has(object.resource(), namespace(&object), own) {
            return Err(Refusal::already_exists(object.resource(), own));
        }
        self.ledger.store(namespace(&object), usage);
        self.settle(&object);
        Ok(object)
    }

    /// Replaces an object by a new version of it. Quotas are charged with what it uses in addition.
    pub fn update<T: Admitted>(&mut self, old: &T, mut new: T) -> Result<T, Refusal> {
        new.set_defaults();
        let mut errors = ErrorList::default();
        new.validate(&mut errors);
        new.validate_update(old, &mut errors);
        refuse_invalid(&new, errors)?;
        // what runs is not held against limit ranges anew, but for what grows
        if new.subject().is_charged_again() {
            new.review(&self.policies)?;
        }
        let usage = self.ledger.check(namespace(&new), &new.subject(), Some(&old.subject()));
        let usage = usage.map_err(|why| Refusal::forbidden(new.resource(), name(&new), &why))?;
        self.ledger.store(namespace(&new), usage);
        old.forget(self);
        self.settle(&new);
        Ok(new)
    }

    /// Forgets an object that is gone. What it used of a quota is free only after a recount, as in a cluster.
    pub fn delete<T: Admitted>(&mut self, object: &T) {
        self.names.remove(object.resource(), namespace(object), &object.metadata().name);
        object.forget(self);
    }

    /// Recounts the quotas of a namespace, as the quota controller does: at once after a quota was created or changed or
    /// something it counts went away, and every five minutes.
    pub fn recount(&mut self, namespace: &str, objects: Counted<'_>) {
        self.ledger.recount(namespace, objects, &self.names);
    }

    /// The quotas, with `status.hard` and `status.used` as the API would show them.
    pub fn quotas(&self) -> impl Iterator<Item = &ResourceQuota> {
        self.ledger.quotas()
    }

    fn settle<T: Admitted>(&mut self, object: &T) {
        let own = &object.metadata().name;
        if !own.is_empty() {
            self.names.add(object.resource(), namespace(object), own);
        }
        object.remember(self);
    }

    /// Opens a namespace, with what the controllers put into every one.
    pub(super) fn open(&mut self, namespace: &str, is_terminating: bool) {
        self.policies.add_namespace(namespace, is_terminating);
        self.names.add("configmaps", namespace, "kube-root-ca.crt");
        self.names.add("serviceaccounts", namespace, "default");
    }
}

fn namespace<T: Admitted>(object: &T) -> &str {
    if T::NAMESPACED { object.metadata().namespace_or_default() } else { "" }
}

fn refuse_invalid<T: Admitted>(object: &T, errors: ErrorList) -> Result<(), Refusal> {
    if errors.is_empty() { Ok(()) } else { Err(invalid(object, errors.sorted())) }
}
