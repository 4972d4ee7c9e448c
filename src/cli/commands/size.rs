//! `size`: what to buy.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use crate::catalogue::{self, Catalogue, NodeType};
use crate::cli::arguments::{FleetOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::purchase::{self, Asking};
use crate::cli::{input, output, time};
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::planning::size::why::Depth;
use crate::planning::size::{Objective, Share, Survive};
use crate::report::amount::{count, list};
use crate::report::formats::Only;
use crate::report::views::View;

/// Arguments of `size`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    #[command(flatten)]
    goal: GoalArguments,

    #[command(flatten)]
    market: MarketArguments,

    /// Say why, too: what each rule costs, and what fewer and more nodes would do
    #[arg(long, help_heading = "Why")]
    why: bool,

    /// What the plan becomes if every workload has so many percent more pods, such as 20% (repeatable)
    #[arg(long, value_name = "PERCENT", help_heading = "Why", value_parser = percent)]
    growth: Vec<Percent>,

    /// Say what realises the placement, too: the weakest change of each workload's template, with which the plan holds all the same
    #[arg(long, help_heading = "Why")]
    realise: bool,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: FleetOutputArguments,
}

/// What a plan has to hold.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What the plan has to hold")]
pub struct GoalArguments {
    /// What may be lost: any node, any zone, any two nodes (node=2), or nothing
    #[arg(long, value_name = "node|zone|node=2|none", default_value = "node")]
    pub survive: Survive,

    /// Every node's cpu and memory must be requested to less than this, with nothing lost; 100% and none switch it off
    #[arg(long, value_name = "SHARE", default_value = "70%", value_parser = share)]
    pub max_utilization: Utilization,

    /// Nodes and running pods stay where they are: buy in addition
    #[arg(long)]
    pub keep_existing: bool,

    /// Every Deployment must find room for its surge when it is rolled out
    #[arg(long)]
    pub surge: bool,

    /// So many types of nodes at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_types: Option<u16>,

    /// What makes one plan better than another: what it costs, how many nodes it has, or nodes of one type that each hold little
    #[arg(long, value_enum, value_name = "OBJECTIVE", default_value = "cost")]
    pub objective: ObjectiveName,

    /// Stop searching after so long; the best plan so far and its bound are the answer
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = time::duration)]
    pub time_limit: Duration,
}

/// What can be bought.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What can be bought")]
pub struct MarketArguments {
    /// Node types: CSV, YAML or JSON of one's own, Karpenter's instance_types.json, tables of cloud types, or nodes (repeatable)
    #[arg(long, value_name = "FILE")]
    pub catalogue: Vec<PathBuf>,

    /// Negotiated or spot prices that replace those of the catalogue: CSV or YAML (repeatable)
    #[arg(long, value_name = "FILE")]
    pub prices: Vec<PathBuf>,

    /// More nodes like this one of the input (repeatable); without this and --catalogue, like any of the input
    #[arg(long, value_name = "NODE")]
    pub like: Vec<String>,

    /// Zones to buy in; without it those that the catalogue or the input names
    #[arg(long, value_name = "ZONES", value_delimiter = ',')]
    pub zones: Vec<String>,

    /// A label that every node to buy gets, besides those of its type (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,

    /// Architectures that nodes may have, of types that say theirs; without it those of the input's nodes, or amd64
    #[arg(long, value_name = "ARCHES", value_delimiter = ',')]
    pub arch: Vec<String>,

    /// Ways of buying that are wanted, of those that the catalogue names
    #[arg(long, value_name = "TYPES", value_delimiter = ',', default_value = "on-demand")]
    pub capacity_types: Vec<String>,
}

/// A number of percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Percent(u32);

/// A share that nodes stay below; none if they may be full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utilization(pub Option<Share>);

/// What makes one plan better than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ObjectiveName {
    /// what it costs an hour
    Cost,
    /// how many nodes it has
    Count,
    /// nodes of one type, of those that cost little more than the cheapest the ones that each hold least
    Evenness,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll size                                           what the embedded example is to become
  plimsoll size cluster.json --catalogue types.csv        the cheapest fleet: under 70 %, any node can be lost
  plimsoll size cluster.json --like worker-1 --keep-existing
  plimsoll size new/ --catalogue aws.csv --zones a,b,c --survive zone --replicas max
  plimsoll size cluster.json --why --growth 20%           what rules cost, and growth would
  plimsoll size cluster.json -o svg > curve.svg           cost and headroom by number of nodes
  plimsoll size chart.yaml --catalogue aws.csv --prices ours.csv --max-types 2
  plimsoll size chart.yaml --catalogue aws.csv -o tfvars > nodes.tfvars.json    (also: machine-deployments, node-pools)
  plimsoll size chart.yaml --catalogue aws.csv -o patch   patches that make the real scheduler place it so (also: kustomize, script)

Every plan is replayed by the scheduler, with nothing lost and after every loss that must be survived; beside it stands what no plan can be below.
Without --keep-existing everything is placed anew, and the answer says which nodes of the input are not needed any more.

Exit code 1 when no fleet holds, or when a pod finds no node whatever is bought.";

/// Runs `size`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let loaded = input::load_target(&arguments.input)?;
    let asking = Asking {
        goal: &arguments.goal,
        market: &arguments.market,
        min_nodes: 0,
        objects: &loaded.objects,
        replicas: &arguments.input.replicas,
        configuration: &configuration,
        options,
    };
    // charts are of what explains
    let format = arguments.output.output.0;
    let is_drawn = format.only == Some(Only::Charts);
    let is_realised = arguments.realise || matches!(format.only, Some(Only::Patches | Only::Scripts));
    let depth = Depth { deep: arguments.why || is_drawn, growth: arguments.growth.iter().map(|percent| percent.0).collect() };
    let is_explained = is_realised || format.only.is_none() || is_drawn;
    let view = asking.explained(is_explained.then_some(&depth), is_realised.then_some(loaded.applied().0))?;
    let holds = view.holds();
    let view = View::Size(Box::new(view));
    purchase::tell_parameters(format, &view);
    output::answer(&(format.render)(&view))?;
    Ok(loaded.exit(holds))
}

/// What can be bought, and where.
pub struct Market {
    /// The types.
    pub catalogue: Catalogue,
    /// The zones; none if nodes are in none.
    pub zones: Vec<String>,
}

impl MarketArguments {
    /// Reads what can be bought.
    pub fn market(&self, objects: &Objects, survive: Survive) -> anyhow::Result<Market> {
        let mut catalogue = Catalogue::default();
        for path in &self.catalogue {
            let (read, problems) = catalogue::read::read(path).map_err(|problem| anyhow!("--catalogue: {problem}"))?;
            input::tell_problems(&problems, false);
            catalogue.types.extend(read.types);
        }
        for name in &self.like {
            let node = objects.nodes.iter().find(|node| node.metadata.name == *name);
            let names = || list(&objects.nodes.iter().map(|node| node.metadata.name.as_str()).collect::<Vec<_>>(), 8);
            let node = node.ok_or_else(|| anyhow!("--like: no node is named {name}; there is {}", names()))?;
            catalogue.types.push(like(node, objects));
        }
        if catalogue.types.is_empty() {
            catalogue = default_catalogue(objects);
        }
        let mut seen = BTreeSet::new();
        catalogue.types.retain(|node_type| seen.insert(node_type.name.clone()));
        for path in &self.prices {
            let (overrides, problems) = catalogue::read::overrides(path).map_err(|problem| anyhow!("--prices: {problem}"))?;
            input::tell_problems(&problems, false);
            input::tell_problems(&overrides.apply(&mut catalogue), false);
        }
        self.keep_architectures(&mut catalogue, objects);
        for (key, value) in &self.label {
            catalogue.types.iter_mut().for_each(|node_type| _ = node_type.labels.insert(key.clone(), value.clone()));
        }
        let zones = self.zones(&catalogue, objects, survive);
        Ok(Market { catalogue, zones })
    }

    /// Leaves out types whose architecture or operating system the images may not be made for.
    fn keep_architectures(&self, catalogue: &mut Catalogue, objects: &Objects) {
        let systems: BTreeSet<&str> = objects.nodes.iter().filter_map(|node| node.metadata.labels.get(OS)).map(String::as_str).collect();
        let runs = |system: &String| if systems.is_empty() { system == "linux" } else { systems.contains(system.as_str()) };
        catalogue.types.retain(|node_type| node_type.labels.get(OS).is_none_or(runs));
        let own: BTreeSet<String> = objects.nodes.iter().filter_map(|node| node.metadata.labels.get(ARCH).cloned()).collect();
        let wanted: Vec<String> = match (self.arch.is_empty(), own.is_empty()) {
            (false, _) => self.arch.clone(),
            (true, false) => own.into_iter().collect(),
            (true, true) => vec!["amd64".to_owned()],
        };
        let all = catalogue.types.len();
        catalogue.types.retain(|node_type| node_type.labels.get(ARCH).is_none_or(|arch| wanted.contains(arch)));
        if catalogue.types.len() < all {
            let left_out = count(all - catalogue.types.len(), "type");
            output::note(&format!(
                "{left_out} of another architecture than {} left out of account; --arch takes them in",
                list(&wanted, 4)
            ));
        }
    }

    fn zones(&self, catalogue: &Catalogue, objects: &Objects, survive: Survive) -> Vec<String> {
        if !self.zones.is_empty() {
            return self.zones.clone();
        }
        let named: Vec<String> = catalogue.zones().into_iter().map(str::to_owned).collect();
        if !named.is_empty() {
            return named;
        }
        let zone = |node: &Node| node.metadata.labels.get(ZONE).cloned();
        let own: BTreeSet<String> = objects.nodes.iter().filter_map(zone).collect();
        if !own.is_empty() {
            return own.into_iter().collect();
        }
        if matches!(survive, Survive::Zones(_)) {
            output::note("no zones are known, so three are taken: zone-a, zone-b, zone-c; --zones names them");
            return ["zone-a", "zone-b", "zone-c"].map(str::to_owned).to_vec();
        }
        Vec::new()
    }
}

const ARCH: &str = "kubernetes.io/arch";
const OS: &str = "kubernetes.io/os";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Nodes like those of the input, or the embedded catalogue if it has none.
fn default_catalogue(objects: &Objects) -> Catalogue {
    if objects.nodes.is_empty() {
        output::note("no --catalogue and no node in the input: generic types with reference prices are taken, which nobody sells");
        return catalogue::embedded();
    }
    let mut types: Vec<NodeType> = Vec::new();
    for node in &objects.nodes {
        let like = like(node, objects);
        // two nodes that differ in nothing but their names and zones are of one type
        let is_of = |known: &NodeType| NodeType { name: known.name.clone(), capacity: known.capacity.clone(), ..like.clone() } == *known;
        if !types.iter().any(is_of) {
            types.push(like);
        }
    }
    let names: Vec<&str> = types.iter().map(|node_type| node_type.name.as_str()).collect();
    output::note(&format!("no --catalogue, so what can be bought is more of what is there, at no known price: {}", list(&names, 5)));
    Catalogue { types }
}

/// More of a node.
fn like(node: &Node, objects: &Objects) -> NodeType {
    let like = NodeType::like(node);
    match objects.csi_nodes.iter().find(|csi| csi.metadata.name == node.metadata.name) {
        Some(csi) => like.with_volume_limits(csi),
        None => like,
    }
}

/// Reads a number of percent: `20%` or `20`.
fn percent(text: &str) -> Result<Percent, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok().filter(|percent| (1..=1000).contains(percent));
    number.map(Percent).ok_or_else(|| format!("{text:?} is not a number of percent from 1 to 1000, such as 20%"))
}

/// Reads a label: `node-type=worker`.
fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not KEY=VALUE, such as node-type=worker"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads a share: `70%`, `0.7` or `none`.
pub fn share(text: &str) -> Result<Utilization, String> {
    let problem = || format!("{text:?} is not a share such as 70% or 0.7, or none");
    if text == "none" {
        return Ok(Utilization(None));
    }
    let (number, scale) = text.strip_suffix('%').map_or((text, 1_000_000.0), |number| (number, 10_000.0));
    let number: f64 = number.trim().parse().map_err(|_| problem())?;
    let millionths = (number * scale).round();
    if !(1.0..=1_000_000.0).contains(&millionths) {
        return Err(problem());
    }
    Ok(Utilization((millionths < 1_000_000.0).then_some(Share(millionths as u32))))
}

impl From<ObjectiveName> for Objective {
    fn from(name: ObjectiveName) -> Self {
        match name {
            ObjectiveName::Cost => Objective::Cost,
            ObjectiveName::Count => Objective::Count,
            ObjectiveName::Evenness => Objective::Evenness,
        }
    }
}
