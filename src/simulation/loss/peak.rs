//! How full the fullest node is.

use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, ResourceId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::resources::{CPU, MEMORY};

/// How full the fullest of the nodes that are up is: a node, and the share of its allocatable that is requested there. None without
/// nodes that have any.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Peak {
    /// Of cpu.
    pub cpu: Option<(NodeId, f64)>,
    /// Of memory.
    pub memory: Option<(NodeId, f64)>,
}

impl Peak {
    /// Of a cluster; of equals the first in list order.
    pub fn of(cluster: &Cluster, occupancy: &Occupancy) -> Self {
        let of = |resource| fullest(cluster, occupancy, resource);
        Peak { cpu: of(CPU), memory: of(MEMORY) }
    }
}

fn fullest(cluster: &Cluster, occupancy: &Occupancy, resource: ResourceId) -> Option<(NodeId, f64)> {
    let mut fullest: Option<(NodeId, i64, i64)> = None;
    for node in cluster.nodes.ids().filter(|&node| occupancy.outages().is_up(node)) {
        let (used, room) = (occupancy.requested(resource, node), cluster.allocatable(resource, node));
        // used / room > most used / most room, without dividing
        let is_fuller = fullest.is_none_or(|(_, most, of)| i128::from(used) * i128::from(of) > i128::from(most) * i128::from(room));
        if room > 0 && is_fuller {
            fullest = Some((node, used, room));
        }
    }
    fullest.map(|(node, used, room)| (node, used as f64 / room as f64))
}
