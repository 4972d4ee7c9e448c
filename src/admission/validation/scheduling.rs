//! Where a pod may run, but for affinity: spreading, tolerations, taints, gates.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateTopologySpreadConstraints, ValidateTolerations,
//! validateNodeTaints, validateSchedulingGates, v1.36. Operators `Gt` and `Lt` of tolerations are named as supported and
//! refused, as recorded: their gate is off.

use super::affinity::{validate_label_keys, validate_merged_keys};
use super::field::{ErrorList, Path, Shown, quoted};
use super::metadata::{validate_label_name, validate_selector};
use super::names;
use crate::manifest::node::Taint;
use crate::manifest::pod::{SchedulingGate, Toleration, TopologySpreadConstraint};

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks spread constraints.
pub(in crate::admission) fn validate_spread(constraints: &[TopologySpreadConstraint], path: &Path<'_>, errors: &mut ErrorList) {
    for (index, constraint) in constraints.iter().enumerate() {
        let here = path.index(index);
        validate_constraint(constraint, &here, errors);
        let same = |other: &TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key && other.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints[index + 1..].iter().any(same) {
            let pair = format!("{{{}, {}}}", constraint.topology_key, constraint.when_unsatisfiable);
            errors.duplicate(&here.child("{topologyKey, whenUnsatisfiable}"), &pair, "");
        }
    }
}

fn validate_constraint(constraint: &TopologySpreadConstraint, path: &Path<'_>, errors: &mut ErrorList) {
    const NOT_POSITIVE: &str = "must be greater than zero";
    if constraint.max_skew <= 0 {
        errors.invalid(&path.child("maxSkew"), constraint.max_skew, NOT_POSITIVE);
    }
    if constraint.topology_key.is_empty() {
        errors.required(&path.child("topologyKey"), "can not be empty");
    }
    let action = constraint.when_unsatisfiable.as_str();
    if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
        errors.not_supported(&path.child("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]);
    }
    if let Some(domains) = constraint.min_domains {
        let path = path.child("minDomains");
        if domains <= 0 {
            errors.invalid(&path, domains, NOT_POSITIVE);
        }
        if action != "DoNotSchedule" {
            let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            errors.invalid(&path, domains, &detail);
        }
    }
    for (field, policy) in [("nodeAffinityPolicy", &constraint.node_affinity_policy), ("nodeTaintsPolicy", &constraint.node_taints_policy)]
    {
        if let Some(policy) = policy.as_deref().filter(|policy| !["Honor", "Ignore"].contains(policy)) {
            errors.not_supported(&path.child(field), policy, &["Honor", "Ignore"]);
        }
    }
    let selector = constraint.label_selector.as_ref();
    validate_label_keys(&constraint.match_label_keys, selector, &path.child("matchLabelKeys"), errors);
    validate_merged_keys(&constraint.match_label_keys, selector, path, errors);
    validate_selector(selector, &path.child("labelSelector"), errors);
}

/// Checks tolerations.
pub(in crate::admission) fn validate_tolerations(tolerations: &[Toleration], path: &Path<'_>, errors: &mut ErrorList) {
    for (index, toleration) in tolerations.iter().enumerate() {
        validate_toleration(toleration, &path.index(index), errors);
    }
}

fn validate_toleration(toleration: &Toleration, path: &Path<'_>, errors: &mut ErrorList) {
    let operator = path.child("operator");
    if !toleration.key.is_empty() {
        validate_label_name(&toleration.key, &path.child("key"), errors);
    }
    if toleration.key.is_empty() && toleration.operator != "Exists" {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.invalid(&operator, &toleration.operator, detail);
    }
    if toleration.toleration_seconds.is_some() && toleration.effect != "NoExecute" {
        errors.invalid(&path.child("effect"), &toleration.effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    match toleration.operator.as_str() {
        "" | "Equal" => {
            let wrong = names::label_value(&toleration.value);
            if !wrong.is_empty() {
                errors.invalid(&operator, &toleration.value, &wrong.join(";"));
            }
        }
        "Exists" if toleration.value.is_empty() => {}
        "Exists" => errors.invalid(&operator, show_toleration(toleration), "value must be empty when `operator` is 'Exists'"),
        other => errors.not_supported(&operator, other, &["Equal", "Exists", "Lt", "Gt"]),
    }
    if !toleration.effect.is_empty() && !EFFECTS.contains(&toleration.effect.as_str()) {
        errors.not_supported(&path.child("effect"), &toleration.effect, EFFECTS);
    }
}

/// A toleration as Go's JSON of the internal type.
fn show_toleration(toleration: &Toleration) -> Shown {
    let seconds = toleration.toleration_seconds.map_or("null".to_owned(), |seconds| seconds.to_string());
    let (key, operator) = (quoted(&toleration.key), quoted(&toleration.operator));
    let (value, effect) = (quoted(&toleration.value), quoted(&toleration.effect));
    Shown::json(format!("{{\"Key\":{key},\"Operator\":{operator},\"Value\":{value},\"Effect\":{effect},\"TolerationSeconds\":{seconds}}}"))
}

/// Checks the taints of a node.
pub(in crate::admission) fn validate_taints(taints: &[Taint], path: &Path<'_>, errors: &mut ErrorList) {
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        validate_label_name(&taint.key, &path.child("key"), errors);
        let wrong = names::label_value(&taint.value);
        if !wrong.is_empty() {
            errors.invalid(&path.child("value"), &taint.value, &wrong.join(";"));
        }
        match taint.effect.as_str() {
            "" => errors.required(&path.child("effect"), ""),
            effect if !EFFECTS.contains(&effect) => errors.not_supported(&path.child("effect"), effect, EFFECTS),
            _ => {}
        }
        if taints[..index].iter().any(|earlier| earlier.key == taint.key && earlier.effect == taint.effect) {
            let (key, value, effect) = (quoted(&taint.key), quoted(&taint.value), quoted(&taint.effect));
            let shown = Shown::json(format!("{{\"Key\":{key},\"Value\":{value},\"Effect\":{effect},\"TimeAdded\":null}}"));
            errors.duplicate(&path, shown, "taints must be unique by key and effect pair");
        }
    }
}

/// Checks scheduling gates.
pub(in crate::admission) fn validate_gates(gates: &[SchedulingGate], path: &Path<'_>, errors: &mut ErrorList) {
    for (index, gate) in gates.iter().enumerate() {
        errors.all_invalid(&path.index(index), &gate.name, names::qualified_name(&gate.name));
        if gates[..index].iter().any(|earlier| earlier.name == gate.name) {
            errors.duplicate(&path.index(index), &gate.name, "");
        }
    }
}
