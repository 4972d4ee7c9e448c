//! JSON: the view as data, indented, one newline at the end.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    let mut text = serde_json::to_string_pretty(view).expect("views hold nothing that JSON cannot");
    text.push('\n');
    text
}
