//! Which pods of a Job go first when there are too many.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_utils.go ActivePods, v1.36.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::controllers::availability::{is_ready, ready_since};
use crate::controllers::world::Moment;
use crate::manifest::pod::Pod;

/// Sorts pods, those to be deleted first in front: unassigned before assigned, pending before running, unready before ready, ready for
/// a short time before ready for long, often restarted before seldom, young before old.
pub(super) fn sort(pods: &mut [Arc<Pod>]) {
    pods.sort_by_key(|pod| {
        let phase = match pod.status.phase.as_str() {
            "Running" => 2,
            "Unknown" => 1,
            _ => 0,
        };
        let created = pod.metadata.creation_timestamp.as_deref().and_then(Moment::parse);
        // a pod that does not say since when counts as the youngest
        let ready = (is_ready(pod), Reverse(ready_since(pod).map_or(i64::MAX, Moment::milliseconds)));
        let age = Reverse(created.map_or(i64::MAX, Moment::milliseconds));
        (!pod.spec.node_name.is_empty(), phase, ready, Reverse(restarts(pod)), age)
    });
}

fn restarts(pod: &Pod) -> i32 {
    pod.status.container_statuses.iter().map(|container| container.restart_count).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_least_goes_first() {
        let texts = [
            "{metadata: {name: ready}, spec: {nodeName: n}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}",
            "{metadata: {name: unready}, spec: {nodeName: n}, status: {phase: Running}}",
            "{metadata: {name: unbound}, status: {phase: Pending}}",
            "{metadata: {name: starting}, spec: {nodeName: n}, status: {phase: Pending}}",
        ];
        let mut pods = texts.map(|text| Arc::new(serde_saphyr::from_str::<Pod>(text).expect("the test's pod can be read")));
        sort(&mut pods);
        let names: Vec<&str> = pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(names, ["unbound", "starting", "unready", "ready"]);
    }
}
