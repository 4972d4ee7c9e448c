//! Family `pdb`: what disruption budgets allow, and what the Eviction API answers.

use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::Cluster;
use super::quota::rejected;
use super::snapshot::snapshot;

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let mut facts = Map::new();
    facts.insert("rejected".to_owned(), rejected(cluster.apply(&recording.input["objects"])?));
    cluster.plane.settle();
    facts.insert("initial".to_owned(), snapshot(&cluster));
    let actions = &recording.input["actions"];
    if actions.as_array().is_some_and(|actions| !actions.is_empty()) {
        facts.insert("steps".to_owned(), json!(cluster.steps(actions, snapshot)?));
    }
    Ok(Value::Object(facts))
}
