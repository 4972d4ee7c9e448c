//! The plain way: a pod for every node that should run one and has none.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go manage, v1.36.

use rustc_hash::FxHashSet;

use super::node_match::should_run;
use super::pods::{daemon_template, pin, target_node};
use crate::controllers::ledger::{Ledger, from_template};
use crate::controllers::names::template_hash;
use crate::controllers::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::manifest::workload::DaemonSet;

/// Makes the pods of every node that should run one and has none.
pub(in crate::controllers) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    for set in &mut objects.daemon_sets {
        identify("DaemonSet", &mut set.metadata);
        if set.metadata.deletion_timestamp.is_none() {
            make_pods(set, &objects.nodes, ledger);
        }
    }
}

fn make_pods(set: &DaemonSet, nodes: &[Node], ledger: &mut Ledger<'_>) {
    let owner = Owner { api_version: "apps/v1", kind: "DaemonSet", metadata: &set.metadata };
    let claimed = ledger.claim(&owner, set.spec.selector.as_ref());
    let pods = ledger.pods;
    let served: FxHashSet<&str> =
        claimed.iter().map(|&position| &pods[position]).filter(|pod| !pod.is_terminal()).filter_map(target_node).collect();
    let template = daemon_template(set, &template_hash(&set.spec.template), set.metadata.generation.unwrap_or(1));
    let missing: Vec<&Node> =
        nodes.iter().filter(|node| !served.contains(node.metadata.name.as_str()) && should_run(&template.spec, node)).collect();
    let prefix = format!("{}-", set.metadata.name);
    let names: Vec<String> = ledger.free_names(&prefix, &claimed).take(missing.len()).collect();
    for (node, name) in missing.into_iter().zip(names) {
        let mut pod = from_template(&template, &owner, name);
        pod.metadata.generate_name = prefix.clone();
        pin(&mut pod.spec, &node.metadata.name);
        ledger.make(pod);
    }
}
