//! The verdict in one call: what a cluster survives of a kind, with the usual requirements.

use super::{Question, Requirements, Resilience, judge};
use crate::graph::failure_domains::{Domain, Kind, UnknownDomain, domains};
use crate::manifest::Objects;
use crate::planning::failover::Assumptions;
use crate::planning::quorum::Quorums;
use crate::simulation::loss::{Baseline, Until};

/// What a cluster survives of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Survival {
    /// What is lost each time, in the order of [`Resilience::losses`].
    pub domains: Vec<Domain>,
    /// What comes of each.
    pub resilience: Resilience,
}

/// Loses each domain of a kind by itself: each node, each zone. The objects are those of the baseline: seen by the API server, expanded
/// by controllers, their budgets with a status.
pub fn survival(objects: &Objects, baseline: &Baseline, quorums: &Quorums, kind: &Kind) -> Result<Survival, UnknownDomain> {
    let domains = domains(&objects.nodes, kind)?;
    let losses: Vec<_> = domains.iter().map(|domain| baseline.nodes(domain.nodes.iter().map(String::as_str))).collect();
    let question = Question {
        objects,
        baseline,
        quorums,
        losses: &losses,
        until: Until::Removed,
        requirements: Requirements::default(),
        assumptions: &Assumptions::default(),
        max_failover: None,
    };
    let resilience = judge(&question, || ());
    Ok(Survival { domains, resilience })
}
