//! `explain`: every node and every plugin's verdict and score for one pod.

use anyhow::{anyhow, bail};
use clap::Args;

use crate::admission;
use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::Loaded;
use crate::cli::placement::{self, Ground};
use crate::cli::{input, output};
use crate::cluster::index::PodId;
use crate::cluster::{Cluster, Standing};
use crate::manifest::pod::Pod;
use crate::report::amount::{count, list};
use crate::report::views::eviction::EvictionAnswer;
use crate::report::views::explanation::Eviction;
use crate::report::views::workload::Workloads;
use crate::report::views::{Context, ExplanationView, View};
use crate::simulation::NotCreated;

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The pod: namespace/name, or its name if only one has it; or a workload (namespace/name), for its first pod that is not created or pending
    #[arg(value_name = "POD")]
    pod: String,

    #[command(flatten)]
    input: InputArguments,

    /// Ask about a pending pod before the other pending pods have their places, not after
    #[arg(long)]
    first: bool,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll explain data-platform/trino-worker-1       a pod of the embedded example
  plimsoll explain shop/api-7d4b9-x2x cluster.json    why it is pending, or why it is where it is
  plimsoll explain shop/api cluster.json              the first pending pod of a workload
  plimsoll explain api-0 cluster.json new.yaml -o json | jq .nearest

A pod that has a node is taken off it and asked about anew, among the pods that are bound now.
A pending pod is asked about after all others have been placed (`--first`: before them).

Exit code 1 when no node takes the pod, or when the API server would refuse to create it.";

/// Runs `explain`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let mut loaded = input::load(&arguments.input)?;
    if let Some(refused) = refused(&loaded, &arguments.pod) {
        let view = View::Explanation(Box::new(explain_refused(arguments, &mut loaded, refused)?));
        output::answer(&(arguments.output.output.0.render)(&view))?;
        return Ok(loaded.exit(view.holds()));
    }
    let ground = Ground::new(&loaded.objects, &configuration);
    let context = Context::new(&loaded.objects, &ground.cluster, options.version, arguments.scheduler.ties());
    let pod = find(&context, &arguments.pod)?;
    let mut scheduler = ground.scheduler(options);
    let mut made_room = None;
    let bound_to = match ground.cluster.pod(pod).standing {
        Standing::Bound(_) => Some(scheduler.evict(pod)),
        Standing::Pending if !arguments.first => {
            let schedule = placement::run(&mut scheduler);
            let own = schedule.decisions.iter().find(|decision| decision.pod == pod);
            made_room = own.and_then(|decision| decision.preemption.clone());
            if scheduler.occupancy().node_of(pod).is_some() {
                scheduler.evict(pod);
            }
            None
        }
        Standing::Pending | Standing::Aside => None,
        Standing::Orphaned => bail!("{} is bound to a node that is not in the input, so there is nothing to decide", context.pod(pod)),
        Standing::Ended => bail!("{} has ended (Succeeded or Failed), so there is nothing to decide", context.pod(pod)),
        Standing::PendingDeletion => bail!("{} is being deleted: the scheduler passes it over", context.pod(pod)),
    };
    let mut view = ExplanationView::new(&context, &mut scheduler, pod, bound_to);
    view.made_room = made_room.map(|preemption| Eviction::new(&context, &preemption));
    view.eviction_answer = bound_to.map(|_| EvictionAnswer::new(&loaded.objects, &loaded.objects.pods[ground.cluster.pod(pod).object]));
    let view = View::Explanation(Box::new(view));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(loaded.exit(view.holds()))
}

/// What is meant, if that is not created: by its name, or as the first such pod of a workload.
fn refused(loaded: &Loaded, wanted: &str) -> Option<NotCreated> {
    let is_named = |namespace: &str, name: &str| wanted == name || wanted.split_once('/') == Some((namespace, name));
    let of_pod = |pod: &Pod| is_named(pod.metadata.namespace_or_default(), &pod.metadata.name);
    if loaded.objects.pods.iter().any(of_pod) {
        return None;
    }
    let refused = &loaded.creation.refused;
    if let Some(own) = refused.iter().find(|each| is_named(&each.namespace, &each.name)) {
        return Some(own.clone());
    }
    let workloads = Workloads::new(&loaded.objects);
    let is_meant = |pod: &Pod| {
        let workload = workloads.of(pod);
        workload.split(" (").next().and_then(|name| name.split_once('/')).is_some_and(|(namespace, name)| is_named(namespace, name))
    };
    refused.iter().find(|each| each.pod.as_deref().is_some_and(is_meant)).cloned()
}

/// What nodes would say of a pod that is not created, after all others have their places.
fn explain_refused(arguments: &Arguments, loaded: &mut Loaded, refused: NotCreated) -> anyhow::Result<ExplanationView> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let pod = refused.pod.map(|pod| {
        loaded.objects.pods.push(*pod);
        // so that it asks for what policies would have given it
        admission::admit(&mut loaded.objects);
        PodId::new(loaded.objects.pods.len() - 1)
    });
    let mut ground = Ground::new(&loaded.objects, &configuration);
    pod.iter().for_each(|&pod| ground.cluster.set_aside(pod));
    let context = Context::new(&loaded.objects, &ground.cluster, options.version, arguments.scheduler.ties());
    let Some(pod) = pod else {
        let name = format!("{}/{}", refused.namespace, refused.name);
        let name = name.trim_start_matches('/').to_owned();
        return Ok(ExplanationView::not_created(&context, name.clone(), format!("{name} ({})", refused.kind), refused.refusal.message));
    };
    let mut scheduler = ground.scheduler(options);
    if !arguments.first {
        placement::run(&mut scheduler);
    }
    Ok(ExplanationView::new(&context, &mut scheduler, pod, None).refused(refused.refusal.message))
}

/// The pod that is meant.
fn find(context: &Context<'_>, wanted: &str) -> anyhow::Result<PodId> {
    let cluster = context.cluster;
    let named: Vec<PodId> = match wanted.split_once('/') {
        Some((namespace, name)) => cluster.find_pod(namespace, name).into_iter().collect(),
        None => cluster.pod_ids().filter(|&pod| cluster.pod_name(pod).name == wanted).collect(),
    };
    match named[..] {
        [pod] => Ok(pod),
        [] => of_workload(context, wanted),
        _ => bail!("{} have the name {wanted}: {}", count(named.len(), "pod"), names(cluster, &named)),
    }
}

/// The first pending pod of a workload, or its first.
fn of_workload(context: &Context<'_>, wanted: &str) -> anyhow::Result<PodId> {
    let cluster = context.cluster;
    let is_meant = |pod: PodId| {
        let workload = context.workload(pod);
        let name = workload.split(" (").next().unwrap_or_default();
        name == wanted || name.split_once('/').is_some_and(|(_, name)| name == wanted)
    };
    let pods: Vec<PodId> = cluster.pod_ids().filter(|&pod| is_meant(pod)).collect();
    let waits = |pod: &&PodId| cluster.pod(**pod).standing == Standing::Pending;
    match pods.iter().find(waits).or(pods.first()) {
        Some(&pod) => {
            output::note(&format!("{wanted} is a workload of {}; this is about {}", count(pods.len(), "pod"), context.pod(pod)));
            Ok(pod)
        }
        None => Err(unknown(cluster, wanted)),
    }
}

fn unknown(cluster: &Cluster, wanted: &str) -> anyhow::Error {
    let part = wanted.rsplit('/').next().unwrap_or(wanted);
    let alike: Vec<PodId> = cluster.pod_ids().filter(|&pod| cluster.pod_name(pod).name.contains(part)).collect();
    match alike.is_empty() {
        true => anyhow!("no pod is named {wanted} among {}", count(cluster.pods.len(), "pod")),
        false => anyhow!("no pod is named {wanted}; these are alike: {}", names(cluster, &alike)),
    }
}

fn names(cluster: &Cluster, pods: &[PodId]) -> String {
    list(&pods.iter().map(|&pod| cluster.pod_name(pod).to_string()).collect::<Vec<_>>(), 5)
}
