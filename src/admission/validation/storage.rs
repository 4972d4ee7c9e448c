//! Claims, volumes and storage classes.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec,
//! ValidatePersistentVolumeSpec; pkg/apis/storage/validation/validation.go ValidateStorageClass, v1.36.

use super::affinity::validate_node_selector;
use super::field::{ErrorList, Path};
use super::metadata::{validate_label_name, validate_metadata, validate_selector};
use super::names;
use super::resources::validate_amount;
use crate::manifest::storage::*;

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];

/// Checks a claim.
pub(in crate::admission) fn validate_claim(claim: &PersistentVolumeClaim, errors: &mut ErrorList) {
    validate_metadata(&claim.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&claim.spec, Path::root("spec"));
    validate_access_modes(&spec.access_modes, &path, errors);
    validate_selector(spec.selector.as_ref(), &path.child("selector"), errors);
    let resources = path.child("resources");
    let storage = resources.key("storage");
    match spec.resources.requests.get("storage") {
        None => errors.required(&storage, ""),
        Some(amount) if amount.is_zero() || amount.is_negative() => errors.invalid(&storage, *amount, "must be greater than zero"),
        Some(amount) => validate_amount("storage", *amount, &storage, errors),
    }
    validate_volume_mode(spec.volume_mode.as_deref(), &path, errors);
    for (field, class) in
        [("storageClassName", &spec.storage_class_name), ("volumeAttributesClassName", &spec.volume_attributes_class_name)]
    {
        if let Some(class) = class.as_deref().filter(|class| !class.is_empty()) {
            errors.all_invalid(&path.child(field), class, names::dns_subdomain(class));
        }
    }
}

fn validate_access_modes(modes: &[String], path: &Path<'_>, errors: &mut ErrorList) {
    let path = path.child("accessModes");
    if modes.is_empty() {
        errors.required(&path, "at least 1 access mode is required");
    }
    for mode in modes.iter().filter(|mode| !ACCESS_MODES.contains(&mode.as_str())) {
        errors.not_supported(&path, mode, ACCESS_MODES);
    }
    let of_one_pod = |mode: &&String| mode.as_str() == "ReadWriteOncePod";
    let others = modes.iter().any(|mode| mode != "ReadWriteOncePod" && ACCESS_MODES.contains(&mode.as_str()));
    if modes.iter().any(|mode| of_one_pod(&mode)) && others {
        errors.forbidden(&path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn validate_volume_mode(mode: Option<&str>, path: &Path<'_>, errors: &mut ErrorList) {
    if let Some(mode) = mode.filter(|mode| !VOLUME_MODES.contains(mode)) {
        errors.not_supported(&path.child("volumeMode"), mode, VOLUME_MODES);
    }
}

/// Checks a volume.
pub(in crate::admission) fn validate_volume(volume: &PersistentVolume, errors: &mut ErrorList) {
    validate_metadata(&volume.metadata, false, names::dns_subdomain, errors);
    let (spec, path) = (&volume.spec, Path::root("spec"));
    validate_access_modes(&spec.access_modes, &path, errors);
    let capacity = path.child("capacity");
    match spec.capacity.is_empty() {
        true => errors.required(&capacity, ""),
        false if spec.capacity.len() > 1 || !spec.capacity.contains_key("storage") => {
            let names: Vec<&str> = spec.capacity.keys().map(String::as_str).filter(|name| *name != "storage").collect();
            names.iter().for_each(|name| errors.not_supported(&capacity, *name, &["storage"]));
        }
        false => {}
    }
    for (name, amount) in &spec.capacity {
        if amount.is_zero() || amount.is_negative() {
            errors.invalid(&capacity.key(name), *amount, "must be greater than zero");
        }
    }
    if let Some(required) = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref()) {
        let path = path.child("nodeAffinity");
        validate_node_selector(required, &path.child("required"), errors);
    }
    validate_volume_mode(spec.volume_mode.as_deref(), &path, errors);
}

/// Checks a storage class.
pub(in crate::admission) fn validate_storage_class(class: &StorageClass, errors: &mut ErrorList) {
    validate_metadata(&class.metadata, false, names::dns_subdomain, errors);
    match class.provisioner.as_str() {
        "" => errors.required(&Path::root("provisioner"), ""),
        text => errors.all_invalid(&Path::root("provisioner"), text, names::qualified_name(&text.to_lowercase())),
    }
    const RECLAIM: &[&str] = &["Delete", "Retain"];
    if let Some(policy) = class.reclaim_policy.as_deref().filter(|policy| !RECLAIM.contains(policy)) {
        errors.not_supported(&Path::root("reclaimPolicy"), policy, RECLAIM);
    }
    const MODES: &[&str] = &["Immediate", "WaitForFirstConsumer"];
    match class.volume_binding_mode.as_deref() {
        None => errors.required(&Path::root("volumeBindingMode"), ""),
        Some(mode) if !MODES.contains(&mode) => errors.not_supported(&Path::root("volumeBindingMode"), mode, MODES),
        Some(_) => {}
    }
    let topologies = Path::root("allowedTopologies");
    for (place, term) in class.allowed_topologies.iter().enumerate() {
        let term_path = topologies.index(place);
        let expressions = term_path.child("matchLabelExpressions");
        for (index, expression) in term.match_label_expressions.iter().enumerate() {
            let path = expressions.index(index);
            if expression.values.is_empty() {
                errors.required(&path.child("values"), "");
            }
            validate_label_name(&expression.key, &path.child("key"), errors);
        }
    }
}
