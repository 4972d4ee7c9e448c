//! YAML: the view as data, with the same fields as JSON.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    let mut text = serde_saphyr::to_string(view).expect("views hold nothing that YAML cannot");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
