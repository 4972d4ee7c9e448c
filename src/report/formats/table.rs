//! Table: text for people, laid out in columns as kubectl does.
//!
//! Moods become ANSI colours; whoever prints to something that is no terminal strips them (`anstream` does).

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Row};

use super::snippet;
use crate::report::document::{Align, Detail, Document, Graph, Mood, Plot, Section, Table, Text};
use crate::report::views::View;

const GAP: u16 = 3;

/// Writes a view.
pub fn render(view: &View) -> String {
    text(&view.document(Detail::Brief))
}

/// Writes a document.
pub fn text(document: &Document) -> String {
    let mut out = paint(&document.headline.text, style(document.headline.mood).bold());
    out.push('\n');
    for section in document.sections.iter().filter(|section| !matches!(section, Section::Chart(_))) {
        out.push('\n');
        match section {
            Section::Chart(_) => {}
            Section::Diagnostics(diagnostics) => out.push_str(&snippet::text(diagnostics)),
            Section::Headline(headline) => push_line(&mut out, &paint(&headline.text, style(headline.mood).bold())),
            Section::Lines { title, lines } => {
                heading(&mut out, title);
                lines.iter().for_each(|line| push_line(&mut out, &painted(line)));
            }
            Section::Table { title, lead, table, notes } => {
                heading(&mut out, title);
                lead.iter().for_each(|line| push_line(&mut out, &painted(line)));
                rows(table).iter().for_each(|line| push_line(&mut out, line));
                notes.iter().for_each(|note| push_line(&mut out, &paint(note, style(Mood::Faint))));
            }
            Section::Matrix(chart) => {
                heading(&mut out, &chart.title);
                if let Plot::Grid(grid) = &chart.plot {
                    rows(&grid.table()).iter().for_each(|line| push_line(&mut out, line));
                    grid.notes.iter().for_each(|note| push_line(&mut out, &paint(note, style(Mood::Faint))));
                }
            }
            Section::Figures { title, figures } => {
                heading(&mut out, title);
                figures.iter().for_each(|figure| push_line(&mut out, &painted(&figure.sentence())));
            }
            Section::Graph { title, graph } => {
                heading(&mut out, title);
                edges(graph).iter().for_each(|line| push_line(&mut out, line));
            }
        }
    }
    out
}

fn heading(out: &mut String, title: &str) {
    if !title.is_empty() {
        push_line(out, &paint(title, Style::new().bold()));
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// A graph as text: a line an edge.
fn edges(graph: &Graph) -> Vec<String> {
    let id = |place: usize| &graph.vertices[place].id;
    graph.edges.iter().map(|edge| format!("{} {} {}", id(edge.from), edge.text, id(edge.to))).collect()
}

/// The lines of a table, header first.
fn rows(table: &Table) -> Vec<String> {
    let mut layout = comfy_table::Table::new();
    layout.load_style(comfy_table::presets::NOTHING).set_header(table.columns.iter().map(|column| title(&column.name)));
    for row in &table.rows {
        layout.add_row(Row::from(row.iter().map(|cell| cell.text.as_str())));
    }
    for (index, column) in table.columns.iter().enumerate() {
        let side = if column.align == Align::Right { CellAlignment::Right } else { CellAlignment::Left };
        let column = layout.column_mut(index).expect("the header made the columns");
        column.set_padding((0, GAP));
        column.set_cell_alignment(side);
    }
    let widths: Vec<usize> = layout.column_max_content_widths().into_iter().map(usize::from).collect();
    let header: Vec<Text> = table.columns.iter().map(|column| Text::faint(column.name.as_str())).collect();
    let moods = std::iter::once(&header).chain(&table.rows);
    layout.lines().zip(moods).map(|(line, row)| paint_row(line.trim_end(), row, &widths)).collect()
}

/// Plain words become capitals, as kubectl has them; names of plugins and resources stay as they are.
fn title(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_lowercase() || !letter.is_alphanumeric());
    if plain && !name.contains(['.', '/']) { name.to_uppercase() } else { name.to_owned() }
}

/// Paints the cells of a laid-out line; cells stand at the sums of the widths before them.
fn paint_row(line: &str, row: &[Text], widths: &[usize]) -> String {
    if row.iter().all(|cell| cell.mood == Mood::Plain) {
        return line.to_owned();
    }
    let letters: Vec<char> = line.chars().collect();
    let mut out = String::new();
    let mut start = 0;
    for (cell, width) in row.iter().zip(widths) {
        let end = (start + width + usize::from(GAP)).min(letters.len());
        let piece: String = letters[start.min(end)..end].iter().collect();
        out.push_str(&paint(&piece, style(cell.mood)));
        start = end;
    }
    out.extend(&letters[start..]);
    out
}

fn painted(text: &Text) -> String {
    paint(&text.text, style(text.mood))
}

/// The text between the codes of a style; blanks at its edges stay bare.
fn paint(text: &str, style: Style) -> String {
    let inner = text.trim();
    if style.is_plain() || inner.is_empty() {
        return text.to_owned();
    }
    let lead = text.len() - text.trim_start().len();
    format!("{}{}{inner}{}{}", &text[..lead], style.render(), style.render_reset(), &text[lead + inner.len()..])
}

fn style(mood: Mood) -> Style {
    match mood {
        Mood::Plain => Style::new(),
        Mood::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Mood::Notable => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Mood::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())),
        Mood::Faint => Style::new().dimmed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without ANSI codes.
    fn stripped(text: &str) -> String {
        let mut pieces = text.split('\u{1b}');
        let mut out = pieces.next().unwrap_or_default().to_owned();
        pieces.for_each(|piece| out.push_str(piece.split_once('m').map_or("", |(_, rest)| rest)));
        out
    }

    #[test]
    fn columns_line_up_and_colours_change_nothing() {
        let mut table = Table::new().left("node").right("%").left("reason");
        table.row(vec!["node-1".into(), Text::bad("7 %"), "too ×2 small".into()]);
        table.row(vec!["a-much-longer-name".into(), "100 %".into(), Text::bad("ok")]);
        let mut document = Document::new(Text::good("fine"));
        document.table("Nodes", table, vec!["that is all".into()]);
        let painted = text(&document);
        let expected = "fine\n\nNodes\nNODE                     %   REASON\nnode-1                 7 %   too ×2 small\n\
                        a-much-longer-name   100 %   ok\nthat is all\n";
        assert_eq!(stripped(&painted), expected);
        assert!(painted.contains("\u{1b}[31m7 %\u{1b}[0m"), "{painted:?}");
    }
}
