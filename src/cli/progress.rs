//! A bar on stderr for work that takes longer than a second; never where nobody watches.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::manifest::read;

/// Work shorter than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that may yet appear.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    template: &'static str,
    started: Instant,
    watched: bool,
    bar: Mutex<Option<ProgressBar>>,
    /// How much was done, where it is counted here.
    done: AtomicU64,
}

impl Progress {
    /// For work on bytes.
    pub fn of_bytes(what: &'static str) -> Self {
        Progress::new(what, "{msg} {bar:32} {bytes}/{total_bytes} {bytes_per_sec}")
    }

    /// For work on pods.
    pub fn of_pods(what: &'static str) -> Self {
        Progress::new(what, "{msg} {bar:32} {human_pos}/{human_len} pods, {eta} left")
    }

    /// For work on objects.
    pub fn of_objects(what: &'static str) -> Self {
        Progress::new(what, "{msg} {bar:32} {human_pos}/{human_len} objects, {eta} left")
    }

    /// For work on losses.
    pub fn of_losses(what: &'static str) -> Self {
        Progress::new(what, "{msg} {bar:32} {human_pos}/{human_len} losses, {eta} left")
    }

    /// For work on runs.
    pub fn of_runs(what: &'static str) -> Self {
        Progress::new(what, "{msg} {bar:32} {human_pos}/{human_len} runs, {eta} left")
    }

    /// One more of `all` is done; on any thread.
    pub fn count(&self, all: u64) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(done, all);
    }

    fn new(what: &'static str, template: &'static str) -> Self {
        let watched = std::io::stderr().is_terminal();
        Progress { what, template, started: Instant::now(), watched, bar: Mutex::new(None), done: AtomicU64::new(0) }
    }

    /// `done` of `all` is done.
    pub fn tell(&self, done: u64, all: u64) {
        if !self.watched || self.started.elapsed() < PATIENCE {
            return;
        }
        let Ok(mut bar) = self.bar.lock() else { return };
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template(self.template).expect("the templates above are well-formed");
            ProgressBar::new(all).with_message(self.what).with_style(style)
        });
        bar.set_length(all.max(done));
        bar.set_position(done);
    }
}

impl read::Progress for Progress {
    fn advance(&self, read: u64, total: u64) {
        self.tell(read, total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Ok(bar) = self.bar.get_mut()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}
