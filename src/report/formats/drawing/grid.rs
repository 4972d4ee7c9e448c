//! Grids: cells in rows and columns, each with its word in it. Names of columns that find no room are numbered, and said below.

use plotters::prelude::DrawingBackend;

use super::canvas::{At, Canvas, Drawn, TEXT, shortened, text_width};
use super::legend::{Legend, Swatch};
use super::palette::{self, Colour, INK};
use crate::report::document::{Cell, Grid, Shade};

/// The heights of the header and of a row.
const HEADER: i32 = 26;
const ROW: i32 = 26;
/// No column is wider than this.
const WIDEST: i32 = 150;
/// In narrower columns names find no room, not even without their middles.
const NAMED: i32 = 64;
/// Between cells.
const GAP: i32 = 2;

/// Where everything is.
struct Layout {
    names: i32,
    column: i32,
    /// Whether columns are numbered, because their names find no room.
    is_numbered: bool,
}

impl Layout {
    fn of(grid: &Grid, width: i32) -> Self {
        let wish = grid.rows.iter().map(|(name, _)| text_width(name, TEXT)).max().unwrap_or_default() + 14;
        let names = wish.min(width * 2 / 5);
        let column = ((width - names) / (grid.columns.len().max(1) as i32)).min(WIDEST);
        let is_numbered = column < NAMED && grid.columns.iter().any(|name| text_width(name, TEXT) > column - GAP);
        Layout { names, column, is_numbered }
    }
}

/// How high it is.
pub fn height(grid: &Grid, width: i32) -> i32 {
    HEADER + ROW * grid.rows.len() as i32 + legend(grid, &Layout::of(grid, width)).height(width)
}

/// Draws it.
pub fn draw<B: DrawingBackend>(canvas: &Canvas<'_, B>, grid: &Grid) -> Drawn
where
    B::ErrorType: 'static,
{
    let layout = Layout::of(grid, canvas.width);
    let middle = |index: usize| layout.names + layout.column * index as i32 + layout.column / 2;
    for (index, name) in grid.columns.iter().enumerate() {
        let name = if layout.is_numbered { (index + 1).to_string() } else { shortened(name, TEXT, layout.column - GAP - 6) };
        canvas.text(&name, (middle(index), HEADER / 2), At::Middle, (TEXT, &INK))?;
    }
    for (number, (name, cells)) in grid.rows.iter().enumerate() {
        let top = HEADER + ROW * number as i32;
        canvas.text(&shortened(name, TEXT, layout.names - 10), (0, top + ROW / 2), At::Start, (TEXT, &INK))?;
        for (index, Cell { text, shade, .. }) in cells.iter().enumerate() {
            let (fill, ink) = colours(*shade);
            let left = layout.names + layout.column * index as i32;
            canvas.fill((left, top, layout.column - GAP, ROW - GAP), fill)?;
            let word = if text_width(text, TEXT - 1) <= layout.column - GAP { text.clone() } else { letter(text) };
            canvas.text(&word, (middle(index), top + ROW / 2 - 1), At::Middle, (TEXT - 1, ink))?;
        }
    }
    legend(grid, &layout).draw(canvas, HEADER + ROW * grid.rows.len() as i32)
}

/// The first letter of a word that finds no room.
fn letter(text: &str) -> String {
    text.chars().take(1).collect()
}

fn legend(grid: &Grid, layout: &Layout) -> Legend {
    let entry = |(shade, text): &(Shade, String)| {
        let (fill, _) = colours(*shade);
        (Swatch { fill, sign: None }, text.clone())
    };
    let mut notes = Vec::new();
    if layout.is_numbered {
        notes.extend(grid.columns.iter().enumerate().map(|(index, name)| format!("{}: {name}", index + 1)));
    }
    notes.extend(grid.notes.iter().cloned());
    Legend { entries: grid.legend.iter().map(entry).collect(), notes }
}

/// What a cell is filled with, and what is written on that.
fn colours(shade: Shade) -> (&'static Colour, &'static Colour) {
    const DEEP: &Colour = &palette::ON_DEEP;
    const ON: &Colour = &palette::ON_FILL;
    match shade {
        Shade::Blank => (&palette::DESK, &palette::FAINT),
        Shade::Level(0) => (&palette::LEVEL_0, ON),
        Shade::Level(1) => (&palette::LEVEL_1, ON),
        Shade::Level(2) => (&palette::LEVEL_2, ON),
        Shade::Level(3) => (&palette::LEVEL_3, ON),
        Shade::Level(4) => (&palette::LEVEL_4, DEEP),
        Shade::Level(_) => (&palette::LEVEL_5, DEEP),
        Shade::Good => (&palette::FILL_GOOD, ON),
        Shade::Notable => (&palette::FILL_NOTABLE, ON),
        Shade::Serious => (&palette::FILL_SERIOUS, ON),
        Shade::Waiting => (&palette::FILL_WAITING, ON),
        Shade::Bad => (&palette::FILL_BAD, DEEP),
    }
}
