//! CSV (RFC 4180, but with plain newlines): the view's records, one header row, numbers without units.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    let records = view.records();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer
        .write_record(&records.columns)
        .and_then(|()| records.rows.iter().try_for_each(|row| writer.write_record(row)))
        .and_then(|()| Ok(writer.flush()?));
    written.expect("a vector takes every record, and all are as long as the header");
    String::from_utf8(writer.into_inner().expect("flushed above")).expect("records are text")
}
