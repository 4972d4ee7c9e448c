//! What a DaemonSet says about itself.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus, v1.36.

use std::time::Duration;

use super::node_match::should_run;
use super::sync::Rounds;
use crate::controllers::availability::{is_available, is_ready};
use crate::controllers::world::World;
use crate::manifest::workload::{DaemonSet, DaemonSetStatus};

impl Rounds {
    /// Writes the status. When to look again, if pods are ready but not yet available.
    pub fn write_status(&self, world: &mut dyn World) -> Option<Duration> {
        let status = self.status();
        let min_ready_seconds = self.set.spec.min_ready_seconds;
        let waits = min_ready_seconds > 0 && status.number_ready != status.number_available;
        world.store_mut().update::<DaemonSet>(&self.key, |set| set.status = status);
        waits.then(|| Duration::from_secs(min_ready_seconds.unsigned_abs().into()))
    }

    fn status(&self) -> DaemonSetStatus {
        let mut status = DaemonSetStatus { observed_generation: self.set.metadata.generation, ..DaemonSetStatus::default() };
        for node in &self.nodes {
            let oldest = self.pods.get(&node.metadata.name).and_then(|pods| pods.first());
            if !should_run(&self.spec, node) {
                status.number_misscheduled += i32::from(oldest.is_some());
                continue;
            }
            status.desired_number_scheduled += 1;
            let Some(pod) = oldest else { continue };
            status.current_number_scheduled += 1;
            status.number_ready += i32::from(is_ready(pod));
            status.number_available += i32::from(is_available(pod, self.set.spec.min_ready_seconds, self.now));
            status.updated_number_scheduled += i32::from(self.is_updated(pod));
        }
        status.number_unavailable = status.desired_number_scheduled - status.number_available;
        status
    }
}
