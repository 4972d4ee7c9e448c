//! `man`: the manual pages, one a command, made of the same table as the help.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use clap_mangen::Man;

use crate::cli::exit::Exit;
use crate::cli::{command, file, output};
use crate::report::amount::count;

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Write all pages into this folder; without one, the page of the program goes to standard output
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll man ~/.local/share/man/man1     then: man plimsoll, man plimsoll-schedule
  plimsoll man | man -l -                  the page of the program itself";

/// Runs `man`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut root = command("plimsoll");
    root.build();
    let Some(folder) = &arguments.folder else {
        output::answer(&page(&root)?)?;
        return Ok(Exit::Yes);
    };
    if !folder.is_dir() {
        bail!("{} is no folder: make it first (mkdir -p)", folder.display());
    }
    let commands: Vec<&clap::Command> = std::iter::once(&root).chain(root.get_subcommands()).collect();
    for each in &commands {
        let text = page(each)?;
        let path = folder.join(Man::new((*each).clone()).get_filename());
        file::write(&path, false, |out| out.write_all(text.as_bytes()))?;
    }
    output::note(&format!("{} in {}", count(commands.len(), "page"), folder.display()));
    Ok(Exit::Yes)
}

/// The page of a command.
fn page(each: &clap::Command) -> anyhow::Result<String> {
    let extra = each.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(each.clone()).manual("Plimsoll").source(concat!("plimsoll ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if each.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned() + &closing(&extra))
}

/// What stands below the options: examples line by line, the rest as paragraphs. The crate would run the examples together.
fn closing(text: &str) -> String {
    let mut page = String::new();
    for paragraph in text.split("\n\n") {
        let (examples, words): (Vec<&str>, Vec<&str>) = paragraph.lines().partition(|line| line.starts_with("  "));
        let words = words.join("\n");
        match words.as_str() {
            "Examples:" => page.push_str(".SH EXAMPLES\n"),
            "" => page.push_str(".PP\n"),
            _ if words.starts_with("Exit code") => page.push_str(&format!(".SH \"EXIT STATUS\"\n{}\n", escaped(&words))),
            _ => page.push_str(&format!(".PP\n{}\n", escaped(&words))),
        }
        if !examples.is_empty() {
            page.push_str(&format!(".nf\n{}\n.fi\n", escaped(&examples.join("\n"))));
        }
    }
    page
}

/// Text in which troff sees nothing to do.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let line = |line: &str| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
