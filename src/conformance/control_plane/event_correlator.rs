//! Which events a cluster gets to see as new: one that occurred before is counted, not written again; when one reason comes with
//! too many different messages they are combined; and one object may not talk without end.
//!
//! Source: k8s.io/client-go/tools/record/events_cache.go EventCorrelator with its defaults, v1.36.

use std::collections::BTreeSet;

use crate::controllers::horizontal_pod_autoscaler::{Event, Milliseconds};

/// So many different messages of one reason, and they are combined.
const MAX_SIMILAR: usize = 10;
/// Unless there was so long a pause.
const SIMILAR_INTERVAL: Milliseconds = 600_000;
/// So many events an object may have at once.
const BURST: f64 = 25.0;
/// And then one in so much time.
const REFILL: f64 = 300_000.0;

/// What is remembered of the events of one object.
pub(super) struct Correlator {
    written: BTreeSet<(String, String)>,
    similar: Vec<Similar>,
    tokens: f64,
    refilled: Milliseconds,
}

struct Similar {
    reason: String,
    messages: BTreeSet<String>,
    last: Milliseconds,
}

impl Default for Correlator {
    fn default() -> Self {
        Correlator { written: BTreeSet::new(), similar: Vec::new(), tokens: BURST, refilled: 0 }
    }
}

impl Correlator {
    /// The events that are written as new.
    pub fn observe(&mut self, events: Vec<Event>, now: Milliseconds) -> Vec<Event> {
        events.into_iter().filter_map(|event| self.observe_one(event, now)).collect()
    }

    fn observe_one(&mut self, event: Event, now: Milliseconds) -> Option<Event> {
        let combined = self.is_one_of_many(&event, now);
        let message = if combined { format!("(combined from similar events): {}", event.message) } else { event.message };
        let key = (event.reason.clone(), if combined { String::new() } else { message.clone() });
        let is_new = self.written.insert(key);
        self.tokens = (self.tokens + (now - self.refilled) as f64 / REFILL).min(BURST);
        self.refilled = now;
        if self.tokens < 1.0 {
            return None;
        }
        self.tokens -= 1.0;
        is_new.then_some(Event { message, ..event })
    }

    fn is_one_of_many(&mut self, event: &Event, now: Milliseconds) -> bool {
        let position = self.similar.iter().position(|similar| similar.reason == event.reason).unwrap_or_else(|| {
            self.similar.push(Similar { reason: event.reason.clone(), messages: BTreeSet::new(), last: now });
            self.similar.len() - 1
        });
        let similar = &mut self.similar[position];
        if now - similar.last > SIMILAR_INTERVAL {
            similar.messages.clear();
        }
        similar.last = now;
        similar.messages.insert(event.message.clone());
        if similar.messages.len() < MAX_SIMILAR {
            return false;
        }
        // upstream forgets any of them; which one makes no difference to what is written as new
        similar.messages.pop_first();
        true
    }
}
