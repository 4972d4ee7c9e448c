//! The failure matrix as a grid: a row a workload, a column a loss. Of large clusters only what is in trouble, alike losses together.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::failures::{FailureMatrixView, FailureView, Verdict};
use crate::report::amount::{count, duration, list, thousands};
use crate::report::document::{Cell, Chart, Grid, Plot, Shade};
use crate::report::views::losses::Seconds;

/// So many losses have a column; of more, those in which something falls, alike ones together.
const COLUMNS: usize = 24;
/// So many workloads have a row; of more, those that fall.
const ROWS: usize = 60;
/// In so many columns there is room for words.
const WORDY: usize = 10;

/// A column: alike losses, and what each does to each workload that it hits.
struct Column<'a> {
    losses: Vec<usize>,
    cells: IndexMap<usize, &'a FailureView, FxBuildHasher>,
}

impl FailureMatrixView {
    /// As a chart.
    pub(super) fn chart(&self) -> Chart {
        let mut notes = Vec::new();
        let columns = self.columns(&mut notes);
        let rows = self.rows(&columns, &mut notes);
        let survived = self.losses.iter().filter(|loss| loss.survived).count();
        let wordy = columns.len() <= WORDY;
        let mut grid = Grid {
            axes: ("workload".to_owned(), "what is lost".to_owned()),
            columns: columns.iter().map(|column| self.title(column)).collect(),
            rows: vec![("is it survived?".to_owned(), columns.iter().map(|column| self.outcome(column)).collect())],
            legend: legend(),
            notes,
        };
        for workload in rows {
            let cell = |column: &Column<'_>| column.cells.get(&workload).map_or_else(Cell::default, |failure| failure.cell(wordy));
            grid.rows.push((self.workloads[workload].clone(), columns.iter().map(cell).collect()));
        }
        let about =
            format!("What each loss does to each workload. {} of {} are survived.", thousands(survived), count(self.losses.len(), "loss"));
        Chart { name: "failure-matrix", title: "Failure matrix".to_owned(), about, plot: Plot::Grid(grid) }
    }

    /// A column for each loss, or for the worst groups of alike ones.
    fn columns(&self, notes: &mut Vec<String>) -> Vec<Column<'_>> {
        let mut columns: Vec<Column<'_>> =
            (0..self.losses.len()).map(|loss| Column { losses: vec![loss], cells: IndexMap::default() }).collect();
        for failure in &self.failures {
            columns[failure.loss].cells.insert(failure.workload, failure);
        }
        if columns.len() <= COLUMNS {
            return columns;
        }
        columns.retain(|column| column.cells.values().any(|failure| failure.verdict > Verdict::Survives));
        let quiet = self.losses.len() - columns.len();
        if quiet > 0 {
            notes.push(format!("No column: {} that no workload falls by.", count(quiet, "loss")));
        }
        let mut alike: IndexMap<Vec<(usize, Verdict)>, Column<'_>, FxBuildHasher> = IndexMap::default();
        for column in columns {
            let mut key: Vec<(usize, Verdict)> = column.cells.values().map(|failure| (failure.workload, failure.verdict)).collect();
            key.retain(|(_, verdict)| *verdict > Verdict::Survives);
            key.sort_unstable();
            match alike.get_mut(&key) {
                Some(known) => known.losses.extend(column.losses),
                None => _ = alike.insert(key, column),
            }
        }
        let mut columns: Vec<Column<'_>> = alike.into_values().collect();
        columns.sort_by_key(|column| std::cmp::Reverse(column.badness()));
        let more: usize = columns.iter().skip(COLUMNS).map(|column| column.losses.len()).sum();
        if more > 0 {
            notes.push(format!("No column either: {} that less falls by; -o json has them all.", count(more, "loss")));
        }
        columns.truncate(COLUMNS);
        columns
    }

    /// The workloads that have a row: all that lose pods, or those that fall.
    fn rows(&self, columns: &[Column<'_>], notes: &mut Vec<String>) -> Vec<usize> {
        let worst = |workload: usize| columns.iter().filter_map(|column| column.cells.get(&workload)).map(|failure| failure.verdict).max();
        let fallen = |workload: usize| columns.iter().filter(|column| column.falls(workload)).count();
        let mut rows: Vec<usize> = (0..self.workloads.len()).collect();
        rows.sort_by_cached_key(|&row| (std::cmp::Reverse((worst(row), fallen(row))), self.workloads[row].as_str()));
        if rows.len() <= ROWS {
            return rows;
        }
        let all = rows.len();
        rows.retain(|&row| fallen(row) > 0);
        if rows.len() < all {
            notes.push(format!("No row: {} that keep what they need whatever has a column here.", count(all - rows.len(), "workload")));
        }
        if rows.len() > ROWS {
            notes.push(format!("No row either: {} that fall less; -o json has them all.", count(rows.len() - ROWS, "workload")));
            rows.truncate(ROWS);
        }
        rows
    }

    fn title(&self, column: &Column<'_>) -> String {
        let first = &self.losses[column.losses[0]].lost;
        match column.losses.len() {
            1 => first.clone(),
            several => format!("{first} and {} alike", thousands(several - 1)),
        }
    }

    /// Whether what a column stands for is survived.
    fn outcome(&self, column: &Column<'_>) -> Cell {
        let names: Vec<&str> = column.losses.iter().map(|&loss| self.losses[loss].lost.as_str()).collect();
        let survived = column.losses.iter().all(|&loss| self.losses[loss].survived);
        let (text, shade) = if survived { ("yes", Shade::Good) } else { ("no", Shade::Bad) };
        let is = if survived { "is survived" } else { "is not survived" };
        Cell { text: text.to_owned(), about: format!("The loss of {} {is}.", list(&names, 8)), shade }
    }
}

impl Column<'_> {
    fn falls(&self, workload: usize) -> bool {
        self.cells.get(&workload).is_some_and(|failure| failure.verdict > Verdict::Survives)
    }

    /// The greater the worse: workloads that stay down, pods without a node, workloads fallen at all.
    fn badness(&self) -> (usize, usize, usize) {
        let number = |is: fn(&FailureView) -> bool| self.cells.values().filter(|failure| is(failure)).count();
        let pending = self.cells.values().map(|failure| failure.pending).sum();
        (number(|failure| failure.verdict == Verdict::StaysDown), pending, number(|failure| failure.verdict > Verdict::Survives))
    }
}

impl FailureView {
    fn cell(&self, wordy: bool) -> Cell {
        let shown = self.verdict.shown();
        let text = match (wordy, self.verdict, self.outage) {
            (false, ..) => shown.letter.to_owned(),
            // how long it takes is what is asked next
            (true, Verdict::Down | Verdict::BelowQuorum, Some(outage)) => format!("{} {} min", shown.word, outage.most.div_ceil(60)),
            _ => shown.word.to_owned(),
        };
        Cell { text, about: self.sentence(), shade: shown.shade }
    }

    /// `No ready pod for a while: loses 1 ready pod and has 0 left, where it needs 1. Works again after 6 min 25 s at most.`
    fn sentence(&self) -> String {
        let meaning = sentence_case(self.verdict.shown().meaning);
        let mut text = match self.needed {
            Some(needed) => {
                let (lost, left) = (count(self.lost, "ready pod"), thousands(self.ready));
                format!("{meaning}: loses {lost} and has {left} left, where it needs {}.", thousands(needed))
            }
            None => format!("{meaning}."),
        };
        if self.pending > 0 {
            let find = if self.pending == 1 { "finds" } else { "find" };
            text.push_str(&format!(" {} {find} no node.", count(self.pending, "pod")));
        }
        if let Some(Seconds { most: 1.., .. }) = self.outage {
            text.push_str(&format!(" Works again after {} at most.", duration(self.outage.map_or(0, |outage| outage.most))));
        }
        text.push_str(&match self.recovery {
            Some(Seconds { most: 0, .. }) => String::new(),
            Some(Seconds { most, .. }) => format!(" Whole again after {} at most.", duration(most)),
            None if self.verdict == Verdict::Gone => String::new(),
            None => " Never whole again by itself.".to_owned(),
        });
        text
    }
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How a verdict is shown.
struct ShownVerdict {
    word: &'static str,
    letter: &'static str,
    shade: Shade,
    meaning: &'static str,
}

impl Verdict {
    /// From best to worst.
    const ALL: [Verdict; 7] =
        [Verdict::Survives, Verdict::BelowBudget, Verdict::Gone, Verdict::BelowQuorum, Verdict::Down, Verdict::Pending, Verdict::StaysDown];

    fn shown(self) -> ShownVerdict {
        let (word, letter, shade, meaning) = match self {
            Verdict::Survives => ("survives", "✓", Shade::Good, "keeps what it needs"),
            Verdict::BelowBudget => ("budget", "B", Shade::Notable, "fewer pods than a PodDisruptionBudget promises"),
            Verdict::Gone => ("gone", "G", Shade::Notable, "a pod that nobody manages, so nobody brings it back"),
            Verdict::BelowQuorum => ("quorum", "Q", Shade::Serious, "fewer ready pods than it needs, for a while"),
            Verdict::Down => ("down", "D", Shade::Serious, "no ready pod, for a while"),
            Verdict::Pending => ("pending", "P", Shade::Waiting, "pods find no node, and it has those that it needs"),
            Verdict::StaysDown => ("stays down", "X", Shade::Bad, "lacks pods that it needs, and does not get them by itself"),
        };
        ShownVerdict { word, letter, shade, meaning }
    }
}

/// What shades and words mean.
fn legend() -> Vec<(Shade, String)> {
    let entry = |verdict: Verdict| {
        let shown = verdict.shown();
        (shown.shade, format!("{} {}: {}", shown.letter, shown.word, shown.meaning))
    };
    let mut legend: Vec<(Shade, String)> = Verdict::ALL.into_iter().map(entry).collect();
    legend.push((Shade::Blank, "empty: loses no pod".to_owned()));
    legend
}
