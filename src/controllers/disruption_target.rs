//! The condition `DisruptionTarget`: why a pod that did nothing wrong has to go.
//!
//! Source: k8s.io/kubernetes/pkg/api/v1/pod/util.go UpdatePodCondition, v1.36.

use super::world::Moment;
use crate::manifest::pod::{Condition, Pod};

const DISRUPTION_TARGET: &str = "DisruptionTarget";

/// Says on a pod that is about to be deleted that it is a disruption.
pub(super) fn mark(pod: &mut Pod, reason: &str, message: &str, now: Moment) {
    let mut condition = Condition {
        r#type: DISRUPTION_TARGET.to_owned(),
        status: "True".to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_transition_time: Some(now.timestamp()),
    };
    match pod.status.conditions.iter_mut().find(|condition| condition.r#type == DISRUPTION_TARGET) {
        Some(old) => {
            // the time of a condition changes only with its status
            if old.status == condition.status {
                condition.last_transition_time = old.last_transition_time.take();
            }
            *old = condition;
        }
        None => pod.status.conditions.push(condition),
    }
}
