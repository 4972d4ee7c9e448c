//! A document as the template takes it: blocks of texts, tables and pictures, each with a name that links can point to.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{ROWS, data};
use crate::report::document::{Align, Cell, Chart, Diagnostic, Document, Graph, Grid, Mood, Plot, Section, Shade, Table, Text};
use crate::report::formats::drawing::{Frame, palette};
use crate::report::formats::svg;

/// How wide pictures are on a desk and in a hand.
const WIDE: i32 = 1000;
const NARROW: i32 = 360;

/// A part of the page.
#[derive(Serialize)]
pub struct Block {
    /// What links point to.
    id: String,
    title: String,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Content {
    Headline { mood: &'static str },
    Lines { lines: Vec<Said> },
    Table(Rows),
    Figures { figures: Vec<Shown> },
    Picture { about: String, wide: String, narrow: String },
    Matrix(Matrix),
}

/// A text and its mood, as a class.
#[derive(Serialize)]
pub struct Said {
    text: String,
    mood: &'static str,
    /// Whether it belongs to the line above.
    follows: bool,
}

#[derive(Serialize)]
struct Rows {
    lead: Vec<Said>,
    columns: Vec<Header>,
    rows: Vec<Vec<Said>>,
    total: usize,
    /// All rows as JSON, if there are more than are shown.
    data: Option<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Header {
    name: String,
    is_number: bool,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    value: Said,
    about: String,
}

#[derive(Serialize)]
struct Matrix {
    about: String,
    corner: String,
    columns: Vec<MatrixColumn>,
    rows: Vec<MatrixRow>,
    legend: Vec<(&'static str, String)>,
    notes: Vec<String>,
}

/// `node` and `n1`.
#[derive(Serialize)]
struct MatrixColumn {
    kind: String,
    name: String,
}

#[derive(Serialize)]
struct MatrixRow {
    name: String,
    cells: Vec<MatrixCell>,
}

#[derive(Serialize)]
struct MatrixCell {
    text: String,
    about: String,
    shade: &'static str,
}

/// The blocks of a document.
pub fn of(document: &Document) -> Vec<Block> {
    let mut taken = BTreeSet::new();
    document.sections.iter().map(|section| Block::new(section, &mut taken)).collect()
}

impl Block {
    fn new(section: &Section, taken: &mut BTreeSet<String>) -> Self {
        let (title, content) = match section {
            Section::Headline(headline) => (headline.text.as_str(), Content::Headline { mood: class(headline.mood) }),
            Section::Lines { title, lines } => (title.as_str(), Content::Lines { lines: lines.iter().map(Said::new).collect() }),
            Section::Table { title, lead, table, notes } => (title.as_str(), Content::Table(Rows::new(lead, table, notes))),
            Section::Graph { title, graph } => (title.as_str(), Content::Table(Rows::new(&[], &edges(graph), &[]))),
            Section::Diagnostics(diagnostics) => ("Findings", Content::Table(Rows::new(&[], &Diagnostic::table(diagnostics), &[]))),
            Section::Figures { title, figures } => {
                let shown = |figure: &crate::report::document::Figure| Shown {
                    name: figure.name.clone(),
                    value: Said::new(&figure.value),
                    about: figure.about.clone(),
                };
                (title.as_str(), Content::Figures { figures: figures.iter().map(shown).collect() })
            }
            Section::Matrix(Chart { title, about, plot: Plot::Grid(grid), .. }) => {
                (title.as_str(), Content::Matrix(Matrix::new(about, grid)))
            }
            Section::Chart(chart) | Section::Matrix(chart) => (chart.title.as_str(), picture(chart)),
        };
        Block { id: id(title, taken), title: title.to_owned(), content }
    }
}

impl Said {
    /// A text that the page says.
    pub fn new(text: &Text) -> Self {
        Said { text: text.text.trim().to_owned(), mood: class(text.mood), follows: text.text.starts_with("  ") }
    }
}

impl Rows {
    fn new(lead: &[Text], table: &Table, notes: &[String]) -> Self {
        let header =
            |column: &crate::report::document::Column| Header { name: column.name.clone(), is_number: column.align == Align::Right };
        let row = |row: &Vec<Text>| row.iter().map(Said::new).collect();
        Rows {
            lead: lead.iter().map(Said::new).collect(),
            columns: table.columns.iter().map(header).collect(),
            rows: table.rows.iter().take(ROWS).map(row).collect(),
            total: table.rows.len(),
            data: (table.rows.len() > ROWS).then(|| data::of(table)),
            notes: notes.to_vec(),
        }
    }
}

impl Matrix {
    fn new(about: &str, grid: &Grid) -> Self {
        let cell = |Cell { text, about, shade: fill }: &Cell| MatrixCell { text: text.clone(), about: about.clone(), shade: shade(*fill) };
        let row = |(name, cells): &(String, Vec<Cell>)| MatrixRow { name: name.clone(), cells: cells.iter().map(cell).collect() };
        Matrix {
            about: about.to_owned(),
            corner: format!("{} \\ {}", grid.axes.0, grid.axes.1),
            columns: grid.columns.iter().map(|name| MatrixColumn::new(name)).collect(),
            rows: grid.rows.iter().map(row).collect(),
            legend: grid.legend.iter().map(|(fill, text)| (shade(*fill), text.clone())).collect(),
            notes: grid.notes.clone(),
        }
    }
}

impl MatrixColumn {
    fn new(title: &str) -> Self {
        let (kind, name) = title.split_once(' ').unwrap_or(("", title));
        MatrixColumn { kind: kind.to_owned(), name: name.to_owned() }
    }
}

/// A chart twice: once for screens that are wide, once for those that are not.
fn picture(chart: &Chart) -> Content {
    let drawn = |width: i32| palette::themed(&svg::drawn(&[chart], Frame { width, scale: 1, titled: false }));
    Content::Picture { about: chart.about.clone(), wide: drawn(WIDE), narrow: drawn(NARROW) }
}

fn edges(graph: &Graph) -> Table {
    let mut table = Table::new().left("what").left("how").left("what else");
    let name = |place: usize| Text::from(graph.vertices[place].id.as_str());
    graph.edges.iter().for_each(|edge| table.row(vec![name(edge.from), edge.text.as_str().into(), name(edge.to)]));
    table
}

/// A name for links, made of a title: each only once.
fn id(title: &str, taken: &mut BTreeSet<String>) -> String {
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).take(6).collect();
    let name = if words.is_empty() { "part".to_owned() } else { words.join("-") };
    let mut names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
    let free = names.find(|name| !taken.contains(name)).expect("numbers do not end");
    taken.insert(free.clone());
    free
}

/// The class of a mood.
pub fn class(mood: Mood) -> &'static str {
    match mood {
        Mood::Plain => "plain",
        Mood::Good => "good",
        Mood::Notable => "notable",
        Mood::Bad => "bad",
        Mood::Faint => "faint",
    }
}

/// The class of a shade.
fn shade(shade: Shade) -> &'static str {
    match shade {
        Shade::Blank | Shade::Level(_) => "blank",
        Shade::Good => "fill-good",
        Shade::Notable => "fill-notable",
        Shade::Serious => "fill-serious",
        Shade::Waiting => "fill-waiting",
        Shade::Bad => "fill-bad",
    }
}
