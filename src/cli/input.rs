//! From paths to objects that are ready for placing: read, expanded, admitted; all that is wrong or weak said on stderr.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::arguments::InputArguments;
use super::example;
use super::exit::Exit;
use super::output;
use super::progress::Progress;
use crate::check::{self, replicas_written};
use crate::controllers::cron_job::CronRuns;
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::manifest::Objects;
use crate::manifest::location::{Note, Origin};
use crate::manifest::read::{self, Input, Options, Problem, Severity, Written};
use crate::planning::quota::{Bounded, Quotas};
use crate::report::amount::{count, list};
use crate::report::views::{Context, NotCreatedGroup, creation};
use crate::simulation::{self, Creation};
use crate::{admission, controllers};

/// Objects that are ready for placing.
#[derive(Debug)]
pub struct Loaded {
    /// The objects, with the pods that controllers make of them.
    pub objects: Objects,
    /// What the API server refuses, and is not among them.
    pub creation: Creation,
    /// The cluster before anything was applied to it, if the input holds a cluster and what is to be applied.
    pub before: Option<Before>,
    /// Whether everything could be read.
    pub complete: bool,
    /// What was read, without its objects: for where things were written.
    input: Input,
    /// What quotas are about, as it was read, if that is wanted.
    bounded: Option<Bounded>,
    /// Replicas that manifests write, by where these stand, if that is wanted.
    replicas: BTreeMap<Origin, i32>,
}

/// How an input is made ready.
#[derive(Clone, Copy)]
pub struct Preparation<'a> {
    verbose: bool,
    /// Replicas of autoscaled workloads; without it no pods are made.
    assumption: Option<&'a Assumption>,
    /// Runs of CronJobs that count.
    cron_runs: CronRuns,
    /// Whether what quotas are about is kept.
    with_quotas: bool,
    /// Whether what is wrong is found by rules, so that it need not be said as well.
    to_check: bool,
}

/// A cluster before anything was applied to it.
#[derive(Debug)]
pub struct Before {
    /// The objects, with the pods that controllers make of them.
    pub objects: Objects,
    /// What the API server refuses already.
    pub creation: Creation,
    /// How many objects are applied that are new, and how many that the cluster has.
    pub applied: (usize, usize),
}

impl<'a> Preparation<'a> {
    /// As the arguments say, with replicas that were read from them.
    pub fn new(arguments: &InputArguments, assumption: Option<&'a Assumption>) -> Self {
        Preparation { verbose: arguments.verbose, assumption, cron_runs: arguments.cron_runs, with_quotas: false, to_check: false }
    }

    /// Keeps what quotas are about.
    pub fn with_quotas(self) -> Self {
        Preparation { with_quotas: true, ..self }
    }

    /// Keeps what rules ask for, and leaves to them what is wrong.
    fn to_check(self) -> Self {
        Preparation { to_check: true, with_quotas: true, ..self }
    }
}

impl Loaded {
    /// How to end after an answer: an answer on half an input is no full answer.
    pub fn exit(&self, holds: bool) -> Exit {
        if self.complete { Exit::of(holds) } else { Exit::Misuse }
    }

    /// What was read, without its objects.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Which objects were written, and the cluster's versions of those that it has too.
    pub fn applied(&self) -> (&Written, &Objects) {
        (&self.input.written, &self.input.replaced)
    }

    /// Replicas that manifests write for workloads, before anything is defaulted or scaled.
    pub fn replicas(&self) -> &BTreeMap<Origin, i32> {
        &self.replicas
    }

    /// What the quotas of the input hold, if it has any and they were asked for.
    pub fn quotas(&self) -> Option<Quotas> {
        Some(self.bounded.as_ref()?.quotas(&self.objects))
    }

    /// What the API server refuses, alike things together; `namespaces` are those that are shown, none for all.
    pub fn not_created(&self, context: &Context<'_>, namespaces: &[String]) -> Vec<NotCreatedGroup> {
        creation::groups(context, &self.creation.refused, |each| self.input.locate(each.origin).to_string(), namespaces)
    }
}

/// Reads what the arguments name; the embedded example if they name nothing.
pub fn load(arguments: &InputArguments) -> anyhow::Result<Loaded> {
    let assumption = arguments.assumption()?;
    if arguments.paths.is_empty() {
        tell_example();
        return Ok(today(Preparation::new(arguments, Some(&assumption))));
    }
    read_paths(&arguments.paths, Preparation::new(arguments, Some(&assumption)))
}

/// Reads what the arguments name; what the example's cluster is to become if they name nothing.
pub fn load_target(arguments: &InputArguments) -> anyhow::Result<Loaded> {
    let assumption = arguments.assumption()?;
    if arguments.paths.is_empty() {
        tell_example();
        return Ok(target(Preparation::new(arguments, Some(&assumption))));
    }
    read_paths(&arguments.paths, Preparation::new(arguments, Some(&assumption)))
}

/// As [`load`], for the one question that is about quotas; the arguments name something.
pub fn load_with_quotas(arguments: &InputArguments) -> anyhow::Result<Loaded> {
    let assumption = arguments.assumption()?;
    read_paths(&arguments.paths, Preparation::new(arguments, Some(&assumption)).with_quotas())
}

/// As [`load_target`], for rules to look at: with quotas, and with what they quote.
pub fn load_to_check(arguments: &InputArguments) -> anyhow::Result<Loaded> {
    let assumption = arguments.assumption()?;
    let preparation = Preparation::new(arguments, Some(&assumption)).to_check();
    if arguments.paths.is_empty() {
        tell_example();
        return Ok(target(preparation));
    }
    read_paths(&arguments.paths, preparation)
}

/// The same as it was written, without the pods that controllers make, for questions that are about other replicas. Without any path:
/// what the example's cluster is to become, because that is where it has autoscalers.
pub fn load_written(arguments: &InputArguments) -> anyhow::Result<Loaded> {
    if arguments.paths.is_empty() {
        tell_example();
        return Ok(target(Preparation::new(arguments, None)));
    }
    read_paths(&arguments.paths, Preparation::new(arguments, None))
}

fn tell_example() {
    output::note("no PATH given, so this is the embedded example (fixtures/data-platform); `--help` shows how to look at your own cluster");
}

/// Reads one file, with the replicas that are written.
pub fn load_file(path: &Path) -> anyhow::Result<Loaded> {
    read_paths(
        &[path.to_owned()],
        Preparation {
            verbose: false,
            assumption: Some(&Assumption::Current),
            cron_runs: CronRuns::One,
            with_quotas: false,
            to_check: false,
        },
    )
}

fn read_paths(paths: &[PathBuf], preparation: Preparation<'_>) -> anyhow::Result<Loaded> {
    let progress = Progress::of_bytes("reading");
    let input = read::read(paths, Options { progress: Some(&progress), keep_standard_input: preparation.to_check });
    drop(progress);
    let mut loaded = prepare(input, preparation);
    // what is not modelled is only counted by quotas, so nothing else is nothing to work on
    let others = std::mem::take(&mut loaded.objects.others);
    let is_nothing = loaded.objects == Objects::default();
    loaded.objects.others = others;
    // what is refused is something to tell
    let tells_refusals = preparation.to_check && !loaded.creation.refused.is_empty();
    if is_nothing && !tells_refusals {
        bail!(
            "nothing to work on: no object could be read from {}",
            list(&paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(), 5)
        );
    }
    Ok(loaded)
}

/// Today's cluster of the example.
pub fn today(preparation: Preparation<'_>) -> Loaded {
    prepare(read::read_texts(example::TODAY), preparation)
}

/// What the example's cluster is to become.
pub fn target(preparation: Preparation<'_>) -> Loaded {
    prepare(read::read_texts(example::TARGET), preparation)
}

/// Says what is wrong with an input, and makes pods of its workloads, if replicas are assumed.
fn prepare(mut input: Input, preparation: Preparation<'_>) -> Loaded {
    let Preparation { verbose, assumption, cron_runs, with_quotas, to_check } = preparation;
    tell_problems(&input.problems, verbose);
    tell_skipped(&input);
    if !to_check {
        tell_problems(&refusals(&input), verbose);
        tell_problems(&input.weaknesses(), verbose);
    }
    let expand = |objects: &mut Objects| {
        let mut notes = admission::horizontal_pod_autoscaler::admit(objects);
        notes.extend(assumption.map(|assumption| controllers::expand_assumed(objects, assumption, cron_runs)).unwrap_or_default());
        notes
    };
    let before = before(&input, expand);
    let bounded = if with_quotas { Bounded::of(&input.objects) } else { None };
    let replicas = if to_check { replicas_written(&input.objects, &input.written) } else { BTreeMap::new() };
    let mut objects = std::mem::take(&mut input.objects);
    if to_check {
        check::presume_namespaces(&mut objects, &input.written);
    }
    let creation = match assumption {
        Some(_) => simulation::create(&mut objects, &input.written, &input.replaced, expand),
        None => Creation { notes: expand(&mut objects), ..Creation::default() },
    };
    controllers::disruption::budgets(&mut objects);
    let all = if verbose { creation.notes.len() } else { OF_A_KIND };
    let notes = if to_check && !verbose { &[] } else { creation.notes.as_slice() };
    notes.iter().take(all).for_each(|note| tell_note(&input, note));
    tell_rest(notes.len().saturating_sub(all), "note");
    Loaded { objects, creation, before, complete: !input.has_errors(), input, bounded, replicas }
}

fn before(input: &Input, expand: impl FnOnce(&mut Objects) -> Vec<Note>) -> Option<Before> {
    let mut objects = input.before()?;
    let creation = simulation::create(&mut objects, &Written::Nothing, &Objects::default(), expand);
    controllers::disruption::budgets(&mut objects);
    Some(Before { objects, creation, applied: input.applied() })
}

/// Written objects that the API server would refuse, but for those that reading has complained about.
fn refusals(input: &Input) -> Vec<Problem> {
    let said = |title: &str| input.problems.iter().any(|problem| problem.message.starts_with(&format!("{title}: ")));
    let refused = admission::refusals(&input.objects).into_iter();
    let refused = refused.filter(|refused| input.written.holds_at(refused.origin) && !said(&refused.title));
    let problem = |refused: admission::Refused| {
        let why = refused.refusal.message.split_once(" is invalid: ").map_or(refused.refusal.message.as_str(), |(_, why)| why);
        Problem::new(Severity::Warning, input.locate(refused.origin), format!("{}: {why}", refused.title))
            .hint("correct it: the API server refuses it")
    };
    refused.map(problem).collect()
}

/// So many warnings and so many notes are said; errors all.
const OF_A_KIND: usize = 20;

/// Every error is named; of warnings and notes the first.
pub fn tell_problems(problems: &[Problem], verbose: bool) {
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let all = if verbose || severity == Severity::Error { usize::MAX } else { OF_A_KIND };
        let alike = problems.iter().filter(|problem| problem.severity == severity);
        alike.clone().take(all).for_each(|problem| output::report(severity, &problem.to_string()));
        tell_rest(alike.count().saturating_sub(all), &severity.to_string());
    }
}

fn tell_rest(more: usize, what: &str) {
    if more > 0 {
        output::note(&format!("{}; --verbose says them all", count(more, &format!("more {what}"))));
    }
}

/// Kinds that are not modelled are counted and named; those that own pods by themselves.
fn tell_skipped(input: &Input) {
    let owners: Vec<String> = input.skipped.owners().map(|((version, kind), number)| format!("{number} {kind} ({version})")).collect();
    // of manifests it is said as what weakens the answer, with what to do about it
    if !owners.is_empty() && input.is_dump() {
        let text =
            "own pods that cannot be worked out from here; unless the input has these pods as Pods, they are missing from the answer";
        output::report(Severity::Warning, &format!("{} {text}", owners.join(", ")));
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for ((_, name), kind) in input.skipped.kinds.iter().filter(|(_, kind)| !kind.owns_pods) {
        *kinds.entry(name).or_default() += kind.count;
    }
    let others: Vec<String> = kinds.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if !others.is_empty() {
        output::note(&format!("not modelled, because placing does not depend on them: {}", others.join(", ")));
    }
    if input.skipped.files > 0 {
        output::note(&format!("{} in folders left alone: their names are not those of manifests", count(input.skipped.files, "file")));
    }
}

fn tell_note(input: &Input, note: &Note) {
    match note.origin.map(|origin| input.locate(origin)).filter(|location| !location.file.is_empty()) {
        Some(location) => output::note(&format!("{location}: {}", note.message)),
        None => output::note(&note.message),
    }
}
