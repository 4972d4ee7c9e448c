//! `explain-rule`: the manual of a rule, or the list of all.

use anyhow::anyhow;
use clap::Args;

use crate::check::rules;
use crate::cli::arguments::OutputArguments;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::report::views::{RulesView, View};

/// Arguments of `explain-rule`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Code or name of a rule; all rules if none is named
    #[arg(value_name = "CODE")]
    rule: Option<String>,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll explain-rule                   all rules
  plimsoll explain-rule PL201             what it finds, why it matters, what to do instead
  plimsoll explain-rule single-replica    the same by its name";

/// Runs `explain-rule`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let view = match &arguments.rule {
        None => RulesView::new(rules::RULES),
        Some(name) => {
            RulesView::new([rules::find(name).ok_or_else(|| anyhow!("there is no rule {name:?}: `plimsoll explain-rule` lists them"))?])
        }
    };
    output::answer(&(arguments.output.output.0.render)(&View::Rules(Box::new(view))))?;
    Ok(Exit::Yes)
}
