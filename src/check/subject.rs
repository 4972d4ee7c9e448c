//! What is checked: the objects as an API server and the controllers make them, and what the engines say of them, worked out once when the
//! first rule asks.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::drains::{BlockedDrain, blocked_drains};
use super::guarded::{Guarded, guarded};
use super::obstacle::{Cause, Obstacle, obstacles};
use super::settings::Settings;
use super::sight::{Sight, cleared};
use super::workload::{Workload, workloads};
use crate::catalogue::Catalogue;
use crate::cluster::index::NodeId;
use crate::cluster::occupancy::Occupancy;
use crate::graph::failure_domains::{Domain, Kind, domains};
use crate::graph::{Dependencies, dependencies};
use crate::manifest::Objects;
use crate::manifest::location::Origin;
use crate::manifest::pod::Pod;
use crate::manifest::read::{Skipped, Written};
use crate::planning::failover::Assumptions;
use crate::planning::headroom::{AtMost, at_most};
use crate::planning::quorum::Quorums;
use crate::planning::quota::Quotas;
use crate::planning::resilience::survival::Survival;
use crate::planning::rightsize::{self, Rightsizing};
use crate::planning::success_metrics::{self, Setting};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation::Creation;
use crate::simulation::loss::Baseline;
use crate::usage::Usage;

/// What is to be checked, and how.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The objects, seen by the API server and expanded by controllers, budgets with a status.
    pub objects: &'a Objects,
    /// What the API server refused, and is not among them.
    pub creation: &'a Creation,
    /// The cluster before anything was applied to it, if the input holds a cluster and what is to be applied.
    pub before: Option<&'a Objects>,
    /// What the input has besides, and is not modelled.
    pub skipped: &'a Skipped,
    /// Which of the objects were written, and which belong to a cluster.
    pub written: &'a Written,
    /// Replicas that manifests write for workloads, by where these stand: before anything is defaulted or scaled.
    pub replicas: &'a BTreeMap<Origin, i32>,
    /// What the quotas hold, if there are any.
    pub quotas: Option<&'a Quotas>,
    /// What was measured, if anything was.
    pub usage: Option<&'a Usage>,
    /// What can be bought, if that is known.
    pub catalogue: Option<&'a Catalogue>,
    /// What a team says.
    pub settings: &'a Settings,
    /// How the scheduler works.
    pub configuration: &'a Configuration,
    /// And what it leaves open.
    pub options: Options,
}

/// What is checked.
#[derive(Debug)]
pub struct Subject<'a> {
    /// See [`Question::objects`].
    pub objects: &'a Objects,
    /// Everything that was asked.
    pub question: Question<'a>,
    /// What makes pods.
    pub workloads: Vec<Workload<'a>>,
    /// For each pod among the objects, the workload that it is of.
    workload_of: Vec<Option<usize>>,
    baseline: OnceCell<Baseline>,
    cleared: OnceCell<Occupancy>,
    obstacles: OnceCell<Vec<Obstacle>>,
    at_most: OnceCell<AtMost>,
    quorums: OnceCell<Quorums>,
    dependencies: OnceCell<Dependencies>,
    node_losses: OnceCell<Survival>,
    zone_losses: OnceCell<Option<Survival>>,
    zones: OnceCell<Vec<Domain>>,
    zone_of_node: OnceCell<Vec<Option<usize>>>,
    guarded: OnceCell<Vec<Guarded>>,
    blocked_drains: OnceCell<Vec<BlockedDrain>>,
    rightsizing: OnceCell<Option<Rightsizing>>,
}

impl<'a> Subject<'a> {
    /// Nothing is worked out yet.
    pub fn new(question: Question<'a>) -> Self {
        let objects = question.objects;
        let workloads = workloads(objects);
        let mut workload_of = vec![None; objects.pods.len()];
        for (index, workload) in workloads.iter().enumerate() {
            workload.pods.iter().for_each(|&pod| workload_of[pod] = Some(index));
        }
        Subject {
            objects,
            question,
            workloads,
            workload_of,
            baseline: OnceCell::new(),
            cleared: OnceCell::new(),
            obstacles: OnceCell::new(),
            at_most: OnceCell::new(),
            quorums: OnceCell::new(),
            dependencies: OnceCell::new(),
            node_losses: OnceCell::new(),
            zone_losses: OnceCell::new(),
            zones: OnceCell::new(),
            zone_of_node: OnceCell::new(),
            guarded: OnceCell::new(),
            blocked_drains: OnceCell::new(),
            rightsizing: OnceCell::new(),
        }
    }

    /// What a team says.
    pub fn settings(&self) -> &'a Settings {
        self.question.settings
    }

    /// Whether the input has nodes, so that it can be said what fits where.
    pub fn has_nodes(&self) -> bool {
        !self.objects.nodes.is_empty()
    }

    /// Whether the input has all nodes that its pods run on: what happens when one is lost cannot be said of a part of a cluster.
    pub fn has_whole_cluster(&self) -> bool {
        let known: FxHashSet<&str> = self.objects.nodes.iter().map(|node| node.metadata.name.as_str()).collect();
        let runs = |pod: &&Pod| !pod.spec.node_name.is_empty() && !pod.is_terminal() && !pod.is_terminating();
        self.has_nodes() && self.objects.pods.iter().filter(runs).all(|pod| known.contains(pod.spec.node_name.as_str()))
    }

    /// Whether it can be said what becomes of the rest when a node is lost: there is a rest, and it is known.
    pub fn has_other_nodes(&self) -> bool {
        self.objects.nodes.len() >= 2 && self.has_whole_cluster()
    }

    /// The pods of a workload.
    pub fn pods_of(&self, workload: &Workload<'a>) -> impl Iterator<Item = &'a Pod> {
        let objects = self.objects;
        workload.pods.clone().into_iter().map(move |pod| &objects.pods[pod])
    }

    /// Where everything is once the scheduler has placed what waits.
    pub fn baseline(&self) -> &Baseline {
        let question = &self.question;
        self.baseline
            .get_or_init(|| Baseline::new(self.objects, question.configuration, question.options, |scheduler| scheduler.run(|_, _| ())))
    }

    /// What the filters say of pods, with everything where the baseline has it.
    pub fn sight(&self) -> Sight<'_> {
        let baseline = self.baseline();
        Sight::new(baseline, self.cleared.get_or_init(|| cleared(baseline)))
    }

    /// Why pods find no node; nothing without nodes.
    pub fn obstacles(&self) -> &[Obstacle] {
        self.obstacles.get_or_init(|| obstacles(self))
    }

    /// The obstacles of one cause, and whose they are.
    pub fn obstacles_of(&self, cause: Cause) -> impl Iterator<Item = (&Obstacle, &Workload<'a>)> {
        let alike = self.obstacles().iter().filter(move |obstacle| obstacle.cause == cause);
        alike.map(|obstacle| (obstacle, &self.workloads[obstacle.workload]))
    }

    /// Looks at each obstacle of one cause, whose it is, and what the filters say.
    pub fn each_obstacle(&self, cause: Cause, mut look: impl FnMut(&Obstacle, &Workload<'a>, &Sight<'_>)) {
        let mut alike = self.obstacles_of(cause).peekable();
        if alike.peek().is_some() {
            let sight = self.sight();
            alike.for_each(|(obstacle, workload)| look(obstacle, workload, &sight));
        }
    }

    /// The workload of a pod, by the pod's place among the objects.
    pub fn workload_of(&self, pod: usize) -> Option<usize> {
        self.workload_of.get(pod).copied().flatten()
    }

    /// What comes of all autoscalers being at their most.
    pub fn at_most(&self) -> &AtMost {
        let question = &self.question;
        self.at_most.get_or_init(|| at_most(self.objects, question.configuration, question.options))
    }

    /// How many pods of each workload must be there.
    pub fn quorums(&self) -> &Quorums {
        self.quorums.get_or_init(|| Quorums::of(self.objects, &[]))
    }

    /// What hangs on what, with the pods where the input has them.
    pub fn dependencies(&self) -> &Dependencies {
        self.dependencies.get_or_init(|| Dependencies::new(self.objects, &dependencies::bound(self.objects)))
    }

    /// What comes of the loss of each node.
    pub fn node_losses(&self) -> &Survival {
        self.node_losses.get_or_init(|| {
            let (thresholds, assumptions) = (self.settings().thresholds.of_success_metrics(), Assumptions::default());
            let setting = self.setting(&thresholds, &assumptions);
            success_metrics::node_losses(self.objects, self.baseline(), self.quorums(), &setting)
        })
    }

    /// What comes of the loss of each zone, if there are several.
    pub fn zone_losses(&self) -> Option<&Survival> {
        let losses = self.zone_losses.get_or_init(|| {
            let (thresholds, assumptions) = (self.settings().thresholds.of_success_metrics(), Assumptions::default());
            let setting = self.setting(&thresholds, &assumptions);
            let losses = success_metrics::losses(self.objects, self.baseline(), self.quorums(), &setting, &Kind::Zone).ok();
            losses.filter(|losses| losses.domains.len() > 1)
        });
        losses.as_ref()
    }

    /// The zones of the nodes; none if nodes do not say theirs.
    pub fn zones(&self) -> &[Domain] {
        self.zones.get_or_init(|| domains(&self.objects.nodes, &Kind::Zone).unwrap_or_default())
    }

    /// The zone of a node, if it has one.
    pub fn zone_of(&self, node: NodeId) -> Option<&str> {
        let zones = self.zone_of_node.get_or_init(|| {
            let numbers: FxHashMap<&str, usize> = (self.zones().iter().enumerate())
                .flat_map(|(number, zone)| zone.nodes.iter().map(move |name| (name.as_str(), number)))
                .collect();
            let cluster = self.baseline().cluster();
            cluster.nodes.ids().map(|node| numbers.get(cluster.node_name(node)).copied()).collect()
        });
        zones.get(node.index()).copied().flatten().map(|number| self.zones()[number].value.as_str())
    }

    /// What each budget guards, in their order.
    pub fn guarded(&self) -> &[Guarded] {
        self.guarded.get_or_init(|| guarded(self))
    }

    /// What keeps nodes from being drained, each by itself.
    pub fn blocked_drains(&self) -> &[BlockedDrain] {
        self.blocked_drains.get_or_init(|| blocked_drains(self))
    }

    /// What containers use beside what they ask for, if anything was measured.
    pub fn rightsizing(&self) -> Option<&Rightsizing> {
        let measured = || {
            let usage = self.question.usage.filter(|usage| !usage.series.is_empty())?;
            Some(rightsize::rightsize(&rightsize::Question { objects: self.objects, usage, policy: &rightsize::Policy::default() }))
        };
        self.rightsizing.get_or_init(measured).as_ref()
    }

    fn setting<'s>(&'s self, thresholds: &'s success_metrics::Thresholds, assumptions: &'s Assumptions) -> Setting<'s> {
        Setting {
            configuration: self.question.configuration,
            options: self.question.options,
            thresholds,
            assumptions,
            usage: self.question.usage,
            at_most: false,
        }
    }
}
