//! Line and column of a place in a text that is read in stretches.

use memchr::{memchr_iter, memrchr};

use crate::manifest::location::Position;

/// Counts lines up to a place in the text; places are asked for from left to right.
pub(super) struct Lines {
    counted: usize,
    line: u32,
    /// Bytes of the current line before `counted`.
    column: usize,
}

impl From<Position> for Lines {
    fn from(position: Position) -> Self {
        Lines { counted: 0, line: position.line, column: position.column as usize - 1 }
    }
}

impl Lines {
    /// The position of a byte.
    pub fn position(&mut self, text: &[u8], at: usize) -> Position {
        self.advance(text, at);
        Position { line: self.line, column: self.column as u32 + 1 }
    }

    /// Counts up to a byte, if that has not been done.
    pub fn advance(&mut self, text: &[u8], at: usize) {
        let Some(stretch) = text.get(self.counted..at) else { return };
        match memrchr(b'\n', stretch) {
            Some(last) => {
                self.line += memchr_iter(b'\n', stretch).count() as u32;
                self.column = stretch.len() - last - 1;
            }
            None => self.column += stretch.len(),
        }
        self.counted = at;
    }

    /// So many bytes have been taken from the beginning of the text.
    pub fn cut(&mut self, bytes: usize) {
        self.counted = self.counted.saturating_sub(bytes);
    }
}
