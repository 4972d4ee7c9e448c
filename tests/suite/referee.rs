//! The referee against recordings of the real scheduler: it accepts every node that was feasible and refuses every node that
//! was rejected, for the reason that the rejecting plugin had.
//!
//! The referee knows the default profile only. A case whose configuration adds hard rules is left out where it does so.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::verify::{Binding, Rule, Violation, World, nodes_that_fit, verdict, verify};
use serde_json::Value;

use crate::recordings::{self, Case, Expected, Rejection, Step};

#[test]
fn the_referee_agrees_with_kubernetes_1_36() {
    agrees("1.36");
}

#[test]
fn the_referee_agrees_with_kubernetes_1_34() {
    agrees("1.34");
}

/// What a replay found.
#[derive(Default)]
struct Tally {
    cases: usize,
    left_out: usize,
    steps: usize,
    nodes: usize,
    not_looked_at: usize,
    feasible: usize,
    by_plugin: BTreeMap<String, usize>,
    disagreements: Vec<String>,
}

fn agrees(version: &str) {
    let mut tally = Tally::default();
    let cases: BTreeMap<String, Case> = recordings::cases().into_iter().map(|case| (case.name.clone(), case)).collect();
    for expected in recordings::expected(version) {
        let case = &cases[&expected.name];
        if adds_hard_rules(&case.config) {
            tally.left_out += 1;
            continue;
        }
        tally.cases += 1;
        replay(case, &expected, &mut tally);
    }
    let Tally { cases, left_out, steps, nodes, feasible, not_looked_at, by_plugin, .. } = &tally;
    println!(
        "{version}: {cases} cases ({left_out} left out), {steps} steps, {nodes} nodes: {feasible} feasible, {not_looked_at} not looked at"
    );
    println!("rejected: {by_plugin:?}");
    let first: Vec<_> = tally.disagreements.iter().take(20).collect();
    assert!(tally.disagreements.is_empty(), "{} disagreements, first: {first:#?}", tally.disagreements.len());
}

fn replay(case: &Case, expected: &Expected, tally: &mut Tally) {
    let objects = case.objects();
    let mut world = World::new(&objects);
    let mut bindings = Vec::new();
    let mut victims = Vec::new();
    for step in &expected.steps {
        let pod = world.pod_named(&step.pod).expect("the pod of a step");
        tally.steps += 1;
        judge(case, &world, pod, step, tally);
        match step.outcome.as_str() {
            "preempts" => {
                let preemption = step.preemption.as_ref().expect("what a preemption did");
                victims = preemption.victims.iter().map(|victim| world.pod_named(victim).expect("a victim")).collect();
                victims.iter().for_each(|&victim| world.evict(victim));
            }
            "bound" => {
                let node = step.node.as_deref().expect("the node of a bound pod");
                world.bind(pod, world.node_named(node).expect("a known node"));
                bindings.push(Binding { pod, node, evicted: std::mem::take(&mut victims) });
            }
            _ => {}
        }
    }
    // the whole replay once more, by the front door
    let violations = verify(&objects, &bindings);
    tally.disagreements.extend(violations.iter().map(|violation| format!("{}: {violation}", case.name)));
}

fn judge(case: &Case, world: &World, pod: usize, step: &Step, tally: &mut Tally) {
    if step.outcome == "gated" {
        let fit = nodes_that_fit(world, pod);
        if !fit.is_empty() {
            tally.disagreements.push(format!("{}: gated {} fits {fit:?}", case.name, step.pod));
        }
        return;
    }
    for node in 0..world.objects().nodes.len() {
        let name = &world.objects().nodes[node].metadata.name;
        let violations = verdict(world, pod, node);
        let rules: Vec<Rule> = violations.iter().map(|violation| violation.rule).collect();
        tally.nodes += 1;
        tally.feasible += usize::from(step.feasible.contains(name));
        let place = format!("{}: {} on {name}", case.name, step.pod);
        match step.rejected.get(name) {
            None => {
                if !step.feasible.contains(name) {
                    // after a preemption upstream looks at the nominated node alone, if that is feasible
                    tally.not_looked_at += 1;
                } else if !rules.is_empty() {
                    tally.disagreements.push(format!("{place} is feasible, the referee says {rules:?}"));
                }
            }
            Some(rejection) => {
                let plugin = &rejection.plugin;
                *tally.by_plugin.entry(plugin.clone()).or_default() += 1;
                let named = rules.iter().any(|rule| plugins_of(*rule).contains(&plugin.as_str()));
                if !named || comes_too_early(rejection, &rules) || other_reasons(rejection, &violations) {
                    tally.disagreements.push(format!("{place}: {plugin} {:?}, the referee says {violations:#?}", rejection.reasons));
                }
            }
        }
    }
}

/// The plugins that refuse single nodes, in the order in which they are asked.
const ORDER: [&str; 11] = [
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
];

/// A node keeps its first refusal. So a plugin that was asked before the one that refused had nothing against the node, and
/// the referee may not either. Refusals of the pod as a whole come before all of that, and say nothing about the others.
fn comes_too_early(rejection: &Rejection, rules: &[Rule]) -> bool {
    let whole = ["not found", "unbound immediate"];
    if rejection.plugin == "PreFilter" || rejection.reasons.iter().any(|reason| whole.iter().any(|text| reason.contains(text))) {
        return false;
    }
    let refused_at = ORDER.iter().position(|plugin| *plugin == rejection.plugin).unwrap_or(ORDER.len());
    let of_whole = [Rule::ClaimMissing, Rule::ClaimUnbound];
    ORDER[..refused_at].iter().any(|earlier| rules.iter().any(|rule| of_whole.contains(rule) || plugins_of(*rule).contains(earlier)))
}

/// The resource plugin names every resource that does not suffice, and so must the referee, and no other. Of affinity, the
/// reason tells which of the three rules it was, and the first of them in upstream's order is the reason.
fn other_reasons(rejection: &Rejection, violations: &[Violation]) -> bool {
    let mut said = BTreeSet::new();
    for Violation { rule, detail, .. } in violations {
        match rule {
            Rule::PodCount => said.insert("Too many pods".to_owned()),
            Rule::Resources => said.insert(format!("Insufficient {}", detail.split(':').next().unwrap_or_default())),
            _ => false,
        };
    }
    let has = |rule: Rule| violations.iter().any(|violation| violation.rule == rule);
    match rejection.plugin.as_str() {
        "NodeResourcesFit" => said != rejection.reasons.iter().cloned().collect(),
        "InterPodAffinity" => {
            let affinity = has(Rule::PodAffinity).then_some("node(s) didn't match pod affinity rules");
            let anti = has(Rule::PodAntiAffinity).then_some("node(s) didn't match pod anti-affinity rules");
            let existing = has(Rule::ExistingPodsAntiAffinity).then_some("node(s) didn't satisfy existing pods anti-affinity rules");
            affinity.or(anti).or(existing) != rejection.reasons.first().map(String::as_str)
        }
        _ => false,
    }
}

/// The plugins that refuse a node for a rule. What upstream decides before looking at nodes is `PreFilter`, and of the default
/// plugins only node affinity narrows nodes down there.
pub fn plugins_of(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::UnknownNode | Rule::AlreadyBound | Rule::Ended | Rule::Eviction => &[],
        Rule::SchedulingGate => &["SchedulingGates"],
        Rule::NodeName => &["NodeName"],
        Rule::Unschedulable => &["NodeUnschedulable"],
        Rule::Taints => &["TaintToleration"],
        Rule::NodeSelector => &["NodeAffinity"],
        Rule::NodeAffinity => &["NodeAffinity", "PreFilter"],
        Rule::HostPorts => &["NodePorts"],
        Rule::PodCount | Rule::Resources => &["NodeResourcesFit"],
        Rule::PodAntiAffinity | Rule::ExistingPodsAntiAffinity | Rule::PodAffinity => &["InterPodAffinity"],
        Rule::TopologySpread => &["PodTopologySpread"],
        Rule::ClaimMissing => &["VolumeRestrictions", "VolumeBinding"],
        Rule::ClaimUnbound | Rule::ClaimUnservable | Rule::StorageCapacity | Rule::VolumeNodeAffinity => &["VolumeBinding"],
        Rule::VolumeZone => &["VolumeZone"],
        Rule::VolumeLimits => &["NodeVolumeLimits"],
        Rule::ReadWriteOncePod | Rule::DiskConflict => &["VolumeRestrictions"],
    }
}

/// Whether a configuration changes which nodes are feasible: default spread constraints that are hard, required affinity
/// added to every pod, resources that are ignored, or plugins switched off elsewhere than in scoring.
fn adds_hard_rules(config: &Value) -> bool {
    let text = config.to_string();
    let profiles = config["profiles"].as_array().cloned().unwrap_or_default();
    let switched = profiles.iter().any(|profile| {
        let points = profile["plugins"].as_object().cloned().unwrap_or_default();
        points.keys().any(|point| point != "score" && point != "preScore")
    });
    let arguments = ["DoNotSchedule", "requiredDuringScheduling", "ignoredResource"];
    switched || arguments.iter().any(|argument| text.contains(argument))
}
