//! What `kubectl top pods` prints, with or without namespaces and containers; once, or again and again into one file.
//!
//! Source: k8s.io/kubectl/pkg/metricsutil/metrics_printer.go, v1.36.

use super::Reading;
use crate::manifest::Quantity;
use crate::manifest::read::Problem;
use crate::usage::gather::{Gathering, Owner};
use crate::usage::{Sample, Usage};

/// Which columns there are before the amounts.
#[derive(Clone, Copy, Default)]
struct Columns {
    namespace: bool,
    container: bool,
}

/// Whether a line is the head of such a table.
pub(super) fn is_header(line: &str) -> bool {
    line.contains("CPU(cores)") && line.contains("MEMORY(bytes)")
}

/// Whether a line is a row with all columns, as `--no-headers` prints it.
pub(super) fn is_row(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let are_amounts = |words: &[&str]| words.iter().all(|word| word.parse::<Quantity>().is_ok());
    matches!(words[..], [_, _, _, cpu, memory] if are_amounts(&[cpu, memory]))
        || matches!(words[..], [_, cpu, memory] if are_amounts(&[cpu, memory]))
}

/// Reads the table. Each header, and each row of a container that was there already, begins another snapshot.
pub(super) fn parse(reading: &Reading<'_>) -> Result<Usage, Problem> {
    let mut columns = None;
    let mut gathering = Gathering::default();
    for (index, line) in reading.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if is_header(line) {
            columns = Some(Columns { namespace: words.contains(&"NAMESPACE"), container: words.contains(&"POD") });
            gathering.next_snapshot();
            continue;
        }
        let columns = columns.unwrap_or(Columns { namespace: words.len() == 5, container: words.len() == 5 });
        let expected = 3 + usize::from(columns.namespace) + usize::from(columns.container);
        if words.len() != expected {
            return Err(reading.problem(index + 1, 1, format!("{} columns, where {expected} are expected", words.len())));
        }
        let mut rest = words.iter();
        let mut next = |is_there: bool| if is_there { rest.next().map_or("", |word| *word) } else { "" };
        let (namespace, pod, container) = (next(columns.namespace), next(true), next(columns.container));
        let amounts = [("cpu", next(true)), ("memory", next(true))];
        let owner = Owner { namespace, pod, container, labels: None };
        let moment = gathering.row(owner);
        for (name, word) in amounts {
            // what the server could not say
            if word == "<unknown>" {
                continue;
            }
            let column = line.find(word).unwrap_or(0) + 1;
            let amount = word.parse().map_err(|error| reading.problem(index + 1, column, format!("{error}")))?;
            gathering.add(owner, name, Sample { moment, amount });
        }
    }
    Ok(gathering.finish())
}
