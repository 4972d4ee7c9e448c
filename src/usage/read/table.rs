//! A table of one's own: CSV with a line of names.

use indexmap::IndexMap;

use super::Reading;
use crate::manifest::pod::ResourceList;
use crate::manifest::read::Problem;
use crate::usage::{ContainerUsage, PodUsage, Usage};

/// Whether a line is the head of such a table.
pub(super) fn is_header(line: &str) -> bool {
    let names: Vec<String> = line.split(',').map(|name| name.trim().to_lowercase()).collect();
    names.iter().any(|name| name == "pod") && names.iter().any(|name| name == "cpu" || name == "memory")
}

/// Reads the table. Columns other than namespace, pod and container hold amounts of the resource they are named after.
pub(super) fn parse(reading: &Reading<'_>) -> Result<Usage, Problem> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(reading.text.as_bytes());
    let place = |error: &csv::Error| error.position().map_or(1, |position| position.line() as usize);
    let wrong = |error: csv::Error| reading.problem(place(&error), 1, error.to_string());
    let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_lowercase).collect();
    let mut pods: IndexMap<(String, String), PodUsage> = IndexMap::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(1, |position| position.line() as usize);
        let field = |name: &str| names.iter().position(|column| column == name).and_then(|column| record.get(column)).unwrap_or_default();
        let (namespace, name) = (field("namespace").to_owned(), field("pod").to_owned());
        if name.is_empty() {
            return Err(reading.problem(line, 1, "no pod in this line"));
        }
        let mut usage = ResourceList::new();
        let mut column = 1;
        for (name, value) in names.iter().zip(record.iter()) {
            let is_amount = !matches!(name.as_str(), "namespace" | "pod" | "container") && !value.is_empty();
            if is_amount {
                usage.insert(name.clone(), value.parse().map_err(|error| reading.problem(line, column, format!("{error}")))?);
            }
            column += value.len() + 1;
        }
        let pod = pods.entry((namespace.clone(), name.clone())).or_insert_with(|| PodUsage { namespace, name, ..PodUsage::default() });
        pod.containers.push(ContainerUsage { name: field("container").to_owned(), usage });
    }
    Ok(Usage { pods: pods.into_values().collect(), ..Usage::default() })
}
