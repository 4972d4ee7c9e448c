//! Script: the plan of a view as commands for a shell; a comment if there is nothing to run.

use crate::report::views::View;

/// Writes a view.
pub fn render(view: &View) -> String {
    view.script().unwrap_or_else(|| "#!/usr/bin/env bash\n# nothing to run: this answer is no plan\n".to_owned())
}
