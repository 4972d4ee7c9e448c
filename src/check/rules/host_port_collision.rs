//! Pods want a port of their node that is taken on every node that they may go to.
//!
//! A host port is there once a node. More replicas than nodes, or two workloads that want the same port on the same nodes, leave pods
//! Pending; and a rollout that starts new pods before old ones end never gets further.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 4, template: {spec: {containers: [{name: proxy, ports: [{containerPort: 80, hostPort: 80}]}]}}}    # on three nodes
//! ```
//!
//! # Instead
//!
//! Use a Service (of type NodePort or LoadBalancer) instead of a host port; run a DaemonSet where one on every node is meant; or choose
//! another port.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/nodeports/node_ports.go, v1.36: `node(s) didn't have free ports for the requested pod ports`.

use std::collections::BTreeMap;

use super::{each_of, pending, sentence};
use crate::check::obstacle::{Cause, Obstacle};
use crate::check::sight::Sight;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::HostPorts, |obstacle, workload, sight| {
        let class = sight.cluster().class_of(obstacle.first);
        let mut ports: Vec<i32> = class.host_ports.iter().map(|port| port.port).collect();
        ports.dedup();
        let ports = ports.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("{}: host port {ports} is taken on {} it could go to", pending(obstacle, workload), each_of(&obstacle.nodes));
        let finding = findings.on_pods_of(workload, path(workload), message);
        for (holder, count) in holders(subject, sight, obstacle) {
            let who = if holder == obstacle.workload { "pods of its own".to_owned() } else { subject.workloads[holder].object().to_string() };
            finding.because(format!("on {count} of them it is held by {who}"));
        }
        finding.because(sentence(obstacle));
        finding.help("use a Service instead of a host port, run a DaemonSet where one a node is meant, or choose another port");
    });
}

/// Who has the ports, and on how many nodes.
fn holders(subject: &Subject<'_>, sight: &Sight<'_>, obstacle: &Obstacle) -> BTreeMap<usize, usize> {
    let mut holders = BTreeMap::new();
    let Some(now) = sight.now(obstacle.first) else { return holders };
    let wanted = &now.class.host_ports;
    for node in obstacle.nodes.iter() {
        for &pod in now.occupancy.pods_on(node) {
            let theirs = &sight.cluster().class_of(pod).host_ports;
            let conflicts = theirs.iter().any(|port| wanted.iter().any(|own| own.conflicts(port)));
            if let (true, Some(workload)) = (conflicts, subject.workload_of(sight.cluster().pod(pod).object)) {
                *holders.entry(workload).or_default() += 1;
            }
        }
    }
    holders
}

fn path(workload: &Workload<'_>) -> FieldPath {
    let port = |container: &crate::manifest::pod::Container| container.ports.iter().position(|port| port.host_port != 0);
    let place = workload.spec.containers.iter().enumerate().find_map(|(place, container)| Some((place, port(container)?)));
    place.map_or_else(|| "containers[0].ports".into(), |(container, port)| FieldPath::from("containers").index(container).key("ports").index(port))
}
