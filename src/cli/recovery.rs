//! What manifests do not say about how a cluster recovers: arguments that `lose` and `plan` share.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::time;
use crate::planning::failover::{Assumptions, Means, Removal};

/// How long starts take, and who removes a dead node.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "How it is judged")]
pub struct RecoveryArguments {
    /// How long a pod takes from its binding until it is ready; without it 30 s, or what its probes say if that is longer
    #[arg(long, value_name = "DURATION", value_parser = time::duration)]
    start: Option<Duration>,

    /// When somebody removes a dead node, counted from the loss; without it nobody does, and pods of StatefulSets wait for ever
    #[arg(long, value_name = "DURATION", value_parser = time::duration)]
    removed_after: Option<Duration>,

    /// How a dead node is removed
    #[arg(long, value_enum, value_name = "MEANS", default_value = "delete-node", requires = "removed_after")]
    removed_by: RemovedBy,
}

/// How a dead node is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RemovedBy {
    /// its Node object is deleted, by a cloud's controller or by hand
    DeleteNode,
    /// it gets the taint node.kubernetes.io/out-of-service
    OutOfService,
    /// its pods are deleted by force
    ForceDelete,
}

impl RecoveryArguments {
    /// What timelines assume.
    pub fn assumptions(&self) -> Assumptions {
        let means = match self.removed_by {
            RemovedBy::DeleteNode => Means::DeleteNode,
            RemovedBy::OutOfService => Means::OutOfServiceTaint,
            RemovedBy::ForceDelete => Means::ForceDelete,
        };
        let removal = self.removed_after.map(|after| Removal { means, after });
        Assumptions { removal, start: self.start, ..Assumptions::default() }
    }
}
