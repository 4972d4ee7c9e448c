//! In which order nodes can be taken out for maintenance: waves of nodes that go together, and what stands in the way.
//!
//! Nodes are drained as `kubectl drain` does it ([`crate::simulation::drain`]). A wave keeps every promise if every eviction is let pass
//! in the end, every pod without a budget finds another place first, and everything runs again once the nodes are back
//! ([`verdict`]). Fewest waves is vector bin packing over what limits them ([`limit`], where the lower bound comes from), and placing is
//! the scheduler's: so each wave that is found is played, and what does not work is taken out (`search`).
//!
//! What cannot be drained is told with who refuses it and the smallest change that frees it ([`remedy`]); where room is missing, with how
//! many nodes have to be added for the time being.

pub mod duration;
pub mod limit;
pub mod remedy;
mod search;
pub mod verdict;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use duration::{Timing, WaveTime};
pub use limit::{Bound, Dimension, Limit};
pub use remedy::Change;
pub use verdict::{Trouble, TroubleKind};

use crate::admission::eviction::evict;
use crate::cluster::index::{NodeId, PodId};
use crate::manifest::Objects;
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::refusal::Refusal;
use crate::scheduler::profile::Configuration;
use crate::scheduler::run::Schedule;
use crate::scheduler::{Options, Scheduler};
use crate::simulation::drain::{Afterwards, Flag, Flags, Refuser, Setting, State, Treatment, Wave, budgets, surge};
use limit::Limits;
use search::{Found, Task, search};

/// So many nodes are added at most in search of how many are needed; in large clusters fewer.
const MOST_SURGE: usize = 16;
const MOST_SURGE_LARGE: usize = 2;
/// So many other choices of nodes to copy are tried, to prove that fewer do not do.
const MOST_CHOICES: usize = 8;
/// So many changes are tried that need the whole cluster made anew; in large clusters fewer.
const TRIALS: usize = 24;
const TRIALS_LARGE: usize = 4;
/// Clusters with more pods are large.
const LARGE_PODS: usize = 5_000;
/// When an eviction is asked for; only one that is under way already would care.
const NOW: &str = "1970-01-01T00:00:00Z";

/// What is asked.
pub struct Question<'a> {
    /// The objects, expanded.
    pub objects: &'a Objects,
    /// How the scheduler works.
    pub configuration: &'a Configuration,
    /// And what it leaves open.
    pub options: Options,
    /// The nodes to be drained, by name, that are among the objects; none for all.
    pub nodes: &'a [String],
    /// The flags of `kubectl drain`.
    pub flags: Flags,
    /// How many nodes at most make a wave.
    pub parallel: Option<usize>,
    /// How many nodes are added beforehand.
    pub surge: usize,
    /// The node that added nodes are copies of; otherwise of what lacks room.
    pub surge_like: Option<&'a str>,
    /// What becomes of drained nodes.
    pub afterwards: Afterwards,
    /// How long things take.
    pub timing: Timing,
    /// Places what waits.
    pub place: &'a dyn Fn(&mut Scheduler<'_>) -> Schedule,
}

/// The answer.
#[derive(Debug)]
pub struct Maintenance<'a> {
    /// The objects, with those of added nodes.
    pub objects: Cow<'a, Objects>,
    /// The cluster before anything is drained.
    pub setting: Setting,
    /// The plan.
    pub plan: Plan,
    /// Added nodes.
    pub surge: Surge,
    /// What of the question the answer depends on.
    pub flags: Flags,
    /// What becomes of drained nodes.
    pub afterwards: Afterwards,
    /// How long things are taken to take.
    pub timing: Timing,
    /// How many nodes at most make a wave.
    pub parallel: Option<usize>,
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The nodes to be drained, in list order.
    pub nodes: Vec<NodeId>,
    /// The waves, as they were played, and how long each takes.
    pub waves: Vec<(Wave, WaveTime)>,
    /// A lower bound on the waves that it takes to drain those nodes.
    pub bound: Bound,
    /// Whether the bound rests on having tried all orders.
    pub is_exhaustive: bool,
    /// The limits that the bound speaks of.
    pub dimensions: Vec<Dimension>,
    /// The nodes that the limits are about, by position.
    pub able: Vec<NodeId>,
    /// What is in no wave, and why.
    pub blocked: Vec<Blocked>,
    /// Flags of `kubectl drain` that are missing, and the pods that want them: the plan takes them as given.
    pub missing: Vec<(Flag, Vec<PodId>)>,
}

/// Why nodes are in no wave.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocked {
    /// Why.
    pub cause: Cause,
    /// The nodes, in list order.
    pub nodes: Vec<NodeId>,
    /// The pods that cannot leave, or have nowhere to go; originals.
    pub pods: Vec<PodId>,
    /// What the server or the scheduler says about the first of them.
    pub refusal: Option<Refusal>,
    /// The scheduler's sentence about a pod that found no node.
    pub message: Option<String>,
    /// Changes of which each alone frees these evictions.
    pub remedies: Vec<Change>,
}

/// Why nodes are in no wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The Eviction API refuses.
    Refused(Refuser),
    /// What takes a pod's place finds no node.
    NoPlace,
    /// Pods of higher priority would take the place of others for good.
    Preempted,
}

/// Nodes that are added for the time being.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surge {
    /// How many were asked for.
    pub given: usize,
    /// The nodes that the added ones are copies of, by name; those that the plan has.
    pub like: Vec<String>,
    /// How many are needed so that nothing lacks room; none if that is not known.
    pub needed: Option<usize>,
    /// Whether fewer were tried, of every shape, and do not do.
    pub is_fewest: bool,
    /// How many were tried at most.
    pub tried: usize,
}

impl Plan {
    /// Whether every node is in a wave.
    pub fn is_complete(&self) -> bool {
        self.blocked.is_empty()
    }

    /// How long it takes, in seconds.
    pub fn seconds(&self) -> u64 {
        self.waves.iter().map(|(_, time)| u64::from(time.whole)).sum()
    }
}

impl Maintenance<'_> {
    /// Whether the nodes can be drained as was asked.
    pub fn holds(&self) -> bool {
        self.plan.is_complete() && self.plan.missing.is_empty() && self.surge.like.len() <= self.surge.given
    }
}

/// Answers it.
pub fn maintain<'a>(question: &Question<'a>) -> Maintenance<'a> {
    let mut like: Vec<usize> = Vec::new();
    let mut surge = Surge { given: question.surge, ..Surge::default() };
    let mut current = attempt(question, &like);
    let mut patience = Patience::default();
    loop {
        let short = current.2.short();
        if short.is_none() {
            surge.needed.get_or_insert(like.len());
        }
        let is_enough = like.len() >= question.surge;
        if is_enough && (surge.needed.is_some() || patience.is_over(&current, like.len())) {
            break;
        }
        let Some(next) = chosen(question, short.map(|node| source(question, &current, node))) else { break };
        like.push(next);
        current = attempt(question, &like);
    }
    surge.tried = like.len();
    if surge.needed.is_none() && like.len() != question.surge {
        like.truncate(question.surge);
        current = attempt(question, &like);
    }
    surge.is_fewest = surge.needed.is_some_and(|needed| proves_fewest(question, &like[..needed.min(like.len())]));
    surge.like = like.iter().map(|&node| question.objects.nodes[node].metadata.name.clone()).collect();
    let (objects, setting, plan) = current;
    let Question { flags, afterwards, timing, parallel, .. } = *question;
    Maintenance { objects, setting, plan, surge, flags, afterwards, timing, parallel }
}

/// What one attempt gives.
type Attempt<'a> = (Cow<'a, Objects>, Setting, Plan);

/// The node of the input that a copy for `node` is made of.
fn source(question: &Question<'_>, current: &Attempt<'_>, node: NodeId) -> usize {
    current.1.cluster().nodes.objects[node.index()].min(question.objects.nodes.len().saturating_sub(1))
}

/// The node to copy: the one that was asked for, one that lacks room, or else the first to be drained.
fn chosen(question: &Question<'_>, short: Option<usize>) -> Option<usize> {
    let position = |name: &str| question.objects.nodes.iter().position(|node| node.metadata.name == name);
    let first = || question.nodes.first().and_then(|name| position(name)).or((!question.objects.nodes.is_empty()).then_some(0));
    question.surge_like.and_then(position).or(short).or_else(first)
}

/// When to stop adding nodes that do not help.
#[derive(Debug, Default)]
struct Patience {
    least: Option<usize>,
    in_vain: usize,
}

impl Patience {
    /// Whether enough was tried: two nodes in a row that brought nothing, or too many in all.
    fn is_over(&mut self, current: &Attempt<'_>, added: usize) -> bool {
        let blocked: usize = current.2.blocked.iter().filter(|blocked| blocked.lacks_room()).map(|blocked| blocked.pods.len()).sum();
        let is_better = self.least.is_none_or(|least| blocked < least);
        self.in_vain = if is_better { 0 } else { self.in_vain + 1 };
        self.least = Some(self.least.map_or(blocked, |least| least.min(blocked)));
        let most = if current.1.pods().len() > LARGE_PODS { MOST_SURGE_LARGE } else { MOST_SURGE };
        self.in_vain >= 2 || added >= most
    }
}

/// Whether one copy fewer leaves something without room, whichever nodes are copied. One sequence was tried on the way; the others are
/// tried here, if they are few.
fn proves_fewest(question: &Question<'_>, like: &[usize]) -> bool {
    let Some(fewer) = like.len().checked_sub(1) else { return true };
    let shapes = shapes(question);
    if fewer == 0 || shapes.len() <= 1 {
        return true;
    }
    let others = choices(&shapes, fewer);
    others.len() <= MOST_CHOICES && others.iter().all(|other| attempt(question, other).2.short().is_some())
}

/// One of each sort of nodes to be drained: alike but for their name.
fn shapes(question: &Question<'_>) -> Vec<usize> {
    let shape = |node: usize| {
        let node = &question.objects.nodes[node];
        let mut labels = node.metadata.labels.clone();
        labels.remove("kubernetes.io/hostname");
        (labels, node.status.allocatable.clone(), node.spec.taints.clone())
    };
    let mut shapes: Vec<usize> = Vec::new();
    for node in (0..question.objects.nodes.len()).filter(|&node| is_asked(question, &question.objects.nodes[node].metadata.name)) {
        if shapes.len() <= MOST_CHOICES && !shapes.iter().any(|&other| shape(other) == shape(node)) {
            shapes.push(node);
        }
    }
    shapes
}

/// All ways of taking so many of these, in no order; more than [`MOST_CHOICES`] are not all there.
fn choices(of: &[usize], number: usize) -> Vec<Vec<usize>> {
    if number == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, &first) in of.iter().enumerate() {
        for mut rest in choices(&of[at..], number - 1) {
            rest.insert(0, first);
            all.push(rest);
            if all.len() > MOST_CHOICES {
                return all;
            }
        }
    }
    all
}

fn is_asked(question: &Question<'_>, name: &str) -> bool {
    question.nodes.is_empty() || question.nodes.iter().any(|node| node == name)
}

/// Plans with a copy of each of these nodes.
fn attempt<'a>(question: &Question<'a>, like: &[usize]) -> Attempt<'a> {
    let mut objects = Cow::Borrowed(question.objects);
    let names = if like.is_empty() { Vec::new() } else { surge::add(objects.to_mut(), like) };
    let setting = Setting::new(&objects, &names, question.configuration, question.options, question.place);
    let plan = plan(question, &objects, &setting, like.len());
    (objects, setting, plan)
}

fn plan(question: &Question<'_>, objects: &Objects, setting: &Setting, surge: usize) -> Plan {
    let cluster = setting.cluster();
    let start = State::new(setting, surge);
    let is_drained = |&node: &NodeId| !setting.surge().contains(&node) && is_asked(question, cluster.node_name(node));
    let nodes: Vec<NodeId> = cluster.nodes.ids().filter(is_drained).collect();
    let selected = selected(setting);
    let hopeless: Vec<NodeId> = nodes.iter().copied().filter(|&node| is_hopeless(&start, &selected, node)).collect();
    let able: Vec<NodeId> = nodes.iter().copied().filter(|node| !hopeless.contains(node)).collect();
    let parallel = question.parallel.unwrap_or(usize::MAX).max(1);
    let limits = Limits::new(&start, &able, question.afterwards == Afterwards::Back, question.parallel);
    let task = Task { start: &start, nodes: &able, limits: &limits, afterwards: question.afterwards, parallel };
    let Found { waves, mut end, left, bound, is_exhaustive } = search(&task);
    let waves = waves.into_iter().map(|wave| (duration::wave_time(objects, &start, &wave, question.timing), wave));
    let mut troubles: Vec<(NodeId, Vec<Trouble>)> = left;
    for node in hopeless {
        let wave = end.try_drain(&[node], question.afterwards);
        let refused = verdict::troubles(setting, &wave).into_iter().filter(|trouble| matches!(trouble.kind, TroubleKind::Refused(_)));
        troubles.push((node, refused.collect()));
    }
    let blocked = blocked(question, objects, &mut end, &troubles);
    let missing = missing(question.flags, &start, &nodes);
    let waves = waves.map(|(time, wave)| (wave, time)).collect();
    Plan { nodes, waves, bound, is_exhaustive, dimensions: limits.dimensions, able, blocked, missing }
}

impl Plan {
    /// The first node that lacks room.
    fn short(&self) -> Option<NodeId> {
        let short = self.blocked.iter().filter(|blocked| blocked.lacks_room());
        short.flat_map(|blocked| blocked.nodes.first().copied()).min()
    }
}

impl Blocked {
    /// Whether room would help: pods have nowhere to go, and so their budgets let no more of them go.
    pub fn lacks_room(&self) -> bool {
        matches!(self.cause, Cause::NoPlace | Cause::Preempted) || self.message.is_some()
    }
}

/// How many pods each budget selects.
fn selected(setting: &Setting) -> Vec<i32> {
    let mut selected = vec![0; setting.budgets().len()];
    setting.pods().flat_map(|pod| setting.selecting(pod)).for_each(|&budget| selected[budget as usize] += 1);
    selected
}

/// Whether a node has a pod that will never be evicted, whatever happens elsewhere: its budget forbids it even while all its pods are
/// well, or it has two.
fn is_hopeless(state: &State<'_>, selected: &[i32], node: NodeId) -> bool {
    let setting = state.setting();
    let is_spent = |budget: usize| state.budgets()[budget].allowed(state.healthy()[budget].max(selected[budget])) == 0;
    let is_stuck = |&pod: &PodId| {
        let traits = setting.traits(pod);
        let goes = traits.treatment == Treatment::Goes && !traits.is_free;
        goes && match setting.selecting(pod)[..] {
            [] => false,
            [budget] => traits.is_ready && is_spent(budget as usize),
            _ => true,
        }
    };
    state.scheduler().occupancy().pods_on(node).iter().any(is_stuck)
}

/// The flags that are missing, and the pods that want them.
fn missing(flags: Flags, state: &State<'_>, nodes: &[NodeId]) -> Vec<(Flag, Vec<PodId>)> {
    let setting = state.setting();
    let want = |flag: Flag| {
        let occupancy = state.scheduler().occupancy();
        let on = nodes.iter().flat_map(|&node| occupancy.pods_on(node).iter().copied());
        (flag, on.filter(|&pod| setting.traits(pod).flags.contains(&flag)).collect::<Vec<_>>())
    };
    let missing = Flag::ALL.into_iter().filter(|&flag| !flags.has(flag)).map(want);
    missing.filter(|(_, pods)| !pods.is_empty()).collect()
}

/// Troubles by their cause, with changes that help.
fn blocked(question: &Question<'_>, objects: &Objects, end: &mut State<'_>, troubles: &[(NodeId, Vec<Trouble>)]) -> Vec<Blocked> {
    let setting = end.setting();
    let mut by_cause: BTreeMap<Cause, Blocked> = BTreeMap::new();
    for (node, found) in troubles {
        for trouble in found {
            let (cause, message) = match &trouble.kind {
                TroubleKind::Refused(refuser) => (Cause::Refused(*refuser), None),
                TroubleKind::NoPlace(message) => (Cause::NoPlace, message.as_ref().map(ToString::to_string)),
                TroubleKind::Preempted | TroubleKind::Broken(_) => (Cause::Preempted, None),
            };
            let entry = by_cause.entry(cause).or_insert_with(|| Blocked {
                cause,
                nodes: Vec::new(),
                pods: Vec::new(),
                refusal: None,
                message: None,
                remedies: Vec::new(),
            });
            entry.nodes.extend((entry.nodes.last() != Some(node)).then_some(node));
            entry.pods.push(setting.original(trouble.pod));
            entry.message = entry.message.take().or(message);
        }
    }
    let mut trials = if setting.pods().len() > LARGE_PODS { TRIALS_LARGE } else { TRIALS };
    let mut blocked: Vec<Blocked> = by_cause.into_values().collect();
    for entry in &mut blocked {
        entry.nodes.sort_unstable();
        entry.nodes.dedup();
        explain(question, objects, end, entry, &mut trials);
    }
    blocked
}

/// Adds what the server says, and changes that help.
fn explain(question: &Question<'_>, objects: &Objects, end: &mut State<'_>, entry: &mut Blocked, trials: &mut usize) {
    let Cause::Refused(refuser) = entry.cause else { return };
    let setting = end.setting();
    let pod = &objects.pods[setting.cluster().pod(entry.pods[0]).object];
    let wave = end.try_drain(&entry.nodes[..1], question.afterwards);
    match refuser {
        Refuser::TwoBudgets(one, other) => {
            entry.remedies = remedy::of_two(end, &entry.nodes, one, other);
            entry.refusal = refusal(objects, pod, &[one, other], end, &wave.healthy);
        }
        Refuser::Budget(budget) => {
            // those of its pods that have no node may be why it has nothing left
            let mut waiting = wave.waiting.iter().chain(end.waiting());
            let waits = waiting.find(|waiting| setting.selecting(waiting.pod).contains(&(budget as u32)));
            entry.message = waits.and_then(|waiting| waiting.message.as_ref()).map(ToString::to_string);
            entry.refusal = refusal(objects, pod, &[budget], end, &wave.healthy);
            entry.remedies.extend(remedy::of_budget(end, &entry.nodes, budget, &objects.pod_disruption_budgets[budget]));
            if *trials > 0 {
                *trials -= 1;
                entry.remedies.extend(one_replica_more(question, objects, end, entry, budget));
            }
        }
    }
}

/// Whether one replica more frees the evictions that a budget refuses.
fn one_replica_more(question: &Question<'_>, objects: &Objects, end: &State<'_>, entry: &Blocked, budget: usize) -> Option<Change> {
    let pod = entry.pods[0];
    let written = &objects.pods[end.setting().cluster().pod(pod).object];
    let (more, (kind, from, to)) = remedy::with_replica(objects, written, budget)?;
    let surge: Vec<String> = end.setting().surge().iter().map(|&node| end.setting().cluster().node_name(node).to_owned()).collect();
    let setting = Setting::new(&more, &surge, question.configuration, question.options, question.place);
    let mut state = State::new(&setting, surge.len());
    let is_placed = !state.waiting().iter().any(|waiting| waiting.pod.index() + 1 == more.pods.len());
    let homes: Vec<NodeId> = entry.nodes.clone();
    (is_placed && remedy::is_freed(&mut state, &homes, budget)).then_some(Change::Replicas { kind, pod, from, to })
}

/// What the Eviction API says about a pod, with the budgets as they stand.
fn refusal(objects: &Objects, pod: &Pod, about: &[usize], state: &State<'_>, healthy: &[i32]) -> Option<Refusal> {
    let mut pod = pod.clone();
    // a pod that was only written has no status: here it runs
    if pod.status.phase.is_empty() || pod.spec.node_name.is_empty() {
        "Running".clone_into(&mut pod.status.phase);
        pod.status.conditions = vec![Condition { r#type: "Ready".to_owned(), status: "True".to_owned(), ..Default::default() }];
    }
    let budgets: Vec<_> = about
        .iter()
        .map(|&budget| {
            let mut written = objects.pod_disruption_budgets[budget].clone();
            written.status = budgets::status(&written, &state.budgets()[budget], healthy[budget]);
            written
        })
        .collect();
    evict(&pod, budgets.iter(), NOW).err()
}
