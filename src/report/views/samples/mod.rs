//! How surely pods get a place: what many runs have in common that differ in arrival orders and ties.

mod losses;
mod page;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use schemars::JsonSchema;
use serde::Serialize;

pub use losses::{LossSampleView, LossSamplesView};

use super::creation::NotCreatedGroup;
use super::schedule::group_name;
use super::{API_VERSION, Context, Records};
use crate::cluster::index::{ClassId, NodeId, PodId};
use crate::report::amount::{Unit, percent};
use crate::scheduler::arrivals::Arrivals;
use crate::scheduler::ties::Ties;
use crate::simulation::chance::{Draws, Group, NodeRange, Places, RESOURCES, Run, Seen, Share};

/// How surely pods get a place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SamplesView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Samples"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// What was drawn.
    pub drawn: DrawnView,
    /// Runs in which a pod stays pending, or is evicted for good.
    pub pending: ShareView,
    /// The run with most of them, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<WorstRun>,
    /// Workloads of which pods stay pending in some run, the commonest first.
    pub pending_workloads: Vec<PendingWorkload>,
    /// Workloads of which pods that had a node are evicted for others in some run, the commonest first.
    pub evicted_workloads: Vec<EvictedWorkload>,
    /// What the API server refuses, in every run: it is not there.
    pub not_created: Vec<NotCreatedGroup>,
    /// How determined places are.
    pub places: PlacesView,
    /// Workloads of which pods have no determined place, not even up to exchange of identical pods; those with most such pods first.
    pub undetermined: Vec<UndeterminedWorkload>,
    /// Whether every node is equally full in every run.
    pub use_determined: bool,
    /// How full each node is, in the scheduler's list order.
    pub nodes: Vec<NodeRangeView>,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrawnView {
    /// How many runs.
    pub runs: usize,
    /// Seed of the first; each of the others has the next one.
    pub seed: u64,
    /// How ties were broken: `random`, or the rule that all runs share.
    pub ties: &'static str,
    /// In which order pods of one priority and age arrived: `random`, or `listed`.
    pub arrivals: &'static str,
}

/// A share of runs, and what it says of those that were not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShareView {
    /// In how many runs.
    pub runs: usize,
    /// Of how many.
    pub of: usize,
    /// The same in percent.
    pub percent: f64,
    /// The least that the share of all runs is, in percent, with a confidence of 95 % (Wilson's score interval).
    pub percent_least95: f64,
    /// The most that it is.
    pub percent_most95: f64,
}

/// The run with most pods without a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorstRun {
    /// Its seed: `--seed`, with the same `--ties` and `--arrivals`, has it again.
    pub seed: u64,
    /// Pods without a node.
    pub pods: usize,
}

/// A workload of which pods stay pending in some run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingWorkload {
    /// The workload.
    pub workload: String,
    /// Its pods that wait for a place in the input, or are evicted in some run.
    pub pods: usize,
    /// Runs in which any of them has no node.
    pub pending: ShareView,
    /// The fewest that have none, over all runs.
    pub least: usize,
    /// The most that have none.
    pub most: usize,
    /// Why, in the scheduler's words; the commonest first.
    pub messages: Vec<MessageView>,
}

/// A sentence of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The sentence.
    pub message: String,
    /// In how many runs it is said.
    pub runs: usize,
}

/// A workload of which pods are evicted in some run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvictedWorkload {
    /// The workload.
    pub workload: String,
    /// Runs in which any of its pods is.
    pub evicted: ShareView,
    /// Those of its pods that are in some run.
    pub pods: Vec<String>,
}

/// How determined places are: of pods that wait in the input, or are evicted in some run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlacesView {
    /// How many pods.
    pub pods: usize,
    /// Those that are in the same place in every run.
    pub fixed: usize,
    /// Those that only change places with identical pods.
    pub exchanged: usize,
    /// Those that are elsewhere in some run.
    pub undetermined: usize,
    /// How many different outcomes the runs have.
    pub outcomes: usize,
    /// How many of them differ by more than an exchange of identical pods.
    pub outcomes_up_to_exchange: usize,
}

/// A workload of which pods have no determined place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UndeterminedWorkload {
    /// The workload.
    pub workload: String,
    /// Its pods that wait in the input, or are evicted in some run.
    pub pods: usize,
    /// Those of them whose place is not determined.
    pub undetermined: usize,
    /// In how many different ways they are arranged, up to exchange of identical pods.
    pub arrangements: usize,
    /// The nodes that any of them is on in some run, the commonest first.
    pub nodes: Vec<SeenNode>,
}

/// A node on which pods of a workload are in some run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenNode {
    /// The node.
    pub node: String,
    /// Runs in which any of them is there.
    pub runs: usize,
    /// The most that are there in a run.
    pub most_pods: usize,
}

/// How full a node is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRangeView {
    /// The node.
    pub node: String,
    /// Whether it is equally full in every run.
    pub determined: bool,
    /// Cpu, memory and pods.
    pub resources: Vec<ResourceRange>,
}

/// How much of a resource is requested.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRange {
    /// Name, as in the API.
    pub resource: String,
    /// `milliCores`, `bytes` or `count`.
    pub unit: &'static str,
    /// What pods may ask for.
    pub allocatable: i64,
    /// The least of any run.
    pub least: i64,
    /// The middle one.
    pub median: i64,
    /// The most of any run.
    pub most: i64,
    /// The same in percent of allocatable.
    pub percent_least: f64,
    /// The middle one.
    pub percent_median: f64,
    /// The most of any run.
    pub percent_most: f64,
}

impl ShareView {
    /// Of a share.
    pub fn new(share: Share) -> Self {
        let tenths = |value: f64| (value * 1000.0).round() / 10.0;
        let (least, most) = share.interval();
        ShareView {
            runs: share.runs,
            of: share.of,
            percent: tenths(share.value()),
            percent_least95: tenths(least),
            percent_most95: tenths(most),
        }
    }
}

impl SamplesView {
    /// Name of this view.
    pub const KIND: &'static str = "Samples";

    /// Of these runs; `namespaces` are those whose pods are shown, none for all. Shares of runs are of all pods all the same.
    pub fn new(context: &Context<'_>, draws: &Draws, runs: &[Run], namespaces: &[String]) -> Self {
        let workloads = Numbering::of(context, runs);
        let places = Places::of(context.cluster, runs, |pod| workloads.number_of[&pod]);
        let is_shown = |group: &&Group| {
            namespaces.is_empty() || namespaces.iter().any(|name| name == context.cluster.pod_name(group.pods[0]).namespace)
        };
        let shown: Vec<(String, &Group)> = places.groups.iter().filter(is_shown).map(|group| (workloads.name(group), group)).collect();
        let worst = runs.iter().rev().max_by_key(|run| run.missing()).filter(|run| !run.places_all());
        let ranges = NodeRange::all(context.cluster, runs);
        SamplesView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            drawn: DrawnView::new(draws),
            pending: ShareView::new(Share::of(runs, |run| !run.places_all())),
            worst: worst.map(|run| WorstRun { seed: run.seed, pods: run.missing() }),
            pending_workloads: pending(&shown),
            evicted_workloads: evicted(context, &shown, runs),
            not_created: Vec::new(),
            places: PlacesView::new(&places),
            undetermined: undetermined_of(context, &shown),
            use_determined: ranges.iter().all(NodeRange::is_point),
            nodes: ranges.iter().map(|range| NodeRangeView::new(context, range)).collect(),
        }
    }

    /// With what the API server refuses.
    pub fn with_not_created(self, not_created: Vec<NotCreatedGroup>) -> Self {
        SamplesView { not_created, ..self }
    }

    /// Whether every pod has a node in every run, and nothing is refused.
    pub fn holds(&self) -> bool {
        self.pending.runs == 0 && self.not_created.is_empty()
    }

    /// For spreadsheets: a row a node.
    pub fn records(&self) -> Records {
        let columns = vec![
            "node",
            "runs",
            "cpu_percent_least",
            "cpu_percent_median",
            "cpu_percent_most",
            "memory_percent_least",
            "memory_percent_median",
            "memory_percent_most",
            "pods_least",
            "pods_median",
            "pods_most",
        ];
        let row = |node: &NodeRangeView| {
            let [cpu, memory, pods] = &node.resources[..] else { return Vec::new() };
            let percents = |of: &ResourceRange| [of.percent_least, of.percent_median, of.percent_most].map(|value| value.to_string());
            let counts = [pods.least, pods.median, pods.most].map(|value| value.to_string());
            let first = [node.node.clone(), self.drawn.runs.to_string()];
            first.into_iter().chain(percents(cpu)).chain(percents(memory)).chain(counts).collect()
        };
        Records { columns, rows: self.nodes.iter().map(row).collect() }
    }
}

impl DrawnView {
    pub(super) fn new(draws: &Draws) -> Self {
        DrawnView {
            runs: draws.runs,
            seed: draws.seed,
            ties: match draws.options.ties {
                Ties::Random(_) => "random",
                Ties::Upstream => "upstream",
                Ties::First => "first",
            },
            arrivals: match draws.options.arrivals {
                Arrivals::Random(_) => "random",
                Arrivals::Listed => "listed",
            },
        }
    }

    /// The arguments that have one of the runs again.
    pub(super) fn again(&self, seed: u64) -> String {
        let rule = |name: &str, rule: &str, default: &str| if rule == default { String::new() } else { format!("--{name} {rule} ") };
        format!("{}{}--seed {seed}", rule("arrivals", self.arrivals, "listed"), rule("ties", self.ties, "upstream"))
    }
}

impl PlacesView {
    fn new(places: &Places) -> Self {
        let sum = |of: fn(&Group) -> usize| places.groups.iter().map(of).sum();
        PlacesView {
            pods: sum(|group| group.pods.len()),
            fixed: sum(|group| group.fixed),
            exchanged: sum(|group| group.exchanged),
            undetermined: sum(Group::open),
            outcomes: places.outcomes,
            outcomes_up_to_exchange: places.outcomes_up_to_exchange,
        }
    }
}

/// Numbers for what pods are grouped by: their workload, or if they have none what the scheduler takes them for.
struct Numbering {
    number_of: FxHashMap<PodId, usize>,
    /// The workload of the first pod of each.
    names: Vec<String>,
}

/// What pods are grouped by.
#[derive(PartialEq, Eq, Hash)]
enum Kin {
    Workload(String),
    Class(ClassId),
}

impl Numbering {
    fn of(context: &Context<'_>, runs: &[Run]) -> Self {
        let mut pods: Vec<PodId> = runs.iter().flat_map(|run| run.places.iter().map(|&(pod, _)| pod)).collect();
        pods.sort_unstable();
        pods.dedup();
        let mut kin: IndexMap<Kin, String, FxBuildHasher> = IndexMap::default();
        let mut number_of = FxHashMap::default();
        for pod in pods {
            let row = context.cluster.pod(pod);
            let workload = context.workload(pod);
            let key = if row.controlled { Kin::Workload(workload.clone()) } else { Kin::Class(row.class) };
            let entry = kin.entry(key);
            number_of.insert(pod, entry.index());
            entry.or_insert(workload);
        }
        Numbering { number_of, names: kin.into_values().collect() }
    }

    fn name(&self, group: &Group) -> String {
        group_name(&self.names[group.number], group.pods.len())
    }
}

fn pending(shown: &[(String, &Group)]) -> Vec<PendingWorkload> {
    let view = |(name, group): &(String, &Group)| {
        let missing = group.missing.as_ref()?;
        let message = |(message, runs): &(std::sync::Arc<str>, usize)| MessageView { message: message.to_string(), runs: *runs };
        Some(PendingWorkload {
            workload: name.clone(),
            pods: group.pods.len(),
            pending: ShareView::new(missing.share),
            least: missing.least,
            most: missing.most,
            messages: missing.messages.iter().map(message).collect(),
        })
    };
    let mut pending: Vec<PendingWorkload> = shown.iter().filter_map(view).collect();
    pending.sort_by_key(|each| std::cmp::Reverse((each.pending.runs, each.most)));
    pending
}

fn evicted(context: &Context<'_>, shown: &[(String, &Group)], runs: &[Run]) -> Vec<EvictedWorkload> {
    let ever: rustc_hash::FxHashSet<PodId> = runs.iter().flat_map(|run| run.evicted.iter().copied()).collect();
    let affected = shown.iter().filter(|(_, group)| group.evicted.runs > 0);
    let view = |(name, group): &(String, &Group)| EvictedWorkload {
        workload: name.clone(),
        evicted: ShareView::new(group.evicted),
        pods: group.pods.iter().filter(|pod| ever.contains(pod)).map(|&pod| context.pod(pod)).collect(),
    };
    let mut evicted: Vec<EvictedWorkload> = affected.map(view).collect();
    evicted.sort_by_key(|each| std::cmp::Reverse(each.evicted.runs));
    evicted
}

/// Those of which most pods are open first.
fn undetermined_of(context: &Context<'_>, shown: &[(String, &Group)]) -> Vec<UndeterminedWorkload> {
    let open = shown.iter().filter(|(_, group)| group.open() > 0);
    let mut undetermined: Vec<UndeterminedWorkload> = open.map(|(name, group)| undetermined(context, name, group)).collect();
    undetermined.sort_by_key(|each| std::cmp::Reverse(each.undetermined));
    undetermined
}

fn undetermined(context: &Context<'_>, name: &str, group: &Group) -> UndeterminedWorkload {
    let seen = |seen: &Seen| SeenNode { node: context.node(seen.node), runs: seen.share.runs, most_pods: seen.most };
    UndeterminedWorkload {
        workload: name.to_owned(),
        pods: group.pods.len(),
        undetermined: group.open(),
        arrangements: group.arrangements,
        nodes: group.nodes.iter().map(seen).collect(),
    }
}

impl NodeRangeView {
    fn new(context: &Context<'_>, range: &NodeRange) -> Self {
        let resource = |index: usize| ResourceRange::new(context, range, range.node, index);
        NodeRangeView {
            node: context.node(range.node),
            determined: range.is_point(),
            resources: (0..RESOURCES.len()).map(resource).collect(),
        }
    }
}

impl ResourceRange {
    fn new(context: &Context<'_>, range: &NodeRange, node: NodeId, index: usize) -> Self {
        let (name, requested) = (context.resource(RESOURCES[index]), range.requested[index]);
        let allocatable = context.cluster.allocatable(RESOURCES[index], node);
        let of = |amount: i64| percent(amount, allocatable);
        ResourceRange {
            resource: name.to_owned(),
            unit: Unit::of(name).name(),
            allocatable,
            least: requested.least,
            median: requested.median,
            most: requested.most,
            percent_least: of(requested.least),
            percent_median: of(requested.median),
            percent_most: of(requested.most),
        }
    }
}
