//! What quotas hold.

use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::Inquiry;
use crate::check::assertions::quantities::{Answer, StateKind};
use crate::check::assertions::{Amount, Measured};
use crate::planning::quota::Bound;

/// What is used of each bound of each quota.
pub(in crate::check::assertions) fn usage(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    let selection = crate::check::assertions::selection::Selection::new(&assertion.select, inquiry.subject.objects);
    if selection.is_by_more_than_namespaces() {
        return Err("quotas are selected by their namespaces only".to_owned());
    }
    let state = assertion.when.state()?;
    let bounds = inquiry.subject.question.quotas.map(|quotas| quotas.bounds.as_slice()).unwrap_or_default();
    let own: Vec<&Bound> = bounds.iter().filter(|bound| selection.has_namespace(&bound.namespace)).collect();
    if own.is_empty() && assertion.select.may_be_empty {
        return Ok(vec![super::plain("", Amount(0))]);
    }
    let measured = |bound: &&Bound| {
        let used = match state {
            StateKind::AtMost => bound.at_most,
            StateKind::Rollout => bound.in_rollout,
            _ => bound.now,
        };
        Measured {
            what: format!("ResourceQuota {}/{}, {}", bound.namespace, bound.quota, bound.resource),
            amount: Amount::share(used.nano(), bound.hard.nano()),
            because: vec![format!("{used} of {}", bound.hard)],
        }
    };
    match own.is_empty() {
        true => Err("the input has no quota there".to_owned()),
        false => Ok(own.iter().map(measured).collect()),
    }
}
