//! Kustomize: what a view changes, as a kustomization with inline patches; a comment if it changes nothing.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    view.kustomization().unwrap_or_else(|| "# nothing to patch: this answer changes no object\n".to_owned())
}
