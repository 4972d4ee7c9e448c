//! PNG: the charts of a view, one below the other, two pixels for each unit so that they are sharp on screens that have so many.

use plotters::backend::BitMapBackend;

use super::drawing::Frame;
use crate::report::document::{Chart, Detail};
use crate::report::views::View;

/// How wide a picture is, in units.
const WIDTH: i32 = 960;
/// Pixels a unit.
const SCALE: i32 = 2;

/// Writes the charts of a view; a white dot if it has none.
pub fn render(view: &View) -> Vec<u8> {
    let document = view.document(Detail::Full);
    let charts: Vec<&Chart> = document.charts().collect();
    let frame = Frame { width: WIDTH, scale: SCALE, titled: true };
    let (width, height) = frame.size(&charts);
    let mut pixels = vec![255; width as usize * height as usize * 3];
    frame.draw(BitMapBackend::with_buffer(&mut pixels, (width, height)), &charts);
    encoded(&pixels, width, height)
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("writing to memory does not fail, and there are as many bytes as pixels");
    file
}
