//! What proves a bound, in a sentence.

use crate::planning::packing::BoundProof;
use crate::planning::size::{Bound, Sizing, State};
use crate::report::amount::{count, list};

/// What is needed to read a proof.
pub struct Proofs<'a> {
    pub sizing: &'a Sizing,
}

/// The word for a state.
pub fn state_word(state: &State) -> &'static str {
    match state {
        State::Normal => "normal",
        State::NodesAsked(_) => "nodesAsked",
        State::NodesLost(_) => "nodesLost",
        State::KeptNodeLost(_) => "keptNodeLost",
        State::ZonesLost(_) => "zonesLost",
    }
}

impl Proofs<'_> {
    /// `by memory, after the loss of any node`.
    pub fn sentence(&self, bound: &Bound) -> String {
        if let State::NodesAsked(number) = bound.state {
            return format!("because {} are asked for", count(number, "node"));
        }
        format!("{}, {}", self.proof(&bound.proof), self.state(&bound.state))
    }

    fn state(&self, state: &State) -> String {
        match state {
            State::Normal | State::NodesAsked(_) => "with nothing lost".to_owned(),
            State::NodesLost(number) => format!("so that any {} can be lost", count(*number, "node")),
            State::KeptNodeLost(node) => format!("so that {node} can be lost"),
            State::ZonesLost(number) => format!("so that any {} can be lost", count(*number, "zone")),
        }
    }

    fn proof(&self, proof: &BoundProof) -> String {
        let load = |index: &usize| self.sizing.loads.get(*index).map_or("a workload", String::as_str).to_owned();
        let resource = |index: usize| self.sizing.resources.get(index).map_or("a quorum's share", String::as_str).to_owned();
        match proof {
            BoundProof::Nothing => "nothing has to be bought".to_owned(),
            BoundProof::Resource(index) => format!("by {}", resource(*index)),
            BoundProof::LinearProgram => "by all resources together".to_owned(),
            BoundProof::Cardinality(items) => {
                let mut names: Vec<String> = items.iter().map(load).collect();
                names.dedup();
                format!("because pods of {} keep apart", list(&names, 3))
            }
            BoundProof::DualFeasible(index) => format!("by how pods divide the {} of a node", resource(*index)),
            BoundProof::Duals(_) => "by column generation: a price for each pod that no node's content exceeds".to_owned(),
            BoundProof::Infeasible(items) => format!("no fleet holds {}", list(&items.iter().map(load).collect::<Vec<_>>(), 3)),
        }
    }
}
