//! kube-scheduler's queue: pods to be tried, pods that back off, and pods that wait for an event that could let them in.
//!
//! Pods are tried by priority, then by when they came to the queue or were last rejected. A pod that an event moves before its
//! back-off is over (a second after the first rejection, twice as long after each further one, at most ten) stands behind: it is
//! tried when no other pod is left, so that in an idle cluster nobody feels a back-off. What no event has moved for five minutes is tried
//! all the same; that is looked for every 30 seconds.
//!
//! Source: k8s.io/kubernetes/pkg/scheduler/backend/queue (scheduling_queue.go, active_queue.go, backoff_queue.go), v1.36.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::controllers::world::{Key, Moment};

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
/// Back-offs that end within the same second end at the same time.
const WINDOW_MILLISECONDS: i64 = 1000;
/// After so long a wait a pod is tried whatever happened.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often it is looked for such pods.
const FLUSH_MILLISECONDS: i64 = 30_000;

/// A turn among pods of the same kind of wait: priority, then time, then order.
type Turn = (Reverse<i32>, Moment, u64);

/// Where a pod waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To be tried.
    Active,
    /// To be tried when nobody else is left, in the order in which back-offs end.
    BackOff(i64),
    /// For an event.
    Unschedulable,
    /// It is being tried.
    InFlight,
}

/// A pod in the queue.
#[derive(Debug, Clone)]
struct Queued {
    place: Place,
    turn: Turn,
    /// How often it was rejected.
    rejections: u32,
    /// The plugins that rejected it last.
    rejectors: Vec<&'static str>,
}

/// The queue.
#[derive(Debug, Clone)]
pub(super) struct SchedulingQueue {
    pods: BTreeMap<Key, Queued>,
    active: BTreeSet<(Turn, Key)>,
    backing_off: BTreeSet<(i64, Turn, Key)>,
    came: u64,
    longest_back_off: Duration,
}

impl Default for SchedulingQueue {
    fn default() -> Self {
        SchedulingQueue {
            pods: BTreeMap::new(),
            active: BTreeSet::new(),
            backing_off: BTreeSet::new(),
            came: 0,
            longest_back_off: LONGEST_BACK_OFF,
        }
    }
}

impl SchedulingQueue {
    /// Lets no pod back off for longer.
    pub fn limit_back_off(&mut self, longest: Duration) {
        self.longest_back_off = longest;
    }

    /// Takes in a new pod.
    pub fn add(&mut self, key: Key, priority: i32, now: Moment) {
        self.remove(&key);
        self.came += 1;
        let turn = (Reverse(priority), now, self.came);
        self.active.insert((turn, key.clone()));
        self.pods.insert(key, Queued { place: Place::Active, turn, rejections: 0, rejectors: Vec::new() });
    }

    /// Forgets a pod: it has a node, or is gone.
    pub fn remove(&mut self, key: &Key) {
        if let Some(queued) = self.pods.remove(key) {
            self.take_out(&queued, key);
        }
    }

    fn take_out(&mut self, queued: &Queued, key: &Key) {
        match queued.place {
            Place::Active => _ = self.active.remove(&(queued.turn, key.clone())),
            Place::BackOff(end) => _ = self.backing_off.remove(&(end, queued.turn, key.clone())),
            Place::Unschedulable | Place::InFlight => {}
        }
    }

    /// The next pod to be tried.
    pub fn pop(&mut self) -> Option<Key> {
        let key = match self.active.pop_first() {
            Some((_, key)) => key,
            None => self.backing_off.pop_first()?.2,
        };
        self.pods.get_mut(&key)?.place = Place::InFlight;
        Some(key)
    }

    /// Whether a pod is to be tried.
    pub fn has_work(&self) -> bool {
        !self.active.is_empty() || !self.backing_off.is_empty()
    }

    /// A pod that was tried was rejected by these plugins, and waits for an event.
    pub fn reject(&mut self, key: &Key, rejectors: Vec<&'static str>, now: Moment) {
        let Some(queued) = self.pods.get_mut(key) else { return };
        self.came += 1;
        queued.place = Place::Unschedulable;
        queued.turn = (queued.turn.0, now, self.came);
        queued.rejections += u32::from(!rejectors.is_empty());
        queued.rejectors = rejectors;
    }

    /// Moves the pods that wait for an event and for which it `is_worth` trying again. It is told who rejected each.
    pub fn requeue(&mut self, now: Moment, is_worth: impl Fn(&Key, &[&'static str]) -> bool) {
        let waiting = self.pods.iter().filter(|(_, queued)| queued.place == Place::Unschedulable);
        let moved: Vec<Key> = waiting.filter(|(key, queued)| is_worth(key, &queued.rejectors)).map(|(key, _)| key.clone()).collect();
        moved.into_iter().for_each(|key| self.activate(key, now));
    }

    fn activate(&mut self, key: Key, now: Moment) {
        let Some(queued) = self.pods.get_mut(&key) else { return };
        let end = queued.turn.1 + back_off(queued.rejections).min(self.longest_back_off);
        if end > now {
            let end = end.milliseconds().div_euclid(WINDOW_MILLISECONDS);
            queued.place = Place::BackOff(end);
            self.backing_off.insert((end, queued.turn, key));
        } else {
            queued.place = Place::Active;
            self.active.insert((queued.turn, key));
        }
    }

    /// When pods are next tried because they waited for too long.
    pub fn next_flush(&self) -> Option<Moment> {
        let waiting = self.pods.values().filter(|queued| queued.place == Place::Unschedulable);
        let earliest = waiting.map(|queued| queued.turn.1 + LONGEST_WAIT).min()?;
        let next = earliest.milliseconds().div_euclid(FLUSH_MILLISECONDS) + 1;
        Some(Moment::from_milliseconds(next * FLUSH_MILLISECONDS))
    }

    /// Lets those be tried that have waited for too long.
    pub fn flush(&mut self, now: Moment) {
        let is_old = |queued: &Queued| queued.place == Place::Unschedulable && queued.turn.1 + LONGEST_WAIT < now;
        let old: Vec<Key> = self.pods.iter().filter(|(_, queued)| is_old(queued)).map(|(key, _)| key.clone()).collect();
        old.into_iter().for_each(|key| self.activate(key, now));
    }
}

fn back_off(rejections: u32) -> Duration {
    let Some(further) = rejections.checked_sub(1) else { return Duration::ZERO };
    2u32.checked_pow(further).and_then(|factor| FIRST_BACK_OFF.checked_mul(factor)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("default", name)
    }

    fn order(queue: &mut SchedulingQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop()).map(|key| key.name).collect()
    }

    #[test]
    fn pods_are_tried_by_priority_then_age_and_those_that_back_off_come_last() {
        let (start, mut queue) = (Moment::from_milliseconds(0), SchedulingQueue::default());
        for (name, priority) in [("old", 0), ("high", 9), ("young", 0)] {
            queue.add(key(name), priority, start);
        }
        assert_eq!(order(&mut queue), ["high", "old", "young"]);
        queue.reject(&key("high"), vec!["NodeResourcesFit"], start);
        queue.reject(&key("old"), vec!["TaintToleration"], start);
        queue.requeue(start, |_, rejectors| rejectors == ["NodeResourcesFit"]);
        queue.add(key("new"), -5, start);
        assert_eq!(order(&mut queue), ["new", "high"], "a pod that backs off waits for those that do not");
        assert!(!queue.has_work());
    }

    #[test]
    fn back_offs_end_and_long_waits_do_too() {
        let mut queue = SchedulingQueue::default();
        let at = |seconds: i64| Moment::from_milliseconds(seconds * 1000);
        queue.add(key("low"), 0, at(0));
        queue.add(key("high"), 9, at(0));
        assert_eq!(order(&mut queue), ["high", "low"]);
        queue.reject(&key("low"), vec!["NodePorts"], at(0));
        queue.reject(&key("high"), vec!["NodePorts"], at(4));
        queue.requeue(at(4), |_, _| true);
        assert_eq!(order(&mut queue), ["low", "high"], "the first's back-off is over");
        queue.reject(&key("low"), vec!["NodePorts"], at(5));
        assert_eq!(queue.next_flush(), Some(at(330)));
        queue.flush(at(305));
        assert!(!queue.has_work());
        queue.flush(at(330));
        assert_eq!(order(&mut queue), ["low"]);
    }
}
