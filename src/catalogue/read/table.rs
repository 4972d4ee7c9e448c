//! CSV with a line of names: cells by column, with the place of each.

use crate::manifest::location::Position;
use crate::manifest::read::tree::{Node, Value};

/// Columns by which a first line is known to name columns; letters' case, blanks, `-` and `_` do not matter.
const NAMES: [&str; 5] = ["name", "type", "instancetype", "table", "instance"];

/// A table.
pub(super) struct Table {
    /// Names of columns, as written.
    pub names: Vec<String>,
    pub rows: Vec<Row>,
}

/// A line of it.
pub(super) struct Row {
    pub line: u32,
    cells: Vec<String>,
    /// Where each cell begins.
    columns: Vec<u32>,
}

/// Whether a line names columns.
pub(super) fn is_header(line: &str) -> bool {
    line.contains(',')
        && !line.starts_with(['{', '['])
        && line.split(',').any(|name| NAMES.contains(&plain(name.trim_matches('"')).as_str()))
}

/// A column's name without case, blanks, `-` and `_`.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

impl Table {
    /// Reads a text; or says in which line it is no table, and why.
    pub fn parse(text: &str) -> Result<Table, (u32, String)> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
        let wrong = |error: csv::Error| (error.position().map_or(1, |position| position.line() as u32), error.to_string());
        let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
        let lines: Vec<&str> = text.lines().collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let mut line = record.position().map_or(1, |position| position.line() as u32);
            // comments and empty lines before a record count as part of it
            while lines.get(line as usize - 1).is_some_and(|text| text.trim().is_empty() || text.starts_with('#')) {
                line += 1;
            }
            let columns = starts(lines.get(line as usize - 1).copied().unwrap_or_default());
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect(), columns });
        }
        Ok(Table { names, rows })
    }

    /// Whether it has all these columns, as they are written.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.names.iter().any(|own| own == name))
    }

    /// A cell of a row, by the column's name as it is written.
    pub fn cell(&self, row: &Row, name: &str) -> Option<Node> {
        row.cell(self.names.iter().position(|own| own == name)?)
    }
}

impl Row {
    /// A cell, unless it is empty: text at its place.
    pub fn cell(&self, column: usize) -> Option<Node> {
        let text = self.cells.get(column).filter(|text| !text.is_empty())?;
        let position = Position { line: self.line, column: self.columns.get(column).copied().unwrap_or(1) };
        Some(Node { position, value: Value::Text(text.clone()) })
    }

    pub fn position(&self) -> Position {
        Position { line: self.line, column: 1 }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }
}

/// In which column of a line each cell begins, counted from 1.
fn starts(line: &str) -> Vec<u32> {
    let mut starts = vec![1];
    let mut is_quoted = false;
    for (index, letter) in line.chars().enumerate() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => starts.push(index as u32 + 2),
            _ => {}
        }
    }
    starts
}
