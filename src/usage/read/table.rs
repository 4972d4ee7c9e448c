//! A table of one's own: CSV with a line of names.

use super::{Reading, milliseconds};
use crate::manifest::Quantity;
use crate::manifest::read::Problem;
use crate::usage::gather::{Gathering, Owner};
use crate::usage::{Moment, Sample, Usage};

/// Columns that hold no amounts.
const NAMES: [&str; 5] = ["namespace", "pod", "container", "timestamp", "time"];

/// Whether a line is the head of such a table.
pub(super) fn is_header(line: &str) -> bool {
    let names: Vec<String> = line.split(',').map(|name| name.trim().to_lowercase()).collect();
    names.iter().any(|name| name == "pod") && names.iter().any(|name| name == "cpu" || name == "memory")
}

/// Reads the table. Columns other than namespace, pod, container and timestamp (or time) hold amounts of the resource they are named
/// after. Without times, a row of a container that was there already begins another snapshot.
pub(super) fn parse(reading: &Reading<'_>) -> Result<Usage, Problem> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(reading.text.as_bytes());
    let place = |error: &csv::Error| error.position().map_or(1, |position| position.line() as usize);
    let wrong = |error: csv::Error| reading.problem(place(&error), 1, error.to_string());
    let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_lowercase).collect();
    let mut gathering = Gathering::default();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(1, |position| position.line() as usize);
        let column = |name: &str| names.iter().position(|column| column == name);
        let field = |name: &str| column(name).and_then(|column| record.get(column)).unwrap_or_default();
        if field("pod").is_empty() {
            return Err(reading.problem(line, 1, "no pod in this line"));
        }
        // where a field stands, as far as the line is written without quotes and blanks
        let start = |at: usize| 1 + record.iter().take(at).map(|value| value.len() + 1).sum::<usize>();
        let owner = Owner { namespace: field("namespace"), pod: field("pod"), container: field("container"), labels: None };
        let when = column("timestamp").or(column("time")).map(|at| (at, record.get(at).unwrap_or_default()));
        let moment = match when.filter(|(_, text)| !text.is_empty()) {
            Some((at, text)) => {
                gathering.enter(owner);
                Moment::At(milliseconds(text).ok_or_else(|| {
                    reading.problem(line, start(at), format!("{text:?} is no time: write 2026-01-31T12:00:00Z, or seconds since 1970"))
                })?)
            }
            None => gathering.row(owner),
        };
        for (at, (name, value)) in names.iter().zip(record.iter()).enumerate() {
            if NAMES.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            let amount: Quantity = value.parse().map_err(|error| reading.problem(line, start(at), format!("{error}")))?;
            gathering.add(owner, name, Sample { moment, amount });
        }
    }
    Ok(gathering.finish())
}
