//! What the real control plane leaves to chance, or to what it did before a recording began.
//!
//! The facts of a recording are those that came out the same in two or three runs; but runs may have been lucky alike, or have begun
//! alike. Two things decide where pods go and are in no recording:
//!
//! - where in its list of nodes the scheduler begins to search. Pods of DaemonSets move that on (`scheduler::ties`), those that the
//!   scheduler saw before the recording among them. Every shared recording agrees with a scheduler that begins with the second node,
//!   and five of them with few others; why it did is not known.
//! - with which nodes the controller of a DaemonSet begins, when a quota does not let it make all its pods: it goes through a Go map.
//!
//! A recording agrees if one of these outcomes has all of its facts.

use std::collections::BTreeSet;

use super::Recording;

/// One of the outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chance {
    /// Where in the list of nodes the scheduler's first search begins.
    pub search_start: usize,
    /// With which nodes DaemonSets begin.
    pub daemons_begin_with: BTreeSet<String>,
}

impl Chance {
    /// All outcomes for a recording, the likeliest first. Where pods go matters only in the families that say it.
    pub fn all(recording: &Recording) -> Vec<Chance> {
        if !["e2e", "drain"].contains(&recording.family.as_str()) {
            return vec![Chance::default()];
        }
        let objects = || recording.input["objects"].as_array().into_iter().flatten();
        let has_any = |kind: &str| objects().any(|object| object["kind"] == kind);
        let nodes: Vec<&str> =
            objects().filter(|object| object["kind"] == "Node").filter_map(|node| node["metadata"]["name"].as_str()).collect();
        let count = nodes.len().max(1);
        // of so few nodes as recordings have, every choice can be tried
        let choices = if has_any("DaemonSet") && has_any("ResourceQuota") { 1usize << count.min(8) } else { 1 };
        let begin = |choice: usize| {
            nodes.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1).map(|(_, name)| (*name).to_owned()).collect()
        };
        let row = |choice: usize| (1..=count).map(move |place| Chance { search_start: place % count, daemons_begin_with: begin(choice) });
        (0..choices).flat_map(row).collect()
    }
}
