//! Where pods are, as recordings have it: by owner, then by node, or by pod where the pods have names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::snapshot::{name_of, owner_of};
use crate::controllers::world::Store;
use crate::manifest::pod::Pod;

/// What stands for the node of a pod that has none.
const NONE: &str = "<none>";

/// Where the pods of a namespace are.
pub(super) fn placement(store: &Store, namespace: &str) -> Value {
    let mut by_owner: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for pod in store.pods.within(namespace).filter(|pod| !pod.is_terminal()) {
        let places = by_owner.entry(owner_of(store, pod)).or_default();
        match name_of(store, pod) {
            Some(name) => _ = places.insert(name, json!(place(pod))),
            None => {
                let count = places.entry(place(pod)).or_insert(json!(0));
                *count = json!(count.as_u64().unwrap_or_default() + 1);
            }
        }
    }
    by_owner.into_iter().map(|(owner, places)| (owner, Value::Object(places))).collect()
}

fn place(pod: &Pod) -> String {
    let node = if pod.spec.node_name.is_empty() { NONE } else { &pod.spec.node_name };
    if pod.is_terminating() { format!("{node} (Terminating)") } else { node.to_owned() }
}
