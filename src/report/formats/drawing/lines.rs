//! Lines over a common axis, upwards from nothing; points that are special are marked.

use plotters::prelude::{ChartBuilder, Circle, DrawingBackend, EmptyElement, LineSeries, PathElement, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};

use super::canvas::{Canvas, Drawn, FAMILY, LINE_HEIGHT};
use super::legend::{Legend, Swatch};
use super::palette::{Colour, FAINT, INK, LINE, MARK, PAPER, SERIES_0, SERIES_1, SERIES_2, SERIES_3, SERIES_4};
use crate::report::document::Lines;

static COLOURS: [Colour; 5] = [SERIES_0, SERIES_1, SERIES_2, SERIES_3, SERIES_4];
/// Size of text.
const SIZE: i32 = 12;

/// How high they are, with what is said below.
pub fn height(lines: &Lines, width: i32) -> i32 {
    plot_height(width) + legend(lines).height(width)
}

/// As high as a screen is, to its width, but no less than a hand.
fn plot_height(width: i32) -> i32 {
    (width * 2 / 5).clamp(240, 340)
}

/// Draws them.
pub fn draw<B: DrawingBackend>(canvas: &Canvas<'_, B>, lines: &Lines) -> Drawn
where
    B::ErrorType: 'static,
{
    let scale = canvas.scale;
    let (area, _) = canvas.area.split_vertically(plot_height(canvas.width) * scale);
    let (across, up) = ranges(lines);
    let top = up.end;
    let (ink, faint) = (INK.rgb(), FAINT.rgb());
    let text = TextStyle::from((FAMILY, f64::from(SIZE * scale) * LINE_HEIGHT).into_font()).color(&ink);
    let stroke = |colour: &Colour, width: i32| -> ShapeStyle { colour.rgb().stroke_width((width * scale) as u32) };
    let mut builder = ChartBuilder::on(&area);
    builder.x_label_area_size(42 * scale).y_label_area_size(56 * scale).margin_top(8 * scale).margin_right(14 * scale);
    let mut context = builder.build_cartesian_2d(across.clone(), up)?;
    let labels = ((across.end - across.start).floor() as usize).clamp(1, if canvas.width < 500 { 6 } else { 12 });
    context
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(labels)
        .x_label_formatter(&|value| if value.fract().abs() < 1e-9 { format!("{value}") } else { String::new() })
        .y_labels(6)
        .y_label_formatter(&|value| format!("{}", (value * 100.0).round() / 100.0))
        .x_desc(&lines.axes.0)
        .y_desc(&lines.axes.1)
        .bold_line_style(LINE.rgb())
        .light_line_style(PAPER.rgb())
        .axis_style(stroke(&FAINT, 1))
        .label_style(text.clone())
        .axis_desc_style(text.color(&faint))
        .draw()?;
    for (name, (x, y)) in &lines.marks {
        context.draw_series(std::iter::once(PathElement::new([(*x, 0.0), (*x, top)], stroke(&MARK, 1))))?;
        context.draw_series(std::iter::once(Circle::new((*x, *y), 6 * scale, stroke(&MARK, 2))))?;
        let is_right = *x > (across.start + across.end) / 2.0;
        let beside = Pos::new(if is_right { HPos::Right } else { HPos::Left }, VPos::Top);
        let name = Text::new(name.clone(), (if is_right { -6 * scale } else { 6 * scale }, 2 * scale), text.pos(beside));
        context.draw_series(std::iter::once(EmptyElement::at((*x, top)) + name))?;
    }
    for (index, (_, points)) in lines.lines.iter().enumerate() {
        let line = LineSeries::new(points.iter().copied(), stroke(colour(index), 2)).point_size((3 * scale) as u32);
        context.draw_series(line)?;
    }
    legend(lines).draw(canvas, plot_height(canvas.width))
}

fn colour(index: usize) -> &'static Colour {
    &COLOURS[index % COLOURS.len()]
}

/// Which line is which, if there are several.
fn legend(lines: &Lines) -> Legend {
    let names = lines.lines.iter().map(|(name, _)| name.clone()).filter(|_| lines.lines.len() > 1);
    let entries = names.enumerate().map(|(index, name)| (Swatch { fill: colour(index), sign: None }, name)).collect();
    Legend { entries, notes: Vec::new() }
}

/// From the least to the greatest of each axis, with a little room; upwards from nothing.
fn ranges(lines: &Lines) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
    let points = || lines.lines.iter().flat_map(|(_, points)| points.iter().copied());
    let least = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    let greatest = points().map(|(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
    let top = points().map(|(_, y)| y).fold(0.0, f64::max);
    (least - 0.5..greatest + 0.5, 0.0..if top > 0.0 { top * 1.25 } else { 1.0 })
}
