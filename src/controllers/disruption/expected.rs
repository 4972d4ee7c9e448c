//! How many pods a budget expects, and how many of them must be healthy.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go getExpectedPodCount, getExpectedScale and
//! k8s.io/apimachinery/pkg/util/intstr GetScaledValueFromIntOrPercent, v1.36.

use std::collections::BTreeMap;

use crate::manifest::meta::{IntOrString, OwnerReference};
use crate::manifest::pod::Pod;
use crate::manifest::policy::PodDisruptionBudgetSpec;

/// What a budget expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// How many pods there should be.
    pub pods: i32,
    /// How many of them must be healthy.
    pub desired_healthy: i32,
}

/// A controller with a scale: its identity, and how many pods it wants.
pub(super) type Scale = (String, i32);

/// What a budget expects of these pods. `scale_of` finds the scale of a pod's controller (none if the controller is gone), or says why it
/// has none; that is the error, in the controller's words.
pub(super) fn expected<'a>(
    spec: &PodDisruptionBudgetSpec,
    pods: &[&'a Pod],
    scale_of: impl Fn(&OwnerReference, &'a Pod) -> Result<Option<Scale>, String>,
) -> Result<Expected, String> {
    if let Some(most) = &spec.max_unavailable {
        let pods = expected_scale(pods, scale_of)?;
        return Ok(Expected { pods, desired_healthy: (pods - scaled(most, pods)?).max(0) });
    }
    match &spec.min_available {
        Some(IntOrString::Int(least)) => {
            Ok(Expected { pods: i32::try_from(pods.len()).unwrap_or(i32::MAX), desired_healthy: i32::try_from(*least).unwrap_or(i32::MAX) })
        }
        Some(share) => {
            let pods = expected_scale(pods, scale_of)?;
            Ok(Expected { pods, desired_healthy: scaled(share, pods)? })
        }
        None => Ok(Expected { pods: 0, desired_healthy: 0 }),
    }
}

/// The sum of the scales of all controllers of the pods. Pods without a controller do not count.
fn expected_scale<'a>(
    pods: &[&'a Pod],
    scale_of: impl Fn(&OwnerReference, &'a Pod) -> Result<Option<Scale>, String>,
) -> Result<i32, String> {
    let mut scales: BTreeMap<String, i32> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = pod.metadata.controller().filter(|owner| !scales.contains_key(&owner.uid)) else { continue };
        let (uid, scale) = scale_of(owner, pod)?.ok_or_else(|| format!("found no controllers for pod {:?}", pod.metadata.name))?;
        scales.insert(uid, scale);
    }
    Ok(scales.values().fold(0i32, |sum, scale| sum.saturating_add(*scale)))
}

/// A number, or a share of `of` rounded up.
pub(crate) fn scaled(bound: &IntOrString, of: i32) -> Result<i32, String> {
    match bound {
        IntOrString::Int(number) => Ok(i32::try_from(*number).unwrap_or(i32::MAX)),
        IntOrString::Text(text) => {
            let percent: Option<i64> = text.strip_suffix('%').and_then(|number| number.parse().ok());
            let percent = percent.ok_or_else(|| "invalid value for IntOrString: invalid type: string is not a percentage".to_owned())?;
            Ok(i32::try_from((percent * i64::from(of) + 99).div_euclid(100)).unwrap_or(i32::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_up() {
        let of = |text: &str, number| scaled(&IntOrString::Text(text.to_owned()), number).unwrap();
        assert_eq!([of("33%", 1), of("50%", 3), of("0%", 5), of("100%", 5), of("34%", 3)], [1, 2, 0, 5, 2]);
        assert!(scaled(&IntOrString::Text("x".to_owned()), 1).is_err());
    }

    #[test]
    fn bare_pods_count_only_for_a_plain_number() {
        let pod = Pod::default();
        let of = |spec: &str| {
            let spec: PodDisruptionBudgetSpec = serde_saphyr::from_str(spec).unwrap();
            expected(&spec, &[&pod], |_, _| Ok(None)).unwrap()
        };
        assert_eq!(of("{minAvailable: 3}"), Expected { pods: 1, desired_healthy: 3 });
        assert_eq!(of("{minAvailable: 50%}"), Expected { pods: 0, desired_healthy: 0 });
        assert_eq!(of("{maxUnavailable: 1}"), Expected { pods: 0, desired_healthy: 0 });
    }
}
