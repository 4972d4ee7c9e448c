//! SVG: the charts of a view, one below the other, drawn by plotters. Everything else that a view says is left out.

use plotters::prelude::*;

use crate::report::document::{Chart, Detail, Section};
use crate::report::views::View;

/// How wide a chart is, in pixels.
const WIDTH: u32 = 960;
/// How high each is.
const HEIGHT: u32 = 360;
/// Colours that people who see fewer colours tell apart (M. Okabe and K. Ito, 2008), and dark enough on white.
const COLOURS: [RGBColor; 5] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167), RGBColor(90, 90, 90)];

/// Writes the charts of a view; an empty picture if it has none.
pub fn render(view: &View) -> String {
    let document = view.document(Detail::Full);
    let charts = document.sections.iter().filter_map(|section| match section {
        Section::Chart(chart) => Some(chart),
        _ => None,
    });
    text(&charts.collect::<Vec<_>>())
}

/// Draws charts.
pub fn text(charts: &[&Chart]) -> String {
    let mut out = String::new();
    {
        let height = HEIGHT * (charts.len().max(1) as u32);
        let root = SVGBackend::with_string(&mut out, (WIDTH, height)).into_drawing_area();
        // writing into a text cannot fail, and what cannot be drawn leaves the rest as it is
        let _ = root.fill(&WHITE);
        for (area, chart) in root.split_evenly((charts.len().max(1), 1)).iter().zip(charts) {
            let _ = draw(area, chart);
        }
        let _ = root.present();
    }
    out.push('\n');
    out
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, chart: &Chart) -> Result<(), Box<dyn std::error::Error>> {
    let (across, up) = ranges(chart);
    let mut builder = ChartBuilder::on(area);
    builder.caption(&chart.title, ("sans-serif", 20)).margin(12).x_label_area_size(44).y_label_area_size(72);
    let mut context = builder.build_cartesian_2d(across, up)?;
    context.configure_mesh().x_desc(&chart.axes.0).y_desc(&chart.axes.1).light_line_style(WHITE).label_style(("sans-serif", 14)).draw()?;
    for (index, (name, points)) in chart.lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        context.draw_series(line)?.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    for (name, point) in &chart.marks {
        context.draw_series(std::iter::once(Circle::new(*point, 6, BLACK.stroke_width(2))))?;
        context.draw_series(std::iter::once(Text::new(name.clone(), *point, ("sans-serif", 14).into_font())))?;
    }
    context.configure_series_labels().background_style(WHITE).border_style(BLACK).label_font(("sans-serif", 14)).draw()?;
    Ok(())
}

/// From the least to the greatest of each axis, with a little room; upwards from nothing.
fn ranges(chart: &Chart) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
    let points = || chart.lines.iter().flat_map(|(_, points)| points.iter().copied());
    let least = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    let greatest = points().map(|(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
    let top = points().map(|(_, y)| y).fold(0.0, f64::max);
    (least - 0.5..greatest + 0.5, 0.0..if top > 0.0 { top * 1.1 } else { 1.0 })
}
