//! What is different between two pictures of a cluster: who comes, who goes, who moves, who is left without a node, and which nodes
//! fill or empty.
//!
//! Promise: a pod is itself as long as it has its name and its uid; one that takes another's place in its workload (a new
//! template, a new ordinal of the same name) replaces it, and is paired with it in order of names. A picture differs in nothing
//! from itself, and the order of pods or nodes in a picture does not matter.

use std::collections::BTreeMap;

use super::creation::NotCreated;
use crate::cluster::index::PodId;
use crate::cluster::occupancy::Occupancy;
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::run::Decision;

/// Where everything is in a cluster whose pods have been placed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// The pods that hold a node or ask for one, and those that are not created, by namespace and name.
    pub pods: BTreeMap<(String, String), PodSeen>,
    /// The resources of each node, by name: what is requested, and what is allocatable.
    pub nodes: BTreeMap<String, BTreeMap<String, Use>>,
}

/// What of a resource is in use: cpu in thousandths of a core, everything else in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// Sum of the requests of the pods there.
    pub requested: i64,
    /// What pods may ask for.
    pub allocatable: i64,
}

/// A pod of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSeen {
    /// Identity across re-creations.
    pub uid: String,
    /// What it belongs to.
    pub workload: String,
    /// Where it is.
    pub place: Place,
}

/// Where a pod is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On this node.
    Node(String),
    /// Held back, or left to another scheduler.
    Held,
    /// No node takes it.
    Pending,
    /// The API server refuses it.
    NotCreated,
}

/// What happens to a pod, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It has no node afterwards, and had one before or was not there.
    GoesPending,
    /// It is refused afterwards, and was not before.
    NotCreated,
    /// It is on another node afterwards.
    Moves,
    /// Another pod of its workload takes its place.
    Replaced,
    /// It is gone.
    Goes,
    /// It is new, and has a node or is held back.
    Appears,
    /// It was pending, refused or held back, and is not any more.
    GetsNode,
}

/// A pod that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodChange {
    /// Its namespace.
    pub namespace: String,
    /// Its name; of one that goes, the name it had.
    pub name: String,
    /// What it belongs to.
    pub workload: String,
    /// What happens.
    pub change: Change,
    /// The pod whose place it takes, if that had another name.
    pub replaces: Option<String>,
    /// The node it was on.
    pub from: Option<String>,
    /// The node it is on.
    pub to: Option<String>,
}

/// A node that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeChange {
    /// The node.
    pub node: String,
    /// What was in use, by resource; nothing if the node is new.
    pub before: BTreeMap<String, Use>,
    /// What is in use; nothing if the node is gone.
    pub after: BTreeMap<String, Use>,
}

/// What is different between two pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The pods, by what happens to them, workload and name.
    pub pods: Vec<PodChange>,
    /// The nodes, by name.
    pub nodes: Vec<NodeChange>,
}

impl Picture {
    /// Of a cluster after a run; `workload` names what a pod belongs to.
    pub fn new(
        objects: &Objects,
        cluster: &Cluster,
        occupancy: &Occupancy,
        decisions: &[Decision],
        refused: &[NotCreated],
        workload: impl Fn(&Pod) -> String,
    ) -> Self {
        let outcome: BTreeMap<PodId, Outcome> = decisions.iter().map(|decision| (decision.pod, decision.outcome)).collect();
        let mut picture = Picture::default();
        for id in cluster.pod_ids() {
            let place = match (cluster.pod(id).standing, occupancy.node_of(id)) {
                (Standing::Bound(_) | Standing::Pending, Some(node)) => Place::Node(cluster.node_name(node).to_owned()),
                (Standing::Bound(_) | Standing::Pending, None) => match outcome.get(&id) {
                    Some(Outcome::Gated | Outcome::NotOurs) => Place::Held,
                    _ => Place::Pending,
                },
                _ => continue,
            };
            picture.see(&objects.pods[cluster.pod(id).object], place, &workload);
        }
        refused.iter().filter_map(|each| each.pod.as_deref()).for_each(|pod| picture.see(pod, Place::NotCreated, &workload));
        for node in cluster.nodes.ids() {
            let used = |resource| {
                let used = Use { requested: occupancy.requested(resource, node), allocatable: cluster.allocatable(resource, node) };
                (used != Use::default()).then(|| (cluster.resources.name(resource).to_owned(), used))
            };
            picture.nodes.insert(cluster.node_name(node).to_owned(), cluster.resources.ids().filter_map(used).collect());
        }
        picture
    }

    fn see(&mut self, pod: &Pod, place: Place, workload: impl Fn(&Pod) -> String) {
        let key = (pod.metadata.namespace_or_default().to_owned(), pod.metadata.name.clone());
        self.pods.insert(key, PodSeen { uid: pod.metadata.uid.clone(), workload: workload(pod), place });
    }
}

/// A pod on one side of a difference: its key and what was seen of it.
type Side<'a> = (&'a (String, String), &'a PodSeen);

impl Difference {
    /// What is different in `after`.
    pub fn between(before: &Picture, after: &Picture) -> Self {
        let mut pods = Vec::new();
        let mut gone: BTreeMap<&str, Vec<Side<'_>>> = BTreeMap::new();
        let mut new: BTreeMap<&str, Vec<Side<'_>>> = BTreeMap::new();
        for (key, seen) in &before.pods {
            match after.pods.get_key_value(key).filter(|(_, now)| is_same(seen, now)) {
                Some(now) => pods.extend(change(Some((key, seen)), Some(now), true)),
                None => gone.entry(&seen.workload).or_default().push((key, seen)),
            }
        }
        for (key, seen) in &after.pods {
            if !before.pods.get(key).is_some_and(|then| is_same(then, seen)) {
                new.entry(&seen.workload).or_default().push((key, seen));
            }
        }
        for (workload, gone) in gone {
            let mut new = new.remove(workload).unwrap_or_default().into_iter();
            pods.extend(gone.into_iter().flat_map(|gone| change(Some(gone), new.next(), false)));
            pods.extend(new.flat_map(|new| change(None, Some(new), false)));
        }
        pods.extend(new.into_values().flatten().flat_map(|new| change(None, Some(new), false)));
        pods.sort_by(|one, other| {
            (one.change, &one.workload, &one.namespace, &one.name).cmp(&(other.change, &other.workload, &other.namespace, &other.name))
        });
        Difference { pods, nodes: node_changes(before, after) }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.nodes.is_empty()
    }
}

/// Whether two pods of one name are one pod. A uid that only one of them has tells nothing.
fn is_same(one: &PodSeen, other: &PodSeen) -> bool {
    one.uid == other.uid || one.uid.is_empty() || other.uid.is_empty()
}

/// What became of a pod, or of the one whose place it takes.
fn change(before: Option<Side<'_>>, after: Option<Side<'_>>, same: bool) -> Option<PodChange> {
    let node = |side: Option<Side<'_>>| match &side?.1.place {
        Place::Node(node) => Some(node.clone()),
        _ => None,
    };
    let (key, seen) = after.or(before)?;
    let change = match (before.map(|(_, seen)| &seen.place), after.map(|(_, seen)| &seen.place)) {
        // what was never created cannot go
        (Some(Place::NotCreated), None) => return None,
        (Some(_), None) => Change::Goes,
        (then, Some(now)) if same && then == Some(now) => return None,
        (then, Some(now @ (Place::Pending | Place::NotCreated))) if then == Some(now) => return None,
        (_, Some(Place::Pending)) => Change::GoesPending,
        (_, Some(Place::NotCreated)) => Change::NotCreated,
        (None, Some(_)) => Change::Appears,
        (Some(Place::Node(_)), Some(Place::Node(_))) if same => Change::Moves,
        (Some(Place::Node(_)), Some(_)) => Change::Replaced,
        (Some(_), Some(_)) => Change::GetsNode,
        (None, None) => return None,
    };
    Some(PodChange {
        namespace: key.0.clone(),
        name: key.1.clone(),
        workload: seen.workload.clone(),
        change,
        replaces: before.map(|(old, _)| old.1.clone()).filter(|old| *old != key.1),
        from: node(before),
        to: node(after),
    })
}

fn node_changes(before: &Picture, after: &Picture) -> Vec<NodeChange> {
    let mut names: Vec<&String> = before.nodes.keys().chain(after.nodes.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let nothing = BTreeMap::new();
    let change = |name: &String| {
        let (before, after) = (before.nodes.get(name).unwrap_or(&nothing), after.nodes.get(name).unwrap_or(&nothing));
        (before != after).then(|| NodeChange { node: name.clone(), before: before.clone(), after: after.clone() })
    };
    names.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pods: &[(&str, &str, Place)]) -> Picture {
        let seen = |(name, uid, place): &(&str, &str, Place)| {
            let seen = PodSeen { uid: (*uid).to_owned(), workload: "shop/web (Deployment)".to_owned(), place: place.clone() };
            (("shop".to_owned(), (*name).to_owned()), seen)
        };
        Picture { pods: pods.iter().map(seen).collect(), nodes: BTreeMap::new() }
    }

    fn on(node: &str) -> Place {
        Place::Node(node.to_owned())
    }

    fn changes(before: &Picture, after: &Picture) -> Vec<(Change, String)> {
        Difference::between(before, after).pods.into_iter().map(|pod| (pod.change, pod.name)).collect()
    }

    #[test]
    fn a_picture_differs_in_nothing_from_itself() {
        let picture = picture(&[("a", "1", on("n1")), ("b", "2", Place::Pending), ("c", "3", Place::NotCreated), ("d", "4", Place::Held)]);
        assert!(Difference::between(&picture, &picture).is_empty());
    }

    #[test]
    fn every_change_has_its_name() {
        let before = picture(&[("a", "1", on("n1")), ("b", "2", on("n1")), ("c", "3", Place::Pending), ("d", "4", on("n2"))]);
        let after = picture(&[("a", "1", on("n2")), ("b", "2", Place::Pending), ("c", "3", on("n1"))]);
        let expected = [(Change::GoesPending, "b"), (Change::Moves, "a"), (Change::Goes, "d"), (Change::GetsNode, "c")];
        assert_eq!(changes(&before, &after), expected.map(|(change, name)| (change, name.to_owned())));
    }

    #[test]
    fn a_new_template_replaces_pods_and_the_rest_come_or_go() {
        let before = picture(&[("old-1", "1", on("n1")), ("old-2", "2", on("n2"))]);
        let after =
            picture(&[("new-1", "Deployment/1", on("n1")), ("new-2", "Deployment/2", on("n1")), ("new-3", "Deployment/3", on("n2"))]);
        let difference = Difference::between(&before, &after);
        let found: Vec<(Change, Option<&str>, Option<&str>)> =
            difference.pods.iter().map(|pod| (pod.change, pod.from.as_deref(), pod.to.as_deref())).collect();
        let replaced = (Change::Replaced, Some("n1"), Some("n1"));
        assert_eq!(found, [replaced, (Change::Replaced, Some("n2"), Some("n1")), (Change::Appears, None, Some("n2"))]);
        assert_eq!(difference.pods[0].replaces.as_deref(), Some("old-1"));
    }

    #[test]
    fn an_ordinal_that_is_made_anew_is_another_pod_of_its_name() {
        let (before, after) = (picture(&[("db-0", "1", on("n1"))]), picture(&[("db-0", "StatefulSet/shop/db/db-0", on("n1"))]));
        assert_eq!(changes(&before, &after), [(Change::Replaced, "db-0".to_owned())]);
    }
}
