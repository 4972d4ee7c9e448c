//! The two streams: the answer on stdout, everything else on stderr.

use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::manifest::read::Severity;

/// Writes the answer. A reader that has seen enough (`| head`) is no error.
pub fn answer(text: &str) -> anyhow::Result<()> {
    // what has no colours (data has none) needs nobody to look for them, byte by byte
    answered(match memchr::memchr(ESCAPE, text.as_bytes()) {
        None => write(std::io::stdout().lock(), text.as_bytes()),
        Some(_) => write(anstream::stdout().lock(), text.as_bytes()),
    })
}

/// Writes an answer that is no text.
pub fn answer_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    answered(write(std::io::stdout().lock(), bytes))
}

fn answered(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

const ESCAPE: u8 = 0x1b;

fn write(mut out: impl Write, bytes: &[u8]) -> std::io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

/// Tells of something on stderr. A text that names its severity itself (`file:1:2: error: …`) is not labelled twice.
pub fn report(severity: Severity, text: &str) {
    let colour = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let label = format!("{severity}:");
    let (before, after) = text.split_once(&label).unwrap_or(("", text));
    let (on, off) = (style.render(), style.render_reset());
    // nobody is left to tell that stderr is gone
    let _ = writeln!(anstream::stderr(), "{before}{on}{label}{off} {}", after.trim_start());
}

/// Says something worth knowing on stderr.
pub fn note(text: &str) {
    report(Severity::Note, text);
}
