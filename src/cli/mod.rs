//! Layer 9: the command line. clap's home.
//!
//! A command reads its input, makes one call of the library, and hands the result to `report`; nothing is decided here.
//!
//! Promise: answers on stdout, everything else on stderr; exit code 0 for yes, 1 when the answer is "no" (a pod fits nowhere, a recording
//! differs), 2 for misuse or input that could not be read; a closed pipe ends the output, not the program.
//!
//! A new command: a file in [`commands`] and a row in its table.

pub mod arguments;
pub mod commands;
mod example;
pub mod exit;
pub mod file;
pub mod input;
pub mod judgement;
pub mod kubectl;
pub mod lost;
pub mod output;
pub mod placement;
pub mod progress;
pub mod purchase;
pub mod recovery;
pub mod team;
pub mod template;
mod time;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::manifest::read::Severity;
use exit::Exit;

/// The load line for Kubernetes clusters: places every pod exactly as kube-scheduler would, offline, and says why.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, arg_required_else_help = true, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: commands::Command,

    /// Colours: on terminals, always, or never (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll plan                                  the embedded example, today and planned
  plimsoll snapshot -o cluster.json              your cluster in a file, by your own kubectl
  plimsoll schedule cluster.json                 where every pod goes, what stays pending
  plimsoll schedule cluster.json new/*.yaml      what if I apply these? what changes
  plimsoll explain shop/api-7d4b9-x2x cluster.json
  plimsoll fit cluster.json --cpu 500m --memory 1Gi

Exit codes: 0 yes; 1 the answer is no (a pod fits nowhere or is not created, a recording differs); 2 misuse, or input that could not be read.";

/// The command line as clap knows it, for a program of this name: help, usage and examples say that name.
pub fn command(name: &'static str) -> clap::Command {
    let renamed = |command: clap::Command| match command.get_after_help().map(ToString::to_string) {
        Some(examples) => {
            command.after_help(examples.replace("  plimsoll ", &format!("  {name} ")).replace("| plimsoll ", &format!("| {name} ")))
        }
        None => command,
    };
    let command = renamed(Arguments::command()).bin_name(name).mut_subcommands(renamed);
    // clap asks for it by the name of the binary otherwise
    command.display_name(name)
}

/// Runs the program under this name and gives its exit code.
pub fn run(name: &'static str) -> std::process::ExitCode {
    let arguments = match command(name).try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return exit::after_clap(error),
    };
    match arguments.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    match arguments.command.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::report(Severity::Error, &format!("error: {error:#}"));
            Exit::Misuse.into()
        }
    }
}
