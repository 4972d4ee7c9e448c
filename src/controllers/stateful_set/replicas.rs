//! The pods of a StatefulSet, ordinal by ordinal: made, waited for, taken away.
//!
//! `OrderedReady` takes one step at a time and waits until every pod before is available; `Parallel` does all at once. Updates
//! go from the highest ordinal down, one at a time, in either case: `maxUnavailable` is behind a feature gate that is off.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go updateStatefulSet, processReplica,
//! processCondemned; stateful_pod_control.go CreateStatefulPod, v1.36.

use std::cmp::Reverse;
use std::sync::Arc;

use super::claims;
use super::identity::{identify_pod, is_identified, ordinal_of, ordinals, pod_for, pod_name};
use super::revisions::{Revisions, revision_of};
use super::status::{is_rolling, is_running_and_ready};
use crate::controllers::adoption::owner;
use crate::controllers::availability::is_available;
use crate::controllers::slow_start::slow_start;
use crate::controllers::world::{Key, World};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;
use crate::manifest::workload::StatefulSet;

/// Something was refused and has been told; it is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// Whether the next pod may have its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Next,
    Wait,
}

/// One pass over the pods of a set.
struct Pass<'a> {
    set: &'a StatefulSet,
    revisions: &'a Revisions,
    /// Ordinals that are wanted, with the pods they have.
    wanted: Vec<(i32, Option<Arc<Pod>>)>,
    /// Pods that are too many, the highest ordinal first.
    condemned: Vec<(i32, Arc<Pod>)>,
    is_ordered: bool,
}

/// Brings the pods of a set one step, or as many as may be taken at once, nearer to what it wants.
pub(super) fn process(world: &mut dyn World, set: &StatefulSet, pods: &[Arc<Pod>], revisions: &Revisions) -> Result<(), Refused> {
    let pass = Pass::new(set, pods, revisions);
    let wanted = pass.for_all(world, pass.wanted.len(), |world, place| pass.keep(world, place))?;
    if wanted == Turn::Wait {
        return Ok(());
    }
    for (ordinal, pod) in &pass.condemned {
        claims::settle_owners(world, set, *ordinal, &pod.metadata);
    }
    let condemned = pass.for_all(world, pass.condemned.len(), |world, place| {
        pass.condemn(world, place);
        Ok(Turn::Wait)
    })?;
    if condemned == Turn::Next && is_rolling(set) {
        pass.update(world);
    }
    Ok(())
}

impl<'a> Pass<'a> {
    fn new(set: &'a StatefulSet, pods: &[Arc<Pod>], revisions: &'a Revisions) -> Self {
        let mut wanted: Vec<(i32, Option<Arc<Pod>>)> = ordinals(set).map(|ordinal| (ordinal, None)).collect();
        let mut condemned = Vec::new();
        for pod in pods {
            let Some(ordinal) = ordinal_of(set, pod) else { continue };
            match usize::try_from(ordinal - ordinals(set).start).ok().and_then(|place| wanted.get_mut(place)) {
                Some(slot) => slot.1 = Some(pod.clone()),
                None => condemned.push((ordinal, pod.clone())),
            }
        }
        condemned.sort_by_key(|(ordinal, _)| Reverse(*ordinal));
        Pass { set, revisions, wanted, condemned, is_ordered: set.spec.pod_management_policy != "Parallel" }
    }

    /// Does something for all places: in order until one has to wait, or all at once.
    fn for_all(
        &self,
        world: &mut dyn World,
        count: usize,
        mut act: impl FnMut(&mut dyn World, usize) -> Result<Turn, Refused>,
    ) -> Result<Turn, Refused> {
        if !self.is_ordered {
            return slow_start(count, |place| act(world, place).map(|_| ())).map(|()| Turn::Next).map_err(|failure| failure.error);
        }
        for place in 0..count {
            if act(world, place)? == Turn::Wait {
                return Ok(Turn::Wait);
            }
        }
        Ok(Turn::Next)
    }

    /// Sees to it that an ordinal has a pod that is as it should be.
    fn keep(&self, world: &mut dyn World, place: usize) -> Result<Turn, Refused> {
        let (ordinal, pod) = &self.wanted[place];
        let Some(pod) = pod else { return self.create(world, *ordinal) };
        if pod.is_terminal() {
            if !pod.is_terminating() {
                world.delete_pod(&Key::of(&pod.metadata));
            }
            // a new one is made when this one is gone
            return Ok(Turn::Wait);
        }
        if pod.status.phase == "Pending" {
            claims::create(world, self.set, *ordinal).map_err(|_| Refused)?;
        }
        if self.is_ordered && (pod.is_terminating() || !is_running_and_ready(pod) || !self.is_available(world, pod)) {
            return Ok(Turn::Wait);
        }
        claims::settle_owners(world, self.set, *ordinal, &pod.metadata);
        if !is_identified(pod) {
            world.store_mut().update::<Pod>(&Key::of(&pod.metadata), |pod| identify_pod(pod, *ordinal));
        }
        Ok(Turn::Next)
    }

    /// Makes the pod of an ordinal, and its claims before it.
    fn create(&self, world: &mut dyn World, ordinal: i32) -> Result<Turn, Refused> {
        let set = self.set;
        if claims::is_stale(world, set, ordinal) {
            return Ok(Turn::Wait);
        }
        let revision = if self.is_kept_back(ordinal) { &self.revisions.current } else { &self.revisions.update };
        let mut pod = pod_for(set, &revision.data.spec.template, &owner(set), ordinal, &revision.metadata.name);
        pod.metadata.uid.clear();
        let absent = ObjectMeta { name: pod.metadata.name.clone(), ..ObjectMeta::default() };
        if let Err(message) = claims::create(world, set, ordinal) {
            return Err(self.tell(world, ordinal, &message));
        }
        let made = world.create_pod(pod);
        if made.as_ref().is_err_and(|refusal| refusal.reason == "AlreadyExists") {
            return Err(Refused);
        }
        claims::settle_owners(world, set, ordinal, &absent);
        // one at a time, or else nothing more to do for it in this pass
        made.map(|_| Turn::Wait).map_err(|refusal| self.tell(world, ordinal, &refusal.message))
    }

    /// Records why the pod of an ordinal was not made.
    fn tell(&self, world: &mut dyn World, ordinal: i32, why: &str) -> Refused {
        let (pod, set) = (pod_name(self.set, ordinal), &self.set.metadata);
        world.event(
            "StatefulSet",
            &Key::of(set),
            "FailedCreate",
            format!("Create Pod {pod} in StatefulSet {} failed error: {why}", set.name),
        );
        Refused
    }

    /// Whether an ordinal stays at the current revision: those below the partition do.
    fn is_kept_back(&self, ordinal: i32) -> bool {
        let partition = self.set.spec.update_strategy.rolling_update.as_ref().and_then(|bounds| bounds.partition).unwrap_or(0);
        ordinal < ordinals(self.set).start.saturating_add(partition)
    }

    fn is_available(&self, world: &dyn World, pod: &Pod) -> bool {
        is_available(pod, self.set.spec.min_ready_seconds, world.now())
    }

    /// Deletes a pod that is too many. In order, one that is not available holds the others up, unless all below it are available.
    fn condemn(&self, world: &mut dyn World, place: usize) {
        let is_in_use = |world: &dyn World, pod: &Pod| is_running_and_ready(pod) && self.is_available(world, pod);
        let (pod, below) = (&self.condemned[place].1, &self.condemned[place + 1..]);
        let is_first_unavailable = || below.iter().all(|(_, other)| !other.is_terminating() && self.is_available(world, other));
        let has_turn = !self.is_ordered || is_in_use(world, pod) || is_first_unavailable();
        if has_turn && !pod.is_terminating() {
            world.delete_pod(&Key::of(&pod.metadata));
        }
    }

    /// Deletes the highest pod that is not of the update revision, once all above it are available.
    fn update(&self, world: &mut dyn World) {
        let update = &self.revisions.update.metadata.name;
        for (ordinal, pod) in self.wanted.iter().rev() {
            // an ordinal without a pod has one of its revision on the way
            let Some(pod) = pod.as_ref().filter(|_| !self.is_kept_back(*ordinal)) else { return };
            if revision_of(pod) != update && !pod.is_terminating() {
                world.delete_pod(&Key::of(&pod.metadata));
                return;
            }
            if pod.is_terminating() || !self.is_available(world, pod) {
                return;
            }
        }
    }
}
