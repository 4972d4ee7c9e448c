//! Reads a folder of control-plane recordings: `FAMILY.jsonl`, plain or gzipped, one recording a line.

use std::path::{Path, PathBuf};

use super::Recording;
use crate::conformance::read::lines;

/// The recordings of every family in a folder, family by family in the order of their names; or what is wrong. None if the
/// folder holds none.
pub fn read(folder: &Path) -> Result<Vec<Recording>, String> {
    let mut recordings = Vec::new();
    for stem in families(folder)? {
        recordings.extend(lines::<Recording>(folder, &stem)?);
    }
    Ok(recordings)
}

/// The names of the families that a folder holds.
fn families(folder: &Path) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let mut stems: Vec<String> = paths.iter().filter_map(|path| stem(path)).filter(|stem| !is_of_scheduler(stem)).collect();
    stems.sort_unstable();
    stems.dedup();
    Ok(stems)
}

fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".jsonl.gz")).map(str::to_owned)
}

/// The files of scheduler recordings, which have a format of their own.
fn is_of_scheduler(stem: &str) -> bool {
    stem == "cases" || stem.starts_with("expected-")
}
