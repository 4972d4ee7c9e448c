//! Evictions: what budgets let go, and whether nodes can be drained.

use super::plain;
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::Inquiry;
use crate::check::assertions::quantities::Answer;
use crate::check::assertions::{Amount, Measured};

/// How many pods each budget lets go at once, of those that guard a pod that is selected.
pub(in crate::check::assertions) fn allowed(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    let (subject, quorums) = (inquiry.subject, inquiry.subject.quorums());
    let selection = inquiry.selection(assertion)?;
    let selected = (0..subject.objects.pods.len()).filter(|&pod| selection.has(pod));
    let guarding: std::collections::BTreeSet<usize> = selected.flat_map(|pod| quorums.budgets_of(pod).collect::<Vec<_>>()).collect();
    if guarding.is_empty() {
        return match assertion.select.may_be_empty {
            true => Ok(vec![plain("", Amount::ENDLESS)]),
            false => Err("no disruption budget guards what is selected".to_owned()),
        };
    }
    let measured = |budget: usize| {
        let key = &quorums.budgets[budget];
        let is_it = |it: &&crate::manifest::policy::PodDisruptionBudget| {
            it.metadata.namespace_or_default() == key.namespace && it.metadata.name == key.name
        };
        let status = subject.objects.pod_disruption_budgets.iter().find(is_it).map(|it| &it.status);
        let allowed = status.map_or(0, |status| usize::try_from(status.disruptions_allowed).unwrap_or(0));
        let because = status.map(|status| format!("{} healthy, {} must stay", status.current_healthy, status.desired_healthy));
        Measured {
            what: format!("PodDisruptionBudget {}/{}", key.namespace, key.name),
            amount: Amount::count(allowed),
            because: because.into_iter().collect(),
        }
    };
    Ok(guarding.into_iter().map(measured).collect())
}

/// Nodes that cannot be drained.
pub(in crate::check::assertions) fn blocked(inquiry: &Inquiry<'_, '_>, _: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let drained = inquiry.drained();
    let because = drained.blocked.iter().map(|(node, why)| format!("node {node}: {why}")).collect();
    Ok(vec![Measured { what: String::new(), amount: Amount::count(drained.blocked.len()), because }])
}

/// Waves that it takes; endless if some nodes cannot be drained at all.
pub(in crate::check::assertions) fn waves(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    drained(inquiry, assertion, |waves, _| Amount::count(waves))
}

/// How long it takes; endless if some nodes cannot be drained at all.
pub(in crate::check::assertions) fn duration(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    drained(inquiry, assertion, |_, seconds| Amount(i128::from(seconds)))
}

fn drained(inquiry: &Inquiry<'_, '_>, _: &Assertion, amount: impl Fn(usize, u64) -> Amount) -> Answer {
    inquiry.need_nodes()?;
    let drained = inquiry.drained();
    let nodes: Vec<String> = drained.blocked.iter().map(|(node, _)| node.clone()).collect();
    Ok(vec![match nodes.is_empty() {
        true => plain("", amount(drained.waves, drained.seconds)),
        false => {
            Measured { what: String::new(), amount: Amount::ENDLESS, because: vec![format!("not drained at all: {}", super::some(&nodes))] }
        }
    }])
}
