//! `fit`: how many more pods of a kind fit, where they go, and what stops the next one.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;

use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::placement::{self, Ground};
use crate::cli::template::Template;
use crate::cli::{input, output};
use crate::cluster::index::PodId;
use crate::manifest::Quantity;
use crate::manifest::location::Note;
use crate::manifest::pod::{Container, Pod, ResourceRequirements};
use crate::planning::headroom::{Question, headroom};
use crate::report::amount::count;
use crate::report::views::{Context, FitView, HeadroomView, View};
use crate::usage;
use crate::usage::read::Content;

/// Arguments of `fit`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// A manifest: its first pod, or the first pod of its first workload, is what is cloned
    #[arg(long, value_name = "FILE", help_heading = "What to fit", conflicts_with = "like")]
    pod: Option<PathBuf>,

    /// A pod of the input, as namespace/name, to clone
    #[arg(long, value_name = "NS/NAME", help_heading = "What to fit")]
    like: Option<String>,

    /// cpu that each clone asks for, such as 500m
    #[arg(long, value_name = "QUANTITY", help_heading = "What to fit", value_parser = amount, allow_negative_numbers = true)]
    cpu: Option<Quantity>,

    /// Memory that each clone asks for, such as 1Gi
    #[arg(long, value_name = "QUANTITY", help_heading = "What to fit", value_parser = amount, allow_negative_numbers = true)]
    memory: Option<Quantity>,

    /// Any other resource that each clone asks for, such as nvidia.com/gpu=1 (repeatable)
    #[arg(long, value_name = "NAME=QUANTITY", help_heading = "What to fit", value_parser = resource)]
    resource: Vec<(String, Quantity)>,

    /// Stop at so many; exit code 1 if fewer fit
    #[arg(long, value_name = "N", help_heading = "What to fit")]
    max: Option<usize>,

    /// Instead: how far the load on autoscaled workloads may rise until a pod finds no node, and whether all fit at max
    #[arg(long, help_heading = "What to fit", conflicts_with_all = ["pod", "like", "cpu", "memory", "resource", "max"])]
    hpa: bool,

    /// With --hpa: measured usage, which is load 1 (kubectl top, metrics APIs, CSV); without it, load 1 is every autoscaler exactly at its target
    #[arg(long, value_name = "FILE", help_heading = "What to fit", requires = "hpa")]
    usage: Option<PathBuf>,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll fit --cpu 500m --memory 1Gi                       in the embedded example
  plimsoll fit cluster.json --cpu 500m --memory 1Gi          any pod of this size
  plimsoll fit cluster.json --like shop/api-7d4b9-x2x        clones of a pod, rules and all
  plimsoll fit cluster.json --like shop/api-0 --memory 4Gi   the same with more memory
  plimsoll fit cluster.json --pod new-deployment.yaml --max 10
  plimsoll fit cluster.json --hpa --usage top.txt            how much more load the autoscaled workloads can take

Pending pods of the input get their places first, and nobody is evicted for a clone.
Exit code 1 when not one fits; with --max, when fewer fit; with --hpa, when not everything fits at max.";

/// Runs `fit`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if arguments.hpa {
        return headroom_of(arguments);
    }
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let mut loaded = input::load(&arguments.input)?;
    let (name, template) = template(arguments, &loaded.objects.pods)?;
    loaded.objects.pods.push(template);
    let mut ground = Ground::new(&loaded.objects, &configuration);
    let pod = PodId::new(loaded.objects.pods.len() - 1);
    let copies = ground.copies(pod, arguments.max);
    let context = Context::new(&loaded.objects, &ground.cluster, options.version, arguments.scheduler.ties());
    let mut scheduler = ground.scheduler(options);
    placement::run(&mut scheduler);
    let fit = scheduler.fit(&copies);
    let mut view = FitView::new(&context, &scheduler, pod, name.as_deref(), &fit, arguments.max);
    view.not_created = loaded.not_created(&context, &[]);
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Fit(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// How far the load may rise.
fn headroom_of(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let assumption = arguments.input.assumption()?;
    let usage = match &arguments.usage {
        None => None,
        Some(path) => match usage::read::read(path).map_err(|problem| anyhow!("--usage: {problem}"))? {
            Content::Usage(usage) => Some(usage),
            Content::Replicas(_) => bail!("--usage: {} holds replicas, not usage; --replicas takes those", path.display()),
        },
    };
    let loaded = input::load_written(&arguments.input)?;
    let (written, replaced) = loaded.applied();
    let question = Question {
        objects: &loaded.objects,
        written,
        replaced,
        assumption: &assumption,
        usage: usage.as_ref(),
        configuration: &configuration,
        options,
    };
    let say = |notes: &[Note]| notes.iter().for_each(|note| output::note(&note.message));
    let headroom = headroom(&question).map_err(|notes| {
        say(&notes);
        anyhow!("nothing scales by itself here: --hpa needs a HorizontalPodAutoscaler and the workload it scales")
    })?;
    say(&headroom.notes);
    let view = HeadroomView::new(&headroom, options.version, usage.is_some());
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Headroom(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// The pod to clone, and what to call it.
fn template(arguments: &Arguments, pods: &[Pod]) -> anyhow::Result<(Option<String>, Pod)> {
    let (name, mut pod) = match (&arguments.pod, &arguments.like) {
        (Some(path), _) => from_file(path)?,
        (None, Some(like)) => (Some(like.clone()), find(pods, like)?.clone()),
        (None, None) if arguments.cpu.is_none() && arguments.memory.is_none() && arguments.resource.is_empty() => {
            bail!("what should fit? say --cpu and --memory, --like NS/NAME, or --pod FILE")
        }
        (None, None) => (None, plain()),
    };
    ask_for(&mut pod, arguments);
    let template = Template::of(&pod);
    if template.own_claims {
        output::note("each clone is taken to get volumes of its own wherever it lands; limits on volumes a node do not count them");
    }
    Ok((name, template.pod))
}

fn from_file(path: &Path) -> anyhow::Result<(Option<String>, Pod)> {
    let mut loaded = input::load_file(path)?;
    if loaded.objects.pods.is_empty() {
        bail!("{} makes no pod: a Pod or a workload with at least one replica is needed", path.display());
    }
    let pod = loaded.objects.pods.swap_remove(0);
    Ok((Some(format!("{} of {}", pod.metadata.name, path.display())), pod))
}

fn find<'a>(pods: &'a [Pod], like: &str) -> anyhow::Result<&'a Pod> {
    let named = |pod: &&Pod| match like.split_once('/') {
        Some((namespace, name)) => pod.metadata.namespace == namespace && pod.metadata.name == name,
        None => pod.metadata.name == like,
    };
    let found: Vec<&Pod> = pods.iter().filter(named).collect();
    match found[..] {
        [pod] => Ok(pod),
        [] => Err(anyhow!("--like: no pod is named {like} among {}", count(pods.len(), "pod"))),
        _ => Err(anyhow!("--like: {} are named {like}: say NAMESPACE/NAME", count(found.len(), "pod"))),
    }
}

fn plain() -> Pod {
    let mut pod = Pod::default();
    pod.metadata.namespace = "default".to_owned();
    pod.spec.containers.push(Container { name: "main".to_owned(), ..Default::default() });
    pod
}

/// Sets what the flags ask for in all: the first container asks for it, the others for none of it.
fn ask_for(pod: &mut Pod, arguments: &Arguments) {
    let named = [("cpu", arguments.cpu), ("memory", arguments.memory)];
    let asked = named.into_iter().filter_map(|(name, quantity)| Some((name.to_owned(), quantity?)));
    for (name, quantity) in asked.chain(arguments.resource.iter().cloned()) {
        if let Some(resources) = &mut pod.spec.resources {
            resources.requests.remove(&name);
        }
        let containers = pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers);
        containers.for_each(|container| forget(&mut container.resources, &name));
        let Some(first) = pod.spec.containers.first_mut() else { continue };
        first.resources.requests.insert(name, quantity);
    }
}

fn forget(resources: &mut ResourceRequirements, name: &str) {
    resources.requests.remove(name);
    resources.limits.remove(name);
}

fn resource(text: &str) -> Result<(String, Quantity), String> {
    let (name, quantity) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=QUANTITY, such as nvidia.com/gpu=1"))?;
    Ok((name.to_owned(), amount(quantity)?))
}

fn amount(text: &str) -> Result<Quantity, String> {
    let quantity: Quantity = text.parse().map_err(|error| format!("{error}"))?;
    if quantity.is_negative() { Err("a pod cannot ask for less than nothing".to_owned()) } else { Ok(quantity) }
}
