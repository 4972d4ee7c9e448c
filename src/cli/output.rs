//! The two streams: the answer on stdout, everything else on stderr.

use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

/// Writes the answer. A reader that has seen enough (`| head`) is no error.
pub fn answer(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Tells of a problem on stderr: `error: …`, `problem: …`, `note: …`.
pub fn problem(label: &str, text: &str) {
    let colour = match label {
        "note" => AnsiColor::Cyan,
        "weaker" => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    // nobody is left to tell that stderr is gone
    let _ = writeln!(anstream::stderr(), "{}{label}:{} {text}", style.render(), style.render_reset());
}

/// Says something worth knowing on stderr.
pub fn note(text: &str) {
    problem("note", text);
}
