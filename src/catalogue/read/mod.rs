//! Reads node types and prices from a file, told apart by what is in it.
//!
//! The formats: `kind: Catalogue` of `plimsoll.dev/v1` as YAML or JSON (the shape is in `document`), a table of one's own as CSV, Karpenter's
//! `instance_types.json`, the tables of AWS, Azure and Google types, and nodes as `kubectl get nodes -o json` writes them, each shape of
//! which becomes a type. All may be packed (`.gz`, `.zst`).
//!
//! Promise: bad input never panics. What is wrong with a type is said with file, line and column, and takes only that type with it; what
//! had to be taken for granted is said in notes.

mod aws;
mod azure;
mod collect;
mod document;
mod fields;
mod google;
mod karpenter;
mod nodes;
mod prices;
mod rows;
mod table;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Catalogue, Overrides};
use crate::manifest::location::{Location, Position};
use crate::manifest::read::tree::{Node, SyntaxError, Value};
use crate::manifest::read::{Problem, Severity, decode, tree};
use collect::Collector;
use table::Table;

/// Reads node types. The problems are those of single types, which are left out, and notes; an error means that there are no types at all.
pub fn read(path: &Path) -> Result<(Catalogue, Vec<Problem>), Problem> {
    read_str(&path.display().to_string(), &text(path)?)
}

/// Reads node types from a text, under a name to be shown in problems.
pub fn read_str(name: &str, text: &str) -> Result<(Catalogue, Vec<Problem>), Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut collector = Collector::new(name);
    match first_line(text) {
        "" => return Err(collector.problem(Severity::Error, Position::START, "empty").hint(FORMATS)),
        line if table::is_header(line) => of_table(text, &mut collector)?,
        _ => of_documents(text, &mut collector)?,
    }
    collector.finish()
}

/// Reads prices that replace those of a catalogue: YAML, JSON or CSV. The problems are those of single rows, which are left out.
pub fn overrides(path: &Path) -> Result<(Overrides, Vec<Problem>), Problem> {
    overrides_str(&path.display().to_string(), &text(path)?)
}

/// Reads prices that replace those of a catalogue from a text, under a name to be shown in problems.
pub fn overrides_str(name: &str, text: &str) -> Result<(Overrides, Vec<Problem>), Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut collector = Collector::new(name);
    let overrides = match first_line(text) {
        line if table::is_header(line) => prices::of_table(&parse_table(text, &collector)?, &mut collector),
        _ => prices::of_documents(&parse_documents(text, &collector)?, &mut collector),
    };
    match overrides.rows.is_empty() {
        true => {
            Err(collector.first_error().unwrap_or_else(|| collector.problem(Severity::Error, Position::START, "no prices").hint(PRICES)))
        }
        false => Ok((overrides, collector.problems)),
    }
}

const FORMATS: &str = "pass `kind: Catalogue` of plimsoll.dev/v1 with `types:`, CSV with a line such as name,cpu,memory,price, \
Karpenter's instance_types.json, or the output of `kubectl get nodes -o json`";
const PRICES: &str = "pass YAML such as `overrides: [{type: \"m5.*\", discount: 30%}]`, or CSV with a line type,zone,capacity_type,price";

/// The text of a file, unpacked.
fn text(path: &Path) -> Result<String, Problem> {
    let file: Arc<str> = path.display().to_string().into();
    let problem = |message: String| Problem::new(Severity::Error, Location::new(&file, Position::default()), message);
    let mut text = String::new();
    let outcome = std::fs::File::open(path).and_then(decode::decode).and_then(|mut reader| reader.read_to_string(&mut text));
    match outcome {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(problem("not UTF-8".to_owned()).hint("save it as UTF-8")),
        Err(error) => Err(problem(format!("cannot be read: {error}")).hint("check the path, and that it is readable")),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}

fn parse_table(text: &str, collector: &Collector) -> Result<Table, Problem> {
    Table::parse(text).map_err(|(line, message)| collector.problem(Severity::Error, Position { line, column: 1 }, message))
}

fn parse_documents(text: &str, collector: &Collector) -> Result<Vec<Node>, Problem> {
    tree::parse(text).map_err(|SyntaxError { position, message }| collector.problem(Severity::Error, position, message).hint(FORMATS))
}

fn of_table(text: &str, collector: &mut Collector) -> Result<(), Problem> {
    let table = parse_table(text, collector)?;
    match () {
        () if aws::is_header(&table) => aws::read(&table, collector),
        () if azure::is_header(&table) => azure::read(&table, collector),
        () if google::is_header(&table) => google::read(&table, collector),
        () => rows::read(&table, collector),
    }
    Ok(())
}

fn of_documents(text: &str, collector: &mut Collector) -> Result<(), Problem> {
    let mut has_nodes = false;
    for document in parse_documents(text, collector)? {
        match &document.value {
            Value::Null => {}
            Value::List(items) if items.iter().any(|item| item.get("resources").is_some()) => karpenter::read(items, collector),
            Value::List(items) => document::read_types(items, &document::Defaults::default(), collector),
            Value::Map(_) if nodes::holds_nodes(&document) => has_nodes = true,
            Value::Map(_) => document::read(&document, collector),
            _ => {
                let message = format!("{}, where a catalogue is expected", document.kind_of_value());
                return Err(collector.problem(Severity::Error, document.position, message).hint(FORMATS));
            }
        }
    }
    // the reader of manifests knows lists, lists of lists and everything else that kubectl writes
    if has_nodes {
        nodes::read(text, collector);
    }
    Ok(())
}
