//! `matchLabelKeys` and `mismatchLabelKeys`: the pod's own values, merged into the selectors of its affinity and spreading.
//!
//! The scheduler sees only the merged selectors, so a manifest must go through this, and a pod of a dump has been.
//!
//! Source: k8s.io/kubernetes/pkg/registry/core/pod/strategy.go applyMatchLabelKeysAndMismatchLabelKeys,
//! applyMatchLabelKeysInTopologySpreadConstraint, v1.36 (the latter from 1.34).

use super::policies::Policies;
use crate::manifest::meta::{LabelSelector, SelectorRequirement, StringMap};
use crate::manifest::pod::{Pod, PodAffinityTerm};
use crate::manifest::refusal::Refusal;

/// Merges the label keys of a pod.
pub(super) fn admit(pod: &mut Pod, _policies: &Policies) -> Result<(), Refusal> {
    merge_label_keys(pod);
    Ok(())
}

/// Merges the label keys of a pod's affinity and spreading into their selectors, each once.
pub fn merge_label_keys(pod: &mut Pod) {
    let labels = &pod.metadata.labels;
    for affinity in
        pod.spec.affinity.iter_mut().flat_map(|affinity| [&mut affinity.pod_affinity, &mut affinity.pod_anti_affinity]).flatten()
    {
        let required = affinity.required_during_scheduling_ignored_during_execution.iter_mut();
        let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter_mut().map(|wish| &mut wish.pod_affinity_term);
        required.chain(preferred).for_each(|term| merge_term(term, labels));
    }
    for constraint in &mut pod.spec.topology_spread_constraints {
        if let Some(selector) = &mut constraint.label_selector {
            merge(selector, &constraint.match_label_keys, "In", labels);
        }
    }
}

fn merge_term(term: &mut PodAffinityTerm, labels: &StringMap) {
    // no selector means no pod, and no key can widen that
    if let Some(selector) = &mut term.label_selector {
        merge(selector, &term.match_label_keys, "In", labels);
        merge(selector, &term.mismatch_label_keys, "NotIn", labels);
    }
}

/// Adds `key operator (the pod's value)` for every key that the pod has, unless it is there: then a server did it before.
fn merge(selector: &mut LabelSelector, keys: &[String], operator: &str, labels: &StringMap) {
    for key in keys {
        let Some(value) = labels.get(key) else { continue };
        let requirement = SelectorRequirement { key: key.clone(), operator: operator.to_owned(), values: vec![value.clone()] };
        if !selector.match_expressions.contains(&requirement) {
            selector.match_expressions.push(requirement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "
metadata: {labels: {app: web, pod-template-hash: abc, tenant: a}}
spec:
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: zone, labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [pod-template-hash, absent], mismatchLabelKeys: [tenant]}
      - {topologyKey: zone, matchLabelKeys: [pod-template-hash]}
";

    #[test]
    fn keys_are_merged_once_with_the_pods_own_values() {
        let mut pod: Pod = serde_saphyr::from_str(POD).unwrap();
        merge_label_keys(&mut pod);
        let once = pod.clone();
        merge_label_keys(&mut pod);
        assert_eq!(once, pod);
        let affinity = pod.spec.affinity.as_ref().unwrap().pod_anti_affinity.as_ref().unwrap();
        let terms = &affinity.required_during_scheduling_ignored_during_execution;
        let merged: Vec<String> = terms[0]
            .label_selector
            .iter()
            .flat_map(|selector| &selector.match_expressions)
            .map(|requirement| format!("{} {} {}", requirement.key, requirement.operator, requirement.values.join(",")))
            .collect();
        assert_eq!(merged, ["pod-template-hash In abc", "tenant NotIn a"]);
        assert!(terms[1].label_selector.is_none());
    }
}
