//! `conformance`: replays recordings of the real kube-scheduler and the real control plane.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use crate::cli::arguments::OutputArguments;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::conformance::control_plane::{self, Recording};
use crate::conformance::{CaseResult, Recordings};
use crate::report::views::{ConformanceView, View};
use crate::scheduler::version::KubernetesVersion;

/// Arguments of `conformance`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Folder with cases.jsonl(.gz) and expected-VERSION.jsonl(.gz), or FAMILY.jsonl(.gz)
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Kubernetes version to replay: 1.36 or 1.34; without it, every version that was recorded
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubernetesVersion>,

    /// Write our own steps or facts to this file, in the recordings' format; of 1.36 unless --kubernetes says otherwise
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// Name every case on stderr, with the steps that agree, and list the facts that are not compared
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

A recording is a small cluster and what the real one did with it. Of kube-scheduler: every verdict,
reason, score, victim and message. Of a control plane (FAMILY.jsonl, one recording a line): what was
created or refused, what controllers made of it, and every answer. Exit code 1 when one fact differs.";

/// Runs `conformance`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let replays = replays(arguments)?;
    if arguments.verbose {
        tell_left_out(&replays);
        replays.iter().for_each(name_cases);
    }
    if let Some(path) = &arguments.write {
        write(path, &replays)?;
    }
    let sums: Vec<(String, Vec<CaseResult>)> = replays.into_iter().map(|replay| (replay.version, replay.results)).collect();
    let view = View::Conformance(Box::new(ConformanceView::new(&sums)));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(Exit::of(view.holds()))
}

/// What was replayed of one version.
struct Replay {
    version: String,
    /// Whether of a control plane; else of a scheduler.
    of_control_plane: bool,
    results: Vec<CaseResult>,
}

/// Replays whatever a folder holds: recordings of the scheduler, of the control plane, or both.
fn replays(arguments: &Arguments) -> anyhow::Result<Vec<Replay>> {
    let mut replays = Vec::new();
    for version in versions(arguments) {
        let recordings = Recordings::read(&arguments.folder, version).map_err(|problem| anyhow!(problem))?;
        replays.push(Replay { version: version.to_string(), of_control_plane: false, results: recordings.compare(version) });
    }
    let recordings = control_plane::read(&arguments.folder).map_err(|problem| anyhow!(problem))?;
    let mut by_version: BTreeMap<String, Vec<Recording>> = BTreeMap::new();
    for recording in recordings {
        let asked_for = |version: KubernetesVersion| recording.kubernetes.starts_with(&version.to_string());
        if arguments.kubernetes.is_none_or(asked_for) {
            by_version.entry(recording.kubernetes.clone()).or_default().push(recording);
        }
    }
    for (version, recordings) in by_version {
        let results = recordings.par_iter().map(control_plane::compare).collect();
        replays.push(Replay { version, of_control_plane: true, results });
    }
    if replays.is_empty() {
        bail!(
            "{}: no recordings here: cases.jsonl(.gz) with expected-1.36.jsonl(.gz) or expected-1.34.jsonl(.gz), or FAMILY.jsonl(.gz) \
             of a control plane are expected",
            arguments.folder.display()
        );
    }
    Ok(replays)
}

/// The version asked for, or those that were recorded.
fn versions(arguments: &Arguments) -> Vec<KubernetesVersion> {
    let is_there = |stem: &str| ["jsonl", "jsonl.gz"].iter().any(|ending| arguments.folder.join(format!("{stem}.{ending}")).exists());
    if !is_there("cases") {
        return Vec::new();
    }
    match (arguments.kubernetes, &arguments.write) {
        (Some(version), _) => vec![version],
        (None, Some(_)) => vec![KubernetesVersion::default()],
        (None, None) => KubernetesVersion::ALL.into_iter().filter(|version| is_there(&format!("expected-{version}"))).collect(),
    }
}

/// What is not compared is said before anything is.
fn tell_left_out(replays: &[Replay]) {
    if replays.iter().any(|replay| replay.of_control_plane) {
        for row in control_plane::LEFT_OUT {
            output::note(&format!("not compared in {}: {} ({})", row.families.join(", "), row.path, row.what));
        }
    }
}

fn name_cases(replay: &Replay) {
    for result in &replay.results {
        output::note(&format!("{} {}: {} of {} steps agree", replay.version, result.name, result.agreeing, result.all));
    }
}

/// A line of the scheduler recordings' format.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    steps: &'a [serde_json::Value],
}

/// A line of the control-plane recordings' format, as far as it is ours.
#[derive(Serialize)]
struct Facts<'a> {
    name: &'a str,
    family: &'a str,
    kubernetes: &'a str,
    expect: &'a serde_json::Value,
}

fn write(path: &Path, replays: &[Replay]) -> anyhow::Result<()> {
    let mut text = String::new();
    for replay in replays {
        for result in &replay.results {
            let line = match result.steps.as_slice() {
                [expect] if replay.of_control_plane => {
                    serde_json::to_string(&Facts { name: &result.name, family: &result.family, kubernetes: &replay.version, expect })?
                }
                steps => serde_json::to_string(&Line { name: &result.name, steps })?,
            };
            writeln!(text, "{line}")?;
        }
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
