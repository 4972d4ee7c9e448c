//! Compares the facts of a recording with ours.
//!
//! A fact that differed between runs of the real thing was taken out of the recording and is named in `unstable`: it is no
//! claim. Every other fact must be there and equal on both sides, so what we make up counts as a difference too. Only times that
//! real heartbeats decide, those below [`TIMED`], may differ by [`SECONDS`] seconds.

use serde_json::Value;

use super::{LeftOut, Recording};
use crate::conformance::{CaseResult, Difference, differences};

/// Compares our facts with those of a recording.
pub(super) fn result(recording: &Recording, ours: &Value, left_out: &[LeftOut]) -> CaseResult {
    let (mut expected, mut actual) = (recording.expect.clone(), ours.clone());
    for row in left_out.iter().filter(|row| row.families.contains(&recording.family.as_str())) {
        let pattern: Vec<&str> = row.path.split('.').collect();
        remove(&mut expected, &pattern);
        remove(&mut actual, &pattern);
    }
    for path in &recording.unstable {
        remove_at(&mut actual, &normal(path));
        remove_at(&mut expected, &normal(path));
    }
    sort_sets(&mut expected);
    sort_sets(&mut actual);
    forgive_heartbeats(&expected, &mut actual, false);
    let mut at = Vec::new();
    differences("", &expected, &actual, &mut at);
    let difference = (!at.is_empty()).then(|| Difference { step: 0, expected: expected.clone(), actual: actual.clone(), at });
    CaseResult {
        name: recording.name.clone(),
        family: recording.family.clone(),
        agreeing: usize::from(difference.is_none()),
        all: 1,
        steps: vec![actual],
        difference,
    }
}

/// The facts that are times which real heartbeats decide: leases are renewed, and nodes looked at, every five seconds.
const TIMED: &str = "timelineSeconds";
/// By so much those may differ.
const SECONDS: f64 = 5.0;

/// Makes times equal that are as good as equal.
fn forgive_heartbeats(expected: &Value, actual: &mut Value, is_timed: bool) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, actual) in actual.iter_mut() {
                if let Some(expected) = expected.get(key) {
                    forgive_heartbeats(expected, actual, (is_timed || key == TIMED) && key != "count");
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.iter().zip(actual).for_each(|(expected, actual)| forgive_heartbeats(expected, actual, is_timed));
        }
        (expected, actual) if is_timed => {
            if let (Some(one), Some(other)) = (expected.as_f64(), actual.as_f64())
                && (one - other).abs() <= SECONDS
            {
                *actual = expected.clone();
            }
        }
        _ => {}
    }
}

/// Lists that recordings have in no order.
const SETS: [&str; 6] = ["pods", "podsOnNode", "failures", "failuresAfter", "pending", "events"];

fn sort_sets(value: &mut Value) {
    if let Value::Object(fields) = value {
        for (key, child) in fields.iter_mut().filter(|(key, _)| SETS.contains(&key.as_str())) {
            let sort = |items: &mut Vec<Value>| {
                items.sort_by_cached_key(Value::to_string);
                if key.starts_with("failures") {
                    // two that differed in the order of what recordings have sorted are one
                    items.dedup();
                }
            };
            match child {
                Value::Array(items) => sort(items),
                // by namespace
                Value::Object(sets) => sets.iter_mut().filter_map(|(_, set)| set.as_array_mut()).for_each(sort),
                _ => {}
            }
        }
    }
    below(value).into_iter().for_each(sort_sets);
}

/// Takes out whatever a pattern names.
fn remove(value: &mut Value, pattern: &[&str]) {
    let Some((&key, rest)) = pattern.split_first() else { return };
    if key == "**" {
        remove(value, rest);
        below(value).into_iter().for_each(|child| remove(child, pattern));
    } else if let (Value::Object(fields), true) = (&mut *value, rest.is_empty()) {
        if key == "*" { fields.clear() } else { _ = fields.remove(key) }
    } else if key == "*" {
        below(value).into_iter().for_each(|child| remove(child, rest));
    } else if let Some(child) = value.get_mut(key) {
        remove(child, rest);
    }
}

fn below(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Object(fields) => fields.iter_mut().map(|(_, child)| child).collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// `a[0].b` as `a.0.b`.
fn normal(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// Takes out the one fact at a path whose keys may themselves hold dots.
fn remove_at(value: &mut Value, path: &str) {
    match value {
        Value::Object(fields) => {
            if fields.remove(path).is_some() {
                return;
            }
            for (key, child) in fields.iter_mut() {
                if let Some(rest) = path.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                    remove_at(child, rest);
                }
            }
        }
        Value::Array(items) => {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(item) = index.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                remove_at(item, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_that_heartbeats_decide_may_differ_by_five_seconds() {
        let expected = json!({"timelineSeconds": {"n1": {"nodeEvents": [51, 351], "count": 1}}, "seconds": 3});
        let mut actual = json!({"timelineSeconds": {"n1": {"nodeEvents": [55, 357], "count": 2}}, "seconds": 4});
        forgive_heartbeats(&expected, &mut actual, false);
        assert_eq!(actual, json!({"timelineSeconds": {"n1": {"nodeEvents": [51, 357], "count": 2}}, "seconds": 4}));
    }

    #[test]
    fn patterns_take_out_what_they_name_and_nothing_else() {
        let mut value = json!({"a": [{"image": 1, "name": 2}, {"b": {"image": 3}}], "image": 4});
        remove(&mut value, &["**", "image"]);
        assert_eq!(value, json!({"a": [{"name": 2}, {"b": {}}]}));
        remove(&mut value, &["a", "*", "name"]);
        assert_eq!(value, json!({"a": [{}, {"b": {}}]}));
    }

    #[test]
    fn paths_find_keys_with_dots() {
        let mut value = json!({"x": {"CronJob/cj": {"labels": {"a.b/c": 1, "job-name": 2}}}, "l": [1, {"y": 1, "z": 2}]});
        remove_at(&mut value, &normal("x.CronJob/cj.labels.a.b/c"));
        remove_at(&mut value, &normal("l[1].y"));
        assert_eq!(value, json!({"x": {"CronJob/cj": {"labels": {"job-name": 2}}}, "l": [1, {"z": 2}]}));
    }
}
