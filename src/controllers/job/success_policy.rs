//! When enough indexes of a Job have succeeded.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/success_policy.go, v1.36.

use std::collections::BTreeSet;

use super::indexes;
use crate::manifest::workload::SuccessPolicy;

/// Which rule is met by the indexes that have succeeded, in the server's words.
pub(super) fn matched(policy: &SuccessPolicy, completions: i32, succeeded: &BTreeSet<i32>) -> Option<String> {
    if succeeded.is_empty() {
        return None;
    }
    let reaches = |number: usize, count: Option<i32>| count.is_some_and(|count| number >= usize::try_from(count).unwrap_or(0));
    let position = policy.rules.iter().position(|rule| match &rule.succeeded_indexes {
        Some(text) => {
            let required = indexes::parse(text, completions);
            let number = required.intersection(succeeded).count();
            !required.is_empty() && (number == required.len() || reaches(number, rule.succeeded_count))
        }
        None => reaches(succeeded.len(), rule.succeeded_count),
    })?;
    Some(format!("Matched rules at index {position}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_count_or_both() {
        let policy: SuccessPolicy =
            serde_saphyr::from_str("rules: [{succeededIndexes: '0-3', succeededCount: 2}, {succeededCount: 4}]").unwrap();
        let met = |text: &str| matched(&policy, 10, &indexes::parse(text, 10));
        assert_eq!(met("0,5"), None);
        assert_eq!(met("0,2").as_deref(), Some("Matched rules at index 0"));
        assert_eq!(met("0,5-7").as_deref(), Some("Matched rules at index 1"));
    }
}
