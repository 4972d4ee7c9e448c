//! What can be expected: a row a quantity, with its unit, the states it can be asked in, and how it is measured.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds::{Bounds, Count, Limits, Money, Scale, Share, Time, Unit};
use super::document::Assertion;
use super::inquiry::Inquiry;
use super::{Measured, measures};

/// What a cluster is put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateKind {
    /// Nothing.
    Now,
    /// Losses.
    Lost,
    /// Autoscalers at their most.
    AtMost,
    /// Drained.
    Drained,
    /// Rolled out.
    Rollout,
}

impl StateKind {
    /// As it is written.
    pub fn words(self) -> &'static str {
        match self {
            StateKind::Now => "no `when`",
            StateKind::Lost => "`lost`",
            StateKind::AtMost => "`autoscalers: max`",
            StateKind::Drained => "`drained: all`",
            StateKind::Rollout => "`rollout: all`",
        }
    }
}

/// What is measured, or why it cannot be.
pub type Answer = Result<Vec<Measured>, String>;

/// A quantity that bounds can be put on.
pub struct Expectation {
    /// As it is written.
    pub name: &'static str,
    /// In words.
    pub words: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// In which states it can be asked.
    pub states: &'static [StateKind],
    /// Whether it is about pods, so that they can be selected.
    pub selects: bool,
    /// The bounds that are put on it, if any are.
    pub limits: fn(&Expect) -> Option<Limits>,
    /// Measures it.
    pub(super) measure: fn(&Inquiry<'_, '_>, &Assertion) -> Answer,
}

macro_rules! quantities {
    ($( $(#[$meta:meta])* $field:ident $name:literal $words:literal $scale:ident [$($state:ident)+] $selects:literal => $file:ident::$measure:ident, )*) => {
        /// What has to hold: bounds on quantities.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct Expect { $( $(#[$meta])* pub $field: Option<Bounds<$scale>>, )* }

        /// All quantities.
        pub const EXPECTATIONS: &[Expectation] = &[ $( Expectation {
            name: $name,
            words: $words,
            unit: <$scale as Scale>::UNIT,
            states: &[$(StateKind::$state),+],
            selects: $selects,
            limits: |expect| expect.$field.as_ref().map(Bounds::limits),
            measure: measures::$file::$measure,
        }, )* ];
    };
}

quantities! {
    /// Pods without a node, or refused by the API server; after each loss, at autoscalers' most.
    pending_pods "pendingPods" "pods without a node" Count [Now Lost AtMost] true => pods::pending,
    /// Pods on nodes; after each loss, once everything has settled.
    placed_pods "placedPods" "pods on nodes" Count [Now Lost] true => pods::placed,
    /// Pods of each workload that are ready; right after each loss.
    ready_pods "readyPods" "ready pods of each workload" Count [Now Lost] true => survival::ready,
    /// Zones that the pods of each workload are in.
    zones "zones" "zones of each workload" Count [Now] true => spread::zones,
    /// Nodes that the pods of each workload are on.
    hosts "hosts" "nodes of each workload" Count [Now] true => spread::hosts,
    /// Workloads that have too few ready pods to do their work; right after each loss.
    workloads_below_quorum "workloadsBelowQuorum" "workloads below their quorum" Count [Now Lost] true => survival::below_quorum,
    /// Workloads that have fewer ready pods than a budget promises; right after each loss.
    workloads_below_budget "workloadsBelowBudget" "workloads below a disruption budget" Count [Lost] true => survival::below_budget,
    /// How long until each workload is whole again after each loss, in the worst case.
    failover "failover" "time until every workload is whole again" Time [Lost] true => survival::failover,
    /// How long each workload has fewer pods than it needs after each loss, in the worst case.
    outage "outage" "time with fewer pods than needed" Time [Lost] true => survival::outage,
    /// Pods that each PodDisruptionBudget lets go at once.
    disruptions_allowed "disruptionsAllowed" "pods that each disruption budget lets go" Count [Now] true => evictions::allowed,
    /// Nodes that there are.
    nodes "nodes" "nodes" Count [Now] false => nodes::count,
    /// What is requested of each node, of cpu or memory, whichever is more; after each loss.
    utilization "utilization" "utilisation of each node" Share [Now Lost] false => nodes::utilization,
    /// The same of cpu.
    cpu_utilization "cpuUtilization" "cpu utilisation of each node" Share [Now Lost] false => nodes::cpu,
    /// The same of memory.
    memory_utilization "memoryUtilization" "memory utilisation of each node" Share [Now Lost] false => nodes::memory,
    /// Pods on each node.
    pods_per_node "podsPerNode" "pods of each node" Count [Now] false => nodes::pods,
    /// What is used of each bound of each quota; also at autoscalers' most, and while everything is rolled out.
    quota_usage "quotaUsage" "use of each quota" Share [Now AtMost Rollout] true => quotas::usage,
    /// What the nodes cost an hour that there are.
    cost_per_hour "costPerHour" "cost of the nodes an hour" Money [Now] false => cost::of_nodes,
    /// What nodes cost an hour that have to be bought for everything to run, also after each loss, by the catalogue.
    needed_cost_per_hour "neededCostPerHour" "cost of the nodes that are needed, an hour" Money [Now Lost] false => cost::needed,
    /// How many nodes have to be bought for everything to run, also after each loss, by the catalogue.
    needed_nodes "neededNodes" "nodes that are needed" Count [Now Lost] false => cost::needed_nodes,
    /// Nodes that cannot be drained.
    blocked_nodes "blockedNodes" "nodes that cannot be drained" Count [Drained] false => evictions::blocked,
    /// Waves that it takes.
    waves "waves" "waves of draining" Count [Drained] false => evictions::waves,
    /// How long it takes.
    duration "duration" "time to drain all nodes" Time [Drained] false => evictions::duration,
}

impl Assertion {
    /// What is wrong with how it is written, if anything is.
    pub fn problem(&self) -> Option<String> {
        let state = match self.when.state() {
            Ok(state) => state,
            Err(problem) => return Some(problem),
        };
        let asked: Vec<(&Expectation, Limits)> =
            EXPECTATIONS.iter().filter_map(|expectation| Some((expectation, (expectation.limits)(&self.expect)?))).collect();
        if self.name.trim().is_empty() {
            return Some("it has no name".to_owned());
        }
        if asked.is_empty() {
            let names: Vec<&str> = EXPECTATIONS.iter().map(|expectation| expectation.name).collect();
            return Some(format!("`expect` says nothing: it takes {}", names.join(", ")));
        }
        let select = super::document::Select { may_be_empty: false, ..self.select.clone() };
        for (expectation, limits) in asked {
            let name = expectation.name;
            if limits.are_none() {
                return Some(format!("`{name}` has no bound: atMost, atLeast, or both"));
            }
            if !expectation.states.contains(&state) {
                let states: Vec<&str> = expectation.states.iter().map(|state| state.words()).collect();
                return Some(format!("`{name}` cannot be asked with {}: it goes with {}", state.words(), states.join(", ")));
            }
            if !expectation.selects && select != Default::default() {
                return Some(format!("`{name}` is about nodes, and `select` selects pods: leave it out"));
            }
        }
        None
    }
}
