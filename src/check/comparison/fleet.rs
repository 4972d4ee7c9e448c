//! The nodes of an input: how many, of which types, what is requested of them, what they cost.

use std::collections::BTreeMap;

use crate::catalogue::Cost;
use crate::check::subject::Subject;
use crate::manifest::node::Node;
use crate::simulation::Picture;
use crate::simulation::difference::Use;

/// The nodes of an input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// How many there are.
    pub nodes: usize,
    /// How many of each instance type; those that do not say theirs under an empty name.
    pub types: BTreeMap<String, usize>,
    /// What is requested of all of them together, by resource.
    pub resources: BTreeMap<String, Use>,
    /// How full the fullest node is of cpu and of memory, in millionths, and which it is.
    pub fullest: [Option<(String, i64)>; 2],
    /// What they cost an hour, if a catalogue says what nodes cost.
    pub cost: Option<Cost>,
}

impl Fleet {
    /// Of an input whose pods are where a picture has them.
    pub(super) fn of(subject: &Subject<'_>, picture: &Picture) -> Self {
        let nodes = &subject.objects.nodes;
        let mut fleet = Fleet { nodes: nodes.len(), ..Fleet::default() };
        nodes.iter().for_each(|node| *fleet.types.entry(type_of(node).to_owned()).or_default() += 1);
        for (resource, used) in picture.nodes.values().flatten() {
            let sum = fleet.resources.entry(resource.clone()).or_default();
            sum.requested = sum.requested.saturating_add(used.requested);
            sum.allocatable = sum.allocatable.saturating_add(used.allocatable);
        }
        fleet.fullest = ["cpu", "memory"].map(|resource| fullest(picture, resource));
        fleet.cost = subject.question.catalogue.map(|catalogue| catalogue.cost_of(nodes));
        fleet
    }
}

fn type_of(node: &Node) -> &str {
    let label = |key: &str| node.metadata.labels.get(key).map(String::as_str);
    label("node.kubernetes.io/instance-type").or_else(|| label("beta.kubernetes.io/instance-type")).unwrap_or_default()
}

/// Of equals the first by name.
fn fullest(picture: &Picture, resource: &str) -> Option<(String, i64)> {
    let share = |used: &Use| i64::try_from(i128::from(used.requested) * 1_000_000 / i128::from(used.allocatable)).unwrap_or(i64::MAX);
    let shares = picture.nodes.iter().filter_map(|(node, uses)| {
        let used = uses.get(resource).filter(|used| used.allocatable > 0)?;
        Some((node.clone(), share(used)))
    });
    shares.reduce(|fullest, next| if next.1 > fullest.1 { next } else { fullest })
}
