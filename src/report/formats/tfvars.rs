//! Variables: the nodes that a view is about, for Terraform; no group if it is about none.

use crate::report::views::View;
use crate::report::views::node_groups::Variables;

/// Writes a view.
pub fn render(view: &View) -> String {
    let variables = view.node_groups().map_or_else(|| Variables { node_groups: Default::default() }, |groups| groups.variables());
    serde_json::to_string_pretty(&variables).expect("variables are plain data") + "\n"
}
