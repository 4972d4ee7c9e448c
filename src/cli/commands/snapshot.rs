//! `snapshot`: a cluster in a file, by the user's own kubectl.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::kubectl::{Kubectl, Shown};
use crate::cli::progress::Progress;
use crate::cli::{file, input, output};
use crate::manifest::Objects;
use crate::manifest::read::{self, Input, Options, Severity};
use crate::manifest::snapshot::gathered::Gathered;
use crate::manifest::snapshot::redaction::Redaction;
use crate::manifest::snapshot::strip;
use crate::manifest::snapshot::text::{self, Syntax};
use crate::planning::quorum::APPLICATIONS;
use crate::report::amount::count;

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Write it here: .json or .yaml, .gz behind either; `-` for standard output. A file that is there is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Other names for everything that is named; relations and order stay, and with them every answer
    #[arg(long)]
    redact: bool,

    /// The context of your kubeconfig; without it the current one
    #[arg(long, value_name = "NAME", help_heading = "The cluster")]
    context: Option<String>,

    /// Of namespaced kinds, this namespace only, where you may not see more
    #[arg(short, long, value_name = "NAME", help_heading = "The cluster")]
    namespace: Option<String>,

    /// The kubectl to run
    #[arg(long, value_name = "PATH", env = "KUBECTL", hide_env_values = true, default_value = "kubectl", help_heading = "The cluster")]
    kubectl: PathBuf,

    /// Ask no cluster: strip, redact or convert dumps that are there; files, folders, `-` for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["context", "namespace"], help_heading = "The cluster")]
    from: Vec<PathBuf>,

    /// Say every warning and note about what was read, not the first twenty of each
    #[arg(short, long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll snapshot -o cluster.json                          the current context's cluster
  plimsoll snapshot --context prod -o prod.json.gz           another one, packed
  plimsoll snapshot -n shop -o shop.yaml                     one namespace, and what is in none
  plimsoll snapshot --redact -o cluster.json                 for people who must not know its names
  plimsoll snapshot --from dump.json --redact -o safe.json   the same of a dump that is there
  plimsoll snapshot -o - | plimsoll plan -

Secrets and ConfigMaps are not asked for. Environment, commands, managed fields and copies in annotations are not written.

Exit code 2 when nothing could be read or written, or not everything that was named. Kinds that a cluster lacks or does not show to you
are named on stderr, with what is weaker without them.";

/// Runs `snapshot`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let ending = file::ending(&arguments.output)?;
    let (mut objects, complete) = match arguments.from.as_slice() {
        [] => gather(arguments)?,
        paths => load(paths, arguments.verbose)?,
    };
    let secrets = strip(&mut objects);
    if secrets > 0 {
        output::note(&format!("{} left out", count(secrets, "Secret")));
    }
    if arguments.redact && !objects.prometheus_rules.is_empty() {
        let rules = count(objects.prometheus_rules.len(), "PrometheusRule");
        output::note(&format!("{rules} left out: names in the expressions of alerts cannot be told from words"));
        objects.prometheus_rules.clear();
    }
    let applications = || APPLICATIONS.iter().flat_map(|application| application.names).map(|&name| name.to_owned());
    let redaction = match arguments.redact {
        true => Some(Redaction::new(&objects, applications()).context("the names could not be gathered")?),
        false => None,
    };
    let syntax = if ending.is_yaml { Syntax::Yaml } else { Syntax::Json };
    let all = text::number(&objects);
    let progress = Progress::of_objects("writing");
    let bytes = file::write(&arguments.output, ending.is_packed, |out| {
        text::write(&objects, redaction.as_ref(), syntax, out, &mut |done| progress.tell(done as u64, all as u64))
    })?;
    drop(progress);
    let (nodes, pods) = (count(objects.nodes.len(), "node"), count(objects.pods.len(), "pod"));
    let size = if bytes < 100_000 { format!("{bytes} bytes") } else { format!("{:.1} MB", bytes as f64 / 1e6) };
    output::note(&format!("{}: {nodes}, {pods}, {} in all, {size}", arguments.output.display(), count(all, "object")));
    Ok(if complete { Exit::Yes } else { Exit::Misuse })
}

/// What a cluster shows.
fn gather(arguments: &Arguments) -> anyhow::Result<(Objects, bool)> {
    let Arguments { context, namespace, kubectl, .. } = arguments;
    let kubectl = Kubectl { program: kubectl.clone(), context: context.clone(), namespace: namespace.clone() };
    let Shown { input, refused, unknown, complaints } = kubectl.gather()?;
    input::tell_problems(&input.problems, arguments.verbose);
    complaints.iter().for_each(|line| output::report(Severity::Error, &format!("error: kubectl: {line}")));
    tell_missing("may not be listed by you", &refused);
    tell_missing("are not known to this server", &unknown);
    if let Some(namespace) = &arguments.namespace {
        let text = "pods of other namespaces are not in it, so nodes look emptier than they are: ask it whether things run, not how much room is left";
        output::report(Severity::Warning, &format!("warning: only namespace {namespace}: {text}"));
    }
    let complete = complaints.is_empty() && !input.has_errors();
    Ok((something(input, "the cluster")?, complete))
}

fn tell_missing(why: &str, rows: &[&Gathered]) {
    for row in rows {
        output::report(Severity::Warning, &format!("warning: {} {why}; without them {}", row.resource, row.without));
    }
}

/// What files hold.
fn load(paths: &[PathBuf], verbose: bool) -> anyhow::Result<(Objects, bool)> {
    let progress = Progress::of_bytes("reading");
    let input = read::read(paths, Options { progress: Some(&progress), ..Options::default() });
    drop(progress);
    input::tell_problems(&input.problems, verbose);
    let complete = !input.has_errors();
    Ok((something(input, "what --from names")?, complete))
}

fn something(input: Input, what: &str) -> anyhow::Result<Objects> {
    if text::number(&input.objects) == 0 {
        bail!("nothing to write: {what} has no object that is read");
    }
    Ok(input.objects)
}
