//! Markdown: everything, as GitHub shows it in an issue, a pull request or a wiki.
//!
//! Tables are GitHub's, with a row a line and as many cells as the header has; what would be markup in a name is escaped. Lists that are
//! longer than a screen are folded (`<details>`), so that nothing has to be cut. Trouble is bold: there are no colours here.
//!
//! Source: GitHub Flavored Markdown Spec 0.29, tables (4.10), backslash escapes (6.1), HTML blocks (4.6).

use crate::report::amount::count;
use crate::report::document::{Align, Detail, Diagnostic, Document, Graph, Mood, Plot, Section, Table, Text};
use crate::report::views::View;

/// So many rows are shown; more are folded.
const ROWS: usize = 12;
/// So many lines are.
const LINES: usize = 20;

/// Writes a view.
pub fn render(view: &View) -> String {
    text(&view.document(Detail::Full))
}

/// Writes a document.
pub fn text(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.headline.text));
    for section in &document.sections {
        match section {
            Section::Chart(_) => {}
            Section::Diagnostics(diagnostics) => {
                fold(&mut out, (diagnostics.len(), ROWS, "finding"), &rows(&Diagnostic::table(diagnostics)))
            }
            Section::Headline(headline) => out.push_str(&format!("\n# {}\n", escape(&headline.text))),
            Section::Lines { title, lines } => {
                out.push_str(&titled(title));
                fold(&mut out, (lines.len(), LINES, "line"), &list(lines.iter().map(painted)));
            }
            Section::Table { title, lead, table, notes } => {
                out.push_str(&titled(title));
                lead.iter().for_each(|line| out.push_str(&format!("\n{}\n", bare(&painted(line)))));
                fold(&mut out, (table.rows.len(), ROWS, "row"), &rows(table));
                notes.iter().for_each(|note| out.push_str(&format!("\n{}\n", bare(&escape(note)))));
            }
            Section::Matrix(chart) => {
                out.push_str(&titled(&chart.title));
                if let Plot::Grid(grid) = &chart.plot {
                    fold(&mut out, (grid.rows.len(), ROWS, "row"), &rows(&grid.table()));
                    grid.notes.iter().for_each(|note| out.push_str(&format!("\n{}\n", bare(&escape(note)))));
                }
            }
            Section::Figures { title, figures } => {
                out.push_str(&titled(title));
                fold(&mut out, (figures.len(), LINES, "line"), &list(figures.iter().map(|figure| painted(&figure.sentence()))));
            }
            Section::Graph { title, graph } => {
                out.push_str(&titled(title));
                fold(&mut out, (graph.edges.len(), LINES, "edge"), &list(edges(graph).into_iter()));
            }
        }
    }
    out
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("\n## {}\n", escape(title)) }
}

/// Adds a block, folded if it is longer than it may be.
fn fold(out: &mut String, (length, most, one): (usize, usize, &str), block: &str) {
    match length {
        0 => {}
        // blank lines end the HTML, so that what stands between them is markdown again
        long if long > most => {
            out.push_str(&format!("\n<details><summary>{}</summary>\n\n{block}\n</details>\n", count(long, one)));
        }
        _ => out.push_str(&format!("\n{block}")),
    }
}

fn list(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("- {}\n", bare(&line))).collect()
}

fn edges(graph: &Graph) -> Vec<String> {
    let id = |place: usize| escape(&graph.vertices[place].id);
    graph.edges.iter().map(|edge| format!("{} {} {}", id(edge.from), escape(&edge.text), id(edge.to))).collect()
}

fn rows(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = table.columns.iter().map(|column| if column.align == Align::Right { "---:" } else { "---" }.to_owned());
    let mut out = line(table.columns.iter().map(|column| escape(&column.name)).collect());
    out.push_str(&line(rule.collect()));
    table.rows.iter().for_each(|row| out.push_str(&line(row.iter().map(painted).collect())));
    out
}

/// A text, bold if it is trouble.
fn painted(text: &Text) -> String {
    let plain = escape(&text.text);
    match text.mood {
        Mood::Bad if !plain.is_empty() => format!("**{plain}**"),
        _ => plain,
    }
}

/// Without anything that would be markup, but for what we write as code ourselves: a line break is a blank, and punctuation that means
/// something is escaped.
fn escape(text: &str) -> String {
    let pieces: Vec<&str> = text.trim().split('`').collect();
    // where marks do not pair they are no marks of code
    if pieces.len().is_multiple_of(2) {
        return plain(text.trim()).replace('`', "\\`");
    }
    let piece = |(number, piece): (usize, &&str)| match number % 2 {
        0 => plain(piece),
        _ => format!("`{}`", piece.replace('|', "\\|").replace(['\n', '\r', '\t'], " ")),
    };
    pieces.iter().enumerate().map(piece).collect()
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '&' | '$' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

/// A line that stands by itself: nothing at its start begins a list or a rule.
fn bare(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mut after = line[digits..].bytes();
    let (mark, then) = (after.next(), after.next());
    let is_mark = if digits > 0 { matches!(mark, Some(b'.' | b')')) } else { matches!(mark, Some(b'-' | b'+' | b'=')) };
    let begins = is_mark && (then.is_none_or(|then| then == b' ') || digits == 0);
    if begins { format!("{}\\{}", &line[..digits], &line[digits..]) } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escape("a|b\nc"), "a\\|b c");
        assert_eq!(escape("*_ x_* <b> [l](u) it`s"), "\\*\\_ x\\_\\* \\<b\\> \\[l\\](u) it\\`s");
        assert_eq!(escape("`plimsoll size -o a|b_c` says"), "`plimsoll size -o a\\|b_c` says");
        assert_eq!(escape(""), "");
    }

    #[test]
    fn lines_begin_no_lists() {
        assert_eq!(bare("- no list"), "\\- no list");
        assert_eq!(bare("1. nor this"), "1\\. nor this");
        assert_eq!(bare("3.35/4"), "3.35/4");
        assert_eq!(bare("---"), "\\---");
    }

    #[test]
    fn a_row_is_a_line_with_as_many_cells_as_the_header() {
        let mut table = Table::new().left("node").right("%");
        table.row(vec!["a|b".into(), Text::bad("100 %")]);
        table.row(vec!["two\nlines".into(), "".into()]);
        assert_eq!(rows(&table), "| node | % |\n| --- | ---: |\n| a\\|b | **100 %** |\n| two lines |  |\n");
    }

    #[test]
    fn long_lists_are_folded() {
        let mut document = Document::new("fine".into());
        document.lines("Few", vec!["one".into()]);
        document.lines("Many", (0..21).map(|number| Text::from(number.to_string())).collect());
        let text = text(&document);
        assert!(text.starts_with("# fine\n\n## Few\n\n- one\n\n## Many\n\n<details><summary>21 lines</summary>\n\n- 0\n"), "{text}");
        assert!(text.ends_with("- 20\n\n</details>\n"), "{text}");
    }
}
