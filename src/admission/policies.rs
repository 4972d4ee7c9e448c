//! What the steps go by: the policies of the cluster, by namespace and name.

use std::collections::{BTreeMap, BTreeSet};

use super::priority::system_classes;
use crate::manifest::Objects;
use crate::manifest::policy::{LimitRange, PriorityClass, RuntimeClass};
use crate::manifest::refusal::Refusal;
use crate::manifest::resource::Resource;
use crate::manifest::storage::StorageClass;

/// Namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The policies of a cluster.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Limit ranges by namespace, in order of their names.
    limit_ranges: BTreeMap<String, Vec<LimitRange>>,
    /// Priority classes by name, those that every cluster has included.
    pub priority_classes: BTreeMap<String, PriorityClass>,
    /// Runtime classes by name.
    pub runtime_classes: BTreeMap<String, RuntimeClass>,
    /// Storage classes by name.
    pub storage_classes: BTreeMap<String, StorageClass>,
    /// Namespaces that are there, and those that are being deleted.
    namespaces: BTreeMap<String, bool>,
    /// Service accounts, as namespace and name, beyond `default`, which every namespace has.
    pub service_accounts: BTreeSet<(String, String)>,
    /// Whether namespaces and service accounts that nobody spoke of are taken to be there.
    is_lenient: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Policies {
            limit_ranges: BTreeMap::new(),
            priority_classes: system_classes().map(|class| (class.metadata.name.clone(), class)).collect(),
            runtime_classes: BTreeMap::new(),
            storage_classes: BTreeMap::new(),
            namespaces: NAMESPACES.iter().map(|name| ((*name).to_owned(), false)).collect(),
            service_accounts: BTreeSet::new(),
            is_lenient: false,
        }
    }
}

impl Policies {
    /// Those of a cluster of which only a part is known.
    pub fn lenient() -> Self {
        Policies { is_lenient: true, ..Policies::default() }
    }

    /// The policies among some objects, which are taken to be all there are.
    pub fn of(objects: &Objects) -> Self {
        let mut policies = Policies::lenient();
        objects.limit_ranges.iter().for_each(|limit_range| policies.add_limit_range(limit_range.clone()));
        insert_all(&mut policies.priority_classes, &objects.priority_classes);
        insert_all(&mut policies.runtime_classes, &objects.runtime_classes);
        insert_all(&mut policies.storage_classes, &objects.storage_classes);
        policies
    }

    /// The limit ranges of a namespace.
    pub fn limit_ranges(&self, namespace: &str) -> &[LimitRange] {
        self.limit_ranges.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// Adds a limit range, or replaces the one of its name.
    pub fn add_limit_range(&mut self, mut limit_range: LimitRange) {
        super::defaulting::policy::default_limit_range(&mut limit_range);
        self.remove_limit_range(&limit_range);
        let others = self.limit_ranges.entry(limit_range.metadata.namespace_or_default().to_owned()).or_default();
        let place = others.partition_point(|other| other.metadata.name < limit_range.metadata.name);
        others.insert(place, limit_range);
    }

    /// Forgets a limit range.
    pub fn remove_limit_range(&mut self, limit_range: &LimitRange) {
        if let Some(others) = self.limit_ranges.get_mut(limit_range.metadata.namespace_or_default()) {
            others.retain(|other| other.metadata.name != limit_range.metadata.name);
        }
    }

    /// Adds a namespace, and whether it is being deleted.
    pub fn add_namespace(&mut self, name: &str, is_terminating: bool) {
        self.namespaces.insert(name.to_owned(), is_terminating);
    }

    /// Forgets a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        self.namespaces.remove(name);
    }

    /// Whether a service account is there.
    pub fn has_service_account(&self, namespace: &str, name: &str) -> bool {
        self.is_lenient || name == "default" || self.service_accounts.contains(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether something may be created in a namespace. Source: k8s.io/apiserver's plugin NamespaceLifecycle.
    pub fn open_namespace(&self, namespace: &str, resource: &str, name: &str) -> Result<(), Refusal> {
        match self.namespaces.get(namespace) {
            Some(false) => Ok(()),
            Some(true) => {
                let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
                Err(Refusal::forbidden(resource, name, &why))
            }
            None if self.is_lenient => Ok(()),
            None => Err(Refusal::not_found("namespaces", namespace)),
        }
    }
}

fn insert_all<T: Resource>(map: &mut BTreeMap<String, T>, objects: &[T]) {
    map.extend(objects.iter().map(|object| (object.metadata().name.clone(), object.clone())));
}
