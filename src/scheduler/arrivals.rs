//! The order in which pods arrive where nothing orders them.
//!
//! The scheduler's queue knows priority and time; pods of one priority that come at the same time come in any order: controllers
//! work side by side, and each makes its pods in parallel. What is ordered stays so: pods that were created at different times, and pods
//! that a StatefulSet makes one after another.
//!
//! Source: k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort/priority_sort.go and pkg/controller/controller_utils.go
//! (slowStartBatch), v1.36.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::cluster::Cluster;
use crate::cluster::index::{PodId, TextId};

/// In which order pods arrive that come at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrivals {
    /// As they are listed.
    #[default]
    Listed,
    /// In any order, from this seed.
    Random(u64),
}

/// Puts those in order that arrive at the same time, again and again.
#[derive(Debug, Clone)]
pub struct ArrivalOrder(Option<Box<ChaCha8Rng>>);

/// The stream of a seed that orders are drawn from; ties are drawn from the first.
const STREAM: u64 = 1;

impl ArrivalOrder {
    /// For a way to arrive.
    pub fn new(arrivals: Arrivals) -> Self {
        let random = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(STREAM);
            Box::new(random)
        };
        match arrivals {
            Arrivals::Listed => ArrivalOrder(None),
            Arrivals::Random(seed) => ArrivalOrder(Some(random(seed))),
        }
    }

    /// Puts those that arrive together in order. `pod` says which pod each of them is.
    pub fn arrange<T: Copy>(&mut self, cluster: &Cluster, together: &mut [T], pod: impl Fn(T) -> PodId) {
        let Some(random) = &mut self.0 else { return };
        together.shuffle(random);
        let mut sequences: BTreeMap<(TextId, TextId), Vec<usize>> = BTreeMap::new();
        for (place, &each) in together.iter().enumerate() {
            let row = cluster.pod(pod(each));
            if let Some(sequence) = row.sequence {
                sequences.entry((row.namespace, sequence)).or_default().push(place);
            }
        }
        // the places of a sequence are any, and its pods take them by their ordinals
        for places in sequences.into_values() {
            let mut members: Vec<T> = places.iter().map(|&place| together[place]).collect();
            members.sort_by_key(|&each| ordinal(cluster.pod_name(pod(each)).name));
            places.into_iter().zip(members).for_each(|(place, member)| together[place] = member);
        }
    }
}

/// The number at the end of a StatefulSet's pod's name.
fn ordinal(name: &str) -> u64 {
    name.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}
