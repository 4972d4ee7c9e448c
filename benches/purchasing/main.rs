//! What purchases cost: ours with a proven bound, against the rules of two autoscalers and published schedulers.
//!
//! `cargo bench --bench purchasing -- [--time-limit SECONDS] [--seeds N] PATH...`
//!
//! A file is a catalogue of node types, against which made-up mixes of pods are bought ([`mixes`]); a folder is the openb GPU trace
//! ([`openb`]). The answers are CSV.

mod mixes;
mod openb;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use plimsoll::planning::packing::{Budget, Instance, Solution, solve, without_dominated};

/// What was asked for on the command line.
struct Options {
    time_limit: Duration,
    seeds: u64,
    paths: Vec<PathBuf>,
}

fn main() {
    let Some(options) = options() else {
        println!(
            "usage: cargo bench --bench purchasing -- [--time-limit SECONDS] [--seeds N] PATH... (catalogues, or the folder of the openb trace)"
        );
        return;
    };
    for path in &options.paths {
        let outcome = if path.is_dir() { openb::run(path, &options) } else { mixes::run(path, &options) };
        if let Err(problem) = outcome {
            eprintln!("{}: {problem}", path.display());
            std::process::exit(2);
        }
    }
}

/// The options; none if there is nothing to do, as when `cargo bench` runs everything.
fn options() -> Option<Options> {
    let mut options = Options { time_limit: Duration::from_secs(60), seeds: 1, paths: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--time-limit" => options.time_limit = Duration::from_secs_f64(arguments.next()?.parse().ok()?),
            "--seeds" => options.seeds = arguments.next()?.parse().ok()?,
            _ => options.paths.push(argument.into()),
        }
    }
    (!options.paths.is_empty()).then_some(options)
}

/// Solves within the limit: first without the types that others dominate, then told in terms of all. The packing is checked.
fn solved(instance: &Instance, limit: Duration) -> (Solution, f64) {
    let start = Instant::now();
    let remaining = || limit.saturating_sub(start.elapsed());
    let reduction = without_dominated(instance);
    let mut solution = solve(&reduction.instance, &Budget { remaining: &remaining, seed: 1 });
    solution.packing = solution.packing.map(|packing| reduction.restore(&packing));
    let seconds = start.elapsed().as_secs_f64();
    if let Some(packing) = &solution.packing {
        packing.check(instance).unwrap_or_else(|flaw| panic!("{flaw}"));
        assert!(solution.bound.price <= packing.price(instance), "a bound above a packing");
    }
    (solution, seconds)
}

/// By how many per cent a price is above a bound.
fn gap(price: i64, bound: i64) -> f64 {
    100.0 * (price - bound) as f64 / bound.max(1) as f64
}
