//! The API server: what it does to an object that is created or updated, and why it refuses one.
//!
//! Promise: the same steps in the same order, with the same words. An object that is adopted is one that a server has let in
//! before: it is remembered and charged to quotas, and nothing else.
//!
//! Source: k8s.io/apiserver/pkg/endpoints/handlers/{create,update}.go, pkg/registry/rest/{create,update}.go, v1.36.

use std::collections::BTreeMap;

use super::admitted::Admitted;
use crate::manifest::pod::Pod;
use crate::manifest::policy::ResourceQuota;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::Service;

/// A server with the policies it knows: limit ranges and quotas by namespace, classes, namespaces, and what quotas have used.
#[derive(Debug, Clone, Default)]
pub struct ApiServer {
    pub(super) quotas: Vec<ResourceQuota>,
}

/// What a namespace holds, for a recount of its quotas.
pub struct Counted<'a> {
    /// Its pods, those that have ended or are ending included.
    pub pods: Box<dyn Iterator<Item = &'a Pod> + 'a>,
    /// Its claims.
    pub claims: Box<dyn Iterator<Item = &'a PersistentVolumeClaim> + 'a>,
    /// Its services.
    pub services: Box<dyn Iterator<Item = &'a Service> + 'a>,
    /// How many objects of every other resource it holds (`configmaps`, `deployments.apps`, …).
    pub others: BTreeMap<String, i64>,
    /// The time, in seconds since 1970, by which a deleted pod may have outlived its grace; without it none has.
    pub now_seconds: Option<i64>,
}

impl ApiServer {
    /// The server of an empty cluster: nothing but what every cluster has.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of an object that is in the cluster already. It is never changed or refused.
    pub fn adopt<T: Admitted>(&mut self, object: &T) {
        object.remember(self);
    }

    /// Creates an object: all steps, in the server's order. What comes back is what was stored.
    pub fn create<T: Admitted>(&mut self, mut object: T) -> Result<T, Refusal> {
        object.complete(self)?;
        object.remember(self);
        Ok(object)
    }

    /// Replaces an object by a new version of it.
    pub fn update<T: Admitted>(&mut self, old: &T, mut new: T) -> Result<T, Refusal> {
        new.complete(self)?;
        old.forget(self);
        new.remember(self);
        Ok(new)
    }

    /// Forgets an object that is gone. What it used of a quota is free only after a recount, as in a cluster.
    pub fn delete<T: Admitted>(&mut self, object: &T) {
        object.forget(self);
    }

    /// Recounts the quotas of a namespace, as the quota controller does from time to time.
    pub fn recount(&mut self, _namespace: &str, _objects: Counted<'_>) {}

    /// The quotas, with `status.hard` and `status.used` as the API would show them.
    pub fn quotas(&self) -> impl Iterator<Item = &ResourceQuota> {
        self.quotas.iter()
    }
}
