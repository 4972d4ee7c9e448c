//! How many pods a rolling update may have in excess, and how many may be missing.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go MaxSurge, MaxUnavailable, ResolveFenceposts;
//! k8s.io/apimachinery/pkg/util/intstr GetScaledValueFromIntOrPercent, v1.36.

use crate::manifest::meta::IntOrString;
use crate::manifest::workload::{Deployment, DeploymentSpec};

/// What the server writes where nothing is said.
const DEFAULT: &str = "25%";

/// How many pods a Deployment wants.
pub(super) fn replicas(deployment: &Deployment) -> i32 {
    deployment.spec.replicas.unwrap_or(1)
}

/// Whether pods are replaced bit by bit.
pub(super) fn is_rolling(spec: &DeploymentSpec) -> bool {
    spec.strategy.r#type != "Recreate"
}

/// How many pods there may be in excess of `replicas`.
pub(in crate::controllers) fn max_surge(deployment: &Deployment) -> i32 {
    if is_rolling(&deployment.spec) { fenceposts(deployment).0 } else { 0 }
}

/// How many of `replicas` may be missing.
pub(in crate::controllers) fn max_unavailable(deployment: &Deployment) -> i32 {
    if is_rolling(&deployment.spec) { fenceposts(deployment).1.min(replicas(deployment)) } else { 0 }
}

/// Surge is rounded up, what may be missing is rounded down; if nothing could ever change, one may be missing.
fn fenceposts(deployment: &Deployment) -> (i32, i32) {
    let (bounds, replicas) = (deployment.spec.strategy.rolling_update.as_ref(), replicas(deployment));
    let default = IntOrString::Text(DEFAULT.to_owned());
    let surge = bounds.and_then(|bounds| bounds.max_surge.as_ref()).unwrap_or(&default);
    let unavailable = bounds.and_then(|bounds| bounds.max_unavailable.as_ref()).unwrap_or(&default);
    match (scaled(surge, replicas, Rounding::Up), scaled(unavailable, replicas, Rounding::Down)) {
        (0, 0) => (0, 1),
        resolved => resolved,
    }
}

/// Where a share of pods that is no whole number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controllers) enum Rounding {
    Up,
    Down,
}

/// A number as it is, or a percentage of `total`; what is neither counts as none.
pub(in crate::controllers) fn scaled(value: &IntOrString, total: i32, rounding: Rounding) -> i32 {
    let share = match value {
        IntOrString::Int(number) => *number,
        IntOrString::Text(text) => {
            let percent = text.strip_suffix('%').and_then(|percent| percent.parse::<i64>().ok()).unwrap_or(0);
            let hundredfold = percent * i64::from(total);
            if rounding == Rounding::Up { (hundredfold + 99).div_euclid(100) } else { hundredfold.div_euclid(100) }
        }
    };
    i32::try_from(share).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::workload::RollingUpdate;

    fn bounds(replicas: i32, surge: &str, unavailable: &str) -> (i32, i32) {
        let value = |text: &str| Some(text.parse().map_or_else(|_| IntOrString::Text(text.to_owned()), IntOrString::Int));
        let mut deployment = Deployment::default();
        deployment.spec.replicas = Some(replicas);
        let rolling_update = RollingUpdate { max_surge: value(surge), max_unavailable: value(unavailable), partition: None };
        deployment.spec.strategy.rolling_update = Some(rolling_update);
        (max_surge(&deployment), max_unavailable(&deployment))
    }

    #[test]
    fn surge_rounds_up_and_unavailable_rounds_down() {
        assert_eq!(bounds(7, "25%", "25%"), (2, 1));
        assert_eq!(bounds(10, "34%", "1%"), (4, 0));
        assert_eq!(bounds(10, "0%", "1%"), (0, 1), "both nothing: one may be missing");
        assert_eq!(bounds(2, "0", "5"), (0, 2), "no more can be missing than there are");
    }
}
