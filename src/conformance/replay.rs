//! Replays one case.

use serde_json::{Value, json};

use super::read::Case;
use super::step::Step;
use crate::cluster::index::{NodeId, PodId};
use crate::manifest::read::{Input, read_str};
use crate::scheduler::attempt::Outcome;
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;
use crate::scheduler::{Options, Scheduler, prepare};

/// Decides every pending pod of a case in order. `recorded` is looked at only for the node that the case goes on with.
pub fn replay(case: &Case, recorded: &[Value], version: KubernetesVersion) -> Result<Vec<Step>, String> {
    let input = load(&case.name, [case.objects.as_slice(), &case.pending].concat())?;
    let configuration = configuration(case)?;
    let (cluster, profiles) = prepare(&input.objects, &configuration);
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options { version, ..Options::default() });
    let mut steps: Vec<Step> = Vec::new();
    for pod in &case.pending {
        let metadata = &pod["metadata"];
        let (namespace, name) = (metadata["namespace"].as_str().unwrap_or("default"), metadata["name"].as_str().unwrap_or_default());
        let pod = cluster.find_pod(namespace, name).ok_or_else(|| format!("pending pod {namespace}/{name} was not loaded"))?;
        while decide(&mut scheduler, pod, recorded, &mut steps) == Outcome::Preempts {}
    }
    Ok(steps)
}

/// One attempt, and what follows from it: the pod is bound, or its victims leave.
fn decide(scheduler: &mut Scheduler<'_>, pod: PodId, recorded: &[Value], steps: &mut Vec<Step>) -> Outcome {
    let attempt = scheduler.attempt(pod);
    let step = Step::new(scheduler.cluster(), &attempt);
    let goes_on: Option<NodeId> = {
        let same = recorded.get(steps.len()).filter(|recorded| recorded["pod"] == step.pod);
        let node = same.and_then(|recorded| recorded["node"].as_str()).or(step.node.as_deref());
        node.and_then(|node| scheduler.cluster().find_node(node))
    };
    steps.push(step);
    match (&attempt.preemption, goes_on) {
        (Some(preemption), _) => scheduler.make_room(pod, preemption),
        (None, Some(node)) if attempt.outcome == Outcome::Bound => scheduler.bind(pod, node),
        _ => {}
    }
    attempt.outcome
}

fn load(name: &str, objects: Vec<Value>) -> Result<Input, String> {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    let input = read_str(name, &list.to_string());
    match input.problems.iter().find(|_| input.has_errors()) {
        Some(problem) => Err(problem.to_string()),
        None => Ok(input),
    }
}

fn configuration(case: &Case) -> Result<Configuration, String> {
    let Some(written) = &case.config else { return Ok(Configuration::default()) };
    let input = load(&case.name, vec![written.clone()])?;
    let written = input.objects.scheduler_configurations.into_iter().next().ok_or("the configuration was not loaded")?;
    Configuration::new(written).map_err(|problems| problems.join("; "))
}
