//! Pieces: what a text is cut into before anything is understood, so that each can be read, or refused, by itself.

use std::ops::Range;
use std::sync::Arc;

use crate::manifest::location::Position;

/// `apiVersion` and `kind`, of an object or of the list it stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TypeMeta {
    pub api_version: String,
    pub kind: String,
}

impl TypeMeta {
    /// The group of the version: `apps` of `apps/v1`, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// What the items of this list are, if it is a typed one (`PodList` → `Pod`).
    pub fn item(&self) -> Option<TypeMeta> {
        let kind = self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(TypeMeta { api_version: self.api_version.clone(), kind: kind.to_owned() })
    }
}

/// A part of a text that is one object (or should be).
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Where it lies in its batch's text.
    pub range: Range<usize>,
    /// Where it begins in its file.
    pub position: Position,
    /// `apiVersion` as written, found while cutting; within the batch's text.
    pub api_version: Range<usize>,
    /// `kind` as written, found while cutting; within the batch's text.
    pub kind: Range<usize>,
    /// Whether it has `items` of its own.
    pub has_items: bool,
    /// The list it stands in.
    pub list: Option<Arc<TypeMeta>>,
}

/// A stretch of text with its pieces: what is read at a time, so that memory follows what is kept and not the file's size.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub text: Vec<u8>,
    pub pieces: Vec<Piece>,
}

/// Text is read in stretches of about this many bytes.
pub(super) const BATCH_BYTES: usize = 4 << 20;
