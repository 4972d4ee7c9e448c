//! `report`: a page to look at and to hand on: what is wrong, how full nodes are, what falls when something is lost, where every pod is.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::check;
use crate::check::settings::FailOn;
use crate::cli::arguments::{InputArguments, SchedulerArguments};
use crate::cli::commands::size::{GoalArguments, MarketArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::judgement::{Judgement, MetricArguments};
use crate::cli::output;
use crate::cli::placement::Settled;
use crate::cli::purchase::Asking;
use crate::cli::team::{Team, TeamArguments};
use crate::manifest::read::Places;
use crate::planning::size::why::Depth;
use crate::planning::survey::Survey;
use crate::report::amount::count;
use crate::report::formats::{self, Format, Only, PICTURES, Picture};
use crate::report::views::report::{CHARTS, FindingView, of_check};
use crate::report::views::size::SizeView;
use crate::report::views::{Context, FindingsView, ReportView, View};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    #[command(flatten)]
    metrics: MetricArguments,

    #[command(flatten)]
    goal: GoalArguments,

    #[command(flatten)]
    market: MarketArguments,

    /// What a team says of the rules of `check`; without it, plimsoll.yaml, if the current folder has one
    #[arg(long, value_name = "FILE", help_heading = "How it is judged")]
    settings: Option<PathBuf>,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    /// The file to write, whose ending says how: .html, .svg, .png, .md, .json, .yaml, .csv, .txt; or a format's name, which writes to standard output
    #[arg(short, long, value_name = "FILE|FORMAT", default_value = "report.html", help_heading = "Output")]
    output: String,

    /// With svg and png: only this chart; without it all of them, one below the other
    #[arg(long, value_name = "CHART", help_heading = "Output", value_parser = PossibleValuesParser::new(CHARTS))]
    chart: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll report cluster.json                                   writes report.html
  plimsoll report cluster.json -o all.html --catalogue aws.csv   with what to buy, and the cost curve
  plimsoll report cluster.json new/ -o after.html                with these manifests, and what changes
  plimsoll report cluster.json -o nodes.svg --chart utilisation  one chart
  plimsoll report cluster.json -o charts.png                     all charts in one picture
  plimsoll report cluster.json -o html | gzip > all.html.gz      to standard output

The page is one file that needs no network. It names nodes, namespaces, workloads and pods, what they request and what the scheduler says
of them, and nothing else of the input: no environment, no annotations, no secrets.

A report passes no judgement: exit code 0 when it is written, whatever it says. `plimsoll plan` is the gate.";

/// Runs `report`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let target = Target::parse(&arguments.output)?;
    if arguments.chart.is_some() && !target.is_drawn() {
        bail!("--chart goes with a picture: -o FILE.svg or -o FILE.png; a page has all charts");
    }
    let catalogue = arguments.market.catalogue.clone();
    let team = TeamArguments { settings: arguments.settings.clone(), catalogue, ..TeamArguments::default() };
    let team = Team::read(&team, &arguments.scheduler)?;
    let input = team.input(&arguments.input)?;
    let judgement = Judgement::new(&input, &team.scheduler, &arguments.metrics, &arguments.goal)?;
    let loaded = input::load_to_check(&input)?;
    let title = if arguments.input.paths.is_empty() { "After the plan" } else { "The cluster" };
    let mut view = look_at(title, &loaded, &judgement).with_findings(findings(&team, &loaded));
    view.size = size(arguments, &loaded, &judgement)?;
    view.only = chosen(arguments.chart.as_deref(), &view)?;
    target.write(&View::Report(Box::new(view)))?;
    Ok(loaded.exit(true))
}

/// All that is known of the cluster before anything is bought.
fn look_at(title: &str, loaded: &Loaded, judgement: &Judgement) -> ReportView {
    let Settled { view: schedule, baseline, .. } = judgement.settle(loaded);
    let survey = Survey::new(&loaded.objects, &baseline, judgement.setting());
    let context = Context::new(&loaded.objects, baseline.cluster(), judgement.options.version, judgement.ties.clone());
    let limit = judgement.thresholds.utilization.map(|share| f64::from(share.0) / 10_000.0);
    ReportView::new(title, &context, schedule, &survey, limit)
}

/// What the rules of `check` find.
fn findings(team: &Team, loaded: &Loaded) -> Vec<FindingView> {
    let quotas = loaded.quotas();
    let findings = check::check(team.question(loaded, quotas.as_ref()));
    let asked = (loaded.input().objects_read(), team.settings.rules_asked());
    let mut places = Places::new(loaded.input());
    of_check(&FindingsView::new(&findings, &mut places, team.scheduler.kubernetes, asked, FailOn::Never))
}

/// What to buy, and what fewer and more nodes would cost, if it was said what can be bought.
fn size(arguments: &Arguments, loaded: &Loaded, judgement: &Judgement) -> anyhow::Result<Option<SizeView>> {
    if arguments.market.catalogue.is_empty() && arguments.market.like.is_empty() {
        return Ok(None);
    }
    let asking = Asking {
        goal: &arguments.goal,
        market: &arguments.market,
        min_nodes: arguments.metrics.min_nodes,
        objects: &loaded.objects,
        replicas: &arguments.input.replicas,
        configuration: &judgement.configuration,
        options: judgement.options,
    };
    let view = asking.explained(Some(&Depth { deep: true, growth: Vec::new() }), None)?;
    // where the replay puts every pod is another cluster's placement than the one that is shown
    Ok(Some(SizeView { placement: Vec::new(), ..view }))
}

/// The one chart that is wanted, if it can be drawn.
fn chosen(chart: Option<&str>, view: &ReportView) -> anyhow::Result<Option<&'static str>> {
    let Some(chart) = chart.and_then(|chart| CHARTS.into_iter().find(|known| *known == chart)) else { return Ok(None) };
    if view.has_chart(chart) {
        return Ok(Some(chart));
    }
    match view.size {
        None if chart.ends_with("-curve") => bail!("--chart {chart}: say what can be bought: --catalogue FILE or --like NODE"),
        _ => bail!("--chart {chart}: there is nothing to draw"),
    }
}

/// How and where a report is written.
struct Target {
    format: Kind,
    /// The file; none for standard output.
    file: Option<PathBuf>,
}

/// What a report is written as.
enum Kind {
    Text(&'static Format),
    Picture(&'static Picture),
}

impl Target {
    /// Of a format's name, `-` for a page on standard output, or a file whose ending names a format.
    fn parse(text: &str) -> anyhow::Result<Self> {
        if let Some(format) = Kind::find(if text == "-" { "html" } else { text }) {
            return Ok(Target { format, file: None });
        }
        let file = PathBuf::from(text);
        let ending = file.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).unwrap_or_default();
        let name = match ending.as_str() {
            "htm" => "html",
            "md" => "markdown",
            "yml" => "yaml",
            "txt" => "wide",
            other => other,
        };
        let endings = "a file that ends in .html, .svg, .png, .md, .json, .yaml, .csv or .txt";
        let format =
            Kind::find(name).ok_or_else(|| anyhow!("-o {text}: that says no format; name {endings}, or one of {}", names().join(", ")))?;
        Ok(Target { format, file: Some(file) })
    }

    fn is_drawn(&self) -> bool {
        match self.format {
            Kind::Text(format) => format.only == Some(Only::Charts),
            Kind::Picture(_) => true,
        }
    }

    fn write(&self, view: &View) -> anyhow::Result<()> {
        let bytes = match self.format {
            Kind::Text(format) => (format.render)(view).into_bytes(),
            Kind::Picture(picture) => (picture.render)(view),
        };
        match (&self.file, &self.format) {
            (None, Kind::Picture(_)) => output::answer_bytes(&bytes),
            (None, Kind::Text(_)) => output::answer(&String::from_utf8(bytes)?),
            (Some(file), _) => {
                std::fs::write(file, &bytes).map_err(plainer).with_context(|| format!("{} cannot be written", file.display()))?;
                output::note(&format!("written: {} ({})", file.display(), count(bytes.len(), "byte")));
                Ok(())
            }
        }
    }
}

impl Kind {
    /// Of those that can write a report.
    fn find(name: &str) -> Option<Self> {
        let picture = || PICTURES.iter().find(|picture| picture.name == name).map(Kind::Picture);
        let text = formats::find(name).filter(|format| is_for_reports(format));
        text.map(Kind::Text).or_else(picture)
    }
}

fn is_for_reports(format: &Format) -> bool {
    format.only.is_none_or(|only| only == Only::Charts)
}

fn names() -> Vec<&'static str> {
    let texts = formats::FORMATS.iter().filter(|format| is_for_reports(format)).map(|format| format.name);
    texts.chain(PICTURES.iter().map(|picture| picture.name)).collect()
}

/// What the system says of a file, in words that say what to do.
fn plainer(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => anyhow!("there is no such folder; make it first"),
        _ => error.into(),
    }
}
