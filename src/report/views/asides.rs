//! Pods that are not what they seem: they hold nothing, or hold what nobody sees; counted and named so that no sum surprises.
//!
//! A new sort: a row in `SORTS`.

use super::context::Context;
use super::schedule::Aside;
use crate::cluster::Standing;
use crate::cluster::index::PodId;
use crate::cluster::resources::{CPU, MEMORY};

struct Sort {
    what: &'static str,
    consequence: &'static str,
    ordinary: bool,
    is: fn(&Context<'_>, PodId) -> bool,
}

const SORTS: &[Sort] = &[
    Sort {
        what: "bound to nodes that are not in the input",
        consequence: "they hold nothing here and are not placed anew",
        ordinary: false,
        is: |context, pod| context.cluster.pod(pod).standing == Standing::Orphaned,
    },
    Sort {
        what: "tied to dynamic resource claims",
        consequence: "claims are not modelled yet, so only the rest of what these pods ask for is looked at",
        ordinary: false,
        is: |context, pod| context.cluster.pod(pod).standing != Standing::Ended && context.cluster.class_of(pod).resource_claims > 0,
    },
    Sort {
        what: "about to be deleted and never had a node",
        consequence: "the scheduler passes them over",
        ordinary: false,
        is: |context, pod| context.cluster.pod(pod).standing == Standing::PendingDeletion,
    },
    Sort {
        what: "being deleted",
        consequence: "they hold their node until they are gone",
        ordinary: false,
        is: |context, pod| is_bound(context, pod) && context.written(pod).is_terminating(),
    },
    Sort {
        what: "without requests for cpu and memory",
        consequence: "the scheduler counts them as nothing, so nodes are fuller than they look here",
        ordinary: false,
        is: |context, pod| {
            let requests = &context.cluster.class_of(pod).requests;
            is_bound(context, pod) && requests.get(CPU) == 0 && requests.get(MEMORY) == 0
        },
    },
    Sort {
        what: "static",
        consequence: "their kubelet runs them: they hold their node and no scheduler moves them",
        ordinary: true,
        is: |context, pod| {
            is_bound(context, pod) && context.written(pod).metadata.owner_references.iter().any(|owner| owner.kind == "Node")
        },
    },
    Sort {
        what: "of DaemonSets",
        consequence: "they belong to their nodes",
        ordinary: true,
        is: |context, pod| {
            is_bound(context, pod) && context.written(pod).metadata.controller().is_some_and(|owner| owner.kind == "DaemonSet")
        },
    },
    Sort {
        what: "finished (Succeeded or Failed)",
        consequence: "they hold nothing",
        ordinary: true,
        is: |context, pod| context.cluster.pod(pod).standing == Standing::Ended,
    },
];

fn is_bound(context: &Context<'_>, pod: PodId) -> bool {
    matches!(context.cluster.pod(pod).standing, Standing::Bound(_))
}

/// The pods of each sort, of those that are shown.
pub fn asides(context: &Context<'_>, shown: &[PodId]) -> Vec<Aside> {
    let aside = |sort: &Sort| {
        let pods: Vec<String> = shown.iter().filter(|&&pod| (sort.is)(context, pod)).map(|&pod| context.pod(pod)).collect();
        let (what, consequence) = (sort.what.to_owned(), sort.consequence.to_owned());
        (!pods.is_empty()).then_some(Aside { what, consequence, ordinary: sort.ordinary, pods })
    };
    SORTS.iter().filter_map(aside).collect()
}
