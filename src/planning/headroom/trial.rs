//! One trial: so many replicas of each autoscaled workload, placed by the scheduler.

use std::collections::BTreeMap;

use super::Ground;
use crate::controllers::expand;
use crate::controllers::horizontal_pod_autoscaler::assume::set_replicas;
use crate::controllers::scale_down::scale_down;
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::pod::Pod;
use crate::manifest::read::Written;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::{Scheduler, prepare};
use crate::simulation::{self, NotCreated};

/// A pod that found no node, or that the API server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Namespace and name.
    pub pod: String,
    /// Its autoscaler, if it has one.
    pub autoscaler: Option<usize>,
    /// The scheduler's sentence, or the API server's.
    pub message: String,
    /// Whether the API server refuses it, so that no scheduler ever sees it.
    pub is_refused: bool,
}

/// What stops a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The autoscaler whose pod it is, if it has one.
    pub autoscaler: Option<usize>,
    /// The pod.
    pub pod: String,
    /// The resource that most nodes lack, or of which a quota has no more; none if it is something else.
    pub resource: Option<String>,
    /// The reason that most nodes give, or the API server, in upstream's words.
    pub reason: String,
    /// How many nodes give it; none if it is the API server's.
    pub nodes: usize,
    /// The scheduler's sentence.
    pub message: String,
}

/// What came of placing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    /// Pods that are not created, then pods that found no node, each in the order in which that was decided.
    pub pending: Vec<Pending>,
    /// What stops the first of them that is autoscaled, or else the first.
    pub stop: Option<Stop>,
    /// How many pods were evicted for good.
    pub lost: usize,
}

impl Trial {
    /// Whether everything fits but so many pods that never do.
    pub fn fits(&self, tolerated: usize) -> bool {
        self.lost == 0 && self.pending.len() <= tolerated && !self.is_autoscaled_pending()
    }

    /// Of the least load there is: how many pods are pending anyway, and so at any load.
    pub fn tolerated(&self) -> usize {
        if self.lost == 0 && !self.is_autoscaled_pending() { self.pending.len() } else { 0 }
    }

    /// Whether a pod of an autoscaled workload is pending.
    pub fn is_autoscaled_pending(&self) -> bool {
        self.pending.iter().any(|pending| pending.autoscaler.is_some())
    }

    /// How many pods of an autoscaler are pending.
    pub fn pending_of(&self, autoscaler: usize) -> usize {
        self.pending.iter().filter(|pending| pending.autoscaler == Some(autoscaler)).count()
    }
}

impl Ground<'_> {
    /// Places everything with so many replicas.
    pub fn place(&self, replicas: &[i32]) -> Trial {
        let mut objects = self.objects.clone();
        let creation = simulation::create(&mut objects, &Written::Nothing, &Objects::default(), |objects| self.scale(objects, replicas));
        let refused: Vec<&NotCreated> = creation.refused.iter().filter(|refused| refused.pod.is_some()).collect();
        let (cluster, profiles) = prepare(&objects, self.question.configuration);
        let mut scheduler = Scheduler::new(&cluster, &profiles, self.question.options);
        let schedule = scheduler.run(|_, _| ());
        let owner_of = |pod: &Pod| self.rooms.iter().position(|room| room.autoscaler.owns(pod));
        let owner = |pod: usize| owner_of(&objects.pods[pod]);
        let pending: Vec<_> = schedule.pending().map(|decision| (decision, owner(cluster.pod(decision.pod).object))).collect();
        let refused_stop = refused.iter().find_map(|refused| refusal_stop(refused, owner_of));
        let first = pending.iter().find(|(_, autoscaler)| autoscaler.is_some()).or(pending.first());
        let stop = first.map(|(decision, autoscaler)| {
            let attempt = scheduler.attempt(decision.pod);
            let (resource, reason, nodes) = commonest(&attempt.rejections);
            let reason = attempt.refused.as_ref().map_or(reason, |refused| refused.reasons.join(", "));
            let pod = cluster.pod_name(decision.pod).to_string();
            Stop { autoscaler: *autoscaler, pod, resource, reason, nodes, message: attempt.message }
        });
        let told = |(decision, autoscaler): &(&crate::scheduler::Decision, Option<usize>)| Pending {
            pod: cluster.pod_name(decision.pod).to_string(),
            autoscaler: *autoscaler,
            message: decision.message.as_deref().unwrap_or_default().to_owned(),
            is_refused: false,
        };
        let refused = refused.iter().filter_map(|refused| {
            let pod = refused.pod.as_deref()?;
            let name = format!("{}/{}", refused.namespace, refused.name);
            Some(Pending { pod: name, autoscaler: owner_of(pod), message: refused.refusal.message.clone(), is_refused: true })
        });
        let not_there: Vec<Pending> = refused.chain(pending.iter().map(told)).collect();
        // a pod that is not created is stopped before one that is
        let stop = refused_stop.filter(|stop| stop.autoscaler.is_some()).or(stop);
        Trial { pending: not_there, stop, lost: schedule.lost.len() }
    }

    /// What the controllers make of so many replicas.
    fn scale(&self, objects: &mut Objects, replicas: &[i32]) -> Vec<Note> {
        for (room, &count) in self.rooms.iter().zip(replicas) {
            set_replicas(objects, &room.autoscaler.target, count);
        }
        let notes = expand(objects);
        for ((room, &count), &observed) in self.rooms.iter().zip(replicas).zip(&self.observed) {
            if count < observed.max(room.autoscaler.current) {
                scale_down(objects, &room.autoscaler.target, count);
            }
        }
        notes
    }
}

/// What a refusal of the API server stops: of a quota, the resource it names first.
fn refusal_stop(refused: &NotCreated, owner: impl Fn(&Pod) -> Option<usize>) -> Option<Stop> {
    let pod = refused.pod.as_deref()?;
    let message = refused.refusal.message.clone();
    let resource = message.split_once(", requested: ").and_then(|(_, rest)| rest.split_once('=')).map(|(resource, _)| resource.to_owned());
    let name = format!("{}/{}", refused.namespace, refused.name);
    Some(Stop { autoscaler: owner(pod), pod: name, resource, reason: refused.why().to_owned(), nodes: 0, message })
}

/// The resource that most nodes lack, with the reason and how many; or, where no node lacks one, the commonest reason.
fn commonest(rejections: &Rejections) -> (Option<String>, String, usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (rejection, count) in rejections.histogram() {
        rejection.reasons.iter().for_each(|reason| *counts.entry(reason).or_default() += count);
    }
    let resource = |reason: &str| match reason {
        "Too many pods" => Some("pods".to_owned()),
        _ => reason.strip_prefix("Insufficient ").map(str::to_owned),
    };
    // of equals the first by name: max_by_key would take the last
    let most = |only_resources: bool| {
        let candidates = counts.iter().rev().filter(|(reason, _)| !only_resources || resource(reason).is_some());
        candidates.max_by_key(|(_, count)| **count)
    };
    match most(true).or_else(|| most(false)) {
        Some((reason, count)) => (resource(reason), (*reason).to_owned(), *count),
        None => (None, String::new(), 0),
    }
}
