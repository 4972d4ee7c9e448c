//! Nodes that wait for their `NoExecute` taint, and how often one of them has its turn.
//!
//! A node is in the queue once, and is not queued again after its turn until it was taken out.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go, v1.36; a token bucket that holds one.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::controllers::world::Moment;

/// Nodes that wait, the one that came first in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvictionQueue {
    waiting: VecDeque<String>,
    known: BTreeSet<String>,
    /// Time from one turn to the next; none is never.
    interval: Option<Duration>,
    /// No turn before this.
    next: Moment,
}

impl EvictionQueue {
    /// An empty queue, whose first turn is at once.
    pub(super) fn new(interval: Duration, now: Moment) -> Self {
        EvictionQueue { waiting: VecDeque::new(), known: BTreeSet::new(), interval: Some(interval), next: now }
    }

    /// Puts a node in line, unless it is there or had its turn.
    pub(super) fn add(&mut self, node: &str) {
        if self.known.insert(node.to_owned()) {
            self.waiting.push_back(node.to_owned());
        }
    }

    /// Takes a node out of line, so that it may be put there again.
    pub(super) fn remove(&mut self, node: &str) {
        if self.known.remove(node) {
            self.waiting.retain(|waiting| waiting != node);
        }
    }

    /// The node whose turn it is, if it is time for one.
    pub(super) fn turn(&mut self, now: Moment) -> Option<String> {
        let interval = self.interval.filter(|_| self.next <= now && !self.waiting.is_empty())?;
        self.next = now + interval;
        self.waiting.pop_front()
    }

    /// When it is the next node's turn.
    pub(super) fn next_turn(&self) -> Option<Moment> {
        (self.interval.is_some() && !self.waiting.is_empty()).then_some(self.next)
    }

    /// Changes how often there is a turn. If one is being waited for, the wait begins anew.
    pub(super) fn set_interval(&mut self, interval: Option<Duration>, now: Moment) {
        if self.interval == interval {
            return;
        }
        let is_waiting = self.interval.is_none() || self.next > now;
        self.next = interval.filter(|_| is_waiting).map_or(now, |interval| now + interval);
        self.interval = interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_has_its_turn_at_a_time() {
        let start = Moment::from_milliseconds(0);
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut queue = EvictionQueue::new(Duration::from_secs(10), start);
        ["a", "b", "c", "a"].iter().for_each(|node| queue.add(node));
        assert_eq!((queue.turn(start).as_deref(), queue.turn(at(9))), (Some("a"), None));
        assert_eq!(queue.next_turn(), Some(at(10)));
        queue.add("a");
        queue.remove("b");
        assert_eq!((queue.turn(at(10)).as_deref(), queue.next_turn()), (Some("c"), None));
        queue.add("b");
        queue.set_interval(None, at(11));
        assert_eq!((queue.turn(at(60)), queue.next_turn()), (None, None));
        queue.set_interval(Some(Duration::from_secs(100)), at(60));
        assert_eq!(queue.next_turn(), Some(at(160)));
    }
}
