//! What realises the placement of a fleet that is to be bought: its nodes stand for each other group by group, and what the plan promises
//! must hold with every change.

use std::collections::BTreeMap;

use super::{NODE_GROUP, Question, Realisation, realise};
use crate::manifest::Objects;
use crate::manifest::read::Written;
use crate::planning::size::{self, Sizing, group_names, judge};

/// What realises a bought placement, and what it is about.
#[derive(Debug, Clone)]
pub struct FleetRealisation {
    /// What realises it.
    pub realisation: Realisation,
    /// The cluster after the purchase, with nodes that say which group they are of ([`NODE_GROUP`]).
    pub objects: Objects,
    /// The group of each node that is bought.
    pub groups: BTreeMap<String, String>,
}

/// What realises the placement of the plan that was found; none without one.
pub fn realise_fleet(question: &size::Question<'_>, sizing: &Sizing, written: &Written, sets_replicas: bool) -> Option<FleetRealisation> {
    let plan = sizing.plan.as_ref().filter(|plan| plan.trial.holds())?;
    let names = group_names(question.offers, &plan.fleet);
    let bought = plan.fleet.bought().flat_map(|(offer, count)| (1..=count).map(move |number| (offer, number)));
    let groups: BTreeMap<String, String> =
        bought.map(|(offer, number)| (question.offers[offer].node_name(number), names[&offer].clone())).collect();
    let mut objects = plan.objects.clone();
    for node in &mut objects.nodes {
        if let Some(group) = groups.get(&node.metadata.name) {
            node.metadata.labels.insert(NODE_GROUP.to_owned(), group.clone());
        }
    }
    let places: BTreeMap<&str, &str> = plan.placement.iter().filter_map(|(pod, node)| Some((pod.as_str(), node.as_deref()?))).collect();
    let name = |pod: &crate::manifest::pod::Pod| format!("{}/{}", pod.metadata.namespace_or_default(), pod.metadata.name);
    let places: Vec<Option<String>> =
        objects.pods.iter().map(|pod| places.get(name(pod).as_str()).map(|node| (*node).to_owned())).collect();
    let promise = |changed: &Objects| judge(question, sizing, changed).holds();
    let realisation = realise(&Question {
        objects: &objects,
        written,
        places: &places,
        groups: &groups,
        namespaces: &[],
        sets_replicas,
        promise: Some(&promise),
        configuration: question.configuration,
        options: question.options,
    });
    Some(FleetRealisation { realisation, objects, groups })
}
