//! Pods that are not what they seem: they hold nothing, or hold what nobody sees; counted and named so that no sum surprises.
//!
//! A new sort: a row in [`SORTS`].

use super::context::Context;
use super::schedule::Aside;
use crate::cluster::Standing;
use crate::cluster::index::PodId;

struct Sort {
    what: &'static str,
    consequence: &'static str,
    is: fn(&Context<'_>, PodId) -> bool,
}

const SORTS: &[Sort] = &[
    Sort {
        what: "bound to nodes that are not in the input",
        consequence: "they hold nothing here, and are not placed anew",
        is: |context, pod| context.cluster.pod(pod).standing == Standing::Orphaned,
    },
    Sort {
        what: "being deleted before they had a node",
        consequence: "the scheduler passes them over",
        is: |context, pod| context.cluster.pod(pod).standing == Standing::PendingDeletion,
    },
    Sort {
        what: "being deleted",
        consequence: "they hold their node until they are gone",
        is: |context, pod| matches!(context.cluster.pod(pod).standing, Standing::Bound(_)) && context.written(pod).is_terminating(),
    },
    Sort {
        what: "using dynamic resource claims",
        consequence: "claims are not modelled yet: only the rest of what they ask for is looked at",
        is: |context, pod| context.cluster.pod(pod).standing != Standing::Ended && context.cluster.class_of(pod).resource_claims > 0,
    },
    Sort {
        what: "static",
        consequence: "their kubelet runs them: they hold their node and no scheduler moves them",
        is: |context, pod| {
            let owners = &context.written(pod).metadata.owner_references;
            context.cluster.pod(pod).standing != Standing::Ended && owners.iter().any(|owner| owner.kind == "Node")
        },
    },
    Sort {
        what: "of DaemonSets on nodes",
        consequence: "they belong to their node and hold what they ask for",
        is: |context, pod| {
            let bound = matches!(context.cluster.pod(pod).standing, Standing::Bound(_));
            bound && context.written(pod).metadata.controller().is_some_and(|owner| owner.kind == "DaemonSet")
        },
    },
    Sort {
        what: "ended (Succeeded or Failed)",
        consequence: "they hold nothing",
        is: |context, pod| context.cluster.pod(pod).standing == Standing::Ended,
    },
];

/// The pods of each sort, of those that are shown.
pub fn asides(context: &Context<'_>, shown: &[PodId]) -> Vec<Aside> {
    let aside = |sort: &Sort| {
        let pods: Vec<String> = shown.iter().filter(|&&pod| (sort.is)(context, pod)).map(|&pod| context.pod(pod)).collect();
        (!pods.is_empty()).then(|| Aside { what: sort.what.to_owned(), consequence: sort.consequence.to_owned(), pods })
    };
    SORTS.iter().filter_map(aside).collect()
}
