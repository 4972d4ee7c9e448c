//! How good packings are: vector bin packing instances through the code that sizes clusters, as CSV.
//!
//! `cargo bench --bench packing -- [--time-limit SECONDS] PATH...` reads `.vbp` files, folders of them and `.tar.gz` archives; without a
//! path, the small instances of `fixtures/packing`. A `.vbp` file holds the number of resources, the capacities of the bin, the number of
//! lines that follow, and on each line what an item asks for and how many of them there are. What cannot be read is named on stderr, and
//! the exit code is 2.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use plimsoll::planning::packing::{Bin, Budget, Instance, Item, solve};

/// How long an instance may take, if nothing is said.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What was asked for.
struct Arguments {
    time_limit: Duration,
    paths: Vec<PathBuf>,
}

/// An instance that was read, or why not.
struct Source {
    /// The file's stem.
    name: String,
    /// The file, within its archive.
    place: String,
    instance: Result<Instance, String>,
}

fn main() -> ExitCode {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\nusage: cargo bench --bench packing -- [--time-limit SECONDS] PATH...");
            return ExitCode::from(2);
        }
    };
    let mut exit = ExitCode::SUCCESS;
    put("instance,items,dimensions,bins,lower_bound,seconds");
    for source in arguments.paths.iter().flat_map(|path| gather(path)) {
        match source.instance.and_then(|instance| measure(&source.name, &instance, arguments.time_limit)) {
            Ok(row) => put(&row),
            Err(problem) => {
                eprintln!("{}: {problem}", source.place);
                exit = ExitCode::from(2);
            }
        }
    }
    exit
}

/// One line on stdout, at once; who reads it may have left.
fn put(line: &str) {
    let mut output = std::io::stdout().lock();
    if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
        std::process::exit(0);
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { time_limit: TIME_LIMIT, paths: Vec::new() };
    while let Some(argument) = given.next() {
        let (name, value) = argument.split_once('=').map_or((argument.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
        match name {
            // cargo passes it on
            "--bench" => {}
            "--time-limit" => {
                let value = value.or_else(|| given.next()).ok_or("--time-limit needs a number of seconds")?;
                let seconds = value.trim_end_matches('s').parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                arguments.time_limit = seconds.ok_or_else(|| format!("--time-limit: {value} is no number of seconds"))?;
            }
            _ if name.starts_with("--") => return Err(format!("{argument}: no such option")),
            _ => arguments.paths.push(PathBuf::from(&argument)),
        }
    }
    if arguments.paths.is_empty() {
        arguments.paths.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/packing"));
    }
    Ok(arguments)
}

/// The row of an instance; its packing is added up again first.
fn measure(name: &str, instance: &Instance, time_limit: Duration) -> Result<String, String> {
    let start = Instant::now();
    let remaining = || time_limit.saturating_sub(start.elapsed());
    let solution = solve(instance, &Budget { remaining: &remaining, seed: 1 });
    let seconds = start.elapsed().as_secs_f64();
    let packing = solution.packing.ok_or("there is an item that fits into no bin")?;
    packing.check(instance).map_err(|flaw| format!("the packing is wrong: {flaw}"))?;
    let items: u64 = instance.items.iter().map(|item| u64::from(item.demand)).sum();
    Ok(format!("{name},{items},{},{},{},{seconds:.3}", instance.resources(), packing.bins(), solution.bound.price))
}

/// The instances of a file, a folder or an archive, in the order of their names.
fn gather(path: &Path) -> Vec<Source> {
    let (place, is_named) = (path.display().to_string(), |end: &str| path.to_string_lossy().ends_with(end));
    let is_archive = is_named(".tar.gz") || is_named(".tgz");
    let gathered = if path.is_dir() {
        folder(path).map_err(|error| error.to_string())
    } else {
        File::open(path).and_then(|file| bytes(file, is_archive)).map_err(|error| error.to_string()).map(|bytes| match is_archive {
            true => unpack(&place, &bytes),
            false => vec![source(place.clone(), &bytes)],
        })
    };
    gathered.unwrap_or_else(|problem| vec![unreadable(place, problem)])
}

fn folder(path: &Path) -> std::io::Result<Vec<Source>> {
    let mut paths = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let is_wanted = |path: &PathBuf| path.is_dir() || [".vbp", ".tar.gz", ".tgz"].iter().any(|end| path.to_string_lossy().ends_with(end));
    Ok(paths.iter().filter(|path| is_wanted(path)).flat_map(|path| gather(path)).collect())
}

fn bytes(mut file: File, is_packed: bool) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if is_packed {
        GzDecoder::new(file).read_to_end(&mut bytes)?
    } else {
        file.read_to_end(&mut bytes)?
    };
    Ok(bytes)
}

fn source(place: String, bytes: &[u8]) -> Source {
    let name = Path::new(&place).file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| "not text".to_owned());
    Source { name, place, instance: text.and_then(parse) }
}

fn unreadable(place: String, problem: String) -> Source {
    Source { name: String::new(), place, instance: Err(problem) }
}

/// The files of a tar archive, in the order of their names: blocks of 512 bytes, the name at 0, the size in octal at 124, the kind at 156.
fn unpack(archive: &str, bytes: &[u8]) -> Vec<Source> {
    const BLOCK: usize = 512;
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK).filter(|header| header[0] != 0) {
        let text = |from: usize, length: usize| {
            let field = &header[from..from + length];
            String::from_utf8_lossy(&field[..field.iter().position(|byte| *byte == 0).unwrap_or(length)]).trim().to_owned()
        };
        let (prefix, name) = (if &header[257..262] == b"ustar" { text(345, 155) } else { String::new() }, text(0, 100));
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let size = usize::from_str_radix(&text(124, 12), 8).ok();
        let Some((size, content)) = size.and_then(|size| Some((size, bytes.get(at + BLOCK..(at + BLOCK).checked_add(size)?)?))) else {
            found.push(unreadable(format!("{archive}: {path}"), "not a tar archive, or one that ends too early".to_owned()));
            break;
        };
        let is_hidden = path.rsplit('/').next().unwrap_or_default().starts_with('.');
        if matches!(header[156], b'0' | 0) && path.ends_with(".vbp") && !is_hidden {
            found.push(source(format!("{archive}: {path}"), content));
        }
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

/// An instance of bins of one type, each at a price of one.
fn parse(text: &str) -> Result<Instance, String> {
    let mut words = text.split_whitespace();
    let mut number = |what: &str| {
        let word = words.next().ok_or_else(|| format!("it ends where {what} should be"))?;
        word.parse::<i64>().map_err(|_| format!("{word} is not {what}"))
    };
    let resources = number("the number of resources")?;
    let capacity = (0..resources).map(|_| number("a capacity")).collect::<Result<Vec<i64>, _>>()?;
    let lines = number("the number of items")?;
    let mut items = Vec::new();
    for _ in 0..lines {
        let amounts = (0..resources).map(|_| number("what an item asks for")).collect::<Result<Vec<i64>, _>>()?;
        let demand = u32::try_from(number("how many items there are")?).map_err(|_| "not a number of items")?;
        items.push(Item { amounts, demand, per_bin: demand, bins: None });
    }
    if words.next().is_some() {
        return Err("there is more than was announced".to_owned());
    }
    items.retain(|item| item.demand > 0);
    Ok(Instance { bins: vec![Bin { capacity, price: 1, limit: None }], items, conflicts: Vec::new() })
}
