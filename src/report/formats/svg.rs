//! SVG: the charts of a view, one below the other. Everything else that a view says is left out.

use plotters::backend::SVGBackend;

use super::drawing::Frame;
use crate::report::document::{Chart, Detail};
use crate::report::views::View;

/// How wide a picture is, in pixels.
const WIDTH: i32 = 960;

/// Writes the charts of a view; an empty picture if it has none.
pub fn render(view: &View) -> String {
    let document = view.document(Detail::Full);
    let charts: Vec<&Chart> = document.charts().collect();
    drawn(&charts, Frame { width: WIDTH, scale: 1, titled: true })
}

/// Draws charts, and says what they show to those who do not see it.
pub fn drawn(charts: &[&Chart], frame: Frame) -> String {
    let mut out = String::new();
    frame.draw(SVGBackend::with_string(&mut out, frame.size(charts)), charts);
    let titles: Vec<&str> = charts.iter().map(|chart| chart.title.as_str()).collect();
    let abouts: Vec<&str> = charts.iter().map(|chart| chart.about.as_str()).collect();
    let named = format!("<title>{}</title>\n<desc>{}</desc>\n", escaped(&titles.join(", ")), escaped(&abouts.join(" ")));
    // what names a picture is the first thing in it
    let start = out.find('\n').map_or(out.len(), |end| end + 1);
    out.insert_str(start, &named);
    out.replacen("<svg ", "<svg role=\"img\" ", 1) + "\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
