//! `completions`: what a shell needs to complete commands, flags and their values.

use clap::Args;
use clap_complete::Shell;

use crate::cli::exit::Exit;
use crate::cli::{command, output};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll completions bash   goes to ~/.local/share/bash-completion/completions/plimsoll
  plimsoll completions zsh    goes to _plimsoll in a folder of $fpath
  plimsoll completions fish   goes to ~/.config/fish/completions/plimsoll.fish

A new shell has them.";

/// Runs `completions`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    // shells complete what is typed first: kubectl asks its plugins in another way
    clap_complete::generate(arguments.shell, &mut command("plimsoll"), "plimsoll", &mut script);
    output::answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Yes)
}
