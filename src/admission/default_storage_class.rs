//! DefaultStorageClass: a claim that names no class gets the default one.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/storage/storageclass/setdefault/admission.go,
//! pkg/volume/util/storageclass.go GetDefaultClass, v1.36.

use std::cmp::Reverse;

use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::storage::StorageClass;

const ANNOTATIONS: [&str; 2] = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// Gives unbound claims without a class the default one. An empty name is a choice (no class) and stays.
pub(super) fn admit(objects: &mut Objects, _notes: &mut Vec<Note>) {
    let Some(default) = default_class(&objects.storage_classes) else { return };
    for claim in &mut objects.persistent_volume_claims {
        if claim.spec.volume_name.is_empty() && claim.spec.storage_class_name.is_none() {
            claim.spec.storage_class_name = Some(default.metadata.name.clone());
        }
    }
}

/// Of several default classes the newest, then the first by name.
fn default_class(classes: &[StorageClass]) -> Option<&StorageClass> {
    let is_default =
        |class: &&StorageClass| ANNOTATIONS.iter().any(|key| class.metadata.annotations.get(*key).is_some_and(|value| value == "true"));
    classes.iter().filter(is_default).min_by_key(|class| (Reverse(&class.metadata.creation_timestamp), &class.metadata.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::storage::PersistentVolumeClaim;

    fn class(name: &str, created: &str) -> StorageClass {
        let mut class = StorageClass::default();
        class.metadata.name = name.to_owned();
        class.metadata.creation_timestamp = Some(created.to_owned());
        class.metadata.annotations.insert(ANNOTATIONS[0].to_owned(), "true".to_owned());
        class
    }

    #[test]
    fn the_newest_default_class_is_given_to_claims_without_one() {
        let mut none = PersistentVolumeClaim::default();
        none.spec.storage_class_name = Some(String::new());
        let mut objects = Objects {
            storage_classes: vec![class("old", "2026-01-01T00:00:00Z"), class("new", "2026-02-01T00:00:00Z")],
            persistent_volume_claims: vec![PersistentVolumeClaim::default(), none],
            ..Objects::default()
        };
        admit(&mut objects, &mut Vec::new());
        assert_eq!(objects.persistent_volume_claims[0].spec.storage_class_name.as_deref(), Some("new"));
        assert_eq!(objects.persistent_volume_claims[1].spec.storage_class_name.as_deref(), Some(""));
    }
}
