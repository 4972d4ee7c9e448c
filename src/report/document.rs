//! What a result says to a reader, before any format: a headline, then sections.
//!
//! Promise: a document holds plain text and moods only. Widths, colours, escapes and file formats are the formats' business, so that
//! each view is written once and read in every format.
//!
//! A new kind of section: a variant of [`Section`], and an arm in each text-like format.

use serde::Serialize;

/// How much of a result to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What fits a screen: alike things are grouped, long lists are cut and say so.
    Brief,
    /// Everything.
    Full,
}

/// What a text means to the reader; formats that have colours use them for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Mood {
    /// Nothing special.
    #[default]
    Plain,
    /// As wished.
    Good,
    /// Worth a look.
    Notable,
    /// The trouble itself.
    Bad,
    /// Less important than the rest.
    Faint,
}

/// A text with a mood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// What it means.
    pub mood: Mood,
}

impl Text {
    /// A text with this mood.
    pub fn new(text: impl Into<String>, mood: Mood) -> Self {
        Text { text: text.into(), mood }
    }

    /// The trouble itself.
    pub fn bad(text: impl Into<String>) -> Self {
        Text::new(text, Mood::Bad)
    }

    /// As wished.
    pub fn good(text: impl Into<String>) -> Self {
        Text::new(text, Mood::Good)
    }

    /// Less important than the rest.
    pub fn faint(text: impl Into<String>) -> Self {
        Text::new(text, Mood::Faint)
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Text::new(text, Mood::Plain)
    }
}

/// Which edge a column keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Names and sentences.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// Which edge it keeps to.
    pub align: Align,
}

/// Rows of alike things.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each as long as the columns.
    pub rows: Vec<Vec<Text>>,
}

impl Table {
    /// No column and no row yet.
    pub fn new() -> Self {
        Table::default()
    }

    /// With a column of names or sentences.
    pub fn left(mut self, name: impl Into<String>) -> Self {
        self.columns.push(Column { name: name.into(), align: Align::Left });
        self
    }

    /// With a column of numbers.
    pub fn right(mut self, name: impl Into<String>) -> Self {
        self.columns.push(Column { name: name.into(), align: Align::Right });
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Text>) {
        assert_eq!(cells.len(), self.columns.len(), "a row is as long as the columns of its table");
        self.rows.push(cells);
    }

    /// Cuts to the first `limit` rows; how many were cut.
    pub fn cut(&mut self, limit: usize) -> usize {
        let cut = self.rows.len().saturating_sub(limit);
        self.rows.truncate(limit);
        cut
    }
}

/// A box around alike vertices of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common, such as `zone zone-a`.
    pub name: String,
    /// The box that this one stands in, by its place in [`Graph::groups`]; it comes before this one.
    pub within: Option<usize>,
}

/// A thing in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertex {
    /// What tells it from all others.
    pub id: String,
    /// What sort of thing it is, such as `Service` or `Workload`: alike things look alike.
    pub kind: String,
    /// What to say of it, line by line.
    pub lines: Vec<String>,
    /// What it means to the reader.
    pub mood: Mood,
    /// The box that it stands in, by its place in [`Graph::groups`].
    pub group: Option<usize>,
}

/// A way from one thing to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Where it starts, by its place in [`Graph::vertices`].
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What it means.
    pub text: String,
}

/// Things, and ways between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    /// The boxes.
    pub groups: Vec<Group>,
    /// The things.
    pub vertices: Vec<Vertex>,
    /// The ways.
    pub edges: Vec<Edge>,
}

/// Numbers as a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What tells it from other charts, such as `heat-map`.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// The same in a sentence with its numbers, for those who do not see it.
    pub about: String,
    /// The numbers.
    pub plot: Plot,
}

/// The numbers of a chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Lines over a common axis.
    Lines(Lines),
    /// Shares of wholes.
    Bars(Bars),
    /// Cells in rows and columns.
    Grid(Grid),
}

/// Lines over a common axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    /// What the axes are called: the one that goes to the right, and the one that goes up.
    pub axes: (String, String),
    /// The lines: what each is called, and its points from left to right.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
    /// Points to be marked: what is special about them, and where they are.
    pub marks: Vec<(String, (f64, f64))>,
}

/// Something that is wrong with a text somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostic {
    /// How bad it is: `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What is found, in a word such as `PL101`.
    pub code: String,
    /// What is wrong, in a sentence.
    pub title: String,
    /// Where; the first is the place itself.
    pub quotes: Vec<Quote>,
    /// Why.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: String,
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quote {
    /// The file.
    pub file: String,
    /// Line, from 1; 0 if it is not known.
    pub line: u32,
    /// Column, from 1, and the one behind the last letter that is meant.
    pub columns: (u32, u32),
    /// The line itself, if it may be shown.
    pub text: Option<String>,
    /// What to say of it.
    pub label: String,
}

impl Diagnostic {
    /// The same as a table: how bad, where, what and why, and what to do next.
    pub fn table(diagnostics: &[Diagnostic]) -> Table {
        let mut table = Table::new().left("").left("where").left("what").left("next");
        for diagnostic in diagnostics {
            let place = diagnostic.quotes.first().map(|quote| match quote.line {
                0 => quote.file.clone(),
                line => format!("{}:{line}", quote.file),
            });
            let mood = if diagnostic.severity == "error" { Mood::Bad } else { Mood::Plain };
            let what = std::iter::once(&diagnostic.title).chain(&diagnostic.notes).cloned().collect::<Vec<_>>().join("; ");
            let severity = Text::new(format!("{} {}", diagnostic.severity, diagnostic.code), mood);
            table.row(vec![severity, place.unwrap_or_default().into(), what.into(), diagnostic.help.as_str().into()]);
        }
        table
    }
}

/// Shares of wholes, such as what is requested of nodes: a row each, and in it a bar a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// What is shared, such as `cpu`.
    pub columns: Vec<String>,
    /// What bars of a column should stay below, in percent; none if they may be full.
    pub limits: Vec<Option<f64>>,
    /// The rows.
    pub rows: Vec<BarRow>,
    /// Said below: what was left out.
    pub notes: Vec<String>,
}

/// A row of bars.
#[derive(Debug, Clone, PartialEq)]
pub struct BarRow {
    /// Whose it is.
    pub name: String,
    /// What else tells it from others, such as its zone; empty for nothing.
    pub aside: String,
    /// A bar for each column; none where there is no whole.
    pub bars: Vec<Option<Bar>>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// How long it is, in percent of the whole.
    pub percent: f64,
    /// The same as it is written.
    pub text: String,
}

/// Cells in rows and columns, each with a word and a shade.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    /// What rows are and what columns are, such as `workload` and `lost`.
    pub axes: (String, String),
    /// What the columns are called.
    pub columns: Vec<String>,
    /// The rows: what each is called, and a cell for each column.
    pub rows: Vec<(String, Vec<Cell>)>,
    /// What shades mean.
    pub legend: Vec<(Shade, String)>,
    /// Said below: what was left out.
    pub notes: Vec<String>,
}

/// A cell of a grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What it says, in a word or a number: no shade says anything alone.
    pub text: String,
    /// The same in a sentence; empty if the word says it all.
    pub about: String,
    /// How it is filled.
    pub shade: Shade,
}

/// How a cell is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Shade {
    /// Not at all.
    #[default]
    Blank,
    /// By how much there is of something: from 0, nothing, to 5, all.
    Level(u8),
    /// As wished.
    Good,
    /// Worth a look.
    Notable,
    /// Trouble.
    Serious,
    /// Trouble of another sort: something waits.
    Waiting,
    /// The worst.
    Bad,
}

impl Chart {
    fn is_empty(&self) -> bool {
        match &self.plot {
            Plot::Lines(lines) => lines.lines.iter().all(|(_, points)| points.is_empty()),
            Plot::Bars(bars) => bars.rows.is_empty(),
            Plot::Grid(grid) => grid.rows.is_empty() || grid.columns.is_empty(),
        }
    }
}

impl Figure {
    /// `cpu requested: 71 % (2.84/4)`.
    pub fn sentence(&self) -> Text {
        let about = if self.about.is_empty() { String::new() } else { format!(" ({})", self.about) };
        Text::new(format!("{}: {}{about}", self.name, self.value.text), self.value.mood)
    }
}

impl Grid {
    /// The same as a table of words.
    pub fn table(&self) -> Table {
        let mut table = self.columns.iter().fold(Table::new().left(self.axes.0.as_str()), |table, column| table.left(column.as_str()));
        for (name, cells) in &self.rows {
            let cells = cells.iter().map(|cell| Text::new(cell.text.as_str(), cell.shade.mood()));
            table.row(std::iter::once(name.as_str().into()).chain(cells).collect());
        }
        table
    }
}

impl Shade {
    /// What it means, for formats that have no shades.
    pub fn mood(self) -> Mood {
        match self {
            Shade::Blank | Shade::Level(_) => Mood::Plain,
            Shade::Good => Mood::Good,
            Shade::Notable => Mood::Notable,
            Shade::Serious | Shade::Waiting | Shade::Bad => Mood::Bad,
        }
    }
}

/// A number that is read first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: Text,
    /// What it is part of, or what explains it; empty for nothing.
    pub about: String,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Section {
    /// The answer of another document that was added whole.
    Headline(Text),
    /// Lines under a title.
    Lines {
        /// Title; empty for none.
        title: String,
        /// The lines.
        lines: Vec<Text>,
    },
    /// A table under a title.
    Table {
        /// Title; empty for none.
        title: String,
        /// Said between title and table.
        lead: Vec<Text>,
        /// The table.
        table: Table,
        /// Said below it: what was cut, what a mark means.
        notes: Vec<String>,
    },
    /// A graph under a title.
    Graph {
        /// Title; empty for none.
        title: String,
        /// The graph.
        graph: Graph,
    },
    /// A chart, for formats that can draw; the numbers are in a table beside it.
    Chart(Chart),
    /// What is wrong with what somebody wrote, each with its place.
    Diagnostics(Vec<Diagnostic>),
    /// A chart of cells, for every format: there is no table beside it.
    Matrix(Chart),
    /// The numbers that are read first, under a title.
    Figures {
        /// Title; empty for none.
        title: String,
        /// The numbers.
        figures: Vec<Figure>,
    },
}

/// What a result says to a reader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// The answer, in one line.
    pub headline: Text,
    /// Why, and what else; the most important first.
    pub sections: Vec<Section>,
}

impl Document {
    /// A document that so far only has its answer.
    pub fn new(headline: Text) -> Self {
        Document { headline, sections: Vec::new() }
    }

    /// Adds lines under a title, if there are any.
    pub fn lines(&mut self, title: impl Into<String>, lines: Vec<Text>) {
        if !lines.is_empty() {
            self.sections.push(Section::Lines { title: title.into(), lines });
        }
    }

    /// Adds a table under a title, if it has rows.
    pub fn table(&mut self, title: impl Into<String>, table: Table, notes: Vec<String>) {
        self.led_table(title, Vec::new(), table, notes);
    }

    /// Adds a table under a title and some lines; without rows, the lines alone.
    pub fn led_table(&mut self, title: impl Into<String>, lead: Vec<Text>, table: Table, notes: Vec<String>) {
        if table.rows.is_empty() {
            self.lines(title, lead);
        } else {
            self.sections.push(Section::Table { title: title.into(), lead, table, notes });
        }
    }

    /// Adds a chart, if there is anything in it.
    pub fn chart(&mut self, chart: Chart) {
        if !chart.is_empty() {
            self.sections.push(Section::Chart(chart));
        }
    }

    /// Adds what is wrong with what somebody wrote, if anything is.
    pub fn diagnostics(&mut self, diagnostics: Vec<Diagnostic>) {
        if !diagnostics.is_empty() {
            self.sections.push(Section::Diagnostics(diagnostics));
        }
    }

    /// Adds a chart of cells that every format shows, if there is anything in it.
    pub fn matrix(&mut self, chart: Chart) {
        if !chart.is_empty() {
            self.sections.push(Section::Matrix(chart));
        }
    }

    /// The charts of it, in order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.sections.iter().filter_map(|section| match section {
            Section::Chart(chart) | Section::Matrix(chart) => Some(chart),
            _ => None,
        })
    }

    /// Adds numbers that are read first, if there are any.
    pub fn figures(&mut self, title: impl Into<String>, figures: Vec<Figure>) {
        if !figures.is_empty() {
            self.sections.push(Section::Figures { title: title.into(), figures });
        }
    }

    /// Adds a graph under a title, if there is anything in it.
    pub fn graph(&mut self, title: impl Into<String>, graph: Graph) {
        if !graph.vertices.is_empty() {
            self.sections.push(Section::Graph { title: title.into(), graph });
        }
    }

    /// Adds another document whole: its answer becomes a title.
    pub fn append(&mut self, other: Document) {
        self.sections.push(Section::Headline(other.headline));
        self.sections.extend(other.sections);
    }
}
