//! Files that the program writes: whole or not at all, packed if their name says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What the end of a file's name says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Whether it is YAML; JSON otherwise.
    pub is_yaml: bool,
    /// Whether it is packed with gzip.
    pub is_packed: bool,
}

/// What the end of a file's name says: `.json`, `.yaml` or `.yml`, and `.gz` behind any of them. `-` is JSON.
pub fn ending(path: &Path) -> anyhow::Result<Ending> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (name, is_packed) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "yaml" | "yml" => Ok(Ending { is_yaml: true, is_packed }),
        "json" | "" => Ok(Ending { is_yaml: false, is_packed }),
        _ if path == Path::new("-") => Ok(Ending { is_yaml: false, is_packed }),
        end => bail!("-o {}: .{end} is not written; let it end in .json, .yaml, .json.gz or .yaml.gz", path.display()),
    }
}

/// Writes a file, or standard output for `-`, and returns how many bytes it has. A file that is there is replaced when the new one is
/// whole; until then it stays as it is.
pub fn write(path: &Path, is_packed: bool, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<u64> {
    let cannot = || format!("{} cannot be written", path.display());
    if path == Path::new("-") {
        return match filled(io::stdout().lock(), is_packed, content) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
            result => Ok(result?),
        };
    }
    // a link keeps leading to the file, and a device stays one
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        if target.is_dir() {
            bail!("{} is a folder: name a file in it", path.display());
        }
        let file = OpenOptions::new().write(true).open(&target).with_context(cannot)?;
        return filled(file, is_packed, content).with_context(cannot);
    }
    let (beside, file) = beside(&target).with_context(cannot)?;
    let written = filled(file, is_packed, content).and_then(|bytes| fs::rename(&beside, &target).map(|()| bytes));
    if written.is_err() {
        // what is left of it is of no use; if it cannot be removed either, the first error says why
        let _ = fs::remove_file(&beside);
    }
    written.with_context(cannot)
}

/// A new file in the same folder, so that it can take the other's place.
fn beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut number = std::process::id();
    loop {
        let path = target.with_file_name(format!(".{name}.{number}.part"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            result => return result.map(|file| (path, file)),
        }
    }
}

/// Counts what is written.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn filled(out: impl Write, is_packed: bool, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<u64> {
    let mut counted = BufWriter::new(Counted { out, bytes: 0 });
    if is_packed {
        let mut encoder = GzEncoder::new(&mut counted, Compression::default());
        content(&mut encoder)?;
        encoder.finish()?;
    } else {
        content(&mut counted)?;
    }
    counted.flush()?;
    Ok(counted.get_ref().bytes)
}
