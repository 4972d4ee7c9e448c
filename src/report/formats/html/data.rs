//! The rows of a table as JSON that stands in a page: column by column, and what occurs again and again once.
//!
//! Of a hundred thousand pods there are few nodes, namespaces and verdicts, so that a page of them stays a fraction of the table.
//! `script.js` reads this shape: `{columns: [{values: [...], rows: [place in values, ...]}]}`; a value is a text, or `[text, mood]`.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use super::blocks::class;
use crate::report::document::{Mood, Table};

#[derive(Serialize)]
struct Data<'a> {
    columns: Vec<Column<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    values: Vec<Value<'a>>,
    /// For each row the place of its value; absent if each row has its own, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<usize>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Plain(&'a str),
    WithMood(&'a str, &'static str),
}

/// The rows of a table. No `<` is left in it, so that nothing in it ends the element that it stands in.
pub fn of(table: &Table) -> String {
    let data = Data { columns: (0..table.columns.len()).map(|index| column(table, index)).collect() };
    let json = serde_json::to_string(&data).expect("texts and numbers are JSON");
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn column(table: &Table, index: usize) -> Column<'_> {
    let mut places: IndexMap<(&str, &'static str), (), FxBuildHasher> = IndexMap::default();
    let cells = table.rows.iter().map(|row| (row[index].text.trim(), class(row[index].mood)));
    let rows: Vec<usize> = cells.map(|cell| places.insert_full(cell, ()).0).collect();
    let value = |(text, mood)| if mood == class(Mood::Plain) { Value::Plain(text) } else { Value::WithMood(text, mood) };
    let values: Vec<Value<'_>> = places.into_keys().map(value).collect();
    let is_own = values.len() == rows.len();
    Column { values, rows: (!is_own).then_some(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Text;

    #[test]
    fn what_occurs_again_is_written_once_and_nothing_ends_the_element() {
        let mut table = Table::new().left("pod").left("node");
        table.row(vec!["a".into(), Text::bad("</script>")]);
        table.row(vec!["b".into(), Text::bad("</script>")]);
        let expected = r#"{"columns":[{"values":["a","b"]},{"values":[["\u003c/script\u003e","bad"]],"rows":[0,0]}]}"#;
        assert_eq!(of(&table), expected);
    }
}
