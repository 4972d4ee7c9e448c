//! Whether something the server has stored is what was written, once the server's own additions are left out of account.
//!
//! A dump holds templates with defaults filled in, a manifest does not. Here is only what concerns modelled fields.
//!
//! Source: the defaulting functions of k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, v1.36.

use serde::Serialize;
use serde_json::Value;

/// Fields that the server or `kubectl` adds where nothing was written.
const ADDED: &[&str] = &[
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "schedulerName",
    "protocol",
    "hostPort",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
    "volumeMode",
    "pod-template-hash",
    "kubectl.kubernetes.io/restartedAt",
];

/// Whether `stored` is what the server makes of `written`: the same, but for fields that it adds.
pub fn is_completion_of<T: Serialize>(stored: &T, written: &T) -> bool {
    agree(&json(written), &json(stored), Extra::OnlyAdded)
}

/// Whether `stored` says all that `written` says; it may say more.
pub fn says_all_of<T: Serialize>(stored: &T, written: &T) -> bool {
    agree(&json(written), &json(stored), Extra::Any)
}

/// What a stored object may say beyond the written one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extra {
    OnlyAdded,
    Any,
}

fn json<T: Serialize>(object: &T) -> Value {
    // by way of text, which every kind can be written as anyway
    serde_json::to_string(object).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn agree(written: &Value, stored: &Value, extra: Extra) -> bool {
    match (written, stored) {
        (Value::Object(wanted), Value::Object(had)) => {
            let is_expected = |(key, value): (&String, &Value)| {
                wanted.contains_key(key) || extra == Extra::Any || ADDED.contains(&key.as_str()) || is_copied_limit(wanted, key, value)
            };
            let is_kept = |(key, value): (&String, &Value)| match (key.as_str(), had.get(key)) {
                // requests that are not written are copied from limits one by one
                ("requests", Some(requests)) => {
                    agree(value, requests, Extra::Any)
                        && requests.as_object().is_none_or(|requests| {
                            requests
                                .iter()
                                .all(|(name, amount)| value.get(name).is_some() || extra == Extra::Any || is_limit(wanted, name, amount))
                        })
                }
                (_, had) => had.is_some_and(|had| agree(value, had, extra)),
            };
            wanted.iter().all(is_kept) && had.iter().all(is_expected)
        }
        (Value::Array(wanted), Value::Array(had)) => {
            let is_there = |wanted: &Value| had.iter().any(|had| agree(wanted, had, extra));
            match extra {
                Extra::Any => wanted.iter().all(is_there),
                Extra::OnlyAdded => wanted.len() == had.len() && wanted.iter().zip(had).all(|(wanted, had)| agree(wanted, had, extra)),
            }
        }
        _ => written == stored,
    }
}

/// Whether a field is `requests`, copied from the `limits` beside it.
fn is_copied_limit(resources: &serde_json::Map<String, Value>, key: &str, requests: &Value) -> bool {
    let copied = |requests: &serde_json::Map<String, Value>| requests.iter().all(|(name, amount)| is_limit(resources, name, amount));
    key == "requests" && requests.as_object().is_some_and(copied)
}

fn is_limit(resources: &serde_json::Map<String, Value>, name: &str, amount: &Value) -> bool {
    resources.get("limits").and_then(|limits| limits.get(name)) == Some(amount)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_no_difference() {
        let written = json!({"containers": [{"name": "c", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1"}}}]});
        let stored = json!({"containers": [{"name": "c", "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}], "restartPolicy": "Always"});
        assert!(is_completion_of(&stored, &written));
    }

    #[test]
    fn what_was_taken_out_is_a_difference() {
        let (written, stored) = (json!({"containers": []}), json!({"containers": [], "nodeSelector": {"disk": "ssd"}}));
        assert!(!is_completion_of(&stored, &written));
        assert!(says_all_of(&stored, &written));
        assert!(!says_all_of(&written, &stored));
    }
}
