//! Completion indexes: which a pod has, and sets of them as the API writes them (`0-2,5`).
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/indexed_job_utils.go, v1.36.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::manifest::pod::Pod;

/// Label and annotation that hold a pod's index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The index of a pod.
pub(super) fn index_of(pod: &Pod) -> Option<i32> {
    pod.metadata.annotations.get(INDEX)?.parse().ok().filter(|&index: &i32| index >= 0)
}

/// Reads `0-2,5`, as far as the indexes are below `completions`. What makes no sense is left out.
pub(super) fn parse(text: &str, completions: i32) -> BTreeSet<i32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i32, i32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(first.max(0)..last.saturating_add(1).min(completions))
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// Writes `0,1` for two in a row, `0-2` for more.
pub(super) fn print(indexes: &BTreeSet<i32>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for &index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let mut text = String::new();
    for (first, last) in runs {
        let comma = if text.is_empty() { "" } else { "," };
        _ = match last - first {
            0 => write!(text, "{comma}{first}"),
            1 => write!(text, "{comma}{first},{last}"),
            _ => write!(text, "{comma}{first}-{last}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_ranges_and_numbers() {
        assert_eq!(parse("0-2,5", 10), BTreeSet::from([0, 1, 2, 5]));
        assert_eq!(parse("0-2,5,x", 2), BTreeSet::from([0, 1]));
        assert!(parse("", 3).is_empty());
        for text in ["", "0", "0,1", "0-2", "1,3-5,7,8"] {
            assert_eq!(print(&parse(text, 100)), text);
        }
    }
}
