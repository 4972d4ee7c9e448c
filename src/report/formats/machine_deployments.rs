//! MachineDeployments: the nodes that a view is about, for Cluster API; a comment if it is about none.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    view.node_groups().map_or_else(|| "# no group: this answer buys no node\n".to_owned(), |groups| groups.machine_deployments())
}
