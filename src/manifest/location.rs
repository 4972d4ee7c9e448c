//! Where an object was written: file, document in it, and (on demand) line and column.

use serde::{Deserialize, Serialize};

/// The place an object came from. Costs eight bytes an object; line and column are found again only when somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Index into the list of input files.
    pub file: u32,
    /// Index of the document (or list item) in the file.
    pub document: u32,
}

impl Default for Origin {
    fn default() -> Self {
        Origin { file: u32::MAX, document: 0 }
    }
}
