//! Requirements on a node that no node whatever can meet: node selector, required node affinity, and the two together.
//!
//! Terms of node affinity are alternatives; within one of them, and with the node selector, everything must hold. Each label is looked at for
//! itself, for labels do not depend on each other: it can be absent, or have a value. Names of nodes (`matchFields`) are alike.
//!
//! Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go, k8s.io/apimachinery/pkg/labels/selector.go, v1.36.

use std::collections::BTreeMap;

use crate::manifest::meta::SelectorRequirement;
use crate::manifest::pod::{NodeSelectorTerm, PodSpec};

/// Why no node can be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// For each term of the node affinity, or once if there are none: what cannot hold together.
    pub reasons: Vec<String>,
    /// Whether the node selector has to do with it, and not the affinity alone.
    pub by_selector: bool,
}

/// What contradicts itself in what a pod requires of its node, if no node can meet it. Terms that the API server would refuse are left to it.
pub fn contradiction(spec: &PodSpec) -> Option<Contradiction> {
    let equal =
        |(key, value): (&String, &String)| SelectorRequirement { key: key.clone(), operator: "In".to_owned(), values: vec![value.clone()] };
    let selector: Vec<SelectorRequirement> = spec.node_selector.iter().map(equal).collect();
    let terms = terms(spec)?;
    let mut found = Contradiction { reasons: Vec::new(), by_selector: false };
    for term in terms {
        let alone = impossible(&term.match_expressions, &term.match_fields);
        let together = || {
            let all: Vec<SelectorRequirement> = selector.iter().chain(&term.match_expressions).cloned().collect();
            impossible(&all, &term.match_fields)
        };
        let is_alone = alone.is_some();
        found.reasons.push(alone.or_else(together)?);
        found.by_selector |= !is_alone;
    }
    Some(found)
}

/// The terms of the required node affinity; none if there are none.
fn terms(spec: &PodSpec) -> Option<&[NodeSelectorTerm]> {
    let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    (!terms.is_empty()).then_some(terms)
}

/// Why no node meets all of these, if none can.
fn impossible(labels: &[SelectorRequirement], fields: &[SelectorRequirement]) -> Option<String> {
    if labels.is_empty() && fields.is_empty() {
        return Some("an empty term matches no node".to_owned());
    }
    let mut by_key: BTreeMap<(bool, &str), Vec<&SelectorRequirement>> = BTreeMap::new();
    labels.iter().for_each(|one| by_key.entry((false, &one.key)).or_default().push(one));
    fields.iter().for_each(|one| by_key.entry((true, &one.key)).or_default().push(one));
    by_key.into_iter().find_map(|((_, key), all)| {
        let is_possible = can_be_met(&all);
        (!is_possible).then(|| format!("{key} cannot be {}", all.iter().map(|one| words(one)).collect::<Vec<_>>().join(" and ")))
    })
}

/// Whether a label can be absent, or have a value, so that all of these hold. What cannot be understood is taken to be met.
fn can_be_met(all: &[&SelectorRequirement]) -> bool {
    let of = |operator: &str| all.iter().filter(|one| one.operator == operator).copied().collect::<Vec<_>>();
    let (within, outside, above, below) = (of("In"), of("NotIn"), of("Gt"), of("Lt"));
    let needs_value = !within.is_empty() || !above.is_empty() || !below.is_empty() || !of("Exists").is_empty();
    if !needs_value {
        return true;
    }
    if !of("DoesNotExist").is_empty() {
        return false;
    }
    let bound = |one: &&SelectorRequirement| one.values.first().and_then(|value| value.parse::<i64>().ok());
    let (lows, highs): (Option<Vec<i64>>, Option<Vec<i64>>) = (above.iter().map(bound).collect(), below.iter().map(bound).collect());
    let (Some(lows), Some(highs)) = (lows, highs) else { return true };
    let fits = |number: i64| lows.iter().all(|low| number > *low) && highs.iter().all(|high| number < *high);
    match within.split_first() {
        Some((first, rest)) => first.values.iter().any(|value| {
            rest.iter().all(|one| one.values.contains(value))
                && !outside.iter().any(|one| one.values.contains(value))
                && (lows.is_empty() && highs.is_empty() || value.parse().is_ok_and(fits))
        }),
        // a number can be written in many ways (7, 07), so that no list of values exhausts a range; no label begins with a minus
        None => {
            let least = lows.iter().max().map_or(Some(0), |low| low.checked_add(1)).map(|least| least.max(0));
            least.is_some_and(fits)
        }
    }
}

fn words(one: &SelectorRequirement) -> String {
    let values = one.values.join(", ");
    match one.operator.as_str() {
        "In" if one.values.len() == 1 => values,
        "In" => format!("one of {values}"),
        "NotIn" => format!("none of {values}"),
        "Exists" => "there".to_owned(),
        "DoesNotExist" => "absent".to_owned(),
        "Gt" => format!("above {values}"),
        "Lt" => format!("below {values}"),
        other => format!("{other} {values}"),
    }
}
