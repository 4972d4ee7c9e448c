//! A pod is larger than the largest node type of the catalogue, beside the DaemonSets that run on every node.
//!
//! No purchase can help it, and no cluster autoscaler either: the pod stays Pending while the autoscaler says that no group of nodes fits. It
//! is asked of catalogues that the settings or `--catalogue` name. A resource that no type of the catalogue mentions is not held
//! against it, unless it is one of a device.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment     # and the largest type that can be bought has 64 cores
//! spec: {template: {spec: {containers: [{name: batch, resources: {requests: {cpu: 64}}}]}}}
//! ```
//!
//! # Instead
//!
//! Ask for less than a node has beside its DaemonSets, make more and smaller pods, or offer a larger type.
//!
//! # Source
//!
//! `planning::size::showroom`: one node of every offer, with what DaemonSets put there; pkg/scheduler/framework/plugins/noderesources/fit.go,
//! v1.36.

use crate::check::amount::distinct;
use crate::check::{Findings, Subject, Workload};
use crate::cluster::resources::{PODS, Requests, ResourceNames, is_extended};
use crate::manifest::field::FieldPath;
use crate::planning::size::ground::Ground;
use crate::planning::size::offers;
use crate::planning::size::showroom::{Resource, Showroom};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(catalogue) = subject.question.catalogue.filter(|catalogue| !catalogue.types.is_empty()) else { return };
    let workloads = subject.workloads.iter().filter(|workload| workload.kind != "DaemonSet" && !workload.pods.is_empty());
    let workloads: Vec<_> = workloads.collect();
    if workloads.is_empty() {
        return;
    }
    let capacities = ["on-demand", "spot", "reserved"].map(str::to_owned);
    let offers = offers(catalogue, &[], &capacities);
    let ground = Ground::new(subject.objects, false);
    let showroom = Showroom::new(&ground, &offers, subject.question.configuration, subject.question.options);
    let largest = largest(&showroom, offers.len());
    let types: Vec<&str> = offers.iter().map(|offer| offer.node_type.name.as_str()).collect();
    for workload in workloads {
        let Some(pod) = subject.pods_of(workload).next() else { continue };
        let mut names = ResourceNames::default();
        let asked = Requests::of(&mut names, pod, false).amounts;
        for (column, asked) in asked {
            let name = names.name(column);
            let Some((place, free, whole)) = largest.iter().find(|(of, ..)| of == name).map(|(_, place, free, whole)| (*place, *free, *whole))
            else {
                continue;
            };
            if asked <= free || whole == 0 && !is_extended(name) {
                continue;
            }
            let (asked, left) = distinct(name, asked, free);
            let message = match whole {
                0 => format!("asks for {asked} of {name}, and no node type of the catalogue has any"),
                _ => format!("asks for {asked} {name}, more than the {left} that any node type of the catalogue has left for it"),
            };
            let finding = findings.on_pods_of(workload, path(workload, name), message);
            if whole > 0 {
                let (whole, left) = distinct(name, whole, free);
                finding.because(format!("{} has most: {whole}, of which DaemonSets leave {left}", types[place]));
            }
            finding.help("ask for less, make more and smaller pods, or offer a larger type in the catalogue");
        }
    }
}

/// For each resource: the offer that has most left of it beside DaemonSets, how much, and how much in all.
fn largest(showroom: &Showroom, offers: usize) -> Vec<(String, usize, i64, i64)> {
    let of = |place: usize, resource: &Resource| {
        let Resource::Column(column) = resource else { return None };
        let stands = showroom.stands.iter().take(offers).enumerate();
        let free = stands.map(|(offer, stand)| (stand.allocatable[place] - stand.taken[place], stand.allocatable[place], offer));
        let (free, whole, offer) = free.max_by_key(|(free, whole, offer)| (*free, *whole, std::cmp::Reverse(*offer)))?;
        (*column != PODS).then(|| (showroom.cluster.resources.name(*column).to_owned(), offer, free, whole))
    };
    showroom.resources.iter().enumerate().filter_map(|(place, resource)| of(place, resource)).collect()
}

fn path(workload: &Workload<'_>, resource: &str) -> FieldPath {
    let place = workload.spec.containers.iter().position(|container| container.resources.requests.contains_key(resource));
    FieldPath::from("containers").index(place.unwrap_or(0)).join("resources.requests").key(resource)
}
