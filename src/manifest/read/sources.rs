//! Which files an input is: files, folders with all that lies in them, globs, and `-` for standard input.
//!
//! Promise: the order does not depend on the file system; nothing named is left out in silence; loops of links end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use walkdir::WalkDir;

use super::Skipped;
use super::problem::{Problem, Severity};
use crate::manifest::location::{Location, Position};

/// A stream to read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub name: Arc<str>,
    /// None is standard input.
    pub path: Option<PathBuf>,
    pub bytes: u64,
}

/// Ends of the names of files that may hold manifests; packed ones too.
const EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];
const PACKED: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

/// All streams behind the paths that were named, each once.
pub(super) fn expand(paths: &[PathBuf], problems: &mut Vec<Problem>, skipped: &mut Skipped) -> Vec<Source> {
    let mut finder = Finder { sources: Vec::new(), seen: FxHashSet::default(), problems, skipped };
    for path in paths {
        finder.named(path);
    }
    finder.sources
}

struct Finder<'a> {
    sources: Vec<Source>,
    seen: FxHashSet<PathBuf>,
    problems: &'a mut Vec<Problem>,
    skipped: &'a mut Skipped,
}

impl Finder<'_> {
    fn named(&mut self, path: &Path) {
        if path == Path::new("-") {
            if self.seen.insert(path.to_owned()) {
                self.sources.push(Source { name: "<stdin>".into(), path: None, bytes: 0 });
            }
        } else if path.is_dir() {
            self.folder(path);
        } else if path.exists() {
            self.file(path);
        } else {
            self.pattern(path);
        }
    }

    fn file(&mut self, path: &Path) {
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(identity) {
            let bytes = path.metadata().map_or(0, |metadata| metadata.len());
            self.sources.push(Source { name: path.display().to_string().into(), path: Some(path.to_owned()), bytes });
        }
    }

    fn folder(&mut self, path: &Path) {
        let before = self.sources.len() + self.problems.len();
        let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
        let walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !hidden(entry.file_name())) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => match may_hold_manifests(entry.path()) {
                    true => self.file(entry.path()),
                    false => self.skipped.files += 1,
                },
                Ok(_) => {}
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    let reason = match error.io_error() {
                        Some(error) => reason(error),
                        None => "a link leads back to a folder that contains it".to_owned(),
                    };
                    self.problem(&at, format!("cannot be read: {reason}"), "make it readable, or name the files to be read one by one");
                }
            }
        }
        if self.sources.len() + self.problems.len() == before {
            self.problem(
                path,
                "no manifests in this folder".into(),
                "name a folder with .yaml, .yml or .json files (or .gz, .zst of them)",
            );
        }
    }

    fn pattern(&mut self, path: &Path) {
        let text = path.to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            return self.problem(path, "no such file or folder".into(), "check the path; - reads standard input");
        }
        let found = match glob::glob(&text) {
            Ok(found) => found,
            Err(error) => return self.problem(path, format!("not a pattern: {}", error.msg), "quote it and check its brackets"),
        };
        let mut any = false;
        for entry in found {
            any = true;
            match entry {
                Ok(found) => self.named(&found),
                Err(error) => {
                    let (at, reason) = (error.path().to_owned(), reason(error.error()));
                    self.problem(&at, format!("cannot be read: {reason}"), "make it readable");
                }
            }
        }
        if !any {
            self.problem(path, "the pattern matches no file".into(), "check the pattern; ** stands for any number of folders");
        }
    }

    fn problem(&mut self, path: &Path, message: String, hint: &str) {
        let location = Location::new(&path.display().to_string().into(), Position::default());
        self.problems.push(Problem::new(Severity::Error, location, message).hint(hint));
    }
}

/// Why something could not be read, without the operating system's number for it.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn may_hold_manifests(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut ends = name.rsplit('.');
    let mut end = ends.next().unwrap_or_default();
    if PACKED.contains(&end) {
        end = ends.next().unwrap_or_default();
    }
    EXTENSIONS.contains(&end)
}
