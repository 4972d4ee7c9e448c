//! Family `quota`: what ResourceQuotas refuse, to people and to controllers, and what they count.

use serde_json::Value;

use super::Recording;
use super::cluster::Cluster;
use super::snapshot::{failures, snapshot};

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let mut facts = cluster.begin(recording, snapshot)?;
    facts.insert("failures".to_owned(), failures(&cluster.plane));
    if cluster.go_on(recording, snapshot, &mut facts)? {
        facts.insert("failuresAfter".to_owned(), failures(&cluster.plane));
    }
    Ok(Value::Object(facts))
}
