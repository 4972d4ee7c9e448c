//! DefaultStorageClass: a claim that names no class gets the default one.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/storage/storageclass/setdefault/admission.go,
//! pkg/volume/util/storageclass.go GetDefaultClass, v1.36.

use std::cmp::Reverse;

use super::policies::Policies;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::{PersistentVolumeClaim, StorageClass};

const ANNOTATIONS: [&str; 2] = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// Gives a claim without a class the default one. An empty name is a choice (no class) and stays.
pub(super) fn admit(claim: &mut PersistentVolumeClaim, policies: &Policies) -> Result<(), Refusal> {
    if claim.spec.storage_class_name.is_none() {
        claim.spec.storage_class_name = default_class(policies).map(|class| class.metadata.name.clone());
    }
    Ok(())
}

/// Of several default classes the newest, then the first by name.
fn default_class(policies: &Policies) -> Option<&StorageClass> {
    let is_default =
        |class: &&StorageClass| ANNOTATIONS.iter().any(|key| class.metadata.annotations.get(*key).is_some_and(|value| value == "true"));
    let classes = policies.storage_classes.values().filter(is_default);
    classes.min_by_key(|class| (Reverse(&class.metadata.creation_timestamp), &class.metadata.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, created: &str) -> (String, StorageClass) {
        let mut class = StorageClass::default();
        class.metadata.name = name.to_owned();
        class.metadata.creation_timestamp = Some(created.to_owned());
        class.metadata.annotations.insert(ANNOTATIONS[0].to_owned(), "true".to_owned());
        (name.to_owned(), class)
    }

    #[test]
    fn the_newest_default_class_is_given_to_claims_without_one() {
        let mut policies = Policies::default();
        policies.storage_classes.extend([class("old", "2026-01-01T00:00:00Z"), class("new", "2026-02-01T00:00:00Z")]);
        let (mut silent, mut none) = (PersistentVolumeClaim::default(), PersistentVolumeClaim::default());
        none.spec.storage_class_name = Some(String::new());
        admit(&mut silent, &policies).unwrap();
        admit(&mut none, &policies).unwrap();
        assert_eq!(silent.spec.storage_class_name.as_deref(), Some("new"));
        assert_eq!(none.spec.storage_class_name.as_deref(), Some(""));
    }
}
