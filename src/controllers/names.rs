//! Names that the server or a controller would complete by chance, completed by rule.
//!
//! The shape is upstream's (`web-6d4cf56db6-x7k2p`), the characters are not: upstream hashes a Go-specific dump of the template
//! and draws the rest at random. Ours depend on the owner's name, the template and a running number alone.
//!
//! Source of the shape: k8s.io/apimachinery/pkg/util/rand SafeEncodeString, k8s.io/apiserver/pkg/storage/names, v1.36.

use rustc_hash::FxHashMap;

use crate::manifest::Objects;
use crate::manifest::workload::PodTemplateSpec;

/// The characters of generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many characters are added to a prefix.
const SUFFIX_LENGTH: u32 = 5;
/// Longest prefix, so that the whole fits a DNS label.
const PREFIX_LENGTH: usize = 58;

/// What tells this template's pods from another's: the value of `pod-template-hash` and `controller-revision-hash`.
pub(super) fn template_hash(template: &PodTemplateSpec) -> String {
    let digits = fnv32(&template.canonical_text()).to_string();
    digits.bytes().map(|digit| ALPHABET[digit as usize % ALPHABET.len()] as char).collect()
}

/// A uid as a label's value: a server's as it is, one that is made up as its hash, for a label holds no slash.
pub(super) fn label_of_uid(uid: &str) -> String {
    if super::ownership::is_made_up(uid) { format!("made-up-{:08x}", fnv32(uid)) } else { uid.to_owned() }
}

/// The `number`th name with this prefix (which ends in a dash). Different numbers give different names.
pub(super) fn generated(prefix: &str, number: u32) -> String {
    let count = (ALPHABET.len() as u64).pow(SUFFIX_LENGTH);
    // 7,368,787 has no factor 3, so the step visits every suffix before it returns to the first
    let mut rest = (u64::from(fnv32(prefix)) + u64::from(number) * 7_368_787) % count;
    let mut name: String = prefix.chars().take(PREFIX_LENGTH).collect();
    for _ in 0..SUFFIX_LENGTH {
        name.push(ALPHABET[(rest % ALPHABET.len() as u64) as usize] as char);
        rest /= ALPHABET.len() as u64;
    }
    name
}

/// Completes the names of objects that were written with `generateName` alone, as the server does on creation.
pub(super) fn complete(objects: &mut Objects) {
    let mut used: FxHashMap<String, u32> = FxHashMap::default();
    let nameless = (objects.pods.iter_mut().map(|pod| &mut pod.metadata))
        .chain(objects.jobs.iter_mut().map(|job| &mut job.metadata))
        .chain(objects.deployments.iter_mut().map(|deployment| &mut deployment.metadata))
        .chain(objects.stateful_sets.iter_mut().map(|set| &mut set.metadata))
        .chain(objects.replica_sets.iter_mut().map(|set| &mut set.metadata))
        .filter(|metadata| metadata.name.is_empty() && !metadata.generate_name.is_empty());
    for metadata in nameless {
        let number = used.entry(metadata.generate_name.clone()).or_default();
        metadata.name = generated(&metadata.generate_name, *number);
        *number += 1;
    }
}

/// FNV-1a, 32 bits.
fn fnv32(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_numbers_share_a_name() {
        let names: HashSet<String> = (0..20_000).map(|number| generated("web-abc-", number)).collect();
        assert_eq!(names.len(), 20_000);
    }

    #[test]
    fn a_generated_name_fits_a_dns_label() {
        let name = generated(&"x".repeat(200), 7);
        assert_eq!(name.len(), 63);
    }

    #[test]
    fn the_hash_is_of_the_template_alone() {
        let mut template = PodTemplateSpec::default();
        template.spec.node_name = "a".into();
        let hash = template_hash(&template);
        assert_eq!(hash, template_hash(&template.clone()));
        template.spec.node_name = "b".into();
        assert_ne!(hash, template_hash(&template));
    }
}
