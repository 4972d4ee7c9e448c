//! A surface to draw on: boxes, lines and texts at places, in units that are one or more pixels each.
//!
//! The font is a subset of DejaVu Sans (`fonts/`, with its licence): Latin letters and the few signs that we write. It measures texts for
//! every picture, so that the same chart is the same everywhere, and draws them in those made of pixels.

use std::error::Error;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, IntoFont, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, TextStyle, register_font};

use super::palette::Colour;

/// What drawing gives: it fails only if a backend does.
pub type Drawn = Result<(), Box<dyn Error>>;

/// The family that everything is written in.
pub const FAMILY: &str = "sans-serif";

/// What drawing calls a size of text is larger than its letters by this.
pub const LINE_HEIGHT: f64 = 1.24;

/// The size of ordinary text, in units.
pub const TEXT: i32 = 13;

/// Makes the font known; costs nothing after the first time.
pub fn prepare_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| _ = register_font(FAMILY, FontStyle::Normal, include_bytes!("fonts/DejaVuSans-subset.ttf")));
}

/// A surface to draw on.
pub struct Canvas<'a, B: DrawingBackend> {
    /// What is drawn on.
    pub area: &'a DrawingArea<B, Shift>,
    /// How many pixels a unit is.
    pub scale: i32,
    /// How wide it is, in units.
    pub width: i32,
}

/// Where a text stands to the place it is written at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
}

/// A box: left, top, width, height, in units.
pub type Area = (i32, i32, i32, i32);

impl<B: DrawingBackend> Canvas<'_, B>
where
    B::ErrorType: 'static,
{
    /// Fills a box.
    pub fn fill(&self, (left, top, width, height): Area, colour: &Colour) -> Drawn {
        let corners = [(left, top), (left + width, top + height)].map(|(x, y)| (x * self.scale, y * self.scale));
        Ok(self.area.draw(&Rectangle::new(corners, colour.rgb().filled()))?)
    }

    /// Draws a line.
    pub fn line(&self, points: [(i32, i32); 2], width: i32, colour: &Colour) -> Drawn {
        let points = points.map(|(x, y)| (x * self.scale, y * self.scale));
        Ok(self.area.draw(&PathElement::new(points, colour.rgb().stroke_width((width * self.scale) as u32)))?)
    }

    /// Writes a text; its middle is at the height of the place.
    pub fn text(&self, text: &str, (x, y): (i32, i32), at: At, (size, colour): (i32, &Colour)) -> Drawn {
        let across = match at {
            At::Start => HPos::Left,
            At::Middle => HPos::Center,
        };
        let font = (FAMILY, f64::from(size * self.scale) * LINE_HEIGHT).into_font();
        let ink = colour.rgb();
        let style = TextStyle::from(font).color(&ink).pos(Pos::new(across, VPos::Center));
        Ok(self.area.draw(&Text::new(printable(text), (x * self.scale, y * self.scale), style))?)
    }
}

/// How wide a text is, in units.
pub fn text_width(text: &str, size: i32) -> i32 {
    prepare_font();
    let measured = (FAMILY, f64::from(size) * LINE_HEIGHT).into_font().box_size(&printable(text));
    measured.map_or(0, |(width, _)| width as i32)
}

/// A text that is no wider than this: what does not fit is left out in the middle, because names differ at their ends.
pub fn shortened(text: &str, size: i32, width: i32) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |kept: usize| {
        let tail = kept / 2;
        let (head, tail) = (&letters[..kept - tail], &letters[letters.len() - tail..]);
        format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
    };
    let fits = (1..letters.len()).rev().find(|&kept| text_width(&cut(kept), size) <= width);
    fits.map_or_else(|| "…".to_owned(), cut)
}

/// Without what no picture may hold: control characters are not allowed in XML.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
