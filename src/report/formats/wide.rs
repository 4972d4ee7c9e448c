//! Wide: the table format with nothing grouped and nothing cut.

use super::table;
use crate::report::document::Detail;
use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    table::text(&view.document(Detail::Full))
}
