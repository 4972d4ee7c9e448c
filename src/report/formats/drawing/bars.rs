//! Bars: a row a thing, a bar a column, what it should stay below marked. On narrow paper names stand above their bars.

use plotters::prelude::DrawingBackend;

use super::canvas::{At, Canvas, Drawn, TEXT, shortened, text_width};
use super::legend::{Legend, Swatch};
use super::palette::{BAR, BAR_OVER, FAINT, INK, MARK, ON_DEEP, TRACK};
use crate::report::document::{Bar, BarRow, Bars};

/// Narrower than this, names stand above their bars.
const NARROW: i32 = 560;
/// The heights of the header, of a row and of a bar.
const HEADER: i32 = 26;
const ROW: i32 = 26;
const ROW_WITH_NAME: i32 = 44;
const BAR_HEIGHT: i32 = 14;
/// What the number beside a bar takes, and the gap between columns.
const NUMBER: i32 = 50;
const GAP: i32 = 10;
/// What is written where a bar is at its limit or over it.
const OVER: &str = "▲";

/// Where everything is.
struct Layout {
    is_narrow: bool,
    names: i32,
    column: i32,
    bar: i32,
    row: i32,
}

impl Layout {
    fn of(bars: &Bars, width: i32) -> Self {
        let is_narrow = width < NARROW;
        let wish = bars.rows.iter().map(|row| text_width(&label(row), TEXT)).max().unwrap_or_default() + 16;
        let names = if is_narrow { 0 } else { wish.min(width * 2 / 5) };
        let column = (width - names) / (bars.columns.len().max(1) as i32);
        let row = if is_narrow { ROW_WITH_NAME } else { ROW };
        Layout { is_narrow, names, column, bar: column - NUMBER - GAP, row }
    }

    fn left(&self, column: usize) -> i32 {
        self.names + self.column * column as i32
    }
}

/// How high they are.
pub fn height(bars: &Bars, width: i32) -> i32 {
    HEADER + Layout::of(bars, width).row * bars.rows.len() as i32 + legend(bars).height(width)
}

/// Draws them.
pub fn draw<B: DrawingBackend>(canvas: &Canvas<'_, B>, bars: &Bars) -> Drawn
where
    B::ErrorType: 'static,
{
    let layout = Layout::of(bars, canvas.width);
    for (index, column) in bars.columns.iter().enumerate() {
        let name = shortened(column, TEXT, layout.column - GAP);
        canvas.text(&name, (layout.left(index), HEADER / 2), At::Start, (TEXT, &FAINT))?;
    }
    for (index, row) in bars.rows.iter().enumerate() {
        draw_row(canvas, &layout, bars, row, HEADER + layout.row * index as i32)?;
    }
    legend(bars).draw(canvas, HEADER + layout.row * bars.rows.len() as i32)
}

fn draw_row<B: DrawingBackend>(canvas: &Canvas<'_, B>, layout: &Layout, bars: &Bars, row: &BarRow, top: i32) -> Drawn
where
    B::ErrorType: 'static,
{
    let room = if layout.is_narrow { canvas.width } else { layout.names - 12 };
    let (name, middle) = (shortened(&label(row), TEXT, room), top + layout.row - ROW / 2);
    canvas.text(&name, (0, if layout.is_narrow { top + 11 } else { middle }), At::Start, (TEXT, &INK))?;
    for (index, (bar, limit)) in row.bars.iter().zip(&bars.limits).enumerate() {
        let left = layout.left(index);
        let Some(Bar { percent, text }) = bar else {
            canvas.text("–", (left, middle), At::Start, (TEXT, &FAINT))?;
            continue;
        };
        let length = |percent: f64| (f64::from(layout.bar) * percent.clamp(0.0, 100.0) / 100.0).round() as i32;
        let is_over = limit.is_some_and(|limit| *percent >= limit) || *percent > 100.0;
        let bar = middle - BAR_HEIGHT / 2;
        canvas.fill((left, bar, layout.bar, BAR_HEIGHT), &TRACK)?;
        canvas.fill((left, bar, length(*percent), BAR_HEIGHT), if is_over { &BAR_OVER } else { &BAR })?;
        if let Some(limit) = limit {
            let x = left + length(*limit);
            canvas.line([(x, bar - 3), (x, bar + BAR_HEIGHT + 3)], 2, &MARK)?;
        }
        let number = if is_over { format!("{text} {OVER}") } else { text.clone() };
        canvas.text(&number, (left + layout.bar + 6, middle), At::Start, (TEXT - 1, &INK))?;
    }
    Ok(())
}

fn label(row: &BarRow) -> String {
    if row.aside.is_empty() { row.name.clone() } else { format!("{} · {}", row.name, row.aside) }
}

fn legend(bars: &Bars) -> Legend {
    let mut entries = vec![(Swatch { fill: &BAR, sign: None }, "requested".to_owned())];
    let limit = bars.limits.iter().flatten().copied().reduce(f64::min);
    let over = match limit {
        Some(limit) => format!("at or over {limit} %, the upright mark"),
        None => "more than there is".to_owned(),
    };
    entries.push((Swatch { fill: &BAR_OVER, sign: Some((OVER, &ON_DEEP)) }, over));
    Legend { entries, notes: bars.notes.clone() }
}
