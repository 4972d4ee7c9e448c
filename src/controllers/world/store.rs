//! The objects of a cluster in memory, and a log of what changed.
//!
//! A [`Table`] holds the objects of one kind in the order in which they were created. Objects are shared, so that a change can
//! carry what was before and what is after. Loops read the log through their `watch` functions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::memory::Memory;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::objects::Other;
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::resource::Resource;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// Namespace and name of an object; the namespace of a cluster-scoped object is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// A key.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object.
    pub fn of(metadata: &ObjectMeta) -> Self {
        Key::new(&metadata.namespace, &metadata.name)
    }
}

/// An object before and after a change: one of them is absent when it was created or removed.
#[derive(Debug, Clone)]
pub struct Delta<T> {
    /// As it was.
    pub before: Option<Arc<T>>,
    /// As it is.
    pub after: Option<Arc<T>>,
}

impl<T: Stored> Delta<T> {
    /// The newer of the two.
    pub fn latest(&self) -> &T {
        self.after.as_deref().or(self.before.as_deref()).expect("a change has a side")
    }

    /// Both sides that are there, the older first.
    pub fn sides(&self) -> impl Iterator<Item = &T> {
        [self.before.as_deref(), self.after.as_deref()].into_iter().flatten()
    }

    /// The key of the object.
    pub fn key(&self) -> Key {
        self.latest().key()
    }
}

/// The objects of one kind, in the order in which they were created.
#[derive(Debug, Clone)]
pub struct Table<T> {
    objects: BTreeMap<u64, Arc<T>>,
    numbers: FxHashMap<Key, u64>,
    by_namespace: BTreeMap<String, BTreeSet<u64>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { objects: BTreeMap::new(), numbers: FxHashMap::default(), by_namespace: BTreeMap::new() }
    }
}

impl<T> Table<T> {
    /// The object of this key.
    pub fn get(&self, key: &Key) -> Option<&Arc<T>> {
        self.objects.get(self.numbers.get(key)?)
    }

    /// All objects, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<T>> {
        self.objects.values()
    }

    /// The objects of a namespace, the oldest first.
    pub fn within<'a>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        self.by_namespace.get(namespace).into_iter().flatten().map(|number| &self.objects[number])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// A kind that has a table.
pub trait Stored: Resource + PartialEq {
    /// Its table.
    fn table(store: &Store) -> &Table<Self>
    where
        Self: Sized;
    /// Its table, to be changed.
    fn table_mut(store: &mut Store) -> &mut Table<Self>
    where
        Self: Sized;
    /// A change to one of its objects.
    fn change(delta: Delta<Self>) -> Change
    where
        Self: Sized;
    /// The key of an object of this kind.
    fn key(&self) -> Key;
}

macro_rules! tables {
    ($( $kind:ident in $field:ident by $key:ident: $doc:literal )*) => {
        /// The objects of a cluster.
        #[derive(Debug, Clone, Default)]
        pub struct Store {
            $( #[doc = $doc] pub $field: Table<$kind>, )*
            /// What the controllers remember beside the objects.
            pub memory: Memory,
            changes: Vec<Change>,
            created: u64,
        }

        /// What happened to an object.
        #[derive(Debug, Clone)]
        pub enum Change { $( #[doc = $doc] $kind(Delta<$kind>), )* }

        $( impl Stored for $kind {
            fn table(store: &Store) -> &Table<Self> { &store.$field }
            fn table_mut(store: &mut Store) -> &mut Table<Self> { &mut store.$field }
            fn change(delta: Delta<Self>) -> Change { Change::$kind(delta) }
            fn key(&self) -> Key { $key(self) }
        } )*

        impl Store {
            /// All objects, by kind, the oldest first.
            pub fn objects(&self) -> Objects {
                Objects { $( $field: self.$field.iter().map(|object| $kind::clone(object)).collect(), )* ..Objects::default() }
            }
        }
    };
}

tables! {
    Node in nodes by plain: "Nodes."
    Namespace in namespaces by plain: "Namespaces."
    Pod in pods by plain: "Pods."
    Deployment in deployments by plain: "Deployments."
    ReplicaSet in replica_sets by plain: "ReplicaSets."
    ReplicationController in replication_controllers by plain: "ReplicationControllers."
    StatefulSet in stateful_sets by plain: "StatefulSets."
    ControllerRevision in controller_revisions by plain: "ControllerRevisions."
    DaemonSet in daemon_sets by plain: "DaemonSets."
    Job in jobs by plain: "Jobs."
    CronJob in cron_jobs by plain: "CronJobs."
    Service in services by plain: "Services."
    Ingress in ingresses by plain: "Ingresses."
    PersistentVolumeClaim in persistent_volume_claims by plain: "PersistentVolumeClaims."
    PersistentVolume in persistent_volumes by plain: "PersistentVolumes."
    StorageClass in storage_classes by plain: "StorageClasses."
    CsiNode in csi_nodes by plain: "CSINodes."
    CsiDriver in csi_drivers by plain: "CSIDrivers."
    CsiStorageCapacity in csi_storage_capacities by plain: "CSIStorageCapacities."
    VolumeAttachment in volume_attachments by plain: "VolumeAttachments."
    PodDisruptionBudget in pod_disruption_budgets by plain: "PodDisruptionBudgets."
    PriorityClass in priority_classes by plain: "PriorityClasses."
    RuntimeClass in runtime_classes by plain: "RuntimeClasses."
    ResourceQuota in resource_quotas by plain: "ResourceQuotas."
    LimitRange in limit_ranges by plain: "LimitRanges."
    HorizontalPodAutoscaler in horizontal_pod_autoscalers by plain: "HorizontalPodAutoscalers."
    Other in others by qualified: "Objects of kinds that are not modelled."
}

fn plain<K: Resource>(object: &K) -> Key {
    Key::of(object.metadata())
}

/// Kinds that are not modelled share a table, so their keys carry the resource: `configmaps/web`.
fn qualified(object: &Other) -> Key {
    Key::new(&object.metadata.namespace, format!("{}/{}", object.resource, object.metadata.name))
}

impl Store {
    /// The object of this key.
    pub fn get<T: Stored>(&self, key: &Key) -> Option<&Arc<T>> {
        T::table(self).get(key)
    }

    /// Adds an object, or puts it in the place of the one with its key.
    pub fn put<T: Stored>(&mut self, object: T) {
        let (key, object) = (object.key(), Arc::new(object));
        let number = self.created;
        let table = T::table_mut(self);
        let number = *table.numbers.entry(key.clone()).or_insert(number);
        let before = table.objects.insert(number, object.clone());
        if before.is_none() {
            table.by_namespace.entry(key.namespace).or_default().insert(number);
            self.created += 1;
        }
        if before.as_ref() != Some(&object) {
            self.changes.push(T::change(Delta { before, after: Some(object) }));
        }
    }

    /// Changes an object. Nothing happens if it is not there; nothing is logged if it comes out as it was.
    pub fn update<T: Stored>(&mut self, key: &Key, change: impl FnOnce(&mut T)) {
        let Some(before) = self.get::<T>(key) else { return };
        let mut object = T::clone(before);
        change(&mut object);
        if object != **before {
            self.put(object);
        }
    }

    /// Removes an object, and returns it.
    pub fn remove<T: Stored>(&mut self, key: &Key) -> Option<Arc<T>> {
        let table = T::table_mut(self);
        let number = table.numbers.remove(key)?;
        let object = table.objects.remove(&number)?;
        if let Some(numbers) = table.by_namespace.get_mut(&key.namespace) {
            numbers.remove(&number);
        }
        self.changes.push(T::change(Delta { before: Some(object.clone()), after: None }));
        Some(object)
    }

    /// Takes the log of what changed since it was last taken.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Whether something changed since the log was last taken.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The pods of a namespace that this owner controls, the oldest first.
    pub fn pods_of<'a>(&'a self, owner: &'a ObjectMeta) -> impl Iterator<Item = &'a Arc<Pod>> {
        let is_its = |pod: &&Arc<Pod>| pod.metadata.controller().is_some_and(|reference| reference.uid == owner.uid);
        self.pods.within(&owner.namespace).filter(is_its)
    }
}
