//! What a plan becomes if everything grows.

use std::collections::BTreeMap;

use super::{Near, Stage};
use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::planning::size::offer::Fleet;

/// The plan for more of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// By how many percent each workload has more pods, rounded up.
    pub percent: u32,
    /// How many pods that is more.
    pub pods: usize,
    /// The fleet that holds then; none if none was found.
    pub fleet: Option<Fleet>,
    /// What it counts more.
    pub more: Option<i64>,
}

/// The fleet that holds when every workload has so many percent more pods; none if nothing grows.
pub(super) fn grow(near: &Near<'_>, percent: u32) -> Option<Growth> {
    let question = near.question;
    let before = Stage::new(question, question.objects);
    let mut objects = question.objects.clone();
    let pods = add(&mut objects, &before, percent);
    if pods == 0 {
        return None;
    }
    let stage = Stage::new(question, &objects);
    let fleet = stage.reach(question, near.prices, near.fleet, i64::MAX);
    let more = fleet.as_ref().map(|fleet| fleet.price(near.prices) - near.price);
    Some(Growth { percent, pods, fleet, more })
}

/// Adds pods like those that each workload has: copies that ask for no volume of their own, since none is written for them.
fn add(objects: &mut Objects, stage: &Stage, percent: u32) -> usize {
    let mut of_workload: BTreeMap<Option<&WorkloadKey>, Vec<usize>> = BTreeMap::new();
    for load in &stage.showroom.loads {
        let workload = load.workload.map(|workload| &stage.showroom.quorums.workloads[workload].workload);
        of_workload.entry(workload).or_default().extend(&load.pods);
    }
    let mut names: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut more = Vec::new();
    for (_, pods) in of_workload.iter().filter(|(workload, _)| workload.is_some()) {
        let count = (pods.len() * percent as usize).div_ceil(100);
        for place in 0..count {
            let mut pod = stage.ground.objects.pods[pods[place % pods.len()]].clone();
            let number = names.entry((pod.metadata.namespace.clone(), pod.metadata.name.clone())).or_default();
            *number += 1;
            pod.metadata.name = format!("{}-more-{number}", pod.metadata.name);
            pod.metadata.uid = String::new();
            pod.spec.node_name.clear();
            pod.status = Default::default();
            pod.spec.volumes.retain(|volume| volume.persistent_volume_claim.is_none());
            more.push(pod);
        }
    }
    let count = more.len();
    objects.pods.extend(more);
    count
}
