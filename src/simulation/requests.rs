//! What can be asked of the API server: create, patch, delete; and the same for control loops.

use serde_json::Value;

use super::control_plane::{ControlPlane, Event};
use super::garbage;
use crate::admission::Admitted;
use crate::controllers::world::{Key, Moment, Store, Stored, World};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::{Job, ReplicaSet};

/// Letters and digits of generated names, as the API server has them.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl ControlPlane {
    /// Creates an object, as the API server would; its key, or why it is refused.
    pub fn create<T: Stored + Admitted>(&mut self, mut object: T) -> Result<Key, Refusal> {
        self.created += 1;
        let (number, now) = (self.created, self.now.timestamp());
        let metadata = object.metadata_mut();
        if T::NAMESPACED && metadata.namespace.is_empty() {
            metadata.namespace = "default".to_owned();
        }
        if metadata.name.is_empty() && !metadata.generate_name.is_empty() {
            metadata.name = format!("{}{}", metadata.generate_name, suffix(number));
        }
        metadata.uid = format!("uid-{number}");
        metadata.creation_timestamp = Some(now);
        metadata.generation = Some(1);
        let key = object.key();
        if self.store.get::<T>(&key).is_some() {
            // the key of a kind that is not modelled carries its resource
            let (resource, name) = key.name.split_once('/').unwrap_or((T::RESOURCE, &key.name));
            return Err(Refusal::already_exists(resource, name));
        }
        let object = self.server.create(object)?;
        self.store.put(object);
        Ok(key)
    }

    /// Takes an object as it is: it has been in the cluster before.
    pub fn adopt<T: Stored + Admitted>(&mut self, object: T) {
        self.server.adopt(&object);
        self.store.put(object);
    }

    /// Changes an object by a JSON merge patch (RFC 7386).
    pub fn patch<T>(&mut self, key: &Key, patch: &Value) -> Result<(), Refusal>
    where
        T: Stored + Admitted + serde::Serialize + serde::de::DeserializeOwned,
    {
        let Some(old) = self.store.get::<T>(key).cloned() else { return Err(Refusal::not_found(T::RESOURCE, &key.name)) };
        // by way of text: a second way to read all kinds would cost minutes of compiling
        let text = serde_json::to_string(&*old).expect("objects are made of what JSON can say");
        let mut written: Value = serde_json::from_str(&text).expect("what was just written can be read");
        merge(&mut written, patch);
        let mut new: T = serde_json::from_slice(written.to_string().as_bytes())
            .map_err(|error| Refusal::new(400, "BadRequest", format!("{} {:?} cannot be patched so: {error}", T::KIND, key.name)))?;
        new.metadata_mut().origin = old.metadata().origin;
        let mut new = self.server.update(&*old, new)?;
        if new != *old && patch.get("spec").is_some() {
            let generation = &mut new.metadata_mut().generation;
            *generation = Some(generation.unwrap_or(1) + 1);
        }
        self.store.put(new);
        Ok(())
    }

    /// Deletes an object that nothing holds: what it owns goes after it, unless it is to be orphaned.
    pub fn delete<T: Stored + Admitted>(&mut self, key: &Key, orphan: bool) -> Result<(), Refusal> {
        let Some(object) = self.store.get::<T>(key).cloned() else { return Err(Refusal::not_found(T::RESOURCE, &key.name)) };
        if orphan {
            garbage::orphan(&mut self.store, &object.metadata().uid);
        }
        self.server.delete(&*object);
        self.store.remove::<T>(key);
        Ok(())
    }

    /// Deletes a claim: it is terminating until no pod uses it.
    pub fn delete_claim(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.store.get::<PersistentVolumeClaim>(key).is_none() {
            return Err(Refusal::not_found("persistentvolumeclaims", &key.name));
        }
        let now = self.now.timestamp();
        self.store.update::<PersistentVolumeClaim>(key, |claim| {
            claim.metadata.deletion_timestamp.get_or_insert(now);
        });
        Ok(())
    }

    /// Deletes a pod; see [`World::delete_pod`].
    pub fn remove_pod(&mut self, key: &Key, grace_seconds: Option<i64>) -> Result<(), Refusal> {
        let Some(pod) = self.store.get::<Pod>(key).cloned() else { return Err(Refusal::not_found("pods", &key.name)) };
        let is_at_once = pod.spec.node_name.is_empty() || pod.is_terminal();
        let grace = if is_at_once { 0 } else { grace_seconds.or(pod.spec.termination_grace_period_seconds).unwrap_or(30) };
        if grace == 0 && pod.metadata.finalizers.is_empty() {
            self.forget_pod(key);
            return Ok(());
        }
        let end = self.now + std::time::Duration::from_secs(grace.max(0).unsigned_abs());
        self.store.update::<Pod>(key, |pod| {
            let metadata = &mut pod.metadata;
            metadata.deletion_timestamp.get_or_insert(end.timestamp());
            metadata.deletion_grace_period_seconds = Some(metadata.deletion_grace_period_seconds.map_or(grace, |old| old.min(grace)));
        });
        Ok(())
    }

    /// Changes a node, as its kubelet or an administrator would.
    pub fn change_node(&mut self, key: &Key, change: impl FnOnce(&mut Node)) {
        self.store.update::<Node>(key, change);
    }

    /// Removes a pod for good.
    pub(super) fn forget_pod(&mut self, key: &Key) {
        if let Some(pod) = self.store.remove::<Pod>(key) {
            self.server.delete(&*pod);
        }
    }
}

impl World for ControlPlane {
    fn now(&self) -> Moment {
        self.now
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    fn lease_renewal(&self, node: &str) -> Option<Moment> {
        Some(self.kubelets.last_renewal(node, self.now))
    }

    fn create_pod(&mut self, pod: Pod) -> Result<String, Refusal> {
        self.create(pod).map(|key| key.name)
    }

    fn delete_pod(&mut self, key: &Key) {
        // one that is gone needs no deleting
        _ = self.remove_pod(key, None);
    }

    fn delete_job(&mut self, key: &Key) {
        // one that is gone needs no deleting
        _ = self.delete::<Job>(key, false);
    }

    fn create_claim(&mut self, claim: PersistentVolumeClaim) -> Result<(), Refusal> {
        self.create(claim).map(|_| ())
    }

    fn create_replica_set(&mut self, set: ReplicaSet) -> Result<(), Refusal> {
        self.create(set).map(|_| ())
    }

    fn create_job(&mut self, job: Job) -> Result<(), Refusal> {
        self.create(job).map(|_| ())
    }

    fn event(&mut self, kind: &'static str, key: &Key, reason: &'static str, message: String) {
        self.events.push(Event { kind, key: key.clone(), reason, message });
    }
}

/// Five letters that no other number has.
fn suffix(number: u64) -> String {
    let base = ALPHABET.len() as u64;
    let digit = |place: u32| char::from(ALPHABET[(number / base.pow(place) % base) as usize]);
    (0..5).rev().map(digit).collect()
}

/// Source: RFC 7386, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in fields {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
