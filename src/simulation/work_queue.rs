//! What waits to be synced: keys in the order in which they came, timers, and back-off after failures.
//!
//! A key waits at most once, and has one timer at most: of two, the earlier. After a failure it comes back after 5 ms, twice as
//! long with every failure in a row, at most 1000 s; a success starts that anew. A key that fails at every change thus comes to
//! wait for long, even if what it needs is soon there.
//!
//! Source: k8s.io/client-go/util/workqueue/default_rate_limiters.go DefaultTypedControllerRateLimiter, delaying_queue.go
//! insert, v1.36.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::controllers::world::{Key, Moment};

/// A key of a control loop, by the loop's row.
pub(super) type Item = (usize, Key);

const FIRST_BACK_OFF: Duration = Duration::from_millis(5);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1000);

/// What waits to be synced.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkQueue {
    waiting: VecDeque<Item>,
    in_line: FxHashSet<Item>,
    timers: BTreeMap<(Moment, u64), Item>,
    timer_of: FxHashMap<Item, (Moment, u64)>,
    set: u64,
    failures: FxHashMap<Item, u32>,
}

impl WorkQueue {
    /// Puts a key in line, unless it is there.
    pub fn add(&mut self, item: Item) {
        if self.in_line.insert(item.clone()) {
            self.waiting.push_back(item);
        }
    }

    /// The next key.
    pub fn pop(&mut self) -> Option<Item> {
        let item = self.waiting.pop_front()?;
        self.in_line.remove(&item);
        Some(item)
    }

    /// Puts a key in line at a later time, unless it comes in line before that anyway.
    pub fn add_at(&mut self, moment: Moment, item: Item) {
        if let Some(timer) = self.timer_of.get(&item) {
            if timer.0 <= moment {
                return;
            }
            self.timers.remove(timer);
        }
        self.set += 1;
        self.timers.insert((moment, self.set), item.clone());
        self.timer_of.insert(item, (moment, self.set));
    }

    /// Puts a key in line after its back-off.
    pub fn add_after_failure(&mut self, now: Moment, item: Item) {
        let failures = self.failures.entry(item.clone()).or_default();
        let back_off = 2u32.checked_pow(*failures).and_then(|factor| FIRST_BACK_OFF.checked_mul(factor)).unwrap_or(LONGEST_BACK_OFF);
        *failures += 1;
        self.add_at(now + back_off.min(LONGEST_BACK_OFF), item);
    }

    /// A key's sync went well.
    pub fn forget_failures(&mut self, item: &Item) {
        self.failures.remove(item);
    }

    /// When the next timer rings.
    pub fn next_timer(&self) -> Option<Moment> {
        self.timers.keys().next().map(|(moment, _)| *moment)
    }

    /// Puts in line all keys whose time has come.
    pub fn ring(&mut self, now: Moment) {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let item = entry.remove();
            self.timer_of.remove(&item);
            self.add(item);
        }
    }
}
