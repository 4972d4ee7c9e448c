//! Family `pdb`: what disruption budgets allow, and what the Eviction API answers.

use serde_json::Value;

use super::Recording;
use super::cluster::Cluster;
use super::snapshot::snapshot;

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    Cluster::new(recording)?.play(recording, snapshot).map(Value::Object)
}
