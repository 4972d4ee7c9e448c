//! `alerts`: the PrometheusRule with the alerts that a cluster lacks.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;

use crate::check::alerts::{Alert, Cover, common_labels, covers, wanted};
use crate::check::{self, Settings};
use crate::cli::arguments::InputArguments;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::output;
use crate::report::views::alerts::prometheus_rule;

/// Arguments of `alerts`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// Write all alerts, those too that are there already
    #[arg(long)]
    all: bool,

    /// Namespace of the PrometheusRule; that of the first one there is, or monitoring
    #[arg(long, value_name = "NAMESPACE")]
    into: Option<String>,

    /// What a team says: thresholds.podsPerNode bounds the pods of a node (30 if nothing is said); without it, plimsoll.yaml
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll alerts dump.json                            the alerts that are missing, or ask for what there is not
  plimsoll alerts dump.json | kubectl apply -f -       and adds them
  plimsoll alerts --all --into monitoring dump.json

Whether an alert is there is seen by what it asks for, in the PrometheusRules of the input (`kubectl get prometheusrules -A -o yaml`).
Series and labels are those of kube-state-metrics; the labels of the object are those that all PrometheusRules of the input have in common.";

/// Runs `alerts`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let usual = Some(Path::new(check::read::USUAL_SETTINGS)).filter(|path| path.exists());
    let settings = match arguments.settings.as_deref().or(usual) {
        None => Settings::default(),
        Some(path) => check::read::settings(path).map_err(|problem| anyhow!("{problem}"))?,
    };
    let loaded = input::load_to_check(&arguments.input)?;
    let alerts = wanted(settings.thresholds.pods_per_node);
    let covers = covers(&loaded.objects);
    let is_lacking = |cover: &Cover| arguments.all || !matches!(cover, Cover::Given(_));
    let lacking: Vec<&Alert> = alerts.iter().zip(&covers).filter(|(_, cover)| is_lacking(cover)).map(|(alert, _)| alert).collect();
    if lacking.is_empty() {
        output::note("every alert is there already; --all writes them all the same");
        return Ok(loaded.exit(true));
    }
    let rules = &loaded.objects.prometheus_rules;
    let there = rules.first().map(|rule| rule.metadata.namespace_or_default());
    let namespace = arguments.into.as_deref().or(there).unwrap_or("monitoring");
    output::answer(&prometheus_rule(&lacking, namespace, &common_labels(rules)))?;
    Ok(loaded.exit(true))
}
