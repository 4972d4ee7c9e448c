//! A rolling update: old pods are replaced, so many at a time.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/update.go rollingUpdate, updatedDesiredNodeCounts, v1.36.

use std::sync::Arc;

use super::manage::Work;
use super::node_match::should_run;
use super::sync::Rounds;
use crate::controllers::availability::is_available;
use crate::controllers::world::World;
use crate::manifest::meta::IntOrString;
use crate::manifest::pod::Pod;

/// The pods of a node that are not being deleted: one of the new template, one of an old one.
#[derive(Default)]
struct Pair {
    new: Option<Arc<Pod>>,
    old: Option<Arc<Pod>>,
}

impl Rounds {
    /// Replaces as many old pods as may be. Whether there was anything to do; none if a pod was refused.
    pub fn roll(&mut self, world: &mut dyn World) -> Option<bool> {
        let wanted = self.nodes.iter().filter(|node| should_run(&self.spec, node)).map(|node| node.metadata.name.clone());
        let wanted: Vec<String> = wanted.collect();
        let desired = wanted.len();
        // a node without a pod counts as one whose pod is unavailable
        wanted.into_iter().for_each(|node| _ = self.pods.entry(node).or_default());
        let bounds = self.set.spec.update_strategy.rolling_update.as_ref();
        let surge = bounds.and_then(|bounds| bounds.max_surge.as_ref()).map_or(0, |bound| scaled(bound, desired));
        let unavailable = bounds.and_then(|bounds| bounds.max_unavailable.as_ref()).map_or(1, |bound| scaled(bound, desired));
        // both zero cannot be: then one at a time
        let unavailable = if surge == 0 && unavailable == 0 && desired > 0 { 1 } else { unavailable };
        let work = if surge == 0 { self.replaced(unavailable) } else { self.surged(surge, desired) };
        self.perform(world, work)
    }

    /// The pods of a node, unless there are two of the same kind.
    fn pair(&self, pods: &[Arc<Pod>]) -> Option<Pair> {
        let mut pair = Pair::default();
        for pod in pods.iter().filter(|pod| !pod.is_terminating()) {
            let place = if self.is_updated(pod) { &mut pair.new } else { &mut pair.old };
            if place.is_some() {
                return None;
            }
            *place = Some(pod.clone());
        }
        Some(pair)
    }

    fn is_available(&self, pod: &Pod) -> bool {
        is_available(pod, self.set.spec.min_ready_seconds, self.now)
    }

    /// Without a surge: unavailable old pods go at once, others as long as not too many are unavailable.
    fn replaced(&self, most_unavailable: usize) -> Work {
        let (mut unavailable, mut allowed, mut candidates) = (0, Vec::new(), Vec::new());
        for pods in self.pods.values() {
            match self.pair(pods) {
                Some(Pair { new: Some(new), old: None }) => unavailable += usize::from(!self.is_available(&new)),
                Some(Pair { new: None, old: Some(old) }) if !self.is_available(&old) => {
                    allowed.push(old.metadata.name.clone());
                    unavailable += 1;
                }
                Some(Pair { new: None, old: Some(old) }) => candidates.push(old.metadata.name.clone()),
                // the other loop sees to it
                _ => unavailable += 1,
            }
        }
        candidates.truncate(most_unavailable.saturating_sub(unavailable));
        allowed.extend(candidates);
        Work { doomed: allowed, ..Work::default() }
    }

    /// With a surge: new pods beside old ones, old ones gone once the new ones are available.
    fn surged(&self, most: usize, desired: usize) -> Work {
        let mut work = Work::default();
        let (mut surging, mut available) = (0, 0);
        let (mut misplaced, mut candidates) = (Vec::new(), Vec::new());
        for (name, pods) in &self.pods {
            let Some(pair) = self.pair(pods) else {
                surging += 1;
                continue;
            };
            available += usize::from(pair.old.as_ref().or(pair.new.as_ref()).is_some_and(|pod| self.is_available(pod)));
            let Some(old) = pair.old else { continue };
            let should_run = self.nodes.iter().any(|node| node.metadata.name == *name && should_run(&self.spec, node));
            match pair.new {
                Some(new) if self.is_available(&new) => work.doomed.push(old.metadata.name.clone()),
                Some(_) => surging += 1,
                None if !self.is_available(&old) && should_run => work.lacking.push(name.clone()),
                None if !self.is_available(&old) => work.doomed.push(old.metadata.name.clone()),
                None if should_run => candidates.push(name.clone()),
                None => misplaced.push(old.metadata.name.clone()),
            }
        }
        // a node that should have no pod gives it up only when enough others have one
        misplaced.truncate(available.saturating_sub(desired));
        candidates.truncate(most.saturating_sub(surging));
        work.doomed.extend(misplaced);
        work.lacking.extend(candidates);
        work
    }
}

/// A bound of an update: a number, or a share of the nodes, rounded up.
fn scaled(bound: &IntOrString, of: usize) -> usize {
    match bound {
        IntOrString::Int(number) => usize::try_from(*number).unwrap_or(0),
        IntOrString::Text(text) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or(0);
            (percent * of).div_ceil(100)
        }
    }
}
