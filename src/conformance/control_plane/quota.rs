//! Family `quota`: what ResourceQuotas refuse, to people and to controllers, and what they count.

use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::Cluster;
use super::snapshot::{failures, snapshot};

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let mut facts = Map::new();
    facts.insert("rejected".to_owned(), rejected(cluster.apply(&recording.input["objects"])?));
    cluster.plane.settle();
    facts.insert("initial".to_owned(), snapshot(&cluster));
    facts.insert("failures".to_owned(), failures(&cluster.plane));
    let actions = &recording.input["actions"];
    if actions.as_array().is_some_and(|actions| !actions.is_empty()) {
        facts.insert("steps".to_owned(), json!(cluster.steps(actions, snapshot)?));
        facts.insert("failuresAfter".to_owned(), failures(&cluster.plane));
    }
    Ok(Value::Object(facts))
}

/// Those of the applied objects that were refused.
pub(super) fn rejected(applied: Vec<Value>) -> Value {
    applied.into_iter().filter(|answer| answer["code"] != json!(201)).collect()
}
