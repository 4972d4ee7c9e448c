//! Defaults that need nothing but the object itself: the first that the server does, when it decodes.
//!
//! Amounts are rounded up to thousandths on the way, as the server does.
//!
//! To add a kind: a function in the file of its group, and a call of it in `admitted`.
//!
//! Source: k8s.io/kubernetes/pkg/apis/*/v1/defaults.go, v1.36; each file names its own.

pub(super) mod pod;
pub(super) mod policy;
pub(super) mod workload;

use crate::manifest::pod::{Pod, ResourceList};
use crate::manifest::quantity::Quantity;
use crate::manifest::refusal::Refusal;

use super::policies::Policies;

/// Defaults a pod.
pub(super) fn admit(pod: &mut Pod, _policies: &Policies) -> Result<(), Refusal> {
    pod::default_pod(pod);
    Ok(())
}

fn fill(field: &mut String, value: &str) {
    if field.is_empty() {
        value.clone_into(field);
    }
}

fn fill_option(field: &mut Option<String>, value: &str) {
    field.get_or_insert_with(|| value.to_owned());
}

/// Rounds amounts up to thousandths. Source: SetDefaults_ResourceList.
fn round(amounts: &mut ResourceList) {
    const NANO_PER_MILLI: i128 = 1_000_000;
    for (_, amount) in amounts.iter_mut() {
        let rest = amount.nano() % NANO_PER_MILLI;
        if rest != 0 {
            let up = if rest > 0 { NANO_PER_MILLI - rest } else { -NANO_PER_MILLI - rest };
            *amount = Quantity::from_nano(amount.nano() + up).with_format(amount.format());
        }
    }
}
