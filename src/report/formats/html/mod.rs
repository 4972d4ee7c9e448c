//! HTML: everything, as one page that needs nothing else: no network, no file beside it. Its tables can be searched and sorted, its charts
//! are pictures of lines in the page itself, and it follows the reader's light or dark.
//!
//! The page is a template (`page.html`), a style sheet and a script, put together by minijinja, which escapes what it writes. What it does
//! not escape is made here: pictures (plotters escapes its texts), and the rows of long tables as JSON in which no `<` is left ([`data`]).
//! The page forbids itself every request (Content-Security-Policy), so that a name that got through all of this could still fetch nothing.
//!
//! Without JavaScript the page shows all but the rows of tables beyond the first [`ROWS`]. In `style.css` no colour is written: all are
//! names, whose values are `drawing::palette`'s.

mod blocks;
mod data;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

use super::drawing::palette;
use crate::report::document::{Detail, Document};
use crate::report::views::View;
use blocks::{Block, Said};

/// So many rows of a table are shown at once; `script.js` says the same number.
const ROWS: usize = 20;

/// What the template fills in.
#[derive(Serialize)]
struct Page {
    title: String,
    headline: Said,
    blocks: Vec<Block>,
    colours: String,
    style: &'static str,
    script: &'static str,
    rows: usize,
    version: &'static str,
}

/// Writes a view.
pub fn render(view: &View) -> String {
    text(&view.document(Detail::Full))
}

/// Writes a document.
pub fn text(document: &Document) -> String {
    let page = Page {
        title: document.headline.text.split([':', ';']).next().unwrap_or_default().to_owned(),
        headline: Said::new(&document.headline),
        blocks: blocks::of(document),
        colours: palette::declarations(),
        style: include_str!("style.css"),
        script: include_str!("script.js"),
        rows: ROWS,
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the usual marks, and they differ"));
    environment.add_filter("marked", |text: String| Value::from_safe_string(marked(&text)));
    environment.add_filter("grouped", crate::report::amount::thousands);
    let rendered = environment.render_named_str("page.html", include_str!("page.html"), Serde(&page));
    rendered.expect("the template is part of the program, and every view fills it")
}

/// A text as HTML, in which what stands between backticks is code.
fn marked(text: &str) -> String {
    let pieces: Vec<String> = text.split('`').map(escaped).collect();
    // where marks do not pair they are no marks of code
    if pieces.len().is_multiple_of(2) {
        return pieces.join("`");
    }
    let piece = |(number, piece): (usize, &String)| if number % 2 == 1 { format!("<code>{piece}</code>") } else { piece.clone() };
    pieces.iter().enumerate().map(piece).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Table, Text};

    #[test]
    fn names_are_no_markup() {
        assert_eq!(marked("a `b<c>` d & 'e'"), "a <code>b&lt;c&gt;</code> d &amp; &#39;e&#39;");
        assert_eq!(marked("one ` only"), "one ` only");
        let mut document = Document::new("</title><script>alert(1)</script>".into());
        let mut table = Table::new().left("<i>");
        (0..ROWS + 1).for_each(|row| table.row(vec![Text::bad(format!("</script><script>alert({row})</script>"))]));
        document.table("<b>bold</b>", table, vec!["<u>".to_owned()]);
        let page = text(&document);
        assert!(!page.contains("<script>alert") && !page.contains("<b>bold") && !page.contains("<u>") && !page.contains("<i>"), "{page}");
        assert_eq!(page.matches("</script>").count(), 2, "the data's and the script's own");
    }
}
