//! Patch: what a view changes, as strategic merge patches; a comment if it changes nothing.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    view.patches().unwrap_or_else(|| "# nothing to patch: this answer changes no object\n".to_owned())
}
