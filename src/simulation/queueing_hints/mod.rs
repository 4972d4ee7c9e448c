//! Which events could let a pod in that was rejected: asked of the plugins that rejected it, and of no other.
//!
//! A row of [`HINTS`] is a plugin, the events it listens to, and what it makes of each: a function, or always yes. A plugin that
//! listens to new nodes and not to taints is told of changed taints as well, and takes every one for good news; so a cordon makes the
//! scheduler try pods again that nodes are too small for, and not those that are only kept away by cordons and taints.
//!
//! To add a plugin: a row, in the order of the default profile, and its functions in the file of what they look at.
//!
//! Source: `EventsToRegister` and the `isSchedulableAfter…` functions of k8s.io/kubernetes/pkg/scheduler/framework/plugins;
//! `buildQueueingHintMap` in pkg/scheduler/scheduler.go, v1.36 (later versions do without its rule about taints).

mod node;
mod pod;
mod storage;

use super::cluster_event::{Action, ClusterEvent};
use crate::cluster::index::NodeSet;
use crate::controllers::world::Change;
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::plugins::find;
use crate::scheduler::profile::Configuration;
use crate::scheduler::{Options, Scheduler, prepare};

/// Whether an event could let the pod in.
type Hint = fn(&Waiting<'_>, &Change) -> bool;

/// A plugin, and what it makes of the events it listens to.
struct Hints {
    plugin: &'static str,
    of: &'static [(&'static [Action], Hint)],
}

/// All plugins that reject pods and listen to events.
const HINTS: &[Hints] = &[
    Hints { plugin: "SchedulingGates", of: &[(&[Action::PodUpdateSchedulingGatesEliminated], always)] },
    Hints {
        plugin: "NodeUnschedulable",
        of: &[
            (&[Action::NodeAdd, Action::NodeUpdateTaint], node::is_uncordoned),
            (&[Action::PodUpdateToleration], node::tolerates_cordons),
        ],
    },
    Hints { plugin: "NodeName", of: &[(&[Action::NodeAdd], always)] },
    Hints {
        plugin: "TaintToleration",
        of: &[(&[Action::NodeAdd, Action::NodeUpdateTaint], node::is_tolerated_now), (&[Action::PodUpdateToleration], always)],
    },
    Hints { plugin: "NodeAffinity", of: &[(&[Action::NodeAdd, Action::NodeUpdateLabel], node::is_wanted_now)] },
    Hints { plugin: "NodePorts", of: &[(&[Action::PodDelete], pod::leaves_a_port), (&[Action::NodeAdd], always)] },
    Hints {
        plugin: "NodeResourcesFit",
        of: &[
            (&[Action::PodDelete], always),
            (&[Action::PodUpdateScaleDown], pod::leaves_room),
            (&[Action::NodeAdd, Action::NodeUpdateAllocatable], node::has_room_now),
        ],
    },
    Hints {
        plugin: "VolumeRestrictions",
        of: &[(&[Action::PodDelete], storage::leaves_a_disk), (&[Action::NodeAdd], always), (&[Action::ClaimAdd], storage::is_own_claim)],
    },
    Hints {
        plugin: "NodeVolumeLimits",
        of: &[
            (&[Action::CsiNodeAdd, Action::AttachmentDelete], always),
            (&[Action::CsiNodeUpdate], storage::limit_grew),
            (&[Action::PodDelete], storage::had_claims),
            (&[Action::ClaimAdd], storage::is_own_claim),
        ],
    },
    Hints {
        plugin: "VolumeBinding",
        of: &[
            (&[Action::VolumeAdd, Action::VolumeUpdate, Action::NodeAdd, Action::NodeUpdateLabel, Action::ClassAdd], always),
            (&[Action::CsiNodeAdd, Action::CapacityAdd], always),
            (&[Action::ClassUpdate], storage::class_reaches_elsewhere),
            (&[Action::ClaimAdd, Action::ClaimUpdate], storage::is_own_claim),
            (&[Action::CsiDriverUpdate], storage::driver_stopped_counting),
            (&[Action::CapacityUpdate], storage::capacity_grew),
        ],
    },
    Hints {
        plugin: "VolumeZone",
        of: &[
            (&[Action::ClassAdd], storage::class_waits_for_consumer),
            (&[Action::NodeAdd, Action::NodeUpdateLabel, Action::VolumeAdd], always),
            (&[Action::ClaimAdd, Action::ClaimUpdate], storage::is_own_claim),
            (&[Action::VolumeUpdate], storage::volume_moved),
        ],
    },
    Hints {
        plugin: "PodTopologySpread",
        of: &[
            (&[Action::PodAdd, Action::PodUpdateLabel, Action::PodUpdateToleration, Action::PodDelete], pod::changes_the_spread),
            (&[Action::NodeAdd, Action::NodeDelete, Action::NodeUpdateLabel, Action::NodeUpdateTaint], node::changes_the_domains),
        ],
    },
    Hints {
        plugin: "InterPodAffinity",
        of: &[
            (&[Action::PodAdd, Action::PodUpdateLabel, Action::PodDelete], pod::changes_the_company),
            (&[Action::NodeAdd, Action::NodeUpdateLabel], node::has_a_domain_of_affinity),
        ],
    },
];

fn always(_: &Waiting<'_>, _: &Change) -> bool {
    true
}

/// A pod that waits, and who can say how it would fare elsewhere.
pub(super) struct Waiting<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// How the cluster schedules.
    pub trial: Trial<'a>,
}

/// Whether an event is worth another attempt for a pod that these plugins rejected. A pod that nobody rejected (there were no nodes)
/// is tried again whatever happens.
pub(super) fn is_worth_requeuing(waiting: &Waiting<'_>, rejectors: &[&str], event: &ClusterEvent) -> bool {
    rejectors.is_empty() || HINTS.iter().filter(|row| rejectors.contains(&row.plugin)).any(|row| row.asks_for(waiting, event))
}

impl Hints {
    fn asks_for(&self, waiting: &Waiting<'_>, event: &ClusterEvent) -> bool {
        let listens_to = |action: Action| self.of.iter().any(|(actions, _)| actions.contains(&action));
        if event.action == Action::NodeUpdateTaint && listens_to(Action::NodeAdd) && !listens_to(Action::NodeUpdateTaint) {
            return true;
        }
        self.of.iter().any(|(actions, hint)| actions.contains(&event.action) && hint(waiting, &event.change))
    }
}

/// Asks a plugin about a pod and a node that is alone in the world.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    /// The scheduler's profiles.
    pub configuration: &'a Configuration,
    /// Its version.
    pub options: Options,
}

impl Trial<'_> {
    /// Whether the plugin's filter rejects the pod on the node with just these neighbours.
    fn rejects(&self, plugin: &str, pod: &Pod, node: &Node, neighbours: &[&Pod]) -> bool {
        let on_node = |neighbour: &&Pod| {
            let mut neighbour = Pod::clone(neighbour);
            node.metadata.name.clone_into(&mut neighbour.spec.node_name);
            neighbour
        };
        let mut pods = vec![pod.clone()];
        pods.extend(neighbours.iter().map(on_node));
        let objects = Objects { nodes: vec![node.clone()], pods, ..Objects::default() };
        let (cluster, profiles) = prepare(&objects, self.configuration);
        let scheduler = Scheduler::new(&cluster, &profiles, self.options);
        let id = cluster.find_pod(&pod.metadata.namespace, &pod.metadata.name);
        let asked = id.and_then(|id| Some((id, scheduler.profile_of(id)?, find(plugin)?.filter?)));
        let Some((id, profile, filter)) = asked else { return false };
        let (mut set, mut rejections) = (NodeSet::all(1), Rejections::none(1));
        filter(&scheduler.cycle(id, profile), &mut set, &mut rejections);
        set.is_empty()
    }
}

/// The pod before and after a change, as far as it is there.
fn pods(change: &Change) -> (Option<&Pod>, Option<&Pod>) {
    let Change::Pod(delta) = change else { return (None, None) };
    let present = |pod: &&Pod| !pod.is_terminal();
    (delta.before.as_deref().filter(present), delta.after.as_deref().filter(present))
}

/// The node before and after a change.
fn nodes(change: &Change) -> (Option<&Node>, Option<&Node>) {
    let Change::Node(delta) = change else { return (None, None) };
    (delta.before.as_deref(), delta.after.as_deref())
}
