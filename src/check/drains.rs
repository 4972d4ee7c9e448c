//! Which nodes cannot be drained, each by itself, because an eviction is refused to the end; and by which budget.
//!
//! Played as `kubectl drain` does it, with all of its flags: `simulation::drain`. What merely finds no other place is not said here: it is
//! what the loss of that node shows.

use std::collections::BTreeMap;

use super::subject::Subject;
use crate::cluster::index::NodeId;
use crate::planning::maintenance::{Change, remedy};
use crate::simulation::drain::{Afterwards, Refuser, Setting, State};

/// Evictions that are refused.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockedDrain {
    /// By whom: budgets by their places among the objects.
    pub refuser: Refuser,
    /// The nodes, in list order.
    pub nodes: Vec<NodeId>,
    /// The pods that stay, by their places among the objects.
    pub pods: Vec<usize>,
    /// How the budget has to change, if that helps.
    pub change: Option<Change>,
    /// What the scheduler says of a pod of the budget that has no node meanwhile.
    pub message: Option<String>,
}

/// What blocks drains, by refuser.
pub(super) fn blocked_drains(subject: &Subject<'_>) -> Vec<BlockedDrain> {
    let question = &subject.question;
    if !subject.has_other_nodes() || subject.objects.pod_disruption_budgets.is_empty() {
        return Vec::new();
    }
    let setting = Setting::new(subject.objects, &[], question.configuration, question.options, |scheduler| scheduler.run(|_, _| ()));
    let mut state = State::new(&setting, 0);
    let mut found: BTreeMap<Refuser, BlockedDrain> = BTreeMap::new();
    for node in setting.cluster().nodes.ids() {
        let wave = state.try_drain(&[node], Afterwards::Back);
        for &(pod, _, refuser) in &wave.refused {
            let entry = BlockedDrain { refuser, nodes: Vec::new(), pods: Vec::new(), change: None, message: None };
            let blocked = found.entry(refuser).or_insert(entry);
            blocked.nodes.extend((blocked.nodes.last() != Some(&node)).then_some(node));
            blocked.pods.push(setting.original(pod).index());
            let Refuser::Budget(budget) = refuser else { continue };
            let mut waiting = wave.waiting.iter().chain(state.waiting());
            let own = waiting.find(|waiting| setting.selecting(waiting.pod).contains(&(budget as u32)));
            blocked.message = blocked.message.take().or(own.and_then(|waiting| waiting.message.as_ref()).map(ToString::to_string));
        }
    }
    let mut found: Vec<BlockedDrain> = found.into_values().collect();
    for blocked in &mut found {
        blocked.pods.sort_unstable();
        blocked.pods.dedup();
        if let Refuser::Budget(budget) = blocked.refuser {
            let written = &subject.objects.pod_disruption_budgets[budget];
            blocked.change = remedy::of_budget(&mut state, &blocked.nodes, budget, written);
        }
    }
    found
}
