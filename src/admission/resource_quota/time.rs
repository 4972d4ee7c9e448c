//! Whether a pod has outlived its grace: then quotas no longer count what it asks for.
//!
//! Source: k8s.io/kubernetes/pkg/quota/v1/evaluator/core/pods.go QuotaV1Pod, v1.36.

use crate::manifest::meta::ObjectMeta;

/// Whether a pod should have been gone by now. Without a time of deletion that can be read it should not.
pub(super) fn is_past_grace(metadata: &ObjectMeta, now_seconds: i64) -> bool {
    let deleted = metadata.deletion_timestamp.as_deref().and_then(seconds_since_1970);
    let grace = metadata.deletion_grace_period_seconds;
    deleted.zip(grace).is_some_and(|(deleted, grace)| now_seconds > deleted + grace)
}

/// Seconds of a time such as `2026-01-31T12:00:00Z`, in the one form that the API writes.
fn seconds_since_1970(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // days since 1970 of a date, counted in years that begin in March
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_api_writes_them() {
        assert_eq!(seconds_since_1970("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds_since_1970("2000-02-29T12:00:01Z"), Some(951_825_601));
        assert_eq!(seconds_since_1970("2026-11-22T22:00:00Z"), Some(1_795_384_800));
        assert_eq!(seconds_since_1970("yesterday"), None);
    }
}
