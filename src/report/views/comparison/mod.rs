//! What changes from a base to a head: what reviewers of a change want to know before they say yes.

mod page;

use schemars::JsonSchema;
use serde::Serialize;

use super::baseline::{MendedView, WorseView, mended, worse};
use super::changes::{ChangedNode, ChangedPod};
use super::findings::{FindingView, ObjectView};
use super::usage::ResourceUse;
use super::{API_VERSION, Records};
use crate::check::Finding;
use crate::check::comparison::fleet::Fleet;
use crate::check::comparison::workloads::{ChangeKind, WorkloadChange};
use crate::check::comparison::{Comparison, FateChange, Survivability};
use crate::check::known::{Known, Novelty, find_again};
use crate::manifest::read::Places;

/// What changes from a base to a head.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Difference"))]
    pub kind: &'static str,
    /// Kubernetes version that was taken.
    pub kubernetes: String,
    /// What is compared with, as it was named.
    pub base: String,
    /// What is compared, as it was named.
    pub head: String,
    /// Whether anything got worse: then the answer is "no".
    pub is_worse: bool,
    /// Whether both have nodes; else nothing is said of places and losses.
    pub is_placed: bool,
    /// What got worse besides findings, the most urgent first.
    pub worse: Vec<WorseView>,
    /// Workloads that come, go, or are changed.
    pub workloads: Vec<ChangedWorkload>,
    /// Pods that are not as they were, the most urgent first.
    pub pods: Vec<ChangedPod>,
    /// Nodes that are not as they were, those that change most first.
    pub nodes: Vec<ChangedNode>,
    /// The cluster before.
    pub before: FleetView,
    /// The cluster after.
    pub after: FleetView,
    /// What is survived of each kind of loss.
    pub survivability: Vec<SurvivabilityView>,
    /// What the rules find.
    pub findings: FindingsChange,
}

/// A workload that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedWorkload {
    /// The workload.
    pub object: ObjectView,
    /// `new`, `changed` or `gone`.
    pub change: &'static str,
    /// How many pods it wanted; left out if nodes decide or it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas_before: Option<usize>,
    /// How many it wants; left out if nodes decide or it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas_after: Option<usize>,
    /// Whether its pods are made anew, because their template is another.
    pub new_template: bool,
}

/// A cluster in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetView {
    /// Nodes.
    pub nodes: usize,
    /// Nodes of each instance type; those that do not say theirs under an empty name.
    pub types: Vec<TypeCount>,
    /// What is requested of all nodes together.
    pub resources: Vec<ResourceUse>,
    /// The fullest node of cpu, and of memory.
    pub fullest: Vec<FullestView>,
    /// What nodes cost an hour whose price is known; left out without a catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_hour: Option<f64>,
    /// Names of nodes whose price is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<String>,
}

/// How many nodes of a type there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypeCount {
    /// The instance type; empty if nodes do not say theirs.
    #[serde(rename = "type")]
    pub name: String,
    /// How many.
    pub nodes: usize,
}

/// The fullest node of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FullestView {
    /// The resource.
    pub resource: String,
    /// The node.
    pub node: String,
    /// How full it is, in percent.
    pub percent: f64,
}

/// What is survived of one kind of loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurvivabilityView {
    /// What is lost: `node` or `zone`, each by itself.
    pub each: String,
    /// Losses that were survived, of how many; left out if there was nothing to lose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<TallyView>,
    /// Losses that are survived, of how many; left out if there is nothing to lose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<TallyView>,
    /// Workloads that survive and did not, or the other way round, and new ones that do not.
    pub workloads: Vec<FateView>,
}

/// Losses that are survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TallyView {
    /// How many are survived.
    pub survived: usize,
    /// Of how many.
    pub losses: usize,
}

/// A workload whose fate is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FateView {
    /// The workload.
    pub object: ObjectView,
    /// `lost`: it survived and no longer does; `won`: it survives and did not; `new`: it is new and does not.
    pub change: &'static str,
    /// What comes of it, in a sentence.
    pub message: String,
    /// The scheduler's sentence about the first pod that finds no node; empty if all do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What the rules find.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingsChange {
    /// What is found in the head and not, or less bad, in the base; without what is allowed.
    pub new: Vec<FindingView>,
    /// What was found in the base and is no more.
    pub mended: Vec<MendedView>,
    /// How many findings both have.
    pub known: usize,
}

/// What was compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// How base and head were named.
    pub names: [&'a str; 2],
    /// Kubernetes version that was taken.
    pub kubernetes: &'a str,
    /// What is different.
    pub comparison: &'a Comparison,
    /// What the rules find in both.
    pub findings: [&'a [Finding]; 2],
}

impl DiffView {
    /// Its `kind`.
    pub const KIND: &'static str = "Difference";

    /// Of what was compared; places are those of the head.
    pub fn new(compared: Compared<'_>, places: &mut Places<'_>) -> Self {
        let Compared { names: [base, head], kubernetes, comparison, findings } = compared;
        let findings = FindingsChange::new(findings, places);
        let worse = worse(comparison);
        let difference = &comparison.difference;
        let is_placed = comparison.has_nodes;
        let mut nodes: Vec<ChangedNode> = difference.nodes.iter().map(ChangedNode::new).collect();
        nodes.sort_by(|one, other| other.shift().total_cmp(&one.shift()).then_with(|| one.node.cmp(&other.node)));
        DiffView {
            api_version: API_VERSION,
            kind: DiffView::KIND,
            kubernetes: kubernetes.to_owned(),
            base: base.to_owned(),
            head: head.to_owned(),
            is_worse: !worse.is_empty() || findings.new.iter().any(|finding| finding.severity != "note"),
            is_placed,
            worse,
            workloads: comparison.workloads.iter().map(ChangedWorkload::new).collect(),
            pods: if is_placed { difference.pods.iter().map(ChangedPod::new).collect() } else { Vec::new() },
            nodes,
            before: FleetView::new(&comparison.fleets[0]),
            after: FleetView::new(&comparison.fleets[1]),
            survivability: comparison.survivability.iter().map(SurvivabilityView::new).collect(),
            findings,
        }
    }

    /// Whether nothing got worse.
    pub fn holds(&self) -> bool {
        !self.is_worse
    }

    /// For spreadsheets: a row a thing that changes.
    pub fn records(&self) -> Records {
        page::records(self)
    }
}

impl FindingsChange {
    fn new([before, after]: [&[Finding]; 2], places: &mut Places<'_>) -> Self {
        let matched = find_again(&Known::of(before), after);
        let told = after.iter().zip(&matched.novelty).filter(|(finding, _)| finding.allowed.is_none());
        let new = told.clone().filter(|(_, novelty)| **novelty != Novelty::Known);
        FindingsChange {
            new: new.map(|(finding, _)| FindingView::new(finding, places)).collect(),
            mended: mended(&matched.mended),
            known: told.filter(|(_, novelty)| **novelty == Novelty::Known).count(),
        }
    }
}

impl ChangedWorkload {
    fn new(change: &WorkloadChange) -> Self {
        let object = &change.object;
        ChangedWorkload {
            object: ObjectView { kind: object.kind.clone(), namespace: object.namespace.clone(), name: object.name.clone() },
            change: match change.kind {
                ChangeKind::New => "new",
                ChangeKind::Changed => "changed",
                ChangeKind::Gone => "gone",
            },
            replicas_before: change.replicas_before,
            replicas_after: change.replicas_after,
            new_template: change.new_template,
        }
    }
}

impl FleetView {
    fn new(fleet: &Fleet) -> Self {
        const MAIN: [&str; 3] = ["cpu", "memory", "pods"];
        let others = fleet.resources.keys().map(String::as_str).filter(|name| !MAIN.contains(name));
        let used = |name: &str| fleet.resources.get(name).map(|used| ResourceUse::new(name, used.requested, used.allocatable));
        let fullest = |(resource, fullest): (&str, &Option<(String, i64)>)| {
            let (node, millionths) = fullest.clone()?;
            Some(FullestView { resource: resource.to_owned(), node, percent: (millionths as f64 / 1_000.0).round() / 10.0 })
        };
        FleetView {
            nodes: fleet.nodes,
            types: fleet.types.iter().map(|(name, nodes)| TypeCount { name: name.clone(), nodes: *nodes }).collect(),
            resources: MAIN.into_iter().chain(others).filter_map(used).collect(),
            fullest: ["cpu", "memory"].into_iter().zip(&fleet.fullest).filter_map(fullest).collect(),
            cost_per_hour: fleet.cost.as_ref().map(|cost| cost.micros_hour as f64 / 1e6),
            unpriced: fleet.cost.as_ref().map(|cost| cost.unpriced.clone()).unwrap_or_default(),
        }
    }
}

impl SurvivabilityView {
    fn new(kind: &Survivability) -> Self {
        let tally = |tally: Option<(usize, usize)>| tally.map(|(survived, losses)| TallyView { survived, losses });
        SurvivabilityView {
            each: kind.kind.name().to_owned(),
            before: tally(kind.tallies[0]),
            after: tally(kind.tallies[1]),
            workloads: kind.workloads.iter().map(FateView::new).collect(),
        }
    }
}

impl FateView {
    fn new(change: &FateChange) -> Self {
        let key = &change.workload;
        FateView {
            object: ObjectView { kind: key.kind.clone(), namespace: key.namespace.clone(), name: key.name.clone() },
            change: match change {
                _ if change.is_lost() => "lost",
                _ if change.is_won() => "won",
                _ => "new",
            },
            message: super::baseline::after(&change.after),
            reason: change.after.message.clone(),
        }
    }
}
