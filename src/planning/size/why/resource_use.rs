//! What the nodes of a plan have, what is asked of it, and what lies idle because something else is full.

use crate::cluster::index::{NodeId, ResourceId};
use crate::cluster::resources::{CPU, MEMORY, PODS};
use crate::manifest::Objects;
use crate::scheduler::profile::Configuration;
use crate::scheduler::{Options, Scheduler, prepare};
use crate::simulation::loss::Keeper;

/// A resource of all nodes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceUse {
    /// Its name.
    pub resource: String,
    /// What nodes have, in thousandths of cores, bytes or pieces.
    pub allocatable: i64,
    /// What is asked for.
    pub requested: i64,
    /// Of that, what DaemonSets and static pods ask for.
    pub of_nodes: i64,
    /// On how many nodes it is the fullest resource.
    pub binds_on: usize,
    /// What would be left of it when each node's fullest resource is used up by more of the same mix: stranded.
    pub stranded: i64,
}

/// The resources of all nodes that take pods, by column.
pub fn uses(objects: &Objects, configuration: &Configuration, options: Options) -> Vec<ResourceUse> {
    let (cluster, profiles) = prepare(objects, configuration);
    let mut scheduler = Scheduler::new(&cluster, &profiles, options);
    scheduler.run(|_, _| ());
    let occupancy = scheduler.occupancy();
    let requested = |resource: ResourceId, node: NodeId| match resource {
        PODS => occupancy.pod_count(node),
        _ => occupancy.requested(resource, node),
    };
    let columns: Vec<ResourceId> =
        cluster.resources.ids().filter(|&resource| cluster.nodes.ids().any(|node| requested(resource, node) > 0)).collect();
    let is_of_node = |pod: crate::cluster::index::PodId| Keeper::of(&objects.pods[cluster.pod(pod).object]) == Keeper::Node;
    let mut uses: Vec<ResourceUse> = columns.iter().map(|&resource| ResourceUse::none(cluster.resources.name(resource))).collect();
    for node in cluster.nodes.ids() {
        let share = |&resource: &ResourceId| {
            let room = cluster.allocatable(resource, node);
            if room > 0 { requested(resource, node) as f64 / room as f64 } else { 0.0 }
        };
        let shares: Vec<f64> = columns.iter().map(share).collect();
        let fullest = shares.iter().copied().fold(0.0, f64::max);
        let binding = [CPU, MEMORY, PODS].iter().filter_map(|resource| columns.iter().position(|column| column == resource));
        let binding = binding.chain(0..columns.len()).find(|&place| shares[place] == fullest);
        for (place, &resource) in columns.iter().enumerate() {
            let room = cluster.allocatable(resource, node);
            uses[place].allocatable += room;
            uses[place].requested += requested(resource, node);
            let own = occupancy.pods_on(node).iter().filter(|&&pod| is_of_node(pod));
            uses[place].of_nodes +=
                own.map(|&pod| if resource == PODS { 1 } else { cluster.class_of(pod).requests.get(resource) }).sum::<i64>();
            uses[place].binds_on += usize::from(binding == Some(place) && fullest > 0.0);
            if fullest > 0.0 {
                uses[place].stranded += (room as f64 * (1.0 - shares[place] / fullest)).max(0.0) as i64;
            }
        }
    }
    uses
}

impl ResourceUse {
    fn none(name: &str) -> Self {
        ResourceUse { resource: name.to_owned(), allocatable: 0, requested: 0, of_nodes: 0, binds_on: 0, stranded: 0 }
    }
}
