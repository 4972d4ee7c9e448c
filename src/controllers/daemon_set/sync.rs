//! Step by step: what a DaemonSet does when something about it has changed.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go syncDaemonSet, syncNodeUpdate, update.go, v1.36.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::node_match::{should_run, should_stay};
use super::pods::{GENERATION, REVISION, target_node, tolerate_as_daemon};
use crate::controllers::adoption;
use crate::controllers::names::template_hash;
use crate::controllers::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::meta::LabelSelector;
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, PodSpec};
use crate::manifest::workload::DaemonSet;

/// The annotation in which the server counts the templates of a DaemonSet.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A DaemonSet is concerned by itself, by its pods, by pods that it might adopt, and by nodes that come or change.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::DaemonSet(delta) => keys.push(delta.key()),
        Change::Pod(delta) => adoption::watch::<DaemonSet, Pod>(store, delta, keys),
        Change::Node(delta) => {
            let facts = |node: &Arc<Node>| (node.metadata.labels.clone(), node.spec.taints.clone());
            let changed = delta.after.as_ref().filter(|after| delta.before.as_ref().map(facts) != Some(facts(after)));
            if let Some(node) = changed {
                let concerned = store.daemon_sets.iter().filter(|set| is_concerned(store, set, node));
                keys.extend(concerned.map(|set| Key::of(&set.metadata)));
            }
        }
        _ => {}
    }
}

/// Whether a node lacks a pod of the set, or has one that must go, or one that may not have been counted rightly. That a pod would
/// no longer come to where it may stay is not noticed until something else happens to the set.
fn is_concerned(store: &Store, set: &DaemonSet, node: &Node) -> bool {
    let mut spec = set.spec.template.spec.clone();
    tolerate_as_daemon(&mut spec);
    let has_pod = || store.pods_of(&set.metadata).any(|pod| pod.spec.node_name == node.metadata.name);
    let may_be_miscounted = set.status.number_misscheduled > 0;
    match (should_run(&spec, node), should_stay(&spec, node)) {
        (true, _) => may_be_miscounted || !has_pod(),
        (false, true) => may_be_miscounted && has_pod(),
        (false, false) => has_pod(),
    }
}

/// Looks at one DaemonSet.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(set) = world.store().get::<DaemonSet>(key).cloned() else {
        let memory = &mut world.store_mut().memory;
        memory.templates.remove(key);
        memory.daemons.retain(|(owner, _), _| owner != key);
        return Outcome::Done;
    };
    if set.spec.selector == Some(LabelSelector::default()) || set.metadata.deletion_timestamp.is_some() {
        return Outcome::Done;
    }
    count_template(world, key, &set);
    let mut rounds = Rounds::begin(world, key);
    let acted = rounds.manage(world);
    // what was made or deleted is waited for before anything is replaced
    let all_done = match acted {
        Some(false) if rounds.set.spec.update_strategy.r#type != "OnDelete" => rounds.roll(world),
        acted => acted,
    };
    rounds.again = rounds.again.into_iter().chain(rounds.write_status(world)).min();
    match rounds.again {
        _ if all_done.is_none() => Outcome::Failed,
        Some(duration) => Outcome::After(duration),
        None => Outcome::Done,
    }
}

/// Counts the template if it is a new one, as the server does when it is written.
fn count_template(world: &mut dyn World, key: &Key, set: &DaemonSet) {
    let hash = template_hash(&set.spec.template);
    let old = world.store_mut().memory.templates.insert(key.clone(), hash.clone());
    let is_new = old.is_some_and(|old| old != hash);
    let written = set.metadata.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse::<i64>().ok());
    if is_new || written.is_none() {
        let generation = written.unwrap_or(1) + i64::from(is_new);
        world.store_mut().update::<DaemonSet>(key, |set| {
            set.metadata.annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string());
        });
    }
}

/// What a sync knows of its DaemonSet.
pub(super) struct Rounds {
    pub key: Key,
    pub now: Moment,
    pub set: DaemonSet,
    /// The spec of its pods, but for the node they are pinned to.
    pub spec: PodSpec,
    /// The hash of its template, and its number.
    pub revision: String,
    pub generation: i64,
    pub nodes: Vec<Arc<Node>>,
    /// Its pods by the node they are on or wait for, the oldest first.
    pub pods: BTreeMap<String, Vec<Arc<Pod>>>,
    /// When to look again.
    pub again: Option<Duration>,
}

impl Rounds {
    fn begin(world: &mut dyn World, key: &Key) -> Self {
        let set = DaemonSet::clone(world.store().get::<DaemonSet>(key).expect("it was there just now"));
        let mut spec = set.spec.template.spec.clone();
        tolerate_as_daemon(&mut spec);
        let written = set.metadata.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse().ok());
        let mut rounds = Rounds {
            key: key.clone(),
            now: world.now(),
            spec,
            revision: template_hash(&set.spec.template),
            generation: written.unwrap_or(1),
            set,
            nodes: world.store().nodes.iter().cloned().collect(),
            pods: BTreeMap::new(),
            again: None,
        };
        rounds.look(world);
        rounds
    }

    /// Looks which pods there are.
    pub fn look(&mut self, world: &mut dyn World) {
        self.pods.clear();
        for pod in adoption::claim::<DaemonSet, Pod>(world, &self.set, |_| true) {
            let is_gone = pod.is_terminal() && pod.is_terminating();
            if let Some(node) = target_node(&pod).filter(|_| !is_gone) {
                self.pods.entry(node.to_owned()).or_default().push(pod.clone());
            }
        }
        // those that are bound come before those that are not
        for pods in self.pods.values_mut() {
            pods.sort_by_key(|pod| pod.spec.node_name.is_empty());
        }
    }

    /// Whether a pod is made from the template as it is.
    pub fn is_updated(&self, pod: &Pod) -> bool {
        let labels = &pod.metadata.labels;
        labels.get(REVISION) == Some(&self.revision) || labels.get(GENERATION).is_some_and(|text| *text == self.generation.to_string())
    }

    /// Looks again after this time at the latest.
    pub fn look_again(&mut self, after: Duration) {
        self.again = Some(self.again.map_or(after, |old| old.min(after)));
    }
}
