//! What is said below a chart: what its colours mean, side by side as long as there is room, and what was left out, in lines.

use plotters::prelude::DrawingBackend;

use super::canvas::{At, Canvas, Drawn, text_width};
use super::palette::{Colour, FAINT, INK};

/// What a legend says.
#[derive(Debug, Default)]
pub struct Legend {
    /// What colours mean.
    pub entries: Vec<(Swatch, String)>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// A sample of a colour, and of the sign that stands with it.
#[derive(Debug)]
pub struct Swatch {
    /// The colour.
    pub fill: &'static Colour,
    /// The sign and its colour.
    pub sign: Option<(&'static str, &'static Colour)>,
}

/// A piece of a legend: how far from the left, in which line, and which swatch stands before it.
struct Piece {
    left: i32,
    line: i32,
    swatch: Option<usize>,
    text: String,
}

/// The height of a line.
const LINE: i32 = 20;
/// How wide a swatch is, and what it takes.
const SWATCH: (i32, i32) = (18, 25);
const SIZE: i32 = 12;
/// Between entries.
const GAP: i32 = 18;
/// Above everything.
const ABOVE: i32 = 10;

impl Legend {
    /// How high it is.
    pub fn height(&self, width: i32) -> i32 {
        self.pieces(width).last().map_or(0, |last| ABOVE + (last.line + 1) * LINE)
    }

    /// Draws it below this height.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, top: i32) -> Drawn
    where
        B::ErrorType: 'static,
    {
        for Piece { left, line, swatch, text } in self.pieces(canvas.width) {
            let middle = top + ABOVE + line * LINE + LINE / 2;
            if let Some(index) = swatch {
                let Swatch { fill, sign } = &self.entries[index].0;
                canvas.fill((left, middle - 7, SWATCH.0, 14), fill)?;
                if let Some((sign, colour)) = sign {
                    canvas.text(sign, (left + SWATCH.0 / 2, middle), At::Middle, (11, colour))?;
                }
            }
            let (lead, colour) = if swatch.is_some() { (SWATCH.1, &INK) } else { (0, &FAINT) };
            canvas.text(&text, (left + lead, middle), At::Start, (SIZE, colour))?;
        }
        Ok(())
    }

    fn pieces(&self, width: i32) -> Vec<Piece> {
        let (mut left, mut line) = (0, 0);
        let mut pieces: Vec<Piece> = Vec::new();
        for (index, (_, text)) in self.entries.iter().enumerate() {
            let taken = SWATCH.1 + text_width(text, SIZE);
            if left > 0 && left + taken > width {
                (left, line) = (0, line + 1);
            }
            pieces.push(Piece { left, line, swatch: Some(index), text: text.clone() });
            left += taken + GAP;
        }
        let next = pieces.last().map_or(0, |last| last.line + 1);
        let notes = self.notes.iter().flat_map(|note| wrapped(note, width));
        pieces.extend(notes.zip(next..).map(|(text, line)| Piece { left: 0, line, swatch: None, text }));
        pieces
    }
}

/// A text in lines that are no wider than this, as far as its words allow.
fn wrapped(text: &str, width: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), SIZE) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
