//! What to buy: the plan, its bound, what each state replayed, and why.

mod page;
mod proof;
pub mod why;

use schemars::JsonSchema;
use serde::Serialize;

use super::{API_VERSION, RealisationView, Records};
use crate::catalogue::is_given;
use crate::planning::packing::BoundProof;
use crate::planning::size::{Because, Bound, Fleet, Objective, Offer, Realised, Sizing, Survive, Trial, group_names};
use crate::report::amount::count;
pub(in crate::report::views) use page::money;
use proof::Proofs;
pub use why::WhyView;

/// So many hours are a month, as clouds count.
const HOURS_A_MONTH: f64 = 730.0;

/// Well-known label of a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";

/// What to buy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SizeView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Size"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// What was asked.
    pub asked: AskedView,
    /// Whether a plan was found that holds in every state.
    pub holds: bool,
    /// The nodes to have, by type and zone; without those that stay.
    pub nodes: Vec<NodesView>,
    /// How many nodes that is.
    pub count: u32,
    /// What they cost; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// Nodes of the input that stay beside them.
    pub kept: Vec<KeptView>,
    /// Nodes of the input that are not needed any more.
    pub removed: Vec<String>,
    /// What no plan can be below.
    pub lower_bound: BoundView,
    /// How far from that the plan is at most, in percent of the plan; absent without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// What each state came to when it was replayed.
    pub replay: Vec<StateView>,
    /// Losses of several at once that were not played, because there are too many.
    pub not_played: usize,
    /// Where the replay put every pod: namespace/name and node.
    pub placement: Vec<PlacedView>,
    /// What realises that placement; absent if that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realisation: Option<RealisationView>,
    /// A cheaper fleet that holds with help; absent if none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreached: Option<UnreachedView>,
    /// Other fleets that hold in every state.
    pub alternatives: Vec<AlternativeView>,
    /// Why it costs what it costs; absent without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyView>,
    /// What no purchase can mend.
    pub beyond: Vec<BeyondView>,
    /// Whether the time limit ended the search before it was done.
    pub cut_off: bool,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedView {
    /// What must be survived: `none`, `node`, `zone`, `node=2`.
    pub survive: String,
    /// Cpu and memory of each node must be requested to less than this share in percent; absent without such a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_utilization: Option<f64>,
    /// `cost`, `count` or `evenness`.
    pub objective: &'static str,
    /// Replicas of autoscaled workloads: `current`, `min`, `max`, or a file.
    pub replicas: String,
    /// Whether nodes and running pods stay where they are.
    pub keep_existing: bool,
    /// How many types of nodes were considered.
    pub types: usize,
    /// Zones in which they are offered.
    pub zones: Vec<String>,
}

/// Alike nodes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodesView {
    /// The type.
    #[serde(rename = "type")]
    pub node_type: String,
    /// The zone; absent if nodes of it are in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How it is bought, such as `on-demand`; absent if the catalogue does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_type: Option<String>,
    /// How many.
    pub count: u32,
    /// Of these, how many the input has already.
    pub existing: u32,
    /// What one costs an hour; absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<f64>,
    /// What pods can have of one.
    pub allocatable: std::collections::BTreeMap<String, String>,
    /// What the machine has, before its node keeps some for itself; empty where that is not known.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub capacity: std::collections::BTreeMap<String, String>,
    /// A name for them together, as DNS takes it.
    pub group: String,
    /// What the replay called them.
    pub names: Vec<String>,
    /// The instance type that they say they are; absent where no label says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Their architecture, if a label says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// Their operating system, if a label says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Labels that they are given, besides those that the kubelet, the cloud or a provisioner gives them.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Taints that they are given.
    pub taints: Vec<TaintView>,
}

/// A taint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TaintView {
    /// Key.
    pub key: String,
    /// Value; empty if it has none.
    pub value: String,
    /// `NoSchedule`, `NoExecute` or `PreferNoSchedule`.
    pub effect: String,
}

/// What nodes cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostView {
    /// In an hour.
    pub per_hour: f64,
    /// In a month of 730 hours.
    pub per_month: f64,
}

/// A node that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptView {
    /// Its name.
    pub node: String,
    /// Why: `asked`, `controlPlane` or `localVolume`.
    pub because: &'static str,
    /// Its zone, if labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// What no plan can be below.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BoundView {
    /// What no plan can cost less than; absent if prices are not known or nodes were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// Whether it is proven that no plan exists; the numbers say nothing then.
    pub infeasible: bool,
    /// How many nodes every plan has at least.
    pub nodes: u32,
    /// The state that asks for it: `normal`, `nodesAsked`, `nodesLost`, `keptNodeLost` or `zonesLost`.
    pub state: &'static str,
    /// What proves it, in a sentence.
    pub because: String,
    /// The same of the number of nodes.
    pub nodes_because: String,
}

/// What a state came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateView {
    /// What was lost; empty in the normal state.
    pub lost: Vec<String>,
    /// Whether everything holds that has to.
    pub holds: bool,
    /// Pods that find no node and that a purchase could help.
    pub pending: Vec<String>,
    /// The scheduler's sentence about the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Workloads that have too few pods left.
    pub below_quorum: Vec<String>,
    /// Nodes that are too full or missing, and rollouts without room; in the normal state.
    pub overfull: Vec<String>,
    /// Cpu that is requested of the fullest node, in percent.
    pub fullest_cpu: f64,
    /// Memory that is requested of the fullest node, in percent.
    pub fullest_memory: f64,
}

/// A pod and its node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlacedView {
    /// Namespace and name.
    pub pod: String,
    /// The node; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// A cheaper fleet that holds with help.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreachedView {
    /// The fleet.
    #[serde(flatten)]
    pub fleet: AlternativeView,
    /// What realises it: `largestFirst` or `pinned`.
    pub by: &'static str,
    /// Pods and the nodes that they would have to be pinned to.
    pub pins: Vec<PlacedView>,
}

/// Another fleet.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlternativeView {
    /// How many of each type.
    pub types: std::collections::BTreeMap<String, u32>,
    /// How many nodes that is.
    pub count: u32,
    /// What it costs; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
}

/// Something that no purchase can mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeyondView {
    /// `impossible` (no node takes the pod), `oversized` (the pod alone fills more of every node than a node may be full), `fragile` (the loss of any one of its pods takes the workload below what it needs),
    /// `crowded` (so many of its pods run together on what stays that its loss does), or `pinned` (the
    /// pod's volume is lost with its node or zone).
    pub what: &'static str,
    /// The pod or workload.
    pub name: String,
    /// How many pods.
    pub pods: usize,
    /// Why.
    pub because: String,
    /// What to do instead.
    pub instead: String,
}

/// What the answer was asked for, for the view.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What must be survived.
    pub survive: Survive,
    /// The share that nodes stay below.
    pub below_percent: Option<f64>,
    /// What was wanted.
    pub objective: Objective,
    /// Replicas of autoscaled workloads.
    pub replicas: &'a str,
    /// Whether nodes stay.
    pub keep_existing: bool,
    /// Kubernetes version.
    pub kubernetes: &'a str,
    /// What could be bought.
    pub offers: &'a [Offer<'a>],
    /// A bound on the number of nodes.
    pub nodes: &'a Bound,
}

impl SizeView {
    /// Name of this view.
    pub const KIND: &'static str = "Size";

    /// Of an answer, and where its replay put pods.
    pub fn new(asked: &Asked<'_>, sizing: &Sizing, placement: Vec<PlacedView>) -> Self {
        let offers = asked.offers;
        let plan = sizing.plan.as_ref();
        let fleet = plan.map_or_else(|| Fleet::none(offers.len()), |plan| plan.fleet.clone());
        let name = |pod: &usize| pod_name(sizing, *pod);
        let replay = plan.map_or_else(Vec::new, |plan| states(&plan.trial, name));
        let proofs = Proofs { sizing };
        let counts_nodes = sizing.prices.iter().all(|price| *price == 1);
        let bound_cost = (!counts_nodes).then(|| CostView::new(sizing.bound.price));
        let nodes_bound = if counts_nodes { &sizing.bound } else { asked.nodes };
        let is_infeasible = matches!(sizing.bound.proof, BoundProof::Infeasible(_));
        let gap = plan
            .filter(|_| !is_infeasible)
            .map(|plan| if plan.price > 0 { percent(plan.price - sizing.bound.price, plan.price) } else { 0.0 });
        let types: std::collections::BTreeSet<&str> = offers.iter().map(|offer| offer.node_type.name.as_str()).collect();
        let zones: std::collections::BTreeSet<&str> = offers.iter().filter_map(Offer::zone).collect();
        SizeView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: asked.kubernetes.to_owned(),
            asked: AskedView {
                survive: asked.survive.to_string(),
                max_utilization: asked.below_percent,
                objective: match asked.objective {
                    Objective::Cost => "cost",
                    Objective::Count => "count",
                    Objective::Evenness => "evenness",
                },
                replicas: asked.replicas.to_owned(),
                keep_existing: asked.keep_existing,
                types: types.len(),
                zones: zones.into_iter().map(str::to_owned).collect(),
            },
            holds: plan.is_some_and(|plan| plan.trial.holds()),
            count: fleet.nodes(),
            cost: cost(offers, &fleet),
            nodes: nodes(sizing, offers, &fleet),
            kept: sizing.ground.kept.iter().map(|kept| KeptView::new(kept, sizing)).collect(),
            removed: removed(sizing, offers, &fleet),
            lower_bound: BoundView {
                cost: bound_cost.filter(|_| !is_infeasible),
                infeasible: is_infeasible,
                nodes: u32::try_from(nodes_bound.price).unwrap_or(0),
                state: proof::state_word(&sizing.bound.state),
                because: proofs.sentence(&sizing.bound),
                nodes_because: proofs.sentence(nodes_bound),
            },
            gap,
            not_played: plan.map_or(0, |plan| plan.trial.not_played),
            replay,
            placement,
            realisation: None,
            unreached: sizing.unreached.as_ref().map(|unreached| UnreachedView {
                fleet: AlternativeView::new(offers, &unreached.fleet),
                by: if unreached.realised == Realised::LargestFirst { "largestFirst" } else { "pinned" },
                pins: match &unreached.realised {
                    Realised::LargestFirst => Vec::new(),
                    Realised::Pinned(pins) => {
                        pins.iter().map(|(pod, node)| PlacedView { pod: name(pod), node: Some(node.clone()) }).collect()
                    }
                },
            }),
            alternatives: sizing.alternatives.iter().map(|other| AlternativeView::new(offers, &other.fleet)).collect(),
            why: None,
            beyond: beyond(sizing),
            cut_off: sizing.cut_off,
        }
    }

    /// Whether a plan was found that holds, and nothing is beyond every purchase.
    pub fn holds(&self) -> bool {
        self.holds && self.beyond.iter().all(|beyond| matches!(beyond.what, "fragile" | "crowded"))
    }

    /// For spreadsheets: the nodes.
    pub fn records(&self) -> Records {
        let columns = vec!["type", "zone", "capacityType", "count", "existing", "pricePerHour"];
        let row = |nodes: &NodesView| {
            let price = nodes.price_per_hour.map(|price| price.to_string()).unwrap_or_default();
            let (zone, capacity) = (nodes.zone.clone().unwrap_or_default(), nodes.capacity_type.clone().unwrap_or_default());
            vec![nodes.node_type.clone(), zone, capacity, nodes.count.to_string(), nodes.existing.to_string(), price]
        };
        Records { columns, rows: self.nodes.iter().map(row).collect() }
    }
}

impl CostView {
    /// Of millionths an hour.
    fn new(micros_hour: i64) -> Self {
        let per_hour = micros_hour as f64 / 1e6;
        CostView { per_hour, per_month: (per_hour * HOURS_A_MONTH * 100.0).round() / 100.0 }
    }
}

impl TaintView {
    fn new(taint: &crate::manifest::node::Taint) -> Self {
        TaintView { key: taint.key.clone(), value: taint.value.clone(), effect: taint.effect.clone() }
    }
}

impl KeptView {
    fn new(kept: &crate::planning::size::Kept, sizing: &Sizing) -> Self {
        let because = match kept.because {
            Because::Asked => "asked",
            Because::ControlPlane => "controlPlane",
            Because::LocalVolume => "localVolume",
        };
        let node = sizing.ground.objects.nodes.iter().find(|node| node.metadata.name == kept.node);
        let zone = node.and_then(|node| node.metadata.labels.get(ZONE)).cloned();
        KeptView { node: kept.node.clone(), because, zone }
    }
}

impl AlternativeView {
    fn new(offers: &[Offer<'_>], fleet: &Fleet) -> Self {
        let mut types = std::collections::BTreeMap::new();
        fleet.bought().for_each(|(offer, count)| *types.entry(offers[offer].node_type.name.clone()).or_default() += count);
        AlternativeView { types, count: fleet.nodes(), cost: cost(offers, fleet) }
    }
}

/// What a fleet costs, if every price is known.
fn cost(offers: &[Offer<'_>], fleet: &Fleet) -> Option<CostView> {
    let prices = fleet.bought().map(|(offer, count)| Some(offers[offer].offering.price_micros_hour? * i64::from(count)));
    prices.sum::<Option<i64>>().filter(|_| fleet.nodes() > 0).map(CostView::new)
}

/// The nodes by type and zone, with how many of them the input has.
fn nodes(sizing: &Sizing, offers: &[Offer<'_>], fleet: &Fleet) -> Vec<NodesView> {
    let (existing, groups) = (existing(sizing, offers), group_names(offers, fleet));
    let amounts = |list: &crate::manifest::pod::ResourceList| list.iter().map(|(name, own)| (name.clone(), own.to_string())).collect();
    let of = |(offer, count): (usize, u32)| {
        let Offer { node_type, offering } = &offers[offer];
        let label = |key: &str| node_type.labels.get(key).cloned();
        let given = node_type.labels.iter().filter(|(key, _)| is_given(key));
        NodesView {
            node_type: node_type.name.clone(),
            zone: offering.zone.clone(),
            capacity_type: offering.capacity_type.clone(),
            count,
            existing: (existing.iter().filter(|owner| **owner == Some(offer)).count() as u32).min(count),
            price_per_hour: offering.price_micros_hour.map(|price| price as f64 / 1e6),
            allocatable: amounts(&node_type.allocatable),
            capacity: amounts(&node_type.capacity),
            group: groups[&offer].clone(),
            names: (1..=count).map(|number| offers[offer].node_name(number)).collect(),
            instance_type: label("node.kubernetes.io/instance-type"),
            arch: label("kubernetes.io/arch"),
            os: label("kubernetes.io/os"),
            labels: given.map(|(key, value)| (key.clone(), value.clone())).collect(),
            taints: node_type.taints.iter().map(TaintView::new).collect(),
        }
    };
    fleet.bought().map(of).collect()
}

/// The offer that each removed node is one of, if any: by its instance type and zone.
fn existing(sizing: &Sizing, offers: &[Offer<'_>]) -> Vec<Option<usize>> {
    let of = |node: &crate::manifest::node::Node| {
        let label = |key: &str| node.metadata.labels.get(key).map(String::as_str);
        let zone = label(ZONE);
        let like = crate::catalogue::NodeType::like(node);
        let is_like = |offer: &Offer<'_>| {
            let same = crate::catalogue::NodeType { name: offer.node_type.name.clone(), ..like.clone() };
            let (own, other) = (&same, offer.node_type);
            offer.node_type.name == like.name
                || own.allocatable == other.allocatable && own.labels == other.labels && own.taints == other.taints
        };
        offers.iter().position(|offer| is_like(offer) && (offer.zone().is_none() || offer.zone() == zone))
    };
    sizing.ground.removed.iter().map(of).collect()
}

/// Nodes that are none of those to have.
fn removed(sizing: &Sizing, offers: &[Offer<'_>], fleet: &Fleet) -> Vec<String> {
    let mut left = fleet.clone();
    let existing = existing(sizing, offers);
    let is_needed = |offer: Option<usize>, left: &mut Fleet| match offer {
        Some(offer) if left.0[offer] > 0 => {
            left.0[offer] -= 1;
            true
        }
        _ => false,
    };
    let nodes = sizing.ground.removed.iter().zip(existing);
    nodes.filter(|(_, offer)| !is_needed(*offer, &mut left)).map(|(node, _)| node.metadata.name.clone()).collect()
}

fn pod_name(sizing: &Sizing, pod: usize) -> String {
    // pods that DaemonSets put on new nodes come behind those of the input
    let pods = sizing.plan.as_ref().map_or(&sizing.ground.objects.pods, |plan| &plan.objects.pods);
    let metadata = &pods[pod].metadata;
    format!("{}/{}", metadata.namespace_or_default(), metadata.name)
}

fn states(trial: &Trial, name: impl Fn(&usize) -> String) -> Vec<StateView> {
    let pending = trial.unplaced.iter().map(|(pod, _)| name(pod)).collect();
    let surge = trial.no_surge.iter().map(|(workload, pods)| format!("{workload}: no room for {} of its surge", count(*pods, "pod")));
    let overfull = trial.overfull.iter().map(|full| format!("{}: {:.0} % of {}", full.node, full.share * 100.0, full.resource));
    let missing = (trial.missing_nodes > 0).then(|| format!("{} fewer than asked for", count(trial.missing_nodes, "node")));
    let normal = StateView {
        lost: Vec::new(),
        holds: trial.unplaced.is_empty() && trial.missing_nodes == 0 && trial.overfull.is_empty() && trial.no_surge.is_empty(),
        pending,
        message: trial.unplaced.first().and_then(|(_, message)| message.as_ref().map(ToString::to_string)),
        below_quorum: Vec::new(),
        overfull: overfull.chain(surge).chain(missing).collect(),
        fullest_cpu: shown(trial.peak.cpu),
        fullest_memory: shown(trial.peak.memory),
    };
    let losses = trial.losses.iter().map(|loss| StateView {
        lost: loss.lost.clone(),
        holds: loss.holds(),
        pending: loss.pending.iter().map(&name).collect(),
        message: loss.message.as_ref().map(ToString::to_string),
        below_quorum: loss.fallen.iter().map(ToString::to_string).collect(),
        overfull: Vec::new(),
        fullest_cpu: shown(loss.peak.cpu),
        fullest_memory: shown(loss.peak.memory),
    });
    std::iter::once(normal).chain(losses).collect()
}

fn beyond(sizing: &Sizing) -> Vec<BeyondView> {
    let mut beyond = Vec::new();
    for impossible in &sizing.impossible {
        beyond.push(BeyondView {
            what: "impossible",
            name: impossible.first.clone(),
            pods: impossible.pods.len(),
            because: impossible.message.to_string(),
            instead: "offer a node type that takes it, or change what it asks for (`plimsoll explain` says what)".to_owned(),
        });
    }
    for (name, pods) in &sizing.oversized {
        let because = "one of its pods alone fills more of every node type than a node may be full".to_owned();
        let instead = "larger node types, smaller requests, or a higher --max-utilization: its node is not held to the limit".to_owned();
        beyond.push(BeyondView { what: "oversized", name: name.clone(), pods: *pods, because, instead });
    }
    for (workload, replicas, needed) in &sizing.tolerance.fragile {
        let because = format!("has {} and needs {needed}: the loss of any one takes it below", count(*replicas, "pod"));
        let instead = "more replicas, or annotate plimsoll.dev/quorum with what it really needs".to_owned();
        beyond.push(BeyondView { what: "fragile", name: workload.to_string(), pods: *replicas, because, instead });
    }
    for (workload, domain, pods) in &sizing.tolerance.crowded {
        let because = format!("{} of it run together on {domain}, which stays: its loss takes it below what it needs", count(*pods, "pod"));
        let instead = "move some once there are more nodes (`kubectl rollout restart`), or plan without --keep-existing".to_owned();
        beyond.push(BeyondView { what: "crowded", name: workload.to_string(), pods: *pods, because, instead });
    }
    let pinned = sizing.plan.iter().flat_map(|plan| &plan.trial.pinned);
    for pod in pinned {
        let because = "its volume can be reached from nowhere but what is lost".to_owned();
        let instead = "storage that more than one node or zone reaches, or a replica of the data elsewhere".to_owned();
        beyond.push(BeyondView { what: "pinned", name: pod_name(sizing, *pod), pods: 1, because, instead });
    }
    beyond
}

fn percent(part: i64, whole: i64) -> f64 {
    (part as f64 * 10_000.0 / whole as f64).round() / 100.0
}

fn shown(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}
