//! A pod is larger than every node that it may go to, even with nothing on them.
//!
//! It stays Pending for good: no pod that ends, and none that is evicted, makes enough room for it. Nodes are taken as they are once the pods
//! that belong to them (DaemonSets, static pods) run, for these are always there. Only nodes that the pod's selectors, affinity,
//! tolerations and volumes allow are looked at. Without nodes in the input it is not asked.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {template: {spec: {containers: [{name: db, resources: {requests: {memory: 64Gi}}}]}}}   # nodes have 32Gi
//! ```
//!
//! # Instead
//!
//! Ask for less, split the work into more and smaller pods, or buy nodes that are large enough (`plimsoll size` says which).
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/noderesources/fit.go, v1.36: `Insufficient cpu` and the like are the scheduler's own words.

use super::{each_of, pending, sentence};
use crate::check::amount::distinct;
use crate::check::obstacle::{Cause, Obstacle};
use crate::check::sight::Sight;
use crate::check::{Findings, Subject, Workload};
use crate::cluster::resources::PODS;
use crate::manifest::field::FieldPath;
use crate::scheduler::plugins::node_resources_fit::{Insufficient, insufficient};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::TooLarge, |obstacle, workload, sight| {
        let Some(nearest) = Nearest::of(sight, obstacle) else { return };
        let Some(first) = nearest.lacking.first() else { return };
        let resource = sight.cluster().resources.name(first.resource);
        let message = format!("{}: larger than {} it may go to, even with nothing else there", pending(obstacle, workload), each_of(&obstacle.nodes));
        let finding = findings.on_pods_of(workload, path(workload, resource), message);
        finding.because(nearest.words(sight));
        finding.because(sentence(obstacle));
        finding.help("ask for less, make more and smaller pods, or buy larger nodes: `plimsoll size` says which");
    });
}

/// The node that comes nearest to taking a pod.
struct Nearest {
    node: String,
    lacking: Vec<Insufficient>,
}

impl Nearest {
    fn of(sight: &Sight<'_>, obstacle: &Obstacle) -> Option<Self> {
        let cycle = sight.cleared(obstacle.first)?;
        let cluster = sight.cluster();
        let lacking = |node| insufficient(cluster, cycle.occupancy, cycle.class, &cycle.profile.ignored_resources, node);
        // how many times of what there is is asked for, in thousandths: whole numbers order alike everywhere
        let excess = |one: &Insufficient| i128::from(one.requested) * 1000 / i128::from(one.free().max(1));
        let worst = |lacking: &[Insufficient]| lacking.iter().map(excess).max().unwrap_or(0);
        let all = obstacle.nodes.iter().map(|node| (node, lacking(node)));
        let (node, lacking) = all.min_by_key(|(node, lacking)| (lacking.len(), worst(lacking), node.index()))?;
        let mut lacking = lacking.to_vec();
        lacking.sort_by_key(|one| std::cmp::Reverse(excess(one)));
        Some(Nearest { node: cluster.node_name(node).to_owned(), lacking })
    }

    fn words(&self, sight: &Sight<'_>) -> String {
        let word = |lacking: &Insufficient| {
            let name = sight.cluster().resources.name(lacking.resource);
            let (asked, free) = distinct(name, lacking.requested, lacking.free());
            let beside = match lacking.used {
                0 => String::new(),
                used => format!(", {} being held by DaemonSets and static pods", distinct(name, used, lacking.allocatable).0),
            };
            match lacking.resource {
                PODS => format!("Too many pods: it takes {}{beside}", lacking.allocatable),
                _ => format!("Insufficient {name}: {asked} asked for, {free} there{beside}"),
            }
        };
        let words: Vec<String> = self.lacking.iter().map(word).collect();
        format!("node {} comes nearest: {}", self.node, words.join("; "))
    }
}

/// The request that is too large: of the container that asks for most.
fn path(workload: &Workload<'_>, resource: &str) -> FieldPath {
    let asked = |container: &crate::manifest::pod::Container| container.resources.requests.get(resource).copied();
    let containers = workload.spec.containers.iter().enumerate();
    // of equals the first
    let most = containers.rev().filter_map(|(place, container)| Some((asked(container)?, place))).max_by_key(|(asked, _)| *asked);
    match most {
        Some((_, place)) => FieldPath::from("containers").index(place).join("resources.requests").key(resource),
        None => FieldPath::from("containers[0].resources"),
    }
}
