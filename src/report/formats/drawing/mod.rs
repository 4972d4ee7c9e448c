//! How charts are drawn: the same for pictures of lines (SVG) and of pixels (PNG), by plotters.
//!
//! Charts of numbers against an axis are plotters' own ([`lines`]); bars and grids are drawn box by box, because they have to stay readable
//! at any width: on a telephone names stand above their bars, in a wide picture beside them.
//!
//! Promise: the same chart and the same frame give the same picture, on every machine: the font that texts are measured by is our own.
//!
//! To add a kind of plot: a file with `height` and `draw`, a variant of [`Plot`], and an arm in [`height`] and [`draw`].

mod bars;
mod canvas;
mod grid;
mod legend;
mod lines;
pub mod palette;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, IntoDrawingArea};

use crate::report::document::{Chart, Plot};
use canvas::{At, Canvas, Drawn};

/// How charts are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// How wide, in units.
    pub width: i32,
    /// How many pixels a unit is.
    pub scale: i32,
    /// Whether each says its title.
    pub titled: bool,
}

/// What a title takes.
const TITLE: i32 = 40;
/// Around each chart.
const MARGIN: i32 = 12;

impl Frame {
    /// How large a picture of these charts is, in pixels.
    pub fn size(self, charts: &[&Chart]) -> (u32, u32) {
        canvas::prepare_font();
        let height: i32 = charts.iter().map(|chart| self.height(chart)).sum();
        ((self.width * self.scale) as u32, (height.max(1) * self.scale) as u32)
    }

    /// Of one, in units.
    fn height(self, chart: &Chart) -> i32 {
        let width = self.inner_width();
        let plot = match &chart.plot {
            Plot::Lines(lines) => lines::height(lines, width),
            Plot::Bars(bars) => bars::height(bars, width),
            Plot::Grid(grid) => grid::height(grid, width),
        };
        plot + 2 * self.margin() + if self.titled { TITLE } else { 0 }
    }

    /// In a page that has margins of its own, a chart needs none.
    fn margin(self) -> i32 {
        if self.titled { MARGIN } else { 0 }
    }

    fn inner_width(self) -> i32 {
        self.width - 2 * self.margin()
    }

    /// Draws charts one below the other. What cannot be drawn leaves the rest as it is.
    pub fn draw<B: DrawingBackend>(self, backend: B, charts: &[&Chart])
    where
        B::ErrorType: 'static,
    {
        let root = backend.into_drawing_area();
        let _ = root.fill(&palette::PAPER.rgb());
        let mut rest = root.clone();
        for chart in charts {
            let (area, below) = rest.split_vertically(self.height(chart) * self.scale);
            let _ = self.draw_one(&area, chart);
            rest = below;
        }
        let _ = root.present();
    }

    fn draw_one<B: DrawingBackend>(self, area: &DrawingArea<B, Shift>, chart: &Chart) -> Drawn
    where
        B::ErrorType: 'static,
    {
        let (margin, scale) = (self.margin(), self.scale);
        let mut area = area.margin(margin * scale, margin * scale, margin * scale, margin * scale);
        if self.titled {
            let (title, below) = area.split_vertically(TITLE * scale);
            let canvas = Canvas { area: &title, scale, width: self.inner_width() };
            canvas.text(&chart.title, (0, TITLE / 2 - 4), At::Start, (18, &palette::INK))?;
            area = below;
        }
        let canvas = Canvas { area: &area, scale, width: self.inner_width() };
        match &chart.plot {
            Plot::Lines(lines) => lines::draw(&canvas, lines),
            Plot::Bars(bars) => bars::draw(&canvas, bars),
            Plot::Grid(grid) => grid::draw(&canvas, grid),
        }
    }
}
