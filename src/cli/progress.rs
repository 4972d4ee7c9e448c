//! A bar on stderr for work that takes longer than a second; never where nobody watches.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work shorter than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that may yet appear.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    started: Instant,
    watched: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For work of this name.
    pub fn new(what: &'static str) -> Self {
        Progress { what, started: Instant::now(), watched: std::io::stderr().is_terminal(), bar: None }
    }

    /// `done` of `all` is done.
    pub fn tell(&mut self, done: usize, all: usize) {
        if !self.watched || (self.bar.is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let style = || ProgressStyle::with_template("{msg} {bar:32} {human_pos}/{human_len} {eta} left").expect("the template is well-formed");
        let bar = self.bar.get_or_insert_with(|| ProgressBar::new(all as u64).with_message(self.what).with_style(style()));
        bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
