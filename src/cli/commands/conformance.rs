//! `conformance`: replays recordings of the real kube-scheduler.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde::Serialize;

use crate::cli::arguments::OutputArguments;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::conformance::{CaseResult, Recordings};
use crate::report::views::{ConformanceView, View};
use crate::scheduler::version::KubernetesVersion;

/// Arguments of `conformance`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Folder with cases.jsonl(.gz) and expected-VERSION.jsonl(.gz)
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Kubernetes version to replay: 1.36 or 1.34; without it, every version that was recorded
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubernetesVersion>,

    /// Write our own steps to this file, in the recordings' format; of 1.36 unless --kubernetes says otherwise
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// Name every case on stderr, with the steps that agree
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll conformance fixtures/conformance                     every version that was recorded
  plimsoll conformance recordings --kubernetes 1.34 -v
  plimsoll conformance recordings --write steps.jsonl           what we decide, for another judge
  plimsoll conformance fixtures/conformance -o json

A recording is a small cluster, the pods to schedule, and what the real kube-scheduler decided
about each: every verdict, reason, score, victim and message. Exit code 1 when one fact differs.";

/// Runs `conformance`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut replays = Vec::new();
    for version in versions(arguments)? {
        let recordings = Recordings::read(&arguments.folder, version).map_err(|problem| anyhow!(problem))?;
        replays.push((version, recordings.compare(version)));
    }
    if arguments.verbose {
        replays.iter().for_each(|(version, results)| name_cases(*version, results));
    }
    if let Some(path) = &arguments.write {
        let results = replays.iter().flat_map(|(_, results)| results);
        write(path, results)?;
    }
    let view = View::Conformance(Box::new(ConformanceView::new(&replays)));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(Exit::of(view.holds()))
}

/// The version asked for, or those that were recorded.
fn versions(arguments: &Arguments) -> anyhow::Result<Vec<KubernetesVersion>> {
    match (arguments.kubernetes, &arguments.write) {
        (Some(version), _) => return Ok(vec![version]),
        (None, Some(_)) => return Ok(vec![KubernetesVersion::default()]),
        (None, None) => {}
    }
    let is_recorded = |version: &KubernetesVersion| {
        ["jsonl", "jsonl.gz"].iter().any(|ending| arguments.folder.join(format!("expected-{version}.{ending}")).exists())
    };
    let recorded: Vec<KubernetesVersion> = KubernetesVersion::ALL.into_iter().filter(is_recorded).collect();
    if recorded.is_empty() {
        bail!(
            "{}: no recordings here: cases.jsonl(.gz) and expected-1.36.jsonl(.gz) or expected-1.34.jsonl(.gz) are expected",
            arguments.folder.display()
        );
    }
    Ok(recorded)
}

fn name_cases(version: KubernetesVersion, results: &[CaseResult]) {
    for result in results {
        output::note(&format!("{version} {}: {} of {} steps agree", result.name, result.agreeing, result.all));
    }
}

/// A line of the recordings' format.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    steps: &'a [serde_json::Value],
}

fn write<'a>(path: &Path, results: impl Iterator<Item = &'a CaseResult>) -> anyhow::Result<()> {
    let mut text = String::new();
    for result in results {
        let line = serde_json::to_string(&Line { name: &result.name, steps: &result.steps })?;
        writeln!(text, "{line}")?;
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
