//! What is wrong with a text, as rustc says it: the sentence, the place, the line with what is meant underlined, why, and what to do next.
//!
//! Serves the formats for people. Always with colours; whoever prints to something that is no terminal strips them.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::report::document::{Diagnostic, Quote};

/// Writes them, one after another with a blank line between.
pub fn text(diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::styled();
    let texts: Vec<String> = diagnostics.iter().map(|diagnostic| renderer.render(&[group(diagnostic)]) + "\n").collect();
    texts.join("\n")
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        "error" => Level::ERROR,
        "warning" => Level::WARNING,
        _ => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.title.as_str()).id(diagnostic.code.as_str()));
    for (number, quote) in diagnostic.quotes.iter().enumerate().filter(|(_, quote)| !quote.file.is_empty()) {
        let kind = if number == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        group = match &quote.text {
            Some(line) => {
                let annotation = kind.span(span(line, quote));
                let annotation = if quote.label.is_empty() { annotation } else { annotation.label(quote.label.as_str()) };
                group.element(
                    Snippet::source(line.as_str()).path(quote.file.as_str()).line_start(quote.line as usize).annotation(annotation),
                )
            }
            None => {
                let origin = Origin::path(quote.file.as_str());
                let is_known = quote.line > 0;
                group.element(match is_known {
                    true => origin.line(quote.line as usize).char_column(quote.columns.0 as usize),
                    false => origin,
                })
            }
        };
    }
    group = group.elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(note.as_str())));
    match diagnostic.help.is_empty() {
        true => group,
        false => group.element(Level::HELP.message(diagnostic.help.as_str())),
    }
}

/// The bytes of a line that are meant.
fn span(line: &str, quote: &Quote) -> std::ops::Range<usize> {
    let byte = |column: u32| line.char_indices().nth((column.max(1) - 1) as usize).map_or(line.len(), |(at, _)| at);
    let (start, end) = (byte(quote.columns.0), byte(quote.columns.1));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_with_its_line() {
        let quote =
            Quote { file: "a.yaml".into(), line: 7, columns: (3, 14), text: Some("  replicas: 1 # one".into()), label: "too few".into() };
        let elsewhere = Quote { file: "b.json".into(), line: 2, columns: (1, 1), ..Quote::default() };
        let diagnostic = Diagnostic {
            severity: "warning",
            code: "PL201".into(),
            title: "Deployment shop/api: one pod".into(),
            quotes: vec![quote, elsewhere],
            notes: vec!["nobody answers".into()],
            help: "run two".into(),
        };
        let plain = anstream::adapter::strip_str(&text(&[diagnostic])).to_string();
        let expected = "warning[PL201]: Deployment shop/api: one pod\n --> a.yaml:7:3\n  |\n7 |   replicas: 1 # one\n  |   ^^^^^^^^^^^ too few\n \
                        ::: b.json:2:1\n  = note: nobody answers\n  = help: run two\n";
        assert_eq!(plain, expected);
    }
}
